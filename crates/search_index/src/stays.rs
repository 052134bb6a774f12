//! When a home can be had: the rules of `domain::calendar`, with the common
//! cases answered in whole numbers and every other one by the domain itself.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::calendar::{
    DayRule, StayRules, Terms, arrival_allowed, departure_allowed, latest_arrival, latest_booking_instant, max_nights_on, min_nights_on,
};
use domain::dates::{Stay, local_date};

/// Days since the year 1.
pub(crate) type Day = i32;

pub(crate) fn day(date: NaiveDate) -> Day {
    date.num_days_from_ce()
}

/// A stay with what is asked of it again and again.
#[derive(Debug, Clone)]
pub(crate) struct Wish {
    pub stay: Stay,
    pub check_in: Day,
    pub check_out: Day,
    pub nights: i32,
    /// Friday and Saturday nights among them.
    pub weekend_nights: i32,
    /// Days from the date in UTC to arrival.
    pub lead: i32,
}

/// Whether the night of `day` is Friday's or Saturday's.
pub(crate) fn is_weekend(day: Day) -> bool {
    // The first day of the year 1 was a Monday.
    matches!((day - 1).rem_euclid(7), 4 | 5)
}

impl Wish {
    pub fn new(stay: Stay, now: DateTime<Utc>) -> Self {
        let (check_in, check_out) = (day(stay.check_in), day(stay.check_out));
        let weekend_nights = (check_in..check_out).map(|night| i32::from(is_weekend(night))).sum();
        Self { stay, check_in, check_out, nights: check_out - check_in, weekend_nights, lead: check_in - day(now.date_naive()) }
    }
}

/// How long before arrival one may book: what hangs on the clock and the time
/// zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Arrival {
    pub time_zone: Tz,
    /// Seconds after midnight.
    pub check_in_from: NaiveTime,
    pub notice_hours: i16,
    pub cutoff_hour: Option<u8>,
    pub window_days: Option<i16>,
}

impl Arrival {
    pub fn of(time_zone: Tz, check_in_from: NaiveTime, rules: &StayRules) -> Self {
        let short = |n: i32| i16::try_from(n).unwrap_or(i16::MAX);
        Self {
            time_zone,
            check_in_from,
            notice_hours: short(rules.advance_notice_hours),
            cutoff_hour: rules.notice_cutoff_hour.and_then(|hour| u8::try_from(hour).ok()),
            window_days: rules.booking_window_days.map(short),
        }
    }

    /// Whether arrival may be booked at `now`.
    pub fn allows(&self, wish: &Wish, now: DateTime<Utc>) -> bool {
        let lead = wish.lead;
        // Local dates are at most a day off the date in UTC, and local midnight
        // at most 14 hours.
        if lead < -1 {
            return false;
        }
        let noticed = lead >= 1 && lead * 24 >= i32::from(self.notice_hours) + 24 + 14;
        let within = self.window_days.is_none_or(|days| lead < i32::from(days));
        let beyond = self.window_days.is_some_and(|days| lead > i32::from(days) + 1);
        !beyond && (noticed && within || self.allows_exactly(wish.stay.check_in, now))
    }

    fn allows_exactly(&self, check_in: NaiveDate, now: DateTime<Utc>) -> bool {
        let rules = StayRules {
            advance_notice_hours: i32::from(self.notice_hours),
            notice_cutoff_hour: self.cutoff_hour.map(i32::from),
            booking_window_days: self.window_days.map(i32::from),
            ..StayRules::default()
        };
        let terms =
            Terms { published: true, time_zone: self.time_zone, check_in_from: self.check_in_from, capacity: i32::MAX, rules: &rules };
        let today = local_date(self.time_zone, now);
        check_in >= today
            && now <= latest_booking_instant(&terms, check_in)
            && latest_arrival(&rules, today).is_none_or(|latest| check_in <= latest)
    }
}

/// Rules of single dates and of seasons.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct DatedRules {
    /// The listing's, seasons included.
    pub rules: StayRules,
    /// The host's minimum for dates of arrival, in order.
    pub minimums: Box<[(Day, i32)]>,
    /// First day and first day after all of them: most stays lie outside, and
    /// the listing's general rules hold.
    pub span: (Day, Day),
}

impl DatedRules {
    /// None when the listing's general rules say it all.
    pub fn of(rules: &StayRules, days: &[DayRule]) -> Option<Self> {
        let mut minimums: Vec<(Day, i32)> = days.iter().filter_map(|rule| Some((day(rule.date), rule.min_nights?))).collect();
        minimums.sort_by_key(|(day, _)| *day);
        minimums.dedup_by_key(|(day, _)| *day);
        if rules.seasons.is_empty() && minimums.is_empty() {
            return None;
        }
        let starts = rules.seasons.iter().map(|season| day(season.from));
        let ends = rules.seasons.iter().map(|season| day(season.to));
        let first = starts.chain(minimums.first().map(|(day, _)| *day)).min().unwrap_or(Day::MAX);
        let last = ends.chain(minimums.last().map(|(day, _)| day + 1)).max().unwrap_or(Day::MIN);
        Some(Self { rules: rules.clone(), minimums: minimums.into(), span: (first, last) })
    }

    /// Whether the number of nights, the day of arrival and the day of departure
    /// are allowed.
    pub fn allow(&self, wish: &Wish) -> bool {
        let stay = wish.stay;
        let own = self.minimums.binary_search_by_key(&wish.check_in, |(day, _)| *day).ok().map(|at| self.minimums[at].1);
        wish.nights >= own.unwrap_or_else(|| min_nights_on(&self.rules, &[], stay.check_in))
            && max_nights_on(&self.rules, stay.check_in).is_none_or(|most| wish.nights <= most)
            && arrival_allowed(&self.rules, stay.check_in)
            && departure_allowed(&self.rules, stay.check_out)
    }

    pub fn memory(&self) -> usize {
        size_of::<Self>() + self.rules.seasons.len() * size_of::<domain::calendar::RuleSeason>() + self.minimums.len() * 8
    }
}

/// `date` moved by so many days; the ends of the calendar stay where they are.
pub(crate) fn moved(date: NaiveDate, days: i64) -> Day {
    TimeDelta::try_days(days).and_then(|by| date.checked_add_signed(by)).map_or(day(date), day)
}
