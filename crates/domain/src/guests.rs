//! Who stays: guests by kind.

use serde::{Deserialize, Serialize};

use crate::fields::Check;

/// A party of guests by kind. Children are 2–12 years old, infants under 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guests {
    /// At least one.
    pub adults: i32,
    /// 2–12 years.
    #[serde(default)]
    pub children: i32,
    /// Under 2 years; count towards capacity only where the listing says so.
    #[serde(default)]
    pub infants: i32,
    /// Animals; service animals are not counted.
    #[serde(default)]
    pub pets: i32,
}

impl Default for Guests {
    fn default() -> Self {
        Self { adults: 1, children: 0, infants: 0, pets: 0 }
    }
}

impl Guests {
    /// Most of any one kind.
    pub const MAX: i32 = 50;

    /// Records what is out of range under `pointer` (e.g. `/guests`).
    pub fn check(&self, check: &mut Check, pointer: &str) {
        check.range(self.adults, &format!("{pointer}/adults"), 1..=Self::MAX);
        check.range(self.children, &format!("{pointer}/children"), 0..=Self::MAX);
        check.range(self.infants, &format!("{pointer}/infants"), 0..=Self::MAX);
        check.range(self.pets, &format!("{pointer}/pets"), 0..=Self::MAX);
    }

    /// People who take a place: adults and children, infants where they count.
    #[must_use]
    pub const fn places(&self, infants_count: bool) -> i32 {
        self.adults + self.children + if infants_count { self.infants } else { 0 }
    }
}
