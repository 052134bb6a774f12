//! What guests and hosts say of each other: sealed until both have spoken or
//! the window has closed, then open to all.

mod batch;
pub mod import;
pub mod jobs;
mod sql;
mod write;

pub use batch::{by_ids, of_bookings, of_guests, of_listings, ratings};
pub use write::{NewReview, edit, hide, reply, report, submit};

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use domain::page::{Page, PageRequest};
use domain::reviews::{ReviewStatus, Stars, Subject};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;
use crate::{accounts, bookings, listings};

/// What somebody says of a stay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// Which.
    pub id: ReviewId,
    /// Of which stay; none for imported ones.
    pub booking_id: Option<BookingId>,
    /// At which home.
    pub listing_id: ListingId,
    /// Of the home or of the guest.
    pub subject: Subject,
    /// Whom it concerns: the host or the guest.
    pub subject_user_id: UserId,
    /// Who says it; none for imported ones.
    pub author_id: Option<UserId>,
    /// As shown.
    pub author_name: String,
    /// Ratings; none in imported ones.
    pub stars: Stars,
    /// For all.
    pub public_comment: String,
    /// For the one it concerns.
    pub private_feedback: String,
    /// Sealed, published or hidden.
    pub status: ReviewStatus,
    /// What the one it concerns answers.
    pub reply: Option<String>,
    /// When it was written.
    pub submitted_at: DateTime<Utc>,
    /// When it was opened.
    pub published_at: Option<DateTime<Utc>>,
    /// It comes from another platform.
    pub imported: bool,
}

/// Means of stars in hundredths (100–500), and of how many.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the categories of a review")]
pub struct Rating {
    pub count: i32,
    pub overall: Option<i32>,
    pub cleanliness: Option<i32>,
    pub accuracy: Option<i32>,
    pub check_in: Option<i32>,
    pub communication: Option<i32>,
    pub location: Option<i32>,
    pub value: Option<i32>,
}

/// In which order a listing's reviews are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// Newest first.
    Newest,
    /// Best first.
    Highest,
    /// Worst first.
    Lowest,
}

/// Where a page of reviews goes on.
pub type ReviewKey = (i32, DateTime<Utc>, ReviewId);

/// A listing's rating, computed anew from what is open.
pub(crate) async fn rating_in(tx: &mut Tx, listing: ListingId) -> Result<Rating> {
    sql::recompute(tx, listing).await?;
    sql::rating(tx, listing).await
}

/// A listing's rating; a count of 0 when nobody has rated it.
///
/// # Errors
/// When the database is out of reach.
pub async fn rating_of(app: &App, listing: ListingId) -> Result<Rating> {
    sql::rating(&mut *app.db.acquire().await?, listing).await
}

/// The open reviews of a listing.
///
/// # Errors
/// 404 for listings the actor may not see.
pub async fn of_listing(app: &App, actor: &Actor, listing: ListingId, order: Order, page: PageRequest<ReviewKey>) -> Result<Page<Review>> {
    listings::visible(app, actor, listing).await?;
    let rows = sql::of_listing(&app.db, listing, order, &page).await?;
    Ok(Page::cut(rows, page.limit, key))
}

/// The open reviews that somebody has received as a guest, newest first.
///
/// # Errors
/// 404 for unknown people.
pub async fn of_guest(app: &App, guest: UserId, page: PageRequest<ReviewKey>) -> Result<Page<Review>> {
    accounts::public_profile(app, guest).await?;
    let rows = sql::of_guest(&app.db, guest, &page).await?;
    Ok(Page::cut(rows, page.limit, key))
}

/// Where a review stands in a list of them.
#[must_use]
pub fn key(review: &Review) -> ReviewKey {
    (review.stars.overall.unwrap_or(0), review.published_at.unwrap_or(review.submitted_at), review.id)
}

/// The reviews of a booking that the actor may read: their own, and the other
/// side's once it is open.
///
/// # Errors
/// 404 for strangers.
pub async fn of_booking(app: &App, actor: &Actor, booking: BookingId) -> Result<Vec<Review>> {
    bookings::party(app, actor, booking).await?;
    let mut rows = sql::of_booking(&app.db, booking).await?;
    rows.retain(|review| {
        review.status == ReviewStatus::Published || review.author_id.is_some_and(|author| actor.is(author)) || actor.is_staff()
    });
    Ok(rows.into_iter().map(|review| seen(actor, review)).collect())
}

/// One review that the actor may read.
///
/// # Errors
/// 404 otherwise.
pub async fn by_id(app: &App, actor: &Actor, id: ReviewId) -> Result<Review> {
    let review = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("review"))?;
    let own = review.author_id.is_some_and(|author| actor.is(author)) || actor.is_staff();
    if own || review.status == ReviewStatus::Published { Ok(seen(actor, review)) } else { Err(Error::NotFound("review")) }
}

/// Private words are for the author and the one they concern.
fn seen(actor: &Actor, mut review: Review) -> Review {
    let party = review.author_id.is_some_and(|author| actor.is(author)) || actor.is(review.subject_user_id) || actor.is_staff();
    if !party {
        review.private_feedback.clear();
    }
    review
}
