//! SQL of proposed changes.

use chrono::{DateTime, NaiveDate, Utc};
use domain::alterations::{AlterationState, PriceChange};
use domain::bookings::Side;
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::{AlterationId, BookingId, PaymentId, UserId};
use domain::money::{Currency, Money};
use domain::pricing::Quote;
use sqlx::PgPool;
use sqlx::types::Json;

use super::Alteration;
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct Row {
    id: AlterationId,
    booking_id: BookingId,
    proposed_by: Side,
    check_in: NaiveDate,
    check_out: NaiveDate,
    guests: Json<Guests>,
    quote: Json<Quote>,
    currency: Currency,
    total_before: i64,
    total_after: i64,
    message: String,
    state: AlterationState,
    payment_id: Option<PaymentId>,
    expires_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
}

impl From<Row> for Alteration {
    fn from(row: Row) -> Self {
        let money = |amount| Money::new(amount, row.currency);
        Self {
            id: row.id,
            booking_id: row.booking_id,
            proposed_by: row.proposed_by,
            stay: Stay { check_in: row.check_in, check_out: row.check_out },
            guests: row.guests.0,
            price: PriceChange { before: money(row.total_before), after: money(row.total_after) },
            quote: row.quote.0,
            message: row.message,
            state: row.state,
            payment_id: row.payment_id,
            expires_at: row.expires_at,
            created_at: row.created_at,
            answered_at: row.answered_at,
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, alteration: &Alteration, proposer: UserId) -> Result<()> {
    sqlx::query(
        "insert into booking_alterations
            (id, booking_id, proposed_by, proposer_id, check_in, check_out, guests, quote, currency, total_before, total_after, message,
             state, payment_id, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(alteration.id)
    .bind(alteration.booking_id)
    .bind(alteration.proposed_by)
    .bind(proposer)
    .bind(alteration.stay.check_in)
    .bind(alteration.stay.check_out)
    .bind(Json(alteration.guests))
    .bind(Json(&alteration.quote))
    .bind(alteration.price.after.currency)
    .bind(alteration.price.before.amount)
    .bind(alteration.price.after.amount)
    .bind(&alteration.message)
    .bind(alteration.state)
    .bind(alteration.payment_id)
    .bind(alteration.expires_at)
    .bind(alteration.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn save(tx: &mut Tx, alteration: &Alteration) -> Result<()> {
    sqlx::query("update booking_alterations set state = $2, payment_id = $3, answered_at = $4 where id = $1")
        .bind(alteration.id)
        .bind(alteration.state)
        .bind(alteration.payment_id)
        .bind(alteration.answered_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn by_id(db: &PgPool, id: AlterationId) -> Result<Option<Alteration>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, booking_id, proposed_by, check_in, check_out, guests, quote, currency, total_before, total_after, message, state,
                payment_id, expires_at, created_at, answered_at
         from booking_alterations where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Alteration::from))
}

pub(super) async fn locked(tx: &mut Tx, id: AlterationId) -> Result<Option<Alteration>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, booking_id, proposed_by, check_in, check_out, guests, quote, currency, total_before, total_after, message, state,
                payment_id, expires_at, created_at, answered_at
         from booking_alterations where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Alteration::from))
}

/// The change that waits for an answer or its payment, locked; there is at most
/// one a booking.
pub(super) async fn open_of(tx: &mut Tx, booking: BookingId) -> Result<Option<Alteration>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, booking_id, proposed_by, check_in, check_out, guests, quote, currency, total_before, total_after, message, state,
                payment_id, expires_at, created_at, answered_at
         from booking_alterations where booking_id = $1 and state in ('proposed', 'accepted') for update",
    )
    .bind(booking)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Alteration::from))
}

pub(super) async fn by_payment(tx: &mut Tx, payment: PaymentId) -> Result<Option<Alteration>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, booking_id, proposed_by, check_in, check_out, guests, quote, currency, total_before, total_after, message, state,
                payment_id, expires_at, created_at, answered_at
         from booking_alterations where payment_id = $1 for update",
    )
    .bind(payment)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Alteration::from))
}

pub(super) async fn of_booking(db: &PgPool, booking: BookingId) -> Result<Vec<Alteration>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, booking_id, proposed_by, check_in, check_out, guests, quote, currency, total_before, total_after, message, state,
                payment_id, expires_at, created_at, answered_at
         from booking_alterations where booking_id = $1 order by id desc limit 100",
    )
    .bind(booking)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Alteration::from).collect())
}
