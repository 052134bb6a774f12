//! Free text: which words a home has, which of them a guest may have meant, and
//! how many points that gives.
//!
//! Everything here depends on the query and one home alone, never on what other
//! homes say, so that SQL and the index cannot differ and a home's rank does not
//! change because somebody else edited a title.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Points of a word in a field when it is written in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    /// The title.
    Title,
    /// City, neighbourhood, region.
    Place,
    /// Property and room type.
    Kind,
    /// An amenity's code.
    Amenity,
    /// The description.
    Description,
}

impl Field {
    /// Points for a word found in full in it.
    #[must_use]
    pub const fn points(self) -> i64 {
        match self {
            Self::Title => 1000,
            Self::Place => 800,
            Self::Kind => 600,
            Self::Amenity => 500,
            Self::Description => 300,
        }
    }
}

/// How closely a word fits, in quarters of the field's points.
pub(crate) const EXACT: i64 = 4;
const PREFIX: i64 = 3;
const TYPO: i64 = 2;

/// Words looked at in a query; what follows is ignored.
pub const MOST_WORDS: usize = 12;
/// Characters looked at in a word.
const MOST_CHARACTERS: usize = 32;

/// Lower case without diacritics: `São Tomé` → `sao tome`, `Straße` → `strasse`.
/// Marks that make another letter (Japanese voicing, Indic vowels) stay.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let dropped = |c: &char| is_combining_mark(*c) && matches!(*c, '\u{300}'..='\u{36f}' | '\u{591}'..='\u{5c7}' | '\u{64b}'..='\u{65f}');
    let mut folded = String::with_capacity(text.len());
    for c in text.nfkd().filter(|c| !dropped(c)).nfc().flat_map(char::to_lowercase) {
        match c {
            'ß' => folded.push_str("ss"),
            'æ' => folded.push_str("ae"),
            'œ' => folded.push_str("oe"),
            'þ' => folded.push_str("th"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'ı' => folded.push('i'),
            // What lower-casing leaves behind, e.g. of a Turkish capital I.
            c if dropped(&c) => {}
            c => folded.push(c),
        }
    }
    folded
}

/// Scripts that put no spaces between words.
fn unspaced(c: char) -> bool {
    matches!(c, '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}' | '\u{3040}'..='\u{30ff}'
        | '\u{3400}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}')
}

/// The words of a text, folded. Scripts without spaces give every pair of
/// neighbouring characters.
#[must_use]
pub fn words(text: &str) -> Vec<String> {
    let folded = fold(text);
    let mut words = Vec::new();
    for run in folded.split(|c: char| !c.is_alphanumeric() && !is_combining_mark(c)).filter(|run| !run.is_empty()) {
        if run.is_ascii() {
            words.push(run[..run.len().min(MOST_CHARACTERS)].to_owned());
            continue;
        }
        let characters: Vec<char> = run.chars().collect();
        for part in characters.chunk_by(|a, b| unspaced(*a) == unspaced(*b)) {
            if unspaced(part[0]) && part.len() > 1 {
                words.extend(part.windows(2).map(|pair| pair.iter().collect::<String>()));
            } else {
                words.push(part.iter().take(MOST_CHARACTERS).collect());
            }
        }
    }
    words
}

/// The words of a code such as `hot_tub`.
pub(crate) fn code_words(code: &str) -> impl Iterator<Item = &str> {
    code.split('_').filter(|word| !word.is_empty())
}

/// What a guest has written, word by word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    words: Vec<Word>,
}

/// One word that a guest has written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Word {
    text: String,
    characters: Vec<char>,
    /// Slips of the pen that are forgiven.
    typos: usize,
    /// Whether longer words may begin with it.
    prefix: bool,
}

impl Word {
    fn new(text: String) -> Self {
        let characters: Vec<char> = text.chars().collect();
        let spelt = characters.iter().all(|c| c.is_alphabetic() && !unspaced(*c));
        let typos = match characters.len() {
            5..=8 if spelt => 1,
            9.. if spelt => 2,
            _ => 0,
        };
        let prefix = characters.len() >= 3 || characters.len() == 1 && unspaced(characters[0]);
        Self { text, characters, typos, prefix }
    }

    /// Folded.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How many slips of the pen are forgiven.
    pub(crate) fn typos(&self) -> usize {
        self.typos
    }

    /// How closely a home's word fits, in quarters: 4 the same, 3 it begins so,
    /// 2 a slip of the pen away (one from five letters on, two from nine on, the
    /// first letter being right).
    #[must_use]
    pub fn fits(&self, term: &str) -> Option<i64> {
        if term == self.text {
            return Some(EXACT);
        }
        if self.prefix && term.starts_with(&self.text) {
            return Some(PREFIX);
        }
        if self.typos == 0 || !term.starts_with(self.characters[0]) {
            return None;
        }
        let mut letters = ['\0'; MOST_CHARACTERS];
        let mut count = 0;
        for c in term.chars() {
            *letters.get_mut(count)? = c;
            count += 1;
        }
        within(&self.characters, &letters[..count], self.typos).then_some(TYPO)
    }
}

impl Wanted {
    /// Reads a query. None when it holds no word: it then asks nothing.
    #[must_use]
    pub fn new(query: &str) -> Option<Self> {
        let mut found: Vec<String> = Vec::new();
        for word in words(query) {
            if found.len() < MOST_WORDS && !found.contains(&word) {
                found.push(word);
            }
        }
        (!found.is_empty()).then(|| Self { words: found.into_iter().map(Word::new).collect() })
    }

    /// Word by word, each once.
    #[must_use]
    pub fn words(&self) -> &[Word] {
        &self.words
    }

    /// Points of a home, if every word is found: the mean over the words of the
    /// best place each is found in.
    #[must_use]
    pub fn points(&self, home: &Document<'_>) -> Option<i64> {
        let mut sum = 0;
        for word in &self.words {
            sum += home.best(word)?;
        }
        Some(sum / i64::try_from(self.words.len()).unwrap_or(1))
    }
}

/// What a home says.
#[derive(Debug, Clone, Copy)]
#[expect(missing_docs, reason = "fields of the listing")]
pub struct Document<'a> {
    pub title: &'a str,
    pub city: &'a str,
    pub region: &'a str,
    pub neighbourhood: &'a str,
    pub property_type: domain::listings::PropertyType,
    pub room_type: domain::listings::RoomType,
    pub amenities: &'a [String],
    pub description: &'a str,
}

impl<'a> Document<'a> {
    /// The texts whose words fit in full, as a beginning or with a slip.
    /// Amenities are found by their codes' words in full only.
    pub(crate) fn fields(&self) -> [(Field, &'a str); 5] {
        [
            (Field::Title, self.title),
            (Field::Place, self.city),
            (Field::Place, self.region),
            (Field::Place, self.neighbourhood),
            (Field::Description, self.description),
        ]
    }

    fn best(&self, word: &Word) -> Option<i64> {
        let spoken = self.fields().into_iter().flat_map(|(field, text)| words(text).into_iter().map(move |term| (field, term)));
        let kinds = [self.property_type.as_str(), self.room_type.as_str()];
        let kinds = kinds.into_iter().flat_map(code_words).map(|term| (Field::Kind, term.to_owned()));
        let fitting = spoken.chain(kinds).filter_map(|(field, term)| Some(field.points() * word.fits(&term)? / EXACT));
        let amenity = self.amenities.iter().flat_map(|code| code_words(code)).any(|term| term == word.text);
        fitting.chain(amenity.then_some(Field::Amenity.points())).max()
    }
}

impl crate::Row {
    /// What it says.
    #[must_use]
    pub fn document(&self) -> Document<'_> {
        Document {
            title: &self.title,
            city: &self.city,
            region: &self.region,
            neighbourhood: &self.neighbourhood,
            property_type: self.property_type,
            room_type: self.room_type,
            amenities: &self.amenities,
            description: &self.description,
        }
    }
}

/// Whether two words are at most so many insertions, deletions, replacements or
/// swaps of neighbours apart.
fn within(a: &[char], b: &[char], most: usize) -> bool {
    if a.len().abs_diff(b.len()) > most {
        return false;
    }
    let mut before = [0_usize; MOST_CHARACTERS + 1];
    let mut last = [0_usize; MOST_CHARACTERS + 1];
    let mut row = [0_usize; MOST_CHARACTERS + 1];
    for (n, cell) in last.iter_mut().enumerate() {
        *cell = n;
    }
    for i in 1..=a.len() {
        row[0] = i;
        let mut least = i;
        for j in 1..=b.len() {
            let mut cost = (last[j] + 1).min(row[j - 1] + 1).min(last[j - 1] + usize::from(a[i - 1] != b[j - 1]));
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                cost = cost.min(before[j - 2] + 1);
            }
            row[j] = cost;
            least = least.min(cost);
        }
        if least > most {
            return false;
        }
        (before, last) = (last, row);
    }
    last[b.len()] <= most
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(query: &str, term: &str) -> Option<i64> {
        Word::new(query.to_owned()).fits(term)
    }

    #[test]
    fn letters_lose_case_and_diacritics() {
        assert_eq!(fold("São Tomé"), "sao tome");
        assert_eq!(fold("STRASSE Straße"), "strasse strasse");
        assert_eq!(fold("İstanbul Kızıltoprak"), "istanbul kiziltoprak");
        assert_eq!(fold("Łódź Ærø Þórs"), "lodz aero thors");
        assert_eq!(fold("Ёлка ﬁn"), "елка fin");
        assert_eq!(fold("がか 한국"), "がか 한국", "marks that make another letter stay");
    }

    #[test]
    fn scripts_without_spaces_give_pairs() {
        assert_eq!(words("東京タワー"), ["東京", "京タ", "タワ", "ワー"]);
        assert_eq!(words("Loft, 海 2.0!"), ["loft", "海", "2", "0"]);
        assert_eq!(fits("東", "東京"), Some(PREFIX));
        assert_eq!(fits("東京", "東京"), Some(EXACT));
        assert_eq!(fits("東西", "東京"), None);
    }

    #[test]
    fn beginnings_and_slips_fit_less() {
        assert_eq!(fits("garden", "garden"), Some(4));
        assert_eq!(fits("gar", "garden"), Some(3));
        assert_eq!(fits("ga", "garden"), None);
        for slip in ["gardne", "gardn", "gaarden", "gordens"] {
            assert_eq!(fits(slip, "garden"), (slip != "gordens").then_some(2), "{slip}");
        }
        assert_eq!(fits("barden", "garden"), None, "the first letter must be right");
        assert_eq!(fits("loft", "left"), None, "short words must be right");
        assert_eq!(fits("apartmemts", "apartments"), Some(2));
        assert_eq!(fits("apratmemts", "apartments"), Some(2));
        assert_eq!(fits("route66", "route67"), None, "numbers must be right");
    }

    #[test]
    fn every_word_must_be_found_and_the_best_place_counts() {
        let amenities = ["hot_tub".to_owned()];
        let home = Document {
            title: "Garden loft",
            city: "Lisbon",
            region: "",
            neighbourhood: "Estrela",
            property_type: domain::listings::PropertyType::Loft,
            room_type: domain::listings::RoomType::EntirePlace,
            amenities: &amenities,
            description: "A garden in Estrela",
        };
        let points = |query: &str| Wanted::new(query).unwrap().points(&home);
        assert_eq!(points("loft"), Some(1000));
        assert_eq!(points("LÔFT garden"), Some(1000));
        assert_eq!(points("estrela"), Some(800));
        assert_eq!(points("loft estrela"), Some(900));
        assert_eq!(points("tub"), Some(500));
        assert_eq!(points("lisbn"), Some(400));
        assert_eq!(points("garden cellar"), None);
        assert!(Wanted::new(" ?! ").is_none());
    }
}
