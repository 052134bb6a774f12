//! Running jobs: leases, heartbeats, retries, shutdown.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use futures::FutureExt;
use rand::RngExt;
use sqlx::PgPool;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;
use uuid::Uuid;

use crate::job::{Attempt, JobError, Registry};
use crate::schedule::{Schedule, fire_due};
use crate::store::{self, Leased};

/// How a worker works.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// Jobs at a time.
    pub concurrency: usize,
    /// How often it looks for work when nobody wakes it.
    pub poll_interval: Duration,
    /// How long a job is its own without a heartbeat, in database time.
    pub lease: Duration,
    /// How long running jobs may go on after a shutdown is asked for.
    pub drain: Duration,
    /// Which queues.
    pub queues: Vec<String>,
    /// What recurs.
    pub schedules: Vec<Schedule>,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            concurrency: 8,
            poll_interval: Duration::from_millis(50),
            lease: Duration::from_secs(60),
            drain: Duration::from_secs(25),
            queues: vec!["default".into()],
            schedules: Vec::new(),
        }
    }
}

/// Tells a worker of this process that there may be work.
#[derive(Debug, Clone)]
pub struct Waker(Arc<Notify>);

impl Waker {
    /// Call it after a commit.
    pub fn wake(&self) {
        self.0.notify_one();
    }
}

/// What [`Worker::run_due`] has done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunReport {
    /// Jobs that finished.
    pub finished: usize,
    /// Runs that failed and were put off or died.
    pub failed: usize,
}

type ClockFn = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// Runs jobs.
pub struct Worker<C> {
    db: PgPool,
    registry: Arc<Registry<C>>,
    context: C,
    clock: ClockFn,
    settings: WorkerSettings,
    id: Uuid,
    notify: Arc<Notify>,
}

impl<C: Clone + Send + Sync + 'static> Worker<C> {
    /// A worker; `clock` gives marketplace time.
    pub fn new(db: PgPool, registry: Registry<C>, context: C, clock: ClockFn, settings: WorkerSettings) -> Self {
        Self { db, registry: Arc::new(registry), context, clock, settings, id: Uuid::new_v4(), notify: Arc::new(Notify::new()) }
    }

    /// Wakes this worker.
    #[must_use]
    pub fn waker(&self) -> Waker {
        Waker(self.notify.clone())
    }

    async fn lease(&self, limit: usize) -> Result<Vec<Leased>, sqlx::Error> {
        let kinds = self.registry.kinds();
        let limit = i64::try_from(limit).unwrap_or(1);
        store::lease(&self.db, self.id, (&kinds, &self.settings.queues), (self.clock)(), (limit, self.settings.lease)).await
    }

    /// Runs until `shutdown`, then lets running jobs finish and gives back the
    /// rest.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut running: JoinSet<Uuid> = JoinSet::new();
        let mut ids: Vec<Uuid> = Vec::new();
        let mut heartbeat = tokio::time::interval(self.settings.lease / 3);
        let mut cron = tokio::time::interval(Duration::from_secs(1));
        loop {
            let free = self.settings.concurrency.saturating_sub(ids.len());
            let mut got = 0;
            if free > 0 {
                match self.lease(free).await {
                    Ok(jobs) => {
                        got = jobs.len();
                        for job in jobs {
                            ids.push(job.id);
                            running.spawn(self.execute(job));
                        }
                    }
                    Err(error) => tracing::warn!(%error, "could not lease jobs"),
                }
            }
            // A full batch means there is more: look again as soon as one is done.
            let pause = if got > 0 && got == free { Duration::from_millis(1) } else { self.settings.poll_interval };
            tokio::select! {
                () = shutdown.cancelled() => break,
                Some(done) = running.join_next(), if !running.is_empty() => {
                    if let Ok(id) = done { ids.retain(|other| *other != id); }
                }
                _ = heartbeat.tick() => {
                    if let Err(error) = store::extend(&self.db, self.id, &ids, self.settings.lease).await {
                        tracing::warn!(%error, "could not extend leases");
                    }
                }
                _ = cron.tick() => self.fire_schedules().await,
                () = self.notify.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
        let drained = tokio::time::timeout(self.settings.drain, async {
            while let Some(done) = running.join_next().await {
                if let Ok(id) = done {
                    ids.retain(|other| *other != id);
                }
            }
        });
        if drained.await.is_err() {
            tracing::warn!(left = ids.len(), "jobs did not finish in time: given back");
            running.abort_all();
        }
        if let Err(error) = store::release(&self.db, self.id, &ids).await {
            tracing::warn!(%error, "could not give jobs back");
        }
    }

    async fn fire_schedules(&self) {
        if self.settings.schedules.is_empty() {
            return;
        }
        if let Err(error) = fire_due(&self.db, &self.settings.schedules, (self.clock)()).await {
            tracing::warn!(%error, "could not fire schedules");
        }
    }

    /// Runs everything that is due by now, work asked for meanwhile included,
    /// and waits for what other workers are running. For tests and for moving a
    /// sandbox's clock.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn run_due(&self) -> Result<RunReport, sqlx::Error> {
        let mut report = RunReport::default();
        let kinds = self.registry.kinds();
        loop {
            let jobs = self.lease(1).await?;
            if jobs.is_empty() {
                if store::running_elsewhere(&self.db, self.id, &kinds).await? == 0 {
                    return Ok(report);
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
                continue;
            }
            for job in jobs {
                let id = job.id;
                self.execute(job).await;
                let left: bool =
                    sqlx::query_scalar("select exists (select 1 from jobs where id = $1)").bind(id).fetch_one(&self.db).await?;
                if left {
                    report.failed += 1;
                } else {
                    report.finished += 1;
                }
            }
        }
    }

    /// Runs one job to its end and writes down how it went.
    fn execute(&self, job: Leased) -> impl Future<Output = Uuid> + Send + use<C> {
        let (db, registry, context, clock, worker) =
            (self.db.clone(), self.registry.clone(), self.context.clone(), self.clock.clone(), self.id);
        let span = tracing::info_span!("job", kind = %job.kind, id = %job.id, attempt = job.attempts);
        async move {
            let started = Instant::now();
            let attempt = Attempt { job_id: job.id, number: job.attempts, last: job.attempts >= job.max_attempts };
            let outcome = match registry.find(&job.kind) {
                // A panic is a failure like any other; the worker lives on.
                Some(run) => std::panic::AssertUnwindSafe(run(job.payload, context, attempt))
                    .catch_unwind()
                    .await
                    .unwrap_or_else(|_| Err(JobError::Retry(anyhow::anyhow!("the job panicked")))),
                None => Err(JobError::Retry(anyhow::anyhow!("unknown kind"))),
            };
            let (label, written) = match outcome {
                Ok(()) => ("finished", store::finish(&db, worker, job.id).await),
                Err(JobError::Retry(error)) if !attempt.last => {
                    tracing::warn!(error = format!("{error:#}"), "job failed, will be retried");
                    let again = clock() + backoff(job.attempts);
                    ("retried", store::put_off(&db, worker, job.id, Some(again), &format!("{error:#}")).await)
                }
                Err(JobError::Retry(error) | JobError::Fail(error)) => {
                    tracing::error!(error = format!("{error:#}"), "job is dead");
                    ("dead", store::put_off(&db, worker, job.id, None, &format!("{error:#}")).await)
                }
            };
            if let Err(error) = written {
                tracing::warn!(%error, "the outcome of a job could not be written: its lease will run out and it will run again");
            }
            metrics::counter!("jobs_finished_total", "kind" => job.kind.clone(), "outcome" => label).increment(1);
            metrics::histogram!("job_duration_seconds", "kind" => job.kind).record(started.elapsed().as_secs_f64());
            job.id
        }
        .instrument(span)
    }
}

/// One second, doubling up to an hour, a fifth more or less at random.
fn backoff(attempts: i32) -> TimeDelta {
    let seconds = 2_i64.saturating_pow(u32::try_from(attempts - 1).unwrap_or(0).min(12)).min(3600);
    #[expect(clippy::disallowed_methods, reason = "jitter need not be repeatable")]
    let percent = rand::rng().random_range(80..=120);
    TimeDelta::milliseconds(seconds * 10 * percent)
}
