//! SQL of coupons, what they and credit pay of bookings, and grants of credit.

use chrono::{DateTime, Utc};
use domain::coupons::{Contribution, Coupon, CouponTerms, CouponValue};
use domain::ids::{BookingId, CouponId, CreditGrantId, UserId};
use domain::money::{BasisPoints, Currency, Money};
use domain::page::PageRequest;
use sqlx::{PgConnection, PgPool};

use super::credit::{CreditBalance, CreditGrant};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct CouponRow {
    id: CouponId,
    code: String,
    percent_bps: Option<i32>,
    amount: Option<i64>,
    currency: Option<Currency>,
    max_amount: Option<i64>,
    minimum_total: i64,
    starts_at: DateTime<Utc>,
    ends_at: Option<DateTime<Utc>>,
    max_uses: Option<i32>,
    first_booking_only: bool,
    note: String,
    uses: i32,
    created_at: DateTime<Utc>,
    ended_at: Option<DateTime<Utc>>,
}

impl From<CouponRow> for Coupon {
    fn from(row: CouponRow) -> Self {
        // The table has one of both.
        let value = row.percent_bps.map_or(CouponValue::Amount(row.amount.unwrap_or(0)), |bps| CouponValue::Percent(BasisPoints(bps)));
        let terms = CouponTerms {
            code: row.code,
            value,
            currency: row.currency,
            max_amount: row.max_amount,
            minimum_total: row.minimum_total,
            starts_at: row.starts_at,
            ends_at: row.ends_at,
            max_uses: row.max_uses,
            first_booking_only: row.first_booking_only,
            note: row.note,
        };
        Self { id: row.id, terms, uses: row.uses, ended_at: row.ended_at, created_at: row.created_at }
    }
}

/// By `coupons_code_key`.
pub(super) async fn by_code(tx: &mut Tx, code: &str) -> Result<Option<Coupon>> {
    let row: Option<CouponRow> = sqlx::query_as(
        "select id, code, percent_bps, amount, currency, max_amount, minimum_total, starts_at, ends_at, max_uses, first_booking_only, note,
                uses, created_at, ended_at
         from coupons where code = $1",
    )
    .bind(code)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Coupon::from))
}

/// Every coupon, newest first; the primary key serves it.
pub(super) async fn coupons(db: &PgPool, page: &PageRequest<CouponId>) -> Result<Vec<Coupon>> {
    let rows: Vec<CouponRow> = sqlx::query_as(
        "select id, code, percent_bps, amount, currency, max_amount, minimum_total, starts_at, ends_at, max_uses, first_booking_only, note,
                uses, created_at, ended_at
         from coupons where ($1::uuid is null or id < $1) order by id desc limit $2",
    )
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Coupon::from).collect())
}

/// False when the code is taken.
pub(super) async fn insert_coupon(tx: &mut Tx, coupon: &Coupon, by: UserId) -> Result<bool> {
    let terms = &coupon.terms;
    let (percent, amount) = match terms.value {
        CouponValue::Percent(bps) => (Some(bps.0), None),
        CouponValue::Amount(amount) => (None, Some(amount)),
    };
    let done = sqlx::query(
        "insert into coupons (id, code, percent_bps, amount, currency, max_amount, minimum_total, starts_at, ends_at, max_uses,
             first_booking_only, note, created_by, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) on conflict (code) do nothing",
    )
    .bind(coupon.id)
    .bind(&terms.code)
    .bind(percent)
    .bind(amount)
    .bind(terms.currency)
    .bind(terms.max_amount)
    .bind(terms.minimum_total)
    .bind(terms.starts_at)
    .bind(terms.ends_at)
    .bind(terms.max_uses)
    .bind(terms.first_booking_only)
    .bind(&terms.note)
    .bind(by)
    .bind(coupon.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn end_coupon(tx: &mut Tx, id: CouponId, now: DateTime<Utc>) -> Result<Option<Coupon>> {
    let row: Option<CouponRow> = sqlx::query_as(
        "update coupons set ended_at = coalesce(ended_at, $2) where id = $1
         returning id, code, percent_bps, amount, currency, max_amount, minimum_total, starts_at, ends_at, max_uses, first_booking_only, note,
                   uses, created_at, ended_at",
    )
    .bind(id)
    .bind(now)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(Coupon::from))
}

/// One booking of a guest's at a time looks at their credit and coupons.
pub(super) async fn lock_guest(tx: &mut Tx, guest: UserId) -> Result<()> {
    sqlx::query("select pg_advisory_xact_lock(hashtextextended('credit:' || $1::text, 0))").bind(guest).execute(&mut **tx).await?;
    Ok(())
}

/// One booking at a time takes a use of a coupon.
pub(super) async fn lock_coupon(tx: &mut Tx, code: &str) -> Result<()> {
    sqlx::query("select 1 from coupons where code = $1 for update").bind(code).execute(&mut **tx).await?;
    Ok(())
}

pub(super) async fn count_use(tx: &mut Tx, coupon: CouponId, more: i32) -> Result<()> {
    sqlx::query("update coupons set uses = uses + $2 where id = $1").bind(coupon).bind(more).execute(&mut **tx).await?;
    Ok(())
}

/// By `one_use_of_a_coupon`.
pub(super) async fn was_used(tx: &mut Tx, coupon: CouponId, guest: UserId) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from contributions where coupon_id = $1 and guest_id = $2 and state <> 'returned')")
        .bind(coupon)
        .bind(guest)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) async fn insert_contribution(
    tx: &mut Tx,
    booking: BookingId,
    (guest, currency): (UserId, Currency),
    (coupon, contribution): (Option<CouponId>, &Contribution),
) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into contributions (booking_id, guest_id, currency, coupon_id, coupon_amount, credit_amount, state, created_at)
         values ($1, $2, $3, $4, $5, $6, 'held', $7)",
    )
    .bind(booking)
    .bind(guest)
    .bind(currency)
    .bind(coupon)
    .bind(contribution.coupon_amount())
    .bind(contribution.credit)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn use_contribution(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sqlx::query("update contributions set state = 'used' where booking_id = $1 and state = 'held'")
        .bind(booking)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// False when it is not in `from` (any more).
pub(super) async fn return_contribution(tx: &mut Tx, booking: BookingId, from: &str) -> Result<bool> {
    let done = sqlx::query("update contributions set state = 'returned' where booking_id = $1 and state = $2")
        .bind(booking)
        .bind(from)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn coupon_of(tx: &mut Tx, booking: BookingId) -> Result<Option<CouponId>> {
    Ok(sqlx::query_scalar("select coupon_id from contributions where booking_id = $1").bind(booking).fetch_one(&mut **tx).await?)
}

/// Minor units of a guest's credit that unpaid bookings hold; by
/// `contributions_by_guest`.
pub(super) async fn held(tx: &mut Tx, guest: UserId, currency: Currency) -> Result<i64> {
    Ok(sqlx::query_scalar(
        "select coalesce(sum(credit_amount), 0)::bigint from contributions where guest_id = $1 and currency = $2 and state = 'held'",
    )
    .bind(guest)
    .bind(currency)
    .fetch_one(&mut **tx)
    .await?)
}

/// What the ledger has of a guest's credit, and what unpaid bookings hold of it.
pub(super) async fn balances(db: &mut PgConnection, user: UserId) -> Result<Vec<CreditBalance>> {
    let rows: Vec<(Currency, i64, i64)> = sqlx::query_as(
        "with there as (
             select a.currency, sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint as amount
             from ledger_accounts a join ledger_entries e on e.account_id = a.id
             where a.id in (select ledger_account_id('guest_credit:' || $1::text, g.currency)
                            from (select distinct currency from credit_grants where user_id = $1) g)
             group by a.currency
         )
         select t.currency, t.amount,
                coalesce((select sum(c.credit_amount) from contributions c
                          where c.guest_id = $1 and c.currency = t.currency and c.state = 'held'), 0)::bigint
         from there t order by t.currency",
    )
    .bind(user)
    .fetch_all(db)
    .await?;
    let balance = |(currency, there, held): (Currency, i64, i64)| CreditBalance {
        available: Money::new((there - held).max(0), currency),
        held: Money::new(held, currency),
    };
    Ok(rows.into_iter().map(balance).collect())
}

#[derive(sqlx::FromRow)]
struct GrantRow {
    id: CreditGrantId,
    user_id: UserId,
    currency: Currency,
    amount: i64,
    reason: String,
    booking_id: Option<BookingId>,
    granted_by: Option<UserId>,
    expires_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<GrantRow> for CreditGrant {
    fn from(row: GrantRow) -> Self {
        Self {
            id: row.id,
            user_id: row.user_id,
            amount: Money::new(row.amount, row.currency),
            reason: row.reason,
            booking_id: row.booking_id,
            granted_by: row.granted_by,
            expires_at: row.expires_at,
            created_at: row.created_at,
        }
    }
}

pub(super) async fn insert_grant(tx: &mut Tx, grant: &CreditGrant) -> Result<()> {
    sqlx::query(
        "insert into credit_grants (id, user_id, currency, amount, reason, booking_id, granted_by, expires_at, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(grant.id)
    .bind(grant.user_id)
    .bind(grant.amount.currency)
    .bind(grant.amount.amount)
    .bind(&grant.reason)
    .bind(grant.booking_id)
    .bind(grant.granted_by)
    .bind(grant.expires_at)
    .bind(grant.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn grant(tx: &mut Tx, id: CreditGrantId) -> Result<Option<CreditGrant>> {
    let row: Option<GrantRow> = sqlx::query_as(
        "select id, user_id, currency, amount, reason, booking_id, granted_by, expires_at, created_at from credit_grants where id = $1",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(CreditGrant::from))
}

/// What somebody was given, newest first; by `credit_grants_by_user`.
pub(super) async fn grants(db: &PgPool, user: UserId, page: &PageRequest<CreditGrantId>) -> Result<Vec<CreditGrant>> {
    let rows: Vec<GrantRow> = sqlx::query_as(
        "select id, user_id, currency, amount, reason, booking_id, granted_by, expires_at, created_at from credit_grants
         where user_id = $1 and ($2::uuid is null or id < $2) order by id desc limit $3",
    )
    .bind(user)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(CreditGrant::from).collect())
}

/// Minor units that somebody was ever given, and of these what has come to its
/// end by now.
pub(super) async fn given(tx: &mut Tx, user: UserId, currency: Currency) -> Result<(i64, i64)> {
    let now = tx.now();
    Ok(sqlx::query_as(
        "select coalesce(sum(amount), 0)::bigint, coalesce(sum(amount) filter (where expires_at <= $3), 0)::bigint
         from credit_grants where user_id = $1 and currency = $2",
    )
    .bind(user)
    .bind(currency)
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}
