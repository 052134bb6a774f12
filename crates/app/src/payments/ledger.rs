//! The book: writes balanced postings, once per business event, and reads
//! balances as sums of entries. The database refuses changes and imbalance.

use domain::ids::{BookingId, LedgerTransactionId};
use domain::ledger::{self, Posting};
use domain::money::{Currency, Money};
use domain::payments::{Applied, Payment};
use sha2::{Digest, Sha256};

use super::Operation;
use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// Writes a posting; one that was written under this key before is left as it
/// is. Accounts are taken in the order of their keys, so that postings to the
/// same accounts never wait for each other in a circle.
///
/// # Errors
/// When the key was used for a different posting: a fault of ours.
pub(crate) async fn post_in(tx: &mut Tx, posting: &Posting, booking: Option<BookingId>) -> Result<Applied> {
    let app = tx.app();
    let now = tx.now();
    let content: [u8; 32] = Sha256::digest(serde_json::to_vec(posting)?).into();
    let id: LedgerTransactionId = app.ids.next(&app.clock);
    let fresh = sqlx::query(
        "insert into ledger_transactions (id, key, event, booking_id, content_hash, occurred_at)
         values ($1, $2, $3, $4, $5, $6) on conflict (key) do nothing",
    )
    .bind(id)
    .bind(&posting.key)
    .bind(posting.event.as_str())
    .bind(booking)
    .bind(content.as_slice())
    .bind(now)
    .execute(&mut **tx)
    .await?
    .rows_affected()
        == 1;
    if !fresh {
        let stored: Vec<u8> = sqlx::query_scalar("select content_hash from ledger_transactions where key = $1")
            .bind(&posting.key)
            .fetch_one(&mut **tx)
            .await?;
        if stored != content {
            return Err(Error::Internal(anyhow::anyhow!("the posting {} was written before with other entries", posting.key)));
        }
        return Ok(Applied::Already);
    }
    for (line, entry) in (1_i32..).zip(&posting.entries) {
        let account = account_in(tx, &entry.account.to_string(), entry.amount.currency).await?;
        sqlx::query(
            "insert into ledger_entries (transaction_id, line, account_id, side, amount, currency) values ($1, $2, $3, $4, $5, $6)",
        )
        .bind(id)
        .bind(line)
        .bind(account)
        .bind(entry.side.as_str())
        .bind(entry.amount.amount)
        .bind(entry.amount.currency)
        .execute(&mut **tx)
        .await?;
    }
    Ok(Applied::Executed)
}

/// The number of an account, opening it at its first posting. Looked up before
/// it is inserted: an upsert would lock the platform's own accounts on every
/// posting.
async fn account_in(tx: &mut Tx, key: &str, currency: Currency) -> Result<i64> {
    for _ in 0..2 {
        let found: Option<i64> = sqlx::query_scalar("select id from ledger_accounts where key = $1 and currency = $2")
            .bind(key)
            .bind(currency)
            .fetch_optional(&mut **tx)
            .await?;
        if let Some(id) = found {
            return Ok(id);
        }
        sqlx::query("insert into ledger_accounts (key, currency) values ($1, $2) on conflict do nothing")
            .bind(key)
            .bind(currency)
            .execute(&mut **tx)
            .await?;
    }
    Err(Error::Busy(format!("the ledger account {key} is being opened")))
}

fn fault(error: impl std::fmt::Display) -> Error {
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
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
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
