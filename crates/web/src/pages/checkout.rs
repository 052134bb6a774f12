//! From a wish to a paid booking: look at it again, hold the nights, pay.

use app::App;
use app::bookings::{self, Request};
use app::coupons::{ContributionWish, credit};
use app::idempotency::IdempotencyKey;
use app::pricing::{self, Offer};
use app::search::{ListingDetail, detail};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use domain::bookings::BookingState;
use domain::coupons::Contribution;
use domain::ids::{BookingId, ListingId};
use domain::money::Money;
use domain::payments::{Payment, PaymentStatus};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::cards::listing_path;
use super::listing::{guests_in, stay_in};
use super::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with_warning};
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/book", get(review).post(book)).route("/book/{id}", get(payment_page)).route("/book/{id}/pay", post(pay))
}

#[derive(Template)]
#[template(path = "checkout/review.html")]
struct ReviewPage<'a> {
    shell: Shell,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
    home: &'a domain::listings::Listing,
    detail: &'a ListingDetail,
    offer: &'a Offer,
    path: String,
    cover: Option<String>,
    /// What coupon and credit pay.
    contribution: Contribution,
    /// What the card pays.
    due: i64,
    /// Credit that could be spent here, if there is any.
    credit: Option<Money>,
}

#[derive(Template)]
#[template(path = "checkout/pay.html")]
struct PayPage<'a> {
    shell: Shell,
    mistakes: &'a Mistakes,
    payment: &'a Payment,
    booking: &'a domain::bookings::Booking,
    cards: Vec<(&'static str, &'static str)>,
    seconds_left: i64,
    key: String,
}

/// Numbers that the sandbox provider knows, what they do, and its token for each.
const TEST_CARDS: [(&str, &str, &str); 6] = [
    ("4242 4242 4242 4242", "succeeds", "pm_card_visa"),
    ("4000 0027 6000 3184", "asks your bank first", "pm_card_threeDSecure2Required"),
    ("4000 0000 0000 0002", "is declined", "pm_card_visa_chargeDeclined"),
    ("4000 0000 0000 9995", "lacks the money", "pm_card_visa_chargeDeclinedInsufficientFunds"),
    ("4000 0000 0000 0259", "is disputed later", "pm_card_createDispute"),
    ("4000 0000 0000 7726", "is refunded slowly", "pm_card_pendingRefund"),
];

fn listing_in(fields: &Fields) -> ApiResult<ListingId> {
    fields.read::<Uuid>("home").map(ListingId).ok_or(app::Error::NotFound("listing").into())
}

/// What the guest wishes to be paid with beside their card.
fn contribution_in(fields: &Fields) -> ContributionWish<'_> {
    ContributionWish { coupon: fields.some("coupon"), use_credit: fields.has("use_credit", "yes") }
}

/// The same in a word, to see whether the price shown has it already.
#[must_use]
pub fn applied(fields: &Fields) -> String {
    let ContributionWish { coupon, use_credit } = contribution_in(fields);
    format!("{} {}", coupon.unwrap_or_default(), if use_credit { "credit" } else { "" }).trim().to_owned()
}

async fn review(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    review_page(&app, &visitor, &fields, Mistakes::default()).await
}

/// The wish once more, with its price as it is now; back to the home when it
/// cannot be had.
async fn review_page(app: &App, visitor: &Visitor, fields: &Fields, mistakes: Mistakes) -> ApiResult<Response> {
    let detail = detail(app, &visitor.actor, listing_in(fields)?).await?;
    let home = &detail.listing;
    let path = listing_path(home.id, &home.title);
    let back = format!("{path}{}#book", fields.without(&["home", "message", "expected_total", "key", "agreed"]).query());
    let Some(stay) = stay_in(fields) else { return Ok(go(&back)) };
    let mut offer = match pricing::quote(app, &visitor.actor, home.id, stay, &guests_in(fields)).await {
        Ok(offer) => offer,
        Err(app::Error::Conflict { .. } | app::Error::Invalid(_)) => {
            return Ok(go_with_warning(app, &back, visitor.locale.t("These dates cannot be booked. Choose others.")));
        }
        Err(error) => return Err(error.into()),
    };
    let price = Money::new(offer.quote.total, offer.quote.currency);
    let contribution = match bookings::foresee_contribution(app, &visitor.actor, price, contribution_in(fields)).await {
        Ok(contribution) => contribution,
        Err(error @ app::Error::Invalid(_)) if mistakes.is_empty() => {
            let mistakes = Mistakes::of(error)?;
            return Box::pin(review_page(app, visitor, &fields.without(&["coupon"]), mistakes)).await;
        }
        // The mistake is told already.
        Err(app::Error::Invalid(_)) => Contribution::default(),
        Err(error) => return Err(error.into()),
    };
    for step in &mut offer.timeline {
        step.refund = contribution.refundable(step.refund, price.amount);
    }
    let balances = credit::balances(app, &visitor.actor).await?;
    let credit = balances.into_iter().map(|balance| balance.available).find(|there| there.currency == price.currency && there.amount > 0);
    let due = price.amount - contribution.total();
    let shell = Shell::new(app, visitor, "Look at it once more");
    let cover = detail.photos.first().and_then(|photo| photo.sizes.get("640").or(photo.sizes.get("jpeg"))).map(|name| app.blobs.url(name));
    let (mistakes, detail, offer) = (&mistakes, &detail, &offer);
    let page = ReviewPage { shell: shell.clone(), fields, mistakes, home, detail, offer, path, cover, contribution, due, credit };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

/// A form sent twice by accident does its work once: the key stands in the form.
fn once(fields: &Fields, what: &str) -> Option<IdempotencyKey> {
    let key = fields.some("key").filter(|key| key.len() <= 100)?;
    let mut hash = Sha256::new();
    for (name, value) in fields.iter() {
        hash.update(name);
        hash.update([0]);
        hash.update(value);
        hash.update([0]);
    }
    Some(IdempotencyKey { key: format!("page-{what}-{key}"), request_hash: hash.finalize().into() })
}

async fn book(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let listing_id = listing_in(&fields)?;
    let Some(stay) = stay_in(&fields) else { return review_page(&app, &visitor, &fields, Mistakes::default()).await };
    if fields.has("what", "apply") || fields.get("applied") != applied(&fields) {
        // Nobody pays before they have seen what a coupon does.
        let again = fields.without(&["what", "applied", "key", "expected_total", "expected_due", "currency"]);
        return review_page(&app, &visitor, &again, Mistakes::default()).await;
    }
    let currency = fields.read("currency");
    let expected = |name: &str| fields.read(name).zip(currency).map(|(amount, currency)| Money::new(amount, currency));
    let ContributionWish { coupon, use_credit } = contribution_in(&fields);
    let wish = Request {
        listing_id,
        stay,
        guests: guests_in(&fields),
        message: fields.get("message").replace("\r\n", "\n"),
        expected_total: expected("expected_total"),
        coupon: coupon.map(str::to_owned),
        use_credit,
        expected_due: expected("expected_due"),
    };
    match bookings::request(&app, &visitor.actor, wish, once(&fields, "book").as_ref()).await {
        Ok(done) => Ok(go(&format!("/book/{}", done.value.id))),
        Err(error @ (app::Error::Conflict { .. } | app::Error::Invalid(_) | app::Error::Forbidden { .. })) => {
            review_page(&app, &visitor, &fields, Mistakes::of(error)?).await
        }
        Err(error) => Err(error.into()),
    }
}

async fn payment_page(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    pay_page(&app, &visitor, BookingId(id), Mistakes::default()).await
}

async fn pay_page(app: &App, visitor: &Visitor, id: BookingId, mistakes: Mistakes) -> ApiResult<Response> {
    let detail = bookings::by_id(app, &visitor.actor, id).await?;
    if detail.booking.state != BookingState::PendingPayment {
        return Ok(go(&format!("/trips/{id}")));
    }
    let payment = bookings::payment(app, &visitor.actor, id).await?;
    let seconds_left = detail.booking.hold_expires_at.map_or(0, |at| (at - app.clock.now()).num_seconds().max(0));
    let shell = Shell::new(app, visitor, "Pay").script(crate::assets::COUNTDOWN_JS);
    let key = app.ids.next::<BookingId>(&app.clock).to_string();
    let cards = TEST_CARDS.iter().map(|(number, does, _)| (*number, *does)).collect();
    let booking = &detail.booking;
    let page = PayPage { shell: shell.clone(), mistakes: &mistakes, booking, payment: &payment, cards, seconds_left, key };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

/// Who comes, in words.
#[must_use]
pub fn guests_words(shell: &Shell, guests: &domain::guests::Guests) -> String {
    let mut words = shell.n("1 guest", "{0} guests", guests.adults + guests.children);
    for (count, one, other) in [(guests.infants, "{0} infant", "{0} infants"), (guests.pets, "{0} pet", "{0} pets")] {
        if count > 0 {
            words = format!("{words}, {}", shell.n(one, other, count));
        }
    }
    words
}

/// The sandbox provider's token for a card number.
fn token_of(number: &str) -> Option<&'static str> {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    TEST_CARDS.iter().find(|(card, ..)| digits(card) == digits(number)).map(|(.., token)| *token)
}

async fn pay(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = BookingId(id);
    // A payment method made in the browser by the provider's own script, or a card of the sandbox.
    let method = match fields.some("payment_method") {
        Some(method) => method.to_owned(),
        None => match token_of(fields.get("number")).filter(|_| app.config.sandbox) {
            Some(token) => token.to_owned(),
            None => {
                let why = Mistakes::one("number", "unknown_card", "No real cards here, please: take one of the test cards.");
                return pay_page(&app, &visitor, id, why).await;
            }
        },
    };
    let payment = match bookings::pay(&app, &visitor.actor, id, &method, once(&fields, "pay").as_ref()).await {
        Ok(done) => done.value,
        Err(error @ (app::Error::Conflict { .. } | app::Error::Invalid(_))) => {
            return pay_page(&app, &visitor, id, Mistakes::of(error)?).await;
        }
        Err(error) => return Err(ApiError::App(error)),
    };
    match payment.status {
        PaymentStatus::RequiresAction => Ok(go(&bank_path(&app, &payment, &id))),
        PaymentStatus::Failed => {
            let why = match payment.decline_code.as_deref() {
                Some("insufficient_funds") => "The card does not have enough money. Try another one.",
                _ => "The card was declined. Try another one.",
            };
            pay_page(&app, &visitor, id, Mistakes::one("number", "declined", why)).await
        }
        _ => Ok(go(&format!("/trips/{id}?done=1"))),
    }
}

/// Where the guest confirms with their bank, and the way back from there.
pub(super) fn bank_path(app: &App, payment: &Payment, id: &BookingId) -> String {
    let url = payment.action_url.clone().unwrap_or_else(|| format!("/book/{id}"));
    let own = url.strip_prefix(&app.config.public_url).map(str::to_owned);
    own.map_or(url, |path| format!("{path}{}", Fields::default().with("return", format!("/trips/{id}?done=1")).query()))
}
