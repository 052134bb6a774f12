//! Many bookings at once: what lists and graphs of things link to. Whoever is
//! no party of a booking finds it missing.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::bookings::Booking;
use domain::co_hosts::Access;
use domain::ids::{BookingId, ListingId};
use domain::page::Limit;
use domain::payments::Payment;

use super::{HistoryEntry, read::seen, role_of, sql};
use crate::App;
use crate::error::Result;
use crate::{listings, payments};

/// Those of `ids` that the actor is a party of.
///
/// # Errors
/// When the database is out of reach.
pub async fn by_ids(app: &App, actor: &Actor, ids: &[BookingId]) -> Result<HashMap<BookingId, Booking>> {
    visible(app, actor, ids, Access::Messages).await
}

/// Those that the actor is a party of, as a co-host with at least this access.
async fn visible(app: &App, actor: &Actor, ids: &[BookingId], least: Access) -> Result<HashMap<BookingId, Booking>> {
    if actor.user_id().is_none() && !actor.is_staff() {
        return Ok(HashMap::new());
    }
    let rows = sql::batch::by_ids(&app.db, ids).await?;
    let (mut own, others): (Vec<Booking>, Vec<Booking>) = rows.into_iter().partition(|booking| role_of(actor, booking).is_some());
    if let (Some(user), false) = (actor.user_id(), others.is_empty()) {
        let homes: Vec<ListingId> = others.iter().map(|booking| booking.listing_id).collect();
        let helped = listings::co_hosts::helped(app, user, &homes, least).await?;
        own.extend(others.into_iter().filter(|booking| helped.contains(&booking.listing_id)));
    }
    Ok(own.into_iter().map(|booking| (booking.id, seen(app, booking))).collect())
}

/// The payments of bookings of the actor's.
///
/// # Errors
/// When the database is out of reach.
pub async fn payments_of(app: &App, actor: &Actor, ids: &[BookingId]) -> Result<HashMap<BookingId, Payment>> {
    let own: Vec<BookingId> = visible(app, actor, ids, Access::Full).await?.into_keys().collect();
    payments::of_bookings(app, &own).await
}

/// Who moved bookings of the actor's when, and why, from the beginning.
///
/// # Errors
/// When the database is out of reach.
pub async fn histories(app: &App, actor: &Actor, ids: &[BookingId]) -> Result<HashMap<BookingId, Vec<HistoryEntry>>> {
    let own: Vec<BookingId> = by_ids(app, actor, ids).await?.into_keys().collect();
    let mut all: HashMap<BookingId, Vec<HistoryEntry>> = own.iter().map(|id| (*id, Vec::new())).collect();
    for (booking, entry) in sql::batch::histories(&app.db, &own).await? {
        all.entry(booking).or_default().push(entry);
    }
    Ok(all)
}

/// A page of each listing's bookings that the actor is a party of, newest
/// first, each after its own place; one row more than the page holds where
/// there is a next.
///
/// # Errors
/// When the database is out of reach.
pub async fn of_listings(
    app: &App,
    actor: &Actor,
    wanted: &[(ListingId, Option<BookingId>)],
    limit: Limit,
) -> Result<HashMap<(ListingId, Option<BookingId>), Vec<Booking>>> {
    let mut pages: HashMap<_, Vec<Booking>> = wanted.iter().map(|key| (*key, Vec::new())).collect();
    if actor.user_id().is_none() && !actor.is_staff() {
        return Ok(pages);
    }
    let reader = actor.user_id().filter(|_| !actor.is_staff());
    for (at, booking) in sql::batch::of_listings(&app.db, wanted, reader, limit).await? {
        if let Some(page) = wanted.get(at).and_then(|key| pages.get_mut(key)) {
            page.push(seen(app, booking));
        }
    }
    Ok(pages)
}
