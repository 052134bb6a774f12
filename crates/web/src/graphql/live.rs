//! Watching: subscriptions over `graphql-transport-ws` and server-sent events.
//! Who watches is asked at the beginning and again at every fact; a login that
//! ends closes its sockets; whoever does not keep up is let go.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use app::App;
use app::accounts::{self, Login};
use async_graphql::http::{WebSocket as Protocol, WebSocketProtocols, WsMessage};
use async_graphql::{Data, Executor, Request as Document, Response as Answer};
use axum::extract::FromRequestParts;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use domain::ids::{SessionId, UserId};
use futures::stream::{self, BoxStream};
use futures::{SinkExt, StreamExt};
use tokio::sync::Notify;

use super::door::{Gate, MAX_BODY, Refused, languages, who};
use super::request::Asker;
use crate::auth::Device;

/// The one protocol over sockets.
const PROTOCOL: &str = "graphql-transport-ws";
/// How long a client may take to say who it is.
const HELLO: Duration = Duration::from_secs(10);
/// How long a message may take to leave; then the client does not keep up.
const SEND: Duration = Duration::from_secs(5);
/// How often a quiet line is tried.
const PING: Duration = Duration::from_secs(30);
/// How often it is asked whether logins still stand.
const SWEEP: Duration = Duration::from_secs(5);
/// Sockets of one person.
pub const SOCKETS_OF_ONE: usize = 20;

struct Open {
    user: UserId,
    session: SessionId,
    ended: Arc<Notify>,
}

#[derive(Default)]
struct Opened {
    sockets: HashMap<u64, Open>,
    next_number: u64,
    swept: bool,
}

/// Every open socket of this process.
pub struct Sockets {
    app: App,
    opened: Mutex<Opened>,
}

/// One open socket; dropped when it closes.
struct Seat {
    sockets: Arc<Sockets>,
    number: u64,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.sockets.opened().sockets.remove(&self.number);
    }
}

impl Sockets {
    /// None is open.
    #[must_use]
    pub fn new(app: &App) -> Arc<Self> {
        Arc::new(Self { app: app.clone(), opened: Mutex::default() })
    }

    fn opened(&self) -> std::sync::MutexGuard<'_, Opened> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A seat for this login; `ended` is told when the login ends.
    fn take(self: &Arc<Self>, login: &Login, ended: Arc<Notify>) -> app::Result<Seat> {
        let mut opened = self.opened();
        if opened.sockets.values().filter(|open| open.user == login.user).count() >= SOCKETS_OF_ONE {
            return Err(app::Error::TooMany { retry_after_seconds: 30 });
        }
        let number = opened.next_number;
        opened.next_number += 1;
        opened.sockets.insert(number, Open { user: login.user, session: login.session, ended });
        if !opened.swept {
            opened.swept = true;
            tokio::spawn(sweep(self.clone()));
        }
        Ok(Seat { sockets: self.clone(), number })
    }
}

/// Closes the sockets of logins that have ended, one statement for all.
async fn sweep(sockets: Arc<Sockets>) {
    loop {
        tokio::time::sleep(SWEEP).await;
        let sessions: HashSet<SessionId> = {
            let mut opened = sockets.opened();
            if opened.sockets.is_empty() {
                opened.swept = false;
                return;
            }
            opened.sockets.values().map(|open| open.session).collect()
        };
        let asked: Vec<SessionId> = sessions.into_iter().collect();
        match accounts::standing_sessions(&sockets.app, &asked).await {
            Ok(standing) => {
                for open in
                    sockets.opened().sockets.values().filter(|open| asked.contains(&open.session) && !standing.contains(&open.session))
                {
                    open.ended.notify_one();
                }
            }
            Err(error) => tracing::warn!(%error, "whether logins still stand could not be asked"),
        }
    }
}

/// Runs one document of a watcher.
fn watch(gate: Arc<Gate>, mut document: Document, asker: Arc<Asker>) -> BoxStream<'static, Answer> {
    let begun = async move {
        match gate.admit(&mut document).await {
            Ok(_) => gate.schema.execute_stream(document.data(asker)),
            Err(refused) => stream::iter([refused.answer()]).boxed(),
        }
    };
    stream::once(begun).flatten().boxed()
}

/// A document watched over server-sent events: `next` for each answer, then
/// `complete`.
pub(super) fn events(gate: Arc<Gate>, document: Document, asker: Arc<Asker>) -> Response {
    let answers = gate.schema.execute_stream(document.data(asker));
    let next = answers.map(|answer| Event::default().event("next").json_data(&answer));
    let complete = stream::once(async { Ok(Event::default().event("complete").data("")) });
    Sse::new(next.chain(complete)).keep_alive(KeepAlive::new().interval(PING / 2)).into_response()
}

/// Whether a page of another site opens the socket.
fn foreign(parts: &Parts, app: &App) -> bool {
    let text = |name| parts.headers.get(name).and_then(|value| value.to_str().ok());
    let Some(origin) = text(header::ORIGIN) else { return false };
    let own = text(header::HOST).is_some_and(|host| origin.split_once("://").is_some_and(|(_, name)| name == host));
    !own && origin != app.config.public_url
}

/// Opens a socket.
///
/// # Errors
/// 400 for another protocol, 403 from another site's page, 401 for a bad token.
pub(super) async fn upgrade(app: App, gate: Arc<Gate>, mut parts: Parts) -> Result<Response, Refused> {
    if foreign(&parts, &app) {
        return Err(Refused::new(StatusCode::FORBIDDEN, "foreign_origin", "sockets are opened from our own pages or by programs"));
    }
    let upgrade = WebSocketUpgrade::from_request_parts(&mut parts, &())
        .await
        .map_err(|why| Refused::new(StatusCode::BAD_REQUEST, "bad_upgrade", why.to_string()))?;
    let offered = parts.headers.get(header::SEC_WEBSOCKET_PROTOCOL).and_then(|value| value.to_str().ok()).unwrap_or_default();
    if !offered.split(',').any(|name| name.trim() == PROTOCOL) {
        return Err(Refused::new(StatusCode::BAD_REQUEST, "bad_upgrade", format!("the socket's protocol is {PROTOCOL}")));
    }
    let (login, device) = who(&mut parts, &app).await?;
    let wished = languages(&parts.headers).to_owned();
    let caller = Caller { gate, app, device: Arc::new(device), languages: wished.into() };
    // Small buffers: most sockets are quiet most of the time.
    let upgrade =
        upgrade.protocols([PROTOCOL]).max_message_size(MAX_BODY).read_buffer_size(4096).write_buffer_size(0).max_write_buffer_size(1 << 20);
    Ok(upgrade.on_upgrade(move |socket| caller.serve(socket, login)))
}

/// Who is at the other end of a socket.
#[derive(Clone)]
struct Caller {
    gate: Arc<Gate>,
    app: App,
    device: Arc<Device>,
    languages: Arc<str>,
}

impl Executor for Caller {
    async fn execute(&self, document: Document) -> Answer {
        // Sockets only ever stream; one answer is a stream of one.
        self.execute_stream(document, None).next().await.unwrap_or_default()
    }

    fn execute_stream(&self, document: Document, session: Option<Arc<Data>>) -> BoxStream<'static, Answer> {
        let login =
            session.and_then(|data| data.get(&std::any::TypeId::of::<Login>()).and_then(|login| login.downcast_ref::<Login>().copied()));
        watch(self.gate.clone(), document, Asker::new(&self.app, login, &self.device, &self.languages))
    }
}

impl Caller {
    /// Says hello: the token may come in the first message, for browsers cannot
    /// set headers.
    async fn hello(
        app: App,
        from_header: Option<Login>,
        payload: serde_json::Value,
        greet: impl FnOnce(&Login) -> app::Result<()>,
    ) -> async_graphql::Result<Data> {
        let sent = ["authorization", "Authorization"].iter().find_map(|name| payload.get(name)).and_then(|value| value.as_str());
        let token = sent.map(|text| text.strip_prefix("Bearer ").or_else(|| text.strip_prefix("bearer ")).unwrap_or(text).trim());
        let login = match (token, from_header) {
            (Some(token), _) => accounts::authenticate(&app, token).await.map_err(|error| super::error::top_level(&error))?,
            (None, Some(login)) => login,
            (None, None) => return Err(super::error::top_level(&app::Error::Unauthenticated)),
        };
        greet(&login).map_err(|error| super::error::top_level(&error))?;
        let mut data = Data::default();
        data.insert(login);
        Ok(data)
    }

    /// Serves the socket until either side has had enough.
    async fn serve(self, socket: WebSocket, from_header: Option<Login>) {
        let (mut sink, messages) = socket.split();
        let text = messages.filter_map(async |message| match message {
            Ok(Message::Text(text)) => Some(text.as_bytes().to_vec()),
            Ok(Message::Binary(bytes)) => Some(bytes.to_vec()),
            _ => None,
        });
        let ended = Arc::new(Notify::new());
        let greeted = Arc::new(AtomicBool::new(false));
        let seat: Arc<Mutex<Option<Seat>>> = Arc::default();
        let (sockets, app) = (self.gate.live.clone(), self.app.clone());
        let (told, known, place) = (ended.clone(), greeted.clone(), seat.clone());
        let protocol = Protocol::new(self, text.boxed(), WebSocketProtocols::GraphQLWS).on_connection_init(move |payload| {
            Self::hello(app, from_header, payload, move |login| {
                let taken = sockets.take(login, told)?;
                *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(taken);
                known.store(true, Ordering::Release);
                Ok(())
            })
        });
        let mut protocol = Box::pin(protocol);
        let deadline = tokio::time::Instant::now() + HELLO;
        loop {
            let hello = greeted.load(Ordering::Acquire);
            let quiet = if hello { tokio::time::Instant::now() + PING } else { deadline };
            let message = tokio::select! {
                message = protocol.next() => match message {
                    Some(WsMessage::Text(text)) => Message::Text(text.into()),
                    Some(WsMessage::Close(code, reason)) => close(code, &reason),
                    None => break,
                },
                () = ended.notified() => close(4403, "the login has ended"),
                () = tokio::time::sleep_until(quiet) => if greeted.load(Ordering::Acquire) {
                    Message::Ping(axum::body::Bytes::new())
                } else if hello || tokio::time::Instant::now() < deadline {
                    continue;
                } else {
                    close(4408, "say hello first")
                },
            };
            let last = matches!(message, Message::Close(_));
            // A line that does not take a message in time has a reader who
            // does not keep up.
            if !matches!(tokio::time::timeout(SEND, sink.send(message)).await, Ok(Ok(()))) || last {
                break;
            }
        }
    }
}

fn close(code: u16, reason: &str) -> Message {
    // A reason has at most 123 bytes.
    let reason: String = reason.chars().take(120).filter(char::is_ascii).collect();
    Message::Close(Some(CloseFrame { code, reason: reason.into() }))
}
