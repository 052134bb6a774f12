//! The server: every face under one router, and what surrounds each request
//! (its id, its log line, its limits, what happens when a handler panics).

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use app::App;
use axum::Router;
use axum::extract::{DefaultBodyLimit, MatchedPath, Request};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use tokio::net::TcpListener;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{NotForContentType, Predicate, SizeAbove};
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;
use tracing::Instrument;
use utoipa_swagger_ui::SwaggerUi;

use crate::error::{ApiError, REQUEST_ID, problem};
use crate::extract::MAX_BODY;
use crate::limits::{Limits, limit};
use crate::{graphql, health, pages, rest};

/// How long a request may take, in seconds.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// The whole marketplace as one router.
pub fn router(app: App) -> Router {
    let (api, document) = rest::router().split_for_parts();
    let limits = Limits::new(&app);
    let graphql = graphql::router(&app, &limits).layer(from_fn_with_state(limits.clone(), limit));
    let api = api.layer(from_fn_with_state(limits, limit)).merge(SwaggerUi::new("/docs").url("/api/v1/openapi.json", document));
    api.merge(graphql)
        .merge(pages::router(&app))
        .route("/health/live", get(health::live))
        .route("/health/ready", get(health::ready))
        .merge(rest::photos::files())
        .merge(rest::calendar_feeds::short())
        .merge(rest::payments::sandbox_pages())
        .method_not_allowed_fallback(async || {
            ApiError::http(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "this address does not take this method")
        })
        .with_state(app)
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, TIME_LIMIT))
        .layer(CompressionLayer::new().compress_when(SizeAbove::new(1024).and(NotForContentType::IMAGES).and(NotForContentType::SSE)))
        .layer(SetResponseHeaderLayer::if_not_present(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")))
        .layer(SetResponseHeaderLayer::if_not_present(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")))
        .layer(SetResponseHeaderLayer::if_not_present(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")))
        .layer(from_fn(observe))
}

/// A handler has panicked: counted, and answered like any fault of ours.
pub(crate) fn panicked(_cause: Box<dyn std::any::Any + Send>) -> Response {
    metrics::counter!("http_panics_total").increment(1);
    let words = "something went wrong on our side; the request id helps us to find it";
    problem(StatusCode::INTERNAL_SERVER_ERROR, "internal", words.into()).into_response()
}

const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Gives the request its id (the client's own, if it is a decent one), a span
/// for every log line, a line of its own and its place in the metrics.
async fn observe(request: Request, next: Next) -> Response {
    let id = request
        .headers()
        .get(&REQUEST_ID_HEADER)
        .and_then(|value| value.to_str().ok())
        .filter(|id| (1..=100).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b)))
        .map_or_else(|| uuid::Uuid::new_v4().to_string(), str::to_owned);
    let method = request.method().clone();
    // The template, not the path: ids would make every request its own series.
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", |path| path.as_str()).to_owned();
    let span = tracing::info_span!("request", request_id = %id, %method, route);
    let started = Instant::now();
    let mut response = REQUEST_ID.scope(RefCell::new(id.clone()), next.run(request)).instrument(span.clone()).await;
    let status = response.status().as_u16();
    let elapsed = started.elapsed();
    if route != "/health/live" && route != "/health/ready" {
        span.in_scope(|| tracing::info!(status, micros = u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX), "answered"));
    }
    metrics::counter!("http_requests_total", "method" => method.to_string(), "route" => route.clone(), "status" => status.to_string())
        .increment(1);
    metrics::histogram!("http_request_seconds", "method" => method.to_string(), "route" => route).record(elapsed.as_secs_f64());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    response
}

/// The OpenAPI document as it is committed: readable, with a newline at its end.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn openapi_json() -> serde_json::Result<String> {
    let (_, document) = rest::router().split_for_parts();
    serde_json::to_string_pretty(&document).map(|text| text + "\n")
}

/// The private page of figures.
pub fn metrics_router(render: impl Fn() -> String + Clone + Send + Sync + 'static) -> Router {
    let kind = (header::CONTENT_TYPE, HeaderValue::from_static("text/plain; version=0.0.4"));
    Router::new().route("/metrics", get(move || async move { ([kind], render()) }))
}

/// Serves a router of its own for ever.
///
/// # Errors
/// When the listener fails.
pub async fn serve_router(router: Router, listener: TcpListener) -> std::io::Result<()> {
    axum::serve(listener, router).await
}

/// Serves until `shutdown` ends, then lets requests under way finish.
///
/// # Errors
/// When the listener fails.
pub async fn serve(app: App, listener: TcpListener, shutdown: impl Future<Output = ()> + Send + 'static) -> std::io::Result<()> {
    let service = router(app.clone()).into_make_service_with_connect_info::<SocketAddr>();
    let shutdown = async move {
        shutdown.await;
        // Streams of news would keep the server from ending.
        app.live.close();
    };
    axum::serve(listener, service).with_graceful_shutdown(shutdown).await
}
