//! Names and titles.

use super::Random;

const SYLLABLES: [&str; 32] = [
    "al", "be", "ca", "dor", "el", "fa", "gan", "hi", "is", "jo", "ka", "lu", "mar", "ne", "ol", "per", "qui", "ros", "san", "ta", "ur",
    "va", "wen", "xi", "yor", "zen", "bri", "cla", "dro", "fle", "gri", "sto",
];
const ADJECTIVES: [&str; 36] = [
    "sunny",
    "quiet",
    "cosy",
    "bright",
    "modern",
    "charming",
    "spacious",
    "elegant",
    "rustic",
    "stylish",
    "peaceful",
    "lovely",
    "tiny",
    "grand",
    "historic",
    "industrial",
    "minimalist",
    "artistic",
    "romantic",
    "central",
    "hidden",
    "airy",
    "warm",
    "colourful",
    "classic",
    "renovated",
    "restored",
    "private",
    "secluded",
    "luxury",
    "simple",
    "family",
    "designer",
    "bohemian",
    "green",
    "panoramic",
];
const HOMES: [&str; 28] = [
    "loft",
    "flat",
    "studio",
    "house",
    "cottage",
    "apartment",
    "villa",
    "room",
    "penthouse",
    "cabin",
    "suite",
    "retreat",
    "home",
    "nest",
    "hideaway",
    "chalet",
    "duplex",
    "maisonette",
    "bungalow",
    "residence",
    "atelier",
    "farmhouse",
    "townhouse",
    "barn",
    "den",
    "base",
    "stay",
    "place",
];
const LINKS: [&str; 6] = ["near", "by", "with", "above", "in", "at"];
const THINGS: [&str; 40] = [
    "park",
    "river",
    "station",
    "beach",
    "garden",
    "terrace",
    "view",
    "market",
    "harbour",
    "cathedral",
    "museum",
    "pool",
    "forest",
    "lake",
    "square",
    "tower",
    "university",
    "castle",
    "vineyard",
    "balcony",
    "fireplace",
    "courtyard",
    "patio",
    "bridge",
    "theatre",
    "opera",
    "metro",
    "promenade",
    "old town",
    "waterfall",
    "mountain",
    "valley",
    "canal",
    "zoo",
    "stadium",
    "gallery",
    "bakery",
    "rooftop",
    "orchard",
    "dunes",
];

/// A name of two to four syllables.
pub(super) fn name(number: u64) -> String {
    let mut random = Random::new(0x6e61, number);
    let mut name: String = (0..2 + random.below(3)).map(|_| random.pick(&SYLLABLES)).collect();
    if let Some(first) = name.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    name
}

/// A title such as "Sunny loft near park", now and then with a name in it.
pub(super) fn title(random: &mut Random) -> String {
    let mut title = format!("{} {} {} {}", random.pick(&ADJECTIVES), random.pick(&HOMES), random.pick(&LINKS), random.pick(&THINGS));
    if random.percent(30) {
        title.push(' ');
        title.push_str(&name(10_000 + random.below(8_000)));
    }
    title
}
