//! What the marketplace owes to tax authorities, read from the ledger.

use chrono::NaiveDate;
use domain::actor::Actor;
use domain::money::Money;

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{Error, Result};

/// Days of a report, UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TaxPeriod {
    /// First day.
    pub from: NaiveDate,
    /// First day after it.
    pub to: NaiveDate,
}

/// One jurisdiction in one currency.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxReportRow {
    /// To whom.
    pub jurisdiction: String,
    /// Stays whose tax has moved in the period.
    pub bookings: i64,
    /// Nights of these stays.
    pub nights: i64,
    /// What fell due in the period.
    pub due: Money,
    /// What was given back in the period, of stays called off later.
    pub returned: Money,
    /// What was passed on in the period.
    pub remitted: Money,
    /// What is owed at the period's end.
    pub owed: Money,
}

/// What was collected for each jurisdiction in a period.
///
/// # Errors
/// 422 for a period that ends before it starts, 401, 404 for all but staff.
pub async fn tax_report(app: &App, actor: &Actor, period: TaxPeriod) -> Result<Vec<TaxReportRow>> {
    accounts::require_marketplace(actor)?;
    if period.to <= period.from {
        return Err(Error::invalid("/to", "order", "a period ends after it starts"));
    }
    sql::tax_report(&app.db, period).await
}
