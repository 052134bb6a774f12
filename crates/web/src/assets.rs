//! What pages load beside themselves: style, scripts, fonts, icons. Embedded by
//! `build.rs` under names made from content, so browsers keep them for ever.

use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::error::ApiError;
use crate::extract::Path;

/// A file in all the forms it is sent in.
#[derive(Debug)]
pub struct Asset {
    /// Its public path.
    pub path: &'static str,
    /// Its MIME type.
    pub content_type: &'static str,
    /// As it is.
    pub bytes: &'static [u8],
    /// With Brotli.
    pub brotli: Option<&'static [u8]>,
    /// With gzip.
    pub gzip: Option<&'static [u8]>,
}

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

fn by_path(path: &str) -> Option<&'static Asset> {
    ALL.binary_search_by(|asset| asset.path.cmp(path)).ok().map(|at| &ALL[at])
}

/// Sends an asset, compressed if the reader takes that.
///
/// # Errors
/// 404 for what is none.
pub async fn serve(Path(name): Path<String>, headers: HeaderMap) -> Result<Response, ApiError> {
    let path = format!("/a/{name}");
    let asset = by_path(&path).ok_or_else(|| ApiError::http(StatusCode::NOT_FOUND, "not_found", "nothing is known under this address"))?;
    let accepts = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let takes = |coding: &str| accepts.split(',').any(|part| part.split(';').next().is_some_and(|name| name.trim() == coding));
    let (bytes, coding) = match (asset.brotli.filter(|_| takes("br")), asset.gzip.filter(|_| takes("gzip"))) {
        (Some(bytes), _) => (bytes, Some("br")),
        (None, Some(bytes)) => (bytes, Some("gzip")),
        (None, None) => (asset.bytes, None),
    };
    let mut response = bytes.into_response();
    let head = response.headers_mut();
    head.insert(header::CONTENT_TYPE, HeaderValue::from_static(asset.content_type));
    head.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    head.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(coding) = coding {
        head.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    Ok(response)
}
