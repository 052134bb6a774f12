//! What goes in: everything the index needs to know of one home, and of the
//! marketplace around it.

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use chrono_tz::Tz;
use domain::calendar::{DayRule, Lane, StayFacts, StayRules, Taken, Terms};
use domain::cancellation::PolicyName;
use domain::dates::{Stay, local_date};
use domain::fees::{DatedFees, in_force};
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::MoneyError;
use domain::pricing::{Fees, Occasion, Prices, Quote, Tariff, quote};
use domain::taxes::{PlacedTax, TaxRule};

use crate::text::fold;

/// One published home. Whole rows travel, never differences, so that it does
/// not matter how often or in which order among other homes' they arrive.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// Which.
    pub id: ListingId,
    /// Whose.
    pub host: UserId,
    /// The public (fuzzed) point. Never the exact one: boxes would betray it.
    pub point: Point,
    /// Where its dates are.
    pub time_zone: Tz,
    /// Earliest arrival, local.
    pub check_in_from: NaiveTime,
    /// Guests it takes.
    pub capacity: i32,
    /// 0 is a studio.
    pub bedrooms: i32,
    /// Beds in all.
    pub beds: i32,
    /// 3 is one and a half.
    pub bathrooms_halves: i32,
    /// How much of the home a guest has.
    pub room_type: RoomType,
    /// What kind of building.
    pub property_type: PropertyType,
    /// Codes of the amenities table.
    pub amenities: Vec<String>,
    /// Paid is booked.
    pub instant_book: bool,
    /// Flexible and moderate count as free cancellation.
    pub cancellation_policy: PolicyName,
    /// How many have rated it.
    pub rating_count: i32,
    /// Mean stars in hundredths.
    pub rating_overall: Option<i32>,
    /// Static part of the ranking in points (the `relevance` column).
    pub relevance: i32,
    /// When it first went public.
    pub published_at: DateTime<Utc>,
    /// Its title.
    pub title: String,
    /// Empty: its words are not searched (and take no memory).
    pub description: String,
    /// City or village.
    pub city: String,
    /// Province, state.
    pub region: String,
    /// Part of the city.
    pub neighbourhood: String,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// When it can be had.
    pub rules: StayRules,
    /// What it costs; a home without is found, but not by price.
    pub tariff: Option<Tariff>,
    /// Confirmed bookings it has had; counts only up to the end of a
    /// new-listing discount.
    pub earlier_bookings: i64,
    /// The host's own rules for dates.
    pub days: Vec<DayRule>,
    /// Every night that somebody has.
    pub occupancies: Vec<Occupancy>,
}

/// Nights that somebody has, perhaps only for a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Occupancy {
    /// Which; may be longer than a stay can be.
    pub nights: Stay,
    /// Why.
    pub lane: Lane,
    /// A hold or request frees the nights at this instant, on its own.
    pub expires_at: Option<DateTime<Utc>>,
}

impl Row {
    /// What the availability rules need of it.
    #[must_use]
    pub fn terms(&self) -> Terms<'_> {
        Terms { published: true, time_zone: self.time_zone, check_in_from: self.check_in_from, capacity: self.capacity, rules: &self.rules }
    }

    /// What the calendar knows at `now`.
    #[must_use]
    pub fn facts(&self, now: DateTime<Utc>) -> StayFacts {
        let holds = |occupancy: &&Occupancy| occupancy.expires_at.is_none_or(|at| at > now);
        let taken = self.occupancies.iter().filter(holds).map(|o| Taken { nights: o.nights, lane: o.lane });
        StayFacts { days: self.days.clone(), taken: taken.collect() }
    }

    /// The price of a stay when asked at `now`; none without a tariff.
    ///
    /// # Errors
    /// When an amount leaves `i64` minor units.
    pub fn quote(
        &self,
        market: &Market,
        stay: Stay,
        guests: &domain::guests::Guests,
        now: DateTime<Utc>,
    ) -> Result<Option<Quote>, MoneyError> {
        let Some(tariff) = &self.tariff else { return Ok(None) };
        let place = (self.country.as_deref(), self.region.as_str(), self.city.as_str());
        let owed = market.taxes.iter().filter(|tax| tax.concerns(place, tariff.currency));
        let taxes: Vec<TaxRule> = owed.map(|tax| tax.rule.clone()).collect();
        let occasion = Occasion { booked_on: local_date(self.time_zone, now), earlier_bookings: self.earlier_bookings };
        let fees = market.fees_of(self.host, stay.nights(), occasion.booked_on);
        quote(&Prices { tariff, days: &self.days, fees: &fees, taxes: &taxes }, stay, guests, &occasion).map(Some)
    }

    /// Whether it is in a city, region, neighbourhood or (by its code) country of this name, whatever
    /// case and diacritics it is written with. `folded` has been through
    /// [`fold`].
    #[must_use]
    pub fn is_in(&self, folded: &str) -> bool {
        let country = self.country.as_deref().unwrap_or_default();
        [self.city.as_str(), &self.region, &self.neighbourhood, country].into_iter().any(|name| fold(name) == folded)
    }
}

/// News of a home.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is published and looks like this now.
    Upsert(Box<Row>),
    /// It is no longer published.
    Remove(ListingId),
}

/// What prices depend on beside the home.
#[derive(Debug, Clone, PartialEq)]
pub struct Market {
    /// The marketplace's fees where no rule says otherwise.
    pub fees: Fees,
    /// Every fee rule, past and future ones too, in the order of their ids.
    pub dated_fees: Vec<DatedFees>,
    /// Every tax of every place, past and future ones too, in the order of
    /// their ids.
    pub taxes: Vec<PlacedTax>,
}

impl Market {
    /// The fees of a booking made on a day.
    #[must_use]
    pub fn fees_of(&self, host: UserId, nights: i32, booked_on: NaiveDate) -> Fees {
        in_force(&self.dated_fees, self.fees, host, nights, booked_on)
    }
}
