//! Paying for a booking, and what news of its payments does to it.

use std::ops::ControlFlow;

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, PAYOUT_DELAY, RESPONSE_TIME, Side};
use domain::co_hosts::Access;
use domain::ids::{BookingId, PaymentId, PaymentOperationId, UserId};
use domain::instalments::PaymentPlan;
use domain::listings::BookingMode;
use domain::payments::{Payment, PaymentPurpose, PaymentStatus};

use super::{Mover, alterations, deadlines, earnings, instalments, jobs, move_in, party_in, side_of, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::failpoints;
use crate::idempotency::{self, IdempotencyKey, Once, Progress};
use crate::tx::Tx;
use crate::{accounts, calendar, payments, worker};

/// How a guest wishes to pay.
#[derive(Debug, Clone, Copy)]
pub struct PayWish<'a> {
    /// The provider's token of a card, or the id of a kept one.
    pub method: &'a str,
    /// All at once or in parts.
    pub plan: PaymentPlan,
    /// Keep the card for other bookings.
    pub keep_card: bool,
}

/// The guest pays, all at once. See [`pay_with`].
///
/// # Errors
/// As [`pay_with`].
pub async fn pay(app: &App, actor: &Actor, id: BookingId, method: &str, key: Option<&IdempotencyKey>) -> Result<Once<Payment>> {
    pay_with(app, actor, id, PayWish { method, plan: PaymentPlan::Full, keep_card: false }, key).await
}

/// The guest pays: instant bookings are charged and confirmed, requests have
/// the card held until the host answers. For a confirmed booking with parts
/// still to pay it pays the next of them.
///
/// The try is recorded first; the provider is asked outside any transaction.
/// A declined card is an answer (`failed` with its decline code), not an error.
///
/// # Errors
/// `409 hold_expired` when the 15 minutes are over, `409 already_paid`, `409
/// illegal_transition`, `409 plan_not_offered`, 422 for an unknown payment
/// method, 404 for strangers.
pub async fn pay_with(app: &App, actor: &Actor, id: BookingId, wish: PayWish<'_>, key: Option<&IdempotencyKey>) -> Result<Once<Payment>> {
    let guest = accounts::require_user(actor)?;
    crate::error::check(|check| check.text(wish.method, "/payment_method", 1..=255))?;
    match taken_up(app, guest, key).await? {
        ControlFlow::Break(once) => return Ok(once),
        ControlFlow::Continue(tx) => tx.rollback().await?,
    }
    // What the provider must know beforehand; none of it moves money.
    let seen = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("booking"))?;
    let side = side_of(&mut *app.db.acquire().await?, actor, &seen, Access::Full).await?;
    check_payable(&seen, side, app.clock.now())?;
    let card = card(app, actor, guest, &seen, &wish).await?;

    let mut tx = match taken_up(app, guest, key).await? {
        ControlFlow::Break(once) => return Ok(once),
        ControlFlow::Continue(tx) => tx,
    };
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    check_payable(&booking, side, tx.now())?;
    let payment = if booking.state == BookingState::PendingPayment {
        instalments::plan_in(&mut tx, &booking, wish.plan).await?
    } else {
        instalments::next_in(&mut tx, &booking).await?
    };
    let means = payments::Means {
        method: &card.method,
        capture_now: booking.booking_mode == BookingMode::Instant || booking.state == BookingState::Confirmed,
        customer: card.customer.as_deref(),
        keep_method: card.customer.is_some(),
        off_session: false,
    };
    let operation = payments::try_to_pay_in(&mut tx, payment, means).await?;
    idempotency::save_in(&mut tx, guest, key, &Progress::<Payment>::Begun(operation)).await?;
    failpoints::hit("pay", "recording");
    tx.commit().await?;
    failpoints::hit("pay", "recorded");
    Ok(Once { value: conclude(app, guest, key, operation).await?, replayed: false })
}

/// What this key has come to before: its answer, or, when it had only begun,
/// its end now; else a transaction that holds the key.
async fn taken_up(app: &App, guest: UserId, key: Option<&IdempotencyKey>) -> Result<ControlFlow<Once<Payment>, Tx>> {
    let mut tx = app.begin().await?;
    match idempotency::replay_in(&mut tx, guest, key).await? {
        None => Ok(ControlFlow::Continue(tx)),
        Some(Progress::Done(value)) => Ok(ControlFlow::Break(Once { value, replayed: true })),
        Some(Progress::Begun(operation)) => {
            // The provider is asked outside any transaction.
            tx.rollback().await?;
            let value = conclude(app, guest, key, operation).await?;
            Ok(ControlFlow::Break(Once { value, replayed: false }))
        }
    }
}

/// Asks the provider (again) and stores what the guest is answered.
async fn conclude(app: &App, guest: UserId, key: Option<&IdempotencyKey>, operation: PaymentOperationId) -> Result<Payment> {
    match payments::finish(app, operation).await {
        Ok(_) => {}
        Err(mistake @ Error::Invalid(_)) => {
            idempotency::forget(app, guest, key).await?;
            return Err(mistake);
        }
        Err(error) => return Err(error),
    }
    failpoints::hit("pay", "applied");
    let mut tx = app.begin().await?;
    let payment = payments::of_operation_in(&mut tx, operation).await?;
    idempotency::conclude_in(&mut tx, guest, key, &payment).await?;
    tx.commit().await?;
    failpoints::hit("pay", "answering");
    Ok(payment)
}

/// Whether the guest can pay now, as far as the booking goes.
fn check_payable(booking: &Booking, side: Side, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    if side != Side::Guest {
        return Err(Error::forbidden("not_the_guest", "only the guest pays for a booking"));
    }
    if booking.has_lapsed(now) {
        return Err(Error::conflict("hold_expired", "the 15 minutes to pay are over: book again"));
    }
    if !matches!(booking.state, BookingState::PendingPayment | BookingState::Confirmed) {
        return Err(Error::conflict("illegal_transition", format!("a booking that is {} is not waiting for payment", booking.state)));
    }
    Ok(())
}

/// The card as the provider is told of it.
struct CardInUse {
    method: String,
    customer: Option<String>,
}

/// Keeps the card when asked to; names the guest to the provider when the card
/// will be charged again without them: for later parts, or to renew a hold.
async fn card(app: &App, actor: &Actor, guest: UserId, booking: &Booking, wish: &PayWish<'_>) -> Result<CardInUse> {
    if wish.keep_card && wish.method.parse::<uuid::Uuid>().is_err() {
        let kept = payments::methods::keep(app, actor, wish.method).await?;
        return Ok(CardInUse { method: kept.reference, customer: Some(payments::methods::customer(app, guest).await?) });
    }
    let (method, mut customer) = payments::methods::resolve(app, guest, wish.method).await?;
    let later =
        wish.plan != PaymentPlan::Full || (booking.booking_mode == BookingMode::Request && booking.state == BookingState::PendingPayment);
    if customer.is_none() && later {
        customer = Some(payments::methods::customer(app, guest).await?);
    }
    Ok(CardInUse { method, customer })
}

/// The card is held: the host is asked, or, for an instant booking whose
/// provider holds before it takes, the money is taken.
pub(crate) async fn payment_authorized_in(tx: &mut Tx, id: BookingId, payment: PaymentId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    if payments::by_id_in(tx, payment).await?.sequence > 1 {
        return alterations::payment_authorized_in(tx, &booking, payment).await;
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
    instalments::begin_in(tx, &booking).await?;
    let now = tx.now();
    earnings::plan_in(tx, &booking, now).await?;
    worker::enqueue_in(tx, &jobs::CompleteBooking { booking: id }, booking.check_out_at).await
}

/// A later part or what a change has added is in: it is earned with the leg of
/// the stay that waits for it. When the booking is over the money is not asked
/// for any more and goes back.
async fn later_payment_in(tx: &mut Tx, booking: &mut Booking, payment: &Payment) -> Result<()> {
    if !matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow) {
        return deadlines::return_late_in(tx, booking.id, payment.id, "the booking is over").await;
    }
    if payment.purpose == PaymentPurpose::Alteration {
        return alterations::payment_succeeded_in(tx, booking, payment).await;
    }
    // More than is owed, when the price went down while the bank was asked.
    earnings::give_back_in(tx, booking, &payment.id.to_string()).await?;
    let rest_at = tx.now() + PAYOUT_DELAY;
    earnings::plan_in(tx, booking, rest_at).await
}

/// A capture was refused after the host had said yes, or a hold could not be
/// renewed: nothing was agreed. A refused first try changes nothing, the guest
/// may try again.
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
    let held = failed.status == PaymentStatus::Authorized;
    let reason = if held { "the hold on the card could not be renewed" } else { "the card could not be charged" };
    move_in(tx, &mut booking, Move::Decline, Mover::SYSTEM, reason).await
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
