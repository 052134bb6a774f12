//! What only a sandbox marketplace has: a clock that can be moved, a provider
//! that can be told to misbehave.

use app::App;
use app::ports::sandbox::{self, Chaos};
use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, Problem};
use crate::extract::Json;

/// The marketplace's time.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockView {
    /// Now.
    pub now: DateTime<Utc>,
}

/// How far to move.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Advance {
    /// ISO 8601 (`P15D`, `PT36H`) or short (`15d`, `36h`); at most two years.
    #[schema(example = "P15D")]
    pub advance: String,
}

/// What time it is in this marketplace.
#[utoipa::path(get, path = "/sandbox/clock", tag = "sandbox", responses((status = 200, body = ClockView)))]
pub async fn get_clock(State(app): State<App>) -> Json<ClockView> {
    Json(ClockView { now: app.clock.now() })
}

/// Move the clock on; every deadline on the way fires in order.
#[utoipa::path(post, path = "/sandbox/clock", tag = "sandbox", request_body = Advance,
    responses((status = 200, body = ClockView), (status = 409, body = Problem, description = "not_a_sandbox"), (status = 422, body = Problem)))]
pub async fn advance_clock(State(app): State<App>, Json(body): Json<Advance>) -> ApiResult<Json<ClockView>> {
    let span = app::clock::parse_advance(&body.advance)?;
    Ok(Json(ClockView { now: app::worker::advance_clock(&app, span).await? }))
}

/// How the sandbox provider treats the events it sends.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChaosInput {
    /// Seconds before an event is sent, up to a week.
    #[serde(default)]
    pub delay_seconds: i32,
    /// How often each is sent, 1–10.
    #[serde(default = "one")]
    pub copies: i32,
    /// Later events overtake earlier ones.
    #[serde(default)]
    pub reorder: bool,
}

const fn one() -> i32 {
    1
}

/// Tell the sandbox provider to delay, duplicate and reorder its events.
#[utoipa::path(put, path = "/sandbox/webhooks", tag = "sandbox", request_body = ChaosInput,
    responses((status = 204), (status = 409, body = Problem, description = "not_a_sandbox"), (status = 422, body = Problem)))]
pub async fn put_chaos(State(app): State<App>, Json(body): Json<ChaosInput>) -> ApiResult<StatusCode> {
    sandbox::set_chaos(&app, Chaos { delay_seconds: body.delay_seconds, copies: body.copies, reorder: body.reorder }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_clock, advance_clock)).routes(routes!(put_chaos))
}
