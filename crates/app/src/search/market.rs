//! What prices depend on beside the homes: fees and taxes.

use search_index::Market;

use crate::error::Result;
use crate::{App, pricing};

/// Fees and taxes in force, and those to come.
pub(super) async fn load(app: &App) -> Result<Market> {
    let (dated_fees, taxes) = (pricing::rules::all_fees(app).await?, pricing::rules::all_taxes(app).await?);
    Ok(Market { fees: pricing::default_fees(app), dated_fees, taxes })
}
