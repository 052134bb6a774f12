//! A guest asks for a stay: the nights are held, the price is fixed.

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, PAYMENT_HOLD, Terms, booking_code};
use domain::coupons::Contribution;
use domain::dates::{Stay, instant_on};
use domain::guests::Guests;
use domain::ids::{ListingId, UserId};
use domain::listings::{BookingMode, Listing};
use domain::money::Money;
use domain::payments::PaymentPurpose;
use serde_json::json;

use super::{jobs, sql};
use crate::App;
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::failpoints;
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::pricing::{Offer, PriceSheet};
use crate::tx::Tx;
use crate::{accounts, calendar, coupons, listings, payments, pricing, worker};

/// What a guest asks for.
#[derive(Debug, Clone)]
pub struct Request {
    /// Which home.
    pub listing_id: ListingId,
    /// Which nights.
    pub stay: Stay,
    /// Who stays.
    pub guests: Guests,
    /// A few words to the host, up to 2,000 characters.
    pub message: String,
    /// What the guest was shown; only compared, never believed.
    pub expected_total: Option<Money>,
    /// A coupon's code as typed.
    pub coupon: Option<String>,
    /// Spend one's own credit.
    pub use_credit: bool,
    /// What the guest was shown that their card pays; only compared.
    pub expected_due: Option<Money>,
}

impl Request {
    /// Asks for a stay and nothing beside it.
    #[must_use]
    pub const fn of(listing_id: ListingId, stay: Stay, guests: Guests) -> Self {
        Self { listing_id, stay, guests, message: String::new(), expected_total: None, coupon: None, use_credit: false, expected_due: None }
    }
}

/// A guest asks for a stay. The nights are theirs for 15 minutes, until they
/// pay.
///
/// # Errors
/// `409 dates_unavailable` when somebody else has a night of it, `409
/// price_changed` (with the new quote) when `expected_total` is not the price,
/// 422 with every rule of the host that the stay breaks or why a coupon takes
/// nothing off, `403 email_unverified`, 404 when the home cannot be booked.
pub async fn request(app: &App, actor: &Actor, wish: Request, key: Option<&IdempotencyKey>) -> Result<Once<Booking>> {
    let guest = accounts::require_verified(actor)?;
    error::check(|check| {
        wish.guests.check(check, "/guests");
        check.text(&wish.message, "/message", 0..=2000);
    })?;
    let mut tx = app.begin().await?;
    if let Some(value) = idempotency::replay_in(&mut tx, guest, key).await? {
        return Ok(Once { value, replayed: true });
    }
    let mut listing = listings::bookable_in(&mut tx, wish.listing_id).await?;
    if listing.host_id == guest {
        return Err(Error::forbidden("own_listing", "a host cannot book their own home: block the nights instead"));
    }
    if listing.booking_mode == BookingMode::Instant && calendar::has_stale_feed_in(&mut tx, listing.id).await? {
        // What another platform has sold meanwhile is not known: the host is asked.
        listing.booking_mode = BookingMode::Request;
    }
    let rules = calendar::rules_in(&mut tx, listing.id).await?;
    let facts = calendar::facts_for_booking_in(&mut tx, listing.id, wish.stay, rules.preparation_nights).await?;
    let tariff = pricing::tariff_in(&mut tx, listing.id).await?;
    let sheet = PriceSheet { listing, rules, tariff };
    let offer = pricing::offer_in(&mut tx, &sheet, &facts, wish.stay, &wish.guests).await?;
    check_expected(&wish, &offer)?;
    let PriceSheet { listing, rules, .. } = sheet;

    let now = tx.now();
    let shares = listings::co_hosts::shares_in(&mut tx, listing.id).await?;
    let terms = Terms { shares, ..terms(&listing, &offer, rules.preparation_nights) };
    let mut booking = insert_in(&mut tx, guest, &listing, &wish, terms).await?;
    calendar::occupy_in(
        &mut tx,
        listing.id,
        booking.id,
        wish.stay,
        calendar::Hold { preparation_nights: rules.preparation_nights, expires_at: booking.hold_expires_at },
    )
    .await?;
    contribute_in(&mut tx, &mut booking, &wish).await?;
    let claim = payments::Claim {
        booking: booking.id,
        payer: guest,
        amount: booking.due(),
        purpose: PaymentPurpose::Stay,
        due_at: None,
        method: None,
    };
    payments::open_in(&mut tx, claim).await?;
    worker::enqueue_in(&mut tx, &jobs::ExpireBooking { booking: booking.id }, now + PAYMENT_HOLD).await?;
    events::publish_in(&mut tx, Event::BookingPlaced { booking: booking.id, listing: listing.id }).await?;
    idempotency::save_in(&mut tx, guest, key, &booking).await?;
    failpoints::hit("request", "committing");
    tx.commit().await?;
    failpoints::hit("request", "committed");
    metrics::counter!("bookings_placed_total").increment(1);
    Ok(Once { value: booking, replayed: false })
}

/// What coupon and credit would pay of `price` now.
///
/// # Errors
/// 422 with why the coupon takes nothing off, 401 when nobody is logged in.
pub async fn foresee_contribution(app: &App, actor: &Actor, price: Money, wish: coupons::ContributionWish<'_>) -> Result<Contribution> {
    if wish.is_empty() {
        return Ok(Contribution::default());
    }
    let guest = accounts::require_user(actor)?;
    // A transaction for one view of the data; nothing is written.
    let mut tx = app.begin().await?;
    let first_booking = !sql::has_booked(&mut tx, guest).await?;
    coupons::foresee_in(&mut tx, coupons::Purchase { guest, price, first_booking }, wish).await
}

fn check_expected(wish: &Request, offer: &Offer) -> Result<()> {
    let total = Money::new(offer.quote.total, offer.quote.currency);
    match wish.expected_total {
        Some(expected) if expected != total => Err(Error::Conflict {
            code: "price_changed",
            message: format!("the price is now {total}, you expected {expected}"),
            details: Some(json!({"quote": offer.quote})),
        }),
        _ => Ok(()),
    }
}

/// Coupon and credit pay their part, if that is wished. After the nights are
/// held, so that everybody locks in one order.
async fn contribute_in(tx: &mut Tx, booking: &mut Booking, wish: &Request) -> Result<()> {
    let asked = coupons::ContributionWish { coupon: wish.coupon.as_deref(), use_credit: wish.use_credit };
    if !asked.is_empty() {
        let first_booking = !sql::has_booked(tx, booking.guest_id).await?;
        let purchase = coupons::Purchase { guest: booking.guest_id, price: booking.total(), first_booking };
        booking.terms.contribution = coupons::hold_in(tx, booking.id, purchase, asked).await?;
        sql::save_agreement(tx, booking).await?;
    }
    match wish.expected_due {
        Some(expected) if expected != booking.due() => Err(Error::Conflict {
            code: "price_changed",
            message: format!("your card would pay {} now, you expected {expected}", booking.due()),
            details: Some(json!({"amount_due": booking.due(), "contribution": booking.terms.contribution})),
        }),
        _ => Ok(()),
    }
}

/// What is agreed on, copied so that later edits change only later bookings.
fn terms(listing: &Listing, offer: &Offer, preparation_nights: i32) -> Terms {
    Terms {
        quote: offer.quote.clone(),
        policy: offer.policy.clone(),
        fees: offer.fees,
        time_zone: listing.time_zone.unwrap_or(chrono_tz::UTC),
        check_in_from: listing.check_in_from,
        check_out_until: listing.check_out_until,
        listing_title: listing.title.clone(),
        preparation_nights,
        shares: Vec::new(),
        granted: 0,
        contribution: Contribution::default(),
    }
}

async fn insert_in(tx: &mut Tx, guest: UserId, listing: &Listing, wish: &Request, terms: Terms) -> Result<Booking> {
    let app = tx.app();
    let now = tx.now();
    let mut booking = Booking {
        id: app.ids.next(&app.clock),
        code: String::new(),
        listing_id: listing.id,
        guest_id: guest,
        host_id: listing.host_id,
        state: BookingState::PendingPayment,
        booking_mode: listing.booking_mode,
        stay: wish.stay,
        guests: wish.guests,
        currency: terms.quote.currency,
        message: wish.message.clone(),
        hold_expires_at: Some(now + PAYMENT_HOLD),
        respond_by: None,
        accepted_at: None,
        confirmed_at: None,
        cancelled_at: None,
        cancelled_by: None,
        check_in_at: instant_on(terms.time_zone, wish.stay.check_in, terms.check_in_from),
        check_out_at: instant_on(terms.time_zone, wish.stay.check_out, terms.check_out_until),
        created_at: now,
        terms,
    };
    // Codes are random: two alike are rare, three in a row do not happen.
    for _ in 0..3 {
        booking.code = booking_code(app.ids.bits());
        if sql::insert(tx, &booking).await? {
            return Ok(booking);
        }
    }
    Err(Error::Internal(anyhow::anyhow!("no free booking code found")))
}
