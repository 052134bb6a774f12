//! What a job is, and the list of those a worker knows.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// Background work; the payload is the struct itself. `C` is the application's
/// context. Running twice must do no harm.
pub trait Job<C>: Serialize + DeserializeOwned + Send + Sync + 'static {
    /// Its name in the table; stable across releases.
    const KIND: &'static str;
    /// After so many failed runs it is dead.
    const MAX_ATTEMPTS: i32 = 12;
    /// Which workers run it.
    const QUEUE: &'static str = "default";
    /// Lower runs first.
    const PRIORITY: i16 = 0;

    /// Does the work.
    fn run(&self, context: &C, attempt: Attempt) -> impl Future<Output = Result<(), JobError>> + Send;
}

/// Why a job did not finish.
#[derive(Debug)]
pub enum JobError {
    /// Trying again may help.
    Retry(anyhow::Error),
    /// It never will.
    Fail(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for JobError {
    fn from(error: E) -> Self {
        Self::Retry(error.into())
    }
}

/// Which run of a job this is.
#[derive(Debug, Clone, Copy)]
pub struct Attempt {
    /// Of the row.
    pub job_id: Uuid,
    /// 1 for the first.
    pub number: i32,
    /// Another failure kills it.
    pub last: bool,
}

type Run<C> = Arc<dyn Fn(serde_json::Value, C, Attempt) -> Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>> + Send + Sync>;

/// The jobs a worker knows.
pub struct Registry<C> {
    runs: BTreeMap<&'static str, Run<C>>,
    twice: Vec<&'static str>,
}

impl<C: Clone + Send + Sync + 'static> Default for Registry<C> {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clone + Send + Sync + 'static> Registry<C> {
    /// Knows nothing yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { runs: BTreeMap::new(), twice: Vec::new() }
    }

    /// Adds a kind of job.
    #[must_use]
    pub fn register<J: Job<C>>(mut self) -> Self {
        let run: Run<C> = Arc::new(|payload, context, attempt| {
            Box::pin(async move {
                // A payload of another release that cannot be read never will be.
                let job: J = serde_json::from_value(payload)
                    .map_err(|error| JobError::Fail(anyhow::anyhow!("the payload of {} cannot be read: {error}", J::KIND)))?;
                job.run(&context, attempt).await
            })
        });
        if self.runs.insert(J::KIND, run).is_some() {
            self.twice.push(J::KIND);
        }
        self
    }

    /// Names that stand for two jobs: a mistake.
    #[must_use]
    pub fn duplicates(&self) -> &[&'static str] {
        &self.twice
    }

    /// Every name known.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        self.runs.keys().copied().collect()
    }

    pub(crate) fn find(&self, kind: &str) -> Option<Run<C>> {
        self.runs.get(kind).cloned()
    }
}
