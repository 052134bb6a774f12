//! Exchange rates by date. Prices are charged in the listing's currency; a rate
//! only shows them in the reader's.

use chrono::NaiveDate;
use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, RoundingStrategy};
use serde::{Deserialize, Serialize};

use crate::money::{Currency, Money, MoneyError};

/// What one unit of a currency is worth in another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rate {
    /// One (major) unit of this…
    pub from: Currency,
    /// …is worth `rate` units of this.
    pub to: Currency,
    /// Positive.
    pub rate: Decimal,
    /// On that date.
    pub on: NaiveDate,
}

impl Rate {
    /// An amount of `from`, in `to`: rounded once to its minor unit, half away
    /// from zero.
    ///
    /// # Errors
    /// When the amount is of another currency or the result leaves `i64`.
    pub fn convert(&self, money: Money) -> Result<Money, MoneyError> {
        if money.currency != self.from {
            return Err(MoneyError::MixedCurrencies(money.currency, self.from));
        }
        let major = Decimal::try_from_i128_with_scale(i128::from(money.amount), self.from.exponent()).map_err(|_| MoneyError::Overflow)?;
        let worth = major.checked_mul(self.rate).and_then(|worth| worth.checked_mul(Decimal::from(self.to.minor_per_major())));
        let minor = worth.ok_or(MoneyError::Overflow)?.round_dp_with_strategy(0, RoundingStrategy::MidpointAwayFromZero);
        Ok(Money::new(minor.to_i64().ok_or(MoneyError::Overflow)?, self.to))
    }

    /// Amounts of `from` converted so that they sum to their converted sum:
    /// each is what the running total grows by.
    ///
    /// # Errors
    /// As [`Rate::convert`].
    pub fn convert_all(&self, amounts: &[i64]) -> Result<Vec<i64>, MoneyError> {
        let (mut sum, mut shown) = (0_i64, 0_i64);
        let mut converted = Vec::with_capacity(amounts.len());
        for amount in amounts {
            sum = sum.checked_add(*amount).ok_or(MoneyError::Overflow)?;
            let total = self.convert(Money::new(sum, self.from))?.amount;
            converted.push(total.checked_sub(shown).ok_or(MoneyError::Overflow)?);
            shown = total;
        }
        Ok(converted)
    }
}

/// The newest rate of each pair.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RateTable(pub Vec<Rate>);

/// So many digits are kept of an inverse or a product.
const DIGITS: u32 = 12;

impl RateTable {
    fn direct(&self, from: Currency, to: Currency) -> Option<Rate> {
        let stated = |a, b| self.0.iter().filter(move |rate| rate.from == a && rate.to == b).max_by_key(|rate| rate.on);
        let inverse = || {
            let rate = stated(to, from)?;
            Some(Rate { from, to, rate: Decimal::ONE.checked_div(rate.rate)?.round_dp(DIGITS), on: rate.on })
        };
        let stated = stated(from, to).copied();
        // The newer of the two ways; the stated one when they are as old.
        match (stated, inverse()) {
            (Some(stated), Some(inverse)) => Some(if inverse.on > stated.on { inverse } else { stated }),
            (stated, inverse) => stated.or(inverse),
        }
    }

    /// The rate from one currency to another: stated, inverse, or through the
    /// third currency whose rates are newest. A rate is as old as its oldest
    /// part.
    #[must_use]
    pub fn rate(&self, from: Currency, to: Currency) -> Option<Rate> {
        if from == to {
            return None;
        }
        self.direct(from, to).or_else(|| {
            let mut thirds: Vec<Currency> =
                self.0.iter().flat_map(|rate| [rate.from, rate.to]).filter(|c| *c != from && *c != to).collect();
            thirds.sort_by_key(|currency| currency.code());
            thirds.dedup();
            let through = thirds.into_iter().filter_map(|third| {
                let (first, second) = (self.direct(from, third)?, self.direct(third, to)?);
                let rate = first.rate.checked_mul(second.rate)?.round_dp(DIGITS);
                (rate > Decimal::ZERO).then_some(Rate { from, to, rate, on: first.on.min(second.on) })
            });
            through.reduce(|best, next| if next.on > best.on { next } else { best })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    fn rate(from: &str, to: &str, rate: &str, on: &str) -> Rate {
        Rate { from: currency(from), to: currency(to), rate: rate.parse().unwrap(), on: on.parse().unwrap() }
    }

    fn convert(rate: &Rate, amount: i64) -> i64 {
        rate.convert(Money::new(amount, rate.from)).unwrap().amount
    }

    #[test]
    fn digits_of_both_currencies_count() {
        assert_eq!(convert(&rate("EUR", "USD", "1.1", "2030-01-01"), 12_345), 13_580, "135.795 rounds away from zero");
        assert_eq!(convert(&rate("EUR", "JPY", "162.5", "2030-01-01"), 1_000), 1_625);
        assert_eq!(convert(&rate("JPY", "EUR", "0.00615", "2030-01-01"), 500), 308, "3.075");
        assert_eq!(convert(&rate("EUR", "BHD", "0.4105", "2030-01-01"), 100), 411, "0.4105 to three digits");
        assert_eq!(convert(&rate("BHD", "JPY", "400", "2030-01-01"), 1_005), 402);
        assert_eq!(convert(&rate("EUR", "USD", "1.1", "2030-01-01"), -5), -6, "−0.055");
        assert!(rate("EUR", "USD", "1.1", "2030-01-01").convert(Money::new(1, currency("JPY"))).is_err());
        assert!(rate("EUR", "JPY", "999999999999", "2030-01-01").convert(Money::new(i64::MAX, currency("EUR"))).is_err());
    }

    #[test]
    fn a_way_is_found_and_is_as_old_as_its_oldest_part() {
        let table = RateTable(vec![
            rate("EUR", "USD", "1.25", "2030-01-03"),
            rate("EUR", "JPY", "160", "2030-01-02"),
            rate("EUR", "GBP", "0.8", "2030-01-01"),
            rate("GBP", "EUR", "1.2", "2030-01-04"),
        ]);
        let found = |from: &str, to: &str| {
            table.rate(currency(from), currency(to)).map(|rate| (rate.rate.normalize().to_string(), rate.on.to_string()))
        };
        assert_eq!(found("EUR", "USD"), Some(("1.25".into(), "2030-01-03".into())));
        assert_eq!(found("USD", "EUR"), Some(("0.8".into(), "2030-01-03".into())), "the inverse");
        assert_eq!(found("USD", "JPY"), Some(("128".into(), "2030-01-02".into())), "through the euro");
        assert_eq!(found("GBP", "EUR").unwrap().0, "1.2");
        assert_eq!(found("EUR", "GBP").unwrap().1, "2030-01-04", "the newer of stated and inverse");
        assert_eq!(found("EUR", "CHF"), None);
        assert_eq!(found("EUR", "EUR"), None);
    }

    proptest! {
        #[test]
        fn converted_parts_sum_to_the_converted_sum(
            amounts in proptest::collection::vec(-10_000_000_i64..100_000_000, 1..20),
            mantissa in 1_i64..100_000_000,
            pair in proptest::sample::select(vec![("EUR", "USD"), ("EUR", "JPY"), ("JPY", "BHD"), ("BHD", "EUR"), ("USD", "KWD")]),
        ) {
            let rate = Rate { from: currency(pair.0), to: currency(pair.1), rate: Decimal::new(mantissa, 5), on: NaiveDate::MIN };
            let parts = rate.convert_all(&amounts).unwrap();
            prop_assert_eq!(parts.iter().sum::<i64>(), convert(&rate, amounts.iter().sum()));
            for (part, amount) in parts.iter().zip(&amounts) {
                prop_assert!((part - convert(&rate, *amount)).abs() <= 1, "each is off by its rounding at most");
            }
        }
    }
}
