//! SQL of imported homes: many at once.

use std::collections::HashMap;

use domain::ids::ListingId;
use domain::listings::Listing;

use super::Row;
use crate::copy::{CopyRows, CopyTarget, merge_in};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct SourceRow {
    external_id: i64,
    #[sqlx(flatten)]
    listing: Row,
}

/// The homes of a source that are known already, locked.
pub(in crate::listings) async fn by_source_locked(tx: &mut Tx, source: &str, externals: &[i64]) -> Result<HashMap<i64, Listing>> {
    let rows: Vec<SourceRow> = sqlx::query_as(
        "select s.external_id, l.* from listing_sources s join listings l on l.id = s.listing_id
         where s.source = $1 and s.external_id = any($2) order by l.id for update of l",
    )
    .bind(source)
    .bind(externals)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|row| (row.external_id, row.listing.into())).collect())
}

pub(in crate::listings) async fn insert_sources(tx: &mut Tx, source: &str, externals: &[i64], listings: &[ListingId]) -> Result<()> {
    let listings: Vec<uuid::Uuid> = listings.iter().map(|id| id.0).collect();
    sqlx::query(
        "insert into listing_sources (source, external_id, listing_id)
         select $1, external_id, listing_id from unnest($2::bigint[], $3::uuid[]) as home (external_id, listing_id)",
    )
    .bind(source)
    .bind(externals)
    .bind(listings)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

const LISTING_COLUMNS: &str = "id, host_id, status, title, description, property_type, room_type, capacity, bedrooms, beds, bathrooms_halves, \
     bed_types, amenities, house_rules, licence, currency, time_zone, booking_mode, cancellation_policy, check_in_from, check_in_until, \
     check_out_until, check_in_method, line1, line2, city, region, postal_code, country, neighbourhood, latitude_e7, longitude_e7, \
     public_latitude_e7, public_longitude_e7, version, created_at, updated_at, published_at";

/// Writes many homes whole, new ones and known ones.
pub(in crate::listings) async fn put_many(tx: &mut Tx, listings: &[Listing]) -> Result<()> {
    let mut rows = CopyRows::default();
    for l in listings {
        tx.touch(l.id);
        let row =
            rows.cell(l.id).cell(l.host_id).cell(l.status).cell(&l.title).cell(&l.description).cell(l.property_type).cell(l.room_type);
        row.cell(l.capacity).cell(l.bedrooms).cell(l.beds).cell(l.bathrooms_halves).json(&l.bed_types)?.words(&l.amenities);
        row.json(&l.house_rules)?.cell(&l.licence).cell(l.currency).maybe(l.time_zone.map(chrono_tz::Tz::name));
        row.cell(l.booking_mode).cell(l.cancellation_policy).cell(l.check_in_from).maybe(l.check_in_until).cell(l.check_out_until);
        row.cell(l.check_in_method).cell(&l.address.line1).cell(&l.address.line2).cell(&l.address.city).cell(&l.address.region);
        row.cell(&l.address.postal_code).maybe(l.address.country.as_ref()).cell(&l.neighbourhood);
        for point in [l.point, l.public_point] {
            row.maybe(point.map(|p| p.latitude_e7)).maybe(point.map(|p| p.longitude_e7));
        }
        row.cell(l.version).cell(l.created_at).cell(l.updated_at).maybe(l.published_at).end();
    }
    let target = CopyTarget { table: "listings", key: "id", required: LISTING_COLUMNS, columns: LISTING_COLUMNS };
    merge_in(tx, &target, rows).await?;
    Ok(())
}

/// Takes over ratings: a listing's count, mean (hundredths of stars) and static
/// rank.
pub(in crate::listings) async fn set_ratings(tx: &mut Tx, ratings: &[(ListingId, i32, Option<i32>, i32)]) -> Result<()> {
    let mut rows = CopyRows::default();
    for (id, count, overall, relevance) in ratings {
        tx.touch(*id);
        rows.cell(id).cell(count).maybe(overall.as_ref()).cell(relevance).end();
    }
    let columns = "id, rating_count, rating_overall, relevance";
    rows.send_to_twin(tx, "listings", columns).await?;
    sqlx::raw_sql(
        "update listings l set rating_count = i.rating_count, rating_overall = i.rating_overall, relevance = i.relevance
         from copied_listings i
         where i.id = l.id and (l.rating_count, l.rating_overall, l.relevance) is distinct from (i.rating_count, i.rating_overall, i.relevance);
         drop table copied_listings",
    )
    .execute(&mut **tx)
    .await?;
    Ok(())
}
