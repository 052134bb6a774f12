//! Reviews over REST.

use app::App;
use app::reviews::{self, NewReview, Order, Review};
use app::staff::{Deed, audited};
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::audit::AuditAction;
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use domain::reviews::Stars;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{LoggedIn, MaybeActor};
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::page::{PageView, Paging, page_request};

/// What somebody wants to say. A home is rated on cleanliness, accuracy,
/// check-in, communication, location and value; a guest on cleanliness,
/// communication and house rules.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(missing_docs, reason = "1–5 each")]
pub struct ReviewInput {
    pub overall: Option<i32>,
    pub cleanliness: Option<i32>,
    pub accuracy: Option<i32>,
    pub check_in: Option<i32>,
    pub communication: Option<i32>,
    pub location: Option<i32>,
    pub value: Option<i32>,
    pub house_rules: Option<i32>,
    /// For all, 1–5,000 characters.
    pub public_comment: String,
    /// For the one it concerns, up to 5,000 characters.
    #[serde(default)]
    pub private_feedback: Option<String>,
}

impl From<ReviewInput> for NewReview {
    fn from(input: ReviewInput) -> Self {
        Self {
            stars: Stars {
                overall: input.overall,
                cleanliness: input.cleanliness,
                accuracy: input.accuracy,
                check_in: input.check_in,
                communication: input.communication,
                location: input.location,
                value: input.value,
                house_rules: input.house_rules,
            },
            public_comment: input.public_comment,
            private_feedback: input.private_feedback.unwrap_or_default(),
        }
    }
}

/// Who says it.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorView {
    /// Null for reviews from another platform.
    pub id: Option<Uuid>,
    /// As shown.
    pub name: String,
}

/// What somebody says of a stay.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "stars are 1–5, null in imported reviews")]
pub struct ReviewView {
    pub id: Uuid,
    pub booking_id: Option<Uuid>,
    pub listing_id: Uuid,
    pub author: AuthorView,
    /// listing or guest.
    pub subject: String,
    pub overall: Option<i32>,
    pub cleanliness: Option<i32>,
    pub accuracy: Option<i32>,
    pub check_in: Option<i32>,
    pub communication: Option<i32>,
    pub location: Option<i32>,
    pub value: Option<i32>,
    pub house_rules: Option<i32>,
    pub public_comment: String,
    /// For author and the one it concerns.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub private_feedback: String,
    pub reply: Option<String>,
    /// sealed, published or hidden.
    pub status: String,
    /// It comes from another platform.
    pub imported: bool,
    pub submitted_at: DateTime<Utc>,
    pub published_at: Option<DateTime<Utc>>,
}

impl From<Review> for ReviewView {
    fn from(review: Review) -> Self {
        let stars = review.stars;
        Self {
            id: review.id.0,
            booking_id: review.booking_id.map(|id| id.0),
            listing_id: review.listing_id.0,
            author: AuthorView { id: review.author_id.map(|id| id.0), name: review.author_name },
            subject: review.subject.to_string(),
            overall: stars.overall,
            cleanliness: stars.cleanliness,
            accuracy: stars.accuracy,
            check_in: stars.check_in,
            communication: stars.communication,
            location: stars.location,
            value: stars.value,
            house_rules: stars.house_rules,
            public_comment: review.public_comment,
            private_feedback: review.private_feedback,
            reply: review.reply,
            status: review.status.to_string(),
            imported: review.imported,
            submitted_at: review.submitted_at,
            published_at: review.published_at,
        }
    }
}

/// Say how a stay was. Nobody reads it before both sides have spoken or 14 days are over.
#[utoipa::path(post, path = "/bookings/{id}/reviews", tag = "reviews", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = ReviewInput,
    responses((status = 201, body = ReviewView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "already_reviewed, review_too_early, not_reviewable, review_window_closed"), (status = 422, body = Problem)))]
pub async fn review_booking(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<ReviewInput>,
) -> ApiResult<(StatusCode, Json<ReviewView>)> {
    let review = reviews::submit(&app, &user.actor, BookingId(id), body.into()).await?;
    Ok((StatusCode::CREATED, Json(review.into())))
}

/// The reviews of a booking that one may read.
#[utoipa::path(get, path = "/bookings/{id}/reviews", tag = "reviews", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = PageView<ReviewView>), (status = 404, body = Problem)))]
pub async fn booking_reviews(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<PageView<ReviewView>>> {
    let rows = reviews::of_booking(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(PageView { data: rows.into_iter().map(ReviewView::from).collect(), next_cursor: None }))
}

/// Which reviews.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReviewQuery {
    /// newest (default), highest, lowest.
    pub sort: Option<String>,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// The open reviews of a listing.
#[utoipa::path(get, path = "/listings/{id}/reviews", tag = "reviews", params(("id" = Uuid, Path), ReviewQuery),
    responses((status = 200, body = PageView<ReviewView>), (status = 404, body = Problem)))]
pub async fn listing_reviews(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    Query(query): Query<ReviewQuery>,
) -> ApiResult<Json<PageView<ReviewView>>> {
    let order = match query.sort.as_deref() {
        None | Some("newest") => Order::Newest,
        Some("highest") => Order::Highest,
        Some("lowest") => Order::Lowest,
        Some(other) => return Err(app::Error::invalid("/sort", "sort", format!("sort is newest, highest or lowest, not {other:?}")).into()),
    };
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let page = reviews::of_listing(&app, &actor, ListingId(id), order, page).await?;
    // A list is public: private words stay out even for those who may read them.
    Ok(Json(page.map(public).into()))
}

fn public(mut review: Review) -> Review {
    review.private_feedback.clear();
    review
}

/// The open reviews that somebody has received as a guest.
#[utoipa::path(get, path = "/users/{id}/reviews", tag = "reviews", params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = PageView<ReviewView>), (status = 404, body = Problem)))]
pub async fn user_reviews(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<ReviewView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(reviews::of_guest(&app, UserId(id), page).await?.map(public).into()))
}

/// One review.
#[utoipa::path(get, path = "/reviews/{id}", tag = "reviews", params(("id" = Uuid, Path)), responses((status = 200, body = ReviewView), (status = 404, body = Problem)))]
pub async fn get_review(State(app): State<App>, MaybeActor(actor): MaybeActor, Path(id): Path<Uuid>) -> ApiResult<Json<ReviewView>> {
    let actor: Actor = actor;
    Ok(Json(reviews::by_id(&app, &actor, ReviewId(id)).await?.into()))
}

/// Change a review of one's own while it is sealed.
#[utoipa::path(put, path = "/reviews/{id}", tag = "reviews", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = ReviewInput,
    responses((status = 200, body = ReviewView), (status = 404, body = Problem), (status = 409, body = Problem, description = "review_is_open")))]
pub async fn edit_review(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<ReviewInput>,
) -> ApiResult<Json<ReviewView>> {
    Ok(Json(reviews::edit(&app, &user.actor, ReviewId(id), body.into()).await?.into()))
}

/// An answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reply {
    /// 1–5,000 characters.
    pub reply: String,
}

/// Answer a review of oneself, once.
#[utoipa::path(post, path = "/reviews/{id}/reply", tag = "reviews", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = Reply,
    responses((status = 200, body = ReviewView), (status = 404, body = Problem), (status = 409, body = Problem, description = "already_replied")))]
pub async fn reply(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>, Json(body): Json<Reply>) -> ApiResult<Json<ReviewView>> {
    Ok(Json(reviews::reply(&app, &user.actor, ReviewId(id), &body.reply).await?.into()))
}

/// Why a review should not stand.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Complaint {
    /// 1–2,000 characters.
    pub reason: String,
}

/// Tell staff that a review should not stand.
#[utoipa::path(post, path = "/reviews/{id}/report", tag = "reviews", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = Complaint,
    responses((status = 202), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn report(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>, Json(body): Json<Complaint>) -> ApiResult<StatusCode> {
    reviews::report(&app, &user.actor, ReviewId(id), &body.reason).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Staff take a review out of sight, and say why.
#[utoipa::path(post, path = "/admin/reviews/{id}/hide", tag = "reviews", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = Complaint,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn hide(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>, Json(body): Json<Complaint>) -> ApiResult<StatusCode> {
    let deed = Deed::new(AuditAction::HideReview, id, &body.reason);
    audited(&app, &user.actor, deed, reviews::hide(&app, &user.actor, ReviewId(id), &body.reason)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(review_booking, booking_reviews))
        .routes(routes!(listing_reviews))
        .routes(routes!(user_reviews))
        .routes(routes!(get_review, edit_review))
        .routes(routes!(reply))
        .routes(routes!(report))
        .routes(routes!(hide))
}
