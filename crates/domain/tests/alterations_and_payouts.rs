//! Changes of bookings, early departures, legs and shares of payouts: worked
//! examples and the laws that hold for all.
#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use domain::alterations::{PriceChange, ShorteningError, added_nights, altered_quote, shortened_quote};
use domain::calendar::DayRule;
use domain::cancellation::{self, Moment, PolicyName, Settlement, settle_guest_cancellation, terms_for};
use domain::dates::{Stay, instant_on, local_date};
use domain::guests::Guests;
use domain::ids::UserId;
use domain::money::BasisPoints;
use domain::payouts::{self, PayoutSchedule, PayoutShare, legs, next_payday, recover, retry_delay, split};
use domain::pricing::{ExtraGuest, FeeRule, Fees, LineKind, Occasion, Party, Prices, Quote, Tariff, quote};
use domain::taxes::{TaxBase, TaxKind, TaxRule};
use proptest::prelude::*;
use uuid::Uuid;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn stay(from: &str, to: &str) -> Stay {
    Stay::new(date(from), date(to)).unwrap()
}

const THREE: NaiveTime = NaiveTime::from_hms_opt(15, 0, 0).unwrap();
const BOOKED: Occasion = Occasion { booked_on: NaiveDate::from_ymd_opt(2027, 1, 1).unwrap(), earlier_bookings: 10 };

fn fees(guest: i32, host: i32) -> Fees {
    Fees { guest_fee_bps: BasisPoints(guest), host_fee_bps: BasisPoints(host), host_fee_on_cancellation: FeeRule::Proportional }
}

fn flat(nightly: i64) -> Tariff {
    Tariff::flat("EUR".parse().unwrap(), nightly)
}

fn adults(adults: i32) -> Guests {
    Guests { adults, ..Guests::default() }
}

#[test]
fn kept_nights_keep_their_price_and_new_ones_cost_what_they_cost_now() {
    let fees = fees(1000, 300);
    let then = Tariff { cleaning_fee: 3_000, ..flat(10_000) };
    let booked =
        quote(&Prices { tariff: &then, days: &[], fees: &fees, taxes: &[] }, stay("2027-06-10", "2027-06-14"), &adults(2), &BOOKED);
    let booked = booked.unwrap();
    assert_eq!(booked.total, 47_300);
    let now = Tariff { cleaning_fee: 9_000, ..flat(20_000) };
    let prices = Prices { tariff: &now, days: &[], fees: &fees, taxes: &[] };
    let longer = altered_quote(&booked, &prices, stay("2027-06-10", "2027-06-15"), &adults(2), &BOOKED).unwrap();
    assert_eq!((longer.accommodation(), longer.stay_fees()), (60_000, 3_000), "one night of 200, the cleaning as booked");
    assert_eq!(PriceChange::between(&booked, &longer).charge().amount, 22_000, "and the fee on it");
    let moved = altered_quote(&booked, &prices, stay("2027-06-12", "2027-06-16"), &adults(2), &BOOKED).unwrap();
    assert_eq!(moved.accommodation(), 60_000, "two nights kept, two new");
    let shorter = altered_quote(&booked, &prices, stay("2027-06-10", "2027-06-12"), &adults(2), &BOOKED).unwrap();
    assert_eq!(PriceChange::between(&booked, &shorter).refund().amount, 22_000);
}

#[test]
fn kept_nights_keep_their_discount_and_their_extra_guests() {
    let fees = fees(0, 0);
    let then = Tariff { weekly_discount_bps: BasisPoints(1000), extra_guest: Some(ExtraGuest { after: 2, amount: 500 }), ..flat(10_000) };
    let prices = Prices { tariff: &then, days: &[], fees: &fees, taxes: &[] };
    let booked = quote(&prices, stay("2027-06-01", "2027-06-08"), &adults(3), &BOOKED).unwrap();
    assert_eq!(booked.total, 70_000 - 7_000 + 3_500);
    let shorter = altered_quote(&booked, &prices, stay("2027-06-01", "2027-06-04"), &adults(3), &BOOKED).unwrap();
    assert_eq!(shorter.total, 30_000 - 3_000 + 1_500, "three nights as booked, though no week any more");
    let more = altered_quote(&booked, &prices, stay("2027-06-01", "2027-06-08"), &adults(5), &BOOKED).unwrap();
    assert_eq!(more.total - booked.total, 2 * 500 * 7);
}

fn moment<'a>(quote: &'a Quote, fees: &'a Fees, terms: &'a cancellation::PolicyTerms, zone: Tz) -> Moment<'a> {
    Moment { quote, fees, terms, time_zone: zone, check_in_time: THREE, confirmed_at: Some(at("2027-01-01T00:00:00Z")), granted: 0 }
}

#[test]
fn leaving_early_is_paid_as_the_policy_says() {
    let fees = fees(1000, 300);
    let tariff = Tariff { cleaning_fee: 3_000, ..flat(10_000) };
    let prices = Prices { tariff: &tariff, days: &[], fees: &fees, taxes: &[] };
    let booked = quote(&prices, stay("2027-06-10", "2027-06-20"), &adults(2), &BOOKED).unwrap();
    let refund = |name, to: &str, when: &str| {
        let terms = terms_for(name, 10);
        let shorter = shortened_quote(&moment(&booked, &fees, &terms, chrono_tz::UTC), date(to), at(when)).unwrap();
        (booked.total - shorter.total, shorter.given_up())
    };
    use PolicyName::{Firm, Flexible, Limited, Moderate, NonRefundable};
    // Two nights have passed, the night of the 12th is the one more.
    assert_eq!(refund(Flexible, "2027-06-12", "2027-06-12T10:00:00Z"), (70_000, 10_000), "a night more than stayed");
    assert_eq!(refund(Flexible, "2027-06-15", "2027-06-12T10:00:00Z"), (50_000, 0), "told in time");
    assert_eq!(refund(Moderate, "2027-06-12", "2027-06-12T10:00:00Z"), (35_000, 45_000), "one night and half of seven");
    assert_eq!(refund(Limited, "2027-06-15", "2027-06-12T10:00:00Z"), (0, 50_000));
    assert_eq!(refund(Firm, "2027-06-15", "2027-06-01T10:00:00Z"), (25_000, 25_000), "half, the service fee stays");
    assert_eq!(refund(Firm, "2027-06-15", "2027-05-01T10:00:00Z"), (55_000, 0), "before the deadline with its service fee");
    assert_eq!(refund(NonRefundable, "2027-06-15", "2027-05-01T10:00:00Z"), (0, 50_000));
}

#[test]
fn a_long_stay_is_shortened_with_a_months_notice() {
    let fees = fees(0, 0);
    let tariff = flat(1_000);
    let prices = Prices { tariff: &tariff, days: &[], fees: &fees, taxes: &[] };
    let booked = quote(&prices, stay("2027-03-01", "2027-06-29"), &adults(1), &BOOKED).unwrap();
    let terms = terms_for(PolicyName::Firm, 120);
    let shorter = |to: &str| {
        shortened_quote(&moment(&booked, &fees, &terms, chrono_tz::UTC), date(to), at("2027-03-31T12:00:00Z"))
            .map(|q| booked.total - q.total)
    };
    assert_eq!(shorter("2027-05-10"), Ok(50_000), "all 50 nights that are left then");
    assert_eq!(shorter("2027-04-10"), Ok(60_000), "the next 30 nights are due");
    assert_eq!(shorter("2027-03-30"), Err(ShorteningError::Passed(date("2027-03-31"))));
    assert_eq!(shorter("2027-07-10"), Err(ShorteningError::NotEarlier(date("2027-06-29"))));
}

#[test]
fn stays_of_four_weeks_are_earned_by_the_month() {
    let tariff = flat(1_000);
    let fees = fees(1000, 300);
    let prices = Prices { tariff: &tariff, days: &[], fees: &fees, taxes: &[] };
    let due = |from: &str, to: &str| {
        let quote = quote(&prices, stay(from, to), &adults(1), &BOOKED).unwrap();
        let whole = Settlement::of_stay(&quote, 0);
        legs(quote.stay, &quote.nights, chrono_tz::Europe::Lisbon, THREE)
            .iter()
            .map(|leg| (leg.due_at.to_rfc3339(), leg.earned_of(&whole).unwrap().host_receives))
            .collect::<Vec<_>>()
    };
    assert_eq!(due("2027-06-01", "2027-06-28"), [("2027-06-02T14:00:00+00:00".into(), 26_190)], "27 nights are one leg");
    assert_eq!(
        due("2027-01-31", "2027-04-10"),
        [
            ("2027-02-01T15:00:00+00:00".into(), 27_160),
            ("2027-03-01T15:00:00+00:00".into(), 57_230),
            ("2027-04-01T14:00:00+00:00".into(), 66_930)
        ],
        "28, 31 and 10 nights, through the change of the clocks"
    );
}

#[test]
fn shares_are_taken_as_far_as_they_reach() {
    let [host, ann, bob] = [1_u128, 2, 3].map(|n| UserId(Uuid::from_u128(n)));
    let share = |co_host, percent, fixed, cleaning_fee| PayoutShare { co_host, percent: BasisPoints(percent), fixed, cleaning_fee };
    let shares = [share(ann, 2000, 0, true), share(bob, 0, 1_500, false)];
    assert_eq!(split(host, &shares, 43_000, 3_000).unwrap(), [(host, 30_500), (ann, 11_000), (bob, 1_500)]);
    assert_eq!(split(host, &shares, 3_200, 3_000).unwrap(), [(host, 0), (ann, 3_040), (bob, 160)]);
    assert_eq!(split(host, &shares, 0, 3_000).unwrap(), [(host, 0), (ann, 0), (bob, 0)]);
    assert_eq!(split(host, &[], 700, 0).unwrap(), [(host, 700)]);
}

#[test]
fn paydays_and_patience() {
    let zone = chrono_tz::America::New_York;
    let next = |schedule, now: &str| next_payday(schedule, zone, at(now)).to_rfc3339();
    assert_eq!(next(PayoutSchedule::AsDue, "2027-03-10T12:00:00Z"), "2027-03-10T12:00:00+00:00");
    assert_eq!(next(PayoutSchedule::Weekly, "2027-03-10T12:00:00Z"), "2027-03-15T04:00:00+00:00", "Monday, in summer time");
    assert_eq!(next(PayoutSchedule::Weekly, "2027-03-15T12:00:00Z"), "2027-03-15T12:00:00+00:00", "it is Monday");
    assert_eq!(next(PayoutSchedule::Monthly, "2027-10-31T12:00:00Z"), "2027-11-01T04:00:00+00:00");
    assert_eq!(next(PayoutSchedule::Monthly, "2027-11-02T12:00:00Z"), "2027-12-01T05:00:00+00:00");
    let hours: Vec<i64> = (1..8).map(|attempt| retry_delay(attempt).num_hours()).collect();
    assert_eq!(hours, [1, 4, 16, 64, 120, 120, 120]);
    assert_eq!((recover(1_000, 0), recover(1_000, 300), recover(1_000, 3_000)), ((0, 1_000), (300, 700), (1_000, 0)));
}

#[test]
fn added_nights_are_those_outside() {
    let booked = stay("2027-06-10", "2027-06-14");
    assert_eq!(
        added_nights(booked, stay("2027-06-08", "2027-06-16")),
        [stay("2027-06-08", "2027-06-10"), stay("2027-06-14", "2027-06-16")]
    );
    assert_eq!(added_nights(booked, stay("2027-06-11", "2027-06-13")), []);
    assert_eq!(added_nights(booked, stay("2027-06-14", "2027-06-16")), [stay("2027-06-14", "2027-06-16")]);
}

fn taxes(bps: i32, per_night: i64) -> Vec<TaxRule> {
    let rule = |kind, base| TaxRule {
        id: "t".into(),
        jurisdiction: "X".into(),
        label: "Tax".into(),
        kind,
        rate_bps: BasisPoints(bps),
        amount: per_night,
        base,
        night_cap: None,
        age_floor: None,
        exempt_from_nights: None,
        from: date("2026-01-01"),
        to: None,
    };
    vec![rule(TaxKind::Percent, TaxBase::All), rule(TaxKind::PerGuestNight, TaxBase::Nights)]
}

#[derive(Debug, Clone)]
struct Case {
    tariff: Tariff,
    days: Vec<DayRule>,
    fees: Fees,
    taxes: Vec<TaxRule>,
    guests: Guests,
    quote: Quote,
}

impl Case {
    fn prices(&self) -> Prices<'_> {
        Prices { tariff: &self.tariff, days: &self.days, fees: &self.fees, taxes: &self.taxes }
    }
}

prop_compose! {
    fn any_case()(
        start in 0_u64..400, count in 1_u64..70, nightly in 1_i64..100_000, cleaning in 0_i64..20_000, extra in proptest::option::of((1_i32..4, 0_i64..5_000)),
        weekly in 0_i32..5_000, guest_bps in 0_i32..2_500, host_bps in 0_i32..2_500, kept in any::<bool>(), (heads, pets) in (1_i32..6, 0_i32..2),
        (tax_bps, per_night) in (0_i32..2_000, 0_i64..500), overrides in proptest::collection::vec((0_u64..70, 1_i64..100_000), 0..5),
        code in prop::sample::select(vec!["EUR", "JPY", "BHD"]),
    ) -> Case {
        let stay = Stay::new(date("2027-01-02") + Days::new(start), date("2027-01-02") + Days::new(start + count)).unwrap();
        let tariff = Tariff {
            cleaning_fee: cleaning, pet_fee: 700, extra_guest: extra.map(|(after, amount)| ExtraGuest { after, amount }),
            weekly_discount_bps: BasisPoints(weekly), ..Tariff::flat(code.parse().unwrap(), nightly)
        };
        let days: Vec<DayRule> = overrides.into_iter().map(|(n, price)| DayRule { date: stay.check_in + Days::new(n), price: Some(price), min_nights: None }).collect();
        let fees = Fees { host_fee_on_cancellation: if kept { FeeRule::KeptUnlessFull } else { FeeRule::Proportional }, ..fees(guest_bps, host_bps) };
        let (taxes, guests) = (taxes(tax_bps, per_night), Guests { pets, ..adults(heads) });
        let quote = quote(&Prices { tariff: &tariff, days: &days, fees: &fees, taxes: &taxes }, stay, &guests, &BOOKED).unwrap();
        Case { tariff, days, fees, taxes, guests, quote }
    }
}

fn zone() -> impl Strategy<Value = Tz> {
    prop::sample::select(vec![
        chrono_tz::Europe::Lisbon,
        chrono_tz::America::New_York,
        chrono_tz::Pacific::Kiritimati,
        chrono_tz::Pacific::Pago_Pago,
    ])
}

fn policy() -> impl Strategy<Value = PolicyName> {
    prop::sample::select(PolicyName::ALL.to_vec())
}

/// What holds for every price.
fn check_sums(quote: &Quote) {
    let guest: i64 = quote.lines.iter().filter(|l| l.paid_by == Party::Guest).map(|l| l.amount).sum();
    assert_eq!(guest, quote.total, "lines sum to the total");
    assert!(quote.lines.iter().all(|l| l.unit * l.quantity == l.amount));
    assert_eq!(quote.host_subtotal() - quote.host_fee, quote.host_payout);
    assert_eq!(Settlement::of_stay(quote, 0).kept().unwrap(), quote.total, "and so do the parts of those who receive it");
    assert_eq!(quote.nights.len(), quote.stay.nights() as usize);
}

proptest! {
    #[test]
    fn a_change_of_nothing_changes_nothing(case in any_case()) {
        let same = altered_quote(&case.quote, &case.prices(), case.quote.stay, &case.guests, &BOOKED).unwrap();
        prop_assert_eq!((same.total, same.host_payout, same.host_fee), (case.quote.total, case.quote.host_payout, case.quote.host_fee));
    }

    #[test]
    fn a_change_and_its_way_back_cost_nothing_while_prices_stand(case in any_case(), more in 1_u64..20) {
        // Without a discount by length, which a longer stay may earn.
        let case = Case { tariff: Tariff { weekly_discount_bps: BasisPoints(0), ..case.tariff }, ..case };
        let booked = quote(&case.prices(), case.quote.stay, &case.guests, &BOOKED).unwrap();
        let wide = Stay::new(booked.stay.check_in, booked.stay.check_out + Days::new(more)).unwrap();
        let longer = altered_quote(&booked, &case.prices(), wide, &case.guests, &BOOKED).unwrap();
        check_sums(&longer);
        prop_assert_eq!(longer.total, quote(&case.prices(), wide, &case.guests, &BOOKED).unwrap().total, "as if booked at once");
        let back = altered_quote(&longer, &case.prices(), booked.stay, &case.guests, &BOOKED).unwrap();
        prop_assert_eq!(back.total, booked.total);
    }

    #[test]
    fn changes_keep_the_price_of_kept_nights(case in any_case(), shift in -20_i64..20, nights in 1_u64..60, dearer in 1_i64..100_000, heads in 1_i32..6) {
        let tariff = Tariff { nightly: dearer, ..case.tariff.clone() };
        let from = case.quote.stay.check_in + TimeDelta::days(shift);
        let wanted = Stay::new(from, from + Days::new(nights)).unwrap();
        let altered = altered_quote(&case.quote, &Prices { tariff: &tariff, ..case.prices() }, wanted, &Guests { pets: 0, ..adults(heads) }, &BOOKED).unwrap();
        check_sums(&altered);
        for night in &altered.nights {
            if let Some(booked) = case.quote.nights.iter().find(|booked| booked.date == night.date) {
                prop_assert_eq!(booked.amount, night.amount);
            }
        }
        prop_assert_eq!(altered.sum_of(LineKind::CleaningFee), case.quote.sum_of(LineKind::CleaningFee));
    }

    /// Whatever the zone, the policy and the moment: the price after leaving
    /// early is a price, never dearer, the earlier one leaves the cheaper, and
    /// what remains can be called off in turn.
    #[test]
    fn leaving_early_conserves_money(
        case in any_case(), name in policy(), zone in zone(), lead_hours in 0_i64..2_000, offset in -2_000_000_i64..6_000_000, cut in 1_u64..70, later in 0_i64..3_000_000,
        granted in 0_i64..5_000,
    ) {
        let (quote, terms) = (&case.quote, terms_for(name, case.quote.stay.nights()));
        let check_in = instant_on(zone, quote.stay.check_in, THREE);
        let confirmed = check_in - TimeDelta::hours(lead_hours);
        let granted = granted.min(quote.host_payout);
        let moment = Moment { quote, fees: &case.fees, terms: &terms, time_zone: zone, check_in_time: THREE, confirmed_at: Some(confirmed), granted };
        let now = (check_in + TimeDelta::seconds(offset)).max(confirmed);
        let Ok(shorter) = shortened_quote(&moment, quote.stay.check_out - Days::new(cut), now) else { return Ok(()) };
        check_sums(&shorter);
        prop_assert!(shorter.total <= quote.total);
        prop_assert!(shorter.host_payout <= quote.host_payout);
        if let Ok(even) = shortened_quote(&moment, quote.stay.check_out - Days::new(cut + 1), now) {
            // Each line is rounded once; in units of a yen or two that shows.
            prop_assert!(even.total <= shorter.total + 4, "leaving earlier is not dearer: {} {}", even.total, shorter.total);
        }
        // Called off after that: all parts are there, and nobody is paid twice.
        let granted = granted.min(shorter.host_payout);
        let after = Moment { quote: &shorter, granted, ..moment };
        let then = now + TimeDelta::seconds(later);
        let settled = settle_guest_cancellation(&after, then).unwrap();
        prop_assert_eq!(settled.refund + settled.kept().unwrap(), shorter.total - granted);
        prop_assert!(settled.refund >= 0 && settled.host_receives >= 0, "{:?}", settled);
        let timeline = cancellation::refund_timeline(&after, now).unwrap();
        let step = timeline.iter().find(|step| step.until.is_none_or(|until| then < until)).unwrap();
        prop_assert_eq!(step.refund, settled.refund, "what is shown is what is done");
    }

    #[test]
    fn legs_earn_all_of_a_stay_and_nothing_twice(case in any_case(), zone in zone()) {
        let whole = Settlement::of_stay(&case.quote, 0);
        let legs = legs(case.quote.stay, &case.quote.nights, zone, THREE);
        prop_assert_eq!(legs.len() > 1, case.quote.stay.nights() >= 28 && legs.len() > 1);
        let earned: Vec<i64> = legs.iter().map(|leg| leg.earned_of(&whole).unwrap().kept().unwrap()).collect();
        prop_assert!(earned.windows(2).all(|pair| pair[0] <= pair[1]), "{:?}", earned);
        prop_assert_eq!(earned.last().copied(), Some(case.quote.total));
        for leg in &legs {
            let date = local_date(zone, leg.due_at - TimeDelta::hours(24));
            prop_assert!(case.quote.stay.check_in <= date && date < case.quote.stay.check_out);
        }
        prop_assert_eq!(legs[0].due_at, instant_on(zone, case.quote.stay.check_in, THREE) + TimeDelta::hours(24));
    }

    #[test]
    fn shares_sum_to_what_is_shared(amount in 0_i64..10_000_000, cleaning in 0_i64..50_000, rules in proptest::collection::vec((0_i32..10_000, 0_i64..50_000, any::<bool>()), 0..5)) {
        let host = UserId(Uuid::from_u128(1));
        let shares: Vec<PayoutShare> = rules
            .into_iter()
            .zip(2_u128..)
            .map(|((percent, fixed, cleaning_fee), n)| PayoutShare { co_host: UserId(Uuid::from_u128(n)), percent: BasisPoints(percent), fixed, cleaning_fee })
            .collect();
        let parts = payouts::split(host, &shares, amount, cleaning).unwrap();
        prop_assert_eq!(parts.iter().map(|part| part.1).sum::<i64>(), amount);
        prop_assert!(parts.iter().all(|part| part.1 >= 0));
    }
}
