//! SQL of many tariffs at once.

use domain::ids::ListingId;
use domain::pricing::Tariff;
use sqlx::PgPool;

use super::TariffRow;
use crate::error::Result;

#[derive(sqlx::FromRow)]
struct TariffOf {
    listing_id: ListingId,
    #[sqlx(flatten)]
    row: TariffRow,
}

/// Those that have a price.
pub(in crate::pricing) async fn tariffs(db: &PgPool, ids: &[ListingId]) -> Result<Vec<(ListingId, Tariff)>> {
    let rows: Vec<TariffOf> =
        sqlx::query_as("select t.*, l.currency from tariffs t join listings l on l.id = t.listing_id where t.listing_id = any($1)")
            .bind(ids)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.listing_id, row.row.tariff()?))).collect())
}
