//! What guests and hosts say of each other: who may speak when, and when it is
//! opened.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::bookings::{Booking, BookingState, Side};
use crate::dates::instant_on;
use crate::fields::Check;
use crate::words::words;

/// How long after check-out both sides can speak; then what was said is opened.
pub const REVIEW_WINDOW: TimeDelta = TimeDelta::days(14);

words! {
    /// What a review speaks of.
    Subject {
        /// The home, by its guest.
        Listing = "listing",
        /// The guest, by the host.
        Guest = "guest",
    }
}

words! {
    /// Where a review stands.
    ReviewStatus {
        /// Nobody but its author reads it yet.
        Sealed = "sealed",
        /// Open to all.
        Published = "published",
        /// Taken out of sight by staff, with a reason.
        Hidden = "hidden",
    }
}

/// Stars of 1–5. The overall rating is its own, not the mean of the rest.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct Stars {
    /// All in all.
    pub overall: Option<i32>,
    /// Both sides rate it.
    pub cleanliness: Option<i32>,
    /// As described? (of a home)
    pub accuracy: Option<i32>,
    /// Arrival (of a home).
    pub check_in: Option<i32>,
    /// Both sides rate it.
    pub communication: Option<i32>,
    /// Of a home.
    pub location: Option<i32>,
    /// For the money (of a home).
    pub value: Option<i32>,
    /// Kept to them? (of a guest)
    pub house_rules: Option<i32>,
}

impl Stars {
    /// Records what is missing, out of range, or of the other side.
    pub fn check(&self, check: &mut Check, subject: Subject) {
        check.that(self.overall.is_some(), "/overall", "required", "an overall rating of 1–5 is needed");
        let of_home = [("accuracy", self.accuracy), ("check_in", self.check_in), ("location", self.location), ("value", self.value)];
        let of_guest = [("house_rules", self.house_rules)];
        let both = [("overall", self.overall), ("cleanliness", self.cleanliness), ("communication", self.communication)];
        for (name, stars) in of_home.iter().chain(&of_guest).chain(&both) {
            if let Some(stars) = stars {
                check.range(*stars, &format!("/{name}"), 1..=5);
            }
        }
        let foreign: &[(&str, Option<i32>)] = if subject == Subject::Listing { &of_guest } else { &of_home };
        for (name, stars) in foreign {
            check.that(stars.is_none(), &format!("/{name}"), "unknown_field", format!("a {subject} is not rated on {name}"));
        }
    }
}

/// Why a booking cannot be reviewed (now).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotReviewable {
    /// The stay is not over.
    #[error("a stay can be reviewed once it is over")]
    NotYet,
    /// There was no stay.
    #[error("only stays that took place can be reviewed")]
    NoStay,
    /// Too late.
    #[error("the time for reviews ended at {0}")]
    WindowClosed(DateTime<Utc>),
}

impl NotReviewable {
    /// Stable machine word.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NotYet => "review_too_early",
            Self::NoStay => "not_reviewable",
            Self::WindowClosed(_) => "review_window_closed",
        }
    }
}

/// Until when a booking can be reviewed, and when sealed reviews are opened.
#[must_use]
pub fn window_closes_at(booking: &Booking) -> DateTime<Utc> {
    booking.check_out_at + REVIEW_WINDOW
}

/// Whether `booking` can be reviewed at `now`: completed stays, and those a
/// guest called off on the day of arrival (00:00 in the listing's time zone) or
/// later; never those a host called off before.
///
/// # Errors
/// Why not.
pub fn check_reviewable(booking: &Booking, now: DateTime<Utc>) -> Result<(), NotReviewable> {
    let arrival_day = instant_on(booking.terms.time_zone, booking.stay.check_in, chrono::NaiveTime::MIN);
    let late_cancellation = booking.state == BookingState::Cancelled
        && booking.cancelled_by == Some(Side::Guest)
        && booking.cancelled_at.is_some_and(|at| at >= arrival_day);
    let took_place = match booking.state {
        BookingState::Completed => true,
        BookingState::Confirmed => return Err(NotReviewable::NotYet),
        _ => late_cancellation,
    };
    if !took_place {
        return Err(NotReviewable::NoStay);
    }
    let closes = window_closes_at(booking);
    if now >= closes { Err(NotReviewable::WindowClosed(closes)) } else { Ok(()) }
}
