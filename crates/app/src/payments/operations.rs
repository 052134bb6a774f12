//! Requests to the provider: recorded, sent, applied. [`finish`] is the one
//! road, walked by the request that asked and, after a crash, by a job.

use chrono::TimeDelta;
use domain::ids::PaymentOperationId;
use domain::money::Money;
use domain::payments::{Applied, ChargeState, OperationKind, OperationState, Payment, PaymentStatus};

use super::{Operation, jobs::FinishOperation, ledger, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::ports::payments::{AuthorizeRequest, Charge, ProviderError, Refund};
use crate::tx::Tx;
use crate::worker;

/// How long the one who asked has before a job takes the request up.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// What is wished of the provider.
pub(crate) struct Wish<'a> {
    pub kind: OperationKind,
    /// Minor units of the payment's currency.
    pub amount: i64,
    pub method: Option<&'a str>,
    pub capture_now: bool,
    pub reason: &'a str,
}

/// Records a request to the provider, and the job that finishes it should the
/// caller not come to it.
pub(crate) async fn begin_in(tx: &mut Tx, payment: &Payment, wish: Wish<'_>) -> Result<PaymentOperationId> {
    let app = tx.app();
    let id: PaymentOperationId = app.ids.next(&app.clock);
    let operation = Operation {
        id,
        payment_id: payment.id,
        kind: wish.kind,
        amount: Money::new(wish.amount, payment.amount.currency),
        state: OperationState::Created,
        provider_key: format!("{id}:{}", wish.kind),
        payment_method: wish.method.map(str::to_owned),
        capture_now: wish.capture_now,
    };
    sql::insert_operation(tx, &operation, wish.reason).await?;
    let later = tx.now() + PATIENCE;
    worker::enqueue_in(tx, &FinishOperation { operation: id }, later).await?;
    Ok(id)
}

/// What the provider said.
enum Answer {
    Charge(Charge),
    Refund(Refund),
}

/// Sends a recorded request (again) and applies the answer. Doing it twice, or
/// by two at once, has the effect of once.
///
/// # Errors
/// [`Error::Busy`] when the provider's answer is not known: the job will ask
/// again. 422 when the provider does not know the payment method.
pub(crate) async fn finish(app: &App, id: PaymentOperationId) -> Result<OperationState> {
    let operation = sql::operation(&app.db, id).await?.ok_or(Error::NotFound("payment operation"))?;
    if !sql::mark_sent(&app.db, id, app.clock.now()).await? {
        return Ok(operation.state);
    }
    match send(app, &operation).await {
        Ok(Answer::Charge(charge)) => {
            let mut tx = app.begin().await?;
            let state = apply_charge_in(&mut tx, &operation, &charge).await?;
            tx.commit().await?;
            Ok(state)
        }
        Ok(Answer::Refund(refund)) if !refund.done => Ok(OperationState::Sent),
        Ok(Answer::Refund(refund)) => {
            let mut tx = app.begin().await?;
            apply_refund_in(&mut tx, &operation, &refund).await?;
            tx.commit().await?;
            Ok(OperationState::Succeeded)
        }
        Err(ProviderError::Unknown(why)) => {
            tracing::warn!(operation = %id, %why, "the payment provider's answer is not known");
            Err(Error::Busy(why))
        }
        Err(ProviderError::Refused(why)) => refused(app, &operation, &why).await,
    }
}

async fn send(app: &App, operation: &Operation) -> Result<Answer, ProviderError> {
    let lost = |error: Error| ProviderError::Unknown(error.to_string());
    let key = operation.provider_key.as_str();
    if operation.kind == OperationKind::Authorize {
        let request = AuthorizeRequest {
            key: key.to_owned(),
            amount: operation.amount,
            method: operation.payment_method.clone().unwrap_or_default(),
            capture: operation.capture_now,
            booking: sql::booking_of(&app.db, operation.payment_id).await.map_err(lost)?,
        };
        return app.provider.authorize(&request).await.map(Answer::Charge);
    }
    let reference = sql::reference_of(&app.db, operation.payment_id).await.map_err(lost)?;
    let reference = reference.ok_or_else(|| ProviderError::Refused("there is no charge yet".into()))?;
    match operation.kind {
        OperationKind::Capture => app.provider.capture(key, &reference).await.map(Answer::Charge),
        OperationKind::Release => app.provider.release(key, &reference).await.map(Answer::Charge),
        _ => app.provider.refund(key, &reference, operation.amount).await.map(Answer::Refund),
    }
}

/// The provider said no for good.
async fn refused(app: &App, operation: &Operation, why: &str) -> Result<OperationState> {
    tracing::warn!(operation = %operation.id, kind = %operation.kind, %why, "the payment provider refused");
    let mut tx = app.begin().await?;
    let mut payment = locked(&mut tx, operation).await?;
    if sql::finish_operation(&mut tx, operation.id, OperationState::Failed, None, Some("refused")).await? {
        match operation.kind {
            OperationKind::Authorize => {
                payment.status = PaymentStatus::Failed;
                payment.decline_code = Some("invalid_payment_method".into());
                sql::save(&mut tx, &payment).await?;
            }
            OperationKind::Capture => {
                events::publish_in(&mut tx, Event::PaymentFailed { payment: payment.id, booking: payment.booking_id }).await?;
            }
            OperationKind::Release | OperationKind::Refund => {}
        }
    }
    tx.commit().await?;
    if operation.kind == OperationKind::Authorize {
        return Err(Error::invalid("/payment_method", "unknown_payment_method", why.to_owned()));
    }
    Ok(OperationState::Failed)
}

async fn locked(tx: &mut Tx, operation: &Operation) -> Result<Payment> {
    sql::by_id_locked(tx, operation.payment_id).await?.ok_or(Error::NotFound("payment"))
}

/// Takes over what the provider says of the charge of an operation.
async fn apply_charge_in(tx: &mut Tx, operation: &Operation, charge: &Charge) -> Result<OperationState> {
    let payment = locked(tx, operation).await?;
    let state = match charge.state {
        ChargeState::RequiresAction => OperationState::RequiresAction,
        ChargeState::Failed => OperationState::Failed,
        _ => OperationState::Succeeded,
    };
    sql::finish_operation(tx, operation.id, state, Some(&charge.reference), charge.decline_code.as_deref()).await?;
    apply_news_in(tx, payment, charge).await?;
    Ok(state)
}

/// Takes over what the provider says of a charge, from an answer, a webhook or
/// a look at the provider's books: once, whatever the order.
pub(super) async fn apply_news_in(tx: &mut Tx, mut payment: Payment, charge: &Charge) -> Result<Applied> {
    // A failed try leaves its charge behind; the next try brings its own.
    if payment.provider_reference.as_ref().is_some_and(|known| *known != charge.reference) && !payment.can_be_tried() {
        return Ok(Applied::Already);
    }
    let applied = payment.apply(charge.state);
    if applied == Applied::Already {
        return Ok(applied);
    }
    payment.provider_reference = Some(charge.reference.clone());
    payment.decline_code.clone_from(&charge.decline_code);
    if payment.status == PaymentStatus::RequiresAction {
        payment.action_url.clone_from(&charge.action_url);
    }
    sql::save(tx, &payment).await?;
    if payment.status != PaymentStatus::RequiresAction
        && let Some(open) = sql::open_operation(tx, payment.id, OperationKind::Authorize).await?
    {
        let state = if payment.status == PaymentStatus::Failed { OperationState::Failed } else { OperationState::Succeeded };
        sql::finish_operation(tx, open.id, state, Some(&charge.reference), charge.decline_code.as_deref()).await?;
    }
    let (id, booking) = (payment.id, payment.booking_id);
    let event = match payment.status {
        PaymentStatus::Authorized => Event::PaymentAuthorized { payment: id, booking },
        PaymentStatus::Succeeded => {
            ledger::post_capture_in(tx, &payment).await?;
            Event::PaymentSucceeded { payment: id, booking }
        }
        PaymentStatus::Failed => Event::PaymentFailed { payment: id, booking },
        PaymentStatus::Released => Event::PaymentReleased { payment: id, booking },
        _ => return Ok(applied),
    };
    events::publish_in(tx, event).await?;
    Ok(applied)
}

async fn apply_refund_in(tx: &mut Tx, operation: &Operation, refund: &Refund) -> Result<()> {
    let mut payment = locked(tx, operation).await?;
    if !sql::finish_operation(tx, operation.id, OperationState::Succeeded, Some(&refund.reference), None).await? {
        return Ok(());
    }
    payment.apply_refund(operation.amount.amount);
    sql::save(tx, &payment).await?;
    ledger::post_refund_in(tx, &payment, operation).await?;
    let event = Event::PaymentRefunded { payment: payment.id, booking: payment.booking_id, amount: operation.amount.amount };
    events::publish_in(tx, event).await
}
