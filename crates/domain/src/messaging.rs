//! What guests and hosts write to each other: who takes part, and what of it
//! stays hidden until a stay is booked.

use serde::{Deserialize, Serialize};

use crate::words::words;

words! {
    /// In which role somebody takes part in a conversation.
    MemberRole {
        /// Who asks or stays.
        Guest = "guest",
        /// Whose home it is.
        Host = "host",
        /// Who helps the host.
        CoHost = "co_host",
    }
}

words! {
    /// What an entry of a conversation is.
    MessageKind {
        /// Somebody's words.
        Text = "text",
        /// Something that happened to the booking.
        System = "system",
    }
}

/// Most characters of one message.
pub const MESSAGE_LENGTH: usize = 4000;

/// What stands in place of contact data.
pub const HIDDEN: &str = "[hidden until the stay is booked]";

/// Text as the other side may read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Masked {
    /// With [`HIDDEN`] in place of contact data.
    pub text: String,
    /// Something was hidden.
    pub hidden: bool,
}

/// Endings that make a word with dots an address on the web.
const ENDINGS: &[&str] = &[
    "com", "net", "org", "info", "biz", "io", "me", "co", "app", "dev", "eu", "de", "fr", "es", "pt", "it", "uk", "nl", "be", "ch", "at",
    "pl", "dk", "se", "no", "fi", "ie", "us", "ca", "br", "mx", "au", "nz", "in", "cn", "jp", "kr", "ru", "tr", "gr", "cz", "link", "site",
    "online", "xyz", "ly", "gl", "to", "tv",
];

/// Fewest digits in a row, spaces and dashes apart, that are taken for a
/// telephone number: house numbers, years and prices have fewer.
const FEWEST_DIGITS: usize = 7;

/// Hides e-mail addresses, telephone numbers, web addresses and handles. What
/// is masked once stays as it is when masked again.
#[must_use]
pub fn mask_contacts(text: &str) -> Masked {
    let mut spans = Vec::new();
    let words = words_of(text);
    for (n, (start, word)) in words.iter().enumerate() {
        if is_address(word) || is_link(word) {
            spans.push(trimmed(*start, word));
        } else if let Some(end) = spelled_address(&words[n..]) {
            spans.push((*start, end));
        }
    }
    spans.extend(numbers(text));
    spans.sort_unstable();
    let (mut masked, mut at) = (String::with_capacity(text.len()), 0);
    for (start, end) in &spans {
        if *end <= at {
            continue;
        }
        if *start >= at {
            masked.push_str(&text[at..*start]);
            masked.push_str(HIDDEN);
        }
        at = *end;
    }
    masked.push_str(&text[at..]);
    Masked { text: masked, hidden: !spans.is_empty() }
}

/// Words with where they begin.
fn words_of(text: &str) -> Vec<(usize, &str)> {
    let start_of = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize;
    text.split_whitespace().map(|word| (start_of(word), word)).collect()
}

/// Where a word begins and ends without the punctuation around it.
fn trimmed(start: usize, word: &str) -> (usize, usize) {
    let around = |c: char| matches!(c, '.' | ',' | ';' | '!' | '?' | ')' | '(' | '"' | '\'' | '<' | '>' | '[' | ']');
    let head = word.len() - word.trim_start_matches(around).len();
    let tail = word.trim_end_matches(around).len();
    (start + head, start + tail.max(head))
}

/// `mia@example.org`, `@mia`.
fn is_address(word: &str) -> bool {
    ['@', '＠'].iter().any(|at| word.split_once(*at).is_some_and(|(_, rest)| rest.chars().filter(|c| c.is_alphanumeric()).count() >= 2))
}

/// `https://…`, `www.…`, `example.org/home`.
fn is_link(word: &str) -> bool {
    let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
    let lower = bare.to_lowercase();
    if lower.contains("://") || lower.starts_with("www.") {
        return true;
    }
    let host = bare.split(['/', '?', '#', ':']).next().unwrap_or_default();
    let Some((name, ending)) = host.rsplit_once('.') else { return false };
    // A full stop without a space behind it is followed by a capital letter.
    name.chars().last().is_some_and(char::is_alphanumeric)
        && name.chars().count() >= 2
        && name.chars().any(char::is_alphabetic)
        && ENDINGS.contains(&ending)
}

/// `mia (at) example (dot) org`: where it ends.
fn spelled_address(words: &[(usize, &str)]) -> Option<usize> {
    let is = |n: usize, forms: &[&str]| words.get(n).is_some_and(|(_, word)| forms.contains(&word.to_lowercase().as_str()));
    let end = |n: usize| words.get(n).map(|(start, word)| trimmed(*start, word).1);
    if !is(1, &["(at)", "[at]", "{at}", "<at>"]) {
        return None;
    }
    if is(3, &["(dot)", "[dot]", "{dot}", "<dot>", "."]) { end(4) } else { end(2) }
}

/// Where telephone numbers stand.
fn numbers(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut run: Option<(usize, usize, usize)> = None;
    let mut close = |run: &mut Option<(usize, usize, usize)>| {
        if let Some((start, end, digits)) = run.take()
            && digits >= FEWEST_DIGITS
        {
            found.push((start, end));
        }
    };
    for (at, piece) in pieces(text) {
        let digits = piece.chars().filter(|c| c.is_numeric()).count();
        if digits == 0 && piece.chars().all(|c| is_separator(c) || c == '+') {
            continue;
        }
        if digits == 0 || is_date(piece) {
            close(&mut run);
            continue;
        }
        let end = at + piece.trim_end_matches(is_separator).len();
        let start = at + (piece.len() - piece.trim_start_matches(|c| is_separator(c) && c != '(').len());
        run = Some(run.map_or((start, end, digits), |(from, _, before)| (from, end, before + digits)));
    }
    close(&mut run);
    found
}

const fn is_separator(c: char) -> bool {
    matches!(c, '-' | '.' | '(' | ')' | '/' | '–' | '\u{a0}')
}

/// Text cut into what may belong to a number and what may not, spaces left out.
fn pieces(text: &str) -> Vec<(usize, &str)> {
    let numeric = |c: char| c.is_numeric() || c == '+' || is_separator(c);
    let mut pieces = Vec::new();
    for (start, word) in words_of(text) {
        let mut from = 0;
        let mut kind = None;
        for (at, c) in word.char_indices() {
            if kind.is_some_and(|kind| kind != numeric(c)) {
                pieces.push((start + from, &word[from..at]));
                from = at;
            }
            kind = Some(numeric(c));
        }
        pieces.push((start + from, &word[from..]));
    }
    pieces
}

/// `2030-02-01`, `1.2.2030`, `01/02/30`.
fn is_date(piece: &str) -> bool {
    let piece = piece.trim_end_matches(['.', ')']).trim_start_matches('(');
    ['-', '.', '/'].iter().any(|separator| {
        let parts: Vec<&str> = piece.split(*separator).collect();
        let number = |part: &str| part.chars().all(|c| c.is_ascii_digit()).then(|| part.parse::<u32>().ok()).flatten();
        let [a, b, c] = parts.as_slice() else { return false };
        let (Some(x), Some(y), Some(z)) = (number(a), number(b), number(c)) else { return false };
        let small = |n: u32, text: &str| (1..=31).contains(&n) && text.len() <= 2;
        let year = |n: u32, text: &str| (text.len() == 4 && (1900..2200).contains(&n)) || (text.len() == 2 && text.is_ascii());
        (year(x, a) && a.len() == 4 && small(y, b) && small(z, c)) || (small(x, a) && small(y, b) && year(z, c))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn contact_data_is_hidden() {
        for (text, expected) in [
            ("Write to mia@example.org, please", "Write to [], please"),
            ("I am @mia_travels on the usual place", "I am [] on the usual place"),
            ("mia (at) example (dot) org", "[]"),
            ("See https://example.org/flat?x=1!", "See []!"),
            ("www.example.org or example.com/flat", "[] or []"),
            ("Call +351 912 345 678 tonight", "Call [] tonight"),
            ("Call (555) 010-9999.", "Call []."),
            ("tel:912345678", "tel:[]"),
            ("９１２３４５６７８", "[]"),
            ("0 1 7 1 2 3 4 5 6", "[]"),
        ] {
            let masked = mask_contacts(text);
            assert_eq!(masked.text, expected.replace("[]", HIDDEN), "{text}");
            assert!(masked.hidden, "{text}");
        }
    }

    #[test]
    fn ordinary_words_stay() {
        for text in [
            "We come on 2030-02-01 and leave on 2030-02-05.",
            "From 1.2.2030 to 5.2.2030, two adults",
            "Check-in at 15:00 or 16:30? Flat 12, 3rd floor, code R7K2-9QXM",
            "It costs 1,234.50 EUR for 7 nights, e.g. with 2 dogs.",
            "A nice house.It was warm; i.e. fine",
            "Room 101 @ noon",
            "",
            "   ",
        ] {
            assert_eq!(mask_contacts(text), Masked { text: text.to_owned(), hidden: false }, "{text}");
        }
    }

    proptest! {
        #[test]
        fn masking_twice_changes_nothing_more(text in "\\PC{0,80}") {
            let once = mask_contacts(&text);
            prop_assert_eq!(&mask_contacts(&once.text).text, &once.text);
        }

        #[test]
        fn numbers_never_get_through(digits in "[0-9]{9}", space in "[ .-]") {
            let written = format!("{}{space}{}{space}{}", &digits[..3], &digits[3..6], &digits[6..]);
            prop_assert!(mask_contacts(&format!("ring {written} now")).hidden, "{}", written);
        }
    }
}
