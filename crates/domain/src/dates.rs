//! Dates of a stay, and the instants that deadlines in a listing's time zone
//! stand for.

use std::fmt;

use chrono::{DateTime, Datelike, Days, LocalResult, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

/// The longest stay that can be asked for, in nights.
pub const MAX_NIGHTS: i64 = 365;

/// The nights `[check_in, check_out)` in the listing's local dates. Two stays
/// that share only a day (one leaves, one arrives) do not overlap.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "StayDates")]
pub struct Stay {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure; not a night of the stay.
    pub check_out: NaiveDate,
}

#[derive(Deserialize)]
struct StayDates {
    check_in: NaiveDate,
    check_out: NaiveDate,
}

impl TryFrom<StayDates> for Stay {
    type Error = StayDatesError;
    fn try_from(dates: StayDates) -> Result<Self, StayDatesError> {
        Self::new(dates.check_in, dates.check_out)
    }
}

/// Two dates that are no stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StayDatesError {
    /// Departure is not after arrival.
    #[error("check_out {check_out} must be after check_in {check_in}")]
    Reversed {
        /// The arrival asked for.
        check_in: NaiveDate,
        /// The departure asked for.
        check_out: NaiveDate,
    },
    /// More nights than any listing takes.
    #[error("a stay has at most {MAX_NIGHTS} nights, this one has {0}")]
    TooLong(i64),
    /// A year outside 2000–2199: almost surely a slip, and outside what
    /// calendars and databases agree on.
    #[error("the year {0} is outside 2000–2199")]
    YearOutOfRange(i32),
}

impl Stay {
    /// A stay of at least one night.
    ///
    /// # Errors
    /// When the dates are reversed, more than [`MAX_NIGHTS`] apart or in an
    /// impossible year.
    pub fn new(check_in: NaiveDate, check_out: NaiveDate) -> Result<Self, StayDatesError> {
        for date in [check_in, check_out] {
            if !(2000..2200).contains(&date.year()) {
                return Err(StayDatesError::YearOutOfRange(date.year()));
            }
        }
        match (check_out - check_in).num_days() {
            ..=0 => Err(StayDatesError::Reversed { check_in, check_out }),
            1..=MAX_NIGHTS => Ok(Self { check_in, check_out }),
            nights => Err(StayDatesError::TooLong(nights)),
        }
    }

    /// How many nights, 1 to [`MAX_NIGHTS`].
    #[must_use]
    pub fn nights(self) -> i32 {
        // 1..=365 by construction.
        i32::try_from((self.check_out - self.check_in).num_days()).unwrap_or(i32::MAX)
    }

    /// The date of each night, in order.
    pub fn dates(self) -> impl DoubleEndedIterator<Item = NaiveDate> {
        (0..self.nights().unsigned_abs()).map(move |n| self.check_in + Days::new(u64::from(n)))
    }

    /// Whether the two share a night.
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.check_in < other.check_out && other.check_in < self.check_out
    }
}

impl fmt::Display for Stay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} – {}", self.check_in, self.check_out)
    }
}

/// The instant at which a wall clock in `zone` shows `local`.
///
/// A time that the clock shows twice (autumn) means the earlier instant; a time
/// it skips (spring) means the first instant after the gap. So a deadline is
/// never later than the wall clock promises and always exists.
#[must_use]
pub fn instant_at(zone: Tz, local: NaiveDateTime) -> DateTime<Utc> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(instant) | LocalResult::Ambiguous(instant, _) => instant.to_utc(),
        LocalResult::None => {
            // Gaps are at most a day long (Samoa skipped one in 2011): walk to
            // the first minute that exists again.
            (1..=25 * 60)
                .find_map(|minutes| zone.from_local_datetime(&(local + TimeDelta::minutes(minutes))).earliest())
                .map_or_else(|| local.and_utc(), |instant| instant.to_utc())
        }
    }
}

/// The instant of `time` on `date` in `zone`; see [`instant_at`].
#[must_use]
pub fn instant_on(zone: Tz, date: NaiveDate, time: NaiveTime) -> DateTime<Utc> {
    instant_at(zone, date.and_time(time))
}

/// The date a wall calendar in `zone` shows at `instant`.
#[must_use]
pub fn local_date(zone: Tz, instant: DateTime<Utc>) -> NaiveDate {
    instant.with_timezone(&zone).date_naive()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn stay(check_in: &str, check_out: &str) -> Stay {
        Stay::new(date(check_in), date(check_out)).unwrap()
    }

    #[test]
    fn a_stay_has_at_least_one_night_and_at_most_a_year() {
        assert!(Stay::new(date("2027-01-02"), date("2027-01-02")).is_err());
        assert!(Stay::new(date("2027-01-02"), date("2027-01-01")).is_err());
        assert!(Stay::new(date("2027-01-01"), date("2028-01-02")).is_err());
        assert!(Stay::new(date("0001-01-01"), date("0001-01-02")).is_err());
        assert_eq!(stay("2028-02-28", "2028-03-01").nights(), 2, "leap day");
    }

    #[test]
    fn back_to_back_stays_share_a_day_and_no_night() {
        assert!(!stay("2027-03-03", "2027-03-07").overlaps(stay("2027-03-07", "2027-03-09")));
        assert!(stay("2027-03-03", "2027-03-08").overlaps(stay("2027-03-07", "2027-03-09")));
    }

    #[test]
    fn a_time_skipped_in_spring_is_the_first_instant_after_the_gap() {
        let at = |text: &str| instant_at(chrono_tz::Europe::Lisbon, text.parse().unwrap()).to_rfc3339();
        assert_eq!(at("2027-03-28T01:30:00"), "2027-03-28T01:00:00+00:00");
        assert_eq!(at("2027-03-28T02:00:00"), "2027-03-28T01:00:00+00:00");
    }

    #[test]
    fn a_time_shown_twice_in_autumn_is_the_earlier_instant() {
        let at = |text: &str| instant_at(chrono_tz::America::New_York, text.parse().unwrap()).to_rfc3339();
        assert_eq!(at("2027-11-07T01:30:00"), "2027-11-07T05:30:00+00:00");
    }

    #[test]
    fn a_skipped_day_is_survived() {
        let instant = instant_at(chrono_tz::Pacific::Apia, "2011-12-30T12:00:00".parse().unwrap());
        assert_eq!(local_date(chrono_tz::Pacific::Apia, instant), date("2011-12-31"));
    }

    proptest! {
        #[test]
        fn nights_and_dates_agree(offset in 0_u64..50_000, nights in 1_u64..=365) {
            let check_in = date("2026-01-01") + Days::new(offset);
            let stay = Stay::new(check_in, check_in + Days::new(nights)).unwrap();
            let dates: Vec<_> = stay.dates().collect();
            prop_assert_eq!(dates.len() as u64, nights);
            prop_assert_eq!(dates.first().copied(), Some(stay.check_in));
            prop_assert_eq!(dates.last().map(|d| *d + Days::new(1)), Some(stay.check_out));
        }
    }
}
