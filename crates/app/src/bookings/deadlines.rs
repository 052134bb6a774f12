//! What happens when a deadline passes: holds and requests expire, stays are
//! completed, hosts have earned.

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

/// The host has earned: 24 hours after check-in the guest's money becomes the
/// host's, the marketplace's and the tax office's, and the payout falls due.
pub(super) async fn earn(app: &App, id: BookingId) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(booking) = sql::locked(&mut tx, id).await? else { return Ok(()) };
    if matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow) && booking.terms.quote.total > 0 {
        earn_in(&mut tx, &booking).await?;
    }
    payments::payout_falls_due_in(&mut tx, id).await?;
    tx.commit().await
}

/// What has been paid is earned: all of the price, or the parts of it that have
/// come in.
async fn earn_in(tx: &mut Tx, booking: &Booking) -> Result<()> {
    let fault = |e: ledger::LedgerError| Error::Internal(anyhow::anyhow!("ledger: {e}"));
    let (id, quote) = (booking.id, &booking.terms.quote);
    let held = payments::balance_in(tx, &ledger::Account::GuestFunds(id), booking.currency).await?;
    let posting = if payments::waits_for_more_in(tx, id).await? && held < quote.total {
        let whole = ledger::Division::of_quote(quote);
        let part = whole.share(held, quote.total).map_err(|e| Error::Internal(anyhow::anyhow!("earning: {e}")))?;
        ledger::earn_part(id, "first", booking.host_id, &part).map_err(fault)?
    } else {
        ledger::earn(id, booking.host_id, quote).map_err(fault)?
    };
    payments::post_in(tx, &posting, Some(id)).await?;
    Ok(())
}
