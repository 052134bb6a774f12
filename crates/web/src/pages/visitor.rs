//! Who looks at a page and how they like it: login, language, theme, the news
//! that one page leaves for the next.

use std::sync::Arc;

use app::App;
use app::accounts::{self, Login};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::{Cookie, CookieJar};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use domain::accounts::User;
use domain::actor::Actor;
use serde::{Deserialize, Serialize};

use super::locale::{self, Locale};
use crate::error::{ApiError, ApiResult};

/// Carries the login, for as long as it holds.
pub const SESSION: &str = "roost_session";
const LANGUAGE: &str = "roost_lang";
const THEME: &str = "roost_theme";
const FLASH: &str = "roost_flash";
/// Cookies of taste live a year, in seconds.
const A_YEAR: i64 = 365 * 24 * 3600;

/// News that one page leaves for the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flash {
    /// Something went wrong.
    pub bad: bool,
    /// What there is to say, in the visitor's language.
    pub text: String,
}

/// Who looks at a page.
#[derive(Debug, Clone)]
pub struct Visitor(Arc<Looks>);

/// What is known of a visitor.
#[derive(Debug)]
pub struct Looks {
    /// For use-cases.
    pub actor: Actor,
    /// On which login, if on any.
    pub login: Option<Login>,
    /// Who that is.
    pub user: Option<User>,
    /// The language of the page.
    pub locale: &'static Locale,
    /// `light`, `dark`, or empty for what the system says.
    pub theme: &'static str,
    /// News of the page before.
    pub flash: Option<Flash>,
    /// The address asked for, with its query.
    pub address: String,
    /// A script asks for a part of a page.
    pub wants_part: bool,
    /// The page the script stands on.
    pub from_page: Option<String>,
}

impl std::ops::Deref for Visitor {
    type Target = Looks;
    fn deref(&self) -> &Looks {
        &self.0
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, ApiError> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| ApiError::App(app::Error::Internal(anyhow::anyhow!("a page outside pages::router"))))
    }
}

fn text_of<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

impl Visitor {
    /// Reads cookies and headers; a login that has ended is nobody's.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn of(app: &App, request: &Parts) -> ApiResult<Self> {
        let headers = &request.headers;
        let jar = CookieJar::from_headers(headers);
        let cookie = |name: &str| jar.get(name).map(Cookie::value);
        let login = match cookie(SESSION) {
            Some(token) => match accounts::authenticate(app, token).await {
                Ok(login) => Some(login),
                Err(app::Error::Unauthenticated) => None,
                Err(error) => return Err(error.into()),
            },
            None => None,
        };
        let actor = login.map_or(Actor::Anonymous, |login| login.actor());
        let user = if login.is_some() { Some(accounts::me(app, &actor).await?) } else { None };
        let chosen = cookie(LANGUAGE).and_then(locale::by_tag);
        let flash = cookie(FLASH).and_then(|text| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text).ok()?).ok());
        Ok(Self(Arc::new(Looks {
            actor,
            login,
            user,
            locale: chosen.unwrap_or_else(|| locale::negotiate(text_of(headers, "accept-language").unwrap_or_default())),
            theme: match cookie(THEME) {
                Some("light") => "light",
                Some("dark") => "dark",
                _ => "",
            },
            flash,
            address: request.uri.path_and_query().map_or("/", |address| address.as_str()).to_owned(),
            wants_part: text_of(headers, "hx-request").is_some(),
            from_page: text_of(headers, "hx-current-url").map(str::to_owned),
        })))
    }

    /// Nobody, in English: for when nothing else is known.
    #[must_use]
    pub fn nobody() -> Self {
        Self(Arc::new(Looks {
            actor: Actor::Anonymous,
            login: None,
            user: None,
            locale: &locale::LOCALES[0],
            theme: "",
            flash: None,
            address: "/".to_owned(),
            wants_part: false,
            from_page: None,
        }))
    }

    /// The login; nobody is asked to log in first.
    ///
    /// # Errors
    /// 401, which becomes the way to the login page.
    pub fn logged_in(&self) -> ApiResult<(&Login, &User)> {
        self.login.as_ref().zip(self.user.as_ref()).ok_or(ApiError::App(app::Error::Unauthenticated))
    }
}

/// Sets a cookie that no script reads; only over TLS when people come that way.
/// Values are words, numbers and base64, which need no quoting.
fn set_cookie(app: &App, response: &mut Response, name: &str, value: &str, seconds: i64) {
    let secure = if app.config.public_url.starts_with("https:") { "; Secure" } else { "" };
    let text = format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    if let Ok(value) = HeaderValue::from_str(&text) {
        response.headers_mut().append(header::SET_COOKIE, value);
    }
}

/// Keeps a login in the browser, or with nothing ends it there.
pub fn keep_login(app: &App, response: &mut Response, token: Option<&str>) {
    let life = domain::accounts::REFRESH_TOKEN_LIFE.num_seconds();
    set_cookie(app, response, SESSION, token.unwrap_or_default(), if token.is_some() { life } else { 0 });
}

/// Keeps a language.
pub fn keep_language(app: &App, response: &mut Response, locale: &Locale) {
    set_cookie(app, response, LANGUAGE, locale.tag, A_YEAR);
}

/// Keeps a theme: `light`, `dark`, or anything else for what the system says.
pub fn keep_theme(app: &App, response: &mut Response, theme: &str) {
    set_cookie(app, response, THEME, if matches!(theme, "light" | "dark") { theme } else { "" }, A_YEAR);
}

/// The news has been shown.
pub(super) fn forget_flash(app: &App, response: &mut Response) {
    set_cookie(app, response, FLASH, "", 0);
}

/// On to another page (by GET).
pub fn go(path: &str) -> Response {
    Redirect::to(path).into_response()
}

/// On to another page, which then shows the news.
pub fn go_with(app: &App, path: &str, text: &str) -> Response {
    leave(app, path, Flash { bad: false, text: text.to_owned() })
}

/// On to another page, which then says what went wrong.
pub fn go_with_warning(app: &App, path: &str, text: &str) -> Response {
    leave(app, path, Flash { bad: true, text: text.to_owned() })
}

fn leave(app: &App, path: &str, flash: Flash) -> Response {
    let mut response = go(path);
    let text = serde_json::to_vec(&flash).unwrap_or_default();
    set_cookie(app, &mut response, FLASH, &URL_SAFE_NO_PAD.encode(text), 300);
    response
}

/// A path on this site, else `otherwise`: nobody is sent elsewhere by a link
/// that begins here.
#[must_use]
pub fn own_path<'a>(path: &'a str, otherwise: &'a str) -> &'a str {
    let own = path.starts_with('/') && !path.starts_with("//") && !path.contains('\\') && !path.chars().any(char::is_control);
    if own { path } else { otherwise }
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn nobody_is_sent_to_another_site() {
        assert_eq!(own_path("/trips?x=1", "/"), "/trips?x=1");
        for foreign in ["https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"] {
            assert_eq!(own_path(foreign, "/"), "/", "{foreign}");
        }
    }
}
