//! SQL of payments, their operations, the webhook inbox and payouts.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PaymentId, PaymentOperationId, PayoutId, UserId};
use domain::money::{Currency, Money};
use domain::page::PageRequest;
use domain::payments::{OperationKind, OperationState, Payment, PaymentStatus};
use sqlx::{PgConnection, PgPool};

use super::{Operation, Payout, PayoutState};
use crate::error::Result;
use crate::ports::payments::ProviderEvent;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct PaymentRow {
    id: PaymentId,
    booking_id: BookingId,
    payer_id: UserId,
    amount: i64,
    currency: Currency,
    status: PaymentStatus,
    captured: i64,
    refunded: i64,
    provider_reference: Option<String>,
    decline_code: Option<String>,
    action_url: Option<String>,
}

impl From<PaymentRow> for Payment {
    fn from(row: PaymentRow) -> Self {
        Self {
            id: row.id,
            booking_id: row.booking_id,
            payer_id: row.payer_id,
            amount: Money::new(row.amount, row.currency),
            status: row.status,
            captured: row.captured,
            refunded: row.refunded,
            provider_reference: row.provider_reference,
            decline_code: row.decline_code,
            action_url: row.action_url,
        }
    }
}

#[derive(sqlx::FromRow)]
struct OperationRow {
    id: PaymentOperationId,
    payment_id: PaymentId,
    kind: OperationKind,
    amount: i64,
    currency: Currency,
    state: OperationState,
    provider_key: String,
    payment_method: Option<String>,
    capture_now: bool,
}

impl From<OperationRow> for Operation {
    fn from(row: OperationRow) -> Self {
        Self {
            id: row.id,
            payment_id: row.payment_id,
            kind: row.kind,
            amount: Money::new(row.amount, row.currency),
            state: row.state,
            provider_key: row.provider_key,
            payment_method: row.payment_method,
            capture_now: row.capture_now,
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, payment: &Payment, provider: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into payments (id, booking_id, payer_id, amount, currency, status, provider, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
    )
    .bind(payment.id)
    .bind(payment.booking_id)
    .bind(payment.payer_id)
    .bind(payment.amount.amount)
    .bind(payment.amount.currency)
    .bind(payment.status)
    .bind(provider)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn by_booking(db: &PgPool, booking: BookingId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url
         from payments where booking_id = $1",
    )
    .bind(booking)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Payment::from))
}

pub(super) async fn by_booking_locked(tx: &mut Tx, booking: BookingId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url
         from payments where booking_id = $1 for update",
    )
    .bind(booking)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Payment::from))
}

pub(super) async fn by_id_locked(tx: &mut Tx, id: PaymentId) -> Result<Option<Payment>> {
    let row: Option<PaymentRow> = sqlx::query_as(
        "select id, booking_id, payer_id, amount, currency, status, captured, refunded, provider_reference, decline_code, action_url
         from payments where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Payment::from))
}

pub(super) async fn booking_by_reference(db: &PgPool, provider: &str, reference: &str) -> Result<Option<BookingId>> {
    Ok(sqlx::query_scalar("select booking_id from payments where provider = $1 and provider_reference = $2")
        .bind(provider)
        .bind(reference)
        .fetch_optional(db)
        .await?)
}

/// The provider's name of the charge of a payment.
pub(super) async fn reference_of(db: &PgPool, id: PaymentId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select provider_reference from payments where id = $1").bind(id).fetch_one(db).await?)
}

pub(super) async fn booking_of(db: &PgPool, id: PaymentId) -> Result<BookingId> {
    Ok(sqlx::query_scalar("select booking_id from payments where id = $1").bind(id).fetch_one(db).await?)
}

pub(super) async fn save(tx: &mut Tx, payment: &Payment) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update payments set status = $2, captured = $3, refunded = $4, provider_reference = $5, decline_code = $6, action_url = $7, updated_at = $8
         where id = $1",
    )
    .bind(payment.id)
    .bind(payment.status)
    .bind(payment.captured)
    .bind(payment.refunded)
    .bind(&payment.provider_reference)
    .bind(&payment.decline_code)
    .bind(&payment.action_url)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn insert_operation(tx: &mut Tx, operation: &Operation, reason: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into payment_operations
            (id, payment_id, kind, amount, currency, state, provider_key, payment_method, capture_now, reason, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11)",
    )
    .bind(operation.id)
    .bind(operation.payment_id)
    .bind(operation.kind)
    .bind(operation.amount.amount)
    .bind(operation.amount.currency)
    .bind(operation.state)
    .bind(&operation.provider_key)
    .bind(&operation.payment_method)
    .bind(operation.capture_now)
    .bind(reason)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn operation(db: &PgPool, id: PaymentOperationId) -> Result<Option<Operation>> {
    let row: Option<OperationRow> = sqlx::query_as(
        "select id, payment_id, kind, amount, currency, state, provider_key, payment_method, capture_now
         from payment_operations where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Operation::from))
}

pub(super) async fn open_operation(tx: &mut Tx, payment: PaymentId, kind: OperationKind) -> Result<Option<Operation>> {
    let row: Option<OperationRow> = sqlx::query_as(
        "select id, payment_id, kind, amount, currency, state, provider_key, payment_method, capture_now
         from payment_operations where payment_id = $1 and kind = $2 and state in ('created', 'sent', 'requires_action')",
    )
    .bind(payment)
    .bind(kind)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Operation::from))
}

/// Marks an operation as sent; false when it has been finished meanwhile.
pub(super) async fn mark_sent(db: &PgPool, id: PaymentOperationId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query("update payment_operations set state = 'sent', updated_at = $2 where id = $1 and state in ('created', 'sent')")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves an unfinished operation on; false when it was finished already, so
/// that its outcome takes effect once.
pub(super) async fn finish_operation(
    connection: &mut PgConnection,
    id: PaymentOperationId,
    state: OperationState,
    reference: Option<&str>,
    decline_code: Option<&str>,
) -> Result<bool> {
    let done = sqlx::query(
        "update payment_operations set state = $2, provider_reference = coalesce($3, provider_reference), decline_code = $4
         where id = $1 and state in ('created', 'sent', 'requires_action') and state <> $2",
    )
    .bind(id)
    .bind(state)
    .bind(reference)
    .bind(decline_code)
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn store_event(
    db: &mut PgConnection,
    provider: &str,
    event: &ProviderEvent,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "insert into webhook_inbox (provider, event_id, kind, payload, received_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(provider)
    .bind(&event.id)
    .bind(&event.kind)
    .bind(body)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn mark_processed(db: &PgPool, provider: &str, event: &str, now: DateTime<Utc>, error: Option<&str>) -> Result<()> {
    sqlx::query("update webhook_inbox set processed_at = $3, error = $4 where provider = $1 and event_id = $2")
        .bind(provider)
        .bind(event)
        .bind(now)
        .bind(error)
        .execute(db)
        .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct PayoutRow {
    id: PayoutId,
    booking_id: BookingId,
    amount: i64,
    currency: Currency,
    state: PayoutState,
    due_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
}

impl From<PayoutRow> for Payout {
    fn from(row: PayoutRow) -> Self {
        Self {
            id: row.id,
            booking_id: row.booking_id,
            amount: Money::new(row.amount, row.currency),
            state: row.state,
            due_at: row.due_at,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn insert_payout(tx: &mut Tx, payout: &Payout, host: UserId) -> Result<()> {
    sqlx::query(
        "insert into payouts (id, booking_id, host_id, amount, currency, state, due_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8) on conflict (booking_id) do nothing",
    )
    .bind(payout.id)
    .bind(payout.booking_id)
    .bind(host)
    .bind(payout.amount.amount)
    .bind(payout.amount.currency)
    .bind(payout.state)
    .bind(payout.due_at)
    .bind(payout.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Changes a payout that is still scheduled.
pub(super) async fn change_scheduled_payout(
    tx: &mut Tx,
    booking: BookingId,
    amount: Option<i64>,
    state: PayoutState,
) -> Result<Option<Payout>> {
    let now = tx.now();
    let row: Option<PayoutRow> = sqlx::query_as(
        "update payouts set amount = coalesce($2, amount), state = $3, updated_at = $4
         where booking_id = $1 and state = 'scheduled'
         returning id, booking_id, amount, currency, state, due_at, created_at",
    )
    .bind(booking)
    .bind(amount)
    .bind(state)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Payout::from))
}

pub(super) async fn payouts_of_host(db: &PgPool, host: UserId, page: &PageRequest<PayoutId>) -> Result<Vec<Payout>> {
    let rows: Vec<PayoutRow> = sqlx::query_as(
        "select id, booking_id, amount, currency, state, due_at, created_at from payouts
         where host_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(host)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Payout::from).collect())
}
