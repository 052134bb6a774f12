//! Calling off: what comes back is computed by one function, whether it is only
//! shown or done.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, Side};
use domain::cancellation::{self, Moment, Settlement};
use domain::ids::{BookingId, PaymentOperationId};
use domain::ledger;
use domain::money::Money;
use serde_json::json;

use super::earnings::{self, fault};
use super::{Mover, alterations, answers::finish_later, move_in, party_in};
use crate::App;
use crate::error::{self, Error, Result};
use crate::failpoints;
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{accounts, calendar, payments};

/// What calling off now would do.
#[derive(Debug, Clone, PartialEq)]
pub struct CancellationPreview {
    /// What goes back to the guest's card.
    pub refund: Money,
    /// What goes back to the guest's credit.
    pub credit: Money,
    /// What the guest has paid.
    pub paid: Money,
    /// What the host keeps, after fees.
    pub host_receives: Money,
    /// What a host who calls off pays.
    pub host_fee: Money,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

pub(super) fn moment(booking: &Booking) -> Moment<'_> {
    Moment {
        quote: &booking.terms.quote,
        fees: &booking.terms.fees,
        terms: &booking.terms.policy,
        time_zone: booking.terms.time_zone,
        check_in_time: booking.terms.check_in_from,
        confirmed_at: booking.confirmed_at,
        granted: booking.terms.granted,
    }
}

/// The one computation behind preview and execution: where the money goes, and
/// what a host who calls off pays (minor units).
fn outcome(booking: &Booking, side: Side, at: DateTime<Utc>) -> Result<(Settlement, i64)> {
    let moment = moment(booking);
    if booking.state == BookingState::Confirmed && side == Side::Guest {
        return Ok((cancellation::settle_guest_cancellation(&moment, at).map_err(fault)?, 0));
    }
    let settlement = cancellation::settle_host_cancellation(&moment).map_err(fault)?;
    let host_fee = if booking.state == BookingState::Confirmed && side == Side::Host {
        cancellation::host_cancellation_fee(&moment, at).map_err(fault)?
    } else {
        0
    };
    Ok((settlement, host_fee))
}

pub(super) fn check_cancellable(booking: &Booking, side: Side, now: DateTime<Utc>) -> Result<()> {
    let over = booking.state == BookingState::Confirmed && now >= booking.check_out_at;
    if over || domain::bookings::transition(booking.state, Move::Cancel, side).is_err() {
        return Err(Error::conflict(
            "illegal_transition",
            format!("a booking that is {} cannot be cancelled", if over { "over" } else { booking.state.as_str() }),
        ));
    }
    Ok(())
}

/// What calling off now would do, in the actor's role.
///
/// # Errors
/// 404 for strangers, `409 illegal_transition` when it cannot be called off.
pub async fn preview_cancellation(app: &App, actor: &Actor, id: BookingId) -> Result<CancellationPreview> {
    // A transaction for one view of the data; nothing is written.
    let mut tx = app.begin().await?;
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    let now = tx.now();
    check_cancellable(&booking, side, now)?;
    preview_in(&mut tx, &booking, &outcome(&booking, side, now)?).await
}

async fn preview_in(tx: &mut Tx, booking: &Booking, (settlement, host_fee): &(Settlement, i64)) -> Result<CancellationPreview> {
    let money = |amount| Money::new(amount, booking.currency);
    let paid: i64 = payments::all_of_booking_in(tx, booking.id).await?.iter().map(|payment| payment.captured - payment.refunded).sum();
    let (back, keeps) = earnings::foreseen_in(tx, booking, settlement).await?;
    Ok(CancellationPreview {
        refund: money(back.refund),
        credit: money(back.credit),
        paid: money(paid),
        host_receives: money(keeps),
        host_fee: money(*host_fee),
        at: tx.now(),
    })
}

/// Guest, host or staff call a booking off. What has been paid comes back as
/// the policy agreed on says; the nights are free again, unless the host called
/// off: then they stay blocked.
///
/// # Errors
/// `409 refund_changed` (with what it is now) when `expected_refund` is not
/// what comes back, `409 illegal_transition`, 404 for strangers.
pub async fn cancel(
    app: &App,
    actor: &Actor,
    id: BookingId,
    wish: (Option<Money>, &str),
    key: Option<&IdempotencyKey>,
) -> Result<Once<(Booking, Money)>> {
    let user = accounts::require_user(actor)?;
    let (expected_refund, reason) = wish;
    error::check(|check| check.text(reason, "/reason", 0..=1000))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, side) = party_in(&mut tx, actor, id).await?;
    let now = tx.now();
    check_cancellable(&booking, side, now)?;
    let outcome = outcome(&booking, side, now)?;
    let shown = preview_in(&mut tx, &booking, &outcome).await?.refund;
    if expected_refund.is_some_and(|expected| expected != shown) {
        return Err(Error::Conflict {
            code: "refund_changed",
            message: format!("now {shown} would come back: look at the preview again"),
            details: Some(json!({"refund": shown})),
        });
    }
    alterations::close_open_in(&mut tx, &booking).await?;
    move_in(&mut tx, &mut booking, Move::Cancel, Mover { side, user: Some(user) }, reason).await?;
    free_nights_in(&mut tx, &booking, side).await?;
    let (refund, begun) = undo_in(&mut tx, &booking, (&outcome.0, outcome.1)).await?;
    let answer = (booking, refund);
    idempotency::save_in(&mut tx, user, key, &answer).await?;
    tx.commit().await?;
    failpoints::hit("cancel", "recorded");
    for operation in begun {
        finish_later(app, operation).await;
    }
    Ok(Once { value: answer, replayed: false })
}

/// The marketplace calls a booking off because a part of its price was not
/// paid: as if the guest had.
pub(super) async fn cancel_unpaid_in(tx: &mut Tx, booking: &mut Booking, reason: &str) -> Result<()> {
    let (settled, host_fee) = outcome(booking, Side::Guest, tx.now())?;
    alterations::close_open_in(tx, booking).await?;
    move_in(tx, booking, Move::Cancel, Mover::SYSTEM, reason).await?;
    free_nights_in(tx, booking, Side::System).await?;
    // Each request to the provider has a job that finishes it.
    undo_in(tx, booking, (&settled, host_fee)).await?;
    Ok(())
}

async fn free_nights_in(tx: &mut Tx, booking: &Booking, side: Side) -> Result<()> {
    if side == Side::Host { calendar::block_instead_in(tx, booking.id).await } else { calendar::release_in(tx, booking.id).await }
}

/// Divides the money of a booking that was called off, charges the host's fee
/// and asks the provider for what goes back. Answers that, and the requests
/// that the caller finishes after its commit.
pub(super) async fn undo_in(
    tx: &mut Tx,
    booking: &Booking,
    (settled, host_fee): (&Settlement, i64),
) -> Result<(Money, Vec<PaymentOperationId>)> {
    let refund = earnings::settle_in(tx, booking, settled).await?.refund;
    if host_fee > 0 {
        let fee = Money::new(host_fee, booking.currency);
        let posting = ledger::host_cancellation_fee(booking.id, booking.host_id, fee).map_err(fault)?;
        payments::post_in(tx, &posting, Some(booking.id)).await?;
    }
    let begun = payments::give_back_in(tx, booking.id, refund, "cancelled").await?;
    Ok((Money::new(refund, booking.currency), begun))
}
