//! What a lost dispute does to a booking: before the host has earned, the
//! guest has their money and no stay; afterwards fees and taxes are undone and
//! the host's part is borne by whoever the reason says.

use domain::bookings::{BookingState, Move};
use domain::ids::{BookingId, DisputeId};
use domain::ledger::{self, Division, PostingEvent};

use super::earnings::fault;
use super::{Mover, alterations, move_in, sql};
use crate::error::Result;
use crate::payments::Promise;
use crate::tx::Tx;
use crate::{calendar, coupons, payments};

/// The bank has decided: what waited for it goes on.
pub(crate) async fn dispute_closed_in(tx: &mut Tx, id: BookingId, dispute: DisputeId, won: bool) -> Result<()> {
    if !won {
        lost_in(tx, id, dispute).await?;
    }
    payments::send_payouts_in(tx, id).await
}

/// The bank keeps the money.
async fn lost_in(tx: &mut Tx, id: BookingId, dispute: DisputeId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    let mut dispute = payments::disputes::by_id_in(tx, dispute).await?;
    let standing = payments::standing_in(tx, id, booking.currency).await?;
    let held = standing.funds;
    if held == 0 && standing.earned_in_all() > 0 {
        let earned = Division::of_earned(&standing);
        let undone = dispute.amount.amount.min(earned.total());
        let undone = earned.share(undone, earned.total()).map_err(fault)?;
        let bearer = payments::disputes::bearer_of(&dispute.reason);
        let posting =
            ledger::dispute_lost_after_earn(&dispute.reference, (id, booking.host_id), dispute.amount, &undone, bearer).map_err(fault)?;
        payments::disputes::set_bearer_in(tx, &mut dispute, bearer).await?;
        payments::post_in(tx, &posting, Some(id)).await?;
        return Ok(());
    }
    let posting = ledger::dispute_lost_before_earn(&dispute.reference, id, dispute.amount, held).map_err(fault)?;
    payments::post_in(tx, &posting, Some(id)).await?;
    if booking.state == BookingState::Confirmed {
        alterations::close_open_in(tx, &booking).await?;
        calendar::release_in(tx, id).await?;
        payments::cancel_payouts_in(tx, id).await?;
        move_in(tx, &mut booking, Move::Cancel, Mover::SYSTEM, "the guest's bank took the money back").await?;
        // What other payments have left goes back too.
        let left = held - dispute.amount.amount.min(held);
        let mut refund = 0;
        if left > 0 {
            let standing = payments::standing_in(tx, id, booking.currency).await?;
            // What is not credit or coupon is other payments'.
            let contributed = standing.promo + standing.credit.map_or(0, |(_, amount)| amount);
            let back = standing.back(left, left - contributed);
            let promise = Promise { key: format!("rfb:{}:rest", dispute.id), event: PostingEvent::RefundBeforeEarn, target: None, back };
            payments::promise_back_in(tx, id, &standing, promise).await?;
            coupons::given_back_in(tx, &booking, back).await?;
            refund = back.refund;
        }
        payments::give_back_in(tx, id, refund, "the booking was called off").await?;
    }
    Ok(())
}
