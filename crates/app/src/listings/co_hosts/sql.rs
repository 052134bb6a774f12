//! SQL of co-hosts.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use domain::co_hosts::{CoHostPermission, CoHostState};
use domain::ids::{CoHostId, ListingId, UserId};
use domain::money::BasisPoints;
use sqlx::{PgConnection, PgExecutor};

use super::{CoHost, CoHostTerms};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct Row {
    id: CoHostId,
    listing_id: ListingId,
    email: String,
    user_id: Option<UserId>,
    permission: CoHostPermission,
    percent_bps: i32,
    fixed_amount: i64,
    cleaning_fee: bool,
    state: CoHostState,
    invited_at: DateTime<Utc>,
}

impl From<Row> for CoHost {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            listing_id: row.listing_id,
            email: row.email,
            user_id: row.user_id,
            terms: CoHostTerms {
                permission: row.permission,
                percent: BasisPoints(row.percent_bps),
                fixed: row.fixed_amount,
                cleaning_fee: row.cleaning_fee,
            },
            state: row.state,
            invited_at: row.invited_at,
        }
    }
}

/// What an active co-host may do; `listing_co_hosts_by_user` serves it.
pub(super) async fn permission(db: &mut PgConnection, listing: ListingId, user: UserId) -> Result<Option<CoHostPermission>> {
    Ok(sqlx::query_scalar("select permission from listing_co_hosts where user_id = $1 and listing_id = $2 and state = 'active'")
        .bind(user)
        .bind(listing)
        .fetch_optional(db)
        .await?)
}

/// Those of `listings` with which `user` helps under one of these permissions.
pub(super) async fn helped(
    db: impl PgExecutor<'_>,
    user: UserId,
    listings: &[ListingId],
    permissions: &[CoHostPermission],
) -> Result<HashSet<ListingId>> {
    let permissions: Vec<&str> = permissions.iter().map(|permission| permission.as_str()).collect();
    let found: Vec<ListingId> = sqlx::query_scalar(
        "select listing_id from listing_co_hosts
         where user_id = $1 and listing_id = any($2) and state = 'active' and permission = any($3)",
    )
    .bind(user)
    .bind(listings)
    .bind(permissions)
    .fetch_all(db)
    .await?;
    Ok(found.into_iter().collect())
}

/// Invited and active ones, in the order of their invitations.
pub(super) async fn of_listing(db: &mut PgConnection, listing: ListingId) -> Result<Vec<CoHost>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, listing_id, email, user_id, permission, percent_bps, fixed_amount, cleaning_fee, state, invited_at
         from listing_co_hosts where listing_id = $1 and state in ('invited', 'active') order by id",
    )
    .bind(listing)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(CoHost::from).collect())
}

pub(super) async fn by_id(tx: &mut Tx, id: CoHostId) -> Result<Option<CoHost>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, listing_id, email, user_id, permission, percent_bps, fixed_amount, cleaning_fee, state, invited_at
         from listing_co_hosts where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(CoHost::from))
}

/// False when the address has been invited already.
pub(super) async fn insert(tx: &mut Tx, co_host: &CoHost, invited_by: UserId) -> Result<bool> {
    let done = sqlx::query(
        "insert into listing_co_hosts
            (id, listing_id, email, permission, percent_bps, fixed_amount, cleaning_fee, state, invited_by, invited_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict do nothing",
    )
    .bind(co_host.id)
    .bind(co_host.listing_id)
    .bind(&co_host.email)
    .bind(co_host.terms.permission)
    .bind(co_host.terms.percent.0)
    .bind(co_host.terms.fixed)
    .bind(co_host.terms.cleaning_fee)
    .bind(co_host.state)
    .bind(invited_by)
    .bind(co_host.invited_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn set_terms(tx: &mut Tx, id: CoHostId, terms: &CoHostTerms) -> Result<()> {
    sqlx::query("update listing_co_hosts set permission = $2, percent_bps = $3, fixed_amount = $4, cleaning_fee = $5 where id = $1")
        .bind(id)
        .bind(terms.permission)
        .bind(terms.percent.0)
        .bind(terms.fixed)
        .bind(terms.cleaning_fee)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Ends an invitation or the help itself; false when it has ended before.
pub(super) async fn finish(tx: &mut Tx, id: CoHostId, state: CoHostState) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query("update listing_co_hosts set state = $2, ended_at = $3 where id = $1 and state in ('invited', 'active')")
        .bind(id)
        .bind(state)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// What waits for the answer of whoever has proved the address it went to.
pub(super) async fn invitations(db: impl PgExecutor<'_>, user: UserId) -> Result<Vec<CoHost>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select c.id, c.listing_id, c.email, c.user_id, c.permission, c.percent_bps, c.fixed_amount, c.cleaning_fee, c.state, c.invited_at
         from listing_co_hosts c join users u on u.email = c.email
         where u.id = $1 and u.email_verified_at is not null and c.state = 'invited' order by c.id",
    )
    .bind(user)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(CoHost::from).collect())
}

pub(super) async fn answer(tx: &mut Tx, id: CoHostId, user: Option<UserId>, state: CoHostState) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query("update listing_co_hosts set state = $2, user_id = $3, answered_at = $4 where id = $1 and state = 'invited'")
        .bind(id)
        .bind(state)
        .bind(user)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query("update listing_co_hosts set state = 'ended', email = '', ended_at = coalesce(ended_at, $2) where user_id = $1")
        .bind(user)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}
