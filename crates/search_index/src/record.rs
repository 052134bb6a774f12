//! One home as a block keeps it: what is written into a slot, and what is read
//! from one when a block is split or a home moves.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use domain::calendar::Lane;
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};

use crate::prices::{Conditions, DatedPrices, Nightly, bounded};
use crate::reference::is_free_cancellation;
use crate::row::{Market, Row};
use crate::stays::{Arrival, DatedRules, Day, day, moved};
use crate::vocabulary::{Registers, Spoken, Vocabulary};

/// Rules and prices of dates: few homes have them, so they stand outside the
/// columns, in the block's agenda.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dated {
    pub rules: Option<Arc<DatedRules>>,
    pub prices: Option<DatedPrices>,
}

/// Nights nobody can have, preparation included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Taken {
    pub from: Day,
    pub to: Day,
    /// Microseconds since 1970; none when for good.
    pub expires_at: Option<i64>,
}

/// One home.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Record {
    pub id: ListingId,
    pub facts: Facts,
    /// Sorted.
    pub amenities: Vec<u32>,
    /// A home without has no price.
    pub price: Option<(Nightly, Conditions)>,
    pub dated: Option<Dated>,
    /// Sorted.
    pub taken: Vec<Taken>,
    /// Sorted.
    pub words: Vec<Spoken>,
}

/// What there is one of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Facts {
    pub host: UserId,
    pub point: Point,
    pub room_type: RoomType,
    pub property_type: PropertyType,
    pub capacity: u8,
    pub bedrooms: u8,
    pub beds: u8,
    pub bathrooms_halves: u8,
    pub max_pets: u8,
    pub infants_count: bool,
    pub instant_book: bool,
    pub free_cancellation: bool,
    /// 0: nobody has rated it.
    pub rating: u16,
    pub relevance: i32,
    /// Microseconds since 1970.
    pub published: i64,
    pub min_nights: u16,
    /// [`u16::MAX`]: any number.
    pub max_nights: u16,
    pub arrival: Arrival,
}

fn byte(n: i32) -> u8 {
    u8::try_from(n.clamp(0, 255)).unwrap_or(0)
}

fn short(n: i32) -> u16 {
    u16::try_from(n.clamp(0, 65_535)).unwrap_or(0)
}

/// When a hold ends.
fn until(expires_at: Option<DateTime<Utc>>) -> Option<i64> {
    expires_at.map(|at| at.timestamp_micros())
}

impl Record {
    /// Of a row; `first` is the earliest night that can still be asked for.
    pub fn of(row: &Row, first: Day, vocabulary: &mut Vocabulary, (registers, market): (&mut Registers, &Market)) -> Self {
        let price = row.tariff.as_ref().map(|tariff| {
            let zone = registers.zone(row, tariff.currency, vocabulary, market);
            let base = bounded(tariff.nightly);
            let weekend = tariff.weekend_nightly.map_or(base, bounded);
            (Nightly { base, weekend, cleaning: bounded(tariff.cleaning_fee) }, Conditions::of(row, tariff, zone))
        });
        let dated = Dated {
            rules: DatedRules::of(&row.rules, &row.days).map(Arc::new),
            prices: row.tariff.as_ref().and_then(|tariff| DatedPrices::of(tariff, &row.days)),
        };
        Self {
            id: row.id,
            facts: Facts::of(row),
            amenities: registers.amenities(&row.amenities, vocabulary),
            price,
            dated: (dated.rules.is_some() || dated.prices.is_some()).then_some(dated),
            taken: taken(row, first),
            words: registers.words(row, vocabulary),
        }
    }
}

impl Facts {
    fn of(row: &Row) -> Self {
        Self {
            host: row.host,
            point: row.point,
            room_type: row.room_type,
            property_type: row.property_type,
            capacity: byte(row.capacity),
            bedrooms: byte(row.bedrooms),
            beds: byte(row.beds),
            bathrooms_halves: byte(row.bathrooms_halves),
            max_pets: byte(row.rules.max_pets),
            infants_count: row.rules.infants_count,
            instant_book: row.instant_book,
            free_cancellation: is_free_cancellation(row.cancellation_policy),
            rating: row.rating_overall.map_or(0, short),
            relevance: row.relevance,
            published: row.published_at.timestamp_micros(),
            min_nights: short(row.rules.min_nights),
            max_nights: row.rules.max_nights.map_or(u16::MAX, short),
            arrival: Arrival::of(row.time_zone, row.check_in_from, &row.rules),
        }
    }
}

/// Every night that cannot be had. A booking also takes the nights that the
/// host keeps free around it: a stay comes too close to a booking exactly when
/// it shares a night with the booking so widened.
fn taken(row: &Row, first: Day) -> Vec<Taken> {
    let preparation = i64::from(row.rules.preparation_nights.max(0));
    let mut taken: Vec<Taken> = row
        .occupancies
        .iter()
        .map(|occupancy| {
            let around = if occupancy.lane == Lane::Booking { preparation } else { 0 };
            let (from, to) = (moved(occupancy.nights.check_in, -around), moved(occupancy.nights.check_out, around));
            Taken { from: from.max(first), to, expires_at: until(occupancy.expires_at) }
        })
        .filter(|taken| taken.from < taken.to && taken.to > first)
        .collect();
    taken.sort_unstable();
    merged(taken)
}

/// Neighbouring nights that are taken for good, as one.
fn merged(taken: Vec<Taken>) -> Vec<Taken> {
    let (mut all, holds): (Vec<Taken>, Vec<Taken>) = taken.into_iter().partition(|taken| taken.expires_at.is_none());
    all.dedup_by(|next, kept| {
        let meets = next.from <= kept.to;
        if meets {
            kept.to = kept.to.max(next.to);
        }
        meets
    });
    all.extend(holds);
    all.sort_unstable();
    all
}

/// The first night that can be asked for on a day (UTC).
pub(crate) fn first_day(today: chrono::NaiveDate) -> Day {
    // West of Greenwich it may still be yesterday.
    day(today) - 1
}
