//! How often one client may ask. Counted in this process; generous, because its
//! purpose is to keep one client from starving the others. Attempts to guess a
//! password are counted separately and strictly, by account, in `app`.

use std::net::{IpAddr, SocketAddr};
use std::num::NonZeroU32;
use std::sync::Arc;

use app::App;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use governor::clock::{Clock as _, DefaultClock};
use governor::middleware::StateInformationMiddleware;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::error::ApiError;

type Limiter = RateLimiter<IpAddr, DashMapStateStore<IpAddr>, DefaultClock, StateInformationMiddleware>;

/// The limit that applies to every request of the API.
#[derive(Clone)]
pub struct Limits {
    app: App,
    limiter: Option<Arc<Limiter>>,
    per_minute: u32,
}

impl Limits {
    /// As the settings say.
    #[must_use]
    pub fn new(app: &App) -> Self {
        let settings = &app.config.rate_limit;
        let limiter = NonZeroU32::new(settings.requests_per_minute)
            .filter(|_| settings.enabled)
            .map(|n| Arc::new(RateLimiter::dashmap(Quota::per_minute(n)).with_middleware::<StateInformationMiddleware>()));
        Self { app: app.clone(), limiter, per_minute: settings.requests_per_minute }
    }
}

impl Limits {
    /// Counts `more` requests beyond the one that was counted already.
    ///
    /// # Errors
    /// 429 when the client has asked too often.
    pub(crate) fn charge(&self, parts: &Parts, more: u32) -> Result<(), ApiError> {
        let (Some(limiter), Some(more)) = (&self.limiter, NonZeroU32::new(more)) else { return Ok(()) };
        let Some(address) = client_address(parts, &self.app) else { return Ok(()) };
        match limiter.check_key_n(&address, more) {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(refused)) => {
                let wait = refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
                Err(ApiError::App(app::Error::TooMany { retry_after_seconds: wait }))
            }
            // More than a whole minute's allowance at once.
            Err(_) => Err(ApiError::App(app::Error::TooMany { retry_after_seconds: 60 })),
        }
    }
}

/// The address a request comes from: the peer's, or, when the peer is a trusted
/// proxy, the last address in `X-Forwarded-For` that is not one.
#[must_use]
pub fn client_address(parts: &Parts, app: &App) -> Option<IpAddr> {
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip())?;
    let trusted = |address: &IpAddr| app.config.trusted_proxies.contains(address);
    if !trusted(&peer) {
        return Some(peer);
    }
    let forwarded = parts.headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
    let chain: Vec<IpAddr> = forwarded.flat_map(|value| value.split(',')).filter_map(|part| part.trim().parse().ok()).collect();
    Some(chain.into_iter().rev().find(|address| !trusted(address)).unwrap_or(peer))
}

/// Counts the request; past the limit it is a 429 that says when to come back.
pub async fn limit(State(limits): State<Limits>, request: Request, next: Next) -> Response {
    let Some(limiter) = &limits.limiter else { return next.run(request).await };
    let (parts, body) = request.into_parts();
    let Some(address) = client_address(&parts, &limits.app) else {
        return next.run(Request::from_parts(parts, body)).await;
    };
    let (mut response, remaining, reset) = match limiter.check_key(&address) {
        Ok(state) => (next.run(Request::from_parts(parts, body)).await, state.remaining_burst_capacity(), 0),
        Err(refused) => {
            let wait = refused.wait_time_from(DefaultClock::default().now()).as_secs() + 1;
            (ApiError::App(app::Error::TooMany { retry_after_seconds: wait }).into_response(), 0, wait)
        }
    };
    let headers = response.headers_mut();
    let policy = format!("\"client\";q={};w=60", limits.per_minute);
    let state = format!("\"client\";r={remaining};t={reset}");
    for (name, value) in [("ratelimit-policy", policy), ("ratelimit", state)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            headers.insert(name, value);
        }
    }
    headers.entry(header::VARY).or_insert(HeaderValue::from_static("authorization"));
    response
}
