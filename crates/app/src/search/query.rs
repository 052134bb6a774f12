//! What a guest looks for, and what is found.

use domain::cancellation::PolicyName;
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::{Currency, Money};
use domain::page::{PageRequest, encode_cursor};
use serde::{Deserialize, Serialize};

use super::{prices, sql};
use crate::App;
use crate::error::{self, Error, Result};

/// Where.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Area {
    /// A viewport in 1e-7 degrees; `west` may lie east of `east`, across the
    /// date line.
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
    /// Around a point, in metres.
    Circle {
        /// The middle.
        centre: Point,
        /// At most so far.
        metres: f64,
    },
}

/// In which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// Best first: the static ranking, and how well the words fit.
    Relevance,
    /// Cheapest first: the stay's total with dates, the night without.
    PriceAsc,
    /// Dearest first.
    PriceDesc,
    /// Best rated first.
    Rating,
    /// Nearest first; needs a point.
    Distance,
    /// Latest published first.
    Newest,
}

impl Sort {
    /// Its word in requests and cursors.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::PriceAsc => "price_asc",
            Self::PriceDesc => "price_desc",
            Self::Rating => "rating",
            Self::Distance => "distance",
            Self::Newest => "newest",
        }
    }

    const fn by_price(self) -> bool {
        matches!(self, Self::PriceAsc | Self::PriceDesc)
    }
}

/// What a home must have.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "each says what it asks for")]
pub struct Filters {
    pub area: Option<Area>,
    /// City, region or neighbourhood by name.
    pub place: Option<String>,
    pub stay: Option<Stay>,
    pub guests: Guests,
    /// Minor units: of the whole stay with dates, of a night without.
    pub price_min: Option<i64>,
    pub price_max: Option<i64>,
    /// Of the price bounds; homes in other currencies do not match them.
    pub currency: Option<Currency>,
    pub room_types: Vec<RoomType>,
    pub property_types: Vec<PropertyType>,
    pub bedrooms_min: Option<i32>,
    pub beds_min: Option<i32>,
    pub bathrooms_halves_min: Option<i32>,
    /// All of them.
    pub amenities: Vec<String>,
    pub instant_book: bool,
    pub free_cancellation: bool,
    /// Hundredths of stars.
    pub rating_min: Option<i32>,
    pub host: Option<UserId>,
    pub words: Option<String>,
}

/// Policies under which one can call off for free until close to arrival.
pub(super) const FREE_CANCELLATION: [PolicyName; 2] = [PolicyName::Flexible, PolicyName::Moderate];

/// A search.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchQuery {
    /// What a home must have.
    pub filters: Filters,
    /// In which order.
    pub sort: Sort,
    /// From where on, and how many: the order's word, the key as text, the id.
    pub page: PageRequest<Key>,
}

/// Where a page of hits goes on: the order's word, its key as text, the id.
pub type Key = (String, String, ListingId);

/// A home that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub id: ListingId,
    /// Its title.
    pub title: String,
    /// How much of the home.
    pub room_type: RoomType,
    /// What kind of building.
    pub property_type: PropertyType,
    /// City.
    pub city: String,
    /// Region.
    pub region: String,
    /// ISO 3166.
    pub country: Option<String>,
    /// Where, fuzzed.
    pub point: Point,
    /// File name of its cover, if it has one.
    pub photo: Option<String>,
    /// Blur of the cover.
    pub thumbhash: Option<String>,
    /// How many have rated it.
    pub rating_count: i32,
    /// Mean stars in hundredths.
    pub rating_overall: Option<i32>,
    /// Paid is booked.
    pub instant_book: bool,
    /// A night from.
    pub nightly: Money,
    /// The whole stay, all fees and taxes included; with dates only.
    pub total: Option<Money>,
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq)]
pub struct SearchPage {
    /// The homes.
    pub hits: Vec<Hit>,
    /// Asks for the next page.
    pub next_cursor: Option<String>,
    /// How many there are in all.
    pub total: i64,
}

fn check(query: &SearchQuery) -> Result<()> {
    error::check(|check| {
        let filters = &query.filters;
        filters.guests.check(check, "");
        check.that(filters.price_min.unwrap_or(0) >= 0, "/price_min", "min", "a price is not negative");
        check.that(filters.price_max.unwrap_or(0) >= 0, "/price_max", "min", "a price is not negative");
        if let Some(words) = &filters.words {
            check.text(words, "/q", 0..=200);
        }
        check.that(filters.amenities.len() <= 50, "/amenities", "too_many", "at most 50 amenities");
        let located = matches!(filters.area, Some(Area::Circle { .. }));
        check.that(query.sort != Sort::Distance || located, "/sort", "needs_near", "sort=distance needs near=latitude,longitude");
    })?;
    match &query.page.after {
        Some((sort, _, _)) if sort != query.sort.as_str() => Err(Error::from(domain::page::BadCursor)),
        _ => Ok(()),
    }
}

/// Finds homes. With dates only such as can be booked for exactly these nights
/// by these guests, with the price of the whole stay.
///
/// # Errors
/// 422 with every mistake, 400 for a cursor of another order.
pub async fn search(app: &App, query: &SearchQuery) -> Result<SearchPage> {
    check(query)?;
    let filters = &query.filters;
    let now = app.clock.now();
    if query.sort.by_price() || filters.price_min.is_some() || filters.price_max.is_some() {
        return by_price(app, query).await;
    }
    let mut keys = sql::page(&app.db, query, now).await?;
    let total = sql::count(&app.db, filters, now).await?;
    let more = keys.len() > query.page.limit.rows();
    keys.truncate(query.page.limit.rows());
    let next_cursor = if more { keys.last().map(|(key, id)| encode_cursor(&(query.sort.as_str(), key, id))) } else { None };
    let ids: Vec<ListingId> = keys.into_iter().map(|(_, id)| id).collect();
    Ok(SearchPage { hits: hydrate(app, filters, &ids).await?, next_cursor, total })
}

/// Price is computed, not stored: every home that fits otherwise is priced,
/// then filtered and put in order here.
async fn by_price(app: &App, query: &SearchQuery) -> Result<SearchPage> {
    let filters = &query.filters;
    let candidates = sql::all(&app.db, query, app.clock.now()).await?;
    let ids: Vec<ListingId> = candidates.iter().map(|(_, id)| *id).collect();
    let prices = prices::of(app, &ids, filters.stay, &filters.guests).await?;
    let fits = |price: Money| {
        filters.currency.is_none_or(|currency| currency == price.currency)
            && filters.price_min.is_none_or(|min| price.amount >= min)
            && filters.price_max.is_none_or(|max| price.amount <= max)
    };
    let mut found: Vec<(String, ListingId, i64)> = candidates
        .into_iter()
        .filter_map(|(key, id)| {
            prices.get(&id).map(prices::Price::compared).filter(|price| fits(*price)).map(|price| (key, id, price.amount))
        })
        .collect();
    match query.sort {
        Sort::PriceAsc => found.sort_by_key(|(_, id, amount)| (*amount, *id)),
        Sort::PriceDesc => found.sort_by_key(|(_, id, amount)| (std::cmp::Reverse(*amount), *id)),
        // The candidates come in the order asked for.
        _ => {}
    }
    let total = i64::try_from(found.len()).unwrap_or(i64::MAX);
    let key_of = |entry: &(String, ListingId, i64)| if query.sort.by_price() { entry.2.to_string() } else { entry.0.clone() };
    let start = match &query.page.after {
        None => 0,
        Some((_, key, id)) => found.iter().position(|entry| passes(query.sort, entry, key, *id)).unwrap_or(found.len()),
    };
    let page: Vec<_> = found.iter().skip(start).take(query.page.limit.rows()).collect();
    let more = start + page.len() < found.len();
    let next_cursor = if more { page.last().map(|entry| encode_cursor(&(query.sort.as_str(), key_of(entry), entry.1))) } else { None };
    let ids: Vec<ListingId> = page.into_iter().map(|(_, id, _)| *id).collect();
    Ok(SearchPage { hits: hydrate(app, filters, &ids).await?, next_cursor, total })
}

/// Whether an entry lies behind the cursor.
fn passes(sort: Sort, entry: &(String, ListingId, i64), key: &str, id: ListingId) -> bool {
    use std::cmp::Ordering::{Equal, Greater, Less};
    let number = |text: &str| text.parse::<f64>().unwrap_or(0.0);
    let order = match sort {
        Sort::PriceAsc => entry.2.cmp(&key.parse().unwrap_or(0)),
        Sort::PriceDesc => key.parse().unwrap_or(0).cmp(&entry.2),
        Sort::Distance => number(&entry.0).total_cmp(&number(key)),
        // Timestamps of one format sort as text.
        Sort::Newest => key.cmp(&entry.0),
        Sort::Relevance | Sort::Rating => number(key).total_cmp(&number(&entry.0)),
    };
    match order {
        Greater => true,
        Equal => entry.1 > id,
        Less => false,
    }
}

/// Homes that can be found, as search shows them, in the order of `ids`; others
/// are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn hits(app: &App, ids: &[ListingId]) -> Result<Vec<Hit>> {
    let published = sql::published(&app.db, ids).await?;
    hydrate(app, &Filters { guests: Guests { adults: 1, ..Guests::default() }, ..Filters::default() }, &published).await
}

async fn hydrate(app: &App, filters: &Filters, ids: &[ListingId]) -> Result<Vec<Hit>> {
    let prices = prices::of(app, ids, filters.stay, &filters.guests).await?;
    let mut hits = sql::hits(&app.db, ids).await?;
    for hit in &mut hits {
        if let Some(price) = prices.get(&hit.id) {
            hit.nightly = price.nightly;
            hit.total = price.total;
        }
    }
    Ok(hits)
}
