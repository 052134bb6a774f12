//! Every word that some home uses, and which of them a guest may have meant.

use std::collections::HashMap;
use std::sync::Arc;

use crate::text::Word;

/// Begins the whole name of a place, so that no written word finds it.
const NAME: char = '\u{1}';
/// So many new words wait unsorted.
const MOST_RECENT: usize = 256;

/// Words by number. Readers share the sorted part; new words wait in a short
/// list until there are enough of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lexicon {
    sorted: Arc<Sorted>,
    recent: Vec<(Box<str>, u32)>,
}

#[derive(Debug, Default)]
struct Sorted {
    /// In the order of their texts: text, number, letters.
    words: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    text: Box<str>,
    number: u32,
    letters: u64,
}

/// One bit for each letter that occurs. A slip of the pen changes at most two.
fn letters(text: &str) -> u64 {
    text.chars().fold(0, |all, c| {
        let bit = if c.is_ascii_lowercase() { u32::from(c) - u32::from('a') } else { 26 + u32::from(c) % 38 };
        all | 1 << bit
    })
}

/// How a folded place name stands among the words.
pub(crate) fn name(folded: &str) -> String {
    format!("{NAME}{folded}")
}

impl Lexicon {
    /// The number of exactly this word.
    pub fn find(&self, text: &str) -> Option<u32> {
        let words = &self.sorted.words;
        match words.binary_search_by(|entry| (*entry.text).cmp(text)) {
            Ok(at) => Some(words[at].number),
            Err(_) => self.recent.iter().find(|(recent, _)| &**recent == text).map(|(_, number)| *number),
        }
    }

    /// Every word that a guest may have meant, with how closely it fits in
    /// quarters; by number.
    pub fn meant(&self, word: &Word) -> Vec<(u32, i64)> {
        let words = &self.sorted.words;
        let mut found = Vec::new();
        let from = words.partition_point(|entry| &*entry.text < word.text());
        let begins = words[from..].iter().take_while(|entry| entry.text.starts_with(word.text()));
        found.extend(begins.filter_map(|entry| Some((entry.number, word.fits(&entry.text)?))));
        if let Some(first) = word.text().chars().next().filter(|_| word.typos() > 0) {
            let mut initial = [0; 4];
            let initial: &str = first.encode_utf8(&mut initial);
            let from = words.partition_point(|entry| &*entry.text < initial);
            let wanted = letters(word.text());
            let budget = 2 * u32::try_from(word.typos()).unwrap_or(0);
            let near = words[from..].iter().take_while(|entry| entry.text.starts_with(initial));
            let near = near.filter(|entry| (entry.letters ^ wanted).count_ones() <= budget && !entry.text.starts_with(word.text()));
            found.extend(near.filter_map(|entry| Some((entry.number, word.fits(&entry.text)?))));
        }
        found.extend(self.recent.iter().filter_map(|(text, number)| Some((*number, word.fits(text)?))));
        found.sort_unstable();
        found
    }

    fn add(&mut self, text: &str, number: u32) {
        self.recent.push((text.into(), number));
    }

    /// Sorts the waiting words in once there are many, or at once.
    pub fn settle(&mut self, at_once: bool) {
        if self.recent.is_empty() || !at_once && self.recent.len() <= MOST_RECENT {
            return;
        }
        let mut words = self.sorted.words.clone();
        words.extend(self.recent.drain(..).map(|(text, number)| Entry { letters: letters(&text), text, number }));
        words.sort_unstable_by(|a, b| a.text.cmp(&b.text));
        self.sorted = Arc::new(Sorted { words });
    }
}

/// The writer's way from a word to its number.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    numbers: HashMap<Box<str>, u32>,
    bytes: usize,
}

impl Numbers {
    /// The number of a word, a new one for a new word.
    pub fn number(&mut self, text: &str, lexicon: &mut Lexicon) -> u32 {
        if let Some(number) = self.numbers.get(text) {
            return *number;
        }
        let number = u32::try_from(self.numbers.len()).unwrap_or(u32::MAX);
        self.bytes += text.len();
        self.numbers.insert(text.into(), number);
        lexicon.add(text, number);
        number
    }

    /// Bytes that words take up here and in the lexicon.
    pub fn memory(&self) -> usize {
        2 * self.bytes + self.numbers.capacity() * (size_of::<(Box<str>, u32)>() + 1) + self.numbers.len() * size_of::<Entry>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Wanted;

    #[test]
    fn sorted_and_waiting_words_are_found_alike() {
        let all = ["garden", "gardens", "garage", "gorden", "loft", "海辺", "guarded", "gardenia", "\u{1}garden"];
        for settled in [0, 4, all.len()] {
            let (mut lexicon, mut numbers) = (Lexicon::default(), Numbers::default());
            for (n, text) in all.iter().enumerate() {
                if n == settled {
                    lexicon.settle(true);
                }
                numbers.number(text, &mut lexicon);
                assert_eq!(numbers.number(text, &mut lexicon) as usize, n);
            }
            for query in ["garden", "gardne", "gar", "loft", "海", "lift", "guardedd"] {
                let wanted = Wanted::new(query).unwrap();
                let word = &wanted.words()[0];
                let expected: Vec<(u32, i64)> = all.iter().zip(0..).filter_map(|(text, number)| Some((number, word.fits(text)?))).collect();
                assert_eq!(lexicon.meant(word), expected, "{query} with {settled} sorted");
            }
            assert_eq!(lexicon.find("garage"), Some(2));
            assert_eq!(lexicon.find(&name("garden")), Some(8));
            assert_eq!(lexicon.find("gard"), None);
        }
    }
}
