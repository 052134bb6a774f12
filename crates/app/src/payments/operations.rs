//! Requests to the provider: recorded, sent, applied. [`finish`] is the one
//! road, walked by the request that asked and, after a crash, by a job.

use chrono::TimeDelta;
use domain::ids::PaymentOperationId;
use domain::money::Money;
use domain::payments::{Applied, ChargeState, OperationKind, OperationState, Payment, PaymentStatus};

use super::{Operation, jobs::FinishOperation, ledger, renewal, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::failpoints;
use crate::ports::payments::{AuthorizeRequest, Charge, ProviderError, Refund, RefundState};
use crate::tx::Tx;
use crate::worker;

/// How long the one who asked has before a job takes the request up.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);

/// What is wished of the provider.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish<'a> {
    pub kind: OperationKind,
    /// Minor units of the payment's currency.
    pub amount: i64,
    pub method: Option<&'a str>,
    pub capture_now: bool,
    pub customer: Option<&'a str>,
    pub keep_method: bool,
    pub off_session: bool,
    /// The charge it is about, when that is not the payment's present one.
    pub charge: Option<&'a str>,
    pub reason: &'a str,
}

impl Wish<'_> {
    /// The bare wish.
    pub(crate) const fn new(kind: OperationKind, amount: i64) -> Self {
        Self {
            kind,
            amount,
            method: None,
            capture_now: false,
            customer: None,
            keep_method: false,
            off_session: false,
            charge: None,
            reason: "",
        }
    }
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
        charge: wish.charge.map(str::to_owned),
        customer: wish.customer.map(str::to_owned),
        keep_method: wish.keep_method,
        off_session: wish.off_session,
        provider_reference: None,
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
    failpoints::hit(operation.kind.as_str(), "asking");
    let answer = send(app, &operation).await;
    failpoints::hit(operation.kind.as_str(), "answered");
    match answer {
        Ok(Answer::Charge(charge)) => {
            let mut tx = app.begin().await?;
            let state = apply_charge_in(&mut tx, &operation, &charge).await?;
            failpoints::hit(operation.kind.as_str(), "applying");
            tx.commit().await?;
            failpoints::hit(operation.kind.as_str(), "applied");
            Ok(state)
        }
        Ok(Answer::Refund(refund)) => apply_refund(app, &operation, &refund).await,
        Err(ProviderError::Unknown(why)) => {
            tracing::warn!(operation = %id, %why, "the payment provider's answer is not known");
            Err(Error::Busy(why))
        }
        Err(ProviderError::Refused(why)) => refused(app, &operation, &why).await,
    }
}

async fn send(app: &App, operation: &Operation) -> Result<Answer, ProviderError> {
    let key = operation.provider_key.as_str();
    // A refund that is on its way is looked at, not asked for again.
    if let (OperationKind::Refund, Some(reference)) = (operation.kind, &operation.provider_reference) {
        return app.provider.fetch_refund(reference).await.map(Answer::Refund);
    }
    let payment = sql::by_id(&app.db, operation.payment_id).await.map_err(|error| ProviderError::Unknown(error.to_string()))?;
    let payment = payment.ok_or_else(|| ProviderError::Refused("there is no such payment".into()))?;
    if operation.kind == OperationKind::Authorize {
        let request = AuthorizeRequest {
            key: key.to_owned(),
            amount: operation.amount,
            method: operation.payment_method.clone().unwrap_or_default(),
            capture: operation.capture_now,
            booking: payment.booking_id,
            customer: operation.customer.clone(),
            keep_method: operation.keep_method,
            off_session: operation.off_session,
        };
        return app.provider.authorize(&request).await.map(Answer::Charge);
    }
    let reference = operation.charge.clone().or(payment.provider_reference);
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
            OperationKind::Refund => {
                let event = Event::RefundFailed { payment: payment.id, booking: payment.booking_id, amount: operation.amount.amount };
                events::publish_in(&mut tx, event).await?;
            }
            OperationKind::Release => {}
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
    let first = sql::finish_operation(tx, operation.id, state, Some(&charge.reference), charge.decline_code.as_deref()).await?;
    let stranger = payment.provider_reference.as_ref().is_some_and(|known| *known != charge.reference) && !payment.can_be_tried();
    if !stranger {
        apply_news_in(tx, payment, charge).await?;
    } else if first && operation.kind == OperationKind::Authorize {
        renewal::apply_in(tx, payment, charge).await?;
    }
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
    payment.authorization_expires_at = charge.expires_at;
    if charge.method.is_some() {
        payment.method.clone_from(&charge.method);
    }
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
        PaymentStatus::Authorized => {
            renewal::plan_in(tx, &payment).await?;
            Event::PaymentAuthorized { payment: id, booking }
        }
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

/// Takes over what the provider says of a refund: once.
pub(super) async fn apply_refund(app: &App, operation: &Operation, refund: &Refund) -> Result<OperationState> {
    if refund.state == RefundState::Pending {
        sql::name_refund(&app.db, operation.id, &refund.reference).await?;
        return Ok(OperationState::Sent);
    }
    let state = if refund.state == RefundState::Succeeded { OperationState::Succeeded } else { OperationState::Failed };
    let mut tx = app.begin().await?;
    let mut payment = locked(&mut tx, operation).await?;
    if sql::finish_operation(&mut tx, operation.id, state, Some(&refund.reference), None).await? {
        let (id, booking, amount) = (payment.id, payment.booking_id, operation.amount.amount);
        let event = if state == OperationState::Succeeded {
            payment.apply_refund(amount);
            sql::save(&mut tx, &payment).await?;
            ledger::post_refund_in(&mut tx, &payment, operation).await?;
            Event::PaymentRefunded { payment: id, booking, amount }
        } else {
            // The money stays in refund_payable: it is the guest's still.
            Event::RefundFailed { payment: id, booking, amount }
        };
        events::publish_in(&mut tx, event).await?;
    }
    failpoints::hit("refund", "applying");
    tx.commit().await?;
    failpoints::hit("refund", "applied");
    Ok(state)
}
