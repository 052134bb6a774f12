//! Calendars that homes follow and give, over REST.

use app::App;
use app::calendar::{self, CalendarCollision, CalendarFeed};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{CalendarFeedId, ListingId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path};

/// Nights that were sold on both platforms.
#[derive(Debug, Serialize, ToSchema)]
pub struct CollisionView {
    /// Our booking; it stands until the host calls it off.
    pub booking_id: Uuid,
    /// The other platform's first night.
    pub check_in: NaiveDate,
    /// Its day of departure.
    pub check_out: NaiveDate,
    /// What it is called there.
    pub summary: String,
    /// Since when it is known.
    pub first_seen_at: DateTime<Utc>,
}

impl From<CalendarCollision> for CollisionView {
    fn from(collision: CalendarCollision) -> Self {
        Self {
            booking_id: collision.booking.0,
            check_in: collision.nights.check_in,
            check_out: collision.nights.check_out,
            summary: collision.summary,
            first_seen_at: collision.first_seen_at,
        }
    }
}

/// A calendar that a home follows.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarFeedView {
    /// Which.
    pub id: Uuid,
    /// As the host calls it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// new, fresh, failing or stale; with a stale one the home is booked on request only.
    pub health: String,
    /// When it was asked last.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When it was read last.
    pub last_success_at: Option<DateTime<Utc>>,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// How many events it has.
    pub events: i32,
    /// Nights that were sold on both platforms.
    pub collisions: Vec<CollisionView>,
}

impl From<CalendarFeed> for CalendarFeedView {
    fn from(feed: CalendarFeed) -> Self {
        Self {
            id: feed.id.0,
            name: feed.name,
            url: feed.url,
            health: feed.health.to_string(),
            last_attempt_at: feed.last_attempt_at,
            last_success_at: feed.last_success_at,
            last_error: feed.last_error,
            events: feed.events,
            collisions: feed.collisions.into_iter().map(CollisionView::from).collect(),
        }
    }
}

/// The calendars of a home.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarFeedsView {
    /// Those it follows, at most 10.
    pub data: Vec<CalendarFeedView>,
    /// Always null.
    pub next_cursor: Option<String>,
    /// The one it gives; for other platforms, and nobody else.
    pub export_url: String,
}

/// Where other platforms find the calendar that a home gives.
pub(crate) fn export_url(app: &App, secret: &str) -> String {
    format!("{}/ical/{secret}.ics", app.config.public_url)
}

/// The calendars that one's home follows, and the one it gives.
#[utoipa::path(get, path = "/listings/{id}/calendar-feeds", tag = "calendar", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = CalendarFeedsView), (status = 404, body = Problem)))]
pub async fn list_feeds(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<CalendarFeedsView>> {
    let (feeds, secret) = calendar::list_feeds(&app, &user.actor, ListingId(id)).await?;
    let data = feeds.into_iter().map(CalendarFeedView::from).collect();
    Ok(Json(CalendarFeedsView { data, next_cursor: None, export_url: export_url(&app, &secret) }))
}

/// A calendar to follow.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarFeedInput {
    /// 1–80 characters, e.g. the other platform's name.
    pub name: String,
    /// A public https address.
    #[schema(example = "https://example.org/calendar.ics")]
    pub url: String,
}

/// A calendar that is followed from now on.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewFeedView {
    /// Which.
    pub id: Uuid,
}

/// Follow another platform's calendar.
///
/// It is read at once and every half hour from then on.
#[utoipa::path(post, path = "/listings/{id}/calendar-feeds", tag = "calendar", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = CalendarFeedInput,
    responses((status = 201, body = NewFeedView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "feed_known, too_many_feeds"), (status = 422, body = Problem)))]
pub async fn add_feed(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<CalendarFeedInput>,
) -> ApiResult<(StatusCode, Json<NewFeedView>)> {
    let feed = calendar::add_feed(&app, &user.actor, ListingId(id), &body.name, &body.url).await?;
    Ok((StatusCode::CREATED, Json(NewFeedView { id: feed.0 })))
}

/// Follow a calendar no longer; the nights it took are free.
#[utoipa::path(delete, path = "/listings/{id}/calendar-feeds/{feed_id}", tag = "calendar", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("feed_id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem)))]
pub async fn remove_feed(State(app): State<App>, user: LoggedIn, Path((id, feed)): Path<(Uuid, Uuid)>) -> ApiResult<StatusCode> {
    calendar::remove_feed(&app, &user.actor, ListingId(id), CalendarFeedId(feed)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Read a calendar now rather than at its time.
#[utoipa::path(post, path = "/listings/{id}/calendar-feeds/{feed_id}/refresh", tag = "calendar", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("feed_id" = Uuid, Path)), responses((status = 202), (status = 404, body = Problem)))]
pub async fn refresh_feed(State(app): State<App>, user: LoggedIn, Path((id, feed)): Path<(Uuid, Uuid)>) -> ApiResult<StatusCode> {
    calendar::refresh_feed(&app, &user.actor, ListingId(id), CalendarFeedId(feed)).await?;
    Ok(StatusCode::ACCEPTED)
}

/// The address of the calendar that a home gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExportView {
    /// For other platforms, and nobody else.
    pub export_url: String,
}

/// Give the home's calendar a new address; the old one leads nowhere.
#[utoipa::path(post, path = "/listings/{id}/calendar-export", tag = "calendar", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ExportView), (status = 404, body = Problem)))]
pub async fn renew_export(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<ExportView>> {
    let secret = calendar::renew_export(&app, &user.actor, ListingId(id)).await?;
    Ok(Json(ExportView { export_url: export_url(&app, &secret) }))
}

/// When a home is taken, as iCalendar: for other platforms. No names, no prices.
#[utoipa::path(get, path = "/ical/{secret}", tag = "calendar", params(("secret" = String, Path, description = "The secret with .ics behind it.")),
    responses((status = 200, content_type = "text/calendar", body = String), (status = 404, body = Problem)))]
pub async fn export(State(app): State<App>, Path(secret): Path<String>) -> ApiResult<Response> {
    let secret = secret.strip_suffix(".ics").ok_or(app::Error::NotFound("calendar"))?;
    let text = calendar::export(&app, secret).await?;
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/calendar; charset=utf-8")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=300")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    ];
    Ok((headers, text).into_response())
}

/// The export at its short address, outside the versioned API: other platforms
/// keep it for years.
pub fn short() -> axum::Router<App> {
    axum::Router::new().route("/ical/{secret}", get(export))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_feeds, add_feed))
        .routes(routes!(remove_feed))
        .routes(routes!(refresh_feed))
        .routes(routes!(renew_export))
        .routes(routes!(export))
}
