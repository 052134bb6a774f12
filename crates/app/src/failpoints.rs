//! Places where a sandbox can be told to die, so that tests can prove that it
//! comes back whole. `ROOST_FAILPOINT=place.stage` kills the process (as `kill
//! -9` would) when it first gets there, `place.stage:3` the third time. Outside
//! a sandbox nothing is armed.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use crate::Config;

struct Armed {
    place: String,
    stage: String,
    left: AtomicI64,
}

static ARMED: OnceLock<Option<Armed>> = OnceLock::new();

/// Arms the failpoint that `wish` names. Only the first call counts.
pub fn arm(config: &Config, wish: Option<String>) {
    let armed = wish.filter(|_| config.sandbox).and_then(|wish| {
        let (name, count) = wish.split_once(':').map_or((wish.as_str(), 1), |(name, count)| (name, count.parse().unwrap_or(1)));
        let (place, stage) = name.split_once('.')?;
        tracing::warn!(place, stage, count, "a failpoint is armed: this process will die there");
        Some(Armed { place: place.to_owned(), stage: stage.to_owned(), left: AtomicI64::new(count) })
    });
    let _ = ARMED.set(armed);
}

/// Dies here, if this is where it is to die.
pub fn hit(place: &str, stage: &str) {
    let Some(Some(armed)) = ARMED.get() else { return };
    if armed.place == place && armed.stage == stage && armed.left.fetch_sub(1, Ordering::AcqRel) == 1 {
        // No destructor, no flush, no rollback: what a crash leaves behind.
        std::process::abort();
    }
}
