//! Up to 512 homes that lie close together, as planes and columns.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use chrono::NaiveTime;
use domain::ids::{ListingId, UserId};
use domain::listings::{Point, PropertyType, RoomType};

use crate::agenda::Agenda;
use crate::calendar::Calendar;
use crate::planes::{Column, Mask, SLOTS};
use crate::prices::{Conditions, Extras, Nightly, Offers, Place};
use crate::record::{Facts, Record};
use crate::stays::{Arrival, Day};
use crate::words::Words;

/// Unary planes of capacities go so far; larger parties ask the column.
pub(crate) const CAPACITIES: usize = 16;
pub(crate) const PETS: usize = 5;
pub(crate) const ROOMS: usize = RoomType::ALL.len();
pub(crate) const KINDS: usize = PropertyType::ALL.len();

/// What a search looks at before it looks into a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    pub west: i32,
    pub south: i32,
    pub east: i32,
    pub north: i32,
    pub relevance: i32,
    pub homes: u16,
}

impl Header {
    const EMPTY: Self = Self { west: i32::MAX, south: i32::MAX, east: i32::MIN, north: i32::MIN, relevance: i32::MIN, homes: 0 };
}

/// Values that many homes of a block share.
#[derive(Debug, Clone)]
pub(crate) struct Shared<T> {
    pub values: Vec<T>,
    pub of: Column<u16>,
}

impl<T: Copy + PartialEq> Shared<T> {
    fn new(value: T) -> Self {
        Self { values: vec![value], of: [0; SLOTS] }
    }

    pub fn get(&self, slot: usize) -> T {
        self.values[usize::from(self.of[slot])]
    }

    /// Never more values than homes: a value nobody has any more is replaced.
    fn set(&mut self, slot: usize, value: T) {
        if self.get(slot) == value {
            return;
        }
        let own = self.of[slot];
        let at = self.values.iter().position(|have| *have == value).unwrap_or_else(|| {
            if self.of.iter().filter(|of| **of == own).count() == 1 {
                self.values[usize::from(own)] = value;
                return usize::from(own);
            }
            self.values.push(value);
            self.values.len() - 1
        });
        self.of[slot] = u16::try_from(at).unwrap_or(0);
    }
}

impl<T: Copy + Eq + Hash> Shared<T> {
    /// Many values at once.
    fn of(default: T, all: impl Iterator<Item = (usize, T)>) -> Self {
        let mut shared = Self::new(default);
        let mut places = HashMap::from([(default, 0_u16)]);
        for (slot, value) in all {
            let next = u16::try_from(shared.values.len()).unwrap_or(0);
            let place = *places.entry(value).or_insert(next);
            if place == next {
                shared.values.push(value);
            }
            shared.of[slot] = place;
        }
        shared
    }
}

/// All that changes rarely.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    pub rooms: [Mask; ROOMS],
    pub kinds: [Mask; KINDS],
    /// Plane `n`: takes at least `n + 1`.
    pub capacities: [Mask; CAPACITIES],
    pub pets: [Mask; PETS],
    pub infants_count: Mask,
    pub instant: Mask,
    pub free: Mask,
    pub priced: Mask,
    pub amenities: Vec<Mask>,
    pub ids: Column<ListingId>,
    pub hosts: Column<UserId>,
    pub latitude: Column<i32>,
    pub longitude: Column<i32>,
    pub relevance: Column<i32>,
    pub published: Column<i64>,
    /// [`VAST`]: the three prices stand in `vast`.
    base: Column<u32>,
    weekend: Column<u32>,
    cleaning: Column<u32>,
    /// Prices that 32 bits do not hold.
    vast: Vec<(u16, Nightly)>,
    pub rating: Column<u16>,
    pub min_nights: Column<u16>,
    pub max_nights: Column<u16>,
    pub capacity: Column<u8>,
    pub bedrooms: Column<u8>,
    pub beds: Column<u8>,
    pub bathrooms: Column<u8>,
    pub spoken: Column<u8>,
    pub arrivals: Shared<Arrival>,
    pub places: Shared<Place>,
    pub extras: Shared<Extras>,
    pub offers: Shared<Offers>,
    pub weekly: Column<u16>,
    pub monthly: Column<u16>,
    pub agenda: Agenda,
}

const VAST: u32 = u32::MAX;

const NO_ARRIVAL: Arrival =
    Arrival { time_zone: chrono_tz::UTC, check_in_from: NaiveTime::MIN, notice_hours: 0, cutoff_hour: None, window_days: None };

impl Columns {
    fn new() -> Self {
        Self {
            rooms: [Mask::NONE; ROOMS],
            kinds: [Mask::NONE; KINDS],
            capacities: [Mask::NONE; CAPACITIES],
            pets: [Mask::NONE; PETS],
            infants_count: Mask::NONE,
            instant: Mask::NONE,
            free: Mask::NONE,
            priced: Mask::NONE,
            amenities: Vec::new(),
            ids: [ListingId(uuid::Uuid::nil()); SLOTS],
            hosts: [UserId(uuid::Uuid::nil()); SLOTS],
            latitude: [0; SLOTS],
            longitude: [0; SLOTS],
            relevance: [0; SLOTS],
            published: [0; SLOTS],
            base: [0; SLOTS],
            weekend: [0; SLOTS],
            cleaning: [0; SLOTS],
            vast: Vec::new(),
            rating: [0; SLOTS],
            min_nights: [0; SLOTS],
            max_nights: [0; SLOTS],
            capacity: [0; SLOTS],
            bedrooms: [0; SLOTS],
            beds: [0; SLOTS],
            bathrooms: [0; SLOTS],
            spoken: [0; SLOTS],
            arrivals: Shared::new(NO_ARRIVAL),
            places: Shared::new(Place::default()),
            extras: Shared::new(Extras::default()),
            offers: Shared::new(Offers::default()),
            weekly: [0; SLOTS],
            monthly: [0; SLOTS],
            agenda: Agenda::default(),
        }
    }

    pub fn point(&self, slot: usize) -> Point {
        Point { latitude_e7: self.latitude[slot], longitude_e7: self.longitude[slot] }
    }

    #[inline]
    pub fn nightly(&self, slot: usize) -> Nightly {
        if self.base[slot] == VAST {
            return self.vast_nightly(slot);
        }
        let (base, weekend, cleaning) = (self.base[slot], self.weekend[slot], self.cleaning[slot]);
        Nightly { base: base.into(), weekend: weekend.into(), cleaning: cleaning.into() }
    }

    #[cold]
    fn vast_nightly(&self, slot: usize) -> Nightly {
        let vast = self.vast.iter().find(|(at, _)| usize::from(*at) == slot);
        vast.map_or(Nightly::FREE, |(_, nightly)| *nightly)
    }

    fn set_nightly(&mut self, slot: usize, nightly: Nightly) {
        self.vast.retain(|(at, _)| usize::from(*at) != slot);
        let small = |amount: i64| u32::try_from(amount).ok().filter(|amount| *amount != VAST);
        match (small(nightly.base), small(nightly.weekend), small(nightly.cleaning)) {
            (Some(base), Some(weekend), Some(cleaning)) => {
                (self.base[slot], self.weekend[slot], self.cleaning[slot]) = (base, weekend, cleaning);
            }
            _ => {
                (self.base[slot], self.weekend[slot], self.cleaning[slot]) = (VAST, VAST, VAST);
                self.vast.push((u16::try_from(slot).unwrap_or(u16::MAX), nightly));
            }
        }
    }

    /// What a home asks beside its nights.
    fn conditions(&self, slot: usize) -> Conditions {
        Conditions {
            place: self.places.get(slot),
            extras: self.extras.get(slot),
            offers: self.offers.get(slot),
            weekly: self.weekly[slot],
            monthly: self.monthly[slot],
        }
    }

    /// All but what homes share and what hangs on dates.
    fn set_own(&mut self, slot: usize, record: &Record) {
        let facts = &record.facts;
        self.ids[slot] = record.id;
        self.hosts[slot] = facts.host;
        (self.latitude[slot], self.longitude[slot]) = (facts.point.latitude_e7, facts.point.longitude_e7);
        (self.relevance[slot], self.published[slot], self.rating[slot]) = (facts.relevance, facts.published, facts.rating);
        (self.min_nights[slot], self.max_nights[slot]) = (facts.min_nights, facts.max_nights);
        (self.capacity[slot], self.bedrooms[slot]) = (facts.capacity, facts.bedrooms);
        (self.beds[slot], self.bathrooms[slot]) = (facts.beds, facts.bathrooms_halves);
        self.set_nightly(slot, record.price.map_or(Nightly::FREE, |(nightly, _)| nightly));
        self.spoken[slot] = u8::try_from(record.words.len().min(255)).unwrap_or(0);
        self.priced.set(slot, record.price.is_some());
        self.infants_count.set(slot, facts.infants_count);
        self.instant.set(slot, facts.instant_book);
        self.free.set(slot, facts.free_cancellation);
        for (n, plane) in self.rooms.iter_mut().enumerate() {
            plane.set(slot, facts.room_type as usize == n);
        }
        for (n, plane) in self.kinds.iter_mut().enumerate() {
            plane.set(slot, facts.property_type as usize == n);
        }
        for (n, plane) in self.capacities.iter_mut().enumerate() {
            plane.set(slot, usize::from(facts.capacity) > n);
        }
        for (n, plane) in self.pets.iter_mut().enumerate() {
            plane.set(slot, usize::from(facts.max_pets) > n);
        }
        let most = record.amenities.last().map_or(0, |number| *number as usize + 1);
        if self.amenities.len() < most {
            self.amenities.resize(most, Mask::NONE);
        }
        for (number, plane) in (0..).zip(&mut self.amenities) {
            plane.set(slot, record.amenities.binary_search(&number).is_ok());
        }
        if let Some((_, conditions)) = record.price {
            (self.weekly[slot], self.monthly[slot]) = (conditions.weekly, conditions.monthly);
        }
    }

    fn facts(&self, slot: usize) -> Facts {
        let word = |planes: &[Mask]| planes.iter().position(|plane| plane.get(slot)).unwrap_or(0);
        let height = |planes: &[Mask]| u8::try_from(planes.iter().filter(|plane| plane.get(slot)).count()).unwrap_or(0);
        Facts {
            host: self.hosts[slot],
            point: self.point(slot),
            room_type: RoomType::ALL[word(&self.rooms)],
            property_type: PropertyType::ALL[word(&self.kinds)],
            capacity: self.capacity[slot],
            bedrooms: self.bedrooms[slot],
            beds: self.beds[slot],
            bathrooms_halves: self.bathrooms[slot],
            max_pets: height(&self.pets),
            infants_count: self.infants_count.get(slot),
            instant_book: self.instant.get(slot),
            free_cancellation: self.free.get(slot),
            rating: self.rating[slot],
            relevance: self.relevance[slot],
            published: self.published[slot],
            min_nights: self.min_nights[slot],
            max_nights: self.max_nights[slot],
            arrival: self.arrivals.get(slot),
        }
    }

    fn memory(&self) -> (usize, usize) {
        let shared = self.arrivals.values.capacity() * size_of::<Arrival>()
            + self.places.values.capacity() * size_of::<Place>()
            + self.extras.values.capacity() * size_of::<Extras>()
            + self.offers.values.capacity() * size_of::<Offers>();
        let lists =
            self.agenda.memory() + self.amenities.capacity() * size_of::<Mask>() + self.vast.capacity() * size_of::<(u16, Nightly)>();
        (size_of::<Self>() + shared + lists, self.agenda.own_memory())
    }
}

/// Up to 512 homes.
#[derive(Debug, Clone)]
pub(crate) struct Block {
    pub alive: Mask,
    pub columns: Arc<Columns>,
    pub calendar: Arc<Calendar>,
    pub words: Words,
}

impl Block {
    /// Of at most 512 homes.
    pub fn of(records: &[Record], first: Day, days: usize) -> Self {
        let mut columns = Columns::new();
        let (mut calendar, mut alive) = (Calendar::new(first, days), Mask::NONE);
        let records = &records[..records.len().min(SLOTS)];
        columns.arrivals = Shared::of(NO_ARRIVAL, records.iter().map(|record| record.facts.arrival).enumerate());
        let conditions = || records.iter().enumerate().filter_map(|(slot, record)| Some((slot, record.price?.1)));
        columns.places = Shared::of(Place::default(), conditions().map(|(slot, conditions)| (slot, conditions.place)));
        columns.extras = Shared::of(Extras::default(), conditions().map(|(slot, conditions)| (slot, conditions.extras)));
        columns.offers = Shared::of(Offers::default(), conditions().map(|(slot, conditions)| (slot, conditions.offers)));
        for (slot, record) in records.iter().enumerate() {
            alive.set(slot, true);
            columns.set_own(slot, record);
            calendar.fill(slot, &record.taken);
        }
        columns.amenities.shrink_to_fit();
        let dated = records.iter().enumerate().filter_map(|(slot, record)| Some((slot, Cow::Borrowed(record.dated.as_ref()?))));
        columns.agenda = Agenda::of(dated);
        let words: Vec<(usize, &[crate::vocabulary::Spoken])> =
            records.iter().enumerate().map(|(slot, record)| (slot, &record.words[..])).collect();
        Self { alive, columns: Arc::new(columns), calendar: Arc::new(calendar), words: Words::default().with(&words) }
    }

    pub fn header(&self) -> Header {
        let mut header = Header::EMPTY;
        for slot in self.alive.slots() {
            let (x, y) = (self.columns.longitude[slot], self.columns.latitude[slot]);
            (header.west, header.east) = (header.west.min(x), header.east.max(x));
            (header.south, header.north) = (header.south.min(y), header.north.max(y));
            header.relevance = header.relevance.max(self.columns.relevance[slot]);
            header.homes += 1;
        }
        header
    }

    pub fn get(&self, slot: usize) -> Record {
        Record { taken: self.calendar.get(slot), words: self.words.get(slot), ..self.get_columns(slot) }
    }

    /// All but nights and words.
    fn get_columns(&self, slot: usize) -> Record {
        let columns = &self.columns;
        let amenities = (0..).zip(&columns.amenities).filter(|(_, plane)| plane.get(slot)).map(|(number, _)| number).collect();
        Record {
            id: columns.ids[slot],
            facts: columns.facts(slot),
            amenities,
            price: columns.priced.get(slot).then(|| (columns.nightly(slot), columns.conditions(slot))),
            dated: columns.agenda.get(slot),
            taken: Vec::new(),
            words: Vec::new(),
        }
    }

    /// Writes a home into a slot. What is the same already is not touched, so
    /// that a booking copies the nights only.
    pub fn put(&mut self, slot: usize, record: &Record) {
        if !self.alive.get(slot) || self.calendar.get(slot) != record.taken {
            Arc::make_mut(&mut self.calendar).set(slot, &record.taken);
        }
        if !self.alive.get(slot) || !self.same_words(slot, record) {
            self.words = self.words.with(&[(slot, &record.words)]);
        }
        let same = self.alive.get(slot) && {
            let old = self.get_columns(slot);
            old.id == record.id
                && old.facts == record.facts
                && old.amenities == record.amenities
                && old.price == record.price
                && old.dated == record.dated
        };
        if !same {
            let columns = Arc::make_mut(&mut self.columns);
            columns.set_own(slot, record);
            columns.arrivals.set(slot, record.facts.arrival);
            if let Some((_, conditions)) = record.price {
                columns.places.set(slot, conditions.place);
                columns.extras.set(slot, conditions.extras);
                columns.offers.set(slot, conditions.offers);
            }
            columns.agenda = columns.agenda.with(slot, record.dated.as_ref());
        }
        self.alive.set(slot, true);
    }

    fn same_words(&self, slot: usize, record: &Record) -> bool {
        usize::from(self.columns.spoken[slot]) == record.words.len().min(255)
            && record.words.len() < 255
            && record.words.iter().all(|(number, written)| self.words.places(*number).any(|place| place == (slot, *written)))
    }

    pub fn remove(&mut self, slot: usize) {
        self.alive.set(slot, false);
    }

    pub fn advance(&mut self, first: Day) {
        Arc::make_mut(&mut self.calendar).advance(first);
    }

    /// Bytes in all, of words, and of single dates.
    pub fn memory(&self) -> (usize, usize, usize) {
        let (columns, own) = self.columns.memory();
        let words = self.words.memory();
        (size_of::<Self>() + columns + self.calendar.memory() + words, words, own)
    }
}
