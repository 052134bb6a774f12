//! Questions that people ask of a marketplace.

use chrono::{Datelike, Days, NaiveDate};
use domain::dates::Stay;
use domain::guests::Guests;
use domain::listings::Point;

use super::{CITIES, COUNTRIES, City, Random, Sample};
use crate::query::{Area, Dates, Filters, Month, Query, Sort};

/// Kinds of questions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A city's view, five nights, two guests; best 20 and the count.
    City,
    /// As [`Kind::City`], a range of totals and the cheapest first.
    CityByTotal,
    /// As [`Kind::CityByTotal`] with three amenities.
    CityFiltered,
    /// A country's view, five nights, two guests.
    Country,
    /// As [`Kind::Country`], a range of totals and the cheapest first.
    CountryByTotal,
    /// Everywhere, five nights, two guests.
    World,
    /// As [`Kind::World`], a range of totals and the cheapest first.
    WorldByTotal,
    /// `loft near park` in a city with dates.
    Words,
    /// With two slips of the pen.
    WordsWithSlips,
    /// `loft near park` everywhere, no dates.
    WordsEverywhere,
    /// Any weekend of a month in a city.
    Weekend,
    /// Any week inside a month in a city.
    Week,
    /// As [`Kind::City`] with all facets and the histogram of totals.
    Facets,
    /// As [`Kind::Country`] gathered on the map.
    Clusters,
    /// Within 5 km, the nearest first.
    Around,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::City,
        Self::CityByTotal,
        Self::CityFiltered,
        Self::Country,
        Self::CountryByTotal,
        Self::World,
        Self::WorldByTotal,
        Self::Words,
        Self::WordsWithSlips,
        Self::WordsEverywhere,
        Self::Weekend,
        Self::Week,
        Self::Facets,
        Self::Clusters,
        Self::Around,
    ];

    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::City => "city + dates",
            Self::CityByTotal => "city + dates, by total",
            Self::CityFiltered => "city + dates, by total + 3 amenities",
            Self::Country => "country + dates",
            Self::CountryByTotal => "country + dates, by total",
            Self::World => "world + dates",
            Self::WorldByTotal => "world + dates, by total",
            Self::Words => "city + dates + words",
            Self::WordsWithSlips => "city + dates + words, misspelt",
            Self::WordsEverywhere => "world + words",
            Self::Weekend => "city, any weekend of a month",
            Self::Week => "city, any week in a month",
            Self::Facets => "city + dates + facets",
            Self::Clusters => "country + dates + map clusters",
            Self::Around => "5 km around, by distance",
        }
    }

    /// Whether all of the world is looked at.
    #[must_use]
    pub const fn is_wide(self) -> bool {
        matches!(self, Self::World | Self::WorldByTotal | Self::WordsEverywhere)
    }
}

fn around(latitude: f64, longitude: f64, up: f64, aside: f64) -> Option<Area> {
    let low = Point::from_degrees((latitude - up).max(-90.0), (longitude - aside).max(-180.0))?;
    let high = Point::from_degrees((latitude + up).min(90.0), (longitude + aside).min(180.0))?;
    Some(Area::Box { west: low.longitude_e7, south: low.latitude_e7, east: high.longitude_e7, north: high.latitude_e7 })
}

/// A view of 0.12 by 0.18 degrees.
fn view(city: City) -> Option<Area> {
    around(city.latitude, city.longitude, 0.06, 0.09)
}

impl Sample {
    /// A question of a kind by its number.
    #[must_use]
    pub fn question(&self, kind: Kind, number: u64) -> Query {
        let mut random = Random::new(0x9e5, number);
        let city = self.city(random.below(CITIES));
        let check_in = self.today + Days::new(7 + random.below(300));
        let mut query = Query { limit: 20, ..Query::default() };
        let filters = &mut query.filters;
        filters.guests = Guests { adults: 2, ..Guests::default() };
        filters.dates = Stay::new(check_in, check_in + Days::new(5)).ok().map(Dates::Exact);
        filters.area = match kind {
            Kind::Country | Kind::CountryByTotal | Kind::Clusters => {
                let (south, west) = Self::country(random.below(COUNTRIES));
                around(south + 3.0, west + 4.0, 3.0, 4.0)
            }
            Kind::World | Kind::WorldByTotal | Kind::WordsEverywhere => None,
            Kind::Around => Point::from_degrees(city.latitude, city.longitude).map(|centre| Area::circle(centre, 5000.0)),
            _ => view(city),
        };
        if matches!(kind, Kind::CityByTotal | Kind::CityFiltered | Kind::CountryByTotal | Kind::WorldByTotal) {
            (filters.price_min, filters.price_max, query.sort) = (Some(20_000), Some(90_000), Sort::PriceAsc);
        }
        extra(kind, filters, check_in);
        query.facets = kind == Kind::Facets;
        query.clusters = (kind == Kind::Clusters).then_some(7);
        if kind == Kind::Around {
            query.sort = Sort::Distance;
        }
        query
    }
}

fn extra(kind: Kind, filters: &mut Filters, check_in: NaiveDate) {
    let month = Month::new(check_in.year(), check_in.month());
    match kind {
        Kind::CityFiltered => filters.amenities = ["wifi", "kitchen", "washer"].map(str::to_owned).to_vec(),
        Kind::Words => filters.words = Some("loft near park".to_owned()),
        Kind::WordsWithSlips => filters.words = Some("cottgae near gardne".to_owned()),
        Kind::WordsEverywhere => (filters.words, filters.dates) = (Some("loft near park".to_owned()), None),
        Kind::Weekend => filters.dates = month.map(Dates::Weekend),
        Kind::Week => filters.dates = month.map(Dates::Week),
        _ => {}
    }
}
