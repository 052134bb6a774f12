//! Finding a home: a list and a map of the same homes. The address is the state.

use app::App;
use app::listings::Amenity;
use app::search::{SearchPage as Found, search};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::listings::PropertyType;
use domain::money::{Currency, Money};
use serde::Serialize;

use super::cards::Card;
use super::{Asked, Fields, Mistakes, Shell, Visitor};
use crate::error::{ApiError, ApiResult};
use crate::extract::Json;
use crate::rest::search::{SearchParams, read};

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/search", get(results)).route("/search/pins", get(pins))
}

/// Homes on one page.
const PER_PAGE: u16 = 18;
/// Homes on the map at once.
const PINS: u16 = 100;
/// Fields that narrow a search down; any of them can be taken back.
const NARROWING: [&str; 13] = [
    "room_type",
    "property_type",
    "bedrooms_min",
    "beds_min",
    "bathrooms_min",
    "amenities",
    "instant_book",
    "free_cancellation",
    "rating_min",
    "min_price",
    "max_price",
    "host_id",
    "q",
];
/// Quick filters: field, value, label.
const QUICK: [(&str, &str, &str); 6] = [
    ("instant_book", "true", "Instant book"),
    ("free_cancellation", "true", "Free cancellation"),
    ("amenities", "wifi", "Wi-Fi"),
    ("amenities", "kitchen", "Kitchen"),
    ("amenities", "pool", "Pool"),
    ("amenities", "pets_allowed", "Pets welcome"),
];

/// A filter that is a link: pressed or not, and where it leads.
struct Toggle {
    label: &'static str,
    pressed: bool,
    href: String,
}

/// A way out of an empty result: what would be found without one filter.
struct Loosened {
    label: String,
    href: String,
    total: i64,
}

#[derive(Template)]
#[template(path = "search.html")]
struct ResultsPage<'a> {
    shell: Shell,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
    heading: String,
    cards: Vec<Card>,
    next: Option<String>,
    quick: Vec<Toggle>,
    narrowed: usize,
    amenities: Vec<Amenity>,
    property_types: &'static [PropertyType],
    currency: Currency,
    loosened: Vec<Loosened>,
    /// The same search without its narrowing filters.
    bare: String,
    /// The same search, for the map's pins.
    pins: String,
}

fn some(fields: &Fields, name: &str) -> Option<String> {
    let values: Vec<&str> = fields.all(name).collect();
    (!values.is_empty()).then(|| values.join(","))
}

/// What the form says, as the API takes it. Bounds of price are whole units of
/// the marketplace's currency here.
fn params(app: &App, fields: &Fields, limit: u16) -> SearchParams {
    let currency = app.config.default_currency;
    let minor = |name: &str| fields.read::<i64>(name).map(|major| major.saturating_mul(currency.minor_per_major()));
    let (price_min, price_max) = (minor("min_price"), minor("max_price"));
    let words = |name: &str| fields.some(name).map(str::to_owned);
    SearchParams {
        bbox: words("bbox"),
        near: words("near"),
        radius_km: fields.read("radius_km"),
        place: if fields.some("bbox").is_some() { None } else { words("place") },
        check_in: fields.read("check_in"),
        check_out: fields.read("check_out"),
        adults: fields.read("adults"),
        children: fields.read("children"),
        infants: fields.read("infants"),
        pets: fields.read("pets"),
        currency: price_min.or(price_max).map(|_| currency.code().to_owned()),
        price_min,
        price_max,
        room_type: some(fields, "room_type"),
        property_type: some(fields, "property_type"),
        bedrooms_min: fields.read("bedrooms_min"),
        beds_min: fields.read("beds_min"),
        bathrooms_min: fields.read("bathrooms_min"),
        amenities: some(fields, "amenities"),
        instant_book: fields.read("instant_book"),
        free_cancellation: fields.read("free_cancellation"),
        rating_min: fields.read("rating_min"),
        host_id: fields.read("host_id"),
        q: words("q"),
        sort: words("sort"),
        cursor: words("cursor"),
        limit: Some(limit),
        ..SearchParams::default()
    }
}

async fn find(app: &App, fields: &Fields, limit: u16) -> Result<Found, ApiError> {
    Ok(search(app, &read(&params(app, fields, limit))?).await?)
}

/// A field's value switched on or off; the pages begin anew.
fn toggled(fields: &Fields, name: &str, value: &str) -> Fields {
    let others: Vec<&str> = fields.all(name).filter(|have| *have != value).collect();
    let mut changed = others.iter().fold(String::new(), |all, one| if all.is_empty() { (*one).to_owned() } else { format!("{all},{one}") });
    if !fields.has(name, value) {
        changed = if changed.is_empty() || matches!(value, "true") { value.to_owned() } else { format!("{changed},{value}") };
    }
    fields.without(&["cursor"]).with(name, changed)
}

async fn results(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    let (found, mistakes) = match find(&app, &fields, PER_PAGE).await {
        Ok(found) => (found, Mistakes::default()),
        Err(ApiError::App(error)) => (Found::default(), Mistakes::of(error)?),
        Err(error) => return Err(error),
    };
    let locale = visitor.locale;
    let place = fields.some("place").filter(|_| fields.some("bbox").is_none());
    let heading = match place {
        Some(place) => locale.n(("{0} home in {1}", "{0} homes in {1}"), found.total, &[&place]),
        None if fields.some("bbox").is_some() => locale.n(("{0} home in this area", "{0} homes in this area"), found.total, &[]),
        None => locale.n(("{0} home", "{0} homes"), found.total, &[]),
    };
    let loosened = if found.total == 0 && mistakes.is_empty() { loosen(&app, &visitor, &fields).await? } else { Vec::new() };
    let quick = QUICK.iter().map(|(name, value, label)| Toggle {
        label,
        pressed: fields.has(name, value),
        href: format!("/search{}", toggled(&fields, name, value).query()),
    });
    let mut shell = Shell::new(&app, &visitor, &heading).script(crate::assets::MAP_JS);
    // Search engines know one page for each place; the rest leads them in circles.
    let known = Fields::default().with("place", place.unwrap_or_default()).query();
    if fields.iter().all(|(name, value)| name == "place" || value.is_empty()) {
        shell = shell.canonical(format!("/search{known}"), locale.t("Homes with photos, reviews and the whole price."));
    }
    shell.search.clone_from(&fields);
    let page = ResultsPage {
        heading,
        next: found.next_cursor.map(|cursor| format!("/search{}", fields.with("cursor", cursor).query())),
        cards: found.hits.into_iter().map(|hit| Card::new(&app, hit, &fields)).collect(),
        quick: quick.collect(),
        narrowed: NARROWING.iter().map(|name| fields.all(name).count()).sum(),
        amenities: app::listings::amenities(&app).await?,
        property_types: PropertyType::ALL,
        currency: app.config.default_currency,
        loosened,
        bare: format!("/search{}", fields.without(&NARROWING).without(&["cursor"]).query()),
        pins: format!("/search/pins{}", fields.without(&["cursor"]).query()),
        fields: &fields,
        mistakes: &mistakes,
        shell: shell.clone(),
    };
    shell.page(&page)
}

/// What each filter alone keeps away, the most first.
async fn loosen(app: &App, visitor: &Visitor, fields: &Fields) -> ApiResult<Vec<Loosened>> {
    let mut ways = Vec::new();
    for (name, label) in [
        ("max_price", "without the highest price"),
        ("min_price", "without the lowest price"),
        ("amenities", "whatever they offer"),
        ("instant_book", "also on request"),
        ("free_cancellation", "with any cancellation policy"),
        ("room_type", "with any kind of room"),
        ("property_type", "in any kind of building"),
        ("bedrooms_min", "with fewer bedrooms"),
        ("rating_min", "with any rating"),
        ("q", "without these words"),
        ("check_in", "on any dates"),
        ("place", "anywhere"),
        ("bbox", "anywhere"),
    ] {
        if fields.some(name).is_none() || ways.len() > 6 {
            continue;
        }
        let left: &[&str] = if name == "check_in" { &["check_in", "check_out", "cursor"] } else { &[name, "cursor"] };
        let without = fields.without(left);
        let total = find(app, &without, 1).await?.total;
        if total > 0 {
            ways.push(Loosened { label: visitor.locale.t(label).to_owned(), href: format!("/search{}", without.query()), total });
        }
    }
    ways.sort_by_key(|way| -way.total);
    Ok(ways)
}

/// A home on the map.
#[derive(Serialize)]
struct Pin {
    id: String,
    title: String,
    href: String,
    price: String,
    photo: Option<String>,
    at: [f64; 2],
}

/// The same homes as the list, more of them and less of each.
async fn pins(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    let found = find(&app, &fields, PINS).await?;
    let pin = |card: Card| Pin {
        id: card.id.to_string(),
        href: card.href,
        price: visitor.locale.price(rounded(card.total.unwrap_or(card.nightly))),
        photo: card.photo.map(|photo| photo.src),
        at: [card.latitude, card.longitude],
        title: card.title,
    };
    let pins: Vec<Pin> = found.hits.into_iter().map(|hit| pin(Card::new(&app, hit, &fields))).collect();
    Ok(Json(pins).into_response())
}

/// A pin has room for whole units only.
fn rounded(money: Money) -> Money {
    let scale = money.currency.minor_per_major();
    Money::new((money.amount + scale / 2) / scale * scale, money.currency)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_switched_on_and_off() {
        let fields = Fields::parse(b"place=Lisbon&amenities=wifi,pool&cursor=ab");
        assert_eq!(toggled(&fields, "amenities", "pool").query(), "?place=Lisbon&amenities=wifi");
        assert_eq!(toggled(&fields, "amenities", "gym").query(), "?place=Lisbon&amenities=wifi%2Cpool%2Cgym");
        let on = toggled(&fields, "instant_book", "true");
        assert_eq!(on.get("instant_book"), "true");
        assert_eq!(toggled(&on, "instant_book", "true").query(), "?place=Lisbon&amenities=wifi%2Cpool");
    }
}
