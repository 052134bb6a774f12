//! What a lost dispute does to a booking: before the host has earned, the
//! guest has their money and no stay; afterwards fees and taxes are undone and
//! the host's part is borne by whoever the reason says.

use domain::bookings::{BookingState, Move, PAYOUT_DELAY};
use domain::ids::{BookingId, DisputeId};
use domain::ledger::{self, Account, Division};

use super::{Mover, move_in, sql};
use crate::error::{Error, Result};
use crate::tx::Tx;
use crate::{calendar, payments};

fn fault(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("dispute: {error}"))
}

/// The bank has decided: what waited for it goes on.
pub(crate) async fn dispute_closed_in(tx: &mut Tx, id: BookingId, dispute: DisputeId, won: bool) -> Result<()> {
    if !won {
        lost_in(tx, id, dispute).await?;
    }
    let Some(booking) = sql::locked(tx, id).await? else { return Ok(()) };
    let earned = tx.now() >= booking.check_in_at + PAYOUT_DELAY;
    if earned && matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow) {
        payments::payout_falls_due_in(tx, id).await?;
    }
    Ok(())
}

/// The bank keeps the money.
async fn lost_in(tx: &mut Tx, id: BookingId, dispute: DisputeId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    let mut dispute = payments::disputes::by_id_in(tx, dispute).await?;
    let held = payments::balance_in(tx, &Account::GuestFunds(id), booking.currency).await?;
    let quote = &booking.terms.quote;
    if held == 0 && payments::has_earned_in(tx, id).await? {
        let earned = Division::of_quote(quote).share(dispute.amount.amount, quote.total).map_err(fault)?;
        let bearer = payments::disputes::bearer_of(&dispute.reason);
        let posting = ledger::dispute_lost_after_earn(&dispute.reference, id, booking.host_id, &earned, bearer).map_err(fault)?;
        payments::disputes::set_bearer_in(tx, &mut dispute, bearer).await?;
        payments::post_in(tx, &posting, Some(id)).await?;
        return Ok(());
    }
    let posting = ledger::dispute_lost_before_earn(&dispute.reference, id, dispute.amount, held).map_err(fault)?;
    payments::post_in(tx, &posting, Some(id)).await?;
    if booking.state == BookingState::Confirmed {
        calendar::release_in(tx, id).await?;
        payments::cancel_payout_in(tx, id, 0).await?;
        move_in(tx, &mut booking, Move::Cancel, Mover::SYSTEM, "the guest's bank took the money back").await?;
        // What other payments have left goes back too.
        let left = held - dispute.amount.amount.min(held);
        if left > 0 {
            let back = domain::money::Money::new(left, booking.currency);
            let posting = ledger::refund_before_earn(&format!("{}:rest", dispute.id), id, back, 0).map_err(fault)?;
            payments::post_in(tx, &posting, Some(id)).await?;
        }
        payments::give_back_in(tx, id, left, "the booking was called off").await?;
    }
    Ok(())
}
