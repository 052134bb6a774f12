//! What is wrong with an input, field by field.

use serde::Serialize;

/// One mistake in an input, addressed as RFC 6901 points into the body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// Where: `/guests/adults`; empty for the body as a whole.
    pub pointer: String,
    /// Stable machine word: `min`, `max`, `required`, `format`, …
    pub code: &'static str,
    /// For people: what was wrong, with which value, what to do.
    pub message: String,
}

/// Gathers every mistake of an input, so that people see all of them at once.
#[derive(Debug, Default)]
pub struct Check {
    errors: Vec<FieldError>,
}

impl Check {
    /// Nothing found yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Records a mistake at `pointer` unless `holds`.
    pub fn that(&mut self, holds: bool, pointer: &str, code: &'static str, message: impl Into<String>) {
        if !holds {
            self.errors.push(FieldError { pointer: pointer.to_owned(), code, message: message.into() });
        }
    }

    /// Text of `min..=max` characters (not bytes) without control characters
    /// other than line breaks and tabs.
    pub fn text(&mut self, value: &str, pointer: &str, range: std::ops::RangeInclusive<usize>) {
        let length = value.chars().count();
        let (min, max) = (*range.start(), *range.end());
        self.that(length >= min, pointer, "too_short", format!("needs at least {min} characters, has {length}"));
        self.that(length <= max, pointer, "too_long", format!("takes at most {max} characters, has {length}"));
        self.that(
            value.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\r' | '\t')),
            pointer,
            "format",
            "must not contain control characters",
        );
    }

    /// A number in `range`.
    pub fn range<T: PartialOrd + std::fmt::Display>(&mut self, value: T, pointer: &str, range: std::ops::RangeInclusive<T>) {
        let (min, max) = (range.start(), range.end());
        self.that(value >= *min, pointer, "min", format!("must be at least {min}, is {value}"));
        self.that(value <= *max, pointer, "max", format!("must be at most {max}, is {value}"));
    }

    /// The mistakes, or `Ok` when there are none.
    ///
    /// # Errors
    /// Every mistake recorded, in order.
    pub fn finish(self) -> Result<(), Vec<FieldError>> {
        if self.errors.is_empty() { Ok(()) } else { Err(self.errors) }
    }
}
