//! A guest's own bookings: what is coming, how to get in, calling off, saying
//! how it was.

use app::App;
use app::bookings::{self, ArrivalInfo, BookingDetail, BookingFilter, CancellationPreview, HistoryEntry};
use app::reviews::{self, NewReview, Review};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::bookings::{Booking, BookingState, Side};
use domain::cancellation::TimelineStep;
use domain::ids::BookingId;
use domain::money::Money;
use domain::page::{Limit, PageRequest};
use domain::payments::Payment;
use domain::reviews::{Stars, check_reviewable};
use uuid::Uuid;

use super::cards::listing_path;
use super::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with};
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/trips", get(trips))
        .route("/trips/{id}", get(trip))
        .route("/trips/{id}/receipt", get(receipt))
        .route("/trips/{id}/calendar.ics", get(calendar_file))
        .route("/trips/{id}/cancel", get(cancel_form).post(cancel))
        .route("/trips/{id}/review", get(review_form).post(review))
}

#[derive(Template)]
#[template(path = "trips/list.html")]
struct TripsPage {
    shell: Shell,
    tab: &'static str,
    trips: Vec<BookingDetail>,
    next: Option<String>,
}

#[derive(Template)]
#[template(path = "trips/trip.html")]
struct TripPage<'a> {
    shell: Shell,
    detail: &'a BookingDetail,
    booking: &'a Booking,
    home_path: String,
    payment: Payment,
    arrival: Option<ArrivalInfo>,
    timeline: Vec<TimelineStep>,
    history: Vec<HistoryEntry>,
    reviews: Vec<Review>,
    can_cancel: bool,
    can_review: bool,
    days_left: i64,
    done: bool,
}

#[derive(Template)]
#[template(path = "trips/receipt.html")]
struct ReceiptPage<'a> {
    shell: Shell,
    detail: &'a BookingDetail,
    booking: &'a Booking,
    payment: Payment,
}

#[derive(Template)]
#[template(path = "trips/cancel.html")]
struct CancelPage<'a> {
    shell: Shell,
    mistakes: &'a Mistakes,
    booking: &'a Booking,
    preview: CancellationPreview,
    key: String,
}

#[derive(Template)]
#[template(path = "trips/review.html")]
struct ReviewPage<'a> {
    shell: Shell,
    mistakes: &'a Mistakes,
    fields: &'a Fields,
    booking: &'a Booking,
}

/// Categories a guest rates beside the whole.
pub const CATEGORIES: [&str; 6] = ["cleanliness", "accuracy", "check_in", "communication", "location", "value"];

/// How a state looks: good, bad or waiting.
#[must_use]
pub const fn tone(state: &BookingState) -> &'static str {
    match state {
        BookingState::Confirmed | BookingState::Completed => "good",
        BookingState::PendingPayment | BookingState::Requested => "wait",
        _ => "bad",
    }
}

const fn tab_of(state: BookingState) -> &'static str {
    match state {
        BookingState::PendingPayment | BookingState::Requested | BookingState::Confirmed => "upcoming",
        BookingState::Completed | BookingState::NoShow => "past",
        BookingState::Declined | BookingState::Expired | BookingState::Cancelled => "cancelled",
    }
}

async fn trips(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let tab = ["past", "cancelled"].into_iter().find(|tab| *tab == fields.get("tab")).unwrap_or("upcoming");
    let request = PageRequest::new(fields.some("cursor"), Limit::new(50).unwrap_or_default()).map_err(app::Error::from)?;
    let page = bookings::list(&app, &visitor.actor, BookingFilter { side: Side::Guest, state: None }, request).await?;
    let mut trips: Vec<BookingDetail> = page.data.into_iter().filter(|trip| tab_of(trip.booking.state) == tab).collect();
    if tab == "upcoming" {
        trips.sort_by_key(|trip| trip.booking.stay.check_in);
    }
    let next = page.next_cursor.map(|cursor| format!("/trips{}", fields.with("cursor", cursor).query()));
    let shell = Shell::new(&app, &visitor, "Trips");
    shell.clone().page(&TripsPage { shell, tab, trips, next })
}

async fn trip(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = BookingId(id);
    let detail = bookings::by_id(&app, &visitor.actor, id).await?;
    let booking = &detail.booking;
    if booking.state == BookingState::PendingPayment {
        return Ok(go(&format!("/book/{id}")));
    }
    let now = app.clock.now();
    let agreed = booking.state.is_agreed();
    let can_cancel = bookings::preview_cancellation(&app, &visitor.actor, id).await.is_ok();
    let reviews = reviews::of_booking(&app, &visitor.actor, id).await?;
    let own = reviews.iter().any(|review| review.author_id.is_some_and(|author| visitor.actor.is(author)));
    let page = TripPage {
        shell: Shell::new(&app, &visitor, "Your trip").script(crate::assets::COPY_JS),
        home_path: listing_path(booking.listing_id, &booking.terms.listing_title),
        payment: bookings::payment(&app, &visitor.actor, id).await?,
        arrival: if agreed { Some(bookings::arrival(&app, &visitor.actor, id).await?) } else { None },
        timeline: if booking.state == BookingState::Confirmed { bookings::refund_timeline(booking, now)? } else { Vec::new() },
        history: bookings::history(&app, &visitor.actor, id).await?,
        can_review: !own && check_reviewable(booking, now).is_ok(),
        can_cancel,
        reviews,
        days_left: (booking.check_in_at - now).num_days(),
        done: fields.some("done").is_some(),
        booking,
        detail: &detail,
    };
    page.shell.clone().page(&page)
}

async fn receipt(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    let detail = bookings::by_id(&app, &visitor.actor, BookingId(id)).await?;
    let payment = bookings::payment(&app, &visitor.actor, BookingId(id)).await?;
    let shell = Shell::new(&app, &visitor, "Receipt").script(crate::assets::PRINT_JS);
    shell.clone().page(&ReceiptPage { shell, booking: &detail.booking, detail: &detail, payment })
}

/// The stay for one's own calendar (RFC 5545).
async fn calendar_file(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    let booking = bookings::by_id(&app, &visitor.actor, BookingId(id)).await?.booking;
    let stamp = |at: chrono::DateTime<chrono::Utc>| at.format("%Y%m%dT%H%M%SZ").to_string();
    let text = |words: &str| words.replace('\\', "\\\\").replace(';', "\\;").replace(',', "\\,").replace(['\r', '\n'], " ");
    let host = app.config.public_url.split("://").nth(1).unwrap_or("roost").to_owned();
    let body = format!(
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Roost//Trips//EN\r\nBEGIN:VEVENT\r\nUID:{}@{host}\r\nDTSTAMP:{}\r\nDTSTART:{}\r\nDTEND:{}\r\n\
         SUMMARY:{}\r\nDESCRIPTION:{}\r\nURL:{}/trips/{}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n",
        booking.id,
        stamp(booking.created_at),
        stamp(booking.check_in_at),
        stamp(booking.check_out_at),
        text(&booking.terms.listing_title),
        text(&booking.code),
        app.config.public_url,
        booking.id,
    );
    let mut response = body.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"trip.ics\""));
    Ok(response)
}

async fn cancel_form(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    cancel_page(&app, &visitor, BookingId(id), Mistakes::default()).await
}

async fn cancel_page(app: &App, visitor: &Visitor, id: BookingId, mistakes: Mistakes) -> ApiResult<Response> {
    let booking = bookings::by_id(app, &visitor.actor, id).await?.booking;
    let preview = bookings::preview_cancellation(app, &visitor.actor, id).await?;
    let shell = Shell::new(app, visitor, "Cancel this trip");
    let key = app.ids.next::<BookingId>(&app.clock).to_string();
    let page = CancelPage { shell: shell.clone(), mistakes: &mistakes, booking: &booking, preview, key };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn cancel(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = BookingId(id);
    let currency = bookings::by_id(&app, &visitor.actor, id).await?.booking.currency;
    let expected = fields.read("expected_refund").map(|amount| Money::new(amount, currency));
    match bookings::cancel(&app, &visitor.actor, id, (expected, fields.get("reason")), None).await {
        Ok(done) => {
            let words = visitor.locale.f("The trip is cancelled. {0} is on its way back to you.", &[&visitor.locale.money(done.value.1)]);
            Ok(go_with(&app, &format!("/trips/{id}"), &words))
        }
        Err(app::Error::Conflict { code: "refund_changed", .. }) => {
            let why = Mistakes::one("", "refund_changed", "What comes back has changed meanwhile: look again.");
            cancel_page(&app, &visitor, id, why).await
        }
        Err(error) => Err(ApiError::App(error)),
    }
}

async fn review_form(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    let booking = bookings::by_id(&app, &visitor.actor, BookingId(id)).await?.booking;
    let shell = Shell::new(&app, &visitor, "How was it?");
    shell.clone().page(&ReviewPage { shell, mistakes: &Mistakes::default(), fields: &Fields::default(), booking: &booking })
}

async fn review(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let stars = Stars {
        overall: fields.read("overall"),
        cleanliness: fields.read("cleanliness"),
        accuracy: fields.read("accuracy"),
        check_in: fields.read("check_in"),
        communication: fields.read("communication"),
        location: fields.read("location"),
        value: fields.read("value"),
        house_rules: None,
    };
    let words = |name: &str| fields.get(name).replace("\r\n", "\n");
    let new = NewReview { stars, public_comment: words("public_comment"), private_feedback: words("private_feedback") };
    match reviews::submit(&app, &visitor.actor, BookingId(id), new).await {
        Ok(_) => {
            let words = visitor.locale.t("Thank you. Your review opens when the host has written theirs, or after two weeks.");
            Ok(go_with(&app, &format!("/trips/{id}"), words))
        }
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            let booking = bookings::by_id(&app, &visitor.actor, BookingId(id)).await?.booking;
            let shell = Shell::new(&app, &visitor, "How was it?");
            shell.clone().corrected(&ReviewPage { shell, mistakes: &mistakes, fields: &fields, booking: &booking })
        }
    }
}
