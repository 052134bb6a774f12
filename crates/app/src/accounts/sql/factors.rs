//! SQL of second factors and personal tokens.

use chrono::{DateTime, TimeDelta, Utc};
use domain::accounts::TokenScope;
use domain::ids::{PersonalTokenId, SessionId, UserId};
use sqlx::PgPool;

use crate::accounts::{Login, PersonalToken};
use crate::error::Result;
use crate::tx::Tx;

#[derive(Debug, Clone, sqlx::FromRow)]
pub(in crate::accounts) struct Factor {
    pub sealed: Vec<u8>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub last_step: i64,
    pub failures: i32,
    pub locked_until: Option<DateTime<Utc>>,
}

pub(in crate::accounts) async fn factor(db: &PgPool, user: UserId) -> Result<Option<Factor>> {
    Ok(sqlx::query_as("select sealed, confirmed_at, last_step, failures, locked_until from totp_factors where user_id = $1")
        .bind(user)
        .fetch_optional(db)
        .await?)
}

pub(in crate::accounts) async fn factor_locked(tx: &mut Tx, user: UserId) -> Result<Option<Factor>> {
    Ok(sqlx::query_as("select sealed, confirmed_at, last_step, failures, locked_until from totp_factors where user_id = $1 for update")
        .bind(user)
        .fetch_optional(&mut **tx)
        .await?)
}

/// Writes a factor that is not in force yet, in place of such a one.
pub(in crate::accounts) async fn put_factor(tx: &mut Tx, user: UserId, sealed: &[u8]) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into totp_factors (user_id, sealed, created_at) values ($1, $2, $3)
         on conflict (user_id) do update set sealed = $2, created_at = $3, last_step = 0 where totp_factors.confirmed_at is null",
    )
    .bind(user)
    .bind(sealed)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::accounts) async fn confirm_factor(tx: &mut Tx, user: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query("update totp_factors set confirmed_at = $2 where user_id = $1").bind(user).bind(now).execute(&mut **tx).await?;
    Ok(())
}

pub(in crate::accounts) async fn delete_factor(tx: &mut Tx, user: UserId) -> Result<bool> {
    sqlx::query("delete from recovery_codes where user_id = $1").bind(user).execute(&mut **tx).await?;
    let done = sqlx::query("delete from totp_factors where user_id = $1").bind(user).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn spend_step(tx: &mut Tx, user: UserId, step: i64) -> Result<()> {
    sqlx::query("update totp_factors set last_step = $2, failures = 0, locked_until = null where user_id = $1")
        .bind(user)
        .bind(step)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(in crate::accounts) async fn count_failure(
    tx: &mut Tx,
    user: UserId,
    failures: i32,
    locked_until: Option<DateTime<Utc>>,
) -> Result<()> {
    sqlx::query("update totp_factors set failures = $2, locked_until = $3 where user_id = $1")
        .bind(user)
        .bind(failures)
        .bind(locked_until)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(in crate::accounts) async fn put_recovery_codes(tx: &mut Tx, user: UserId, hashes: &[Vec<u8>]) -> Result<()> {
    sqlx::query("delete from recovery_codes where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("insert into recovery_codes (user_id, hash) select $1, unnest($2::bytea[])")
        .bind(user)
        .bind(hashes)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(in crate::accounts) async fn recovery_codes_left(db: &PgPool, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from recovery_codes where user_id = $1 and used_at is null").bind(user).fetch_one(db).await?)
}

/// Uses a recovery code up; false when it is unknown or used.
pub(in crate::accounts) async fn spend_recovery_code(tx: &mut Tx, user: UserId, hash: &[u8]) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query("update recovery_codes set used_at = $3 where user_id = $1 and hash = $2 and used_at is null")
        .bind(user)
        .bind(hash)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::accounts) async fn tokens(db: &PgPool, user: UserId, now: DateTime<Utc>) -> Result<Vec<PersonalToken>> {
    Ok(sqlx::query_as(
        "select id, name, scopes, created_at, last_used_at, expires_at from personal_tokens
         where user_id = $1 and revoked_at is null and expires_at > $2 order by id desc limit 50",
    )
    .bind(user)
    .bind(now)
    .fetch_all(db)
    .await?)
}

pub(in crate::accounts) async fn token_count(tx: &mut Tx, user: UserId) -> Result<i64> {
    let now = tx.now();
    Ok(sqlx::query_scalar("select count(*) from personal_tokens where user_id = $1 and revoked_at is null and expires_at > $2")
        .bind(user)
        .bind(now)
        .fetch_one(&mut **tx)
        .await?)
}

pub(in crate::accounts) async fn insert_token(tx: &mut Tx, user: UserId, token: &PersonalToken, hash: &[u8]) -> Result<()> {
    sqlx::query(
        "insert into personal_tokens (id, user_id, name, hash, scopes, created_at, expires_at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(token.id)
    .bind(user)
    .bind(&token.name)
    .bind(hash)
    .bind(&token.scopes)
    .bind(token.created_at)
    .bind(token.expires_at)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::accounts) async fn revoke_token(tx: &mut Tx, user: UserId, id: PersonalTokenId) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query("update personal_tokens set revoked_at = $3 where id = $2 and user_id = $1 and revoked_at is null")
        .bind(user)
        .bind(id)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(done.rows_affected() == 1)
}

#[derive(sqlx::FromRow)]
struct TokenRow {
    user_id: UserId,
    id: PersonalTokenId,
    verified: bool,
    scopes: Vec<TokenScope>,
    last_used_at: Option<DateTime<Utc>>,
}

/// Who a token stands for and what it may do; notes once a minute that it is
/// used.
pub(in crate::accounts) async fn token_login(db: &PgPool, hash: &[u8], now: DateTime<Utc>) -> Result<Option<(Login, Vec<TokenScope>)>> {
    let row: Option<TokenRow> = sqlx::query_as(
        "select t.user_id, t.id, u.email_verified_at is not null as verified, t.scopes, t.last_used_at
         from personal_tokens t join users u on u.id = t.user_id
         where t.hash = $1 and t.expires_at > $2 and t.revoked_at is null and u.status = 'active'",
    )
    .bind(hash)
    .bind(now)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if row.last_used_at.is_none_or(|at| now - at >= TimeDelta::minutes(1)) {
        sqlx::query("update personal_tokens set last_used_at = $2 where id = $1").bind(row.id).bind(now).execute(db).await?;
    }
    let login = Login { user: row.user_id, session: SessionId(row.id.0), staff: false, verified: row.verified };
    Ok(Some((login, row.scopes)))
}
