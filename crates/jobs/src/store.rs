//! The worker's SQL: leasing, finishing, putting off.

use std::time::Duration;

use chrono::{DateTime, Utc};
use sqlx::PgPool;
use uuid::Uuid;

/// A job that this worker may run until its lease ends.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct Leased {
    pub id: Uuid,
    pub kind: String,
    pub payload: serde_json::Value,
    pub attempts: i32,
    pub max_attempts: i32,
}

/// Leases up to `limit` due jobs of known kinds, those of dead workers
/// included. Leases are in the database's own time: a sandbox that moves its
/// clock must not take running work from its worker.
pub(crate) async fn lease(
    db: &PgPool,
    worker: Uuid,
    (kinds, queues): (&[&str], &[String]),
    now: DateTime<Utc>,
    (limit, lease): (i64, Duration),
) -> Result<Vec<Leased>, sqlx::Error> {
    sqlx::query_as(
        "with due as (
             select id from jobs
             where kind = any($2) and queue = any($3)
               and ((status = 'ready' and run_at <= $4) or (status = 'running' and lease_until < clock_timestamp()))
             order by priority, run_at, created_at limit $5 for update skip locked
         )
         update jobs set status = 'running', leased_by = $1, attempts = attempts + 1,
                lease_until = clock_timestamp() + make_interval(secs => $6)
         from due where jobs.id = due.id
         returning jobs.id, jobs.kind, jobs.payload, jobs.attempts, jobs.max_attempts",
    )
    .bind(worker)
    .bind(kinds)
    .bind(queues)
    .bind(now)
    .bind(limit)
    .bind(lease.as_secs_f64())
    .fetch_all(db)
    .await
}

/// Keeps the leases of what is still running.
pub(crate) async fn extend(db: &PgPool, worker: Uuid, ids: &[Uuid], lease: Duration) -> Result<(), sqlx::Error> {
    sqlx::query("update jobs set lease_until = clock_timestamp() + make_interval(secs => $3) where id = any($2) and leased_by = $1")
        .bind(worker)
        .bind(ids)
        .bind(lease.as_secs_f64())
        .execute(db)
        .await?;
    Ok(())
}

/// Done: the row has served.
pub(crate) async fn finish(db: &PgPool, worker: Uuid, id: Uuid) -> Result<(), sqlx::Error> {
    sqlx::query("delete from jobs where id = $1 and leased_by = $2").bind(id).bind(worker).execute(db).await?;
    Ok(())
}

/// Failed: again at `run_at`, or dead.
pub(crate) async fn put_off(db: &PgPool, worker: Uuid, id: Uuid, run_at: Option<DateTime<Utc>>, error: &str) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update jobs set status = case when $3::timestamptz is null then 'dead' else 'ready' end, run_at = coalesce($3, run_at),
                leased_by = null, lease_until = null, last_error = left($4, 2000)
         where id = $1 and leased_by = $2",
    )
    .bind(id)
    .bind(worker)
    .bind(run_at)
    .bind(error)
    .execute(db)
    .await?;
    Ok(())
}

/// Gives back what was leased and not begun.
pub(crate) async fn release(db: &PgPool, worker: Uuid, ids: &[Uuid]) -> Result<(), sqlx::Error> {
    sqlx::query(
        "update jobs set status = 'ready', attempts = attempts - 1, leased_by = null, lease_until = null
         where id = any($2) and leased_by = $1 and status = 'running'",
    )
    .bind(worker)
    .bind(ids)
    .execute(db)
    .await?;
    Ok(())
}

/// How many due jobs of known kinds others are running right now.
pub(crate) async fn running_elsewhere(db: &PgPool, worker: Uuid, kinds: &[&str]) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar("select count(*) from jobs where status = 'running' and kind = any($2) and leased_by is distinct from $1 and lease_until >= clock_timestamp()")
        .bind(worker)
        .bind(kinds)
        .fetch_one(db)
        .await
}
