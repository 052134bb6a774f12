//! What the index must answer, the long way: every home is asked the domain's
//! own questions, one after the other. Tests compare the index with it.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::calendar::explain;
use domain::cancellation::PolicyName;
use domain::dates::Stay;
use domain::ids::ListingId;
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::Money;
use domain::pricing::night_price;

use crate::answer::{Answer, Cluster, Facets, Hit, Part, Refusal, Similar};
use crate::grid::Grid;
use crate::histogram::ByCurrency;
use crate::query::{Area, Filters, Query, Sort, decimetres};
use crate::row::{Change, Market, Row};
use crate::similar::{self, Portrait};
use crate::text::{Wanted, fold};

/// Whether guests may call off for free until close to arrival.
#[must_use]
pub const fn is_free_cancellation(policy: PolicyName) -> bool {
    matches!(policy, PolicyName::Flexible | PolicyName::Moderate)
}

/// Homes, asked one by one.
#[derive(Debug, Clone)]
pub struct Reference {
    rows: BTreeMap<ListingId, Row>,
    market: Market,
}

/// What one home says to a query.
struct Verdict<'a> {
    row: &'a Row,
    stay: Option<Stay>,
    price: Option<Money>,
    points: i64,
    room: bool,
    property: bool,
    affordable: bool,
}

impl Verdict<'_> {
    fn fits(&self) -> bool {
        self.room && self.property && self.affordable
    }
}

impl Reference {
    /// Of these homes.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = Row>, market: Market) -> Self {
        Self { rows: rows.into_iter().map(|row| (row.id, row)).collect(), market }
    }

    /// Takes news in.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Upsert(row) => drop(self.rows.insert(row.id, *row)),
            Change::Remove(id) => drop(self.rows.remove(&id)),
        }
    }

    /// Other fees and taxes from now on.
    pub fn set_market(&mut self, market: Market) {
        self.market = market;
    }

    /// Every home.
    pub fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// Answers a search at `now`.
    ///
    /// # Errors
    /// When a price cannot be computed.
    pub fn search(&self, query: &Query, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let mut judged = Vec::new();
        for row in self.rows.values() {
            judged.extend(self.judge(row, query, now)?);
        }
        let key = |verdict: &Verdict<'_>| key_of(verdict, query);
        let mut found: Vec<(i64, &Verdict<'_>)> = judged.iter().filter(|v| v.fits()).map(|v| (key(v), v)).collect();
        let order = |key: i64| if query.sort.descending() { -key } else { key };
        found.sort_by_key(|(key, verdict)| (order(*key), verdict.row.id));
        let behind = |key: i64, id: ListingId| query.after.is_none_or(|after| (order(key), id) > (order(after.key), after.id));
        let total = found.len() as u64;
        let mut page: Vec<_> =
            found.iter().filter(|(key, verdict)| behind(*key, verdict.row.id)).take(query.limit.saturating_add(1)).collect();
        let more = page.len() > query.limit;
        page.truncate(query.limit);
        Ok(Answer {
            hits: page.into_iter().map(|(key, verdict)| hit(*key, verdict, query)).collect(),
            more,
            total,
            facets: query.facets.then(|| facets(&judged, query)),
            clusters: query.clusters.map_or_else(Vec::new, |zoom| clusters(&found, query.filters.area.as_ref(), zoom)),
        })
    }

    /// Homes that resemble another, best first.
    ///
    /// # Errors
    /// When a price cannot be computed.
    pub fn similar(&self, id: ListingId, query: &Query, now: DateTime<Utc>) -> Result<Vec<Similar>, Refusal> {
        let Some(home) = self.rows.get(&id) else { return Ok(Vec::new()) };
        let mut query = query.clone();
        query.filters.area = Some(similar::around(&portrait(home)));
        let mut found = Vec::new();
        for row in self.rows.values().filter(|row| row.id != id) {
            if self.judge(row, &query, now)?.is_some_and(|verdict| verdict.fits()) {
                let shared = row.amenities.iter().filter(|code| home.amenities.contains(code)).count();
                let all = home.amenities.len() + row.amenities.len() - shared;
                let whole = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
                let parts = similar::parts(&portrait(home), &portrait(row), whole(shared), whole(all));
                found.push(Similar { id: row.id, points: parts.iter().map(|part| part.points).sum(), explanation: parts.to_vec() });
            }
        }
        found.sort_by_key(|found| (Reverse(found.points), found.id));
        found.truncate(query.limit);
        Ok(found)
    }

    /// None when something is wrong beside room type, property type and price.
    fn judge<'a>(&self, row: &'a Row, query: &Query, now: DateTime<Utc>) -> Result<Option<Verdict<'a>>, Refusal> {
        let filters = &query.filters;
        let wanted = filters.words.as_deref().and_then(Wanted::new);
        let words = wanted.map_or(Some(0), |wanted| wanted.points(&row.document()));
        let Some(words) = words.filter(|_| is_alike(row, filters)) else { return Ok(None) };
        let by_price = query.sort.by_price() || filters.priced();
        let fits = |price: Option<Money>| !by_price || price.is_some_and(|price| affordable(price, filters));
        let (stay, price) = match filters.dates {
            None => {
                let guests = &filters.guests;
                if guests.places(row.rules.infants_count) > row.capacity || guests.pets > row.rules.max_pets {
                    return Ok(None);
                }
                (None, row.tariff.as_ref().map(|tariff| Money::new(tariff.nightly, tariff.currency)))
            }
            Some(dates) => {
                let facts = row.facts(now);
                let mut offers = Vec::new();
                for stay in dates.stays() {
                    if explain(&row.terms(), &facts, stay, &filters.guests, now).is_empty() {
                        let quote = row.quote(&self.market, stay, &filters.guests, now)?;
                        offers.push((stay, quote.map(|quote| Money::new(quote.total, quote.currency))));
                    }
                }
                // Those that one can pay, then the cheapest, then the earliest.
                let best = offers.into_iter().min_by_key(|(stay, price)| (!fits(*price), price.map(|p| p.amount), stay.check_in));
                let Some((stay, price)) = best else { return Ok(None) };
                (Some(stay), price)
            }
        };
        Ok(Some(Verdict {
            row,
            stay,
            price,
            points: words,
            room: filters.room_types.is_empty() || filters.room_types.contains(&row.room_type),
            property: filters.property_types.is_empty() || filters.property_types.contains(&row.property_type),
            affordable: fits(price),
        }))
    }
}

fn portrait(row: &Row) -> Portrait {
    Portrait {
        point: row.point,
        room_type: row.room_type,
        property_type: row.property_type,
        capacity: row.capacity,
        nightly: row.tariff.as_ref().map(|tariff| Money::new(tariff.nightly, tariff.currency)),
    }
}

fn affordable(price: Money, filters: &Filters) -> bool {
    filters.currency.is_none_or(|currency| currency == price.currency)
        && filters.price_min.is_none_or(|min| price.amount >= min)
        && filters.price_max.is_none_or(|max| price.amount <= max)
}

/// Everything that needs neither dates nor prices, nor is a kind of home.
fn is_alike(row: &Row, filters: &Filters) -> bool {
    filters.area.is_none_or(|area| area.holds(row.point))
        && filters.place.as_ref().is_none_or(|place| row.is_in(&fold(place)))
        && filters.bedrooms_min.is_none_or(|least| row.bedrooms >= least)
        && filters.beds_min.is_none_or(|least| row.beds >= least)
        && filters.bathrooms_halves_min.is_none_or(|least| row.bathrooms_halves >= least)
        && filters.amenities.iter().all(|code| row.amenities.contains(code))
        && (!filters.instant_book || row.instant_book)
        && (!filters.free_cancellation || is_free_cancellation(row.cancellation_policy))
        && filters.rating_min.is_none_or(|least| row.rating_overall.is_some_and(|rating| rating >= least))
        && filters.host.is_none_or(|host| row.host == host)
}

fn key_of(verdict: &Verdict<'_>, query: &Query) -> i64 {
    let row = verdict.row;
    match query.sort {
        Sort::Relevance => i64::from(row.relevance) + verdict.points,
        Sort::PriceAsc | Sort::PriceDesc => verdict.price.map_or(0, |price| price.amount),
        Sort::Rating => i64::from(row.rating_overall.unwrap_or(0)),
        Sort::Distance => distance(row.point, query).unwrap_or(0),
        Sort::Newest => row.published_at.timestamp_micros(),
    }
}

fn distance(point: Point, query: &Query) -> Option<i64> {
    match query.filters.area {
        Some(Area::Circle { centre, .. }) => Some(decimetres(centre, point)),
        _ => None,
    }
}

fn hit(key: i64, verdict: &Verdict<'_>, query: &Query) -> Hit {
    let row = verdict.row;
    let nightly = row.tariff.as_ref().map(|tariff| {
        let cheapest = verdict.stay.and_then(|stay| stay.dates().map(|date| night_price(tariff, &row.days, date)).min());
        Money::new(cheapest.unwrap_or(tariff.nightly), tariff.currency)
    });
    let parts = [Part { name: "reviews", points: i64::from(row.relevance) }, Part { name: "words", points: verdict.points }];
    Hit {
        id: row.id,
        key,
        point: row.point,
        stay: verdict.stay,
        nightly,
        total: verdict.stay.and(verdict.price),
        decimetres: distance(row.point, query),
        explanation: if query.explain { parts.to_vec() } else { Vec::new() },
    }
}

fn facets(judged: &[Verdict<'_>], query: &Query) -> Facets {
    let mut facets = Facets::default();
    let found: Vec<&Row> = judged.iter().filter(|v| v.fits()).map(|v| v.row).collect();
    let count = |holds: &dyn Fn(&Row) -> bool| found.iter().filter(|row| holds(row)).count() as u64;
    let other_rooms = judged.iter().filter(|v| v.property && v.affordable);
    facets.room_types = tally(RoomType::ALL.iter().copied(), other_rooms.map(|v| v.row.room_type));
    let other_kinds = judged.iter().filter(|v| v.room && v.affordable);
    facets.property_types = tally(PropertyType::ALL.iter().copied(), other_kinds.map(|v| v.row.property_type));
    let mut codes: Vec<String> = found.iter().flat_map(|row| row.amenities.clone()).collect();
    codes.sort();
    codes.dedup();
    facets.amenities = codes.iter().map(|code| (code.clone(), count(&|row| row.amenities.contains(code)))).collect();
    facets.amenities.sort_by_key(|(_, count)| Reverse(*count));
    facets.instant_book = count(&|row| row.instant_book);
    facets.free_cancellation = count(&|row| is_free_cancellation(row.cancellation_policy));
    facets.bedrooms = (1..=6).map(|least| (least, count(&|row| row.bedrooms >= least))).collect();
    let rated = |least: i32| count(&|row| row.rating_overall.is_some_and(|rating| rating >= least));
    facets.ratings = [300, 400, 450, 480].map(|least| (least, rated(least))).to_vec();
    let mut prices = ByCurrency::default();
    let currency = query.filters.currency;
    for price in judged.iter().filter(|v| v.room && v.property).filter_map(|v| v.price) {
        if currency.is_none_or(|only| only == price.currency) {
            prices.add(price.currency, price.amount);
        }
    }
    facets.prices = prices.finish();
    facets
}

fn tally<T: PartialEq + Copy>(vocabulary: impl Iterator<Item = T>, found: impl Iterator<Item = T> + Clone) -> Vec<(T, u64)> {
    let mut counts: Vec<(T, u64)> = vocabulary.map(|word| (word, found.clone().filter(|have| *have == word).count() as u64)).collect();
    counts.retain(|(_, count)| *count > 0);
    counts.sort_by_key(|(_, count)| Reverse(*count));
    counts
}

fn clusters(found: &[(i64, &Verdict<'_>)], area: Option<&Area>, zoom: u8) -> Vec<Cluster> {
    let grid = Grid::new(area, zoom);
    let mut cells: BTreeMap<usize, Vec<&Row>> = BTreeMap::new();
    for (_, verdict) in found {
        cells.entry(grid.cell(verdict.row.point)).or_default().push(verdict.row);
    }
    cells.into_values().filter_map(|rows| grid.cluster(rows.iter().map(|row| (row.point, row.id)))).collect()
}
