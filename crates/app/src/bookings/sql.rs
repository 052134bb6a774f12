//! SQL of bookings and their state log.

use chrono::{DateTime, NaiveDate, Utc};
use domain::bookings::{Booking, BookingState, Side, Terms};
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::{BookingId, ListingId, UserId};
use domain::listings::BookingMode;
use domain::money::Currency;
use domain::page::Limit;
use sqlx::PgPool;
use sqlx::types::Json;

pub(super) mod batch;

use super::HistoryEntry;
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    id: BookingId,
    code: String,
    listing_id: ListingId,
    guest_id: UserId,
    host_id: UserId,
    state: BookingState,
    booking_mode: BookingMode,
    check_in: NaiveDate,
    check_out: NaiveDate,
    guests: Json<Guests>,
    currency: Currency,
    terms: Json<Terms>,
    message: String,
    hold_expires_at: Option<DateTime<Utc>>,
    respond_by: Option<DateTime<Utc>>,
    accepted_at: Option<DateTime<Utc>>,
    confirmed_at: Option<DateTime<Utc>>,
    cancelled_at: Option<DateTime<Utc>>,
    cancelled_by: Option<Side>,
    check_in_at: DateTime<Utc>,
    check_out_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Booking {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            code: row.code,
            listing_id: row.listing_id,
            guest_id: row.guest_id,
            host_id: row.host_id,
            state: row.state,
            booking_mode: row.booking_mode,
            stay: Stay { check_in: row.check_in, check_out: row.check_out },
            guests: row.guests.0,
            currency: row.currency,
            terms: row.terms.0,
            message: row.message,
            hold_expires_at: row.hold_expires_at,
            respond_by: row.respond_by,
            accepted_at: row.accepted_at,
            confirmed_at: row.confirmed_at,
            cancelled_at: row.cancelled_at,
            cancelled_by: row.cancelled_by,
            check_in_at: row.check_in_at,
            check_out_at: row.check_out_at,
            created_at: row.created_at,
        }
    }
}

/// Writes a new booking and the first row of its state log; false when its code
/// is taken.
pub(super) async fn insert(tx: &mut Tx, booking: &Booking) -> Result<bool> {
    let done = sqlx::query(
        "with placed as (
             insert into bookings
                 (id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, total, host_payout,
                  terms, message, hold_expires_at, check_in_at, check_out_at, created_at, updated_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $19)
             on conflict (code) do nothing
             returning id, state, guest_id, created_at
         )
         insert into booking_events (booking_id, sequence, to_state, actor_kind, actor_id, reason, at)
         select id, 1, state, 'guest', guest_id, '', created_at from placed",
    )
    .bind(booking.id)
    .bind(&booking.code)
    .bind(booking.listing_id)
    .bind(booking.guest_id)
    .bind(booking.host_id)
    .bind(booking.state)
    .bind(booking.booking_mode)
    .bind(booking.stay.check_in)
    .bind(booking.stay.check_out)
    .bind(Json(booking.guests))
    .bind(booking.currency)
    .bind(booking.terms.quote.total)
    .bind(booking.terms.quote.host_payout)
    .bind(Json(&booking.terms))
    .bind(&booking.message)
    .bind(booking.hold_expires_at)
    .bind(booking.check_in_at)
    .bind(booking.check_out_at)
    .bind(booking.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes what changes in a booking's life; what was agreed never does.
pub(super) async fn save(tx: &mut Tx, booking: &Booking) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update bookings set state = $2, hold_expires_at = $3, respond_by = $4, accepted_at = $5, confirmed_at = $6,
             cancelled_at = $7, cancelled_by = $8, updated_at = $9
         where id = $1",
    )
    .bind(booking.id)
    .bind(booking.state)
    .bind(booking.hold_expires_at)
    .bind(booking.respond_by)
    .bind(booking.accepted_at)
    .bind(booking.confirmed_at)
    .bind(booking.cancelled_at)
    .bind(booking.cancelled_by)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Writes what both sides have agreed on anew: nights, guests, price.
pub(super) async fn save_agreement(tx: &mut Tx, booking: &Booking) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update bookings set check_in = $2, check_out = $3, guests = $4, total = $5, host_payout = $6, terms = $7, check_in_at = $8,
             check_out_at = $9, updated_at = $10
         where id = $1",
    )
    .bind(booking.id)
    .bind(booking.stay.check_in)
    .bind(booking.stay.check_out)
    .bind(Json(booking.guests))
    .bind(booking.terms.quote.total)
    .bind(booking.terms.quote.host_payout)
    .bind(Json(&booking.terms))
    .bind(booking.check_in_at)
    .bind(booking.check_out_at)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether a guest has had a booking that was agreed on; `bookings_by_guest`
/// serves it.
pub(super) async fn has_booked(tx: &mut Tx, guest: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from bookings where guest_id = $1 and confirmed_at is not null)")
        .bind(guest)
        .fetch_one(&mut **tx)
        .await?)
}

/// The number that the next row of the state log gets.
pub(super) async fn next_event(tx: &mut Tx, booking: BookingId) -> Result<i32> {
    Ok(sqlx::query_scalar("select coalesce(max(sequence), 0) + 1 from booking_events where booking_id = $1")
        .bind(booking)
        .fetch_one(&mut **tx)
        .await?)
}

/// Adds a row to the state log.
pub(super) async fn record(
    tx: &mut Tx,
    booking: BookingId,
    (from, to): (Option<BookingState>, BookingState),
    by: (Side, Option<UserId>),
    reason: &str,
) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into booking_events (booking_id, sequence, from_state, to_state, actor_kind, actor_id, reason, at)
         select $1, coalesce(max(sequence), 0) + 1, $2, $3, $4, $5, $6, $7 from booking_events where booking_id = $1",
    )
    .bind(booking)
    .bind(from)
    .bind(to)
    .bind(by.0)
    .bind(by.1)
    .bind(reason)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn locked(tx: &mut Tx, id: BookingId) -> Result<Option<Booking>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, terms, message,
                hold_expires_at, respond_by, accepted_at, confirmed_at, cancelled_at, cancelled_by, check_in_at, check_out_at, created_at
         from bookings where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Booking::from))
}

pub(super) async fn by_id(db: &PgPool, id: BookingId) -> Result<Option<Booking>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, terms, message,
                hold_expires_at, respond_by, accepted_at, confirmed_at, cancelled_at, cancelled_by, check_in_at, check_out_at, created_at
         from bookings where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Booking::from))
}

/// A guest's bookings, newest first; `bookings_by_guest` serves it.
pub(super) async fn of_guest(
    db: &PgPool,
    guest: UserId,
    state: Option<BookingState>,
    after: Option<BookingId>,
    limit: Limit,
) -> Result<Vec<Booking>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, terms, message,
                hold_expires_at, respond_by, accepted_at, confirmed_at, cancelled_at, cancelled_by, check_in_at, check_out_at, created_at
         from bookings where guest_id = $1 and ($2::text is null or state = $2) and ($3::uuid is null or id < $3)
         order by id desc limit $4",
    )
    .bind(guest)
    .bind(state)
    .bind(after)
    .bind(limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Booking::from).collect())
}

/// A host's bookings and those of homes they help with, newest first;
/// `bookings_by_host` and `bookings_by_listing` serve it.
pub(super) async fn of_host(
    db: &PgPool,
    host: UserId,
    state: Option<BookingState>,
    after: Option<BookingId>,
    limit: Limit,
) -> Result<Vec<Booking>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, terms, message,
                hold_expires_at, respond_by, accepted_at, confirmed_at, cancelled_at, cancelled_by, check_in_at, check_out_at, created_at
         from bookings
         where (host_id = $1 or listing_id = any (select listing_id from listing_co_hosts
                                                  where user_id = $1 and state = 'active' and permission <> 'calendar'))
           and ($2::text is null or state = $2) and ($3::uuid is null or id < $3)
         order by id desc limit $4",
    )
    .bind(host)
    .bind(state)
    .bind(after)
    .bind(limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Booking::from).collect())
}

pub(super) async fn history(db: &PgPool, id: BookingId) -> Result<Vec<HistoryEntry>> {
    Ok(sqlx::query_as(
        "select from_state, to_state, actor_kind as side, reason, at from booking_events where booking_id = $1 order by sequence",
    )
    .bind(id)
    .fetch_all(db)
    .await?)
}
