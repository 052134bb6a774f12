//! Many listings at once: what lists and graphs of things link to. Who may see
//! what is decided here, for the whole batch.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::ids::{ListingId, UserId};
use domain::listings::{Arrival, Listing, ListingStatus};
use domain::page::Limit;

use super::{Photo, sql};
use crate::App;
use crate::error::Result;

/// Those of `ids` that the actor may see: published ones, and their own in any
/// state. The others are missing from the answer.
///
/// # Errors
/// When the database is out of reach.
pub async fn by_ids(app: &App, actor: &Actor, ids: &[ListingId]) -> Result<HashMap<ListingId, Listing>> {
    let rows = sql::batch::by_ids(&app.db, ids).await?;
    let seen = |listing: &Listing| listing.status == ListingStatus::Published || actor.is(listing.host_id) || actor.is_staff();
    Ok(rows.into_iter().filter(seen).map(|listing| (listing.id, listing)).collect())
}

/// The first `most` photographs of each listing, in order. Whoever calls has
/// found the listings visible.
///
/// # Errors
/// When the database is out of reach.
pub async fn photos_of(app: &App, ids: &[ListingId], most: i64) -> Result<HashMap<ListingId, Vec<Photo>>> {
    let mut all: HashMap<ListingId, Vec<Photo>> = HashMap::new();
    for (listing, photo) in sql::batch::photos(&app.db, ids, most).await? {
        all.entry(listing).or_default().push(photo);
    }
    Ok(all)
}

/// How to get into listings of the actor's own (staff: of anyone's); others are
/// missing from the answer.
///
/// # Errors
/// When the database is out of reach.
pub async fn arrivals(app: &App, actor: &Actor, ids: &[ListingId]) -> Result<HashMap<ListingId, Arrival>> {
    Ok(sql::batch::arrivals(&app.db, ids, actor.user_id(), actor.is_staff()).await?.into_iter().collect())
}

/// A page of each host's published homes, newest first, each after its own
/// place; one row more than the page holds where there is a next.
///
/// # Errors
/// When the database is out of reach.
pub async fn published_of_hosts(
    app: &App,
    wanted: &[(UserId, Option<ListingId>)],
    limit: Limit,
) -> Result<HashMap<(UserId, Option<ListingId>), Vec<Listing>>> {
    let mut pages: HashMap<_, Vec<Listing>> = wanted.iter().map(|key| (*key, Vec::new())).collect();
    for (at, listing) in sql::batch::published_of_hosts(&app.db, wanted, limit).await? {
        if let Some(page) = wanted.get(at).and_then(|key| pages.get_mut(key)) {
            page.push(listing);
        }
    }
    Ok(pages)
}
