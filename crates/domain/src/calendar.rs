//! When a stay can be had. One set of rules for search, calendar, quote and
//! booking: [`explain`] lists the failing ones, and nothing listed means
//! bookable.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::dates::{Stay, instant_on, local_date};
use crate::fields::Check;
use crate::guests::Guests;
use crate::words::words;

words! {
    /// Days of the week.
    Weekday {
        /// Monday.
        Mon = "mon",
        /// Tuesday.
        Tue = "tue",
        /// Wednesday.
        Wed = "wed",
        /// Thursday.
        Thu = "thu",
        /// Friday.
        Fri = "fri",
        /// Saturday.
        Sat = "sat",
        /// Sunday.
        Sun = "sun",
    }
}

impl Weekday {
    /// 0 for Monday to 6 for Sunday.
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// The weekday of a date.
    #[must_use]
    pub fn of(date: NaiveDate) -> Self {
        Self::ALL[date.weekday().num_days_from_monday() as usize]
    }
}

words! {
    /// What takes a night.
    Lane {
        /// A hold, a request or a confirmed booking.
        Booking = "booking",
        /// The host's block, preparation nights, imported nights.
        Block = "block",
    }
}

/// Stay rules of a date range.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RuleSeason {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// Fewest nights of a stay that arrives in it.
    #[serde(default)]
    pub min_nights: Option<i32>,
    /// Fewest nights by weekday of arrival, Monday first.
    #[serde(default)]
    pub min_nights_by_weekday: Option<[Option<i32>; 7]>,
    /// Most nights of a stay that arrives in it.
    #[serde(default)]
    pub max_nights: Option<i32>,
    /// Weekdays on which nobody may arrive.
    #[serde(default)]
    pub closed_to_arrival: Vec<Weekday>,
    /// Weekdays on which nobody may leave.
    #[serde(default)]
    pub closed_to_departure: Vec<Weekday>,
}

impl RuleSeason {
    fn holds(&self, date: NaiveDate) -> bool {
        self.from <= date && date < self.to
    }
}

/// Which stays a host accepts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StayRules {
    /// Fewest nights, 1–365.
    pub min_nights: i32,
    /// Most nights, 1–365.
    pub max_nights: Option<i32>,
    /// Hours before arrival until which one can book, 0–168.
    pub advance_notice_hours: i32,
    /// Local hour of the arrival day from which the notice counts back, 0–23;
    /// without it the notice counts from check-in time, and no notice means
    /// until the end of the day.
    pub notice_cutoff_hour: Option<i32>,
    /// Nights kept free before and after each stay, 0–7.
    pub preparation_nights: i32,
    /// How many days ahead one can arrive, 1–1125.
    pub booking_window_days: Option<i32>,
    /// Pets allowed, 0–5.
    pub max_pets: i32,
    /// Infants take a place.
    pub infants_count: bool,
    /// Rules of date ranges; they win over the general ones.
    pub seasons: Vec<RuleSeason>,
}

impl Default for StayRules {
    fn default() -> Self {
        Self {
            min_nights: 1,
            max_nights: None,
            advance_notice_hours: 0,
            notice_cutoff_hour: None,
            preparation_nights: 0,
            booking_window_days: None,
            max_pets: 0,
            infants_count: false,
            seasons: Vec::new(),
        }
    }
}

impl StayRules {
    /// Records what is out of range, under `pointer`.
    pub fn check(&self, check: &mut Check, pointer: &str) {
        let at = |name: &str| format!("{pointer}/{name}");
        check.range(self.min_nights, &at("min_nights"), 1..=365);
        if let Some(max) = self.max_nights {
            check.range(max, &at("max_nights"), 1..=365);
            check.that(
                max >= self.min_nights,
                &at("max_nights"),
                "order",
                format!("max_nights {max} is less than min_nights {}", self.min_nights),
            );
        }
        check.range(self.advance_notice_hours, &at("advance_notice_hours"), 0..=168);
        if let Some(hour) = self.notice_cutoff_hour {
            check.range(hour, &at("notice_cutoff_hour"), 0..=23);
        }
        check.range(self.preparation_nights, &at("preparation_nights"), 0..=7);
        if let Some(days) = self.booking_window_days {
            check.range(days, &at("booking_window_days"), 1..=1125);
        }
        check.range(self.max_pets, &at("max_pets"), 0..=5);
        check.that(self.seasons.len() <= 100, &at("seasons"), "too_many", "at most 100 seasons");
        for (n, season) in self.seasons.iter().enumerate() {
            let at = |name: &str| format!("{pointer}/seasons/{n}/{name}");
            check.that(
                season.from < season.to,
                &at("to"),
                "order",
                format!("a season that starts on {} cannot end on {}", season.from, season.to),
            );
            check.that(
                (2000..2200).contains(&season.from.year()) && (2000..2200).contains(&season.to.year()),
                &at("from"),
                "date",
                "the year must be within 2000–2199",
            );
            let weekday = season.min_nights_by_weekday.into_iter().flatten().flatten();
            for nights in season.min_nights.into_iter().chain(season.max_nights).chain(weekday) {
                check.range(nights, &at("min_nights"), 1..=365);
            }
        }
    }

    /// Seasons that hold `date`, most specific first: the shortest, then the
    /// one that starts later.
    fn seasons_on(&self, date: NaiveDate) -> impl Iterator<Item = &RuleSeason> {
        let mut found: Vec<&RuleSeason> = self.seasons.iter().filter(|season| season.holds(date)).collect();
        found.sort_by_key(|season| ((season.to - season.from).num_days(), std::cmp::Reverse(season.from)));
        found.into_iter()
    }
}

/// A host's own price or minimum stay for one date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DayRule {
    /// Which.
    pub date: NaiveDate,
    /// Minor units for this night.
    pub price: Option<i64>,
    /// Fewest nights of a stay that arrives on it.
    pub min_nights: Option<i32>,
}

/// Nights that somebody has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Taken {
    /// Which.
    pub nights: Stay,
    /// Why.
    pub lane: Lane,
}

/// What the rules need to know of a listing.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Can be booked at all.
    pub published: bool,
    /// Where its dates are.
    pub time_zone: Tz,
    /// Earliest arrival, local.
    pub check_in_from: NaiveTime,
    /// Guests it takes.
    pub capacity: i32,
    /// The host's rules.
    pub rules: &'a StayRules,
}

/// What the calendar knows about the dates of a stay.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StayFacts {
    /// The host's own rules for dates of the stay (arrival included).
    pub days: Vec<DayRule>,
    /// What is taken of the stay and of the preparation nights around it.
    pub taken: Vec<Taken>,
}

/// A rule that a stay breaks.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StayError {
    /// The listing is a draft, paused or archived.
    #[error("this home cannot be booked at the moment")]
    NotPublished,
    /// Arrival has passed.
    #[error("arrival is in the past: today is {today} there")]
    InPast {
        /// The listing's date now.
        today: NaiveDate,
    },
    /// Fewer nights than the host takes.
    #[error("a stay that arrives on this day has at least {min} nights")]
    TooShort {
        /// Fewest nights.
        min: i32,
    },
    /// More nights than the host takes.
    #[error("a stay that arrives on this day has at most {max} nights")]
    TooLong {
        /// Most nights.
        max: i32,
    },
    /// Nobody may arrive on this day.
    #[error("guests cannot arrive on {date}")]
    ClosedToArrival {
        /// Which.
        date: NaiveDate,
    },
    /// Nobody may leave on this day.
    #[error("guests cannot leave on {date}")]
    ClosedToDeparture {
        /// Which.
        date: NaiveDate,
    },
    /// Too late for this arrival.
    #[error("this arrival had to be booked before {}", book_before.to_rfc3339())]
    TooLittleNotice {
        /// The last moment.
        book_before: DateTime<Utc>,
    },
    /// Too early for this arrival.
    #[error("the latest arrival that can be booked now is {latest}")]
    TooFarAhead {
        /// Which.
        latest: NaiveDate,
    },
    /// More guests than places.
    #[error("this home takes {capacity} guests")]
    TooManyGuests {
        /// Places.
        capacity: i32,
    },
    /// More pets than allowed.
    #[error("{}", if *allowed == 0 { "pets are not allowed".to_owned() } else { format!("at most {allowed} pets are allowed") })]
    TooManyPets {
        /// How many.
        allowed: i32,
    },
    /// Somebody has one of the nights.
    #[error("some of these nights are taken")]
    NightsTaken,
    /// Another stay is too close.
    #[error("the host needs {nights} nights between stays")]
    PreparationNightsTaken {
        /// How many.
        nights: i32,
    },
}

impl StayError {
    /// Stable machine word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotPublished => "not_published",
            Self::InPast { .. } => "in_past",
            Self::TooShort { .. } => "min_nights",
            Self::TooLong { .. } => "max_nights",
            Self::ClosedToArrival { .. } => "closed_to_arrival",
            Self::ClosedToDeparture { .. } => "closed_to_departure",
            Self::TooLittleNotice { .. } => "advance_notice",
            Self::TooFarAhead { .. } => "booking_window",
            Self::TooManyGuests { .. } => "capacity",
            Self::TooManyPets { .. } => "pets",
            Self::NightsTaken => "dates_unavailable",
            Self::PreparationNightsTaken { .. } => "preparation",
        }
    }

    /// Whether it is about nights that somebody has: a matter of luck, not of
    /// what was asked.
    #[must_use]
    pub const fn is_taken(&self) -> bool {
        matches!(self, Self::NightsTaken | Self::PreparationNightsTaken { .. })
    }
}

/// Fewest nights of a stay that arrives on `arrival`: the date's own rule, else
/// the season's (by weekday, then in general), else the listing's.
#[must_use]
pub fn min_nights_on(rules: &StayRules, days: &[DayRule], arrival: NaiveDate) -> i32 {
    let own = days.iter().find(|day| day.date == arrival).and_then(|day| day.min_nights);
    let weekday = Weekday::of(arrival).index();
    let seasonal = || {
        rules.seasons_on(arrival).find_map(|season| season.min_nights_by_weekday.and_then(|by_day| by_day[weekday]).or(season.min_nights))
    };
    own.or_else(seasonal).unwrap_or(rules.min_nights)
}

/// Most nights of a stay that arrives on `arrival`.
#[must_use]
pub fn max_nights_on(rules: &StayRules, arrival: NaiveDate) -> Option<i32> {
    rules.seasons_on(arrival).find_map(|season| season.max_nights).or(rules.max_nights)
}

/// Whether guests may arrive on `date`.
#[must_use]
pub fn arrival_allowed(rules: &StayRules, date: NaiveDate) -> bool {
    !rules.seasons_on(date).next().is_some_and(|season| season.closed_to_arrival.contains(&Weekday::of(date)))
}

/// Whether guests may leave on `date`.
#[must_use]
pub fn departure_allowed(rules: &StayRules, date: NaiveDate) -> bool {
    !rules.seasons_on(date).next().is_some_and(|season| season.closed_to_departure.contains(&Weekday::of(date)))
}

/// The last instant at which an arrival on `check_in` can be booked.
#[must_use]
pub fn latest_booking_instant(terms: &Terms<'_>, check_in: NaiveDate) -> DateTime<Utc> {
    let rules = terms.rules;
    let hour = rules.notice_cutoff_hour.and_then(|hour| u32::try_from(hour).ok()).and_then(|hour| NaiveTime::from_hms_opt(hour, 0, 0));
    let from = match hour {
        Some(cutoff) => instant_on(terms.time_zone, check_in, cutoff),
        None if rules.advance_notice_hours == 0 => instant_on(terms.time_zone, check_in + Days::new(1), NaiveTime::MIN),
        None => instant_on(terms.time_zone, check_in, terms.check_in_from),
    };
    from - TimeDelta::hours(i64::from(rules.advance_notice_hours))
}

/// Every rule that a stay breaks; none means it can be booked.
#[must_use]
pub fn explain(terms: &Terms<'_>, facts: &StayFacts, stay: Stay, guests: &Guests, now: DateTime<Utc>) -> Vec<StayError> {
    let rules = terms.rules;
    let today = local_date(terms.time_zone, now);
    let nights = stay.nights();
    let mut broken = Vec::new();
    let mut rule = |holds: bool, error: StayError| {
        if !holds {
            broken.push(error);
        }
    };
    rule(terms.published, StayError::NotPublished);
    rule(stay.check_in >= today, StayError::InPast { today });
    let min = min_nights_on(rules, &facts.days, stay.check_in);
    rule(nights >= min, StayError::TooShort { min });
    if let Some(max) = max_nights_on(rules, stay.check_in) {
        rule(nights <= max, StayError::TooLong { max });
    }
    rule(arrival_allowed(rules, stay.check_in), StayError::ClosedToArrival { date: stay.check_in });
    rule(departure_allowed(rules, stay.check_out), StayError::ClosedToDeparture { date: stay.check_out });
    let book_before = latest_booking_instant(terms, stay.check_in);
    rule(now <= book_before || stay.check_in < today, StayError::TooLittleNotice { book_before });
    if let Some(latest) = latest_arrival(rules, today) {
        rule(stay.check_in <= latest, StayError::TooFarAhead { latest });
    }
    rule(guests.places(rules.infants_count) <= terms.capacity, StayError::TooManyGuests { capacity: terms.capacity });
    rule(guests.pets <= rules.max_pets, StayError::TooManyPets { allowed: rules.max_pets });
    rule(!facts.taken.iter().any(|taken| taken.nights.overlaps(stay)), StayError::NightsTaken);
    let wide = widened(stay, rules.preparation_nights);
    let too_close = |taken: &&Taken| taken.lane == Lane::Booking && taken.nights.overlaps(wide) && !taken.nights.overlaps(stay);
    rule(!facts.taken.iter().any(|taken| too_close(&taken)), StayError::PreparationNightsTaken { nights: rules.preparation_nights });
    broken
}

/// The latest arrival that can be booked when it is `today` at the listing.
#[must_use]
pub fn latest_arrival(rules: &StayRules, today: NaiveDate) -> Option<NaiveDate> {
    let days = u64::try_from(rules.booking_window_days?).ok()?;
    today.checked_add_days(Days::new(days))
}

/// A stay with the preparation nights around it.
#[must_use]
pub fn widened(stay: Stay, preparation_nights: i32) -> Stay {
    let days = Days::new(u64::try_from(preparation_nights).unwrap_or(0));
    Stay { check_in: stay.check_in - days, check_out: stay.check_out + days }
}

/// Up to three stays of the same length, nearest first, at most 14 days off,
/// that can be booked. `facts` cover the whole window.
#[must_use]
pub fn alternatives(terms: &Terms<'_>, facts: &StayFacts, stay: Stay, guests: &Guests, now: DateTime<Utc>) -> Vec<Stay> {
    (1..=14_i64)
        .flat_map(|days| [days, -days])
        .filter_map(|days| {
            let shift = TimeDelta::days(days);
            Stay::new(stay.check_in + shift, stay.check_out + shift).ok()
        })
        .filter(|other| explain(terms, facts, *other, guests, now).is_empty())
        .take(3)
        .collect()
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
