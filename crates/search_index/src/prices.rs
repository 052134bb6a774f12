//! What a stay costs, computed from a few numbers of a home. Line by line the
//! same as `domain::pricing::quote`, rounded where that rounds; taxes are its
//! own. A property test compares every total with the quote's.

use std::sync::Arc;

use domain::calendar::DayRule;
use domain::guests::Guests;
use domain::money::{BasisPoints, Currency, Money, MoneyError};
use domain::pricing::{ExtraGuest, LeadDiscount, MONTH, NEW_LISTING_BOOKINGS, Tariff, WEEK};
use domain::taxes::{Bases, TaxRule};

use crate::row::Row;
use crate::stays::{Day, Wish, day, is_weekend};

/// All of a tariff but its nights and its cleaning fee.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Conditions {
    pub place: Place,
    pub extras: Extras,
    pub offers: Offers,
    /// Basis points from 7 nights on.
    pub weekly: u16,
    /// Basis points from 28 nights on.
    pub monthly: u16,
}

/// Where it is, for the tax authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Place {
    /// None only where there is no price.
    pub currency: Option<Currency>,
    /// Number of the place and currency by which taxes are found.
    pub zone: u32,
}

/// What some parties pay beside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Extras {
    pet_fee: i64,
    extra_guest: Option<(i32, i64)>,
}

/// Discounts that hang on the moment of booking: days and basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(crate) struct Offers {
    /// 0 once the listing is no longer new.
    new_listing: i32,
    early_bird: Option<(i32, i32)>,
    last_minute: Option<(i32, i32)>,
    /// Where there is one of the latter two.
    time_zone: Option<chrono_tz::Tz>,
}

impl Conditions {
    pub fn of(row: &Row, tariff: &Tariff, zone: u32) -> Self {
        let lead = |discount: Option<LeadDiscount>| discount.filter(|d| d.bps.0 > 0).map(|d| (d.days, d.bps.0));
        let (early_bird, last_minute) = (lead(tariff.early_bird), lead(tariff.last_minute));
        let bps = |bps: BasisPoints| u16::try_from(bps.0.clamp(0, 10_000)).unwrap_or(0);
        Self {
            place: Place { currency: Some(tariff.currency), zone },
            extras: Extras {
                pet_fee: bounded(tariff.pet_fee),
                extra_guest: tariff.extra_guest.map(|ExtraGuest { after, amount }| (after, bounded(amount))),
            },
            offers: Offers {
                new_listing: if row.earlier_bookings < NEW_LISTING_BOOKINGS { tariff.new_listing_discount_bps.0 } else { 0 },
                early_bird,
                last_minute,
                time_zone: (early_bird.is_some() || last_minute.is_some()).then_some(row.time_zone),
            },
            weekly: bps(tariff.weekly_discount_bps),
            monthly: bps(tariff.monthly_discount_bps),
        }
    }
}

impl Extras {
    #[inline]
    fn sums(&self, wish: &Wish, guests: &Guests) -> (i64, i64) {
        let extra_guests = self.extra_guest.map_or(0, |(after, amount)| {
            let more = i64::from((guests.adults + guests.children - after).max(0));
            amount * more * i64::from(wish.nights)
        });
        (extra_guests, if guests.pets > 0 { self.pet_fee } else { 0 })
    }
}

impl Offers {
    /// Basis points for booking early or late, if neither another discount holds.
    fn by_lead(&self, wish: &Wish, now: chrono::DateTime<chrono::Utc>) -> i32 {
        let Some(zone) = self.time_zone else { return 0 };
        let holds = |lead: i32| {
            let early = self.early_bird.filter(|(days, _)| lead >= *days);
            early.or_else(|| self.last_minute.filter(|(days, _)| lead < *days)).map_or(0, |(_, bps)| bps)
        };
        // Local dates are at most a day off; where that decides nothing, the
        // time zone need not be asked.
        let (least, most) = (holds(wish.lead - 1), holds(wish.lead + 1));
        let near = |discount: Option<(i32, i32)>| discount.is_some_and(|(days, _)| (wish.lead - days).abs() <= 1);
        if least == most && !near(self.early_bird) && !near(self.last_minute) {
            return least;
        }
        holds(wish.check_in - day(domain::dates::local_date(zone, now)))
    }
}

/// No host can name more; so sums of a year of nights stay within `i64`.
pub(crate) fn bounded(amount: i64) -> i64 {
    amount.clamp(0, Money::MAX_AMOUNT)
}

/// What a home asks for a night.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Nightly {
    pub base: i64,
    /// Friday and Saturday.
    pub weekend: i64,
    pub cleaning: i64,
}

/// A range of dates with prices of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Season {
    from: Day,
    to: Day,
    nightly: i64,
    weekend: i64,
}

/// A range of dates with a discount of its own, in basis points.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Reduction {
    from: Day,
    to: Day,
    bps: i32,
}

/// Prices of single dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Own {
    Few(Arc<[(Day, i64)]>),
    /// From a day on; [`NO_PRICE`] where there is none.
    Many(Day, Arc<[u32]>),
}

const NO_PRICE: u32 = u32::MAX;

/// Prices and discounts of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatedPrices {
    /// The one that wins first.
    pub seasons: Box<[Season]>,
    pub reductions: Box<[Reduction]>,
    pub own: Option<Own>,
}

impl Own {
    fn of(days: &[DayRule]) -> Option<Self> {
        let mut prices: Vec<(Day, i64)> = days.iter().filter_map(|rule| Some((day(rule.date), bounded(rule.price?)))).collect();
        prices.sort_by_key(|(day, _)| *day);
        prices.dedup_by_key(|(day, _)| *day);
        let (first, last) = (prices.first()?.0, prices.last()?.0);
        let span = usize::try_from(last - first).unwrap_or(usize::MAX - 1) + 1;
        let small = prices.iter().all(|(_, price)| u32::try_from(*price).is_ok_and(|price| price != NO_PRICE));
        if !small || span > 4 * prices.len() {
            return Some(Self::Few(prices.into()));
        }
        let mut many = vec![NO_PRICE; span];
        for (day, price) in prices {
            if let (Ok(at), Ok(price)) = (usize::try_from(day - first), u32::try_from(price)) {
                many[at] = price;
            }
        }
        Some(Self::Many(first, many.into()))
    }

    fn on(&self, night: Day) -> Option<i64> {
        match self {
            Self::Few(prices) => prices.binary_search_by_key(&night, |(day, _)| *day).ok().map(|at| prices[at].1),
            Self::Many(first, prices) => {
                let price = usize::try_from(night - first).ok().and_then(|at| prices.get(at));
                price.filter(|price| **price != NO_PRICE).map(|price| i64::from(*price))
            }
        }
    }

    pub fn memory(&self) -> usize {
        match self {
            Self::Few(prices) => size_of_val(&**prices),
            Self::Many(_, prices) => size_of_val(&**prices),
        }
    }
}

impl DatedPrices {
    /// None when every date costs what the tariff says in general.
    pub fn of(tariff: &Tariff, days: &[DayRule]) -> Option<Self> {
        let mut seasons: Vec<&domain::pricing::PriceSeason> = tariff.seasons.iter().collect();
        // The shortest wins, then the one that starts later, then the first.
        seasons.sort_by_key(|season| ((season.to - season.from).num_days(), std::cmp::Reverse(season.from)));
        let own = Own::of(days);
        if seasons.is_empty() && tariff.promotions.is_empty() && own.is_none() {
            return None;
        }
        let season = |s: &domain::pricing::PriceSeason| {
            let nightly = bounded(s.nightly);
            Season { from: day(s.from), to: day(s.to), nightly, weekend: s.weekend_nightly.map_or(nightly, bounded) }
        };
        let reductions = tariff.promotions.iter().map(|p| Reduction { from: day(p.from), to: day(p.to), bps: p.bps.0 });
        Some(Self { seasons: seasons.into_iter().map(season).collect(), reductions: reductions.collect(), own })
    }
}

/// Prices of dates of one home, as they stand in a block.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Dates<'a> {
    /// The one that wins first.
    pub seasons: &'a [Season],
    pub own: Option<&'a Own>,
}

impl Nightly {
    /// Of homes without a price.
    pub const FREE: Self = Self { base: 0, weekend: 0, cleaning: 0 };

    fn on(&self, night: Day, dates: Dates<'_>) -> i64 {
        if let Some(price) = dates.own.and_then(|own| own.on(night)) {
            return price;
        }
        let season = dates.seasons.iter().find(|season| season.from <= night && night < season.to);
        let (nightly, weekend) = season.map_or((self.base, self.weekend), |season| (season.nightly, season.weekend));
        if is_weekend(night) { weekend } else { nightly }
    }

    /// The cheapest night of a stay.
    pub fn cheapest(&self, wish: &Wish, dates: Dates<'_>) -> i64 {
        (wish.check_in..wish.check_out).map(|night| self.on(night, dates)).min().unwrap_or(self.base)
    }

    /// All nights of a stay before discount.
    #[inline]
    pub fn gross(&self, wish: &Wish, dates: Dates<'_>) -> i64 {
        if dates.own.is_none() {
            let touching = |season: &&Season| season.from < wish.check_out && wish.check_in < season.to;
            match dates.seasons.iter().find(touching) {
                None => return alike(wish, self.base, self.weekend),
                // The first that touches wins, and where it covers all nights
                // no other matters.
                Some(season) if season.from <= wish.check_in && wish.check_out <= season.to => {
                    return alike(wish, season.nightly, season.weekend);
                }
                Some(_) => {}
            }
        }
        (wish.check_in..wish.check_out).map(|night| self.on(night, dates)).sum()
    }
}

#[inline]
fn alike(wish: &Wish, base: i64, weekend: i64) -> i64 {
    i64::from(wish.nights - wish.weekend_nights) * base + i64::from(wish.weekend_nights) * weekend
}

/// The best reduction that covers a stay.
pub(crate) fn reduction<'a>(all: impl Iterator<Item = &'a Reduction>, wish: &Wish) -> i32 {
    all.filter(|r| r.from <= wish.check_in && wish.check_out <= r.to).map(|r| r.bps).max().unwrap_or(0)
}

/// What is the same for every home of a search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party<'a> {
    pub guests: &'a Guests,
    pub now: chrono::DateTime<chrono::Utc>,
}

/// Basis points of the one discount of a stay: new listing > promotion > length
/// of stay > early or late. `promotion` is asked only where it matters.
#[inline]
pub(crate) fn discount(
    offers: &Offers,
    (weekly, monthly): (u16, u16),
    wish: &Wish,
    promotion: impl FnOnce() -> i32,
    now: chrono::DateTime<chrono::Utc>,
) -> i32 {
    if offers.new_listing > 0 {
        return offers.new_listing;
    }
    let promoted = promotion();
    if promoted > 0 {
        return promoted;
    }
    let of_length = match wish.nights {
        MONTH.. if monthly > 0 => monthly,
        WEEK.. => weekly,
        _ => 0,
    };
    if of_length > 0 { i32::from(of_length) } else { offers.by_lead(wish, now) }
}

/// What is added up after discount.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Sums<'a> {
    pub gross: i64,
    pub bps: i32,
    /// The marketplace's, from the guest.
    pub guest_fee_bps: BasisPoints,
    pub extras: &'a Extras,
    pub cleaning: i64,
    /// Those of the place that are owed for the stay; others are left out.
    pub taxes: &'a [TaxRule],
}

impl Sums<'_> {
    /// The total of a stay.
    ///
    /// # Errors
    /// When an amount leaves `i64`.
    #[inline]
    pub fn total(&self, wish: &Wish, party: &Party<'_>) -> Result<i64, MoneyError> {
        let (extra_guests, pet_fee) = self.extras.sums(wish, party.guests);
        let accommodation = self.gross - BasisPoints(self.bps).of(self.gross)? + extra_guests;
        let stay_fees = pet_fee + self.cleaning;
        let subtotal = accommodation + stay_fees;
        let guest_fee = self.guest_fee_bps.of(subtotal)?.max(0);
        let mut total = subtotal + guest_fee;
        for rule in self.taxes.iter().filter(|rule| rule.applies(wish.stay)) {
            let bases = Bases { nights: accommodation, fees: stay_fees, guest_fee };
            let tax = rule.on(wish.stay, party.guests, bases)?.amount.max(0);
            total = total.checked_add(tax).ok_or(MoneyError::Overflow)?;
        }
        Ok(total)
    }
}
