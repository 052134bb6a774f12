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
    /// on; two from eight on) away from `typed`. The first letter must be right.
    pub fn with_slips(&self, typed: &str, mut give: impl FnMut(usize, u32)) {
        let letters: Vec<char> = typed.chars().take(MOST_LETTERS).collect();
        let most = match letters.len() {
            ..4 => return,
            4..8 => 1,
            _ => 2,
        };
        let first = &typed[..letters[0].len_utf8()];
        let from = self.entries.partition_point(|entry| self.name(entry) < first);
        let entries = &self.entries[from..];
        let entries = &entries[..entries.partition_point(|entry| self.name(entry).starts_with(first))];
        let mut walk = Walk::new(letters, most);
        let mut at = 0;
        while let Some(entry) = entries.get(at) {
            let name = self.name(entry);
            match walk.on(name) {
                Step::Fits => {
                    give(entry.place as usize, entry.other);
                    at += 1;
                }
                Step::TooShort => at += 1,
                // No name that begins so can fit: on behind all of them.
                Step::Hopeless { bytes } => {
                    let dead = &name[..bytes];
                    at += entries[at..].partition_point(|entry| self.name(entry).starts_with(dead)).max(1);
                }
            }
        }
    }
}

/// What a name has come to.
enum Step {
    /// Its beginning is near enough.
    Fits,
    /// It ends before it is.
    TooShort,
    /// Its first `bytes` bytes are too far away already.
    Hopeless { bytes: usize },
}

/// Distances of what was typed from the letters of the current name, one row
/// for each; rows of a beginning that the next name shares are kept.
struct Walk {
    typed: Vec<char>,
    most: usize,
    path: Vec<char>,
    /// Only the cells within `most` of the diagonal are worked out; the others,
    /// and whatever is further away, are `most + 1`.
    rows: Vec<[u8; MOST_LETTERS + 1]>,
}

impl Walk {
    fn new(typed: Vec<char>, most: usize) -> Self {
        let mut start = [0; MOST_LETTERS + 1];
        for (n, cell) in start.iter_mut().enumerate() {
            *cell = u8::try_from(n.min(most + 1)).unwrap_or(u8::MAX);
        }
        Self { typed, most, path: Vec::new(), rows: vec![start] }
    }

    fn fits(&self) -> bool {
        self.rows.last().is_some_and(|row| usize::from(row[self.typed.len()]) <= self.most)
    }

    /// On to the next name in order.
    fn on(&mut self, name: &str) -> Step {
        let shared = name.chars().zip(&self.path).take_while(|(a, b)| a == *b).count();
        self.path.truncate(shared);
        self.rows.truncate(shared + 1);
        let mut bytes: usize = self.path.iter().map(|c| c.len_utf8()).sum();
        if self.fits() {
            return Step::Fits;
        }
        for c in name[bytes..].chars() {
            bytes += c.len_utf8();
            let near = self.letter(c);
            if self.fits() {
                return Step::Fits;
            }
            if !near {
                return Step::Hopeless { bytes };
            }
        }
        Step::TooShort
    }

    /// One more letter of the name; whether anything can still fit. A swap of
    /// neighbours is one slip.
    fn letter(&mut self, c: char) -> bool {
        let depth = self.rows.len();
        let far = u8::try_from(self.most + 1).unwrap_or(u8::MAX);
        let mut row = [far; MOST_LETTERS + 1];
        let last = &self.rows[depth - 1];
        let mut near = false;
        if depth <= self.most {
            row[0] = u8::try_from(depth).unwrap_or(far);
            near = true;
        }
        for n in depth.saturating_sub(self.most).max(1)..=(depth + self.most).min(self.typed.len()) {
            let letter = self.typed[n - 1];
            let mut cost = (last[n] + 1).min(row[n - 1] + 1).min(last[n - 1] + u8::from(letter != c));
            if n > 1 && depth > 1 && self.path[depth - 2] == letter && self.typed[n - 2] == c {
                cost = cost.min(self.rows[depth - 2][n - 2] + 1);
            }
            row[n] = cost.min(far);
            near |= row[n] < far;
        }
        self.path.push(c);
        self.rows.push(row);
        near
    }
}
