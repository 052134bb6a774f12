//! Paying for a booking, and what news of its payment does to it.

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, RESPONSE_TIME, Side};
use domain::ids::{BookingId, PaymentId};
use domain::listings::BookingMode;
use domain::payments::{Payment, PaymentPurpose};

use super::{Mover, alterations, deadlines, earnings, jobs, move_in, party_in, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{accounts, calendar, payments, worker};

/// The guest pays: instant bookings are charged and confirmed, requests have
/// the card held until the host answers.
///
/// The try is recorded first; the provider is asked outside any transaction.
/// A declined card is an answer (`failed` with its decline code), not an error.
///
/// # Errors
/// `409 hold_expired` when the 15 minutes are over, `409 already_paid`, `409
/// illegal_transition`, 422 for an unknown payment method, 404 for strangers.
pub async fn pay(app: &App, actor: &Actor, id: BookingId, method: &str, key: Option<&IdempotencyKey>) -> Result<Once<Payment>> {
    let guest = accounts::require_user(actor)?;
    crate::error::check(|check| check.text(method, "/payment_method", 1..=255))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, guest, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    if side != Side::Guest {
        return Err(Error::forbidden("not_the_guest", "only the guest pays for a booking"));
    }
    if booking.has_lapsed(tx.now()) {
        return Err(Error::conflict("hold_expired", "the 15 minutes to pay are over: book again"));
    }
    if booking.state != BookingState::PendingPayment {
        return Err(Error::conflict("illegal_transition", format!("a booking that is {} is not waiting for payment", booking.state)));
    }
    let payment = payments::of_booking_in(&mut tx, id).await?;
    let capture_now = booking.booking_mode == BookingMode::Instant;
    let means = payments::Means { method, capture_now, customer: None, keep_method: false, off_session: false };
    let operation = payments::try_to_pay_in(&mut tx, payment, means).await?;
    tx.commit().await?;

    payments::finish(app, operation).await?;

    let mut tx = app.begin().await?;
    let payment = payments::of_booking_in(&mut tx, id).await?;
    idempotency::save_in(&mut tx, guest, key, &payment).await?;
    tx.commit().await?;
    Ok(Once { value: payment, replayed: false })
}

/// The card is held: the host is asked, or, for an instant booking whose
/// provider holds before it takes, the money is taken.
pub(crate) async fn payment_authorized_in(tx: &mut Tx, id: BookingId, payment: PaymentId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    if payments::by_id_in(tx, payment).await?.sequence > 1 {
        // Held for a proposed change until the host answers.
        return Ok(());
    }
    if booking.state != BookingState::PendingPayment || !keep_nights_in(tx, &booking).await? {
        return deadlines::give_up_in(tx, &mut booking, "the payment came too late").await;
    }
    let now = tx.now();
    let until = booking.check_out_at.min((now + RESPONSE_TIME).min(booking.check_in_at.max(now + chrono::TimeDelta::hours(1))));
    booking.hold_expires_at = None;
    booking.respond_by = Some(until);
    calendar::hold_until_in(tx, id, Some(until)).await?;
    worker::enqueue_in(tx, &jobs::ExpireBooking { booking: id }, until).await?;
    move_in(tx, &mut booking, Move::AskHost, Mover::SYSTEM, "").await
}

/// The money is in: the booking stands.
pub(crate) async fn payment_succeeded_in(tx: &mut Tx, id: BookingId, payment: PaymentId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    let paid = payments::by_id_in(tx, payment).await?;
    if paid.sequence > 1 {
        return later_payment_in(tx, &mut booking, &paid).await;
    }
    let waiting = matches!(booking.state, BookingState::PendingPayment | BookingState::Requested);
    if !waiting || !keep_nights_in(tx, &booking).await? {
        return deadlines::give_up_in(tx, &mut booking, "the payment came too late").await;
    }
    booking.hold_expires_at = None;
    calendar::hold_until_in(tx, id, None).await?;
    move_in(tx, &mut booking, Move::Confirm, Mover::SYSTEM, "").await?;
    earnings::plan_in(tx, &booking).await?;
    worker::enqueue_in(tx, &jobs::CompleteBooking { booking: id }, booking.check_out_at).await
}

/// An instalment or what a change has added is in: nothing to do, unless the
/// booking is over, and the money not asked for any more.
async fn later_payment_in(tx: &mut Tx, booking: &mut Booking, payment: &Payment) -> Result<()> {
    if !matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow) {
        return deadlines::return_late_in(tx, booking.id, payment.id, "the booking is over").await;
    }
    if payment.purpose == PaymentPurpose::Alteration {
        return alterations::payment_succeeded_in(tx, booking, payment).await;
    }
    Ok(())
}

/// A capture was refused after the host had said yes: nothing was agreed. A
/// refused first try changes nothing, the guest may try again.
pub(crate) async fn payment_failed_in(tx: &mut Tx, id: BookingId, payment: PaymentId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    let failed = payments::by_id_in(tx, payment).await?;
    if failed.purpose == PaymentPurpose::Alteration {
        return alterations::payment_failed_in(tx, &booking, payment).await;
    }
    if booking.state != BookingState::Requested || failed.sequence > 1 {
        return Ok(());
    }
    calendar::release_in(tx, id).await?;
    move_in(tx, &mut booking, Move::Decline, Mover::SYSTEM, "the card could not be charged").await
}

/// Whether the booking still has its nights: those of a lapsed hold are taken
/// again if nobody else has them.
async fn keep_nights_in(tx: &mut Tx, booking: &Booking) -> Result<bool> {
    if calendar::hold_until_in(tx, booking.id, booking.hold_expires_at.or(booking.respond_by)).await? {
        return Ok(true);
    }
    let hold = calendar::Hold { preparation_nights: booking.terms.preparation_nights, expires_at: None };
    sqlx::query("savepoint nights").execute(&mut **tx).await?;
    match calendar::occupy_in(tx, booking.listing_id, booking.id, booking.stay, hold).await {
        Ok(()) => Ok(true),
        Err(Error::Conflict { .. }) => {
            sqlx::query("rollback to savepoint nights").execute(&mut **tx).await?;
            Ok(false)
        }
        Err(error) => Err(error),
    }
}
