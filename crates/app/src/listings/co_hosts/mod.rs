//! People who help a host: invited, accepted, limited to what they were given.
//! What an actor may do with a listing is decided here and asked by every
//! feature.

mod sql;

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::accounts::parse_email;
use domain::actor::Actor;
use domain::co_hosts::{Access, CoHostPermission, CoHostState};
use domain::ids::{CoHostId, ListingId, UserId};
use domain::listings::Listing;
use domain::money::{BasisPoints, Money};
use domain::payouts::PayoutShare;
use sqlx::PgConnection;

use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::tx::Tx;

/// Most people who help with one listing, invited ones included.
pub const MOST: usize = 10;

/// Somebody who helps with a listing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoHost {
    /// Which.
    pub id: CoHostId,
    /// With which listing.
    pub listing_id: ListingId,
    /// Where the invitation went.
    pub email: String,
    /// Who, once they have accepted.
    pub user_id: Option<UserId>,
    /// What they may do, and what is theirs.
    pub terms: CoHostTerms,
    /// Where the invitation stands.
    pub state: CoHostState,
    /// Since when.
    pub invited_at: DateTime<Utc>,
}

/// What a co-host may do, and what of each booking is theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CoHostTerms {
    /// What they may do.
    pub permission: CoHostPermission,
    /// Of what the host gets beside the cleaning fee.
    pub percent: BasisPoints,
    /// Minor units of the listing's currency, of each booking.
    pub fixed: i64,
    /// The cleaning fee.
    pub cleaning_fee: bool,
}

impl CoHostTerms {
    const fn earns(&self) -> bool {
        self.percent.0 > 0 || self.fixed > 0 || self.cleaning_fee
    }
}

/// How much `actor` may do with a listing of `host`.
pub(crate) async fn access(db: &mut PgConnection, actor: &Actor, listing: ListingId, host: UserId) -> Result<Access> {
    if actor.is(host) || actor.is_staff() {
        return Ok(Access::Host);
    }
    let Some(user) = actor.user_id() else { return Ok(Access::Public) };
    Ok(sql::permission(db, listing, user).await?.map_or(Access::Public, Access::from))
}

/// As [`access`], outside a transaction.
pub(crate) async fn access_of(app: &App, actor: &Actor, listing: &Listing) -> Result<Access> {
    // The host and strangers who are nobody need no look.
    if actor.is(listing.host_id) || actor.is_staff() || actor.user_id().is_none() {
        return Ok(if actor.is(listing.host_id) || actor.is_staff() { Access::Host } else { Access::Public });
    }
    access(&mut *app.db.acquire().await?, actor, listing.id, listing.host_id).await
}

/// What of each booking is whose, beside the host's: copied into bookings.
pub(crate) async fn shares_in(tx: &mut Tx, listing: ListingId) -> Result<Vec<PayoutShare>> {
    let active = sql::of_listing(tx, listing).await?;
    let share = |co_host: CoHost| {
        let CoHostTerms { percent, fixed, cleaning_fee, .. } = co_host.terms;
        co_host.user_id.filter(|_| co_host.terms.earns()).map(|co_host| PayoutShare { co_host, percent, fixed, cleaning_fee })
    };
    Ok(active.into_iter().filter(|co_host| co_host.state == CoHostState::Active).filter_map(share).collect())
}

/// Refuses what a co-host may not hand on: full access is the host's to give,
/// and so is money.
fn check_may_give(access: Access, terms: &CoHostTerms) -> Result<()> {
    match access {
        Access::Host => Ok(()),
        Access::Full if terms.permission != CoHostPermission::Full && !terms.earns() => Ok(()),
        Access::Full => Err(Error::forbidden("co_host_permission", "only the host gives full access and shares of payouts")),
        _ => Err(Error::NotFound("listing")),
    }
}

fn check_terms(terms: &CoHostTerms, others: &[CoHost]) -> Result<()> {
    let given: i32 = others.iter().map(|other| other.terms.percent.0).sum();
    error::check(|check| {
        check.range(terms.percent.0, "/payout/percent_bps", 0..=10_000);
        check.range(terms.fixed, "/payout/fixed_amount", 0..=Money::MAX_AMOUNT);
        check.that(
            terms.percent.0.saturating_add(given) <= 10_000,
            "/payout/percent_bps",
            "max",
            format!("others already get {} hundredths of a percent", given),
        );
        check.that(
            !terms.cleaning_fee || !others.iter().any(|other| other.terms.cleaning_fee),
            "/payout/cleaning_fee",
            "taken",
            "somebody else gets the cleaning fee",
        );
    })
}

/// A listing that the actor may at least edit, locked, with how much they may.
async fn edited_in(tx: &mut Tx, actor: &Actor, id: ListingId) -> Result<(Listing, Access)> {
    let listing = super::owned_in(tx, actor, id).await?;
    let access = access(tx, actor, id, listing.host_id).await?;
    Ok((listing, access))
}

/// Asks somebody to help with a listing. The answer is the same whether or not
/// the address is known here; they find the invitation when they log in.
///
/// # Errors
/// `409 already_invited`, `409 too_many_co_hosts`, `403 co_host_permission`, 422
/// with every mistake, 404 for strangers.
pub async fn invite(app: &App, actor: &Actor, listing: ListingId, email: &str, terms: CoHostTerms) -> Result<CoHost> {
    let inviter = accounts::require_verified(actor)?;
    let email = parse_email(email).map_err(|why| Error::invalid("/email", "email", why))?;
    let mut tx = app.begin().await?;
    let (listing, access) = edited_in(&mut tx, actor, listing).await?;
    check_may_give(access, &terms)?;
    let others = sql::of_listing(&mut tx, listing.id).await?;
    check_terms(&terms, &others)?;
    if accounts::contact(app, listing.host_id).await?.email.as_deref() == Some(email.as_str()) {
        return Err(Error::invalid("/email", "own_listing", "the host needs no invitation"));
    }
    if others.len() >= MOST {
        return Err(Error::conflict("too_many_co_hosts", format!("at most {MOST} people help with a listing")));
    }
    let co_host = CoHost {
        id: app.ids.next(&app.clock),
        listing_id: listing.id,
        email,
        user_id: None,
        terms,
        state: CoHostState::Invited,
        invited_at: tx.now(),
    };
    if !sql::insert(&mut tx, &co_host, inviter).await? {
        return Err(Error::conflict("already_invited", "this address has been invited already: change or end that invitation"));
    }
    events::publish_in(&mut tx, Event::CoHostInvited { co_host: co_host.id, listing: listing.id }).await?;
    tx.commit().await?;
    Ok(co_host)
}

/// Who helps with a listing, invited ones included: for the host and co-hosts
/// with full access.
///
/// # Errors
/// 404 for everybody else.
pub async fn list_of(app: &App, actor: &Actor, id: ListingId) -> Result<Vec<CoHost>> {
    accounts::require_user(actor)?;
    let listing = super::by_id(app, id).await?;
    if access_of(app, actor, &listing).await? < Access::Full {
        return Err(Error::NotFound("listing"));
    }
    sql::of_listing(&mut *app.db.acquire().await?, id).await
}

/// Changes what a co-host may do and what is theirs; of later bookings only.
///
/// # Errors
/// `403 co_host_permission`, 422 with every mistake, 404 for strangers.
pub async fn change(app: &App, actor: &Actor, listing: ListingId, id: CoHostId, terms: CoHostTerms) -> Result<CoHost> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (listing, access) = edited_in(&mut tx, actor, listing).await?;
    let mut others = sql::of_listing(&mut tx, listing.id).await?;
    let at = others.iter().position(|other| other.id == id).ok_or(Error::NotFound("co-host"))?;
    let mut co_host = others.remove(at);
    check_may_give(access, &co_host.terms)?;
    check_may_give(access, &terms)?;
    check_terms(&terms, &others)?;
    sql::set_terms(&mut tx, id, &terms).await?;
    tx.commit().await?;
    co_host.terms = terms;
    Ok(co_host)
}

/// Ends somebody's help; co-hosts may always leave themselves. What of earlier
/// bookings is theirs stays theirs.
///
/// # Errors
/// `403 co_host_permission`, 404 for strangers.
pub async fn end(app: &App, actor: &Actor, listing: ListingId, id: CoHostId) -> Result<()> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let co_host = sql::by_id(&mut tx, id).await?.filter(|co_host| co_host.listing_id == listing).ok_or(Error::NotFound("co-host"))?;
    if co_host.user_id != Some(user) {
        let (_, access) = edited_in(&mut tx, actor, listing).await?;
        check_may_give(access, &co_host.terms)?;
    }
    if !sql::finish(&mut tx, id, CoHostState::Ended).await? {
        return Err(Error::NotFound("co-host"));
    }
    tx.commit().await
}

/// Invitations of the actor's that wait for an answer, oldest first.
///
/// # Errors
/// `403 email_unverified`: an invitation goes to an address.
pub async fn invitations(app: &App, actor: &Actor) -> Result<Vec<CoHost>> {
    let user = accounts::require_verified(actor)?;
    sql::invitations(&app.db, user).await
}

/// Says yes or no to an invitation.
///
/// # Errors
/// 404 for invitations that are not (or no longer) the actor's.
pub async fn answer(app: &App, actor: &Actor, id: CoHostId, accept: bool) -> Result<CoHost> {
    let user = accounts::require_verified(actor)?;
    let mut tx = app.begin().await?;
    let mine = sql::invitations(&mut *tx, user).await?.into_iter().find(|invitation| invitation.id == id);
    let mut co_host = mine.ok_or(Error::NotFound("invitation"))?;
    let state = if accept { CoHostState::Active } else { CoHostState::Declined };
    if !sql::answer(&mut tx, id, accept.then_some(user), state).await? {
        return Err(Error::NotFound("invitation"));
    }
    tx.commit().await?;
    co_host.state = state;
    co_host.user_id = accept.then_some(user);
    Ok(co_host)
}

/// Those of `listings` with which a co-host has at least this access.
pub(crate) async fn helped(app: &App, user: UserId, listings: &[ListingId], least: Access) -> Result<HashSet<ListingId>> {
    let enough: Vec<CoHostPermission> =
        CoHostPermission::ALL.iter().copied().filter(|permission| Access::from(*permission) >= least).collect();
    sql::helped(&app.db, user, listings, &enough).await
}

/// Somebody has left the marketplace: they help nobody any more, and their
/// address is forgotten.
pub(crate) async fn forget_in(tx: &mut Tx, user: UserId) -> Result<()> {
    sql::forget(tx, user).await
}
