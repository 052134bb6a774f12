//! What is answered.

use domain::dates::Stay;
use domain::ids::ListingId;
use domain::listings::{Point, PropertyType, RoomType};
use domain::money::{Currency, Money};

use crate::query::After;

/// A home that was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Which.
    pub id: ListingId,
    /// What the order compares: points, minor units, hundredths of stars,
    /// decimetres or microseconds since 1970.
    pub key: i64,
    /// Where, fuzzed.
    pub point: Point,
    /// The nights that can be booked: those asked for, or with flexible dates
    /// the cheapest that fit (the earliest of several such).
    pub stay: Option<Stay>,
    /// A night: the cheapest of the stay, or the base price. None without a
    /// tariff.
    pub nightly: Option<Money>,
    /// The whole stay with every fee and tax; with dates only.
    pub total: Option<Money>,
    /// Decimetres to the centre of [`crate::Area::Circle`].
    pub decimetres: Option<i64>,
    /// Where its points come from, if asked for; their sum is the key of
    /// [`crate::Sort::Relevance`].
    pub explanation: Vec<Part>,
}

impl Hit {
    /// The cursor behind it.
    #[must_use]
    pub const fn after(&self) -> After {
        After { key: self.key, id: self.id }
    }
}

/// One part of a home's rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// `reviews` or `words`; see `docs/search-index.md`.
    pub name: &'static str,
    /// Points.
    pub points: i64,
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// In the order asked for.
    pub hits: Vec<Hit>,
    /// Whether there are further hits behind the last.
    pub more: bool,
    /// How many there are in all, exactly, whatever page this is.
    pub total: u64,
    /// If asked for.
    pub facets: Option<Facets>,
    /// If asked for; cells from south to north, then west to east.
    pub clusters: Vec<Cluster>,
}

/// How many homes each further filter would leave. Kinds of which several may
/// be chosen (room and property types) and the price count as if nothing of
/// their own kind had been chosen; all others count what is left if chosen in
/// addition.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Facets {
    /// Most first, then in the order of the vocabulary; none without homes.
    pub room_types: Vec<(RoomType, u64)>,
    /// Likewise.
    pub property_types: Vec<(PropertyType, u64)>,
    /// Most first, then by code; none without homes.
    pub amenities: Vec<(String, u64)>,
    /// Paid is booked.
    pub instant_book: u64,
    /// Flexible and moderate policies.
    pub free_cancellation: u64,
    /// At least so many bedrooms: 1 to 6.
    pub bedrooms: Vec<(i32, u64)>,
    /// At least so many hundredths of stars: 300, 400, 450, 480.
    pub ratings: Vec<(i32, u64)>,
    /// What homes cost: totals with dates (the cheapest of flexible ones),
    /// nights without.
    pub prices: Option<Histogram>,
}

/// How many homes cost how much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Histogram {
    /// That of the query, else the one most of the homes have; homes in others
    /// are not counted.
    pub currency: Currency,
    /// Neighbouring bins from the cheapest to the dearest home, ten to a power
    /// of ten, the same bounds whatever is found.
    pub bins: Vec<Bin>,
    /// The cheapest, minor units.
    pub least: i64,
    /// The dearest, minor units.
    pub most: i64,
}

/// Homes that cost `from <= amount < to` minor units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "see above")]
pub struct Bin {
    pub from: i64,
    pub to: i64,
    pub count: u64,
}

/// Homes close together on a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cluster {
    /// The middle of them.
    pub point: Point,
    /// How many.
    pub count: u64,
    /// The one with the smallest id; of a single home, itself.
    pub sample: ListingId,
}

/// A home that resembles another.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// Which.
    pub id: ListingId,
    /// How much, out of 1000.
    pub points: i64,
    /// Where the points come from.
    pub explanation: Vec<Part>,
}

/// What could be given up when nothing is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Widening {
    /// What stood in the way.
    pub reason: Relaxed,
    /// How many homes there are without it.
    pub total: u64,
    /// The query that finds them.
    pub query: crate::Query,
}

/// A wish that was given up, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relaxed {
    /// Arrive up to three days earlier or later.
    Dates,
    /// Any price.
    Price,
    /// No particular amenities.
    Amenities,
    /// Any kind of home and any number of rooms.
    Home,
    /// On request too, under any policy, with any rating.
    Conditions,
    /// Without the words.
    Words,
    /// A map twice as wide and high, or twice the radius.
    Area,
    /// Without dates.
    AnyDates,
}

impl Relaxed {
    /// Every one, in the order in which they are tried.
    pub const ALL: [Self; 8] =
        [Self::Dates, Self::Price, Self::Amenities, Self::Home, Self::Conditions, Self::Words, Self::Area, Self::AnyDates];

    /// Stable machine word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Dates => "dates",
            Self::Price => "price",
            Self::Amenities => "amenities",
            Self::Home => "home",
            Self::Conditions => "conditions",
            Self::Words => "words",
            Self::Area => "area",
            Self::AnyDates => "any_dates",
        }
    }
}

/// Why the index does not answer or does not take rows in. The database
/// answers instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Some night lies beyond the days that the index keeps.
    #[error("the search index knows nights until {last}, not later")]
    BeyondHorizon {
        /// The last night it knows.
        last: chrono::NaiveDate,
    },
    /// Too many homes for the memory it may use.
    #[error("the search index would need {needed} bytes for {listings} homes and may use {limit}: raise the limit or search in SQL")]
    TooLittleMemory {
        /// Bytes.
        needed: usize,
        /// Bytes.
        limit: usize,
        /// How many homes it would hold.
        listings: usize,
    },
    /// An amount left `i64` minor units.
    #[error("a price is too large to be computed")]
    Price(#[from] domain::money::MoneyError),
}
