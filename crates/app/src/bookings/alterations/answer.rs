//! The other side's answer to a proposed change, and taking it back.

use domain::actor::Actor;
use domain::alterations::AlterationState;
use domain::bookings::{Booking, Side};
use domain::ids::{AlterationId, BookingId};
use domain::payments::PaymentStatus;

use super::{Alteration, AlterationDetail, apply, card_in, check_changeable, finished, require_party, sql};
use crate::bookings::answers::finish_later;
use crate::bookings::party_in;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{App, accounts, calendar, listings, payments};

/// The booking and the change in question, both locked, and the actor's role.
async fn in_question(tx: &mut Tx, actor: &Actor, booking: BookingId, id: AlterationId) -> Result<(Booking, Alteration, Side)> {
    let (booking, side) = party_in(tx, actor, booking).await?;
    require_party(side)?;
    let alteration = sql::locked(tx, id).await?.filter(|found| found.booking_id == booking.id).ok_or(Error::NotFound("alteration"))?;
    Ok((booking, alteration, side))
}

fn check_open(alteration: &Alteration, tx: &Tx) -> Result<()> {
    if alteration.state != AlterationState::Proposed {
        return Err(Error::conflict("illegal_transition", format!("this change is {} already", alteration.state)));
    }
    if alteration.expires_at <= tx.now() {
        return Err(Error::conflict("alteration_expired", "the 24 hours to answer are over"));
    }
    Ok(())
}

fn require_other(alteration: &Alteration, side: Side) -> Result<()> {
    if alteration.proposed_by == side {
        return Err(Error::forbidden("own_proposal", "the other side answers a proposed change"));
    }
    Ok(())
}

/// The other side says yes. What the change costs more is charged first (a
/// guest who says yes names a card); when it is paid, or costs nothing, the
/// booking changes at once, and what it costs less goes back.
///
/// # Errors
/// `409 illegal_transition`, `409 alteration_expired`, `409 payment_not_ready`
/// while the guest's bank waits for them, `409 dates_unavailable`, 422 without a
/// needed card, 404 for strangers.
pub async fn accept(
    app: &App,
    actor: &Actor,
    (booking, id): (BookingId, AlterationId),
    method: Option<&str>,
    key: Option<&IdempotencyKey>,
) -> Result<Once<AlterationDetail>> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, mut alteration, side) = in_question(&mut tx, actor, booking, id).await?;
    require_other(&alteration, side)?;
    check_open(&alteration, &tx)?;
    check_changeable(&booking, tx.now())?;
    let mut begun = Vec::new();
    if alteration.price.charge().amount == 0 {
        begun = apply::apply_in(&mut tx, &mut booking, &mut alteration).await?;
    } else {
        alteration.state = AlterationState::Accepted;
        alteration.answered_at = Some(tx.now());
        begun.extend(charge_in(&mut tx, &booking, &mut alteration, (side, method)).await?);
        // The answer is in: the nights stay held while the card is charged.
        calendar::hold_more_until_in(&mut tx, id, None).await?;
        sql::save(&mut tx, &alteration).await?;
    }
    tx.commit().await?;
    let charging = alteration.state == AlterationState::Accepted;
    for operation in begun {
        if charging {
            payments::finish(app, operation).await?;
        } else {
            finish_later(app, operation).await;
        }
    }
    finished(app, user, id, key).await
}

/// Asks for the money: from the card that is held, or the one named now.
async fn charge_in(
    tx: &mut Tx,
    booking: &Booking,
    alteration: &mut Alteration,
    (side, method): (Side, Option<&str>),
) -> Result<Option<domain::ids::PaymentOperationId>> {
    if side == Side::Guest {
        return card_in(tx, booking, alteration, (side, method)).await;
    }
    let payment = alteration.payment_id.ok_or(Error::NotFound("payment"))?;
    let payment = payments::by_id_in(tx, payment).await?;
    if payment.status != PaymentStatus::Authorized {
        return Err(Error::conflict("payment_not_ready", "the guest has not confirmed the payment with their bank yet"));
    }
    payments::capture_payment_in(tx, &payment).await.map(Some)
}

/// The other side says no.
///
/// # Errors
/// `409 illegal_transition`, 404 for strangers.
pub async fn decline(app: &App, actor: &Actor, (booking, id): (BookingId, AlterationId)) -> Result<AlterationDetail> {
    end(app, actor, (booking, id), AlterationState::Declined).await
}

/// Whoever proposed a change takes it back.
///
/// # Errors
/// `409 illegal_transition`, 404 for strangers.
pub async fn withdraw(app: &App, actor: &Actor, (booking, id): (BookingId, AlterationId)) -> Result<AlterationDetail> {
    end(app, actor, (booking, id), AlterationState::Withdrawn).await
}

async fn end(app: &App, actor: &Actor, (booking, id): (BookingId, AlterationId), state: AlterationState) -> Result<AlterationDetail> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (booking, mut alteration, side) = in_question(&mut tx, actor, booking, id).await?;
    match state {
        AlterationState::Declined => require_other(&alteration, side)?,
        _ if alteration.proposed_by != side => {
            return Err(Error::forbidden("not_your_proposal", "only who proposed a change takes it back: decline it"));
        }
        _ => {}
    }
    if alteration.state != AlterationState::Proposed {
        return Err(Error::conflict("illegal_transition", format!("this change is {} already", alteration.state)));
    }
    close_in(&mut tx, &booking, &mut alteration, state).await?;
    tx.commit().await?;
    Ok(finished(app, user, id, None).await?.value)
}

/// Ends a change without effect: its nights are free again and the guest's card
/// is let go.
pub(super) async fn close_in(tx: &mut Tx, booking: &Booking, alteration: &mut Alteration, state: AlterationState) -> Result<()> {
    listings::locked_in(tx, booking.listing_id).await?;
    alteration.state = state;
    alteration.answered_at = Some(tx.now());
    sql::save(tx, alteration).await?;
    calendar::release_more_in(tx, booking.listing_id, (booking.id, alteration.id), booking.stay, booking.terms.preparation_nights).await?;
    if let Some(payment) = alteration.payment_id {
        payments::drop_in(tx, payment, "the change was not made").await?;
    }
    events::publish_in(tx, Event::AlterationClosed { alteration: alteration.id, booking: booking.id }).await
}

/// The 24 hours are over.
pub(in crate::bookings) async fn expire(app: &App, id: AlterationId) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(found) = sql::by_id(&app.db, id).await? else { return Ok(()) };
    let Some(booking) = crate::bookings::sql::locked(&mut tx, found.booking_id).await? else { return Ok(()) };
    let Some(mut alteration) = sql::locked(&mut tx, id).await? else { return Ok(()) };
    if alteration.state != AlterationState::Proposed || alteration.expires_at > tx.now() {
        return Ok(());
    }
    close_in(&mut tx, &booking, &mut alteration, AlterationState::Expired).await?;
    tx.commit().await
}

/// Ends whatever change is open: the booking itself is being called off.
pub(in crate::bookings) async fn close_open_in(tx: &mut Tx, booking: &Booking) -> Result<()> {
    let Some(mut open) = sql::open_of(tx, booking.id).await? else { return Ok(()) };
    close_in(tx, booking, &mut open, AlterationState::Withdrawn).await
}
