//! Whether the process lives, and whether it can serve.

use std::time::Duration;

use app::App;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::error::problem;
use crate::extract::Json;

/// The process answers.
pub async fn live() -> impl IntoResponse {
    Json(json!({"status": "live"}))
}

/// The database answers within two seconds and knows this version's schema.
pub async fn ready(State(app): State<App>) -> Response {
    match tokio::time::timeout(Duration::from_secs(2), app.ping()).await {
        Ok(Ok(())) => Json(json!({"status": "ready"})).into_response(),
        Ok(Err(cause)) => {
            tracing::warn!(%cause, "not ready");
            problem(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "the database does not answer".into()).into_response()
        }
        Err(_) => problem(StatusCode::SERVICE_UNAVAILABLE, "not_ready", "the database does not answer in time".into()).into_response(),
    }
}
