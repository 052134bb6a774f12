//! Calling off: what comes back is computed by one function, whether it is only
//! shown or done.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, Side};
use domain::cancellation::{self, Moment, Settlement};
use domain::co_hosts::Access;
use domain::ids::BookingId;
use domain::ledger;
use domain::money::Money;
use serde_json::json;

use super::{Mover, answers::finish_later, move_in, party_in, side_of, sql};
use crate::App;
use crate::error::{self, Error, Result};
use crate::failpoints;
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{accounts, calendar, payments};

/// What calling off now would do.
#[derive(Debug, Clone, PartialEq)]
pub struct CancellationPreview {
    /// What the guest gets back.
    pub refund: Money,
    /// What the guest has paid.
    pub paid: Money,
    /// What the host keeps, after fees.
    pub host_receives: Money,
    /// What a host who calls off pays.
    pub host_fee: Money,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

/// Everything a cancellation moves.
struct Outcome {
    settlement: Settlement,
    host_fee: i64,
}

pub(super) fn moment(booking: &Booking) -> Moment<'_> {
    Moment {
        quote: &booking.terms.quote,
        fees: &booking.terms.fees,
        terms: &booking.terms.policy,
        time_zone: booking.terms.time_zone,
        check_in_time: booking.terms.check_in_from,
        confirmed_at: booking.confirmed_at,
        granted: booking.terms.granted,
    }
}

/// The one computation behind preview and execution. `paid` minor units of the
/// price have come in.
fn outcome(booking: &Booking, side: Side, at: DateTime<Utc>, paid: i64) -> Result<Outcome> {
    let fault = |e: domain::money::MoneyError| Error::Internal(anyhow::anyhow!("settlement: {e}"));
    let moment = moment(booking);
    if booking.state == BookingState::Confirmed && side == Side::Guest {
        let settlement = cancellation::settle_guest_cancellation(&moment, at).map_err(fault)?;
        return Ok(Outcome { settlement: of_paid(settlement, booking, paid).map_err(fault)?, host_fee: 0 });
    }
    let settlement = of_paid(cancellation::settle_host_cancellation(&moment).map_err(fault)?, booking, paid).map_err(fault)?;
    let host_fee = if booking.state == BookingState::Confirmed && side == Side::Host {
        cancellation::host_cancellation_fee(&moment, at).map_err(fault)?
    } else {
        0
    };
    Ok(Outcome { settlement, host_fee })
}

/// What of a settlement can be had when part of the price is still to come.
fn of_paid(settlement: Settlement, booking: &Booking, paid: i64) -> Result<Settlement, domain::money::MoneyError> {
    if paid > 0 && paid < booking.terms.quote.total { settlement.of_paid(paid) } else { Ok(settlement) }
}

fn check_cancellable(booking: &Booking, side: Side, now: DateTime<Utc>) -> Result<()> {
    let over = booking.state == BookingState::Confirmed && now >= booking.check_out_at;
    if over || domain::bookings::transition(booking.state, Move::Cancel, side).is_err() {
        return Err(Error::conflict(
            "illegal_transition",
            format!("a booking that is {} cannot be cancelled", if over { "over" } else { booking.state.as_str() }),
        ));
    }
    Ok(())
}

/// What calling off now would do, in the actor's role.
///
/// # Errors
/// 404 for strangers, `409 illegal_transition` when it cannot be called off.
pub async fn preview_cancellation(app: &App, actor: &Actor, id: BookingId) -> Result<CancellationPreview> {
    let booking = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("booking"))?;
    let side = side_of(&mut *app.db.acquire().await?, actor, &booking, Access::Full).await?;
    let now = app.clock.now();
    check_cancellable(&booking, side, now)?;
    let paid = payments::all_of_booking(app, id).await?.iter().map(|payment| payment.captured).sum();
    Ok(preview(&booking, &outcome(&booking, side, now, paid)?, paid, now))
}

fn preview(booking: &Booking, outcome: &Outcome, captured: i64, at: DateTime<Utc>) -> CancellationPreview {
    let money = |amount| Money::new(amount, booking.currency);
    CancellationPreview {
        refund: money(if captured > 0 { outcome.settlement.refund } else { 0 }),
        paid: money(captured),
        host_receives: money(if captured > 0 { outcome.settlement.host_receives } else { 0 }),
        host_fee: money(outcome.host_fee),
        at,
    }
}

/// Guest, host or staff call a booking off. What has been paid comes back as
/// the policy agreed on says; the nights are free again, unless the host called
/// off: then they stay blocked.
///
/// # Errors
/// `409 refund_changed` (with what it is now) when `expected_refund` is not
/// what comes back, `409 illegal_transition`, 404 for strangers.
pub async fn cancel(
    app: &App,
    actor: &Actor,
    id: BookingId,
    wish: (Option<Money>, &str),
    key: Option<&IdempotencyKey>,
) -> Result<Once<(Booking, Money)>> {
    let user = accounts::require_user(actor)?;
    let (expected_refund, reason) = wish;
    error::check(|check| check.text(reason, "/reason", 0..=1000))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, side) = party_in(&mut tx, actor, id).await?;
    let now = tx.now();
    check_cancellable(&booking, side, now)?;
    let paid = payments::captured_in(&mut tx, id).await?;
    let outcome = outcome(&booking, side, now, paid)?;
    let shown = preview(&booking, &outcome, paid, now);
    if expected_refund.is_some_and(|expected| expected != shown.refund) {
        return Err(Error::Conflict {
            code: "refund_changed",
            message: format!("now {} would come back: look at the preview again", shown.refund),
            details: Some(json!({"refund": shown.refund})),
        });
    }
    move_in(&mut tx, &mut booking, Move::Cancel, Mover { side, user: Some(user) }, reason).await?;
    free_nights_in(&mut tx, &booking, side).await?;
    if paid > 0 {
        post_in(&mut tx, &booking, &outcome, paid).await?;
        payments::cancel_payout_in(&mut tx, id, outcome.settlement.host_receives).await?;
    }
    let back = payments::give_back_in(&mut tx, id, outcome.settlement.refund, "cancelled").await?;
    let answer = (booking, shown.refund);
    idempotency::save_in(&mut tx, user, key, &answer).await?;
    tx.commit().await?;
    failpoints::hit("cancel", "recorded");
    for operation in back {
        finish_later(app, operation).await;
    }
    Ok(Once { value: answer, replayed: false })
}

/// The marketplace calls a booking off because a part of its price was not
/// paid: as if the guest had.
pub(super) async fn cancel_unpaid_in(tx: &mut Tx, booking: &mut Booking, reason: &str) -> Result<()> {
    let id = booking.id;
    let paid = payments::captured_in(tx, id).await?;
    let outcome = outcome(booking, Side::Guest, tx.now(), paid)?;
    move_in(tx, booking, Move::Cancel, Mover::SYSTEM, reason).await?;
    free_nights_in(tx, booking, Side::System).await?;
    if paid > 0 {
        post_in(tx, booking, &outcome, paid).await?;
        payments::cancel_payout_in(tx, id, outcome.settlement.host_receives).await?;
    }
    // Each request to the provider has a job that finishes it.
    payments::give_back_in(tx, id, outcome.settlement.refund, reason).await?;
    Ok(())
}

async fn free_nights_in(tx: &mut Tx, booking: &Booking, side: Side) -> Result<()> {
    if side == Side::Host { calendar::block_instead_in(tx, booking.id).await } else { calendar::release_in(tx, booking.id).await }
}

/// Before the money was earned it is divided now; afterwards the host and the
/// marketplace give back what the guest is due.
async fn post_in(tx: &mut Tx, booking: &Booking, outcome: &Outcome, paid: i64) -> Result<()> {
    let fault = |e: ledger::LedgerError| Error::Internal(anyhow::anyhow!("ledger: {e}"));
    let (quote, settled) = (&booking.terms.quote, &outcome.settlement);
    let held = payments::balance_in(tx, &ledger::Account::GuestFunds(booking.id), booking.currency).await?;
    let posting = if paid < quote.total || (held > 0 && held < paid) {
        // In parts: what is no longer held of what was paid has been earned.
        let earned = ledger::Division::of_quote(quote)
            .share(paid - held, quote.total)
            .map_err(|e| Error::Internal(anyhow::anyhow!("settlement: {e}")))?;
        ledger::cancel_partly_earned(booking.id, booking.host_id, held, &earned, settled)
    } else if payments::has_earned_in(tx, booking.id).await? {
        ledger::cancel_after_earn(booking.id, booking.host_id, quote, settled)
    } else {
        ledger::cancel_before_earn(booking.id, booking.host_id, quote, settled)
    };
    match posting {
        Ok(posting) => payments::post_in(tx, &posting, Some(booking.id)).await?,
        // Earned, and nothing goes back: nothing moves.
        Err(ledger::LedgerError::Empty(_)) => domain::payments::Applied::Already,
        Err(error) => return Err(fault(error)),
    };
    if outcome.host_fee > 0 {
        let fee = Money::new(outcome.host_fee, booking.currency);
        let posting = ledger::host_cancellation_fee(booking.id, booking.host_id, fee).map_err(fault)?;
        payments::post_in(tx, &posting, Some(booking.id)).await?;
    }
    Ok(())
}
