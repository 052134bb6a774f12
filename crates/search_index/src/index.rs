//! The index as others use it: one consistent snapshot to search, replaced as a
//! whole by whoever writes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::ArcSwap;
use chrono::NaiveDate;
use domain::ids::ListingId;

use crate::answer::Refusal;
use crate::record::first_day;
use crate::row::{Change, Market, Row};
use crate::snapshot::Snapshot;
use crate::vocabulary::Vocabulary;
use crate::writer::Writer;

/// How large an index may grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Days it keeps, from yesterday on; 64 to 2,048, rounded up to a multiple of
    /// 64. Eight bytes a home for 64 days.
    pub days: u16,
    /// Bytes it may use.
    pub memory_limit: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { days: 512, memory_limit: 4 << 30 }
    }
}

impl Settings {
    fn days(&self) -> u16 {
        self.days.clamp(64, 2048).next_multiple_of(64)
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
    writer: Mutex<Writer>,
}

impl Index {
    /// Without homes. `today` is the date in UTC.
    #[must_use]
    pub fn empty(settings: Settings, market: Market, today: NaiveDate) -> Self {
        let snapshot = Snapshot {
            first: first_day(today),
            days: settings.days(),
            market: Arc::new(market),
            vocabulary: Vocabulary::default(),
            headers: Vec::new(),
            blocks: Vec::new(),
            memory: Memory::default(),
        };
        Self { settings, current: ArcSwap::from_pointee(snapshot), writer: Mutex::default() }
    }

    /// Of all these homes (each id once), faster than applying them one by one.
    /// Rows in the order of [`crate::place_on_curve`] need no memory beside the
    /// index; others wait, half a kilobyte each, until the last has come.
    ///
    /// # Errors
    /// When they need more memory than they may.
    pub fn build(settings: Settings, market: Market, today: NaiveDate, rows: impl IntoIterator<Item = Row>) -> Result<Self, Refusal> {
        let index = Self::empty(settings, market, today);
        let mut next = Snapshot::clone(&index.current.load());
        index.writer().build(&mut next, rows);
        index.admit(&next)?;
        index.current.store(Arc::new(next));
        Ok(index)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // A writer that panicked has published nothing.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The homes of this moment; a page, its total, its facets and its map agree
    /// when they come from one snapshot.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    fn admit(&self, next: &Snapshot) -> Result<(), Refusal> {
        let (needed, limit) = (next.memory.total, self.settings.memory_limit);
        if needed > limit {
            return Err(Refusal::TooLittleMemory { needed, limit, listings: next.memory.listings });
        }
        Ok(())
    }

    /// Takes news in, all at once, and publishes one new snapshot. Doing it again
    /// changes nothing.
    ///
    /// # Errors
    /// When they need more memory than they may; the homes are those of before
    /// then, and the index should be given up for the database: it has missed
    /// news.
    pub fn apply(&self, changes: impl IntoIterator<Item = Change>) -> Result<(), Refusal> {
        let mut writer = self.writer();
        let current = self.current.load_full();
        let mut next = Snapshot::clone(&current);
        writer.apply(&mut next, changes);
        if let Err(refusal) = self.admit(&next) {
            writer.return_to(&current);
            // Words keep the numbers they were given.
            self.current.store(Arc::new(Snapshot { vocabulary: next.vocabulary, ..Snapshot::clone(&current) }));
            return Err(refusal);
        }
        self.current.store(Arc::new(next));
        Ok(())
    }

    /// Other fees and taxes from now on.
    pub fn set_market(&self, market: Market) {
        let _writer = self.writer();
        let mut next = Snapshot::clone(&self.current.load());
        next.vocabulary.set_market(&market);
        next.market = Arc::new(market);
        self.current.store(Arc::new(next));
    }

    /// Lets go of nights before the day before `today` (UTC) and takes in as many
    /// at the other end. To be called when a day begins; being late only makes
    /// the horizon nearer.
    pub fn advance(&self, today: NaiveDate) {
        let _writer = self.writer();
        let mut next = Snapshot::clone(&self.current.load());
        let first = first_day(today);
        if first > next.first {
            next.first = first;
            next.blocks.iter_mut().for_each(|block| Arc::make_mut(block).advance(first));
            self.current.store(Arc::new(next));
        }
    }

    /// Whether it holds a home.
    #[must_use]
    pub fn contains(&self, id: ListingId) -> bool {
        let writer = self.writer();
        writer.find(id, &self.current.load().blocks).is_some()
    }
}
