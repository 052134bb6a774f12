//! One price, for tens of thousands of random homes, stays, guests and
//! currencies: lines, total, charge, postings and what a reader is shown agree
//! to the smallest unit. (`crates/it/tests/it/price_parity.rs` takes the real
//! road with fewer.)
#![allow(clippy::unwrap_used, reason = "tests fail loudly")]

use chrono::{Days, NaiveDate};
use domain::calendar::DayRule;
use domain::dates::Stay;
use domain::fees::{DatedFees, in_force};
use domain::guests::Guests;
use domain::ids::{BookingId, FeeRuleId, PaymentId, UserId};
use domain::ledger::{self, EntrySide, Posting};
use domain::money::{BasisPoints, Money};
use domain::pricing::{
    ExtraGuest, FeeRule, Fees, LeadDiscount, LineKind, Occasion, Party, PriceSeason, Prices, Promotion, Quote, Tariff, quote,
};
use domain::rates::Rate;
use domain::taxes::{TaxBase, TaxKind, TaxRule};
use proptest::prelude::*;
use uuid::Uuid;

fn start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2030, 1, 1).unwrap()
}

fn day(n: u64) -> NaiveDate {
    start() + Days::new(n)
}

prop_compose! {
    fn tariff()(
        code in prop::sample::select(vec!["EUR", "USD", "GBP", "JPY", "KRW", "BHD", "KWD", "HUF"]),
        (nightly, weekend, cleaning, pet) in (1_i64..10_000_000, prop::option::of(1_i64..10_000_000), 0_i64..1_000_000, 0_i64..100_000),
        extra in prop::option::of((1..6_i32, 0_i64..500_000)),
        discounts in prop::array::uniform5(0..=9_000_i32),
        season in prop::option::of((0_u64..60, 1_u64..40, 1_i64..10_000_000, prop::option::of(1_i64..10_000_000))),
        promotion in prop::option::of((0_u64..60, 1_u64..60, 0..=9_000_i32)),
    ) -> Tariff {
        let lead = |bps, days| Some(LeadDiscount { days, bps: BasisPoints(bps) });
        Tariff {
            weekend_nightly: weekend,
            cleaning_fee: cleaning,
            pet_fee: pet,
            extra_guest: extra.map(|(after, amount)| ExtraGuest { after, amount }),
            weekly_discount_bps: BasisPoints(discounts[0]),
            monthly_discount_bps: BasisPoints(discounts[1]),
            new_listing_discount_bps: BasisPoints(discounts[2]),
            early_bird: lead(discounts[3], 30),
            last_minute: lead(discounts[4], 3),
            promotions: promotion.map(|(from, length, bps)| Promotion { from: day(from), to: day(from + length), bps: BasisPoints(bps) }).into_iter().collect(),
            seasons: season.map(|(from, length, nightly, weekend_nightly)| PriceSeason { from: day(from), to: day(from + length), nightly, weekend_nightly }).into_iter().collect(),
            ..Tariff::flat(code.parse().unwrap(), nightly)
        }
    }
}

prop_compose! {
    fn tax()(
        kind in prop::sample::select(TaxKind::ALL.to_vec()),
        base in prop::sample::select(TaxBase::ALL.to_vec()),
        (rate, amount) in (0..=3_000_i32, 0_i64..100_000),
        (cap, floor, exempt) in (prop::option::of(1..20_i32), prop::option::of(0..21_i32), prop::option::of(2..40_i32)),
        place in 0..3_u8,
    ) -> TaxRule {
        TaxRule {
            id: format!("rule-{place}"), jurisdiction: format!("place-{place}"), label: "Tax".into(), kind, rate_bps: BasisPoints(rate), amount, base,
            night_cap: cap, age_floor: floor, exempt_from_nights: exempt, from: start(), to: None,
        }
    }
}

fn signed(posting: &Posting) -> i64 {
    posting.entries.iter().map(|entry| if entry.side == EntrySide::Debit { entry.amount.amount } else { -entry.amount.amount }).sum()
}

fn on(posting: &Posting, account: &str) -> i64 {
    let of = posting.entries.iter().filter(|entry| entry.account.to_string().starts_with(account));
    of.map(|entry| if entry.side == EntrySide::Credit { entry.amount.amount } else { -entry.amount.amount }).sum()
}

fn check(quote: &Quote) -> Result<(), TestCaseError> {
    for line in &quote.lines {
        prop_assert_eq!(line.unit * line.quantity, line.amount, "{:?}", line);
    }
    let of_guest: i64 = quote.lines.iter().filter(|line| line.paid_by == Party::Guest).map(|line| line.amount).sum();
    prop_assert_eq!(of_guest, quote.total);
    prop_assert_eq!(quote.host_payout + quote.host_fee, quote.host_subtotal());
    prop_assert_eq!(quote.nights.iter().map(|night| night.amount).sum::<i64>(), quote.sum_of(LineKind::Nights));
    Ok(())
}

fn check_ledger(quote: &Quote) -> Result<(), TestCaseError> {
    // Nothing to pay, nothing to post.
    if quote.total == 0 {
        return Ok(());
    }
    let (booking, host) = (BookingId(Uuid::from_u128(1)), UserId(Uuid::from_u128(2)));
    let charge = ledger::capture(PaymentId(Uuid::from_u128(3)), booking, Money::new(quote.total, quote.currency)).unwrap();
    let earned = ledger::earn(booking, host, quote).unwrap();
    prop_assert_eq!((signed(&charge), signed(&earned)), (0, 0));
    prop_assert_eq!(on(&charge, "psp_clearing"), -quote.total, "charged is the total");
    prop_assert_eq!(on(&charge, "guest_funds:") + on(&earned, "guest_funds:"), 0, "all of it is earned by somebody");
    prop_assert_eq!(on(&earned, "host_payable:"), quote.host_payout);
    prop_assert_eq!(on(&earned, "fee_host"), quote.host_fee);
    prop_assert_eq!(on(&earned, "fee_guest"), quote.sum_of(LineKind::GuestFee));
    prop_assert_eq!(on(&earned, "tax_payable:"), quote.sum_of(LineKind::Tax));
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn lines_total_charge_postings_and_display_agree(
        tariff in tariff(),
        taxes in prop::collection::vec(tax(), 0..4),
        days in prop::collection::vec((0_u64..80, 1_i64..10_000_000), 0..6),
        (from, nights, ahead) in (0_u64..60, 1_u64..45, 0_u64..90),
        (adults, children, infants, pets) in (1..8_i32, 0..4_i32, 0..3_i32, 0..3_i32),
        (earlier, guest_fee, host_fee) in (0_i64..6, 0..=5_000_i32, 0..=5_000_i32),
        own_fees in prop::option::of((1..40_i32, 0..=5_000_i32)),
        rate in 1_i64..50_000_000,
    ) {
        let stay = Stay::new(day(from), day(from + nights)).unwrap();
        let guests = Guests { adults, children, infants, pets };
        let days: Vec<DayRule> = days.into_iter().map(|(n, price)| DayRule { date: day(n), price: Some(price), min_nights: None }).collect();
        let occasion = Occasion { booked_on: stay.check_in - Days::new(ahead), earlier_bookings: earlier };
        let otherwise = Fees { guest_fee_bps: BasisPoints(guest_fee), host_fee_bps: BasisPoints(host_fee), host_fee_on_cancellation: FeeRule::Proportional };
        let host = UserId(Uuid::from_u128(2));
        let rules: Vec<DatedFees> = own_fees.map(|(from_nights, bps)| DatedFees {
            id: FeeRuleId(Uuid::from_u128(1)), host_id: Some(host), from_nights, guest_fee_bps: BasisPoints(bps), host_fee_bps: BasisPoints(0),
            from: NaiveDate::MIN, to: None,
        }).into_iter().collect();
        let fees = in_force(&rules, otherwise, host, stay.nights(), occasion.booked_on);
        let prices = Prices { tariff: &tariff, days: &days, fees: &fees, taxes: &taxes };
        let first = quote(&prices, stay, &guests, &occasion).unwrap();
        prop_assert_eq!(&first, &quote(&prices, stay, &guests, &occasion).unwrap(), "asked twice");
        check(&first)?;
        check_ledger(&first)?;
        // As stored with the booking and read back.
        let stored: Quote = serde_json::from_str(&serde_json::to_string(&first).unwrap()).unwrap();
        prop_assert_eq!(&stored, &first);

        let to = if tariff.currency.code() == "JPY" { "EUR" } else { "JPY" };
        let rate = Rate { from: tariff.currency, to: to.parse().unwrap(), rate: rust_decimal::Decimal::new(rate, 6), on: start() };
        let lines: Vec<i64> = first.lines.iter().filter(|line| line.paid_by == Party::Guest).map(|line| line.amount).collect();
        let shown = rate.convert_all(&lines).unwrap();
        let total = rate.convert(Money::new(first.total, first.currency)).unwrap();
        prop_assert_eq!(shown.iter().sum::<i64>(), total.amount, "shown lines sum to the shown total");
    }
}
