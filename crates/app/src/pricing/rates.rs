//! Exchange rates: brought in by date, read for showing prices in the reader's
//! currency.

use chrono::{DateTime, NaiveDate, Utc};
use domain::actor::Actor;
use domain::money::Currency;
use domain::rates::{Rate, RateTable};

use super::sql::rates as sql;
use crate::App;
use crate::accounts;
use crate::error::{Error, Result};
use crate::events::{self, Event};

/// Writes rates; one of the same pair and date is corrected. How many were new
/// or differed.
///
/// # Errors
/// 401, 404 for all but staff.
pub async fn import_rates(app: &App, actor: &Actor, rates: &[Rate], source: &str) -> Result<u64> {
    accounts::require_marketplace(actor)?;
    let mut tx = app.begin().await?;
    let changed = sql::upsert(&mut tx, rates, source).await?;
    if changed > 0 {
        events::publish_in(&mut tx, Event::PriceRulesChanged {}).await?;
    }
    tx.commit().await?;
    Ok(changed)
}

/// The newest rates up to today that concern `currency`.
///
/// # Errors
/// When the database is out of reach.
pub async fn rate_table(app: &App) -> Result<RateTable> {
    Ok(RateTable(sql::newest(&app.db, app.clock.now().date_naive()).await?))
}

/// The rate from a listing's currency to the reader's; `None` when they are the
/// same.
///
/// # Errors
/// `422 no_rate` when none is known.
pub async fn rate_to(app: &App, from: Currency, to: Currency) -> Result<Option<Rate>> {
    if from == to {
        return Ok(None);
    }
    let rate = rate_table(app).await?.rate(from, to);
    let missing = || Error::invalid("/display_currency", "no_rate", format!("no rate from {from} to {to} is known here"));
    rate.map(Some).ok_or_else(missing)
}

/// A rate as it was brought in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredRate {
    /// The rate.
    pub rate: Rate,
    /// Which file it came from.
    pub source: String,
    /// When.
    pub imported_at: DateTime<Utc>,
}

/// The newest rate of each pair up to `on` (today when absent).
///
/// # Errors
/// When the database is out of reach.
pub async fn rates(app: &App, on: Option<NaiveDate>) -> Result<Vec<StoredRate>> {
    sql::stored(&app.db, on.unwrap_or_else(|| app.clock.now().date_naive())).await
}
