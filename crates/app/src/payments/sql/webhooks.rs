//! SQL of the webhook inbox.

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, PgPool};

use crate::error::Result;
use crate::ports::payments::ProviderEvent;

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
