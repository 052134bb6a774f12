//! SQL of a host's desk: reads across slices.

use chrono::{DateTime, NaiveDate, Utc};
use domain::bookings::Booking;
use domain::ids::{ListingId, UserId};
use domain::page::PageRequest;
use sqlx::PgPool;

use super::{HomeRow, ReservationKey};
use crate::bookings::sql::Row;
use crate::error::Result;

/// Soonest arrival first; `bookings_by_host` and `bookings_by_listing` serve it.
pub(super) async fn soonest_first(
    db: &PgPool,
    (host, listing): (UserId, Option<ListingId>),
    (when, now): (&str, DateTime<Utc>),
    page: &PageRequest<ReservationKey>,
) -> Result<Vec<Booking>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, terms, message,
                hold_expires_at, respond_by, accepted_at, confirmed_at, cancelled_at, cancelled_by, check_in_at, check_out_at, created_at
         from bookings
         where (host_id = $1 or listing_id = any (select listing_id from listing_co_hosts
                                                  where user_id = $1 and state = 'active' and permission <> 'calendar'))
           and ($2::uuid is null or listing_id = $2)
           and case $3 when 'requested' then state = 'requested' and respond_by > $4
                       when 'upcoming' then state = 'confirmed' and check_in_at > $4
                       else state in ('confirmed', 'no_show') and check_in_at <= $4 and check_out_at > $4 end
           and ($5::date is null or (check_in, id) > ($5, $6))
         order by check_in, id limit $7",
    )
    .bind(host)
    .bind(listing)
    .bind(when)
    .bind(now)
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Booking::from).collect())
}

/// Latest arrival first.
pub(super) async fn latest_first(
    db: &PgPool,
    (host, listing): (UserId, Option<ListingId>),
    (when, now): (&str, DateTime<Utc>),
    page: &PageRequest<ReservationKey>,
) -> Result<Vec<Booking>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, code, listing_id, guest_id, host_id, state, booking_mode, check_in, check_out, guests, currency, terms, message,
                hold_expires_at, respond_by, accepted_at, confirmed_at, cancelled_at, cancelled_by, check_in_at, check_out_at, created_at
         from bookings
         where (host_id = $1 or listing_id = any (select listing_id from listing_co_hosts
                                                  where user_id = $1 and state = 'active' and permission <> 'calendar'))
           and ($2::uuid is null or listing_id = $2)
           and case $3 when 'cancelled' then state = 'cancelled'
                       else state = 'completed' or state in ('confirmed', 'no_show') and check_out_at <= $4 end
           and ($5::date is null or (check_in, id) < ($5, $6))
         order by check_in desc, id desc limit $7",
    )
    .bind(host)
    .bind(listing)
    .bind(when)
    .bind(now)
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Booking::from).collect())
}

/// Nights and money of each home in a stretch; a home without bookings has one
/// row in its own currency.
pub(super) async fn statistics(db: &PgPool, host: UserId, from: NaiveDate, to: NaiveDate) -> Result<Vec<HomeRow>> {
    Ok(sqlx::query_as(
        "with homes as (
             select l.id, l.title, l.currency, l.rating_count, l.rating_overall from listings l
             where (l.host_id = $1 or l.id = any (select listing_id from listing_co_hosts
                                                  where user_id = $1 and state = 'active' and permission = 'full'))
               and l.status <> 'draft'
         ), blocked as (
             select o.listing_id, (select coalesce(sum(upper(part) - lower(part)), 0) from unnest(range_agg(o.nights * daterange($2, $3))) part) as nights
             from occupancies o join homes h on h.id = o.listing_id
             where o.lane = 'block' and o.reason <> 'preparation' and o.nights && daterange($2, $3)
             group by o.listing_id
         ), stays as (
             select b.listing_id, b.currency, count(*) as bookings,
                    sum(least(b.check_out, $3) - greatest(b.check_in, $2))::bigint as nights,
                    sum(b.host_payout * (least(b.check_out, $3) - greatest(b.check_in, $2)) / (b.check_out - b.check_in))::bigint as revenue,
                    round(avg(b.check_in - b.created_at::date))::bigint as lead_days
             from bookings b join homes h on h.id = b.listing_id
             where b.state in ('confirmed', 'completed', 'no_show') and b.check_in < $3 and b.check_out > $2
             group by b.listing_id, b.currency
         ), ended as (
             select b.listing_id, count(*) filter (where b.cancelled_by = 'guest') as by_guests,
                    count(*) filter (where b.cancelled_by = 'host') as by_host
             from bookings b join homes h on h.id = b.listing_id
             where b.state = 'cancelled' and b.check_in >= $2 and b.check_in < $3
             group by b.listing_id
         )
         select h.id as listing_id, h.title, coalesce(s.currency, h.currency) as currency, coalesce(s.bookings, 0) as bookings,
                coalesce(s.nights, 0) as nights_booked, coalesce(x.nights, 0)::bigint as nights_blocked, coalesce(s.revenue, 0) as revenue,
                coalesce(e.by_guests, 0) as cancelled_by_guests, coalesce(e.by_host, 0) as cancelled_by_host, s.lead_days,
                h.rating_count, h.rating_overall as rating
         from homes h left join stays s on s.listing_id = h.id left join blocked x on x.listing_id = h.id
             left join ended e on e.listing_id = h.id
         order by h.id desc, currency limit 1000",
    )
    .bind(host)
    .bind(from)
    .bind(to)
    .fetch_all(db)
    .await?)
}
