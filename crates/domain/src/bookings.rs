//! A guest's contract for a stay: its states, who may move it where, and what
//! was agreed.

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::cancellation::PolicyTerms;
use crate::coupons::Contribution;
use crate::dates::Stay;
use crate::guests::Guests;
use crate::ids::{BookingId, ListingId, UserId};
use crate::listings::BookingMode;
use crate::money::{Currency, Money};
use crate::payouts::PayoutShare;
use crate::pricing::{Fees, Quote};
use crate::words::words;

/// How long nights are held for a guest who has not paid yet.
pub const PAYMENT_HOLD: TimeDelta = TimeDelta::minutes(15);
/// How long a host has to answer a request.
pub const RESPONSE_TIME: TimeDelta = TimeDelta::hours(24);
/// How long after check-in the host's money is due.
pub const PAYOUT_DELAY: TimeDelta = TimeDelta::hours(24);

words! {
    /// Where a booking stands.
    BookingState {
        /// Nights held for 15 minutes until the guest pays.
        PendingPayment = "pending_payment",
        /// Card authorised, the host has 24 hours to answer.
        Requested = "requested",
        /// Paid and agreed.
        Confirmed = "confirmed",
        /// The stay is over.
        Completed = "completed",
        /// The host said no.
        Declined = "declined",
        /// Nobody paid or answered in time.
        Expired = "expired",
        /// Called off by guest, host or staff.
        Cancelled = "cancelled",
        /// The guest never came.
        NoShow = "no_show",
    }
}

impl BookingState {
    /// Whether the booking holds its nights.
    #[must_use]
    pub const fn holds_nights(self) -> bool {
        matches!(self, Self::PendingPayment | Self::Requested | Self::Confirmed | Self::Completed | Self::NoShow)
    }

    /// Whether guest and host have a contract (and may see how to reach the home).
    #[must_use]
    pub const fn is_agreed(self) -> bool {
        matches!(self, Self::Confirmed | Self::Completed)
    }
}

words! {
    /// In which role somebody moved a booking.
    Side {
        /// Who booked.
        Guest = "guest",
        /// Whose home it is.
        Host = "host",
        /// The marketplace's people.
        Staff = "staff",
        /// The marketplace itself (deadlines, payments).
        System = "system",
    }
}

words! {
    /// What is asked of a booking.
    Move {
        /// The card is authorised; the host is asked.
        AskHost = "ask_host",
        /// Paid (instant) or accepted and paid.
        Confirm = "confirm",
        /// The host says no.
        Decline = "decline",
        /// The deadline has passed.
        Expire = "expire",
        /// Called off.
        Cancel = "cancel",
        /// Check-out time has come.
        Complete = "complete",
        /// The guest never came.
        MarkNoShow = "mark_no_show",
    }
}

/// A move that the booking's state or the mover's role does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a booking that is {from} cannot be moved by \"{wish}\" from the {side}")]
pub struct IllegalTransition {
    /// Where it stands.
    pub from: BookingState,
    /// What was asked.
    pub wish: Move,
    /// By whom.
    pub side: Side,
}

/// The one transition function: where `wish` by `side` leads from `from`.
///
/// # Errors
/// When it leads nowhere.
pub const fn transition(from: BookingState, wish: Move, side: Side) -> Result<BookingState, IllegalTransition> {
    use BookingState as S;
    match (from, wish, side) {
        (S::PendingPayment, Move::AskHost, Side::System) => Ok(S::Requested),
        (S::PendingPayment | S::Requested, Move::Confirm, Side::System) => Ok(S::Confirmed),
        (S::Requested, Move::Decline, Side::Host | Side::Staff | Side::System) => Ok(S::Declined),
        (S::PendingPayment | S::Requested, Move::Expire, Side::System) => Ok(S::Expired),
        (S::PendingPayment | S::Requested, Move::Cancel, Side::Guest | Side::Staff | Side::System)
        | (S::Confirmed, Move::Cancel, Side::Guest | Side::Host | Side::Staff | Side::System) => Ok(S::Cancelled),
        (S::Confirmed, Move::Complete, Side::System) => Ok(S::Completed),
        (S::Confirmed, Move::MarkNoShow, Side::Host | Side::Staff) => Ok(S::NoShow),
        _ => Err(IllegalTransition { from, wish, side }),
    }
}

/// What was agreed at the time of booking; never follows later edits.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// Price, line by line.
    pub quote: Quote,
    /// What a cancellation gives back.
    pub policy: PolicyTerms,
    /// Fees in force.
    pub fees: Fees,
    /// Of the listing, for every deadline.
    pub time_zone: Tz,
    /// Arrival from, local.
    pub check_in_from: chrono::NaiveTime,
    /// Departure until, local.
    pub check_out_until: chrono::NaiveTime,
    /// Title of the listing when it was booked.
    pub listing_title: String,
    /// Nights kept free before and after.
    pub preparation_nights: i32,
    /// What of the host's part is whose.
    #[serde(default)]
    pub shares: Vec<PayoutShare>,
    /// Minor units that the host has given back beyond the policy.
    #[serde(default)]
    pub granted: i64,
    /// What of the price coupon and credit pay.
    #[serde(default)]
    pub contribution: Contribution,
}

/// A guest's contract for a stay.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Booking {
    /// Which.
    pub id: BookingId,
    /// For people, e.g. `R7K2-9QXM`.
    pub code: String,
    /// Which home.
    pub listing_id: ListingId,
    /// Who booked.
    pub guest_id: UserId,
    /// Whose home.
    pub host_id: UserId,
    /// Where it stands.
    pub state: BookingState,
    /// Instant or on request, when it was made.
    pub booking_mode: BookingMode,
    /// Which nights.
    pub stay: Stay,
    /// Who stays.
    pub guests: Guests,
    /// Of every amount.
    pub currency: Currency,
    /// What was agreed.
    pub terms: Terms,
    /// The guest's words to the host.
    pub message: String,
    /// Until when unpaid nights are held.
    pub hold_expires_at: Option<DateTime<Utc>>,
    /// Until when the host can answer.
    pub respond_by: Option<DateTime<Utc>>,
    /// When the host said yes.
    pub accepted_at: Option<DateTime<Utc>>,
    /// When it was paid and agreed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was called off.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// By whom.
    pub cancelled_by: Option<Side>,
    /// The instant of arrival.
    pub check_in_at: DateTime<Utc>,
    /// The instant of departure.
    pub check_out_at: DateTime<Utc>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl Booking {
    /// What the stay costs the guest in all, whoever pays it.
    #[must_use]
    pub fn total(&self) -> Money {
        Money::new(self.terms.quote.total, self.currency)
    }

    /// What the guest's card pays of it: the rest of what coupon and credit pay.
    #[must_use]
    pub fn due(&self) -> Money {
        Money::new(self.terms.quote.total - self.terms.contribution.total(), self.currency)
    }

    /// Whether the deadline of an unpaid hold or unanswered request has passed.
    #[must_use]
    pub fn has_lapsed(&self, now: DateTime<Utc>) -> bool {
        match self.state {
            BookingState::PendingPayment => self.hold_expires_at.is_some_and(|at| at <= now),
            BookingState::Requested => self.accepted_at.is_none() && self.respond_by.is_some_and(|at| at <= now),
            _ => false,
        }
    }
}

/// Letters and digits that are not mistaken for one another.
const CODE_ALPHABET: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// A booking code for people from 40 random bits: `R7K2-9QXM`.
#[must_use]
pub fn booking_code(random: u64) -> String {
    let letter = |at: u32| char::from(CODE_ALPHABET[((random >> (5 * at)) & 31) as usize]);
    let (head, tail): (String, String) = ((0..4).map(letter).collect(), (4..8).map(letter).collect());
    format!("{head}-{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ended_bookings_do_not_move() {
        for from in [BookingState::Completed, BookingState::Declined, BookingState::Expired, BookingState::Cancelled, BookingState::NoShow]
        {
            for wish in Move::ALL {
                for side in Side::ALL {
                    assert!(transition(from, *wish, *side).is_err(), "{from} {wish} {side}");
                }
            }
        }
    }

    #[test]
    fn only_the_marketplace_confirms_and_completes() {
        for side in [Side::Guest, Side::Host, Side::Staff] {
            assert!(transition(BookingState::PendingPayment, Move::Confirm, side).is_err());
            assert!(transition(BookingState::Confirmed, Move::Complete, side).is_err());
        }
        assert!(transition(BookingState::Requested, Move::Decline, Side::Guest).is_err());
        assert!(transition(BookingState::Requested, Move::Cancel, Side::Host).is_err(), "a host declines, not cancels, a request");
    }

    #[test]
    fn codes_are_eight_unmistakable_letters() {
        assert_eq!(booking_code(0), "2222-2222");
        assert_eq!(booking_code(u64::MAX), "ZZZZ-ZZZZ");
        assert_ne!(booking_code(1), booking_code(2));
    }
}
