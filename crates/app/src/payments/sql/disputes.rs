//! SQL of disputes.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, DisputeId, PaymentId};
use domain::ledger::LossBearer;
use domain::money::{Currency, Money};
use domain::page::PageRequest;
use domain::payments::DisputeState;
use sqlx::PgPool;

use crate::error::Result;
use crate::payments::disputes::Dispute;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct DisputeRow {
    id: DisputeId,
    payment_id: PaymentId,
    booking_id: BookingId,
    reference: String,
    amount: i64,
    currency: Currency,
    fee: i64,
    state: DisputeState,
    reason: String,
    bearer: Option<LossBearer>,
    evidence: String,
    evidence_due_at: Option<DateTime<Utc>>,
    opened_at: DateTime<Utc>,
    closed_at: Option<DateTime<Utc>>,
}

impl From<DisputeRow> for Dispute {
    fn from(row: DisputeRow) -> Self {
        Self {
            id: row.id,
            payment_id: row.payment_id,
            booking_id: row.booking_id,
            reference: row.reference,
            amount: Money::new(row.amount, row.currency),
            fee: row.fee,
            state: row.state,
            reason: row.reason,
            bearer: row.bearer,
            evidence: row.evidence,
            evidence_due_at: row.evidence_due_at,
            opened_at: row.opened_at,
            closed_at: row.closed_at,
        }
    }
}

pub(in crate::payments) async fn insert_dispute(tx: &mut Tx, provider: &str, dispute: &Dispute) -> Result<()> {
    sqlx::query(
        "insert into disputes (id, payment_id, booking_id, provider, reference, amount, currency, fee, state, reason, evidence_due_at, opened_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
    )
    .bind(dispute.id)
    .bind(dispute.payment_id)
    .bind(dispute.booking_id)
    .bind(provider)
    .bind(&dispute.reference)
    .bind(dispute.amount.amount)
    .bind(dispute.amount.currency)
    .bind(dispute.fee)
    .bind(dispute.state)
    .bind(&dispute.reason)
    .bind(dispute.evidence_due_at)
    .bind(dispute.opened_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::payments) async fn dispute_by_reference(tx: &mut Tx, provider: &str, reference: &str) -> Result<Option<Dispute>> {
    let row: Option<DisputeRow> = sqlx::query_as(
        "select id, payment_id, booking_id, reference, amount, currency, fee, state, reason, bearer, evidence, evidence_due_at, opened_at, closed_at
         from disputes where provider = $1 and reference = $2 for update",
    )
    .bind(provider)
    .bind(reference)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Dispute::from))
}

pub(in crate::payments) async fn dispute_locked(tx: &mut Tx, id: DisputeId) -> Result<Option<Dispute>> {
    let row: Option<DisputeRow> = sqlx::query_as(
        "select id, payment_id, booking_id, reference, amount, currency, fee, state, reason, bearer, evidence, evidence_due_at, opened_at, closed_at
         from disputes where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Dispute::from))
}

pub(in crate::payments) async fn save_dispute(tx: &mut Tx, dispute: &Dispute) -> Result<()> {
    sqlx::query("update disputes set state = $2, bearer = $3, evidence = $4, closed_at = $5 where id = $1")
        .bind(dispute.id)
        .bind(dispute.state)
        .bind(dispute.bearer)
        .bind(&dispute.evidence)
        .bind(dispute.closed_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(in crate::payments) async fn disputes(db: &PgPool, open: bool, page: &PageRequest<DisputeId>) -> Result<Vec<Dispute>> {
    let rows: Vec<DisputeRow> = sqlx::query_as(
        "select id, payment_id, booking_id, reference, amount, currency, fee, state, reason, bearer, evidence, evidence_due_at, opened_at, closed_at
         from disputes where (not $1 or state in ('open', 'evidence_sent')) and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(open)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Dispute::from).collect())
}
