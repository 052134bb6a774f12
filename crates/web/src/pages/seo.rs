//! What search engines, browsers and phones ask for on their own.

use app::App;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde_json::json;

use super::cards::listing_path;
use crate::error::ApiResult;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/robots.txt", get(robots)).route("/sitemap.xml", get(sitemap)).route("/manifest.webmanifest", get(manifest))
}

fn file(kind: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    response
}

async fn robots(State(app): State<App>) -> Response {
    let text = format!(
        "User-agent: *\nDisallow: /account\nDisallow: /book\nDisallow: /trips\nDisallow: /host\nDisallow: /search/pins\nDisallow: /sandbox\n\
         Sitemap: {}/sitemap.xml\n",
        app.config.public_url
    );
    file("text/plain; charset=utf-8", text)
}

/// Every public home, as the protocol wants it: at most 50,000 in a file.
async fn sitemap(State(app): State<App>) -> ApiResult<Response> {
    let root = &app.config.public_url;
    let mut text =
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">\n".to_owned();
    for path in ["/", "/search"] {
        text.push_str(&format!("<url><loc>{root}{path}</loc></url>\n"));
    }
    for home in app::listings::published(&app).await? {
        let (path, changed) = (listing_path(home.id, &home.title), home.updated_at.format("%Y-%m-%d"));
        text.push_str(&format!("<url><loc>{root}{path}</loc><lastmod>{changed}</lastmod></url>\n"));
    }
    text.push_str("</urlset>\n");
    Ok(file("application/xml; charset=utf-8", text))
}

async fn manifest(State(app): State<App>) -> Response {
    let icon = json!({"src": crate::assets::FAVICON_SVG, "sizes": "any", "type": "image/svg+xml"});
    let manifest = json!({
        "name": app.config.name, "short_name": app.config.name, "start_url": "/", "display": "standalone",
        "background_color": "#fbf8f2", "theme_color": "#1f4d45", "icons": [icon]
    });
    file("application/manifest+json", manifest.to_string())
}
