//! The one map from what a use-case answers to what HTTP says: statuses,
//! machine words and RFC 9457 problem documents.

use std::cell::RefCell;

use app::Error;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

tokio::task_local! {
    /// The id of the request being answered, for the problem document.
    pub(crate) static REQUEST_ID: RefCell<String>;
}

/// An RFC 9457 problem document.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Problem {
    /// A URI that names the kind of problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short and the same for every problem of this kind.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What was wrong this time, and what to do.
    pub detail: String,
    /// Stable machine word.
    pub code: String,
    /// Names this request in the server's logs.
    pub request_id: String,
    /// Every mistake of the input (422).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<Mistake>,
    /// What may help to go on, e.g. the new quote of `price_changed`.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Object)]
    pub details: Option<Value>,
}

/// One mistake in the input.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Mistake {
    /// RFC 6901 pointer into the body, e.g. `/guests/adults`.
    pub pointer: String,
    /// Stable machine word.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl From<FieldError> for Mistake {
    fn from(error: FieldError) -> Self {
        Self { pointer: error.pointer, code: error.code, message: error.message }
    }
}

/// What a handler answers instead of its result.
#[derive(Debug)]
pub enum ApiError {
    /// A use-case said no.
    App(Error),
    /// HTTP said no before any use-case was asked.
    Http {
        /// Which status.
        status: StatusCode,
        /// Stable machine word.
        code: &'static str,
        /// For people.
        detail: String,
    },
}

impl<E: Into<Error>> From<E> for ApiError {
    fn from(error: E) -> Self {
        Self::App(error.into())
    }
}

impl ApiError {
    /// A refusal of HTTP's own.
    pub fn http(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self::Http { status, code, detail: detail.into() }
    }
}

/// The result of a handler.
pub type ApiResult<T> = Result<T, ApiError>;

/// Which status and machine word stand for `error`.
pub(crate) fn classify(error: &Error) -> (StatusCode, String) {
    let word = |status, code: &str| (status, code.to_owned());
    match error {
        Error::NotFound(_) => word(StatusCode::NOT_FOUND, "not_found"),
        Error::Unauthenticated => word(StatusCode::UNAUTHORIZED, "unauthenticated"),
        Error::Challenge { code, .. } => word(StatusCode::UNAUTHORIZED, code),
        Error::Forbidden { code, .. } => word(StatusCode::FORBIDDEN, code),
        Error::Invalid(errors) => match errors.as_slice() {
            [only] if only.code == "bad_cursor" => word(StatusCode::BAD_REQUEST, only.code),
            [only] if only.pointer.is_empty() => word(StatusCode::UNPROCESSABLE_ENTITY, only.code),
            _ => word(StatusCode::UNPROCESSABLE_ENTITY, "invalid"),
        },
        Error::Conflict { code, .. } => word(StatusCode::CONFLICT, code),
        Error::Stale { .. } => word(StatusCode::PRECONDITION_FAILED, "stale_version"),
        Error::VersionRequired => word(StatusCode::PRECONDITION_REQUIRED, "version_required"),
        Error::TooMany { .. } => word(StatusCode::TOO_MANY_REQUESTS, "too_many_requests"),
        Error::TooLarge(_) => word(StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
        Error::UnsupportedMedia(_) => word(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type"),
        Error::Busy(_) => word(StatusCode::SERVICE_UNAVAILABLE, "busy"),
        Error::Internal(_) => word(StatusCode::INTERNAL_SERVER_ERROR, "internal"),
    }
}

/// The id of the request being answered; empty outside of one.
pub(crate) fn request_id() -> String {
    REQUEST_ID.try_with(|id| id.borrow().clone()).unwrap_or_default()
}

/// What is told where the error's own words are for the log, which gets them
/// here.
pub(crate) fn hidden_cause(error: &Error) -> Option<&'static str> {
    match error {
        Error::Busy(cause) => {
            tracing::warn!(%cause, "answered busy");
            Some("the marketplace is busy: try again in a moment")
        }
        Error::Internal(cause) => {
            tracing::error!(cause = format!("{cause:#}"), "internal error");
            Some("something went wrong on our side; the request id helps us to find it")
        }
        _ => None,
    }
}

fn title(status: StatusCode) -> &'static str {
    status.canonical_reason().unwrap_or("Error")
}

/// The problem document of a status.
pub(crate) fn problem(status: StatusCode, code: &str, detail: String) -> Problem {
    Problem {
        kind: format!("urn:roost:problem:{code}"),
        title: title(status),
        status: status.as_u16(),
        detail,
        code: code.to_owned(),
        request_id: request_id(),
        errors: Vec::new(),
        details: None,
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, body).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        // For whoever turns it into a page.
        response.extensions_mut().insert(self);
        response
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        match self {
            Self::Http { status, code, detail } => problem(status, code, detail).into_response(),
            Self::App(error) => app_error(error),
        }
    }
}

fn app_error(error: Error) -> Response {
    let (status, code) = classify(&error);
    let detail = hidden_cause(&error).map_or_else(|| error.to_string(), str::to_owned);
    let mut document = problem(status, &code, detail);
    let mut retry_after = None;
    match error {
        Error::Invalid(errors) => document.errors = errors.into_iter().map(Mistake::from).collect(),
        Error::Conflict { details, .. } => document.details = details,
        Error::TooMany { retry_after_seconds } => retry_after = Some(retry_after_seconds),
        Error::Busy(_) => retry_after = Some(1),
        _ => {}
    }
    let mut response = document.into_response();
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
