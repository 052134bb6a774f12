//! Taxes as data: a rule says what is taxed, how, from when to when.

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use crate::dates::Stay;
use crate::fields::Check;
use crate::guests::Guests;
use crate::money::{BasisPoints, Currency, Money, MoneyError};
use crate::words::words;

words! {
    /// How a tax is counted.
    TaxKind {
        /// A share of its base.
        Percent = "percent",
        /// Once a stay.
        PerStay = "per_stay",
        /// For each taxed guest.
        PerGuest = "per_guest",
        /// For each taxed night.
        PerNight = "per_night",
        /// For each taxed guest and night.
        PerGuestNight = "per_guest_night",
    }
}

words! {
    /// What a percentage is taken of.
    TaxBase {
        /// Nights after discount, with extra guests.
        Nights = "nights",
        /// Cleaning and pet fees.
        Fees = "fees",
        /// Both, and the guest fee.
        All = "all",
    }
}

/// One tax of one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxRule {
    /// Names the rule in quotes and reports.
    pub id: String,
    /// To whom it is owed, e.g. `PT-Lisbon`.
    pub jurisdiction: String,
    /// For people.
    pub label: String,
    /// How it is counted.
    pub kind: TaxKind,
    /// The share (percent only).
    pub rate_bps: BasisPoints,
    /// Minor units (all other kinds).
    pub amount: i64,
    /// What a percentage is taken of.
    pub base: TaxBase,
    /// At most so many nights are taxed.
    pub night_cap: Option<i32>,
    /// Guests younger than this (years) are not taxed.
    pub age_floor: Option<i32>,
    /// Stays of this many nights and more are not taxed.
    pub exempt_from_nights: Option<i32>,
    /// First arrival it applies to.
    pub from: NaiveDate,
    /// First arrival it no longer applies to.
    pub to: Option<NaiveDate>,
}

/// A tax rule with the place it is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacedTax {
    /// What is taxed, how and when.
    pub rule: TaxRule,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// Only there; everywhere in the country when absent. Case does not matter.
    pub region: Option<String>,
    /// Only there, likewise.
    pub city: Option<String>,
    /// Of a fixed amount, which is asked only of listings in this currency.
    pub currency: Option<Currency>,
}

impl PlacedTax {
    /// Whether a home at (country, region, city) whose prices are in `currency`
    /// is concerned.
    #[must_use]
    pub fn concerns(&self, (country, region, city): (Option<&str>, &str, &str), currency: Currency) -> bool {
        let same = |wanted: &Option<String>, have: &str| wanted.as_ref().is_none_or(|name| name.to_lowercase() == have.to_lowercase());
        country == Some(self.country.as_str())
            && same(&self.region, region)
            && same(&self.city, city)
            && self.currency.is_none_or(|fixed| fixed == currency)
    }

    /// Records what is out of range or contradicts itself.
    pub fn check(&self, check: &mut Check) {
        let rule = &self.rule;
        let slug = |text: &str| text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        check.text(&rule.id, "/id", 1..=80);
        check.that(slug(&rule.id), "/id", "format", "an id has small letters, digits and dashes, e.g. pt-lisbon-2024");
        check.text(&rule.jurisdiction, "/jurisdiction", 1..=80);
        check.text(&rule.label, "/label", 1..=120);
        let country = self.country.len() == 2 && self.country.bytes().all(|b| b.is_ascii_uppercase());
        check.that(country, "/country", "format", "a country is two capital letters, e.g. PT");
        for (name, pointer) in [(&self.region, "/region"), (&self.city, "/city")] {
            check.text(name.as_deref().unwrap_or("-"), pointer, 1..=120);
        }
        let percent = rule.kind == TaxKind::Percent;
        check.that(percent == self.currency.is_none(), "/currency", "kind", "a percentage has no currency, a fixed amount has one");
        check.range(rule.rate_bps.0, "/rate_bps", i32::from(percent)..=if percent { 10_000 } else { 0 });
        check.range(rule.amount, "/amount", i64::from(!percent)..=if percent { 0 } else { Money::MAX_AMOUNT });
        check.range(rule.night_cap.unwrap_or(1), "/night_cap", 1..=365);
        check.that(!(percent && rule.night_cap.is_some()), "/night_cap", "kind", "a percentage is taken of all nights");
        check.range(rule.age_floor.unwrap_or(0), "/age_floor", 0..=21);
        check.range(rule.exempt_from_nights.unwrap_or(1), "/exempt_from_nights", 1..=365);
        check.that(rule.to.is_none_or(|to| rule.from < to), "/to", "order", "a rule ends after it starts");
    }
}

/// The amounts a percentage may be taken of, in minor units.
#[derive(Debug, Clone, Copy)]
pub struct Bases {
    /// Nights after discount, with extra guests.
    pub nights: i64,
    /// Cleaning and pet fees.
    pub fees: i64,
    /// The marketplace's fee from the guest.
    pub guest_fee: i64,
}

/// One tax on one stay: unit × quantity = amount, for percentages 1 × amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tax {
    /// Minor units each.
    pub unit: i64,
    /// How often.
    pub quantity: i64,
    /// Minor units in all.
    pub amount: i64,
}

impl TaxRule {
    /// Whether the rule is in force for an arrival.
    #[must_use]
    pub fn applies(&self, stay: Stay) -> bool {
        self.from <= stay.check_in
            && self.to.is_none_or(|to| stay.check_in < to)
            && self.exempt_from_nights.is_none_or(|n| stay.nights() < n)
    }

    /// Guests who pay it. Ages are not asked: a child is 2–12 and an infant
    /// under 2, and where the floor lies within, all of the kind count.
    #[must_use]
    pub fn taxed_guests(&self, guests: &Guests) -> i64 {
        let children = if self.age_floor.is_none_or(|floor| floor <= 12) { guests.children } else { 0 };
        let infants = if self.age_floor.is_none_or(|floor| floor <= 1) { guests.infants } else { 0 };
        i64::from(guests.adults) + i64::from(children) + i64::from(infants)
    }

    /// What it comes to.
    ///
    /// # Errors
    /// When the amount leaves `i64`.
    pub fn on(&self, stay: Stay, guests: &Guests, bases: Bases) -> Result<Tax, MoneyError> {
        let nights = i64::from(self.night_cap.map_or(stay.nights(), |cap| cap.min(stay.nights())));
        let quantity = match self.kind {
            TaxKind::Percent => {
                let base = match self.base {
                    TaxBase::Nights => Some(bases.nights),
                    TaxBase::Fees => Some(bases.fees),
                    TaxBase::All => bases.nights.checked_add(bases.fees).and_then(|sum| sum.checked_add(bases.guest_fee)),
                };
                let amount = self.rate_bps.of(base.ok_or(MoneyError::Overflow)?)?;
                return Ok(Tax { unit: amount, quantity: 1, amount });
            }
            TaxKind::PerStay => 1,
            TaxKind::PerGuest => self.taxed_guests(guests),
            TaxKind::PerNight => nights,
            TaxKind::PerGuestNight => nights * self.taxed_guests(guests),
        };
        let amount = self.amount.checked_mul(quantity).ok_or(MoneyError::Overflow)?;
        Ok(Tax { unit: self.amount, quantity, amount })
    }
}
