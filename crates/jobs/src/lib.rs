//! A job queue in PostgreSQL: rows written in the caller's transaction, leased
//! in batches with `FOR UPDATE SKIP LOCKED`, run at least once, retried with
//! backoff, dead in the end and visible there. Knows nothing of the app.
//!
//! Nothing here uses NOTIFY: it serialises commits. Workers of the same process
//! are woken through a [`Waker`], all others poll.

mod enqueue;
mod inspect;
mod job;
mod schedule;
mod store;
mod worker;

pub use enqueue::{Enqueue, enqueue};
pub use inspect::{DeadJob, QueueDepth, delete_dead, depths, list_dead, next_run_at, retry_dead};
pub use job::{Attempt, Job, JobError, Registry};
pub use schedule::Schedule;
pub use worker::{RunReport, Waker, Worker, WorkerSettings};
