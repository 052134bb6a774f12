//! Money in and back: one payment a booking, its requests to the provider, and
//! their postings.
//!
//! A request to the provider is recorded in its own transaction before it is
//! sent and sent outside any, always under the same key: after a crash the
//! same road is walked again and the guest is charged once.

pub mod jobs;
mod ledger;
mod operations;
mod payouts;
mod sql;
pub mod webhooks;

use domain::ids::{BookingId, PaymentId, PaymentOperationId, UserId};
use domain::money::Money;
use domain::payments::{OperationKind, OperationState, Payment, PaymentStatus};

pub(crate) use ledger::post_in;
pub use ledger::{Balance, balances};
pub(crate) use operations::{begin_in, finish};
pub use payouts::{Payout, PayoutState, of_host as payouts_of_host};
pub(crate) use payouts::{cancel_in as cancel_payout_in, fall_due_in as payout_falls_due_in, schedule_in as schedule_payout_in};

use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// One request to the provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Which.
    pub id: PaymentOperationId,
    /// Of which payment.
    pub payment_id: PaymentId,
    /// What is asked.
    pub kind: OperationKind,
    /// How much.
    pub amount: Money,
    /// How far it has come.
    pub state: OperationState,
    /// Under which it is sent, ever.
    pub provider_key: String,
    /// The card (authorise only).
    pub payment_method: Option<String>,
    /// Take the money at once (authorise only).
    pub capture_now: bool,
}

/// Records what a guest owes for a booking; nothing is asked of anybody yet.
pub(crate) async fn open_in(tx: &mut Tx, booking: BookingId, payer: UserId, amount: Money) -> Result<Payment> {
    let app = tx.app();
    let payment = Payment {
        id: app.ids.next(&app.clock),
        booking_id: booking,
        payer_id: payer,
        amount,
        status: PaymentStatus::Pending,
        captured: 0,
        refunded: 0,
        provider_reference: None,
        decline_code: None,
        action_url: None,
    };
    sql::insert(tx, &payment, app.provider.name()).await?;
    Ok(payment)
}

/// The payment of a booking, locked.
pub(crate) async fn of_booking_in(tx: &mut Tx, booking: BookingId) -> Result<Payment> {
    sql::by_booking_locked(tx, booking).await?.ok_or(Error::NotFound("payment"))
}

/// The payment of a booking; whoever calls has checked that the reader is a
/// party of it.
pub(crate) async fn of_booking(app: &App, booking: BookingId) -> Result<Payment> {
    sql::by_booking(&app.db, booking).await?.ok_or(Error::NotFound("payment"))
}

/// What undoes a payment of which nothing should remain: a release while the
/// card is only held, a refund of what was taken. `None` when nothing is held.
/// The caller runs [`finish`] after its commit.
pub(crate) async fn give_back_in(tx: &mut Tx, booking: BookingId, refund: i64, reason: &str) -> Result<Option<PaymentOperationId>> {
    let payment = of_booking_in(tx, booking).await?;
    match payment.status {
        PaymentStatus::Authorized | PaymentStatus::RequiresAction => begin_in(
            tx,
            &payment,
            operations::Wish { kind: OperationKind::Release, amount: payment.amount.amount, method: None, capture_now: false, reason },
        )
        .await
        .map(Some),
        PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded if refund > 0 => {
            let left = payment.captured - payment.refunded;
            begin_in(
                tx,
                &payment,
                operations::Wish { kind: OperationKind::Refund, amount: refund.min(left), method: None, capture_now: false, reason },
            )
            .await
            .map(Some)
        }
        _ => Ok(None),
    }
}

/// Asks the provider to take what is held. The caller runs [`finish`] after its
/// commit.
pub(crate) async fn capture_in(tx: &mut Tx, booking: BookingId) -> Result<PaymentOperationId> {
    let payment = of_booking_in(tx, booking).await?;
    begin_in(
        tx,
        &payment,
        operations::Wish {
            kind: OperationKind::Capture,
            amount: payment.amount.amount,
            method: None,
            capture_now: false,
            reason: "accepted",
        },
    )
    .await
}

/// Records the guest's try to pay with `method`; a try that is still under way
/// is taken up again instead. The caller runs [`finish`] after its commit.
pub(crate) async fn try_to_pay_in(tx: &mut Tx, booking: BookingId, method: &str, capture_now: bool) -> Result<PaymentOperationId> {
    let mut payment = of_booking_in(tx, booking).await?;
    if !payment.can_be_tried() {
        return Err(Error::conflict("already_paid", format!("this booking's payment is {}", payment.status)));
    }
    if let Some(open) = sql::open_operation(tx, payment.id, OperationKind::Authorize).await? {
        if open.state == OperationState::RequiresAction {
            return Err(Error::conflict("action_required", "finish the confirmation with your bank first"));
        }
        return Ok(open.id);
    }
    // A new try starts anew: what became of the last one is its operation's.
    payment.status = PaymentStatus::Pending;
    payment.provider_reference = None;
    payment.decline_code = None;
    sql::save(tx, &payment).await?;
    begin_in(
        tx,
        &payment,
        operations::Wish { kind: OperationKind::Authorize, amount: payment.amount.amount, method: Some(method), capture_now, reason: "" },
    )
    .await
}
