//! SQL of the webhook inbox.

use chrono::{DateTime, Utc};
use domain::page::PageRequest;
use sqlx::{PgConnection, PgPool};

use crate::error::Result;
use crate::payments::inbox::{Delivery, DeliveryKey};
use crate::ports::payments::ProviderEvent;
use crate::tx::Tx;

pub(in crate::payments) async fn store_event(
    db: &mut PgConnection,
    provider: &str,
    event: &ProviderEvent,
    body: &[u8],
    now: DateTime<Utc>,
) -> Result<bool> {
    let (object, reference) = event.object.parts();
    let done = sqlx::query(
        "insert into webhook_inbox (provider, event_id, kind, payload, received_at, object, reference)
         values ($1, $2, $3, $4, $5, $6, $7) on conflict do nothing",
    )
    .bind(provider)
    .bind(&event.id)
    .bind(&event.kind)
    .bind(body)
    .bind(now)
    .bind(object)
    .bind(reference)
    .execute(db)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::payments) async fn mark_processed(
    db: &PgPool,
    provider: &str,
    event: &str,
    now: DateTime<Utc>,
    error: Option<&str>,
) -> Result<()> {
    sqlx::query("update webhook_inbox set processed_at = $3, error = $4 where provider = $1 and event_id = $2")
        .bind(provider)
        .bind(event)
        .bind(now)
        .bind(error)
        .execute(db)
        .await?;
    Ok(())
}

pub(in crate::payments) async fn deliveries(db: &PgPool, waiting: bool, page: &PageRequest<DeliveryKey>) -> Result<Vec<Delivery>> {
    let after = page.after.as_ref();
    Ok(sqlx::query_as(
        "select provider, event_id, kind, object, reference, received_at, processed_at, attempts, error from webhook_inbox
         where (not $1 or processed_at is null)
           and ($2::timestamptz is null or received_at < $2 or (received_at = $2 and (provider, event_id) > ($3, $4)))
         order by received_at desc, provider, event_id limit $5",
    )
    .bind(waiting)
    .bind(after.map(|key| key.received_at))
    .bind(after.map(|key| key.provider.as_str()))
    .bind(after.map(|key| key.event_id.as_str()))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(in crate::payments) async fn delivery(db: &PgPool, provider: &str, event: &str) -> Result<Option<Delivery>> {
    Ok(sqlx::query_as(
        "select provider, event_id, kind, object, reference, received_at, processed_at, attempts, error from webhook_inbox
         where provider = $1 and event_id = $2",
    )
    .bind(provider)
    .bind(event)
    .fetch_optional(db)
    .await?)
}

pub(in crate::payments) async fn delivery_body(db: &PgPool, provider: &str, event: &str) -> Result<Vec<u8>> {
    Ok(sqlx::query_scalar("select payload from webhook_inbox where provider = $1 and event_id = $2")
        .bind(provider)
        .bind(event)
        .fetch_one(db)
        .await?)
}

/// The event waits to be handled (once more).
pub(in crate::payments) async fn await_delivery(tx: &mut Tx, provider: &str, event: &str) -> Result<()> {
    sqlx::query("update webhook_inbox set processed_at = null, error = null where provider = $1 and event_id = $2")
        .bind(provider)
        .bind(event)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// A try to handle the event has failed.
pub(in crate::payments) async fn mark_failed(db: &PgPool, provider: &str, event: &str, error: &str) -> Result<()> {
    sqlx::query("update webhook_inbox set attempts = attempts + 1, error = $3 where provider = $1 and event_id = $2")
        .bind(provider)
        .bind(event)
        .bind(error)
        .execute(db)
        .await?;
    Ok(())
}
