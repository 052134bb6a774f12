//! The proof: reads the whole book from its entries, recomputes every hash,
//! link and sum, asks the invariants that tie it to bookings and provider, and
//! names the first row that does not fit.
//!
//! Everything is read in one snapshot, so that a marketplace at work can be
//! verified; nothing is written.

use std::time::Instant;

use anyhow::Context;
use chrono::{DateTime, Utc};
use domain::money::Currency;
use sqlx::{Connection, PgConnection};
use uuid::Uuid;

use super::seal::{GENESIS, Link, link};
use super::stream::{Row, Rows};
use super::{content, invariants};
use crate::App;
use crate::error::Result;

/// The first thing that does not fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Which check found it, e.g. `content`, `chain`, `balance`, `escrow`.
    pub check: &'static str,
    /// What is wrong and with which row, for people.
    pub message: String,
}

impl Fault {
    pub(super) fn new(check: &'static str, message: impl Into<String>) -> Self {
        Self { check, message: message.into() }
    }
}

/// What verifying has found.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Transactions read.
    pub transactions: u64,
    /// Entries read.
    pub entries: u64,
    /// Transactions that wait to be sealed; they are checked but for the chain.
    pub unsealed: u64,
    /// The end of the chain. Keep it elsewhere: it proves later that nothing
    /// before it was rewritten.
    pub head: Option<Link>,
    /// How long reading and hashing took.
    pub reading: std::time::Duration,
    /// What was not compared, and why.
    pub remarks: Vec<String>,
    /// The first fault; `None`: the book is right.
    pub fault: Option<Fault>,
}

/// Every transaction in the order of the chain, its entries after it. The text
/// columns stand on the first line only.
const CHAIN: &str = "select c.sequence, c.transaction_id, e.line, e.account_id, e.side, e.amount, e.currency,
    case when coalesce(e.line, 1) = 1 then c.hash end, case when coalesce(e.line, 1) = 1 then t.key end,
    case when coalesce(e.line, 1) = 1 then t.event end, case when coalesce(e.line, 1) = 1 then t.booking_id end,
    case when coalesce(e.line, 1) = 1 then t.reverses end, case when coalesce(e.line, 1) = 1 then t.note end,
    t.occurred_at, case when coalesce(e.line, 1) = 1 then t.content_hash end
    from ledger_chain c left join ledger_transactions t on t.id = c.transaction_id left join ledger_entries e on e.transaction_id = t.id
    where c.sequence >= {from} order by c.sequence, e.line";

/// The same of what waits to be sealed.
const UNSEALED: &str = "select 0::bigint, u.transaction_id, e.line, e.account_id, e.side, e.amount, e.currency, null::bytea,
    case when coalesce(e.line, 1) = 1 then t.key end, case when coalesce(e.line, 1) = 1 then t.event end,
    case when coalesce(e.line, 1) = 1 then t.booking_id end, case when coalesce(e.line, 1) = 1 then t.reverses end,
    case when coalesce(e.line, 1) = 1 then t.note end, t.occurred_at, case when coalesce(e.line, 1) = 1 then t.content_hash end
    from ledger_unsealed u left join ledger_transactions t on t.id = u.transaction_id left join ledger_entries e on e.transaction_id = t.id
    order by u.transaction_id, e.line";

/// Verifies the book; with `since` only what was sealed from then on, trusting
/// the link before it.
///
/// # Errors
/// When the database is out of reach. What is wrong with the book is no error
/// but the verdict.
pub async fn verify(app: &App, since: Option<DateTime<Utc>>) -> Result<Verdict> {
    let mut connection = app.db.acquire().await?;
    let mut tx = connection.begin().await?;
    // Index order from end to end: no sort of the whole book, whatever its size.
    sqlx::raw_sql(
        "set transaction isolation level repeatable read read only; set local statement_timeout = 0;
         set local idle_in_transaction_session_timeout = 0; set local enable_hashjoin = off; set local enable_mergejoin = off;
         set local max_parallel_workers_per_gather = 0; set local jit = off",
    )
    .execute(&mut *tx)
    .await?;
    let started = Instant::now();
    let mut reader = Reader::default();
    let before = before(&mut tx, since).await?;
    reader.previous.clone_from(&before.hash);
    reader.sequence = before.sequence;
    let chain = CHAIN.replace("{from}", &(before.sequence + 1).to_string());
    let mut fault = reader.read(&mut tx, &chain, true).await?;
    let head = (reader.sequence > 0).then(|| Link { sequence: reader.sequence, hash: reader.previous.clone() });
    let sealed = reader.transactions;
    if fault.is_none() {
        fault = reader.read(&mut tx, UNSEALED, false).await?;
    }
    let reading = started.elapsed();
    sqlx::raw_sql("set local enable_hashjoin = on; set local enable_mergejoin = on; set local work_mem = '64MB'").execute(&mut *tx).await?;
    let mut remarks = Vec::new();
    if fault.is_none() {
        fault = invariants::check(&mut tx, since.is_none().then_some((reader.transactions, reader.entries))).await?;
    }
    if fault.is_none() {
        fault = invariants::check_provider(app, &mut tx, &mut remarks).await?;
    }
    Ok(Verdict {
        transactions: reader.transactions,
        entries: reader.entries,
        unsealed: reader.transactions - sealed,
        head,
        reading,
        remarks,
        fault,
    })
}

/// The link after which reading begins.
async fn before(tx: &mut PgConnection, since: Option<DateTime<Utc>>) -> Result<Link> {
    let genesis = Link { sequence: 0, hash: GENESIS.to_vec() };
    let Some(since) = since else { return Ok(genesis) };
    let last: Option<Link> =
        sqlx::query_as("select sequence, hash from ledger_chain where sealed_at < $1 order by sealed_at desc, sequence desc limit 1")
            .bind(since)
            .fetch_optional(tx)
            .await?;
    Ok(last.unwrap_or(genesis))
}

/// A transaction as it is being read.
struct Open {
    sequence: i64,
    id: Uuid,
    key: String,
    stored_link: Vec<u8>,
    stored_content: Vec<u8>,
    lines: i16,
    /// Debits minus credits; almost always one currency.
    sums: Vec<([u8; 3], i128)>,
}

#[derive(Default)]
struct Reader {
    previous: Vec<u8>,
    sequence: i64,
    transactions: u64,
    entries: u64,
    text: Vec<u8>,
}

impl Reader {
    /// Reads transactions with their entries; the first fault.
    async fn read(&mut self, tx: &mut PgConnection, query: &str, chained: bool) -> anyhow::Result<Option<Fault>> {
        let mut rows = Rows::open(tx, query).await?;
        let mut open: Option<Open> = None;
        let mut fault = None;
        while let Some(mut row) = rows.next().await? {
            // Read to the end all the same: the connection is used again.
            if fault.is_some() {
                continue;
            }
            fault = self.take(&mut row, &mut open, chained)?;
        }
        if fault.is_none()
            && let Some(last) = open
        {
            fault = self.close(&last, chained);
        }
        Ok(fault)
    }

    fn take(&mut self, row: &mut Row<'_>, open: &mut Option<Open>, chained: bool) -> anyhow::Result<Option<Fault>> {
        let (sequence, id) = (row.int8()?, row.uuid()?);
        let line = row.field()?;
        let entry = (row.optional_uuid()?, row.field()?, row.field()?, row.field()?);
        if open.as_ref().is_none_or(|open| open.id != id || open.sequence != sequence) {
            if let Some(done) = open.take()
                && let Some(fault) = self.close(&done, chained)
            {
                return Ok(Some(fault));
            }
            match self.begin(row, sequence, id)? {
                Ok(begun) => *open = Some(begun),
                Err(fault) => return Ok(Some(fault)),
            }
        }
        let Some(open) = open.as_mut() else { return Ok(None) };
        let (Some(line), (Some(account), Some(side), Some(amount), Some(currency))) = (line, entry) else {
            return Ok(Some(Fault::new("entries", format!("{} has no entries", name(open)))));
        };
        let number = i16::from_be_bytes(line.try_into()?);
        open.lines += 1;
        if number != open.lines {
            return Ok(Some(Fault::new("entries", format!("{} has no line {}: an entry is gone", name(open), open.lines))));
        }
        let amount = i64::from_be_bytes(amount.try_into()?);
        let signed = if side == b"debit" { i128::from(amount) } else { -i128::from(amount) };
        let code: [u8; 3] = currency.try_into().context("a currency has three letters")?;
        match open.sums.iter_mut().find(|(known, _)| *known == code) {
            Some((_, sum)) => *sum += signed,
            None => open.sums.push((code, signed)),
        }
        let (side, currency) = (std::str::from_utf8(side)?, std::str::from_utf8(currency)?);
        content::push(&mut self.text, number, &content::Line { account, side, amount, currency });
        self.entries += 1;
        Ok(None)
    }

    /// A transaction's own columns, from its first row.
    fn begin(&mut self, row: &mut Row<'_>, sequence: i64, id: Uuid) -> anyhow::Result<std::result::Result<Open, Fault>> {
        let stored_link = row.field()?.unwrap_or_default().to_vec();
        let Some(key) = row.field()? else {
            return Ok(Err(Fault::new("chain", format!("link {sequence} seals transaction {id}, which is gone"))));
        };
        let key = std::str::from_utf8(key)?;
        let event = row.text()?;
        let (booking, reverses) = (row.optional_uuid()?, row.optional_uuid()?);
        let note = row.text()?;
        let micros = row.micros()?;
        content::begin(&mut self.text, &content::Head { id, key, event, booking, reverses, note, micros });
        self.transactions += 1;
        let stored_content = row.bytes()?.to_vec();
        Ok(Ok(Open { sequence, id, key: key.to_owned(), stored_link, stored_content, lines: 0, sums: Vec::with_capacity(1) }))
    }

    /// All entries of a transaction are there: its content, balance and link.
    fn close(&mut self, open: &Open, chained: bool) -> Option<Fault> {
        let content = content::hash_of(&self.text);
        if content.as_slice() != open.stored_content {
            return Some(Fault::new(
                "content",
                format!("{} is not what was posted: its row or one of its entries was changed", name(open)),
            ));
        }
        if let Some((code, difference)) = open.sums.iter().find(|(_, sum)| *sum != 0) {
            let code = String::from_utf8_lossy(code);
            return Some(Fault::new(
                "balance",
                format!("{} does not balance in {code}: debits exceed credits by {difference}", name(open)),
            ));
        }
        if !chained {
            return None;
        }
        if open.sequence != self.sequence + 1 {
            return Some(Fault::new("chain", format!("link {} is gone: {} follows link {}", self.sequence + 1, name(open), self.sequence)));
        }
        let hash = link(&self.previous, &content);
        if hash.as_slice() != open.stored_link {
            return Some(Fault::new("chain", format!("{} does not follow from link {}", name(open), self.sequence)));
        }
        self.previous = hash.to_vec();
        self.sequence = open.sequence;
        None
    }
}

fn name(open: &Open) -> String {
    if open.sequence > 0 {
        format!("transaction {} ({}), link {}", open.id, open.key, open.sequence)
    } else {
        format!("transaction {} ({}), not yet sealed", open.id, open.key)
    }
}

/// An amount as faults tell it.
pub(super) fn money(amount: i64, currency: &str) -> String {
    currency
        .parse::<Currency>()
        .map_or_else(|_| format!("{amount} {currency}"), |currency| domain::money::Money::new(amount, currency).to_string())
}
