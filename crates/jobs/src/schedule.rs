//! Work that recurs. One process fires each tick; missed ticks become one.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use croner::Cron;
use serde_json::Value;
use sqlx::{PgConnection, PgPool};

use crate::enqueue::{Enqueue, enqueue};
use crate::job::Job;

type Add = Arc<dyn for<'c> Fn(&'c mut PgConnection, Enqueue) -> futures::future::BoxFuture<'c, Result<(), sqlx::Error>> + Send + Sync>;

/// A recurring job.
#[derive(Clone)]
pub struct Schedule {
    name: &'static str,
    cron: Cron,
    add: Add,
}

impl std::fmt::Debug for Schedule {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Schedule").field(&self.name).finish()
    }
}

impl Schedule {
    /// Runs `payload` as job `J` whenever `cron` (five fields, UTC) says.
    ///
    /// # Errors
    /// When the pattern or the payload cannot be read.
    pub fn new<C: 'static, J: Job<C>>(name: &'static str, cron: &str, payload: &Value) -> anyhow::Result<Self> {
        let cron = cron.parse::<Cron>().map_err(|error| anyhow::anyhow!("{name}: {error}"))?;
        let payload = payload.clone();
        serde_json::from_value::<J>(payload.clone())?;
        let add: Add = Arc::new(move |connection, options| {
            let payload = payload.clone();
            Box::pin(async move {
                let job: J = serde_json::from_value(payload).map_err(|error| sqlx::Error::Decode(error.into()))?;
                enqueue::<C, J>(connection, &job, options).await.map(|_| ())
            })
        });
        Ok(Self { name, cron, add })
    }

    /// Asks for it now, whatever its pattern says: for operators and tests.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn ask_now(&self, connection: &mut PgConnection, now: DateTime<Utc>) -> Result<(), sqlx::Error> {
        (self.add)(connection, Enqueue { run_at: now, dedupe_key: None }).await
    }

    fn after(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.cron.find_next_occurrence(&at, false).ok()
    }
}

/// Enqueues what has come due by `now`. The row lock lets one process do it.
pub(crate) async fn fire_due(db: &PgPool, schedules: &[Schedule], now: DateTime<Utc>) -> Result<(), sqlx::Error> {
    for schedule in schedules {
        let Some(next) = schedule.after(now) else {
            continue;
        };
        let mut tx = db.begin().await?;
        sqlx::query("insert into job_schedules (name, next_at) values ($1, $2) on conflict do nothing")
            .bind(schedule.name)
            .bind(next)
            .execute(&mut *tx)
            .await?;
        let due: Option<DateTime<Utc>> =
            sqlx::query_scalar("select next_at from job_schedules where name = $1 and next_at <= $2 for update skip locked")
                .bind(schedule.name)
                .bind(now)
                .fetch_optional(&mut *tx)
                .await?;
        if let Some(tick) = due {
            (schedule.add)(&mut tx, Enqueue { run_at: now, dedupe_key: Some(format!("{}@{}", schedule.name, tick.timestamp())) }).await?;
            sqlx::query("update job_schedules set next_at = $2 where name = $1").bind(schedule.name).bind(next).execute(&mut *tx).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}
