//! The book: writes balanced postings, once per business event, and reads
//! balances as sums of entries. The database refuses changes, imbalance and
//! accounts below nothing; [`seal`] chains what was written, [`verify`] proves
//! it.

mod content;
mod invariants;
pub mod seal;
mod standing;
mod stream;
pub mod verify;

pub(crate) use standing::{GoesBack, Happening, Promise, divide_in, promise_back_in, standing_in};

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, LedgerTransactionId};
use domain::ledger::{self, Account, EntrySide, Posting};
use domain::money::{Currency, Money};
use domain::payments::{Applied, Payment};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

use super::Operation;
use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// The id of an account: a hash of its key, so that nobody looks it up and a
/// renamed account shows. `ledger_account_id` in SQL is the same.
pub(super) fn account_id(key: &str, currency: Currency) -> Uuid {
    let hash = Sha256::new().chain_update(key).chain_update(" ").chain_update(currency.code()).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&hash[..16]);
    Uuid::from_bytes(id)
}

/// The entries of a posting as columns.
#[derive(Default)]
struct Columns {
    ids: Vec<Uuid>,
    keys: Vec<String>,
    grows: Vec<&'static str>,
    floored: Vec<bool>,
    sides: Vec<&'static str>,
    amounts: Vec<i64>,
    currencies: Vec<&'static str>,
}

impl Columns {
    fn of(posting: &Posting) -> Self {
        let mut columns = Self::default();
        for entry in &posting.entries {
            let (key, kind, currency) = (entry.account.to_string(), entry.account.kind(), entry.amount.currency);
            columns.ids.push(account_id(&key, currency));
            columns.keys.push(key);
            columns.grows.push(kind.normal_side().as_str());
            columns.floored.push(kind.floor_is_enforced());
            columns.sides.push(entry.side.as_str());
            columns.amounts.push(entry.amount.amount);
            columns.currencies.push(currency.code());
        }
        columns
    }

    fn lines(&self) -> impl Iterator<Item = content::Line<'_>> {
        (0..self.ids.len()).map(|at| content::Line {
            account: self.ids[at],
            side: self.sides[at],
            amount: self.amounts[at],
            currency: self.currencies[at],
        })
    }
}

/// Writes a posting; one that was written under this key before is left as it
/// is. It is one statement: the accounts (new ones are opened), the
/// transaction, its entries and its place in the queue to be sealed.
///
/// # Errors
/// When the key was used for a different posting: a fault of ours.
pub(crate) async fn post_in(tx: &mut Tx, posting: &Posting, booking: Option<BookingId>) -> Result<Applied> {
    let app = tx.app();
    let now = tx.now();
    let id: LedgerTransactionId = app.ids.next(&app.clock);
    let columns = Columns::of(posting);
    let head = content::Head {
        id: id.0,
        key: &posting.key,
        event: posting.event.as_str(),
        booking: booking.map(|booking| booking.0),
        reverses: posting.reverses.map(|reversed| reversed.0),
        note: &posting.note,
        micros: now.timestamp_micros(),
    };
    let hash = content::hash(&head, columns.lines());
    let fresh: i64 = sqlx::query_scalar(
        "with accounts as (
             insert into ledger_accounts (id, key, currency, side, floored)
             select * from unnest($8::uuid[], $9::text[], $10::text[], $11::text[], $12::boolean[]) on conflict do nothing
         ), fresh as (
             insert into ledger_transactions (id, key, event, booking_id, reverses, note, occurred_at, content_hash)
             values ($1, $2, $3, $4, $5, $6, $7, $15) on conflict (key) do nothing returning id
         ), entries as (
             insert into ledger_entries (transaction_id, line, account_id, side, amount, currency)
             select fresh.id, e.line::smallint, e.account_id, e.side, e.amount, e.currency
             from fresh, unnest($8::uuid[], $13::text[], $14::bigint[], $10::text[]) with ordinality as e (account_id, side, amount, currency, line)
         ), queued as (
             insert into ledger_unsealed (transaction_id) select id from fresh
         )
         select count(*) from fresh",
    )
    .bind(id)
    .bind(&posting.key)
    .bind(posting.event.as_str())
    .bind(booking)
    .bind(posting.reverses)
    .bind(&posting.note)
    .bind(now)
    .bind(&columns.ids)
    .bind(&columns.keys)
    .bind(&columns.currencies)
    .bind(&columns.grows)
    .bind(&columns.floored)
    .bind(&columns.sides)
    .bind(&columns.amounts)
    .bind(hash.as_slice())
    .fetch_one(&mut **tx)
    .await?;
    if fresh == 1 { Ok(Applied::Executed) } else { same_as_before(tx, posting, &columns).await }
}

/// A posting whose key is known must say what it said then.
async fn same_as_before(tx: &mut Tx, posting: &Posting, columns: &Columns) -> Result<Applied> {
    let stored: Vec<(Uuid, String, i64, String)> = sqlx::query_as(
        "select e.account_id, e.side, e.amount, e.currency from ledger_transactions t join ledger_entries e on e.transaction_id = t.id
         where t.key = $1 order by e.line",
    )
    .bind(&posting.key)
    .fetch_all(&mut **tx)
    .await?;
    let same = stored.len() == columns.ids.len()
        && columns.lines().zip(&stored).all(|(line, (account, side, amount, currency))| {
            line.account == *account && line.side == side && line.amount == *amount && line.currency == currency
        });
    if same {
        return Ok(Applied::Already);
    }
    Err(Error::Internal(anyhow::anyhow!("the posting {} was written before with other entries", posting.key)))
}

pub(super) fn fault(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("ledger: {error}"))
}

/// The guest's money has come in.
pub(super) async fn post_capture_in(tx: &mut Tx, payment: &Payment) -> Result<()> {
    let amount = Money::new(payment.captured, payment.amount.currency);
    if amount.amount == 0 {
        return Ok(());
    }
    let posting = ledger::capture(payment.id, payment.booking_id, amount).map_err(fault)?;
    post_in(tx, &posting, Some(payment.booking_id)).await?;
    Ok(())
}

/// Money has gone back to the guest.
pub(super) async fn post_refund_in(tx: &mut Tx, payment: &Payment, operation: &Operation) -> Result<()> {
    let posting = ledger::refund_paid(operation.id, payment.booking_id, operation.amount).map_err(fault)?;
    post_in(tx, &posting, Some(payment.booking_id)).await?;
    Ok(())
}

/// What stands on an account: credits minus debits, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, FromRow)]
pub struct Balance {
    /// The account's key, e.g. `host_payable:<user>`.
    pub account: String,
    /// Of the amount.
    pub currency: Currency,
    /// Credits minus debits.
    pub balance: i64,
}

/// Every account's balance, summed from the entries.
///
/// # Errors
/// When the database is out of reach.
pub async fn balances(app: &App) -> Result<Vec<Balance>> {
    Ok(sqlx::query_as(
        "select a.key as account, a.currency, sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint as balance
         from ledger_entries e join ledger_accounts a on a.id = e.account_id
         group by a.key, a.currency order by a.key, a.currency",
    )
    .fetch_all(&app.db)
    .await?)
}

/// What stands on one account, on the side on which it grows, as this
/// transaction sees it. Whoever decides by it holds a lock under which the
/// account changes (the payment's, the host's).
pub(crate) async fn balance_in(tx: &mut Tx, account: &Account, currency: Currency) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select coalesce(sum(case e.side when $2 then e.amount else -e.amount end), 0)::bigint from ledger_entries e where e.account_id = $1",
    )
    .bind(account_id(&account.to_string(), currency))
    .bind(account.kind().normal_side())
    .fetch_one(&mut **tx)
    .await?)
}

/// A posting as staff read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transaction {
    /// Which.
    pub id: LedgerTransactionId,
    /// The business event's own name.
    pub key: String,
    /// What happened.
    pub event: String,
    /// The posting that this one undoes.
    pub reverses: Option<LedgerTransactionId>,
    /// A word to auditors.
    pub note: String,
    /// When.
    pub occurred_at: DateTime<Utc>,
    /// Its number in the chain, once it is sealed.
    pub sequence: Option<i64>,
    /// Debits and credits.
    pub entries: Vec<BookedEntry>,
}

/// An entry as staff read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BookedEntry {
    /// The account's key.
    pub account: String,
    /// Which side.
    pub side: EntrySide,
    /// How much.
    pub amount: Money,
}

#[derive(FromRow)]
struct BookedRow {
    id: LedgerTransactionId,
    key: String,
    event: String,
    reverses: Option<LedgerTransactionId>,
    note: String,
    occurred_at: DateTime<Utc>,
    sequence: Option<i64>,
    account: String,
    side: EntrySide,
    amount: i64,
    currency: Currency,
}

/// Every posting about a booking, oldest first.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn of_booking(app: &App, actor: &Actor, booking: BookingId) -> Result<Vec<Transaction>> {
    if !actor.is_staff() {
        return Err(Error::NotFound("booking"));
    }
    let rows: Vec<BookedRow> = sqlx::query_as(
        "select t.id, t.key, t.event, t.reverses, t.note, t.occurred_at, c.sequence, a.key as account, e.side, e.amount, e.currency
         from ledger_transactions t join ledger_entries e on e.transaction_id = t.id join ledger_accounts a on a.id = e.account_id
         left join ledger_chain c on c.transaction_id = t.id
         where t.booking_id = $1 order by t.id, e.line",
    )
    .bind(booking)
    .fetch_all(&app.db)
    .await?;
    let mut transactions: Vec<Transaction> = Vec::new();
    for row in rows {
        let entry = BookedEntry { account: row.account, side: row.side, amount: Money::new(row.amount, row.currency) };
        match transactions.last_mut().filter(|last| last.id == row.id) {
            Some(last) => last.entries.push(entry),
            None => transactions.push(Transaction {
                id: row.id,
                key: row.key,
                event: row.event,
                reverses: row.reverses,
                note: row.note,
                occurred_at: row.occurred_at,
                sequence: row.sequence,
                entries: vec![entry],
            }),
        }
    }
    Ok(transactions)
}
