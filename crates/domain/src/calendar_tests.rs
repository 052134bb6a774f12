//! The availability rules by example and against an independent reading of them.

use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn stay(check_in: &str, check_out: &str) -> Stay {
    Stay::new(date(check_in), date(check_out)).unwrap()
}

fn now(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn codes(rules: &StayRules, facts: &StayFacts, stay: Stay, at: &str) -> Vec<&'static str> {
    let terms =
        Terms { published: true, time_zone: chrono_tz::Europe::Lisbon, check_in_from: "15:00:00".parse().unwrap(), capacity: 2, rules };
    explain(&terms, facts, stay, &Guests { adults: 2, ..Guests::default() }, now(at)).iter().map(StayError::code).collect()
}

fn season(from: &str, to: &str) -> RuleSeason {
    RuleSeason {
        from: date(from),
        to: date(to),
        min_nights: None,
        min_nights_by_weekday: None,
        max_nights: None,
        closed_to_arrival: vec![],
        closed_to_departure: vec![],
    }
}

#[test]
fn the_most_specific_minimum_wins() {
    let rules = StayRules {
        min_nights: 2,
        seasons: vec![
            RuleSeason { min_nights: Some(3), ..season("2027-06-01", "2027-09-01") },
            RuleSeason {
                min_nights: Some(4),
                min_nights_by_weekday: Some([None, None, None, None, Some(5), None, None]),
                ..season("2027-07-01", "2027-07-15")
            },
        ],
        ..StayRules::default()
    };
    let days = [DayRule { date: date("2027-07-09"), price: None, min_nights: Some(1) }];
    assert_eq!(min_nights_on(&rules, &[], date("2027-05-30")), 2, "listing");
    assert_eq!(min_nights_on(&rules, &[], date("2027-06-10")), 3, "season");
    assert_eq!(min_nights_on(&rules, &[], date("2027-07-08")), 4, "the shorter season");
    assert_eq!(min_nights_on(&rules, &[], date("2027-07-09")), 5, "its Friday");
    assert_eq!(min_nights_on(&rules, &days, date("2027-07-09")), 1, "the date itself");
}

#[test]
fn notice_counts_from_cutoff_check_in_or_the_end_of_the_day() {
    let notice = |hours, cutoff| StayRules { advance_notice_hours: hours, notice_cutoff_hour: cutoff, ..StayRules::default() };
    let tonight = stay("2027-03-10", "2027-03-12");
    let empty = StayFacts::default();
    assert_eq!(codes(&notice(0, None), &empty, tonight, "2027-03-10T23:59:00Z"), [""; 0]);
    assert_eq!(codes(&notice(0, Some(18)), &empty, tonight, "2027-03-10T18:00:00Z"), [""; 0]);
    assert_eq!(codes(&notice(0, Some(18)), &empty, tonight, "2027-03-10T18:00:01Z"), ["advance_notice"]);
    assert_eq!(codes(&notice(24, None), &empty, tonight, "2027-03-09T15:00:00Z"), [""; 0]);
    assert_eq!(codes(&notice(24, None), &empty, tonight, "2027-03-09T15:00:01Z"), ["advance_notice"]);
    // The clocks go forward on 28 March: 15:00 summer time is 14:00 UTC.
    assert_eq!(codes(&notice(24, None), &empty, stay("2027-03-28", "2027-03-29"), "2027-03-27T14:00:01Z"), ["advance_notice"]);
}

#[test]
fn neighbours_share_a_day_unless_the_host_needs_nights_between() {
    let taken = |nights, lane| StayFacts { days: vec![], taken: vec![Taken { nights, lane }] };
    let before = taken(stay("2027-03-03", "2027-03-07"), Lane::Booking);
    let wish = stay("2027-03-07", "2027-03-09");
    let at = "2027-01-01T00:00:00Z";
    assert_eq!(codes(&StayRules::default(), &before, wish, at), [""; 0]);
    let tidy = StayRules { preparation_nights: 1, ..StayRules::default() };
    assert_eq!(codes(&tidy, &before, wish, at), ["preparation"]);
    assert_eq!(codes(&tidy, &taken(stay("2027-03-06", "2027-03-07"), Lane::Block), wish, at), [""; 0], "blocks may lie beside");
    assert_eq!(codes(&tidy, &taken(stay("2027-03-08", "2027-03-10"), Lane::Block), wish, at), ["dates_unavailable"]);
}

#[test]
fn closed_days_and_windows() {
    let rules = StayRules {
        booking_window_days: Some(30),
        max_nights: Some(5),
        seasons: vec![RuleSeason {
            closed_to_arrival: vec![Weekday::Sun],
            closed_to_departure: vec![Weekday::Sat],
            ..season("2027-01-01", "2028-01-01")
        }],
        ..StayRules::default()
    };
    let empty = StayFacts::default();
    assert_eq!(codes(&rules, &empty, stay("2027-01-10", "2027-01-12"), "2027-01-05T00:00:00Z"), ["closed_to_arrival"]);
    assert_eq!(codes(&rules, &empty, stay("2027-01-11", "2027-01-16"), "2027-01-05T00:00:00Z"), ["closed_to_departure"]);
    assert_eq!(codes(&rules, &empty, stay("2027-03-01", "2027-03-09"), "2027-01-05T00:00:00Z"), ["max_nights", "booking_window"]);
    assert_eq!(codes(&rules, &empty, stay("2027-01-04", "2027-01-08"), "2027-01-05T00:00:00Z"), ["in_past"]);
}

proptest! {
    /// A second, naive reading of the rules: night by night and date by date.
    #[test]
    fn nothing_to_explain_means_bookable(
        start in 0_u64..40, nights in 1_u64..10, min in 1_i32..5, max in proptest::option::of(3_i32..8), prep in 0_i32..3,
        window in proptest::option::of(5_i32..40), taken in proptest::collection::vec((0_u64..50, 1_u64..6, any::<bool>()), 0..4),
        adults in 1_i32..5, pets in 0_i32..2,
    ) {
        let day = |n: u64| date("2027-05-01") + Days::new(n);
        let rules = StayRules { min_nights: min, max_nights: max.filter(|m| *m >= min), preparation_nights: prep, booking_window_days: window, max_pets: 1, ..StayRules::default() };
        let wish = Stay::new(day(start), day(start + nights)).unwrap();
        let facts = StayFacts {
            days: vec![],
            taken: taken.iter().map(|(from, n, booking)| Taken {
                nights: Stay::new(day(*from), day(from + n)).unwrap(),
                lane: if *booking { Lane::Booking } else { Lane::Block },
            }).collect(),
        };
        let terms = Terms { published: true, time_zone: chrono_tz::Asia::Singapore, check_in_from: "15:00:00".parse().unwrap(), capacity: 3, rules: &rules };
        let guests = Guests { adults, pets, ..Guests::default() };
        let at = now("2027-04-30T16:30:00Z"); // already 1 May in Singapore

        let occupied = |date: NaiveDate, lane: Option<Lane>| facts.taken.iter().any(|t| t.nights.dates().any(|d| d == date) && lane.is_none_or(|l| l == t.lane));
        let free = wish.dates().all(|d| !occupied(d, None))
            && (1..=prep).all(|n| {
                let n = Days::new(n.unsigned_abs().into());
                !occupied(wish.check_in - n, Some(Lane::Booking)) && !occupied(wish.check_out + n - Days::new(1), Some(Lane::Booking))
            });
        let n = wish.nights();
        let bookable = free && n >= min && rules.max_nights.is_none_or(|m| n <= m) && adults <= 3 && pets <= 1
            && window.is_none_or(|w| wish.check_in <= day(0) + Days::new(w.unsigned_abs().into()));
        prop_assert_eq!(explain(&terms, &facts, wish, &guests, at).is_empty(), bookable);
    }
}
