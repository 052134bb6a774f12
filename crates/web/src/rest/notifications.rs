//! Notifications over REST, and what one wants to be told.

use std::collections::BTreeMap;

use app::App;
use app::notifications::{self, Notification, Preferences};
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, NaiveTime, Utc};
use domain::ids::NotificationId;
use domain::notifications::{NotificationKind, QuietHours, Roads};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Query};
use crate::rest::page::page_request;

/// What one was told.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationView {
    /// Which.
    pub id: Uuid,
    /// bookings, messages, reminders, reviews, payouts or saved_searches.
    pub kind: String,
    /// In a few words.
    pub title: String,
    /// In a sentence or two.
    pub body: String,
    /// A path of the site where one can act on it; may be empty.
    pub link: String,
    /// When it was seen.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was told.
    pub created_at: DateTime<Utc>,
}

impl From<Notification> for NotificationView {
    fn from(notification: Notification) -> Self {
        Self {
            id: notification.id.0,
            kind: notification.kind.to_string(),
            title: notification.title,
            body: notification.body,
            link: notification.link,
            read_at: notification.read_at,
            created_at: notification.created_at,
        }
    }
}

/// Which notifications.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct NotificationsQuery {
    /// Only those that are not seen yet.
    #[serde(default)]
    pub unread: bool,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// One's notifications.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationsView {
    /// Newest first.
    pub data: Vec<NotificationView>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// How many are not seen yet.
    pub unread: i64,
}

/// What one was told, newest first.
#[utoipa::path(get, path = "/notifications", tag = "notifications", security(("bearer" = [])), params(NotificationsQuery),
    responses((status = 200, body = NotificationsView)))]
pub async fn list_notifications(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<NotificationsQuery>,
) -> ApiResult<Json<NotificationsView>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let page = notifications::list(&app, &user.actor, query.unread, page).await?;
    let unread = notifications::unread(&app, &user.actor).await?;
    let data = page.data.into_iter().map(NotificationView::from).collect();
    Ok(Json(NotificationsView { data, next_cursor: page.next_cursor, unread }))
}

/// Which notifications were seen: `ids`, or all of them.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeenNotifications {
    /// These.
    pub ids: Option<Vec<Uuid>>,
    /// All of them.
    #[serde(default)]
    pub all: bool,
}

/// Say which notifications were seen.
#[utoipa::path(post, path = "/notifications/read", tag = "notifications", security(("bearer" = [])), request_body = SeenNotifications,
    responses((status = 204), (status = 422, body = Problem)))]
pub async fn read_notifications(State(app): State<App>, user: LoggedIn, Json(body): Json<SeenNotifications>) -> ApiResult<StatusCode> {
    let ids: Option<Vec<NotificationId>> = match (body.ids, body.all) {
        (Some(ids), false) if ids.len() <= 1000 => Some(ids.into_iter().map(NotificationId).collect()),
        (None, true) => None,
        _ => return Err(app::Error::invalid("/ids", "one_of", "name up to 1,000 ids, or say all: true").into()),
    };
    notifications::mark_read(&app, &user.actor, ids.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// By which roads one kind of news comes.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoadsView {
    /// By mail.
    pub email: bool,
    /// Inside the marketplace.
    pub in_app: bool,
}

/// When no mail is sent, by one's own clock.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct QuietHoursView {
    /// IANA.
    #[schema(example = "Europe/Lisbon")]
    pub time_zone: String,
    /// HH:MM.
    #[schema(example = "22:00")]
    pub from: String,
    /// HH:MM; earlier than `from` means the next day.
    #[schema(example = "07:00")]
    pub until: String,
}

/// What one wants to be told.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PreferencesView {
    /// By kind: bookings, messages, reminders, reviews, payouts, saved_searches. Mails about the account itself always come.
    pub channels: BTreeMap<String, RoadsView>,
    /// When no mail is sent; null for never.
    pub quiet_hours: Option<QuietHoursView>,
}

impl From<Preferences> for PreferencesView {
    fn from(preferences: Preferences) -> Self {
        let roads = |(kind, roads): (NotificationKind, Roads)| (kind.to_string(), RoadsView { email: roads.email, in_app: roads.in_app });
        Self {
            channels: preferences.roads.into_iter().map(roads).collect(),
            quiet_hours: preferences.quiet.map(|quiet| QuietHoursView {
                time_zone: quiet.time_zone.name().to_owned(),
                from: quiet.from.format("%H:%M").to_string(),
                until: quiet.until.format("%H:%M").to_string(),
            }),
        }
    }
}

fn time(text: &str, pointer: &str) -> app::Result<NaiveTime> {
    let wrong = || app::Error::invalid(pointer, "format", format!("{text:?} is not a time of day, e.g. 22:00"));
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| wrong())
}

impl TryFrom<PreferencesView> for Preferences {
    type Error = app::Error;

    fn try_from(view: PreferencesView) -> Result<Self, app::Error> {
        let mut roads = BTreeMap::new();
        for (kind, wish) in view.channels {
            let parsed: NotificationKind =
                kind.parse().map_err(|why: String| app::Error::invalid(&format!("/channels/{kind}"), "unknown_kind", why))?;
            roads.insert(parsed, Roads { email: wish.email, in_app: wish.in_app });
        }
        let quiet = match view.quiet_hours {
            None => None,
            Some(quiet) => Some(QuietHours {
                time_zone: quiet.time_zone.parse().map_err(|_| {
                    let zone = &quiet.time_zone;
                    app::Error::invalid("/quiet_hours/time_zone", "time_zone", format!("{zone:?} is not a time zone, e.g. Europe/Lisbon"))
                })?,
                from: time(&quiet.from, "/quiet_hours/from")?,
                until: time(&quiet.until, "/quiet_hours/until")?,
            }),
        };
        Ok(Self { roads, quiet })
    }
}

/// What one wants to be told.
#[utoipa::path(get, path = "/users/me/notification-preferences", tag = "notifications", security(("bearer" = [])),
    responses((status = 200, body = PreferencesView)))]
pub async fn get_preferences(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<PreferencesView>> {
    Ok(Json(notifications::preferences(&app, &user.actor).await?.into()))
}

/// Say what one wants to be told; kinds that are not named keep their roads.
#[utoipa::path(put, path = "/users/me/notification-preferences", tag = "notifications", security(("bearer" = [])), request_body = PreferencesView,
    responses((status = 200, body = PreferencesView), (status = 422, body = Problem)))]
pub async fn put_preferences(
    State(app): State<App>,
    user: LoggedIn,
    Json(body): Json<PreferencesView>,
) -> ApiResult<Json<PreferencesView>> {
    let wish = Preferences::try_from(body)?;
    Ok(Json(notifications::put_preferences(&app, &user.actor, &wish).await?.into()))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_notifications))
        .routes(routes!(read_notifications))
        .routes(routes!(get_preferences, put_preferences))
}
