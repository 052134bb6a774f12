//! SQL of listings, their arrival notes and photographs.

use chrono::{DateTime, NaiveTime, Utc};
use domain::cancellation::PolicyName;
use domain::ids::{ListingId, PhotoId, UserId};
use domain::listings::{
    Address, Arrival, Beds, BookingMode, CheckInMethod, HouseRules, Listing, ListingStatus, Point, PropertyType, RoomType,
};
use domain::money::Currency;
use sqlx::PgPool;
use sqlx::types::Json;

pub(super) mod batch;

use super::{Amenity, Photo};
use crate::error::Result;
use crate::tx::Tx;

mod import;

pub(super) use import::{by_source_locked, insert_sources, put_many, set_ratings};

#[derive(sqlx::FromRow)]
struct Row {
    id: ListingId,
    host_id: UserId,
    status: ListingStatus,
    title: String,
    description: String,
    property_type: PropertyType,
    room_type: RoomType,
    capacity: i32,
    bedrooms: i32,
    beds: i32,
    bathrooms_halves: i32,
    bed_types: Json<Vec<Beds>>,
    amenities: Vec<String>,
    house_rules: Json<HouseRules>,
    licence: String,
    currency: Currency,
    time_zone: Option<String>,
    booking_mode: BookingMode,
    cancellation_policy: PolicyName,
    check_in_from: NaiveTime,
    check_in_until: Option<NaiveTime>,
    check_out_until: NaiveTime,
    check_in_method: CheckInMethod,
    line1: String,
    line2: String,
    city: String,
    region: String,
    postal_code: String,
    country: Option<String>,
    neighbourhood: String,
    latitude_e7: Option<i32>,
    longitude_e7: Option<i32>,
    public_latitude_e7: Option<i32>,
    public_longitude_e7: Option<i32>,
    version: i32,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    published_at: Option<DateTime<Utc>>,
}

fn point(latitude_e7: Option<i32>, longitude_e7: Option<i32>) -> Option<Point> {
    Some(Point { latitude_e7: latitude_e7?, longitude_e7: longitude_e7? })
}

impl From<Row> for Listing {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            host_id: row.host_id,
            status: row.status,
            title: row.title,
            description: row.description,
            property_type: row.property_type,
            room_type: row.room_type,
            capacity: row.capacity,
            bedrooms: row.bedrooms,
            beds: row.beds,
            bathrooms_halves: row.bathrooms_halves,
            bed_types: row.bed_types.0,
            amenities: row.amenities,
            house_rules: row.house_rules.0,
            licence: row.licence,
            currency: row.currency,
            time_zone: row.time_zone.and_then(|name| name.parse().ok()),
            booking_mode: row.booking_mode,
            cancellation_policy: row.cancellation_policy,
            check_in_from: row.check_in_from,
            check_in_until: row.check_in_until,
            check_out_until: row.check_out_until,
            check_in_method: row.check_in_method,
            address: Address {
                line1: row.line1,
                line2: row.line2,
                city: row.city,
                region: row.region,
                postal_code: row.postal_code,
                country: row.country,
            },
            neighbourhood: row.neighbourhood,
            point: point(row.latitude_e7, row.longitude_e7),
            public_point: point(row.public_latitude_e7, row.public_longitude_e7),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            published_at: row.published_at,
        }
    }
}

pub(super) async fn by_id(db: &PgPool, id: ListingId) -> Result<Option<Listing>> {
    let row: Option<Row> = sqlx::query_as("select * from listings where id = $1").bind(id).fetch_optional(db).await?;
    Ok(row.map(Listing::from))
}

pub(super) async fn shared(tx: &mut Tx, id: ListingId) -> Result<Option<Listing>> {
    // All but search_text, which is long and which nobody reads.
    let row: Option<Row> = sqlx::query_as(
        "select id, host_id, status, title, description, property_type, room_type, capacity, bedrooms, beds, bathrooms_halves,
                bed_types, amenities, house_rules, licence, currency, time_zone, booking_mode, cancellation_policy, check_in_from, check_in_until,
                check_out_until, check_in_method, line1, line2, city, region, postal_code, country, neighbourhood, latitude_e7, longitude_e7,
                public_latitude_e7, public_longitude_e7, version, created_at, updated_at, published_at
         from listings where id = $1 for share",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Listing::from))
}

pub(super) async fn locked(tx: &mut Tx, id: ListingId) -> Result<Option<Listing>> {
    let row: Option<Row> = sqlx::query_as("select * from listings where id = $1 for update").bind(id).fetch_optional(&mut **tx).await?;
    Ok(row.map(Listing::from))
}

pub(super) async fn of_host(db: &PgPool, host: UserId, after: Option<ListingId>, limit: i64) -> Result<Vec<Listing>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select * from listings
             where (host_id = $1 or id = any (select listing_id from listing_co_hosts
                                              where user_id = $1 and state = 'active' and permission = 'full'))
               and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(host)
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Listing::from).collect())
}

pub(super) async fn insert(tx: &mut Tx, listing: &Listing) -> Result<()> {
    tx.touch(listing.id);
    sqlx::query("insert into listings (id, host_id, status, currency, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)")
        .bind(listing.id)
        .bind(listing.host_id)
        .bind(listing.status)
        .bind(listing.currency)
        .bind(listing.created_at)
        .execute(&mut **tx)
        .await?;
    save(tx, listing).await
}

pub(super) async fn save(tx: &mut Tx, listing: &Listing) -> Result<()> {
    tx.touch(listing.id);
    sqlx::query(
        "update listings set title = $2, description = $3, property_type = $4, room_type = $5, capacity = $6, bedrooms = $7, beds = $8,
             bathrooms_halves = $9, bed_types = $10, amenities = $11, house_rules = $12, licence = $13, currency = $14, time_zone = $15,
             booking_mode = $16, cancellation_policy = $17, check_in_from = $18, check_in_until = $19, check_out_until = $20, check_in_method = $21,
             line1 = $22, line2 = $23, city = $24, region = $25, postal_code = $26, country = $27, neighbourhood = $28,
             latitude_e7 = $29, longitude_e7 = $30, public_latitude_e7 = $31, public_longitude_e7 = $32
         where id = $1",
    )
    .bind(listing.id)
    .bind(&listing.title)
    .bind(&listing.description)
    .bind(listing.property_type)
    .bind(listing.room_type)
    .bind(listing.capacity)
    .bind(listing.bedrooms)
    .bind(listing.beds)
    .bind(listing.bathrooms_halves)
    .bind(Json(&listing.bed_types))
    .bind(&listing.amenities)
    .bind(Json(&listing.house_rules))
    .bind(&listing.licence)
    .bind(listing.currency)
    .bind(listing.time_zone.map(chrono_tz::Tz::name))
    .bind(listing.booking_mode)
    .bind(listing.cancellation_policy)
    .bind(listing.check_in_from)
    .bind(listing.check_in_until)
    .bind(listing.check_out_until)
    .bind(listing.check_in_method)
    .bind(&listing.address.line1)
    .bind(&listing.address.line2)
    .bind(&listing.address.city)
    .bind(&listing.address.region)
    .bind(&listing.address.postal_code)
    .bind(&listing.address.country)
    .bind(&listing.neighbourhood)
    .bind(listing.point.map(|p| p.latitude_e7))
    .bind(listing.point.map(|p| p.longitude_e7))
    .bind(listing.public_point.map(|p| p.latitude_e7))
    .bind(listing.public_point.map(|p| p.longitude_e7))
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn set_status(tx: &mut Tx, id: ListingId, status: ListingStatus) -> Result<()> {
    tx.touch(id);
    let now = tx.now();
    sqlx::query("update listings set status = $2, published_at = case when $2 = 'published' then coalesce(published_at, $3) else published_at end where id = $1")
        .bind(id)
        .bind(status)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Homes on the map that name no part of their city.
pub(super) async fn without_neighbourhood(db: &PgPool, after: Option<ListingId>, limit: i64) -> Result<Vec<(ListingId, Point)>> {
    let rows: Vec<(ListingId, i32, i32)> = sqlx::query_as(
        "select id, latitude_e7, longitude_e7 from listings
         where neighbourhood = '' and latitude_e7 is not null and ($1::uuid is null or id > $1) order by id limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(|(id, latitude_e7, longitude_e7)| (id, Point { latitude_e7, longitude_e7 })).collect())
}

pub(super) async fn set_neighbourhood(tx: &mut Tx, id: ListingId, name: &str) -> Result<()> {
    tx.touch(id);
    sqlx::query("update listings set neighbourhood = $2, version = version + 1 where id = $1 and neighbourhood = ''")
        .bind(id)
        .bind(name)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn touch(tx: &mut Tx, id: ListingId) -> Result<i32> {
    tx.touch(id);
    let now = tx.now();
    Ok(sqlx::query_scalar("update listings set version = version + 1, updated_at = $2 where id = $1 returning version")
        .bind(id)
        .bind(now)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) async fn set_rating(tx: &mut Tx, id: ListingId, count: i32, overall: Option<i32>, relevance: i32) -> Result<()> {
    tx.touch(id);
    sqlx::query("update listings set rating_count = $2, rating_overall = $3, relevance = $4, version = version + 1 where id = $1")
        .bind(id)
        .bind(count)
        .bind(overall)
        .bind(relevance)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn has_bookings(tx: &mut Tx, id: ListingId) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select 1 from bookings where listing_id = $1)").bind(id).fetch_one(&mut **tx).await?)
}

pub(super) async fn unknown_amenities(tx: &mut Tx, codes: &[String]) -> Result<Vec<String>> {
    Ok(sqlx::query_scalar("select code from unnest($1::text[]) as code where code not in (select code from amenities)")
        .bind(codes)
        .fetch_all(&mut **tx)
        .await?)
}

pub(super) async fn any_exist(db: &PgPool) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select 1 from listings)").fetch_one(db).await?)
}

pub(super) async fn published(db: &PgPool, most: i64) -> Result<Vec<super::PublicPage>> {
    Ok(sqlx::query_as("select id, title, updated_at from listings where status = 'published' order by id limit $1")
        .bind(most)
        .fetch_all(db)
        .await?)
}

pub(super) async fn amenities(db: &PgPool) -> Result<Vec<Amenity>> {
    Ok(sqlx::query_as("select code, category, labels from amenities order by position, code").fetch_all(db).await?)
}

pub(super) async fn arrival(db: &PgPool, id: ListingId) -> Result<Arrival> {
    let row: Option<Arrival> =
        sqlx::query_as("select instructions, door_code, wifi_name, wifi_password from listing_arrivals where listing_id = $1")
            .bind(id)
            .fetch_optional(db)
            .await?;
    Ok(row.unwrap_or_default())
}

pub(super) async fn put_arrival(tx: &mut Tx, id: ListingId, arrival: &Arrival) -> Result<()> {
    sqlx::query(
        "insert into listing_arrivals (listing_id, instructions, door_code, wifi_name, wifi_password) values ($1, $2, $3, $4, $5)
         on conflict (listing_id) do update set instructions = $2, door_code = $3, wifi_name = $4, wifi_password = $5",
    )
    .bind(id)
    .bind(&arrival.instructions)
    .bind(&arrival.door_code)
    .bind(&arrival.wifi_name)
    .bind(&arrival.wifi_password)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn photo_count(tx: &mut Tx, id: ListingId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from photos where listing_id = $1").bind(id).fetch_one(&mut **tx).await?)
}

pub(super) async fn photos(db: &PgPool, id: ListingId) -> Result<Vec<Photo>> {
    Ok(sqlx::query_as("select id, caption, hash, width, height, thumbhash, sizes from photos where listing_id = $1 order by position")
        .bind(id)
        .fetch_all(db)
        .await?)
}

pub(super) async fn insert_photo(tx: &mut Tx, listing: ListingId, photo: &Photo) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into photos (id, listing_id, position, caption, hash, width, height, thumbhash, sizes, created_at)
         select $1, $2, coalesce(max(position), -1) + 1, $3, $4, $5, $6, $7, $8, $9 from photos where listing_id = $2",
    )
    .bind(photo.id)
    .bind(listing)
    .bind(&photo.caption)
    .bind(&photo.hash)
    .bind(photo.width)
    .bind(photo.height)
    .bind(&photo.thumbhash)
    .bind(&photo.sizes)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn order_photos(tx: &mut Tx, listing: ListingId, ids: &[PhotoId]) -> Result<()> {
    sqlx::query(
        "update photos set position = wanted.position - 1
         from unnest($2::uuid[]) with ordinality as wanted (id, position) where photos.id = wanted.id and photos.listing_id = $1",
    )
    .bind(listing)
    .bind(ids)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn set_caption(tx: &mut Tx, listing: ListingId, photo: PhotoId, caption: &str) -> Result<bool> {
    let done = sqlx::query("update photos set caption = $3 where id = $2 and listing_id = $1")
        .bind(listing)
        .bind(photo)
        .bind(caption)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn delete_photo(tx: &mut Tx, listing: ListingId, photo: PhotoId) -> Result<bool> {
    let done = sqlx::query("delete from photos where id = $2 and listing_id = $1").bind(listing).bind(photo).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}
