//! A listing written as a whole: its own fields, its prices and its rules in
//! one transaction. Lives here because it needs all three slices.

use domain::actor::Actor;
use domain::calendar::StayRules;
use domain::ids::ListingId;
use domain::listings::Listing;
use domain::money::BasisPoints;
use domain::pricing::{ExtraGuest, Tariff};

use super::{put_in, sql};
use crate::App;
use crate::error::Result;
use crate::listings::import::ImportedListing;
use crate::listings::{self, ListingChange};
use crate::tx::Tx;
use crate::{accounts, calendar, events};

/// What to write of a listing; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct ListingDraft {
    /// Its own fields.
    pub change: ListingChange,
    /// Its prices; their currency is the listing's.
    pub tariff: Option<Tariff>,
    /// Its stay rules.
    pub rules: Option<StayRules>,
}

async fn put_parts_in(tx: &mut Tx, listing: &Listing, tariff: Option<Tariff>, rules: Option<StayRules>) -> Result<()> {
    if let Some(tariff) = tariff {
        put_in(tx, listing.id, &Tariff { currency: listing.currency, ..tariff }).await?;
    }
    if let Some(rules) = rules {
        calendar::put_rules_in(tx, listing.id, &rules).await?;
    }
    Ok(())
}

/// Writes a new draft of the actor's.
///
/// # Errors
/// 401 when nobody is logged in, 422 with every mistake.
pub async fn create_listing(app: &App, actor: &Actor, draft: ListingDraft) -> Result<Listing> {
    let host = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let listing = listings::create_in(&mut tx, host, draft.change).await?;
    put_parts_in(&mut tx, &listing, draft.tariff, draft.rules).await?;
    tx.commit().await?;
    Ok(listing)
}

/// Changes a listing of the actor's that is still at `version`; returns it with
/// its new version.
///
/// # Errors
/// 412 when it is not, 422 with every mistake, 404 for strangers.
pub async fn change_listing(app: &App, actor: &Actor, id: ListingId, version: Option<i32>, draft: ListingDraft) -> Result<Listing> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let mut listing = listings::change_in(&mut tx, actor, id, version, draft.change).await?;
    put_parts_in(&mut tx, &listing, draft.tariff, draft.rules).await?;
    listing.version = listings::touch_in(&mut tx, id).await?;
    tx.commit().await?;
    Ok(listing)
}

/// Replaces a listing's prices; the listing's new version.
///
/// # Errors
/// 412, 422, 404 as [`change_listing`].
pub async fn put_tariff(app: &App, actor: &Actor, id: ListingId, version: Option<i32>, tariff: Tariff) -> Result<Listing> {
    change_listing(app, actor, id, version, ListingDraft { tariff: Some(tariff), ..ListingDraft::default() }).await
}

/// Replaces a listing's stay rules; the listing's new version.
///
/// # Errors
/// 412, 422, 404 as [`change_listing`].
pub async fn put_rules(app: &App, actor: &Actor, id: ListingId, version: Option<i32>, rules: StayRules) -> Result<Listing> {
    change_listing(app, actor, id, version, ListingDraft { rules: Some(rules), ..ListingDraft::default() }).await
}

/// Puts a listing into search.
///
/// # Errors
/// 422 naming everything that is missing, `409 illegal_transition`, `403
/// email_unverified`, 404 for strangers.
pub async fn publish(app: &App, actor: &Actor, id: ListingId) -> Result<()> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let has_price = sql::tariff(&mut tx, id).await?.is_some();
    listings::publish_in(&mut tx, actor, id, has_price).await?;
    tx.commit().await
}

/// A home of another platform with what its file says of prices and stays;
/// `None` leaves what is known.
#[derive(Debug, Clone)]
pub struct ImportedHome {
    /// The home itself.
    pub listing: ImportedListing,
    /// Its prices.
    pub prices: ImportedPrices,
    /// Fewest nights, 1–365.
    pub min_nights: Option<i32>,
    /// Most nights, 1–365.
    pub max_nights: Option<i32>,
}

/// Prices of an imported home in minor units of its currency, as far as the
/// file names them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of a tariff")]
pub struct ImportedPrices {
    pub nightly: Option<i64>,
    pub cleaning_fee: Option<i64>,
    pub extra_guest: Option<ExtraGuest>,
    pub weekly_discount: Option<BasisPoints>,
    pub monthly_discount: Option<BasisPoints>,
}

/// Writes imported homes with their prices and rules; gives back their ids in
/// order. What the file leaves out stays as it is.
///
/// # Errors
/// When the database is out of reach or a price is out of range.
pub async fn import_homes_in(tx: &mut Tx, source: &str, homes: &[ImportedHome]) -> Result<Vec<ListingId>> {
    let listings: Vec<ImportedListing> = homes.iter().map(|home| home.listing.clone()).collect();
    let (ids, mut changed) = listings::import::upsert_in(tx, source, &listings).await?;
    let prices: Vec<_> = ids.iter().copied().zip(homes.iter().map(|home| home.prices)).collect();
    changed.extend(sql::put_prices(tx, &prices).await?.into_iter().map(ListingId));
    let limits: Vec<_> = ids.iter().zip(homes).map(|(id, home)| (*id, home.min_nights, home.max_nights)).collect();
    changed.extend(calendar::import_limits_in(tx, &limits).await?.into_iter().map(ListingId));
    changed.sort_unstable();
    changed.dedup();
    events::listings_changed_in(tx, &changed).await?;
    Ok(ids)
}
