//! The pages: HTML for people, one file per slice, the same use-cases as REST.
//!
//! Everything works without a script; `assets/js` makes it more pleasant. A
//! handler returns `ApiResult<Response>`: what a use-case refuses is turned into
//! a page (or the way to the login) by [`surround`].

mod account;
mod bank;
mod cards;
mod checkout;
mod factor;
mod failure;
pub mod fields;
mod format;
mod home;
pub(crate) mod host;
mod inbox;
pub mod listing;
pub mod locale;
mod login;
mod notices;
mod preferences;
mod search;
mod seo;
pub mod shell;
mod trips;
pub mod visitor;
mod wishlists;
mod words;

use app::App;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::csrf::CsrfLayer;

pub use fields::{Asked, Fields, Mistakes, Sent};
pub use shell::Shell;
pub use visitor::{Visitor, go, go_with, go_with_warning};

use crate::assets;
use crate::limits::{Limits, limit};

/// Every page, with what surrounds it. Unknown addresses end here, too.
pub fn router(app: &App) -> Router<App> {
    let pages = Router::new()
        .merge(home::router())
        .merge(search::router())
        .merge(listing::router())
        .merge(login::router())
        .merge(checkout::router())
        .merge(bank::router())
        .merge(trips::router())
        .merge(account::router())
        .merge(preferences::router())
        .merge(inbox::router())
        .merge(notices::router())
        .merge(wishlists::router())
        .merge(factor::router())
        .merge(host::router())
        .merge(seo::router())
        .fallback(failure::not_found)
        .layer(CatchPanicLayer::custom(crate::server::panicked))
        .layer(from_fn_with_state(app.clone(), surround))
        .layer(csrf(app))
        .layer(from_fn_with_state(Limits::new(app), limit));
    pages.route("/a/{name}", get(assets::serve))
}

/// Other sites cannot send our forms: by `Sec-Fetch-Site` and `Origin`, beside
/// cookies that are `SameSite=Lax`. Our own address counts behind any proxy.
fn csrf(app: &App) -> CsrfLayer {
    let own = CsrfLayer::new().add_trusted_origin(&app.config.public_url);
    own.unwrap_or_else(|error| {
        tracing::warn!(%error, public_url = app.config.public_url, "not an origin: forms are trusted by host only");
        CsrfLayer::new()
    })
}

/// Finds out who looks, and turns what was refused into something to read.
async fn surround(State(app): State<App>, request: Request, next: Next) -> Response {
    let wants_json = failure::wants_json(&request);
    let (mut parts, body) = request.into_parts();
    let visitor = match Visitor::of(&app, &parts).await {
        Ok(visitor) => visitor,
        Err(error) if wants_json => return error.into_response(),
        Err(error) => return failure::page(&app, &Visitor::nobody(), error.into_response()),
    };
    parts.extensions.insert(visitor.clone());
    let response = next.run(Request::from_parts(parts, body)).await;
    if wants_json { response } else { failure::page(&app, &visitor, response) }
}
