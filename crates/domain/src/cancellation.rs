//! What comes back when a stay is called off. Policies are data, copied into
//! the booking; one function settles, and the timeline shown to guests is that
//! function tabulated, so what is shown is what is done.

use chrono::{DateTime, Days, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::dates::{instant_on, local_date};
use crate::money::{BasisPoints, MoneyError, multiply_divide, sum};
use crate::pricing::{FeeRule, Fees, Line, LineKind, MONTH, Quote};
use crate::taxes::TaxBase;
use crate::words::words;

words! {
    /// The presets a host chooses from.
    PolicyName {
        /// All back until 24 hours before check-in.
        Flexible = "flexible",
        /// All back until 5 days before.
        Moderate = "moderate",
        /// All back until 14 days before, half until 7.
        Limited = "limited",
        /// All back until 30 days before, half until 7.
        Firm = "firm",
        /// Half until 7 days before.
        Strict = "strict",
        /// Nothing, for a lower price.
        NonRefundable = "non_refundable",
    }
}

/// Which part of the nights the host keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keep {
    /// None of it.
    Nothing,
    /// A share of all nights.
    Share(BasisPoints),
    /// The nights stayed, so many more, and a share of the rest.
    Nights {
        /// Further nights.
        stayed_plus: i32,
        /// Share of the nights after those.
        unspent: BasisPoints,
    },
}

/// Until when (exclusive) a part is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tier {
    /// Hours before check-in; whole days are local days at the same wall-clock
    /// time.
    pub hours_before_check_in: i32,
    /// What the host keeps until then.
    pub keep: Keep,
}

/// Everything back shortly after booking.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grace {
    /// For so long after confirmation…
    pub hours: i32,
    /// …when confirmed at least so many days before check-in.
    pub min_days_ahead: i32,
}

/// A policy as agreed on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyTerms {
    /// Which preset it was made from.
    pub name: PolicyName,
    /// The variant for stays of 28 nights and more.
    pub long_stay: bool,
    /// Everything back shortly after booking.
    pub grace: Option<Grace>,
    /// From the earliest deadline to the latest.
    pub tiers: Vec<Tier>,
    /// What the host keeps after the last deadline.
    pub afterwards: Keep,
    /// The guest's service fee goes back with all nights.
    pub guest_fee_refundable: bool,
}

const DAY: i32 = 24;
const HALF: BasisPoints = BasisPoints(5000);

/// The terms of a preset for a stay of so many nights.
#[must_use]
pub fn terms_for(name: PolicyName, nights: i32) -> PolicyTerms {
    let tier = |days: i32, keep| Tier { hours_before_check_in: days * DAY, keep };
    let all = Keep::Share(BasisPoints::WHOLE);
    let half = Keep::Share(HALF);
    let day_of_grace = Some(Grace { hours: 24, min_days_ahead: 7 });
    let long_stay = nights >= MONTH;
    let (grace, tiers, afterwards) = if long_stay {
        // Whoever stays for a month or more calls off with a month's notice.
        (
            Some(Grace { hours: 48, min_days_ahead: 28 }),
            vec![],
            if name == PolicyName::NonRefundable { all } else { Keep::Nights { stayed_plus: 30, unspent: BasisPoints(0) } },
        )
    } else {
        match name {
            PolicyName::Flexible => (day_of_grace, vec![tier(1, Keep::Nothing)], Keep::Nights { stayed_plus: 1, unspent: BasisPoints(0) }),
            PolicyName::Moderate => (day_of_grace, vec![tier(5, Keep::Nothing)], Keep::Nights { stayed_plus: 1, unspent: HALF }),
            PolicyName::Limited => (day_of_grace, vec![tier(14, Keep::Nothing), tier(7, half)], all),
            PolicyName::Firm => (day_of_grace, vec![tier(30, Keep::Nothing), tier(7, half)], all),
            PolicyName::Strict => (day_of_grace, vec![tier(7, half)], all),
            PolicyName::NonRefundable => (None, vec![], all),
        }
    };
    PolicyTerms { name, long_stay, grace, tiers, afterwards, guest_fee_refundable: true }
}

/// A booking as far as calling it off goes.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The price agreed on.
    pub quote: &'a Quote,
    /// The fees agreed on.
    pub fees: &'a Fees,
    /// The policy agreed on.
    pub terms: &'a PolicyTerms,
    /// Of the listing.
    pub time_zone: Tz,
    /// Earliest arrival, local.
    pub check_in_time: NaiveTime,
    /// When it was agreed; before that everything comes back.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// Minor units that the host has given back beyond the policy.
    pub granted: i64,
}

/// Where the guest's money goes: the parts always sum to the price, less what
/// the host had given back before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Back to the guest, beside what was given back before.
    pub refund: i64,
    /// To the host, after fees.
    pub host_receives: i64,
    /// The part of that which stands for the cleaning, before the host's fee.
    pub cleaning: i64,
    /// The marketplace's from the host.
    pub host_fee: i64,
    /// The marketplace's from the guest.
    pub guest_fee: i64,
    /// Taxes that stay due, by jurisdiction, one per line of the quote.
    pub taxes: Vec<(String, i64)>,
}

impl Settlement {
    /// Everything that does not go back.
    ///
    /// # Errors
    /// When the sum leaves `i64`.
    pub fn kept(&self) -> Result<i64, MoneyError> {
        sum([self.host_receives, self.host_fee, self.guest_fee].into_iter().chain(self.taxes.iter().map(|(_, due)| *due)))
    }

    /// The settlement when only `paid` minor units of the price have come in:
    /// what stays with others is taken from that, and shrinks with it where it
    /// is more.
    ///
    /// # Errors
    /// When an amount leaves `i64`.
    pub fn of_paid(&self, paid: i64) -> Result<Self, MoneyError> {
        let kept = self.kept()?;
        if kept <= paid {
            return Ok(Self { refund: paid - kept, ..self.clone() });
        }
        let scaled = |amount: i64| multiply_divide(amount, paid, kept);
        let mut settled = Self {
            refund: 0,
            host_receives: 0,
            cleaning: 0,
            host_fee: scaled(self.host_fee)?,
            guest_fee: scaled(self.guest_fee)?,
            taxes: self.taxes.iter().map(|(name, due)| Ok((name.clone(), scaled(*due)?))).collect::<Result<_, MoneyError>>()?,
        };
        settled.host_receives = paid - settled.kept()?;
        settled.cleaning = scaled(self.cleaning)?.clamp(0, settled.host_receives.max(0));
        Ok(settled)
    }

    /// The stay as agreed, to its end: nothing more comes back.
    #[must_use]
    pub fn of_stay(quote: &Quote, granted: i64) -> Self {
        Self {
            refund: 0,
            host_receives: quote.host_payout - granted,
            cleaning: quote.sum_of(LineKind::CleaningFee),
            host_fee: quote.host_fee,
            guest_fee: quote.sum_of(LineKind::GuestFee),
            taxes: quote.taxes().map(|(jurisdiction, line)| (jurisdiction.to_owned(), line.amount)).collect(),
        }
    }
}

impl Moment<'_> {
    fn check_in(&self) -> DateTime<Utc> {
        self.before_check_in(0)
    }

    /// The instant so many hours before check-in.
    fn before_check_in(&self, hours: i32) -> DateTime<Utc> {
        let days = Days::new(u64::try_from(hours / DAY).unwrap_or(0));
        let at = instant_on(self.time_zone, self.quote.stay.check_in - days, self.check_in_time);
        at - TimeDelta::hours(i64::from(hours % DAY))
    }

    /// Until when everything comes back, if there is such a time.
    fn grace_ends(&self) -> Option<DateTime<Utc>> {
        let grace = self.terms.grace?;
        let confirmed = self.confirmed_at?;
        (confirmed <= self.before_check_in(grace.min_days_ahead * DAY)).then(|| confirmed + TimeDelta::hours(i64::from(grace.hours)))
    }

    /// What the host keeps of the nights at `at`; `None`: everything goes back.
    pub(crate) fn keep_at(&self, at: DateTime<Utc>) -> Option<Keep> {
        self.confirmed_at?;
        if self.grace_ends().is_some_and(|end| at < end) {
            return None;
        }
        let tier = self.terms.tiers.iter().find(|tier| at < self.before_check_in(tier.hours_before_check_in));
        Some(tier.map_or(self.terms.afterwards, |tier| tier.keep))
    }

    /// Nights whose midnight has passed.
    pub(crate) fn nights_stayed(&self, at: DateTime<Utc>) -> i32 {
        let passed = (local_date(self.time_zone, at) - self.quote.stay.check_in).num_days();
        i32::try_from(passed.clamp(0, i64::from(self.quote.stay.nights()))).unwrap_or(0)
    }

    /// Minor units of the nights (after discount, with extra guests) that the
    /// host keeps.
    fn kept_accommodation(&self, keep: Keep, at: DateTime<Utc>) -> Result<i64, MoneyError> {
        let whole = self.quote.accommodation();
        match keep {
            Keep::Nothing => Ok(0),
            Keep::Share(share) => share.of(whole),
            Keep::Nights { stayed_plus, unspent } => {
                let count = usize::try_from(self.nights_stayed(at) + stayed_plus).unwrap_or(0);
                let spent = sum(self.quote.nights.iter().take(count).map(|night| night.amount))?;
                let rest = sum(self.quote.nights.iter().skip(count).map(|night| night.amount))?;
                let gross = spent.checked_add(rest).ok_or(MoneyError::Overflow)?;
                let scaled = |amount: i64, bps: i32| amount.checked_mul(i64::from(bps)).ok_or(MoneyError::Overflow);
                let kept = scaled(spent, 10_000)?.checked_add(scaled(rest, unspent.0)?).ok_or(MoneyError::Overflow)?;
                multiply_divide(whole, kept, scaled(gross, 10_000)?)
            }
        }
    }
}

fn everything_back(moment: &Moment<'_>) -> Settlement {
    let taxes = moment.quote.taxes().map(|(jurisdiction, _)| (jurisdiction.to_owned(), 0)).collect();
    Settlement { refund: moment.quote.total - moment.granted, host_receives: 0, cleaning: 0, host_fee: 0, guest_fee: 0, taxes }
}

/// The guest calls off at `at`.
///
/// # Errors
/// When an amount leaves `i64` minor units.
pub fn settle_guest_cancellation(moment: &Moment<'_>, at: DateTime<Utc>) -> Result<Settlement, MoneyError> {
    let quote = moment.quote;
    let Some(keep) = moment.keep_at(at) else {
        return Ok(everything_back(moment));
    };
    // What an earlier shortening left to the host is not divided again.
    let nights = moment.kept_accommodation(keep, at)? + quote.given_up();
    let (fees, cleaning) = if at < moment.check_in() { (0, 0) } else { (quote.stay_fees(), quote.sum_of(LineKind::CleaningFee)) };
    let kept = nights + fees;
    let guest_fee_total = quote.sum_of(LineKind::GuestFee);
    let guest_fee = if kept == 0 && moment.terms.guest_fee_refundable { 0 } else { guest_fee_total };
    let mut taxes = Vec::new();
    for (jurisdiction, line) in quote.taxes() {
        taxes.push((jurisdiction.to_owned(), tax_due(quote, line, Parts { nights, fees, guest_fee })?));
    }
    let subtotal = quote.host_subtotal();
    let (host_receives, host_fee) = match moment.fees.host_fee_on_cancellation {
        FeeRule::Proportional => {
            let fee = moment.fees.host_fee_bps.of(kept)?;
            (kept - fee, fee)
        }
        FeeRule::KeptUnlessFull if kept == 0 => (0, 0),
        FeeRule::KeptUnlessFull => (multiply_divide(subtotal - quote.host_fee, kept, subtotal)?, quote.host_fee),
    };
    // What the host has given back is theirs no more, as far as they keep any.
    let host_receives = (host_receives - moment.granted).max(0);
    let settled = Settlement { refund: 0, host_receives, cleaning, host_fee, guest_fee, taxes };
    Ok(Settlement { refund: quote.total - moment.granted - settled.kept()?, ..settled })
}

/// What stays due of a stay that is called off or shortened, in minor units.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parts {
    /// Of the nights.
    pub nights: i64,
    /// Of cleaning and pet fees.
    pub fees: i64,
    /// Of the guest's service fee.
    pub guest_fee: i64,
}

/// What stays due of a tax: as much as stays of what it was taken of.
pub(crate) fn tax_due(quote: &Quote, line: &Line, parts: Parts) -> Result<i64, MoneyError> {
    let nights = quote.accommodation() + quote.given_up();
    let (part, whole) = match line.base {
        None | Some(TaxBase::Nights) => (parts.nights, nights),
        Some(TaxBase::Fees) => (parts.fees, quote.stay_fees()),
        Some(TaxBase::All) => (parts.nights + parts.fees + parts.guest_fee, quote.host_subtotal() + quote.sum_of(LineKind::GuestFee)),
    };
    if whole == 0 { Ok(0) } else { multiply_divide(line.amount, part, whole) }
}

/// Host or marketplace call off: everything goes back.
///
/// # Errors
/// Never; the same shape as the guest's.
pub fn settle_host_cancellation(moment: &Moment<'_>) -> Result<Settlement, MoneyError> {
    Ok(everything_back(moment))
}

/// What a host who calls off at `at` pays: 10 % of the booking's value to the
/// host more than 30 days ahead, 25 % until 48 hours before, then 50 % of the
/// nights not stayed.
///
/// # Errors
/// When the amount leaves `i64` minor units.
pub fn host_cancellation_fee(moment: &Moment<'_>, at: DateTime<Utc>) -> Result<i64, MoneyError> {
    let quote = moment.quote;
    if at < moment.before_check_in(30 * DAY) {
        return BasisPoints(1000).of(quote.host_subtotal());
    }
    if at < moment.before_check_in(2 * DAY) {
        return BasisPoints(2500).of(quote.host_subtotal());
    }
    let stayed = moment.kept_accommodation(Keep::Nights { stayed_plus: 0, unspent: BasisPoints(0) }, at)?;
    HALF.of(quote.host_subtotal() - stayed)
}

/// One step of the refund timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimelineStep {
    /// For as long as it is earlier than this; open at the end.
    pub until: Option<DateTime<Utc>>,
    /// Minor units that come back.
    pub refund: i64,
}

/// What a guest who calls off gets back, from `from` on: the settling function
/// at each of its breakpoints, equal neighbours merged.
///
/// # Errors
/// When an amount leaves `i64` minor units.
pub fn refund_timeline(moment: &Moment<'_>, from: DateTime<Utc>) -> Result<Vec<TimelineStep>, MoneyError> {
    // Of a booking that is not agreed yet people want to know what follows.
    let agreed = Moment { confirmed_at: Some(moment.confirmed_at.unwrap_or(from)), ..*moment };
    let mut breaks: Vec<DateTime<Utc>> = agreed.terms.tiers.iter().map(|tier| agreed.before_check_in(tier.hours_before_check_in)).collect();
    breaks.extend(agreed.grace_ends());
    breaks.push(agreed.check_in());
    let midnights = (1..=agreed.quote.stay.nights().unsigned_abs()).map(|n| agreed.quote.stay.check_in + Days::new(n.into()));
    breaks.extend(midnights.map(|date| instant_on(agreed.time_zone, date, NaiveTime::MIN)));
    breaks.retain(|at| *at > from);
    breaks.sort_unstable();
    breaks.dedup();
    let mut steps: Vec<TimelineStep> = Vec::new();
    let starts = std::iter::once(from).chain(breaks.iter().copied());
    let ends = breaks.iter().copied().map(Some).chain([None]);
    for (start, until) in starts.zip(ends) {
        let refund = settle_guest_cancellation(&agreed, start)?.refund;
        match steps.last_mut() {
            Some(last) if last.refund == refund => last.until = until,
            _ => steps.push(TimelineStep { until, refund }),
        }
    }
    Ok(steps)
}
