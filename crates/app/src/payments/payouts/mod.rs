//! What hosts are owed, and money on its way to them: planned when a booking is
//! confirmed, due 24 hours after check-in (month by month for long stays), sent
//! together when the host's payday has come.

mod accounts;
mod files;
mod sql;
mod statements;
pub(super) mod transfers;

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, PayoutId, TransferId, UserId};
use domain::money::{Currency, Money};
use domain::page::{Page, PageRequest};

use super::jobs::PayHost;
use crate::accounts as people;
use crate::error::Result;
use crate::events::{self, Event};
use crate::tx::Tx;
use crate::{App, worker};

pub(crate) use accounts::look as look_at_account;
pub use accounts::{PayoutMethod, PayoutMethodChange, method, put_method};
pub use domain::payments::PayoutState;
pub use files::{csv as statement_csv, pdf as statement_pdf};
pub use statements::{Statement, StatementLine, StatementMonth, months, statement};
pub(crate) use transfers::{finish as finish_transfer, look as look_at_transfer, look_again_at, pay_host, sweep};

/// What a host (or co-host) is owed for a booking or a month of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Payout {
    /// Which.
    pub id: PayoutId,
    /// For which booking.
    pub booking_id: BookingId,
    /// For which month of a long stay, from 0; 0 for all others.
    pub leg: i32,
    /// How much.
    pub amount: Money,
    /// How far it has come.
    pub state: PayoutState,
    /// From when on it may be paid.
    pub due_at: DateTime<Utc>,
    /// Until when it is held back (first payouts of new hosts).
    pub held_until: Option<DateTime<Utc>>,
    /// With which transfer it is sent.
    pub transfer_id: Option<TransferId>,
    /// When it arrived.
    pub paid_at: Option<DateTime<Utc>>,
    /// Since when it is planned.
    pub created_at: DateTime<Utc>,
}

/// A payout to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Planned {
    pub leg: i32,
    pub host: UserId,
    /// Minor units; may be nothing for the host themself.
    pub amount: i64,
    pub due_at: DateTime<Utc>,
}

/// Plans the payouts of a booking anew; those that are due or paid stand.
pub(crate) async fn plan_in(tx: &mut Tx, booking: BookingId, currency: Currency, planned: &[Planned]) -> Result<()> {
    let app = tx.app();
    sql::delete_scheduled(tx, booking).await?;
    for plan in planned {
        let id: PayoutId = app.ids.next(&app.clock);
        sql::insert(tx, id, booking, currency, plan).await?;
    }
    Ok(())
}

/// When a leg that is still only planned falls due; `None` when it is due, paid
/// or planned no more.
pub(crate) async fn planned_for_in(tx: &mut Tx, booking: BookingId, leg: i32) -> Result<Option<DateTime<Utc>>> {
    sql::scheduled_for(tx, booking, leg).await
}

/// The legs of a booking that are due or paid.
pub(crate) async fn begun_in(tx: &mut Tx, booking: BookingId) -> Result<Vec<i32>> {
    sql::begun(tx, booking).await
}

/// A leg has been earned: so much is due to each. First payouts of new hosts
/// are held for as long as the settings say.
pub(crate) async fn fall_due_in(tx: &mut Tx, booking: BookingId, currency: Currency, leg: i32, amounts: &[(UserId, i64)]) -> Result<()> {
    let app = tx.app();
    let now = tx.now();
    for (host, amount) in amounts.iter().filter(|(_, amount)| *amount > 0) {
        let hold = app.config.payouts.new_host_hold_days;
        let held_until = if hold > 0 && !sql::was_ever_paid(tx, *host).await? { Some(now + TimeDelta::days(hold)) } else { None };
        let id: PayoutId = app.ids.next(&app.clock);
        let plan = Planned { leg, host: *host, amount: *amount, due_at: now };
        let id = sql::set_due(tx, id, (booking, currency), &plan, held_until).await?;
        events::publish_in(tx, Event::PayoutDue { payout: id, booking }).await?;
        worker::enqueue_in(tx, &PayHost { host: *host, currency }, held_until.unwrap_or(now)).await?;
    }
    sql::cancel_scheduled(tx, booking, Some(leg)).await
}

/// Nothing more of a booking is planned.
pub(crate) async fn cancel_in(tx: &mut Tx, booking: BookingId) -> Result<()> {
    sql::cancel_scheduled(tx, booking, None).await
}

/// What is due of a booking may be sent (again): a dispute has ended, say.
pub(crate) async fn send_in(tx: &mut Tx, booking: BookingId) -> Result<()> {
    let now = tx.now();
    for (host, currency) in sql::due_of(tx, booking).await? {
        worker::enqueue_in(tx, &PayHost { host, currency }, now).await?;
    }
    Ok(())
}

/// A host's payouts, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn of_host(app: &App, actor: &Actor, page: PageRequest<PayoutId>) -> Result<Page<Payout>> {
    let host = people::require_user(actor)?;
    let rows = sql::of_host(&app.db, host, &page).await?;
    Ok(Page::cut(rows, page.limit, |payout| payout.id))
}

/// What a host has earned in a month, in one currency: minor units.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct MonthOfEarnings {
    /// First day of the month in which it is or was due.
    pub month: chrono::NaiveDate,
    /// Of every amount.
    pub currency: Currency,
    /// Bookings it comes from.
    pub bookings: i64,
    /// Arrived.
    pub paid: i64,
    /// Sent, not arrived yet.
    pub on_its_way: i64,
    /// Earned, to be sent.
    pub due: i64,
    /// Expected of stays to come.
    pub scheduled: i64,
}

/// What the actor has earned as host and co-host by month (UTC) and currency,
/// from the month of `from` until that of `to`.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn earnings(app: &App, actor: &Actor, from: chrono::NaiveDate, to: chrono::NaiveDate) -> Result<Vec<MonthOfEarnings>> {
    let host = people::require_user(actor)?;
    sql::earnings(&app.db, host, from, to).await
}

/// What the actor owes the marketplace and what of their earnings is not sent
/// yet, by currency, from the book.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn host_balances(app: &App, actor: &Actor) -> Result<Vec<HostBalance>> {
    let host = people::require_user(actor)?;
    sql::host_balances(&app.db, host).await
}

/// How a host stands with the marketplace in one currency: minor units.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct HostBalance {
    /// Of every amount.
    pub currency: Currency,
    /// Owed to the host.
    pub payable: i64,
    /// Owed by the host; taken from what is sent next.
    pub owed: i64,
    /// On its way.
    pub in_transit: i64,
}
