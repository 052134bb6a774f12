//! Names of places: completed while they are typed, slips of the pen forgiven,
//! in every language that GeoNames knows a name in. Pure: no database, no
//! network; the data is part of the program (see `data/README.md`).

mod names;
mod read;

use domain::listings::Point;
use search_index::text::fold;
use search_index::{Area, decimetres};

use crate::names::Names;
pub use crate::read::{Unreadable, built_in};

/// What a place is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A country.
    Country,
    /// A city or town.
    City,
    /// A part of a city, or whatever an operator has imported.
    Neighbourhood,
}

impl Kind {
    /// Its word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Country => "country",
            Self::City => "city",
            Self::Neighbourhood => "neighbourhood",
        }
    }
}

/// A place.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// `country:PT`, `geonames:2267057`, or an imported place's own id.
    pub id: String,
    /// What.
    pub kind: Kind,
    /// As it is usually called.
    pub name: String,
    /// Other names, in any language.
    pub other_names: Vec<String>,
    /// ISO 3166-1 alpha-2; empty when unknown.
    pub country: String,
    /// First-level division as GeoNames codes it (`OR` for Oregon).
    pub division: String,
    /// Its middle.
    pub centre: Point,
    /// Where homes of it are looked for.
    pub area: Area,
    /// Inhabitants: the more, the earlier it is proposed.
    pub population: u32,
}

impl Place {
    /// West, south, east and north edge of its area in degrees; west may lie east
    /// of east, across the date line.
    #[must_use]
    pub fn bbox(&self) -> [f64; 4] {
        let degrees = |e7: i32| f64::from(e7) / 1e7;
        match self.area {
            Area::Box { west, south, east, north } => [west, south, east, north].map(degrees),
            #[expect(clippy::cast_precision_loss, reason = "a radius of some kilometres")]
            Area::Circle { centre, decimetres } => {
                let up = decimetres as f64 / 1_111_950.0;
                let aside = (up / centre.latitude().to_radians().cos().max(0.01)).min(180.0);
                let turned = |longitude: f64| (longitude + 540.0).rem_euclid(360.0) - 180.0;
                let (x, y) = (centre.longitude(), centre.latitude());
                [turned(x - aside), (y - up).max(-90.0), turned(x + aside), (y + up).min(90.0)].map(|edge| (edge * 1e5).round() / 1e5)
            }
        }
    }
}

/// A place that fits what was typed.
#[derive(Debug, Clone, PartialEq)]
pub struct Completion<'g> {
    /// The place.
    pub place: &'g Place,
    /// The name that fits, when it is not the usual one.
    pub matched: Option<&'g str>,
}

/// Places by name.
#[derive(Debug, Default)]
pub struct Gazetteer {
    places: Vec<Place>,
    names: Names,
}

/// How well a name fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The whole name.
    Whole,
    /// Its beginning.
    Beginning,
    /// With a slip of the pen.
    Slip,
}

impl Gazetteer {
    /// Of these places.
    #[must_use]
    pub fn new(places: Vec<Place>) -> Self {
        let names = Names::of(&places);
        Self { places, names }
    }

    /// How many places there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// A place by its id.
    #[must_use]
    pub fn by_id(&self, id: &str) -> Option<&Place> {
        self.places.iter().find(|place| place.id == id)
    }

    /// Places whose name begins like `typed`, the most populous first; with a
    /// slip of the pen when nothing begins so. After a comma, or as last words, a
    /// country or division narrows it down: `springfield, us`.
    #[must_use]
    pub fn complete(&self, typed: &str, most: usize) -> Vec<Completion<'_>> {
        let folded = fold(typed);
        let text = folded.trim();
        if text.is_empty() {
            return Vec::new();
        }
        let (whole, last) = match text.split_once(',') {
            Some((name, within)) => ((name.trim(), within.trim()), None),
            None => ((text, ""), text.rsplit_once(' ').map(|(name, within)| (name.trim(), within))),
        };
        // What begins so, then what does within the place that the last word
        // names, then slips of the pen.
        for slips in [false, true] {
            for (name, within) in std::iter::once(whole).chain(last) {
                let found = self.search(name, within, slips, most);
                if !found.is_empty() {
                    return found;
                }
            }
        }
        Vec::new()
    }

    /// The place that a name most likely means: the most populous that is called
    /// so.
    #[must_use]
    pub fn named(&self, typed: &str) -> Option<&Place> {
        let folded = fold(typed);
        let (name, within) = folded.split_once(',').map_or((folded.trim(), ""), |(name, within)| (name.trim(), within.trim()));
        let called = self.names.whole(name).map(|(place, other)| (&self.places[place], other == names::USUAL));
        let within = called.filter(|(place, _)| within.is_empty() || self.lies_in(place, within));
        let rank = |place: &Place, usual: bool| weight(place) * if usual { USUAL_COUNTS } else { 1 };
        within.max_by_key(|(place, usual)| (rank(place, *usual), std::cmp::Reverse(&place.id))).map(|(place, _)| place)
    }

    /// Whether the beginning of a country's name, its code or a division's code
    /// fits.
    fn lies_in(&self, place: &Place, within: &str) -> bool {
        let words: Vec<&str> = within.split(',').map(str::trim).filter(|word| !word.is_empty()).collect();
        words.iter().all(|word| {
            place.country.eq_ignore_ascii_case(word)
                || place.division.eq_ignore_ascii_case(word)
                || self.by_id_of_country(&place.country).is_some_and(|country| {
                    std::iter::once(&country.name).chain(&country.other_names).any(|name| fold(name).starts_with(word))
                })
        })
    }

    fn by_id_of_country(&self, code: &str) -> Option<&Place> {
        // Countries come first.
        self.places.iter().take_while(|place| place.kind == Kind::Country).find(|place| place.country == code)
    }

    /// Places whose name begins so, or does with a slip of the pen, and that lie
    /// `within` a place unless that is empty.
    fn search(&self, name: &str, within: &str, slips: bool, most: usize) -> Vec<Completion<'_>> {
        if name.is_empty() {
            return Vec::new();
        }
        let mut best: Vec<(Fit, u64, usize, u32)> = Vec::new();
        let mut offer = |fit: Fit, place: usize, name: u32| {
            let usual = if name == names::USUAL { USUAL_COUNTS } else { 1 };
            let rank = weight(&self.places[place]) * usual * if fit == Fit::Whole { 8 } else { 1 };
            // Wholly and beginnings compete by size; slips come last.
            let class = if fit == Fit::Slip { Fit::Slip } else { Fit::Beginning };
            best.push((class, rank, place, name));
        };
        for (place, other) in self.names.beginning(name) {
            let whole = self.names.is_whole(place, other, name, &self.places);
            offer(if whole { Fit::Whole } else { Fit::Beginning }, place, other);
        }
        if slips && best.is_empty() {
            self.names.with_slips(name, |place, other| {
                best.push((Fit::Slip, weight(&self.places[place]), place, other));
            });
        }
        if !within.is_empty() {
            best.retain(|(_, _, place, _)| self.lies_in(&self.places[*place], within));
        }
        let order = |hit: &(Fit, u64, usize, u32)| (hit.0, std::cmp::Reverse(hit.1), hit.2, hit.3);
        // A single letter begins tens of thousands of names: only the best are put
        // in order, more of them than one place has names.
        let enough = most * ENOUGH_NAMES;
        if best.len() > enough {
            best.select_nth_unstable_by_key(enough, order);
            best.truncate(enough);
        }
        best.sort_unstable_by_key(order);
        let mut seen = std::collections::HashSet::new();
        let first = best.into_iter().filter(|(_, _, place, _)| seen.insert(*place)).take(most);
        first
            .map(|(_, _, place, other)| {
                let place = &self.places[place];
                let matched = if other == names::USUAL { None } else { place.other_names.get(other as usize).map(String::as_str) };
                Completion { place, matched }
            })
            .collect()
    }
}

/// The usual name of a place counts so many times another one: somewhere in the
/// world every large city is called something that begins like a smaller one.
const USUAL_COUNTS: u64 = 20;

/// Names looked at for each place that is proposed.
const ENOUGH_NAMES: usize = 64;

/// Countries count as large cities: one that types `fra` may mean either.
fn weight(place: &Place) -> u64 {
    match place.kind {
        Kind::Country => u64::from(place.population / 4).max(1_000_000),
        Kind::City => u64::from(place.population),
        Kind::Neighbourhood => u64::from(place.population).max(20_000),
    }
}

/// Where homes of a city are looked for: around its middle, the wider the more
/// people live there (2 km and more; 14 km for a million).
#[must_use]
pub fn city_area(centre: Point, population: u32) -> Area {
    Area::circle(centre, 2000.0 + f64::from(population).sqrt() * 12.0)
}

/// Whether two points are less than so many metres apart.
#[must_use]
pub fn near(one: Point, other: Point, metres: i64) -> bool {
    decimetres(one, other) < metres * 10
}

#[cfg(test)]
mod tests;
