//! A host's reservations: lists, one of them, answering, reviewing.

use app::App;
use app::bookings::{self, BookingDetail, CancellationPreview};
use app::hosting::{self, Reservation, Which};
use app::reviews::{self, NewReview, Review};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::bookings::BookingState;
use domain::ids::{BookingId, ReviewId};
use domain::page::{Limit, PageRequest};
use domain::reviews::Stars;
use uuid::Uuid;

use super::today::left;
use crate::assets;
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go_with, go_with_warning};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/host/reservations", get(list))
        .route("/host/reservations/{id}", get(one).post(act))
        .route("/host/reviews", get(all_reviews))
        .route("/host/reviews/{id}/reply", axum::routing::post(reply))
}

/// A reservation in the list.
struct Row {
    row: Reservation,
    stay: String,
    payout: String,
    left: Option<String>,
}

#[derive(Template)]
#[template(path = "host/reservations.html")]
struct ListPage {
    shell: Shell,
    tab: &'static str,
    which: Which,
    tabs: [(Which, &'static str); 6],
    rows: Vec<Row>,
    next: String,
}

const TABS: [(Which, &str); 6] = [
    (Which::Requests, "Requests"),
    (Which::Current, "Staying now"),
    (Which::Upcoming, "Upcoming"),
    (Which::Past, "Past"),
    (Which::Cancelled, "Cancelled"),
    (Which::All, "All"),
];

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let which = fields.some("status").and_then(|text| text.parse().ok()).unwrap_or(Which::Upcoming);
    let page = PageRequest::new(fields.some("cursor"), Limit::default())?;
    let page = hosting::reservations(&app, &visitor.actor, which, page).await?;
    let shell = Shell::new(&app, &visitor, "Reservations").script(assets::LIVE_JS);
    let now = app.clock.now();
    let row = |row: Reservation| Row {
        stay: shell.locale().stay(row.stay()),
        payout: shell.money(&row.host_payout, &row.currency),
        left: row.respond_by.filter(|_| row.state == BookingState::Requested).map(|until| left(&shell, until, now)),
        row,
    };
    let rows = page.data.into_iter().map(row).collect();
    let next = page.next_cursor.map(|cursor| fields.with("cursor", cursor).query()).unwrap_or_default();
    shell.clone().page(&ListPage { shell, tab: "/host/reservations", which, tabs: TABS, rows, next })
}

#[derive(Template)]
#[template(path = "host/reservation.html")]
struct OnePage<'a> {
    shell: Shell,
    tab: &'static str,
    detail: &'a BookingDetail,
    stay: String,
    lines: Vec<(String, String)>,
    payout: String,
    total: String,
    arrival: String,
    departure: String,
    deadline: Option<(String, String)>,
    preview: Option<CancellationPreview>,
    history: Vec<(String, String, String)>,
    reviews: Vec<Review>,
    can_review: bool,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
}

/// A reservation of the visitor's as a host.
async fn own(app: &App, visitor: &Visitor, id: BookingId) -> ApiResult<BookingDetail> {
    let (_, user) = visitor.logged_in()?;
    let detail = bookings::by_id(app, &visitor.actor, id).await?;
    if detail.booking.host_id == user.id { Ok(detail) } else { Err(app::Error::NotFound("booking").into()) }
}

async fn one_page(app: &App, visitor: &Visitor, id: BookingId, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    let detail = own(app, visitor, id).await?;
    let booking = &detail.booking;
    let (_, user) = visitor.logged_in()?;
    let shell = Shell::new(app, visitor, "Reservation").script(assets::LIVE_JS);
    let (zone, now) = (booking.terms.time_zone, app.clock.now());
    let reviews = reviews::of_booking(app, &visitor.actor, id).await?;
    let preview = bookings::preview_cancellation(app, &visitor.actor, id).await.ok().filter(|_| booking.state == BookingState::Confirmed);
    let history = bookings::history(app, &visitor.actor, id).await?;
    let quote = &booking.terms.quote;
    let money = |amount: i64| shell.money(&amount, &quote.currency);
    let page = OnePage {
        tab: "/host/reservations",
        stay: shell.locale().stay(booking.stay),
        lines: quote.lines.iter().map(|line| (line.label.clone(), money(line.amount))).collect(),
        payout: money(quote.host_payout),
        total: money(quote.total),
        arrival: shell.locale().moment(booking.check_in_at, zone),
        departure: shell.locale().moment(booking.check_out_at, zone),
        deadline: booking
            .respond_by
            .filter(|_| booking.state == BookingState::Requested)
            .map(|until| (shell.locale().moment(until, zone), left(&shell, until, now))),
        preview,
        history: history
            .iter()
            .map(|entry| (shell.locale().moment(entry.at, zone), shell.word(entry.to_state.as_str()).to_owned(), entry.reason.clone()))
            .collect(),
        can_review: domain::reviews::check_reviewable(booking, now).is_ok()
            && !reviews.iter().any(|review| review.author_id == Some(user.id)),
        reviews,
        detail: &detail,
        shell: shell.clone(),
        fields,
        mistakes,
    };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn one(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    one_page(&app, &visitor, BookingId(id), &Fields::default(), &Mistakes::default()).await
}

fn review(fields: &Fields) -> NewReview {
    let stars = |name: &str| fields.read(name);
    NewReview {
        stars: Stars {
            overall: stars("overall"),
            cleanliness: stars("cleanliness"),
            communication: stars("communication"),
            house_rules: stars("house_rules"),
            ..Stars::default()
        },
        public_comment: fields.get("public_comment").to_owned(),
        private_feedback: fields.get("private_feedback").to_owned(),
    }
}

/// Answers, calls off, reports that nobody came, reviews.
async fn act(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    let id = BookingId(id);
    own(&app, &visitor, id).await?;
    let actor = &visitor.actor;
    let (done, news) = match fields.get("action") {
        "accept" => (bookings::accept(&app, actor, id, None).await.map(|_| ()), "The stay is booked. Your guest has been told."),
        "decline" => (
            bookings::decline(&app, actor, id, fields.get("reason"), None).await.map(|_| ()),
            "You have declined. Your guest has been told.",
        ),
        "cancel" => (
            bookings::cancel(&app, actor, id, (None, fields.get("reason")), None).await.map(|_| ()),
            "The stay is called off. Your guest gets everything back.",
        ),
        "no_show" => (bookings::mark_no_show(&app, actor, id).await.map(|_| ()), "Noted: the guest never came."),
        "review" => (
            reviews::submit(&app, actor, id, review(&fields)).await.map(|_| ()),
            "Thank you. It is opened when both have spoken, or after 14 days.",
        ),
        _ => return Err(app::Error::NotFound("page").into()),
    };
    match done {
        Ok(()) => Ok(go_with(&app, &format!("/host/reservations/{id}"), visitor.locale.t(news))),
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            one_page(&app, &visitor, id, &fields, &mistakes).await
        }
    }
}

/// A review of one of the host's homes.
struct Read {
    review: Review,
    title: String,
    at: String,
}

#[derive(Template)]
#[template(path = "host/reviews.html")]
struct ReviewsPage {
    shell: Shell,
    tab: &'static str,
    to_write: Vec<(String, String, BookingId)>,
    reviews: Vec<Read>,
}

async fn all_reviews(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    let dashboard = hosting::dashboard(&app, &visitor.actor).await?;
    let shell = Shell::new(&app, &visitor, "Reviews");
    let every = PageRequest { after: None, limit: Limit::new(Limit::MAX).unwrap_or_default() };
    let homes = app::listings::of_host(&app, &visitor.actor, every).await?.data;
    let mut read = Vec::new();
    for home in homes {
        let latest = PageRequest { after: None, limit: Limit::default() };
        let page = reviews::of_listing(&app, &visitor.actor, home.id, reviews::Order::Newest, latest).await?;
        read.extend(page.data.into_iter().map(|review| Read {
            title: home.title.clone(),
            at: shell.locale().date(review.published_at.unwrap_or(review.submitted_at).date_naive()),
            review,
        }));
    }
    read.sort_by_key(|one| std::cmp::Reverse(one.review.published_at));
    let to_write = dashboard.to_review.into_iter().map(|row| (row.guest_name.clone(), shell.locale().stay(row.stay()), row.id)).collect();
    shell.clone().page(&ReviewsPage { shell, tab: "/host/reviews", to_write, reviews: read })
}

async fn reply(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    match reviews::reply(&app, &visitor.actor, ReviewId(id), fields.get("reply")).await {
        Ok(_) => Ok(go_with(&app, "/host/reviews", visitor.locale.t("Your reply can be read by all."))),
        Err(error @ (app::Error::Invalid(_) | app::Error::Conflict { .. })) => {
            Ok(go_with_warning(&app, "/host/reviews", &error.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}
