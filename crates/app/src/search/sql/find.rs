//! Finding homes without an index. The availability rules here are those of
//! `domain::calendar::explain`; a test compares the two.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::dates::Stay;
use domain::ids::ListingId;
use futures::TryStreamExt;
use search_index::{Area, Dates, Filters, Query, Row, Sort};
use sqlx::postgres::types::PgRange;
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::feed::fields;
use crate::error::{Error, Result};
use crate::search::rows::Projected;

type Builder = QueryBuilder<Postgres>;

/// Policies under which one can call off for free until close to arrival.
const FREE_CANCELLATION: [&str; 2] = ["flexible", "moderate"];

/// What an order compares, as an index has it and as a whole number.
fn order(sort: Sort) -> (&'static str, &'static str) {
    match sort {
        Sort::Rating => ("coalesce(l.rating_overall, 0)", "coalesce(l.rating_overall, 0)::bigint"),
        Sort::Newest => ("l.published_at", "(extract(epoch from l.published_at) * 1000000)::bigint"),
        _ => ("l.relevance", "l.relevance::bigint"),
    }
}

const FROM: &str = " from listings l join listing_search s on s.listing_id = l.id left join stay_rules r on r.listing_id = l.id";

fn push_box(sql: &mut Builder, west: i32, south: i32, east: i32, north: i32) {
    sql.push("point(l.public_longitude_e7, l.public_latitude_e7) <@ box(point(")
        .push_bind(f64::from(west))
        .push(", ")
        .push_bind(f64::from(south));
    sql.push("), point(").push_bind(f64::from(east)).push(", ").push_bind(f64::from(north)).push("))");
}

/// A circle by the box around it, a little wider: who uses it looks again.
fn push_area(sql: &mut Builder, area: &Area) {
    match *area {
        Area::Box { west, south, east, north } if west <= east => {
            sql.push(" and ");
            push_box(sql, west, south, east, north);
        }
        Area::Box { west, south, east, north } => {
            sql.push(" and (");
            push_box(sql, west, south, 1_800_000_000, north);
            sql.push(" or ");
            push_box(sql, -1_800_000_000, south, east, north);
            sql.push(")");
        }
        Area::Circle { centre, decimetres } => {
            #[expect(clippy::cast_possible_truncation, reason = "degrees in 1e-7 fit by the clamp")]
            let e7 = |degrees: f64| (degrees * 1e7).clamp(-1.8e9, 1.8e9) as i32;
            #[expect(clippy::cast_precision_loss, reason = "a margin is added")]
            let up = (decimetres as f64 / 10.0 + 2.0) / 110_000.0;
            let (south, north) = (centre.latitude() - up, centre.latitude() + up);
            let shrink = south.abs().max(north.abs()).min(89.9).to_radians().cos();
            let around = if south < -89.9 || north > 89.9 { 180.0 } else { (up / shrink).min(180.0) };
            let (west, east) = (centre.longitude() - around, centre.longitude() + around);
            let wrapped =
                |degrees: f64| if around >= 180.0 { degrees.clamp(-180.0, 180.0) } else { (degrees + 540.0).rem_euclid(360.0) - 180.0 };
            let (west, east) = if around >= 180.0 { (-180.0, 180.0) } else { (wrapped(west), wrapped(east)) };
            push_area(sql, &Area::Box { west: e7(west), south: e7(south.max(-90.0)), east: e7(east), north: e7(north.min(90.0)) });
        }
    }
}

/// Every rule of a booking, as conditions.
fn push_stay(sql: &mut Builder, stay: Stay, now: DateTime<Utc>) {
    let (check_in, check_out) = (stay.check_in, stay.check_out);
    let weekday = |date: NaiveDate| i32::try_from(date.weekday().num_days_from_monday()).unwrap_or(0);
    sql.push(" and ").push_bind(check_in).push(" >= (").push_bind(now).push(" at time zone l.time_zone)::date");
    sql.push(" and ")
        .push_bind(check_in)
        .push(" <= coalesce((")
        .push_bind(now)
        .push(" at time zone l.time_zone)::date + r.booking_window_days, 'infinity'::date)");
    // Notice: from the cut-off hour, else the end of the day or check-in time.
    sql.push(" and ").push_bind(now).push(" <= ((case when r.notice_cutoff_hour is not null then ").push_bind(check_in);
    sql.push(" + make_time(r.notice_cutoff_hour, 0, 0) when coalesce(r.advance_notice_hours, 0) = 0 then (").push_bind(check_in);
    sql.push(" + 1)::timestamp else ").push_bind(check_in);
    sql.push(" + l.check_in_from end) at time zone l.time_zone) - make_interval(hours => coalesce(r.advance_notice_hours, 0))");
    // Most specific wins: the date, then seasons by length and start, then the listing.
    sql.push(" and coalesce((select d.min_nights from day_rules d where d.listing_id = l.id and d.date = ").push_bind(check_in);
    sql.push("), (select coalesce(s.min_nights_weekday[")
        .push_bind(weekday(check_in) + 1)
        .push("], s.min_nights) from rule_seasons s where s.listing_id = l.id and s.season @> ");
    sql.push_bind(check_in).push(" and coalesce(s.min_nights_weekday[").push_bind(weekday(check_in) + 1);
    sql.push(
        "], s.min_nights) is not null order by upper(s.season) - lower(s.season), lower(s.season) desc limit 1), r.min_nights, 1) <= ",
    )
    .push_bind(stay.nights());
    sql.push(" and coalesce((select s.max_nights from rule_seasons s where s.listing_id = l.id and s.season @> ").push_bind(check_in);
    sql.push(
        " and s.max_nights is not null order by upper(s.season) - lower(s.season), lower(s.season) desc limit 1), r.max_nights, 365) >= ",
    )
    .push_bind(stay.nights());
    for (column, date) in [("closed_to_arrival", check_in), ("closed_to_departure", check_out)] {
        sql.push(" and coalesce((select s.").push(column).push(" & ").push_bind(1_i32 << weekday(date));
        sql.push(" from rule_seasons s where s.listing_id = l.id and s.season @> ").push_bind(date);
        sql.push(" order by upper(s.season) - lower(s.season), lower(s.season) desc limit 1), 0) = 0");
    }
    push_free(sql, stay, now);
}

/// All nights can be had: by the bits of the projection, and past their end by
/// the occupancies.
fn push_free(sql: &mut Builder, stay: Stay, now: DateTime<Utc>) {
    let (check_in, check_out) = (stay.check_in, stay.check_out);
    sql.push(" and case when ").push_bind(check_in).push(" >= s.first_day and ").push_bind(check_out);
    sql.push(" <= s.first_day + 736 then position(B'1' in substring(s.busy from ").push_bind(check_in);
    sql.push(" - s.first_day + 1 for ").push_bind(stay.nights());
    sql.push(")) = 0 and (s.holds is null or not exists (select 1 from jsonb_array_elements(s.holds) hold where (hold ->> 0)::date < ");
    sql.push_bind(check_out).push(" and (hold ->> 1)::date > ").push_bind(check_in);
    sql.push(" and (hold ->> 2)::bigint > ").push_bind(now.timestamp_micros()).push("))");
    let nights: PgRange<NaiveDate> = (check_in..check_out).into();
    sql.push(" else not exists (select 1 from occupancies o where o.listing_id = l.id and o.nights && ").push_bind(nights);
    sql.push(" and (o.expires_at is null or o.expires_at > ").push_bind(now).push("))");
    sql.push(" and (coalesce(r.preparation_nights, 0) = 0 or not exists (select 1 from occupancies o where o.listing_id = l.id and o.lane = 'booking' and o.nights && daterange(");
    sql.push_bind(check_in)
        .push(" - r.preparation_nights, ")
        .push_bind(check_out)
        .push(" + r.preparation_nights) and (o.expires_at is null or o.expires_at > ");
    sql.push_bind(now).push("))) end");
}

/// Everything that SQL says exactly. `kinds`: room and property types too.
fn push_filters(sql: &mut Builder, filters: &Filters, kinds: bool, now: DateTime<Utc>) {
    sql.push(" where l.status = 'published'");
    if let Some(area) = &filters.area {
        push_area(sql, area);
    }
    if let Some(place) = &filters.place {
        sql.push(" and lower(unaccent(").push_bind(place.clone());
        sql.push(")) in (lower(unaccent(l.city)), lower(unaccent(l.region)), lower(unaccent(l.neighbourhood)), lower(l.country))");
    }
    let guests = &filters.guests;
    sql.push(" and l.capacity >= ").push_bind(guests.adults + guests.children);
    if guests.infants > 0 {
        sql.push(" + case when coalesce(r.infants_count, false) then ").push_bind(guests.infants).push(" else 0 end");
    }
    if guests.pets > 0 {
        sql.push(" and coalesce(r.max_pets, 0) >= ").push_bind(guests.pets);
    }
    if kinds && !filters.room_types.is_empty() {
        sql.push(" and l.room_type = any(").push_bind(filters.room_types.clone()).push(")");
    }
    if kinds && !filters.property_types.is_empty() {
        sql.push(" and l.property_type = any(").push_bind(filters.property_types.clone()).push(")");
    }
    for (column, least) in
        [("bedrooms", filters.bedrooms_min), ("beds", filters.beds_min), ("bathrooms_halves", filters.bathrooms_halves_min)]
    {
        if let Some(least) = least {
            sql.push(" and l.").push(column).push(" >= ").push_bind(least);
        }
    }
    if !filters.amenities.is_empty() {
        sql.push(" and l.amenities @> ").push_bind(filters.amenities.clone());
    }
    if filters.instant_book {
        sql.push(" and l.booking_mode = 'instant'");
    }
    if filters.free_cancellation {
        sql.push(" and l.cancellation_policy = any(").push_bind(FREE_CANCELLATION.map(str::to_owned).to_vec()).push(")");
    }
    if let Some(least) = filters.rating_min {
        sql.push(" and l.rating_overall >= ").push_bind(least);
    }
    if let Some(host) = filters.host {
        sql.push(" and l.host_id = ").push_bind(host);
    }
    if let Some(Dates::Exact(stay)) = filters.dates {
        push_stay(sql, stay, now);
    }
}

/// The ids of a page in its order, one more than it holds. For queries that SQL
/// answers exactly: without words and prices, not around a point, for exact
/// dates or none.
pub(in crate::search) async fn page(db: &PgPool, query: &Query, now: DateTime<Utc>) -> Result<Vec<ListingId>> {
    let (expression, whole) = order(query.sort);
    let mut sql = Builder::new("select l.id");
    sql.push(FROM);
    push_filters(&mut sql, &query.filters, true, now);
    if let Some(after) = query.after {
        sql.push(" and ").push(whole).push(" <= ").push_bind(after.key);
        sql.push(" and (").push(whole).push(" < ").push_bind(after.key).push(" or l.id > ").push_bind(after.id).push(")");
    }
    sql.push(" order by ").push(expression).push(" desc, l.id limit ").push_bind(i64::try_from(query.limit + 1).unwrap_or(i64::MAX));
    Ok(sql.build_query_scalar().fetch_all(db).await?)
}

/// How many homes such a query finds in all.
pub(in crate::search) async fn count(db: &PgPool, filters: &Filters, now: DateTime<Utc>) -> Result<u64> {
    let mut sql = Builder::new("select count(*)");
    sql.push(FROM);
    push_filters(&mut sql, filters, true, now);
    let count: i64 = sql.build_query_scalar().fetch_one(db).await?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// The projection of homes.
pub(in crate::search) async fn by_ids(db: &PgPool, ids: &[ListingId]) -> Result<Vec<Row>> {
    let rows = sqlx::query("select * from listing_search where listing_id = any($1)").bind(ids).fetch_all(db).await?;
    let read = |row| anyhow::Ok(Projected::read(&fields(row)?)?.row);
    let rows: Vec<Option<Row>> = rows.iter().map(read).collect::<anyhow::Result<_>>().map_err(Error::Internal)?;
    Ok(rows.into_iter().flatten().collect())
}

/// The projection of every home that a query may find, told by all that SQL
/// says exactly; prices, words and distances are for the caller to look at.
///
/// # Errors
/// Busy when these are more than `most`.
pub(in crate::search) async fn candidates(db: &PgPool, query: &Query, most: usize, now: DateTime<Utc>) -> Result<Vec<Row>> {
    let mut sql = Builder::new("select s.*");
    sql.push(FROM);
    push_filters(&mut sql, &query.filters, !query.facets, now);
    sql.push(" limit ").push_bind(i64::try_from(most + 1).unwrap_or(i64::MAX));
    let mut found = Vec::new();
    let statement = sql.build();
    let mut rows = statement.fetch(db);
    while let Some(row) = rows.try_next().await? {
        let read = || Projected::read(&fields(&row)?);
        found.extend(read().map_err(Error::Internal)?.row);
        if found.len() > most {
            return Err(Error::Busy(format!(
                "more than {most} homes would have to be looked at one by one while the search index is not there"
            )));
        }
    }
    Ok(found)
}
