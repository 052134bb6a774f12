//! How long answers take.

use std::time::Duration;

use super::{Kind, Sample};
use crate::answer::Refusal;
use crate::snapshot::Snapshot;

/// Each question is asked so often; the fastest counts, so that what else a
/// machine does disturbs little.
const TIMES: usize = 5;

/// How long the questions of a kind took.
#[derive(Debug, Clone, Copy)]
pub struct Figures {
    /// How many different questions were asked.
    pub questions: usize,
    /// Half of them took no longer.
    pub p50: Duration,
    /// All but one of a hundred took no longer.
    pub p99: Duration,
    /// Homes found by each on average.
    pub found: u64,
}

impl Figures {
    /// Of the durations of questions, and of all that was found.
    #[must_use]
    pub fn of(mut durations: Vec<Duration>, found: u64) -> Self {
        durations.sort_unstable();
        let at = |percent: usize| durations.get((durations.len() * percent).div_ceil(100).saturating_sub(1)).copied().unwrap_or_default();
        let questions = durations.len();
        Self { questions, p50: at(50), p99: at(99), found: found / (questions.max(1) as u64) }
    }
}

/// Asks `questions` questions of a kind; `clock` says how much time has passed.
///
/// # Errors
/// When the index refuses one.
pub fn measure(
    snapshot: &Snapshot,
    sample: &Sample,
    (kind, questions): (Kind, u64),
    clock: &dyn Fn() -> Duration,
) -> Result<Figures, Refusal> {
    let (mut durations, mut found) = (Vec::new(), 0);
    for number in 0..questions {
        let query = sample.question(kind, number);
        let mut best = Duration::MAX;
        for time in 0..TIMES {
            let before = clock();
            let answer = snapshot.search(&query, sample.now())?;
            best = best.min(clock().saturating_sub(before));
            found += if time == 0 { answer.total } else { 0 };
        }
        durations.push(best);
    }
    Ok(Figures::of(durations, found))
}
