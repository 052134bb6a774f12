//! Rows of a reviews file.

use app::reviews::import::ImportedReview;
use chrono::{NaiveDate, NaiveTime};

use super::fields::{clean, cut};
use super::rows::Row;

/// Reads one row; the listing's number there comes with it. A notice that a
/// host has cancelled is no review and is none.
///
/// # Errors
/// The sentence why it cannot be used.
pub(super) fn read(row: &Row<'_>) -> Result<Option<(i64, ImportedReview)>, String> {
    let number =
        |column: &str| row.get(column).and_then(|text| text.parse::<i64>().ok()).ok_or_else(|| format!("{column} is not a number"));
    let date = row.get("date").and_then(|text| text.parse::<NaiveDate>().ok()).ok_or("date is not a date")?;
    let words = clean(row.get("comments").unwrap_or_default());
    if words.contains("This is an automated posting") {
        return Ok(None);
    }
    if words.is_empty() {
        return Err("the review says nothing".into());
    }
    let review = ImportedReview {
        external_id: number("id")?,
        listing: domain::ids::ListingId(uuid::Uuid::nil()),
        author_name: row.get("reviewer_name").map_or_else(|| "Guest".to_owned(), |name| cut(&clean(name), 80)),
        words: cut(&words, 5000),
        at: date.and_time(NaiveTime::MIN).and_utc(),
    };
    Ok(Some((number("listing_id")?, review)))
}
