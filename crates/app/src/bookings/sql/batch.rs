//! SQL of many bookings at once.

use domain::bookings::Booking;
use domain::ids::{BookingId, ListingId, UserId};
use domain::page::Limit;
use sqlx::PgPool;

use super::Row;
use crate::bookings::HistoryEntry;
use crate::error::Result;

pub(in crate::bookings) async fn by_ids(db: &PgPool, ids: &[BookingId]) -> Result<Vec<Booking>> {
    let rows: Vec<Row> = sqlx::query_as("select * from bookings where id = any($1)").bind(ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(Booking::from).collect())
}

#[derive(sqlx::FromRow)]
struct EntryOf {
    booking_id: BookingId,
    #[sqlx(flatten)]
    entry: HistoryEntry,
}

pub(in crate::bookings) async fn histories(db: &PgPool, ids: &[BookingId]) -> Result<Vec<(BookingId, HistoryEntry)>> {
    let rows: Vec<EntryOf> = sqlx::query_as(
        "select booking_id, from_state, to_state, actor_kind as side, reason, at from booking_events
         where booking_id = any($1) order by booking_id, sequence",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.booking_id, row.entry)).collect())
}

#[derive(sqlx::FromRow)]
struct Placed {
    place: i64,
    #[sqlx(flatten)]
    row: Row,
}

/// Bookings of each listing after its place, of `reader` only unless they may
/// read all; `bookings_by_listing` finds them, and they are few enough to sort.
pub(in crate::bookings) async fn of_listings(
    db: &PgPool,
    wanted: &[(ListingId, Option<BookingId>)],
    reader: Option<UserId>,
    limit: Limit,
) -> Result<Vec<(usize, Booking)>> {
    let (listings, after): (Vec<ListingId>, Vec<Option<BookingId>>) = wanted.iter().copied().unzip();
    let rows: Vec<Placed> = sqlx::query_as(
        "select wanted.place, b.*
         from unnest($1::uuid[], $2::uuid[]) with ordinality as wanted (listing_id, after, place)
         cross join lateral (
             select * from bookings where listing_id = wanted.listing_id and (wanted.after is null or id < wanted.after)
               and ($3::uuid is null or guest_id = $3 or host_id = $3)
             order by id desc limit $4
         ) b order by wanted.place, b.id desc",
    )
    .bind(listings)
    .bind(after)
    .bind(reader)
    .bind(limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|placed| (usize::try_from(placed.place - 1).unwrap_or(usize::MAX), placed.row.into())).collect())
}
