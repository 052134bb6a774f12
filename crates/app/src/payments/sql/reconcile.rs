//! SQL of reconciliation: our own records as the provider would list them, and
//! the cases.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, ReconciliationCaseId, UserId};
use domain::money::Currency;
use domain::page::PageRequest;
use domain::payments::{CaseKind, RecordKind};
use sqlx::PgPool;

use crate::App;
use crate::error::Result;
use crate::payments::reconcile::{Case, Own, Run};

#[derive(sqlx::FromRow)]
struct CaseRow {
    id: ReconciliationCaseId,
    kind: CaseKind,
    record: String,
    reference: String,
    booking_id: Option<BookingId>,
    currency: Currency,
    expected: Option<i64>,
    found: Option<i64>,
    detail: String,
    state: String,
    note: String,
    settled_by: Option<UserId>,
    found_at: DateTime<Utc>,
    settled_at: Option<DateTime<Utc>>,
}

impl From<CaseRow> for Case {
    fn from(row: CaseRow) -> Self {
        Self {
            id: row.id,
            kind: row.kind,
            record: row.record,
            reference: row.reference,
            booking_id: row.booking_id,
            currency: row.currency,
            expected: row.expected,
            found: row.found,
            detail: row.detail,
            settled: row.state == "settled",
            note: row.note,
            settled_by: row.settled_by,
            found_at: row.found_at,
            settled_at: row.settled_at,
        }
    }
}

/// Ours of these names.
pub(in crate::payments) async fn own_records(db: &PgPool, provider: &str, kind: RecordKind, references: &[String]) -> Result<Vec<Own>> {
    let query = match kind {
        RecordKind::Charge => sqlx::query_as(
            "select provider_reference as reference, captured as amount, currency, booking_id from payments
             where provider = $1 and provider_reference = any($2) and captured > 0",
        ),
        RecordKind::Refund => sqlx::query_as(
            "select o.provider_reference as reference, o.amount, o.currency, p.booking_id
             from payment_operations o join payments p on p.id = o.payment_id
             where p.provider = $1 and o.kind = 'refund' and o.provider_reference = any($2) and o.state <> 'failed'",
        ),
        RecordKind::Dispute => {
            sqlx::query_as("select reference, amount, currency, booking_id from disputes where provider = $1 and reference = any($2)")
        }
        RecordKind::Transfer => sqlx::query_as(
            "select provider_reference as reference, amount, currency, null::uuid as booking_id from payout_transfers
             where provider = $1 and provider_reference = any($2) and state <> 'failed'",
        ),
        RecordKind::Reversal => return Ok(Vec::new()),
    };
    Ok(query.bind(provider).bind(references).fetch_all(db).await?)
}

/// Ours of a span of time.
pub(in crate::payments) async fn own_between(
    db: &PgPool,
    provider: &str,
    kind: RecordKind,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Vec<Own>> {
    let query = match kind {
        // A payment's last change is its capture, a refund or later: looked at
        // once more, never missed.
        RecordKind::Charge => sqlx::query_as(
            "select provider_reference as reference, captured as amount, currency, booking_id from payments
             where provider = $1 and captured > 0 and provider_reference is not null and updated_at >= $2 and updated_at < $3",
        ),
        RecordKind::Refund => sqlx::query_as(
            "select o.provider_reference as reference, o.amount, o.currency, p.booking_id
             from payment_operations o join payments p on p.id = o.payment_id
             where p.provider = $1 and o.kind = 'refund' and o.state = 'succeeded' and o.updated_at >= $2 and o.updated_at < $3",
        ),
        RecordKind::Dispute => sqlx::query_as(
            "select reference, amount, currency, booking_id from disputes where provider = $1 and opened_at >= $2 and opened_at < $3",
        ),
        RecordKind::Transfer => sqlx::query_as(
            "select provider_reference as reference, amount, currency, null::uuid as booking_id from payout_transfers
             where provider = $1 and state in ('sent', 'paid') and provider_reference is not null and updated_at >= $2 and updated_at < $3",
        ),
        RecordKind::Reversal => return Ok(Vec::new()),
    };
    Ok(query.bind(provider).bind(from).bind(until).fetch_all(db).await?)
}

/// Requests that were sent before `before` and whose answer is not known.
pub(in crate::payments) async fn stuck_operations(db: &PgPool, before: DateTime<Utc>) -> Result<Vec<Own>> {
    Ok(sqlx::query_as(
        "select o.id::text as reference, o.amount, o.currency, p.booking_id
         from payment_operations o join payments p on p.id = o.payment_id
         where o.state in ('created', 'sent') and o.created_at < $1 and not (o.kind = 'refund' and o.provider_reference is not null)
         union all
         select t.id::text, t.amount, t.currency, null from payout_transfers t
         where t.state in ('created', 'sent') and t.provider_reference is null and t.created_at < $1
         order by reference limit 1000",
    )
    .bind(before)
    .fetch_all(db)
    .await?)
}

/// Refunds that came back and have not been made good by another.
pub(in crate::payments) async fn failed_refunds(db: &PgPool) -> Result<Vec<Own>> {
    Ok(sqlx::query_as(
        "select o.id::text as reference, o.amount, o.currency, p.booking_id
         from payment_operations o join payments p on p.id = o.payment_id
         where o.kind = 'refund' and o.state = 'failed'
           and not exists (select 1 from reconciliation_cases c where c.kind = 'refund_failed' and c.reference = o.id::text and c.state = 'settled')
         order by o.created_at limit 1000",
    )
    .fetch_all(db)
    .await?)
}

/// How much is on its way between the provider and us.
pub(in crate::payments) async fn on_its_way(db: &PgPool) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select (select count(*) from payment_operations where state in ('created', 'sent'))
              + (select count(*) from payments where status = 'requires_action')
              + (select count(*) from webhook_inbox where processed_at is null)
              + (select count(*) from payout_transfers where state in ('created', 'sent'))
              + (select count(*) from jobs where kind in ('handle_webhook', 'sandbox_deliver_webhook'))",
    )
    .fetch_one(db)
    .await?)
}

/// What the book says the provider holds.
pub(in crate::payments) async fn clearing_balances(db: &PgPool) -> Result<Vec<(Currency, i64)>> {
    Ok(sqlx::query_as(
        "select a.currency, coalesce(sum(case e.side when 'debit' then e.amount else -e.amount end), 0)::bigint
         from ledger_accounts a join ledger_entries e on e.account_id = a.id where a.key = 'psp_clearing' group by a.currency order by 1",
    )
    .fetch_all(db)
    .await?)
}

pub(in crate::payments) async fn begin_run(app: &App, run: &Run) -> Result<()> {
    sqlx::query("insert into reconciliation_runs (id, provider, from_at, until_at, started_at) values ($1, $2, $3, $4, $5)")
        .bind(run.id)
        .bind(app.provider.name())
        .bind(run.from)
        .bind(run.until)
        .bind(app.clock.now())
        .execute(&app.db)
        .await?;
    Ok(())
}

/// Writes down what a run has found. A difference known before keeps its case;
/// one that is gone closes it.
pub(in crate::payments) async fn end_run(app: &App, run: &Run) -> Result<()> {
    let mut tx = app.db.begin().await?;
    let now = app.clock.now();
    for case in &run.differences {
        sqlx::query(
            "insert into reconciliation_cases
                (id, provider, kind, record, reference, booking_id, currency, expected, found, detail, state, found_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 'open', $11)
             on conflict (provider, kind, record, reference) where state = 'open'
             do update set expected = excluded.expected, found = excluded.found, detail = excluded.detail",
        )
        .bind(case.id)
        .bind(app.provider.name())
        .bind(case.kind)
        .bind(&case.record)
        .bind(&case.reference)
        .bind(case.booking_id)
        .bind(case.currency)
        .bind(case.expected)
        .bind(case.found)
        .bind(&case.detail)
        .bind(now)
        .execute(&mut *tx)
        .await?;
    }
    let (kinds, references): (Vec<&str>, Vec<&str>) =
        run.differences.iter().map(|case| (case.kind.as_str(), case.reference.as_str())).unzip();
    // Only what this run has looked at can be seen to be gone.
    sqlx::query(
        "update reconciliation_cases c set state = 'settled', settled_at = $4, note = 'no longer differs'
         where c.state = 'open' and c.provider = $1 and (c.found_at >= $5 or c.kind in ('balance_differs', 'stuck'))
           and not exists (select 1 from unnest($2::text[], $3::text[]) as d (kind, reference) where d.kind = c.kind and d.reference = c.reference)",
    )
    .bind(app.provider.name())
    .bind(&kinds)
    .bind(&references)
    .bind(now)
    .bind(run.from)
    .execute(&mut *tx)
    .await?;
    sqlx::query("update reconciliation_runs set records = $2, differences = $3, ended_at = $4 where id = $1")
        .bind(run.id)
        .bind(i64::try_from(run.records).unwrap_or(i64::MAX))
        .bind(i64::try_from(run.differences.len()).unwrap_or(i64::MAX))
        .bind(now)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    Ok(())
}

pub(in crate::payments) async fn cases(db: &PgPool, all: bool, page: &PageRequest<ReconciliationCaseId>) -> Result<Vec<Case>> {
    let rows: Vec<CaseRow> = sqlx::query_as(
        "select id, kind, record, reference, booking_id, currency, expected, found, detail, state, note, settled_by, found_at, settled_at
         from reconciliation_cases where ($1 or state = 'open') and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(all)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Case::from).collect())
}

pub(in crate::payments) async fn case(db: &PgPool, id: ReconciliationCaseId) -> Result<Option<Case>> {
    let row: Option<CaseRow> = sqlx::query_as(
        "select id, kind, record, reference, booking_id, currency, expected, found, detail, state, note, settled_by, found_at, settled_at
         from reconciliation_cases where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    Ok(row.map(Case::from))
}

/// Settles an open case; false when it is not open.
pub(in crate::payments) async fn settle_case(
    db: &PgPool,
    id: ReconciliationCaseId,
    staff: UserId,
    note: &str,
    now: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query(
        "update reconciliation_cases set state = 'settled', settled_by = $2, note = $3, settled_at = $4 where id = $1 and state = 'open'",
    )
    .bind(id)
    .bind(staff)
    .bind(note)
    .bind(now)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}
