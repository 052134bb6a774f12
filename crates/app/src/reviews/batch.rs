//! Many reviews at once: what lists and graphs of things link to. Who may read
//! what is decided here, for the whole batch.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use domain::page::Limit;
use domain::reviews::ReviewStatus;

use super::{Order, Rating, Review, ReviewKey, seen, sql};
use crate::App;
use crate::bookings;
use crate::error::Result;

/// Of whom, and after which place.
pub type Wanted<Id> = (Id, Option<ReviewKey>);

/// Those of `ids` that the actor may read; the others are missing.
///
/// # Errors
/// When the database is out of reach.
pub async fn by_ids(app: &App, actor: &Actor, ids: &[ReviewId]) -> Result<HashMap<ReviewId, Review>> {
    let rows = sql::batch::by_ids(&app.db, ids).await?;
    Ok(rows.into_iter().filter(|review| readable(actor, review)).map(|review| (review.id, seen(actor, review))).collect())
}

fn readable(actor: &Actor, review: &Review) -> bool {
    review.status == ReviewStatus::Published || review.author_id.is_some_and(|author| actor.is(author)) || actor.is_staff()
}

/// What homes are rated; those that nobody has rated are missing.
///
/// # Errors
/// When the database is out of reach.
pub async fn ratings(app: &App, ids: &[ListingId]) -> Result<HashMap<ListingId, Rating>> {
    Ok(sql::batch::ratings(&app.db, ids).await?.into_iter().collect())
}

/// A page of each home's open reviews, each after its own place; one row more
/// than the page holds where there is a next. Whoever calls has found the homes
/// visible; private words are left out.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_listings(
    app: &App,
    wanted: &[Wanted<ListingId>],
    order: Order,
    limit: Limit,
) -> Result<HashMap<Wanted<ListingId>, Vec<Review>>> {
    Ok(pages(wanted, sql::batch::of_listings(&app.db, wanted, order, limit).await?))
}

/// A page of the open reviews that each of these people has received as a
/// guest, newest first, as [`of_listings`].
///
/// # Errors
/// When the database is out of reach.
pub async fn of_guests(app: &App, wanted: &[Wanted<UserId>], limit: Limit) -> Result<HashMap<Wanted<UserId>, Vec<Review>>> {
    Ok(pages(wanted, sql::batch::of_guests(&app.db, wanted, limit).await?))
}

fn pages<Id: Copy + Eq + std::hash::Hash>(wanted: &[Wanted<Id>], rows: Vec<(usize, Review)>) -> HashMap<Wanted<Id>, Vec<Review>> {
    let mut pages: HashMap<_, Vec<Review>> = wanted.iter().map(|key| (*key, Vec::new())).collect();
    for (at, mut review) in rows {
        review.private_feedback.clear();
        if let Some(page) = wanted.get(at).and_then(|key| pages.get_mut(key)) {
            page.push(review);
        }
    }
    pages
}

/// The reviews of bookings of the actor's that they may read: their own, and
/// the other side's once it is open.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_bookings(app: &App, actor: &Actor, ids: &[BookingId]) -> Result<HashMap<BookingId, Vec<Review>>> {
    let own: Vec<BookingId> = bookings::by_ids(app, actor, ids).await?.into_keys().collect();
    let mut all: HashMap<BookingId, Vec<Review>> = own.iter().map(|id| (*id, Vec::new())).collect();
    for review in sql::batch::of_bookings(&app.db, &own).await? {
        if let Some(list) = review.booking_id.filter(|_| readable(actor, &review)).and_then(|id| all.get_mut(&id)) {
            list.push(seen(actor, review));
        }
    }
    Ok(all)
}
