//! SQL of search: reads across slices; writes only the projection.

pub(super) mod feed;
pub(super) mod find;
pub(super) mod projection;

use domain::ids::ListingId;
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::Currency;
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
