//! Homes: their vocabulary, what publishing needs, and the fuzzed point that
//! the public sees.

use chrono::{DateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::cancellation::PolicyName;
use crate::fields::{Check, FieldError};
use crate::ids::{ListingId, UserId};
use crate::money::Currency;
use crate::words::words;

words! {
    /// Where a listing stands.
    ListingStatus {
        /// Being written; only its host sees it.
        Draft = "draft",
        /// Found in search and bookable.
        Published = "published",
        /// Out of search for a while; bookings stand.
        Paused = "paused",
        /// Taken down for good; kept because bookings refer to it.
        Archived = "archived",
    }
}

words! {
    /// How much of the home a guest has.
    RoomType {
        /// The whole place.
        EntirePlace = "entire_place",
        /// A room of one's own.
        PrivateRoom = "private_room",
        /// A bed in a room with others.
        SharedRoom = "shared_room",
    }
}

words! {
    /// How a booking comes about.
    BookingMode {
        /// Paid is booked.
        Instant = "instant",
        /// The host answers within 24 hours.
        Request = "request",
    }
}

words! {
    /// How guests get in.
    CheckInMethod {
        /// The host hands over the keys.
        Host = "host",
        /// A key safe.
        Lockbox = "lockbox",
        /// A lock that takes a code.
        SmartLock = "smart_lock",
        /// A keypad.
        Keypad = "keypad",
        /// Somebody at the door of the building.
        BuildingStaff = "building_staff",
    }
}

words! {
    /// What kind of building it is.
    PropertyType {
        /// A flat.
        Apartment = "apartment",
        /// A house.
        House = "house",
        /// A separate house on the host's ground.
        Guesthouse = "guesthouse",
        /// A room in a hotel.
        HotelRoom = "hotel_room",
        /// A hostel.
        Hostel = "hostel",
        /// Bed and breakfast.
        BedAndBreakfast = "bed_and_breakfast",
        /// A villa.
        Villa = "villa",
        /// A cabin.
        Cabin = "cabin",
        /// A loft.
        Loft = "loft",
        /// A townhouse.
        Townhouse = "townhouse",
        /// A bungalow.
        Bungalow = "bungalow",
        /// A boat.
        Boat = "boat",
        /// A tent.
        Tent = "tent",
        /// A camper or caravan.
        Camper = "camper",
        /// A stay on a farm.
        FarmStay = "farm_stay",
        /// A flat with hotel services.
        ServicedApartment = "serviced_apartment",
        /// A condominium.
        Condominium = "condominium",
        /// A chalet.
        Chalet = "chalet",
        /// A cottage.
        Cottage = "cottage",
        /// A tiny house.
        TinyHouse = "tiny_house",
        /// A dome.
        Dome = "dome",
        /// A treehouse.
        Treehouse = "treehouse",
        /// A castle.
        Castle = "castle",
        /// An island.
        Island = "island",
        /// Anything else.
        Other = "other",
    }
}

words! {
    /// Kinds of beds.
    BedKind {
        /// 90 cm or so.
        Single = "single",
        /// 140 cm or so.
        Double = "double",
        /// 160 cm.
        Queen = "queen",
        /// 180 cm and more.
        King = "king",
        /// Two storeys.
        Bunk = "bunk",
        /// Folds out.
        SofaBed = "sofa_bed",
        /// On the floor.
        FloorMattress = "floor_mattress",
        /// For infants.
        Crib = "crib",
    }
}

/// So many beds of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beds {
    /// Which.
    pub kind: BedKind,
    /// How many, 1–50.
    pub count: i32,
}

/// What a host asks of guests.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct HouseRules {
    /// Smoking indoors is fine.
    pub smoking_allowed: bool,
    /// Parties are fine.
    pub parties_allowed: bool,
    /// Hour (0–23, local) from which it should be quiet.
    pub quiet_from: Option<i32>,
    /// Hour (0–23, local) until which it should be quiet.
    pub quiet_until: Option<i32>,
    /// Anything else, up to 5,000 characters.
    pub text: String,
}

/// A point on the globe in 1e-7 degrees (about a centimetre).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Point {
    /// North positive, ±900,000,000.
    pub latitude_e7: i32,
    /// East positive, ±1,800,000,000.
    pub longitude_e7: i32,
}

impl Point {
    /// From degrees, rounded to 1e-7.
    #[must_use]
    pub fn from_degrees(latitude: f64, longitude: f64) -> Option<Self> {
        let inside = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        #[expect(clippy::cast_possible_truncation, reason = "checked to be within ±1.8e9")]
        inside.then(|| Self { latitude_e7: (latitude * 1e7).round() as i32, longitude_e7: (longitude * 1e7).round() as i32 })
    }

    /// Degrees north.
    #[must_use]
    pub fn latitude(self) -> f64 {
        f64::from(self.latitude_e7) / 1e7
    }

    /// Degrees east.
    #[must_use]
    pub fn longitude(self) -> f64 {
        f64::from(self.longitude_e7) / 1e7
    }

    /// Metres to `other` along a great circle of a sphere of 6,371,008.8 m
    /// (the mean radius of the Earth, IUGG).
    #[must_use]
    pub fn metres_to(self, other: Self) -> f64 {
        let (a, b) = (self.latitude().to_radians(), other.latitude().to_radians());
        let d_latitude = b - a;
        let d_longitude = (other.longitude() - self.longitude()).to_radians();
        let h = (d_latitude / 2.0).sin().powi(2) + a.cos() * b.cos() * (d_longitude / 2.0).sin().powi(2);
        2.0 * 6_371_008.8 * h.sqrt().min(1.0).asin()
    }
}

/// The point shown to the public: 150–500 m from the exact one, always the same
/// for a listing and `secret`, so that asking often averages nothing out.
#[must_use]
pub fn fuzzed_point(exact: Point, noise: [u8; 16]) -> Point {
    let half = |bytes: &[u8]| bytes.iter().fold(0_u64, |all, byte| (all << 8) | u64::from(*byte));
    #[expect(clippy::cast_precision_loss, reason = "53 bits of noise are plenty")]
    let unit = |bytes: &[u8]| (half(bytes) >> 11) as f64 / (1_u64 << 53) as f64;
    let bearing = unit(&noise[..8]) * std::f64::consts::TAU;
    // The square root spreads points evenly over the ring; 5 m of margin keep
    // rounding inside it.
    let metres = (155.0_f64.powi(2) + unit(&noise[8..]) * (495.0_f64.powi(2) - 155.0_f64.powi(2))).sqrt();
    let d_latitude = metres * bearing.cos() / 111_195.0;
    let shrink = exact.latitude().to_radians().cos().max(0.01);
    let d_longitude = metres * bearing.sin() / (111_195.0 * shrink);
    let latitude = (exact.latitude() + d_latitude).clamp(-90.0, 90.0);
    let longitude = (exact.longitude() + d_longitude + 540.0).rem_euclid(360.0) - 180.0;
    Point::from_degrees(latitude, longitude).unwrap_or(exact)
}

/// Where a home is, in words.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Address {
    /// Street and number: private until a booking is confirmed.
    pub line1: String,
    /// Floor, door, …: private likewise.
    pub line2: String,
    /// City or village.
    pub city: String,
    /// Province, state.
    pub region: String,
    /// Private likewise.
    pub postal_code: String,
    /// ISO 3166-1 alpha-2, e.g. `PT`.
    pub country: Option<String>,
}

/// One bookable home, as its host sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Listing {
    /// Which.
    pub id: ListingId,
    /// Whose.
    pub host_id: UserId,
    /// Where it stands.
    pub status: ListingStatus,
    /// Up to 120 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub description: String,
    /// What kind of building.
    pub property_type: PropertyType,
    /// How much of it.
    pub room_type: RoomType,
    /// Guests it takes, 1–50; 0 while unknown.
    pub capacity: i32,
    /// 0 is a studio.
    pub bedrooms: i32,
    /// Beds in all.
    pub beds: i32,
    /// Half bathrooms: 3 is one and a half.
    pub bathrooms_halves: i32,
    /// Beds by kind.
    pub bed_types: Vec<Beds>,
    /// Codes of the amenities table.
    pub amenities: Vec<String>,
    /// What the host asks of guests.
    pub house_rules: HouseRules,
    /// Registration number where the law asks for one.
    pub licence: String,
    /// Of all its prices.
    pub currency: Currency,
    /// IANA name, found from the coordinates.
    pub time_zone: Option<chrono_tz::Tz>,
    /// Instant or on request.
    pub booking_mode: BookingMode,
    /// Which preset.
    pub cancellation_policy: PolicyName,
    /// Earliest arrival, local.
    pub check_in_from: NaiveTime,
    /// Latest arrival, local; none when any time will do.
    pub check_in_until: Option<NaiveTime>,
    /// Latest departure, local.
    pub check_out_until: NaiveTime,
    /// How guests get in.
    pub check_in_method: CheckInMethod,
    /// Where, in words.
    pub address: Address,
    /// Part of the city.
    pub neighbourhood: String,
    /// Exact and private.
    pub point: Option<Point>,
    /// Fuzzed and public.
    pub public_point: Option<Point>,
    /// Counts changes (ETag).
    pub version: i32,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Of the last change.
    pub updated_at: DateTime<Utc>,
    /// When it first went public.
    pub published_at: Option<DateTime<Utc>>,
}

/// What only booked guests may read about getting in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct Arrival {
    /// How to find and enter the home.
    pub instructions: String,
    /// Code of the door or key safe.
    pub door_code: String,
    /// Name of the Wi-Fi.
    pub wifi_name: String,
    /// Its password.
    pub wifi_password: String,
}

impl Listing {
    /// Records what is out of range.
    pub fn check(&self, check: &mut Check) {
        check.text(&self.title, "/title", 0..=120);
        check.text(&self.description, "/description", 0..=20_000);
        check.range(self.capacity, "/capacity", 0..=50);
        check.range(self.bedrooms, "/bedrooms", 0..=50);
        check.range(self.beds, "/beds", 0..=100);
        check.range(self.bathrooms_halves, "/bathrooms", 0..=100);
        check.that(self.bed_types.len() <= 20, "/bed_types", "too_many", "at most 20 kinds of beds");
        for (at, beds) in self.bed_types.iter().enumerate() {
            check.range(beds.count, &format!("/bed_types/{at}/count"), 1..=50);
        }
        check.that(self.amenities.len() <= 100, "/amenities", "too_many", "at most 100 amenities");
        for (hour, name) in [(self.house_rules.quiet_from, "quiet_from"), (self.house_rules.quiet_until, "quiet_until")] {
            if let Some(hour) = hour {
                check.range(hour, &format!("/house_rules/{name}"), 0..=23);
            }
        }
        check.text(&self.house_rules.text, "/house_rules/text", 0..=5000);
        check.text(&self.licence, "/licence", 0..=200);
        for (text, name) in [
            (&self.address.line1, "line1"),
            (&self.address.line2, "line2"),
            (&self.address.city, "city"),
            (&self.address.region, "region"),
            (&self.address.postal_code, "postal_code"),
        ] {
            check.text(text, &format!("/location/address/{name}"), 0..=200);
        }
        if let Some(country) = &self.address.country {
            check.that(
                country.len() == 2 && country.chars().all(|c| c.is_ascii_uppercase()),
                "/location/address/country",
                "format",
                format!("{country:?} is not an ISO 3166 country code, e.g. PT"),
            );
        }
    }

    /// What is missing before this listing can be published; `has_price` and
    /// `photos` come from their own slices. Empty: it can.
    #[must_use]
    pub fn missing_for_publication(&self, has_price: bool, photos: i64) -> Vec<FieldError> {
        let mut check = Check::new();
        let mut need = |holds: bool, pointer: &str, what: &str| {
            check.that(holds, pointer, "required", format!("publishing needs {what}"));
        };
        need(!self.title.trim().is_empty(), "/title", "a title");
        need(!self.description.trim().is_empty(), "/description", "a description");
        need(self.point.is_some() && self.time_zone.is_some(), "/location", "a place on the map (latitude and longitude)");
        need(!self.address.city.trim().is_empty(), "/location/address/city", "the city");
        need(self.address.country.is_some(), "/location/address/country", "the country");
        need(has_price, "/pricing/nightly", "a price per night");
        need(self.capacity > 0, "/capacity", "the number of guests it takes");
        need(photos > 0, "/photos", "at least one photo");
        check.finish().err().unwrap_or_default()
    }
}

/// The next status when a host acts on a listing.
///
/// # Errors
/// The sentence why this cannot be done from `from`.
pub fn transition(from: ListingStatus, to: ListingStatus) -> Result<ListingStatus, String> {
    use ListingStatus::{Archived, Draft, Paused, Published};
    match (from, to) {
        (Draft | Paused | Published, Published) | (Published | Paused, Paused) | (Draft | Published | Paused | Archived, Archived) => {
            Ok(to)
        }
        _ => Err(format!("a listing that is {from} cannot become {to}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_public_point_is_150_to_500_m_away_and_always_the_same(
            latitude in -85.0_f64..85.0, longitude in -180.0_f64..180.0, noise: [u8; 16],
        ) {
            let exact = Point::from_degrees(latitude, longitude).unwrap();
            let public = fuzzed_point(exact, noise);
            prop_assert_eq!(public, fuzzed_point(exact, noise));
            let metres = exact.metres_to(public);
            prop_assert!((150.0..=500.0).contains(&metres), "{} m", metres);
        }
    }

    #[test]
    fn archived_listings_stay_archived() {
        assert!(transition(ListingStatus::Archived, ListingStatus::Published).is_err());
        assert!(transition(ListingStatus::Draft, ListingStatus::Paused).is_err());
        assert_eq!(transition(ListingStatus::Paused, ListingStatus::Published), Ok(ListingStatus::Published));
    }
}
