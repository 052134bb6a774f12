//! News as server-sent events.

use std::convert::Infallible;
use std::time::Duration;

use app::App;
use app::accounts::Login;
use app::events::Event as Fact;
use app::live::{self, Listener, Next};
use app::{messaging, notifications};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::actor::Actor;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::Query;
use crate::rest::messaging::MessageView;
use crate::rest::notifications::NotificationView;

/// Where to go on.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StreamQuery {
    /// As the header `Last-Event-ID`, for clients that cannot send it.
    pub last_event_id: Option<String>,
}

/// What one has not seen yet.
#[derive(Debug, Serialize, ToSchema)]
pub struct UnreadView {
    /// Entries of conversations.
    pub messages: i64,
    /// Notifications.
    pub notifications: i64,
}

/// News as it happens.
///
/// Server-sent events: `message_added`, `conversation_read`, `booking_changed`,
/// `notification_added`, each with the event's `id` and what changed; `unread`
/// with the counts after it; `hello` at the beginning; `resync` when so much
/// was missed that everything has to be loaded anew. A client that sends the
/// last `id` it got as `Last-Event-ID` gets what it missed. A client that is
/// too slow is let go.
#[utoipa::path(get, path = "/events/stream", tag = "live", security(("bearer" = [])), params(StreamQuery,
    ("Last-Event-ID" = Option<String>, Header, description = "The last `id` that was received.")),
    responses((status = 200, content_type = "text/event-stream", body = String), (status = 401, body = Problem), (status = 429, body = Problem)))]
pub async fn stream(State(app): State<App>, user: LoggedIn, headers: HeaderMap, Query(query): Query<StreamQuery>) -> ApiResult<Response> {
    let sent = headers.get("last-event-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    answer(app, user.login, sent.or(query.last_event_id)).await
}

/// The stream of one who is logged in, from `place` on.
///
/// # Errors
/// 429 past the most listeners of one person.
pub(crate) async fn answer(app: App, login: Login, place: Option<String>) -> ApiResult<Response> {
    let listener = live::listen(&app, login, place.as_deref()).await?;
    let actor = login.actor();
    let hello = Event::default().event("hello").id(listener.place()).data("{}").retry(Duration::from_secs(2));
    let line = Line { app, actor, listener, ready: vec![hello] };
    let events = futures::stream::unfold(line, |mut line| async move {
        let event = line.next().await?;
        Some((Ok::<_, Infallible>(event), line))
    });
    let mut response = Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))).into_response();
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Proxies that collect answers would hold news back.
    response.headers_mut().insert(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"));
    Ok(response)
}

/// One client's line.
struct Line {
    app: App,
    actor: Actor,
    listener: Listener,
    /// To be sent, last first.
    ready: Vec<Event>,
}

impl Line {
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.ready.pop() {
                return Some(event);
            }
            match self.listener.next().await? {
                Next::Quiet => {}
                Next::Resync => self.ready.push(Event::default().event("resync").id(self.listener.place()).data("{}")),
                Next::News(news) => {
                    let place = self.listener.place();
                    let Some((name, mut data)) = self.describe(&news.event).await else { continue };
                    if let Some(object) = data.as_object_mut() {
                        object.insert("id".into(), json!(news.id));
                        object.insert("at".into(), json!(news.at));
                    }
                    if !matches!(news.event, Fact::BookingPlaced { .. })
                        && let Some(unread) = self.unread().await
                    {
                        self.ready.push(Event::default().event("unread").id(&place).data(unread));
                    }
                    self.ready.push(Event::default().event(name).id(place).data(data.to_string()));
                }
            }
        }
    }

    async fn unread(&self) -> Option<String> {
        let messages = messaging::unread(&self.app, &self.actor).await.ok()?;
        let notifications = notifications::unread(&self.app, &self.actor).await.ok()?;
        serde_json::to_string(&UnreadView { messages, notifications }).ok()
    }

    /// What a client is told of a fact; nothing of what is gone meanwhile.
    async fn describe(&self, fact: &Fact) -> Option<(&'static str, Value)> {
        match fact {
            Fact::MessageSent { message, .. } => {
                let message = messaging::message(&self.app, &self.actor, *message).await.ok()?;
                Some(("message_added", json!({"message": MessageView::from(message)})))
            }
            Fact::ConversationRead { conversation, user } => {
                Some(("conversation_read", json!({"conversation_id": conversation, "user_id": user})))
            }
            Fact::NotificationAdded { notification, .. } => {
                let notification = notifications::one(&self.app, &self.actor, *notification).await.ok()?;
                Some(("notification_added", json!({"notification": NotificationView::from(notification)})))
            }
            Fact::NotificationsRead { .. } => Some(("notifications_read", json!({}))),
            other => {
                let payload = serde_json::to_value(other).ok()?;
                let booking = payload.get("booking")?;
                Some(("booking_changed", json!({"booking_id": booking, "kind": payload.get("kind")})))
            }
        }
    }
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(stream))
}
