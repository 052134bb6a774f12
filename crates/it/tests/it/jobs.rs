//! The queue: committed with its cause, run at least once, never twice at once.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use it::TestDb;
use jobs::{Attempt, Enqueue, Job, JobError, Registry, Schedule, Worker, WorkerSettings};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;

#[derive(Clone, Default)]
struct World {
    ran: Arc<Mutex<Vec<String>>>,
    at_once: Arc<AtomicUsize>,
    most_at_once: Arc<AtomicUsize>,
    now: Arc<Mutex<Option<DateTime<Utc>>>>,
}

impl World {
    fn now(&self) -> DateTime<Utc> {
        self.now.lock().unwrap().unwrap_or_else(start)
    }

    fn ran(&self) -> Vec<String> {
        self.ran.lock().unwrap().clone()
    }
}

fn start() -> DateTime<Utc> {
    "2030-01-01T00:00:00Z".parse().unwrap()
}

#[derive(Serialize, Deserialize)]
struct Say {
    word: String,
}

impl Job<World> for Say {
    const KIND: &'static str = "say";
    const MAX_ATTEMPTS: i32 = 3;

    async fn run(&self, world: &World, attempt: Attempt) -> Result<(), JobError> {
        let running = world.at_once.fetch_add(1, Ordering::SeqCst) + 1;
        world.most_at_once.fetch_max(running, Ordering::SeqCst);
        world.ran.lock().unwrap().push(format!("{}{}", self.word, attempt.number));
        tokio::time::sleep(Duration::from_millis(if self.word == "slow" { 300 } else { 2 })).await;
        world.at_once.fetch_sub(1, Ordering::SeqCst);
        match self.word.as_str() {
            "panic" => panic!("on purpose"),
            "retry" => Err(JobError::Retry(anyhow::anyhow!("not yet"))),
            "fail" => Err(JobError::Fail(anyhow::anyhow!("never"))),
            _ => Ok(()),
        }
    }
}

fn worker(db: &TestDb, world: &World, settings: WorkerSettings) -> Worker<World> {
    let clock = world.clone();
    Worker::new(db.pool().clone(), Registry::new().register::<Say>(), world.clone(), Arc::new(move || clock.now()), settings)
}

async fn ask(db: &TestDb, word: &str, seconds: i64, key: Option<&str>) -> Option<uuid::Uuid> {
    let options = Enqueue { run_at: start() + TimeDelta::seconds(seconds), dedupe_key: key.map(str::to_owned) };
    jobs::enqueue::<World, Say>(&mut db.pool().acquire().await.unwrap(), &Say { word: word.into() }, options).await.unwrap()
}

#[tokio::test]
async fn a_job_exists_if_and_only_if_its_cause_does() {
    let db = TestDb::new().await;
    let mut tx = db.pool().begin().await.unwrap();
    let options = Enqueue { run_at: start(), dedupe_key: None };
    jobs::enqueue::<World, Say>(&mut tx, &Say { word: "a".into() }, options).await.unwrap();
    tx.rollback().await.unwrap();
    assert_eq!(jobs::next_run_at(db.pool()).await.unwrap(), None);
}

#[tokio::test]
async fn jobs_run_in_order_when_they_are_due() {
    let (db, world) = (TestDb::new().await, World::default());
    for (word, at) in [("late", 60), ("b", 0), ("a", -5)] {
        ask(&db, word, at, None).await;
    }
    let worker = worker(&db, &world, WorkerSettings::default());
    assert_eq!(worker.run_due().await.unwrap().finished, 2);
    assert_eq!(world.ran(), ["a1", "b1"]);
    assert_eq!(jobs::next_run_at(db.pool()).await.unwrap(), Some(start() + TimeDelta::seconds(60)));
}

#[tokio::test]
async fn failures_are_put_off_and_end_as_dead_letters_that_can_be_revived() {
    let (db, world) = (TestDb::new().await, World::default());
    for word in ["retry", "panic", "fail"] {
        ask(&db, word, 0, None).await;
    }
    let worker = worker(&db, &world, WorkerSettings::default());
    worker.run_due().await.unwrap();
    assert_eq!(world.ran().len(), 3);
    let next = jobs::next_run_at(db.pool()).await.unwrap().unwrap() - start();
    assert!((800..=1200).contains(&next.num_milliseconds()), "{next}");
    for hours in 1..=3 {
        *world.now.lock().unwrap() = Some(start() + TimeDelta::hours(hours));
        worker.run_due().await.unwrap();
    }
    let dead = jobs::list_dead(db.pool(), None, 10).await.unwrap();
    let mut tried: Vec<(String, i32)> = dead.iter().map(|job| (job.payload["word"].as_str().unwrap().to_owned(), job.attempts)).collect();
    tried.sort();
    assert_eq!(tried, [("fail".to_owned(), 1), ("panic".to_owned(), 3), ("retry".to_owned(), 3)]);
    assert!(dead.iter().any(|job| job.last_error.as_deref() == Some("the job panicked")));
    assert!(jobs::retry_dead(db.pool(), dead[0].id, world.now()).await.unwrap());
    assert!(jobs::delete_dead(db.pool(), dead[1].id).await.unwrap());
    assert_eq!(jobs::list_dead(db.pool(), None, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_keeps_unfinished_work_single() {
    let (db, world) = (TestDb::new().await, World::default());
    assert!(ask(&db, "a", 0, Some("k")).await.is_some());
    assert!(ask(&db, "a", 0, Some("k")).await.is_none());
    worker(&db, &world, WorkerSettings::default()).run_due().await.unwrap();
    assert!(ask(&db, "a", 0, Some("k")).await.is_some(), "finished work is forgotten");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_workers_never_run_one_job_twice() {
    let (db, world) = (TestDb::new().await, World::default());
    for n in 0..200 {
        ask(&db, &format!("w{n}-"), 0, None).await;
    }
    let stop = CancellationToken::new();
    let run = |stop: CancellationToken| {
        let worker = worker(&db, &world, WorkerSettings { poll_interval: Duration::from_millis(5), ..WorkerSettings::default() });
        tokio::spawn(async move { worker.run(stop).await })
    };
    let (one, two) = (run(stop.clone()), run(stop.clone()));
    for _ in 0..1000 {
        if jobs::next_run_at(db.pool()).await.unwrap().is_none() && world.ran().len() >= 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    stop.cancel();
    one.await.unwrap();
    two.await.unwrap();
    let mut ran = world.ran();
    ran.sort();
    ran.dedup();
    assert_eq!((world.ran().len(), ran.len()), (200, 200));
    assert!(world.most_at_once.load(Ordering::SeqCst) > 1);
}

#[tokio::test]
async fn the_work_of_a_dead_worker_is_done_by_another() {
    let (db, world) = (TestDb::new().await, World::default());
    ask(&db, "a", 0, None).await;
    let lease = "update jobs set status = 'running', attempts = 1, leased_by = gen_random_uuid(), lease_until = clock_timestamp() - interval '1 second'";
    sqlx::query(lease).execute(db.pool()).await.unwrap();
    assert_eq!(worker(&db, &world, WorkerSettings::default()).run_due().await.unwrap().finished, 1);
    assert_eq!(world.ran(), ["a2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_finishes_what_it_has_begun() {
    let (db, world) = (TestDb::new().await, World::default());
    ask(&db, "slow", 0, None).await;
    let stop = CancellationToken::new();
    let worker = worker(&db, &world, WorkerSettings { poll_interval: Duration::from_millis(5), ..WorkerSettings::default() });
    let waker = worker.waker();
    let running = tokio::spawn({
        let stop = stop.clone();
        async move { worker.run(stop).await }
    });
    waker.wake();
    while world.ran().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    stop.cancel();
    running.await.unwrap();
    let left: i64 = sqlx::query_scalar("select count(*) from jobs").fetch_one(db.pool()).await.unwrap();
    assert_eq!((world.ran().len(), left), (1, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn one_process_fires_a_schedule_and_missed_ticks_become_one() {
    let (db, world) = (TestDb::new().await, World::default());
    let schedules = vec![Schedule::new::<World, Say>("hourly", "0 * * * *", &serde_json::json!({"word": "tick"})).unwrap()];
    let settings = || WorkerSettings { poll_interval: Duration::from_millis(5), schedules: schedules.clone(), ..WorkerSettings::default() };
    let stop = CancellationToken::new();
    let spawn = |stop: CancellationToken| {
        let worker = worker(&db, &world, settings());
        tokio::spawn(async move { worker.run(stop).await })
    };
    let (one, two) = (spawn(stop.clone()), spawn(stop.clone()));
    for _ in 0..200 {
        let known: i64 = sqlx::query_scalar("select count(*) from job_schedules").fetch_one(db.pool()).await.unwrap();
        if known == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    *world.now.lock().unwrap() = Some(start() + TimeDelta::hours(5));
    for _ in 0..500 {
        if !world.ran().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    stop.cancel();
    one.await.unwrap();
    two.await.unwrap();
    assert_eq!(world.ran(), ["tick1"]);
}
