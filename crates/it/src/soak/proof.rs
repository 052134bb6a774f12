//! What must be true after any number of random lives, however often the
//! process died: nothing unbalanced, nothing lost, nothing twice.

use std::fmt;

use app::App;
use app::payments::ledger::verify::{Verdict, verify};
use app::payments::reconcile::{self, Run};
use chrono::{DateTime, Utc};
use domain::bookings::BookingState;

use super::cast;

/// The proof, to be printed.
pub struct Proof {
    /// Of the ledger.
    pub verdict: Verdict,
    /// Of the comparison with the provider.
    pub run: Run,
    /// Bookings by how they ended.
    pub states: Vec<(BookingState, i64)>,
    /// Ledger transactions that do not balance.
    pub unbalanced: i64,
    /// Charges of the provider that no payment knows, and agreed bookings without their money.
    pub lost: i64,
    /// Payments charged twice, refunds and payouts made twice, nights sold twice.
    pub double: i64,
    /// Jobs that gave up, by kind.
    pub dead: Vec<(String, i64)>,
}

impl Proof {
    /// Whether everything is right.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.verdict.fault.is_none()
            && self.run.differences.is_empty()
            && (self.unbalanced, self.lost, self.double) == (0, 0, 0)
            && self.dead.is_empty()
    }
}

impl fmt::Display for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states: Vec<String> = self.states.iter().map(|(state, count)| format!("{state} {count}")).collect();
        writeln!(f, "bookings: {}", states.join(", "))?;
        writeln!(f, "{} unbalanced, {} lost, {} double", self.unbalanced, self.lost, self.double)?;
        let seconds = self.verdict.reading.as_secs_f64().max(0.001);
        writeln!(
            f,
            "verify: {} transactions, {} entries in {seconds:.2} s, {:.0} entries/s: {}",
            self.verdict.transactions,
            self.verdict.entries,
            self.verdict.entries as f64 / seconds,
            self.verdict.fault.as_ref().map_or_else(|| "right".to_owned(), |fault| format!("FAULT ({}): {}", fault.check, fault.message))
        )?;
        for remark in &self.verdict.remarks {
            writeln!(f, "note: {remark}")?;
        }
        writeln!(f, "reconcile: {} records, {} differences", self.run.records, self.run.differences.len())?;
        for case in self.run.differences.iter().take(20) {
            writeln!(f, "  {} {} {}: {}", case.kind, case.record, case.reference, case.detail)?;
        }
        for (kind, count) in &self.dead {
            writeln!(f, "dead jobs: {kind} {count}")?;
        }
        Ok(())
    }
}

/// Looks at everything.
///
/// # Errors
/// When the database is out of reach.
pub async fn prove(app: &App, from: DateTime<Utc>) -> anyhow::Result<Proof> {
    let verdict = verify(app, None).await?;
    let run = reconcile::reconcile(app, from).await?;
    let unbalanced = sqlx::query_scalar(
        "select count(*) from (select 1 from ledger_entries group by transaction_id, currency
         having sum(case side when 'debit' then amount else -amount end) <> 0) as wrong",
    )
    .fetch_one(&app.db)
    .await?;
    let lost = sqlx::query_scalar(
        "select (select count(*) from sandbox_charges c where c.state = 'captured'
                   and not exists (select 1 from payments p where p.provider_reference = c.reference and p.captured = c.captured))
              + (select count(*) from bookings b where b.state in ('confirmed', 'completed', 'no_show') and b.total > 0
                   and not exists (select 1 from payments p where p.booking_id = b.id and p.captured > 0))
              + (select count(*) from sandbox_refunds r where r.state = 'succeeded'
                   and not exists (select 1 from payment_operations o where o.provider_reference = r.reference and o.state = 'succeeded'))
              + (select count(*) from sandbox_transfers s where s.state = 'paid'
                   and not exists (select 1 from payout_transfers t where t.provider_reference = s.reference and t.state = 'paid' and t.amount = s.amount))
              + (select count(*) from sandbox_charges c where c.state = 'authorized')",
    )
    .fetch_one(&app.db)
    .await?;
    let double = sqlx::query_scalar(
        "select (select count(*) from (select 1 from payments p join payment_operations o on o.payment_id = p.id and o.kind = 'authorize'
                   join sandbox_charges c on c.request_key = o.provider_key and c.state = 'captured' group by p.id having count(*) > 1) x)
              + (select count(*) from sandbox_charges where refunded > captured)
              + (select count(*) from payments where refunded > captured)
              + (select count(*) from (select 1 from sandbox_transfers where state <> 'failed' group by request_key having count(*) > 1) x)
              + (select count(*) from payouts where state in ('sent', 'paid') and transfer_id is null)
              + (select count(*) from occupancies a join occupancies b on a.listing_id = b.listing_id and a.id < b.id
                   and a.lane = 'booking' and b.lane = 'booking' and a.nights && b.nights)",
    )
    .fetch_one(&app.db)
    .await?;
    let dead =
        sqlx::query_as("select kind || ': ' || coalesce(last_error, ''), count(*) from jobs where status = 'dead' group by 1 order by 1")
            .fetch_all(&app.db)
            .await?;
    Ok(Proof { verdict, run, states: cast::states(app).await?, unbalanced, lost, double, dead })
}

/// Adds one minor unit to one entry, as somebody with the keys of the database
/// could, and sees whether verifying finds exactly that transaction; then puts
/// it back. The fault that was told.
///
/// # Errors
/// When it was not found, or the database is out of reach.
pub async fn tampering_is_found(app: &App) -> anyhow::Result<String> {
    let (id, line): (uuid::Uuid, i16) = sqlx::query_as(
        "select e.transaction_id, e.line from ledger_entries e order by e.transaction_id, e.line
         offset (select count(*) / 2 from ledger_entries) limit 1",
    )
    .fetch_one(&app.db)
    .await?;
    let change = |by: i64| async move {
        let mut tx = app.db.begin().await?;
        sqlx::raw_sql("alter table ledger_entries disable trigger append_only").execute(&mut *tx).await?;
        sqlx::query("update ledger_entries set amount = amount + $3 where transaction_id = $1 and line = $2")
            .bind(id)
            .bind(line)
            .bind(by)
            .execute(&mut *tx)
            .await?;
        sqlx::raw_sql("alter table ledger_entries enable trigger append_only").execute(&mut *tx).await?;
        tx.commit().await?;
        anyhow::Ok(())
    };
    change(1).await?;
    let verdict = verify(app, None).await?;
    change(-1).await?;
    let fault = verdict.fault.ok_or_else(|| anyhow::anyhow!("a changed entry was not found"))?;
    anyhow::ensure!(fault.check == "content" && fault.message.contains(&id.to_string()), "found something else: {fault:?}");
    anyhow::ensure!(verify(app, None).await?.fault.is_none(), "put back, it is still wrong");
    Ok(format!("({}) {}", fault.check, fault.message))
}
