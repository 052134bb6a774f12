//! A query made ready for the blocks: everything that is the same for all homes
//! is worked out once.

use chrono::{DateTime, Utc};
use domain::dates::local_date;
use domain::listings::{PropertyType, RoomType};
use domain::money::BasisPoints;
use domain::pricing::WEEK;

use crate::answer::Refusal;
use crate::block::{Block, CAPACITIES, Columns, Header, KINDS, ROOMS};
use crate::lexicon::name;
use crate::planes::{Mask, SLOTS};
use crate::prices::{Party, Sums, discount};
use crate::query::{Area, Query, decimetres};
use crate::row::Market;
use crate::stays::{Day, Wish};
use crate::text::{Field, Wanted, Word, code_words, fold};
use crate::vocabulary::Vocabulary;

/// A viewport that does not cross the date line.
#[derive(Debug, Clone, Copy)]
struct View {
    west: i32,
    south: i32,
    east: i32,
    north: i32,
}

/// A word that a guest has written and the places where it may be found.
#[derive(Debug)]
struct Sought {
    /// Numbers of words and how closely each fits.
    terms: Vec<(u32, i64)>,
    /// Points of kinds, by number.
    rooms: [i64; ROOMS],
    kinds: [i64; KINDS],
    amenities: Vec<usize>,
}

/// A query made ready.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    pub query: &'a Query,
    pub vocabulary: &'a Vocabulary,
    pub party: Party<'a>,
    market: &'a Market,
    /// Stays that would do; none when no dates were asked for.
    pub wishes: Option<Vec<Wish>>,
    /// `now` in microseconds since 1970.
    pub at: i64,
    /// What homes cost decides which are found or in which order.
    pub by_price: bool,
    views: Option<Vec<View>>,
    place: Option<u32>,
    amenities: Vec<usize>,
    sought: Vec<Sought>,
    /// Something was asked for that no home has.
    pub hopeless: bool,
}

/// The nights that can be asked for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Horizon {
    pub first: Day,
    pub days: i32,
    pub last_night: chrono::NaiveDate,
}

impl<'a> Plan<'a> {
    /// # Errors
    /// When a night beyond the horizon is asked for.
    pub fn new(
        query: &'a Query,
        (vocabulary, market): (&'a Vocabulary, &'a Market),
        horizon: Horizon,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let filters = &query.filters;
        let wishes = filters.dates.map(|dates| dates.stays().into_iter().map(|stay| Wish::new(stay, now)).collect::<Vec<_>>());
        if wishes.iter().flatten().any(|wish| wish.check_out > horizon.first + horizon.days) {
            return Err(Refusal::BeyondHorizon { last: horizon.last_night });
        }
        // Nights before the ring are in the past at every place on Earth.
        let wishes = wishes.map(|wishes| wishes.into_iter().filter(|wish| wish.check_in >= horizon.first).collect());
        let mut hopeless = false;
        let mut place = None;
        if let Some(asked) = &filters.place {
            place = vocabulary.lexicon.find(&name(&fold(asked)));
            hopeless |= place.is_none();
        }
        let mut amenities = Vec::new();
        for code in &filters.amenities {
            match vocabulary.amenity(code) {
                Some(number) => amenities.push(number),
                None => hopeless = true,
            }
        }
        let wanted = filters.words.as_deref().and_then(Wanted::new);
        let sought: Vec<Sought> = wanted.iter().flat_map(Wanted::words).map(|word| Sought::new(word, vocabulary)).collect();
        hopeless |= sought.iter().any(Sought::is_nowhere);
        Ok(Self {
            query,
            vocabulary,
            party: Party { guests: &filters.guests, now },
            market,
            wishes,
            at: now.timestamp_micros(),
            by_price: query.sort.by_price() || filters.priced(),
            views: filters.area.as_ref().map(views),
            place,
            amenities,
            sought,
            hopeless,
        })
    }

    /// Whether words give points.
    pub fn spoken(&self) -> bool {
        !self.sought.is_empty()
    }

    /// Whether a block has no home in the area.
    #[inline]
    pub fn misses(&self, header: &Header) -> bool {
        header.homes == 0 || self.views.as_ref().is_some_and(|views| !views.iter().any(|view| view.touches(header)))
    }

    /// Homes of a block that have everything asked for but dates, kind, price and
    /// the exact circle; fills `points` when words are asked for.
    pub fn alike(&self, block: &Block, header: &Header, points: &mut [i32; SLOTS]) -> Mask {
        let columns = &*block.columns;
        let filters = &self.query.filters;
        let mut mask = block.alive.and(&self.roomy(columns));
        for number in &self.amenities {
            mask = columns.amenities.get(*number).map_or(Mask::NONE, |plane| mask.and(plane));
        }
        if filters.instant_book {
            mask = mask.and(&columns.instant);
        }
        if filters.free_cancellation {
            mask = mask.and(&columns.free);
        }
        if mask.is_empty() {
            return mask;
        }
        if let Some(views) = &self.views
            && !views.iter().any(|view| view.covers(header))
        {
            mask = mask.and(&views.iter().fold(Mask::NONE, |all, view| all.or(&view.mask(columns))));
        }
        let least = |column: &[u8; SLOTS], least: i32| Mask::of(column, |have| i32::from(have) >= least);
        if let Some(bedrooms) = filters.bedrooms_min {
            mask = mask.and(&least(&columns.bedrooms, bedrooms));
        }
        if let Some(beds) = filters.beds_min {
            mask = mask.and(&least(&columns.beds, beds));
        }
        if let Some(bathrooms) = filters.bathrooms_halves_min {
            mask = mask.and(&least(&columns.bathrooms, bathrooms));
        }
        if let Some(rating) = filters.rating_min {
            mask = mask.and(&rated(columns, rating));
        }
        if let Some(host) = filters.host {
            mask = mask.and(&Mask::of(&columns.hosts, |have| have == host));
        }
        if let Some(place) = self.place {
            let mut named = Mask::NONE;
            let names = block.words.places(place).filter(|(_, written)| matches!(written, crate::vocabulary::Written::Name));
            names.for_each(|(slot, _)| named.set(slot, true));
            mask = mask.and(&named);
        }
        if self.spoken() && !mask.is_empty() {
            mask = self.say(block, mask, points);
        }
        mask
    }

    /// Homes with room for the party.
    fn roomy(&self, columns: &Columns) -> Mask {
        let guests = self.party.guests;
        let people = guests.adults + guests.children;
        let mut mask = capacity(columns, people);
        if guests.infants > 0 {
            let counted = capacity(columns, people + guests.infants);
            mask = mask.and_not(&columns.infants_count).or(&counted.and(&columns.infants_count));
        }
        match usize::try_from(guests.pets) {
            Ok(0) | Err(_) => mask,
            Ok(pets) => columns.pets.get(pets - 1).map_or(Mask::NONE, |plane| mask.and(plane)),
        }
    }

    /// Homes with one of the room types asked for.
    pub fn rooms(&self, columns: &Columns) -> Mask {
        let asked = &self.query.filters.room_types;
        one_of(&columns.rooms, asked.iter().map(|kind| *kind as usize))
    }

    /// Homes of one of the kinds asked for.
    pub fn kinds(&self, columns: &Columns) -> Mask {
        let asked = &self.query.filters.property_types;
        one_of(&columns.kinds, asked.iter().map(|kind| *kind as usize))
    }

    /// Of these homes those that a stay can be booked in.
    #[inline]
    pub fn available(&self, block: &Block, mask: Mask, wish: &Wish) -> Mask {
        let mut mask = mask.and_not(&block.calendar.taken(wish, self.at));
        if mask.is_empty() {
            return mask;
        }
        let columns = &*block.columns;
        let nights = u16::try_from(wish.nights).unwrap_or(u16::MAX);
        let long_enough = Mask::of(&columns.min_nights, |least| least <= nights);
        let short_enough = Mask::of(&columns.max_nights, |most| nights <= most);
        let (ruled, allowed) = columns.agenda.ruled(wish, &mask);
        mask = mask.and(&long_enough).and(&short_enough).and_not(&ruled).or(&allowed);
        let mut verdicts = [0_u8; SLOTS];
        for slot in mask.slots() {
            let class = usize::from(columns.arrivals.of[slot]);
            if verdicts[class] == 0 {
                verdicts[class] = 1 + u8::from(columns.arrivals.values[class].allows(wish, self.party.now));
            }
            if verdicts[class] == 1 {
                mask.set(slot, false);
            }
        }
        mask
    }

    /// Of these homes those within the circle asked for, if one was.
    pub fn encircled(&self, columns: &Columns, mut mask: Mask) -> Mask {
        if let Some(Area::Circle { centre, decimetres: most }) = self.query.filters.area {
            for slot in mask.slots() {
                if decimetres(centre, columns.point(slot)) > most {
                    mask.set(slot, false);
                }
            }
        }
        mask
    }

    /// What a stay costs in a home that has a price.
    ///
    /// # Errors
    /// When an amount leaves `i64`.
    #[inline]
    pub fn total(&self, columns: &Columns, slot: usize, wish: &Wish) -> Result<i64, Refusal> {
        let nightly = columns.nightly(slot);
        let offers = &columns.offers.values[usize::from(columns.offers.of[slot])];
        let lengths = if wish.nights >= WEEK { (columns.weekly[slot], columns.monthly[slot]) } else { (0, 0) };
        let sums = Sums {
            guest_fee_bps: self.guest_fee(columns, slot, wish),
            gross: nightly.gross(wish, columns.agenda.dates(slot)),
            bps: discount(offers, lengths, wish, || columns.agenda.reduction(slot, wish), self.party.now),
            extras: &columns.extras.values[usize::from(columns.extras.of[slot])],
            cleaning: nightly.cleaning,
            taxes: self.vocabulary.taxes(columns.places.values[usize::from(columns.places.of[slot])].zone),
        };
        Ok(sums.total(wish, &self.party)?)
    }

    /// What the marketplace takes from a guest who books this now.
    #[inline]
    fn guest_fee(&self, columns: &Columns, slot: usize, wish: &Wish) -> BasisPoints {
        if self.market.dated_fees.is_empty() {
            return self.market.fees.guest_fee_bps;
        }
        let zone = columns.arrivals.values[usize::from(columns.arrivals.of[slot])].time_zone;
        self.market.fees_of(columns.hosts[slot], wish.nights, local_date(zone, self.party.now)).guest_fee_bps
    }

    /// Whether the price bounds hold.
    pub fn affordable(&self, columns: &Columns, slot: usize, amount: i64) -> bool {
        let filters = &self.query.filters;
        filters.price_min.is_none_or(|min| amount >= min)
            && filters.price_max.is_none_or(|max| amount <= max)
            && filters.currency.is_none_or(|currency| columns.places.get(slot).currency == Some(currency))
    }

    /// Homes that say every word, with the mean of their points.
    fn say(&self, block: &Block, mut mask: Mask, points: &mut [i32; SLOTS]) -> Mask {
        // Most blocks say not every word: points wait until that is known.
        for sought in &self.sought {
            let mut said = Mask::NONE;
            sought.each(block, &mask, |slot, _| said.set(slot, true));
            mask = mask.and(&said);
            if mask.is_empty() {
                return mask;
            }
        }
        points.fill(0);
        for sought in &self.sought {
            let mut best = [0_i32; SLOTS];
            sought.each(block, &mask, |slot, points| best[slot] = best[slot].max(i32::try_from(points).unwrap_or(0)));
            for (sum, best) in points.iter_mut().zip(&best) {
                *sum += best;
            }
        }
        let words = i32::try_from(self.sought.len()).unwrap_or(1);
        points.iter_mut().for_each(|sum| *sum /= words);
        mask
    }
}

impl Sought {
    fn new(word: &Word, vocabulary: &Vocabulary) -> Self {
        let kind =
            |code: &str| code_words(code).filter_map(|term| word.fits(term)).max().map_or(0, |fit| quarters(Field::Kind.points(), fit));
        let (mut rooms, mut kinds) = ([0; ROOMS], [0; KINDS]);
        for (points, room) in rooms.iter_mut().zip(RoomType::ALL) {
            *points = kind(room.as_str());
        }
        for (points, property) in kinds.iter_mut().zip(PropertyType::ALL) {
            *points = kind(property.as_str());
        }
        let said = |code: &String| code_words(code).any(|term| term == word.text());
        let amenities = vocabulary.amenities.iter().enumerate().filter(|(_, code)| said(code)).map(|(number, _)| number);
        Self { terms: vocabulary.lexicon.meant(word), rooms, kinds, amenities: amenities.collect() }
    }

    fn is_nowhere(&self) -> bool {
        self.terms.is_empty() && self.amenities.is_empty() && self.rooms.iter().chain(&self.kinds).all(|points| *points == 0)
    }

    /// Every home that says it, with the points of each place.
    fn each(&self, block: &Block, mask: &Mask, mut found: impl FnMut(usize, i64)) {
        for (number, fit) in &self.terms {
            for (slot, written) in block.words.places(*number) {
                found(slot, quarters(written.points(), *fit));
            }
        }
        let columns = &*block.columns;
        let kinds = columns.rooms.iter().zip(&self.rooms).chain(columns.kinds.iter().zip(&self.kinds));
        let amenities = self.amenities.iter().filter_map(|number| columns.amenities.get(*number));
        let planes = kinds.map(|(plane, points)| (plane, *points)).chain(amenities.map(|plane| (plane, Field::Amenity.points())));
        for (plane, points) in planes.filter(|(_, points)| *points > 0) {
            plane.and(mask).slots().for_each(|slot| found(slot, points));
        }
    }
}

fn quarters(points: i64, fit: i64) -> i64 {
    points * fit / 4
}

fn capacity(columns: &Columns, people: i32) -> Mask {
    match usize::try_from(people) {
        Ok(0) | Err(_) => Mask::ALL,
        Ok(people @ 1..=CAPACITIES) => columns.capacities[people - 1],
        Ok(_) => Mask::of(&columns.capacity, |have| i32::from(have) >= people),
    }
}

/// Homes with at least so many hundredths of stars; unrated ones have none.
pub(crate) fn rated(columns: &Columns, least: i32) -> Mask {
    Mask::of(&columns.rating, |have| have > 0 && i32::from(have) >= least)
}

fn one_of(planes: &[Mask], asked: impl ExactSizeIterator<Item = usize>) -> Mask {
    if asked.len() == 0 {
        return Mask::ALL;
    }
    asked.fold(Mask::NONE, |all, number| all.or(&planes[number]))
}

fn views(area: &Area) -> Vec<View> {
    let (west, south, width, north) = area.bounds();
    let whole = |n: i64| i32::try_from(n).unwrap_or(i32::MAX);
    let view = |west: i64, east: i64| View { west: whole(west), south: whole(south), east: whole(east), north: whole(north) };
    let east = west + width;
    if east > 1_800_000_000 {
        return vec![view(west, 1_800_000_000), view(-1_800_000_000, east - 3_600_000_000)];
    }
    vec![view(west, east)]
}

impl View {
    #[inline]
    fn touches(&self, header: &Header) -> bool {
        self.west <= header.east && header.west <= self.east && self.south <= header.north && header.south <= self.north
    }

    fn covers(&self, header: &Header) -> bool {
        self.west <= header.west && header.east <= self.east && self.south <= header.south && header.north <= self.north
    }

    fn mask(&self, columns: &Columns) -> Mask {
        let across = Mask::of(&columns.longitude, |x| self.west <= x && x <= self.east);
        across.and(&Mask::of(&columns.latitude, |y| self.south <= y && y <= self.north))
    }
}
