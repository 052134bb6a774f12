//! SQL that follows the projection.

use anyhow::Context;
use futures::TryStreamExt;
use sqlx::postgres::PgRow;
use sqlx::{PgConnection, Row, ValueRef};

use crate::search::rows::Projected;

/// The oldest transaction that is open in the statement's snapshot: all before
/// it have ended, and their rows are visible if they committed.
pub(in crate::search) async fn oldest_open(db: &mut PgConnection) -> anyhow::Result<u64> {
    let text: String = sqlx::query_scalar("select pg_snapshot_xmin(pg_current_snapshot())::text").fetch_one(db).await?;
    Ok(text.parse()?)
}

/// Rows written by transactions from `watermark` on, as far as they are visible,
/// and the oldest transaction open in the same snapshot.
pub(in crate::search) async fn since(db: &mut PgConnection, watermark: u64) -> anyhow::Result<(u64, Vec<Projected>)> {
    let mut oldest = None;
    let mut found = Vec::new();
    {
        let mut rows = sqlx::query(
            "with now as materialized (select pg_snapshot_xmin(pg_current_snapshot()) as oldest)
             select now.oldest, s.* from now left join listing_search s on s.xid >= $1::text::xid8",
        )
        .bind(watermark.to_string())
        .fetch(db);
        while let Some(row) = rows.try_next().await? {
            let fields = fields(&row)?;
            let (first, rest) = fields.split_first().context("a row without columns")?;
            let first = first.context("no snapshot")?;
            oldest = Some(u64::from_be_bytes(first.try_into()?));
            if rest.first().is_some_and(Option::is_some) {
                found.push(Projected::read(rest)?);
            }
        }
    }
    Ok((oldest.context("no snapshot")?, found))
}

/// The columns of a row as they came: PostgreSQL's binary form.
pub(in crate::search) fn fields(row: &PgRow) -> anyhow::Result<Vec<Option<&[u8]>>> {
    let mut fields = Vec::with_capacity(row.len());
    for n in 0..row.len() {
        let value = row.try_get_raw(n)?;
        let bytes = if value.is_null() { None } else { Some(value.as_bytes().map_err(|error| anyhow::anyhow!(error))?) };
        fields.push(bytes);
    }
    Ok(fields)
}
