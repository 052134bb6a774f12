//! Reviews and ratings from another platform: shown as such, without stars of
//! their own.

use chrono::{DateTime, Utc};
use domain::ids::{ListingId, ReviewId};

use super::{Rating, sql};
use crate::App;
use crate::copy::CopyRows;
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

/// Takes over another platform's ratings of homes.
///
/// # Errors
/// When the database is out of reach.
pub async fn set_ratings_in(tx: &mut Tx, ratings: &[(ListingId, Rating)]) -> Result<()> {
    let whole = sql::set_imported_ratings(tx, ratings).await?;
    let shown: Vec<_> = whole.iter().map(|(listing, rating)| (*listing, rating.count, rating.overall)).collect();
    listings::set_ratings_in(tx, &shown).await
}

/// Writes imported reviews; known ones change, none doubles.
///
/// # Errors
/// When the database is out of reach; then nothing of this batch is written.
pub async fn write(app: &App, source: &str, reviews: &[ImportedReview]) -> Result<()> {
    if reviews.is_empty() {
        return Ok(());
    }
    let mut rows = CopyRows::default();
    for review in reviews {
        let id: ReviewId = app.ids.next(&app.clock);
        let row = rows.cell(id).cell(review.external_id).cell(review.listing);
        row.cell(&review.author_name).cell(&review.words).cell(review.at).end();
    }
    let mut tx = app.begin().await?;
    sqlx::raw_sql("create temporary table imported_reviews (id uuid, external_id bigint, listing_id uuid, author_name text, words text, at timestamptz) on commit drop")
        .execute(&mut *tx)
        .await?;
    rows.send(&mut tx, "copy imported_reviews from stdin (format csv)").await?;
    sql::merge_imported(&mut tx, source).await?;
    tx.commit().await.map_err(|error| match error {
        Error::Internal(cause) => Error::Internal(cause.context("imported reviews")),
        other => other,
    })
}
