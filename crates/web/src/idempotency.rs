//! `Idempotency-Key`: a body together with the key under which its request
//! happens once.

use app::idempotency::IdempotencyKey;
use axum::extract::{FromRequest, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use crate::error::ApiError;
use crate::extract::{expect_json, from_json, read_body};

/// A JSON body with the request's idempotency key, if it has one. An absent
/// body reads as `{}`.
#[derive(Debug)]
pub struct Idempotent<T> {
    /// The body.
    pub body: T,
    /// The key, bound to method, path and body.
    pub key: Option<IdempotencyKey>,
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Idempotent<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let key = match request.headers().get("idempotency-key") {
            None => None,
            Some(value) => Some(read_key(value)?),
        };
        let content_type = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).map(str::to_owned);
        let mut hash = Sha256::new();
        hash.update(request.method().as_str());
        hash.update([0]);
        hash.update(request.uri().path());
        hash.update([0]);
        let body = read_body(request, state).await?;
        hash.update(&body);
        let value = if body.is_empty() {
            from_json(b"{}")?
        } else {
            expect_json(content_type.as_deref())?;
            from_json(&body)?
        };
        Ok(Self { body: value, key: key.map(|key| IdempotencyKey { key, request_hash: hash.finalize().into() }) })
    }
}

fn read_key(value: &HeaderValue) -> Result<String, ApiError> {
    value
        .to_str()
        .ok()
        .filter(|key| (1..=255).contains(&key.len()) && key.bytes().all(|b| (0x21..0x7f).contains(&b)))
        .map(str::to_owned)
        .ok_or_else(|| {
            ApiError::http(
                StatusCode::BAD_REQUEST,
                "bad_idempotency_key",
                "an Idempotency-Key has 1 to 255 printable characters without spaces, e.g. a UUID",
            )
        })
}

/// Marks an answer that was stored by an earlier request.
pub fn mark(replayed: bool, answer: impl IntoResponse) -> Response {
    let mut response = answer.into_response();
    if replayed {
        response.headers_mut().insert(HeaderName::from_static("idempotent-replayed"), HeaderValue::from_static("true"));
    }
    response
}
