//! Wishlists and saved searches. A list is its owner's alone; a share link lets
//! whoever has it read the list, without the owner's notes.

mod searches;
mod sql;

pub use searches::{NewSearch, TellOfNewHomes, delete_search, list_searches, save_search};

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{ListingId, UserId, WishlistId};
use domain::page::{Page, PageRequest};
use domain::wishlists::{MOST_LISTINGS, MOST_WISHLISTS, Wish, Wishlist, check_name};

use crate::App;
use crate::accounts::{self, Person};
use crate::error::{self, Error, Result};
use crate::listings;
use crate::search::{self, Hit};
use crate::tx::Tx;

/// A home on a list, as it is now; `None` when it is not to be had any more.
#[derive(Debug, Clone, PartialEq)]
pub struct WishedHome {
    /// What is kept.
    pub wish: Wish,
    /// The home.
    pub home: Option<Hit>,
}

/// Where a page of a list goes on.
pub type WishKey = (DateTime<Utc>, ListingId);

/// The actor's lists, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list(app: &App, actor: &Actor, page: PageRequest<WishlistId>) -> Result<Page<Wishlist>> {
    let rows = sql::of_owner(&app.db, accounts::require_user(actor)?, &page).await?;
    Ok(Page::cut(rows, page.limit, |list| list.id))
}

/// One of the actor's lists.
///
/// # Errors
/// 404 for others'.
pub async fn by_id(app: &App, actor: &Actor, id: WishlistId) -> Result<Wishlist> {
    let owner = accounts::require_user(actor)?;
    sql::by_id(&app.db, id).await?.filter(|list| list.owner_id == owner).ok_or(Error::NotFound("wishlist"))
}

/// Makes a list.
///
/// # Errors
/// 422 for a bad name, `409 too_many_wishlists` past 100.
pub async fn create(app: &App, actor: &Actor, name: &str) -> Result<Wishlist> {
    let owner = accounts::require_user(actor)?;
    let name = name.trim();
    error::check(|check| check_name(check, name))?;
    let mut tx = app.begin().await?;
    if sql::count(&mut tx, owner).await? >= MOST_WISHLISTS {
        return Err(Error::conflict("too_many_wishlists", format!("{MOST_WISHLISTS} lists are the most: delete one first")));
    }
    let id: WishlistId = app.ids.next(&app.clock);
    sql::insert(&mut tx, id, owner, name).await?;
    tx.commit().await?;
    by_id(app, actor, id).await
}

/// Renames a list, if it is still at `version`.
///
/// # Errors
/// 404 for others', 412 when it is not, 422 for a bad name.
pub async fn rename(app: &App, actor: &Actor, id: WishlistId, version: Option<i32>, name: &str) -> Result<Wishlist> {
    let name = name.trim();
    error::check(|check| check_name(check, name))?;
    let mut tx = app.begin().await?;
    let list = owned_in(&mut tx, actor, id).await?;
    if version.is_some_and(|version| version != list.version) {
        return Err(Error::Stale { current: list.version });
    }
    sql::rename(&mut tx, id, name).await?;
    tx.commit().await?;
    by_id(app, actor, id).await
}

async fn owned_in(tx: &mut Tx, actor: &Actor, id: WishlistId) -> Result<Wishlist> {
    let owner = accounts::require_user(actor)?;
    sql::locked(tx, id).await?.filter(|list| list.owner_id == owner).ok_or(Error::NotFound("wishlist"))
}

/// Deletes a list.
///
/// # Errors
/// 404 for others'.
pub async fn delete(app: &App, actor: &Actor, id: WishlistId) -> Result<()> {
    let mut tx = app.begin().await?;
    owned_in(&mut tx, actor, id).await?;
    sql::delete(&mut tx, id).await?;
    tx.commit().await
}

/// Puts a home on a list, or changes the note of one that is on it.
///
/// # Errors
/// 404 for others' lists and homes the actor may not see, `409 wishlist_full`
/// past 500, 422 for a note too long.
pub async fn put(app: &App, actor: &Actor, id: WishlistId, listing: ListingId, note: Option<&str>) -> Result<()> {
    let note = note.map(str::trim);
    error::check(|check| check.text(note.unwrap_or_default(), "/note", 0..=500))?;
    accounts::require_user(actor)?;
    listings::visible(app, actor, listing).await?;
    let mut tx = app.begin().await?;
    let list = owned_in(&mut tx, actor, id).await?;
    if list.count >= MOST_LISTINGS && !sql::contains(&mut tx, id, listing).await? {
        return Err(Error::conflict("wishlist_full", format!("{MOST_LISTINGS} homes are the most on one list")));
    }
    sql::put(&mut tx, id, listing, note).await?;
    tx.commit().await
}

/// Takes a home off a list; doing it twice is fine.
///
/// # Errors
/// 404 for others' lists.
pub async fn remove(app: &App, actor: &Actor, id: WishlistId, listing: ListingId) -> Result<()> {
    let mut tx = app.begin().await?;
    owned_in(&mut tx, actor, id).await?;
    sql::remove(&mut tx, id, listing).await?;
    tx.commit().await
}

/// The homes on one of the actor's lists, latest first.
///
/// # Errors
/// 404 for others' lists.
pub async fn homes(app: &App, actor: &Actor, id: WishlistId, page: PageRequest<WishKey>) -> Result<Page<WishedHome>> {
    by_id(app, actor, id).await?;
    homes_of(app, id, page).await
}

async fn homes_of(app: &App, id: WishlistId, page: PageRequest<WishKey>) -> Result<Page<WishedHome>> {
    let rows = sql::wishes(&app.db, id, &page).await?;
    let page = Page::cut(rows, page.limit, |wish| (wish.added_at, wish.listing_id));
    let ids: Vec<ListingId> = page.data.iter().map(|wish| wish.listing_id).collect();
    let mut homes = search::hits(app, &ids).await?;
    Ok(page.map(|wish| {
        let home = homes.iter().position(|home| home.id == wish.listing_id).map(|at| homes.swap_remove(at));
        WishedHome { wish, home }
    }))
}

/// On which of the actor's lists homes are: for hearts. Nobody has none.
///
/// # Errors
/// When the database is out of reach.
pub async fn kept(app: &App, actor: &Actor, listings: &[ListingId]) -> Result<Vec<(ListingId, WishlistId)>> {
    match actor.user_id() {
        Some(owner) => sql::kept(&app.db, owner, listings).await,
        None => Ok(Vec::new()),
    }
}

/// Gives a list a link by which others may read it; the same one until it is
/// taken back.
///
/// # Errors
/// 404 for others' lists.
pub async fn share(app: &App, actor: &Actor, id: WishlistId) -> Result<String> {
    use base64::Engine;
    let mut tx = app.begin().await?;
    let list = owned_in(&mut tx, actor, id).await?;
    if let Some(secret) = list.share_secret {
        return Ok(secret);
    }
    let secret = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(&app.ids.token()[..18]);
    sql::set_secret(&mut tx, id, Some(&secret)).await?;
    tx.commit().await?;
    Ok(secret)
}

/// Takes the link back: it leads nowhere from then on.
///
/// # Errors
/// 404 for others' lists.
pub async fn unshare(app: &App, actor: &Actor, id: WishlistId) -> Result<()> {
    let mut tx = app.begin().await?;
    owned_in(&mut tx, actor, id).await?;
    sql::set_secret(&mut tx, id, None).await?;
    tx.commit().await
}

/// A list that somebody has a link to, its owner and its homes. Notes are the
/// owner's own and left out.
///
/// # Errors
/// 404 for links that lead nowhere (any more).
pub async fn shared(app: &App, secret: &str, page: PageRequest<WishKey>) -> Result<(Wishlist, Person, Page<WishedHome>)> {
    let ours = !secret.is_empty() && secret.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'));
    let found = if ours { sql::by_secret(&app.db, secret).await? } else { None };
    let list = found.ok_or(Error::NotFound("wishlist"))?;
    let owner = accounts::people(app, &[list.owner_id]).await?.remove(&list.owner_id).ok_or(Error::NotFound("wishlist"))?;
    let homes = homes_of(app, list.id, page).await?.map(|mut home| {
        home.wish.note.clear();
        home
    });
    Ok((list, owner, homes))
}

/// Removes the lists and searches of somebody who leaves.
pub(crate) async fn forget_in(tx: &mut Tx, user: UserId) -> Result<()> {
    sql::forget(tx, user).await
}
