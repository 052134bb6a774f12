//! Language and theme, kept in the browser.

use app::App;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::post;

use super::visitor::{keep_language, keep_theme, own_path};
use super::{Sent, go, locale};

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/preferences", post(keep))
}

async fn keep(State(app): State<App>, Sent(fields): Sent) -> Response {
    let mut response = go(own_path(fields.get("next"), "/"));
    if let Some(locale) = locale::by_tag(fields.get("language")) {
        keep_language(&app, &mut response, locale);
    }
    keep_theme(&app, &mut response, fields.get("theme"));
    response
}
