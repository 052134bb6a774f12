//! Changes of a booking by agreement: either side proposes other dates or
//! guests, the other side has 24 hours to say yes. The nights that a change adds
//! are held meanwhile, and what it costs more is held on the guest's card before
//! the host answers, or charged when the guest does.

mod answer;
pub(super) mod apply;
mod sql;

use chrono::{DateTime, NaiveDate, Utc};
use domain::actor::Actor;
use domain::alterations::{ALTERATION_ANSWER_TIME, AlterationState, PriceChange, added_nights, earliest_departure};
use domain::bookings::{Booking, BookingState, Side};
use domain::dates::{Stay, local_date};
use domain::guests::Guests;
use domain::ids::{AlterationId, BookingId, PaymentId, PaymentOperationId, UserId};
use domain::listings::Listing;
use domain::money::Money;
use domain::payments::{Payment, PaymentPurpose};
use domain::pricing::Quote;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{jobs, party_in, read};
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{App, accounts, calendar, listings, payments, pricing, worker};

pub use answer::{accept, decline, withdraw};
pub(super) use answer::{close_open_in, expire};
pub(crate) use apply::{payment_authorized_in, payment_failed_in, payment_succeeded_in};

/// A proposed change of a booking.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alteration {
    /// Which.
    pub id: AlterationId,
    /// Of which booking.
    pub booking_id: BookingId,
    /// Who proposed it.
    pub proposed_by: Side,
    /// The nights wished for.
    pub stay: Stay,
    /// Who will stay.
    pub guests: Guests,
    /// The price it leads to.
    pub quote: Quote,
    /// What that changes.
    pub price: PriceChange,
    /// A few words to the other side.
    pub message: String,
    /// Where it stands.
    pub state: AlterationState,
    /// What the guest pays more, once they have said how.
    pub payment_id: Option<PaymentId>,
    /// Until when the other side can answer.
    pub expires_at: DateTime<Utc>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

/// A change together with its payment, if it has one.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AlterationDetail {
    /// The change.
    pub alteration: Alteration,
    /// What the guest pays more.
    pub payment: Option<Payment>,
}

/// What somebody wishes of a booking; `None` leaves it as it is.
#[derive(Debug, Clone, Default)]
pub struct Wish {
    /// First night.
    pub check_in: Option<NaiveDate>,
    /// Day of departure.
    pub check_out: Option<NaiveDate>,
    /// Who will stay.
    pub guests: Option<Guests>,
    /// A few words to the other side, up to 1,000 characters.
    pub message: String,
    /// What the guest would pay in all; only compared.
    pub expected_total: Option<Money>,
    /// The guest's card, when the change costs more.
    pub payment_method: Option<String>,
}

/// What a change would cost, before it is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct AlterationPreview {
    /// The nights wished for.
    pub stay: Stay,
    /// The price it would lead to.
    pub quote: Quote,
    /// What that changes.
    pub price: PriceChange,
}

/// Who may change a booking with the other side's consent.
fn require_party(side: Side) -> Result<()> {
    match side {
        Side::Guest | Side::Host => Ok(()),
        _ => Err(Error::forbidden("not_a_party", "guest and host agree on changes between them")),
    }
}

fn check_changeable(booking: &Booking, now: DateTime<Utc>) -> Result<()> {
    if booking.state != BookingState::Confirmed || now >= booking.check_out_at {
        let state = if booking.state == BookingState::Confirmed { "over" } else { booking.state.as_str() };
        return Err(Error::conflict("illegal_transition", format!("a booking that is {state} cannot be changed")));
    }
    Ok(())
}

/// The stay wished for, if it can still be had: what has begun keeps its first
/// night, what has passed has passed.
fn wished_stay(booking: &Booking, wish: &Wish, now: DateTime<Utc>) -> Result<Stay> {
    let (check_in, check_out) = (wish.check_in.unwrap_or(booking.stay.check_in), wish.check_out.unwrap_or(booking.stay.check_out));
    let stay = Stay::new(check_in, check_out).map_err(|why| Error::invalid("/check_out", "dates", why.to_string()))?;
    let today = local_date(booking.terms.time_zone, now);
    error::check(|check| {
        if now >= booking.check_in_at {
            check.that(check_in == booking.stay.check_in, "/check_in", "begun", "a stay that has begun keeps its first night");
            let earliest = earliest_departure(booking.stay, today);
            check.that(check_out >= earliest, "/check_out", "past", format!("the stay can end on {earliest} at the earliest"));
        } else {
            check.that(check_in >= today, "/check_in", "past", format!("it is {today} at the listing already"));
        }
        let same = stay == booking.stay && wish.guests.is_none_or(|guests| guests == booking.guests);
        check.that(!same, "", "no_change", "name other dates or guests");
    })?;
    Ok(stay)
}

/// The price of a change at this moment. The host's stay rules do not bind
/// whom they agree with; how many the home takes does.
async fn priced_in(tx: &mut Tx, listing: &Listing, booking: &Booking, wish: &Wish) -> Result<AlterationPreview> {
    let guests = wish.guests.unwrap_or(booking.guests);
    error::check(|check| {
        guests.check(check, "/guests");
        let heads = guests.adults + guests.children;
        check.that(heads <= listing.capacity, "/guests", "capacity", format!("this home takes {} guests", listing.capacity));
    })?;
    let stay = wished_stay(booking, wish, tx.now())?;
    let quote = pricing::altered_in(tx, listing, (&booking.terms.quote, &booking.terms.fees), stay, &guests).await?;
    if quote.host_payout < booking.terms.granted {
        return Err(Error::conflict("refund_granted", "the host has given back more than they would get for this stay"));
    }
    let price = PriceChange::between(&booking.terms.quote, &quote);
    Ok(AlterationPreview { stay, quote, price })
}

/// What a change would cost now; nothing is proposed or held.
///
/// # Errors
/// As proposing it would be refused.
pub async fn preview(app: &App, actor: &Actor, id: BookingId, wish: &Wish) -> Result<AlterationPreview> {
    accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    require_party(side)?;
    check_changeable(&booking, tx.now())?;
    let listing = listings::by_id(app, booking.listing_id).await?;
    let preview = priced_in(&mut tx, &listing, &booking, wish).await?;
    calendar::check_free_in(&mut tx, booking.listing_id, id, &added_nights(booking.stay, preview.stay)).await?;
    Ok(preview)
}

/// Guest or host propose a change. Nights that it adds are held for 24 hours;
/// a guest whose change costs more has the difference held on their card.
///
/// # Errors
/// `409 dates_unavailable`, `409 price_changed` (with the new quote), `409
/// alteration_open` while another is, `409 illegal_transition`, 422 with every
/// mistake (`payment_method` is needed from a guest when it costs more), 404 for
/// strangers.
pub async fn propose(app: &App, actor: &Actor, id: BookingId, wish: Wish, key: Option<&IdempotencyKey>) -> Result<Once<AlterationDetail>> {
    let user = accounts::require_user(actor)?;
    error::check(|check| check.text(&wish.message, "/message", 0..=1000))?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, user, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let (booking, side) = party_in(&mut tx, actor, id).await?;
    require_party(side)?;
    check_changeable(&booking, tx.now())?;
    // Whoever changes dates excludes whoever books.
    let listing = listings::locked_in(&mut tx, booking.listing_id).await?;
    if let Some(open) = sql::open_of(&mut tx, id).await? {
        return Err(Error::conflict("alteration_open", format!("a change to {} waits for an answer: withdraw it first", open.stay)));
    }
    let preview = priced_in(&mut tx, &listing, &booking, &wish).await?;
    check_expected(&wish, &preview)?;
    let mut alteration = new_alteration(&tx, &booking, side, &wish, preview);
    hold_in(&mut tx, &booking, &alteration).await?;
    let operation = card_in(&mut tx, &booking, &mut alteration, (side, wish.payment_method.as_deref())).await?;
    sql::insert(&mut tx, &alteration, user).await?;
    worker::enqueue_in(&mut tx, &jobs::ExpireAlteration { alteration: alteration.id }, alteration.expires_at).await?;
    events::publish_in(&mut tx, Event::AlterationProposed { alteration: alteration.id, booking: id }).await?;
    tx.commit().await?;
    if let Some(operation) = operation {
        payments::finish(app, operation).await?;
    }
    finished(app, user, alteration.id, key).await
}

/// The change as it stands after a request to the provider, stored as the
/// answer of this request.
async fn finished(app: &App, user: UserId, id: AlterationId, key: Option<&IdempotencyKey>) -> Result<Once<AlterationDetail>> {
    let mut tx = app.begin().await?;
    let alteration = sql::locked(&mut tx, id).await?.ok_or(Error::NotFound("alteration"))?;
    let payment = match alteration.payment_id {
        Some(payment) => Some(payments::by_id_in(&mut tx, payment).await?),
        None => None,
    };
    let value = AlterationDetail { alteration, payment };
    idempotency::save_in(&mut tx, user, key, &value).await?;
    tx.commit().await?;
    Ok(Once { value, replayed: false })
}

fn check_expected(wish: &Wish, preview: &AlterationPreview) -> Result<()> {
    match wish.expected_total {
        Some(expected) if expected != preview.price.after => Err(Error::Conflict {
            code: "price_changed",
            message: format!("the stay would cost {} in all, you expected {expected}", preview.price.after),
            details: Some(json!({"quote": preview.quote})),
        }),
        _ => Ok(()),
    }
}

fn new_alteration(tx: &Tx, booking: &Booking, side: Side, wish: &Wish, preview: AlterationPreview) -> Alteration {
    let app = tx.app();
    let now = tx.now();
    Alteration {
        id: app.ids.next(&app.clock),
        booking_id: booking.id,
        proposed_by: side,
        stay: preview.stay,
        guests: wish.guests.unwrap_or(booking.guests),
        quote: preview.quote,
        price: preview.price,
        message: wish.message.clone(),
        state: AlterationState::Proposed,
        payment_id: None,
        expires_at: (now + ALTERATION_ANSWER_TIME).min(booking.check_out_at),
        created_at: now,
        answered_at: None,
    }
}

async fn hold_in(tx: &mut Tx, booking: &Booking, alteration: &Alteration) -> Result<()> {
    let more = calendar::More {
        listing: booking.listing_id,
        booking: booking.id,
        alteration: alteration.id,
        stay: booking.stay,
        preparation_nights: booking.terms.preparation_nights,
    };
    calendar::hold_more_in(tx, &more, &added_nights(booking.stay, alteration.stay), alteration.expires_at).await
}

/// The guest's card for what a change costs more: held while the host decides
/// (`side` proposed it), charged at once when the guest says yes.
async fn card_in(
    tx: &mut Tx,
    booking: &Booking,
    alteration: &mut Alteration,
    (side, method): (Side, Option<&str>),
) -> Result<Option<PaymentOperationId>> {
    let charge = alteration.price.charge();
    if side != Side::Guest || charge.amount == 0 {
        return Ok(None);
    }
    let missing = || Error::invalid("/payment_method", "required", format!("{charge} are to be paid: say with which card"));
    let method = method.filter(|method| (1..=255).contains(&method.len())).ok_or_else(missing)?;
    let payment = match alteration.payment_id {
        Some(payment) => payments::by_id_in(tx, payment).await?,
        None => {
            let claim = payments::Claim {
                booking: booking.id,
                payer: booking.guest_id,
                amount: charge,
                purpose: PaymentPurpose::Alteration,
                due_at: None,
                method: None,
            };
            payments::open_in(tx, claim).await?
        }
    };
    alteration.payment_id = Some(payment.id);
    let capture_now = alteration.proposed_by == Side::Host;
    let means = payments::Means { method, capture_now, customer: None, keep_method: false, off_session: false };
    payments::try_to_pay_in(tx, payment, means).await.map(Some)
}

/// Every change proposed for a booking, newest first.
///
/// # Errors
/// 404 for strangers.
pub async fn list_of(app: &App, actor: &Actor, id: BookingId) -> Result<Vec<AlterationDetail>> {
    read::party(app, actor, id).await?;
    let now = app.clock.now();
    let payments = payments::all_of_booking(app, id).await?;
    let detail = |mut alteration: Alteration| {
        // One whose time is over reads as expired, worker or not.
        if alteration.state == AlterationState::Proposed && alteration.expires_at <= now {
            alteration.state = AlterationState::Expired;
        }
        let payment = payments.iter().find(|payment| Some(payment.id) == alteration.payment_id).cloned();
        AlterationDetail { alteration, payment }
    };
    Ok(sql::of_booking(&app.db, id).await?.into_iter().map(detail).collect())
}
