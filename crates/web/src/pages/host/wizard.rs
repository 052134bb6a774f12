//! Writing a home step by step. Each step is a form of its own that saves what
//! it says; a script saves it while it is being written.

use std::collections::BTreeMap;

use app::App;
use app::listings::{self, Amenity, ListingChange};
use app::pricing::{self, ListingDraft};
use app::search::ListingDetail;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::NaiveTime;
use domain::calendar::StayRules;
use domain::cancellation::PolicyName;
use domain::fields::FieldError;
use domain::ids::ListingId;
use domain::listings::{Address, Arrival, BookingMode, CheckInMethod, HouseRules, Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency};
use domain::pricing::{ExtraGuest, Tariff};
use uuid::Uuid;

use super::steps::{Progress, STEPS};
use crate::assets;
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::{Fields, Mistakes, Sent, Shell, Visitor, go};

pub(super) fn router() -> Router<App> {
    Router::new().route("/host/listings/{id}", get(resume)).route("/host/listings/{id}/{step}", get(show).post(save))
}

/// Where the writing goes on.
async fn resume(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let detail = own(&app, &visitor, ListingId(id)).await?;
    Ok(go(&format!("/host/listings/{id}/{}", Progress::of(&detail).next())))
}

/// A home of the visitor's own.
pub(super) async fn own(app: &App, visitor: &Visitor, id: ListingId) -> ApiResult<ListingDetail> {
    let (_, user) = visitor.logged_in()?;
    let detail = app::search::detail(app, &visitor.actor, id).await?;
    if detail.listing.host_id == user.id { Ok(detail) } else { Err(app::Error::NotFound("listing").into()) }
}

#[derive(Template)]
#[template(path = "host/wizard.html")]
struct StepPage<'a> {
    shell: Shell,
    tab: &'static str,
    detail: &'a ListingDetail,
    step: &'static str,
    title: &'static str,
    hint: &'static str,
    number: usize,
    progress: Progress,
    amenities: BTreeMap<String, Vec<Amenity>>,
    missing: Vec<FieldError>,
    fields: Fields,
    mistakes: &'a Mistakes,
}

impl StepPage<'_> {
    /// A word is what the home has, or what was sent.
    fn chosen(&self, name: &str, word: &str) -> bool {
        self.fields.has(name, word)
    }

    fn amenity_name<'a>(&self, amenity: &'a Amenity) -> &'a str {
        amenity.labels.get(self.shell.locale().tag).or_else(|| amenity.labels.get("en")).map_or(amenity.code.as_str(), String::as_str)
    }

    fn photo(&self, photo: &app::listings::Photo) -> String {
        photo.sizes.get("640").map(|name| self.shell.photo(name)).unwrap_or_default()
    }
}

const PROPERTY_TYPES: &[PropertyType] = PropertyType::ALL;
const POLICIES: &[PolicyName] = PolicyName::ALL;

/// An amount of minor units as people write it.
fn written(amount: i64, currency: Currency) -> String {
    let digits = currency.exponent() as usize;
    if digits == 0 {
        return amount.to_string();
    }
    let scale = currency.minor_per_major();
    format!("{}.{:0digits$}", amount / scale, amount % scale)
}

/// What people write as an amount, in minor units.
pub(in crate::pages) fn amount(text: &str, currency: Currency, pointer: &str) -> app::Result<i64> {
    let wrong = || app::Error::invalid(pointer, "amount", format!("{text:?} is not an amount, e.g. 120 or 119.50"));
    let (major, minor) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = currency.exponent() as usize;
    if minor.len() > digits || major.is_empty() || !major.chars().chain(minor.chars()).all(|c| c.is_ascii_digit()) || major.len() > 12 {
        return Err(wrong());
    }
    let padded = format!("{minor:0<digits$}");
    let minor: i64 = if padded.is_empty() { 0 } else { padded.parse().map_err(|_| wrong())? };
    Ok(major.parse::<i64>().map_err(|_| wrong())? * currency.minor_per_major() + minor)
}

/// What a step shows, as fields: what is known of the home.
fn known(detail: &ListingDetail, step: &str) -> Fields {
    let listing = &detail.listing;
    let mut fields = Fields::default();
    let mut put = |name: &str, value: String| fields = fields.with(name, value);
    match step {
        "kind" => {
            put("property_type", listing.property_type.to_string());
            put("room_type", listing.room_type.to_string());
        }
        "place" => {
            put("line1", listing.address.line1.clone());
            put("line2", listing.address.line2.clone());
            put("city", listing.address.city.clone());
            put("region", listing.address.region.clone());
            put("postal_code", listing.address.postal_code.clone());
            put("country", listing.address.country.clone().unwrap_or_default());
            if let Some(point) = listing.point {
                put("latitude", point.latitude().to_string());
                put("longitude", point.longitude().to_string());
            }
        }
        "basics" => {
            put("capacity", listing.capacity.max(1).to_string());
            put("bedrooms", listing.bedrooms.to_string());
            put("beds", listing.beds.to_string());
            put("bathrooms", format!("{}", f64::from(listing.bathrooms_halves) / 2.0));
        }
        "amenities" => put("amenities", listing.amenities.join(",")),
        "words" => {
            put("title", listing.title.clone());
            put("description", listing.description.clone());
        }
        _ => return known_terms(detail, step),
    }
    fields
}

/// Likewise for prices, stays and rules.
fn known_terms(detail: &ListingDetail, step: &str) -> Fields {
    let (listing, rules) = (&detail.listing, &detail.rules);
    let mut fields = Fields::default();
    let mut put = |name: &str, value: String| fields = fields.with(name, value);
    match step {
        "price" => {
            put("currency", listing.currency.code().to_owned());
            put("policy", listing.cancellation_policy.to_string());
            put("mode", listing.booking_mode.to_string());
            if let Some(tariff) = &detail.tariff {
                let money = |amount| written(amount, listing.currency);
                put("nightly", money(tariff.nightly));
                put("weekend", tariff.weekend_nightly.map(money).unwrap_or_default());
                put("cleaning", if tariff.cleaning_fee > 0 { money(tariff.cleaning_fee) } else { String::new() });
                put("pet", if tariff.pet_fee > 0 { money(tariff.pet_fee) } else { String::new() });
                put("weekly", (tariff.weekly_discount_bps.0 / 100).to_string());
                put("monthly", (tariff.monthly_discount_bps.0 / 100).to_string());
                if let Some(extra) = &tariff.extra_guest {
                    put("extra_after", extra.after.to_string());
                    put("extra", money(extra.amount));
                }
            }
        }
        "stays" => {
            put("min_nights", rules.min_nights.to_string());
            put("max_nights", rules.max_nights.map(|nights| nights.to_string()).unwrap_or_default());
            put("notice", rules.advance_notice_hours.to_string());
            put("preparation", rules.preparation_nights.to_string());
            put("window", rules.booking_window_days.map(|days| days.to_string()).unwrap_or_default());
            put("pets", rules.max_pets.to_string());
            put("infants", if rules.infants_count { "on" } else { "" }.to_owned());
        }
        "rules" => {
            let arrival = detail.arrival.clone().unwrap_or_default();
            put("smoking", if listing.house_rules.smoking_allowed { "on" } else { "" }.to_owned());
            put("parties", if listing.house_rules.parties_allowed { "on" } else { "" }.to_owned());
            put("quiet_from", listing.house_rules.quiet_from.map(|hour| hour.to_string()).unwrap_or_default());
            put("quiet_until", listing.house_rules.quiet_until.map(|hour| hour.to_string()).unwrap_or_default());
            put("text", listing.house_rules.text.clone());
            put("check_in_from", listing.check_in_from.format("%H:%M").to_string());
            put("check_out_until", listing.check_out_until.format("%H:%M").to_string());
            put("method", listing.check_in_method.to_string());
            put("instructions", arrival.instructions);
            put("door_code", arrival.door_code);
            put("wifi_name", arrival.wifi_name);
            put("wifi_password", arrival.wifi_password);
        }
        _ => {}
    }
    fields
}

/// A number in a field; empty is none.
fn number<T: std::str::FromStr>(fields: &Fields, name: &str) -> app::Result<Option<T>> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    let wrong = |_| app::Error::invalid(&format!("/{name}"), "number", format!("{text:?} is not a number here"));
    text.parse().map(Some).map_err(wrong)
}

fn word<T: std::str::FromStr<Err = String>>(fields: &Fields, name: &str) -> app::Result<Option<T>> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    text.parse().map(Some).map_err(|why| app::Error::invalid(&format!("/{name}"), "word", why))
}

fn time(fields: &Fields, name: &str) -> app::Result<Option<NaiveTime>> {
    let Some(text) = fields.some(name) else { return Ok(None) };
    let wrong = |_| app::Error::invalid(&format!("/{name}"), "format", "This is not a time of day, e.g. 15:00.");
    NaiveTime::parse_from_str(text, "%H:%M").map(Some).map_err(wrong)
}

fn place(fields: &Fields) -> app::Result<ListingChange> {
    let degrees = number::<f64>(fields, "latitude")?.zip(number::<f64>(fields, "longitude")?);
    let point = match degrees {
        Some((latitude, longitude)) => Some(
            Point::from_degrees(latitude, longitude)
                .ok_or_else(|| app::Error::invalid("/latitude", "range", "latitude is -90 to 90 and longitude -180 to 180 degrees"))?,
        ),
        None => None,
    };
    let text = |name: &str| fields.get(name).to_owned();
    let address = Address {
        line1: text("line1"),
        line2: text("line2"),
        city: text("city"),
        region: text("region"),
        postal_code: text("postal_code"),
        country: fields.some("country").map(str::to_uppercase),
    };
    Ok(ListingChange { address: Some(address), point, ..ListingChange::default() })
}

fn price(fields: &Fields, detail: &ListingDetail) -> app::Result<ListingDraft> {
    let currency = word(fields, "currency")?.unwrap_or(detail.listing.currency);
    let money = |name: &str| fields.some(name).map(|text| amount(text, currency, &format!("/{name}"))).transpose();
    let nightly = money("nightly")?.ok_or_else(|| app::Error::invalid("/nightly", "required", "a price a night is needed"))?;
    let percent =
        |name: &str| -> app::Result<BasisPoints> { Ok(BasisPoints(number::<i32>(fields, name)?.unwrap_or(0).saturating_mul(100))) };
    let extra_guest = match (number(fields, "extra_after")?, money("extra")?) {
        (Some(after), Some(amount)) if amount > 0 => Some(ExtraGuest { after, amount }),
        _ => None,
    };
    let base = detail.tariff.clone().unwrap_or_else(|| Tariff::flat(currency, nightly));
    let tariff = Tariff {
        currency,
        nightly,
        weekend_nightly: money("weekend")?,
        cleaning_fee: money("cleaning")?.unwrap_or(0),
        pet_fee: money("pet")?.unwrap_or(0),
        extra_guest,
        weekly_discount_bps: percent("weekly")?,
        monthly_discount_bps: percent("monthly")?,
        ..base
    };
    let change = ListingChange {
        currency: Some(currency),
        cancellation_policy: word(fields, "policy")?,
        booking_mode: word::<BookingMode>(fields, "mode")?,
        ..ListingChange::default()
    };
    Ok(ListingDraft { change, tariff: Some(tariff), rules: None })
}

fn stays(fields: &Fields, known: &StayRules) -> app::Result<StayRules> {
    Ok(StayRules {
        min_nights: number(fields, "min_nights")?.unwrap_or(1),
        max_nights: number(fields, "max_nights")?,
        advance_notice_hours: number(fields, "notice")?.unwrap_or(0),
        preparation_nights: number(fields, "preparation")?.unwrap_or(0),
        booking_window_days: number(fields, "window")?,
        max_pets: number(fields, "pets")?.unwrap_or(0),
        infants_count: fields.has("infants", "on"),
        ..known.clone()
    })
}

fn rules(fields: &Fields) -> app::Result<ListingChange> {
    let text = |name: &str| fields.get(name).to_owned();
    Ok(ListingChange {
        house_rules: Some(HouseRules {
            smoking_allowed: fields.has("smoking", "on"),
            parties_allowed: fields.has("parties", "on"),
            quiet_from: number(fields, "quiet_from")?,
            quiet_until: number(fields, "quiet_until")?,
            text: text("text"),
        }),
        check_in_from: time(fields, "check_in_from")?,
        check_out_until: time(fields, "check_out_until")?,
        check_in_method: word::<CheckInMethod>(fields, "method")?,
        arrival: Some(Arrival {
            instructions: text("instructions"),
            door_code: text("door_code"),
            wifi_name: text("wifi_name"),
            wifi_password: text("wifi_password"),
        }),
        ..ListingChange::default()
    })
}

/// What a step's form says, as the use-case takes it.
fn draft(step: &str, fields: &Fields, detail: &ListingDetail) -> app::Result<ListingDraft> {
    let change = match step {
        "kind" => ListingChange {
            property_type: word(fields, "property_type")?,
            room_type: word::<RoomType>(fields, "room_type")?,
            ..ListingChange::default()
        },
        "place" => place(fields)?,
        "basics" => ListingChange {
            capacity: number(fields, "capacity")?,
            bedrooms: number(fields, "bedrooms")?,
            beds: number(fields, "beds")?,
            bathrooms_halves: number::<f64>(fields, "bathrooms")?.map(halves).transpose()?,
            ..ListingChange::default()
        },
        "amenities" => ListingChange { amenities: Some(fields.all("amenities").map(str::to_owned).collect()), ..ListingChange::default() },
        "words" => ListingChange {
            title: Some(fields.get("title").to_owned()),
            description: Some(fields.get("description").to_owned()),
            ..ListingChange::default()
        },
        "price" => return price(fields, detail),
        "stays" => return Ok(ListingDraft { rules: Some(stays(fields, &detail.rules)?), ..ListingDraft::default() }),
        "rules" => rules(fields)?,
        _ => return Err(app::Error::NotFound("page")),
    };
    Ok(ListingDraft { change, ..ListingDraft::default() })
}

fn halves(bathrooms: f64) -> app::Result<i32> {
    let halves = bathrooms * 2.0;
    if (0.0..=100.0).contains(&halves) && halves.fract() == 0.0 {
        #[expect(clippy::cast_possible_truncation, reason = "a whole number up to 100")]
        return Ok(halves as i32);
    }
    Err(app::Error::invalid("/bathrooms", "range", "bathrooms are counted in halves, 0 to 50"))
}

async fn step_page(
    app: &App,
    visitor: &Visitor,
    detail: &ListingDetail,
    step: &str,
    sent: Option<(Fields, &Mistakes)>,
) -> ApiResult<Response> {
    let number = STEPS.iter().position(|(path, ..)| *path == step).ok_or(app::Error::NotFound("page"))?;
    let (step, title, hint) = STEPS[number];
    let none = Mistakes::default();
    let (fields, mistakes) = sent.unwrap_or_else(|| (known(detail, step), &none));
    let mut amenities: BTreeMap<String, Vec<Amenity>> = BTreeMap::new();
    if step == "amenities" {
        for amenity in listings::amenities(app).await? {
            amenities.entry(amenity.category.clone()).or_default().push(amenity);
        }
    }
    let script = if step == "photos" { assets::PHOTOS_JS } else { assets::WIZARD_JS };
    let shell = Shell::new(app, visitor, title).script(script);
    let page = StepPage {
        tab: "/host/listings",
        progress: Progress::of(detail),
        missing: detail.listing.missing_for_publication(detail.tariff.is_some(), i64::try_from(detail.photos.len()).unwrap_or(i64::MAX)),
        number: number + 1,
        shell: shell.clone(),
        detail,
        step,
        title,
        hint,
        amenities,
        fields,
        mistakes,
    };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn show(State(app): State<App>, visitor: Visitor, Path((id, step)): Path<(Uuid, String)>) -> ApiResult<Response> {
    let detail = own(&app, &visitor, ListingId(id)).await?;
    step_page(&app, &visitor, &detail, &step, None).await
}

/// Saves a step and goes on; what a script saves along the way gets a short
/// answer.
async fn save(State(app): State<App>, visitor: Visitor, Path((id, step)): Path<(Uuid, String)>, Sent(fields): Sent) -> ApiResult<Response> {
    let id = ListingId(id);
    let detail = own(&app, &visitor, id).await?;
    let at = STEPS.iter().position(|(path, ..)| *path == step).ok_or(app::Error::NotFound("page"))?;
    let saved = match draft(&step, &fields, &detail) {
        Ok(draft) => pricing::change_listing(&app, &visitor.actor, id, None, draft).await,
        Err(error) => Err(error),
    };
    let along = fields.get("autosave") == "1";
    match saved {
        Ok(_) if along => Ok((StatusCode::OK, visitor.locale.time(app.clock.machine_now().time())).into_response()),
        Ok(_) => {
            let next = STEPS.get(at + 1).map_or("publish", |(path, ..)| path);
            Ok(go(&format!("/host/listings/{id}/{next}")))
        }
        Err(app::Error::Invalid(_)) if along => Ok(StatusCode::UNPROCESSABLE_ENTITY.into_response()),
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            step_page(&app, &visitor, &detail, &step, Some((fields, &mistakes))).await
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_people_write_them() {
        let (eur, jpy, bhd): (Currency, Currency, Currency) = ("EUR".parse().unwrap(), "JPY".parse().unwrap(), "BHD".parse().unwrap());
        for (text, currency, expected) in [
            ("120", eur, 12_000),
            ("119.5", eur, 11_950),
            ("119,50", eur, 11_950),
            ("0.07", eur, 7),
            ("500", jpy, 500),
            ("1.005", bhd, 1_005),
        ] {
            assert_eq!(amount(text, currency, "/x").unwrap(), expected, "{text}");
        }
        for (text, currency) in
            [("", eur), ("12.345", eur), ("1.5", jpy), ("-3", eur), ("a", eur), ("1 000", eur), (".5", eur), ("9999999999999", eur)]
        {
            assert!(amount(text, currency, "/x").is_err(), "{text}");
        }
        for (minor, currency, text) in [(12_000, eur, "120.00"), (7, eur, "0.07"), (500, jpy, "500"), (1_005, bhd, "1.005")] {
            assert_eq!(written(minor, currency), text);
            assert_eq!(amount(text, currency, "/x").unwrap(), minor);
        }
    }
}
