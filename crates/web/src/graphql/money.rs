//! Money, guests, prices and rules: what is read and written alike.

use app::pricing::Offer;
use async_graphql::{Description, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::calendar::{RuleSeason, StayRules, Weekday};
use domain::cancellation::{PolicyName, TimelineStep};
use domain::coupons::Contribution as Paid;
use domain::guests::Guests as GuestCount;
use domain::money::{BasisPoints, Currency};
use domain::pricing::{self, Tariff};

use super::coupons::Contribution;
use super::scalars::{Date, MinorUnits, Word};

/// An amount of money.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "MoneyInput")]
pub struct Money {
    /// In the currency's smallest units, e.g. cents.
    pub amount: MinorUnits,
    /// ISO 4217, e.g. EUR.
    pub currency: String,
}

impl From<domain::money::Money> for Money {
    fn from(money: domain::money::Money) -> Self {
        Self { amount: money.amount.into(), currency: money.currency.code().to_owned() }
    }
}

impl Money {
    /// For idempotency keys: `1200 EUR`, nothing for none.
    pub(super) fn spelled(money: Option<&Self>) -> String {
        money.map(|money| format!("{} {}", money.amount.0, money.currency)).unwrap_or_default()
    }

    /// As the domain takes it.
    ///
    /// # Errors
    /// 422 for an unknown currency, at `pointer`.
    pub(super) fn read(&self, pointer: &str) -> app::Result<domain::money::Money> {
        let currency = self.currency.parse().map_err(|why: String| app::Error::invalid(&format!("{pointer}/currency"), "currency", why))?;
        Ok(domain::money::Money::new(self.amount.0, currency))
    }
}

/// Guests by kind.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "GuestsInput")]
pub struct Guests {
    /// 13 years and older; at least one.
    #[graphql(default = 1)]
    pub adults: i32,
    /// 2–12 years.
    #[graphql(default)]
    pub children: i32,
    /// Under 2 years.
    #[graphql(default)]
    pub infants: i32,
    /// Animals; service animals are not counted.
    #[graphql(default)]
    pub pets: i32,
}

impl From<GuestCount> for Guests {
    fn from(guests: GuestCount) -> Self {
        Self { adults: guests.adults, children: guests.children, infants: guests.infants, pets: guests.pets }
    }
}

impl From<Guests> for GuestCount {
    fn from(guests: Guests) -> Self {
        Self { adults: guests.adults, children: guests.children, infants: guests.infants, pets: guests.pets }
    }
}

/// One adult when nothing is said.
pub(super) fn guests(guests: Option<Guests>) -> GuestCount {
    guests.map_or(GuestCount { adults: 1, children: 0, infants: 0, pets: 0 }, GuestCount::from)
}

/// For more guests than are included.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "ExtraGuestInput")]
pub struct ExtraGuest {
    /// So many adults and children are included.
    pub after: i32,
    /// For each further one, each night, in the listing's currency.
    pub amount: MinorUnits,
}

/// A discount that depends on how long ahead one books.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "LeadDiscountInput")]
pub struct LeadDiscount {
    /// Days between booking and arrival, 1–730.
    pub days: i32,
    /// Hundredths of a percent, up to 9000.
    pub bps: i32,
}

/// A discount on stays whose nights all lie in a range.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "PromotionInput")]
pub struct Promotion {
    /// First date.
    pub from: Date,
    /// First date after it.
    pub to: Date,
    /// Hundredths of a percent, up to 9000.
    pub bps: i32,
}

/// Prices of a range of dates.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "PriceSeasonInput")]
pub struct PriceSeason {
    /// First date.
    pub from: Date,
    /// First date after it.
    pub to: Date,
    /// A night.
    pub nightly: MinorUnits,
    /// Friday and Saturday nights.
    pub weekend_nightly: Option<MinorUnits>,
}

/// What a home costs, in the listing's currency.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "PricingInput")]
pub struct Pricing {
    /// A night.
    pub nightly: MinorUnits,
    /// Friday and Saturday nights.
    pub weekend_nightly: Option<MinorUnits>,
    /// Once a stay.
    #[graphql(default)]
    pub cleaning_fee: MinorUnits,
    /// Once a stay, with pets.
    #[graphql(default)]
    pub pet_fee: MinorUnits,
    /// For more guests than are included.
    pub extra_guest: Option<ExtraGuest>,
    /// From 7 nights, in hundredths of a percent.
    #[graphql(default)]
    pub weekly_discount_bps: i32,
    /// From 28 nights, likewise.
    #[graphql(default)]
    pub monthly_discount_bps: i32,
    /// For the first three bookings, likewise.
    #[graphql(default)]
    pub new_listing_discount_bps: i32,
    /// Booked at least so many days ahead.
    pub early_bird: Option<LeadDiscount>,
    /// Booked fewer days ahead.
    pub last_minute: Option<LeadDiscount>,
    /// The host's own discounts.
    #[graphql(default)]
    pub promotions: Vec<Promotion>,
    /// Prices of date ranges.
    #[graphql(default)]
    pub seasons: Vec<PriceSeason>,
}

impl From<Tariff> for Pricing {
    fn from(tariff: Tariff) -> Self {
        let lead = |lead: pricing::LeadDiscount| LeadDiscount { days: lead.days, bps: lead.bps.0 };
        Self {
            nightly: tariff.nightly.into(),
            weekend_nightly: tariff.weekend_nightly.map(MinorUnits),
            cleaning_fee: tariff.cleaning_fee.into(),
            pet_fee: tariff.pet_fee.into(),
            extra_guest: tariff.extra_guest.map(|extra| ExtraGuest { after: extra.after, amount: extra.amount.into() }),
            weekly_discount_bps: tariff.weekly_discount_bps.0,
            monthly_discount_bps: tariff.monthly_discount_bps.0,
            new_listing_discount_bps: tariff.new_listing_discount_bps.0,
            early_bird: tariff.early_bird.map(lead),
            last_minute: tariff.last_minute.map(lead),
            promotions: tariff.promotions.iter().map(|p| Promotion { from: p.from.into(), to: p.to.into(), bps: p.bps.0 }).collect(),
            seasons: tariff
                .seasons
                .iter()
                .map(|s| PriceSeason {
                    from: s.from.into(),
                    to: s.to.into(),
                    nightly: s.nightly.into(),
                    weekend_nightly: s.weekend_nightly.map(MinorUnits),
                })
                .collect(),
        }
    }
}

impl Pricing {
    /// As a tariff; the listing's own currency wins over `currency`.
    pub(super) fn tariff(self, currency: Currency) -> Tariff {
        let lead = |lead: LeadDiscount| pricing::LeadDiscount { days: lead.days, bps: BasisPoints(lead.bps) };
        Tariff {
            currency,
            nightly: self.nightly.0,
            weekend_nightly: self.weekend_nightly.map(|amount| amount.0),
            cleaning_fee: self.cleaning_fee.0,
            pet_fee: self.pet_fee.0,
            extra_guest: self.extra_guest.map(|extra| pricing::ExtraGuest { after: extra.after, amount: extra.amount.0 }),
            weekly_discount_bps: BasisPoints(self.weekly_discount_bps),
            monthly_discount_bps: BasisPoints(self.monthly_discount_bps),
            new_listing_discount_bps: BasisPoints(self.new_listing_discount_bps),
            early_bird: self.early_bird.map(lead),
            last_minute: self.last_minute.map(lead),
            promotions: self
                .promotions
                .into_iter()
                .map(|p| pricing::Promotion { from: p.from.0, to: p.to.0, bps: BasisPoints(p.bps) })
                .collect(),
            seasons: self
                .seasons
                .into_iter()
                .map(|s| pricing::PriceSeason {
                    from: s.from.0,
                    to: s.to.0,
                    nightly: s.nightly.0,
                    weekend_nightly: s.weekend_nightly.map(|amount| amount.0),
                })
                .collect(),
        }
    }
}

/// Stay rules of a date range.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "RuleSeasonInput")]
pub struct Season {
    /// First date.
    pub from: Date,
    /// First date after it.
    pub to: Date,
    /// Fewest nights of a stay that arrives in it.
    pub min_nights: Option<i32>,
    /// Fewest nights by weekday of arrival, Monday first; seven or null.
    pub min_nights_by_weekday: Option<Vec<Option<i32>>>,
    /// Most nights.
    pub max_nights: Option<i32>,
    /// Weekdays on which nobody may arrive.
    #[graphql(default)]
    pub closed_to_arrival: Vec<Word<Weekday>>,
    /// Weekdays on which nobody may leave.
    #[graphql(default)]
    pub closed_to_departure: Vec<Word<Weekday>>,
}

/// Which stays a host accepts.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "RulesInput")]
pub struct Rules {
    /// Fewest nights, 1–365.
    #[graphql(default = 1)]
    pub min_nights: i32,
    /// Most nights, 1–365.
    pub max_nights: Option<i32>,
    /// Hours before arrival until which one can book, 0–168.
    #[graphql(default)]
    pub advance_notice_hours: i32,
    /// Local hour (0–23) of the arrival day from which the notice counts back.
    pub notice_cutoff_hour: Option<i32>,
    /// Nights kept free before and after each stay, 0–7.
    #[graphql(default)]
    pub preparation_nights: i32,
    /// How many days ahead one can arrive, 1–1125.
    pub booking_window_days: Option<i32>,
    /// 0–5.
    #[graphql(default)]
    pub max_pets: i32,
    /// Infants take a place.
    #[graphql(default)]
    pub infants_count: bool,
    /// Rules of date ranges.
    #[graphql(default)]
    pub seasons: Vec<Season>,
}

impl From<StayRules> for Rules {
    fn from(rules: StayRules) -> Self {
        let words = |days: Vec<Weekday>| days.into_iter().map(Word).collect();
        let season = |s: RuleSeason| Season {
            from: s.from.into(),
            to: s.to.into(),
            min_nights: s.min_nights,
            min_nights_by_weekday: s.min_nights_by_weekday.map(Vec::from),
            max_nights: s.max_nights,
            closed_to_arrival: words(s.closed_to_arrival),
            closed_to_departure: words(s.closed_to_departure),
        };
        Self {
            min_nights: rules.min_nights,
            max_nights: rules.max_nights,
            advance_notice_hours: rules.advance_notice_hours,
            notice_cutoff_hour: rules.notice_cutoff_hour,
            preparation_nights: rules.preparation_nights,
            booking_window_days: rules.booking_window_days,
            max_pets: rules.max_pets,
            infants_count: rules.infants_count,
            seasons: rules.seasons.into_iter().map(season).collect(),
        }
    }
}

impl Rules {
    /// As the domain takes it.
    ///
    /// # Errors
    /// 422 when a season's weekdays are not seven.
    pub(super) fn read(self) -> app::Result<StayRules> {
        let words = |days: Vec<Word<Weekday>>| days.into_iter().map(|day| day.0).collect();
        let season = |(n, s): (usize, Season)| {
            let seven = s.min_nights_by_weekday.map(<[Option<i32>; 7]>::try_from).transpose();
            let min_nights_by_weekday = seven.map_err(|days| {
                let pointer = format!("/seasons/{n}/min_nights_by_weekday");
                app::Error::invalid(&pointer, "type", format!("seven nights, Monday first, or null; these are {}", days.len()))
            })?;
            Ok(RuleSeason {
                from: s.from.0,
                to: s.to.0,
                min_nights: s.min_nights,
                min_nights_by_weekday,
                max_nights: s.max_nights,
                closed_to_arrival: words(s.closed_to_arrival),
                closed_to_departure: words(s.closed_to_departure),
            })
        };
        Ok(StayRules {
            min_nights: self.min_nights,
            max_nights: self.max_nights,
            advance_notice_hours: self.advance_notice_hours,
            notice_cutoff_hour: self.notice_cutoff_hour,
            preparation_nights: self.preparation_nights,
            booking_window_days: self.booking_window_days,
            max_pets: self.max_pets,
            infants_count: self.infants_count,
            seasons: self.seasons.into_iter().enumerate().map(season).collect::<app::Result<_>>()?,
        })
    }
}

/// One line of a price; unit × quantity = amount.
#[derive(Description)]
pub struct Line {
    line: pricing::Line,
    currency: Currency,
}

#[Object(name = "PriceLine", use_type_description)]
impl Line {
    /// What for.
    async fn kind(&self) -> Word<pricing::LineKind> {
        Word(self.line.kind)
    }
    /// For people.
    async fn label(&self) -> &str {
        &self.line.label
    }
    /// Each.
    async fn unit(&self) -> Money {
        domain::money::Money::new(self.line.unit, self.currency).into()
    }
    /// How often.
    async fn quantity(&self) -> i64 {
        self.line.quantity
    }
    /// In all; negative for a discount.
    async fn amount(&self) -> Money {
        domain::money::Money::new(self.line.amount, self.currency).into()
    }
    /// Who pays.
    async fn paid_by(&self) -> Word<pricing::Party> {
        Word(self.line.paid_by)
    }
    /// Who receives.
    async fn received_by(&self) -> Word<pricing::Party> {
        Word(self.line.received_by)
    }
}

/// The price of a stay, line by line.
#[derive(Description)]
pub struct Quote(pub pricing::Quote);

#[Object(use_type_description)]
impl Quote {
    /// First night.
    async fn check_in(&self) -> Date {
        self.0.stay.check_in.into()
    }
    /// Day of departure.
    async fn check_out(&self) -> Date {
        self.0.stay.check_out.into()
    }
    /// How many nights.
    async fn nights(&self) -> i32 {
        self.0.stay.nights()
    }
    /// Who stays.
    async fn guests(&self) -> Guests {
        self.0.guests.into()
    }
    /// Line by line; the total is the sum of what the guest pays.
    async fn lines(&self) -> Vec<Line> {
        self.0.lines.iter().map(|line| Line { line: line.clone(), currency: self.0.currency }).collect()
    }
    /// What the guest pays.
    async fn total(&self) -> Money {
        domain::money::Money::new(self.0.total, self.0.currency).into()
    }
    /// What the host gets.
    async fn host_payout(&self) -> Money {
        domain::money::Money::new(self.0.host_payout, self.0.currency).into()
    }
}

/// What comes back when a stay is called off, as long as it is early enough.
#[derive(SimpleObject)]
pub struct RefundStep {
    /// When calling off before this; null at the end.
    pub until: Option<DateTime<Utc>>,
    /// So much comes back.
    pub refund: Money,
}

/// A policy, tabulated.
pub(super) fn timeline(steps: &[TimelineStep], currency: Currency) -> Vec<RefundStep> {
    steps.iter().map(|step| RefundStep { until: step.until, refund: domain::money::Money::new(step.refund, currency).into() }).collect()
}

/// What a stay costs now, and what comes back when it is called off.
#[derive(Description)]
pub struct StayOffer {
    /// The price.
    pub offer: Offer,
    /// What of it coupon and credit pay.
    pub contribution: Paid,
}

#[Object(name = "Offer", use_type_description)]
impl StayOffer {
    /// The price, line by line.
    async fn quote(&self) -> Quote {
        Quote(self.offer.quote.clone())
    }
    /// What the guest pays.
    async fn total(&self) -> Money {
        domain::money::Money::new(self.offer.quote.total, self.offer.quote.currency).into()
    }
    /// What of it coupon and credit pay.
    async fn contribution(&self) -> Contribution {
        Contribution::new(&self.contribution, self.offer.quote.currency)
    }
    /// What of it the guest's card pays.
    async fn amount_due(&self) -> Money {
        domain::money::Money::new(self.offer.quote.total - self.contribution.total(), self.offer.quote.currency).into()
    }
    /// The host's policy.
    async fn cancellation_policy(&self) -> Word<PolicyName> {
        Word(self.offer.policy.name)
    }
    /// What comes back, by when.
    async fn refund_timeline(&self) -> Vec<RefundStep> {
        let of = |step: &TimelineStep| TimelineStep { refund: self.contribution.refundable(step.refund, self.offer.quote.total), ..*step };
        let steps: Vec<TimelineStep> = self.offer.timeline.iter().map(of).collect();
        timeline(&steps, self.offer.quote.currency)
    }
    /// Names this price of this stay.
    async fn price_token(&self) -> &str {
        &self.offer.price_token
    }
}
