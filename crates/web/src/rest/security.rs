//! Second factors and personal tokens over REST.

use app::App;
use app::accounts::{self, NewToken, PersonalToken};
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::accounts::TokenScope;
use domain::ids::PersonalTokenId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path};
use crate::rest::page::PageView;

/// What must not be kept by anybody on the way.
fn secret(status: StatusCode, body: impl IntoResponse) -> Response {
    ([(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))], (status, body)).into_response()
}

/// How one's second factor stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct TotpStatusView {
    /// Logins ask for a code.
    pub active: bool,
    /// Recovery codes that were not used.
    pub recovery_codes_left: i64,
}

/// How one's second factor stands.
#[utoipa::path(get, path = "/users/me/totp", tag = "accounts", security(("bearer" = [])), responses((status = 200, body = TotpStatusView)))]
pub async fn get_totp(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<TotpStatusView>> {
    let status = accounts::factor_status(&app, &user.actor).await?;
    Ok(Json(TotpStatusView { active: status.active, recovery_codes_left: status.recovery_codes_left }))
}

/// One's password, once more.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordAgain {
    /// One's own.
    pub password: String,
}

/// What an authenticator app is given.
#[derive(Debug, Serialize, ToSchema)]
pub struct EnrolmentView {
    /// Base32, to be typed.
    pub secret: String,
    /// To be scanned.
    pub otpauth_url: String,
}

/// Begin to set a second factor up.
///
/// It is in force once a first code has been sent (`PUT`).
#[utoipa::path(post, path = "/users/me/totp", tag = "accounts", security(("bearer" = [])), request_body = PasswordAgain,
    responses((status = 201, body = EnrolmentView), (status = 409, body = Problem, description = "totp_active"), (status = 422, body = Problem)))]
pub async fn enrol_totp(State(app): State<App>, user: LoggedIn, Json(body): Json<PasswordAgain>) -> ApiResult<Response> {
    let enrolment = accounts::enrol_totp(&app, &user.login, &body.password).await?;
    Ok(secret(StatusCode::CREATED, Json(EnrolmentView { secret: enrolment.secret, otpauth_url: enrolment.url })))
}

/// A code of an authenticator app.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TotpCode {
    /// Six digits.
    pub code: String,
}

/// In place of an authenticator that is lost.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryCodesView {
    /// Each works once; they are shown this once.
    pub recovery_codes: Vec<String>,
}

/// Put the second factor in force with a first code; all other logins end.
#[utoipa::path(put, path = "/users/me/totp", tag = "accounts", security(("bearer" = [])), request_body = TotpCode,
    responses((status = 200, body = RecoveryCodesView), (status = 404, body = Problem), (status = 409, body = Problem, description = "totp_active"),
        (status = 422, body = Problem, description = "wrong_code"), (status = 429, body = Problem)))]
pub async fn confirm_totp(State(app): State<App>, user: LoggedIn, Json(body): Json<TotpCode>) -> ApiResult<Response> {
    let recovery_codes = accounts::confirm_totp(&app, &user.login, &body.code).await?;
    Ok(secret(StatusCode::OK, Json(RecoveryCodesView { recovery_codes })))
}

/// Remove the second factor.
#[utoipa::path(delete, path = "/users/me/totp", tag = "accounts", security(("bearer" = [])), request_body = PasswordAgain,
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn remove_totp(State(app): State<App>, user: LoggedIn, Json(body): Json<PasswordAgain>) -> ApiResult<StatusCode> {
    accounts::remove_totp(&app, &user.login, &body.password).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Replace all recovery codes.
#[utoipa::path(post, path = "/users/me/totp/recovery-codes", tag = "accounts", security(("bearer" = [])), request_body = PasswordAgain,
    responses((status = 201, body = RecoveryCodesView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn renew_recovery_codes(State(app): State<App>, user: LoggedIn, Json(body): Json<PasswordAgain>) -> ApiResult<Response> {
    let recovery_codes = accounts::renew_recovery_codes(&app, &user.login, &body.password).await?;
    Ok(secret(StatusCode::CREATED, Json(RecoveryCodesView { recovery_codes })))
}

/// A token for programs.
#[derive(Debug, Serialize, ToSchema)]
pub struct PersonalTokenView {
    /// Which.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl From<PersonalToken> for PersonalTokenView {
    fn from(token: PersonalToken) -> Self {
        Self {
            id: token.id.0,
            name: token.name,
            scopes: token.scopes.into_iter().map(|scope| scope.to_string()).collect(),
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
        }
    }
}

/// One's tokens for programs, newest first.
#[utoipa::path(get, path = "/users/me/tokens", tag = "accounts", security(("bearer" = [])),
    responses((status = 200, body = PageView<PersonalTokenView>)))]
pub async fn list_tokens(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<PageView<PersonalTokenView>>> {
    let tokens = accounts::list_tokens(&app, &user.actor).await?;
    Ok(Json(PageView { data: tokens.into_iter().map(PersonalTokenView::from).collect(), next_cursor: None }))
}

/// A token to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewTokenInput {
    /// What it is for, 1–80 characters.
    pub name: String,
    /// `profile:read`, `profile:write`, `listings:read`, `listings:write`, `bookings:read`, `bookings:write`, `messages:read`,
    /// `messages:write`, `payouts:read`.
    pub scopes: Vec<String>,
    /// 1–365, 90 when absent.
    pub expires_in_days: Option<i32>,
}

/// A token that was just made.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewTokenView {
    /// What its owner sees of it later on.
    #[serde(flatten)]
    pub view: PersonalTokenView,
    /// For `Authorization: Bearer`; shown this once.
    pub token: String,
}

/// What a token may do, by its words.
///
/// # Errors
/// 422 for a word that is none.
pub(crate) fn read_scopes(words: &[String]) -> app::Result<Vec<TokenScope>> {
    let scope = |(n, text): (usize, &String)| {
        text.parse::<TokenScope>().map_err(|why| app::Error::invalid(&format!("/scopes/{n}"), "unknown_scope", why))
    };
    words.iter().enumerate().map(scope).collect()
}

/// Make a token for a program.
#[utoipa::path(post, path = "/users/me/tokens", tag = "accounts", security(("bearer" = [])), request_body = NewTokenInput,
    responses((status = 201, body = NewTokenView), (status = 409, body = Problem, description = "too_many_tokens"), (status = 422, body = Problem)))]
pub async fn create_token(State(app): State<App>, user: LoggedIn, Json(body): Json<NewTokenInput>) -> ApiResult<Response> {
    let wish = NewToken { name: body.name, scopes: read_scopes(&body.scopes)?, days: body.expires_in_days.unwrap_or(90) };
    let (token, text) = accounts::create_token(&app, &user.actor, wish).await?;
    Ok(secret(StatusCode::CREATED, Json(NewTokenView { view: token.into(), token: text })))
}

/// End a token at once.
#[utoipa::path(delete, path = "/users/me/tokens/{id}", tag = "accounts", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn revoke_token(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    accounts::revoke_token(&app, &user.actor, PersonalTokenId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_totp, enrol_totp, confirm_totp, remove_totp))
        .routes(routes!(renew_recovery_codes))
        .routes(routes!(list_tokens, create_token))
        .routes(routes!(revoke_token))
}
