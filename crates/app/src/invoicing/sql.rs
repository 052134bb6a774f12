//! SQL of issued documents and their numbers; what the ledger says about a
//! booking.

use chrono::{DateTime, NaiveDate, Utc};
use domain::coupons::PaymentMeans;
use domain::ids::{BookingId, DocumentId, UserId};
use domain::money::{Currency, Money};
use domain::page::PageRequest;
use sqlx::PgPool;
use sqlx::types::Json;

use super::issue::{Draft, ReceiptPayment};
use super::taxes::{TaxPeriod, TaxReportRow};
use super::{DocumentContent, DocumentKind, IssuedDocument};
use crate::error::{Error, Result};
use crate::tx::Tx;

/// One at a time issues the documents of a booking.
pub(super) async fn lock(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('documents:' || $1::text, 0))").bind(booking).execute(&mut **tx).await?;
    Ok(())
}

/// The next number of a series; given back should the transaction not commit.
pub(super) async fn next_number(tx: &mut Tx, series: &str) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "insert into document_series (series, last_number) values ($1, 1)
         on conflict (series) do update set last_number = document_series.last_number + 1 returning last_number",
    )
    .bind(series)
    .fetch_one(&mut **tx)
    .await?)
}

pub(super) async fn insert(tx: &mut Tx, id: DocumentId, (series, number): (&str, i64), draft: &Draft<'_>) -> Result<()> {
    let now = tx.now();
    let user = if draft.kind == DocumentKind::Receipt { draft.booking.guest_id } else { draft.booking.host_id };
    sqlx::query(
        "insert into issued_documents (id, kind, series, number, booking_id, user_id, currency, total, content, replaces, issued_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(id)
    .bind(draft.kind.as_str())
    .bind(series)
    .bind(number)
    .bind(draft.booking.id)
    .bind(user)
    .bind(draft.booking.currency)
    .bind(draft.total())
    .bind(Json(&draft.content))
    .bind(draft.replaces)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct Row {
    id: DocumentId,
    kind: String,
    series: String,
    number: i64,
    booking_id: BookingId,
    user_id: UserId,
    currency: Currency,
    total: i64,
    content: Json<DocumentContent>,
    replaced_series: Option<String>,
    replaced_number: Option<i64>,
    issued_at: DateTime<Utc>,
}

fn numbered(series: &str, number: i64) -> String {
    format!("{series}-{number:06}")
}

impl TryFrom<Row> for IssuedDocument {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self> {
        let kind = match row.kind.as_str() {
            "receipt" => DocumentKind::Receipt,
            "invoice" => DocumentKind::Invoice,
            "credit_note" => DocumentKind::CreditNote,
            other => return Err(Error::Internal(anyhow::anyhow!("a stored document is a {other:?}"))),
        };
        Ok(Self {
            id: row.id,
            kind,
            number: numbered(&row.series, row.number),
            booking_id: row.booking_id,
            user_id: row.user_id,
            total: Money::new(row.total, row.currency),
            content: row.content.0,
            replaces: row.replaced_series.zip(row.replaced_number).map(|(series, number)| numbered(&series, number)),
            issued_at: row.issued_at,
        })
    }
}

pub(super) async fn last_receipt(tx: &mut Tx, booking: BookingId) -> Result<Option<IssuedDocument>> {
    let row: Option<Row> = sqlx::query_as(
        "select d.*, r.series as replaced_series, r.number as replaced_number
         from issued_documents d left join issued_documents r on r.id = d.replaces
         where d.booking_id = $1 and d.kind = 'receipt' order by d.id desc limit 1",
    )
    .bind(booking)
    .fetch_optional(&mut **tx)
    .await?;
    row.map(IssuedDocument::try_from).transpose()
}

pub(super) async fn newest_receipt(db: &PgPool, booking: BookingId) -> Result<Option<IssuedDocument>> {
    let row: Option<Row> = sqlx::query_as(
        "select d.*, r.series as replaced_series, r.number as replaced_number
         from issued_documents d left join issued_documents r on r.id = d.replaces
         where d.booking_id = $1 and d.kind = 'receipt' order by d.id desc limit 1",
    )
    .bind(booking)
    .fetch_optional(db)
    .await?;
    row.map(IssuedDocument::try_from).transpose()
}

pub(super) async fn by_id(db: &PgPool, id: DocumentId) -> Result<Option<IssuedDocument>> {
    let row: Option<Row> = sqlx::query_as(
        "select d.*, r.series as replaced_series, r.number as replaced_number
         from issued_documents d left join issued_documents r on r.id = d.replaces where d.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?;
    row.map(IssuedDocument::try_from).transpose()
}

pub(super) async fn invoices(db: &PgPool, host: UserId, page: &PageRequest<DocumentId>) -> Result<Vec<IssuedDocument>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select d.*, null::text as replaced_series, null::bigint as replaced_number from issued_documents d
         where d.user_id = $1 and d.kind in ('invoice', 'credit_note') and ($2::uuid is null or d.id < $2) order by d.id desc limit $3",
    )
    .bind(host)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    rows.into_iter().map(IssuedDocument::try_from).collect()
}

/// Whether the guest's money, or the marketplace's for them, has come in.
pub(super) async fn was_paid(tx: &mut Tx, booking: BookingId) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
             join ledger_accounts a on a.id = e.account_id
         where t.booking_id = $1 and a.key = 'guest_funds:' || $1::text and e.side = 'credit')",
    )
    .bind(booking)
    .fetch_one(&mut **tx)
    .await?)
}

/// The marketplace's fees from the host of a booking, by the ledger.
pub(super) async fn host_fees(tx: &mut Tx, booking: BookingId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select coalesce(sum(case e.side when 'credit' then e.amount else -e.amount end), 0)::bigint
         from ledger_transactions t join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id
         where t.booking_id = $1 and a.key = 'fee_host'",
    )
    .bind(booking)
    .fetch_one(&mut **tx)
    .await?)
}

pub(super) async fn invoiced(tx: &mut Tx, booking: BookingId) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select coalesce(sum(total), 0)::bigint from issued_documents where booking_id = $1 and kind in ('invoice', 'credit_note')",
    )
    .bind(booking)
    .fetch_one(&mut **tx)
    .await?)
}

/// What the guest has paid and got back, by the ledger. Disputes are between
/// the banks.
pub(super) async fn payments(db: &PgPool, booking: BookingId) -> Result<Vec<ReceiptPayment>> {
    let rows: Vec<(DateTime<Utc>, i64, Currency, PaymentMeans)> = sqlx::query_as(
        "select t.occurred_at, case e.side when 'debit' then e.amount else -e.amount end, e.currency,
                case split_part(a.key, ':', 1) when 'psp_clearing' then 'card' when 'promo_expense' then 'coupon' else 'credit' end
         from ledger_transactions t join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id
         where t.booking_id = $1
           and (a.key = 'psp_clearing' and t.event in ('capture', 'refund_paid')
                or split_part(a.key, ':', 1) in ('promo_expense', 'guest_credit') and t.event <> 'goodwill_refund')
         order by t.id, e.line",
    )
    .bind(booking)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(at, amount, currency, means)| ReceiptPayment { at, amount: Money::new(amount, currency), means }).collect())
}

#[derive(sqlx::FromRow)]
struct TaxRow {
    jurisdiction: String,
    currency: Currency,
    due: i64,
    returned: i64,
    remitted: i64,
    owed: i64,
    bookings: i64,
    nights: i64,
}

/// What was due in a period, and what is owed at its end.
pub(super) async fn tax_report(db: &PgPool, period: TaxPeriod) -> Result<Vec<TaxReportRow>> {
    let midnight = |date: NaiveDate| date.and_time(chrono::NaiveTime::MIN).and_utc();
    let rows: Vec<TaxRow> = sqlx::query_as(
        "with moved as (
             select substr(a.key, 13) as jurisdiction, e.currency, e.side, e.amount, t.event, t.booking_id, t.occurred_at >= $1 as within
             from ledger_accounts a join ledger_entries e on e.account_id = a.id join ledger_transactions t on t.id = e.transaction_id
             where a.key like 'tax\\_payable:%' and t.occurred_at < $2
         )
         select m.jurisdiction, m.currency,
                coalesce(sum(m.amount) filter (where m.within and m.side = 'credit'), 0)::bigint as due,
                coalesce(sum(m.amount) filter (where m.within and m.side = 'debit' and m.event <> 'tax_remitted'), 0)::bigint as returned,
                coalesce(sum(m.amount) filter (where m.within and m.event = 'tax_remitted'), 0)::bigint as remitted,
                sum(case m.side when 'credit' then m.amount else -m.amount end)::bigint as owed,
                count(distinct m.booking_id) filter (where m.within) as bookings,
                coalesce((select sum(b.check_out - b.check_in) from bookings b
                          where b.id in (select x.booking_id from moved x
                                         where x.jurisdiction = m.jurisdiction and x.currency = m.currency and x.within)), 0)::bigint as nights
         from moved m group by m.jurisdiction, m.currency order by m.jurisdiction, m.currency",
    )
    .bind(midnight(period.from))
    .bind(midnight(period.to))
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| {
            let money = |amount| Money::new(amount, row.currency);
            TaxReportRow {
                jurisdiction: row.jurisdiction,
                bookings: row.bookings,
                nights: row.nights,
                due: money(row.due),
                returned: money(row.returned),
                remitted: money(row.remitted),
                owed: money(row.owed),
            }
        })
        .collect())
}
