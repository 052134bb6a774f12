//! Wishlists and saved searches over REST.

use app::App;
use app::wishlists::{self, NewSearch, WishedHome};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use chrono::{DateTime, Utc};
use domain::ids::{ListingId, SavedSearchId, WishlistId};
use domain::wishlists::{SavedSearch, Wishlist};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::idempotency::Idempotent;
use crate::rest::bookings::PersonView;
use crate::rest::page::{PageView, Paging, page_request};
use crate::rest::search::read_query;
use crate::rest::search_view::HitView;
use crate::versions::{IfMatch, etag, tagged};

/// A list of homes somebody keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishlistView {
    /// Which.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// How many homes are on it.
    pub count: i64,
    /// Whoever has this link may read the list; null while it is not shared.
    pub share_url: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it or what is on it changed last.
    pub updated_at: DateTime<Utc>,
}

/// The link by which others may read a list.
pub(crate) fn share_url(app: &App, secret: &str) -> String {
    format!("{}/shared-wishlists/{secret}", app.config.public_url)
}

impl WishlistView {
    fn new(app: &App, list: Wishlist) -> Self {
        Self {
            id: list.id.0,
            name: list.name,
            count: list.count,
            share_url: list.share_secret.map(|secret| share_url(app, &secret)),
            created_at: list.created_at,
            updated_at: list.updated_at,
        }
    }
}

/// A home on a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishedHomeView {
    /// Which home.
    pub listing_id: Uuid,
    /// To oneself; empty in shared lists.
    pub note: String,
    /// Since when.
    pub added_at: DateTime<Utc>,
    /// The home as search shows it; null when it is not to be had any more.
    pub listing: Option<HitView>,
}

fn home(app: &App, home: WishedHome) -> WishedHomeView {
    WishedHomeView {
        listing_id: home.wish.listing_id.0,
        note: home.wish.note,
        added_at: home.wish.added_at,
        listing: home.home.map(|hit| HitView::new(app, hit)),
    }
}

/// A list with its homes.
#[derive(Debug, Serialize, ToSchema)]
pub struct WishlistDetail {
    /// The list.
    #[serde(flatten)]
    pub wishlist: WishlistView,
    /// Its homes, latest first.
    pub listings: PageView<WishedHomeView>,
}

/// A list that somebody shares.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedWishlistView {
    /// Its name.
    pub name: String,
    /// Whose.
    pub owner: PersonView,
    /// Its homes, latest first.
    pub listings: PageView<WishedHomeView>,
}

/// A name.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WishlistInput {
    /// 1–80 characters.
    pub name: String,
}

/// One's lists, newest first.
#[utoipa::path(get, path = "/wishlists", tag = "wishlists", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<WishlistView>)))]
pub async fn list_wishlists(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<Paging>,
) -> ApiResult<Json<PageView<WishlistView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let page = wishlists::list(&app, &user.actor, page).await?;
    Ok(Json(PageView { data: page.data.into_iter().map(|list| WishlistView::new(&app, list)).collect(), next_cursor: page.next_cursor }))
}

/// Make a list.
#[utoipa::path(post, path = "/wishlists", tag = "wishlists", security(("bearer" = [])), request_body = WishlistInput,
    responses((status = 201, body = WishlistView), (status = 409, body = Problem, description = "too_many_wishlists"), (status = 422, body = Problem)))]
pub async fn create_wishlist(
    State(app): State<App>,
    user: LoggedIn,
    Json(body): Json<WishlistInput>,
) -> ApiResult<(StatusCode, Json<WishlistView>)> {
    let list = wishlists::create(&app, &user.actor, &body.name).await?;
    Ok((StatusCode::CREATED, Json(WishlistView::new(&app, list))))
}

/// One of one's lists with its homes.
#[utoipa::path(get, path = "/wishlists/{id}", tag = "wishlists", security(("bearer" = [])), params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = WishlistDetail), (status = 404, body = Problem)))]
pub async fn get_wishlist(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<Paging>,
) -> ApiResult<Response> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let list = wishlists::by_id(&app, &user.actor, WishlistId(id)).await?;
    let homes = wishlists::homes(&app, &user.actor, WishlistId(id), page).await?;
    let listings = PageView { data: homes.data.into_iter().map(|one| home(&app, one)).collect(), next_cursor: homes.next_cursor };
    let tag = etag(list.version, None);
    // The tag is for updates of the list; its homes change without it, so that
    // no 304 is ever answered.
    Ok(tagged(&HeaderMap::new(), &tag, Json(WishlistDetail { wishlist: WishlistView::new(&app, list), listings })))
}

/// Rename a list.
#[utoipa::path(patch, path = "/wishlists/{id}", tag = "wishlists", security(("bearer" = [])), params(("id" = Uuid, Path),
    ("If-Match" = String, Header, description = "The ETag that was read.")), request_body = WishlistInput,
    responses((status = 200, body = WishlistView), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem),
        (status = 428, body = Problem)))]
pub async fn rename_wishlist(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Json(body): Json<WishlistInput>,
) -> ApiResult<Response> {
    let list = wishlists::rename(&app, &user.actor, WishlistId(id), version.required()?, &body.name).await?;
    let tag = etag(list.version, None);
    Ok(tagged(&HeaderMap::new(), &tag, Json(WishlistView::new(&app, list))))
}

/// Delete a list.
#[utoipa::path(delete, path = "/wishlists/{id}", tag = "wishlists", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete_wishlist(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    wishlists::delete(&app, &user.actor, WishlistId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A home on a list.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WishInput {
    /// To oneself, up to 500 characters; without it the note there is stays.
    pub note: Option<String>,
}

/// Put a home on a list, or change its note.
#[utoipa::path(put, path = "/wishlists/{id}/listings/{listing_id}", tag = "wishlists", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("listing_id" = Uuid, Path)), request_body = WishInput,
    responses((status = 204), (status = 404, body = Problem), (status = 409, body = Problem, description = "wishlist_full"), (status = 422, body = Problem)))]
pub async fn put_wish(
    State(app): State<App>,
    user: LoggedIn,
    Path((id, listing)): Path<(Uuid, Uuid)>,
    input: Idempotent<WishInput>,
) -> ApiResult<StatusCode> {
    wishlists::put(&app, &user.actor, WishlistId(id), ListingId(listing), input.body.note.as_deref()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a home off a list.
#[utoipa::path(delete, path = "/wishlists/{id}/listings/{listing_id}", tag = "wishlists", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("listing_id" = Uuid, Path)), responses((status = 204), (status = 404, body = Problem)))]
pub async fn remove_wish(State(app): State<App>, user: LoggedIn, Path((id, listing)): Path<(Uuid, Uuid)>) -> ApiResult<StatusCode> {
    wishlists::remove(&app, &user.actor, WishlistId(id), ListingId(listing)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A link by which others may read a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShareView {
    /// Good until it is taken back.
    pub share_url: String,
}

/// Give a list a link by which others may read it.
#[utoipa::path(put, path = "/wishlists/{id}/share", tag = "wishlists", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ShareView), (status = 404, body = Problem)))]
pub async fn share_wishlist(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<ShareView>> {
    let secret = wishlists::share(&app, &user.actor, WishlistId(id)).await?;
    Ok(Json(ShareView { share_url: share_url(&app, &secret) }))
}

/// Take the link back.
#[utoipa::path(delete, path = "/wishlists/{id}/share", tag = "wishlists", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn unshare_wishlist(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    wishlists::unshare(&app, &user.actor, WishlistId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A list that somebody shares, by the secret at the end of its link.
#[utoipa::path(get, path = "/shared-wishlists/{secret}", tag = "wishlists", params(("secret" = String, Path), Paging),
    responses((status = 200, body = SharedWishlistView), (status = 404, body = Problem)))]
pub async fn get_shared_wishlist(
    State(app): State<App>,
    Path(secret): Path<String>,
    Query(query): Query<Paging>,
) -> ApiResult<Json<SharedWishlistView>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let (list, owner, homes) = wishlists::shared(&app, &secret, page).await?;
    let listings = PageView { data: homes.data.into_iter().map(|one| home(&app, one)).collect(), next_cursor: homes.next_cursor };
    Ok(Json(SharedWishlistView { name: list.name, owner: owner.into(), listings }))
}

/// A search somebody keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct SavedSearchView {
    /// Which.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// The query string of `GET /listings`.
    pub query: String,
    /// Be told once a day of new homes that fit.
    pub notify: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<SavedSearch> for SavedSearchView {
    fn from(search: SavedSearch) -> Self {
        Self { id: search.id.0, name: search.name, query: search.query, notify: search.notify, created_at: search.created_at }
    }
}

/// A search to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SavedSearchInput {
    /// 1–80 characters.
    pub name: String,
    /// The query string of `GET /listings`, e.g. `place=Lisbon&adults=2`.
    pub query: String,
    /// Be told once a day of new homes that fit.
    #[serde(default)]
    pub notify: bool,
}

/// The searches one keeps, newest first.
#[utoipa::path(get, path = "/saved-searches", tag = "wishlists", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<SavedSearchView>)))]
pub async fn list_searches(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<Paging>,
) -> ApiResult<Json<PageView<SavedSearchView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    Ok(Json(wishlists::list_searches(&app, &user.actor, page).await?.into()))
}

/// Keep a search.
#[utoipa::path(post, path = "/saved-searches", tag = "wishlists", security(("bearer" = [])), request_body = SavedSearchInput,
    responses((status = 201, body = SavedSearchView), (status = 409, body = Problem, description = "too_many_searches"), (status = 422, body = Problem)))]
pub async fn save_search(
    State(app): State<App>,
    user: LoggedIn,
    Json(body): Json<SavedSearchInput>,
) -> ApiResult<(StatusCode, Json<SavedSearchView>)> {
    let query = body.query.trim_start_matches('?').to_owned();
    let filters = read_query(&query)?.filters;
    let search = wishlists::save_search(&app, &user.actor, NewSearch { name: body.name, query, filters, notify: body.notify }).await?;
    Ok((StatusCode::CREATED, Json(search.into())))
}

/// Forget a search.
#[utoipa::path(delete, path = "/saved-searches/{id}", tag = "wishlists", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn delete_search(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    wishlists::delete_search(&app, &user.actor, SavedSearchId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_wishlists, create_wishlist))
        .routes(routes!(get_wishlist, rename_wishlist, delete_wishlist))
        .routes(routes!(put_wish, remove_wish))
        .routes(routes!(share_wishlist, unshare_wishlist))
        .routes(routes!(get_shared_wishlist))
        .routes(routes!(list_searches, save_search))
        .routes(routes!(delete_search))
}
