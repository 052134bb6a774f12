//! What a host writes of a home: the parts that are read and shown alike, and
//! the body of POST and PATCH.

use app::App;
use app::listings::ListingChange;
use app::pricing::ListingDraft;
use chrono::NaiveTime;
use domain::fields::FieldError;
use domain::listings::{Address, Arrival, Beds, HouseRules, Point};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::ToSchema;

use crate::error::ApiError;
use crate::rest::pricing::{PricingView, RulesView};

/// `15:00` in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ToSchema)]
#[schema(value_type = String, example = "15:00")]
pub struct ClockTime(pub NaiveTime);

impl Serialize for ClockTime {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0.format("%H:%M"))
    }
}

impl<'de> Deserialize<'de> for ClockTime {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        NaiveTime::parse_from_str(&text, "%H:%M")
            .map(Self)
            .map_err(|_| de::Error::custom(format!("{text:?} is not a time of day, e.g. 15:00")))
    }
}

/// Where a home is, in words.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AddressView {
    /// Street and number; for owner and booked guests only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line1: Option<String>,
    /// Floor, door; likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line2: Option<String>,
    /// City or village.
    pub city: String,
    /// Province, state.
    pub region: String,
    /// Likewise for owner and booked guests only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

/// Where a home is: exact for its owner, fuzzed by 150–500 m for others.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LocationView {
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// In words.
    pub address: Option<AddressView>,
}

/// How to get in: for owner and booked guests only.
#[derive(Debug, Clone, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct ArrivalInput {
    /// How to find and enter the home.
    pub instructions: String,
    /// Code of the door or key safe.
    pub door_code: String,
    /// Name of the Wi-Fi.
    pub wifi_name: String,
    /// Its password.
    pub wifi_password: String,
}

impl From<ArrivalInput> for Arrival {
    fn from(input: ArrivalInput) -> Self {
        Self {
            instructions: input.instructions,
            door_code: input.door_code,
            wifi_name: input.wifi_name,
            wifi_password: input.wifi_password,
        }
    }
}

impl From<Arrival> for ArrivalInput {
    fn from(arrival: Arrival) -> Self {
        Self {
            instructions: arrival.instructions,
            door_code: arrival.door_code,
            wifi_name: arrival.wifi_name,
            wifi_password: arrival.wifi_password,
        }
    }
}

/// What to write of a listing; absent leaves it as it is.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[expect(missing_docs, reason = "the fields of a listing")]
pub struct ListingInput {
    pub title: Option<String>,
    pub description: Option<String>,
    pub property_type: Option<String>,
    pub room_type: Option<String>,
    pub capacity: Option<i32>,
    pub bedrooms: Option<i32>,
    pub beds: Option<i32>,
    pub bathrooms: Option<f64>,
    #[schema(value_type = Option<Vec<Object>>)]
    pub bed_types: Option<Vec<Beds>>,
    pub amenities: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    pub house_rules: Option<HouseRules>,
    pub licence: Option<String>,
    pub currency: Option<String>,
    pub booking_mode: Option<String>,
    pub cancellation_policy: Option<String>,
    pub check_in_from: Option<ClockTime>,
    #[serde(deserialize_with = "crate::patch::nullable")]
    #[schema(value_type = Option<String>)]
    pub check_in_until: Option<Option<ClockTime>>,
    pub check_out_until: Option<ClockTime>,
    pub check_in_method: Option<String>,
    pub location: Option<LocationView>,
    pub neighbourhood: Option<String>,
    pub arrival: Option<ArrivalInput>,
    pub pricing: Option<PricingView>,
    pub rules: Option<RulesView>,
}

/// Reads a closed word, noting what is wrong with it.
fn word<T: std::str::FromStr<Err = String>>(text: Option<String>, pointer: &str, mistakes: &mut Vec<FieldError>) -> Option<T> {
    let text = text?;
    text.parse()
        .map_err(|why| mistakes.push(FieldError { pointer: pointer.into(), code: "word", message: format!("{text:?}: {why}") }))
        .ok()
}

/// 1.5 → 3 halves.
fn halves(number: Option<f64>, mistakes: &mut Vec<FieldError>) -> Option<i32> {
    let halves = number? * 2.0;
    if (0.0..=100.0).contains(&halves) && halves.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number up to 100")]
        return Some(halves as i32);
    }
    mistakes.push(FieldError { pointer: "/bathrooms".into(), code: "range", message: "bathrooms are counted in halves, 0 to 50".into() });
    None
}

fn point(place: &LocationView, mistakes: &mut Vec<FieldError>) -> Option<Point> {
    let mut wrong = |message: &str| mistakes.push(FieldError { pointer: "/location".into(), code: "range", message: message.into() });
    match (place.latitude, place.longitude) {
        (Some(latitude), Some(longitude)) => {
            let point = Point::from_degrees(latitude, longitude);
            if point.is_none() {
                wrong("latitude is -90 to 90 and longitude -180 to 180 degrees");
            }
            point
        }
        (None, None) => None,
        _ => {
            wrong("give both latitude and longitude");
            None
        }
    }
}

impl From<AddressView> for Address {
    fn from(view: AddressView) -> Self {
        Self {
            line1: view.line1.unwrap_or_default(),
            line2: view.line2.unwrap_or_default(),
            city: view.city,
            region: view.region,
            postal_code: view.postal_code.unwrap_or_default(),
            country: view.country,
        }
    }
}

impl ListingInput {
    /// As the use-case takes it.
    pub(crate) fn draft(self, app: &App) -> Result<ListingDraft, ApiError> {
        let mut mistakes = Vec::new();
        let bathrooms_halves = halves(self.bathrooms, &mut mistakes);
        let place = self.location.unwrap_or_default();
        let point = point(&place, &mut mistakes);
        let address = place.address.map(Address::from);
        let change = ListingChange {
            title: self.title,
            description: self.description,
            property_type: word(self.property_type, "/property_type", &mut mistakes),
            room_type: word(self.room_type, "/room_type", &mut mistakes),
            capacity: self.capacity,
            bedrooms: self.bedrooms,
            beds: self.beds,
            bathrooms_halves,
            bed_types: self.bed_types,
            amenities: self.amenities,
            house_rules: self.house_rules,
            licence: self.licence,
            currency: word(self.currency, "/currency", &mut mistakes),
            booking_mode: word(self.booking_mode, "/booking_mode", &mut mistakes),
            cancellation_policy: word(self.cancellation_policy, "/cancellation_policy", &mut mistakes),
            check_in_from: self.check_in_from.map(|time| time.0),
            check_in_until: self.check_in_until.map(|time| time.map(|time| time.0)),
            check_out_until: self.check_out_until.map(|time| time.0),
            check_in_method: word(self.check_in_method, "/check_in_method", &mut mistakes),
            address,
            neighbourhood: self.neighbourhood,
            point,
            arrival: self.arrival.map(Arrival::from),
        };
        if !mistakes.is_empty() {
            return Err(ApiError::App(app::Error::Invalid(mistakes)));
        }
        let tariff = self.pricing.map(|pricing| pricing.tariff(app.config.default_currency));
        Ok(ListingDraft { change, tariff, rules: self.rules.map(Into::into) })
    }
}
