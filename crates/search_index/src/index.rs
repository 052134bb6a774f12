//! The index as others use it: one consistent snapshot to search, replaced as a
//! whole by whoever writes.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use chrono::{DateTime, Days, NaiveDate, Utc};
use domain::dates::Stay;
use domain::ids::ListingId;

use crate::answer::{Answer, Refusal, Similar, Widening};
use crate::query::Query;
use crate::reference::Reference;
use crate::row::{Change, Market, Row};
use crate::widen::widen;

/// How large an index may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Days it keeps, from yesterday on; rounded up to a multiple of 64.
    pub days: u16,
    /// Bytes it may use.
    pub memory_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { days: 512, memory_limit: 4 << 30 }
    }
}

/// What an index takes up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Memory {
    /// Homes.
    pub listings: usize,
    /// Bytes in all.
    pub total: usize,
    /// Of these, words.
    pub words: usize,
    /// Of these, prices and minimum stays of single dates.
    pub dates: usize,
}

/// Homes to be searched. Readers take a [`Snapshot`], which never changes;
/// writers publish the next. Cheap to share in an `Arc`.
#[derive(Debug)]
pub struct Index {
    settings: Settings,
    current: ArcSwap<Snapshot>,
    writing: Mutex<()>,
}

/// All homes at one moment.
#[derive(Debug, Clone)]
pub struct Snapshot {
    homes: Reference,
    first: NaiveDate,
    days: u16,
}

/// West of Greenwich it may still be yesterday.
fn first_day(today: NaiveDate) -> NaiveDate {
    today.pred_opt().unwrap_or(today)
}

impl Index {
    /// Without homes. `today` is the date in UTC.
    #[must_use]
    pub fn empty(settings: Settings, market: Market, today: NaiveDate) -> Self {
        let snapshot = Snapshot { homes: Reference::new([], market), first: first_day(today), days: settings.days.next_multiple_of(64) };
        Self { settings, current: ArcSwap::from_pointee(snapshot), writing: Mutex::new(()) }
    }

    /// Of all these homes, faster than applying them one by one.
    ///
    /// # Errors
    /// When they need more memory than they may.
    pub fn build(settings: Settings, market: Market, today: NaiveDate, rows: impl IntoIterator<Item = Row>) -> Result<Self, Refusal> {
        let index = Self::empty(settings, market, today);
        index.apply(rows.into_iter().map(|row| Change::Upsert(Box::new(row))))?;
        Ok(index)
    }

    /// The homes of this moment; a page, its total, its facets and its map agree
    /// when they come from one snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Takes news in, all at once. Doing it again changes nothing.
    ///
    /// # Errors
    /// When they need more memory than they may; nothing has changed then.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), Refusal> {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.current.load());
        changes.into_iter().for_each(|change| next.homes.apply(change));
        let needed = next.memory();
        if needed.total > self.settings.memory_limit {
            let (limit, listings) = (self.settings.memory_limit, needed.listings);
            return Err(Refusal::TooLittleMemory { needed: needed.total, limit, listings });
        }
        self.current.store(Arc::new(next));
        Ok(())
    }

    /// Other fees and taxes from now on.
    pub fn set_market(&self, market: Market) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.current.load());
        next.homes.set_market(market);
        self.current.store(Arc::new(next));
    }

    /// Lets go of days before the day before `today` (UTC) and takes in as many
    /// at the other end. To be called when a day begins; being late only makes
    /// the horizon nearer.
    pub fn advance(&self, today: NaiveDate) {
        let _writing = self.writing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut next = Snapshot::clone(&self.current.load());
        next.first = next.first.max(first_day(today));
        self.current.store(Arc::new(next));
    }
}

impl Snapshot {
    /// Answers a search at `now`.
    ///
    /// # Errors
    /// When nights beyond the horizon are asked for.
    pub fn search(&self, query: &Query, now: DateTime<Utc>) -> Result<Answer, Refusal> {
        let last = self.last_night();
        let beyond = |stay: Stay| stay.check_out.pred_opt().is_none_or(|night| night > last);
        if query.filters.dates.is_some_and(|dates| dates.stays().into_iter().any(beyond)) {
            return Err(Refusal::BeyondHorizon { last });
        }
        self.homes.search(query, now)
    }

    /// Up to `query.limit` homes within 25 km that resemble another, best first;
    /// none when it is not in the index. Of the query its filters hold too but
    /// for the area: with dates only such homes as can be booked for them.
    ///
    /// # Errors
    /// When nights beyond the horizon are asked for.
    pub fn similar(&self, id: ListingId, query: &Query, now: DateTime<Utc>) -> Result<Vec<Similar>, Refusal> {
        self.homes.similar(id, query, now)
    }

    /// What could be given up when a query finds nothing.
    ///
    /// # Errors
    /// When nights beyond the horizon are asked for.
    pub fn widen(&self, query: &Query, now: DateTime<Utc>) -> Result<Vec<Widening>, Refusal> {
        widen(query, |query| self.search(query, now))
    }

    /// The last night that can be asked for.
    #[must_use]
    pub fn last_night(&self) -> NaiveDate {
        self.first + Days::new(u64::from(self.days) - 1)
    }

    /// Whether it holds a home.
    #[must_use]
    pub fn contains(&self, id: ListingId) -> bool {
        self.homes.rows().any(|row| row.id == id)
    }

    /// What it takes up.
    #[must_use]
    pub fn memory(&self) -> Memory {
        let listings = self.homes.rows().count();
        Memory { listings, total: listings * size_of::<Row>(), ..Memory::default() }
    }
}
