//! What a guest looks for, and what is found.

use chrono::{DateTime, Utc};
use domain::dates::Stay;
use domain::ids::ListingId;
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::Money;
use domain::page::{PageRequest, encode_cursor};
use search_index::{After, Answer, Query, Refusal};
pub use search_index::{Area, Bin, Cluster, Dates, Facets, Filters, Histogram, Month, Part, Relaxed, Sort};

use super::cards::{self, Card};
use super::fallback;
use crate::error::{self, Error, Result};
use crate::{App, places};

/// The word of an order in requests and cursors.
#[must_use]
pub const fn sort_word(sort: Sort) -> &'static str {
    match sort {
        Sort::Relevance => "relevance",
        Sort::PriceAsc => "price_asc",
        Sort::PriceDesc => "price_desc",
        Sort::Rating => "rating",
        Sort::Distance => "distance",
        Sort::Newest => "newest",
    }
}

/// A search.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchQuery {
    /// What a home must have.
    pub filters: Filters,
    /// In which order.
    pub sort: Sort,
    /// From where on, and how many.
    pub page: PageRequest<Key>,
    /// Count what each further filter would leave.
    pub facets: bool,
    /// Group all homes on a grid for this zoom of a web map, 0–22.
    pub clusters: Option<u8>,
    /// Say of each home where its place in the order comes from.
    pub explain: bool,
}

/// Where a page of hits goes on: the order's word, its key, the id.
pub type Key = (String, i64, ListingId);

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
    /// The nights that the total is for: with flexible dates the best that fit.
    pub stay: Option<Stay>,
    /// Metres to the point asked for.
    pub metres: Option<i64>,
    /// Where its place in the order comes from, if asked for.
    pub explanation: Vec<Part>,
}

impl Hit {
    fn new(card: &Card, hit: search_index::Hit) -> Self {
        Self {
            id: card.id,
            title: card.title.clone(),
            room_type: card.room_type,
            property_type: card.property_type,
            city: card.city.clone(),
            region: card.region.clone(),
            country: card.country.clone(),
            point: card.point,
            photo: card.photo.clone(),
            thumbhash: card.thumbhash.clone(),
            rating_count: card.rating_count,
            rating_overall: card.rating_overall,
            instant_book: card.instant_book,
            nightly: hit.nightly.unwrap_or_else(|| Money::zero(card.currency)),
            total: hit.total,
            stay: hit.stay,
            metres: hit.decimetres.map(|distance| distance / 10),
            explanation: hit.explanation,
        }
    }
}

/// A page of what was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchPage {
    /// The homes.
    pub hits: Vec<Hit>,
    /// Asks for the next page.
    pub next_cursor: Option<String>,
    /// How many there are in all.
    pub total: i64,
    /// If asked for.
    pub facets: Option<Facets>,
    /// If asked for.
    pub clusters: Vec<Cluster>,
    /// When nothing is found: what could be given up, and what that would find.
    pub widenings: Vec<Widening>,
}

/// A wish that stands in the way.
#[derive(Debug, Clone, PartialEq)]
pub struct Widening {
    /// Which.
    pub reason: Relaxed,
    /// How many homes there are without it.
    pub total: i64,
    /// What finds them.
    pub filters: Filters,
}

/// Most days to either side of flexible dates.
pub const MOST_DAYS_AROUND: u8 = 14;

/// What a place means takes the place of its name; an area asked for stays.
fn put_place(filters: &mut Filters, meaning: places::Meaning) {
    filters.place = meaning.name;
    filters.area = filters.area.or(meaning.area);
}

/// `filters` are those of the query with its place found on the map.
fn check(query: &SearchQuery, filters: &Filters) -> Result<()> {
    error::check(|check| {
        filters.guests.check(check, "");
        check.that(filters.price_min.unwrap_or(0) >= 0, "/price_min", "min", "a price is not negative");
        check.that(filters.price_max.unwrap_or(0) >= 0, "/price_max", "min", "a price is not negative");
        if let Some(words) = &filters.words {
            check.text(words, "/q", 0..=200);
        }
        check.that(filters.amenities.len() <= 50, "/amenities", "too_many", "at most 50 amenities");
        let located = matches!(filters.area, Some(Area::Circle { .. }));
        check.that(query.sort != Sort::Distance || located, "/sort", "needs_near", "sort=distance needs near=latitude,longitude");
        if let Some(Dates::Around { days, .. }) = filters.dates {
            check.that(days <= MOST_DAYS_AROUND, "/plus_minus_days", "max", format!("at most {MOST_DAYS_AROUND} days to either side"));
        }
        check.that(query.clusters.unwrap_or(0) <= 22, "/zoom", "max", "a zoom is 0 to 22");
    })?;
    match &query.page.after {
        Some((sort, _, _)) if sort != sort_word(query.sort) => Err(Error::from(domain::page::BadCursor)),
        _ => Ok(()),
    }
}

fn asked(query: &SearchQuery) -> Query {
    Query {
        filters: query.filters.clone(),
        sort: query.sort,
        after: query.page.after.as_ref().map(|(_, key, id)| After { key: *key, id: *id }),
        limit: query.page.limit.rows(),
        facets: query.facets,
        clusters: query.clusters,
        explain: query.explain,
    }
}

/// Whether answers come from memory now; then they need no cache.
#[must_use]
pub fn from_memory(app: &App) -> bool {
    app.search.is_serving()
}

/// Finds homes. With dates only such as can be booked for these nights by these
/// guests, with the price of the whole stay. When nothing is found, says which
/// wish stands in the way.
///
/// # Errors
/// 422 with every mistake, 400 for a cursor of another order, 503 when neither
/// the index nor the database can answer in time.
pub async fn search(app: &App, query: &SearchQuery) -> Result<SearchPage> {
    let started = std::time::Instant::now();
    let now = app.clock.now();
    let mut asked = asked(query);
    let wanted = query.filters.place.as_deref();
    if let Some(name) = wanted {
        put_place(&mut asked.filters, places::meaning(app, name).await?);
    }
    check(query, &asked.filters)?;
    let mut found = answer(app, &asked, now).await?;
    if found.answer.total == 0
        && let Some(name) = wanted.filter(|name| asked.filters.place.as_deref() == Some(name) && asked.filters.area.is_none())
        && let Some(guess) = places::guess(app, name).await?
    {
        // No home bears that name: where it is on the map then.
        put_place(&mut asked.filters, guess);
        found = answer(app, &asked, now).await?;
    }
    let road = if found.from_memory { "index" } else { "sql" };
    metrics::histogram!("search_seconds", "road" => road).record(started.elapsed().as_secs_f64());
    let Found { answer, widenings, from_memory } = found;
    let next_cursor = answer.hits.last().filter(|_| answer.more).map(|hit| encode_cursor(&(sort_word(query.sort), hit.key, hit.id)));
    let whole = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    Ok(SearchPage {
        hits: hydrate(app, answer.hits, from_memory).await?,
        next_cursor,
        total: whole(answer.total),
        facets: answer.facets,
        clusters: answer.clusters,
        widenings: widenings
            .into_iter()
            .map(|wider| Widening { reason: wider.reason, total: whole(wider.total), filters: wider.query.filters })
            .collect(),
    })
}

struct Found {
    answer: Answer,
    widenings: Vec<search_index::Widening>,
    from_memory: bool,
}

/// Whether the projection knows every night that is asked for.
fn knows(app: &App, filters: &Filters) -> bool {
    filters.dates.is_none_or(|dates| dates.stays().into_iter().all(|stay| app.search.knows(stay)))
}

async fn answer(app: &App, query: &Query, now: DateTime<Utc>) -> Result<Found> {
    if let Some(snapshot) = app.search.snapshot().filter(|_| knows(app, &query.filters)) {
        match snapshot.search(query, now) {
            Ok(answer) => {
                let widenings = if answer.total == 0 { snapshot.widen(query, now).unwrap_or_default() } else { Vec::new() };
                return Ok(Found { answer, widenings, from_memory: true });
            }
            Err(Refusal::Price(error)) => return Err(error.into()),
            // Past the days the index keeps.
            Err(_) => {}
        }
    }
    let answer = fallback::search(app, query, now).await?;
    let widenings = if answer.total == 0 { fallback::widen(app, query, now).await? } else { Vec::new() };
    Ok(Found { answer, widenings, from_memory: false })
}

/// What is shown of homes that were found, in their order.
async fn hydrate(app: &App, hits: Vec<search_index::Hit>, from_memory: bool) -> Result<Vec<Hit>> {
    let ids: Vec<ListingId> = hits.iter().map(|hit| hit.id).collect();
    let mut cards = cards::of(app, &ids, from_memory).await?.into_iter().peekable();
    let shown = hits.into_iter().filter_map(|hit| {
        let card = cards.next_if(|card| card.id == hit.id)?;
        Some(Hit::new(&card, hit))
    });
    Ok(shown.collect())
}

/// Homes that resemble one, best first, at most `limit` of them, with the
/// points each has got. With dates only such as can be booked for them.
///
/// # Errors
/// 404 for a home that is not published, 422 for impossible guests.
pub async fn similar(app: &App, id: ListingId, filters: Filters, limit: usize) -> Result<Vec<Hit>> {
    error::check(|check| filters.guests.check(check, ""))?;
    crate::listings::visible(app, &domain::actor::Actor::Anonymous, id).await?;
    let now = app.clock.now();
    let query = Query { filters, limit, ..Query::default() };
    let snapshot = app.search.snapshot().filter(|snapshot| snapshot.contains(id) && knows(app, &query.filters));
    let found = match snapshot.map(|snapshot| snapshot.similar(id, &query, now)) {
        Some(Ok(found)) => found,
        _ => fallback::similar(app, id, &query, now).await?,
    };
    let ids: Vec<ListingId> = found.iter().map(|home| home.id).collect();
    let mut priced = fallback::of(app, &ids, &query, now).await?;
    for home in found.iter().rev() {
        if let Some(at) = priced.iter().position(|hit| hit.id == home.id) {
            let mut hit = priced.remove(at);
            hit.explanation.clone_from(&home.explanation);
            priced.insert(0, hit);
        }
    }
    hydrate(app, priced, false).await
}

/// What is shown of certain homes, in the order of `ids`, with the base price of
/// a night; those that are not published are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn hits(app: &App, ids: &[ListingId]) -> Result<Vec<Hit>> {
    let query = Query { limit: ids.len(), ..Query::default() };
    let mut found = fallback::of(app, ids, &query, app.clock.now()).await?;
    found.sort_by_key(|hit| ids.iter().position(|id| *id == hit.id));
    hydrate(app, found, false).await
}
