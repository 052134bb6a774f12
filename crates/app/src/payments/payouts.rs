//! What hosts are owed: scheduled when a booking is confirmed, due 24 hours
//! after check-in.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, PayoutId, UserId};
use domain::money::Money;
use domain::page::{Page, PageRequest};

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::Result;
use crate::events::{self, Event};
use crate::tx::Tx;

pub use domain::payments::PayoutState;

/// Money on its way to a host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Which.
    pub id: PayoutId,
    /// For which booking.
    pub booking_id: BookingId,
    /// How much.
    pub amount: Money,
    /// How far it has come.
    pub state: PayoutState,
    /// From when on it may be paid.
    pub due_at: DateTime<Utc>,
    /// Since when it is planned.
    pub created_at: DateTime<Utc>,
}

/// Plans the payout of a confirmed booking.
pub(crate) async fn schedule_in(tx: &mut Tx, booking: BookingId, host: UserId, amount: Money, due_at: DateTime<Utc>) -> Result<()> {
    let app = tx.app();
    let payout =
        Payout { id: app.ids.next(&app.clock), booking_id: booking, amount, state: PayoutState::Scheduled, due_at, created_at: tx.now() };
    sql::insert_payout(tx, &payout, host).await
}

/// The booking was called off: the host gets `left` minor units, or nothing.
pub(crate) async fn cancel_in(tx: &mut Tx, booking: BookingId, left: i64) -> Result<()> {
    let state = if left > 0 { PayoutState::Scheduled } else { PayoutState::Cancelled };
    sql::change_scheduled_payout(tx, booking, Some(left), state).await?;
    Ok(())
}

/// The day has come. While money of the booking is disputed it waits; the end
/// of the dispute comes here again.
pub(crate) async fn fall_due_in(tx: &mut Tx, booking: BookingId) -> Result<()> {
    if super::disputes::is_disputed_in(tx, booking).await? {
        return Ok(());
    }
    if let Some(payout) = sql::change_scheduled_payout(tx, booking, None, PayoutState::Due).await? {
        events::publish_in(tx, Event::PayoutDue { payout: payout.id, booking }).await?;
    }
    Ok(())
}

/// A host's payouts, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn of_host(app: &App, actor: &Actor, page: PageRequest<PayoutId>) -> Result<Page<Payout>> {
    let host = accounts::require_user(actor)?;
    let rows = sql::payouts_of_host(&app.db, host, &page).await?;
    Ok(Page::cut(rows, page.limit, |payout| payout.id))
}
