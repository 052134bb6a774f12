//! What a search gathers while it walks the blocks: the best hits, the count,
//! facets and the map.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use domain::ids::ListingId;
use domain::listings::{PropertyType, RoomType};

use crate::answer::{Cluster, Facets};
use crate::block::{Columns, KINDS, ROOMS};
use crate::grid::{Gathered, Grid};
use crate::histogram::ByCurrency;
use crate::plan::{Plan, rated};
use crate::planes::{Mask, SLOTS};
use crate::query::{Area, Sort, decimetres};

/// A home that may become a hit. Smaller comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Candidate {
    /// The key, negated where greater comes first.
    pub order: i64,
    pub id: ListingId,
    pub block: usize,
    pub slot: usize,
    pub points: i32,
    /// Which stay was chosen and what it costs, where that is known already.
    pub offer: Option<(usize, i64)>,
}

/// What is known of the homes of one block.
#[derive(Debug)]
pub(crate) struct Scratch {
    /// Points of words.
    pub points: [i32; SLOTS],
    /// What the chosen stay costs (or a night without dates).
    pub amounts: [i64; SLOTS],
    pub stays: [u16; SLOTS],
    /// Homes whose amount is known.
    pub priced: Mask,
}

impl Scratch {
    pub fn new() -> Self {
        Self { points: [0; SLOTS], amounts: [0; SLOTS], stays: [0; SLOTS], priced: Mask::NONE }
    }
}

/// Homes of a block that have all that was asked for but for their kind and
/// price, and which of these fit too.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fitting {
    pub all: Mask,
    pub rooms: Mask,
    pub kinds: Mask,
    pub affordable: Mask,
}

impl Fitting {
    pub fn found(&self) -> Mask {
        self.all.and(&self.rooms).and(&self.kinds).and(&self.affordable)
    }
}

/// The best so many.
#[derive(Debug)]
struct Best {
    heap: BinaryHeap<Candidate>,
    most: usize,
}

impl Best {
    /// What a newcomer must come before.
    fn bar(&self) -> Option<&Candidate> {
        if self.heap.len() < self.most { None } else { self.heap.peek() }
    }

    fn offer(&mut self, candidate: Candidate) {
        if self.bar().is_some_and(|bar| candidate >= *bar) {
            return;
        }
        self.heap.push(candidate);
        if self.heap.len() > self.most {
            self.heap.pop();
        }
    }
}

/// Counts of facets, by number of the word.
#[derive(Debug)]
struct Counts {
    rooms: [u64; ROOMS],
    kinds: [u64; KINDS],
    amenities: Vec<u64>,
    instant: u64,
    free: u64,
    bedrooms: [u64; 6],
    ratings: [u64; 4],
    prices: ByCurrency,
}

const RATINGS: [i32; 4] = [300, 400, 450, 480];

/// All that a search gathers.
#[derive(Debug)]
pub(crate) struct Collector<'a> {
    plan: &'a Plan<'a>,
    best: Best,
    pub total: u64,
    counts: Option<Box<Counts>>,
    map: Option<(Grid, Vec<Gathered>)>,
}

impl<'a> Collector<'a> {
    pub fn new(plan: &'a Plan<'a>) -> Self {
        let query = plan.query;
        let counts = query.facets.then(|| {
            Box::new(Counts {
                rooms: [0; ROOMS],
                kinds: [0; KINDS],
                amenities: vec![0; plan.vocabulary.amenities.len()],
                instant: 0,
                free: 0,
                bedrooms: [0; 6],
                ratings: [0; 4],
                prices: ByCurrency::default(),
            })
        });
        let map = query.clusters.map(|zoom| {
            let grid = Grid::new(query.filters.area.as_ref(), zoom);
            (grid, vec![Gathered::default(); grid.columns * grid.rows])
        });
        // One more than the page holds tells whether there are more.
        let most = query.limit.saturating_add(1);
        Self { plan, best: Best { heap: BinaryHeap::with_capacity(most.min(1024) + 1), most }, total: 0, counts, map }
    }

    /// Takes the homes of a block in.
    pub fn take(&mut self, block: usize, columns: &Columns, fitting: &Fitting, scratch: &Scratch) {
        let found = fitting.found();
        self.total += found.count();
        if let Some(counts) = &mut self.counts {
            counts.take(self.plan, columns, fitting, scratch);
        }
        if let Some((grid, cells)) = &mut self.map {
            for slot in found.slots() {
                let point = columns.point(slot);
                cells[grid.cell(point)].add(grid, point, columns.ids[slot]);
            }
        }
        self.rank(block, columns, found, scratch);
    }

    fn rank(&mut self, block: usize, columns: &Columns, found: Mask, scratch: &Scratch) {
        let (query, spoken) = (self.plan.query, self.plan.spoken());
        let found = match (self.best.bar().map(|bar| -bar.order), query.sort) {
            (Some(bar), Sort::Relevance) if !spoken => found.and(&Mask::of(&columns.relevance, |key| i64::from(key) >= bar)),
            (Some(bar), Sort::Rating) => found.and(&Mask::of(&columns.rating, |key| i64::from(key) >= bar)),
            (Some(bar), Sort::Newest) => found.and(&Mask::of(&columns.published, |key| key >= bar)),
            _ => found,
        };
        let after = query.after.map(|after| (if query.sort.descending() { -after.key } else { after.key }, after.id));
        for slot in found.slots() {
            let points = if spoken { scratch.points[slot] } else { 0 };
            let key = match query.sort {
                Sort::Relevance => i64::from(columns.relevance[slot]) + i64::from(points),
                Sort::PriceAsc | Sort::PriceDesc => scratch.amounts[slot],
                Sort::Rating => i64::from(columns.rating[slot]),
                Sort::Newest => columns.published[slot],
                Sort::Distance => match query.filters.area {
                    Some(Area::Circle { centre, .. }) => decimetres(centre, columns.point(slot)),
                    _ => 0,
                },
            };
            let order = if query.sort.descending() { -key } else { key };
            let id = columns.ids[slot];
            if after.is_none_or(|after| (order, id) > after) {
                let offer = scratch.priced.get(slot).then(|| (usize::from(scratch.stays[slot]), scratch.amounts[slot]));
                self.best.offer(Candidate { order, id, block, slot, points, offer });
            }
        }
    }

    /// The best of all, in order; one more than asked for when there are more.
    pub fn candidates(&mut self) -> Vec<Candidate> {
        std::mem::take(&mut self.best.heap).into_sorted_vec()
    }

    pub fn facets(&self) -> Option<Facets> {
        let counts = self.counts.as_ref()?;
        let mut amenities: Vec<(String, u64)> =
            self.plan.vocabulary.amenities.iter().cloned().zip(counts.amenities.iter().copied()).collect();
        amenities.retain(|(_, count)| *count > 0);
        amenities.sort_by(|a, b| (Reverse(a.1), &a.0).cmp(&(Reverse(b.1), &b.0)));
        Some(Facets {
            room_types: most_first(RoomType::ALL, &counts.rooms),
            property_types: most_first(PropertyType::ALL, &counts.kinds),
            amenities,
            instant_book: counts.instant,
            free_cancellation: counts.free,
            bedrooms: (1..).zip(counts.bedrooms).collect(),
            ratings: RATINGS.into_iter().zip(counts.ratings).collect(),
            prices: counts.prices.finish(),
        })
    }

    pub fn clusters(&self) -> Vec<Cluster> {
        let Some((grid, cells)) = &self.map else { return Vec::new() };
        cells.iter().filter_map(|cell| cell.finish(grid)).collect()
    }
}

fn most_first<T: Copy>(words: &[T], counts: &[u64]) -> Vec<(T, u64)> {
    let mut all: Vec<(T, u64)> = words.iter().copied().zip(counts.iter().copied()).filter(|(_, count)| *count > 0).collect();
    all.sort_by_key(|(_, count)| Reverse(*count));
    all
}

impl Counts {
    fn take(&mut self, plan: &Plan<'_>, columns: &Columns, fitting: &Fitting, scratch: &Scratch) {
        let Fitting { all, rooms, kinds, affordable } = fitting;
        let payable = all.and(affordable);
        let any_room = payable.and(kinds);
        for (count, plane) in self.rooms.iter_mut().zip(&columns.rooms) {
            *count += any_room.and(plane).count();
        }
        let any_kind = payable.and(rooms);
        for (count, plane) in self.kinds.iter_mut().zip(&columns.kinds) {
            *count += any_kind.and(plane).count();
        }
        let found = fitting.found();
        for (count, plane) in self.amenities.iter_mut().zip(&columns.amenities) {
            *count += found.and(plane).count();
        }
        self.instant += found.and(&columns.instant).count();
        self.free += found.and(&columns.free).count();
        for (least, count) in (1_u8..).zip(&mut self.bedrooms) {
            *count += found.and(&Mask::of(&columns.bedrooms, |have| have >= least)).count();
        }
        for (least, count) in RATINGS.into_iter().zip(&mut self.ratings) {
            *count += found.and(&rated(columns, least)).count();
        }
        let only = plan.query.filters.currency;
        for slot in all.and(rooms).and(kinds).and(&scratch.priced).slots() {
            if let Some(currency) = columns.places.get(slot).currency.filter(|have| only.is_none_or(|only| only == *have)) {
                self.prices.add(currency, scratch.amounts[slot]);
            }
        }
    }
}
