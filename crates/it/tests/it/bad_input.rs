//! Every operation of the document, fed with what nobody should send: always a
//! problem document, never a 500, and nothing written.

use it::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// Method and path of every operation, its parameters filled with `id`.
fn operations(document: &Value, id: &str) -> Vec<(Method, String, bool)> {
    let mut all = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let filled: String = path.split('/').map(|part| if part.starts_with('{') { id } else { part }).collect::<Vec<_>>().join("/");
            all.push((method.to_uppercase().parse().unwrap(), filled, operation.get("requestBody").is_some()));
        }
    }
    all
}

/// These change nothing and take anything, or are what they are without input.
fn harmless(path: &str) -> bool {
    path.contains("/sandbox/") || path.ends_with("/sessions/current") || path.ends_with("/email-verifications")
}

fn bodies() -> Vec<Value> {
    vec![
        json!([]),
        json!("text"),
        json!(null),
        json!({"no_such_field": true}),
        json!({"title": 7, "email": [], "check_in": "2030-02-30", "ranges": {}, "overall": "five", "advance": 3, "ids": "x", "nightly": -1, "min_nights": 0}),
        json!({"capacity": 1e300, "nightly": 9_223_372_036_854_775_807_i64, "overall": 2_147_483_648_i64, "min_nights": -2_147_483_648_i64}),
        json!({"listing_id": "x", "check_in": "9999-99-99", "check_out": "0000-01-01", "guests": {"adults": -1}}),
    ]
}

async fn must_refuse(client: &Client, request: reqwest::RequestBuilder, what: &str, faults: &mut Vec<String>) {
    let answer = client.send(request).await;
    let shaped = answer.header("content-type") == Some("application/problem+json") && answer.json()["request_id"].is_string();
    if !(400..500).contains(&answer.status) || !shaped {
        faults.push(format!("{what}: {} {}", answer.status, answer.text().chars().take(200).collect::<String>()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nonsense_is_refused_everywhere_and_writes_nothing() {
    let app = TestApp::new().await;
    let mia = app.user("mia").await;
    let host = app.user("fergus").await;
    app.listing(&host, json!({})).await;
    app.run_jobs().await;
    let document: Value = serde_json::from_str(&web::openapi_json().unwrap()).unwrap();
    let nobody_knows = "01941f29-7c00-7000-8000-000000000000";
    let before = app.row_counts().await;
    let mut faults = Vec::new();
    for (method, path, takes_body) in operations(&document, nobody_knows) {
        if harmless(&path) {
            continue;
        }
        if takes_body {
            for body in bodies() {
                let what = format!("{method} {path} {body}");
                must_refuse(&mia, mia.request(method.clone(), &path).header("if-match", "\"1\"").json(&body), &what, &mut faults).await;
            }
            for (kind, body) in
                [("application/json", "{\"a\":"), ("application/json", "\u{0}"), ("text/plain", "{}"), ("application/xml", "<a/>")]
            {
                let what = format!("{method} {path} as {kind} {body:?}");
                let request = mia.request(method.clone(), &path).header("if-match", "\"1\"").header("content-type", kind).body(body);
                must_refuse(&mia, request, &what, &mut faults).await;
            }
        }
        if path.contains(nobody_knows) && !path.contains("password-resets") && !path.contains("webhooks") {
            for id in ["not-a-uuid", "%00", "..%2f..%2fetc", "9999999999999999999999", nobody_knows] {
                let odd = path.replace(nobody_knows, id);
                let query = if method == Method::GET { "?check_in=2030-02-01&check_out=2030-02-03" } else { "" };
                let plain = ["quote", "availability"].iter().any(|end| odd.ends_with(end));
                let request = mia.request(method.clone(), &format!("{odd}{}", if plain { query } else { "" })).header("if-match", "\"1\"");
                let request = if takes_body { request.json(&json!({})) } else { request };
                must_refuse(&mia, request, &format!("{method} {odd}"), &mut faults).await;
            }
        }
    }
    for query in [
        "bbox=1,2,3",
        "bbox=a,b,c,d",
        "bbox=0,91,1,95",
        "bbox=0,10,1,5",
        "near=nan,nan",
        "near=1,2&radius_km=-1",
        "near=1,2&bbox=0,0,1,1",
        "check_in=2030-02-01",
        "check_in=2030-02-05&check_out=2030-02-01",
        "check_in=soon&check_out=later",
        "adults=0",
        "adults=99999999999",
        "pets=-1",
        "price_min=-5",
        "sort=best",
        "sort=distance",
        "room_type=castle",
        "rating_min=7",
        "bathrooms_min=-1",
        "limit=0",
        "limit=x",
        "host_id=me",
        "unknown=1",
        "currency=EURO",
        "instant_book=perhaps",
    ] {
        must_refuse(&mia, mia.request(Method::GET, &format!("/api/v1/listings?{query}")), query, &mut faults).await;
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
    assert_eq!(
        app.row_counts().await.into_iter().filter(|(table, _)| table != "login_failures").collect::<Vec<_>>(),
        before.into_iter().filter(|(table, _)| table != "login_failures").collect::<Vec<_>>(),
        "nothing half-written"
    );
}
