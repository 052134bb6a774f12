//! GraphiQL at `/graphiql`, out of the binary: nothing is loaded from
//! elsewhere, and the content security policy would not let it.

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};

/// Name, kind, content of each file that the page is made of.
pub const FILES: [(&str, &str, &[u8]); 6] = [
    ("graphiql.min.js", "text/javascript", include_bytes!("../../assets/graphiql/graphiql.min.js")),
    ("graphiql.min.css", "text/css", include_bytes!("../../assets/graphiql/graphiql.min.css")),
    ("react.production.min.js", "text/javascript", include_bytes!("../../assets/graphiql/react.production.min.js")),
    ("react-dom.production.min.js", "text/javascript", include_bytes!("../../assets/graphiql/react-dom.production.min.js")),
    ("page.js", "text/javascript", include_bytes!("../../assets/graphiql/page.js")),
    ("page.css", "text/css", include_bytes!("../../assets/graphiql/page.css")),
];
const PAGE: &[u8] = include_bytes!("../../assets/graphiql/index.html");
/// The editor measures text by styles it writes, hence `unsafe-inline` for
/// styles alone.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src data:; img-src 'self' data:; \
     connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

fn file(headers: &HeaderMap, kind: &'static str, content: &'static [u8]) -> Response {
    let tag: String = Sha256::digest(content).iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    // Hexadecimal digits in quotes are always a valid header.
    let tag = HeaderValue::from_str(&format!("\"{tag}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"0\""));
    let known = headers.get(header::IF_NONE_MATCH) == Some(&tag);
    let own = [
        (header::ETAG, tag),
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
    ];
    if known { (StatusCode::NOT_MODIFIED, own).into_response() } else { (own, content).into_response() }
}

/// The page and its files.
pub(super) fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let mut router = Router::new().route("/graphiql", get(async |headers: HeaderMap| file(&headers, "text/html; charset=utf-8", PAGE)));
    for (name, kind, content) in FILES {
        router = router.route(&format!("/graphiql/{name}"), get(async move |headers: HeaderMap| file(&headers, kind, content)));
    }
    router
}
