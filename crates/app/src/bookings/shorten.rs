//! A guest leaves earlier than agreed: no consent is needed, the policy says
//! what comes back, and the nights given up are free again.

use chrono::{DateTime, NaiveDate, Utc};
use domain::actor::Actor;
use domain::alterations::{PriceChange, ShorteningError, shortened_quote};
use domain::bookings::{Booking, BookingState, Side};
use domain::dates::Stay;
use domain::ids::BookingId;
use domain::money::Money;
use domain::pricing::Quote;
use serde_json::json;

use super::alterations::apply::{Change, change_in};
use super::{alterations, answers::finish_later, cancel::moment, earnings, party_in, sql};
use crate::error::{Error, Result};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{App, accounts};

/// What leaving on a day would do.
#[derive(Debug, Clone, PartialEq)]
pub struct ShorteningPreview {
    /// The stay as it would be.
    pub stay: Stay,
    /// Its price, with what the policy leaves to the host of nights given up.
    pub quote: Quote,
    /// What that changes.
    pub price: PriceChange,
    /// What goes back to the guest's card, of what has been paid.
    pub refund: Money,
    /// What goes back to the guest's credit.
    pub credit: Money,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

/// The one computation behind preview and execution.
async fn shortened_in(tx: &mut Tx, booking: &Booking, side: Side, check_out: NaiveDate) -> Result<ShorteningPreview> {
    let at = tx.now();
    if side != Side::Guest {
        return Err(Error::forbidden("not_the_guest", "only the guest gives up nights: propose a change instead"));
    }
    if booking.state != BookingState::Confirmed || at >= booking.check_out_at {
        let state = if booking.state == BookingState::Confirmed { "over" } else { booking.state.as_str() };
        return Err(Error::conflict("illegal_transition", format!("a booking that is {state} cannot be shortened")));
    }
    let moment = moment(booking);
    let quote = shortened_quote(&moment, check_out, at).map_err(|why| match why {
        ShorteningError::Money(why) => Error::Internal(anyhow::anyhow!("shortening: {why}")),
        why => Error::invalid("/check_out", "not_earlier", why.to_string()),
    })?;
    // What the host has given back before is theirs no more.
    if quote.host_payout < booking.terms.granted {
        return Err(Error::conflict("refund_granted", "the host has given back more than they would get for this stay"));
    }
    let price = PriceChange::between(&booking.terms.quote, &quote);
    let back = earnings::foreseen_reduction_in(tx, booking, price.refund().amount).await?;
    let money = |amount| Money::new(amount, booking.currency);
    Ok(ShorteningPreview { stay: quote.stay, quote, price, refund: money(back.refund), credit: money(back.credit), at })
}

/// What leaving on `check_out` would bring back, if told now.
///
/// # Errors
/// 422 when that is not earlier or lies in the past, `409 illegal_transition`,
/// 404 for strangers.
pub async fn preview_shortening(app: &App, actor: &Actor, id: BookingId, check_out: NaiveDate) -> Result<ShorteningPreview> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    shortened_in(&mut tx, &booking, side, check_out).await
}

/// The guest gives up the nights from `check_out` on. What the policy says
/// comes back; the nights are free again.
///
/// # Errors
/// `409 refund_changed` (with what it is now) when `expected_refund` is not
/// what comes back; otherwise as the preview.
pub async fn shorten(
    app: &App,
    actor: &Actor,
    id: BookingId,
    (check_out, expected_refund): (NaiveDate, Option<Money>),
    key: Option<&IdempotencyKey>,
) -> Result<Once<(Booking, Money)>> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (mut booking, side) = party_in(&mut tx, actor, id).await?;
    let preview = shortened_in(&mut tx, &booking, side, check_out).await?;
    let refund = preview.refund;
    if expected_refund.is_some_and(|expected| expected != refund) {
        return Err(Error::Conflict {
            code: "refund_changed",
            message: format!("now {refund} would come back: look at the preview again"),
            details: Some(json!({"refund": refund})),
        });
    }
    alterations::close_open_in(&mut tx, &booking).await?;
    let number = sql::next_event(&mut tx, id).await?;
    let change = Change {
        stay: preview.stay,
        guests: booking.guests,
        quote: &preview.quote,
        key: format!("{id}:{number}"),
        by: (side, Some(user)),
        reason: format!("the guest leaves on {check_out}"),
    };
    let begun = change_in(&mut tx, &mut booking, change).await?;
    let answer = (booking, refund);
    idempotency::save_in(&mut tx, user, key, &answer).await?;
    tx.commit().await?;
    for operation in begun {
        finish_later(app, operation).await;
    }
    Ok(Once { value: answer, replayed: false })
}
