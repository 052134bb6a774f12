//! SQL of many people and logins at once.

use chrono::{DateTime, Utc};
use domain::accounts::User;
use domain::ids::{SessionId, UserId};
use sqlx::PgPool;

use crate::error::Result;

pub(in crate::accounts) async fn users(db: &PgPool, ids: &[UserId]) -> Result<Vec<User>> {
    Ok(sqlx::query_as(
        "select id, email, email_verified_at, name, about, languages, avatar, staff, status, version, created_at from users where id = any($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await?)
}

pub(in crate::accounts) async fn standing_sessions(db: &PgPool, ids: &[SessionId], now: DateTime<Utc>) -> Result<Vec<SessionId>> {
    Ok(sqlx::query_scalar(
        "select s.id from sessions s join users u on u.id = s.user_id
         where s.id = any($1) and s.revoked_at is null and s.expires_at > $2 and u.status = 'active'",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(db)
    .await?)
}
