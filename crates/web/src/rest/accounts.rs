//! Accounts over REST: registering, logins, profiles, leaving.

use app::App;
use app::accounts::{self, IssuedTokens, NewUser, ProfileChange, PublicProfile, Session};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::accounts::User;
use domain::ids::{SessionId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{Device, LoggedIn, MaybeActor};
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path};
use crate::versions::{IfMatch, etag, tagged};

/// One's own account.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserView {
    /// Who.
    pub id: Uuid,
    /// Lower case.
    pub email: Option<String>,
    /// The address is proved.
    pub email_verified: bool,
    /// As shown to others.
    pub name: String,
    /// A few words.
    pub about: String,
    /// BCP 47 tags.
    pub languages: Vec<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// Granted the staff role.
    pub staff: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl UserView {
    fn new(app: &App, user: User) -> Self {
        Self {
            id: user.id.0,
            email: user.email,
            email_verified: user.email_verified_at.is_some(),
            name: user.name,
            about: user.about,
            languages: user.languages,
            avatar_url: user.avatar.map(|name| app.blobs.url(&name)),
            staff: user.staff,
            created_at: user.created_at,
        }
    }
}

/// Somebody who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// An address of one's own.
    #[schema(example = "mia@example.org")]
    pub email: String,
    /// 8–128 characters, not one that everybody tries.
    pub password: String,
    /// As shown to others, 1–80 characters.
    pub name: String,
}

/// Register.
///
/// Sends a mail to prove the address. The answer is the same whether or not the
/// address is known.
#[utoipa::path(post, path = "/users", tag = "accounts", request_body = Registration,
    responses((status = 201, body = UserView), (status = 422, body = Problem)))]
pub async fn register(State(app): State<App>, Json(body): Json<Registration>) -> ApiResult<(StatusCode, Json<UserView>)> {
    let user = accounts::register(&app, NewUser { email: body.email, password: body.password, name: body.name }).await?;
    Ok((StatusCode::CREATED, Json(UserView::new(&app, user))))
}

/// Address, password and, with a second factor, a code.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Credentials {
    /// As registered.
    pub email: String,
    /// As registered.
    pub password: String,
    /// Of the authenticator app, or a recovery code; for accounts with a second factor.
    pub totp: Option<String>,
}

/// What a login gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct TokensView {
    /// For `Authorization: Bearer`, for an hour.
    pub access_token: String,
    /// For new tokens, once, within 30 days.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
    /// Whose.
    pub user: UserView,
}

fn tokens(app: &App, issued: IssuedTokens) -> Response {
    let view = TokensView {
        access_token: issued.access_token,
        refresh_token: issued.refresh_token,
        expires_at: issued.expires_at,
        user: UserView::new(app, issued.user),
    };
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], (StatusCode::CREATED, Json(view))).into_response()
}

/// Log in.
#[utoipa::path(post, path = "/sessions", tag = "accounts", request_body = Credentials,
    responses((status = 201, body = TokensView), (status = 401, body = Problem, description = "unauthenticated, totp_required, wrong_code"),
        (status = 429, body = Problem)))]
pub async fn log_in(State(app): State<App>, device: Device, Json(body): Json<Credentials>) -> ApiResult<Response> {
    let device = accounts::Device {
        user_agent: device.user_agent,
        ip_address: device.ip_address.map(|ip| ip.to_string()).unwrap_or_default(),
        browser: false,
    };
    Ok(tokens(&app, accounts::log_in(&app, &body.email, &body.password, body.totp.as_deref(), &device).await?))
}

/// A refresh token.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefreshToken {
    /// From a login or an earlier refresh; works once.
    pub refresh_token: String,
}

/// Change a refresh token for new tokens.
///
/// One that was spent before ends the login.
#[utoipa::path(post, path = "/sessions/refresh", tag = "accounts", request_body = RefreshToken,
    responses((status = 201, body = TokensView), (status = 401, body = Problem)))]
pub async fn refresh(State(app): State<App>, Json(body): Json<RefreshToken>) -> ApiResult<Response> {
    Ok(tokens(&app, accounts::refresh(&app, &body.refresh_token).await?))
}

/// Log out.
#[utoipa::path(delete, path = "/sessions/current", tag = "accounts", security(("bearer" = [])),
    responses((status = 204), (status = 401, body = Problem)))]
pub async fn log_out(State(app): State<App>, user: LoggedIn) -> ApiResult<StatusCode> {
    accounts::log_out(&app, &user.login).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One login.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionView {
    /// Which.
    pub id: Uuid,
    /// The browser or program.
    pub user_agent: String,
    /// Where it came from.
    pub ip_address: String,
    /// It is the one that asks.
    pub current: bool,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When tokens were last renewed.
    pub last_used_at: DateTime<Utc>,
    /// Until when, unless renewed.
    pub expires_at: DateTime<Utc>,
}

impl SessionView {
    fn new(session: Session, current: SessionId) -> Self {
        Self {
            current: session.id == current,
            id: session.id.0,
            user_agent: session.user_agent,
            ip_address: session.ip_address,
            created_at: session.created_at,
            last_used_at: session.last_used_at,
            expires_at: session.expires_at,
        }
    }
}

/// One's logins.
#[derive(Debug, Serialize, ToSchema)]
pub struct SessionsView {
    /// Newest first.
    pub data: Vec<SessionView>,
    /// Always null: there are at most 100.
    pub next_cursor: Option<String>,
}

/// Where one is logged in.
#[utoipa::path(get, path = "/sessions", tag = "accounts", security(("bearer" = [])), responses((status = 200, body = SessionsView)))]
pub async fn list_sessions(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<SessionsView>> {
    let sessions = accounts::list_sessions(&app, &user.actor).await?;
    let data = sessions.into_iter().map(|session| SessionView::new(session, user.login.session)).collect();
    Ok(Json(SessionsView { data, next_cursor: None }))
}

/// End one of one's logins.
#[utoipa::path(delete, path = "/sessions/{id}", tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn revoke_session(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    accounts::revoke_session(&app, &user.actor, SessionId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The token of a mailed link; without it the mail is sent again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Verification {
    /// From `/verify?token=…`.
    pub token: Option<String>,
}

/// Prove one's e-mail address by the mailed token; logged in and without a token, ask for the mail again.
#[utoipa::path(post, path = "/email-verifications", tag = "accounts", request_body = Verification,
    responses((status = 204), (status = 202, description = "The mail is sent again."), (status = 422, body = Problem, description = "bad_token")))]
pub async fn verify_email(State(app): State<App>, MaybeActor(actor): MaybeActor, Json(body): Json<Verification>) -> ApiResult<StatusCode> {
    if let Some(token) = body.token {
        accounts::verify_email(&app, &token).await?;
        return Ok(StatusCode::NO_CONTENT);
    }
    accounts::send_verification(&app, &actor).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Whose password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResetRequest {
    /// As registered.
    pub email: String,
}

/// Ask for a link to set a new password.
///
/// The answer is the same whether or not the address is known.
#[utoipa::path(post, path = "/password-resets", tag = "accounts", request_body = ResetRequest,
    responses((status = 202), (status = 422, body = Problem)))]
pub async fn request_reset(State(app): State<App>, Json(body): Json<ResetRequest>) -> ApiResult<StatusCode> {
    accounts::request_password_reset(&app, &body.email).await?;
    Ok(StatusCode::ACCEPTED)
}

/// A new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPassword {
    /// 8–128 characters.
    pub password: String,
}

/// Set a new password by a mailed token; all logins end.
#[utoipa::path(put, path = "/password-resets/{token}", tag = "accounts", params(("token" = String, Path)), request_body = NewPassword,
    responses((status = 204), (status = 422, body = Problem, description = "bad_token")))]
pub async fn reset_password(State(app): State<App>, Path(token): Path<String>, Json(body): Json<NewPassword>) -> ApiResult<StatusCode> {
    accounts::reset_password(&app, &token, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// One's own account.
#[utoipa::path(get, path = "/users/me", tag = "accounts", security(("bearer" = [])), responses((status = 200, body = UserView)))]
pub async fn get_me(State(app): State<App>, user: LoggedIn, headers: HeaderMap) -> ApiResult<Response> {
    let me = accounts::me(&app, &user.actor).await?;
    let tag = etag(me.version, None);
    Ok(tagged(&headers, &tag, Json(UserView::new(&app, me))))
}

/// What to change of one's profile.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ProfilePatch {
    /// 1–80 characters.
    pub name: Option<String>,
    /// Up to 2,000 characters.
    pub about: Option<String>,
    /// BCP 47 tags, up to 20.
    pub languages: Option<Vec<String>>,
}

/// Change one's profile.
#[utoipa::path(patch, path = "/users/me", tag = "accounts", security(("bearer" = [])), request_body = ProfilePatch,
    params(("If-Match" = String, Header, description = "The ETag that was read.")),
    responses((status = 200, body = UserView), (status = 412, body = Problem), (status = 428, body = Problem)))]
pub async fn patch_me(State(app): State<App>, user: LoggedIn, version: IfMatch, Json(body): Json<ProfilePatch>) -> ApiResult<Response> {
    let version = version.required()?;
    let change = ProfileChange { name: body.name, about: body.about, languages: body.languages };
    let me = accounts::update_profile(&app, &user.actor, version, change).await?;
    let tag = etag(me.version, None);
    Ok(tagged(&HeaderMap::new(), &tag, Json(UserView::new(&app, me))))
}

/// Proof that it is really oneself.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Farewell {
    /// One's password.
    pub password: String,
}

/// Erase one's account.
///
/// Personal data goes; bookings and the ledger keep their rows.
#[utoipa::path(delete, path = "/users/me", tag = "accounts", security(("bearer" = [])), request_body = Farewell,
    responses((status = 204), (status = 409, body = Problem, description = "open_stays")))]
pub async fn erase_me(State(app): State<App>, user: LoggedIn, Json(body): Json<Farewell>) -> ApiResult<StatusCode> {
    accounts::erase(&app, &user.actor, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// All that is stored of oneself.
#[utoipa::path(get, path = "/users/me/export", tag = "accounts", security(("bearer" = [])), responses((status = 200, body = serde_json::Value)))]
pub async fn export_me(State(app): State<App>, user: LoggedIn) -> ApiResult<Response> {
    let document = accounts::export(&app, &user.actor).await?;
    let name = HeaderValue::from_static("attachment; filename=\"my-data.json\"");
    Ok(([(header::CONTENT_DISPOSITION, name), (header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], Json(document))
        .into_response())
}

/// Set one's picture: JPEG, PNG, WebP or GIF as the body.
#[utoipa::path(put, path = "/users/me/avatar", tag = "accounts", security(("bearer" = [])),
    request_body(content = Vec<u8>, content_type = "image/*"),
    responses((status = 200, body = UserView), (status = 413, body = Problem), (status = 415, body = Problem), (status = 422, body = Problem)))]
pub async fn put_avatar(State(app): State<App>, user: LoggedIn, body: Bytes) -> ApiResult<Json<UserView>> {
    let me = accounts::set_avatar(&app, &user.actor, body.to_vec()).await?;
    Ok(Json(UserView::new(&app, me)))
}

/// The old password and the new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordChange {
    /// In force.
    pub current: String,
    /// 8–128 characters.
    pub new: String,
}

/// Change one's password; all other logins end.
#[utoipa::path(put, path = "/users/me/password", tag = "accounts", security(("bearer" = [])), request_body = PasswordChange,
    responses((status = 204), (status = 422, body = Problem)))]
pub async fn change_password(State(app): State<App>, user: LoggedIn, Json(body): Json<PasswordChange>) -> ApiResult<StatusCode> {
    accounts::change_password(&app, &user.login, &body.current, &body.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What others may know of somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct PublicUserView {
    /// Who.
    pub id: Uuid,
    /// As shown to others.
    pub name: String,
    /// A few words.
    pub about: String,
    /// BCP 47 tags.
    pub languages: Vec<String>,
    /// Where the picture is.
    pub avatar_url: Option<String>,
    /// Member since.
    pub since: DateTime<Utc>,
    /// The address is proved.
    pub email_verified: bool,
    /// Imported from another platform; nobody has claimed it yet.
    pub unclaimed: bool,
}

impl PublicUserView {
    fn new(app: &App, profile: PublicProfile) -> Self {
        Self {
            id: profile.id.0,
            name: profile.name,
            about: profile.about,
            languages: profile.languages,
            avatar_url: profile.avatar.map(|name| app.blobs.url(&name)),
            since: profile.since,
            email_verified: profile.email_verified,
            unclaimed: profile.unclaimed,
        }
    }
}

/// Somebody's public profile.
#[utoipa::path(get, path = "/users/{id}", tag = "accounts", params(("id" = Uuid, Path)),
    responses((status = 200, body = PublicUserView), (status = 404, body = Problem)))]
pub async fn get_user(State(app): State<App>, Path(id): Path<Uuid>) -> ApiResult<Json<PublicUserView>> {
    let profile = accounts::public_profile(&app, UserId(id)).await?;
    Ok(Json(PublicUserView::new(&app, profile)))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(register))
        .routes(routes!(log_in, list_sessions))
        .routes(routes!(refresh))
        .routes(routes!(log_out))
        .routes(routes!(revoke_session))
        .routes(routes!(verify_email))
        .routes(routes!(request_reset))
        .routes(routes!(reset_password))
        .routes(routes!(get_me, patch_me, erase_me))
        .routes(routes!(export_me))
        .routes(routes!(change_password))
        .routes(routes!(get_user))
        .merge(OpenApiRouter::new().routes(routes!(put_avatar)).layer(axum::extract::DefaultBodyLimit::max(super::photos::MAX_BODY)))
}
