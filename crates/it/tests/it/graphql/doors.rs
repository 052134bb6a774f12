//! The ways in: files, batches, GET, persisted documents, what is refused
//! before any document runs.

use it::{Client, TestApp};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

/// A document with files, as the multipart specification has it.
pub async fn send_files(person: &Client, document: &str, variables: Value, files: &[(&str, Vec<u8>)]) -> Value {
    let map: Value = files.iter().enumerate().map(|(n, (place, _))| (n.to_string(), json!([place]))).collect();
    let mut form =
        Form::new().text("operations", json!({"query": document, "variables": variables}).to_string()).text("map", map.to_string());
    for (n, (_, bytes)) in files.iter().enumerate() {
        form = form.part(n.to_string(), Part::bytes(bytes.clone()).file_name("a.jpg").mime_str("image/jpeg").unwrap());
    }
    person.send(person.request(Method::POST, "/graphql").multipart(form)).await.json()
}

/// Adds a photograph to a listing.
pub async fn upload(person: &Client, listing: &str, bytes: Vec<u8>) -> Value {
    let document = "mutation($l: ID!, $f: Upload!) { addPhoto(listingId: $l, file: $f, caption: \"A view\") { photo { id width caption sizes { width url } } errors { field code } } }";
    send_files(person, document, json!({"l": listing, "f": null}), &[("variables.f", bytes)]).await
}

#[tokio::test]
async fn photographs_and_pictures_go_up() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let draft = host.post("/api/v1/listings", json!({"title": "Flat"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let answer = upload(&host, &draft, it::world::picture(800, 600)).await;
    let photo = &Client::data(&answer)["addPhoto"]["photo"];
    assert_eq!(photo["caption"], "A view");
    let url = photo["sizes"][0]["url"].as_str().unwrap();
    assert_eq!(app.get(&url.replace(&app.base, "")).await.status, 200, "{url}");
    let wrong = upload(&host, &draft, b"%PDF-1.7 no picture at all".to_vec()).await;
    assert_eq!(wrong["data"]["addPhoto"]["errors"][0]["code"], "unsupported_media_type", "{wrong}");
    let picture = send_files(
        &host,
        "mutation($f: Upload!) { setAvatar(file: $f) { user { avatarUrl } errors { code } } }",
        json!({"f": null}),
        &[("variables.f", it::world::picture(300, 300))],
    )
    .await;
    assert!(Client::data(&picture)["setAvatar"]["user"]["avatarUrl"].as_str().unwrap().ends_with(".webp"), "{picture}");
}

#[tokio::test]
async fn batches_answer_in_order() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let one = |n: usize| json!({"query": format!("query Q{n} {{ c{n}: clock }}")});
    let answers = nobody.post("/graphql", Value::Array((0..10).map(one).collect())).await.expect(200);
    for n in 0..10 {
        assert!(answers[n]["data"][format!("c{n}")].is_string(), "{answers}");
    }
    let refused = nobody.post("/graphql", Value::Array((0..11).map(one).collect())).await;
    assert_eq!((refused.status, refused.json()["errors"][0]["extensions"]["code"].clone()), (400, json!("batch_size")));
    assert_eq!(nobody.post("/graphql", json!([])).await.status, 400);
}

#[tokio::test]
async fn persisted_documents_are_sent_once() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let text = "{ clock }";
    let hash: String = Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
    let code = |answer: Value| answer["errors"][0]["extensions"]["code"].clone();
    assert_eq!(code(nobody.post("/graphql", json!({"extensions": extensions})).await.json()), "persisted_query_not_found");
    let wrong = json!({"query": "{ clock clock }", "extensions": extensions});
    assert_eq!(code(nobody.post("/graphql", wrong).await.json()), "persisted_query_mismatch");
    let given = nobody.post("/graphql", json!({"query": text, "extensions": extensions})).await.expect(200);
    assert!(given["data"]["clock"].is_string());
    for _ in 0..2 {
        let known = nobody.post("/graphql", json!({"extensions": extensions})).await.expect(200);
        assert!(known["data"]["clock"].is_string(), "{known}");
    }
    // Also by GET, which an edge can keep.
    let address = reqwest::Url::parse_with_params(&format!("{}/graphql", app.base), [("extensions", extensions.to_string())]).unwrap();
    let got = nobody.get(&format!("/graphql?{}", address.query().unwrap())).await.expect(200);
    assert!(got["data"]["clock"].is_string());
    // What breaks a bound is never kept.
    let flood = format!("{{ {} }}", (0..20).map(|n| format!("a{n}: clock ")).collect::<String>());
    let hash: String = Sha256::digest(flood.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    let extensions = json!({"persistedQuery": {"version": 1, "sha256Hash": hash}});
    assert_eq!(code(nobody.post("/graphql", json!({"query": flood, "extensions": extensions})).await.json()), "too_many_aliases");
    assert_eq!(code(nobody.post("/graphql", json!({"extensions": extensions})).await.json()), "persisted_query_not_found");
}

#[tokio::test]
async fn what_is_no_document_is_refused_at_the_door() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let raw = |kind: &str, body: &str| nobody.request(Method::POST, "/graphql").header("content-type", kind).body(body.to_owned());
    let refused = async |request, status: u16| {
        let answer = nobody.send(request).await;
        assert_eq!(answer.status, status, "{}", answer.text());
        let error = answer.json()["errors"][0].clone();
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        error["extensions"]["code"].as_str().unwrap().to_owned()
    };
    assert_eq!(refused(raw("text/plain", "{ clock }"), 415).await, "unsupported_media_type");
    assert_eq!(refused(raw("application/x-www-form-urlencoded", "query=%7Bclock%7D"), 415).await, "unsupported_media_type");
    assert_eq!(refused(raw("application/json", "{"), 400).await, "malformed_json");
    assert_eq!(refused(raw("application/json", "{}"), 400).await, "malformed_document");
    assert_eq!(refused(raw("application/json", "{\"query\": \"{ clock\"}"), 400).await, "malformed_document");
    assert_eq!(refused(raw("application/json", &" ".repeat(100 * 1024 + 1)), 413).await, "too_large");
    assert_eq!(refused(nobody.request(Method::GET, "/graphql?query=mutation%7BlogOut%7Bdone%7D%7D"), 405).await, "method_not_allowed");
    assert_eq!(refused(nobody.request(Method::GET, "/graphql"), 400).await, "malformed_document");
    let bad = raw("application/json", "{\"query\": \"{ clock }\"}").header("authorization", "Bearer none");
    assert_eq!(refused(bad, 401).await, "unauthenticated");
    let cost = nobody.graphql("{ listings(first: 50) { edges { node { title host { name } } } } }", json!({})).await;
    let points = cost["extensions"]["cost"]["points"].as_i64().unwrap();
    assert!(points > 200 && cost["extensions"]["cost"]["depth"] == 5, "{cost}");
}

#[tokio::test]
async fn every_alias_counts_as_a_request() {
    let app = TestApp::with_settings(|config| {
        config.rate_limit.enabled = true;
        config.rate_limit.requests_per_minute = 30;
    })
    .await;
    let nobody = app.anonymous();
    let ten = format!("{{ {} }}", (0..10).map(|n| format!("a{n}: clock ")).collect::<String>());
    for _ in 0..3 {
        nobody.post("/graphql", json!({"query": ten})).await.expect(200);
    }
    let refused = nobody.post("/graphql", json!({"query": "{ clock }"})).await;
    assert_eq!(refused.status, 429, "{}", refused.text());
    assert!(refused.header("retry-after").is_some());
}
