//! This process's search index: what is served now, how fresh it is, and how
//! others wait for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{Datelike, NaiveDate};
use domain::dates::Stay;
use search_index::{Index, Memory, Snapshot};
use tokio::sync::{Notify, watch};

use super::cards::Cards;

/// An index that has heard nothing for so long is not asked.
pub const MOST_LAG: Duration = Duration::from_secs(5);
/// How long an edit waits at most for this process's index to show it.
const PATIENCE: Duration = Duration::from_millis(500);

/// The index of this process and what is known about it.
pub struct Live {
    index: ArcSwapOption<Index>,
    /// Nights are known up to this day (days since the common era).
    known_until: AtomicI32,
    start: Instant,
    /// Milliseconds after `start` at which the last look at the database began
    /// that has been applied.
    heard_at: AtomicU64,
    loaded_at: AtomicU64,
    /// Looks at the database begun.
    begun: AtomicU64,
    /// Looks applied.
    done: watch::Sender<u64>,
    news: Notify,
    urgent: AtomicBool,
    pub(super) cards: Cards,
}

impl std::fmt::Debug for Live {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Live").field("serving", &self.is_serving()).finish_non_exhaustive()
    }
}

impl Default for Live {
    fn default() -> Self {
        Self {
            index: ArcSwapOption::empty(),
            known_until: AtomicI32::new(i32::MAX),
            start: Instant::now(),
            heard_at: AtomicU64::new(0),
            loaded_at: AtomicU64::new(0),
            begun: AtomicU64::new(0),
            done: watch::Sender::new(0),
            news: Notify::new(),
            urgent: AtomicBool::new(false),
            cards: Cards::default(),
        }
    }
}

impl Live {
    fn now(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// How long ago the index was last as fresh as the database.
    #[must_use]
    pub fn lag(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.heard_at.load(Ordering::Acquire)))
    }

    /// How long ago it was loaded.
    #[must_use]
    pub fn age(&self) -> Duration {
        Duration::from_millis(self.now().saturating_sub(self.loaded_at.load(Ordering::Acquire)))
    }

    /// Whether searches are answered from the index.
    #[must_use]
    pub fn is_serving(&self) -> bool {
        self.index.load().is_some() && self.lag() <= MOST_LAG
    }

    /// The homes of this moment; None while there is no index or it lags.
    #[must_use]
    pub fn snapshot(&self) -> Option<Arc<Snapshot>> {
        let index = self.index.load();
        let index = index.as_ref()?;
        (self.lag() <= MOST_LAG).then(|| index.snapshot())
    }

    /// Whether all nights of a stay are known.
    pub(super) fn knows(&self, stay: Stay) -> bool {
        stay.check_out.num_days_from_ce() <= self.known_until.load(Ordering::Acquire)
    }

    /// What the index takes up.
    #[must_use]
    pub fn memory(&self) -> Option<Memory> {
        self.index.load().as_ref().map(|index| index.snapshot().memory())
    }

    pub(super) fn open(&self, index: Arc<Index>, known_until: NaiveDate) {
        self.known_until.store(known_until.num_days_from_ce(), Ordering::Release);
        let now = self.now();
        self.loaded_at.store(now, Ordering::Release);
        self.heard_at.store(now, Ordering::Release);
        self.index.store(Some(index));
    }

    /// From now on searches are answered in SQL.
    pub(super) fn close(&self) {
        self.index.store(None);
    }

    /// A look at the database begins; [`Self::heard`] gets what this returns.
    pub(super) fn look(&self) -> (u64, u64) {
        (self.begun.fetch_add(1, Ordering::AcqRel) + 1, self.now())
    }

    /// What a look has found is applied.
    pub(super) fn heard(&self, (number, at): (u64, u64)) {
        self.heard_at.store(at, Ordering::Release);
        self.done.send_replace(number);
    }

    /// Something was committed by this process: the next look may come sooner.
    pub(crate) fn changed(&self) {
        self.news.notify_one();
    }

    /// Waits until a look that began after this call has been applied; gives up
    /// after half a second, and at once while there is no index.
    pub async fn caught_up(&self) {
        if !self.is_serving() {
            return;
        }
        let wanted = self.begun.load(Ordering::Acquire) + 1;
        let mut done = self.done.subscribe();
        self.urgent.store(true, Ordering::Release);
        self.news.notify_one();
        // Late, or no longer followed: the edit stands all the same.
        let _ = tokio::time::timeout(PATIENCE, done.wait_for(|number| *number >= wanted)).await;
    }

    /// Waits for news, at most `idle`; not called again within `pause` unless
    /// somebody waits.
    pub(super) async fn next_look(&self, idle: Duration, pause: Duration) {
        let _ = tokio::time::timeout(idle, self.news.notified()).await;
        if !self.urgent.swap(false, Ordering::AcqRel) {
            let since = Duration::from_millis(self.now().saturating_sub(self.heard_at.load(Ordering::Acquire)));
            tokio::time::sleep(pause.saturating_sub(since)).await;
        }
    }
}
