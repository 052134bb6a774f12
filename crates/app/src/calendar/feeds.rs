//! Calendars of other platforms that a home follows, and the one it gives them.

use chrono::{DateTime, Days, TimeDelta, Utc};
use domain::actor::Actor;
use domain::calendar_feeds::{self, Booked, EMPTY_RUNS, FEED_STALE_AFTER, FeedHealth, FeedPlan, MOST_FEEDS};
use domain::dates::{Stay, local_date};
use domain::ids::{BookingId, CalendarFeedId, ListingId};
use jobs::{Attempt, Enqueue, Job, JobError};
use platform::outbound::{Fetched, Outbound};
use serde::{Deserialize, Serialize};

use super::sql::feeds as sql;
use super::{ical, sql as occupancies};
use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::listings;
use crate::tx::Tx;

/// Largest feed, in bytes.
const LARGEST: usize = 1 << 20;
/// How far ahead feeds are believed, in days.
const HORIZON: u64 = 1125;

/// A calendar that a home follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarFeed {
    /// Which.
    pub id: CalendarFeedId,
    /// As the host calls it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// How it stands.
    pub health: FeedHealth,
    /// When it was asked last.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When it was read last.
    pub last_success_at: Option<DateTime<Utc>>,
    /// What was wrong the last time, for people.
    pub last_error: Option<String>,
    /// How many events it has.
    pub events: i32,
    /// Nights that were sold on both platforms.
    pub collisions: Vec<CalendarCollision>,
}

/// Nights that were sold on both platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CalendarCollision {
    /// Our booking; it stands.
    pub booking: BookingId,
    /// The other platform's nights.
    pub nights: Stay,
    /// What they are called there.
    pub summary: String,
    /// Since when it is known.
    pub first_seen_at: DateTime<Utc>,
}

/// The calendars that one of the actor's homes follows, and the path of the
/// one it gives.
///
/// # Errors
/// 404 for others' homes.
pub async fn list_feeds(app: &App, actor: &Actor, listing: ListingId) -> Result<(Vec<CalendarFeed>, String)> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    listings::owned_in(&mut tx, actor, listing).await?;
    let secret = export_in(&mut tx, listing, false).await?;
    tx.commit().await?;
    let now = app.clock.now();
    let mut feeds = sql::of_listing(&app.db, listing).await?;
    let mut collisions = sql::collisions(&app.db, listing).await?;
    let feeds = feeds
        .drain(..)
        .map(|row| CalendarFeed {
            health: calendar_feeds::health(row.last_success_at, row.failures, now),
            collisions: collisions.extract_if(.., |(feed, _)| *feed == row.id).map(|(_, collision)| collision).collect(),
            id: row.id,
            name: row.name,
            url: row.url,
            last_attempt_at: row.last_attempt_at,
            last_success_at: row.last_success_at,
            last_error: row.last_error,
            events: row.events,
        })
        .collect();
    Ok((feeds, secret))
}

/// The secret of the calendar that a home gives; a new one when `fresh`.
async fn export_in(tx: &mut Tx, listing: ListingId, fresh: bool) -> Result<String> {
    use base64::Engine;
    let app = tx.app();
    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&app.ids.token()[..24]);
    sql::export_secret(tx, listing, &secret, fresh).await
}

/// Gives the home's calendar a new address; the old one leads nowhere.
///
/// # Errors
/// 404 for others' homes.
pub async fn renew_export(app: &App, actor: &Actor, listing: ListingId) -> Result<String> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    listings::owned_in(&mut tx, actor, listing).await?;
    let secret = export_in(&mut tx, listing, true).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Follows a calendar; it is read at once, and every half hour from then on.
///
/// # Errors
/// 404 for others' homes, 422 for what is no public https address, `409
/// feed_known`, `409 too_many_feeds` past 10.
pub async fn add_feed(app: &App, actor: &Actor, listing: ListingId, name: &str, url: &str) -> Result<CalendarFeedId> {
    accounts::require_user(actor)?;
    let name = name.trim();
    let outbound = Outbound::new(app.config.outbound.allow_private);
    let checked = outbound.check(url);
    error::check(|check| {
        check.text(name, "/name", 1..=80);
        check.that(url.len() <= 2000, "/url", "too_long", "an address has at most 2,000 characters");
        if let Err(why) = &checked {
            check.that(false, "/url", "url", why.to_string());
        }
    })?;
    let mut tx = app.begin().await?;
    listings::owned_in(&mut tx, actor, listing).await?;
    if sql::count(&mut tx, listing).await? >= MOST_FEEDS {
        return Err(Error::conflict("too_many_feeds", format!("{MOST_FEEDS} calendars are the most: remove one first")));
    }
    let id: CalendarFeedId = app.ids.next(&app.clock);
    if !sql::insert(&mut tx, id, listing, name, url.trim()).await? {
        return Err(Error::conflict("feed_known", "this home follows that calendar already"));
    }
    ask_in(&mut tx, id).await?;
    tx.commit().await?;
    Ok(id)
}

async fn ask_in(tx: &mut Tx, feed: CalendarFeedId) -> Result<()> {
    let now = tx.now();
    let key = Some(format!("feed:{feed}"));
    jobs::enqueue::<App, ReadFeed>(tx, &ReadFeed { feed }, Enqueue { run_at: now, dedupe_key: key }).await?;
    Ok(())
}

/// Reads a calendar now rather than at its time.
///
/// # Errors
/// 404 for others' homes and unknown calendars.
pub async fn refresh_feed(app: &App, actor: &Actor, listing: ListingId, feed: CalendarFeedId) -> Result<()> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    listings::owned_in(&mut tx, actor, listing).await?;
    sql::locked(&mut tx, feed).await?.filter(|row| row.listing_id == listing).ok_or(Error::NotFound("calendar feed"))?;
    ask_in(&mut tx, feed).await?;
    tx.commit().await
}

/// Follows a calendar no longer; the nights it took are free.
///
/// # Errors
/// 404 for others' homes and unknown calendars.
pub async fn remove_feed(app: &App, actor: &Actor, listing: ListingId, feed: CalendarFeedId) -> Result<()> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    listings::owned_in(&mut tx, actor, listing).await?;
    sql::locked(&mut tx, feed).await?.filter(|row| row.listing_id == listing).ok_or(Error::NotFound("calendar feed"))?;
    occupancies::replace_feed(&mut tx, listing, feed, &[]).await?;
    sql::delete(&mut tx, feed).await?;
    events::publish_in(&mut tx, Event::CalendarChanged { listing }).await?;
    tx.commit().await
}

/// Whether a home follows a calendar that was not read for too long: then
/// nobody knows what the other platform has sold, and the host is asked.
pub(crate) async fn has_stale_feed_in(tx: &mut Tx, listing: ListingId) -> Result<bool> {
    let since = tx.now() - FEED_STALE_AFTER;
    sql::has_stale(tx, listing, since).await
}

/// When a home is taken, for whoever knows the secret: no names, no prices,
/// and nothing that came from a feed (it would come back for ever).
///
/// # Errors
/// 404 for unknown secrets.
pub async fn export(app: &App, secret: &str) -> Result<String> {
    let ours = !secret.is_empty() && secret.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let found = if ours { sql::exported(&app.db, secret).await? } else { None };
    let (listing, title) = found.ok_or(Error::NotFound("calendar"))?;
    let now = app.clock.now();
    let from = now.date_naive() - TimeDelta::days(31);
    let taken = sql::taken(&app.db, listing, from, now).await?;
    Ok(ical::write(&taken, &title, &own_host(app), now))
}

/// The name by which our own events are known.
fn own_host(app: &App) -> String {
    let url = &app.config.public_url;
    let host = url.split("://").nth(1).unwrap_or(url);
    host.split(['/', ':']).next().unwrap_or("roost").to_owned()
}

/// Asks for the calendars that are due.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadDueFeeds {}

impl Job<App> for ReadDueFeeds {
    const KIND: &'static str = "read_due_feeds";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let mut after = None;
        loop {
            let due = sql::due(&app.db, now, after).await?;
            let Some(last) = due.last() else { break };
            after = Some(*last);
            let mut tx = app.begin().await?;
            for feed in &due {
                ask_in(&mut tx, *feed).await?;
            }
            tx.commit().await?;
        }
        app.wake_workers();
        Ok(())
    }
}

/// Reads one calendar. A failure is the feed's state, not the job's.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReadFeed {
    feed: CalendarFeedId,
}

impl Job<App> for ReadFeed {
    const KIND: &'static str = "read_feed";
    const PRIORITY: i16 = 10;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let Some(feed) = sql::by_id(&app.db, self.feed).await? else { return Ok(()) };
        let outbound = Outbound::new(app.config.outbound.allow_private);
        let known = (feed.etag.as_deref(), feed.last_modified.as_deref());
        match outbound.get(&feed.url, known, LARGEST).await {
            Ok(fetched) => apply(app, &feed, fetched).await?,
            Err(why) => fail(app, &feed, &why.to_string()).await?,
        }
        Ok(())
    }
}

async fn fail(app: &App, feed: &sql::Row, why: &str) -> Result<()> {
    let now = app.clock.now();
    metrics::counter!("calendar_feeds_read_total", "outcome" => "failed").increment(1);
    sql::failed(&app.db, feed.id, why, (now, calendar_feeds::next_try(feed.failures + 1, now))).await
}

async fn apply(app: &App, feed: &sql::Row, fetched: Fetched) -> Result<()> {
    metrics::counter!("calendar_feeds_read_total", "outcome" => "read").increment(1);
    let mut read = sql::Read { etag: fetched.etag, last_modified: fetched.last_modified, events: feed.events, empty_runs: 0 };
    if fetched.not_modified {
        read.etag.clone_from(&feed.etag);
        read.last_modified.clone_from(&feed.last_modified);
        let mut tx = app.begin().await?;
        sql::read(&mut tx, feed.id, &read).await?;
        return tx.commit().await;
    }
    let zone = listings::by_id(app, feed.listing_id).await?.time_zone.unwrap_or(chrono_tz::UTC);
    let empty = fetched.body.iter().all(u8::is_ascii_whitespace);
    read.empty_runs = if empty { feed.empty_runs + 1 } else { 0 };
    if empty && read.empty_runs < EMPTY_RUNS {
        // Some platforms answer nothing for an empty calendar, others when they
        // are ill: believed after a while.
        let mut tx = app.begin().await?;
        sql::read(&mut tx, feed.id, &read).await?;
        return tx.commit().await;
    }
    let events = if empty {
        Vec::new()
    } else {
        match ical::read(&fetched.body, zone, &own_host(app)) {
            Ok(events) => events,
            Err(why) => return fail(app, feed, &why.to_string()).await,
        }
    };
    read.events = i32::try_from(events.len()).unwrap_or(i32::MAX);
    let mut tx = app.begin().await?;
    // Whoever books meanwhile waits, and so do we for them.
    listings::locked_in(&mut tx, feed.listing_id).await?;
    let now = tx.now();
    let today = local_date(zone, now);
    let end = today + Days::new(HORIZON);
    let booked: Vec<Booked> = occupancies::booked(&mut tx, feed.listing_id, today, now).await?;
    let FeedPlan { blocks, collisions } = calendar_feeds::plan(&events, &booked, today, end);
    let changed = occupancies::replace_feed(&mut tx, feed.listing_id, feed.id, &blocks).await?;
    sql::put_collisions(&mut tx, feed.id, &collisions).await?;
    sql::read(&mut tx, feed.id, &read).await?;
    if changed {
        events::publish_in(&mut tx, Event::CalendarChanged { listing: feed.listing_id }).await?;
    }
    tx.commit().await
}
