//! Homes: written by their hosts, published, paused, archived.
//!
//! A booking takes the listing's row `FOR SHARE`, whoever edits it `FOR UPDATE`:
//! so rules and bookings never pass each other unseen.

mod batch;
mod change;
pub mod co_hosts;
pub mod import;
pub mod photos;
pub mod place;
mod sql;

pub use batch::{arrivals, by_ids, photos_of, published_of_hosts};
pub use change::ListingChange;
pub(crate) use change::{change_in, create_in};
pub use photos::Photo;

use std::collections::HashMap;

use domain::actor::Actor;
use domain::co_hosts::Access;
use domain::ids::{ListingId, UserId};
use domain::listings::{Arrival, Listing, ListingStatus, transition};
use domain::page::{Page, PageRequest};

use crate::App;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::tx::Tx;
use crate::{accounts, places};

/// Something homes offer.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Amenity {
    /// In listings and search.
    pub code: String,
    /// For grouping.
    pub category: String,
    /// Names by language.
    pub labels: sqlx::types::Json<HashMap<String, String>>,
}

/// A listing that can be booked, locked against edits until the booking is
/// written.
pub(crate) async fn bookable_in(tx: &mut Tx, id: ListingId) -> Result<Listing> {
    let listing = sql::shared(tx, id).await?.ok_or(Error::NotFound("listing"))?;
    if listing.status == ListingStatus::Published { Ok(listing) } else { Err(Error::NotFound("listing")) }
}

/// A listing that the actor may edit, locked: their own, one they help with and
/// have full access to, or any for staff.
pub(crate) async fn owned_in(tx: &mut Tx, actor: &Actor, id: ListingId) -> Result<Listing> {
    let listing = sql::locked(tx, id).await?.ok_or(Error::NotFound("listing"))?;
    match co_hosts::access(tx, actor, id, listing.host_id).await? {
        Access::Full | Access::Host => Ok(listing),
        Access::Calendar | Access::Messages => {
            Err(Error::forbidden("co_host_permission", "you may look at this listing's calendar, not change it"))
        }
        Access::Public => Err(Error::NotFound("listing")),
    }
}

/// A listing whoever asks, locked against bookings and edits: for slices that
/// have checked that already.
pub(crate) async fn locked_in(tx: &mut Tx, id: ListingId) -> Result<Listing> {
    sql::locked(tx, id).await?.ok_or(Error::NotFound("listing"))
}

/// A listing whoever asks: for slices that have checked that already.
pub(crate) async fn by_id(app: &App, id: ListingId) -> Result<Listing> {
    sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("listing"))
}

/// A listing the actor may see: published ones, and in any state their own and
/// those they help with.
///
/// # Errors
/// 404 otherwise.
pub async fn visible(app: &App, actor: &Actor, id: ListingId) -> Result<Listing> {
    let listing = by_id(app, id).await?;
    let public = listing.status == ListingStatus::Published;
    if public || co_hosts::access_of(app, actor, &listing).await? > Access::Public { Ok(listing) } else { Err(Error::NotFound("listing")) }
}

/// Refuses an edit that was based on another version.
pub(crate) fn check_version(listing: &Listing, version: Option<i32>) -> Result<()> {
    match version {
        Some(version) if version != listing.version => Err(Error::Stale { current: listing.version }),
        _ => Ok(()),
    }
}

/// Counts a change of the listing or of what belongs to it; the new version.
pub(crate) async fn touch_in(tx: &mut Tx, id: ListingId) -> Result<i32> {
    let version = sql::touch(tx, id).await?;
    events::publish_in(tx, Event::ListingChanged { listing: id }).await?;
    Ok(version)
}

/// Takes over the rating that reviews have come to (hundredths of stars), and
/// with it the static part of the ranking.
pub(crate) async fn set_rating_in(tx: &mut Tx, id: ListingId, count: i32, overall: Option<i32>) -> Result<()> {
    sql::set_rating(tx, id, count, overall, relevance(count, overall)).await
}

/// The same for many: listing, count, mean.
pub(crate) async fn set_ratings_in(tx: &mut Tx, ratings: &[(ListingId, i32, Option<i32>)]) -> Result<()> {
    let ranked: Vec<_> = ratings.iter().map(|(id, count, overall)| (*id, *count, *overall, relevance(*count, *overall))).collect();
    sql::set_ratings(tx, &ranked).await
}

/// The static part of the ranking, in points: a rating that leans towards 4.50
/// as long as few have given it (as if ten more had given that), ×10.
#[must_use]
pub fn relevance(count: i32, overall: Option<i32>) -> i32 {
    let (count, overall) = (i64::from(count.max(0)), i64::from(overall.unwrap_or(450)));
    i32::try_from((overall * count + 450 * 10) * 10 / (count + 10)).unwrap_or(0)
}

/// How to get in.
pub(crate) async fn arrival(app: &App, id: ListingId) -> Result<Arrival> {
    sql::arrival(&app.db, id).await
}

/// Puts a listing into search, if nothing is missing; doing it twice is fine.
/// `has_price` is known by the pricing slice.
///
/// # Errors
/// 422 naming everything that is missing, `409 illegal_transition`, `403
/// email_unverified`, 404 for strangers.
pub(crate) async fn publish_in(tx: &mut Tx, actor: &Actor, id: ListingId, has_price: bool) -> Result<Listing> {
    let listing = owned_in(tx, actor, id).await?;
    if !actor.is_staff() {
        accounts::require_verified(actor)?;
    }
    set_status_in(tx, &listing, ListingStatus::Published).await?;
    let photos = sql::photo_count(tx, id).await?;
    let missing = listing.missing_for_publication(has_price, photos);
    if !missing.is_empty() {
        return Err(Error::Invalid(missing));
    }
    touch_in(tx, id).await?;
    Ok(listing)
}

async fn set_status_in(tx: &mut Tx, listing: &Listing, to: ListingStatus) -> Result<()> {
    let to = transition(listing.status, to).map_err(|why| Error::conflict("illegal_transition", why))?;
    if to == ListingStatus::Published {
        // What the row's own check demands is told by name below.
        if listing.point.is_none() || listing.time_zone.is_none() || listing.capacity == 0 {
            return Ok(());
        }
    }
    sql::set_status(tx, listing.id, to).await
}

/// Takes a listing out of search for a while.
///
/// # Errors
/// `409 illegal_transition`, 404 for strangers.
pub async fn pause(app: &App, actor: &Actor, id: ListingId) -> Result<()> {
    end_with(app, actor, id, (ListingStatus::Paused, None)).await
}

/// Takes a listing down for good; its bookings stand.
///
/// # Errors
/// 404 for strangers, `403 co_host_permission` for co-hosts, 412 when it is no longer at `version`.
pub async fn archive(app: &App, actor: &Actor, id: ListingId, version: Option<i32>) -> Result<()> {
    end_with(app, actor, id, (ListingStatus::Archived, version)).await
}

async fn end_with(app: &App, actor: &Actor, id: ListingId, (to, version): (ListingStatus, Option<i32>)) -> Result<()> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let listing = owned_in(&mut tx, actor, id).await?;
    if to == ListingStatus::Archived && !actor.is(listing.host_id) && !actor.is_staff() {
        return Err(Error::forbidden("co_host_permission", "only the host takes a listing down for good"));
    }
    check_version(&listing, version)?;
    set_status_in(&mut tx, &listing, to).await?;
    touch_in(&mut tx, id).await?;
    tx.commit().await
}

/// A host's own listings in any state and those they help with and may edit,
/// newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn of_host(app: &App, actor: &Actor, page: PageRequest<ListingId>) -> Result<Page<Listing>> {
    let host: UserId = accounts::require_user(actor)?;
    let rows = sql::of_host(&app.db, host, page.after, page.limit.with_next()).await?;
    Ok(Page::cut(rows, page.limit, |listing| listing.id))
}

/// What a list of public pages says of a home.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct PublicPage {
    /// Which.
    pub id: ListingId,
    /// Its title.
    pub title: String,
    /// When it last changed.
    pub updated_at: chrono::DateTime<chrono::Utc>,
}

/// Published homes for lists of pages, the oldest first; at most 49,000, which
/// is what fits into one sitemap beside other pages.
///
/// # Errors
/// When the database is out of reach.
pub async fn published(app: &App) -> Result<Vec<PublicPage>> {
    sql::published(&app.db, 49_000).await
}

/// Whether there are any homes at all, in any state.
///
/// # Errors
/// When the database is out of reach.
pub async fn any_exist(app: &App) -> Result<bool> {
    sql::any_exist(&app.db).await
}

/// Everything homes may offer, in order.
///
/// # Errors
/// When the database is out of reach.
pub async fn amenities(app: &App) -> Result<Vec<Amenity>> {
    sql::amenities(&app.db).await
}

/// Gives homes that name no part of their city the imported place they lie in.
/// Returns how many were given one.
///
/// # Errors
/// When the database is out of reach.
pub async fn fill_neighbourhoods(app: &App) -> Result<u64> {
    let (mut after, mut filled) = (None, 0);
    loop {
        let homes = sql::without_neighbourhood(&app.db, after, 500).await?;
        let Some((last, _)) = homes.last() else { return Ok(filled) };
        after = Some(*last);
        let mut tx = app.begin().await?;
        for (id, point) in homes {
            if let Some(name) = places::neighbourhood_at(app, point).await? {
                sql::set_neighbourhood(&mut tx, id, &name).await?;
                events::publish_in(&mut tx, Event::ListingChanged { listing: id }).await?;
                filled += 1;
            }
        }
        tx.commit().await?;
    }
}
