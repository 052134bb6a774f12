//! What is asked.

use chrono::{Datelike, Days, NaiveDate, Weekday};
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::Currency;
use serde::{Deserialize, Serialize};

/// Where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Area {
    /// A viewport in 1e-7 degrees, edges included; `west` may lie east of
    /// `east`, across the date line.
    Box {
        /// Left edge.
        west: i32,
        /// Lower edge.
        south: i32,
        /// Right edge.
        east: i32,
        /// Upper edge.
        north: i32,
    },
    /// Around a point.
    Circle {
        /// The middle.
        centre: Point,
        /// At most so far, in decimetres of [`decimetres`].
        decimetres: i64,
    },
}

/// The great-circle distance in whole decimetres: the key of
/// [`Sort::Distance`]. Rounded, so that another computer's last digit of a sine
/// changes no order.
#[must_use]
pub fn decimetres(from: Point, to: Point) -> i64 {
    #[expect(clippy::cast_possible_truncation, reason = "at most half the Earth's circumference, 2e8")]
    let rounded = (from.metres_to(to) * 10.0).round() as i64;
    rounded
}

impl Area {
    /// A circle of so many metres.
    #[must_use]
    pub fn circle(centre: Point, metres: f64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "saturates, and nothing on Earth is that far away")]
        let decimetres = (metres * 10.0).round() as i64;
        Self::Circle { centre, decimetres }
    }

    /// Whether a point lies in it.
    #[must_use]
    pub fn holds(&self, point: Point) -> bool {
        match *self {
            Self::Circle { centre, decimetres: most } => decimetres(centre, point) <= most,
            Self::Box { west, south, east, north } => {
                let x = point.longitude_e7;
                let across = if west <= east { west <= x && x <= east } else { west <= x || x <= east };
                across && south <= point.latitude_e7 && point.latitude_e7 <= north
            }
        }
    }
}

/// When.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Dates {
    /// Exactly these nights.
    Exact(Stay),
    /// As many nights, arriving up to so many days earlier or later (1–14).
    Around {
        /// What one would like best.
        stay: Stay,
        /// Days to either side.
        days: u8,
    },
    /// Friday to Sunday, arriving in this month.
    Weekend(Month),
    /// Any seven nights inside this month.
    Week(Month),
    /// Any 28 nights inside this month.
    FourWeeks(Month),
}

/// A month of a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Month {
    first: NaiveDate,
}

impl Month {
    /// `month` is 1 to 12, `year` 2000 to 2199.
    #[must_use]
    pub fn new(year: i32, month: u32) -> Option<Self> {
        (2000..2200).contains(&year).then(|| NaiveDate::from_ymd_opt(year, month, 1)).flatten().map(|first| Self { first })
    }

    /// Its first day.
    #[must_use]
    pub fn first(self) -> NaiveDate {
        self.first
    }

    fn days(self) -> impl Iterator<Item = NaiveDate> {
        self.first.iter_days().take_while(move |day| day.month() == self.first.month())
    }
}

impl Dates {
    /// Every stay that would do, earliest arrival first. All have the same
    /// number of nights.
    #[must_use]
    pub fn stays(self) -> Vec<Stay> {
        let of = |check_in: NaiveDate, nights: u64| Stay::new(check_in, check_in.checked_add_days(Days::new(nights))?).ok();
        let inside = |month: Month, nights: u64| {
            let fits = move |stay: &Stay| stay.check_out.pred_opt().is_some_and(|last| last.month() == month.first.month());
            month.days().filter_map(move |day| of(day, nights)).filter(fits).collect()
        };
        match self {
            Self::Exact(stay) => vec![stay],
            Self::Around { stay, days } => {
                let days = i64::from(days.min(14));
                let shift = |n: i64| {
                    let by = chrono::TimeDelta::days(n);
                    Stay::new(stay.check_in.checked_add_signed(by)?, stay.check_out.checked_add_signed(by)?).ok()
                };
                (-days..=days).filter_map(shift).collect()
            }
            Self::Weekend(month) => month.days().filter(|day| day.weekday() == Weekday::Fri).filter_map(|day| of(day, 2)).collect(),
            Self::Week(month) => inside(month, 7),
            Self::FourWeeks(month) => inside(month, 28),
        }
    }
}

/// In which order. Ties are broken by id, so that it is always a total one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sort {
    /// Best first: the sum of the ranking's parts.
    #[default]
    Relevance,
    /// Cheapest first: the stay's total with dates, the night without.
    PriceAsc,
    /// Dearest first.
    PriceDesc,
    /// Best rated first.
    Rating,
    /// Nearest first; needs [`Area::Circle`].
    Distance,
    /// Latest published first.
    Newest,
}

impl Sort {
    /// Whether homes are compared by what they cost.
    #[must_use]
    pub const fn by_price(self) -> bool {
        matches!(self, Self::PriceAsc | Self::PriceDesc)
    }

    /// Whether a greater key comes first.
    #[must_use]
    pub const fn descending(self) -> bool {
        matches!(self, Self::Relevance | Self::PriceDesc | Self::Rating | Self::Newest)
    }
}

/// What a home must have. Everything absent asks nothing.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each says what it asks for")]
pub struct Filters {
    pub area: Option<Area>,
    /// Name of a city, region or neighbourhood, in any case, with or without
    /// diacritics.
    pub place: Option<String>,
    pub dates: Option<Dates>,
    pub guests: Guests,
    /// Minor units: of the whole stay with dates, of a night without.
    pub price_min: Option<i64>,
    pub price_max: Option<i64>,
    /// Of the price bounds and orders: homes in other currencies do not match
    /// them. Asks nothing where neither is used.
    pub currency: Option<Currency>,
    /// One of them.
    pub room_types: Vec<RoomType>,
    /// One of them.
    pub property_types: Vec<PropertyType>,
    pub bedrooms_min: Option<i32>,
    pub beds_min: Option<i32>,
    pub bathrooms_halves_min: Option<i32>,
    /// All of them.
    pub amenities: Vec<String>,
    pub instant_book: bool,
    pub free_cancellation: bool,
    /// Hundredths of stars; unrated homes do not match.
    pub rating_min: Option<i32>,
    pub host: Option<UserId>,
    /// Free text, see [`crate::text`].
    pub words: Option<String>,
}

impl Filters {
    /// Whether what a home costs decides about it.
    #[must_use]
    pub fn priced(&self) -> bool {
        self.price_min.is_some() || self.price_max.is_some()
    }
}

/// Where a page goes on: the last hit's key and id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct After {
    /// [`crate::Hit::key`].
    pub key: i64,
    /// [`crate::Hit::id`].
    pub id: ListingId,
}

/// A search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Query {
    /// What a home must have.
    pub filters: Filters,
    /// In which order.
    pub sort: Sort,
    /// Hits behind this one only. A page after it holds the hits that lie
    /// behind that key now, whatever has changed meanwhile: nothing that kept
    /// its key is skipped or repeated.
    pub after: Option<After>,
    /// How many hits; 0 just counts.
    pub limit: usize,
    /// Count what each further filter would leave.
    pub facets: bool,
    /// Group all that is found on a grid for this zoom of a web map (0–22).
    pub clusters: Option<u8>,
    /// Say of each hit where its place in the order comes from.
    pub explain: bool,
}
