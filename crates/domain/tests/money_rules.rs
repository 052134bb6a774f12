//! Prices, refunds and postings: worked examples and the laws that hold for all.
#![allow(clippy::unwrap_used, clippy::too_many_arguments, reason = "tests fail loudly")]

use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use domain::calendar::DayRule;
use domain::cancellation::{self, Keep, Moment, PolicyName, PolicyTerms, terms_for};
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::{BookingId, PaymentId, UserId};
use domain::ledger;
use domain::money::{BasisPoints, Money};
use domain::pricing::{
    ExtraGuest, FeeRule, Fees, LeadDiscount, LineKind, Occasion, Party, PriceSeason, Prices, Promotion, Quote, Tariff, quote,
};
use domain::taxes::{TaxBase, TaxKind, TaxRule};
use proptest::prelude::*;
use serde::Deserialize;
use uuid::Uuid;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn nights(from: &str, count: u64) -> Stay {
    Stay::new(date(from), date(from) + Days::new(count)).unwrap()
}

fn fees(guest: i32, host: i32) -> Fees {
    Fees { guest_fee_bps: BasisPoints(guest), host_fee_bps: BasisPoints(host), host_fee_on_cancellation: FeeRule::Proportional }
}

const LATER: Occasion = Occasion { booked_on: NaiveDate::from_ymd_opt(2027, 1, 1).unwrap(), earlier_bookings: 10 };

fn price(tariff: &Tariff, days: &[DayRule], fees: &Fees, taxes: &[TaxRule], stay: Stay, guests: &Guests) -> Quote {
    quote(&Prices { tariff, days, fees, taxes }, stay, guests, &LATER).unwrap()
}

#[derive(Deserialize)]
struct PriceCase {
    name: String,
    nightly: i64,
    nights: u64,
    cleaning: i64,
    guest_fee_bps: i32,
    host_fee_bps: i32,
    total: i64,
    host_fee: i64,
    host_payout: i64,
}

#[test]
fn worked_prices() {
    let cases: Vec<PriceCase> = serde_json::from_str(include_str!("golden/prices.json")).unwrap();
    for case in cases {
        let tariff = Tariff { cleaning_fee: case.cleaning, ..Tariff::flat("EUR".parse().unwrap(), case.nightly) };
        let fees = fees(case.guest_fee_bps, case.host_fee_bps);
        let quote = price(&tariff, &[], &fees, &[], nights("2027-06-01", case.nights), &Guests::default());
        assert_eq!((quote.total, quote.host_fee, quote.host_payout), (case.total, case.host_fee, case.host_payout), "{}", case.name);
    }
}

#[derive(Deserialize)]
struct RefundCase {
    name: String,
    keep_bps: i32,
    guest: i64,
    host: i64,
    marketplace: i64,
}

#[test]
fn worked_refunds_where_the_marketplace_keeps_its_fees() {
    let cases: Vec<RefundCase> = serde_json::from_str(include_str!("golden/refunds.json")).unwrap();
    let fees = Fees { host_fee_on_cancellation: FeeRule::KeptUnlessFull, ..fees(1000, 500) };
    let quote = price(&Tariff::flat("EUR".parse().unwrap(), 10_000), &[], &fees, &[], nights("2027-06-01", 1), &Guests::default());
    assert_eq!((quote.total, quote.host_payout), (11_000, 9_500));
    for case in cases {
        let terms = PolicyTerms {
            tiers: vec![],
            grace: None,
            afterwards: Keep::Share(BasisPoints(case.keep_bps)),
            guest_fee_refundable: false,
            ..terms_for(PolicyName::Flexible, 1)
        };
        let at = "2027-05-01T00:00:00Z".parse().unwrap();
        let moment = Moment {
            quote: &quote,
            fees: &fees,
            terms: &terms,
            time_zone: chrono_tz::Europe::Paris,
            check_in_time: "15:00:00".parse().unwrap(),
            confirmed_at: Some(at),
            granted: 0,
        };
        let settled = cancellation::settle_guest_cancellation(&moment, at).unwrap();
        assert_eq!(
            (settled.refund, settled.host_receives, settled.host_fee + settled.guest_fee),
            (case.guest, case.host, case.marketplace),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_night_costs_date_over_season_over_weekend_over_base() {
    let tariff = Tariff {
        weekend_nightly: Some(150),
        seasons: vec![
            PriceSeason { from: date("2027-07-01"), to: date("2027-09-01"), nightly: 200, weekend_nightly: None },
            PriceSeason { from: date("2027-07-10"), to: date("2027-07-12"), nightly: 300, weekend_nightly: Some(310) },
        ],
        ..Tariff::flat("EUR".parse().unwrap(), 100)
    };
    let days = [DayRule { date: date("2027-07-11"), price: Some(999), min_nights: None }];
    let at = |day: &str| domain::pricing::night_price(&tariff, &days, date(day));
    assert_eq!(at("2027-06-16"), 100, "a Wednesday");
    assert_eq!(at("2027-06-18"), 150, "a Friday");
    assert_eq!(at("2027-07-02"), 200, "a Friday in season");
    assert_eq!(at("2027-07-10"), 310, "a Saturday of the shorter season");
    assert_eq!(at("2027-07-11"), 999, "the date itself");
}

#[test]
fn one_discount_a_stay_by_precedence() {
    let mut tariff = Tariff {
        weekly_discount_bps: BasisPoints(700),
        monthly_discount_bps: BasisPoints(2800),
        new_listing_discount_bps: BasisPoints(2000),
        early_bird: Some(LeadDiscount { days: 60, bps: BasisPoints(300) }),
        last_minute: Some(LeadDiscount { days: 3, bps: BasisPoints(400) }),
        promotions: vec![Promotion { from: date("2027-05-01"), to: date("2027-05-11"), bps: BasisPoints(500) }],
        ..Tariff::flat("EUR".parse().unwrap(), 10_000)
    };
    let fees = fees(0, 0);
    let discount = |tariff: &Tariff, stay: Stay, booked_on: &str, earlier_bookings| {
        let occasion = Occasion { booked_on: date(booked_on), earlier_bookings };
        quote(&Prices { tariff, days: &[], fees: &fees, taxes: &[] }, stay, &Guests::default(), &occasion)
            .unwrap()
            .sum_of(LineKind::Discount)
    };
    assert_eq!(discount(&tariff, nights("2027-05-01", 8), "2027-04-30", 2), -16_000, "new listing beats all");
    assert_eq!(discount(&tariff, nights("2027-05-01", 8), "2027-04-30", 3), -4_000, "promotion beats length of stay");
    tariff.promotions.clear();
    assert_eq!(discount(&tariff, nights("2027-05-01", 8), "2027-04-30", 3), -5_600, "a week");
    assert_eq!(discount(&tariff, nights("2027-05-01", 28), "2027-01-01", 3), -78_400, "a month beats early bird");
    assert_eq!(discount(&tariff, nights("2027-05-01", 2), "2027-03-02", 3), -600, "early bird at 60 days");
    assert_eq!(discount(&tariff, nights("2027-05-01", 2), "2027-04-29", 3), -800, "last minute at 2 days");
    assert_eq!(discount(&tariff, nights("2027-05-01", 2), "2027-04-28", 3), 0, "neither at 3 days");
}

#[test]
fn taxes_count_what_they_say() {
    let rule = TaxRule {
        id: "t".into(),
        jurisdiction: "PT-Lisbon".into(),
        label: "City tax".into(),
        kind: TaxKind::PerGuestNight,
        rate_bps: BasisPoints(0),
        amount: 400,
        base: TaxBase::Nights,
        night_cap: Some(7),
        age_floor: Some(13),
        exempt_from_nights: Some(30),
        from: date("2027-01-01"),
        to: None,
    };
    let guests = Guests { adults: 2, children: 1, infants: 1, pets: 0 };
    let tariff = Tariff::flat("EUR".parse().unwrap(), 10_000);
    let tax = |rule: &TaxRule, count| {
        price(&tariff, &[], &fees(0, 0), std::slice::from_ref(rule), nights("2027-06-01", count), &guests).sum_of(LineKind::Tax)
    };
    assert_eq!(tax(&rule, 10), 400 * 2 * 7, "adults only, seven nights at most");
    assert_eq!(tax(&rule, 30), 0, "long stays are exempt");
    assert_eq!(tax(&TaxRule { age_floor: Some(12), ..rule.clone() }, 1), 400 * 3, "a child may be twelve");
    assert_eq!(tax(&TaxRule { from: date("2027-06-02"), ..rule.clone() }, 1), 0, "not in force yet");
    let percent = TaxRule { kind: TaxKind::Percent, rate_bps: BasisPoints(600), ..rule };
    assert_eq!(tax(&percent, 3), 1_800);
}

prop_compose! {
    fn any_quote()(
        start in 0_u64..700, count in 1_u64..40, nightly in 1_i64..100_000, weekend in proptest::option::of(1_i64..100_000),
        cleaning in 0_i64..20_000, pet in 0_i64..5_000, extra in proptest::option::of((1_i32..4, 0_i64..5_000)),
        weekly in 0_i32..5_000, guest_bps in 0_i32..2_500, host_bps in 0_i32..2_500, kept in any::<bool>(),
        adults in 1_i32..6, children in 0_i32..3, pets in 0_i32..2, tax_bps in 0_i32..2_000, per_night in 0_i64..500,
        overrides in proptest::collection::vec((0_u64..40, 1_i64..100_000), 0..5), code in prop::sample::select(vec!["EUR", "JPY", "BHD"]),
    ) -> (Quote, Fees) {
        let stay = Stay::new(date("2027-01-01") + Days::new(start), date("2027-01-01") + Days::new(start + count)).unwrap();
        let tariff = Tariff {
            weekend_nightly: weekend, cleaning_fee: cleaning, pet_fee: pet, extra_guest: extra.map(|(after, amount)| ExtraGuest { after, amount }),
            weekly_discount_bps: BasisPoints(weekly), ..Tariff::flat(code.parse().unwrap(), nightly)
        };
        let days: Vec<DayRule> = overrides.into_iter().map(|(n, price)| DayRule { date: stay.check_in + Days::new(n), price: Some(price), min_nights: None }).collect();
        let rule = |kind, base| TaxRule {
            id: "t".into(), jurisdiction: "X".into(), label: "Tax".into(), kind, rate_bps: BasisPoints(tax_bps), amount: per_night, base, night_cap: None,
            age_floor: None, exempt_from_nights: None, from: date("2026-01-01"), to: None,
        };
        let taxes = [rule(TaxKind::Percent, TaxBase::All), rule(TaxKind::Percent, TaxBase::Fees), rule(TaxKind::PerGuestNight, TaxBase::Nights)];
        let fees = Fees {
            guest_fee_bps: BasisPoints(guest_bps), host_fee_bps: BasisPoints(host_bps),
            host_fee_on_cancellation: if kept { FeeRule::KeptUnlessFull } else { FeeRule::Proportional },
        };
        let guests = Guests { adults, children, infants: 0, pets };
        (price(&tariff, &days, &fees, &taxes, stay, &guests), fees)
    }
}

fn policy() -> impl Strategy<Value = PolicyName> {
    prop::sample::select(PolicyName::ALL.to_vec())
}

fn zone() -> impl Strategy<Value = chrono_tz::Tz> {
    // Both changes of the clocks, a skipped day's home, and no change at all.
    prop::sample::select(vec![
        chrono_tz::Europe::Lisbon,
        chrono_tz::America::New_York,
        chrono_tz::Pacific::Apia,
        chrono_tz::Asia::Singapore,
    ])
}

proptest! {
    #[test]
    fn lines_sum_to_the_total_and_the_host_part_to_the_payout((quote, _) in any_quote()) {
        let guest: i64 = quote.lines.iter().filter(|l| l.paid_by == Party::Guest).map(|l| l.amount).sum();
        prop_assert_eq!(guest, quote.total);
        prop_assert!(quote.lines.iter().all(|l| l.unit * l.quantity == l.amount));
        prop_assert_eq!(quote.host_subtotal() - quote.host_fee, quote.host_payout);
        let parts = quote.host_payout + quote.host_fee + quote.sum_of(LineKind::GuestFee) + quote.sum_of(LineKind::Tax);
        prop_assert_eq!(parts, quote.total);
        prop_assert!(ledger::earn(BookingId(Uuid::nil()), UserId(Uuid::nil()), &quote).is_ok());
    }

    #[test]
    fn calling_off_conserves_money_and_equals_the_timeline(
        (quote, fees) in any_quote(), name in policy(), zone in zone(), lead_hours in 0_i64..2_000, offset in -3_000_000_i64..4_000_000, nudge in -1_i64..=1,
    ) {
        let terms = terms_for(name, quote.stay.nights());
        let check_in = domain::dates::instant_on(zone, quote.stay.check_in, "15:00:00".parse().unwrap());
        let confirmed = check_in - TimeDelta::hours(lead_hours);
        let moment = Moment { quote: &quote, fees: &fees, terms: &terms, time_zone: zone, check_in_time: "15:00:00".parse().unwrap(), confirmed_at: Some(confirmed), granted: 0 };
        let timeline = cancellation::refund_timeline(&moment, confirmed).unwrap();
        prop_assert!(timeline.last().unwrap().until.is_none());
        let mut instants: Vec<DateTime<Utc>> = timeline.iter().filter_map(|s| s.until).map(|at| at + TimeDelta::seconds(nudge)).collect();
        instants.push(check_in + TimeDelta::seconds(offset));
        for at in instants.into_iter().filter(|at| *at >= confirmed) {
            let settled = cancellation::settle_guest_cancellation(&moment, at).unwrap();
            let parts = settled.refund + settled.host_receives + settled.host_fee + settled.guest_fee + settled.taxes.iter().map(|t| t.1).sum::<i64>();
            prop_assert_eq!(parts, quote.total, "conserved");
            prop_assert!((0..=quote.total).contains(&settled.refund), "{:?}", settled);
            let step = timeline.iter().find(|s| s.until.is_none_or(|until| at < until)).unwrap();
            prop_assert_eq!(step.refund, settled.refund, "at {}", at);
            let (booking, host) = (BookingId(Uuid::nil()), UserId(Uuid::nil()));
            prop_assert!(ledger::cancel_before_earn(booking, host, &quote, &settled).is_ok());
            if settled.refund > 0 {
                prop_assert!(ledger::cancel_after_earn(booking, host, &quote, &settled).is_ok());
            }
        }
        prop_assert!(timeline.windows(2).all(|pair| pair[0].refund > pair[1].refund), "never rises: {:?}", timeline);
    }

    #[test]
    fn before_it_is_agreed_everything_comes_back((quote, fees) in any_quote(), name in policy()) {
        let terms = terms_for(name, quote.stay.nights());
        let moment = Moment { quote: &quote, fees: &fees, terms: &terms, time_zone: chrono_tz::UTC, check_in_time: "15:00:00".parse().unwrap(), confirmed_at: None, granted: 0 };
        let settled = cancellation::settle_guest_cancellation(&moment, "2027-01-01T00:00:00Z".parse().unwrap()).unwrap();
        prop_assert_eq!(settled.refund, quote.total);
    }
}

#[test]
fn the_presets_keep_what_they_say() {
    let fees = fees(1000, 300);
    let quote = price(
        &Tariff { cleaning_fee: 3_000, ..Tariff::flat("EUR".parse().unwrap(), 10_000) },
        &[],
        &fees,
        &[],
        nights("2027-06-10", 4),
        &Guests::default(),
    );
    assert_eq!(quote.total, 47_300);
    let refund = |name, at: &str| {
        let terms = terms_for(name, 4);
        let confirmed = "2027-01-01T00:00:00Z".parse().unwrap();
        let moment = Moment {
            quote: &quote,
            fees: &fees,
            terms: &terms,
            time_zone: chrono_tz::UTC,
            check_in_time: "15:00:00".parse().unwrap(),
            confirmed_at: Some(confirmed),
            granted: 0,
        };
        cancellation::settle_guest_cancellation(&moment, at.parse().unwrap()).unwrap().refund
    };
    use PolicyName::{Firm, Flexible, Limited, Moderate, NonRefundable, Strict};
    for (name, at, expected) in [
        (Flexible, "2027-06-09T14:59:59Z", 47_300),
        (Flexible, "2027-06-09T15:00:00Z", 33_000),
        (Flexible, "2027-06-10T15:00:00Z", 30_000),
        (Flexible, "2027-06-11T00:00:00Z", 20_000),
        (Moderate, "2027-06-05T14:59:59Z", 47_300),
        (Moderate, "2027-06-05T15:00:00Z", 18_000),
        (Limited, "2027-05-27T14:59:59Z", 47_300),
        (Limited, "2027-05-27T15:00:00Z", 23_000),
        (Limited, "2027-06-03T15:00:00Z", 3_000),
        (Firm, "2027-05-11T14:59:59Z", 47_300),
        (Firm, "2027-05-11T15:00:00Z", 23_000),
        (Strict, "2027-01-01T23:59:59Z", 47_300),
        (Strict, "2027-01-02T00:00:00Z", 23_000),
        (Strict, "2027-06-03T15:00:00Z", 3_000),
        (NonRefundable, "2027-01-01T00:00:01Z", 3_000),
    ] {
        assert_eq!(refund(name, at), expected, "{name} at {at}");
    }
}

#[test]
fn hosts_who_call_off_pay_the_more_the_later() {
    let fees = fees(1000, 300);
    let quote = price(&Tariff::flat("EUR".parse().unwrap(), 10_000), &[], &fees, &[], nights("2027-06-10", 4), &Guests::default());
    let terms = terms_for(PolicyName::Flexible, 4);
    let moment = Moment {
        quote: &quote,
        fees: &fees,
        terms: &terms,
        time_zone: chrono_tz::UTC,
        check_in_time: "15:00:00".parse().unwrap(),
        confirmed_at: None,
        granted: 0,
    };
    let fee = |at: &str| cancellation::host_cancellation_fee(&moment, at.parse().unwrap()).unwrap();
    assert_eq!(fee("2027-05-11T14:59:59Z"), 4_000);
    assert_eq!(fee("2027-05-11T15:00:00Z"), 10_000);
    assert_eq!(fee("2027-06-08T15:00:00Z"), 20_000);
    assert_eq!(fee("2027-06-12T10:00:00Z"), 10_000, "two nights were stayed");
}

#[test]
fn postings_that_do_not_balance_cannot_be_made() {
    let zero = Money::zero("EUR".parse().unwrap());
    assert!(ledger::capture(PaymentId(Uuid::nil()), BookingId(Uuid::nil()), zero).is_err());
    assert!(ledger::capture(PaymentId(Uuid::nil()), BookingId(Uuid::nil()), Money::new(-1, zero.currency)).is_err());
}
