//! Money in and back: the payments of a booking, their requests to the
//! provider, and their postings.
//!
//! A request to the provider is recorded in its own transaction before it is
//! sent and sent outside any, always under the same key: after a crash the
//! same road is walked again and the guest is charged once.

pub mod disputes;
pub mod inbox;
mod instalments;
pub mod jobs;
pub mod ledger;
pub mod methods;
mod operations;
mod payouts;
pub mod reconcile;
mod renewal;
mod sql;
pub mod webhooks;

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PaymentId, PaymentOperationId, UserId};
use domain::instalments::Instalment;
use domain::money::Money;
use domain::payments::{OperationKind, OperationState, Payment, PaymentPurpose, PaymentStatus};

pub use ledger::{Balance, balances};
pub(crate) use ledger::{GoesBack, Happening, Promise, balance_in, divide_in, post_in, promise_back_in, standing_in};
pub(crate) use operations::{Wish, begin_in, finish};
pub use payouts::{
    HostBalance, MonthOfEarnings, Payout, PayoutMethod, PayoutMethodChange, PayoutState, Statement, StatementLine, StatementMonth,
    earnings, host_balances, method as payout_method, months as statement_months, of_host as payouts_of_host,
    put_method as put_payout_method, statement, statement_csv, statement_pdf,
};
pub(crate) use payouts::{
    Planned, begun_in as legs_begun_in, cancel_in as cancel_payouts_in, fall_due_in as payouts_fall_due_in, plan_in as plan_payouts_in,
    planned_for_in as payout_planned_for_in, send_in as send_payouts_in,
};

use std::collections::HashMap;

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
    /// The charge it is about, when that is not the payment's present one.
    pub charge: Option<String>,
    /// The provider's name of the guest (authorise only).
    pub customer: Option<String>,
    /// Keep the card for later charges (authorise only).
    pub keep_method: bool,
    /// The guest is not there (authorise only).
    pub off_session: bool,
    /// The provider's name of what came of it.
    pub provider_reference: Option<String>,
}

/// What a guest is to pay, and when.
#[derive(Debug, Clone)]
pub(crate) struct Claim {
    pub booking: BookingId,
    pub payer: UserId,
    pub amount: Money,
    pub purpose: PaymentPurpose,
    /// `None`: at once.
    pub due_at: Option<DateTime<Utc>>,
    /// The kept card it will be charged to.
    pub method: Option<String>,
}

/// Records what a guest owes; nothing is asked of anybody yet. The caller has
/// locked the booking or has just written it.
pub(crate) async fn open_in(tx: &mut Tx, claim: Claim) -> Result<Payment> {
    let app = tx.app();
    let mut payment = Payment {
        id: app.ids.next(&app.clock),
        booking_id: claim.booking,
        sequence: 1,
        purpose: claim.purpose,
        payer_id: claim.payer,
        amount: claim.amount,
        status: PaymentStatus::Pending,
        captured: 0,
        refunded: 0,
        provider_reference: None,
        decline_code: None,
        action_url: None,
        due_at: claim.due_at,
        authorization_expires_at: None,
        method: claim.method,
    };
    payment.sequence = sql::insert(tx, &payment, app.provider.name()).await?;
    Ok(payment)
}

/// The first payment of a booking, locked.
pub(crate) async fn of_booking_in(tx: &mut Tx, booking: BookingId) -> Result<Payment> {
    sql::by_booking_locked(tx, booking).await?.ok_or(Error::NotFound("payment"))
}

/// The payment, locked.
pub(crate) async fn by_id_in(tx: &mut Tx, id: PaymentId) -> Result<Payment> {
    sql::by_id_locked(tx, id).await?.ok_or(Error::NotFound("payment"))
}

/// The payment that a request to the provider is about, locked.
pub(crate) async fn of_operation_in(tx: &mut Tx, id: PaymentOperationId) -> Result<Payment> {
    let operation = sql::operation(&tx.app().db, id).await?.ok_or(Error::NotFound("payment operation"))?;
    by_id_in(tx, operation.payment_id).await
}

/// Every payment of a booking in the order in which they are due, locked.
pub(crate) async fn all_of_booking_in(tx: &mut Tx, booking: BookingId) -> Result<Vec<Payment>> {
    sql::all_by_booking_locked(tx, booking).await
}

/// The first payment of a booking; whoever calls has checked that the reader is
/// a party of it.
pub(crate) async fn of_booking(app: &App, booking: BookingId) -> Result<Payment> {
    sql::by_booking(&app.db, booking).await?.ok_or(Error::NotFound("payment"))
}

/// The first payments of several bookings; whoever calls has checked that the
/// reader is a party of them.
pub(crate) async fn of_bookings(app: &App, ids: &[BookingId]) -> Result<HashMap<BookingId, Payment>> {
    Ok(sql::by_bookings(&app.db, ids).await?.into_iter().map(|payment| (payment.booking_id, payment)).collect())
}

/// Every payment of a booking; whoever calls has checked that the reader is a
/// party of it.
pub(crate) async fn all_of_booking(app: &App, booking: BookingId) -> Result<Vec<Payment>> {
    sql::all_by_booking(&app.db, booking).await
}

/// What undoes the payments of a booking of which nothing more should come in:
/// a release while a card is only held, `refund` minor units of what was taken,
/// newest payment first; what is not yet paid is no longer owed. The caller
/// runs [`finish`] on each after its commit.
pub(crate) async fn give_back_in(tx: &mut Tx, booking: BookingId, refund: i64, reason: &str) -> Result<Vec<PaymentOperationId>> {
    let mut begun = Vec::new();
    let mut left = refund;
    let mut payments = all_of_booking_in(tx, booking).await?;
    payments.reverse();
    for mut payment in payments {
        match payment.status {
            PaymentStatus::Authorized | PaymentStatus::RequiresAction => {
                begun.push(begin_in(tx, &payment, Wish { reason, ..Wish::new(OperationKind::Release, payment.amount.amount) }).await?);
            }
            PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded => {
                let there = payment.captured - sql::refunds_begun(tx, payment.id).await?;
                let part = left.min(there);
                if part > 0 {
                    left -= part;
                    begun.push(begin_in(tx, &payment, Wish { reason, ..Wish::new(OperationKind::Refund, part) }).await?);
                }
            }
            // What is being tried right now comes in, is found to be late and goes back.
            PaymentStatus::Pending | PaymentStatus::Failed
                if payment.due_at.is_some() && sql::open_operation(tx, payment.id, OperationKind::Authorize).await?.is_none() =>
            {
                payment.status = PaymentStatus::Released;
                sql::save(tx, &payment).await?;
            }
            _ => {}
        }
    }
    Ok(begun)
}

/// Undoes one payment, all of it: a release while the card is only held, a
/// refund of what was taken. The job of each request finishes it.
pub(crate) async fn return_in(tx: &mut Tx, payment: &Payment, reason: &str) -> Result<()> {
    let left = payment.captured - sql::refunds_begun(tx, payment.id).await?;
    let wish = match payment.status {
        PaymentStatus::Authorized | PaymentStatus::RequiresAction => Wish::new(OperationKind::Release, payment.amount.amount),
        PaymentStatus::Succeeded | PaymentStatus::PartiallyRefunded if left > 0 => Wish::new(OperationKind::Refund, left),
        _ => return Ok(()),
    };
    begin_in(tx, payment, Wish { reason, ..wish }).await?;
    Ok(())
}

/// Gives `amount` minor units of a booking's payments back, newest first;
/// nothing else about them changes. The caller has posted what makes it due and
/// runs [`finish`] on each after its commit.
///
/// # Errors
/// When less than that is left: a fault of the caller.
pub(crate) async fn refund_in(tx: &mut Tx, booking: BookingId, amount: i64, reason: &str) -> Result<Vec<PaymentOperationId>> {
    let mut begun = Vec::new();
    let mut left = amount;
    for payment in all_of_booking_in(tx, booking).await?.into_iter().rev() {
        let part = left.min(payment.captured - sql::refunds_begun(tx, payment.id).await?);
        if part > 0 {
            left -= part;
            begun.push(begin_in(tx, &payment, Wish { reason, ..Wish::new(OperationKind::Refund, part) }).await?);
        }
    }
    if left > 0 {
        return Err(Error::Internal(anyhow::anyhow!("booking {booking}: {left} more to refund than was taken")));
    }
    Ok(begun)
}

/// Asks the provider to take what is held. The caller runs [`finish`] after its
/// commit.
///
/// # Errors
/// `409 not_authorized` when nothing is held.
pub(crate) async fn capture_in(tx: &mut Tx, booking: BookingId) -> Result<PaymentOperationId> {
    let payment = of_booking_in(tx, booking).await?;
    if payment.status != PaymentStatus::Authorized {
        return Err(Error::conflict("not_authorized", format!("this booking's payment is {}", payment.status)));
    }
    begin_in(tx, &payment, Wish { reason: "accepted", ..Wish::new(OperationKind::Capture, payment.amount.amount) }).await
}

/// Divides what a guest owes for a booking into `parts`, the first to be paid
/// now; the first payment. Parts of an earlier plan of which nothing has been
/// tried go away. A try under way keeps its plan.
///
/// # Errors
/// `409 already_paid`.
pub(crate) async fn split_in(tx: &mut Tx, booking: BookingId, payer: UserId, parts: &[Instalment]) -> Result<Payment> {
    let mut first = of_booking_in(tx, booking).await?;
    if !first.can_be_tried() {
        return Err(Error::conflict("already_paid", format!("this booking's payment is {}", first.status)));
    }
    let Some((now, later)) = parts.split_first() else { return Ok(first) };
    if sql::open_operation(tx, first.id, OperationKind::Authorize).await?.is_some() {
        return Ok(first);
    }
    sql::drop_plan(tx, booking).await?;
    if first.amount != now.amount {
        first.amount = now.amount;
        sql::set_amount(tx, &first).await?;
    }
    for part in later {
        let claim = Claim { booking, payer, amount: part.amount, purpose: PaymentPurpose::Instalment, due_at: part.due_at, method: None };
        open_in(tx, claim).await?;
    }
    Ok(first)
}

/// Whether a part of the price is due and has not come in.
pub(crate) async fn waits_for_due_in(tx: &mut Tx, booking: BookingId) -> Result<bool> {
    let now = tx.now();
    let late = |payment: &Payment| {
        payment.purpose == PaymentPurpose::Instalment && payment.can_be_tried() && payment.due_at.is_some_and(|due| due <= now)
    };
    Ok(all_of_booking_in(tx, booking).await?.iter().any(late))
}

/// No more than `amount` minor units of a price are still to be paid in parts:
/// the last parts shrink or go away. One that is being tried stays.
pub(crate) async fn limit_open_in(tx: &mut Tx, booking: BookingId, amount: i64) -> Result<()> {
    let mut left = amount;
    for mut payment in all_of_booking_in(tx, booking).await? {
        if payment.purpose != PaymentPurpose::Instalment || !payment.can_be_tried() {
            continue;
        }
        let asked = payment.amount.amount;
        if sql::open_operation(tx, payment.id, OperationKind::Authorize).await?.is_some() {
            left -= asked;
            continue;
        }
        let keeps = asked.min(left.max(0));
        left -= keeps;
        if keeps == 0 {
            payment.status = PaymentStatus::Released;
            sql::save(tx, &payment).await?;
        } else if keeps < asked {
            payment.amount.amount = keeps;
            sql::set_amount(tx, &payment).await?;
        }
    }
    Ok(())
}

/// How a guest pays.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Means<'a> {
    /// The provider's token of the card.
    pub method: &'a str,
    /// Take the money at once.
    pub capture_now: bool,
    /// The provider's name of the guest.
    pub customer: Option<&'a str>,
    /// Keep the card for later charges.
    pub keep_method: bool,
    /// The guest is not there.
    pub off_session: bool,
}

/// Records a try to pay a payment; a try that is still under way is taken up
/// again instead. The caller runs [`finish`] after its commit.
///
/// # Errors
/// `409 already_paid`, `409 action_required` while the bank waits.
pub(crate) async fn try_to_pay_in(tx: &mut Tx, mut payment: Payment, means: Means<'_>) -> Result<PaymentOperationId> {
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
    let wish = Wish {
        method: Some(means.method),
        capture_now: means.capture_now,
        customer: means.customer,
        keep_method: means.keep_method,
        off_session: means.off_session,
        ..Wish::new(OperationKind::Authorize, payment.amount.amount)
    };
    begin_in(tx, &payment, wish).await
}

/// Asks the provider to take what is held for one payment. The caller runs
/// [`finish`] after its commit.
pub(crate) async fn capture_payment_in(tx: &mut Tx, payment: &Payment) -> Result<PaymentOperationId> {
    begin_in(tx, payment, Wish { reason: "accepted", ..Wish::new(OperationKind::Capture, payment.amount.amount) }).await
}

/// A payment is not wanted any more: what is held is let go, by the job of that
/// request, and what was not tried yet is never asked for. A try under way goes
/// on: whoever hears of its end finds that it is not wanted and gives it back.
pub(crate) async fn drop_in(tx: &mut Tx, payment: PaymentId, reason: &str) -> Result<()> {
    let mut payment = by_id_in(tx, payment).await?;
    if payment.status == PaymentStatus::Pending {
        if sql::open_operation(tx, payment.id, OperationKind::Authorize).await?.is_some() {
            return Ok(());
        }
        payment.status = PaymentStatus::Released;
        return sql::save(tx, &payment).await;
    }
    return_in(tx, &payment, reason).await
}

/// Minor units of a booking's payments that could still be given back.
pub(crate) async fn left_to_refund_in(tx: &mut Tx, booking: BookingId) -> Result<i64> {
    let mut left = 0;
    for payment in all_of_booking_in(tx, booking).await? {
        left += payment.captured - sql::refunds_begun(tx, payment.id).await?;
    }
    Ok(left)
}
