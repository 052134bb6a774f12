//! SQL of search: reads across slices; writes only the projection.

pub(super) mod feed;
pub(super) mod find;
pub(super) mod projection;

use chrono::NaiveDate;
use domain::ids::ListingId;
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency};
use domain::taxes::{TaxBase, TaxKind, TaxRule};
use search_index::PlacedTax;
use sqlx::PgPool;

use super::cards::Card;
use crate::error::Result;

#[derive(sqlx::FromRow)]
struct CardRow {
    id: ListingId,
    title: String,
    room_type: RoomType,
    property_type: PropertyType,
    city: String,
    region: String,
    country: Option<String>,
    public_latitude_e7: i32,
    public_longitude_e7: i32,
    photo: Option<String>,
    thumbhash: Option<String>,
    rating_count: i32,
    rating_overall: Option<i32>,
    instant_book: bool,
    currency: Currency,
}

/// What is shown of homes, in the order of `ids`.
pub(super) async fn cards(db: &PgPool, ids: &[ListingId]) -> Result<Vec<Card>> {
    let rows: Vec<CardRow> = sqlx::query_as(
        "select l.id, l.title, l.room_type, l.property_type, l.city, l.region, l.country, l.public_latitude_e7, l.public_longitude_e7,
                coalesce(p.sizes ->> '640', p.sizes ->> 'jpeg') as photo, p.thumbhash, l.rating_count, l.rating_overall,
                l.booking_mode = 'instant' as instant_book, l.currency
         from unnest($1::uuid[]) with ordinality as wanted (id, place)
         join listings l on l.id = wanted.id
         left join photos p on p.listing_id = l.id and p.position = 0
         order by wanted.place",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    let card = |row: CardRow| Card {
        id: row.id,
        title: row.title,
        room_type: row.room_type,
        property_type: row.property_type,
        city: row.city,
        region: row.region,
        country: row.country,
        point: Point { latitude_e7: row.public_latitude_e7, longitude_e7: row.public_longitude_e7 },
        photo: row.photo,
        thumbhash: row.thumbhash,
        rating_count: row.rating_count,
        rating_overall: row.rating_overall,
        instant_book: row.instant_book,
        currency: row.currency,
    };
    Ok(rows.into_iter().map(card).collect())
}

#[derive(sqlx::FromRow)]
struct TaxRow {
    id: String,
    jurisdiction: String,
    label: String,
    country: String,
    region: Option<String>,
    city: Option<String>,
    kind: TaxKind,
    rate_bps: i32,
    amount: i64,
    currency: Option<Currency>,
    base: TaxBase,
    night_cap: Option<i32>,
    age_floor: Option<i32>,
    exempt_from_nights: Option<i32>,
    from_date: NaiveDate,
    to_date: Option<NaiveDate>,
}

impl From<TaxRow> for PlacedTax {
    fn from(row: TaxRow) -> Self {
        Self {
            country: row.country,
            region: row.region,
            city: row.city,
            currency: row.currency,
            rule: TaxRule {
                id: row.id,
                jurisdiction: row.jurisdiction,
                label: row.label,
                kind: row.kind,
                rate_bps: BasisPoints(row.rate_bps),
                amount: row.amount,
                base: row.base,
                night_cap: row.night_cap,
                age_floor: row.age_floor,
                exempt_from_nights: row.exempt_from_nights,
                from: row.from_date,
                to: row.to_date,
            },
        }
    }
}

/// Every tax of every place.
pub(super) async fn taxes(db: &PgPool) -> Result<Vec<PlacedTax>> {
    let rows: Vec<TaxRow> = sqlx::query_as("select * from tax_rules order by id").fetch_all(db).await?;
    Ok(rows.into_iter().map(PlacedTax::from).collect())
}
