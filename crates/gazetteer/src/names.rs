//! Every name of every place, folded and in order: a beginning is a range, and a
//! walk along the order finds names a slip of the pen away without looking at
//! most of them.

use search_index::text::fold;

use crate::Place;

/// In place of the number of another name: the usual one.
pub(crate) const USUAL: u32 = u32::MAX;

/// Names in order. Texts lie end to end in one string.
#[derive(Debug, Default)]
pub(crate) struct Names {
    text: String,
    entries: Vec<Entry>,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    start: u32,
    length: u16,
    place: u32,
    other: u32,
}

/// Letters of a name that are compared for slips.
const MOST_LETTERS: usize = 40;

impl Names {
    pub fn of(places: &[Place]) -> Self {
        let mut found: Vec<(String, u32, u32)> = Vec::new();
        for (number, place) in (0_u32..).zip(places) {
            found.push((fold(&place.name), number, USUAL));
            found.extend((0_u32..).zip(&place.other_names).map(|(other, name)| (fold(name), number, other)));
        }
        // The usual name first, so that it is the one that stays of equal ones.
        found.sort_unstable_by(|a, b| (&a.0, a.1, std::cmp::Reverse(a.2)).cmp(&(&b.0, b.1, std::cmp::Reverse(b.2))));
        found.dedup_by(|b, a| a.0 == b.0 && a.1 == b.1);
        let mut names = Self::default();
        for (name, place, other) in found {
            let (Ok(start), Ok(length)) = (u32::try_from(names.text.len()), u16::try_from(name.len())) else { continue };
            names.text.push_str(&name);
            names.entries.push(Entry { start, length, place, other });
        }
        names.text.shrink_to_fit();
        names
    }

    fn name(&self, entry: &Entry) -> &str {
        let start = entry.start as usize;
        &self.text[start..start + usize::from(entry.length)]
    }

    /// Places with a name that begins so, and which name.
    pub fn beginning(&self, prefix: &str) -> impl Iterator<Item = (usize, u32)> {
        let from = self.entries.partition_point(|entry| self.name(entry) < prefix);
        self.entries[from..]
            .iter()
            .take_while(move |entry| self.name(entry).starts_with(prefix))
            .map(|entry| (entry.place as usize, entry.other))
    }

    /// Places that are called so.
    pub fn whole(&self, name: &str) -> impl Iterator<Item = (usize, u32)> {
        let from = self.entries.partition_point(|entry| self.name(entry) < name);
        self.entries[from..].iter().take_while(move |entry| self.name(entry) == name).map(|entry| (entry.place as usize, entry.other))
    }

    /// Whether this name of a place is `name`, folded.
    #[expect(clippy::unused_self, reason = "belongs to the names")]
    pub fn is_whole(&self, place: usize, other: u32, name: &str, places: &[Place]) -> bool {
        let place = &places[place];
        let text = if other == USUAL { Some(&place.name) } else { place.other_names.get(other as usize) };
        // Folding changes length seldom and never to a fraction: look closer only
        // where it may be.
        text.is_some_and(|text| text.len() <= name.len() * 3 && fold(text) == name)
    }

    /// Gives every place with a name whose beginning is a slip (from four letters
    /// on; two from eight on) away from `typed`.
    pub fn with_slips(&self, typed: &str, mut give: impl FnMut(usize, u32)) {
        let letters: Vec<char> = typed.chars().take(MOST_LETTERS).collect();
        let most = match letters.len() {
            ..4 => return,
            4..8 => 1,
            _ => 2,
        };
        // One row of distances for each letter of the current name.
        let mut rows: Vec<Vec<usize>> = vec![(0..=letters.len()).collect()];
        let mut path: Vec<char> = Vec::new();
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            let name = self.name(entry);
            let common = name.chars().zip(&path).take_while(|(a, b)| a == *b).count();
            path.truncate(common);
            rows.truncate(common + 1);
            let mut bytes: usize = path.iter().map(|c| c.len_utf8()).sum();
            let mut decided = rows.last().is_some_and(|row| row[letters.len()] <= most);
            for c in name[bytes..].chars() {
                if decided || path.len() > letters.len() + most {
                    break;
                }
                let row = next_row(&letters, &rows, &path, c);
                path.push(c);
                bytes += c.len_utf8();
                decided = row[letters.len()] <= most;
                let hopeless = row.iter().all(|distance| *distance > most);
                rows.push(row);
                if hopeless {
                    // No name that begins so can fit: on behind all of them.
                    let dead = &name[..bytes];
                    at += self.entries[at..].partition_point(|entry| self.name(entry).starts_with(dead)).max(1);
                    break;
                }
            }
            if rows.last().is_some_and(|row| row.iter().all(|distance| *distance > most)) {
                continue;
            }
            if decided {
                give(entry.place as usize, entry.other);
            }
            at += 1;
        }
    }
}

/// The distances of `letters` from a name one letter longer; a swap of
/// neighbours is one slip.
fn next_row(letters: &[char], rows: &[Vec<usize>], path: &[char], c: char) -> Vec<usize> {
    let Some(last) = rows.last() else { return Vec::new() };
    let mut row = Vec::with_capacity(letters.len() + 1);
    row.push(last[0] + 1);
    for (n, letter) in letters.iter().enumerate() {
        let mut cost = (last[n + 1] + 1).min(row[n] + 1).min(last[n] + usize::from(*letter != c));
        if n > 0
            && path.last() == Some(letter)
            && letters[n - 1] == c
            && let Some(before) = rows.len().checked_sub(2).and_then(|two| rows.get(two))
        {
            cost = cost.min(before[n - 1] + 1);
        }
        row.push(cost);
    }
    row
}
