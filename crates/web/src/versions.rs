//! `ETag`, `If-Match` and `If-None-Match` over the version numbers that things
//! carry.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;

/// What `If-Match` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IfMatch {
    /// The header is absent.
    Absent,
    /// `*`: whatever version there is.
    Any,
    /// This version.
    Version(i32),
    /// An ETag that is not one of ours: no version matches it.
    Foreign,
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        Ok(match parts.headers.get(header::IF_MATCH).map(|value| value.to_str().unwrap_or_default().trim()) {
            None => Self::Absent,
            Some("*") => Self::Any,
            Some(tag) => version_in(tag).map_or(Self::Foreign, Self::Version),
        })
    }
}

impl IfMatch {
    /// The version an update is based on; `None` for "whatever there is".
    ///
    /// # Errors
    /// `428` when the header is absent.
    pub fn required(self) -> Result<Option<i32>, ApiError> {
        if self == Self::Absent { Err(ApiError::App(app::Error::VersionRequired)) } else { Ok(self.optional()) }
    }

    /// Like [`IfMatch::required`], for updates that do not insist.
    #[must_use]
    pub const fn optional(self) -> Option<i32> {
        match self {
            Self::Absent | Self::Any => None,
            Self::Version(version) => Some(version),
            // No thing has this version, so nothing matches.
            Self::Foreign => Some(-1),
        }
    }
}

/// `"12"`, `"12-host"`, `W/"12"` → 12.
fn version_in(tag: &str) -> Option<i32> {
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    let inner = tag.strip_prefix('"')?.strip_suffix('"')?;
    inner.split('-').next()?.parse().ok()
}

/// The ETag of a version; `face` tells apart what different readers see.
#[must_use]
pub fn etag(version: i32, face: Option<&str>) -> HeaderValue {
    let text = face.map_or_else(|| format!("\"{version}\""), |face| format!("\"{version}-{face}\""));
    // Digits, a dash and a word of ours: always a valid header.
    HeaderValue::from_str(&text).unwrap_or_else(|_| HeaderValue::from_static("\"0\""))
}

/// Adds the ETag; answers 304 without a body when the reader has it already.
pub fn tagged(request: &HeaderMap, tag: &HeaderValue, answer: impl IntoResponse) -> Response {
    let known = request.get(header::IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|sent| {
        let opaque = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
        sent.trim() == "*" || sent.split(',').any(|candidate| opaque(candidate).as_bytes() == tag.as_bytes())
    });
    let mut response = if known { StatusCode::NOT_MODIFIED.into_response() } else { answer.into_response() };
    response.headers_mut().insert(header::ETAG, tag.clone());
    response
}
