//! What happens when a deadline passes: holds and requests expire, stays are
//! completed.

use domain::bookings::{Booking, BookingState, Move};
use domain::ids::{BookingId, PaymentId};
use domain::ledger;
use domain::money::Money;

use super::{Mover, move_in, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::failpoints;
use crate::tx::Tx;
use crate::{calendar, payments};

/// Ends a booking that nobody paid or answered in time. Does nothing to one
/// that has moved on.
pub(super) async fn expire(app: &App, id: BookingId) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(mut booking) = sql::locked(&mut tx, id).await? else { return Ok(()) };
    if !booking.has_lapsed(tx.now()) {
        return Ok(());
    }
    let reason = if booking.state == BookingState::Requested { "the host did not answer" } else { "not paid in time" };
    calendar::release_in(&mut tx, id).await?;
    move_in(&mut tx, &mut booking, Move::Expire, Mover::SYSTEM, reason).await?;
    let release = payments::give_back_in(&mut tx, id, booking.terms.quote.total, reason).await?;
    failpoints::hit("expire", "committing");
    tx.commit().await?;
    failpoints::hit("expire", "committed");
    for operation in release {
        payments::finish(app, operation).await?;
    }
    Ok(())
}

/// Money came for a booking that has lost its nights or has ended: all of it
/// goes back, by the job that every recorded request to the provider has.
pub(super) async fn give_up_in(tx: &mut Tx, booking: &mut Booking, reason: &str) -> Result<()> {
    if matches!(booking.state, BookingState::PendingPayment | BookingState::Requested) {
        calendar::release_in(tx, booking.id).await?;
        move_in(tx, booking, Move::Expire, Mover::SYSTEM, reason).await?;
    }
    let payment = payments::of_booking_in(tx, booking.id).await?;
    return_late_in(tx, booking.id, payment.id, reason).await
}

/// All of a payment that came too late goes back.
pub(super) async fn return_late_in(tx: &mut Tx, booking: BookingId, payment: PaymentId, reason: &str) -> Result<()> {
    let payment = payments::by_id_in(tx, payment).await?;
    if payment.captured > 0 {
        let amount = Money::new(payment.captured, payment.amount.currency);
        let posting =
            ledger::late_payment_returned(payment.id, booking, amount).map_err(|e| Error::Internal(anyhow::anyhow!("ledger: {e}")))?;
        payments::post_in(tx, &posting, Some(booking)).await?;
    }
    payments::return_in(tx, &payment, reason).await
}

/// The stay is over.
pub(super) async fn complete(app: &App, id: BookingId) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(mut booking) = sql::locked(&mut tx, id).await? else { return Ok(()) };
    if booking.state != BookingState::Confirmed || tx.now() < booking.check_out_at {
        return Ok(());
    }
    move_in(&mut tx, &mut booking, Move::Complete, Mover::SYSTEM, "").await?;
    tx.commit().await
}
