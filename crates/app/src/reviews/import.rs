//! Reviews and ratings from another platform: shown as such, without stars of
//! their own.

use chrono::{DateTime, Utc};
use domain::ids::{ListingId, ReviewId};

use super::{Rating, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::listings;
use crate::tx::Tx;

/// What a guest said elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedReview {
    /// Its number there.
    pub external_id: i64,
    /// Of which home.
    pub listing: ListingId,
    /// As shown there.
    pub author_name: String,
    /// What they said.
    pub words: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// Takes over another platform's rating of a home.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_rating_in(tx: &mut Tx, listing: ListingId, rating: &Rating) -> Result<()> {
    sql::set_imported_rating(tx, listing, rating).await?;
    let whole = sql::rating(tx, listing).await?;
    listings::set_rating_in(tx, listing, whole.count, whole.overall).await
}

/// Writes imported reviews; known ones change, none doubles.
///
/// # Errors
/// When the database is out of reach; then nothing of this batch is written.
pub async fn write(app: &App, source: &str, reviews: &[ImportedReview]) -> Result<()> {
    if reviews.is_empty() {
        return Ok(());
    }
    let mut rows = csv_rows(app, reviews);
    let mut tx = app.begin().await?;
    sqlx::raw_sql("create temporary table imported_reviews (id uuid, external_id bigint, listing_id uuid, author_name text, words text, at timestamptz) on commit drop")
        .execute(&mut *tx)
        .await?;
    let mut copy = tx.copy_in_raw("copy imported_reviews from stdin (format csv)").await?;
    copy.send(std::mem::take(&mut rows)).await?;
    copy.finish().await?;
    sql::merge_imported(&mut tx, source).await?;
    tx.commit().await.map_err(|error| match error {
        Error::Internal(cause) => Error::Internal(cause.context("imported reviews")),
        other => other,
    })
}

fn csv_rows(app: &App, reviews: &[ImportedReview]) -> Vec<u8> {
    let quote = |text: &str| format!("\"{}\"", text.replace('"', "\"\""));
    let mut rows = String::new();
    for review in reviews {
        let id: ReviewId = app.ids.next(&app.clock);
        let cells = [
            id.to_string(),
            review.external_id.to_string(),
            review.listing.to_string(),
            quote(&review.author_name),
            quote(&review.words),
            review.at.to_rfc3339(),
        ];
        rows.push_str(&cells.join(","));
        rows.push('\n');
    }
    rows.into_bytes()
}
