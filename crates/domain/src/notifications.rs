//! What people are told about, by which road, and when they want quiet.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::dates::instant_on;
use crate::words::words;

/// How long before a request expires its host is reminded.
pub const REQUEST_REMINDER: TimeDelta = TimeDelta::hours(2);
/// How long before arrival both sides are reminded.
pub const CHECK_IN_REMINDER: TimeDelta = TimeDelta::hours(24);
/// How long before the review window closes those are reminded who have not
/// spoken.
pub const REVIEW_REMINDER: TimeDelta = TimeDelta::days(3);
/// How long somebody has to read a message before a mail tells of it.
pub const MESSAGE_MAIL_DELAY: TimeDelta = TimeDelta::minutes(5);

words! {
    /// What a notification is about; people choose by it.
    NotificationKind {
        /// Requests, confirmations, cancellations, refunds.
        Bookings = "bookings",
        /// What guests and hosts write.
        Messages = "messages",
        /// What is due soon: answering, arriving, reviewing.
        Reminders = "reminders",
        /// Reviews that are open.
        Reviews = "reviews",
        /// Money for hosts.
        Payouts = "payouts",
        /// New homes for a kept search.
        SavedSearches = "saved_searches",
    }
}

/// By which roads a kind of news reaches somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Roads {
    /// By mail.
    pub email: bool,
    /// Inside the marketplace.
    pub in_app: bool,
}

impl Default for Roads {
    fn default() -> Self {
        Self { email: true, in_app: true }
    }
}

/// When somebody does not want mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// Whose clock.
    pub time_zone: Tz,
    /// From this local time…
    pub from: NaiveTime,
    /// …until this one, the next day if it is earlier.
    pub until: NaiveTime,
}

impl QuietHours {
    /// When a mail may go out that is ready `now`: at once, or when the quiet
    /// is over.
    #[must_use]
    pub fn next_allowed(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let local = now.with_timezone(&self.time_zone);
        let (date, time) = (local.date_naive(), local.time());
        let overnight = self.until < self.from;
        let quiet = if overnight { time >= self.from || time < self.until } else { self.from <= time && time < self.until };
        if !quiet {
            return now;
        }
        let tomorrow = overnight && time >= self.from;
        let end = if tomorrow { date.checked_add_days(Days::new(1)).unwrap_or(date) } else { date };
        // On the night the clocks go back the end may lie behind us.
        instant_on(self.time_zone, end, self.until).max(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn quiet(from: &str, until: &str, zone: Tz) -> QuietHours {
        QuietHours { time_zone: zone, from: from.parse().unwrap(), until: until.parse().unwrap() }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn mail_waits_for_the_morning() {
        let night = quiet("22:00:00", "07:00:00", chrono_tz::Europe::Lisbon);
        assert_eq!(night.next_allowed(at("2030-01-01T23:30:00Z")), at("2030-01-02T07:00:00Z"));
        assert_eq!(night.next_allowed(at("2030-01-02T03:00:00Z")), at("2030-01-02T07:00:00Z"));
        assert_eq!(night.next_allowed(at("2030-01-02T07:00:00Z")), at("2030-01-02T07:00:00Z"));
        assert_eq!(night.next_allowed(at("2030-07-01T21:30:00Z")), at("2030-07-02T06:00:00Z"), "summer time");
        let nap = quiet("13:00:00", "15:00:00", chrono_tz::Asia::Tokyo);
        assert_eq!(nap.next_allowed(at("2030-01-01T05:00:00Z")), at("2030-01-01T06:00:00Z"));
        assert_eq!(nap.next_allowed(at("2030-01-01T07:00:00Z")), at("2030-01-01T07:00:00Z"));
    }

    #[test]
    fn the_nights_when_clocks_change_end_too() {
        let night = quiet("22:00:00", "02:30:00", chrono_tz::Europe::Berlin);
        // 02:30 does not exist on the last Sunday of March, and twice in October.
        assert!(night.next_allowed(at("2030-03-30T23:00:00Z")) <= at("2030-03-31T01:30:00Z"));
        assert!(night.next_allowed(at("2030-10-26T23:00:00Z")) <= at("2030-10-27T01:30:00Z"));
    }

    proptest! {
        #[test]
        fn nothing_waits_longer_than_a_day(now in 1_893_456_000_i64..1_924_992_000, from in 0_u32..1440, until in 0_u32..1440) {
            prop_assume!(from != until);
            let time = |minutes: u32| NaiveTime::from_hms_opt(minutes / 60, minutes % 60, 0).unwrap();
            let hours = QuietHours { time_zone: chrono_tz::Europe::Berlin, from: time(from), until: time(until) };
            let now = DateTime::from_timestamp(now, 0).unwrap();
            let next = hours.next_allowed(now);
            prop_assert!(next >= now && next - now <= TimeDelta::hours(25));
        }
    }
}
