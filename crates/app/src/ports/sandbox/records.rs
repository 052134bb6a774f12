//! The sandbox provider's books as it shows them for reconciliation.

use chrono::{DateTime, Utc};
use domain::money::{Currency, Money};
use domain::payments::RecordKind;

use super::{Sandbox, unknown};
use crate::ports::payments::{Answer, ProviderRecord, RecordPage};

/// Records in one stretch.
const STRETCH: usize = 1_000;

#[derive(sqlx::FromRow)]
struct Row {
    reference: String,
    request_key: String,
    amount: i64,
    currency: Currency,
    at: DateTime<Utc>,
}

/// A cursor is the last record's time in microseconds and name.
fn read_cursor(cursor: &str) -> Option<(DateTime<Utc>, &str)> {
    let (micros, reference) = cursor.split_once('/')?;
    Some((DateTime::from_timestamp_micros(micros.parse().ok()?)?, reference))
}

pub(super) async fn list(
    sandbox: &Sandbox,
    kind: RecordKind,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    cursor: Option<&str>,
) -> Answer<RecordPage> {
    let (after, name) = cursor.and_then(read_cursor).unwrap_or((from, ""));
    let query = match kind {
        RecordKind::Charge => sqlx::query_as(
            "select reference, request_key, captured as amount, currency, captured_at as at from sandbox_charges
             where captured_at < $2 and (captured_at, reference) > ($1, $3) order by captured_at, reference limit $4",
        ),
        RecordKind::Refund => sqlx::query_as(
            "select reference, request_key, amount, currency, created_at as at from sandbox_refunds
             where created_at < $2 and (created_at, reference) > ($1, $3) and state <> 'failed' order by created_at, reference limit $4",
        ),
        RecordKind::Transfer => sqlx::query_as(
            "select reference, request_key, amount, currency, created_at as at from sandbox_transfers
             where created_at < $2 and (created_at, reference) > ($1, $3) and state <> 'failed' order by created_at, reference limit $4",
        ),
        RecordKind::Reversal => sqlx::query_as(
            "select reference, request_key, amount, currency, created_at as at from sandbox_reversals
             where created_at < $2 and (created_at, reference) > ($1, $3) order by created_at, reference limit $4",
        ),
        RecordKind::Dispute => sqlx::query_as(
            "select reference, charge as request_key, amount, currency, created_at as at from sandbox_disputes
             where created_at < $2 and (created_at, reference) > ($1, $3) order by created_at, reference limit $4",
        ),
    };
    let limit = i64::try_from(STRETCH).unwrap_or(i64::MAX);
    let rows: Vec<Row> = query.bind(after).bind(until).bind(name).bind(limit).fetch_all(&sandbox.db).await.map_err(unknown)?;
    let last = rows.last().filter(|_| rows.len() == STRETCH);
    let next = last.map(|row| format!("{}/{}", row.at.timestamp_micros(), row.reference));
    let records = rows
        .into_iter()
        .map(|row| ProviderRecord {
            kind,
            reference: row.reference,
            request_key: Some(row.request_key),
            amount: Money::new(row.amount, row.currency),
            at: row.at,
        })
        .collect();
    Ok(RecordPage { records, next })
}

pub(super) async fn balance(sandbox: &Sandbox, currency: Currency) -> Answer<Money> {
    let amount: i64 = sqlx::query_scalar(
        "select (coalesce((select sum(captured) from sandbox_charges where currency = $1), 0)
               - coalesce((select sum(amount) from sandbox_refunds where currency = $1 and state <> 'failed'), 0)
               - coalesce((select sum(amount) from sandbox_transfers where currency = $1 and state <> 'failed'), 0)
               + coalesce((select sum(amount) from sandbox_reversals where currency = $1), 0)
               - coalesce((select sum(fee + case state when 'won' then 0 else amount end) from sandbox_disputes where currency = $1), 0))::bigint",
    )
    .bind(currency)
    .fetch_one(&sandbox.db)
    .await
    .map_err(unknown)?;
    Ok(Money::new(amount, currency))
}
