//! SQL of wishlists and saved searches.

use chrono::{DateTime, Utc};
use domain::ids::{ListingId, SavedSearchId, UserId, WishlistId};
use domain::page::PageRequest;
use domain::wishlists::{SavedSearch, Wish, Wishlist};
use sqlx::PgPool;
use sqlx::types::Json;

use super::WishKey;
use crate::error::Result;
use crate::search::Filters;
use crate::tx::Tx;

/// Somebody's lists, newest first; `wishlists_by_owner` serves it.
pub(super) async fn of_owner(db: &PgPool, owner: UserId, page: &PageRequest<WishlistId>) -> Result<Vec<Wishlist>> {
    Ok(sqlx::query_as(
        "select w.id, w.owner_id, w.name, w.share_secret, w.version, w.created_at, w.updated_at,
                (select count(*) from wishlist_listings l where l.wishlist_id = w.id) as count
         from wishlists w where w.owner_id = $1 and ($2::uuid is null or w.id < $2) order by w.id desc limit $3",
    )
    .bind(owner)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(super) async fn by_id(db: &PgPool, id: WishlistId) -> Result<Option<Wishlist>> {
    Ok(sqlx::query_as(
        "select w.id, w.owner_id, w.name, w.share_secret, w.version, w.created_at, w.updated_at,
                (select count(*) from wishlist_listings l where l.wishlist_id = w.id) as count
         from wishlists w where w.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn by_secret(db: &PgPool, secret: &str) -> Result<Option<Wishlist>> {
    Ok(sqlx::query_as(
        "select w.id, w.owner_id, w.name, w.share_secret, w.version, w.created_at, w.updated_at,
                (select count(*) from wishlist_listings l where l.wishlist_id = w.id) as count
         from wishlists w where w.share_secret = $1",
    )
    .bind(secret)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn locked(tx: &mut Tx, id: WishlistId) -> Result<Option<Wishlist>> {
    Ok(sqlx::query_as(
        "select w.id, w.owner_id, w.name, w.share_secret, w.version, w.created_at, w.updated_at,
                (select count(*) from wishlist_listings l where l.wishlist_id = w.id) as count
         from wishlists w where w.id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?)
}

pub(super) async fn count(tx: &mut Tx, owner: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from wishlists where owner_id = $1").bind(owner).fetch_one(&mut **tx).await?)
}

pub(super) async fn insert(tx: &mut Tx, id: WishlistId, owner: UserId, name: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query("insert into wishlists (id, owner_id, name, created_at, updated_at) values ($1, $2, $3, $4, $4)")
        .bind(id)
        .bind(owner)
        .bind(name)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn rename(tx: &mut Tx, id: WishlistId, name: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query("update wishlists set name = $2, version = version + 1, updated_at = $3 where id = $1")
        .bind(id)
        .bind(name)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn set_secret(tx: &mut Tx, id: WishlistId, secret: Option<&str>) -> Result<()> {
    sqlx::query("update wishlists set share_secret = $2 where id = $1").bind(id).bind(secret).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn delete(tx: &mut Tx, id: WishlistId) -> Result<()> {
    sqlx::query("delete from wishlists where id = $1").bind(id).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn contains(tx: &mut Tx, id: WishlistId, listing: ListingId) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from wishlist_listings where wishlist_id = $1 and listing_id = $2)")
        .bind(id)
        .bind(listing)
        .fetch_one(&mut **tx)
        .await?)
}

/// Puts a home on a list; without a note the one there is stays.
pub(super) async fn put(tx: &mut Tx, id: WishlistId, listing: ListingId, note: Option<&str>) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into wishlist_listings (wishlist_id, listing_id, note, added_at) values ($1, $2, coalesce($3, ''), $4)
         on conflict (wishlist_id, listing_id) do update set note = coalesce($3, wishlist_listings.note)",
    )
    .bind(id)
    .bind(listing)
    .bind(note)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    touch(tx, id).await
}

pub(super) async fn remove(tx: &mut Tx, id: WishlistId, listing: ListingId) -> Result<()> {
    sqlx::query("delete from wishlist_listings where wishlist_id = $1 and listing_id = $2")
        .bind(id)
        .bind(listing)
        .execute(&mut **tx)
        .await?;
    touch(tx, id).await
}

async fn touch(tx: &mut Tx, id: WishlistId) -> Result<()> {
    let now = tx.now();
    sqlx::query("update wishlists set updated_at = $2 where id = $1").bind(id).bind(now).execute(&mut **tx).await?;
    Ok(())
}

/// The homes on a list, latest first; `wishlist_listings_in_order` serves it.
pub(super) async fn wishes(db: &PgPool, id: WishlistId, page: &PageRequest<WishKey>) -> Result<Vec<Wish>> {
    Ok(sqlx::query_as(
        "select listing_id, note, added_at from wishlist_listings
         where wishlist_id = $1 and ($2::timestamptz is null or (added_at, listing_id) < ($2, $3))
         order by added_at desc, listing_id desc limit $4",
    )
    .bind(id)
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(super) async fn kept(db: &PgPool, owner: UserId, listings: &[ListingId]) -> Result<Vec<(ListingId, WishlistId)>> {
    Ok(sqlx::query_as(
        "select l.listing_id, l.wishlist_id from wishlist_listings l join wishlists w on w.id = l.wishlist_id
         where l.listing_id = any($2) and w.owner_id = $1",
    )
    .bind(owner)
    .bind(listings)
    .fetch_all(db)
    .await?)
}

pub(super) async fn searches(db: &PgPool, owner: UserId, page: &PageRequest<SavedSearchId>) -> Result<Vec<SavedSearch>> {
    Ok(sqlx::query_as(
        "select id, owner_id, name, query, notify, seen_until, created_at from saved_searches
         where owner_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(owner)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(super) async fn search_count(tx: &mut Tx, owner: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from saved_searches where owner_id = $1").bind(owner).fetch_one(&mut **tx).await?)
}

pub(super) async fn insert_search(tx: &mut Tx, search: &SavedSearch, filters: &Filters) -> Result<()> {
    sqlx::query(
        "insert into saved_searches (id, owner_id, name, query, filters, notify, seen_until, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(search.id)
    .bind(search.owner_id)
    .bind(&search.name)
    .bind(&search.query)
    .bind(Json(filters))
    .bind(search.notify)
    .bind(search.seen_until)
    .bind(search.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn delete_search(tx: &mut Tx, owner: UserId, id: SavedSearchId) -> Result<bool> {
    let done = sqlx::query("delete from saved_searches where id = $1 and owner_id = $2").bind(id).bind(owner).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

#[derive(sqlx::FromRow)]
struct NotifyRow {
    #[sqlx(flatten)]
    search: SavedSearch,
    filters: Json<Filters>,
}

/// Searches whose owners want to be told, in the order of their ids.
pub(super) async fn to_notify(db: &PgPool, after: Option<SavedSearchId>) -> Result<Vec<(SavedSearch, Filters)>> {
    let rows: Vec<NotifyRow> = sqlx::query_as(
        "select id, owner_id, name, query, filters, notify, seen_until, created_at from saved_searches
         where notify and ($1::uuid is null or id > $1) order by id limit 100",
    )
    .bind(after)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.search, row.filters.0)).collect())
}

pub(super) async fn seen_until(db: &PgPool, id: SavedSearchId, until: DateTime<Utc>) -> Result<()> {
    sqlx::query("update saved_searches set seen_until = $2 where id = $1").bind(id).bind(until).execute(db).await?;
    Ok(())
}

/// Those of some homes that were published within a span.
pub(super) async fn published_between(
    db: &PgPool,
    listings: &[ListingId],
    after: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<Vec<(ListingId, String)>> {
    Ok(sqlx::query_as(
        "select id, title from listings where id = any($1) and published_at > $2 and published_at <= $3 order by published_at desc",
    )
    .bind(listings)
    .bind(after)
    .bind(until)
    .fetch_all(db)
    .await?)
}

pub(super) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("delete from wishlists where owner_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from saved_searches where owner_id = $1").bind(user).execute(&mut **tx).await?;
    Ok(())
}
