//! SQL of guests who keep cards, and of the cards.

use chrono::{DateTime, Utc};
use domain::ids::UserId;
use sqlx::PgPool;

use crate::error::Result;
use crate::tx::Tx;

#[allow(dead_code, reason = "ground for the slices above")]
pub(in crate::payments) async fn customer(db: &PgPool, user: UserId, provider: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select reference from payment_customers where user_id = $1 and provider = $2")
        .bind(user)
        .bind(provider)
        .fetch_optional(db)
        .await?)
}

pub(in crate::payments) async fn customer_in(tx: &mut Tx, user: UserId, provider: &str) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select reference from payment_customers where user_id = $1 and provider = $2")
        .bind(user)
        .bind(provider)
        .fetch_optional(&mut **tx)
        .await?)
}

#[allow(dead_code, reason = "ground for the slices above")]
pub(in crate::payments) async fn insert_customer(
    db: &PgPool,
    user: UserId,
    provider: &str,
    reference: &str,
    now: DateTime<Utc>,
) -> Result<()> {
    sqlx::query("insert into payment_customers (user_id, provider, reference, created_at) values ($1, $2, $3, $4) on conflict do nothing")
        .bind(user)
        .bind(provider)
        .bind(reference)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}
