//! Coupons and credit: what the marketplace pays towards a guest's stay. The
//! price stays what it is; only what the card is charged becomes less.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fields::Check;
use crate::ids::CouponId;
use crate::money::{BasisPoints, Currency, Money, MoneyError};
use crate::words::words;

words! {
    /// From where the money for a stay comes, and where it goes back to.
    PaymentMeans {
        /// The guest's card.
        Card = "card",
        /// The marketplace's coupon.
        Coupon = "coupon",
        /// The guest's credit.
        Credit = "credit",
    }
}

/// What a coupon takes off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponValue {
    /// Part of the price.
    Percent(BasisPoints),
    /// Minor units of the coupon's currency.
    Amount(i64),
}

/// What staff set of a coupon.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponTerms {
    /// What guests type: 3–32 letters, digits and dashes, upper case.
    pub code: String,
    /// What it takes off.
    pub value: CouponValue,
    /// Only homes let in it; required with any amount.
    pub currency: Option<Currency>,
    /// Most minor units that it takes off.
    pub max_amount: Option<i64>,
    /// Least price of the stay, minor units; 0: any.
    pub minimum_total: i64,
    /// From when on it can be used.
    pub starts_at: DateTime<Utc>,
    /// From when on it can't any more.
    pub ends_at: Option<DateTime<Utc>>,
    /// How often in all; each guest once.
    pub max_uses: Option<i32>,
    /// Only for guests who have had no booking yet.
    pub first_booking_only: bool,
    /// For staff.
    pub note: String,
}

impl CouponTerms {
    /// Records what is out of range.
    pub fn check(&self, check: &mut Check) {
        let plain = |letter: char| letter.is_ascii_uppercase() || letter.is_ascii_digit() || letter == '-';
        check.text(&self.code, "/code", 3..=32);
        check.that(self.code.chars().all(plain), "/code", "format", "a code has letters A–Z, digits and dashes");
        match self.value {
            CouponValue::Percent(bps) => check.range(bps.0, "/percent_bps", 1..=10_000),
            CouponValue::Amount(amount) => check.range(amount, "/amount", 1..=Money::MAX_AMOUNT),
        }
        if let Some(most) = self.max_amount {
            check.range(most, "/max_amount", 1..=Money::MAX_AMOUNT);
        }
        check.range(self.minimum_total, "/minimum_total", 0..=Money::MAX_AMOUNT);
        let names_amount = matches!(self.value, CouponValue::Amount(_)) || self.max_amount.is_some() || self.minimum_total > 0;
        check.that(self.currency.is_some() || !names_amount, "/currency", "required", "amounts need a currency");
        check.that(self.ends_at.is_none_or(|end| end > self.starts_at), "/ends_at", "order", "a coupon ends after it starts");
        if let Some(most) = self.max_uses {
            check.range(most, "/max_uses", 1..=1_000_000);
        }
        check.text(&self.note, "/note", 0..=500);
    }

    /// Minor units it takes off a price, before [`divide`] leaves something to
    /// the card.
    ///
    /// # Errors
    /// When an amount leaves `i64`.
    pub fn worth(&self, price: Money) -> Result<i64, MoneyError> {
        let worth = match self.value {
            CouponValue::Percent(bps) => bps.of(price.amount)?,
            CouponValue::Amount(amount) => amount,
        };
        Ok(worth.min(self.max_amount.unwrap_or(i64::MAX)).min(price.amount))
    }

    /// Why it takes nothing off `price` at `now`; none when it does.
    #[must_use]
    pub fn refusal(&self, uses: i32, ended: bool, price: Money, now: DateTime<Utc>) -> Option<CouponRefusal> {
        if now < self.starts_at {
            Some(CouponRefusal::NotYet)
        } else if ended || self.ends_at.is_some_and(|end| now >= end) {
            Some(CouponRefusal::Over)
        } else if self.currency.is_some_and(|currency| currency != price.currency) {
            Some(CouponRefusal::Currency)
        } else if price.amount < self.minimum_total {
            Some(CouponRefusal::Minimum)
        } else if self.max_uses.is_some_and(|most| uses >= most) {
            Some(CouponRefusal::UsedUp)
        } else {
            None
        }
    }
}

/// A coupon.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coupon {
    /// Which.
    pub id: CouponId,
    /// What staff set.
    pub terms: CouponTerms,
    /// How often it is used or held by bookings that are not paid yet.
    pub uses: i32,
    /// When staff ended it.
    pub ended_at: Option<DateTime<Utc>>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Why a coupon takes nothing off.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CouponRefusal {
    /// There is no such code.
    #[error("there is no such coupon: look at the code again")]
    Unknown,
    /// It starts later.
    #[error("this coupon cannot be used yet")]
    NotYet,
    /// It is over.
    #[error("this coupon is over")]
    Over,
    /// It is for homes in another currency.
    #[error("this coupon is for homes in another currency")]
    Currency,
    /// The stay costs too little.
    #[error("this stay costs less than the coupon asks for")]
    Minimum,
    /// Others have used it as often as it can be.
    #[error("this coupon is used up")]
    UsedUp,
    /// The guest has used it.
    #[error("you have used this coupon before")]
    AlreadyUsed,
    /// The guest has booked before.
    #[error("this coupon is for first bookings")]
    FirstBookingOnly,
}

impl CouponRefusal {
    /// For machines.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Unknown => "coupon_unknown",
            Self::NotYet => "coupon_not_yet",
            Self::Over => "coupon_over",
            Self::Currency => "coupon_currency",
            Self::Minimum => "coupon_minimum",
            Self::UsedUp => "coupon_used_up",
            Self::AlreadyUsed => "coupon_already_used",
            Self::FirstBookingOnly => "coupon_first_booking_only",
        }
    }
}

/// A coupon in a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CouponUse {
    /// Its code.
    pub code: String,
    /// Minor units that it pays.
    pub amount: i64,
}

/// What coupon and credit pay of a price, in minor units of its currency.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contribution {
    /// The marketplace's.
    pub coupon: Option<CouponUse>,
    /// The guest's own.
    pub credit: i64,
}

impl Contribution {
    /// What the coupon pays.
    #[must_use]
    pub fn coupon_amount(&self) -> i64 {
        self.coupon.as_ref().map_or(0, |used| used.amount)
    }

    /// Both together.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.coupon_amount() + self.credit
    }

    /// What of a `refund` of a `price` the guest gets, to their card and credit:
    /// what the coupon has paid is not theirs.
    #[must_use]
    pub fn refundable(&self, refund: i64, price: i64) -> i64 {
        refund.min(price - self.coupon_amount())
    }
}

/// What a card is charged at least, minor units: a whole unit of the currency.
/// Providers refuse less than about half of one, and a card is kept on file.
#[must_use]
pub fn least_charge(currency: Currency) -> i64 {
    currency.minor_per_major()
}

/// Divides a price: first what the coupon is worth, then as much of `credit`
/// (minor units) as it takes; the card pays the rest, at least [`least_charge`].
#[must_use]
pub fn divide(price: Money, coupon: Option<(&str, i64)>, credit: i64) -> Contribution {
    let mut left = (price.amount - least_charge(price.currency)).max(0);
    let mut pays = |most: i64| {
        let part = most.clamp(0, left);
        left -= part;
        part
    };
    let coupon = coupon.map(|(code, worth)| CouponUse { code: code.to_owned(), amount: pays(worth) });
    Contribution { coupon: coupon.filter(|used| used.amount > 0), credit: pays(credit) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use proptest::prelude::*;

    fn eur(amount: i64) -> Money {
        Money::new(amount, "EUR".parse().unwrap())
    }

    fn terms(value: CouponValue) -> CouponTerms {
        CouponTerms {
            code: "SPRING".into(),
            value,
            currency: Some(eur(0).currency),
            max_amount: None,
            minimum_total: 0,
            starts_at: DateTime::UNIX_EPOCH,
            ends_at: None,
            max_uses: None,
            first_booking_only: false,
            note: String::new(),
        }
    }

    #[test]
    fn a_percentage_is_rounded_and_limited() {
        let tenth = terms(CouponValue::Percent(BasisPoints(1000)));
        assert_eq!(tenth.worth(eur(12_345)), Ok(1235), "half away from zero");
        let limited = CouponTerms { max_amount: Some(500), ..tenth };
        assert_eq!(limited.worth(eur(12_345)), Ok(500));
        assert_eq!(terms(CouponValue::Amount(20_000)).worth(eur(12_345)), Ok(12_345), "never more than the price");
    }

    #[test]
    fn coupon_first_then_credit_and_a_unit_for_the_card() {
        let paid = divide(eur(10_000), Some(("SPRING", 3_000)), 2_000);
        assert_eq!((paid.coupon_amount(), paid.credit), (3_000, 2_000));
        let paid = divide(eur(10_000), Some(("SPRING", 3_000)), 20_000);
        assert_eq!((paid.coupon_amount(), paid.credit), (3_000, 6_900), "1.00 is left to the card");
        let paid = divide(eur(10_000), Some(("SPRING", 10_000)), 50);
        assert_eq!((paid.coupon_amount(), paid.credit), (9_900, 0));
        assert_eq!(divide(eur(100), Some(("SPRING", 50)), 50), Contribution::default());
    }

    #[test]
    fn a_coupon_says_why_it_takes_nothing_off() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(10);
        let base = terms(CouponValue::Amount(500));
        assert_eq!(base.refusal(0, false, eur(1000), now), None);
        assert_eq!(base.refusal(0, true, eur(1000), now), Some(CouponRefusal::Over));
        let usd = Money::new(1000, "USD".parse().unwrap());
        assert_eq!(base.refusal(0, false, usd, now), Some(CouponRefusal::Currency));
        let later = CouponTerms { starts_at: now + TimeDelta::seconds(1), ..base.clone() };
        assert_eq!(later.refusal(0, false, eur(1000), now), Some(CouponRefusal::NotYet));
        let over = CouponTerms { ends_at: Some(now), ..base.clone() };
        assert_eq!(over.refusal(0, false, eur(1000), now), Some(CouponRefusal::Over));
        let dear = CouponTerms { minimum_total: 1001, ..base.clone() };
        assert_eq!(dear.refusal(0, false, eur(1000), now), Some(CouponRefusal::Minimum));
        let once = CouponTerms { max_uses: Some(1), ..base };
        assert_eq!(once.refusal(1, false, eur(1000), now), Some(CouponRefusal::UsedUp));
    }

    proptest! {
        #[test]
        fn nothing_is_paid_twice_and_the_card_pays_something(price in 1_i64..10_000_000, worth in 0_i64..10_000_000, credit in 0_i64..10_000_000) {
            let paid = divide(eur(price), Some(("X", worth)), credit);
            prop_assert!(paid.coupon_amount() <= worth && paid.credit <= credit);
            prop_assert!(price - paid.total() >= least_charge(eur(0).currency).min(price));
        }
    }
}
