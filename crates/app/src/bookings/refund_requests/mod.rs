//! A guest asks for more back than the policy gives; the host grants it, or
//! part of it, out of their own part.

mod sql;

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::alterations::refund_requests::RefundRequestState;
use domain::bookings::{Booking, BookingState, Side};
use domain::ids::{BookingId, PaymentOperationId, RefundRequestId, UserId};
use domain::money::Money;
use serde::{Deserialize, Serialize};

use super::{answers::finish_later, earnings, party_in, read};
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{App, accounts};

/// How long after check-out a guest may ask.
const ASKING_TIME: TimeDelta = TimeDelta::days(60);

/// A guest's wish for more back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundRequest {
    /// Which.
    pub id: RefundRequestId,
    /// Of which booking.
    pub booking_id: BookingId,
    /// How much is asked.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: RefundRequestState,
    /// How much was granted.
    pub granted: Option<Money>,
    /// The host's words.
    pub answer: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// What a host can still give back of a booking: what they get and have not
/// given back before.
fn most(booking: &Booking) -> Money {
    Money::new(booking.terms.quote.host_payout - booking.terms.granted, booking.currency)
}

fn check_amount(booking: &Booking, amount: Money, pointer: &str) -> Result<()> {
    let most = most(booking);
    error::check(|check| {
        let currency = format!("{pointer}/currency");
        check.that(amount.currency == most.currency, &currency, "currency", format!("this booking is in {}", most.currency));
        let amount_at = format!("{pointer}/amount");
        check.range(amount.amount, &amount_at, 1..=Money::MAX_AMOUNT);
        check.that(amount.amount <= most.amount, &amount_at, "max", format!("at most {most} are the host's to give"));
    })
}

fn check_refundable(booking: &Booking, now: DateTime<Utc>) -> Result<()> {
    let agreed = matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow);
    if !agreed || now >= booking.check_out_at + ASKING_TIME {
        return Err(Error::conflict(
            "illegal_transition",
            "a refund can be asked for a booking that stands, until 60 days after check-out",
        ));
    }
    Ok(())
}

/// The guest asks for `amount` back.
///
/// # Errors
/// `409 refund_request_open` while another waits, `409 illegal_transition`, 422
/// with every mistake, `403 not_the_guest`, 404 for strangers.
pub async fn ask(
    app: &App,
    actor: &Actor,
    id: BookingId,
    (amount, reason): (Money, &str),
    key: Option<&IdempotencyKey>,
) -> Result<Once<RefundRequest>> {
    let user = accounts::require_user(actor)?;
    error::check(|check| check.text(reason.trim(), "/reason", 1..=1000))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    if side != Side::Guest {
        return Err(Error::forbidden("not_the_guest", "the guest asks for a refund; a host can simply grant one"));
    }
    check_refundable(&booking, tx.now())?;
    check_amount(&booking, amount, "/amount")?;
    let request = new_request(&tx, id, amount, reason);
    if !sql::insert(&mut tx, &request, user).await? {
        return Err(Error::conflict("refund_request_open", "a request of yours waits for the host's answer: withdraw it first"));
    }
    events::publish_in(&mut tx, Event::RefundAsked { request: request.id, booking: id }).await?;
    idempotency::save_in(&mut tx, user, key, &request).await?;
    tx.commit().await?;
    Ok(Once { value: request, replayed: false })
}

fn new_request(tx: &Tx, booking: BookingId, amount: Money, reason: &str) -> RefundRequest {
    let app = tx.app();
    RefundRequest {
        id: app.ids.next(&app.clock),
        booking_id: booking,
        amount,
        reason: reason.trim().to_owned(),
        state: RefundRequestState::Open,
        granted: None,
        answer: String::new(),
        created_at: tx.now(),
        answered_at: None,
    }
}

/// Gives `amount` back out of the host's part.
pub(super) async fn grant_in(tx: &mut Tx, booking: &mut Booking, amount: Money, key: &str) -> Result<Vec<PaymentOperationId>> {
    booking.terms.granted += amount.amount;
    super::sql::save_agreement(tx, booking).await?;
    let begun = earnings::give_back_in(tx, booking, key).await?;
    let now = tx.now();
    earnings::plan_in(tx, booking, now).await?;
    Ok(begun)
}

/// The host's answer: yes, with all or part of it, or no.
#[derive(Debug, Clone)]
pub struct Verdict {
    /// Granted: how much (all that was asked when `None`). Else declined.
    pub grant: bool,
    /// Part of it.
    pub amount: Option<Money>,
    /// A few words to the guest, up to 1,000 characters.
    pub answer: String,
}

/// The host (staff in their place) answers. What is granted goes back to the
/// guest at once, out of the host's part; after a payout it is taken from the
/// next ones.
///
/// # Errors
/// `409 illegal_transition`, 422 for more than was asked or is the host's, `403
/// not_the_host`, 404 for strangers.
pub async fn answer(
    app: &App,
    actor: &Actor,
    (booking, id): (BookingId, RefundRequestId),
    verdict: Verdict,
    key: Option<&IdempotencyKey>,
) -> Result<Once<RefundRequest>> {
    let user = accounts::require_user(actor)?;
    error::check(|check| check.text(&verdict.answer, "/answer", 0..=1000))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, side) = party_in(&mut tx, actor, booking).await?;
    if !matches!(side, Side::Host | Side::Staff) {
        return Err(Error::forbidden("not_the_host", "the host answers a request for a refund"));
    }
    let mut request = open_in(&mut tx, &booking, id).await?;
    let mut begun = Vec::new();
    if verdict.grant {
        check_refundable(&booking, tx.now())?;
        let amount = verdict.amount.unwrap_or(request.amount);
        check_amount(&booking, amount, "/amount")?;
        if amount.amount > request.amount.amount {
            return Err(Error::invalid("/amount/amount", "max", format!("{} were asked for", request.amount)));
        }
        begun = grant_in(&mut tx, &mut booking, amount, &id.to_string()).await?;
        request.granted = Some(amount);
    }
    request.state = if verdict.grant { RefundRequestState::Granted } else { RefundRequestState::Declined };
    request.answer = verdict.answer;
    request.answered_at = Some(tx.now());
    sql::save(&mut tx, &request).await?;
    events::publish_in(&mut tx, Event::RefundAnswered { request: id, booking: booking.id, granted: verdict.grant }).await?;
    idempotency::save_in(&mut tx, user, key, &request).await?;
    tx.commit().await?;
    for operation in begun {
        finish_later(app, operation).await;
    }
    Ok(Once { value: request, replayed: false })
}

async fn open_in(tx: &mut Tx, booking: &Booking, id: RefundRequestId) -> Result<RefundRequest> {
    let request = sql::locked(tx, id).await?.filter(|found| found.booking_id == booking.id).ok_or(Error::NotFound("refund request"))?;
    if request.state != RefundRequestState::Open {
        return Err(Error::conflict("illegal_transition", format!("this request is {} already", request.state)));
    }
    Ok(request)
}

/// The guest takes a request back.
///
/// # Errors
/// `409 illegal_transition`, `403 not_the_guest`, 404 for strangers.
pub async fn withdraw(app: &App, actor: &Actor, (booking, id): (BookingId, RefundRequestId)) -> Result<RefundRequest> {
    let _: UserId = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (booking, side) = party_in(&mut tx, actor, booking).await?;
    if side != Side::Guest {
        return Err(Error::forbidden("not_the_guest", "only the guest takes their request back"));
    }
    let mut request = open_in(&mut tx, &booking, id).await?;
    request.state = RefundRequestState::Withdrawn;
    request.answered_at = Some(tx.now());
    sql::save(&mut tx, &request).await?;
    tx.commit().await?;
    Ok(request)
}

/// Every request for an extra refund of a booking, newest first.
///
/// # Errors
/// 404 for strangers.
pub async fn list_of(app: &App, actor: &Actor, id: BookingId) -> Result<Vec<RefundRequest>> {
    read::party(app, actor, id).await?;
    sql::of_booking(&app.db, id).await
}
