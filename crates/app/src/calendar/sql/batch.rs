//! SQL of many listings' stay rules at once.

use std::collections::HashMap;

use domain::calendar::StayRules;
use domain::ids::ListingId;
use sqlx::PgPool;

use super::{RulesRow, SeasonRow};
use crate::error::Result;

#[derive(sqlx::FromRow)]
struct RulesOf {
    listing_id: ListingId,
    #[sqlx(flatten)]
    row: RulesRow,
}

#[derive(sqlx::FromRow)]
struct SeasonOf {
    listing_id: ListingId,
    #[sqlx(flatten)]
    row: SeasonRow,
}

/// The rules of those that have any of their own.
pub(in crate::calendar) async fn rules(db: &PgPool, ids: &[ListingId]) -> Result<Vec<(ListingId, StayRules)>> {
    let rows: Vec<RulesOf> = sqlx::query_as(
        "select r.*, exists (select 1 from rule_seasons s where s.listing_id = r.listing_id) as has_seasons
         from stay_rules r where listing_id = any($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    let with_seasons: Vec<ListingId> = rows.iter().filter(|row| row.row.has_seasons).map(|row| row.listing_id).collect();
    if with_seasons.is_empty() {
        return Ok(rows.into_iter().map(|row| (row.listing_id, row.row.rules(Vec::new()))).collect());
    }
    let seasons: Vec<SeasonOf> = sqlx::query_as(
        "select listing_id, lower(season) as from_date, upper(season) as to_date, min_nights, min_nights_weekday, max_nights,
                closed_to_arrival, closed_to_departure
         from rule_seasons where listing_id = any($1) order by listing_id, season",
    )
    .bind(with_seasons)
    .fetch_all(db)
    .await?;
    let mut own: HashMap<ListingId, Vec<SeasonRow>> = HashMap::new();
    for season in seasons {
        own.entry(season.listing_id).or_default().push(season.row);
    }
    Ok(rows.into_iter().map(|row| (row.listing_id, row.row.rules(own.remove(&row.listing_id).unwrap_or_default()))).collect())
}
