//! The data that is part of the program.

use std::io::Read;

use domain::listings::Point;
use flate2::read::GzDecoder;
use search_index::Area;

use crate::{Gazetteer, Kind, Place, city_area};

static CITIES: &[u8] = include_bytes!("../data/cities.tsv.gz");
static COUNTRIES: &str = include_str!("../data/countries.tsv");

/// The data that is part of the program cannot be read: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the gazetteer's data cannot be read: {0}")]
pub struct Unreadable(String);

/// Countries and the cities of GeoNames, with further places behind them. Takes
/// some tenths of a second: not to be called where somebody waits.
///
/// # Errors
/// When the data cannot be read.
pub fn built_in(further: Vec<Place>) -> Result<Gazetteer, Unreadable> {
    let mut places = Vec::with_capacity(35_000 + further.len());
    for line in COUNTRIES.lines() {
        places.push(country(line).ok_or_else(|| Unreadable(line.to_owned()))?);
    }
    let mut text = String::new();
    GzDecoder::new(CITIES).read_to_string(&mut text).map_err(|error| Unreadable(error.to_string()))?;
    for line in text.lines() {
        places.push(city(line).ok_or_else(|| Unreadable(line.to_owned()))?);
    }
    places.extend(further);
    Ok(Gazetteer::new(places))
}

fn e7(text: &str) -> Option<i32> {
    text.parse::<i32>().ok()?.checked_mul(1000)
}

fn other_names(text: &str) -> Vec<String> {
    text.split('|').filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn country(line: &str) -> Option<Place> {
    let [code, _, name, population, west, south, east, north, names] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let (west, south, east, north) = (e7(west)?, e7(south)?, e7(east)?, e7(north)?);
    let span = (i64::from(east) - i64::from(west)).rem_euclid(3_600_000_000);
    let middle = (i64::from(west) + span / 2 + 1_800_000_000).rem_euclid(3_600_000_000) - 1_800_000_000;
    Some(Place {
        id: format!("country:{code}"),
        kind: Kind::Country,
        name: name.to_owned(),
        other_names: other_names(names),
        country: code.to_owned(),
        division: String::new(),
        centre: Point { latitude_e7: south / 2 + north / 2, longitude_e7: i32::try_from(middle).ok()? },
        area: Area::Box { west, south, east, north },
        population: population.parse().ok()?,
    })
}

fn city(line: &str) -> Option<Place> {
    let [id, name, country, division, latitude, longitude, population, names] = line.split('\t').collect::<Vec<_>>().try_into().ok()?;
    let centre = Point { latitude_e7: e7(latitude)?, longitude_e7: e7(longitude)? };
    let population = population.parse().ok()?;
    Some(Place {
        id: format!("geonames:{id}"),
        kind: Kind::City,
        name: name.to_owned(),
        other_names: other_names(names),
        country: country.to_owned(),
        division: division.to_owned(),
        centre,
        area: city_area(centre, population),
        population,
    })
}
