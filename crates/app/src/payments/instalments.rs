//! Later parts of a price: charged to the kept card when they fall due, tried
//! again a day later twice, then given up.

use chrono::TimeDelta;
use domain::ids::PaymentId;
use domain::payments::{OperationKind, PaymentStatus};

use super::jobs::ChargeInstalment;
use super::{Means, finish, methods, sql, try_to_pay_in};
use crate::App;
use crate::error::Result;
use crate::events::{self, Event};
use crate::worker;

/// How often a part is tried.
const TRIES: i32 = 3;

/// Charges a part; see [`ChargeInstalment`]. Does nothing to one that is paid
/// or no longer owed.
pub(super) async fn charge(app: &App, id: PaymentId, attempt: i32) -> Result<()> {
    let Some(seen) = sql::by_id(&app.db, id).await? else { return Ok(()) };
    let customer = methods::customer(app, seen.payer_id).await?;
    let mut tx = app.begin().await?;
    let Some(payment) = sql::by_id_locked(&mut tx, id).await? else { return Ok(()) };
    if !matches!(payment.status, PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::RequiresAction) {
        return Ok(());
    }
    let (booking, now) = (payment.booking_id, tx.now());
    if attempt > TRIES {
        events::publish_in(&mut tx, Event::InstalmentUnpaid { payment: id, booking }).await?;
        return tx.commit().await;
    }
    worker::enqueue_in(&mut tx, &ChargeInstalment { payment: id, attempt: attempt + 1 }, now + TimeDelta::days(1)).await?;
    let first = sql::by_booking_locked(&mut tx, booking).await?;
    let card = payment.method.clone().or(first.and_then(|first| first.method));
    let waits_for_bank = payment.status == PaymentStatus::RequiresAction
        || sql::open_operation(&mut tx, id, OperationKind::Authorize).await?.is_some_and(|open| open.payment_method != card);
    let operation = match card.as_deref() {
        // The guest is paying by themselves right now.
        Some(_) if waits_for_bank => None,
        Some(method) => {
            let means = Means { method, capture_now: true, customer: Some(&customer), keep_method: false, off_session: true };
            Some(try_to_pay_in(&mut tx, payment, means).await?)
        }
        None => {
            events::publish_in(&mut tx, Event::PaymentFailed { payment: id, booking }).await?;
            None
        }
    };
    tx.commit().await?;
    if let Some(operation) = operation {
        finish(app, operation).await?;
    }
    Ok(())
}

/// Tells a guest that a part will fall due.
pub(super) async fn remind(app: &App, id: PaymentId) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(payment) = sql::by_id_locked(&mut tx, id).await? else { return Ok(()) };
    if payment.status != PaymentStatus::Pending {
        return Ok(());
    }
    events::publish_in(&mut tx, Event::InstalmentDueSoon { payment: id, booking: payment.booking_id }).await?;
    tx.commit().await
}
