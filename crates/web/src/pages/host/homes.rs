//! A host's homes, and what becomes of them.

use app::App;
use app::listings;
use app::pricing::{self, ListingDraft};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use domain::ids::ListingId;
use domain::listings::Listing;
use domain::page::{Limit, PageRequest};
use uuid::Uuid;

use super::steps::Progress;
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;
use crate::pages::{Asked, Fields, Sent, Shell, Visitor, go, go_with, go_with_warning};

pub(super) fn router() -> Router<App> {
    Router::new().route("/host/listings", get(list).post(create)).route("/host/listings/{id}/status", post(set_status))
}

/// A home with how far it is.
struct Row {
    listing: Listing,
    photo: Option<String>,
    progress: Progress,
}

#[derive(Template)]
#[template(path = "host/homes.html")]
struct HomesPage {
    shell: Shell,
    tab: &'static str,
    rows: Vec<Row>,
    next: String,
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let page = listings::of_host(&app, &visitor.actor, PageRequest::new(fields.some("cursor"), Limit::default())?).await?;
    let shell = Shell::new(&app, &visitor, "Homes");
    let mut rows = Vec::new();
    for listing in page.data {
        let detail = app::search::detail(&app, &visitor.actor, listing.id).await?;
        let cover = detail.photos.first().and_then(|photo| photo.sizes.get("320").or_else(|| photo.sizes.get("640")));
        rows.push(Row { photo: cover.map(|name| shell.photo(name)), progress: Progress::of(&detail), listing });
    }
    let next = page.next_cursor.map(|cursor| Fields::default().with("cursor", cursor).query()).unwrap_or_default();
    shell.clone().page(&HomesPage { shell, tab: "/host/listings", rows, next })
}

/// A new draft; its first step comes next.
async fn create(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    let listing = pricing::create_listing(&app, &visitor.actor, ListingDraft::default()).await?;
    Ok(go(&format!("/host/listings/{}/kind", listing.id)))
}

/// Publishes, pauses or takes down.
async fn set_status(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (id, actor) = (ListingId(id), &visitor.actor);
    let (done, news) = match fields.get("to") {
        "publish" => (pricing::publish(&app, actor, id).await, "Your home can be found and booked now."),
        "pause" => (listings::pause(&app, actor, id).await, "Your home is out of search; bookings stand."),
        "archive" => (listings::archive(&app, actor, id, None).await, "Your home is taken down; bookings stand."),
        _ => return Err(app::Error::NotFound("page").into()),
    };
    match done {
        Ok(()) => Ok(go_with(&app, "/host/listings", visitor.locale.t(news))),
        Err(app::Error::Invalid(_)) => Ok(go(&format!("/host/listings/{id}/publish"))),
        Err(app::Error::Conflict { message, .. } | app::Error::Forbidden { message, .. }) => {
            Ok(go_with_warning(&app, "/host/listings", &message))
        }
        Err(error) => Err(ApiError::App(error)),
    }
}
