//! SQL of calendar feeds, their collisions and the calendars homes give.

use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar_feeds::Collision;
use domain::dates::Stay;
use domain::ids::{BookingId, CalendarFeedId, ListingId};
use sqlx::PgPool;
use sqlx::postgres::types::PgRange;

use crate::calendar::feeds::CalendarCollision;
use crate::calendar::ical::Taken;
use crate::error::Result;
use crate::tx::Tx;

#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::calendar) struct Row {
    pub id: CalendarFeedId,
    pub listing_id: ListingId,
    pub name: String,
    pub url: String,
    pub last_attempt_at: Option<DateTime<Utc>>,
    pub last_success_at: Option<DateTime<Utc>>,
    pub last_error: Option<String>,
    pub failures: i32,
    pub empty_runs: i32,
    pub events: i32,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

pub(in crate::calendar) async fn of_listing(db: &PgPool, listing: ListingId) -> Result<Vec<Row>> {
    Ok(sqlx::query_as(
        "select id, listing_id, name, url, last_attempt_at, last_success_at, last_error, failures, empty_runs, events, etag, last_modified
         from calendar_feeds where listing_id = $1 order by id",
    )
    .bind(listing)
    .fetch_all(db)
    .await?)
}

pub(in crate::calendar) async fn by_id(db: &PgPool, id: CalendarFeedId) -> Result<Option<Row>> {
    Ok(sqlx::query_as(
        "select id, listing_id, name, url, last_attempt_at, last_success_at, last_error, failures, empty_runs, events, etag, last_modified
         from calendar_feeds where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

pub(in crate::calendar) async fn locked(tx: &mut Tx, id: CalendarFeedId) -> Result<Option<Row>> {
    Ok(sqlx::query_as(
        "select id, listing_id, name, url, last_attempt_at, last_success_at, last_error, failures, empty_runs, events, etag, last_modified
         from calendar_feeds where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

pub(in crate::calendar) async fn count(tx: &mut Tx, listing: ListingId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from calendar_feeds where listing_id = $1").bind(listing).fetch_one(&mut **tx).await?)
}

/// Writes a feed; false when the home follows that address already.
pub(in crate::calendar) async fn insert(tx: &mut Tx, id: CalendarFeedId, listing: ListingId, name: &str, url: &str) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "insert into calendar_feeds (id, listing_id, name, url, created_at, next_at) values ($1, $2, $3, $4, $5, $5)
         on conflict (listing_id, url) do nothing",
    )
    .bind(id)
    .bind(listing)
    .bind(name)
    .bind(url)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::calendar) async fn delete(tx: &mut Tx, id: CalendarFeedId) -> Result<()> {
    sqlx::query("delete from calendar_feeds where id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

/// Feeds whose time has come, in the order of their ids.
pub(in crate::calendar) async fn due(db: &PgPool, now: DateTime<Utc>, after: Option<CalendarFeedId>) -> Result<Vec<CalendarFeedId>> {
    Ok(sqlx::query_scalar("select id from calendar_feeds where next_at <= $1 and ($2::uuid is null or id > $2) order by id limit 500")
        .bind(now)
        .bind(after)
        .fetch_all(db)
        .await?)
}

/// What a reading came to.
pub(in crate::calendar) struct Read {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
    pub events: i32,
    pub empty_runs: i32,
}

pub(in crate::calendar) async fn read(tx: &mut Tx, id: CalendarFeedId, read: &Read) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update calendar_feeds set last_attempt_at = $2, last_success_at = $2, last_error = null, failures = 0, next_at = $3, etag = $4,
             last_modified = $5, events = $6, empty_runs = $7
         where id = $1",
    )
    .bind(id)
    .bind(now)
    .bind(domain::calendar_feeds::next_try(0, now))
    .bind(&read.etag)
    .bind(&read.last_modified)
    .bind(read.events)
    .bind(read.empty_runs)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::calendar) async fn failed(
    db: &PgPool,
    id: CalendarFeedId,
    why: &str,
    (now, next): (DateTime<Utc>, DateTime<Utc>),
) -> Result<()> {
    sqlx::query("update calendar_feeds set last_attempt_at = $2, last_error = $3, failures = failures + 1, next_at = $4 where id = $1")
        .bind(id)
        .bind(now)
        .bind(why)
        .bind(next)
        .execute(db)
        .await?;
    Ok(())
}

/// Whether a home follows a feed that was not read since `since`. One that is
/// younger than that and still unread counts too: nothing is known of it.
pub(in crate::calendar) async fn has_stale(tx: &mut Tx, listing: ListingId, since: DateTime<Utc>) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select from calendar_feeds where listing_id = $1 and (last_success_at is null or last_success_at < $2))",
    )
    .bind(listing)
    .bind(since)
    .fetch_one(&mut **tx)
    .await?)
}

#[derive(sqlx::FromRow)]
struct CollisionRow {
    feed_id: CalendarFeedId,
    booking_id: BookingId,
    check_in: NaiveDate,
    check_out: NaiveDate,
    summary: String,
    first_seen_at: DateTime<Utc>,
}

pub(in crate::calendar) async fn collisions(db: &PgPool, listing: ListingId) -> Result<Vec<(CalendarFeedId, CalendarCollision)>> {
    let rows: Vec<CollisionRow> = sqlx::query_as(
        "select c.feed_id, c.booking_id, lower(c.nights) as check_in, upper(c.nights) as check_out, c.summary, c.first_seen_at
         from calendar_collisions c join calendar_feeds f on f.id = c.feed_id where f.listing_id = $1 order by c.nights",
    )
    .bind(listing)
    .fetch_all(db)
    .await?;
    let turn = |row: CollisionRow| {
        let nights = Stay { check_in: row.check_in, check_out: row.check_out };
        (row.feed_id, CalendarCollision { booking: row.booking_id, nights, summary: row.summary, first_seen_at: row.first_seen_at })
    };
    Ok(rows.into_iter().map(turn).collect())
}

/// Replaces a feed's collisions; those that were known keep their age.
pub(in crate::calendar) async fn put_collisions(tx: &mut Tx, feed: CalendarFeedId, collisions: &[Collision]) -> Result<()> {
    let now = tx.now();
    let bookings: Vec<BookingId> = collisions.iter().map(|one| one.booking).collect();
    let nights: Vec<PgRange<NaiveDate>> = collisions.iter().map(|one| super::range(one.nights)).collect();
    let summaries: Vec<String> = collisions.iter().map(|one| one.summary.clone()).collect();
    sqlx::query(
        "delete from calendar_collisions c where c.feed_id = $1 and not exists
            (select from unnest($2::uuid[], $3::daterange[]) as k (booking_id, nights) where k.booking_id = c.booking_id and k.nights = c.nights)",
    )
    .bind(feed)
    .bind(&bookings)
    .bind(&nights)
    .execute(&mut **tx)
    .await?;
    sqlx::query(
        "insert into calendar_collisions (feed_id, booking_id, nights, summary, first_seen_at)
         select $1, k.booking_id, k.nights, k.summary, $5
         from unnest($2::uuid[], $3::daterange[], $4::text[]) as k (booking_id, nights, summary)
         on conflict (feed_id, booking_id, nights) do nothing",
    )
    .bind(feed)
    .bind(&bookings)
    .bind(&nights)
    .bind(&summaries)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The secret of a home's calendar: the one there is, or `offered` when there
/// is none or a fresh one is wanted.
pub(in crate::calendar) async fn export_secret(tx: &mut Tx, listing: ListingId, offered: &str, fresh: bool) -> Result<String> {
    Ok(sqlx::query_scalar(
        "insert into calendar_exports (listing_id, secret) values ($1, $2)
         on conflict (listing_id) do update set secret = case when $3 then excluded.secret else calendar_exports.secret end returning secret",
    )
    .bind(listing)
    .bind(offered)
    .bind(fresh)
    .fetch_one(&mut **tx)
    .await?)
}

pub(in crate::calendar) async fn exported(db: &PgPool, secret: &str) -> Result<Option<(ListingId, String)>> {
    Ok(sqlx::query_as(
        "select l.id, l.title from calendar_exports e join listings l on l.id = e.listing_id where e.secret = $1 and l.status <> 'archived'",
    )
    .bind(secret)
    .fetch_optional(db)
    .await?)
}

/// What a home's calendar shows others: bookings and the host's own blocks.
pub(in crate::calendar) async fn taken(db: &PgPool, listing: ListingId, from: NaiveDate, now: DateTime<Utc>) -> Result<Vec<Taken>> {
    let rows: Vec<(uuid::Uuid, NaiveDate, NaiveDate, bool)> = sqlx::query_as(
        "select id, lower(nights), upper(nights), lane = 'booking' from occupancies
         where listing_id = $1 and upper(nights) > $2 and reason not in ('feed', 'import') and (expires_at is null or expires_at > $3)
         order by nights, id limit 2000",
    )
    .bind(listing)
    .bind(from)
    .bind(now)
    .fetch_all(db)
    .await?;
    let turn = |(id, check_in, check_out, booked)| Taken { id, nights: Stay { check_in, check_out }, booked };
    Ok(rows.into_iter().map(turn).collect())
}
