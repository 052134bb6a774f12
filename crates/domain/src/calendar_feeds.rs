//! Other platforms' calendars: which nights they take, and how far they are to
//! be trusted.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::dates::Stay;
use crate::ids::BookingId;
use crate::words::words;

/// How often a feed is read.
pub const FEED_INTERVAL: TimeDelta = TimeDelta::minutes(30);
/// A home whose feed was not read for so long is booked on request only: what
/// the other platform has sold meanwhile is not known.
pub const FEED_STALE_AFTER: TimeDelta = TimeDelta::hours(6);
/// So many empty answers in a row mean an empty calendar rather than a fault.
pub const EMPTY_RUNS: i32 = 3;
/// Most feeds of one home.
pub const MOST_FEEDS: i64 = 10;
/// Most events that are read of one feed.
pub const MOST_EVENTS: usize = 10_000;

words! {
    /// How a feed stands.
    FeedHealth {
        /// Not read yet.
        New = "new",
        /// Read not long ago.
        Fresh = "fresh",
        /// The last tries failed, what was read before is not too old.
        Failing = "failing",
        /// Not read for too long.
        Stale = "stale",
    }
}

/// How a feed stands at `now`.
#[must_use]
pub fn health(last_success: Option<DateTime<Utc>>, failures: i32, now: DateTime<Utc>) -> FeedHealth {
    match last_success {
        None if failures == 0 => FeedHealth::New,
        None => FeedHealth::Stale,
        Some(at) if now - at > FEED_STALE_AFTER => FeedHealth::Stale,
        Some(_) if failures > 0 => FeedHealth::Failing,
        Some(_) => FeedHealth::Fresh,
    }
}

/// When to try again after `failures` failures in a row.
#[must_use]
pub fn next_try(failures: i32, now: DateTime<Utc>) -> DateTime<Utc> {
    let minutes = match failures {
        0 => return now + FEED_INTERVAL,
        1 => 5,
        2 => 10,
        3 => 20,
        _ => 30,
    };
    now + TimeDelta::minutes(minutes)
}

/// An event of a feed, as nights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FeedEvent {
    /// The other platform's name for it; may change at any time.
    pub uid: String,
    /// What it is called there.
    pub summary: String,
    /// Which nights it takes.
    pub nights: Stay,
}

/// A booking of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Booked {
    /// Which.
    pub booking: BookingId,
    /// Its nights.
    pub nights: Stay,
}

/// The same night sold on both platforms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collision {
    /// Our booking.
    pub booking: BookingId,
    /// The other platform's event.
    pub nights: Stay,
    /// What it is called there.
    pub summary: String,
}

/// What a feed leads to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FeedPlan {
    /// Nights to block, in order, apart from each other.
    pub blocks: Vec<Stay>,
    /// Nights that both have sold; ours stands, people must decide.
    pub collisions: Vec<Collision>,
}

/// What a feed's events lead to within `[from, to)`, given what is booked here.
/// An event with exactly the nights of one of our bookings is taken for its
/// echo: the other platform reads our calendar too.
#[must_use]
pub fn plan(events: &[FeedEvent], booked: &[Booked], from: NaiveDate, to: NaiveDate) -> FeedPlan {
    let mut plan = FeedPlan::default();
    let mut runs: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for event in events {
        let (start, end) = (event.nights.check_in.max(from), event.nights.check_out.min(to));
        if start >= end || booked.iter().any(|ours| ours.nights == event.nights) {
            continue;
        }
        runs.push((start, end));
        let hit = booked.iter().filter(|ours| ours.nights.check_in < end && start < ours.nights.check_out);
        plan.collisions.extend(hit.map(|ours| Collision { booking: ours.booking, nights: event.nights, summary: event.summary.clone() }));
    }
    runs.sort_unstable();
    let mut ours: Vec<Stay> = booked.iter().map(|booked| booked.nights).collect();
    ours.sort_unstable_by_key(|stay| stay.check_in);
    let mut merged: Vec<(NaiveDate, NaiveDate)> = Vec::new();
    for (start, end) in runs {
        match merged.last_mut() {
            Some(last) if start <= last.1 => last.1 = last.1.max(end),
            _ => merged.push((start, end)),
        }
    }
    for (mut start, end) in merged {
        for stay in &ours {
            if stay.check_out <= start || end <= stay.check_in {
                continue;
            }
            if start < stay.check_in {
                plan.blocks.push(Stay { check_in: start, check_out: stay.check_in });
            }
            start = start.max(stay.check_out);
        }
        if start < end {
            plan.blocks.push(Stay { check_in: start, check_out: end });
        }
    }
    plan
}

#[cfg(test)]
mod tests {
    use chrono::Days;
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::from_ymd_opt(2030, 1, 1).unwrap() + Days::new(n)
    }

    fn stay(from: u64, to: u64) -> Stay {
        Stay { check_in: day(from), check_out: day(to) }
    }

    fn event(from: u64, to: u64) -> FeedEvent {
        FeedEvent { uid: "a".into(), summary: "Reserved".into(), nights: stay(from, to) }
    }

    #[test]
    fn feeds_block_around_our_bookings_and_name_collisions() {
        let ours = Booked { booking: BookingId(Uuid::from_u128(1)), nights: stay(5, 8) };
        let echo = Booked { booking: BookingId(Uuid::from_u128(2)), nights: stay(20, 22) };
        let found = plan(&[event(3, 10), event(10, 12), event(20, 22), event(40, 60)], &[ours, echo], day(0), day(50));
        assert_eq!(found.blocks, [stay(3, 5), stay(8, 12), stay(40, 50)]);
        assert_eq!(found.collisions.len(), 1);
        assert_eq!((found.collisions[0].booking, found.collisions[0].nights), (ours.booking, stay(3, 10)));
    }

    #[test]
    fn health_follows_the_clock() {
        let now: DateTime<Utc> = "2030-01-01T12:00:00Z".parse().unwrap();
        let ago = |hours| Some(now - TimeDelta::hours(hours));
        assert_eq!(health(None, 0, now), FeedHealth::New);
        assert_eq!(health(None, 1, now), FeedHealth::Stale);
        assert_eq!(health(ago(1), 0, now), FeedHealth::Fresh);
        assert_eq!(health(ago(6), 3, now), FeedHealth::Failing);
        assert_eq!(health(ago(7), 0, now), FeedHealth::Stale);
        assert!(next_try(9, now) - now <= FEED_INTERVAL);
    }

    proptest! {
        #[test]
        fn a_night_is_blocked_if_and_only_if_an_event_takes_it_and_no_booking_does(
            events in prop::collection::vec((0_u64..40, 1_u64..10), 0..12),
            bookings in prop::collection::vec((0_u64..4, 1_u64..5), 0..5),
        ) {
            let events: Vec<FeedEvent> = events.into_iter().map(|(from, nights)| event(from, from + nights)).collect();
            let mut at = 0;
            let booked: Vec<Booked> = bookings.into_iter().enumerate().map(|(n, (gap, nights))| {
                let from = at + gap;
                at = from + nights;
                Booked { booking: BookingId(Uuid::from_u128(n as u128)), nights: stay(from, at) }
            }).collect();
            let found = plan(&events, &booked, day(2), day(45));
            let holds = |stay: &Stay, date: NaiveDate| stay.check_in <= date && date < stay.check_out;
            for n in 0..60 {
                let date = day(n);
                let taken = events.iter().any(|e| holds(&e.nights, date) && !booked.iter().any(|b| b.nights == e.nights));
                let wanted = (2..45).contains(&n) && taken && !booked.iter().any(|b| holds(&b.nights, date));
                let blocks = found.blocks.iter().filter(|block| holds(block, date)).count();
                prop_assert_eq!(blocks, usize::from(wanted), "{}", date);
            }
        }
    }
}
