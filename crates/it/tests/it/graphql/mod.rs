//! GraphQL: the schema, both roads compared, who may do what, bounds, how many
//! statements documents take, watching.

mod authorization;
mod doors;
mod journey;
mod limits;
mod live;
mod matrix;
mod parity;
mod refusals;
mod schema;
mod statements;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Counts the SQL statements that this thread runs: a test's server lives on
/// the test's own thread.
#[derive(Clone, Default)]
pub struct Statements(Arc<AtomicUsize>);

impl Statements {
    /// Counting ends when the guard is dropped.
    pub fn count(&self) -> tracing::subscriber::DefaultGuard {
        tracing::subscriber::set_default(self.clone())
    }

    /// How many since the last time.
    pub fn take(&self) -> usize {
        self.0.swap(0, Ordering::SeqCst)
    }
}

/// Whether a statement looks for what has changed since a snapshot.
struct Follows(bool);

impl tracing::field::Visit for Follows {
    fn record_debug(&mut self, _: &tracing::field::Field, value: &dyn std::fmt::Debug) {
        self.0 |= format!("{value:?}").contains("snapshot");
    }
}

impl Subscriber for Statements {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "sqlx::query"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, event: &Event<'_>) {
        // What follows changes beside the requests is nobody's document.
        let mut follows = Follows(false);
        event.record(&mut follows);
        self.0.fetch_add(usize::from(!follows.0), Ordering::SeqCst);
    }
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}
