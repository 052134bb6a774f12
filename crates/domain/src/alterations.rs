//! A booking that changes: other dates or guests by agreement of both sides,
//! and a guest who leaves earlier than agreed.
//!
//! Nights that stay keep the price they were booked at. Both functions answer a
//! whole new price, so that what follows (refund, charge, receipt, book) is the
//! difference of two prices and nothing else.

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::cancellation::{Keep, Moment, Parts, tax_due};
use crate::dates::{Stay, local_date};
use crate::guests::Guests;
use crate::money::{BasisPoints, Money, MoneyError, multiply_divide, sum};
use crate::pricing::{
    ExtraGuest, FeeRule, Line, LineKind, NightPrice, Occasion, Party, Prices, Quote, complete, discount, line, night_lines, night_price,
};
use crate::words::words;

/// How long the other side has to answer a proposed change.
pub const ALTERATION_ANSWER_TIME: TimeDelta = TimeDelta::hours(24);

words! {
    /// Where a proposed change stands.
    AlterationState {
        /// The other side has 24 hours to answer.
        Proposed = "proposed",
        /// Agreed on; the difference is being charged.
        Accepted = "accepted",
        /// The booking has changed.
        Applied = "applied",
        /// The other side said no.
        Declined = "declined",
        /// Taken back by who proposed it.
        Withdrawn = "withdrawn",
        /// Nobody answered in time.
        Expired = "expired",
        /// The difference could not be charged.
        Failed = "failed",
    }
}

impl AlterationState {
    /// Whether it may still change the booking.
    #[must_use]
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Proposed | Self::Accepted)
    }
}

/// A guest asks for more back than the policy gives; the host decides.
pub mod refund_requests {
    use super::words;

    words! {
        /// Where a guest's request for an extra refund stands.
        RefundRequestState {
            /// The host has not answered.
            Open = "open",
            /// The host gives the money back.
            Granted = "granted",
            /// The host said no.
            Declined = "declined",
            /// The guest took it back.
            Withdrawn = "withdrawn",
        }
    }
}

/// What a change does to the price.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PriceChange {
    /// What was agreed.
    pub before: Money,
    /// What is to be paid in all.
    pub after: Money,
}

impl PriceChange {
    /// From one price to another.
    #[must_use]
    pub const fn between(before: &Quote, after: &Quote) -> Self {
        Self { before: Money::new(before.total, before.currency), after: Money::new(after.total, after.currency) }
    }

    /// What the guest pays more; nothing when it gets cheaper.
    #[must_use]
    pub fn charge(&self) -> Money {
        Money::new((self.after.amount - self.before.amount).max(0), self.after.currency)
    }

    /// What the guest gets back; nothing when it gets dearer.
    #[must_use]
    pub fn refund(&self) -> Money {
        Money::new((self.before.amount - self.after.amount).max(0), self.after.currency)
    }
}

/// Guests that count for the extra-guest fee.
fn heads(guests: &Guests) -> i32 {
    guests.adults + guests.children
}

/// The extra-guest rule that an agreed price was made with, as far as it shows.
fn agreed_extra(agreed: &Quote) -> Option<ExtraGuest> {
    let line = agreed.lines.iter().find(|line| line.kind == LineKind::ExtraGuests)?;
    let more = i32::try_from(line.quantity / i64::from(agreed.stay.nights())).unwrap_or(0);
    Some(ExtraGuest { after: heads(&agreed.guests) - more, amount: line.unit })
}

fn extra_line(rule: Option<ExtraGuest>, guests: &Guests, nights: usize) -> Result<Option<Line>, MoneyError> {
    let Some(rule) = rule else { return Ok(None) };
    let quantity = i64::from((heads(guests) - rule.after).max(0)) * i64::try_from(nights).unwrap_or(i64::MAX);
    if quantity == 0 || rule.amount == 0 {
        return Ok(None);
    }
    line(LineKind::ExtraGuests, "Extra guests", rule.amount, quantity).map(Some)
}

/// The price of a booking after a change that both sides agree on. Nights that
/// stay keep their price and discount; new nights cost what they cost now, with
/// the discount that the new stay gets now; the price of extra guests and the
/// cleaning are as agreed; fees and taxes follow. `prices.fees` are those agreed
/// on.
///
/// # Errors
/// When an amount leaves `i64` minor units.
pub fn altered_quote(agreed: &Quote, prices: &Prices<'_>, stay: Stay, guests: &Guests, occasion: &Occasion) -> Result<Quote, MoneyError> {
    let tariff = prices.tariff;
    let booked = |date: NaiveDate| agreed.nights.iter().find(|night| night.date == date).map(|night| night.amount);
    let nights: Vec<NightPrice> = stay
        .dates()
        .map(|date| NightPrice { date, amount: booked(date).unwrap_or_else(|| night_price(tariff, prices.days, date)) })
        .collect();
    let (kept, fresh): (Vec<NightPrice>, Vec<NightPrice>) = nights.iter().copied().partition(|night| booked(night.date).is_some());
    let mut lines = night_lines(&nights)?;
    let (agreed_gross, kept_gross) = (gross(&agreed.nights)?, gross(&kept)?);
    let agreed_discount = multiply_divide(agreed.sum_of(LineKind::Discount), kept_gross, agreed_gross)?;
    if agreed_discount != 0 {
        lines.push(line(LineKind::Discount, "Discount as booked", agreed_discount, 1)?);
    }
    if let Some((name, bps)) = discount(tariff, stay, occasion)
        && !fresh.is_empty()
    {
        lines.push(line(LineKind::Discount, name, -bps.of(gross(&fresh)?)?, 1)?);
    }
    lines.extend(extra_line(agreed_extra(agreed).or(tariff.extra_guest), guests, nights.len())?);
    lines.extend(agreed.lines.iter().filter(|line| line.kind == LineKind::CancelledNights).cloned());
    if guests.pets > 0 {
        let booked = agreed.lines.iter().find(|line| line.kind == LineKind::PetFee).cloned();
        let now = (tariff.pet_fee > 0).then(|| line(LineKind::PetFee, "Pets", tariff.pet_fee, 1)).transpose()?;
        lines.extend(booked.or(now));
    }
    lines.extend(agreed.lines.iter().filter(|line| line.kind == LineKind::CleaningFee).cloned());
    complete(prices, Quote { stay, guests: *guests, currency: agreed.currency, nights, lines, total: 0, host_fee: 0, host_payout: 0 })
}

fn gross(nights: &[NightPrice]) -> Result<i64, MoneyError> {
    sum(nights.iter().map(|night| night.amount))
}

/// Why a stay cannot be shortened to a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ShorteningError {
    /// It is no earlier departure.
    #[error("a stay that ends on {0} is shortened to an earlier date, after its first night")]
    NotEarlier(NaiveDate),
    /// Those nights have passed.
    #[error("nights before {0} have passed")]
    Passed(NaiveDate),
    /// An amount left its range.
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Of a night given up: which share the host keeps, in basis points.
fn kept_share(keep: Option<Keep>, index: i32, stayed: i32) -> BasisPoints {
    match keep {
        None | Some(Keep::Nothing) => BasisPoints(0),
        Some(Keep::Share(share)) => share,
        Some(Keep::Nights { stayed_plus, .. }) if index < stayed + stayed_plus => BasisPoints::WHOLE,
        Some(Keep::Nights { unspent, .. }) => unspent,
    }
}

/// The price of a booking whose guest leaves on `check_out` instead: nights
/// until then are paid as agreed, and of the nights given up the host keeps what
/// the policy leaves them at `at`. The refund is the difference of the totals.
///
/// # Errors
/// When `check_out` is not between the first night and the agreed departure or
/// lies in the past.
pub fn shortened_quote(moment: &Moment<'_>, check_out: NaiveDate, at: DateTime<Utc>) -> Result<Quote, ShorteningError> {
    let agreed = moment.quote;
    let stay = agreed.stay;
    if check_out <= stay.check_in || check_out >= stay.check_out {
        return Err(ShorteningError::NotEarlier(stay.check_out));
    }
    let today = local_date(moment.time_zone, at);
    if check_out < today {
        return Err(ShorteningError::Passed(today));
    }
    let staying = Stay { check_in: stay.check_in, check_out };
    let (kept, cut) = agreed.nights.split_at(usize::try_from(staying.nights()).unwrap_or(0));
    let (whole_gross, kept_gross) = (gross(&agreed.nights)?, gross(kept)?);
    let mut lines = night_lines(kept)?;
    let discount = multiply_divide(agreed.sum_of(LineKind::Discount), kept_gross, whole_gross)?;
    if discount != 0 {
        lines.push(line(LineKind::Discount, "Discount as booked", discount, 1)?);
    }
    let extra = extra_line(agreed_extra(agreed), &agreed.guests, kept.len())?;
    let extra_cut = agreed.sum_of(LineKind::ExtraGuests) - extra.as_ref().map_or(0, |line| line.amount);
    lines.extend(extra);
    let nights_cut = agreed.accommodation() - sum(lines.iter().map(|line| line.amount))? - extra_cut;

    let keep = moment.keep_at(at);
    let given_up = of_cut_nights(moment, (staying.nights(), cut), (nights_cut, extra_cut), at)?;
    if agreed.given_up() + given_up > 0 {
        lines.push(line(LineKind::CancelledNights, "Nights given up", agreed.given_up() + given_up, 1)?);
    }
    let fees = |line: &&Line| matches!(line.kind, LineKind::PetFee | LineKind::CleaningFee);
    lines.extend(agreed.lines.iter().filter(fees).cloned());
    let all_back = matches!(keep, None | Some(Keep::Nothing)) && moment.terms.guest_fee_refundable;
    Ok(with_scaled_fees(moment, Quote { stay: staying, nights: kept.to_vec(), lines, ..agreed.clone() }, all_back)?)
}

/// What the host keeps at `at` of the nights given up, whose first has the
/// number `from`: of what the nights are worth after discount, by their price,
/// and of what extra guests pay for them, by their number.
fn of_cut_nights(
    moment: &Moment<'_>,
    (from, cut): (i32, &[NightPrice]),
    (nights_worth, extra_worth): (i64, i64),
    at: DateTime<Utc>,
) -> Result<i64, MoneyError> {
    let (keep, stayed) = (moment.keep_at(at), moment.nights_stayed(at));
    let whole = i64::from(BasisPoints::WHOLE.0);
    let (mut by_price, mut by_number, mut number) = (0_i64, 0_i64, 0_i64);
    for (index, night) in (from..).zip(cut) {
        let share = i64::from(kept_share(keep, index, stayed).0);
        by_price = night.amount.checked_mul(share).and_then(|part| by_price.checked_add(part)).ok_or(MoneyError::Overflow)?;
        by_number += share;
        number += whole;
    }
    let by_price = multiply_divide(nights_worth, by_price, gross(cut)?.checked_mul(whole).ok_or(MoneyError::Overflow)?)?;
    sum([by_price, multiply_divide(extra_worth, by_number, number)?])
}

/// Adds fees and taxes to the host's lines of a shortened stay, in proportion
/// to those agreed on. The guest's fee shrinks only with a full refund of what
/// is given up, as when a booking is called off.
fn with_scaled_fees(moment: &Moment<'_>, mut quote: Quote, shrinks: bool) -> Result<Quote, MoneyError> {
    let agreed = moment.quote;
    let (before, subtotal) = (agreed.host_subtotal(), sum(quote.lines.iter().map(|line| line.amount))?);
    let agreed_fee = agreed.sum_of(LineKind::GuestFee);
    let guest_fee = if shrinks { multiply_divide(agreed_fee, subtotal, before)? } else { agreed_fee };
    if guest_fee > 0 {
        let fee = line(LineKind::GuestFee, "Service fee", guest_fee, 1)?;
        quote.lines.push(Line { received_by: Party::Marketplace, ..fee });
    }
    let parts = Parts { nights: quote.accommodation() + quote.given_up(), fees: quote.stay_fees(), guest_fee };
    for (_, tax) in agreed.taxes() {
        let amount = tax_due(agreed, tax, parts)?;
        if amount > 0 {
            quote.lines.push(Line { unit: amount, quantity: 1, amount, ..tax.clone() });
        }
    }
    quote.total = sum(quote.lines.iter().map(|line| line.amount))?;
    quote.host_fee = match moment.fees.host_fee_on_cancellation {
        FeeRule::Proportional => multiply_divide(agreed.host_fee, subtotal, before)?,
        FeeRule::KeptUnlessFull => agreed.host_fee.min(subtotal),
    };
    quote.host_payout = subtotal - quote.host_fee;
    if quote.host_fee > 0 {
        let fee = line(LineKind::HostFee, "Host fee", quote.host_fee, 1)?;
        quote.lines.push(Line { paid_by: Party::Host, received_by: Party::Marketplace, ..fee });
    }
    Ok(quote)
}

/// The nights that a change adds to those a booking already has, as ranges.
#[must_use]
pub fn added_nights(agreed: Stay, wanted: Stay) -> Vec<Stay> {
    if !agreed.overlaps(wanted) {
        return vec![wanted];
    }
    let before = Stay { check_in: wanted.check_in, check_out: agreed.check_in };
    let after = Stay { check_in: agreed.check_out, check_out: wanted.check_out };
    [before, after].into_iter().filter(|range| range.check_in < range.check_out).collect()
}

/// The last day on which a stay that has begun may still end.
#[must_use]
pub fn earliest_departure(stay: Stay, today: NaiveDate) -> NaiveDate {
    today.max(stay.check_in + Days::new(1))
}
