//! SQL that writes and checks `listing_search`. What a row should say stands in
//! the function `listing_search_rows` of the schema, and only there.

use chrono::NaiveDate;
use domain::ids::ListingId;
use sqlx::PgPool;

use crate::error::Result;
use crate::tx::Tx;

pub(in crate::search) async fn refresh(tx: &mut Tx, ids: &[ListingId], today: NaiveDate) -> Result<()> {
    sqlx::query("select refresh_listing_search($1, $2)").bind(ids).bind(today).execute(&mut **tx).await?;
    Ok(())
}

pub(in crate::search) async fn refresh_nights(tx: &mut Tx, ids: &[ListingId], today: NaiveDate) -> Result<()> {
    sqlx::query("select refresh_listing_search_nights($1, $2)").bind(ids).bind(today).execute(&mut **tx).await?;
    Ok(())
}

pub(in crate::search) async fn missing(db: &PgPool, limit: i64) -> Result<Vec<ListingId>> {
    Ok(sqlx::query_scalar(
        "select l.id from listings l where not exists (select 1 from listing_search s where s.listing_id = l.id) order by l.id limit $1",
    )
    .bind(limit)
    .fetch_all(db)
    .await?)
}

pub(in crate::search) async fn ids(db: &PgPool, after: Option<ListingId>, limit: i64) -> Result<Vec<ListingId>> {
    Ok(sqlx::query_scalar("select listing_id from listing_search where $1::uuid is null or listing_id > $1 order by listing_id limit $2")
        .bind(after)
        .bind(limit)
        .fetch_all(db)
        .await?)
}

/// A row beside the truth.
#[derive(sqlx::FromRow)]
pub(in crate::search) struct Comparison {
    pub listing_id: ListingId,
    pub first_day: NaiveDate,
    pub differs: bool,
}

/// Rows after an id, each compared with what it should say from its own first
/// day on.
pub(in crate::search) async fn compare(db: &PgPool, after: Option<ListingId>, limit: i64) -> Result<Vec<Comparison>> {
    Ok(sqlx::query_as(
        "select s.listing_id, s.first_day, to_jsonb(s) - 'xid' is distinct from to_jsonb(r) - 'xid' as differs
         from (select * from listing_search where $1::uuid is null or listing_id > $1 order by listing_id limit $2) s
         left join lateral listing_search_rows(array[s.listing_id], s.first_day + 8) r on true
         order by s.listing_id",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?)
}
