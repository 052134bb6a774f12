//! Taking nights and giving them back.

use chrono::{DateTime, Utc};
use domain::calendar::{Lane, StayFacts, widened};
use domain::dates::Stay;
use domain::ids::{AlterationId, BookingId, ListingId};

use super::sql;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::tx::Tx;

/// How nights are held.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Hold {
    /// Kept free before and after.
    pub preparation_nights: i32,
    /// Until when; for good when `None`.
    pub expires_at: Option<DateTime<Utc>>,
}

fn taken() -> Error {
    Error::conflict("dates_unavailable", "somebody else has just taken some of these nights")
}

/// The nights before and after a stay that stay free.
fn preparation(stay: Stay, nights: i32) -> impl Iterator<Item = Stay> {
    let wide = widened(stay, nights);
    let before = Stay { check_in: wide.check_in, check_out: stay.check_in };
    let after = Stay { check_in: stay.check_out, check_out: wide.check_out };
    [before, after].into_iter().filter(move |_| nights > 0)
}

/// Takes the nights of a booking, and the preparation nights around them. Of
/// two who want one night, one gets it and the other an answer, not an error
/// of the database.
///
/// # Errors
/// `409 dates_unavailable`.
pub(crate) async fn occupy_in(tx: &mut Tx, listing: ListingId, booking: BookingId, stay: Stay, hold: Hold) -> Result<()> {
    let own = sql::NewOccupancy::of_booking(booking, stay, hold.expires_at);
    let around = preparation(stay, hold.preparation_nights).map(|nights| sql::NewOccupancy::preparation(booking, nights, hold.expires_at));
    let rows: Vec<_> = std::iter::once(own).chain(around).collect();
    if sql::insert(tx, listing, &rows).await? < rows.len() {
        metrics::counter!("bookings_lost_races_total").increment(1);
        return Err(taken());
    }
    Ok(())
}

/// What the calendar knows about a stay that somebody wants to book. Frees what
/// holds have left behind there whose time is over: no worker is needed for
/// nights to become free.
pub(crate) async fn facts_for_booking_in(tx: &mut Tx, listing: ListingId, stay: Stay, preparation_nights: i32) -> Result<StayFacts> {
    let now = tx.now();
    let wide = widened(stay, preparation_nights);
    let (facts, lapsed) = sql::facts(tx, listing, wide, now).await?;
    if lapsed {
        sql::delete_lapsed(tx, listing, wide, now).await?;
    }
    Ok(facts)
}

/// Changes until when a booking holds its nights (`None`: for good). False:
/// it holds none any more.
pub(crate) async fn hold_until_in(tx: &mut Tx, booking: BookingId, expires_at: Option<DateTime<Utc>>) -> Result<bool> {
    sql::set_expiry(tx, booking, expires_at).await
}

/// Gives the nights of a booking back.
pub(crate) async fn release_in(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sql::delete_of_booking(tx, booking, None).await
}

/// The host called off: the nights stay blocked, so that cancelling is no way
/// to sell them again for more.
pub(crate) async fn block_instead_in(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sql::delete_of_booking(tx, booking, Some(Lane::Block)).await?;
    sql::turn_into_block(tx, booking).await
}

/// Bookings whose own nights lie within `nights` of a stay.
pub(crate) async fn colliding_in(tx: &mut Tx, listing: ListingId, booking: BookingId, stay: Stay, nights: i32) -> Result<Vec<BookingId>> {
    let now = tx.now();
    sql::other_bookings(tx, listing, booking, widened(stay, nights), now).await
}

/// Applies other preparation nights to a booking; where another booking stands
/// in the way, as many as there is room for were agreed before and stay.
pub(crate) async fn set_preparation_in(tx: &mut Tx, listing: ListingId, booking: BookingId, stay: Stay, nights: i32) -> Result<()> {
    sql::delete_of_booking(tx, booking, Some(Lane::Block)).await?;
    let rows: Vec<_> = preparation(stay, nights).map(|nights| sql::NewOccupancy::preparation(booking, nights, None)).collect();
    sql::insert(tx, listing, &rows).await?;
    Ok(())
}

/// A booking for which further nights are held while a change of it is open.
#[derive(Debug, Clone, Copy)]
pub(crate) struct More {
    pub listing: ListingId,
    pub booking: BookingId,
    pub alteration: AlterationId,
    /// The booking's own nights.
    pub stay: Stay,
    pub preparation_nights: i32,
}

/// Whether nobody but `booking` itself has a night of `ranges`.
///
/// # Errors
/// `409 dates_unavailable`.
pub(crate) async fn check_free_in(tx: &mut Tx, listing: ListingId, booking: BookingId, ranges: &[Stay]) -> Result<()> {
    let now = tx.now();
    for range in ranges {
        if sql::held_by_others(tx, listing, booking, *range, now).await? {
            return Err(taken());
        }
    }
    Ok(())
}

/// Takes nights beside those a booking has, while a change of it is open. Its
/// own preparation nights give way and stand around all of them.
///
/// # Errors
/// `409 dates_unavailable`.
pub(crate) async fn hold_more_in(tx: &mut Tx, more: &More, ranges: &[Stay], expires_at: DateTime<Utc>) -> Result<()> {
    if ranges.is_empty() {
        return Ok(());
    }
    let now = tx.now();
    sql::delete_of_booking(tx, more.booking, Some(Lane::Block)).await?;
    let mut whole = more.stay;
    for range in ranges {
        sql::delete_lapsed(tx, more.listing, *range, now).await?;
        if sql::insert(tx, more.listing, &[sql::NewOccupancy::of_booking(more.booking, *range, Some(expires_at))]).await? == 0 {
            return Err(taken());
        }
        whole = Stay { check_in: whole.check_in.min(range.check_in), check_out: whole.check_out.max(range.check_out) };
    }
    sql::name_alteration(tx, more.booking, more.alteration, expires_at).await?;
    let around: Vec<_> =
        preparation(whole, more.preparation_nights).map(|nights| sql::NewOccupancy::preparation(more.booking, nights, None)).collect();
    sql::insert(tx, more.listing, &around).await?;
    events::publish_in(tx, Event::CalendarChanged { listing: more.listing }).await
}

/// Changes until when the nights of an open change are held.
pub(crate) async fn hold_more_until_in(tx: &mut Tx, alteration: AlterationId, expires_at: Option<DateTime<Utc>>) -> Result<()> {
    sql::set_alteration_expiry(tx, alteration, expires_at).await
}

/// The change was not made: what it held is free, and the preparation nights
/// stand around the booking's own again.
pub(crate) async fn release_more_in(
    tx: &mut Tx,
    listing: ListingId,
    (booking, alteration): (BookingId, AlterationId),
    stay: Stay,
    preparation_nights: i32,
) -> Result<()> {
    if sql::delete_of_alteration(tx, alteration).await? {
        set_preparation_in(tx, listing, booking, stay, preparation_nights).await?;
        events::publish_in(tx, Event::CalendarChanged { listing }).await?;
    }
    Ok(())
}

/// Moves a booking to other nights: what a change held beside its own becomes
/// its own, what it no longer needs is free. The caller has locked the listing.
///
/// # Errors
/// `409 dates_unavailable` when somebody has one of them.
pub(crate) async fn move_in(tx: &mut Tx, listing: ListingId, booking: BookingId, stay: Stay, preparation_nights: i32) -> Result<()> {
    sql::delete_beside(tx, booking).await?;
    if sql::held_by_others(tx, listing, booking, stay, tx.now()).await? || !sql::set_nights(tx, booking, stay).await? {
        return Err(taken());
    }
    set_preparation_in(tx, listing, booking, stay, preparation_nights).await
}
