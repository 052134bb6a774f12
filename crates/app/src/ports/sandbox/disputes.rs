//! Disputes in the sandbox provider's books: a charge of `pm_card_createDispute`
//! is disputed as soon as it is taken. Evidence that contains
//! `winning_evidence` wins; anything else, or silence, loses.

use chrono::{DateTime, TimeDelta, Utc};
use domain::money::{Currency, Money};
use domain::payments::DisputeState;
use sqlx::PgConnection;

use super::charges::Row;
use super::events::{Happening, later, report};
use super::{Sandbox, reference, refused, unknown};
use crate::ports::payments::{Answer, Dispute, EventObject};

/// What a dispute costs, in major units of its currency.
const FEE_MAJOR: i64 = 15;
/// How long the bank waits for evidence.
const PATIENCE: TimeDelta = TimeDelta::days(7);
/// How long it reads.
const READING: TimeDelta = TimeDelta::hours(1);

#[derive(sqlx::FromRow)]
struct DisputeRow {
    reference: String,
    charge: String,
    amount: i64,
    currency: Currency,
    fee: i64,
    state: DisputeState,
    reason: String,
    evidence: String,
    due_at: DateTime<Utc>,
}

impl From<DisputeRow> for Dispute {
    fn from(row: DisputeRow) -> Self {
        Self {
            reference: row.reference,
            charge: row.charge,
            amount: Money::new(row.amount, row.currency),
            fee: row.fee,
            state: row.state,
            reason: row.reason,
            evidence_due_at: Some(row.due_at),
        }
    }
}

pub(super) async fn open(sandbox: &Sandbox, tx: &mut PgConnection, charge: &Row) -> Answer<()> {
    let dispute = reference("dp");
    let now = (sandbox.now)();
    sqlx::query(
        "insert into sandbox_disputes (reference, charge, amount, currency, fee, state, reason, due_at, created_at)
         values ($1, $2, $3, $4, $5, 'open', 'fraudulent', $6, $7) on conflict (charge) do nothing",
    )
    .bind(&dispute)
    .bind(&charge.reference)
    .bind(charge.amount)
    .bind(charge.currency)
    .bind(FEE_MAJOR * charge.currency.minor_per_major())
    .bind(now + PATIENCE)
    .bind(now)
    .execute(&mut *tx)
    .await
    .map_err(unknown)?;
    later(sandbox, tx, Happening::BankDecides, &dispute, PATIENCE).await?;
    report(sandbox, tx, "dispute.created", &EventObject::Dispute(dispute)).await
}

async fn locked(tx: &mut PgConnection, dispute: &str) -> Answer<DisputeRow> {
    sqlx::query_as(
        "select reference, charge, amount, currency, fee, state, reason, evidence, due_at from sandbox_disputes where reference = $1 for update",
    )
    .bind(dispute)
    .fetch_optional(&mut *tx)
    .await
    .map_err(unknown)?
    .ok_or_else(|| refused(format!("no dispute {dispute}")))
}

pub(super) async fn fetch(sandbox: &Sandbox, dispute: &str) -> Answer<Dispute> {
    let mut connection = sandbox.db.acquire().await.map_err(unknown)?;
    locked(&mut connection, dispute).await.map(Dispute::from)
}

async fn set_state(tx: &mut PgConnection, row: &mut DisputeRow, state: DisputeState) -> Answer<()> {
    row.state = state;
    sqlx::query("update sandbox_disputes set state = $2, evidence = $3 where reference = $1")
        .bind(&row.reference)
        .bind(state)
        .bind(&row.evidence)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    Ok(())
}

pub(super) async fn submit_evidence(sandbox: &Sandbox, key: &str, dispute: &str, text: &str) -> Answer<Dispute> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, key).await? {
        return Ok(answer);
    }
    let mut row = locked(&mut tx, dispute).await?;
    if row.state != DisputeState::Open {
        return Err(refused(format!("dispute {dispute} is {}", row.state)));
    }
    text.clone_into(&mut row.evidence);
    set_state(&mut tx, &mut row, DisputeState::EvidenceSent).await?;
    later(sandbox, &mut tx, Happening::BankDecides, dispute, READING).await?;
    report(sandbox, &mut tx, "dispute.updated", &EventObject::Dispute(dispute.to_owned())).await?;
    let answer = Dispute::from(row);
    sandbox.remember(&mut tx, key, &answer).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(answer)
}

/// The bank makes up its mind.
pub(super) async fn decide(sandbox: &Sandbox, dispute: &str) -> Answer<()> {
    let mut tx = sandbox.begin().await?;
    let mut row = locked(&mut tx, dispute).await?;
    if !matches!(row.state, DisputeState::Open | DisputeState::EvidenceSent) {
        return Ok(());
    }
    let state = if row.evidence.contains("winning_evidence") { DisputeState::Won } else { DisputeState::Lost };
    set_state(&mut tx, &mut row, state).await?;
    report(sandbox, &mut tx, "dispute.closed", &EventObject::Dispute(dispute.to_owned())).await?;
    tx.commit().await.map_err(unknown)
}
