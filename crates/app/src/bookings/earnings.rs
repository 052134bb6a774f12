//! A booking's money after it is in: to whom it belongs, when it is earned, and
//! what comes back when the price goes down.

use chrono::{DateTime, TimeDelta, Utc};
use domain::bookings::{Booking, BookingState};
use domain::cancellation::Settlement;
use domain::ids::{BookingId, PaymentOperationId, UserId};
use domain::ledger::{self, Account, Back, Parts, PostingEvent, Standing, parts_of};
use domain::payouts::{self, Leg};

use super::{jobs, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::payments::{self, GoesBack, Happening, Planned, Promise};
use crate::tx::Tx;
use crate::{coupons, worker};

/// How long after check-out money that has not come in is waited for.
const PATIENCE: TimeDelta = TimeDelta::days(30);

pub(super) fn fault(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("earnings: {error}"))
}

/// Who has what of a booking's money once it is divided as `settled` says.
pub(super) fn parts(booking: &Booking, settled: &Settlement) -> Result<Parts> {
    let shares = payouts::split(booking.host_id, &booking.terms.shares, settled.host_receives, settled.cleaning).map_err(fault)?;
    Ok(parts_of(settled, &shares))
}

/// Who has what once the stay is over as agreed.
fn whole(booking: &Booking) -> Settlement {
    Settlement::of_stay(&booking.terms.quote, booking.terms.granted)
}

fn legs(booking: &Booking) -> Vec<Leg> {
    let terms = &booking.terms;
    payouts::legs(booking.stay, &terms.quote.nights, terms.time_zone, terms.check_in_from)
}

/// The people of a division with what each gets, in minor units.
fn people(parts: &Parts) -> impl Iterator<Item = (UserId, i64)> {
    parts.iter().filter_map(|(account, amount)| match account {
        Account::HostPayable(user) => Some((*user, *amount)),
        _ => None,
    })
}

/// Plans what is still to be earned of a booking, leg by leg, and the jobs that
/// earn it. Asked again whenever dates or price change; what was earned stands.
/// What comes on top when all legs have been earned is earned at `rest_at`.
pub(super) async fn plan_in(tx: &mut Tx, booking: &Booking, rest_at: DateTime<Utc>) -> Result<()> {
    let begun = payments::legs_begun_in(tx, booking.id).await?;
    let standing = payments::standing_in(tx, booking.id, booking.currency).await?;
    let whole = whole(booking);
    let mut left: Vec<Leg> = legs(booking).into_iter().filter(|leg| !begun.contains(&leg.number)).collect();
    if left.is_empty() && whole.kept().map_err(fault)? > standing.earned_in_all() {
        // All legs are earned, and a change has added something.
        let number = begun.iter().max().map_or(0, |last| last + 1);
        left.push(Leg::rest(number, rest_at));
    }
    let mut so_far = standing.earned;
    let mut planned = Vec::new();
    for leg in &left {
        let target = parts(booking, &leg.earned_of(&whole).map_err(fault)?)?;
        for (host, earned) in people(&target) {
            let before = so_far.entry(Account::HostPayable(host)).or_insert(0);
            let amount = (earned - *before).max(0);
            *before = (*before).max(earned);
            if amount > 0 || host == booking.host_id {
                planned.push(Planned { leg: leg.number, host, amount, due_at: leg.due_at });
            }
        }
    }
    payments::plan_payouts_in(tx, booking.id, booking.currency, &planned).await?;
    for leg in &left {
        worker::enqueue_in(tx, &jobs::EarnBooking { booking: booking.id, leg: leg.number }, leg.due_at).await?;
    }
    Ok(())
}

/// A leg of a stay has been earned: its part of the guest's money becomes the
/// hosts', the marketplace's and the tax office's, and the payouts fall due.
pub(super) async fn earn(app: &App, id: BookingId, number: i32) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(booking) = sql::locked(&mut tx, id).await? else { return Ok(()) };
    let agreed = matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow);
    let due_at = payments::payout_planned_for_in(&mut tx, id, number).await?;
    // Planned no more, earned before, or moved to a later date whose own job comes.
    if !agreed || due_at.is_none_or(|at| at > tx.now()) {
        return Ok(());
    }
    let standing = payments::standing_in(&mut tx, id, booking.currency).await?;
    let legs = legs(&booking);
    let leg = legs.iter().copied().find(|leg| leg.number == number).unwrap_or_else(|| Leg::rest(number, tx.now()));
    let mut target = parts(&booking, &leg.earned_of(&whole(&booking)).map_err(fault)?)?;
    let last = legs.last().is_none_or(|last| last.number <= number);
    for (account, earned) in &standing.earned {
        let entry = target.entry(account.clone()).or_insert(0);
        // Only the last leg, which makes all parts exact, takes anything back.
        *entry = if last { *entry } else { (*entry).max(*earned) };
    }
    let wanted = target.values().sum::<i64>() - standing.earned_in_all();
    if wanted > standing.funds {
        let now = tx.now();
        if payments::waits_for_due_in(&mut tx, id).await? && now < booking.check_out_at + PATIENCE {
            // A part is late: nobody earns what the guest has not paid.
            worker::enqueue_in(&mut tx, &jobs::EarnBooking { booking: id, leg: number }, now + TimeDelta::days(1)).await?;
            return tx.commit().await;
        }
        // The rest is earned with a later leg, when the guest has paid it.
        target = ledger::raised(&standing.earned, &target, standing.funds).map_err(fault)?;
    }
    let before: Vec<(UserId, i64)> = people(&standing.earned).collect();
    let gets = |user: UserId, earned: i64| earned - before.iter().find(|(other, _)| *other == user).map_or(0, |(_, amount)| *amount);
    let happening = Happening { key: format!("earn:{id}:{number}"), event: PostingEvent::Earn, target, refund: None };
    let target = payments::divide_in(&mut tx, id, &standing, happening).await?.target;
    let amounts: Vec<(UserId, i64)> = people(&target).map(|(user, earned)| (user, gets(user, earned))).collect();
    payments::payouts_fall_due_in(&mut tx, id, booking.currency, number, &amounts).await?;
    tx.commit().await
}

/// A settlement of what has come in: what stays with others shrinks with it
/// where it is more.
fn of_what_is_there(settled: &Settlement, standing: &Standing) -> Result<Settlement> {
    let there = standing.funds + standing.earned_in_all();
    let short = there > 0 && there < settled.kept().map_err(fault)?;
    if short { settled.of_paid(there).map_err(fault) } else { Ok(settled.clone()) }
}

/// What a settlement would give back and leave to the hosts (minor units), of
/// what has come in so far.
pub(super) async fn foreseen_in(tx: &mut Tx, booking: &Booking, settled: &Settlement) -> Result<(Back, i64)> {
    let standing = payments::standing_in(tx, booking.id, booking.currency).await?;
    let there = standing.funds + standing.earned_in_all();
    let settled = of_what_is_there(settled, &standing)?;
    let kept = settled.kept().map_err(fault)?;
    let cash = payments::left_to_refund_in(tx, booking.id).await?;
    let back = GoesBack { wanted: settled.refund, cash }.of(&standing, (there - kept).max(0));
    Ok((back, if there == 0 { 0 } else { settled.host_receives.min(there) }))
}

/// A booking was called off: its money is divided for good, what the hosts keep
/// is due at once, and nothing more is planned. Answers what goes back.
pub(super) async fn settle_in(tx: &mut Tx, booking: &Booking, settled: &Settlement) -> Result<Back> {
    let standing = payments::standing_in(tx, booking.id, booking.currency).await?;
    let settled = &of_what_is_there(settled, &standing)?;
    let before: Vec<(UserId, i64)> = people(&standing.earned).collect();
    let event = if before.is_empty() { PostingEvent::CancelBeforeEarn } else { PostingEvent::CancelAfterEarn };
    // No more goes back to a card than was taken from it.
    let cash = payments::left_to_refund_in(tx, booking.id).await?;
    let refund = Some(GoesBack { wanted: settled.refund, cash });
    let happening = Happening { key: format!("cx:{}", booking.id), event, target: parts(booking, settled)?, refund };
    let divided = payments::divide_in(tx, booking.id, &standing, happening).await?;
    coupons::given_back_in(tx, booking, divided.back).await?;
    let leg = payments::legs_begun_in(tx, booking.id).await?.iter().max().map_or(0, |last| last + 1);
    let gets = |user: UserId, keeps: i64| keeps - before.iter().find(|(other, _)| *other == user).map_or(0, |(_, amount)| *amount);
    let amounts: Vec<(UserId, i64)> = people(&divided.target).map(|(user, keeps)| (user, gets(user, keeps))).collect();
    payments::payouts_fall_due_in(tx, booking.id, booking.currency, leg, &amounts).await?;
    payments::cancel_payouts_in(tx, booking.id).await?;
    Ok(divided.back)
}

/// How a price that goes down by `less` minor units would give back, of what has
/// come in so far.
pub(super) async fn foreseen_reduction_in(tx: &mut Tx, booking: &Booking, less: i64) -> Result<Back> {
    let standing = payments::standing_in(tx, booking.id, booking.currency).await?;
    let kept = whole(booking).kept().map_err(fault)? - less;
    let beyond = (standing.funds + standing.earned_in_all() - kept).max(0);
    Ok(standing.back(beyond, payments::left_to_refund_in(tx, booking.id).await?))
}

/// The price of a booking has gone down (its terms say so already): what has
/// been paid beyond it is promised back, from the guest's own money as far as
/// that reaches, else from those who had earned it. `key` names why, once
/// ever. The caller runs each request to the provider after its commit.
pub(super) async fn give_back_in(tx: &mut Tx, booking: &Booking, key: &str) -> Result<Vec<PaymentOperationId>> {
    let standing = payments::standing_in(tx, booking.id, booking.currency).await?;
    let whole = whole(booking);
    let beyond = standing.funds + standing.earned_in_all() - whole.kept().map_err(fault)?;
    payments::limit_open_in(tx, booking.id, (-beyond).max(0)).await?;
    if beyond <= 0 {
        return Ok(Vec::new());
    }
    // Out of what nobody has earned, earnings stay as they are.
    let (key, event, target) = if beyond <= standing.funds {
        (format!("rfb:{key}"), PostingEvent::RefundBeforeEarn, None)
    } else {
        (format!("rfe:{key}"), PostingEvent::RefundAfterEarn, Some(parts(booking, &whole)?))
    };
    let back = standing.back(beyond, payments::left_to_refund_in(tx, booking.id).await?);
    payments::promise_back_in(tx, booking.id, &standing, Promise { key, event, target, back }).await?;
    coupons::given_back_in(tx, booking, back).await?;
    payments::refund_in(tx, booking.id, back.refund, "price_reduced").await
}
