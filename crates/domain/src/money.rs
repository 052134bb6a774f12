//! Money: whole minor units of an ISO 4217 currency. No floats, checked
//! arithmetic, one rounding rule (half away from zero), one place.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// An ISO 4217 currency that has minor-unit digits (so no metals or test codes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Currency(iso_currency::Currency);

impl Currency {
    /// The three-letter code, e.g. `EUR`.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.0.code()
    }

    /// The same as [`Currency::code`]; the spelling in SQL and JSON.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.0.code()
    }

    /// Digits after the decimal point: JPY 0, EUR 2, BHD 3.
    #[must_use]
    pub fn exponent(self) -> u32 {
        u32::from(self.0.exponent().unwrap_or(0))
    }

    /// Minor units in one major unit: JPY 1, EUR 100, BHD 1000.
    #[must_use]
    pub fn minor_per_major(self) -> i64 {
        10_i64.pow(self.exponent())
    }
}

impl FromStr for Currency {
    type Err = String;

    fn from_str(code: &str) -> Result<Self, String> {
        iso_currency::Currency::from_code(code)
            .filter(|currency| currency.exponent().is_some())
            .map(Self)
            .ok_or_else(|| format!("{code:?} is not an ISO 4217 currency code, e.g. EUR"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        code.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "sqlx")]
crate::sql::as_text!(Currency);

/// An amount in minor units of a currency; negative for money that goes back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Money {
    /// Minor units, e.g. cents.
    pub amount: i64,
    /// What the units are of.
    pub currency: Currency,
}

/// A sum left the range of `i64` minor units or mixed currencies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// The result does not fit.
    #[error("the amount is too large")]
    Overflow,
    /// Two currencies met in one sum.
    #[error("cannot add {0} to {1}")]
    MixedCurrencies(Currency, Currency),
}

impl Money {
    /// The largest amount a client may name, in minor units: beyond it sums of
    /// lines could leave `i64`.
    pub const MAX_AMOUNT: i64 = 1_000_000_000_000;

    /// An amount of minor units.
    #[must_use]
    pub const fn new(amount: i64, currency: Currency) -> Self {
        Self { amount, currency }
    }

    /// Nothing, in `currency`.
    #[must_use]
    pub const fn zero(currency: Currency) -> Self {
        Self::new(0, currency)
    }

    /// The sum of two amounts of one currency.
    ///
    /// # Errors
    /// When the currencies differ or the sum leaves `i64`.
    pub fn plus(self, other: Self) -> Result<Self, MoneyError> {
        if self.currency != other.currency {
            return Err(MoneyError::MixedCurrencies(other.currency, self.currency));
        }
        self.amount.checked_add(other.amount).map(|amount| Self::new(amount, self.currency)).ok_or(MoneyError::Overflow)
    }
}

impl fmt::Display for Money {
    /// `EUR 123.45`, `JPY 500`: for logs, mails and messages, not for layout.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scale = self.currency.minor_per_major();
        let sign = if self.amount < 0 { "-" } else { "" };
        let absolute = self.amount.unsigned_abs();
        let scale = scale.unsigned_abs();
        write!(f, "{} {sign}{}", self.currency, absolute / scale)?;
        match self.currency.exponent() {
            0 => Ok(()),
            digits => write!(f, ".{:0width$}", absolute % scale, width = digits as usize),
        }
    }
}

/// A share in hundredths of a percent: 1400 is 14 %.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BasisPoints(pub i32);

impl BasisPoints {
    /// The whole: 100 %.
    pub const WHOLE: Self = Self(10_000);

    /// This share of `amount` minor units, rounded once, half away from zero.
    ///
    /// # Errors
    /// When the result leaves `i64`.
    pub fn of(self, amount: i64) -> Result<i64, MoneyError> {
        multiply_divide(amount, i64::from(self.0), 10_000)
    }
}

/// `amount × numerator ÷ denominator`, rounded once, half away from zero.
///
/// # Errors
/// When the result leaves `i64` or `denominator` is zero.
#[inline]
pub fn multiply_divide(amount: i64, numerator: i64, denominator: i64) -> Result<i64, MoneyError> {
    if denominator == 0 {
        return Err(MoneyError::Overflow);
    }
    // Nearly always: search prices thousands of homes by it, and dividing 128
    // bits takes ten times as long.
    if let Some(product) = amount.checked_mul(numerator).filter(|_| denominator > 0) {
        let (quotient, rest) = (product / denominator, (product % denominator).abs());
        let away = if product < 0 { -1 } else { 1 };
        return Ok(if rest >= denominator - rest { quotient + away } else { quotient });
    }
    let product = i128::from(amount) * i128::from(numerator);
    let denominator = i128::from(denominator);
    let (quotient, rest) = (product / denominator, product % denominator);
    let away = if (product < 0) == (denominator < 0) { 1 } else { -1 };
    let rounded = if rest.abs() * 2 >= denominator.abs() { quotient + away } else { quotient };
    i64::try_from(rounded).map_err(|_| MoneyError::Overflow)
}

/// Sums minor units.
///
/// # Errors
/// When the sum leaves `i64`.
pub fn sum(amounts: impl IntoIterator<Item = i64>) -> Result<i64, MoneyError> {
    amounts.into_iter().try_fold(0_i64, i64::checked_add).ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn currency(code: &str) -> Currency {
        code.parse().unwrap()
    }

    #[test]
    fn exponents_come_from_the_table() {
        for (code, digits) in [("JPY", 0), ("EUR", 2), ("BHD", 3), ("KWD", 3), ("SGD", 2)] {
            assert_eq!(currency(code).exponent(), digits, "{code}");
        }
        assert!("XAU".parse::<Currency>().is_err(), "gold has no minor unit");
        assert!("eur".parse::<Currency>().is_err());
    }

    #[test]
    fn amounts_are_written_with_their_digits() {
        assert_eq!(Money::new(12_345, currency("EUR")).to_string(), "EUR 123.45");
        assert_eq!(Money::new(-5, currency("EUR")).to_string(), "EUR -0.05");
        assert_eq!(Money::new(500, currency("JPY")).to_string(), "JPY 500");
        assert_eq!(Money::new(1_005, currency("BHD")).to_string(), "BHD 1.005");
    }

    #[test]
    fn rounding_is_half_away_from_zero() {
        assert_eq!(BasisPoints(1000).of(1999), Ok(200), "10 % of 19.99");
        assert_eq!(BasisPoints(5000).of(1), Ok(1));
        assert_eq!(BasisPoints(5000).of(-1), Ok(-1));
        assert_eq!(BasisPoints(4999).of(1), Ok(0));
        assert_eq!(BasisPoints(300).of(45_000), Ok(1350));
    }

    #[test]
    fn shares_in_sequence_multiply() {
        let after_first = 10_000 - BasisPoints(2000).of(10_000).unwrap();
        assert_eq!(after_first - BasisPoints(4000).of(after_first).unwrap(), 4_800);
    }

    #[test]
    fn overflow_is_an_error_not_a_wrap() {
        assert_eq!(BasisPoints(20_000).of(i64::MAX), Err(MoneyError::Overflow));
        assert_eq!(sum([i64::MAX, 1]), Err(MoneyError::Overflow));
        assert!(Money::new(1, currency("EUR")).plus(Money::new(1, currency("USD"))).is_err());
    }

    proptest! {
        #[test]
        fn both_roads_of_division_round_alike(amount in -1_000_000_i64..1_000_000, bps in 0..=20_000_i64, denominator in 1..=10_000_i64) {
            // So large that the product leaves 64 bits, and divided down again.
            let factor = 1_i64 << 40;
            let wide = multiply_divide(amount * factor, bps * factor / 1024, denominator * factor).unwrap();
            let narrow = multiply_divide(amount, bps, denominator).unwrap();
            prop_assert!((wide / (factor / 1024) - narrow).abs() <= 1);
            let exact = i128::from(amount) * i128::from(bps) * 2 + i128::from(denominator) * if amount < 0 { -1 } else { 1 };
            prop_assert_eq!(i128::from(narrow), exact / (i128::from(denominator) * 2));
        }

        #[test]
        fn a_share_and_its_rest_differ_from_the_whole_by_at_most_one(amount in -1_000_000_000_i64..1_000_000_000, bps in 0..=10_000_i32) {
            let parts = BasisPoints(bps).of(amount).unwrap() + BasisPoints(10_000 - bps).of(amount).unwrap();
            prop_assert!((parts - amount).abs() <= 1);
        }
    }
}
