//! SQL of payouts, payout methods and transfers.

use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{BookingId, PayoutId, TransferId, UserId};
use domain::money::{Currency, Money};
use domain::page::PageRequest;
use domain::payments::PayoutState;
use domain::payouts::{PayoutSchedule, PayoutTransferState};
use sqlx::PgPool;

use super::accounts::MethodRow;
use super::statements::{EntryRow, MonthRow};
use super::transfers::TransferRow;
use super::{HostBalance, MonthOfEarnings, Payout, Planned};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct Row {
    id: PayoutId,
    booking_id: BookingId,
    leg: i32,
    amount: i64,
    currency: Currency,
    state: PayoutState,
    due_at: DateTime<Utc>,
    held_until: Option<DateTime<Utc>>,
    transfer_id: Option<TransferId>,
    paid_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Payout {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            booking_id: row.booking_id,
            leg: row.leg,
            amount: Money::new(row.amount, row.currency),
            state: row.state,
            due_at: row.due_at,
            held_until: row.held_until,
            transfer_id: row.transfer_id,
            paid_at: row.paid_at,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn insert(tx: &mut Tx, id: PayoutId, booking: BookingId, currency: Currency, plan: &Planned) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into payouts (id, booking_id, leg, host_id, amount, currency, state, due_at, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, 'scheduled', $7, $8, $8) on conflict (booking_id, leg, host_id) do nothing",
    )
    .bind(id)
    .bind(booking)
    .bind(plan.leg)
    .bind(plan.host)
    .bind(plan.amount)
    .bind(currency)
    .bind(plan.due_at)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn delete_scheduled(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sqlx::query("delete from payouts where booking_id = $1 and state = 'scheduled'").bind(booking).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn scheduled_for(tx: &mut Tx, booking: BookingId, leg: i32) -> Result<Option<DateTime<Utc>>> {
    Ok(sqlx::query_scalar("select min(due_at) from payouts where booking_id = $1 and leg = $2 and state = 'scheduled'")
        .bind(booking)
        .bind(leg)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) async fn begun(tx: &mut Tx, booking: BookingId) -> Result<Vec<i32>> {
    Ok(sqlx::query_scalar("select distinct leg from payouts where booking_id = $1 and state <> 'scheduled' order by leg")
        .bind(booking)
        .fetch_all(&mut **tx)
        .await?)
}

/// Makes a leg due to one person; the row that was planned for it is used.
pub(super) async fn set_due(
    tx: &mut Tx,
    id: PayoutId,
    (booking, currency): (BookingId, Currency),
    plan: &Planned,
    held_until: Option<DateTime<Utc>>,
) -> Result<PayoutId> {
    let now = tx.now();
    Ok(sqlx::query_scalar(
        "insert into payouts (id, booking_id, leg, host_id, amount, currency, state, due_at, held_until, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, 'due', $7, $8, $9, $9)
         on conflict (booking_id, leg, host_id) do update
             set amount = excluded.amount, state = 'due', held_until = excluded.held_until, updated_at = excluded.updated_at
         returning id",
    )
    .bind(id)
    .bind(booking)
    .bind(plan.leg)
    .bind(plan.host)
    .bind(plan.amount)
    .bind(currency)
    .bind(plan.due_at)
    .bind(held_until)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}

pub(super) async fn cancel_scheduled(tx: &mut Tx, booking: BookingId, leg: Option<i32>) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update payouts set amount = 0, state = 'cancelled', updated_at = $3
         where booking_id = $1 and ($2::integer is null or leg = $2) and state = 'scheduled'",
    )
    .bind(booking)
    .bind(leg)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn was_ever_paid(tx: &mut Tx, host: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select 1 from payouts where host_id = $1 and state = 'paid')")
        .bind(host)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) async fn of_host(db: &PgPool, host: UserId, page: &PageRequest<PayoutId>) -> Result<Vec<Payout>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, booking_id, leg, amount, currency, state, due_at, held_until, transfer_id, paid_at, created_at from payouts
         where host_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(host)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Payout::from).collect())
}

/// `payouts_by_host` serves it.
pub(super) async fn earnings(db: &PgPool, host: UserId, from: NaiveDate, to: NaiveDate) -> Result<Vec<MonthOfEarnings>> {
    Ok(sqlx::query_as(
        "select date_trunc('month', due_at at time zone 'UTC')::date as month, currency, count(distinct booking_id) as bookings,
                coalesce(sum(amount) filter (where state = 'paid'), 0)::bigint as paid,
                coalesce(sum(amount) filter (where state = 'sent'), 0)::bigint as on_its_way,
                coalesce(sum(amount) filter (where state in ('due', 'failed')), 0)::bigint as due,
                coalesce(sum(amount) filter (where state = 'scheduled'), 0)::bigint as scheduled
         from payouts
         where host_id = $1 and state <> 'cancelled'
           and due_at >= date_trunc('month', $2::date) at time zone 'UTC'
           and due_at < (date_trunc('month', $3::date) + interval '1 month') at time zone 'UTC'
         group by 1, 2 order by 1, 2",
    )
    .bind(host)
    .bind(from)
    .bind(to)
    .fetch_all(db)
    .await?)
}

pub(super) async fn host_balances(db: &PgPool, host: UserId) -> Result<Vec<HostBalance>> {
    Ok(sqlx::query_as(
        "select a.currency,
                coalesce(sum(case e.side when 'credit' then e.amount else -e.amount end) filter (where a.key like 'host_payable:%'), 0)::bigint
                    as payable,
                coalesce(sum(case e.side when 'debit' then e.amount else -e.amount end) filter (where a.key like 'host_receivable:%'), 0)::bigint
                    as owed,
                coalesce(sum(case e.side when 'credit' then e.amount else -e.amount end) filter (where a.key like 'payout_in_transit:%'), 0)::bigint
                    as in_transit
         from ledger_accounts a join ledger_entries e on e.account_id = a.id
         where a.key in ('host_payable:' || $1, 'host_receivable:' || $1, 'payout_in_transit:' || $1)
         group by a.currency order by a.currency",
    )
    .bind(host.to_string())
    .fetch_all(db)
    .await?)
}

pub(super) async fn method(db: &PgPool, host: UserId) -> Result<Option<MethodRow>> {
    Ok(sqlx::query_as(
        "select provider, account, country, schedule, minimum, payouts_enabled, failures, retry_at, updated_at
         from payout_methods where host_id = $1",
    )
    .bind(host)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn method_locked(tx: &mut Tx, host: UserId) -> Result<Option<MethodRow>> {
    Ok(sqlx::query_as(
        "select provider, account, country, schedule, minimum, payouts_enabled, failures, retry_at, updated_at
         from payout_methods where host_id = $1 for update",
    )
    .bind(host)
    .fetch_optional(&mut **tx)
    .await?)
}

/// Sets where and how often a host is paid; earlier failures are forgotten.
pub(super) async fn put_method(
    tx: &mut Tx,
    host: UserId,
    (provider, account, enabled): (&str, &str, bool),
    (country, schedule, minimum): (&str, PayoutSchedule, i64),
) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into payout_methods (host_id, provider, account, country, schedule, minimum, payouts_enabled, created_at, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)
         on conflict (host_id) do update set provider = $2, account = $3, country = $4, schedule = $5, minimum = $6, payouts_enabled = $7,
             failures = 0, retry_at = null, updated_at = $8",
    )
    .bind(host)
    .bind(provider)
    .bind(account)
    .bind(country)
    .bind(schedule)
    .bind(minimum)
    .bind(enabled)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn host_of_account(db: &PgPool, provider: &str, account: &str) -> Result<Option<UserId>> {
    Ok(sqlx::query_scalar("select host_id from payout_methods where provider = $1 and account = $2")
        .bind(provider)
        .bind(account)
        .fetch_optional(db)
        .await?)
}

pub(super) async fn set_enabled(tx: &mut Tx, host: UserId, enabled: bool) -> Result<()> {
    let now = tx.now();
    sqlx::query("update payout_methods set payouts_enabled = $2, updated_at = $3 where host_id = $1 and payouts_enabled <> $2")
        .bind(host)
        .bind(enabled)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Counts a failure, or forgets them after a success (`None`).
pub(super) async fn set_failures(tx: &mut Tx, host: UserId, failures: i32, retry_at: Option<DateTime<Utc>>) -> Result<()> {
    let now = tx.now();
    sqlx::query("update payout_methods set failures = $2, retry_at = $3, updated_at = $4 where host_id = $1")
        .bind(host)
        .bind(failures)
        .bind(retry_at)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Currencies in which a host has money that is due.
pub(super) async fn due_currencies(tx: &mut Tx, host: UserId) -> Result<Vec<Currency>> {
    Ok(sqlx::query_scalar("select distinct currency from payouts where host_id = $1 and state = 'due'")
        .bind(host)
        .fetch_all(&mut **tx)
        .await?)
}

/// To whom something of a booking is due.
pub(super) async fn due_of(tx: &mut Tx, booking: BookingId) -> Result<Vec<(UserId, Currency)>> {
    Ok(sqlx::query_as("select distinct host_id, currency from payouts where booking_id = $1 and state = 'due'")
        .bind(booking)
        .fetch_all(&mut **tx)
        .await?)
}

/// What is due to a host: what can be sent now, and minor units of what must
/// wait (held back, or its booking is disputed).
pub(super) async fn ready(tx: &mut Tx, host: UserId, currency: Currency) -> Result<(Vec<PayoutId>, i64)> {
    let now = tx.now();
    let rows: Vec<(PayoutId, i64, bool)> = sqlx::query_as(
        "select p.id, p.amount,
                (p.held_until is null or p.held_until <= $3)
                and not exists (select 1 from disputes d where d.booking_id = p.booking_id and d.state in ('open', 'evidence_sent'))
         from payouts p where p.host_id = $1 and p.currency = $2 and p.state = 'due' order by p.id for update of p",
    )
    .bind(host)
    .bind(currency)
    .bind(now)
    .fetch_all(&mut **tx)
    .await?;
    let waiting = rows.iter().filter(|(_, _, ready)| !ready).map(|(_, amount, _)| amount).sum();
    Ok((rows.into_iter().filter(|(_, _, ready)| *ready).map(|(id, _, _)| id).collect(), waiting))
}

pub(super) async fn has_open_transfer(tx: &mut Tx, host: UserId, currency: Currency) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from payout_transfers where host_id = $1 and currency = $2 and state in ('created', 'sent'))",
    )
    .bind(host)
    .bind(currency)
    .fetch_one(&mut **tx)
    .await?)
}

pub(super) async fn insert_transfer(tx: &mut Tx, transfer: &TransferRow) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into payout_transfers (id, host_id, currency, amount, recovered, state, account, provider_key, created_at, updated_at, provider)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)",
    )
    .bind(transfer.id)
    .bind(transfer.host_id)
    .bind(transfer.currency)
    .bind(transfer.amount)
    .bind(transfer.recovered)
    .bind(transfer.state)
    .bind(&transfer.account)
    .bind(&transfer.provider_key)
    .bind(now)
    .bind(tx.app().provider.name())
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn join_transfer(tx: &mut Tx, payouts: &[PayoutId], transfer: TransferId, state: PayoutState) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update payouts set state = $3, transfer_id = $2, paid_at = case when $3 = 'paid' then $4::timestamptz end, updated_at = $4
         where id = any($1::uuid[])",
    )
    .bind(payouts)
    .bind(transfer)
    .bind(state)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn transfer(db: &PgPool, id: TransferId) -> Result<Option<TransferRow>> {
    Ok(sqlx::query_as(
        "select id, host_id, currency, amount, recovered, state, account, provider_key, provider_reference
         from payout_transfers where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn transfer_locked(tx: &mut Tx, id: TransferId) -> Result<Option<TransferRow>> {
    Ok(sqlx::query_as(
        "select id, host_id, currency, amount, recovered, state, account, provider_key, provider_reference
         from payout_transfers where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

pub(super) async fn transfer_by_reference(db: &PgPool, reference: &str) -> Result<Option<TransferId>> {
    Ok(sqlx::query_scalar("select id from payout_transfers where provider_reference = $1").bind(reference).fetch_optional(db).await?)
}

/// Marks a transfer as sent; false when it has been finished meanwhile.
pub(super) async fn mark_sent(db: &PgPool, id: TransferId, now: DateTime<Utc>) -> Result<bool> {
    let done = sqlx::query("update payout_transfers set state = 'sent', updated_at = $2 where id = $1 and state in ('created', 'sent')")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Takes over the outcome of a transfer, or only its name while it is on its
/// way.
pub(super) async fn set_transfer(
    tx: &mut Tx,
    id: TransferId,
    state: PayoutTransferState,
    reference: Option<&str>,
    failure_code: Option<&str>,
) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update payout_transfers set state = $2, provider_reference = coalesce($3, provider_reference), failure_code = $4, updated_at = $5
         where id = $1",
    )
    .bind(id)
    .bind(state)
    .bind(reference)
    .bind(failure_code)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// What becomes of the payouts of a transfer with it: paid, or due again.
pub(super) async fn settle_payouts(tx: &mut Tx, transfer: TransferId, state: PayoutState) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "update payouts set state = $2, paid_at = case when $2 = 'paid' then $3::timestamptz end, transfer_id = case when $2 = 'paid' then transfer_id end,
             updated_at = $3
         where transfer_id = $1",
    )
    .bind(transfer)
    .bind(state)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Hosts with money that could be sent but is in no transfer, for a sweep.
pub(super) async fn forgotten(db: &PgPool, now: DateTime<Utc>) -> Result<Vec<(UserId, Currency)>> {
    Ok(sqlx::query_as(
        "select distinct p.host_id, p.currency from payouts p join payout_methods m on m.host_id = p.host_id
         where p.state = 'due' and (p.held_until is null or p.held_until <= $1) and m.payouts_enabled
           and (m.retry_at is null or m.retry_at <= $1)",
    )
    .bind(now)
    .fetch_all(db)
    .await?)
}

/// Months in which something moved on a host's accounts, newest first.
pub(super) async fn statement_months(db: &PgPool, host: UserId) -> Result<Vec<MonthRow>> {
    Ok(sqlx::query_as(
        "select date_trunc('month', t.occurred_at at time zone 'UTC')::date as month, array_agg(distinct a.currency order by a.currency) as currencies
         from ledger_accounts a join ledger_entries e on e.account_id = a.id join ledger_transactions t on t.id = e.transaction_id
         where a.key in ('host_payable:' || $1, 'host_receivable:' || $1)
         group by 1 order by 1 desc",
    )
    .bind(host.to_string())
    .fetch_all(db)
    .await?)
}

/// What moved on a host's accounts before `until`, oldest first; what lies
/// before `from` is summed into one row a currency, without an event.
pub(super) async fn statement_entries(db: &PgPool, host: UserId, (from, until): (DateTime<Utc>, DateTime<Utc>)) -> Result<Vec<EntryRow>> {
    Ok(sqlx::query_as(
        "select null::timestamptz as at, null::uuid as entry, null::text as event, null::uuid as booking_id, null::text as code, null::text as title, a.currency,
                sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint as amount
         from ledger_accounts a join ledger_entries e on e.account_id = a.id join ledger_transactions t on t.id = e.transaction_id
         where a.key in ('host_payable:' || $1, 'host_receivable:' || $1) and t.occurred_at < $2
         group by a.currency
         union all
         select t.occurred_at, t.id, t.event, t.booking_id, b.code, b.terms ->> 'listing_title', a.currency,
                sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint
         from ledger_accounts a join ledger_entries e on e.account_id = a.id join ledger_transactions t on t.id = e.transaction_id
             left join bookings b on b.id = t.booking_id
         where a.key in ('host_payable:' || $1, 'host_receivable:' || $1) and t.occurred_at >= $2 and t.occurred_at < $3
         group by t.id, t.occurred_at, t.event, t.booking_id, b.code, b.terms ->> 'listing_title', a.currency
         having sum(case e.side when 'credit' then e.amount else -e.amount end) <> 0
         order by at nulls first, entry",
    )
    .bind(host.to_string())
    .bind(from)
    .bind(until)
    .fetch_all(db)
    .await?)
}
