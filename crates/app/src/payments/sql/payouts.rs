//! SQL of payouts.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PayoutId, UserId};
use domain::money::{Currency, Money};
use domain::page::PageRequest;
use sqlx::PgPool;

use crate::error::Result;
use crate::payments::{Payout, PayoutState};
use crate::tx::Tx;

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

pub(in crate::payments) async fn insert_payout(tx: &mut Tx, payout: &Payout, host: UserId) -> Result<()> {
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
pub(in crate::payments) async fn change_scheduled_payout(
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

pub(in crate::payments) async fn payouts_of_host(db: &PgPool, host: UserId, page: &PageRequest<PayoutId>) -> Result<Vec<Payout>> {
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
