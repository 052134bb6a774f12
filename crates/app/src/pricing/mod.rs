//! What homes cost: tariffs, fees, taxes, and offers made of them. The price
//! itself is computed by [`domain::pricing::quote`] and nowhere else.

mod drafts;
mod quotes;
pub mod rates;
pub mod rules;
mod sql;

pub use drafts::{
    ImportedHome, ImportedPrices, ListingDraft, change_listing, create_listing, import_homes_in, publish, put_rules, put_tariff,
};
pub use quotes::{Offer, quote};
pub(crate) use quotes::{PriceSheet, altered_in, offer_in};

use std::collections::HashMap;

use domain::actor::Actor;
use domain::calendar::StayRules;
use domain::ids::ListingId;
use domain::listings::Listing;
use domain::pricing::{FeeRule, Fees, Tariff};

use crate::App;
use crate::error::{self, Result};
use crate::tx::Tx;
use crate::{calendar, listings};

/// A listing's prices; none while it is a draft without.
pub(crate) async fn of(app: &App, listing: ListingId) -> Result<Option<Tariff>> {
    sql::tariff(&mut *app.db.acquire().await?, listing).await
}

/// The prices of several listings; drafts without are missing. Whoever calls
/// has found the listings visible.
///
/// # Errors
/// When the database is out of reach.
pub async fn tariffs(app: &App, ids: &[ListingId]) -> Result<HashMap<ListingId, Tariff>> {
    Ok(sql::batch::tariffs(&app.db, ids).await?.into_iter().collect())
}

/// A listing's prices.
pub(crate) async fn tariff_in(tx: &mut Tx, listing: ListingId) -> Result<Option<Tariff>> {
    sql::tariff(tx, listing).await
}

/// Replaces a listing's prices.
pub(crate) async fn put_in(tx: &mut Tx, listing: ListingId, tariff: &Tariff) -> Result<()> {
    error::check(|check| tariff.check(check, "/pricing"))?;
    sql::put_tariff(tx, listing, tariff).await
}

/// The marketplace's fees where no rule says otherwise.
#[must_use]
pub fn default_fees(app: &App) -> Fees {
    let fees = &app.config.fees;
    Fees { guest_fee_bps: fees.guest_bps, host_fee_bps: fees.host_bps, host_fee_on_cancellation: FeeRule::Proportional }
}

/// A listing with its prices and rules, as the one who asks may see it.
///
/// # Errors
/// 404 for listings the actor may not see.
pub async fn terms_of(app: &App, actor: &Actor, id: ListingId) -> Result<(Listing, Option<Tariff>, StayRules)> {
    let listing = listings::visible(app, actor, id).await?;
    Ok((listing, of(app, id).await?, calendar::rules_of(app, id).await?))
}
