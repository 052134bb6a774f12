//! What homes have in common, by number: amenities, places that owe taxes, and
//! words.

use std::collections::HashMap;
use std::sync::Arc;

use domain::money::Currency;
use domain::taxes::{PlacedTax, TaxRule};

use crate::lexicon::{Lexicon, Numbers, name};
use crate::row::{Market, Row};
use crate::text::{self, Field, fold};

/// What readers need of it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Vocabulary {
    /// Codes by number.
    pub amenities: Arc<Vec<String>>,
    zones: Arc<Vec<Zone>>,
    pub lexicon: Lexicon,
}

/// A place and currency with the taxes owed there.
#[derive(Debug, Clone)]
struct Zone {
    key: ZoneKey,
    taxes: Arc<[TaxRule]>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct ZoneKey {
    country: Option<String>,
    region: String,
    city: String,
    currency: Currency,
}

impl ZoneKey {
    fn taxes(&self, market: &Market) -> Arc<[TaxRule]> {
        let owed = |tax: &&PlacedTax| tax.concerns((self.country.as_deref(), &self.region, &self.city), self.currency);
        market.taxes.iter().filter(owed).map(|tax| tax.rule.clone()).collect()
    }
}

impl Vocabulary {
    /// Taxes of a zone, past and future ones too.
    pub fn taxes(&self, zone: u32) -> &[TaxRule] {
        self.zones.get(zone as usize).map_or(&[], |zone| &zone.taxes)
    }

    /// The number of an amenity that some home has.
    pub fn amenity(&self, code: &str) -> Option<usize> {
        self.amenities.iter().position(|have| have == code)
    }

    /// Works the taxes of every place out anew.
    pub fn set_market(&mut self, market: &Market) {
        for zone in Arc::make_mut(&mut self.zones) {
            zone.taxes = zone.key.taxes(market);
        }
    }
}

/// The writer's ways back from things to numbers.
#[derive(Debug, Default)]
pub(crate) struct Registers {
    words: Numbers,
    zones: HashMap<ZoneKey, u32>,
    amenities: HashMap<String, u32>,
}

/// A word of a home and the field it stands in.
pub(crate) type Spoken = (u32, Written);

/// Where a word stands. Kinds and amenities are found by their planes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Written {
    Title = 0,
    Place = 1,
    Description = 2,
    /// The whole name of a place.
    Name = 3,
}

impl Written {
    pub const ALL: [Self; 4] = [Self::Title, Self::Place, Self::Description, Self::Name];

    pub const fn points(self) -> i64 {
        match self {
            Self::Title => Field::Title.points(),
            Self::Place => Field::Place.points(),
            Self::Description => Field::Description.points(),
            Self::Name => 0,
        }
    }
}

impl Registers {
    /// The numbers of a home's words, sorted, each once in a field.
    pub fn words(&mut self, row: &Row, vocabulary: &mut Vocabulary) -> Vec<Spoken> {
        let mut spoken = Vec::new();
        for (field, text) in row.document().fields() {
            let written = match field {
                Field::Title => Written::Title,
                Field::Description => Written::Description,
                _ => Written::Place,
            };
            for word in text::words(text) {
                spoken.push((self.words.number(&word, &mut vocabulary.lexicon), written));
            }
            if written == Written::Place {
                spoken.push((self.words.number(&name(&fold(text)), &mut vocabulary.lexicon), Written::Name));
            }
        }
        if let Some(country) = &row.country {
            spoken.push((self.words.number(&name(&fold(country)), &mut vocabulary.lexicon), Written::Name));
        }
        spoken.sort_unstable();
        spoken.dedup();
        spoken
    }

    /// The number of a home's place and currency.
    pub fn zone(&mut self, row: &Row, currency: Currency, vocabulary: &mut Vocabulary, market: &Market) -> u32 {
        let key = ZoneKey { country: row.country.clone(), region: row.region.to_lowercase(), city: row.city.to_lowercase(), currency };
        if let Some(zone) = self.zones.get(&key) {
            return *zone;
        }
        let zones = Arc::make_mut(&mut vocabulary.zones);
        let number = u32::try_from(zones.len()).unwrap_or(u32::MAX);
        zones.push(Zone { taxes: key.taxes(market), key: key.clone() });
        self.zones.insert(key, number);
        number
    }

    /// The numbers of amenities, sorted.
    pub fn amenities(&mut self, codes: &[String], vocabulary: &mut Vocabulary) -> Vec<u32> {
        let mut numbers: Vec<u32> = codes
            .iter()
            .map(|code| {
                if let Some(number) = self.amenities.get(code) {
                    return *number;
                }
                let all = Arc::make_mut(&mut vocabulary.amenities);
                let number = u32::try_from(all.len()).unwrap_or(u32::MAX);
                all.push(code.clone());
                self.amenities.insert(code.clone(), number);
                number
            })
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        numbers
    }

    /// Bytes of words and places, with what readers have of them.
    pub fn memory(&self) -> usize {
        self.words.memory() + self.zones.len() * (2 * size_of::<ZoneKey>() + size_of::<Zone>() + 60)
    }
}
