//! The projection that search reads: one narrow row a home, written at the end
//! of every transaction that has touched the home ([`crate::tx::Tx::commit`]),
//! filled where rows are missing, and compared with the truth once a day.

use domain::ids::ListingId;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::sql::projection as sql;
use crate::App;
use crate::error::Result;
use crate::tx::Tx;

/// Nights that a row knows from the day on which it was written.
pub(super) const NIGHTS: u64 = 728;
/// Homes written in one transaction when many are.
const BATCH: i64 = 500;
/// After so many days a row is written anew, so that its 736 nights reach well
/// past what the index answers for.
const ANCHOR_DAYS: i64 = 180;

/// Writes the projection of homes that this transaction has touched, as a whole
/// or in their nights only. Takes their rows' locks until it ends: call it last.
pub(crate) async fn project_in(tx: &mut Tx, whole: &[ListingId], nights: &[ListingId]) -> Result<()> {
    let today = tx.now().date_naive();
    if !whole.is_empty() {
        sql::refresh(tx, whole, today).await?;
    }
    if !nights.is_empty() {
        sql::refresh_nights(tx, nights, today).await?;
    }
    Ok(())
}

/// Writes the rows that are missing: after the update that brought the
/// projection, all of them. Homes are locked a few hundred at a time. Returns
/// how many were.
///
/// # Errors
/// When the database is out of reach; what was written so far stays.
pub async fn backfill(app: &App) -> Result<u64> {
    let mut written = 0;
    loop {
        let ids = sql::missing(&app.db, BATCH).await?;
        if ids.is_empty() {
            return Ok(written);
        }
        rewrite(app, &ids).await?;
        written += ids.len() as u64;
    }
}

/// Writes every row anew, a few hundred homes at a time. Every server's index
/// reads them again as they come: it is rebuilt while it serves. Returns how
/// many there were.
///
/// # Errors
/// When the database is out of reach.
pub async fn rewrite_all(app: &App) -> Result<u64> {
    let (mut written, mut after) = (backfill(app).await?, None);
    loop {
        let ids = sql::ids(&app.db, after, BATCH).await?;
        let Some(last) = ids.last() else { return Ok(written) };
        after = Some(*last);
        rewrite(app, &ids).await?;
        written += ids.len() as u64;
    }
}

async fn rewrite(app: &App, ids: &[ListingId]) -> Result<()> {
    let mut tx = app.begin().await?;
    project_in(&mut tx, ids, &[]).await?;
    tx.commit().await
}

/// What a check of the projection has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checked {
    /// Rows compared with what the other tables say.
    pub rows: u64,
    /// Homes whose row said something else; it has been written anew.
    pub wrong: Vec<ListingId>,
}

/// Compares every row with the truth and writes anew what differs, is missing
/// or starts too long ago.
///
/// # Errors
/// When the database is out of reach.
pub async fn check_projection(app: &App) -> Result<Checked> {
    backfill(app).await?;
    let mut found = Checked::default();
    let mut after = None;
    loop {
        let rows = sql::compare(&app.db, after, BATCH).await?;
        let Some(last) = rows.last() else { break };
        after = Some(last.listing_id);
        found.rows += rows.len() as u64;
        let aged = app.clock.now().date_naive() - chrono::TimeDelta::days(ANCHOR_DAYS);
        let again: Vec<ListingId> = rows.iter().filter(|row| row.differs || row.first_day < aged).map(|row| row.listing_id).collect();
        if !again.is_empty() {
            rewrite(app, &again).await?;
        }
        found.wrong.extend(rows.iter().filter(|row| row.differs).map(|row| row.listing_id));
    }
    if !found.wrong.is_empty() {
        metrics::counter!("search_projection_mismatches_total").increment(found.wrong.len() as u64);
        tracing::error!(homes = ?found.wrong, "the projection of these homes was wrong and has been written anew");
    }
    Ok(found)
}

/// Checks the projection once a day.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct CheckSearchProjection {}

impl Job<App> for CheckSearchProjection {
    const KIND: &'static str = "check_search_projection";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let found = check_projection(app).await?;
        tracing::info!(rows = found.rows, wrong = found.wrong.len(), "checked the search projection");
        Ok(())
    }
}
