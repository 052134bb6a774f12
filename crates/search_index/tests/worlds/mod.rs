//! Small worlds full of corner cases, and questions about them, from a seed.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use domain::calendar::{DayRule, Lane, RuleSeason, StayRules, Weekday};
use domain::cancellation::PolicyName;
use domain::dates::Stay;
use domain::fees::DatedFees;
use domain::guests::Guests;
use domain::ids::{FeeRuleId, ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency};
use domain::pricing::{ExtraGuest, FeeRule, Fees, LeadDiscount, PriceSeason, Promotion, Tariff};
use domain::taxes::{PlacedTax, TaxBase, TaxKind, TaxRule};
use search_index::{Area, Dates, Filters, Market, Month, Occupancy, Query, Row, Sort};
use uuid::Uuid;

/// Numbers that follow from a seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// `from <= n < to`.
    pub fn within(&mut self, from: i64, to: i64) -> i64 {
        from + i64::try_from(self.next() % u64::try_from(to - from).unwrap()).unwrap()
    }

    pub fn int(&mut self, from: i64, to: i64) -> i32 {
        i32::try_from(self.within(from, to)).unwrap()
    }

    /// True once in `n` times.
    pub fn once_in(&mut self, n: i64) -> bool {
        self.within(0, n) == 0
    }

    pub fn maybe<T>(&mut self, n: i64, make: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.once_in(n).then(|| make(self))
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.within(0, i64::try_from(all.len()).unwrap())).unwrap()]
    }
}

/// The day on which the world begins.
pub fn start() -> NaiveDate {
    NaiveDate::from_ymd_opt(2027, 3, 20).unwrap()
}

/// Some instant of the days around the start, often near midnight.
pub fn now(random: &mut Random) -> DateTime<Utc> {
    let base = Utc.from_utc_datetime(&start().and_time(NaiveTime::MIN));
    base + TimeDelta::minutes(random.within(0, 3 * 24 * 60))
}

const ZONES: [chrono_tz::Tz; 6] = [
    chrono_tz::Europe::Lisbon,
    chrono_tz::America::New_York,
    chrono_tz::Pacific::Kiritimati,
    chrono_tz::Pacific::Pago_Pago,
    chrono_tz::Asia::Kathmandu,
    chrono_tz::UTC,
];
const TITLES: [&str; 8] = [
    "Sunny loft by the river",
    "Garden house with pool",
    "Appartement calme à Montmartre",
    "東京タワーの見える部屋",
    "Ferienwohnung Straße 12",
    "Quiet room",
    "Casa do São João",
    "Loft Loft loft",
];
const CITIES: [&str; 5] = ["Lisbon", "São Paulo", "東京", "Sintra", ""];
const AMENITIES: [&str; 7] = ["wifi", "pool", "hot_tub", "kitchen", "free_parking", "paid_parking", "garden"];

fn currency(random: &mut Random) -> Currency {
    random.pick(&["EUR", "USD", "JPY"]).parse().unwrap()
}

fn date(random: &mut Random, to: i64) -> NaiveDate {
    start() + TimeDelta::days(random.within(-5, to))
}

fn range(random: &mut Random, longest: i64) -> (NaiveDate, NaiveDate) {
    let from = date(random, 60);
    (from, from + TimeDelta::days(random.within(1, longest)))
}

fn rules(random: &mut Random) -> StayRules {
    let seasons = (0..random.within(0, 4) - 1)
        .map(|_| {
            let (from, to) = range(random, 25);
            let weekdays = |random: &mut Random| random.maybe(2, |random| vec![random.pick(Weekday::ALL)]).unwrap_or_default();
            RuleSeason {
                from,
                to,
                min_nights: random.maybe(2, |random| random.int(1, 6)),
                min_nights_by_weekday: random.maybe(3, |random| std::array::from_fn(|_| random.maybe(2, |random| random.int(1, 6)))),
                max_nights: random.maybe(3, |random| random.int(2, 9)),
                closed_to_arrival: weekdays(random),
                closed_to_departure: weekdays(random),
            }
        })
        .collect();
    StayRules {
        min_nights: random.int(1, 4),
        max_nights: random.maybe(3, |random| random.int(3, 12)),
        advance_notice_hours: random.pick(&[0, 0, 1, 24, 30, 48, 168]),
        notice_cutoff_hour: random.maybe(3, |random| random.int(0, 24)),
        preparation_nights: random.pick(&[0, 0, 0, 1, 2, 7]),
        booking_window_days: random.maybe(3, |random| random.int(1, 60)),
        max_pets: random.int(0, 4),
        infants_count: random.once_in(3),
        seasons,
    }
}

fn tariff(random: &mut Random) -> Tariff {
    let price = |random: &mut Random| random.within(100, 40_000);
    let bps = |random: &mut Random| BasisPoints(random.maybe(2, |random| random.int(1, 4000)).unwrap_or(0));
    let lead =
        |random: &mut Random| random.maybe(3, |random| LeadDiscount { days: random.int(1, 40), bps: BasisPoints(random.int(0, 2000)) });
    let promotions = (0..random.within(0, 4) - 1)
        .map(|_| {
            let (from, to) = range(random, 40);
            Promotion { from, to, bps: BasisPoints(random.int(0, 3000)) }
        })
        .collect();
    let seasons = (0..random.within(0, 5) - 1)
        .map(|_| {
            let (from, to) = range(random, 40);
            PriceSeason { from, to, nightly: price(random), weekend_nightly: random.maybe(2, price) }
        })
        .collect();
    let vast = random.once_in(40);
    Tariff {
        currency: currency(random),
        nightly: if vast { 9_000_000_001 } else { price(random) },
        weekend_nightly: random.maybe(2, price),
        cleaning_fee: random.maybe(2, price).unwrap_or(0),
        pet_fee: random.maybe(2, price).unwrap_or(0),
        extra_guest: random.maybe(2, |random| ExtraGuest { after: random.int(1, 4), amount: random.within(0, 3000) }),
        weekly_discount_bps: bps(random),
        monthly_discount_bps: bps(random),
        new_listing_discount_bps: bps(random),
        early_bird: lead(random),
        last_minute: lead(random),
        promotions,
        seasons,
    }
}

fn days(random: &mut Random) -> Vec<DayRule> {
    let dense = random.once_in(4);
    let count = if random.once_in(2) { 0 } else { random.within(1, if dense { 40 } else { 5 }) };
    let mut days: Vec<DayRule> = (0..count)
        .map(|n| DayRule {
            date: if dense { start() + Days::new(n.unsigned_abs()) } else { date(random, 60) },
            price: random.maybe(2, |random| if random.once_in(20) { 5_000_000_000 } else { random.within(1, 50_000) }),
            min_nights: random.maybe(3, |random| random.int(1, 6)),
        })
        .collect();
    days.sort_by_key(|day| day.date);
    days.dedup_by_key(|day| day.date);
    days
}

/// Bookings that share no night with anything, blocks that may overlap, holds
/// that may have ended.
fn occupancies(random: &mut Random, now: DateTime<Utc>) -> Vec<Occupancy> {
    let mut all: Vec<Occupancy> = Vec::new();
    for _ in 0..random.within(0, 6) {
        let (check_in, check_out) = range(random, 9);
        let check_out = if random.once_in(15) { check_out + Days::new(600) } else { check_out };
        let nights = Stay { check_in, check_out };
        let lane = random.pick(&[Lane::Booking, Lane::Block]);
        let expires_at = random.maybe(4, |random| now + TimeDelta::minutes(random.within(-2, 3)));
        let expires_at = expires_at.filter(|_| lane == Lane::Booking);
        if !all.iter().any(|other| other.nights.overlaps(nights) && (other.lane, lane) != (Lane::Block, Lane::Block)) {
            all.push(Occupancy { nights, lane, expires_at });
        }
    }
    all
}

/// A home; `id` decides nothing else.
pub fn row(random: &mut Random, id: u64, now: DateTime<Utc>) -> Row {
    let (latitude, longitude) = random.pick(&[(38.7, -9.1), (38.75, -9.2), (0.0, 179.99), (-0.01, -179.99), (-89.99, 10.0), (35.6, 139.7)]);
    let near = |random: &mut Random| (random.within(-1000, 1000) as f64) / 50_000.0;
    let point = Point::from_degrees((latitude + near(random)).clamp(-90.0, 90.0), (longitude + near(random)).clamp(-180.0, 180.0)).unwrap();
    let point = if random.once_in(3) { Point::from_degrees(latitude, longitude).unwrap() } else { point };
    let mut amenities: Vec<String> = AMENITIES.iter().filter(|_| random.once_in(2)).map(|code| (*code).to_owned()).collect();
    amenities.reverse();
    Row {
        id: ListingId(Uuid::from_u128(u128::from(id) << 64 | u128::from(id % 7))),
        host: UserId(Uuid::from_u128(u128::from(random.next() % 5))),
        point,
        time_zone: random.pick(&ZONES),
        check_in_from: NaiveTime::from_hms_opt(u32::try_from(random.within(0, 24)).unwrap(), 0, 0).unwrap(),
        capacity: random.int(1, 21),
        bedrooms: random.int(0, 8),
        beds: random.int(0, 9),
        bathrooms_halves: random.int(0, 7),
        room_type: random.pick(RoomType::ALL),
        property_type: random.pick(&PropertyType::ALL[..6]),
        amenities,
        instant_book: random.once_in(2),
        cancellation_policy: random.pick(PolicyName::ALL),
        rating_count: random.int(0, 50),
        rating_overall: random.maybe(2, |random| random.int(100, 501)),
        relevance: random.int(4400, 4405),
        published_at: Utc.timestamp_opt(1_700_000_000 + random.within(0, 4), 5_000).unwrap(),
        title: random.pick(&TITLES).to_owned(),
        description: random.maybe(3, |random| random.pick(&TITLES).to_owned()).unwrap_or_default(),
        city: random.pick(&CITIES).to_owned(),
        region: random.pick(&["Lisboa", "LISBOA", ""]).to_owned(),
        neighbourhood: random.pick(&["Alfama", "Vila Madalena", "Sintra", ""]).to_owned(),
        country: Some(random.pick(&["PT", "BR"]).to_owned()),
        rules: rules(random),
        tariff: (!random.once_in(12)).then(|| tariff(random)),
        earlier_bookings: random.within(0, 5),
        days: days(random),
        occupancies: occupancies(random, now),
    }
}

pub fn market(random: &mut Random) -> Market {
    let taxes = (0..random.within(0, 7))
        .map(|n| {
            let kind = random.pick(TaxKind::ALL);
            let from = date(random, 10);
            PlacedTax {
                rule: TaxRule {
                    id: n.to_string(),
                    jurisdiction: "PT".to_owned(),
                    label: "Tax".to_owned(),
                    kind,
                    rate_bps: BasisPoints(if kind == TaxKind::Percent { random.int(0, 2500) } else { 0 }),
                    amount: random.within(0, 900),
                    base: random.pick(TaxBase::ALL),
                    night_cap: random.maybe(2, |random| random.int(1, 8)),
                    age_floor: random.maybe(2, |random| random.int(0, 18)),
                    exempt_from_nights: random.maybe(3, |random| random.int(3, 30)),
                    from,
                    to: random.maybe(2, |random| from + TimeDelta::days(random.within(1, 40))),
                },
                country: random.pick(&["PT", "BR"]).to_owned(),
                region: random.maybe(3, |_| "lisboa".to_owned()),
                city: random.maybe(3, |random| random.pick(&["LISBON", "são paulo"]).to_owned()),
                currency: random.maybe(2, currency),
            }
        })
        .collect();
    let fees = Fees {
        guest_fee_bps: BasisPoints(random.int(0, 1600)),
        host_fee_bps: BasisPoints(300),
        host_fee_on_cancellation: FeeRule::Proportional,
    };
    let day = |random: &mut Random| date(random, 30) - TimeDelta::days(20);
    let dated_fees = (0..random.within(0, 4))
        .map(|number| {
            let from = day(random);
            DatedFees {
                id: FeeRuleId(Uuid::from_u128(u128::try_from(number).unwrap())),
                host_id: random.maybe(2, |random| UserId(Uuid::from_u128(u128::from(random.next() % 5)))),
                from_nights: random.pick(&[1, 1, 7, 28]),
                guest_fee_bps: BasisPoints(random.int(0, 1600)),
                host_fee_bps: BasisPoints(300),
                from,
                to: random.maybe(2, |random| from + TimeDelta::days(random.within(1, 30))),
            }
        })
        .collect();
    Market { fees, dated_fees, taxes }
}

fn dates(random: &mut Random) -> Dates {
    let check_in = date(random, 50);
    let stay = Stay::new(check_in, check_in + TimeDelta::days(random.pick(&[1, 2, 2, 3, 3, 4, 7, 8, 28, 30]))).unwrap();
    let month = Month::new(2027, u32::try_from(random.within(3, 6)).unwrap()).unwrap();
    match random.within(0, 8) {
        0 => Dates::Around { stay, days: u8::try_from(random.within(1, 5)).unwrap() },
        1 => Dates::Weekend(month),
        2 => Dates::Week(month),
        3 => Dates::FourWeeks(month),
        _ => Dates::Exact(stay),
    }
}

fn area(random: &mut Random) -> Area {
    let (latitude, longitude) = random.pick(&[(38.7, -9.1), (38.75, -9.2), (0.0, 180.0), (0.0, -180.0), (-89.99, 10.0), (35.6, 139.7)]);
    if random.once_in(2) {
        return Area::circle(
            Point::from_degrees(latitude, longitude).unwrap(),
            random.pick(&[0.0, 500.0, 2_000.0, 20_000.0, 15_000_000.0]),
        );
    }
    let reach = random.pick(&[0.01, 0.05, 1.0, 60.0]);
    let wrap = |degrees: f64| (degrees + 540.0).rem_euclid(360.0) - 180.0;
    let low = Point::from_degrees((latitude - reach).max(-90.0), wrap(longitude - reach)).unwrap();
    let high = Point::from_degrees((latitude + reach).min(90.0), wrap(longitude + reach)).unwrap();
    Area::Box { west: low.longitude_e7, south: low.latitude_e7, east: high.longitude_e7, north: high.latitude_e7 }
}

const SAID: [&str; 14] = [
    "loft",
    "lof",
    "garden pool",
    "東京",
    "部",
    "montmatre",
    "sao",
    "ferienwohnug",
    "quiet room",
    "tub",
    "lisbon",
    "apartment",
    "xyzzy",
    "!!",
];

pub fn query(random: &mut Random) -> Query {
    let several =
        |random: &mut Random, all: &[&str]| -> Vec<String> { (0..random.within(1, 3)).map(|_| random.pick(all).to_owned()).collect() };
    let filters = Filters {
        area: random.maybe(2, area),
        place: random.maybe(8, |random| random.pick(&["lisboa", "SAO PAULO", "Sintra", "東京", "Atlantis"]).to_owned()),
        dates: (!random.once_in(4)).then(|| dates(random)),
        guests: Guests {
            adults: random.pick(&[1, 1, 2, 2, 4, 17]),
            children: random.pick(&[0, 0, 0, 2]),
            infants: random.pick(&[0, 0, 0, 1]),
            pets: random.pick(&[0, 0, 0, 1, 2, 6]),
        },
        price_min: random.maybe(4, |random| random.within(0, 90_000)),
        price_max: random.maybe(3, |random| random.within(1_000, 300_000)),
        currency: random.maybe(4, currency),
        room_types: random.maybe(5, |random| vec![random.pick(RoomType::ALL)]).unwrap_or_default(),
        property_types: random.maybe(5, |random| vec![random.pick(PropertyType::ALL), PropertyType::House]).unwrap_or_default(),
        bedrooms_min: random.maybe(6, |random| random.int(0, 4)),
        beds_min: random.maybe(6, |random| random.int(0, 4)),
        bathrooms_halves_min: random.maybe(6, |random| random.int(0, 4)),
        amenities: random.maybe(5, |random| several(random, &["wifi", "pool", "sauna", "kitchen", "wifi"])).unwrap_or_default(),
        instant_book: random.once_in(8),
        free_cancellation: random.once_in(8),
        rating_min: random.maybe(8, |random| random.int(0, 501)),
        host: random.maybe(8, |random| UserId(Uuid::from_u128(u128::from(random.next() % 6)))),
        words: random.maybe(4, |random| several(random, &SAID).join(" ")),
    };
    Query {
        filters,
        sort: random.pick(&[Sort::Relevance, Sort::PriceAsc, Sort::PriceDesc, Sort::Rating, Sort::Distance, Sort::Newest]),
        after: None,
        limit: random.pick(&[0, 1, 3, 20, 100]),
        facets: random.once_in(2),
        clusters: random.maybe(2, |random| u8::try_from(random.within(0, 23)).unwrap()),
        explain: random.once_in(2),
    }
}
