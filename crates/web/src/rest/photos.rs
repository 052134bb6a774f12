//! Photographs over REST: adding, ordering, naming, removing; and the files
//! themselves.

use app::App;
use app::listings::photos;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::ids::{ListingId, PhotoId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Path};
use crate::rest::listings::PhotoView;

/// The largest upload, in bytes: a photograph and what multipart wraps it in.
pub const MAX_BODY: usize = 12 * 1024 * 1024 + 64 * 1024;

/// What an upload holds, for the document.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the multipart form")]
pub struct PhotoUpload {
    /// JPEG, PNG, WebP or GIF, at most 12 MB and 50 megapixels.
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
    /// What it shows, up to 300 characters.
    caption: Option<String>,
}

fn unreadable(error: &axum::extract::multipart::MultipartError) -> ApiError {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return ApiError::App(app::Error::TooLarge("an upload may have at most 12 MB".into()));
    }
    ApiError::http(StatusCode::BAD_REQUEST, "unreadable_body", format!("the form cannot be read: {error}"))
}

/// Add a photograph at the end.
#[utoipa::path(post, path = "/listings/{id}/photos", tag = "photos", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body(content = PhotoUpload, content_type = "multipart/form-data"),
    responses((status = 201, body = PhotoView), (status = 404, body = Problem), (status = 409, body = Problem, description = "too_many_photos"),
        (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
pub async fn add_photo(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    request: Request,
) -> ApiResult<(StatusCode, Json<PhotoView>)> {
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| {
        ApiError::http(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", "send multipart/form-data with the picture as `file`")
    })?;
    let (mut file, mut caption) = (None, String::new());
    while let Some(field) = form.next_field().await.map_err(|error| unreadable(&error))? {
        match field.name() {
            Some("file") => file = Some(field.bytes().await.map_err(|error| unreadable(&error))?),
            Some("caption") => caption = field.text().await.map_err(|error| unreadable(&error))?,
            other => {
                let name = other.unwrap_or_default().to_owned();
                return Err(app::Error::invalid(&format!("/{name}"), "unknown_field", "the form takes `file` and `caption`").into());
            }
        }
    }
    let file = file.ok_or_else(|| app::Error::invalid("/file", "required", "the form needs a `file`"))?;
    let photo = photos::add(&app, &user.actor, ListingId(id), file.to_vec(), &caption).await?;
    Ok((StatusCode::CREATED, Json(PhotoView::new(&app, &photo))))
}

/// All photographs, in the order wanted.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PhotoOrder {
    /// Each of them once; the first is the cover.
    pub ids: Vec<Uuid>,
}

/// Photographs in order.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotosView {
    /// The first is the cover.
    pub photos: Vec<PhotoView>,
}

fn photos_view(app: &App, photos: &[app::listings::Photo]) -> Json<PhotosView> {
    Json(PhotosView { photos: photos.iter().map(|photo| PhotoView::new(app, photo)).collect() })
}

/// Put the photographs in order.
#[utoipa::path(put, path = "/listings/{id}/photos/order", tag = "photos", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = PhotoOrder,
    responses((status = 200, body = PhotosView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn order_photos(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<PhotoOrder>,
) -> ApiResult<Json<PhotosView>> {
    let ids: Vec<PhotoId> = body.ids.into_iter().map(PhotoId).collect();
    Ok(photos_view(&app, &photos::order(&app, &user.actor, ListingId(id), &ids).await?))
}

/// What a photograph shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Caption {
    /// Up to 300 characters.
    pub caption: String,
}

/// Say what a photograph shows.
#[utoipa::path(patch, path = "/listings/{id}/photos/{photo_id}", tag = "photos", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("photo_id" = Uuid, Path)), request_body = Caption,
    responses((status = 200, body = PhotosView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn caption_photo(
    State(app): State<App>,
    user: LoggedIn,
    Path((id, photo)): Path<(Uuid, Uuid)>,
    Json(body): Json<Caption>,
) -> ApiResult<Json<PhotosView>> {
    Ok(photos_view(&app, &photos::set_caption(&app, &user.actor, ListingId(id), PhotoId(photo), &body.caption).await?))
}

/// Remove a photograph.
#[utoipa::path(delete, path = "/listings/{id}/photos/{photo_id}", tag = "photos", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("photo_id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "last_photo")))]
pub async fn remove_photo(State(app): State<App>, user: LoggedIn, Path((id, photo)): Path<(Uuid, Uuid)>) -> ApiResult<StatusCode> {
    photos::remove(&app, &user.actor, ListingId(id), PhotoId(photo)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .merge(OpenApiRouter::new().routes(routes!(add_photo)).layer(DefaultBodyLimit::max(MAX_BODY)))
        .routes(routes!(order_photos))
        .routes(routes!(caption_photo, remove_photo))
}

/// A file: named by its content, so it can be kept for ever.
async fn serve_photo(State(app): State<App>, Path(name): Path<String>, headers: HeaderMap) -> ApiResult<Response> {
    let kind = match name.rsplit_once('.') {
        Some((stem, ending)) if !stem.is_empty() && stem.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-') => match ending {
            "webp" => "image/webp",
            "jpg" => "image/jpeg",
            _ => return Err(app::Error::NotFound("photo").into()),
        },
        _ => return Err(app::Error::NotFound("photo").into()),
    };
    let tag = HeaderValue::from_str(&format!("\"{name}\"")).map_err(|_| app::Error::NotFound("photo"))?;
    let cache = (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    if headers.get(header::IF_NONE_MATCH) == Some(&tag) {
        return Ok((StatusCode::NOT_MODIFIED, [(header::ETAG, tag), cache]).into_response());
    }
    let bytes = app.blobs.get(&name).await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static(kind)), (header::ETAG, tag), cache], bytes).into_response())
}

/// The files, outside the API.
pub fn files() -> axum::Router<App> {
    axum::Router::new().route("/photos/{name}", get(serve_photo))
}
