//! What a stay costs, computed from a few numbers of a home. Line by line the
//! same as `domain::pricing::quote`, rounded where that rounds; taxes are its
//! own. A property test compares every total with the quote's.

use domain::calendar::DayRule;
use domain::guests::Guests;
use domain::money::{BasisPoints, Currency, Money, MoneyError};
use domain::pricing::{ExtraGuest, Fees, LeadDiscount, MONTH, NEW_LISTING_BOOKINGS, Tariff, WEEK};
use domain::taxes::{Bases, TaxRule};

use crate::row::Row;
use crate::stays::{Day, Wish, day, is_weekend};

/// All of a tariff but its nights and its cleaning fee. Homes of a block share
/// most of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Conditions {
    /// None only where there is no price.
    pub currency: Option<Currency>,
    /// Number of the place and currency by which taxes are found.
    pub zone: u32,
    pub pet_fee: i64,
    pub extra_guest: Option<(i32, i64)>,
    pub weekly_bps: i32,
    pub monthly_bps: i32,
    /// 0 once the listing is no longer new.
    pub new_listing_bps: i32,
    pub early_bird: Option<(i32, i32)>,
    pub last_minute: Option<(i32, i32)>,
    /// Only where a discount hangs on the day of booking.
    pub time_zone: Option<chrono_tz::Tz>,
}

impl Conditions {
    /// Those of homes without a price.
    pub const NONE: Self = Self {
        currency: None,
        zone: 0,
        pet_fee: 0,
        extra_guest: None,
        weekly_bps: 0,
        monthly_bps: 0,
        new_listing_bps: 0,
        early_bird: None,
        last_minute: None,
        time_zone: None,
    };

    pub fn of(row: &Row, tariff: &Tariff, zone: u32) -> Self {
        let lead = |discount: Option<LeadDiscount>| discount.filter(|d| d.bps.0 > 0).map(|d| (d.days, d.bps.0));
        let dated = tariff.early_bird.is_some() || tariff.last_minute.is_some();
        let new = row.earlier_bookings < NEW_LISTING_BOOKINGS;
        Self {
            currency: Some(tariff.currency),
            zone,
            pet_fee: bounded(tariff.pet_fee),
            extra_guest: tariff.extra_guest.map(|ExtraGuest { after, amount }| (after, bounded(amount))),
            weekly_bps: tariff.weekly_discount_bps.0,
            monthly_bps: tariff.monthly_discount_bps.0,
            new_listing_bps: if new { tariff.new_listing_discount_bps.0 } else { 0 },
            early_bird: lead(tariff.early_bird),
            last_minute: lead(tariff.last_minute),
            time_zone: dated.then_some(row.time_zone),
        }
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
struct Season {
    from: Day,
    to: Day,
    nightly: i64,
    weekend: i64,
}

/// Prices of single dates.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Own {
    Few(Box<[(Day, i64)]>),
    /// From a day on; [`NO_PRICE`] where there is none.
    Many(Day, Box<[u32]>),
}

const NO_PRICE: u32 = u32::MAX;

/// Prices and discounts of dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DatedPrices {
    /// The one that wins first.
    seasons: Box<[Season]>,
    /// First day, first day after, basis points.
    promotions: Box<[(Day, Day, i32)]>,
    own: Own,
}

impl Own {
    fn of(days: &[DayRule]) -> Self {
        let mut prices: Vec<(Day, i64)> = days.iter().filter_map(|rule| Some((day(rule.date), bounded(rule.price?)))).collect();
        prices.sort_by_key(|(day, _)| *day);
        prices.dedup_by_key(|(day, _)| *day);
        let (Some(first), Some(last)) = (prices.first(), prices.last()) else { return Self::Few(Box::default()) };
        let (first, span) = (first.0, usize::try_from(last.0 - first.0).unwrap_or(usize::MAX - 1) + 1);
        let small = prices.iter().all(|(_, price)| u32::try_from(*price).is_ok_and(|price| price != NO_PRICE));
        if !small || span > 4 * prices.len() {
            return Self::Few(prices.into());
        }
        let mut many = vec![NO_PRICE; span];
        for (day, price) in prices {
            if let (Ok(at), Ok(price)) = (usize::try_from(day - first), u32::try_from(price)) {
                many[at] = price;
            }
        }
        Self::Many(first, many.into())
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

    fn touches(&self, wish: &Wish) -> bool {
        match self {
            Self::Few(prices) => {
                let at = prices.partition_point(|(day, _)| *day < wish.check_in);
                prices.get(at).is_some_and(|(day, _)| *day < wish.check_out)
            }
            Self::Many(first, prices) => *first < wish.check_out && i32::try_from(prices.len()).is_ok_and(|n| wish.check_in < first + n),
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
        if seasons.is_empty() && tariff.promotions.is_empty() && own == Own::Few(Box::default()) {
            return None;
        }
        let season = |s: &domain::pricing::PriceSeason| {
            let nightly = bounded(s.nightly);
            Season { from: day(s.from), to: day(s.to), nightly, weekend: s.weekend_nightly.map_or(nightly, bounded) }
        };
        let promotions = tariff.promotions.iter().map(|p| (day(p.from), day(p.to), p.bps.0)).collect();
        Some(Self { seasons: seasons.into_iter().map(season).collect(), promotions, own })
    }

    fn promotion(&self, wish: &Wish) -> i32 {
        let within = |(from, to, _): &&(Day, Day, i32)| *from <= wish.check_in && wish.check_out <= *to;
        self.promotions.iter().filter(within).map(|(.., bps)| *bps).max().unwrap_or(0)
    }

    pub fn memory(&self) -> usize {
        let own = match &self.own {
            Own::Few(prices) => size_of_val(&**prices),
            Own::Many(_, prices) => size_of_val(&**prices),
        };
        size_of::<Self>() + size_of_val(&*self.seasons) + size_of_val(&*self.promotions) + own
    }

    /// Bytes of prices of single dates.
    pub fn own_memory(&self) -> usize {
        self.memory() - size_of::<Self>() - size_of_val(&*self.seasons) - size_of_val(&*self.promotions)
    }
}

impl Nightly {
    fn on(&self, night: Day, dated: Option<&DatedPrices>) -> i64 {
        let weekend = is_weekend(night);
        if let Some(dated) = dated {
            if let Some(price) = dated.own.on(night) {
                return price;
            }
            if let Some(season) = dated.seasons.iter().find(|season| season.from <= night && night < season.to) {
                return if weekend { season.weekend } else { season.nightly };
            }
        }
        if weekend { self.weekend } else { self.base }
    }

    /// The cheapest night of a stay.
    pub fn cheapest(&self, wish: &Wish, dated: Option<&DatedPrices>) -> i64 {
        (wish.check_in..wish.check_out).map(|night| self.on(night, dated)).min().unwrap_or(self.base)
    }

    /// All nights of a stay before discount.
    #[inline]
    fn gross(&self, wish: &Wish, dated: Option<&DatedPrices>) -> i64 {
        let alike =
            |base: i64, weekend: i64| i64::from(wish.nights - wish.weekend_nights) * base + i64::from(wish.weekend_nights) * weekend;
        let Some(dated) = dated else { return alike(self.base, self.weekend) };
        if !dated.own.touches(wish) {
            let touching = |season: &&Season| season.from < wish.check_out && wish.check_in < season.to;
            match dated.seasons.iter().find(touching) {
                None => return alike(self.base, self.weekend),
                // The first that touches wins, and where it covers all nights
                // no other matters.
                Some(season) if season.from <= wish.check_in && wish.check_out <= season.to => {
                    return alike(season.nightly, season.weekend);
                }
                Some(_) => {}
            }
        }
        (wish.check_in..wish.check_out).map(|night| self.on(night, Some(dated))).sum()
    }
}

/// What one set of conditions comes to for one stay of one party.
#[derive(Debug, Clone)]
pub(crate) struct Sums {
    /// Wins over a promotion.
    first_bps: i32,
    /// Where no promotion is.
    last_bps: i32,
    /// Extra guests and pets.
    extra_guests: i64,
    pet_fee: i64,
    /// Whether any tax is owed; most places have none.
    taxed: bool,
}

/// What is the same for every home of a search.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Party<'a> {
    pub guests: &'a Guests,
    pub fees: &'a Fees,
    pub now: chrono::DateTime<chrono::Utc>,
}

impl Conditions {
    pub fn sums(&self, wish: &Wish, party: &Party<'_>, taxes: &[TaxRule]) -> Sums {
        let of_length = match wish.nights {
            MONTH.. if self.monthly_bps > 0 => self.monthly_bps,
            WEEK.. => self.weekly_bps,
            _ => 0,
        };
        let by_lead = || {
            let booked_on = domain::dates::local_date(self.time_zone?, party.now);
            let lead = wish.check_in - day(booked_on);
            let early = self.early_bird.filter(|(days, _)| lead >= *days);
            early.or_else(|| self.last_minute.filter(|(days, _)| lead < *days)).map(|(_, bps)| bps)
        };
        let guests = party.guests;
        let extra_guests = self.extra_guest.map_or(0, |(after, amount)| {
            let more = i64::from((guests.adults + guests.children - after).max(0));
            amount * more * i64::from(wish.nights)
        });
        Sums {
            first_bps: self.new_listing_bps,
            last_bps: if of_length > 0 { of_length } else { by_lead().unwrap_or(0) },
            extra_guests,
            pet_fee: if guests.pets > 0 { self.pet_fee } else { 0 },
            taxed: taxes.iter().any(|rule| rule.applies(wish.stay)),
        }
    }
}

impl Sums {
    /// The total of a stay.
    ///
    /// # Errors
    /// When an amount leaves `i64`.
    #[inline]
    pub fn total(
        &self,
        nightly: &Nightly,
        dated: Option<&DatedPrices>,
        wish: &Wish,
        (party, taxes): (&Party<'_>, &[TaxRule]),
    ) -> Result<i64, MoneyError> {
        let gross = nightly.gross(wish, dated);
        let bps = match (self.first_bps, dated) {
            (1.., _) => self.first_bps,
            (_, Some(dated)) if !dated.promotions.is_empty() => match dated.promotion(wish) {
                0 => self.last_bps,
                bps => bps,
            },
            _ => self.last_bps,
        };
        let accommodation = gross - BasisPoints(bps).of(gross)? + self.extra_guests;
        let stay_fees = self.pet_fee + nightly.cleaning;
        let subtotal = accommodation + stay_fees;
        let guest_fee = party.fees.guest_fee_bps.of(subtotal)?.max(0);
        let mut total = subtotal + guest_fee;
        if self.taxed {
            let bases = Bases { nights: accommodation, fees: stay_fees, guest_fee };
            for rule in taxes.iter().filter(|rule| rule.applies(wish.stay)) {
                let tax = rule.on(wish.stay, party.guests, bases)?.amount.max(0);
                total = total.checked_add(tax).ok_or(MoneyError::Overflow)?;
            }
        }
        Ok(total)
    }
}
