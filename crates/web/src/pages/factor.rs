//! The second factor and tokens for programs.

use app::App;
use app::accounts::{self, Enrolment, FactorStatus, NewToken, PersonalToken};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::Response;
use axum::routing::{get, post};
use domain::accounts::TokenScope;
use domain::ids::PersonalTokenId;
use uuid::Uuid;

use super::{Fields, Mistakes, Sent, Shell, Visitor, go_with};
use crate::error::ApiResult;
use crate::extract::Path;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/account/second-factor", get(show).post(change))
        .route("/account/tokens", get(tokens).post(create))
        .route("/account/tokens/{id}/revoke", post(revoke))
}

#[derive(Template)]
#[template(path = "account/factor.html")]
struct FactorPage<'a> {
    shell: Shell,
    status: FactorStatus,
    enrolment: Option<Enrolment>,
    codes: Vec<String>,
    mistakes: &'a Mistakes,
}

/// What must not be kept by anybody on the way.
fn unkept(mut response: Response) -> Response {
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

async fn page(app: &App, visitor: &Visitor, fresh: (Option<Enrolment>, Vec<String>), mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let status = accounts::factor_status(app, &visitor.actor).await?;
    let shell = Shell::new(app, visitor, "Second factor");
    let page = FactorPage { shell: shell.clone(), status, enrolment: fresh.0, codes: fresh.1, mistakes };
    Ok(unkept(if mistakes.is_empty() { shell.page(&page)? } else { shell.corrected(&page)? }))
}

async fn show(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    page(&app, &visitor, (None, Vec::new()), &Mistakes::default()).await
}

/// Begins, proves, removes, renews: each with what proves that one may.
async fn change(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    let (login, _) = visitor.logged_in()?;
    let password = fields.raw("password");
    let done = match fields.get("action") {
        "begin" => accounts::enrol_totp(&app, login, password).await.map(|enrolment| (Some(enrolment), Vec::new())),
        "prove" => accounts::confirm_totp(&app, login, fields.get("code")).await.map(|codes| (None, codes)),
        "renew" => accounts::renew_recovery_codes(&app, login, password).await.map(|codes| (None, codes)),
        "remove" => accounts::remove_totp(&app, login, password).await.map(|()| (None, Vec::new())),
        _ => return Err(app::Error::NotFound("page").into()),
    };
    match done {
        Ok(fresh) => page(&app, &visitor, fresh, &Mistakes::default()).await,
        Err(error) => {
            // The app still holds what was begun: only the code is asked for again.
            let again = (fields.get("action") == "prove").then(|| Enrolment {
                secret: fields.get("secret").into(),
                url: fields.some("url").filter(|url| url.starts_with("otpauth://")).unwrap_or_default().into(),
            });
            page(&app, &visitor, (again, Vec::new()), &Mistakes::of(error)?).await
        }
    }
}

#[derive(Template)]
#[template(path = "account/tokens.html")]
struct TokensPage<'a> {
    shell: Shell,
    tokens: Vec<(PersonalToken, String, String)>,
    scopes: &'static [TokenScope],
    fresh: Option<String>,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
}

async fn tokens_page(app: &App, visitor: &Visitor, fresh: Option<String>, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let shell = Shell::new(app, visitor, "Tokens for programs");
    let shown = |token: PersonalToken| {
        let scopes: Vec<&str> = token.scopes.iter().map(|scope| scope.as_str()).collect();
        let until = shell.locale().date(token.expires_at.date_naive());
        (token, scopes.join(", "), until)
    };
    let tokens = accounts::list_tokens(app, &visitor.actor).await?.into_iter().map(shown).collect();
    let page = TokensPage { shell: shell.clone(), tokens, scopes: TokenScope::ALL, fresh, fields, mistakes };
    Ok(unkept(if mistakes.is_empty() { shell.page(&page)? } else { shell.corrected(&page)? }))
}

async fn tokens(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    tokens_page(&app, &visitor, None, &Fields::default(), &Mistakes::default()).await
}

async fn create(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let scopes = fields.all("scopes").filter_map(|scope| scope.parse().ok()).collect();
    let wish = NewToken { name: fields.get("name").to_owned(), scopes, days: fields.read("days").unwrap_or(90) };
    match accounts::create_token(&app, &visitor.actor, wish).await {
        Ok((_, secret)) => tokens_page(&app, &visitor, Some(secret), &Fields::default(), &Mistakes::default()).await,
        Err(error) => tokens_page(&app, &visitor, None, &fields, &Mistakes::of(error)?).await,
    }
}

async fn revoke(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    accounts::revoke_token(&app, &visitor.actor, PersonalTokenId(id)).await?;
    Ok(go_with(&app, "/account/tokens", visitor.locale.t("The token works no longer.")))
}
