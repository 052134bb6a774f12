//! Languages: English is the text in templates itself, the others are catalogues
//! in `locales/<tag>/*.toml` keyed by it. Plural forms follow CLDR.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::LazyLock;

use serde::Deserialize;

include!(concat!(env!("OUT_DIR"), "/locales.rs"));

/// What a catalogue says for an English text.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Message {
    /// One form.
    Plain(String),
    /// One for each plural category the language tells apart.
    Plural(HashMap<String, String>),
}

/// A language with its habits of writing numbers, money and dates.
#[derive(Debug)]
pub struct Locale {
    /// BCP 47.
    pub tag: &'static str,
    /// Its own name for itself.
    pub name: &'static str,
    /// `ltr` or `rtl`.
    pub dir: &'static str,
    pub(super) habits: &'static Habits,
    messages: HashMap<String, Message>,
}

/// How a language writes figures and dates (CLDR).
#[derive(Debug)]
pub(super) struct Habits {
    pub decimal: &'static str,
    pub group: &'static str,
    pub group_from: usize,
    pub digits: [char; 10],
    pub symbol_first: bool,
    /// `{d}`, `{m}`, `{y}`.
    pub date: &'static str,
    pub month_year: &'static str,
    pub months: [&'static str; 12],
    pub months_short: [&'static str; 12],
    pub weekdays_short: [&'static str; 7],
    pub plural: fn(u64) -> &'static str,
}

const LATIN: [char; 10] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'];
const ARABIC: [char; 10] = ['٠', '١', '٢', '٣', '٤', '٥', '٦', '٧', '٨', '٩'];

const fn one_or_other(n: u64) -> &'static str {
    if n == 1 { "one" } else { "other" }
}

const fn french(n: u64) -> &'static str {
    if n <= 1 { "one" } else { "other" }
}

const fn arabic(n: u64) -> &'static str {
    match (n, n % 100) {
        (0, _) => "zero",
        (1, _) => "one",
        (2, _) => "two",
        (_, 3..=10) => "few",
        (_, 11..=99) => "many",
        _ => "other",
    }
}

static ENGLISH: Habits = Habits {
    decimal: ".",
    group: ",",
    group_from: 4,
    digits: LATIN,
    symbol_first: true,
    date: "{d} {m} {y}",
    month_year: "{m} {y}",
    months: ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"],
    months_short: ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"],
    weekdays_short: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    plural: one_or_other,
};

static GERMAN: Habits = Habits {
    decimal: ",",
    group: ".",
    group_from: 4,
    digits: LATIN,
    symbol_first: false,
    date: "{d}. {m} {y}",
    month_year: "{m} {y}",
    months: ["Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"],
    months_short: ["Jan.", "Feb.", "März", "Apr.", "Mai", "Juni", "Juli", "Aug.", "Sept.", "Okt.", "Nov.", "Dez."],
    weekdays_short: ["Mo", "Di", "Mi", "Do", "Fr", "Sa", "So"],
    plural: one_or_other,
};

static FRENCH: Habits = Habits {
    decimal: ",",
    group: "\u{202f}",
    group_from: 4,
    digits: LATIN,
    symbol_first: false,
    date: "{d} {m} {y}",
    month_year: "{m} {y}",
    months: ["janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"],
    months_short: ["janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."],
    weekdays_short: ["lun.", "mar.", "mer.", "jeu.", "ven.", "sam.", "dim."],
    plural: french,
};

static SPANISH: Habits = Habits {
    decimal: ",",
    group: ".",
    group_from: 5,
    digits: LATIN,
    symbol_first: false,
    date: "{d} {m} {y}",
    month_year: "{m} de {y}",
    months: ["enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre"],
    months_short: ["ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sept", "oct", "nov", "dic"],
    weekdays_short: ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"],
    plural: one_or_other,
};

static MODERN_ARABIC: Habits = Habits {
    decimal: "٫",
    group: "٬",
    group_from: 4,
    digits: ARABIC,
    symbol_first: false,
    date: "{d} {m} {y}",
    month_year: "{m} {y}",
    months: ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"],
    months_short: ["يناير", "فبراير", "مارس", "أبريل", "مايو", "يونيو", "يوليو", "أغسطس", "سبتمبر", "أكتوبر", "نوفمبر", "ديسمبر"],
    weekdays_short: ["الاثنين", "الثلاثاء", "الأربعاء", "الخميس", "الجمعة", "السبت", "الأحد"],
    plural: arabic,
};

/// Every language there is, English first.
pub static LOCALES: LazyLock<Vec<Locale>> = LazyLock::new(|| {
    let locale = |tag, name, dir, habits| Locale { tag, name, dir, habits, messages: messages(tag) };
    vec![
        locale("en", "English", "ltr", &ENGLISH),
        locale("de", "Deutsch", "ltr", &GERMAN),
        locale("fr", "Français", "ltr", &FRENCH),
        locale("es", "Español", "ltr", &SPANISH),
        locale("ar", "العربية", "rtl", &MODERN_ARABIC),
    ]
});

/// The catalogues of a language. One that cannot be read is left out: a test
/// keeps that from happening.
fn messages(tag: &str) -> HashMap<String, Message> {
    let own = CATALOGUES.iter().filter(|(language, _)| *language == tag);
    own.flat_map(|(_, text)| toml::from_str::<HashMap<String, Message>>(text).unwrap_or_default()).collect()
}

/// The language of this tag, or of its first part (`de-AT` is `de`).
#[must_use]
pub fn by_tag(tag: &str) -> Option<&'static Locale> {
    let main = tag.trim().split(['-', '_']).next().unwrap_or_default();
    LOCALES.iter().find(|locale| locale.tag.eq_ignore_ascii_case(main))
}

/// The best language for an `Accept-Language` header; English when none fits.
#[must_use]
pub fn negotiate(header: &str) -> &'static Locale {
    let mut wishes: Vec<(f32, &str)> = header
        .split(',')
        .take(20)
        .filter_map(|part| {
            let (tag, quality) = part.split_once(";q=").unwrap_or((part, "1"));
            Some((quality.trim().parse().ok()?, tag))
        })
        .collect();
    wishes.sort_by(|a, b| b.0.total_cmp(&a.0));
    wishes.into_iter().filter(|(quality, _)| *quality > 0.0).find_map(|(_, tag)| by_tag(tag)).unwrap_or(&LOCALES[0])
}

/// Puts values in the places `{0}`, `{1}`, … of a text.
fn fill(text: &str, values: &[&dyn Display]) -> String {
    let mut filled = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('{') {
        filled.push_str(before);
        let value = after.split_once('}').and_then(|(place, after)| Some((values.get(place.parse::<usize>().ok()?)?, after)));
        if let Some((value, after)) = value {
            filled.push_str(&value.to_string());
            rest = after;
        } else {
            filled.push('{');
            rest = after;
        }
    }
    filled.push_str(rest);
    filled
}

impl Locale {
    /// A text in this language.
    #[must_use]
    pub fn t<'a>(&'a self, english: &'a str) -> &'a str {
        match self.messages.get(english) {
            Some(Message::Plain(text)) => text,
            Some(Message::Plural(forms)) => forms.get("other").map_or(english, String::as_str),
            None => english,
        }
    }

    /// A text with values in the places `{0}`, `{1}`, ….
    #[must_use]
    pub fn f(&self, english: &str, values: &[&dyn Display]) -> String {
        fill(self.t(english), values)
    }

    /// A text that depends on a count, which stands at `{0}`; more values follow.
    /// English gives both its forms; catalogues are keyed by the second.
    #[must_use]
    pub fn n(&self, forms: (&str, &str), count: i64, values: &[&dyn Display]) -> String {
        let category = (self.habits.plural)(count.unsigned_abs());
        let english = if category == "one" { forms.0 } else { forms.1 };
        let text = match self.messages.get(forms.1) {
            Some(Message::Plural(all)) => all.get(category).or_else(|| all.get("other")).map_or(english, String::as_str),
            Some(Message::Plain(text)) => text,
            None => english,
        };
        let number = self.number(count);
        let mut all: Vec<&dyn Display> = vec![&number];
        all.extend_from_slice(values);
        fill(text, &all)
    }

    /// Whether the catalogue has this text.
    #[must_use]
    pub fn knows(&self, english: &str) -> bool {
        self.tag == "en" || self.messages.contains_key(english)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wish_with_the_highest_quality_wins() {
        for (header, tag) in [("", "en"), ("de", "de"), ("pt, de-AT;q=0.7, ar;q=0.9", "ar"), ("xx;q=1, fr;q=0", "en"), ("*", "en")] {
            assert_eq!(negotiate(header).tag, tag, "{header}");
        }
    }

    #[test]
    fn values_stand_where_the_text_puts_them() {
        assert_eq!(fill("{1} of {0}, {2} {", &[&"a", &2]), "2 of a, {2} {");
    }

    #[test]
    fn plural_forms_follow_the_language() {
        let categories: Vec<_> = [0, 1, 2, 3, 11, 100, 102, 103].map(arabic).to_vec();
        assert_eq!(categories, ["zero", "one", "two", "few", "many", "other", "other", "few"]);
        assert_eq!([0, 1, 2].map(french), ["one", "one", "other"]);
    }

    /// The texts that templates and handlers ask for, as far as they stand in the call.
    fn asked_for() -> Vec<String> {
        fn walk(folder: &std::path::Path, texts: &mut Vec<String>) {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, texts);
                } else {
                    let text = std::fs::read_to_string(&path).unwrap();
                    texts.push(text.split("#[cfg(test)]").next().unwrap_or_default().to_owned());
                }
            }
        }
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut texts = Vec::new();
        walk(&root.join("templates"), &mut texts);
        walk(&root.join("src/pages"), &mut texts);
        let mut found = Vec::new();
        for text in &texts {
            for (call, counted) in
                [(".t(\"", false), (".f1(\"", false), (".f2(\"", false), (".f(\"", false), (".n(\"", true), (".n1(\"", true)]
            {
                for part in text.split(call).skip(1) {
                    let mut literals = part.split('"');
                    let first = literals.next().unwrap_or_default();
                    let second = literals.nth(1).unwrap_or_default();
                    found.push(if counted { second } else { first }.to_owned());
                }
            }
        }
        found.extend(super::super::words::every().map(str::to_owned));
        found
    }

    #[test]
    fn every_language_has_every_text() {
        let asked: std::collections::BTreeSet<String> = asked_for().into_iter().collect();
        assert!(asked.len() > 300, "{} texts found: is the search broken?", asked.len());
        for locale in LOCALES.iter() {
            let missing: Vec<&String> = asked.iter().filter(|text| text.chars().any(char::is_alphabetic) && !locale.knows(text)).collect();
            assert!(missing.is_empty(), "{}: {} texts: {missing:#?}", locale.tag, missing.len());
        }
    }

    #[test]
    fn every_catalogue_can_be_read_and_fills_the_same_places() {
        let places = |text: &str| {
            let mut found: Vec<String> = text.split('{').skip(1).filter_map(|part| Some(part.split_once('}')?.0.to_owned())).collect();
            found.sort();
            found.dedup();
            found
        };
        let mut known = std::collections::BTreeSet::new();
        for (tag, text) in CATALOGUES {
            let messages: HashMap<String, Message> = toml::from_str(text).unwrap_or_else(|error| panic!("{tag}: {error}"));
            for (english, message) in messages {
                assert!(known.insert((tag, english.clone())), "{tag}: {english} stands in two catalogues");
                match message {
                    Message::Plain(text) => assert_eq!(places(&english), places(&text), "{tag}: {english}"),
                    Message::Plural(forms) => {
                        assert!(forms.contains_key("other"), "{tag}: {english} needs the form \"other\"");
                        assert_eq!(places(&english), places(&forms["other"]), "{tag}: {english}");
                    }
                }
            }
        }
    }
}
