//! Whose work the site shows: photographers, place names, letters, signs.

use app::App;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use scenery::photos::Credit;

use super::{Shell, Visitor};
use crate::error::ApiResult;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new().route("/credits", get(credits))
}

#[derive(Template)]
#[template(path = "credits.html")]
struct CreditsPage {
    shell: Shell,
    photos: Vec<Credit>,
}

async fn credits(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    let shell =
        Shell::new(&app, &visitor, "Credits").canonical("/credits".to_owned(), visitor.locale.t("Whose work this site shows.").to_owned());
    shell.clone().page(&CreditsPage { shell, photos: scenery::photos::credits().collect() })
}
