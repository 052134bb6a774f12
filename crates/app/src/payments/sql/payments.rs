//! SQL of payments.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PaymentId, UserId};
use domain::money::{Currency, Money};
use domain::payments::{Payment, PaymentPurpose, PaymentStatus};
use sqlx::PgPool;

use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct PaymentRow {
    id: PaymentId,
    booking_id: BookingId,
    sequence: i32,
    purpose: PaymentPurpose,
    payer_id: UserId,
    amount: i64,
    currency: Currency,
    status: PaymentStatus,
    captured: i64,
    refunded: i64,
    provider_reference: Option<String>,
    decline_code: Option<String>,
    action_url: Option<String>,
    due_at: Option<DateTime<Utc>>,
    authorization_expires_at: Option<DateTime<Utc>>,
    method: Option<String>,
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        Self {
            id: row.id,
            booking_id: row.booking_id,
            sequence: row.sequence,
            purpose: row.purpose,
            payer_id: row.payer_id,
            amount: Money::new(row.amount, row.currency),
            status: row.status,
            captured: row.captured,
            refunded: row.refunded,
            provider_reference: row.provider_reference,
            decline_code: row.decline_code,
            action_url: row.action_url,
            due_at: row.due_at,
            authorization_expires_at: row.authorization_expires_at,
            method: row.method,
        }
    }
}

/// Adds a payment; its sequence is the next of the booking, whose row the
/// caller has locked or has just written.
pub(in crate::payments) async fn insert(tx: &mut Tx, payment: &Payment, provider: &str) -> Result<i32> {
    let now = tx.now();
    Ok(sqlx::query_scalar(
        "insert into payments (id, booking_id, sequence, purpose, payer_id, amount, currency, status, provider, due_at, method, created_at, updated_at)
         select $1, $2, coalesce(max(sequence), 0) + 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11 from payments where booking_id = $2
         returning sequence",
    )
    .bind(payment.id)
    .bind(payment.booking_id)
    .bind(payment.purpose)
    .bind(payment.payer_id)
    .bind(payment.amount.amount)
    .bind(payment.amount.currency)
    .bind(payment.status)
    .bind(provider)
    .bind(payment.due_at)
    .bind(&payment.method)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}

/// The first payment of a booking.
pub(in crate::payments) async fn by_booking(db: &PgPool, booking: BookingId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, sequence, purpose, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url,
                due_at, authorization_expires_at, method
         from payments where booking_id = $1 and sequence = 1",
    )
    .bind(booking)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Payment::from))
}

pub(in crate::payments) async fn all_by_booking(db: &PgPool, booking: BookingId) -> Result<Vec<Payment>> {
    let row: Vec<PaymentRow> = sqlx::query_as(
        "select id, booking_id, sequence, purpose, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url,
                due_at, authorization_expires_at, method
         from payments where booking_id = $1 order by sequence",
    )
    .bind(booking)
    .fetch_all(db)
    .await?;
    Ok(row.into_iter().map(Payment::from).collect())
}

pub(in crate::payments) async fn by_booking_locked(tx: &mut Tx, booking: BookingId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, sequence, purpose, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url,
                due_at, authorization_expires_at, method
         from payments where booking_id = $1 and sequence = 1 for update",
    )
    .bind(booking)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Payment::from))
}

pub(in crate::payments) async fn all_by_booking_locked(tx: &mut Tx, booking: BookingId) -> Result<Vec<Payment>> {
    let row: Vec<PaymentRow> = sqlx::query_as(
        "select id, booking_id, sequence, purpose, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url,
                due_at, authorization_expires_at, method
         from payments where booking_id = $1 order by sequence for update",
    )
    .bind(booking)
    .fetch_all(&mut **tx)
    .await?;
    Ok(row.into_iter().map(Payment::from).collect())
}

pub(in crate::payments) async fn by_id(db: &PgPool, id: PaymentId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, sequence, purpose, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url,
                due_at, authorization_expires_at, method
         from payments where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Payment::from))
}

pub(in crate::payments) async fn by_id_locked(tx: &mut Tx, id: PaymentId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, sequence, purpose, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url,
                due_at, authorization_expires_at, method
         from payments where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Payment::from))
}

/// The payment that a charge of the provider belongs to.
pub(in crate::payments) async fn id_by_reference(db: &PgPool, provider: &str, reference: &str) -> Result<Option<PaymentId>> {
    Ok(sqlx::query_scalar("select id from payments where provider = $1 and provider_reference = $2")
        .bind(provider)
        .bind(reference)
        .fetch_optional(db)
        .await?)
}

pub(in crate::payments) async fn save(tx: &mut Tx, payment: &Payment) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update payments set status = $2, captured = $3, refunded = $4, provider_reference = $5, decline_code = $6, action_url = $7,
                due_at = $8, authorization_expires_at = $9, method = $10, updated_at = $11
         where id = $1",
    )
    .bind(payment.id)
    .bind(payment.status)
    .bind(payment.captured)
    .bind(payment.refunded)
    .bind(&payment.provider_reference)
    .bind(&payment.decline_code)
    .bind(&payment.action_url)
    .bind(payment.due_at)
    .bind(payment.authorization_expires_at)
    .bind(&payment.method)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// The first payment asks for another amount: before anything came of it.
pub(in crate::payments) async fn set_amount(tx: &mut Tx, payment: &Payment) -> Result<()> {
    sqlx::query("update payments set amount = $2 where id = $1 and captured = 0")
        .bind(payment.id)
        .bind(payment.amount.amount)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Takes away the later parts of a plan of which nothing has been tried.
pub(in crate::payments) async fn drop_plan(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sqlx::query(
        "delete from payments p where p.booking_id = $1 and p.sequence > 1 and p.purpose = 'instalment' and p.status = 'pending'
           and not exists (select 1 from payment_operations o where o.payment_id = p.id)",
    )
    .bind(booking)
    .execute(&mut **tx)
    .await?;
    Ok(())
}
