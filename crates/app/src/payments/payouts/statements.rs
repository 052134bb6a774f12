//! A host's month, from the book: what was earned, given back, kept for debts
//! and sent, with the balance before and after.

use chrono::{DateTime, Months, NaiveDate, NaiveTime, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, UserId};
use domain::money::{Currency, Money};

use super::{people, sql};
use crate::App;
use crate::error::{Error, Result};

/// A month with movements.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementMonth {
    /// Its first day.
    pub month: NaiveDate,
    /// In which currencies.
    pub currencies: Vec<Currency>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct MonthRow {
    pub month: NaiveDate,
    pub currencies: Vec<Currency>,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct EntryRow {
    pub at: Option<DateTime<Utc>>,
    pub event: Option<String>,
    pub booking_id: Option<BookingId>,
    pub code: Option<String>,
    pub title: Option<String>,
    pub currency: Currency,
    pub amount: i64,
}

/// One movement of a host's balance.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatementLine {
    /// When.
    pub at: DateTime<Utc>,
    /// The book's word for what happened, e.g. `earn`.
    pub event: String,
    /// The same for people.
    pub what: &'static str,
    /// From which booking.
    pub booking_id: Option<BookingId>,
    /// Its code.
    pub code: Option<String>,
    /// Its home, as booked.
    pub title: Option<String>,
    /// More to the host (positive) or less.
    pub amount: Money,
}

/// A host's month in one currency: opening + lines = closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Whose.
    pub host: UserId,
    /// Their name.
    pub host_name: String,
    /// First day of the month.
    pub month: NaiveDate,
    /// Owed to the host (less what they owed) at its beginning.
    pub opening: Money,
    /// Oldest first.
    pub lines: Vec<StatementLine>,
    /// The same at its end.
    pub closing: Money,
}

impl Statement {
    /// The sum of what raised the balance, or of what lowered it, without
    /// transfers to the host.
    #[must_use]
    pub fn earned(&self) -> Money {
        let earned = self.lines.iter().filter(|line| !line.event.starts_with("payout_")).map(|line| line.amount.amount).sum();
        Money::new(earned, self.opening.currency)
    }

    /// What was sent to the host, less what came back.
    #[must_use]
    pub fn sent(&self) -> Money {
        let sent: i64 = self.lines.iter().filter(|line| line.event.starts_with("payout_")).map(|line| line.amount.amount).sum();
        Money::new(-sent, self.opening.currency)
    }
}

fn what(event: &str) -> &'static str {
    match event {
        "earn" => "Stay",
        "cancel_before_earn" | "cancel_after_earn" => "Cancelled stay",
        "refund_before_earn" | "refund_after_earn" => "Given back to the guest",
        "host_cancellation_fee" => "Fee for calling off",
        "co_host_share" => "Co-host's share",
        "payout_started" => "Sent to you",
        "payout_failed" => "Came back",
        "transfer_reversed" => "Taken back from your account",
        "security_claim" => "Paid for damage",
        "dispute_lost" => "Disputed payment lost",
        "correction" => "Correction",
        _ => "Other",
    }
}

/// Months for which the actor has a statement, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn months(app: &App, actor: &Actor) -> Result<Vec<StatementMonth>> {
    let host = people::require_user(actor)?;
    let rows = sql::statement_months(&app.db, host).await?;
    Ok(rows.into_iter().map(|row| StatementMonth { month: row.month, currencies: row.currencies }).collect())
}

/// The actor's statements of a month (UTC), one a currency.
///
/// # Errors
/// 404 when nothing had happened by the end of that month, 401 when nobody is
/// logged in.
pub async fn statement(app: &App, actor: &Actor, month: NaiveDate) -> Result<Vec<Statement>> {
    let host = people::require_user(actor)?;
    let from = month.and_time(NaiveTime::MIN).and_utc();
    let until = (month + Months::new(1)).and_time(NaiveTime::MIN).and_utc();
    let rows = sql::statement_entries(&app.db, host, (from, until)).await?;
    let name = people::contact(app, host).await?.name;
    let mut all: Vec<Statement> = Vec::new();
    for row in rows {
        if !all.iter().any(|statement| statement.opening.currency == row.currency) {
            let zero = Money::zero(row.currency);
            all.push(Statement { host, host_name: name.clone(), month, opening: zero, lines: Vec::new(), closing: zero });
        }
        let Some(statement) = all.iter_mut().find(|statement| statement.opening.currency == row.currency) else { continue };
        let amount = Money::new(row.amount, row.currency);
        statement.closing = statement.closing.plus(amount)?;
        match (row.at, row.event) {
            (Some(at), Some(event)) => statement.lines.push(StatementLine {
                at,
                what: what(&event),
                event,
                booking_id: row.booking_id,
                code: row.code,
                title: row.title,
                amount,
            }),
            _ => statement.opening = amount,
        }
    }
    all.retain(|statement| !statement.lines.is_empty() || statement.opening.amount != 0);
    if all.is_empty() {
        return Err(Error::NotFound("statement"));
    }
    all.sort_by_key(|statement| statement.opening.currency.code());
    Ok(all)
}
