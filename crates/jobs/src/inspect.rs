//! Looking at the queue: depths for gauges, dead letters for staff.

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

/// How much of a kind waits, runs or is dead.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct QueueDepth {
    /// Which kind.
    pub kind: String,
    /// ready, running or dead.
    pub status: String,
    /// How many.
    pub count: i64,
    /// The earliest `run_at` among them.
    pub oldest: Option<DateTime<Utc>>,
}

/// A job that failed for good.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct DeadJob {
    /// Which.
    pub id: Uuid,
    /// Of which kind.
    pub kind: String,
    /// What it was to do.
    pub payload: serde_json::Value,
    /// How often it was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub last_error: Option<String>,
    /// Since when it exists.
    pub created_at: DateTime<Utc>,
}

/// Counts by kind and status.
///
/// # Errors
/// When the database is out of reach.
pub async fn depths(db: &PgPool) -> Result<Vec<QueueDepth>, sqlx::Error> {
    sqlx::query_as("select kind, status, count(*) as count, min(run_at) as oldest from jobs group by kind, status order by kind, status")
        .fetch_all(db)
        .await
}

/// When the next unfinished job is due, in marketplace time.
///
/// # Errors
/// When the database is out of reach.
pub async fn next_run_at(db: &PgPool) -> Result<Option<DateTime<Utc>>, sqlx::Error> {
    sqlx::query_scalar("select min(run_at) from jobs where status = 'ready'").fetch_one(db).await
}

/// Dead letters, by id, after `after`.
///
/// # Errors
/// When the database is out of reach.
pub async fn list_dead(db: &PgPool, after: Option<Uuid>, limit: i64) -> Result<Vec<DeadJob>, sqlx::Error> {
    sqlx::query_as(
        "select id, kind, payload, attempts, last_error, created_at from jobs
         where status = 'dead' and ($1::uuid is null or id > $1) order by id limit $2",
    )
    .bind(after)
    .bind(limit)
    .fetch_all(db)
    .await
}

/// Gives a dead job another life, from its first attempt on. False: no such.
///
/// # Errors
/// When the database is out of reach.
pub async fn retry_dead(db: &PgPool, id: Uuid, now: DateTime<Utc>) -> Result<bool, sqlx::Error> {
    let done = sqlx::query("update jobs set status = 'ready', attempts = 0, run_at = $2 where id = $1 and status = 'dead'")
        .bind(id)
        .bind(now)
        .execute(db)
        .await?;
    Ok(done.rows_affected() == 1)
}

/// Throws a dead job away. False: no such.
///
/// # Errors
/// When the database is out of reach.
pub async fn delete_dead(db: &PgPool, id: Uuid) -> Result<bool, sqlx::Error> {
    Ok(sqlx::query("delete from jobs where id = $1 and status = 'dead'").bind(id).execute(db).await?.rows_affected() == 1)
}
