//! `roost ledger verify` and `roost payments reconcile`: the proofs an operator
//! can ask for at any time.

use app::App;
use app::payments::ledger::{seal, verify};
use app::payments::reconcile;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use clap::Subcommand;

/// What can be asked of the book.
#[derive(Subcommand)]
pub enum LedgerCommand {
    /// Recompute every hash, link and sum, and what ties the book to bookings
    /// and provider; name the first fault. Exit code 1 when there is one.
    Verify {
        /// Only what was sealed from then on: a date or an RFC 3339 instant.
        #[arg(long, value_parser = instant)]
        since: Option<DateTime<Utc>>,
        /// A point of the chain kept from an earlier run (`number:hash`): fail
        /// unless the chain still passes through it.
        #[arg(long)]
        through: Option<String>,
    },
    /// Chain what was posted since the last time, without waiting for the job.
    Seal,
}

/// What can be asked about the provider.
#[derive(Subcommand)]
pub enum PaymentsCommand {
    /// Compare the provider's books with ours and print what does not agree.
    /// Exit code 1 when something does not.
    Reconcile {
        /// From when on: a date or an RFC 3339 instant; three days back when absent.
        #[arg(long, value_parser = instant)]
        since: Option<DateTime<Utc>>,
    },
}

fn instant(text: &str) -> Result<DateTime<Utc>, String> {
    if let Ok(date) = text.parse::<NaiveDate>() {
        return Ok(date.and_time(chrono::NaiveTime::MIN).and_utc());
    }
    DateTime::parse_from_rfc3339(text)
        .map(|at| at.with_timezone(&Utc))
        .map_err(|_| format!("{text:?} is neither a date (2030-01-31) nor an instant (2030-01-31T12:00:00Z)"))
}

/// `1,234,567`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let head = digits.len() % 3;
    let mut text = digits[..head].to_owned();
    for (at, digit) in digits[head..].char_indices() {
        if at % 3 == 0 && !text.is_empty() {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// Runs a `ledger` command; the exit code.
pub async fn ledger(app: &App, command: LedgerCommand) -> anyhow::Result<u8> {
    match command {
        LedgerCommand::Seal => {
            println!("{} transactions sealed.", grouped(seal::seal(app).await?));
            Ok(0)
        }
        LedgerCommand::Verify { since, through } => {
            let verdict = verify::verify(app, since).await?;
            let millis = u64::try_from(verdict.reading.as_millis()).unwrap_or(u64::MAX).max(1);
            let rate = verdict.entries.saturating_mul(1000) / millis;
            println!(
                "{} transactions with {} entries read in {}.{:03} s: {} entries/s",
                grouped(verdict.transactions),
                grouped(verdict.entries),
                millis / 1000,
                millis % 1000,
                grouped(rate)
            );
            if verdict.unsealed > 0 {
                println!("{} of them wait to be sealed", grouped(verdict.unsealed));
            }
            if let Some(head) = &verdict.head {
                println!("the chain ends at {head}");
            }
            for remark in &verdict.remarks {
                println!("note: {remark}");
            }
            if let Some(fault) = &verdict.fault {
                println!("FAULT ({}): {}", fault.check, fault.message);
                return Ok(1);
            }
            if let Some(point) = through
                && !seal::passes_through(app, &point).await?
            {
                println!("FAULT (chain): the chain does not pass through {point}: what was sealed before has been rewritten");
                return Ok(1);
            }
            println!("the ledger is right");
            Ok(0)
        }
    }
}

/// Runs a `payments` command; the exit code.
pub async fn payments(app: &App, command: PaymentsCommand) -> anyhow::Result<u8> {
    let PaymentsCommand::Reconcile { since } = command;
    let from = since.unwrap_or_else(|| app.clock.now() - TimeDelta::days(3));
    let run = reconcile::reconcile(app, from).await?;
    println!(
        "{} records of {} from {} until {} compared",
        grouped(run.records),
        app.provider.name(),
        run.from.to_rfc3339(),
        run.until.to_rfc3339()
    );
    for case in &run.differences {
        let booking = case.booking_id.map(|id| format!(" (booking {id})")).unwrap_or_default();
        println!("{:16} {} {}: {}{booking}", case.kind, case.record, case.reference, case.detail);
    }
    match run.differences.len() {
        0 => println!("provider and ledger agree"),
        1 => println!("1 difference; staff settle it under /admin/reconciliation/cases"),
        count => println!("{count} differences; staff settle them under /admin/reconciliation/cases"),
    }
    Ok(u8::from(!run.differences.is_empty()))
}
