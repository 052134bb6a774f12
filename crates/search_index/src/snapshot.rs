//! All homes at one moment, and how they are searched.

use std::cmp::Reverse;
use std::sync::Arc;

use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::ids::ListingId;
use domain::listings::{PropertyType, RoomType};
use domain::money::Money;

use crate::answer::{Answer, Hit, Part, Refusal, Similar, Widening};
use crate::block::{Block, Columns, Header};
use crate::collect::{Candidate, Collector, Fitting, Scratch};
use crate::index::Memory;
use crate::plan::{Horizon, Plan};
use crate::planes::Mask;
use crate::query::{Area, Query, decimetres};
use crate::row::Market;
use crate::similar::{self, Portrait};
use crate::stays::{Day, Wish};
use crate::vocabulary::Vocabulary;
use crate::widen::widen;

/// All homes at one moment: an answer's page, total, facets and map agree.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// The first night that can be asked for.
    pub(crate) first: Day,
    pub(crate) days: u16,
    pub(crate) market: Arc<Market>,
    pub(crate) vocabulary: Vocabulary,
    /// One for each block.
    pub(crate) headers: Vec<Header>,
    pub(crate) blocks: Vec<Arc<Block>>,
    pub(crate) memory: Memory,
}

impl Snapshot {
    /// The last night that can be asked for.
    #[must_use]
    pub fn last_night(&self) -> NaiveDate {
        let first = NaiveDate::from_num_days_from_ce_opt(self.first).unwrap_or_default();
        first.checked_add_days(Days::new(u64::from(self.days) - 1)).unwrap_or(first)
    }

    /// How many homes there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.memory.listings
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it takes up.
    #[must_use]
    pub fn memory(&self) -> Memory {
        self.memory
    }

    fn plan<'a>(&'a self, query: &'a Query, now: DateTime<Utc>) -> Result<Plan<'a>, Refusal> {
        let horizon = Horizon { first: self.first, days: i32::from(self.days), last_night: self.last_night() };
        Plan::new(query, (&self.vocabulary, &self.market), horizon, now)
    }

    /// Calls `take` with every block that has homes that fit.
    fn walk(&self, plan: &Plan<'_>, mut take: impl FnMut(usize, &Columns, &Fitting, &Scratch)) -> Result<(), Refusal> {
        if plan.hopeless {
            return Ok(());
        }
        let mut scratch = Scratch::new();
        for (number, header) in self.headers.iter().enumerate() {
            if plan.misses(header) {
                continue;
            }
            let block = &*self.blocks[number];
            if let Some(fitting) = fitting(plan, block, header, &mut scratch)? {
                take(number, &block.columns, &fitting, &scratch);
            }
        }
        Ok(())
    }

    /// Answers a search at `now`.
    ///
    /// # Errors
    /// When nights beyond the horizon are asked for.
    pub fn search(&self, query: &Query, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let plan = self.plan(query, now)?;
        let mut collector = Collector::new(&plan);
        self.walk(&plan, |number, columns, fitting, scratch| collector.take(number, columns, fitting, scratch))?;
        let mut candidates = collector.candidates();
        let more = candidates.len() > query.limit;
        candidates.truncate(query.limit);
        let hits = candidates.iter().map(|candidate| self.hit(&plan, candidate)).collect::<Result<_, _>>()?;
        Ok(Answer { hits, more, total: collector.total, facets: collector.facets(), clusters: collector.clusters() })
    }

    fn hit(&self, plan: &Plan<'_>, candidate: &Candidate) -> Result<Hit, Refusal> {
        let (block, slot, query) = (&*self.blocks[candidate.block], candidate.slot, plan.query);
        let columns = &*block.columns;
        let wish = match &plan.wishes {
            None => None,
            Some(wishes) => offer(plan, block, candidate)?.and_then(|(n, amount)| Some((wishes.get(n)?, amount))),
        };
        let money = |amount: i64| columns.places.get(slot).currency.map(|currency| Money::new(amount, currency));
        let priced = columns.priced.get(slot);
        let nightly = columns.nightly(slot);
        let cheapest = wish.map_or(nightly.base, |(wish, _)| nightly.cheapest(wish, columns.agenda.dates(slot)));
        let relevance = i64::from(columns.relevance[slot]);
        let parts = [Part { name: "reviews", points: relevance }, Part { name: "words", points: i64::from(candidate.points) }];
        Ok(Hit {
            id: candidate.id,
            key: if query.sort.descending() { -candidate.order } else { candidate.order },
            point: columns.point(slot),
            stay: wish.map(|(wish, _)| wish.stay),
            nightly: money(cheapest).filter(|_| priced),
            total: wish.and_then(|(_, amount)| money(amount)).filter(|_| priced),
            decimetres: match query.filters.area {
                Some(Area::Circle { centre, .. }) => Some(decimetres(centre, columns.point(slot))),
                _ => None,
            },
            explanation: if query.explain { parts.to_vec() } else { Vec::new() },
        })
    }

    /// Up to `query.limit` homes within 25 km that resemble another, best first;
    /// none when it is not in the index. Of the query its filters hold too but
    /// for the area: with dates only such homes as can be booked for them.
    ///
    /// # Errors
    /// When nights beyond the horizon are asked for.
    pub fn similar(&self, id: ListingId, query: &Query, now: DateTime<Utc>) -> Result<Vec<Similar>, Refusal> {
        let Some((block, slot)) = self.find(id) else { return Ok(Vec::new()) };
        let home = &*self.blocks[block].columns;
        let portrait = portrait(home, slot);
        let mut query = query.clone();
        query.filters.area = Some(similar::around(&portrait));
        let plan = self.plan(&query, now)?;
        let mut found: Vec<Similar> = Vec::new();
        self.walk(&plan, |_, columns, fitting, _| {
            for other in fitting.found().slots().filter(|other| columns.ids[*other] != id) {
                let (shared, all) = amenities(home, slot, columns, other);
                let parts = similar::parts(&portrait, &self::portrait(columns, other), shared, all);
                let points = parts.iter().map(|part| part.points).sum();
                found.push(Similar { id: columns.ids[other], points, explanation: parts.to_vec() });
            }
        })?;
        found.sort_by_key(|found| (Reverse(found.points), found.id));
        found.truncate(query.limit);
        Ok(found)
    }

    /// What could be given up when a query finds nothing.
    ///
    /// # Errors
    /// When nights beyond the horizon are asked for.
    pub fn widen(&self, query: &Query, now: DateTime<Utc>) -> Result<Vec<Widening>, Refusal> {
        widen(query, |query| self.search(query, now))
    }

    /// Whether it holds a home.
    #[must_use]
    pub fn contains(&self, id: ListingId) -> bool {
        self.find(id).is_some()
    }

    fn find(&self, id: ListingId) -> Option<(usize, usize)> {
        self.blocks.iter().enumerate().find_map(|(number, block)| {
            let slot = Mask::of(&block.columns.ids, |have| have == id).and(&block.alive).slots().next()?;
            Some((number, slot))
        })
    }
}

/// Which homes of a block fit; none when none does.
fn fitting(plan: &Plan<'_>, block: &Block, header: &Header, scratch: &mut Scratch) -> Result<Option<Fitting>, Refusal> {
    let columns = &*block.columns;
    let mut all = plan.alike(block, header, &mut scratch.points);
    let (rooms, kinds) = (plan.rooms(columns), plan.kinds(columns));
    if !plan.query.facets {
        all = all.and(&rooms).and(&kinds);
    }
    if all.is_empty() {
        return Ok(None);
    }
    scratch.priced = Mask::NONE;
    let mut fitting = Fitting { all, rooms, kinds, affordable: Mask::ALL };
    let to_price = (plan.by_price || plan.query.facets).then(|| columns.priced.and(&rooms.or(&kinds)));
    match (&plan.wishes, to_price) {
        (None, None) => fitting.all = plan.encircled(columns, all),
        (None, Some(to_price)) => {
            fitting.all = plan.encircled(columns, all);
            scratch.priced = fitting.all.and(&to_price);
            for slot in scratch.priced.slots() {
                scratch.amounts[slot] = columns.nightly(slot).base;
            }
        }
        (Some(wishes), None) => {
            let mut any = Mask::NONE;
            for wish in wishes {
                any = any.or(&plan.available(block, all.and_not(&any), wish));
            }
            fitting.all = plan.encircled(columns, any);
        }
        (Some(wishes), Some(to_price)) => fitting.all = choose(plan, block, (all, wishes, to_price), scratch)?,
    }
    if plan.by_price {
        fitting.affordable = Mask::NONE;
        for slot in fitting.all.and(&scratch.priced).slots() {
            fitting.affordable.set(slot, plan.affordable(columns, slot, scratch.amounts[slot]));
        }
    }
    Ok((!fitting.all.is_empty()).then_some(fitting))
}

/// Homes that some stay can be booked in, with the best one: such as one can
/// pay first, then the cheapest, then the earliest.
fn choose(plan: &Plan<'_>, block: &Block, (all, wishes, to_price): (Mask, &[Wish], Mask), scratch: &mut Scratch) -> Result<Mask, Refusal> {
    let columns = &*block.columns;
    let (mut any, mut payable) = (Mask::NONE, Mask::NONE);
    for (number, wish) in (0_u16..).zip(wishes) {
        let available = plan.encircled(columns, plan.available(block, all, wish));
        any = any.or(&available);
        for slot in available.and(&to_price).slots() {
            let amount = plan.total(columns, slot, wish)?;
            let fits = !plan.by_price || wishes.len() == 1 || plan.affordable(columns, slot, amount);
            let better = !scratch.priced.get(slot) || (!fits, amount) < (!payable.get(slot), scratch.amounts[slot]);
            if better {
                (scratch.amounts[slot], scratch.stays[slot]) = (amount, number);
                scratch.priced.set(slot, true);
                payable.set(slot, fits);
            }
        }
    }
    Ok(any)
}

/// The stay of a hit and what it costs: the cheapest that can be booked, unless
/// it is known already.
fn offer(plan: &Plan<'_>, block: &Block, candidate: &Candidate) -> Result<Option<(usize, i64)>, Refusal> {
    if candidate.offer.is_some() {
        return Ok(candidate.offer);
    }
    let mut only = Mask::NONE;
    only.set(candidate.slot, true);
    let mut best: Option<(i64, usize)> = None;
    for (number, wish) in plan.wishes.iter().flatten().enumerate() {
        let single = plan.wishes.as_ref().is_some_and(|wishes| wishes.len() == 1);
        if single || !plan.available(block, only, wish).is_empty() {
            let priced = block.columns.priced.get(candidate.slot);
            let amount = if priced { plan.total(&block.columns, candidate.slot, wish)? } else { 0 };
            if best.is_none_or(|best| (amount, number) < best) {
                best = Some((amount, number));
            }
        }
    }
    Ok(best.map(|(amount, number)| (number, amount)))
}

fn portrait(columns: &Columns, slot: usize) -> Portrait {
    let word = |planes: &[Mask]| planes.iter().position(|plane| plane.get(slot)).unwrap_or(0);
    let currency = columns.places.get(slot).currency.filter(|_| columns.priced.get(slot));
    Portrait {
        point: columns.point(slot),
        room_type: RoomType::ALL[word(&columns.rooms)],
        property_type: PropertyType::ALL[word(&columns.kinds)],
        capacity: i32::from(columns.capacity[slot]),
        nightly: currency.map(|currency| Money::new(columns.nightly(slot).base, currency)),
    }
}

/// How many amenities both homes have, and how many either.
fn amenities(one: &Columns, slot: usize, other: &Columns, at: usize) -> (i64, i64) {
    let has = |columns: &Columns, number: usize, slot: usize| columns.amenities.get(number).is_some_and(|plane| plane.get(slot));
    let (mut shared, mut all) = (0, 0);
    for number in 0..one.amenities.len().max(other.amenities.len()) {
        let (a, b) = (has(one, number, slot), has(other, number, at));
        shared += i64::from(a && b);
        all += i64::from(a || b);
    }
    (shared, all)
}
