//! Keyset pagination: a page of a list and the cursor that asks for the next.

use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// How many items a page holds: 1 to 100, 20 unless asked otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Limit(u16);

impl Limit {
    /// The largest page.
    pub const MAX: u16 = 100;

    /// A limit of 1 to 100.
    #[must_use]
    pub fn new(limit: u16) -> Option<Self> {
        (1..=Self::MAX).contains(&limit).then_some(Self(limit))
    }

    /// As the number of rows to return.
    #[must_use]
    pub const fn rows(self) -> usize {
        self.0 as usize
    }

    /// One more than the page holds: the row too many tells that a next page
    /// exists. For `LIMIT $n`.
    #[must_use]
    pub const fn with_next(self) -> i64 {
        self.0 as i64 + 1
    }
}

impl Default for Limit {
    fn default() -> Self {
        Self(20)
    }
}

/// A page of a list in the order of its keys.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    /// The items.
    pub data: Vec<T>,
    /// Asks for the next page; `None` on the last.
    pub next_cursor: Option<String>,
}

impl<T> Page<T> {
    /// Cuts the row too many off `rows` (see [`Limit::with_next`]) and names the
    /// last item's key as the cursor.
    pub fn cut<K: Serialize>(mut rows: Vec<T>, limit: Limit, key: impl Fn(&T) -> K) -> Self {
        let more = rows.len() > limit.rows();
        rows.truncate(limit.rows());
        let next_cursor = if more { rows.last().map(|last| encode_cursor(&key(last))) } else { None };
        Self { data: rows, next_cursor }
    }

    /// The same page with each item turned into something else.
    pub fn map<U>(self, turn: impl FnMut(T) -> U) -> Page<U> {
        Page { data: self.data.into_iter().map(turn).collect(), next_cursor: self.next_cursor }
    }
}

/// A cursor that is not one of ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one this list gave out; start again without it")]
pub struct BadCursor;

/// Writes a key as an opaque cursor (hexadecimal of its JSON; nothing secret
/// belongs in a key).
pub fn encode_cursor<K: Serialize>(key: &K) -> String {
    // Keys are plain tuples of strings, numbers and ids: always JSON.
    let json = serde_json::to_vec(key).unwrap_or_default();
    json.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Reads back what [`encode_cursor`] wrote.
///
/// # Errors
/// When the text was not written for this kind of key.
pub fn decode_cursor<K: DeserializeOwned>(cursor: &str) -> Result<K, BadCursor> {
    if cursor.len() > 1024 || !cursor.len().is_multiple_of(2) || !cursor.is_ascii() {
        return Err(BadCursor);
    }
    let bytes: Option<Vec<u8>> = (0..cursor.len()).step_by(2).map(|at| u8::from_str_radix(cursor.get(at..at + 2)?, 16).ok()).collect();
    serde_json::from_slice(&bytes.ok_or(BadCursor)?).map_err(|_| BadCursor)
}

/// What a list request asks for, its cursor already understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest<K> {
    /// Items after this key; from the start when `None`.
    pub after: Option<K>,
    /// How many.
    pub limit: Limit,
}

impl<K> Default for PageRequest<K> {
    fn default() -> Self {
        Self { after: None, limit: Limit::default() }
    }
}

impl<K: DeserializeOwned> PageRequest<K> {
    /// Reads a cursor, if one was given.
    ///
    /// # Errors
    /// When it is not one of ours.
    pub fn new(cursor: Option<&str>, limit: Limit) -> Result<Self, BadCursor> {
        let after = cursor.map(decode_cursor).transpose()?;
        Ok(Self { after, limit })
    }
}

/// A wish to page, as it comes from outside: the cursor not yet understood.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct PageQuery {
    /// Opaque; from an earlier page's `next_cursor`.
    pub cursor: Option<String>,
    /// 1 to 100; 20 when absent.
    pub limit: Option<u16>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_went() {
        let key = ("2027-01-01".to_owned(), 42_i64);
        assert_eq!(decode_cursor::<(String, i64)>(&encode_cursor(&key)), Ok(key));
    }

    #[test]
    fn foreign_cursors_are_refused() {
        for bad in ["", "zz", "abc", "7b7d", "ÿÿ", &"61".repeat(2000)] {
            assert_eq!(decode_cursor::<(String, i64)>(bad), Err(BadCursor), "{bad}");
        }
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let limit = Limit::new(2).unwrap();
        assert!(Page::cut(vec![1, 2], limit, |n| *n).next_cursor.is_none());
        let page = Page::cut(vec![1, 2, 3], limit, |n| *n);
        assert_eq!(page.data, [1, 2]);
        assert_eq!(decode_cursor::<i32>(&page.next_cursor.unwrap()), Ok(2));
    }
}
