//! Numbers, money and dates as a language writes them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike, Utc};
use chrono_tz::Tz;
use domain::dates::Stay;
use domain::money::{Currency, Money};

use super::locale::Locale;

/// What stands for a currency beside an amount.
fn symbol(currency: Currency) -> &'static str {
    match currency.code() {
        "EUR" => "€",
        "USD" => "US$",
        "GBP" => "£",
        "JPY" => "¥",
        "CNY" => "CN¥",
        "INR" => "₹",
        "KRW" => "₩",
        "BRL" => "R$",
        "CAD" => "CA$",
        "AUD" => "A$",
        "NZD" => "NZ$",
        "SGD" => "S$",
        "HKD" => "HK$",
        "MXN" => "MX$",
        "ILS" => "₪",
        "VND" => "₫",
        "PLN" => "zł",
        "CZK" => "Kč",
        code => code,
    }
}

impl Locale {
    fn digits(&self, text: &str) -> String {
        text.chars().map(|c| c.to_digit(10).map_or(c, |digit| self.habits.digits[digit as usize])).collect()
    }

    /// A whole number, in groups of three.
    #[must_use]
    pub fn number(&self, number: i64) -> String {
        let plain = number.unsigned_abs().to_string();
        let mut text = String::with_capacity(plain.len() + 4);
        if number < 0 {
            text.push('-');
        }
        for (at, digit) in plain.chars().enumerate() {
            if at > 0 && (plain.len() - at).is_multiple_of(3) && plain.len() >= self.habits.group_from {
                text.push_str(self.habits.group);
            }
            text.push(digit);
        }
        self.digits(&text)
    }

    /// Hundredths as a number with two decimals: 493 is 4.93.
    #[must_use]
    pub fn hundredths(&self, hundredths: i32) -> String {
        self.digits(&format!("{}{}{:02}", hundredths / 100, self.habits.decimal, hundredths.rem_euclid(100)))
    }

    /// Hundredths as a number with one decimal, rounded: 493 is 4.9.
    #[must_use]
    pub fn tenths(&self, hundredths: i32) -> String {
        let tenths = (hundredths + 5) / 10;
        self.digits(&format!("{}{}{}", tenths / 10, self.habits.decimal, tenths.rem_euclid(10)))
    }

    /// Halves as a number: 3 is 1.5, 4 is 2.
    #[must_use]
    pub fn halves(&self, halves: i32) -> String {
        let half = if halves % 2 == 1 { format!("{}5", self.habits.decimal) } else { String::new() };
        self.digits(&format!("{}{half}", halves / 2))
    }

    /// An amount with its currency, to the last minor unit.
    #[must_use]
    pub fn money(&self, money: Money) -> String {
        self.amount(money, false)
    }

    /// An amount with its currency; no decimals when they are all nought.
    #[must_use]
    pub fn price(&self, money: Money) -> String {
        self.amount(money, true)
    }

    fn amount(&self, money: Money, short: bool) -> String {
        let scale = money.currency.minor_per_major();
        let (major, minor) = (money.amount.abs() / scale, money.amount.abs() % scale);
        let mut figures = self.number(major);
        let digits = money.currency.exponent() as usize;
        if digits > 0 && !(short && minor == 0) {
            figures.push_str(self.habits.decimal);
            figures.push_str(&self.digits(&format!("{minor:0digits$}")));
        }
        let sign = if money.amount < 0 { "−" } else { "" };
        let symbol = symbol(money.currency);
        if !self.habits.symbol_first {
            return format!("{sign}{figures}\u{a0}{symbol}");
        }
        let gap = if symbol.chars().all(|c| c.is_ascii_alphabetic()) { "\u{a0}" } else { "" };
        format!("{sign}{symbol}{gap}{figures}")
    }

    fn dated(&self, pattern: &str, date: NaiveDate, month: &str) -> String {
        let filled = pattern.replace("{d}", &date.day().to_string()).replace("{y}", &date.year().to_string());
        self.digits(&filled).replace("{m}", month)
    }

    /// 10 December 2026.
    #[must_use]
    pub fn long_date(&self, date: NaiveDate) -> String {
        self.dated(self.habits.date, date, self.habits.months[date.month0() as usize])
    }

    /// 10 Dec 2026.
    #[must_use]
    pub fn date(&self, date: NaiveDate) -> String {
        self.dated(self.habits.date, date, self.habits.months_short[date.month0() as usize])
    }

    /// 10 Dec.
    #[must_use]
    pub fn day(&self, date: NaiveDate) -> String {
        self.dated(self.habits.date.trim_end_matches("{y}").trim_end(), date, self.habits.months_short[date.month0() as usize])
    }

    /// Thu, 10 Dec 2026.
    #[must_use]
    pub fn weekday_date(&self, date: NaiveDate) -> String {
        let comma = if self.dir == "rtl" { "،" } else { "," };
        format!("{}{comma} {}", self.habits.weekdays_short[date.weekday().num_days_from_monday() as usize], self.date(date))
    }

    /// December 2026.
    #[must_use]
    pub fn month(&self, date: NaiveDate) -> String {
        self.dated(self.habits.month_year, date, self.habits.months[date.month0() as usize])
    }

    /// Names of the days, Monday first.
    #[must_use]
    pub const fn weekdays(&self) -> &'static [&'static str; 7] {
        &self.habits.weekdays_short
    }

    /// A day of the month.
    #[must_use]
    pub fn day_number(&self, date: NaiveDate) -> String {
        self.digits(&date.day().to_string())
    }

    /// 10 – 15 Dec 2026.
    #[must_use]
    pub fn stay(&self, stay: Stay) -> String {
        let (from, to) = (stay.check_in, stay.check_out);
        let start = if from.year() != to.year() {
            self.date(from)
        } else if from.month() == to.month() {
            let pattern = self.habits.date.split(" {m}").next().unwrap_or("{d}");
            self.dated(pattern, from, "")
        } else {
            self.day(from)
        };
        format!("{start} – {}", self.date(to))
    }

    /// 15:00.
    #[must_use]
    pub fn time(&self, time: NaiveTime) -> String {
        self.digits(&format!("{}:{:02}", time.hour(), time.minute()))
    }

    /// A moment at a place: 10 Dec 2026, 15:00.
    #[must_use]
    pub fn moment(&self, at: DateTime<Utc>, zone: Tz) -> String {
        let local = at.with_timezone(&zone).naive_local();
        let comma = if self.dir == "rtl" { "،" } else { "," };
        format!("{}{comma} {}", self.date(local.date()), self.time(local.time()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pages::locale::by_tag;

    fn money(amount: i64, code: &str) -> Money {
        Money::new(amount, code.parse().unwrap())
    }

    #[test]
    fn money_is_written_as_the_language_does() {
        for (tag, text) in [
            ("en", "€1,234.50"),
            ("de", "1.234,50\u{a0}€"),
            ("fr", "1\u{202f}234,50\u{a0}€"),
            ("es", "1234,50\u{a0}€"),
            ("ar", "١٬٢٣٤٫٥٠\u{a0}€"),
        ] {
            assert_eq!(by_tag(tag).unwrap().money(money(123_450, "EUR")), text);
        }
        let en = by_tag("en").unwrap();
        assert_eq!(en.price(money(64_000, "EUR")), "€640");
        assert_eq!(en.price(money(64_050, "EUR")), "€640.50");
        assert_eq!(en.money(money(-5, "EUR")), "−€0.05");
        assert_eq!(en.money(money(500, "JPY")), "¥500");
        assert_eq!(en.money(money(1_005, "BHD")), "BHD\u{a0}1.005");
    }

    #[test]
    fn dates_are_written_as_the_language_does() {
        let date = |text: &str| text.parse::<NaiveDate>().unwrap();
        let stay = |from: &str, to: &str| Stay { check_in: date(from), check_out: date(to) };
        let (en, de, ar) = (by_tag("en").unwrap(), by_tag("de").unwrap(), by_tag("ar").unwrap());
        assert_eq!(en.stay(stay("2026-12-10", "2026-12-15")), "10 – 15 Dec 2026");
        assert_eq!(en.stay(stay("2026-11-30", "2026-12-02")), "30 Nov – 2 Dec 2026");
        assert_eq!(en.stay(stay("2026-12-30", "2027-01-02")), "30 Dec 2026 – 2 Jan 2027");
        assert_eq!(de.stay(stay("2026-12-10", "2026-12-15")), "10. – 15. Dez. 2026");
        assert_eq!(ar.long_date(date("2026-12-10")), "١٠ ديسمبر ٢٠٢٦");
        assert_eq!(en.weekday_date(date("2026-12-10")), "Thu, 10 Dec 2026");
        assert_eq!(en.moment("2026-12-10T15:00:00Z".parse().unwrap(), chrono_tz::Europe::Lisbon), "10 Dec 2026, 15:00");
        assert_eq!((en.hundredths(493), en.tenths(495), de.halves(3)), ("4.93".into(), "5.0".into(), "1,5".into()));
    }
}
