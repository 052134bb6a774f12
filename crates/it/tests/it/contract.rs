//! What is promised: the committed document, the shape of refusals, headers.

use it::TestApp;
use serde_json::json;

#[test]
fn the_committed_document_is_the_generated_one() {
    let generated = web::openapi_json().unwrap();
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.json")).unwrap_or_default();
    assert!(generated == committed, "openapi.json is out of date: cargo run -p cli -- schema openapi > openapi.json");
    let document: serde_json::Value = serde_json::from_str(&generated).unwrap();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
}

#[test]
fn the_committed_settings_are_the_generated_ones() {
    let generated = platform::settings::reference(app::config::DEFAULTS).unwrap();
    let committed = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/configuration.md")).unwrap_or_default();
    assert!(generated == committed, "docs/configuration.md is out of date: cargo run -p cli -- schema config > docs/configuration.md");
}

#[test]
fn wrong_settings_are_told_all_at_once() {
    let env = |name: &str| match name {
        "ROOST_LISTEN" => Some("everywhere".to_owned()),
        "ROOST_DATABASE_POOL" => Some("many".to_owned()),
        _ => None,
    };
    let error = app::Config::from_layers(Some(("roost.toml", "colour = \"red\"")), env).unwrap_err().to_string();
    assert!(error.contains("there is no setting colour") && error.contains("ROOST_DATABASE_POOL"), "{error}");
}

#[tokio::test]
async fn documents_and_health_are_served() {
    let app = TestApp::new().await;
    assert_eq!(app.get("/health/live").await.expect(200), json!({"status": "live"}));
    assert_eq!(app.get("/health/ready").await.expect(200), json!({"status": "ready"}));
    assert_eq!(app.get("/api/v1/openapi.json").await.expect(200)["info"]["title"], "Roost");
    let page = app.get("/docs/").await;
    assert_eq!(page.status, 200);
    assert!(!page.text().contains("https://"), "the page loads nothing from elsewhere");
    assert_eq!(app.get("/").await.header("content-type"), Some("text/html; charset=utf-8"));
}

#[tokio::test]
async fn every_refusal_is_a_problem_document() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    assert_eq!(app.get("/api/v1/nowhere").await.problem(404), "not_found");
    assert_eq!(app.get("/nowhere").await.problem(404), "not_found");
    assert_eq!(nobody.delete("/api/v1/listings").await.problem(405), "method_not_allowed");
    let raw =
        |kind: &'static str, body: Vec<u8>| nobody.request(reqwest::Method::POST, "/api/v1/users").header("content-type", kind).body(body);
    assert_eq!(nobody.send(raw("text/plain", b"{}".to_vec())).await.problem(415), "unsupported_media_type");
    assert_eq!(nobody.send(raw("application/json", b"{".to_vec())).await.problem(400), "malformed_json");
    assert_eq!(nobody.send(raw("application/json", b"{} x".to_vec())).await.problem(400), "malformed_json");
    assert_eq!(nobody.send(raw("application/json", vec![b' '; (1 << 20) + 1])).await.problem(413), "too_large");
    let unknown = nobody.post("/api/v1/sessions", json!({"email": "a@b.org", "password": "x", "role": "admin"})).await;
    unknown.problem(422);
    assert_eq!(unknown.json()["errors"][0]["code"], "unknown_field");
    let wrong = nobody.post("/api/v1/users", json!({"email": 7, "password": "x", "name": "y"})).await;
    assert_eq!((wrong.json()["errors"][0]["pointer"].clone(), wrong.status), (json!("/email"), 422));
    assert_eq!(app.get("/api/v1/listings?cursor=00").await.problem(400), "bad_cursor");
    assert_eq!(app.get("/api/v1/listings?limit=101").await.problem(422), "invalid");
    let bad = nobody.request(reqwest::Method::GET, "/api/v1/users/me").header("authorization", "Basic x");
    assert_eq!(nobody.send(bad).await.problem(401), "unauthenticated");
}

#[tokio::test]
async fn requests_have_ids() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let own = nobody.send(nobody.request(reqwest::Method::GET, "/api/v1/nowhere").header("x-request-id", "trace-7")).await;
    assert_eq!((own.header("x-request-id"), own.json()["request_id"].as_str()), (Some("trace-7"), Some("trace-7")));
    let made = nobody.send(nobody.request(reqwest::Method::GET, "/").header("x-request-id", "not a decent one!")).await;
    assert_eq!(made.header("x-request-id").unwrap().len(), 36);
    assert_eq!(made.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn one_client_may_ask_only_so_often() {
    let app = it::TestApp::with_settings(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.requests_per_minute = 3;
    })
    .await;
    for left in [2, 1, 0] {
        let answer = app.get("/api/v1/listings").await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.header("ratelimit").unwrap(), format!("\"client\";r={left};t=0"));
        assert_eq!(answer.header("ratelimit-policy").unwrap(), "\"client\";q=3;w=60");
    }
    let refused = app.get("/api/v1/listings").await;
    assert_eq!(refused.problem(429), "too_many_requests");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() >= 1);
}
