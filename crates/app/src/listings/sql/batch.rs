//! SQL of many listings at once.

use domain::ids::{ListingId, UserId};
use domain::listings::{Arrival, Listing};
use domain::page::Limit;
use sqlx::PgPool;

use super::Row;
use crate::error::Result;
use crate::listings::Photo;

pub(in crate::listings) async fn by_ids(db: &PgPool, ids: &[ListingId]) -> Result<Vec<Listing>> {
    let rows: Vec<Row> = sqlx::query_as("select * from listings where id = any($1)").bind(ids).fetch_all(db).await?;
    Ok(rows.into_iter().map(Listing::from).collect())
}

#[derive(sqlx::FromRow)]
struct PhotoOf {
    listing_id: ListingId,
    #[sqlx(flatten)]
    photo: Photo,
}

pub(in crate::listings) async fn photos(db: &PgPool, ids: &[ListingId], most: i64) -> Result<Vec<(ListingId, Photo)>> {
    let rows: Vec<PhotoOf> = sqlx::query_as(
        "select p.listing_id, p.id, p.caption, p.hash, p.width, p.height, p.thumbhash, p.sizes
         from unnest($1::uuid[]) as wanted (id)
         cross join lateral (select * from photos where listing_id = wanted.id order by position limit $2) p
         order by p.listing_id, p.position",
    )
    .bind(ids)
    .bind(most)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.listing_id, row.photo)).collect())
}

#[derive(sqlx::FromRow)]
struct ArrivalOf {
    id: ListingId,
    #[sqlx(flatten)]
    arrival: Arrival,
}

pub(in crate::listings) async fn arrivals(
    db: &PgPool,
    ids: &[ListingId],
    owner: Option<UserId>,
    anyone: bool,
) -> Result<Vec<(ListingId, Arrival)>> {
    let rows: Vec<ArrivalOf> = sqlx::query_as(
        "select l.id, coalesce(a.instructions, '') as instructions, coalesce(a.door_code, '') as door_code,
                coalesce(a.wifi_name, '') as wifi_name, coalesce(a.wifi_password, '') as wifi_password
         from listings l left join listing_arrivals a on a.listing_id = l.id
         where l.id = any($1) and (l.host_id = $2 or $3)",
    )
    .bind(ids)
    .bind(owner)
    .bind(anyone)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.arrival)).collect())
}

#[derive(sqlx::FromRow)]
struct Placed {
    place: i64,
    #[sqlx(flatten)]
    row: Row,
}

/// Published homes of each host after its place; `listings_by_host` serves it.
pub(in crate::listings) async fn published_of_hosts(
    db: &PgPool,
    wanted: &[(UserId, Option<ListingId>)],
    limit: Limit,
) -> Result<Vec<(usize, Listing)>> {
    let (hosts, after): (Vec<UserId>, Vec<Option<ListingId>>) = wanted.iter().copied().unzip();
    let rows: Vec<Placed> = sqlx::query_as(
        "select wanted.place, l.*
         from unnest($1::uuid[], $2::uuid[]) with ordinality as wanted (host_id, after, place)
         cross join lateral (
             select * from listings where host_id = wanted.host_id and status = 'published' and (wanted.after is null or id < wanted.after)
             order by id desc limit $3
         ) l
         order by wanted.place, l.id desc",
    )
    .bind(hosts)
    .bind(after)
    .bind(limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|placed| (usize::try_from(placed.place - 1).unwrap_or(usize::MAX), placed.row.into())).collect())
}
