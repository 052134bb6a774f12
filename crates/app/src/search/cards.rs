//! What is shown of a home that was found, kept in memory between searches and
//! dropped as soon as the home changes.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use domain::ids::ListingId;
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::Currency;
use moka::future::Cache;

use super::sql;
use crate::App;
use crate::error::Result;

/// What is shown of a home, prices apart.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    pub id: ListingId,
    pub title: String,
    pub room_type: RoomType,
    pub property_type: PropertyType,
    pub city: String,
    pub region: String,
    pub country: Option<String>,
    pub point: Point,
    pub photo: Option<String>,
    pub thumbhash: Option<String>,
    pub rating_count: i32,
    pub rating_overall: Option<i32>,
    pub instant_book: bool,
    pub currency: Currency,
}

/// Cards kept at most: some hundred bytes each.
const KEPT: u64 = 100_000;
/// Changes remembered, so that a card read before one is not kept after it.
const REMEMBERED: usize = 10_000;

/// Cards in memory.
pub(super) struct Cards {
    kept: Cache<ListingId, Arc<Card>>,
    changes: Mutex<Changes>,
}

#[derive(Default)]
struct Changes {
    count: u64,
    order: VecDeque<ListingId>,
    last: HashMap<ListingId, u64>,
}

impl Default for Cards {
    fn default() -> Self {
        Self { kept: Cache::new(KEPT), changes: Mutex::default() }
    }
}

impl Cards {
    /// Forgets cards of homes that have changed.
    pub async fn forget(&self, ids: &[ListingId]) {
        {
            let mut changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
            for id in ids {
                changes.count += 1;
                let count = changes.count;
                changes.last.insert(*id, count);
                changes.order.push_back(*id);
                if changes.order.len() > REMEMBERED
                    && let Some(oldest) = changes.order.pop_front()
                    && changes.last.get(&oldest).is_some_and(|at| at + REMEMBERED as u64 <= count)
                {
                    changes.last.remove(&oldest);
                }
            }
        }
        for id in ids {
            self.kept.invalidate(id).await;
        }
    }

    fn count(&self) -> u64 {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner).count
    }

    /// Whether a home has, for all we remember, not changed since `count`.
    fn unchanged(&self, id: ListingId, count: u64) -> bool {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        changes.count < count + REMEMBERED as u64 && changes.last.get(&id).is_none_or(|at| *at <= count)
    }
}

/// Cards of homes, in the order of `ids`; those that are gone are left out.
/// `keep`: news of changes reaches this process, so that they may be kept.
pub(super) async fn of(app: &App, ids: &[ListingId], keep: bool) -> Result<Vec<Arc<Card>>> {
    let cards = &app.search.cards;
    if !keep {
        return Ok(sql::cards(&app.db, ids).await?.into_iter().map(Arc::new).collect());
    }
    let mut found = Vec::with_capacity(ids.len());
    for id in ids {
        found.push(cards.kept.get(id).await);
    }
    let missing: Vec<ListingId> = ids.iter().zip(&found).filter(|(_, card)| card.is_none()).map(|(id, _)| *id).collect();
    if !missing.is_empty() {
        let count = cards.count();
        let mut read: HashMap<ListingId, Arc<Card>> =
            sql::cards(&app.db, &missing).await?.into_iter().map(|card| (card.id, Arc::new(card))).collect();
        for (id, card) in &read {
            if cards.unchanged(*id, count) {
                cards.kept.insert(*id, card.clone()).await;
                // A change between the question and the keeping.
                if !cards.unchanged(*id, count) {
                    cards.kept.invalidate(id).await;
                }
            }
        }
        for (id, card) in ids.iter().zip(&mut found).filter(|(_, card)| card.is_none()) {
            *card = read.remove(id);
        }
    }
    Ok(found.into_iter().flatten().collect())
}
