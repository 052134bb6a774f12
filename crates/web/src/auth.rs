//! Who asks: the bearer token of a request turned into an actor.

use std::net::IpAddr;

use app::App;
use app::accounts::{Login, PERSONAL_PREFIX};
use axum::extract::{FromRef, FromRequestParts, MatchedPath};
use axum::http::header;
use axum::http::request::Parts;
use domain::actor::Actor;

use crate::error::ApiError;
use crate::scopes::{Needed, needed};

/// The one who asks, logged in or not. A token that is sent must be good.
#[derive(Debug, Clone, Copy)]
pub struct MaybeActor(pub Actor);

/// The one who asks; nobody is a 401.
#[derive(Debug, Clone)]
pub struct LoggedIn {
    /// Who.
    pub actor: Actor,
    /// On which login.
    pub login: Login,
}

/// The login that the bearer token of a request belongs to, if it sends one.
pub(crate) async fn login_of<S>(parts: &Parts, state: &S) -> Result<Option<Login>, ApiError>
where
    App: FromRef<S>,
    S: Send + Sync,
{
    let Some(value) = parts.headers.get(header::AUTHORIZATION) else { return Ok(None) };
    let token = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim())
        .ok_or(ApiError::App(app::Error::Unauthenticated))?;
    let app = App::from_ref(state);
    if !token.starts_with(PERSONAL_PREFIX) {
        return Ok(Some(app::accounts::authenticate(&app, token).await?));
    }
    let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
    let scope = match needed(&parts.method, route) {
        Needed::Nothing => None,
        Needed::Scope(scope) => Some(scope),
        Needed::Login => {
            let why = "this takes no personal token: log in";
            return Err(ApiError::App(app::Error::forbidden("not_for_tokens", why)));
        }
    };
    Ok(Some(app::accounts::authenticate_personal(&app, token, scope).await?))
}

impl<S> FromRequestParts<S> for MaybeActor
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(login_of(parts, state).await?.map_or(Actor::Anonymous, |login| login.actor())))
    }
}

impl<S> FromRequestParts<S> for LoggedIn
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        let login = login_of(parts, state).await?.ok_or(ApiError::App(app::Error::Unauthenticated))?;
        Ok(Self { actor: login.actor(), login })
    }
}

/// Where a request comes from, as logs and the device list show it.
#[derive(Debug, Clone)]
pub struct Device {
    /// The `User-Agent`, at most 300 characters.
    pub user_agent: String,
    /// The peer's address, or what a trusted proxy says it is.
    pub ip_address: Option<IpAddr>,
}

impl<S> FromRequestParts<S> for Device
where
    App: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, std::convert::Infallible> {
        let agent = parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()).unwrap_or_default();
        Ok(Self { user_agent: agent.chars().take(300).collect(), ip_address: crate::limits::client_address(parts, &App::from_ref(state)) })
    }
}
