//! SQL of imported places.

use chrono::{DateTime, Utc};
use domain::listings::Point;
use gazetteer::{Kind, Place};
use search_index::Area;
use sqlx::PgPool;
use sqlx::types::Json;
use uuid::Uuid;

use super::{NewPlace, Outline};
use crate::error::Result;
use crate::tx::Tx;

/// When a place was last written, and how many there are.
pub(super) async fn state(db: &PgPool) -> Result<(Option<DateTime<Utc>>, i64)> {
    Ok(sqlx::query_as("select max(updated_at), count(*) from places").fetch_one(db).await?)
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    kind: String,
    name: String,
    other_names: Vec<String>,
    country: Option<String>,
    west_e7: i32,
    south_e7: i32,
    east_e7: i32,
    north_e7: i32,
    outline: Json<Outline>,
    population: i64,
}

/// Every imported place, with its name and outline.
pub(super) async fn all(db: &PgPool) -> Result<Vec<(Place, (String, Outline))>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, kind, name, other_names, country, west_e7, south_e7, east_e7, north_e7, outline, population from places order by id",
    )
    .fetch_all(db)
    .await?;
    Ok(rows
        .into_iter()
        .map(|row| (row.name.clone(), row))
        .map(|(name, mut row)| {
            let outline = std::mem::take(&mut row.outline.0);
            (place(row), (name, outline))
        })
        .collect())
}

fn place(row: Row) -> Place {
    let turn = 3_600_000_000_i64;
    let width = (i64::from(row.east_e7) - i64::from(row.west_e7)).rem_euclid(turn);
    let middle = (i64::from(row.west_e7) + width / 2 + turn / 2).rem_euclid(turn) - turn / 2;
    Place {
        id: format!("place:{}", row.id),
        kind: match row.kind.as_str() {
            "country" => Kind::Country,
            "city" => Kind::City,
            _ => Kind::Neighbourhood,
        },
        name: row.name,
        other_names: row.other_names,
        country: row.country.unwrap_or_default(),
        division: String::new(),
        centre: Point { latitude_e7: row.south_e7 / 2 + row.north_e7 / 2, longitude_e7: i32::try_from(middle).unwrap_or(0) },
        area: Area::Box { west: row.west_e7, south: row.south_e7, east: row.east_e7, north: row.north_e7 },
        population: u32::try_from(row.population).unwrap_or(u32::MAX),
    }
}

/// Writes a place; false when nothing about it has changed.
pub(super) async fn put(tx: &mut Tx, source: &str, new: &NewPlace, area: Area) -> Result<bool> {
    let Area::Box { west, south, east, north } = area else { return Ok(false) };
    let app = tx.app();
    let now = tx.now();
    let id: Uuid = app.ids.next(&app.clock);
    let done = sqlx::query(
        "insert into places as p
            (id, source, external_id, kind, name, other_names, country, west_e7, south_e7, east_e7, north_e7, outline, population, updated_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
         on conflict (source, external_id) do update set kind = excluded.kind, name = excluded.name, other_names = excluded.other_names,
             country = excluded.country, west_e7 = excluded.west_e7, south_e7 = excluded.south_e7, east_e7 = excluded.east_e7,
             north_e7 = excluded.north_e7, outline = excluded.outline, population = excluded.population, updated_at = excluded.updated_at
         where (p.kind, p.name, p.other_names, p.country, p.outline, p.population)
             is distinct from (excluded.kind, excluded.name, excluded.other_names, excluded.country, excluded.outline, excluded.population)",
    )
    .bind(id)
    .bind(source)
    .bind(&new.external_id)
    .bind(new.kind.as_str())
    .bind(new.name.trim())
    .bind(&new.other_names)
    .bind(&new.country)
    .bind(west)
    .bind(south)
    .bind(east)
    .bind(north)
    .bind(Json(&new.outline))
    .bind(new.population)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}
