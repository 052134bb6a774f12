//! How the index learns of changes: it reads the projection in bulk once, then
//! whatever later transactions have written, until the process ends.
//!
//! A look reads all visible rows whose transaction is not older than the
//! watermark, applies them, and moves the watermark to the oldest transaction
//! that was still open in the look's own snapshot. So nothing that commits late
//! is missed, and nothing waits for a slow neighbour; what is read twice is
//! skipped by its transaction number, and applying it again would do no harm.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use domain::ids::ListingId;
use futures::TryStreamExt;
use search_index::{Index, Market, Settings};
use sqlx::{ConnectOptions, Connection, PgConnection};
use tokio_util::sync::CancellationToken;

use super::projection::NIGHTS;
use super::rows::{CopyReader, Projected};
use super::sql::feed as sql;
use super::{market, projection};
use crate::App;

/// Between looks while nothing happens, as a multiple of the usual interval.
const IDLE: u32 = 5;
/// After news the usual interval is kept for so long.
const LIVELY: Duration = Duration::from_secs(2);
/// How often taxes are looked at, the date, and the figures for the operator.
const SLOWLY: Duration = Duration::from_secs(1);
/// Rows applied at a time.
const BATCH: usize = 2000;

/// Keeps this process's index fresh until told to stop. Whatever goes wrong is
/// told in the log and tried again; meanwhile searches are answered in SQL.
pub async fn follow(app: App, stop: CancellationToken) {
    if !app.config.search.index {
        tracing::info!("search is answered in SQL: ROOST_SEARCH_INDEX is off");
        return;
    }
    let mut follower = None;
    let mut wait = Duration::from_millis(200);
    loop {
        let error = tokio::select! {
            () = stop.cancelled() => return,
            error = run(&app, &mut follower) => error,
        };
        if error.is::<search_index::Refusal>() {
            // More memory will not be there in a moment.
            follower = None;
            app.search.close();
            wait = Duration::from_secs(60);
            tracing::error!(error = format!("{error:#}"), "search is answered in SQL");
        } else {
            wait = (wait * 2).min(Duration::from_secs(5));
            tracing::warn!(error = format!("{error:#}"), "the search index does not hear of changes; trying again");
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Loads if need be, then follows; ends only by an error.
async fn run(app: &App, follower: &mut Option<Follower>) -> anyhow::Error {
    let looked: anyhow::Result<std::convert::Infallible> = async {
        if follower.is_none() {
            *follower = Some(Follower::load(app).await?);
        }
        let follower = follower.as_mut().ok_or_else(|| anyhow::anyhow!("nothing loaded"))?;
        follower.follow(app).await
    }
    .await;
    match looked {
        Err(error) => error,
        Ok(never) => match never {},
    }
}

/// An index and how far it has heard.
struct Follower {
    index: Arc<Index>,
    /// Every transaction below it is applied.
    watermark: u64,
    /// Rows applied of transactions at or above it.
    applied: HashMap<ListingId, u64>,
    market: Market,
    today: NaiveDate,
}

/// A connection of its own: it reads by the index on `xid`, whatever the
/// statistics of a table that changes all the time may say.
async fn connect(app: &App) -> anyhow::Result<PgConnection> {
    let options = app.db.connect_options().as_ref().clone().options([
        ("statement_timeout", "0"),
        ("enable_seqscan", "off"),
        ("plan_cache_mode", "force_generic_plan"),
    ]);
    Ok(options.connect().await?)
}

impl Follower {
    /// Reads the whole projection in one snapshot.
    async fn load(app: &App) -> anyhow::Result<Self> {
        let started = Instant::now();
        projection::backfill(app).await?;
        let market = market::load(app).await?;
        let today = app.clock.now().date_naive();
        let settings = Settings { days: app.config.search.days, memory_limit: app.config.search.memory_bytes() };
        let mut db = app.db.connect_options().as_ref().clone().options([("statement_timeout", "0")]).connect().await?;
        let mut tx = db.begin_with("begin transaction isolation level repeatable read, read only").await?;
        let watermark = sql::oldest_open(&mut tx).await?;
        // The index is built while rows come in.
        let (rows, mut inbox) = tokio::sync::mpsc::channel::<Vec<Projected>>(64);
        let build_market = market.clone();
        let build = tokio::task::spawn_blocking(move || {
            let rows = std::iter::from_fn(|| inbox.blocking_recv()).flatten().filter_map(|projected| projected.row);
            Index::build(settings, build_market, today, rows)
        });
        let mut known_until = today + Days::new(NIGHTS);
        let mut reader = CopyReader::default();
        {
            let mut copy = tx.copy_out_raw("copy (select * from listing_search where published) to stdout (format binary)").await?;
            while let Some(bytes) = copy.try_next().await? {
                let part = reader.push(&bytes)?;
                for row in &part {
                    known_until = known_until.min(row.first_day + Days::new(NIGHTS));
                }
                // It is closed when the build has refused: told below.
                if !part.is_empty() && rows.send(part).await.is_err() {
                    break;
                }
            }
        }
        drop(rows);
        let index = Arc::new(build.await??);
        drop(tx);
        app.search.open(index.clone(), known_until);
        let memory = index.snapshot().memory();
        let seconds = started.elapsed().as_secs_f64();
        metrics::gauge!("search_index_load_seconds").set(seconds);
        tracing::info!(listings = memory.listings, bytes = memory.total, seconds, "search is answered from memory");
        Ok(Self { index, watermark, applied: HashMap::new(), market, today })
    }

    async fn follow(&mut self, app: &App) -> anyhow::Result<std::convert::Infallible> {
        let mut db = connect(app).await?;
        let usual = Duration::from_millis(app.config.search.poll_milliseconds);
        let (mut lively, mut slowly) = (Instant::now(), Instant::now());
        loop {
            let changed = self.look(app, &mut db).await?;
            if changed > 0 {
                lively = Instant::now();
            }
            if slowly.elapsed() >= SLOWLY {
                slowly = Instant::now();
                self.look_slowly(app).await?;
            }
            let idle = if lively.elapsed() < LIVELY { usual } else { usual * IDLE };
            app.search.next_look(idle, usual / 2).await;
        }
    }

    /// One look at the database; how many homes have changed.
    async fn look(&mut self, app: &App, db: &mut PgConnection) -> anyhow::Result<usize> {
        let ticket = app.search.look();
        let started = Instant::now();
        let (oldest_open, rows) = sql::since(db, self.watermark).await?;
        let fresh: Vec<Projected> = rows.into_iter().filter(|row| self.applied.get(&row.id) != Some(&row.xid)).collect();
        let count = fresh.len();
        for part in Batches(fresh) {
            let ids: Vec<ListingId> = part.iter().map(|row| row.id).collect();
            self.applied.extend(part.iter().map(|row| (row.id, row.xid)));
            self.index.apply(part.into_iter().map(Projected::change))?;
            app.search.cards.forget(&ids).await;
        }
        if oldest_open > self.watermark {
            self.watermark = oldest_open;
            self.applied.retain(|_, xid| *xid >= oldest_open);
        }
        app.search.heard(ticket);
        if count > 0 {
            metrics::counter!("search_index_changes_total").increment(count as u64);
            metrics::histogram!("search_index_apply_seconds").record(started.elapsed().as_secs_f64());
        }
        Ok(count)
    }

    /// What need not be looked at a hundred times a second.
    async fn look_slowly(&mut self, app: &App) -> anyhow::Result<()> {
        let today = app.clock.now().date_naive();
        if today != self.today {
            self.today = today;
            self.index.advance(today);
        }
        let market = market::load(app).await?;
        if market != self.market {
            self.index.set_market(market.clone());
            self.market = market;
        }
        Ok(())
    }
}

/// Takes a list apart from the front.
struct Batches(Vec<Projected>);

impl Iterator for Batches {
    type Item = Vec<Projected>;
    fn next(&mut self) -> Option<Vec<Projected>> {
        let rest = self.0.split_off(self.0.len().min(BATCH));
        Some(std::mem::replace(&mut self.0, rest)).filter(|part| !part.is_empty())
    }
}

/// Shows the operator how the index is.
pub fn gauges(app: &App) {
    let live = &app.search;
    metrics::gauge!("search_index_serving").set(if live.is_serving() { 1.0 } else { 0.0 });
    #[expect(clippy::cast_precision_loss, reason = "figures for people")]
    if let Some(memory) = live.memory() {
        metrics::gauge!("search_index_listings").set(memory.listings as f64);
        metrics::gauge!("search_index_bytes").set(memory.total as f64);
        metrics::gauge!("search_index_lag_seconds").set(live.lag().as_secs_f64());
        metrics::gauge!("search_index_age_seconds").set(live.age().as_secs_f64());
    }
}
