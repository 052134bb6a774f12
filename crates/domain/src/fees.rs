//! The marketplace's fees as rules with dates: for everybody or one host, for
//! all stays or long ones.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::fields::Check;
use crate::ids::{FeeRuleId, UserId};
use crate::money::BasisPoints;
use crate::pricing::Fees;

/// Fees of bookings made within dates.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DatedFees {
    /// Which.
    pub id: FeeRuleId,
    /// Of this host only; of all when absent.
    pub host_id: Option<UserId>,
    /// Of stays of at least so many nights.
    pub from_nights: i32,
    /// From the guest, of the host's subtotal.
    pub guest_fee_bps: BasisPoints,
    /// From the host, of the same.
    pub host_fee_bps: BasisPoints,
    /// First date of booking.
    pub from: NaiveDate,
    /// First date of booking it no longer applies to.
    pub to: Option<NaiveDate>,
}

/// The highest share that a fee may be.
pub const MOST: i32 = 5_000;

impl DatedFees {
    /// Records what is out of range.
    pub fn check(&self, check: &mut Check) {
        check.range(self.from_nights, "/from_nights", 1..=365);
        check.range(self.guest_fee_bps.0, "/guest_fee_bps", 0..=MOST);
        check.range(self.host_fee_bps.0, "/host_fee_bps", 0..=MOST);
        check.that(self.to.is_none_or(|to| self.from < to), "/to", "order", "a rule ends after it starts");
    }

    fn concerns(&self, host: UserId, nights: i32, booked_on: NaiveDate) -> bool {
        self.host_id.is_none_or(|only| only == host)
            && self.from_nights <= nights
            && self.from <= booked_on
            && self.to.is_none_or(|to| booked_on < to)
    }
}

/// The fees of a booking: a host's own rule before everybody's, more nights
/// before fewer, the later start before the earlier; `otherwise` where none
/// applies.
#[must_use]
pub fn in_force(rules: &[DatedFees], otherwise: Fees, host: UserId, nights: i32, booked_on: NaiveDate) -> Fees {
    let concerning = rules.iter().filter(|rule| rule.concerns(host, nights, booked_on));
    let rule = concerning.max_by_key(|rule| (rule.host_id.is_some(), rule.from_nights, rule.from, rule.id));
    rule.map_or(otherwise, |rule| Fees { guest_fee_bps: rule.guest_fee_bps, host_fee_bps: rule.host_fee_bps, ..otherwise })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pricing::FeeRule;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn rule(n: u128, host: Option<u128>, nights: i32, guest: i32, (from, to): (&str, Option<&str>)) -> DatedFees {
        DatedFees {
            id: FeeRuleId(uuid::Uuid::from_u128(n)),
            host_id: host.map(|host| UserId(uuid::Uuid::from_u128(host))),
            from_nights: nights,
            guest_fee_bps: BasisPoints(guest),
            host_fee_bps: BasisPoints(100),
            from: day(from),
            to: to.map(day),
        }
    }

    #[test]
    fn the_most_particular_rule_applies() {
        let otherwise =
            Fees { guest_fee_bps: BasisPoints(1), host_fee_bps: BasisPoints(2), host_fee_on_cancellation: FeeRule::Proportional };
        let rules = [
            rule(1, None, 1, 1000, ("2030-01-01", None)),
            rule(2, None, 28, 800, ("2030-01-01", None)),
            rule(3, Some(7), 1, 500, ("2030-01-01", Some("2030-02-01"))),
            rule(4, None, 1, 1200, ("2030-03-01", None)),
        ];
        let of = |host: u128, nights, on: &str| {
            in_force(&rules, otherwise, UserId(uuid::Uuid::from_u128(host)), nights, day(on)).guest_fee_bps.0
        };
        assert_eq!(of(1, 3, "2029-12-31"), 1, "before any rule the settings");
        assert_eq!(of(1, 3, "2030-01-01"), 1000);
        assert_eq!(of(1, 28, "2030-01-01"), 800, "long stays");
        assert_eq!(of(7, 28, "2030-01-31"), 500, "a host's own before everybody's");
        assert_eq!(of(7, 3, "2030-02-01"), 1000, "until its end");
        assert_eq!(of(1, 3, "2030-03-01"), 1200, "the later start");
        assert_eq!(of(1, 30, "2030-03-01"), 800, "more nights before a later start");
    }

    #[test]
    fn mistakes_are_told() {
        let mut check = Check::new();
        rule(1, None, 0, 6_000, ("2030-01-02", Some("2030-01-02"))).check(&mut check);
        assert_eq!(check.finish().unwrap_err().len(), 3);
    }
}
