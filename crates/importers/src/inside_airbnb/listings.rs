//! Rows of a listings file, of whatever year.

use std::path::Path;

use app::accounts::import::ImportedPerson;
use app::listings::import::ImportedListing;
use app::pricing::{ImportedHome, ImportedPrices};
use app::reviews::Rating;
use chrono::{NaiveDate, NaiveTime};
use domain::ids::UserId;
use domain::listings::{BookingMode, Point};
use domain::money::BasisPoints;
use domain::pricing::ExtraGuest;
use uuid::Uuid;

use super::fields::{bathrooms_halves, clean, cut, flag, list, nights, price};
use super::load::Options;
use super::rows::{Next, Row, Rows};
use super::vocabulary::{amenity, policy, property_type, room_type};

/// What can only be told of a file as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileFacts {
    /// Stars of up to 100 and 10 (until 2021) rather than 5.
    pub hundreds: bool,
    /// The scrape has lost every description or amenity: blanks mean nothing.
    pub descriptions: bool,
    pub amenities: bool,
}

/// Reads a file once for what can only be told of it as a whole.
pub(super) fn survey(path: &Path) -> anyhow::Result<FileFacts> {
    let mut rows = Rows::open(path)?;
    let mut facts = FileFacts { hundreds: false, descriptions: false, amenities: false };
    loop {
        match rows.next() {
            Next::End => return Ok(facts),
            Next::Bad(..) => {}
            Next::Row(row) => {
                facts.hundreds |=
                    row.get("review_scores_rating").and_then(|text| text.parse::<f64>().ok()).is_some_and(|score| score > 5.0);
                facts.descriptions |= row.first(&["description", "summary", "space"]).is_some();
                facts.amenities |= row.get("amenities").is_some_and(|text| text.len() > 2);
            }
        }
    }
}

/// One home with its host and rating.
pub(super) struct Record {
    pub host: ImportedPerson,
    pub home: ImportedHome,
    pub rating: Option<Rating>,
    /// Amenities that have no word here.
    pub unknown_amenities: Vec<String>,
}

fn text(row: &Row<'_>, columns: &[&str], most: usize) -> Option<String> {
    let text = cut(&clean(row.first(columns)?), most);
    (!text.is_empty()).then_some(text)
}

fn number(row: &Row<'_>, column: &str) -> Option<i32> {
    let number: f64 = row.get(column)?.parse().ok()?;
    #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
    (0.0..=1000.0).contains(&number).then_some(number as i32)
}

fn description(row: &Row<'_>) -> Option<String> {
    if let Some(whole) = text(row, &["description"], 20_000) {
        return Some(whole);
    }
    let parts: Vec<String> =
        ["summary", "space", "neighborhood_overview"].iter().filter_map(|column| text(row, &[column], 8_000)).collect();
    (!parts.is_empty()).then(|| cut(&parts.join("\n\n"), 20_000))
}

fn rating(row: &Row<'_>, facts: FileFacts) -> Option<Rating> {
    let stars = |column: &str, whole: f64| {
        let score: f64 = row.get(column)?.parse().ok()?;
        let hundredths = score / whole * 500.0;
        #[expect(clippy::cast_possible_truncation, reason = "bounded just before")]
        (1.0..=500.5).contains(&hundredths).then(|| (hundredths.round() as i32).clamp(100, 500))
    };
    let (overall, part) = if facts.hundreds { (100.0, 10.0) } else { (5.0, 5.0) };
    Some(Rating {
        count: number(row, "number_of_reviews").filter(|count| *count > 0)?,
        overall: Some(stars("review_scores_rating", overall)?),
        cleanliness: stars("review_scores_cleanliness", part),
        accuracy: stars("review_scores_accuracy", part),
        check_in: stars("review_scores_checkin", part),
        communication: stars("review_scores_communication", part),
        location: stars("review_scores_location", part),
        value: stars("review_scores_value", part),
    })
}

fn prices(row: &Row<'_>, options: &Options) -> ImportedPrices {
    let money = |column: &str| row.get(column).and_then(|text| price(text, options.currency));
    let Some(nightly) = money("price") else { return ImportedPrices::default() };
    let discount = |column: &str, nights: i64| {
        let whole = nightly.checked_mul(nights)?;
        let saved = whole - money(column)?;
        i32::try_from(saved.checked_mul(10_000)? / whole).ok().filter(|bps| (1..=9000).contains(bps)).map(BasisPoints)
    };
    let extra = number(row, "guests_included").filter(|after| *after > 0).zip(money("extra_people"));
    ImportedPrices {
        nightly: Some(nightly),
        cleaning_fee: money("cleaning_fee"),
        extra_guest: extra.map(|(after, amount)| ExtraGuest { after: after.min(50), amount }),
        weekly_discount: discount("weekly_price", 7),
        monthly_discount: discount("monthly_price", 30),
    }
}

/// Reads one row.
///
/// # Errors
/// The sentence why it cannot be used.
pub(super) fn read(row: &Row<'_>, facts: FileFacts, options: &Options) -> Result<Record, String> {
    let id = |column: &str| {
        row.get(column).ok_or_else(|| format!("{column} is blank"))?.parse::<i64>().map_err(|_| format!("{column} is not a number"))
    };
    let degrees =
        |column: &str| row.get(column).and_then(|text| text.parse::<f64>().ok()).ok_or_else(|| format!("{column} is not a number"));
    let external_id = id("id")?;
    let host_id = id("host_id")?;
    let (latitude, longitude) = (degrees("latitude")?, degrees("longitude")?);
    let point = Point::from_degrees(latitude, longitude).filter(|_| latitude != 0.0 || longitude != 0.0);
    let point = point.ok_or_else(|| format!("{latitude}, {longitude} is no place"))?;
    let since = row.get("host_since").and_then(|text| text.parse::<NaiveDate>().ok()).map(|date| date.and_time(NaiveTime::MIN).and_utc());
    let host = ImportedPerson {
        external_id: host_id,
        name: text(row, &["host_name"], 80).map(|name| name.replace('\n', " ")),
        about: text(row, &["host_about"], 2000),
        since,
    };
    let prices = prices(row, options);
    let mut unknown_amenities = Vec::new();
    let amenities = row.get("amenities").filter(|_| facts.amenities).map(|text| {
        let mut codes = Vec::new();
        for word in list(text) {
            match amenity(&word) {
                Some(code) => codes.push(code.to_owned()),
                None => unknown_amenities.push(word),
            }
        }
        codes.sort();
        codes.dedup();
        codes
    });
    let capacity = number(row, "accommodates").unwrap_or(2).clamp(1, 50);
    let listing = ImportedListing {
        external_id,
        host: UserId(Uuid::nil()),
        title: text(row, &["name"], 120).map(|title| title.replace('\n', " ")),
        description: description(row).filter(|_| facts.descriptions),
        property_type: property_type(row.first(&["property_type", "room_type"]).unwrap_or_default()),
        room_type: room_type(row.get("room_type").unwrap_or_default()),
        capacity,
        bedrooms: number(row, "bedrooms").map(|n| n.min(50)),
        beds: number(row, "beds").map(|n| n.min(100)),
        bathrooms_halves: bathrooms_halves(row.get("bathrooms"), row.get("bathrooms_text")),
        amenities,
        point,
        time_zone: options.time_zone,
        city: options.city.clone().or_else(|| text(row, &["city"], 200)),
        region: text(row, &["state", "neighbourhood_group_cleansed", "neighbourhood_group"], 200),
        postal_code: text(row, &["zipcode"], 20),
        country: options.country.clone().or_else(|| row.get("country_code").filter(|code| code.len() == 2).map(str::to_uppercase)),
        neighbourhood: text(row, &["neighbourhood_cleansed", "neighbourhood"], 200),
        currency: options.currency,
        licence: text(row, &["license"], 200),
        booking_mode: if flag(row.get("instant_bookable")) == Some(true) { BookingMode::Instant } else { BookingMode::Request },
        cancellation_policy: policy(row.get("cancellation_policy")),
        priced: prices.nightly.is_some(),
    };
    let min_nights = nights(row.get("minimum_nights"));
    let max_nights = nights(row.get("maximum_nights")).filter(|max| *max >= min_nights.unwrap_or(1));
    Ok(Record { host, home: ImportedHome { listing, prices, min_nights, max_nights }, rating: rating(row, facts), unknown_amenities })
}
