//! What a listing page is made of: its photographs, its calendar, its price.

use app::App;
use app::calendar::{self, Day};
use app::listings::Photo;
use app::pricing::{self, Offer};
use app::search::ListingDetail;
use chrono::{Datelike, Days, Months, NaiveDate};
use domain::dates::Stay;
use domain::guests::Guests;
use domain::listings::Listing;
use serde_json::json;

use crate::error::ApiResult;
use crate::pages::{Fields, Shell, Visitor};

/// The dates in a form, if they are a stay.
#[must_use]
pub fn stay_in(fields: &Fields) -> Option<Stay> {
    Stay::new(fields.read("check_in")?, fields.read("check_out")?).ok()
}

/// The guests in a form; one adult when it says nothing.
#[must_use]
pub fn guests_in(fields: &Fields) -> Guests {
    Guests {
        adults: fields.read("adults").unwrap_or(1),
        children: fields.read("children").unwrap_or(0),
        infants: fields.read("infants").unwrap_or(0),
        pets: fields.read("pets").unwrap_or(0),
    }
}

/// A photograph in all its sizes.
#[derive(Debug, Clone)]
pub struct Shot {
    /// A middle size.
    pub src: String,
    /// All sizes.
    pub srcset: String,
    /// Of the largest, in pixels.
    pub width: i32,
    /// Of the largest, in pixels.
    pub height: i32,
    /// What it shows.
    pub caption: String,
}

/// The photographs of a home.
#[derive(Debug, Clone)]
pub struct Gallery {
    /// In order.
    pub shots: Vec<Shot>,
    /// The one for shared links.
    pub shared: String,
}

impl Gallery {
    /// From what is stored.
    #[must_use]
    pub fn of(app: &App, photos: &[Photo], title: &str) -> Self {
        let shots = photos.iter().enumerate().map(|(n, photo)| {
            let mut widths: Vec<(u32, &String)> =
                photo.sizes.iter().filter_map(|(width, name)| Some((width.parse().ok()?, name))).collect();
            widths.sort_unstable();
            let sources: Vec<String> = widths.iter().map(|(width, name)| format!("{} {width}w", app.blobs.url(name))).collect();
            let middle =
                widths.iter().find(|(width, _)| *width >= 640).or(widths.last()).map_or_else(String::new, |(_, name)| app.blobs.url(name));
            let caption = if photo.caption.is_empty() { format!("{title} ({})", n + 1) } else { photo.caption.clone() };
            Shot { src: middle, srcset: sources.join(", "), width: photo.width, height: photo.height, caption }
        });
        let shared = photos.first().and_then(|photo| photo.sizes.get("jpeg")).map_or_else(String::new, |name| app.blobs.url(name));
        Self { shots: shots.collect(), shared }
    }
}

/// Amenities of one kind, in the visitor's language.
pub(super) struct AmenityGroup {
    pub category: String,
    pub names: Vec<(&'static str, String)>,
}

/// An icon for an amenity.
fn icon(code: &str, category: &str) -> &'static str {
    match code {
        "wifi" => "wifi",
        "kitchen" | "oven" | "stove" => "utensils",
        "washer" | "dryer" => "washing-machine",
        "air_conditioning" => "snowflake",
        "heating" => "thermometer",
        "hot_water" | "shampoo" => "droplets",
        "bed_linen" | "hangers" => "bed-double",
        "iron" => "shirt",
        "hair_dryer" => "wind",
        "bathtub" | "hot_tub" => "bath",
        "tv" => "tv",
        "workspace" => "monitor",
        "gym" => "dumbbell",
        "refrigerator" => "refrigerator",
        "microwave" => "microwave",
        "dishwasher" => "cooking-pot",
        "coffee_maker" => "coffee",
        "breakfast" => "croissant",
        "self_check_in" => "key-round",
        "luggage_dropoff" => "luggage",
        "long_stays" => "calendar-days",
        "pets_allowed" => "paw-print",
        "smoking_allowed" => "cigarette",
        "crib" | "high_chair" => "baby",
        "pool" | "waterfront" | "beach_access" | "lake_access" => "waves",
        "balcony" => "sun",
        "garden" => "trees",
        "bbq" | "fireplace" => "flame",
        "free_parking" | "paid_parking" => "square-parking",
        "ev_charger" => "plug-zap",
        "elevator" => "building",
        "private_entrance" => "door-open",
        "step_free_access" => "accessibility",
        "ski_access" => "mountain-snow",
        "smoke_alarm" => "bell-ring",
        "carbon_monoxide_alarm" => "siren",
        "first_aid_kit" => "cross",
        _ if category == "safety" => "shield-check",
        _ => "check",
    }
}

/// The name of an amenity in the visitor's language.
pub(crate) fn amenity_name(shell: &Shell, amenity: &app::listings::Amenity) -> String {
    let labels = &amenity.labels;
    let own = labels.get(shell.locale().tag);
    own.cloned().unwrap_or_else(|| labels.get("en").map_or(amenity.code.clone(), |english| shell.t(english).to_owned()))
}

pub(super) async fn amenity_groups(app: &App, shell: &Shell, codes: &[String]) -> ApiResult<Vec<AmenityGroup>> {
    let mut groups: Vec<AmenityGroup> = Vec::new();
    for amenity in app::listings::amenities(app).await?.into_iter().filter(|amenity| codes.contains(&amenity.code)) {
        let named = (icon(&amenity.code, &amenity.category), amenity_name(shell, &amenity));
        match groups.iter_mut().find(|group| group.category == amenity.category) {
            Some(group) => group.names.push(named),
            None => groups.push(AmenityGroup { category: amenity.category, names: vec![named] }),
        }
    }
    Ok(groups)
}

/// A day of the calendar as it is shown.
#[derive(Debug, Clone)]
pub struct Cell {
    /// Which.
    pub date: NaiveDate,
    /// Of the month, in the visitor's digits.
    pub number: String,
    /// `free`, `leave` (one can only leave on it), `taken`, `past`.
    pub state: &'static str,
    /// It belongs to the stay looked at.
    pub chosen: bool,
}

/// A month of the calendar.
#[derive(Debug, Clone)]
pub struct Month {
    /// December 2026.
    pub name: String,
    /// Weeks of days, Monday first; gaps are days of other months.
    pub weeks: Vec<[Option<Cell>; 7]>,
}

/// Two months of a home's calendar from the one of `shown` on, and the links to
/// those before and after.
///
/// # Errors
/// When the database is out of reach.
pub async fn months(
    app: &App,
    visitor: &Visitor,
    home: &Listing,
    (today, shown): (NaiveDate, NaiveDate),
    fields: &Fields,
) -> ApiResult<(Vec<Month>, Option<String>, String)> {
    let first = |date: NaiveDate| date.with_day(1).unwrap_or(date);
    let latest = first(today) + Months::new(22);
    let start = first(shown).clamp(first(today), latest);
    let end = start + Months::new(2);
    let (_, days) = calendar::days(app, &visitor.actor, home.id, (Some(start - Days::new(1)), Some(end + Days::new(1)))).await?;
    let stay = stay_in(fields);
    let month = |from: NaiveDate| Month { name: visitor.locale.month(from), weeks: weeks(visitor, &days, from, today, stay) };
    let link = |to: NaiveDate| format!("{}#calendar", fields.with("month", to.to_string()).query());
    let before = (start > first(today)).then(|| link(start - Months::new(1)));
    Ok((vec![month(start), month(start + Months::new(1))], before, link(start + Months::new(1))))
}

fn weeks(visitor: &Visitor, days: &[Day], first: NaiveDate, today: NaiveDate, stay: Option<Stay>) -> Vec<[Option<Cell>; 7]> {
    let mut weeks: Vec<[Option<Cell>; 7]> = Vec::new();
    let open = |date: NaiveDate| days.iter().find(|day| day.date == date).is_some_and(|day| day.available);
    for day in days.iter().filter(|day| day.date.month() == first.month() && day.date.year() == first.year()) {
        let state = match (day.date < today, day.available && day.check_in_allowed, day.check_out_allowed) {
            (true, ..) => "past",
            (_, true, _) => "free",
            // The night before is free, so one can still leave.
            (_, false, true) if open(day.date - Days::new(1)) => "leave",
            _ => "taken",
        };
        let column = day.date.weekday().num_days_from_monday() as usize;
        if weeks.is_empty() || column == 0 {
            weeks.push(Default::default());
        }
        let chosen = stay.is_some_and(|stay| stay.check_in <= day.date && day.date <= stay.check_out);
        if let Some(week) = weeks.last_mut() {
            week[column] = Some(Cell { date: day.date, number: visitor.locale.day_number(day.date), state, chosen });
        }
    }
    weeks
}

/// What the booking card says of the dates in the form.
#[derive(Debug)]
pub enum Quoted {
    /// No dates yet.
    Undated,
    /// It can be booked for this.
    Offer(Box<Offer>),
    /// It cannot, for these reasons; these stays can.
    Refused(Vec<String>, Vec<(Stay, String)>),
}

/// The price of what the form asks for, or why there is none.
///
/// # Errors
/// What is not the form's fault.
pub(super) async fn quoted(app: &App, visitor: &Visitor, detail: &ListingDetail, fields: &Fields) -> ApiResult<Quoted> {
    let Some(stay) = stay_in(fields) else {
        let halves = fields.some("check_in").is_some() && fields.some("check_out").is_some();
        let why = visitor.locale.t("Check-out has to be after check-in.").to_owned();
        return Ok(if halves { Quoted::Refused(vec![why], Vec::new()) } else { Quoted::Undated });
    };
    let guests = guests_in(fields);
    let id = detail.listing.id;
    match pricing::quote(app, &visitor.actor, id, stay, &guests).await {
        Ok(offer) => Ok(Quoted::Offer(Box::new(offer))),
        Err(app::Error::Conflict { .. } | app::Error::Invalid(_)) => {
            let checked = match calendar::availability(app, &visitor.actor, id, stay, &guests).await {
                Ok(checked) => checked,
                Err(app::Error::Invalid(errors)) => {
                    return Ok(Quoted::Refused(errors.into_iter().map(|error| error.message).collect(), Vec::new()));
                }
                Err(error) => return Err(error.into()),
            };
            let reasons = checked.reasons.iter().map(|reason| reason_words(visitor, reason)).collect();
            let others = checked.alternatives.into_iter().map(|other| {
                let query =
                    fields.without(&["month"]).with("check_in", other.check_in.to_string()).with("check_out", other.check_out.to_string());
                (other, query.query())
            });
            Ok(Quoted::Refused(reasons, others.collect()))
        }
        Err(error) => Err(error.into()),
    }
}

/// A broken rule in the visitor's language.
fn reason_words(visitor: &Visitor, reason: &domain::calendar::StayError) -> String {
    use domain::calendar::StayError as E;
    let locale = visitor.locale;
    match reason {
        E::NotPublished => locale.t("This home cannot be booked at the moment.").to_owned(),
        E::InPast { .. } => locale.t("These dates are in the past.").to_owned(),
        E::TooShort { min } => locale.n(
            ("A stay from this day on has at least {0} night.", "A stay from this day on has at least {0} nights."),
            i64::from(*min),
            &[],
        ),
        E::TooLong { max } => locale.n(
            ("A stay from this day on has at most {0} night.", "A stay from this day on has at most {0} nights."),
            i64::from(*max),
            &[],
        ),
        E::ClosedToArrival { date } => locale.f("Guests cannot arrive on {0}.", &[&locale.date(*date)]),
        E::ClosedToDeparture { date } => locale.f("Guests cannot leave on {0}.", &[&locale.date(*date)]),
        E::TooLittleNotice { .. } => locale.t("It is too late to book this arrival.").to_owned(),
        E::TooFarAhead { latest } => locale.f("The latest arrival that can be booked now is {0}.", &[&locale.date(*latest)]),
        E::TooManyGuests { capacity } => locale.n(("This home takes {0} guest.", "This home takes {0} guests."), i64::from(*capacity), &[]),
        E::TooManyPets { allowed: 0 } => locale.t("Pets are not allowed here.").to_owned(),
        E::TooManyPets { allowed } => locale.n(("This home takes {0} pet.", "This home takes {0} pets."), i64::from(*allowed), &[]),
        E::NightsTaken => locale.t("Somebody else has some of these nights.").to_owned(),
        E::PreparationNightsTaken { .. } => locale.t("The host needs time between two stays.").to_owned(),
    }
}

/// What a price line is for, in the visitor's language.
#[must_use]
pub fn line_label(shell: &Shell, line: &domain::pricing::Line, quote: &domain::pricing::Quote) -> String {
    use domain::pricing::LineKind as K;
    let unit = || shell.money(&line.unit, &quote.currency);
    match line.kind {
        K::Nights => shell.n1("{1} × {0} night", "{1} × {0} nights", line.quantity, unit()),
        K::ExtraGuests => shell.t("Extra guests").to_owned(),
        K::PetFee => shell.t("Pets").to_owned(),
        K::CleaningFee => shell.t("Cleaning").to_owned(),
        K::GuestFee => shell.t("Service fee").to_owned(),
        _ => shell.t(&line.label).to_owned(),
    }
}

/// The month a review was opened in.
#[must_use]
pub fn review_month(shell: &Shell, review: &app::reviews::Review) -> String {
    shell.locale().month(review.published_at.unwrap_or(review.submitted_at).date_naive())
}

/// A number of guests to choose.
#[derive(Debug)]
pub struct GuestField {
    /// In forms and addresses.
    pub name: &'static str,
    /// Who.
    pub label: &'static str,
    /// Of which age.
    pub hint: &'static str,
    /// Fewest.
    pub least: i32,
    /// Most that this home takes.
    pub most: i32,
}

/// Which guests a home takes, and how many.
pub(super) fn guest_fields(detail: &ListingDetail) -> Vec<GuestField> {
    let field = |(name, label, hint, least): (&'static str, &'static str, &'static str, i32)| {
        let most = if name == "pets" { detail.rules.max_pets } else { detail.listing.capacity.max(1) };
        GuestField { name, label, hint, least, most }
    };
    crate::pages::shell::GUEST_KINDS.into_iter().map(field).filter(|field| field.most > 0).collect()
}

/// The categories that have been rated, in hundredths of stars.
#[must_use]
pub fn categories(rating: &app::reviews::Rating) -> Vec<(&'static str, i32)> {
    let all = [
        ("cleanliness", rating.cleanliness),
        ("accuracy", rating.accuracy),
        ("check_in", rating.check_in),
        ("communication", rating.communication),
        ("location", rating.location),
        ("value", rating.value),
    ];
    all.into_iter().filter_map(|(name, stars)| Some((name, stars?))).collect()
}

/// A cancellation policy in a sentence; the timeline has the figures.
#[must_use]
pub const fn policy_words(policy: &domain::cancellation::PolicyName) -> &'static str {
    use domain::cancellation::PolicyName as P;
    match policy {
        P::Flexible => "You get everything back until a day before check-in.",
        P::Moderate => "You get everything back until five days before check-in.",
        P::NonRefundable => "The price is lower, and nothing comes back.",
        _ => "How much comes back depends on how early you cancel. The exact dates stand beside the price.",
    }
}

/// The home as search engines read it.
pub(super) fn json_ld(shell: &Shell, detail: &ListingDetail, gallery: &Gallery) -> String {
    let home = &detail.listing;
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "LodgingBusiness",
        "@id": shell.absolute(&shell.canonical),
        "url": shell.absolute(&shell.canonical),
        "name": home.title,
        "description": home.description.chars().take(500).collect::<String>(),
        "image": gallery.shots.iter().take(5).map(|shot| shell.absolute(&shot.src)).collect::<Vec<_>>(),
        "address": {"@type": "PostalAddress", "addressLocality": home.address.city, "addressRegion": home.address.region, "addressCountry": home.address.country},
        "checkinTime": home.check_in_from.to_string(),
        "checkoutTime": home.check_out_until.to_string(),
    });
    if let Some(point) = home.public_point {
        data["geo"] = json!({"@type": "GeoCoordinates", "latitude": point.latitude(), "longitude": point.longitude()});
    }
    if let Some(stars) = detail.rating.overall {
        data["aggregateRating"] = json!({
            "@type": "AggregateRating", "ratingValue": format!("{}.{:02}", stars / 100, stars % 100), "reviewCount": detail.rating.count, "bestRating": 5
        });
    }
    if let Some(tariff) = &detail.tariff {
        let scale = tariff.currency.minor_per_major();
        let digits = tariff.currency.exponent() as usize;
        let price = if digits == 0 {
            tariff.nightly.to_string()
        } else {
            format!("{}.{:0digits$}", tariff.nightly / scale, tariff.nightly % scale)
        };
        data["makesOffer"] = json!({
            "@type": "Offer", "price": price, "priceCurrency": tariff.currency.code(), "url": shell.absolute(&shell.canonical),
            "itemOffered": {"@type": "Accommodation", "name": home.title, "occupancy": {"@type": "QuantitativeValue", "maxValue": home.capacity}}
        });
    }
    // The text stands inside a script element: nothing in it may end that.
    data.to_string().replace('<', "\\u003c")
}
