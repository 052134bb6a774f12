//! Paying in parts: half now and the rest before arrival, or a long stay month
//! by month. The parts always sum to the price.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::money::{Money, MoneyError, multiply_divide};
use crate::pricing::MONTH;
use crate::words::words;

/// How long before arrival the second half is due.
pub const REST_BEFORE_CHECK_IN: TimeDelta = TimeDelta::days(14);
/// How long before it is due a guest is reminded of a part.
pub const REMINDER: TimeDelta = TimeDelta::days(3);
/// The smallest price that is split in half, in major units.
pub const LEAST_TO_SPLIT: i64 = 50;

words! {
    /// How a guest pays.
    PaymentPlan {
        /// All at once.
        Full = "full",
        /// Half now, the rest 14 days before arrival.
        Deposit = "deposit",
        /// A long stay, 28 nights at a time.
        Monthly = "monthly",
    }
}

/// A part of the price.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instalment {
    /// How much.
    pub amount: Money,
    /// When; `None`: now.
    pub due_at: Option<DateTime<Utc>>,
}

/// What a plan depends on.
#[derive(Debug, Clone, Copy)]
pub struct Occasion {
    /// The price.
    pub total: Money,
    /// Arrival.
    pub check_in_at: DateTime<Utc>,
    /// Nights of the stay.
    pub nights: i32,
    /// Now.
    pub now: DateTime<Utc>,
}

/// The parts of a plan; `None` when this stay cannot be paid that way.
///
/// # Errors
/// When an amount leaves `i64`.
pub fn parts(plan: PaymentPlan, occasion: &Occasion) -> Result<Option<Vec<Instalment>>, MoneyError> {
    let Occasion { total, check_in_at, nights, now } = *occasion;
    let part = |amount, due_at| Instalment { amount: Money::new(amount, total.currency), due_at };
    match plan {
        PaymentPlan::Full => Ok(Some(vec![part(total.amount, None)])),
        PaymentPlan::Deposit => {
            let due = check_in_at - REST_BEFORE_CHECK_IN;
            let large = total.amount >= LEAST_TO_SPLIT * total.currency.minor_per_major();
            if !large || nights >= MONTH || due < now + TimeDelta::days(1) {
                return Ok(None);
            }
            let first = multiply_divide(total.amount, 1, 2)?;
            Ok(Some(vec![part(first, None), part(total.amount - first, Some(due))]))
        }
        PaymentPlan::Monthly => {
            let months = (nights + MONTH - 1) / MONTH;
            if months < 2 || total.amount < i64::from(months) {
                return Ok(None);
            }
            let mut parts = Vec::new();
            let mut asked = 0;
            for month in 1..=months {
                let until = (month * MONTH).min(nights);
                let amount = multiply_divide(total.amount, i64::from(until), i64::from(nights))? - asked;
                asked += amount;
                let due = check_in_at + TimeDelta::days(i64::from((month - 1) * MONTH));
                parts.push(part(amount, (month > 1).then_some(due)));
            }
            Ok(Some(parts))
        }
    }
}

/// Every plan that this stay can be paid by, with its parts.
///
/// # Errors
/// When an amount leaves `i64`.
pub fn plans(occasion: &Occasion) -> Result<Vec<(PaymentPlan, Vec<Instalment>)>, MoneyError> {
    let mut found = Vec::new();
    for plan in PaymentPlan::ALL {
        if let Some(parts) = parts(*plan, occasion)? {
            found.push((*plan, parts));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn occasion(amount: i64, days_ahead: i64, nights: i32) -> Occasion {
        let now: DateTime<Utc> = "2030-01-01T10:00:00Z".parse().unwrap();
        Occasion { total: Money::new(amount, "EUR".parse().unwrap()), check_in_at: now + TimeDelta::days(days_ahead), nights, now }
    }

    fn amounts(plan: PaymentPlan, occasion: &Occasion) -> Option<Vec<i64>> {
        parts(plan, occasion).unwrap().map(|parts| parts.iter().map(|part| part.amount.amount).collect())
    }

    #[test]
    fn a_deposit_needs_time_and_a_price_worth_splitting() {
        assert_eq!(amounts(PaymentPlan::Deposit, &occasion(10_001, 30, 3)), Some(vec![5_001, 5_000]));
        assert_eq!(amounts(PaymentPlan::Deposit, &occasion(5_000, 15, 3)), Some(vec![2_500, 2_500]));
        assert_eq!(amounts(PaymentPlan::Deposit, &occasion(4_999, 30, 3)), None, "below 50 in all");
        assert_eq!(amounts(PaymentPlan::Deposit, &occasion(10_000, 14, 3)), None, "the rest would be due today");
        let rest = parts(PaymentPlan::Deposit, &occasion(10_000, 30, 3)).unwrap().unwrap()[1].due_at.unwrap();
        assert_eq!(rest.to_rfc3339(), "2030-01-17T10:00:00+00:00");
    }

    #[test]
    fn a_long_stay_is_paid_month_by_month() {
        assert_eq!(amounts(PaymentPlan::Monthly, &occasion(60_000, 5, 60)), Some(vec![28_000, 28_000, 4_000]));
        assert_eq!(amounts(PaymentPlan::Monthly, &occasion(60_000, 5, 28)), None, "one month is all at once");
        assert_eq!(amounts(PaymentPlan::Monthly, &occasion(60_000, 5, 27)), None);
        assert_eq!(amounts(PaymentPlan::Deposit, &occasion(60_000, 90, 60)), None, "long stays have their own plan");
    }

    proptest! {
        #[test]
        fn the_parts_sum_to_the_price(amount in 1_i64..1_000_000_000, days in 0_i64..400, nights in 1_i32..=365) {
            for (plan, parts) in plans(&occasion(amount, days, nights)).unwrap() {
                prop_assert_eq!(parts.iter().map(|part| part.amount.amount).sum::<i64>(), amount, "{}", plan);
                prop_assert!(parts.iter().all(|part| part.amount.amount > 0));
                prop_assert!(parts[0].due_at.is_none());
                prop_assert!(parts.windows(2).all(|two| two[0].due_at < two[1].due_at), "{:?}", parts);
            }
        }
    }
}
