//! SQL of search: reads across slices, writes nothing. The availability rules
//! here are those of `domain::calendar::explain`; a test compares the two.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use domain::calendar::DayRule;
use domain::dates::Stay;
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency, Money};
use domain::pricing::{ExtraGuest, LeadDiscount, PriceSeason, Promotion, Tariff};
use domain::taxes::{PlacedTax, TaxBase, TaxKind, TaxRule};
use sqlx::postgres::types::PgRange;
use sqlx::types::Json;
use sqlx::{PgPool, Postgres, QueryBuilder};

use super::prices::Priced;
use super::query::{Area, FREE_CANCELLATION, Filters, Hit, SearchQuery, Sort};
use crate::error::Result;

type Builder = QueryBuilder<Postgres>;

/// `order by` and keyset of an order: expression, its type, descending.
fn order(query: &SearchQuery) -> (&'static str, &'static str, bool) {
    match query.sort {
        Sort::Rating => ("coalesce(l.rating_overall, 0)", "integer", true),
        Sort::Newest => ("l.published_at", "timestamptz", true),
        Sort::Distance => ("distance.metres", "double precision", false),
        _ if query.filters.words.is_some() => ("(l.relevance + (ts_rank(l.search_text, words.query) * 1000)::integer)", "integer", true),
        _ => ("l.relevance", "integer", true),
    }
}

fn from(sql: &mut Builder, filters: &Filters) {
    sql.push(" from listings l left join stay_rules r on r.listing_id = l.id");
    if let Some(words) = &filters.words {
        sql.push(" cross join lateral (select websearch_to_tsquery('simple', ").push_bind(words.clone()).push(") as query) words");
    }
    if let Some(Area::Circle { centre, .. }) = &filters.area {
        // A great circle on a sphere of 6,371,008.8 m.
        sql.push(" cross join lateral (select 2 * 6371008.8 * asin(least(1, sqrt(power(sin(radians(l.public_latitude_e7 / 1e7 - ");
        sql.push_bind(centre.latitude()).push(") / 2), 2) + cos(radians(").push_bind(centre.latitude());
        sql.push(")) * cos(radians(l.public_latitude_e7 / 1e7)) * power(sin(radians(l.public_longitude_e7 / 1e7 - ");
        sql.push_bind(centre.longitude()).push(") / 2), 2)))) as metres) distance");
    }
}

fn push_box(sql: &mut Builder, west: i32, south: i32, east: i32, north: i32) {
    sql.push("point(l.public_longitude_e7, l.public_latitude_e7) <@ box(point(")
        .push_bind(f64::from(west))
        .push(", ")
        .push_bind(f64::from(south));
    sql.push("), point(").push_bind(f64::from(east)).push(", ").push_bind(f64::from(north)).push("))");
}

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
        Area::Circle { centre, metres } => {
            #[expect(clippy::cast_possible_truncation, reason = "degrees in 1e-7 fit by the clamp")]
            let e7 = |degrees: f64| (degrees * 1e7).clamp(-1.8e9, 1.8e9) as i32;
            let up = metres / 111_000.0;
            let around = (metres / (111_000.0 * centre.latitude().to_radians().cos().max(0.01))).min(180.0);
            let (west, east) = (centre.longitude() - around, centre.longitude() + around);
            let wrapped =
                |degrees: f64| if around >= 180.0 { degrees.clamp(-180.0, 180.0) } else { (degrees + 540.0).rem_euclid(360.0) - 180.0 };
            let (south, north) = (e7((centre.latitude() - up).max(-90.0)), e7((centre.latitude() + up).min(90.0)));
            push_area(sql, &Area::Box { west: e7(wrapped(west)), south, east: e7(wrapped(east)), north });
            sql.push(" and distance.metres <= ").push_bind(metres);
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
    let nights: PgRange<NaiveDate> = (check_in..check_out).into();
    sql.push(" and not exists (select 1 from occupancies o where o.listing_id = l.id and o.nights && ").push_bind(nights);
    sql.push(" and (o.expires_at is null or o.expires_at > ").push_bind(now).push("))");
    sql.push(" and (coalesce(r.preparation_nights, 0) = 0 or not exists (select 1 from occupancies o where o.listing_id = l.id and o.lane = 'booking' and o.nights && daterange(");
    sql.push_bind(check_in)
        .push(" - r.preparation_nights, ")
        .push_bind(check_out)
        .push(" + r.preparation_nights) and (o.expires_at is null or o.expires_at > ");
    sql.push_bind(now).push(")))");
}

fn push_filters(sql: &mut Builder, filters: &Filters, now: DateTime<Utc>) {
    sql.push(" where l.status = 'published'");
    if let Some(area) = &filters.area {
        push_area(sql, area);
    }
    if let Some(place) = &filters.place {
        sql.push(" and lower(").push_bind(place.clone()).push(") in (lower(l.city), lower(l.region), lower(l.neighbourhood))");
    }
    if filters.words.is_some() {
        sql.push(" and l.search_text @@ words.query");
    }
    let guests = &filters.guests;
    sql.push(" and l.capacity >= ").push_bind(guests.adults + guests.children);
    if guests.infants > 0 {
        sql.push(" + case when coalesce(r.infants_count, false) then ").push_bind(guests.infants).push(" else 0 end");
    }
    if guests.pets > 0 {
        sql.push(" and coalesce(r.max_pets, 0) >= ").push_bind(guests.pets);
    }
    if !filters.room_types.is_empty() {
        sql.push(" and l.room_type = any(").push_bind(filters.room_types.clone()).push(")");
    }
    if !filters.property_types.is_empty() {
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
        sql.push(" and l.cancellation_policy = any(").push_bind(FREE_CANCELLATION.to_vec()).push(")");
    }
    if let Some(least) = filters.rating_min {
        sql.push(" and l.rating_overall >= ").push_bind(least);
    }
    if let Some(host) = filters.host {
        sql.push(" and l.host_id = ").push_bind(host);
    }
    if let Some(stay) = filters.stay {
        push_stay(sql, stay, now);
    }
}

/// The keys and ids of a page, one more than it holds.
pub(super) async fn page(db: &PgPool, query: &SearchQuery, now: DateTime<Utc>) -> Result<Vec<(String, ListingId)>> {
    let (expression, kind, descending) = order(query);
    let mut sql = Builder::new("select (");
    sql.push(expression).push(")::text as key, l.id");
    from(&mut sql, &query.filters);
    push_filters(&mut sql, &query.filters, now);
    if let Some((_, key, id)) = &query.page.after {
        let past = if descending { " < " } else { " > " };
        sql.push(" and (").push(expression).push(past).push_bind(key.clone()).push("::text::").push(kind);
        sql.push(" or (")
            .push(expression)
            .push(" = ")
            .push_bind(key.clone())
            .push("::text::")
            .push(kind)
            .push(" and l.id > ")
            .push_bind(*id)
            .push("))");
    }
    sql.push(" order by ")
        .push(expression)
        .push(if descending { " desc" } else { "" })
        .push(", l.id limit ")
        .push_bind(query.page.limit.with_next());
    Ok(sql.build_query_as().fetch_all(db).await?)
}

/// The keys and ids of all that fits, in order: what is to be priced.
pub(super) async fn all(db: &PgPool, query: &SearchQuery, now: DateTime<Utc>) -> Result<Vec<(String, ListingId)>> {
    let (expression, _, descending) = order(query);
    let mut sql = Builder::new("select (");
    sql.push(expression).push(")::text as key, l.id");
    from(&mut sql, &query.filters);
    push_filters(&mut sql, &query.filters, now);
    sql.push(" order by ").push(expression).push(if descending { " desc" } else { "" }).push(", l.id");
    Ok(sql.build_query_as().fetch_all(db).await?)
}

pub(super) async fn count(db: &PgPool, filters: &Filters, now: DateTime<Utc>) -> Result<i64> {
    let mut sql = Builder::new("select count(*)");
    from(&mut sql, filters);
    push_filters(&mut sql, filters, now);
    Ok(sql.build_query_scalar().fetch_one(db).await?)
}

#[derive(sqlx::FromRow)]
struct HitRow {
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
pub(super) async fn hits(db: &PgPool, ids: &[ListingId]) -> Result<Vec<Hit>> {
    let rows: Vec<HitRow> = sqlx::query_as(
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
    Ok(rows
        .into_iter()
        .map(|row| Hit {
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
            nightly: Money::zero(row.currency),
            total: None,
        })
        .collect())
}

#[derive(sqlx::FromRow)]
struct TariffRow {
    listing_id: ListingId,
    host_id: UserId,
    currency: Currency,
    time_zone: String,
    country: Option<String>,
    region: String,
    city: String,
    nightly: i64,
    weekend_nightly: Option<i64>,
    cleaning_fee: i64,
    pet_fee: i64,
    extra_guest_after: Option<i32>,
    extra_guest_amount: Option<i64>,
    weekly_discount_bps: i32,
    monthly_discount_bps: i32,
    new_listing_discount_bps: i32,
    early_bird_days: Option<i32>,
    early_bird_bps: Option<i32>,
    last_minute_days: Option<i32>,
    last_minute_bps: Option<i32>,
    promotions: Json<Vec<Promotion>>,
    seasons: Json<Vec<PriceSeason>>,
    earlier_bookings: i64,
}

impl From<TariffRow> for Priced {
    fn from(row: TariffRow) -> Self {
        let lead = |days: Option<i32>, bps: Option<i32>| Some(LeadDiscount { days: days?, bps: BasisPoints(bps?) });
        let tariff = Tariff {
            currency: row.currency,
            nightly: row.nightly,
            weekend_nightly: row.weekend_nightly,
            cleaning_fee: row.cleaning_fee,
            pet_fee: row.pet_fee,
            extra_guest: row.extra_guest_after.zip(row.extra_guest_amount).map(|(after, amount)| ExtraGuest { after, amount }),
            weekly_discount_bps: BasisPoints(row.weekly_discount_bps),
            monthly_discount_bps: BasisPoints(row.monthly_discount_bps),
            new_listing_discount_bps: BasisPoints(row.new_listing_discount_bps),
            early_bird: lead(row.early_bird_days, row.early_bird_bps),
            last_minute: lead(row.last_minute_days, row.last_minute_bps),
            promotions: row.promotions.0,
            seasons: row.seasons.0,
        };
        Self {
            id: row.listing_id,
            host_id: row.host_id,
            tariff,
            time_zone: row.time_zone.parse().unwrap_or(chrono_tz::UTC),
            country: row.country,
            region: row.region,
            city: row.city,
            earlier_bookings: row.earlier_bookings,
        }
    }
}

/// What prices are made of. Bookings are counted only where a new-listing
/// discount asks for them.
pub(super) async fn tariffs(db: &PgPool, ids: &[ListingId]) -> Result<Vec<Priced>> {
    let rows: Vec<TariffRow> = sqlx::query_as(
        "select t.*, l.currency, l.host_id, coalesce(l.time_zone, 'UTC') as time_zone, l.country, l.region, l.city,
                case when t.new_listing_discount_bps > 0 then
                    (select count(*) from bookings b where b.listing_id = t.listing_id and b.state in ('confirmed', 'completed', 'no_show'))
                else 0 end as earlier_bookings
         from tariffs t join listings l on l.id = t.listing_id where t.listing_id = any($1) and t.nightly is not null",
    )
    .bind(ids)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Priced::from).collect())
}

pub(super) async fn day_prices(db: &PgPool, ids: &[ListingId], stay: Stay) -> Result<HashMap<ListingId, Vec<DayRule>>> {
    let rows: Vec<(ListingId, NaiveDate, i64)> = sqlx::query_as(
        "select listing_id, date, price from day_rules where listing_id = any($1) and date >= $2 and date < $3 and price is not null",
    )
    .bind(ids)
    .bind(stay.check_in)
    .bind(stay.check_out)
    .fetch_all(db)
    .await?;
    let mut days: HashMap<ListingId, Vec<DayRule>> = HashMap::new();
    for (listing, date, price) in rows {
        days.entry(listing).or_default().push(DayRule { date, price: Some(price), min_nights: None });
    }
    Ok(days)
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

/// Every tax in force for an arrival.
pub(super) async fn taxes(db: &PgPool, check_in: NaiveDate) -> Result<Vec<PlacedTax>> {
    let rows: Vec<TaxRow> =
        sqlx::query_as("select * from tax_rules where from_date <= $1 and (to_date is null or to_date > $1) order by id")
            .bind(check_in)
            .fetch_all(db)
            .await?;
    Ok(rows
        .into_iter()
        .map(|row| PlacedTax {
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
        })
        .collect())
}
