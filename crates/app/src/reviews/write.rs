//! Writing, opening, answering, reporting and hiding reviews.

use domain::actor::Actor;
use domain::bookings::{Booking, Side};
use domain::ids::{BookingId, ReviewId};
use domain::reviews::{ReviewStatus, Stars, Subject, check_reviewable, window_closes_at};

use super::{Review, jobs, sql};
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::tx::Tx;
use crate::{App, accounts, bookings, worker};

/// What somebody wants to say.
#[derive(Debug, Clone)]
pub struct NewReview {
    /// 1–5 each; overall is needed.
    pub stars: Stars,
    /// 1–5,000 characters.
    pub public_comment: String,
    /// Up to 5,000 characters.
    pub private_feedback: String,
}

impl NewReview {
    fn check(&self, subject: Subject) -> Result<()> {
        error::check(|check| {
            self.stars.check(check, subject);
            check.text(self.public_comment.trim(), "/public_comment", 1..=5000);
            check.text(&self.private_feedback, "/private_feedback", 0..=5000);
        })
    }
}

/// Guest or host say how it was. Opened once both have.
///
/// # Errors
/// `409 already_reviewed`, `409 review_too_early | not_reviewable |
/// review_window_closed`, 422 with every mistake, 404 for strangers.
pub async fn submit(app: &App, actor: &Actor, id: BookingId, new: NewReview) -> Result<Review> {
    let author = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (booking, side) = bookings::party_in(&mut tx, actor, id).await?;
    let (subject, concerned) = match side {
        Side::Guest => (Subject::Listing, booking.host_id),
        Side::Host => (Subject::Guest, booking.guest_id),
        _ => return Err(Error::forbidden("not_a_party", "only guest and host review a stay")),
    };
    new.check(subject)?;
    check_reviewable(&booking, tx.now()).map_err(|why| Error::conflict(why.code(), why.to_string()))?;
    let name = accounts::people(app, &[author]).await?.remove(&author).map(|person| person.name).unwrap_or_default();
    let review = Review {
        id: app.ids.next(&app.clock),
        booking_id: Some(id),
        listing_id: booking.listing_id,
        subject,
        subject_user_id: concerned,
        author_id: Some(author),
        author_name: name,
        stars: new.stars,
        public_comment: new.public_comment.trim().to_owned(),
        private_feedback: new.private_feedback,
        status: ReviewStatus::Sealed,
        reply: None,
        submitted_at: tx.now(),
        published_at: None,
        imported: false,
    };
    if !sql::insert(&mut tx, &review).await? {
        return Err(Error::conflict("already_reviewed", "you have reviewed this stay: change it while it is sealed"));
    }
    events::publish_in(&mut tx, Event::ReviewSubmitted { review: review.id, booking: id }).await?;
    worker::enqueue_in(&mut tx, &jobs::OpenReviews { booking: id }, window_closes_at(&booking)).await?;
    open_in(&mut tx, &booking).await?;
    tx.commit().await?;
    super::by_id(app, actor, review.id).await
}

/// Opens both sides' reviews when both are in or the window has closed.
async fn open_in(tx: &mut Tx, booking: &Booking) -> Result<()> {
    let sealed = sql::sealed(tx, booking.id).await?;
    let both = sql::count(tx, booking.id).await? == 2;
    if !both && tx.now() < window_closes_at(booking) {
        return Ok(());
    }
    for (review, subject) in sealed {
        sql::publish(tx, review).await?;
        events::publish_in(tx, Event::ReviewPublished { review, listing: booking.listing_id, subject }).await?;
    }
    Ok(())
}

pub(super) async fn open_due(app: &App, id: BookingId) -> Result<()> {
    let mut tx = app.begin().await?;
    let (booking, _) = bookings::party_in(&mut tx, &Actor::System, id).await?;
    open_in(&mut tx, &booking).await?;
    tx.commit().await
}

/// Changes a review that is still sealed.
///
/// # Errors
/// `409 review_is_open` once it is not, 404 for anyone but its author.
pub async fn edit(app: &App, actor: &Actor, id: ReviewId, new: NewReview) -> Result<Review> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let mut review = sql::locked(&mut tx, id)
        .await?
        .filter(|review| review.author_id.is_some_and(|author| actor.is(author)))
        .ok_or(Error::NotFound("review"))?;
    if review.status != ReviewStatus::Sealed {
        return Err(Error::conflict("review_is_open", "a review cannot be changed once it is open"));
    }
    new.check(review.subject)?;
    review.stars = new.stars;
    review.public_comment = new.public_comment.trim().to_owned();
    review.private_feedback = new.private_feedback;
    sql::save_words(&mut tx, &review).await?;
    tx.commit().await?;
    Ok(review)
}

/// The one a review concerns answers it, once.
///
/// # Errors
/// `409 already_replied`, `409 review_is_sealed`, 404 for anyone else.
pub async fn reply(app: &App, actor: &Actor, id: ReviewId, words: &str) -> Result<Review> {
    accounts::require_user(actor)?;
    error::check(|check| check.text(words.trim(), "/reply", 1..=5000))?;
    let mut tx = app.begin().await?;
    let review = sql::locked(&mut tx, id).await?.ok_or(Error::NotFound("review"))?;
    if review.status != ReviewStatus::Published || !actor.is(review.subject_user_id) {
        return Err(Error::NotFound("review"));
    }
    if review.reply.is_some() {
        return Err(Error::conflict("already_replied", "you have answered this review"));
    }
    sql::set_reply(&mut tx, id, words.trim()).await?;
    tx.commit().await?;
    super::by_id(app, actor, id).await
}

/// A reader finds that a review should not stand.
///
/// # Errors
/// 404 for reviews the actor cannot read, 422 without a reason.
pub async fn report(app: &App, actor: &Actor, id: ReviewId, reason: &str) -> Result<()> {
    let reporter = accounts::require_user(actor)?;
    error::check(|check| check.text(reason.trim(), "/reason", 1..=2000))?;
    super::by_id(app, actor, id).await?;
    let mut tx = app.begin().await?;
    sql::insert_report(&mut tx, id, reporter, reason.trim()).await?;
    tx.commit().await
}

/// Staff take a review out of sight, and say why; its stars no longer count.
///
/// # Errors
/// 404 for anyone but staff, 422 without a reason.
pub async fn hide(app: &App, actor: &Actor, id: ReviewId, reason: &str) -> Result<()> {
    if !actor.is_staff() {
        return Err(Error::NotFound("review"));
    }
    error::check(|check| check.text(reason.trim(), "/reason", 1..=2000))?;
    let mut tx = app.begin().await?;
    let review = sql::locked(&mut tx, id).await?.ok_or(Error::NotFound("review"))?;
    sql::hide(&mut tx, id, reason.trim()).await?;
    let rating = super::rating_in(&mut tx, review.listing_id).await?;
    crate::listings::set_rating_in(&mut tx, review.listing_id, rating.count, rating.overall).await?;
    events::publish_in(&mut tx, Event::ListingChanged { listing: review.listing_id }).await?;
    tx.commit().await
}
