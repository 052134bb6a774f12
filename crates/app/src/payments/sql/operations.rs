//! SQL of requests to the provider.

use chrono::{DateTime, Utc};
use domain::ids::{PaymentId, PaymentOperationId};
use domain::money::{Currency, Money};
use domain::payments::{OperationKind, OperationState};
use sqlx::{PgConnection, PgPool};

use crate::error::Result;
use crate::payments::Operation;
use crate::tx::Tx;

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
    charge: Option<String>,
    customer: Option<String>,
    keep_method: bool,
    off_session: bool,
    provider_reference: Option<String>,
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
            charge: row.charge,
            customer: row.customer,
            keep_method: row.keep_method,
            off_session: row.off_session,
            provider_reference: row.provider_reference,
        }
    }
}

pub(in crate::payments) async fn insert_operation(tx: &mut Tx, operation: &Operation, reason: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into payment_operations
            (id, payment_id, kind, amount, currency, state, provider_key, payment_method, capture_now, reason, created_at, updated_at,
             charge, customer, keep_method, off_session)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $11, $12, $13, $14, $15)",
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
    .bind(&operation.charge)
    .bind(&operation.customer)
    .bind(operation.keep_method)
    .bind(operation.off_session)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::payments) async fn operation(db: &PgPool, id: PaymentOperationId) -> Result<Option<Operation>> {
    let row: Option<OperationRow> = sqlx::query_as(
        "select id, payment_id, kind, amount, currency, state, provider_key, payment_method, capture_now,
                charge, customer, keep_method, off_session, provider_reference
         from payment_operations where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Operation::from))
}

pub(in crate::payments) async fn open_operation(tx: &mut Tx, payment: PaymentId, kind: OperationKind) -> Result<Option<Operation>> {
    let row: Option<OperationRow> = sqlx::query_as(
        "select id, payment_id, kind, amount, currency, state, provider_key, payment_method, capture_now,
                charge, customer, keep_method, off_session, provider_reference
         from payment_operations where payment_id = $1 and kind = $2 and state in ('created', 'sent', 'requires_action')",
    )
    .bind(payment)
    .bind(kind)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Operation::from))
}

/// Marks an operation as sent; false when it has been finished meanwhile.
pub(in crate::payments) async fn mark_sent(db: &PgPool, id: PaymentOperationId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query("update payment_operations set state = 'sent', updated_at = $2 where id = $1 and state in ('created', 'sent')")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Moves an unfinished operation on; false when it was finished already, so
/// that its outcome takes effect once.
pub(in crate::payments) async fn finish_operation(
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

/// The refund that the provider calls `reference`.
pub(in crate::payments) async fn refund_by_reference(db: &PgPool, reference: &str) -> Result<Option<PaymentOperationId>> {
    Ok(sqlx::query_scalar("select id from payment_operations where kind = 'refund' and provider_reference = $1")
        .bind(reference)
        .fetch_optional(db)
        .await?)
}

/// Remembers the provider's name of a refund that is on its way.
pub(in crate::payments) async fn name_refund(db: &PgPool, id: PaymentOperationId, reference: &str) -> Result<()> {
    sqlx::query("update payment_operations set provider_reference = $2 where id = $1 and provider_reference is null")
        .bind(id)
        .bind(reference)
        .execute(db)
        .await?;
    Ok(())
}

/// Minor units of a payment that are on their way back or have come back.
pub(in crate::payments) async fn refunds_begun(tx: &mut Tx, payment: PaymentId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select coalesce(sum(amount), 0)::bigint from payment_operations where payment_id = $1 and kind = 'refund' and state <> 'failed'",
    )
    .bind(payment)
    .fetch_one(&mut **tx)
    .await?)
}
