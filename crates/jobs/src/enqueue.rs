//! Asking for work, in the caller's transaction.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::job::Job;

/// When, and whether once.
#[derive(Debug, Clone)]
pub struct Enqueue {
    /// Not before, in marketplace time.
    pub run_at: DateTime<Utc>,
    /// While a job with this key is unfinished, another is not added.
    pub dedupe_key: Option<String>,
}

/// Writes a job; it exists if and only if the caller's transaction commits.
/// `None`: an unfinished job with this dedupe key exists.
///
/// # Errors
/// When the payload is no JSON or the database refuses.
pub async fn enqueue<C, J: Job<C>>(connection: &mut PgConnection, job: &J, options: Enqueue) -> Result<Option<Uuid>, sqlx::Error> {
    let payload = serde_json::to_value(job).map_err(|error| sqlx::Error::Encode(error.into()))?;
    sqlx::query_scalar(
        "insert into jobs (kind, payload, queue, priority, run_at, max_attempts, dedupe_key)
         values ($1, $2, $3, $4, $5, $6, $7)
         on conflict (dedupe_key) where dedupe_key is not null and status <> 'dead' do nothing
         returning id",
    )
    .bind(J::KIND)
    .bind(payload)
    .bind(J::QUEUE)
    .bind(J::PRIORITY)
    .bind(options.run_at)
    .bind(J::MAX_ATTEMPTS)
    .bind(options.dedupe_key)
    .fetch_optional(connection)
    .await
}
