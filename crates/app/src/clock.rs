//! Where "now" comes from. Everything below the faces asks [`Clock::now`];
//! nothing else reads the system clock or SQL `now()`.
//!
//! A sandbox marketplace may move its clock ahead; how far stands in the
//! database, so that every process of the marketplace agrees.

use std::sync::atomic::{AtomicI64, Ordering};

use chrono::{DateTime, TimeDelta, Utc};
use sqlx::PgPool;

use crate::error::{Error, Result};

/// The marketplace's clock.
#[derive(Debug)]
pub struct Clock {
    /// A test's own starting point; the machine's clock when `None`.
    fixed: Option<DateTime<Utc>>,
    advanced_seconds: AtomicI64,
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self { fixed: None, advanced_seconds: AtomicI64::new(0) }
    }

    /// A clock that stands still at `start` until it is advanced: for tests.
    #[must_use]
    pub const fn standing(start: DateTime<Utc>) -> Self {
        Self { fixed: Some(start), advanced_seconds: AtomicI64::new(0) }
    }

    /// The instant it is now in this marketplace, to the microsecond (what
    /// PostgreSQL keeps, so that a value read back equals the value written).
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let base = self.fixed.unwrap_or_else(machine_time);
        let micros = base.timestamp_micros() + self.advanced_seconds.load(Ordering::Acquire) * 1_000_000;
        DateTime::from_timestamp_micros(micros).unwrap_or(base)
    }

    /// The instant it is outside, whatever a sandbox's clock says: for what
    /// people's own devices compute.
    #[must_use]
    pub fn machine_now(&self) -> DateTime<Utc> {
        self.fixed.unwrap_or_else(machine_time)
    }

    /// Takes over how far the marketplace's clock stands ahead, in seconds.
    pub fn set_advanced(&self, seconds: i64) {
        self.advanced_seconds.store(seconds, Ordering::Release);
    }

    /// Reads from the database how far the clock stands ahead.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn follow(&self, db: &PgPool) -> Result<()> {
        let seconds: i64 = sqlx::query_scalar("select advanced_seconds from marketplace_clock").fetch_one(db).await?;
        self.set_advanced(seconds);
        Ok(())
    }

    /// Moves the marketplace's clock on to `target`, for every process.
    /// Never moves it back.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn move_to(&self, db: &PgPool, target: DateTime<Utc>) -> Result<()> {
        let base = self.fixed.unwrap_or_else(machine_time);
        // Rounded up: at `target` everything due at `target` has come due.
        let ahead = target - base;
        let seconds = ahead.num_seconds() + i64::from(ahead.subsec_nanos() > 0);
        let advanced: i64 =
            sqlx::query_scalar("update marketplace_clock set advanced_seconds = greatest(advanced_seconds, $1) returning advanced_seconds")
                .bind(seconds)
                .fetch_one(db)
                .await?;
        self.set_advanced(advanced);
        Ok(())
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the system clock")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

/// How far a sandbox clock may move in one step: two years.
pub const MAX_ADVANCE: TimeDelta = TimeDelta::days(731);

/// Reads `15d`, `36h`, `90m`, `30s`, or ISO 8601 `P15D`, `PT36H`, `P1DT12H`.
///
/// # Errors
/// When the text is neither, zero, or more than [`MAX_ADVANCE`].
pub fn parse_advance(text: &str) -> Result<TimeDelta> {
    let wrong =
        || Error::invalid("/advance", "format", format!("{text:?} is not a span of time of up to two years, e.g. 15d, 36h or P15D"));
    let upper = text.trim().to_ascii_uppercase();
    let (date_part, time_part) = match upper.strip_prefix('P') {
        Some(rest) => rest.split_once('T').unwrap_or((rest, "")),
        None if upper.ends_with('D') || upper.ends_with('W') => (upper.as_str(), ""),
        None => ("", upper.as_str()),
    };
    let mut seconds = 0_i64;
    for (part, units) in [(date_part, [('W', 604_800), ('D', 86_400)].as_slice()), (time_part, &[('H', 3600), ('M', 60), ('S', 1)])] {
        let mut digits = String::new();
        for c in part.chars() {
            if c.is_ascii_digit() && digits.len() < 9 {
                digits.push(c);
            } else {
                let (_, unit) = units.iter().find(|(name, _)| *name == c).ok_or_else(wrong)?;
                seconds += digits.parse::<i64>().map_err(|_| wrong())? * unit;
                digits.clear();
            }
        }
        if !digits.is_empty() {
            return Err(wrong());
        }
    }
    let span = TimeDelta::seconds(seconds);
    if seconds > 0 && span <= MAX_ADVANCE { Ok(span) } else { Err(wrong()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_read_in_both_spellings() {
        for (text, seconds) in [
            ("15d", 1_296_000),
            ("36h", 129_600),
            ("P15D", 1_296_000),
            ("PT1H30M", 5_400),
            ("P1DT12H", 129_600),
            ("90s", 90),
            ("2w", 1_209_600),
        ] {
            assert_eq!(parse_advance(text).unwrap().num_seconds(), seconds, "{text}");
        }
        for bad in ["", "15", "P", "d", "-1d", "0d", "1y", "99999d", "PT1D", "P1H", "999999999999d"] {
            assert!(parse_advance(bad).is_err(), "{bad}");
        }
    }
}
