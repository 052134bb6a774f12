//! Paying in parts: the plan a guest chooses, its parts falling due, and what
//! happens when one is never paid.

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState};
use domain::co_hosts::Access;
use domain::ids::BookingId;
use domain::instalments::{self, Instalment, Occasion, PaymentPlan, REMINDER};
use domain::payments::{Payment, PaymentPurpose};

use super::{cancel, side_of, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;
use crate::{payments, worker};

fn occasion(booking: &Booking, now: chrono::DateTime<chrono::Utc>) -> Occasion {
    Occasion { total: booking.due(), check_in_at: booking.check_in_at, nights: booking.stay.nights(), now }
}

fn fault(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("instalments: {error}"))
}

/// The plans a guest can choose from, with their parts.
///
/// # Errors
/// 404 for strangers.
pub async fn payment_plans(app: &App, actor: &Actor, id: BookingId) -> Result<Vec<(PaymentPlan, Vec<Instalment>)>> {
    let booking = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("booking"))?;
    side_of(&mut *app.db.acquire().await?, actor, &booking, Access::Messages).await?;
    if booking.state != BookingState::PendingPayment {
        return Ok(Vec::new());
    }
    instalments::plans(&occasion(&booking, app.clock.now())).map_err(fault)
}

/// Every payment of a booking, in the order in which they are due.
///
/// # Errors
/// 404 for strangers.
pub async fn all_payments(app: &App, actor: &Actor, id: BookingId) -> Result<Vec<Payment>> {
    let booking = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("booking"))?;
    side_of(&mut *app.db.acquire().await?, actor, &booking, Access::Messages).await?;
    payments::all_of_booking(app, id).await
}

/// Divides what a guest owes as their plan says; the first part, to be paid
/// now.
///
/// # Errors
/// `409 plan_not_offered` when this stay cannot be paid that way.
pub(super) async fn plan_in(tx: &mut Tx, booking: &Booking, plan: PaymentPlan) -> Result<Payment> {
    let parts = instalments::parts(plan, &occasion(booking, tx.now())).map_err(fault)?;
    let parts = parts.ok_or_else(|| Error::conflict("plan_not_offered", format!("this stay cannot be paid by the {plan} plan")))?;
    payments::split_in(tx, booking.id, booking.guest_id, &parts).await
}

/// The next part that a confirmed booking waits for.
///
/// # Errors
/// `409 illegal_transition` when everything is paid.
pub(super) async fn next_in(tx: &mut Tx, booking: &Booking) -> Result<Payment> {
    let waiting = |payment: &Payment| payment.sequence > 1 && payment.can_be_tried();
    payments::all_of_booking_in(tx, booking.id)
        .await?
        .into_iter()
        .find(waiting)
        .ok_or_else(|| Error::conflict("illegal_transition", "everything that is due for this booking is paid"))
}

/// The booking stands: its later parts will be charged when they fall due.
pub(super) async fn begin_in(tx: &mut Tx, booking: &Booking) -> Result<()> {
    for payment in payments::all_of_booking_in(tx, booking.id).await? {
        if payment.purpose == PaymentPurpose::Instalment
            && let Some(due) = payment.due_at
        {
            worker::enqueue_in(tx, &payments::jobs::ChargeInstalment { payment: payment.id, attempt: 1 }, due).await?;
            let remind = payments::jobs::RemindOfInstalment { payment: payment.id };
            worker::enqueue_in(tx, &remind, tx.now().max(due - REMINDER)).await?;
        }
    }
    Ok(())
}

/// A part was not paid, whoever tried: the stay is called off, and what has
/// been paid is divided as the guest's own cancellation would.
pub(crate) async fn unpaid_in(tx: &mut Tx, id: BookingId) -> Result<()> {
    let Some(mut booking) = sql::locked(tx, id).await? else { return Ok(()) };
    if booking.state != BookingState::Confirmed {
        return Ok(());
    }
    cancel::cancel_unpaid_in(tx, &mut booking, "a part of the price was not paid").await
}
