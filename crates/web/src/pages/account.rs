//! One's own account: profile, logins, privacy; and what others see of it.

use app::App;
use app::accounts::{self, ProfileChange, PublicProfile, Session};
use app::coupons::credit::{self, CreditBalance, CreditGrant};
use app::reviews::{self, Review, ReviewKey};
use askama::Template;
use axum::Router;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use domain::accounts::User;
use domain::ids::{SessionId, UserId};
use domain::page::{Limit, PageRequest};
use uuid::Uuid;

use super::visitor::keep_login;
use super::{Mistakes, Sent, Shell, Visitor, go_with, go_with_warning};
use crate::error::{ApiError, ApiResult};
use crate::extract::Path;

/// A picture and what surrounds it in the form.
const MAX_UPLOAD: usize = 13 << 20;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/account", get(profile_form).post(save_profile))
        .route("/account/picture", post(save_picture).layer(DefaultBodyLimit::max(MAX_UPLOAD)))
        .route("/account/security", get(security))
        .route("/account/password", post(change_password))
        .route("/account/sessions/{id}", post(end_session))
        .route("/account/credit", get(credit_page))
        .route("/account/privacy", get(privacy))
        .route("/account/export.json", get(export))
        .route("/account/erase", post(erase))
        .route("/people/{id}", get(person))
}

#[derive(Template)]
#[template(path = "account/profile.html")]
struct ProfilePage<'a> {
    shell: Shell,
    mistakes: &'a Mistakes,
    user: &'a User,
    called: &'a str,
    about: &'a str,
    languages: String,
}

#[derive(Template)]
#[template(path = "account/security.html")]
struct SecurityPage<'a> {
    shell: Shell,
    mistakes: &'a Mistakes,
    sessions: Vec<Session>,
    current: SessionId,
}

#[derive(Template)]
#[template(path = "account/privacy.html")]
struct PrivacyPage<'a> {
    shell: Shell,
    mistakes: &'a Mistakes,
}

#[derive(Template)]
#[template(path = "account/credit.html")]
struct CreditPage {
    shell: Shell,
    balances: Vec<CreditBalance>,
    grants: Vec<CreditGrant>,
}

#[derive(Template)]
#[template(path = "account/person.html")]
struct PersonPage {
    shell: Shell,
    person: PublicProfile,
    reviews: Vec<Review>,
}

/// A browser by its name, from what it says of itself.
#[must_use]
pub fn device(agent: &str) -> String {
    let name = ["Edg", "OPR", "Firefox", "Chrome", "Safari", "curl"].into_iter().find(|name| agent.contains(name));
    let system = ["Android", "iPhone", "iPad", "Windows", "Mac OS", "Linux"].into_iter().find(|name| agent.contains(name));
    match (name, system) {
        (Some(name), Some(system)) => format!("{}, {system}", name.replace("Edg", "Edge").replace("OPR", "Opera")),
        (Some(name), None) => name.to_owned(),
        _ => agent.chars().take(40).collect(),
    }
}

async fn credit_page(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    let balances = credit::balances(&app, &visitor.actor).await?;
    let newest = PageRequest { after: None, limit: Limit::default() };
    let grants = credit::grants(&app, &visitor.actor, newest).await?.data;
    let shell = Shell::new(&app, &visitor, "Credit");
    shell.clone().page(&CreditPage { shell, balances, grants })
}

async fn profile_form(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    let (_, user) = visitor.logged_in()?;
    let shell = Shell::new(&app, &visitor, "Profile");
    let mistakes = &Mistakes::default();
    shell.clone().page(&ProfilePage { shell, mistakes, user, called: &user.name, about: &user.about, languages: user.languages.join(", ") })
}

async fn save_profile(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    let (_, user) = visitor.logged_in()?;
    let change = ProfileChange {
        name: Some(fields.get("name").to_owned()),
        about: Some(fields.get("about").replace("\r\n", "\n")),
        languages: Some(fields.all("languages").map(str::to_owned).collect()),
    };
    match accounts::update_profile(&app, &visitor.actor, None, change).await {
        Ok(_) => Ok(go_with(&app, "/account", visitor.locale.t("Saved."))),
        Err(error) => {
            let mistakes = &Mistakes::of(error)?;
            let shell = Shell::new(&app, &visitor, "Profile");
            let (called, about) = (fields.get("name"), fields.get("about"));
            let languages = fields.get("languages").to_owned();
            shell.clone().corrected(&ProfilePage { shell, mistakes, user, called, about, languages })
        }
    }
}

async fn save_picture(State(app): State<App>, visitor: Visitor, request: Request) -> ApiResult<Response> {
    visitor.logged_in()?;
    let unreadable = || ApiError::App(app::Error::invalid("/file", "unreadable", "the form cannot be read"));
    let mut form = Multipart::from_request(request, &()).await.map_err(|_| unreadable())?;
    while let Some(field) = form.next_field().await.map_err(|_| unreadable())? {
        if field.name() != Some("file") {
            continue;
        }
        let bytes = field.bytes().await.map_err(|_| unreadable())?.to_vec();
        return match accounts::set_avatar(&app, &visitor.actor, bytes).await {
            Ok(_) => Ok(go_with(&app, "/account", visitor.locale.t("Saved."))),
            Err(error @ (app::Error::Invalid(_) | app::Error::UnsupportedMedia(_) | app::Error::TooLarge(_))) => {
                tracing::debug!(%error, "a picture was refused");
                Ok(go_with_warning(
                    &app,
                    "/account",
                    visitor.locale.t("This picture cannot be used. Take a JPEG, PNG or WebP of at most 12 MB."),
                ))
            }
            Err(error) => Err(error.into()),
        };
    }
    Ok(go_with_warning(&app, "/account", visitor.locale.t("Choose a picture first.")))
}

async fn security_page(app: &App, visitor: &Visitor, mistakes: &Mistakes) -> ApiResult<Response> {
    let (login, _) = visitor.logged_in()?;
    let sessions = accounts::list_sessions(app, &visitor.actor).await?;
    let shell = Shell::new(app, visitor, "Sign-in and security");
    let page = SecurityPage { shell: shell.clone(), mistakes, sessions, current: login.session };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn security(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    security_page(&app, &visitor, &Mistakes::default()).await
}

async fn change_password(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    let (login, _) = visitor.logged_in()?;
    match accounts::change_password(&app, login, fields.raw("current"), fields.raw("new")).await {
        Ok(()) => Ok(go_with(&app, "/account/security", visitor.locale.t("Your password is changed. All other logins have ended."))),
        Err(error) => security_page(&app, &visitor, &Mistakes::of(error)?).await,
    }
}

async fn end_session(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    accounts::revoke_session(&app, &visitor.actor, SessionId(id)).await?;
    Ok(go_with(&app, "/account/security", visitor.locale.t("That login has ended.")))
}

fn privacy_page(app: &App, visitor: &Visitor, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let shell = Shell::new(app, visitor, "Privacy");
    let page = PrivacyPage { shell: shell.clone(), mistakes };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn privacy(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    privacy_page(&app, &visitor, &Mistakes::default())
}

async fn export(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    let data = accounts::export(&app, &visitor.actor).await?;
    let mut response = serde_json::to_vec_pretty(&data).map_err(app::Error::from)?.into_response();
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response.headers_mut().insert(header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"my-data.json\""));
    Ok(response)
}

async fn erase(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    if !fields.has("sure", "yes") {
        return privacy_page(&app, &visitor, &Mistakes::one("sure", "unsure", "Tick the box to say that you are sure."));
    }
    match accounts::erase(&app, &visitor.actor, fields.raw("password")).await {
        Ok(()) => {
            let mut response = go_with(&app, "/", visitor.locale.t("Your account is erased. Farewell."));
            keep_login(&app, &mut response, None);
            Ok(response)
        }
        Err(error) => privacy_page(&app, &visitor, &Mistakes::of(error)?),
    }
}

async fn person(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let person = accounts::public_profile(&app, UserId(id)).await?;
    let page = PageRequest::<ReviewKey> { after: None, limit: Limit::default() };
    let reviews = reviews::of_guest(&app, UserId(id), page).await?.data;
    let words = visitor.locale.f("{0}: homes, and what others say.", &[&person.name]);
    let shell = Shell::new(&app, &visitor, &person.name).canonical(format!("/people/{id}"), words);
    shell.clone().page(&PersonPage { shell, person, reviews })
}
