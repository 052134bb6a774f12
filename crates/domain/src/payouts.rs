//! What hosts are paid, when, and to whom: the legs of a stay, the shares of
//! co-hosts, the schedule, the wait after a failure.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::bookings::PAYOUT_DELAY;
use crate::cancellation::Settlement;
use crate::dates::{Stay, instant_on, local_date};
use crate::ids::UserId;
use crate::money::{BasisPoints, MoneyError, multiply_divide, sum};
use crate::pricing::{MONTH, NightPrice};
use crate::words::words;

words! {
    /// How often a host wants to be paid.
    PayoutSchedule {
        /// As soon as money is due.
        AsDue = "as_due",
        /// On Mondays.
        Weekly = "weekly",
        /// On the first of the month.
        Monthly = "monthly",
    }
}

words! {
    /// How far a transfer to a host has come.
    PayoutTransferState {
        /// Recorded, not sent.
        Created = "created",
        /// Sent; no answer known. Only ever sent again under the same key.
        Sent = "sent",
        /// With the host.
        Paid = "paid",
        /// Refused; the next try is a transfer of its own.
        Failed = "failed",
    }
}

/// What a co-host gets of each booking: the parts add up, in the order of the
/// co-hosts, as far as the host's part reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PayoutShare {
    /// Who.
    pub co_host: UserId,
    /// Of what the host gets beside the cleaning fee.
    pub percent: BasisPoints,
    /// Minor units of each booking.
    pub fixed: i64,
    /// The cleaning fee.
    pub cleaning_fee: bool,
}

/// Divides what the host's side gets between host and co-hosts; the host comes
/// first and has the rest. `cleaning` is the part that stands for the cleaning.
/// The parts sum to `amount`.
///
/// # Errors
/// When an amount leaves `i64` minor units.
pub fn split(host: UserId, shares: &[PayoutShare], amount: i64, cleaning: i64) -> Result<Vec<(UserId, i64)>, MoneyError> {
    let cleaning = cleaning.clamp(0, amount.max(0));
    let rest = amount.max(0) - cleaning;
    let mut left = amount.max(0);
    let mut cleaning_left = cleaning;
    let mut parts = vec![(host, 0)];
    for share in shares {
        let cleans = if share.cleaning_fee { std::mem::take(&mut cleaning_left) } else { 0 };
        let wanted = sum([share.percent.of(rest)?, share.fixed, cleans])?;
        let gets = wanted.clamp(0, left);
        left -= gets;
        parts.push((share.co_host, gets));
    }
    parts[0].1 = left + amount.min(0);
    Ok(parts)
}

/// A part of a stay that is paid for at one time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leg {
    /// 0 for the first.
    pub number: i32,
    /// When the host has earned it.
    pub due_at: DateTime<Utc>,
    /// Of the stay's worth this and the earlier legs make up so much…
    through: i64,
    /// …of so much.
    of: i64,
}

/// The legs of a stay: one, earned 24 hours after check-in, or, from 28 nights
/// on, one a month, each 24 hours after it begins.
#[must_use]
pub fn legs(stay: Stay, nights: &[NightPrice], zone: Tz, check_in_time: NaiveTime) -> Vec<Leg> {
    let worth = |until: NaiveDate| nights.iter().filter(|night| night.date < until).map(|night| night.amount).sum::<i64>();
    let all = worth(stay.check_out);
    let mut legs = Vec::new();
    for number in 0_i32.. {
        let begins = stay.check_in + Months::new(number.unsigned_abs());
        if begins >= stay.check_out {
            break;
        }
        let next = stay.check_in + Months::new(number.unsigned_abs() + 1);
        let last = stay.nights() < MONTH || next >= stay.check_out;
        let due_at = instant_on(zone, begins, check_in_time) + PAYOUT_DELAY;
        legs.push(Leg { number, due_at, through: if last { all } else { worth(next) }, of: all });
        if last {
            break;
        }
    }
    legs
}

impl Leg {
    /// All that is left, earned at `due_at`.
    #[must_use]
    pub const fn rest(number: i32, due_at: DateTime<Utc>) -> Self {
        Self { number, due_at, through: 1, of: 1 }
    }

    /// What has been earned with this leg and the earlier ones, of what is
    /// earned with all of them.
    ///
    /// # Errors
    /// When an amount leaves `i64` minor units.
    pub fn earned_of(&self, whole: &Settlement) -> Result<Settlement, MoneyError> {
        let part = |amount: i64| if self.through == self.of { Ok(amount) } else { multiply_divide(amount, self.through, self.of) };
        let mut taxes = Vec::with_capacity(whole.taxes.len());
        for (jurisdiction, due) in &whole.taxes {
            taxes.push((jurisdiction.clone(), part(*due)?));
        }
        Ok(Settlement {
            refund: 0,
            host_receives: part(whole.host_receives)?,
            cleaning: part(whole.cleaning)?,
            host_fee: part(whole.host_fee)?,
            guest_fee: part(whole.guest_fee)?,
            taxes,
        })
    }
}

/// The next instant at which a host on `schedule` is paid: at once, or at
/// midnight of the next Monday or first of the month in `zone`; `now` itself
/// when it is such a day.
#[must_use]
pub fn next_payday(schedule: PayoutSchedule, zone: Tz, now: DateTime<Utc>) -> DateTime<Utc> {
    let today = local_date(zone, now);
    let day = match schedule {
        PayoutSchedule::AsDue => return now,
        PayoutSchedule::Weekly => today + Days::new(u64::from((7 - today.weekday().days_since(Weekday::Mon)) % 7)),
        PayoutSchedule::Monthly if today.day() == 1 => today,
        PayoutSchedule::Monthly => (today - Days::new(u64::from(today.day0()))) + Months::new(1),
    };
    if day == today { now } else { instant_on(zone, day, NaiveTime::MIN) }
}

/// How long to wait after the `attempt`-th failure of a transfer, from 1 on:
/// an hour, then four times as long each time, at most five days.
#[must_use]
pub fn retry_delay(attempt: i32) -> TimeDelta {
    let hours = 4_i64.checked_pow(attempt.saturating_sub(1).unsigned_abs().min(8)).unwrap_or(i64::MAX);
    TimeDelta::hours(hours.min(120))
}

/// How often a transfer is tried before a person has to look at it.
pub const TRANSFER_ATTEMPTS: i32 = 6;

/// What of `due` is sent to a host who owes `owed`: the debt comes first.
/// Answers what is kept for the debt and what is sent, in minor units.
#[must_use]
pub fn recover(due: i64, owed: i64) -> (i64, i64) {
    let kept = owed.clamp(0, due.max(0));
    (kept, due.max(0) - kept)
}
