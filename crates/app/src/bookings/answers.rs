//! The host's answers: yes, no, and "the guest never came".

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, Side};
use domain::ids::{BookingId, PaymentOperationId};

use super::{Mover, move_in, party_in, sql};
use crate::App;
use crate::error::{self, Error, Result};
use crate::failpoints;
use crate::idempotency::{self, IdempotencyKey, Once, Progress};
use crate::tx::Tx;
use crate::{accounts, calendar, payments};

/// The host says yes: the held card is charged and the booking confirmed.
/// Other requests that the accepted stay now excludes (its preparation nights
/// are those in force today) are declined.
///
/// Of two clicks one wins: accepting is a compare-and-set on the locked row.
///
/// # Errors
/// `409 illegal_transition`, `409 request_expired`, 404 for anyone but the host.
pub async fn accept(app: &App, actor: &Actor, id: BookingId, key: Option<&IdempotencyKey>) -> Result<Once<Booking>> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    match idempotency::replay_in(&mut tx, user, key).await? {
        None => {}
        Some(Progress::Done(value)) => return Ok(Once { value, replayed: true }),
        Some(Progress::Begun(capture)) => {
            tx.rollback().await?;
            return conclude(app, actor, id, capture, key).await;
        }
    }
    let (mut booking, side) = party_in(&mut tx, actor, id).await?;
    require_host(side)?;
    if booking.has_lapsed(tx.now()) {
        return Err(Error::conflict("request_expired", "the 24 hours to answer are over"));
    }
    if booking.state != BookingState::Requested || booking.accepted_at.is_some() {
        return Err(Error::conflict("illegal_transition", format!("a booking that is {} cannot be accepted", booking.state)));
    }
    booking.accepted_at = Some(tx.now());
    sql::save(&mut tx, &booking).await?;
    // The answer is in: the nights stay held while the card is charged.
    calendar::hold_until_in(&mut tx, id, None).await?;
    let released = decline_rivals_in(&mut tx, &booking).await?;
    let capture = payments::capture_in(&mut tx, id).await?;
    idempotency::save_in(&mut tx, user, key, &Progress::<Booking>::Begun(capture)).await?;
    tx.commit().await?;
    failpoints::hit("accept", "recorded");

    // Should we die here, jobs walk the same roads.
    let answer = conclude(app, actor, id, capture, key).await;
    for operation in released {
        finish_later(app, operation).await;
    }
    answer
}

/// Charges the held card (again) and stores what the host is answered.
async fn conclude(
    app: &App,
    actor: &Actor,
    id: BookingId,
    capture: PaymentOperationId,
    key: Option<&IdempotencyKey>,
) -> Result<Once<Booking>> {
    let user = accounts::require_user(actor)?;
    payments::finish(app, capture).await?;
    let mut tx = app.begin().await?;
    let (booking, _) = party_in(&mut tx, actor, id).await?;
    if booking.state != BookingState::Confirmed {
        return Err(Error::conflict("payment_failed", "the guest's card could not be charged: the request has ended"));
    }
    idempotency::conclude_in(&mut tx, user, key, &booking).await?;
    tx.commit().await?;
    Ok(Once { value: booking, replayed: false })
}

/// The host says no: the card is let go and the nights are free.
///
/// # Errors
/// `409 illegal_transition`, 404 for anyone but the host, 422 for a reason of
/// more than 1,000 characters.
pub async fn decline(app: &App, actor: &Actor, id: BookingId, reason: &str, key: Option<&IdempotencyKey>) -> Result<Once<Booking>> {
    let user = accounts::require_user(actor)?;
    error::check(|check| check.text(reason, "/reason", 0..=1000))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, side) = party_in(&mut tx, actor, id).await?;
    require_host(side)?;
    if booking.accepted_at.is_some() {
        return Err(Error::conflict("illegal_transition", "this request has been accepted"));
    }
    let mover = Mover { side, user: Some(user) };
    let release = decline_in(&mut tx, &mut booking, mover, reason).await?;
    idempotency::save_in(&mut tx, user, key, &booking).await?;
    tx.commit().await?;
    for operation in release {
        finish_later(app, operation).await;
    }
    Ok(Once { value: booking, replayed: false })
}

/// The guest never came; the host is paid as agreed.
///
/// # Errors
/// `409 illegal_transition` before check-in or when the booking is not
/// confirmed, 404 for anyone but the host.
pub async fn mark_no_show(app: &App, actor: &Actor, id: BookingId) -> Result<Booking> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (mut booking, side) = party_in(&mut tx, actor, id).await?;
    require_host(side)?;
    if tx.now() < booking.check_in_at {
        return Err(Error::conflict("illegal_transition", format!("the guest is expected at {}", booking.check_in_at.to_rfc3339())));
    }
    move_in(&mut tx, &mut booking, Move::MarkNoShow, Mover { side, user: Some(user) }, "").await?;
    tx.commit().await?;
    Ok(booking)
}

fn require_host(side: Side) -> Result<()> {
    match side {
        Side::Host | Side::Staff => Ok(()),
        _ => Err(Error::forbidden("not_the_host", "only the host answers a request")),
    }
}

async fn decline_in(tx: &mut Tx, booking: &mut Booking, mover: Mover, reason: &str) -> Result<Vec<PaymentOperationId>> {
    move_in(tx, booking, Move::Decline, mover, reason).await?;
    calendar::release_in(tx, booking.id).await?;
    payments::give_back_in(tx, booking.id, booking.terms.quote.total, "declined").await
}

/// Applies the preparation nights in force to an accepted booking and declines
/// the requests that then cannot stand beside it.
async fn decline_rivals_in(tx: &mut Tx, accepted: &Booking) -> Result<Vec<PaymentOperationId>> {
    let rules = calendar::rules_in(tx, accepted.listing_id).await?;
    let nights = rules.preparation_nights;
    if nights == accepted.terms.preparation_nights {
        return Ok(Vec::new());
    }
    let colliding = calendar::colliding_in(tx, accepted.listing_id, accepted.id, accepted.stay, nights).await?;
    let mut released = Vec::new();
    for rival in colliding {
        let Some(mut rival) = sql::locked(tx, rival).await? else { continue };
        if rival.state == BookingState::Requested && rival.accepted_at.is_none() {
            released.extend(decline_in(tx, &mut rival, Mover::SYSTEM, "the host has accepted another request").await?);
        }
    }
    calendar::set_preparation_in(tx, accepted.listing_id, accepted.id, accepted.stay, nights).await?;
    Ok(released)
}

/// Finishes a request to the provider now if it can; its job does otherwise.
pub(super) async fn finish_later(app: &App, operation: PaymentOperationId) {
    if let Err(error) = payments::finish(app, operation).await {
        tracing::warn!(%operation, %error, "left to its job");
    }
}
