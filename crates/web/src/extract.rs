//! What handlers take from a request. These stand in for axum's own extractors
//! (which clippy refuses), so that every refusal is a problem document that
//! says where the mistake is.

use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::fields::FieldError;
use serde::de::DeserializeOwned;

use crate::error::ApiError;

/// The largest JSON body, in bytes.
pub const MAX_BODY: usize = 1 << 20;

/// A JSON body. Malformed JSON is a 400, a wrong type or unknown field a 422
/// that points at it, another content type a 415, more than 1 MiB a 413.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        expect_json(request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()))?;
        let body = read_body(request, state).await?;
        from_json(&body).map(Self)
    }
}

impl<T: serde::Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(body) => ([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], body).into_response(),
            Err(error) => ApiError::App(app::Error::from(error)).into_response(),
        }
    }
}

pub(crate) async fn read_body<S: Send + Sync>(request: Request, state: &S) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, state).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            ApiError::http(StatusCode::PAYLOAD_TOO_LARGE, "too_large", format!("a body may have at most {MAX_BODY} bytes"))
        } else {
            ApiError::http(StatusCode::BAD_REQUEST, "unreadable_body", "the body could not be read to its end")
        }
    })
}

pub(crate) fn expect_json(content_type: Option<&str>) -> Result<(), ApiError> {
    let essence = content_type.and_then(|value| value.split(';').next()).map(str::trim).unwrap_or_default();
    if essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json") {
        return Ok(());
    }
    Err(ApiError::http(
        StatusCode::UNSUPPORTED_MEDIA_TYPE,
        "unsupported_media_type",
        format!("send Content-Type: application/json (got {essence:?})"),
    ))
}

/// Reads JSON, telling malformed text (400) from wrong content (422).
pub(crate) fn from_json<T: DeserializeOwned>(body: &[u8]) -> Result<T, ApiError> {
    // First the text, then its content: what is cut off is a 400 whatever it
    // would have said.
    serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| malformed(&error))?;
    if body.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'{') {
        return Err(ApiError::App(app::Error::invalid("", "type", "the body must be a JSON object")));
    }
    let deserializer = &mut serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let path = error.path().clone();
        let inner = error.into_inner();
        content_mistake(&path, &inner.to_string())
    })
}

fn malformed(error: &serde_json::Error) -> ApiError {
    ApiError::http(StatusCode::BAD_REQUEST, "malformed_json", format!("the body is not JSON: {error}"))
}

fn content_mistake(path: &serde_path_to_error::Path, message: &str) -> ApiError {
    use serde_path_to_error::Segment;
    let mut pointer = String::new();
    for segment in path {
        pointer.push('/');
        match segment {
            Segment::Map { key } => pointer.push_str(&key.replace('~', "~0").replace('/', "~1")),
            Segment::Seq { index } => pointer.push_str(&index.to_string()),
            Segment::Enum { variant } => pointer.push_str(variant),
            Segment::Unknown => pointer.push('?'),
        }
    }
    let code = if message.starts_with("unknown field") {
        "unknown_field"
    } else if message.starts_with("missing field") {
        "required"
    } else {
        "type"
    };
    // The position in the text says nothing that the pointer does not.
    let message = message.split(" at line ").next().unwrap_or(message).to_owned();
    ApiError::App(app::Error::Invalid(vec![FieldError { pointer, code, message }]))
}

/// The parameters in the path. One that cannot be read names nothing: 404.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = ApiError;

    #[expect(clippy::disallowed_types, reason = "wraps it")]
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(value)) => Ok(Self(value)),
            Err(_) => Err(ApiError::http(StatusCode::NOT_FOUND, "not_found", "nothing is known under this address")),
        }
    }
}

/// The query string. Wrong values and unknown parameters are a 422.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned> Query<T> {
    /// Reads the query string of an address.
    ///
    /// # Errors
    /// 422 for wrong values and unknown parameters.
    #[expect(clippy::disallowed_types, reason = "wraps it")]
    pub fn from_uri(uri: &axum::http::Uri) -> Result<Self, ApiError> {
        axum::extract::Query::<T>::try_from_uri(uri)
            .map(|axum::extract::Query(value)| Self(value))
            .map_err(|rejection| query_mistake(&rejection.body_text()))
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Self::from_uri(&parts.uri)
    }
}

/// `Failed to deserialize query string: guests: invalid digit …` → a mistake at
/// `/guests`.
fn query_mistake(text: &str) -> ApiError {
    let text = text.trim_start_matches("Failed to deserialize query string: ");
    let (name, message) = text.split_once(": ").unwrap_or(("", text));
    let pointer = if name.is_empty() { String::new() } else { format!("/{}", name.replace('.', "/")) };
    let code = if message.starts_with("unknown field") {
        "unknown_field"
    } else if message.starts_with("missing field") || name.starts_with("missing field") {
        "required"
    } else {
        "type"
    };
    ApiError::App(app::Error::Invalid(vec![FieldError { pointer, code, message: message.to_owned() }]))
}
