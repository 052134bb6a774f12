//! The price of a stay, line by line. [`quote`] is the one function that
//! computes it; search, listing, quote, charge and receipt all ask it.

use chrono::{Datelike, NaiveDate};
use serde::{Deserialize, Serialize};

use crate::calendar::DayRule;
use crate::dates::Stay;
use crate::fields::Check;
use crate::guests::Guests;
use crate::money::{BasisPoints, Currency, Money, MoneyError, sum};
use crate::taxes::{Bases, TaxRule};
use crate::words::words;

/// A stay of so many nights gets the weekly discount.
pub const WEEK: i32 = 7;
/// A stay of so many nights gets the monthly discount.
pub const MONTH: i32 = 28;
/// The first bookings of a listing get the new-listing discount.
pub const NEW_LISTING_BOOKINGS: i64 = 3;

/// For more guests than are included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExtraGuest {
    /// So many adults and children are included.
    pub after: i32,
    /// Minor units for each further one, each night.
    pub amount: i64,
}

/// A discount that depends on how long ahead one books.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeadDiscount {
    /// Days between booking and arrival.
    pub days: i32,
    /// The discount.
    pub bps: BasisPoints,
}

/// A discount on stays whose nights all lie in a range of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Promotion {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// The discount.
    pub bps: BasisPoints,
}

/// Prices of a range of dates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PriceSeason {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// Minor units a night.
    pub nightly: i64,
    /// Minor units for Friday and Saturday nights.
    #[serde(default)]
    pub weekend_nightly: Option<i64>,
}

/// What a home costs. Amounts are minor units of `currency`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tariff {
    /// Of every amount.
    pub currency: Currency,
    /// A night.
    pub nightly: i64,
    /// Friday and Saturday nights.
    pub weekend_nightly: Option<i64>,
    /// Once a stay.
    pub cleaning_fee: i64,
    /// Once a stay, with pets.
    pub pet_fee: i64,
    /// For more guests than are included.
    pub extra_guest: Option<ExtraGuest>,
    /// From 7 nights.
    pub weekly_discount_bps: BasisPoints,
    /// From 28 nights.
    pub monthly_discount_bps: BasisPoints,
    /// For the first three bookings.
    pub new_listing_discount_bps: BasisPoints,
    /// Booked at least so many days ahead.
    pub early_bird: Option<LeadDiscount>,
    /// Booked fewer days ahead.
    pub last_minute: Option<LeadDiscount>,
    /// The host's own discounts.
    pub promotions: Vec<Promotion>,
    /// Prices of date ranges; they win over the weekend's.
    pub seasons: Vec<PriceSeason>,
}

impl Tariff {
    /// A tariff with a nightly price and nothing else.
    #[must_use]
    pub const fn flat(currency: Currency, nightly: i64) -> Self {
        Self {
            currency,
            nightly,
            weekend_nightly: None,
            cleaning_fee: 0,
            pet_fee: 0,
            extra_guest: None,
            weekly_discount_bps: BasisPoints(0),
            monthly_discount_bps: BasisPoints(0),
            new_listing_discount_bps: BasisPoints(0),
            early_bird: None,
            last_minute: None,
            promotions: Vec::new(),
            seasons: Vec::new(),
        }
    }

    /// Records what is out of range, under `pointer`.
    pub fn check(&self, check: &mut Check, pointer: &str) {
        let at = |name: &str| format!("{pointer}/{name}");
        check.range(self.nightly, &at("nightly"), 1..=Money::MAX_AMOUNT);
        if let Some(price) = self.weekend_nightly {
            check.range(price, &at("weekend_nightly"), 1..=Money::MAX_AMOUNT);
        }
        check.range(self.cleaning_fee, &at("cleaning_fee"), 0..=Money::MAX_AMOUNT);
        check.range(self.pet_fee, &at("pet_fee"), 0..=Money::MAX_AMOUNT);
        if let Some(extra) = self.extra_guest {
            check.range(extra.after, &at("extra_guest/after"), 1..=50);
            check.range(extra.amount, &at("extra_guest/amount"), 0..=Money::MAX_AMOUNT);
        }
        let discounts = [
            ("weekly_discount_bps", Some(self.weekly_discount_bps)),
            ("monthly_discount_bps", Some(self.monthly_discount_bps)),
            ("new_listing_discount_bps", Some(self.new_listing_discount_bps)),
            ("early_bird/bps", self.early_bird.map(|lead| lead.bps)),
            ("last_minute/bps", self.last_minute.map(|lead| lead.bps)),
        ];
        for (name, bps) in discounts {
            check.range(bps.map_or(0, |bps| bps.0), &at(name), 0..=9000);
        }
        for (name, lead) in [("early_bird/days", self.early_bird), ("last_minute/days", self.last_minute)] {
            check.range(lead.map_or(1, |lead| lead.days), &at(name), 1..=730);
        }
        check.that(self.promotions.len() <= 100, &at("promotions"), "too_many", "at most 100 promotions");
        for (n, promotion) in self.promotions.iter().enumerate() {
            check.that(promotion.from < promotion.to, &at(&format!("promotions/{n}/to")), "order", "a promotion ends after it starts");
            check.range(promotion.bps.0, &at(&format!("promotions/{n}/bps")), 0..=9000);
        }
        check.that(self.seasons.len() <= 100, &at("seasons"), "too_many", "at most 100 seasons");
        for (n, season) in self.seasons.iter().enumerate() {
            check.that(season.from < season.to, &at(&format!("seasons/{n}/to")), "order", "a season ends after it starts");
            check.range(season.nightly, &at(&format!("seasons/{n}/nightly")), 1..=Money::MAX_AMOUNT);
            check.range(season.weekend_nightly.unwrap_or(1), &at(&format!("seasons/{n}/weekend_nightly")), 1..=Money::MAX_AMOUNT);
        }
    }
}

words! {
    /// What the marketplace does with the host's fee when a stay is called off.
    FeeRule {
        /// It is taken of what the host keeps.
        Proportional = "proportional",
        /// It is kept whole unless everything goes back.
        KeptUnlessFull = "kept_unless_full",
    }
}

/// The marketplace's fees.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fees {
    /// From the guest, of the host's subtotal.
    pub guest_fee_bps: BasisPoints,
    /// From the host, of the same.
    pub host_fee_bps: BasisPoints,
    /// What becomes of the host's fee when a stay is called off.
    pub host_fee_on_cancellation: FeeRule,
}

/// What the price depends on beside the stay itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occasion {
    /// The listing's date when it is booked.
    pub booked_on: NaiveDate,
    /// Confirmed bookings the listing has had.
    pub earlier_bookings: i64,
}

words! {
    /// What a line of a quote is for.
    LineKind {
        /// Nights at one price.
        Nights = "nights",
        /// The one discount.
        Discount = "discount",
        /// Guests beyond those included.
        ExtraGuests = "extra_guests",
        /// What the policy leaves to the host of nights given up.
        CancelledNights = "cancelled_nights",
        /// Once, with pets.
        PetFee = "pet_fee",
        /// Once a stay.
        CleaningFee = "cleaning_fee",
        /// The marketplace's, from the guest.
        GuestFee = "guest_fee",
        /// A tax.
        Tax = "tax",
        /// The marketplace's, from the host; not in the guest's total.
        HostFee = "host_fee",
    }
}

words! {
    /// Who pays or receives a line.
    Party {
        /// Who stays.
        Guest = "guest",
        /// Whose home.
        Host = "host",
        /// Who runs the site.
        Marketplace = "marketplace",
        /// Whom the marketplace passes taxes on to.
        TaxAuthority = "tax_authority",
    }
}

/// One line of a quote; `unit × quantity = amount`, in minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// What for.
    pub kind: LineKind,
    /// For people.
    pub label: String,
    /// Minor units each.
    pub unit: i64,
    /// How often.
    pub quantity: i64,
    /// Minor units in all; negative for a discount.
    pub amount: i64,
    /// Who pays.
    pub paid_by: Party,
    /// Who receives.
    pub received_by: Party,
    /// To whom a tax is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jurisdiction: Option<String>,
    /// What a tax was taken of: what goes back with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<crate::taxes::TaxBase>,
}

/// What one night costs before discount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct NightPrice {
    /// Which.
    pub date: NaiveDate,
    /// Minor units.
    pub amount: i64,
}

/// The price of a stay.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Quote {
    /// Which nights.
    pub stay: Stay,
    /// Who stays.
    pub guests: Guests,
    /// Of every amount.
    pub currency: Currency,
    /// Night by night, before discount.
    pub nights: Vec<NightPrice>,
    /// Line by line.
    pub lines: Vec<Line>,
    /// What the guest pays.
    pub total: i64,
    /// What the marketplace takes from the host.
    pub host_fee: i64,
    /// What the host gets.
    pub host_payout: i64,
}

impl Quote {
    /// The sum of the lines of a kind.
    #[must_use]
    pub fn sum_of(&self, kind: LineKind) -> i64 {
        self.lines.iter().filter(|line| line.kind == kind).map(|line| line.amount).sum()
    }

    /// Nights after discount, with extra guests: what a cancellation divides.
    #[must_use]
    pub fn accommodation(&self) -> i64 {
        self.sum_of(LineKind::Nights) + self.sum_of(LineKind::Discount) + self.sum_of(LineKind::ExtraGuests)
    }

    /// Cleaning and pet fees.
    #[must_use]
    pub fn stay_fees(&self) -> i64 {
        self.sum_of(LineKind::CleaningFee) + self.sum_of(LineKind::PetFee)
    }

    /// What the policy has left to the host of nights given up.
    #[must_use]
    pub fn given_up(&self) -> i64 {
        self.sum_of(LineKind::CancelledNights)
    }

    /// What the guest pays for the host's part.
    #[must_use]
    pub fn host_subtotal(&self) -> i64 {
        self.accommodation() + self.given_up() + self.stay_fees()
    }

    /// Taxes by jurisdiction, in the order of the lines.
    pub fn taxes(&self) -> impl Iterator<Item = (&str, &Line)> {
        self.lines.iter().filter(|line| line.kind == LineKind::Tax).map(|line| (line.jurisdiction.as_deref().unwrap_or_default(), line))
    }
}

/// Minor units for the night of `date`: the host's own price for it, else its
/// season's (the shortest, then the later start), else weekend or base price.
#[must_use]
pub fn night_price(tariff: &Tariff, days: &[DayRule], date: NaiveDate) -> i64 {
    if let Some(price) = days.iter().find(|day| day.date == date).and_then(|day| day.price) {
        return price;
    }
    let weekend = matches!(date.weekday(), chrono::Weekday::Fri | chrono::Weekday::Sat);
    let season = tariff
        .seasons
        .iter()
        .filter(|season| season.from <= date && date < season.to)
        .min_by_key(|season| ((season.to - season.from).num_days(), std::cmp::Reverse(season.from)));
    let (nightly, weekend_nightly) = season.map_or((tariff.nightly, tariff.weekend_nightly), |s| (s.nightly, s.weekend_nightly));
    if weekend { weekend_nightly.unwrap_or(nightly) } else { nightly }
}

/// The one discount of a stay: new listing > promotion > length of stay > early
/// bird > last minute.
pub(crate) fn discount(tariff: &Tariff, stay: Stay, occasion: &Occasion) -> Option<(&'static str, BasisPoints)> {
    let some = |name, bps: BasisPoints| (bps.0 > 0).then_some((name, bps));
    let lead = (stay.check_in - occasion.booked_on).num_days();
    let new_listing =
        || (occasion.earlier_bookings < NEW_LISTING_BOOKINGS).then(|| some("New listing", tariff.new_listing_discount_bps)).flatten();
    let promotion = || {
        let within = |p: &&Promotion| p.from <= stay.check_in && stay.check_out <= p.to;
        tariff.promotions.iter().filter(within).max_by_key(|p| p.bps).and_then(|p| some("Promotion", p.bps))
    };
    let length = || match stay.nights() {
        MONTH.. => some("Monthly stay", tariff.monthly_discount_bps).or_else(|| some("Weekly stay", tariff.weekly_discount_bps)),
        WEEK.. => some("Weekly stay", tariff.weekly_discount_bps),
        _ => None,
    };
    let early = || tariff.early_bird.filter(|e| lead >= i64::from(e.days)).and_then(|e| some("Early bird", e.bps));
    let late = || tariff.last_minute.filter(|l| lead < i64::from(l.days)).and_then(|l| some("Last minute", l.bps));
    new_listing().or_else(promotion).or_else(length).or_else(early).or_else(late)
}

/// Lines with the habits of a guest paying a host.
pub(crate) fn line(kind: LineKind, label: impl Into<String>, unit: i64, quantity: i64) -> Result<Line, MoneyError> {
    Ok(Line {
        kind,
        label: label.into(),
        unit,
        quantity,
        amount: unit.checked_mul(quantity).ok_or(MoneyError::Overflow)?,
        paid_by: Party::Guest,
        received_by: Party::Host,
        jurisdiction: None,
        base: None,
    })
}

/// Everything a price is computed from.
#[derive(Debug, Clone, Copy)]
pub struct Prices<'a> {
    /// The host's prices.
    pub tariff: &'a Tariff,
    /// The host's own prices for dates of the stay.
    pub days: &'a [DayRule],
    /// The marketplace's fees.
    pub fees: &'a Fees,
    /// Taxes of the place.
    pub taxes: &'a [TaxRule],
}

/// The price of a stay, line by line, each rounded once.
///
/// # Errors
/// When an amount leaves `i64` minor units.
pub fn quote(prices: &Prices<'_>, stay: Stay, guests: &Guests, occasion: &Occasion) -> Result<Quote, MoneyError> {
    let Prices { tariff, days, .. } = *prices;
    let nights: Vec<NightPrice> = stay.dates().map(|date| NightPrice { date, amount: night_price(tariff, days, date) }).collect();
    let mut lines = night_lines(&nights)?;
    let gross = sum(nights.iter().map(|night| night.amount))?;
    if let Some((name, bps)) = discount(tariff, stay, occasion) {
        let amount = -bps.of(gross)?;
        lines.push(line(LineKind::Discount, name, amount, 1)?);
    }
    if let Some(extra) = tariff.extra_guest {
        let more = i64::from((guests.adults + guests.children - extra.after).max(0));
        if more > 0 && extra.amount > 0 {
            lines.push(line(LineKind::ExtraGuests, "Extra guests", extra.amount, more * i64::from(stay.nights()))?);
        }
    }
    if guests.pets > 0 && tariff.pet_fee > 0 {
        lines.push(line(LineKind::PetFee, "Pets", tariff.pet_fee, 1)?);
    }
    if tariff.cleaning_fee > 0 {
        lines.push(line(LineKind::CleaningFee, "Cleaning", tariff.cleaning_fee, 1)?);
    }
    complete(prices, Quote { stay, guests: *guests, currency: tariff.currency, nights, lines, total: 0, host_fee: 0, host_payout: 0 })
}

/// Adds to the host's lines of a quote what follows from them: the guest's fee,
/// the taxes, the totals and the host's fee.
///
/// # Errors
/// When an amount leaves `i64` minor units.
pub(crate) fn complete(prices: &Prices<'_>, mut quote: Quote) -> Result<Quote, MoneyError> {
    let Prices { fees, taxes, .. } = *prices;
    let (stay, guests) = (quote.stay, quote.guests);
    let subtotal = sum(quote.lines.iter().map(|line| line.amount))?;
    let guest_fee = fees.guest_fee_bps.of(subtotal)?;
    if guest_fee > 0 {
        let fee = line(LineKind::GuestFee, "Service fee", guest_fee, 1)?;
        quote.lines.push(Line { received_by: Party::Marketplace, ..fee });
    }
    let bases = Bases { nights: quote.accommodation() + quote.given_up(), fees: quote.stay_fees(), guest_fee };
    for rule in taxes.iter().filter(|rule| rule.applies(stay)) {
        let tax = rule.on(stay, &guests, bases)?;
        if tax.amount > 0 {
            let line = line(LineKind::Tax, rule.label.clone(), tax.unit, tax.quantity)?;
            let base = matches!(rule.kind, crate::taxes::TaxKind::Percent).then_some(rule.base);
            quote.lines.push(Line { received_by: Party::TaxAuthority, jurisdiction: Some(rule.jurisdiction.clone()), base, ..line });
        }
    }
    quote.total = sum(quote.lines.iter().map(|line| line.amount))?;
    quote.host_fee = fees.host_fee_bps.of(subtotal)?;
    quote.host_payout = subtotal - quote.host_fee;
    if quote.host_fee > 0 {
        let fee = line(LineKind::HostFee, "Host fee", quote.host_fee, 1)?;
        quote.lines.push(Line { paid_by: Party::Host, received_by: Party::Marketplace, ..fee });
    }
    Ok(quote)
}

/// One line for each price, in the order in which prices first occur.
pub(crate) fn night_lines(nights: &[NightPrice]) -> Result<Vec<Line>, MoneyError> {
    let mut groups: Vec<(i64, i64)> = Vec::new();
    for night in nights {
        match groups.iter_mut().find(|(price, _)| *price == night.amount) {
            Some((_, count)) => *count += 1,
            None => groups.push((night.amount, 1)),
        }
    }
    groups.into_iter().map(|(price, count)| line(LineKind::Nights, "Nights", price, count)).collect()
}
