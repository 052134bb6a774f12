//! What staff decide in place of the policy, each with a reason that stays in
//! the booking's history.

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, Side};
use domain::cancellation::{Settlement, host_cancellation_fee};
use domain::ids::BookingId;
use domain::ledger;
use domain::money::Money;

use super::cancel::{check_cancellable, moment, undo_in};
use super::{Mover, alterations, answers::finish_later, earnings, move_in, party_in, refund_requests, sql};
use crate::error::{self, Error, Result};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{App, accounts, calendar, payments};

/// How staff call a booking off.
#[derive(Debug, Clone)]
pub struct StaffCancellation {
    /// Why; 1–1,000 characters.
    pub reason: String,
    /// What the guest gets back; everything when `None`.
    pub refund: Option<Money>,
    /// Whose doing it is in effect: the host pays their fee and the nights stay
    /// blocked, unless it is waived.
    pub host_at_fault: bool,
    /// The host pays no fee (an emergency).
    pub waive_host_fee: bool,
}

/// Who bears what staff give a guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bearer {
    /// The host, out of their part.
    Host,
    /// The marketplace.
    Marketplace,
}

fn require_staff(actor: &Actor) -> Result<()> {
    if actor.is_staff() { Ok(()) } else { Err(Error::NotFound("booking")) }
}

fn check_reason(reason: &str) -> Result<()> {
    error::check(|check| check.text(reason.trim(), "/reason", 1..=1000))
}

fn check_refund(booking: &Booking, refund: Money) -> Result<()> {
    let most = booking.terms.quote.total - booking.terms.granted;
    error::check(|check| {
        check.that(refund.currency == booking.currency, "/refund/currency", "currency", format!("this booking is in {}", booking.currency));
        check.range(refund.amount, "/refund/amount", 0..=most);
    })
}

/// Where the money goes when the guest gets `refund` back: the rest is divided
/// as the price was.
fn settlement(booking: &Booking, refund: i64) -> Result<Settlement> {
    let whole = Settlement::of_stay(&booking.terms.quote, booking.terms.granted);
    let total = whole.kept()?;
    let part = |amount: i64| domain::money::multiply_divide(amount, total - refund, total.max(1));
    let mut taxes = Vec::with_capacity(whole.taxes.len());
    for (jurisdiction, due) in &whole.taxes {
        taxes.push((jurisdiction.clone(), part(*due)?));
    }
    let mut settled = Settlement {
        refund,
        host_receives: 0,
        cleaning: part(whole.cleaning)?,
        host_fee: part(whole.host_fee)?,
        guest_fee: part(whole.guest_fee)?,
        taxes,
    };
    // The host's is the largest part by far: it takes the rounding.
    settled.host_receives = (total - refund - settled.kept()?).max(0);
    settled.refund = total - settled.kept()?;
    Ok(settled)
}

/// Staff call a booking off in place of the policy. Answers the booking and
/// what the guest gets back.
///
/// # Errors
/// 422 without a reason or for a refund out of range, `409 illegal_transition`,
/// 404 for everybody but staff.
pub async fn cancel_as_staff(
    app: &App,
    actor: &Actor,
    id: BookingId,
    wish: StaffCancellation,
    key: Option<&IdempotencyKey>,
) -> Result<Once<(Booking, Money)>> {
    let user = accounts::require_user(actor)?;
    require_staff(actor)?;
    check_reason(&wish.reason)?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let mut booking = sql::locked(&mut tx, id).await?.ok_or(Error::NotFound("booking"))?;
    let now = tx.now();
    check_cancellable(&booking, Side::Staff, now)?;
    if let Some(refund) = wish.refund {
        check_refund(&booking, refund)?;
    }
    let settled = settlement(&booking, wish.refund.map_or(booking.terms.quote.total - booking.terms.granted, |refund| refund.amount))?;
    let fee = if wish.host_at_fault && !wish.waive_host_fee && booking.state == BookingState::Confirmed {
        host_cancellation_fee(&moment(&booking), now)?
    } else {
        0
    };
    alterations::close_open_in(&mut tx, &booking).await?;
    move_in(&mut tx, &mut booking, Move::Cancel, Mover { side: Side::Staff, user: Some(user) }, wish.reason.trim()).await?;
    if wish.host_at_fault {
        calendar::block_instead_in(&mut tx, id).await?
    } else {
        calendar::release_in(&mut tx, id).await?
    }
    let (refund, begun) = undo_in(&mut tx, &booking, (&settled, fee)).await?;
    let answer = (booking, refund);
    idempotency::save_in(&mut tx, user, key, &answer).await?;
    tx.commit().await?;
    for operation in begun {
        finish_later(app, operation).await;
    }
    Ok(Once { value: answer, replayed: false })
}

/// Staff give a guest money back, out of the host's part or the marketplace's
/// own pocket. Answers what was given.
///
/// # Errors
/// 422 without a reason or for an amount out of range, `409 illegal_transition`
/// for a booking that was never paid, 404 for everybody but staff.
pub async fn refund_as_staff(
    app: &App,
    actor: &Actor,
    id: BookingId,
    (amount, bearer, reason): (Money, Bearer, &str),
    key: Option<&IdempotencyKey>,
) -> Result<Once<Money>> {
    let user = accounts::require_user(actor)?;
    require_staff(actor)?;
    check_reason(reason)?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, _) = party_in(&mut tx, actor, id).await?;
    if !matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow | BookingState::Cancelled) {
        return Err(Error::conflict("illegal_transition", format!("a booking that is {} has no money to give back", booking.state)));
    }
    let number = sql::next_event(&mut tx, id).await?;
    let key_in_book = format!("{id}:{number}");
    let most = most_in(&mut tx, &booking, bearer).await?;
    error::check(|check| {
        check.that(amount.currency == booking.currency, "/amount/currency", "currency", format!("this booking is in {}", booking.currency));
        check.range(amount.amount, "/amount/amount", 1..=most.max(1));
        check.that(most > 0, "/amount/amount", "max", "nothing is left to give back");
    })?;
    let begun = match bearer {
        Bearer::Host => refund_requests::grant_in(&mut tx, &mut booking, amount, &key_in_book).await?,
        Bearer::Marketplace => {
            let posting = ledger::goodwill_refund(&key_in_book, id, amount).map_err(earnings::fault)?.with_note(reason);
            payments::post_in(&mut tx, &posting, Some(id)).await?;
            payments::refund_in(&mut tx, id, amount.amount, "goodwill").await?
        }
    };
    sql::record(&mut tx, id, (Some(booking.state), booking.state), (Side::Staff, Some(user)), reason.trim()).await?;
    idempotency::save_in(&mut tx, user, key, &amount).await?;
    tx.commit().await?;
    for operation in begun {
        finish_later(app, operation).await;
    }
    Ok(Once { value: amount, replayed: false })
}

/// Minor units that can be given back at most: no more than was taken, and of
/// the host no more than they have.
async fn most_in(tx: &mut Tx, booking: &Booking, bearer: Bearer) -> Result<i64> {
    let taken = payments::left_to_refund_in(tx, booking.id).await?;
    match bearer {
        Bearer::Marketplace => Ok(taken),
        Bearer::Host if booking.state == BookingState::Cancelled => Ok(0),
        Bearer::Host => Ok(taken.min(booking.terms.quote.host_payout - booking.terms.granted)),
    }
}
