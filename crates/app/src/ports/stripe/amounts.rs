//! Stripe's minor units are ISO 4217's, with exceptions: some currencies have
//! fewer digits there, some more, and three digits must end in zero.

use domain::money::{Currency, Money};

/// What Stripe counts in whole units though the currency has cents by ISO.
const WHOLE: [&str; 1] = ["MGA"];
/// What Stripe counts in hundredths though the currency has none by ISO.
const HUNDREDTHS: [&str; 2] = ["ISK", "UGX"];

/// An amount in Stripe's units.
///
/// # Errors
/// The sentence why Stripe cannot take it.
pub fn to_stripe(money: Money) -> Result<i64, String> {
    let code = money.currency.code();
    if WHOLE.contains(&code) {
        let scale = money.currency.minor_per_major();
        return if money.amount % scale == 0 { Ok(money.amount / scale) } else { Err(format!("Stripe takes {code} in whole units only")) };
    }
    if HUNDREDTHS.contains(&code) {
        return money.amount.checked_mul(100).ok_or_else(|| "the amount is too large".to_owned());
    }
    if money.currency.exponent() == 3 && money.amount % 10 != 0 {
        return Err(format!("Stripe takes {code} to two digits only: {money} must end in zero"));
    }
    Ok(money.amount)
}

/// An amount of Stripe's.
///
/// # Errors
/// The sentence why it cannot be read.
pub fn from_stripe(amount: i64, currency: &str) -> Result<Money, String> {
    let currency: Currency = currency.to_ascii_uppercase().parse()?;
    let code = currency.code();
    let amount = if WHOLE.contains(&code) {
        amount.checked_mul(currency.minor_per_major()).ok_or("the amount is too large")?
    } else if HUNDREDTHS.contains(&code) {
        amount / 100
    } else {
        amount
    };
    Ok(Money::new(amount, currency))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_go_there_and_back() {
        for (code, ours, theirs) in
            [("EUR", 1234, 1234), ("JPY", 500, 500), ("ISK", 500, 50_000), ("UGX", 7, 700), ("MGA", 300, 3), ("KWD", 1230, 1230)]
        {
            let money = Money::new(ours, code.parse().unwrap());
            assert_eq!(to_stripe(money), Ok(theirs), "{code}");
            assert_eq!(from_stripe(theirs, &code.to_lowercase()), Ok(money), "{code}");
        }
        assert!(to_stripe(Money::new(1_235, "KWD".parse().unwrap())).is_err());
        assert!(to_stripe(Money::new(350, "MGA".parse().unwrap())).is_err());
        assert!(from_stripe(1, "xxy").is_err());
    }
}
