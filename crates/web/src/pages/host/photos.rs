//! Photographs of a home: added (several at once), put in order, named.

use app::App;
use app::listings::photos;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use domain::ids::{ListingId, PhotoId};
use uuid::Uuid;

use super::wizard::own;
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;
use crate::pages::{Sent, Visitor, go, go_with_warning};
use crate::rest::photos::MAX_BODY;

/// A form without a script may carry several pictures.
const LARGEST_FORM: usize = 4 * MAX_BODY;

pub(super) fn router() -> Router<App> {
    let uploads = Router::new().route("/host/listings/{id}/photos/add", post(add)).layer(DefaultBodyLimit::max(LARGEST_FORM));
    uploads.route("/host/listings/{id}/photos/order", post(order)).route("/host/listings/{id}/photos/{photo}", post(change))
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::App(app::Error::TooLarge("an upload may have at most 48 MB, a picture 12 MB".into()));
    }
    ApiError::http(StatusCode::BAD_REQUEST, "unreadable_body", format!("the form cannot be read: {error}"))
}

/// Adds pictures. A script sends them one by one and asks for no page.
async fn add(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, request: Request) -> ApiResult<Response> {
    let id = ListingId(id);
    own(&app, &visitor, id).await?;
    let scripted = request.headers().contains_key("x-script");
    let page = format!("/host/listings/{id}/photos");
    let form = Multipart::from_request(request, &()).await;
    let mut form =
        form.map_err(|_| ApiError::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "send the pictures as a form"))?;
    let mut refused = None;
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        let name = field.file_name().unwrap_or_default().to_owned();
        if field.name() != Some("file") || name.is_empty() {
            continue;
        }
        let bytes = field.bytes().await.map_err(|error| unreadable(&error))?;
        match photos::add(&app, &visitor.actor, id, bytes.to_vec(), "").await {
            Ok(_) => {}
            Err(app::Error::Internal(error)) => return Err(app::Error::Internal(error).into()),
            Err(error) => refused = Some(format!("{name}: {error}")),
        }
    }
    match refused {
        Some(why) if scripted => Ok((StatusCode::UNPROCESSABLE_ENTITY, why).into_response()),
        Some(why) => Ok(go_with_warning(&app, &page, &why)),
        None if scripted => Ok(StatusCode::CREATED.into_response()),
        None => Ok(go(&page)),
    }
}

/// Takes over an order that a script has made by dragging.
async fn order(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let ids: Vec<PhotoId> = fields.all("ids").filter_map(|id| id.parse().ok()).collect();
    photos::order(&app, &visitor.actor, ListingId(id), &ids).await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// Names a picture, moves it, removes it.
async fn change(
    State(app): State<App>,
    visitor: Visitor,
    Path((id, photo)): Path<(Uuid, Uuid)>,
    Sent(fields): Sent,
) -> ApiResult<Response> {
    let (id, photo) = (ListingId(id), PhotoId(photo));
    let detail = own(&app, &visitor, id).await?;
    let mut ids: Vec<PhotoId> = detail.photos.iter().map(|one| one.id).collect();
    let at = ids.iter().position(|one| *one == photo).ok_or(app::Error::NotFound("photo"))?;
    let to = match fields.get("action") {
        "up" => at.checked_sub(1),
        "down" => Some(at + 1).filter(|to| *to < ids.len()),
        "cover" => Some(0),
        _ => None,
    };
    let done = match (fields.get("action"), to) {
        ("remove", _) => photos::remove(&app, &visitor.actor, id, photo).await,
        ("up" | "down" | "cover", Some(to)) => {
            let moved = ids.remove(at);
            ids.insert(to, moved);
            photos::order(&app, &visitor.actor, id, &ids).await.map(|_| ())
        }
        ("up" | "down" | "cover", None) => Ok(()),
        _ => photos::set_caption(&app, &visitor.actor, id, photo, fields.get("caption")).await.map(|_| ()),
    };
    let page = format!("/host/listings/{id}/photos");
    match done {
        Ok(()) => Ok(go(&page)),
        Err(app::Error::Conflict { message, .. }) => Ok(go_with_warning(&app, &page, &message)),
        Err(error @ app::Error::Invalid(_)) => Ok(go_with_warning(&app, &page, &error.to_string())),
        Err(error) => Err(error.into()),
    }
}
