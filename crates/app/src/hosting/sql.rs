//! SQL of hosts' views; reads only.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use domain::ids::UserId;
use domain::page::PageRequest;
use domain::reviews::REVIEW_WINDOW;
use sqlx::PgPool;

use super::{Figures, Reservation, ReservationKey, Which};
use crate::error::Result;

/// Reservations in the order in which they come up.
pub(super) async fn forward(
    db: &PgPool,
    host: UserId,
    which: Which,
    now: DateTime<Utc>,
    page: &PageRequest<ReservationKey>,
) -> Result<Vec<Reservation>> {
    Ok(sqlx::query_as(
        "select b.id, b.code, b.state, b.listing_id, b.terms ->> 'listing_title' as listing_title, b.guest_id, u.name as guest_name, b.check_in,
                b.check_out, b.guests, b.currency, b.host_payout, b.respond_by, b.check_in_at, b.check_out_at, l.time_zone
         from bookings b join users u on u.id = b.guest_id join listings l on l.id = b.listing_id
         where b.host_id = $1 and case $2
                 when 'requests' then b.state = 'requested' and b.respond_by > $3
                 when 'current' then b.state = 'confirmed' and b.check_in_at <= $3 and b.check_out_at > $3
                 else b.state = 'confirmed' and b.check_in_at > $3 end
           and ($4::timestamptz is null or (b.check_in_at, b.id) > ($4, $5))
         order by b.check_in_at, b.id limit $6",
    )
    .bind(host)
    .bind(which.as_str())
    .bind(now)
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// Reservations, the latest first.
pub(super) async fn backward(
    db: &PgPool,
    host: UserId,
    which: Which,
    now: DateTime<Utc>,
    page: &PageRequest<ReservationKey>,
) -> Result<Vec<Reservation>> {
    Ok(sqlx::query_as(
        "select b.id, b.code, b.state, b.listing_id, b.terms ->> 'listing_title' as listing_title, b.guest_id, u.name as guest_name, b.check_in,
                b.check_out, b.guests, b.currency, b.host_payout, b.respond_by, b.check_in_at, b.check_out_at, l.time_zone
         from bookings b join users u on u.id = b.guest_id join listings l on l.id = b.listing_id
         where b.host_id = $1 and case $2
                 when 'past' then b.state in ('completed', 'no_show') or (b.state = 'confirmed' and b.check_out_at <= $3)
                 when 'cancelled' then b.state in ('cancelled', 'declined', 'expired')
                 else b.state <> 'pending_payment' end
           and ($4::timestamptz is null or (b.check_in_at, b.id) < ($4, $5))
         order by b.check_in_at desc, b.id desc limit $6",
    )
    .bind(host)
    .bind(which.as_str())
    .bind(now)
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// Stays that touch today or begin within two months, by arrival.
pub(super) async fn around_today(db: &PgPool, host: UserId, now: DateTime<Utc>) -> Result<Vec<Reservation>> {
    Ok(sqlx::query_as(
        "select b.id, b.code, b.state, b.listing_id, b.terms ->> 'listing_title' as listing_title, b.guest_id, u.name as guest_name, b.check_in,
                b.check_out, b.guests, b.currency, b.host_payout, b.respond_by, b.check_in_at, b.check_out_at, l.time_zone
         from bookings b join users u on u.id = b.guest_id join listings l on l.id = b.listing_id
         where b.host_id = $1 and b.state in ('confirmed', 'completed') and b.check_out_at > $2 and b.check_in_at < $3
         order by b.check_in_at, b.id limit 500",
    )
    .bind(host)
    .bind(now - TimeDelta::days(2))
    .bind(now + TimeDelta::days(62))
    .fetch_all(db)
    .await?)
}

/// Finished stays that the host has not reviewed and still can.
pub(super) async fn to_review(db: &PgPool, host: UserId, now: DateTime<Utc>) -> Result<Vec<Reservation>> {
    Ok(sqlx::query_as(
        "select b.id, b.code, b.state, b.listing_id, b.terms ->> 'listing_title' as listing_title, b.guest_id, u.name as guest_name, b.check_in,
                b.check_out, b.guests, b.currency, b.host_payout, b.respond_by, b.check_in_at, b.check_out_at, l.time_zone
         from bookings b join users u on u.id = b.guest_id join listings l on l.id = b.listing_id
         where b.host_id = $1 and b.state = 'completed' and b.check_out_at > $2
           and not exists (select from reviews r where r.booking_id = b.id and r.author_id = $1)
         order by b.check_out_at, b.id limit 100",
    )
    .bind(host)
    .bind(now - REVIEW_WINDOW)
    .fetch_all(db)
    .await?)
}

/// How a host's homes do within `[from, to)`, by currency. Each night of a stay
/// has an equal share of its payout; what does not divide goes to the first.
pub(super) async fn figures(db: &PgPool, host: UserId, from: NaiveDate, to: NaiveDate) -> Result<Vec<Figures>> {
    Ok(sqlx::query_as(
        "with sold as (
             select b.currency,
                    least(b.check_out, $3) - greatest(b.check_in, $2) as nights,
                    b.host_payout / (b.check_out - b.check_in) * (least(b.check_out, $3) - greatest(b.check_in, $2))
                        + case when b.check_in >= $2 then b.host_payout % (b.check_out - b.check_in) else 0 end as earnings,
                    (b.check_in >= $2)::integer as starts
             from bookings b
             where b.host_id = $1 and b.state in ('confirmed', 'completed', 'no_show') and b.check_in < $3 and b.check_out > $2
         ), open as (
             select currency, count(*) * ($3 - $2) as nights from listings where host_id = $1 and status = 'published' group by currency
         ), totals as (
             select currency, sum(nights) as nights, sum(earnings) as earnings, sum(starts) as stays from sold group by currency
         )
         select coalesce(t.currency, o.currency) as currency, coalesce(t.nights, 0)::bigint as nights,
                greatest(coalesce(o.nights, 0), coalesce(t.nights, 0))::bigint as nights_open, coalesce(t.earnings, 0)::bigint as earnings,
                coalesce(t.stays, 0)::bigint as stays
         from totals t full join open o on o.currency = t.currency order by 1",
    )
    .bind(host)
    .bind(from)
    .bind(to)
    .fetch_all(db)
    .await?)
}

/// How many homes are published, drafts and paused.
pub(super) async fn homes(db: &PgPool, host: UserId) -> Result<(i64, i64, i64)> {
    Ok(sqlx::query_as(
        "select count(*) filter (where status = 'published'), count(*) filter (where status = 'draft'), count(*) filter (where status = 'paused')
         from listings where host_id = $1",
    )
    .bind(host)
    .fetch_one(db)
    .await?)
}
