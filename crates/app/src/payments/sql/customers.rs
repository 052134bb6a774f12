//! SQL of guests who keep cards, and of the cards.

use chrono::{DateTime, Utc};
use domain::ids::{PaymentMethodId, UserId};
use sqlx::PgPool;

use crate::error::Result;
use crate::payments::methods::PaymentMethod;
use crate::ports::payments::Card;
use crate::tx::Tx;

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

#[derive(sqlx::FromRow)]
struct MethodRow {
    id: PaymentMethodId,
    reference: String,
    brand: String,
    last4: String,
    exp_month: i32,
    exp_year: i32,
    created_at: DateTime<Utc>,
}

impl From<MethodRow> for PaymentMethod {
    fn from(row: MethodRow) -> Self {
        Self {
            id: row.id,
            reference: row.reference,
            card: Card { brand: row.brand, last4: row.last4, exp_month: row.exp_month, exp_year: row.exp_year },
            created_at: row.created_at,
        }
    }
}

pub(in crate::payments) async fn methods(db: &PgPool, user: UserId, provider: &str) -> Result<Vec<PaymentMethod>> {
    let rows: Vec<MethodRow> = sqlx::query_as(
        "select id, reference, brand, last4, exp_month, exp_year, created_at from payment_methods
         where user_id = $1 and provider = $2 and removed_at is null order by id desc",
    )
    .bind(user)
    .bind(provider)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(PaymentMethod::from).collect())
}

pub(in crate::payments) async fn insert_method(db: &PgPool, user: UserId, provider: &str, method: &PaymentMethod) -> Result<()> {
    sqlx::query(
        "insert into payment_methods (id, user_id, provider, reference, brand, last4, exp_month, exp_year, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (provider, reference) do nothing",
    )
    .bind(method.id)
    .bind(user)
    .bind(provider)
    .bind(&method.reference)
    .bind(&method.card.brand)
    .bind(&method.card.last4)
    .bind(method.card.exp_month)
    .bind(method.card.exp_year)
    .bind(method.created_at)
    .execute(db)
    .await?;
    Ok(())
}

pub(in crate::payments) async fn method_reference(db: &PgPool, user: UserId, id: PaymentMethodId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar("select reference from payment_methods where id = $1 and user_id = $2 and removed_at is null")
        .bind(id)
        .bind(user)
        .fetch_optional(db)
        .await?)
}

pub(in crate::payments) async fn methods_removed(db: &PgPool, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from payment_methods where user_id = $1 and removed_at is not null")
        .bind(user)
        .fetch_one(db)
        .await?)
}

pub(in crate::payments) async fn remove_method(db: &PgPool, id: PaymentMethodId, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update payment_methods set removed_at = $2 where id = $1").bind(id).bind(now).execute(db).await?;
    Ok(())
}
