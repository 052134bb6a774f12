//! Photographs for demo data. Only such whose licence `photos/CREDITS.csv` names:
//! it allows to use and to pass them on; whoever shows them says who took them.

/// A photograph.
#[derive(Debug, Clone, Copy)]
pub struct Photo {
    /// Room and number, e.g. `kitchen-03`.
    pub name: &'static str,
    /// WebP, at most 1,200 pixels wide and high.
    pub bytes: &'static [u8],
}

macro_rules! photos {
    ($($name:literal),* $(,)?) => {
        /// All of them, by name.
        pub const ALL: &[Photo] = &[$(Photo { name: $name, bytes: include_bytes!(concat!("../photos/", $name, ".webp")) }),*];
    };
}

photos![
    "bathroom-01",
    "bathroom-02",
    "bathroom-03",
    "bathroom-04",
    "bedroom-01",
    "bedroom-02",
    "bedroom-04",
    "dining-01",
    "dining-02",
    "dining-03",
    "dining-04",
    "entry-01",
    "entry-03",
    "exterior-02",
    "exterior-03",
    "exterior-04",
    "exterior-06",
    "exterior-08",
    "exterior-10",
    "exterior-13",
    "exterior-15",
    "exterior-16",
    "exterior-18",
    "kitchen-02",
    "kitchen-03",
    "kitchen-04",
    "kitchen-06",
    "kitchen-08",
    "kitchen-09",
    "living-01",
    "living-02",
    "living-06",
    "living-07",
    "living-08",
    "living-09",
    "living-10",
    "living-11",
    "living-12",
    "living-14",
    "living-15",
    "living-16",
    "living-17",
];

/// The photograph of this name.
#[must_use]
pub fn named(name: &str) -> Option<Photo> {
    ALL.iter().find(|photo| photo.name == name).copied()
}

/// Who took a photograph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// Of which photograph.
    pub name: &'static str,
    /// As they call themselves; empty where nobody is named.
    pub photographer: &'static str,
    /// Where it is from: a platform and its number there.
    pub source: &'static str,
    /// What allows its use.
    pub licence: &'static str,
}

/// Who took which photograph, by name.
pub fn credits() -> impl Iterator<Item = Credit> {
    include_str!("../photos/CREDITS.csv").lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',');
        Some(Credit { name: cells.next()?, photographer: cells.next()?, source: cells.next()?, licence: cells.next()? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_photograph_has_its_credit_and_can_be_read() {
        assert_eq!(credits().map(|credit| credit.name).collect::<Vec<_>>(), ALL.iter().map(|photo| photo.name).collect::<Vec<_>>());
        assert!(credits().all(|credit| !credit.source.is_empty() && !credit.licence.is_empty()));
        for photo in ALL {
            assert_eq!((&photo.bytes[..4], &photo.bytes[8..12]), (&b"RIFF"[..], &b"WEBP"[..]), "{}", photo.name);
        }
    }
}
