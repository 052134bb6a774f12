//! Authorisations lapse after some days. One that is still needed shortly
//! before is renewed on the kept card and the old hold let go; when the bank
//! says no, the booking hears of it while there is time.

use chrono::TimeDelta;
use domain::ids::{PaymentId, PaymentOperationId};
use domain::payments::{ChargeState, OperationKind, Payment, PaymentStatus};

use super::jobs::RenewAuthorization;
use super::{Wish, begin_in, finish, sql};
use crate::App;
use crate::error::Result;
use crate::events::{self, Event};
use crate::ports::payments::Charge;
use crate::tx::Tx;
use crate::worker;

/// How long before it lapses an authorisation is renewed.
const AHEAD: TimeDelta = TimeDelta::hours(12);

/// Plans the renewal of a fresh authorisation.
pub(super) async fn plan_in(tx: &mut Tx, payment: &Payment) -> Result<()> {
    if let Some(until) = payment.authorization_expires_at {
        worker::enqueue_in(tx, &RenewAuthorization { payment: payment.id }, until - AHEAD).await?;
    }
    Ok(())
}

/// Renews an authorisation that is about to lapse. Does nothing to one that has
/// moved on or was renewed already.
pub(super) async fn renew(app: &App, id: PaymentId) -> Result<()> {
    let Some(operation) = begin(app, id).await? else { return Ok(()) };
    finish(app, operation).await?;
    Ok(())
}

async fn begin(app: &App, id: PaymentId) -> Result<Option<PaymentOperationId>> {
    let mut tx = app.begin().await?;
    let Some(payment) = sql::by_id_locked(&mut tx, id).await? else { return Ok(None) };
    let due = payment.authorization_expires_at.is_some_and(|until| tx.now() >= until - AHEAD);
    if payment.status != PaymentStatus::Authorized || !due || sql::open_operation(&mut tx, id, OperationKind::Capture).await?.is_some() {
        return Ok(None);
    }
    if let Some(open) = sql::open_operation(&mut tx, id, OperationKind::Authorize).await? {
        return Ok(Some(open.id));
    }
    let Some(method) = payment.method.clone() else {
        fail_in(&mut tx, payment).await?;
        tx.commit().await?;
        return Ok(None);
    };
    let customer = sql::customer_in(&mut tx, payment.payer_id, app.provider.name()).await?;
    let wish = Wish {
        method: Some(&method),
        customer: customer.as_deref(),
        off_session: true,
        reason: "the authorisation is about to lapse",
        ..Wish::new(OperationKind::Authorize, payment.amount.amount)
    };
    let operation = begin_in(&mut tx, &payment, wish).await?;
    tx.commit().await?;
    Ok(Some(operation))
}

/// Takes over the charge of a renewal, beside the one that is known.
pub(super) async fn apply_in(tx: &mut Tx, mut payment: Payment, charge: &Charge) -> Result<()> {
    let superfluous = match (payment.status, charge.state) {
        (PaymentStatus::Authorized, ChargeState::Authorized) => {
            let old = payment.provider_reference.replace(charge.reference.clone());
            payment.authorization_expires_at = charge.expires_at;
            sql::save(tx, &payment).await?;
            plan_in(tx, &payment).await?;
            old
        }
        // Declined, or the bank wants the guest, who is not there.
        (PaymentStatus::Authorized, ChargeState::Failed | ChargeState::RequiresAction) => {
            payment.decline_code.clone_from(&charge.decline_code);
            return fail_in(tx, payment).await;
        }
        // The payment has moved on meanwhile: the new hold is one too many.
        (_, ChargeState::Authorized) => Some(charge.reference.clone()),
        _ => None,
    };
    if let Some(charge) = superfluous {
        let wish = Wish { charge: Some(&charge), reason: "superseded", ..Wish::new(OperationKind::Release, payment.amount.amount) };
        begin_in(tx, &payment, wish).await?;
    }
    Ok(())
}

/// The hold cannot be kept: it is let go and the booking told.
async fn fail_in(tx: &mut Tx, payment: Payment) -> Result<()> {
    sql::save(tx, &payment).await?;
    let wish = Wish { reason: "could not be renewed", ..Wish::new(OperationKind::Release, payment.amount.amount) };
    begin_in(tx, &payment, wish).await?;
    events::publish_in(tx, Event::PaymentFailed { payment: payment.id, booking: payment.booking_id }).await
}
