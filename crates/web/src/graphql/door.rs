//! `/graphql` over HTTP: POST with JSON (one document or a batch) or with files
//! as multipart, GET for reading, server-sent events for watching. The order is
//! fixed: size, batch, persisted documents, bounds, then who asks, then work.

use std::sync::Arc;
use std::time::Duration;

use app::App;
use app::accounts::Login;
use async_graphql::http::MultipartOptions;
use async_graphql::{BatchRequest, Request as Document, Response as Answer};
use axum::Extension;
use axum::body::Body;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::error::refusal;
use super::limits::{self, Measured};
use super::request::Asker;
use super::{Schema, live, persisted};
use crate::auth::Device;
use crate::error::ApiError;
use crate::limits::Limits;

/// The largest JSON body, in bytes.
pub const MAX_BODY: usize = 100 * 1024;
/// The most documents of a batch.
pub const MAX_BATCH: usize = 10;
/// How long a document that only reads may run; one that changes something
/// ends with the server's own time limit.
const TIME: Duration = Duration::from_secs(10);

/// What the door knows.
pub struct Gate {
    /// The application.
    pub app: App,
    /// What may be asked.
    pub schema: Schema,
    /// How often one client may ask.
    pub limits: Limits,
    /// Who watches.
    pub live: Arc<live::Sockets>,
}

/// A refusal before any document runs.
pub(super) struct Refused {
    status: StatusCode,
    code: String,
    message: String,
    retry_after: Option<u64>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &str, message: impl Into<String>) -> Self {
        Self { status, code: code.to_owned(), message: message.into(), retry_after: None }
    }

    /// As one document's answer.
    pub(super) fn answer(&self) -> Answer {
        let mut error = async_graphql::ServerError::new(self.message.clone(), None);
        let mut extensions = async_graphql::ErrorExtensionValues::default();
        extensions.set("code", self.code.as_str());
        error.extensions = Some(extensions);
        Answer::from_errors(vec![error])
    }
}

impl From<limits::Refusal> for Refused {
    fn from(refusal: limits::Refusal) -> Self {
        Self::new(StatusCode::BAD_REQUEST, refusal.code, refusal.message)
    }
}

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        match error {
            ApiError::Http { status, code, detail } => Self::new(status, code, detail),
            ApiError::App(error) => {
                let (status, code) = crate::error::classify(&error);
                let message = crate::error::hidden_cause(&error).map_or_else(|| error.to_string(), str::to_owned);
                let retry_after = match error {
                    app::Error::TooMany { retry_after_seconds } => Some(retry_after_seconds),
                    _ => None,
                };
                Self { status, code, message, retry_after }
            }
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = json(self.status, &refusal(&self.code, &self.message));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

fn json(status: StatusCode, body: &impl serde::Serialize) -> Response {
    match serde_json::to_vec(body) {
        Ok(bytes) => {
            let headers = [
                (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
                (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            ];
            (status, headers, bytes).into_response()
        }
        Err(error) => ApiError::App(app::Error::from(error)).into_response(),
    }
}

impl Gate {
    /// Finds the persisted document, if one is named, and checks all bounds.
    pub(super) async fn admit(&self, document: &mut Document) -> Result<Measured, Refused> {
        persisted::resolve(&self.app, document).await?;
        limits::scan(&document.query)?;
        let parsed = match document.parsed_query() {
            Ok(parsed) => parsed,
            Err(error) => return Err(Refused::new(StatusCode::BAD_REQUEST, "malformed_document", error.message)),
        };
        let measured = limits::measure(parsed)?;
        persisted::keep(&self.app, document).await;
        Ok(measured)
    }

    async fn run(&self, document: Document, measured: Measured, asker: Arc<Asker>) -> Answer {
        let work = self.schema.execute(document.data(asker));
        if measured.changes {
            return work.await;
        }
        match tokio::time::timeout(TIME, work).await {
            Ok(answer) => answer,
            Err(_) => Refused::new(StatusCode::GATEWAY_TIMEOUT, "time_limit", "this took too long: ask for less at a time").answer(),
        }
    }
}

/// Who asks, and from where.
pub(super) async fn who(parts: &mut Parts, app: &App) -> Result<(Option<Login>, Device), Refused> {
    let login = crate::auth::login_of(parts, app).await?;
    let Ok(device) = Device::from_request_parts(parts, app).await;
    Ok((login, device))
}

pub(super) fn languages(headers: &HeaderMap) -> &str {
    headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("en")
}

fn wants_events(headers: &HeaderMap) -> bool {
    headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|kinds| kinds.contains("text/event-stream"))
}

async fn read(parts: &Parts, body: Body) -> Result<BatchRequest, Refused> {
    let kind = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let essence = kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let most = match essence.as_str() {
        "application/json" => MAX_BODY,
        "multipart/form-data" => crate::rest::photos::MAX_BODY,
        _ => {
            let why = format!("send Content-Type: application/json, or multipart/form-data with files (got {essence:?})");
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", why));
        }
    };
    let bytes = axum::body::to_bytes(body, most)
        .await
        .map_err(|_| Refused::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("a body may have at most {most} bytes")))?;
    let malformed = |why: String| Refused::new(StatusCode::BAD_REQUEST, "malformed_json", format!("the request cannot be read: {why}"));
    if essence == "application/json" {
        return serde_json::from_slice(&bytes).map_err(|error| malformed(error.to_string()));
    }
    let options = MultipartOptions::default().max_file_size(crate::rest::photos::MAX_BODY).max_num_files(2);
    let reader = async_graphql::futures_util::io::Cursor::new(bytes);
    async_graphql::http::receive_batch_body(Some(kind), reader, options).await.map_err(|error| malformed(error.to_string()))
}

/// POST: one document, a batch, or one to watch.
pub(super) async fn post(State(app): State<App>, Extension(gate): Extension<Arc<Gate>>, request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    match read(&parts, body).await {
        Ok(batch) => work(&app, &gate, &mut parts, batch).await.unwrap_or_else(IntoResponse::into_response),
        Err(refused) => refused.into_response(),
    }
}

async fn work(app: &App, gate: &Arc<Gate>, parts: &mut Parts, batch: BatchRequest) -> Result<Response, Refused> {
    let (mut documents, single) = match batch {
        BatchRequest::Single(one) => (vec![one], true),
        BatchRequest::Batch(many) => (many, false),
    };
    if documents.is_empty() || documents.len() > MAX_BATCH {
        let why = format!("a batch has 1 to {MAX_BATCH} documents, this has {}", documents.len());
        return Err(Refused::new(StatusCode::BAD_REQUEST, "batch_size", why));
    }
    let mut measured = Vec::with_capacity(documents.len());
    for document in &mut documents {
        measured.push(gate.admit(document).await?);
    }
    let changes: usize = measured.iter().filter(|one| one.changes).map(|one| one.roots).sum();
    if changes > limits::CHANGES {
        let why = format!("a request may make at most {} changes, this makes {changes}", limits::CHANGES);
        return Err(Refused::new(StatusCode::BAD_REQUEST, "too_many_changes", why));
    }
    if parts.method == Method::GET && changes > 0 {
        return Err(Refused::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "GET only reads: send changes by POST"));
    }
    // The request itself has been counted once.
    let asked: usize = measured.iter().map(|one| one.roots).sum();
    gate.limits.charge(parts, u32::try_from(asked.saturating_sub(1)).unwrap_or(u32::MAX))?;
    let (login, device) = who(parts, app).await?;
    let asker = || Asker::new(app, login, &device, languages(&parts.headers));
    if wants_events(&parts.headers) {
        return match (single, documents.pop()) {
            (true, Some(document)) => Ok(live::events(gate.clone(), document, asker())),
            _ => Err(Refused::new(StatusCode::BAD_REQUEST, "batch_size", "watch one document at a time")),
        };
    }
    // One asker for all: documents of a batch share their look-ups, except
    // after a change.
    let shared = if changes == 0 { Some(asker()) } else { None };
    let mut answers = Vec::with_capacity(documents.len());
    for (document, measured) in documents.into_iter().zip(measured) {
        answers.push(gate.run(document, measured, shared.clone().unwrap_or_else(asker)).await);
    }
    Ok(respond(answers, single))
}

fn respond(mut answers: Vec<Answer>, single: bool) -> Response {
    let headers: Vec<HeaderMap> = answers.iter_mut().map(|answer| std::mem::take(&mut answer.http_headers)).collect();
    let mut response = match answers.as_slice() {
        [only] if single => json(StatusCode::OK, only),
        many => json(StatusCode::OK, &many),
    };
    for (name, value) in headers.iter().flatten() {
        response.headers_mut().insert(name, value.clone());
    }
    response
}

/// GET: a document in the query string, or the beginning of a socket.
pub(super) async fn get(State(app): State<App>, Extension(gate): Extension<Arc<Gate>>, request: Request) -> Response {
    let (mut parts, _) = request.into_parts();
    if parts.headers.contains_key(header::UPGRADE) {
        return live::upgrade(app, gate, parts).await.unwrap_or_else(IntoResponse::into_response);
    }
    let document = async_graphql::http::parse_query_string(parts.uri.query().unwrap_or_default());
    let done = match document {
        Ok(document) => work(&app, &gate, &mut parts, BatchRequest::Single(document)).await,
        Err(error) => Err(Refused::new(StatusCode::BAD_REQUEST, "malformed_document", error.to_string())),
    };
    done.unwrap_or_else(IntoResponse::into_response)
}
