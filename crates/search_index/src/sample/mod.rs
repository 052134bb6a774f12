//! A made-up world of any size, the same for a seed: for benchmarks and
//! tests. Five hundred cities in fifty countries, large ones larger, 30 % of
//! the homes in the countryside, two nights of five taken.

mod figures;
mod questions;
mod words;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, Utc};
use domain::calendar::{DayRule, Lane, RuleSeason, StayRules, Weekday};
use domain::cancellation::PolicyName;
use domain::dates::Stay;
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::{BasisPoints, Currency};
use domain::pricing::{ExtraGuest, FeeRule, Fees, LeadDiscount, PriceSeason, Promotion, Tariff};
use domain::taxes::{PlacedTax, TaxBase, TaxKind, TaxRule};
use uuid::Uuid;

pub use figures::{Figures, measure};
pub use questions::Kind;

use crate::row::{Market, Occupancy, Row};

/// Cities of the world.
pub const CITIES: u64 = 500;
const COUNTRIES: u64 = 50;
/// Nights that bookings are made for.
const BOOKED_DAYS: u64 = 365;

/// Numbers that follow from a seed (splitmix64).
#[derive(Debug, Clone)]
pub(crate) struct Random(u64);

impl Random {
    pub fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    /// Below `to`, which is greater than 0.
    pub fn below(&mut self, to: u64) -> u64 {
        self.next() % to
    }

    /// `from <= n < to` as the domain counts.
    pub fn within(&mut self, from: i32, to: i32) -> i32 {
        from + i32::try_from(self.below(u64::from(from.abs_diff(to)))).unwrap_or(0)
    }

    /// True in so many of a hundred cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    /// `0 <= x < 1`.
    pub fn unit(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        unit
    }

    /// Around 0, with a deviation of 1: the sum of twelve dice.
    pub fn bell(&mut self) -> f64 {
        (0..12).map(|_| self.unit()).sum::<f64>() - 6.0
    }

    pub fn pick<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap_or(0)]
    }
}

/// A world.
#[derive(Debug, Clone)]
pub struct Sample {
    seed: u64,
    /// Homes.
    pub listings: u64,
    /// The day on which it is looked at.
    pub today: NaiveDate,
    /// Shares of the cities, summed up.
    shares: Vec<f64>,
    currencies: Vec<Currency>,
}

/// A city: where it is and how it is called.
#[derive(Debug, Clone, Copy)]
pub struct City {
    number: u64,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
}

const ZONES: [chrono_tz::Tz; 10] = [
    chrono_tz::America::Los_Angeles,
    chrono_tz::America::Mexico_City,
    chrono_tz::America::New_York,
    chrono_tz::America::Sao_Paulo,
    chrono_tz::Atlantic::Azores,
    chrono_tz::Europe::Lisbon,
    chrono_tz::Europe::Berlin,
    chrono_tz::Asia::Dubai,
    chrono_tz::Asia::Bangkok,
    chrono_tz::Asia::Tokyo,
];
const AMENITIES: [&str; 40] = [
    "wifi",
    "kitchen",
    "washer",
    "dryer",
    "air_conditioning",
    "heating",
    "hot_water",
    "bed_linen",
    "hangers",
    "iron",
    "hair_dryer",
    "shampoo",
    "bathtub",
    "tv",
    "workspace",
    "gym",
    "refrigerator",
    "microwave",
    "oven",
    "stove",
    "dishwasher",
    "coffee_maker",
    "breakfast",
    "self_check_in",
    "luggage_dropoff",
    "long_stays",
    "pets_allowed",
    "crib",
    "high_chair",
    "pool",
    "hot_tub",
    "balcony",
    "garden",
    "bbq",
    "fireplace",
    "free_parking",
    "paid_parking",
    "elevator",
    "private_entrance",
    "waterfront",
];

impl Sample {
    /// A world of so many homes.
    #[must_use]
    pub fn new(seed: u64, listings: u64, today: NaiveDate) -> Self {
        let mut sum = 0.0;
        let shares = (1..=CITIES)
            .map(|rank| {
                #[expect(clippy::cast_precision_loss, reason = "500")]
                let share = (rank as f64).powf(-0.7);
                sum += share;
                sum
            })
            .collect();
        let currencies = ["USD", "MXN", "EUR", "BRL", "GBP", "CHF", "AED", "THB", "JPY", "EUR"];
        Self { seed, listings, today, shares, currencies: currencies.iter().filter_map(|code| code.parse().ok()).collect() }
    }

    /// Noon of the day on which it is looked at.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.today.and_time(NaiveTime::MIN).and_utc() + TimeDelta::hours(12)
    }

    /// South-west corner of a country, 6 by 8 degrees large: ten by five of them.
    fn country(number: u64) -> (f64, f64) {
        let at = |n: u64| f64::from(u32::try_from(n).unwrap_or(0));
        (-40.0 + at(number / 10) * 20.0, -170.0 + at(number % 10) * 34.0)
    }

    /// A city by its rank from 0, the largest.
    #[must_use]
    pub fn city(&self, rank: u64) -> City {
        let mut random = Random::new(self.seed ^ 0xc17, rank);
        let (south, west) = Self::country(rank % COUNTRIES);
        City { number: rank, latitude: south + 0.5 + random.unit() * 5.0, longitude: west + 0.5 + random.unit() * 7.0 }
    }

    /// A city as likely as a home is in it.
    pub(crate) fn some_city(&self, random: &mut Random) -> City {
        let share = random.unit() * self.shares.last().copied().unwrap_or(0.0);
        self.city(self.shares.partition_point(|sum| *sum < share) as u64)
    }

    fn place(&self, random: &mut Random) -> (City, u64, Point) {
        let city = self.some_city(random);
        let part = random.below(8);
        let (latitude, longitude) = if random.percent(30) {
            let (south, west) = Self::country(city.number % COUNTRIES);
            (south + random.unit() * 6.0, west + random.unit() * 8.0)
        } else {
            let mut centre = Random::new(self.seed ^ 0x9a7, city.number * 8 + part);
            let (up, aside) = (centre.bell() * 0.03, centre.bell() * 0.04);
            (city.latitude + up + random.bell() * 0.012, city.longitude + aside + random.bell() * 0.016)
        };
        let point = Point::from_degrees(latitude.clamp(-90.0, 90.0), longitude.clamp(-180.0, 180.0));
        (city, part, point.unwrap_or(Point { latitude_e7: 0, longitude_e7: 0 }))
    }

    /// A home by its number.
    #[must_use]
    pub fn row(&self, number: u64) -> Row {
        let mut random = Random::new(self.seed, number);
        let random = &mut random;
        let (city, part, point) = self.place(random);
        let country = city.number % COUNTRIES;
        let usual = if random.percent(70) { 4 } else { 20 };
        let property_type = random.pick(&PropertyType::ALL[..usual]);
        let count = if random.percent(20) { 0 } else { random.within(1, 120) };
        let overall = (count > 0).then(|| 500 - random.within(0, 12).pow(2).min(150));
        let capacity = random.within(1, 5) + random.within(0, 5);
        Row {
            id: ListingId(Uuid::from_u64_pair(random.next() >> 16 | number << 48, random.next())),
            host: UserId(Uuid::from_u64_pair(0, Random::new(self.seed ^ 5, number / 3).next())),
            point,
            time_zone: ZONES[usize::try_from(country % 10).unwrap_or(0)],
            check_in_from: NaiveTime::from_hms_opt(random.pick(&[14, 15, 15, 16]), 0, 0).unwrap_or(NaiveTime::MIN),
            capacity,
            bedrooms: capacity / 2,
            beds: capacity / 2 + 1,
            bathrooms_halves: 2 + random.within(0, 3),
            room_type: random.pick(&[RoomType::EntirePlace, RoomType::EntirePlace, RoomType::PrivateRoom, RoomType::SharedRoom]),
            property_type,
            amenities: AMENITIES
                .iter()
                .enumerate()
                .filter(|(n, _)| random.percent(90 - 2 * *n as u64))
                .map(|(_, code)| (*code).to_owned())
                .collect(),
            instant_book: random.percent(60),
            cancellation_policy: random.pick(PolicyName::ALL),
            rating_count: count,
            rating_overall: overall,
            relevance: (overall.unwrap_or(450) * count + 4500) * 10 / (count + 10),
            published_at: self.now() - TimeDelta::minutes(i64::from(random.within(0, 2_000_000))),
            title: words::title(random),
            description: String::new(),
            city: words::name(city.number),
            region: words::name(1000 + country),
            neighbourhood: words::name(2000 + city.number * 8 + part),
            country: Some(country_code(country)),
            rules: self.rules(random),
            tariff: Some(self.tariff(random, country)),
            earlier_bookings: i64::from(random.within(0, 60)),
            days: self.days(random),
            occupancies: self.occupancies(random),
        }
    }

    fn rules(&self, random: &mut Random) -> StayRules {
        let season = |random: &mut Random| {
            let from = self.today + Days::new(random.below(250));
            RuleSeason {
                from,
                to: from + Days::new(20 + random.below(60)),
                min_nights: Some(random.within(2, 8)),
                min_nights_by_weekday: None,
                max_nights: None,
                closed_to_arrival: if random.percent(20) { vec![Weekday::Sun] } else { Vec::new() },
                closed_to_departure: Vec::new(),
            }
        };
        StayRules {
            min_nights: random.pick(&[1, 1, 1, 1, 1, 1, 2, 2, 3, 5]),
            max_nights: random.pick(&[None, None, None, Some(14), Some(28), Some(90)]),
            advance_notice_hours: random.pick(&[0, 0, 0, 12, 24, 48]),
            notice_cutoff_hour: random.pick(&[None, None, None, None, Some(18), Some(20)]),
            preparation_nights: random.pick(&[0, 0, 0, 0, 0, 0, 0, 1, 1, 2]),
            booking_window_days: random.pick(&[None, None, None, Some(180), Some(365), Some(730)]),
            max_pets: random.pick(&[0, 0, 0, 1, 2]),
            infants_count: random.percent(20),
            seasons: if random.percent(10) { vec![season(random)] } else { Vec::new() },
        }
    }

    fn tariff(&self, random: &mut Random, country: u64) -> Tariff {
        let currency = self.currencies[usize::try_from(country % 10).unwrap_or(0) % self.currencies.len()];
        #[expect(clippy::cast_possible_truncation, reason = "a few thousand")]
        let nightly = ((90.0 * (random.bell() * 0.5).exp()) as i64 + 10) * currency.minor_per_major();
        let bps = |random: &mut Random, percent: u64| BasisPoints(if random.percent(percent) { random.within(1, 5) * 500 } else { 0 });
        let mut tariff = Tariff {
            weekend_nightly: random.percent(40).then(|| nightly * 6 / 5),
            cleaning_fee: if random.percent(70) { nightly / 4 } else { 0 },
            pet_fee: if random.percent(15) { 20 * currency.minor_per_major() } else { 0 },
            extra_guest: random.percent(25).then(|| ExtraGuest { after: 2, amount: 10 * currency.minor_per_major() }),
            weekly_discount_bps: bps(random, 30),
            monthly_discount_bps: bps(random, 20),
            new_listing_discount_bps: if random.percent(20) { BasisPoints(2000) } else { BasisPoints(0) },
            early_bird: random.percent(8).then_some(LeadDiscount { days: 60, bps: BasisPoints(500) }),
            last_minute: random.percent(8).then_some(LeadDiscount { days: 14, bps: BasisPoints(1000) }),
            ..Tariff::flat(currency, nightly)
        };
        if random.percent(5) {
            let from = self.today + Days::new(random.below(200));
            tariff.promotions.push(Promotion { from, to: from + Days::new(30), bps: BasisPoints(1500) });
        }
        if random.percent(30) {
            for n in 0..3_i64 {
                let from = self.today + Days::new(random.below(90) + 120 * n.unsigned_abs());
                let nightly = nightly * (4 + n) / 3;
                let weekend_nightly = random.percent(50).then_some(nightly * 11 / 10);
                tariff.seasons.push(PriceSeason { from, to: from + Days::new(45), nightly, weekend_nightly });
            }
        }
        tariff
    }

    /// One home of twenty has a price for every date of a year.
    fn days(&self, random: &mut Random) -> Vec<DayRule> {
        if !random.percent(5) {
            return Vec::new();
        }
        let price = i64::from(random.within(40, 400)) * 100;
        let day = |n: u64| DayRule {
            date: self.today + Days::new(n),
            price: Some(price + i64::from(random.within(0, 60)) * 100),
            min_nights: None,
        };
        (0..BOOKED_DAYS).map(day).collect()
    }

    fn occupancies(&self, random: &mut Random) -> Vec<Occupancy> {
        let mut all = Vec::new();
        let mut day = random.below(16);
        while day < BOOKED_DAYS {
            let nights = 1 + random.below(12);
            let nights = Stay { check_in: self.today + Days::new(day), check_out: self.today + Days::new(day + nights) };
            all.push(Occupancy { nights, lane: if random.percent(85) { Lane::Booking } else { Lane::Block }, expires_at: None });
            // Room for the preparation nights of any home.
            day += u64::from(nights.nights().unsigned_abs()) + 2 + random.below(16);
        }
        all
    }

    /// Every home, in the order in which an index is built quickest.
    pub fn rows(&self) -> impl Iterator<Item = Row> {
        let mut order: Vec<(u64, u64)> =
            (0..self.listings).map(|number| (crate::place_on_curve(self.place(&mut Random::new(self.seed, number)).2), number)).collect();
        order.sort_unstable();
        order.into_iter().map(|(_, number)| self.row(number))
    }

    /// Fees, and taxes of some countries and large cities.
    #[must_use]
    pub fn market(&self) -> Market {
        let rule = |id: String, kind: TaxKind, rate_bps: i32, amount: i64| TaxRule {
            id: id.clone(),
            jurisdiction: id,
            label: "Tax".to_owned(),
            kind,
            rate_bps: BasisPoints(rate_bps),
            amount,
            base: TaxBase::All,
            night_cap: Some(7),
            age_floor: Some(13),
            exempt_from_nights: None,
            from: self.today - Days::new(1000),
            to: None,
        };
        let vat = (0..COUNTRIES).step_by(4).map(|country| PlacedTax {
            rule: rule(format!("vat-{country}"), TaxKind::Percent, 700, 0),
            country: country_code(country),
            region: None,
            city: None,
            currency: None,
        });
        let city = (0..60).map(|city| PlacedTax {
            rule: rule(format!("city-{city}"), TaxKind::PerGuestNight, 0, 200),
            country: country_code(city % COUNTRIES),
            region: None,
            city: Some(words::name(city)),
            currency: self.currencies.get(usize::try_from(city % 10).unwrap_or(0)).copied(),
        });
        let fees =
            Fees { guest_fee_bps: BasisPoints(1200), host_fee_bps: BasisPoints(300), host_fee_on_cancellation: FeeRule::Proportional };
        Market { fees, dated_fees: Vec::new(), taxes: vat.chain(city).collect() }
    }
}

fn country_code(number: u64) -> String {
    let letter = |n: u64| char::from(b'A' + u8::try_from(n % 26).unwrap_or(0));
    [letter(number / 5), letter(number)].iter().collect()
}
