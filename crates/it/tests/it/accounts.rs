//! Registering, logging in, leaving.

use it::TestApp;
use it::world::PASSWORD;
use serde_json::json;

#[tokio::test]
async fn registering_does_not_tell_whether_an_address_is_known() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let body = json!({"email": "Mia@Example.org", "password": PASSWORD, "name": "Mia"});
    let first = nobody.post("/api/v1/users", body.clone()).await.expect(201);
    let second = nobody.post("/api/v1/users", body).await.expect(201);
    assert_eq!(first["email"], "mia@example.org");
    for member in ["email", "name", "email_verified", "created_at", "staff"] {
        assert_eq!(first[member], second[member], "{member}");
    }
    let users: i64 = sqlx::query_scalar("select count(*) from users").fetch_one(app.pool()).await.unwrap();
    assert_eq!(users, 1);
    app.run_jobs().await;
    let subjects: Vec<String> = app.mails().into_iter().map(|mail| mail.subject).collect();
    assert_eq!(subjects, ["Confirm your e-mail address", "You have an account already"]);
}

#[tokio::test]
async fn every_mistake_is_told_at_once() {
    let app = TestApp::new().await;
    let answer = app.anonymous().post("/api/v1/users", json!({"email": "mia", "password": "short", "name": ""})).await;
    assert_eq!(answer.problem(422), "invalid");
    let pointers: Vec<String> =
        answer.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect();
    assert_eq!(pointers, ["/email", "/name", "/password"]);
}

#[tokio::test]
async fn secrets_are_stored_as_hashes() {
    let app = TestApp::new().await;
    let mia = app.newcomer("mia").await;
    app.run_jobs().await;
    let hash: String = sqlx::query_scalar("select password_hash from users").fetch_one(app.pool()).await.unwrap();
    assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
    let token = mia.token.unwrap();
    for table in ["sessions", "refresh_tokens", "mail_tokens", "jobs", "events"] {
        let text: Option<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("select string_agg(t::text, ' ') from {table} t")))
            .fetch_one(app.pool())
            .await
            .unwrap();
        assert!(!text.unwrap_or_default().contains(&token), "{table}");
    }
}

#[tokio::test]
async fn refresh_tokens_work_once_and_a_spent_one_ends_the_login() {
    let app = TestApp::new().await;
    app.newcomer("mia").await;
    let nobody = app.anonymous();
    let login = nobody.post("/api/v1/sessions", json!({"email": "mia@example.org", "password": PASSWORD})).await.expect(201);
    let fresh = nobody.post("/api/v1/sessions/refresh", json!({"refresh_token": login["refresh_token"]})).await.expect(201);
    assert_ne!(fresh["access_token"], login["access_token"]);
    let mut mia = app.anonymous();
    mia.token = fresh["access_token"].as_str().map(str::to_owned);
    mia.get("/api/v1/users/me").await.expect(200);
    // The old one comes back: somebody has a copy.
    nobody.post("/api/v1/sessions/refresh", json!({"refresh_token": login["refresh_token"]})).await.problem(401);
    mia.get("/api/v1/users/me").await.problem(401);
    nobody.post("/api/v1/sessions/refresh", json!({"refresh_token": fresh["refresh_token"]})).await.problem(401);
}

#[tokio::test]
async fn devices_are_listed_and_ended() {
    let app = TestApp::new().await;
    let phone = app.newcomer("mia").await;
    let desk = app.again(&phone).await;
    let sessions = desk.get("/api/v1/sessions").await.expect(200);
    assert_eq!(sessions["data"].as_array().unwrap().len(), 2);
    let other = sessions["data"].as_array().unwrap().iter().find(|s| s["current"] == false).unwrap()["id"].as_str().unwrap().to_owned();
    desk.delete(&format!("/api/v1/sessions/{other}")).await.expect(204);
    phone.get("/api/v1/users/me").await.problem(401);
    app.user("eve").await.delete(&format!("/api/v1/sessions/{other}")).await.problem(404);
    desk.delete("/api/v1/sessions/current").await.expect(204);
    desk.get("/api/v1/users/me").await.problem(401);
}

#[tokio::test]
async fn a_password_is_reset_by_mail_once() {
    let app = TestApp::new().await;
    let mia = app.newcomer("mia").await;
    let nobody = app.anonymous();
    nobody.post("/api/v1/password-resets", json!({"email": "stranger@example.org"})).await.expect(202);
    nobody.post("/api/v1/password-resets", json!({"email": "mia@example.org"})).await.expect(202);
    app.run_jobs().await;
    let mail = app.mails().into_iter().rfind(|mail| mail.subject == "Set a new password").unwrap();
    let token = mail.text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
    let path = format!("/api/v1/password-resets/{token}");
    assert_eq!(nobody.put(&path, json!({"password": "password123"})).await.json()["errors"][0]["code"], "too_common");
    nobody.put(&path, json!({"password": "a better one than before"})).await.expect(204);
    nobody.put(&path, json!({"password": "a third one to be sure"})).await.problem(422);
    mia.get("/api/v1/users/me").await.problem(401);
    nobody.post("/api/v1/sessions", json!({"email": "mia@example.org", "password": PASSWORD})).await.problem(401);
    nobody.post("/api/v1/sessions", json!({"email": "mia@example.org", "password": "a better one than before"})).await.expect(201);
}

#[tokio::test]
async fn guessing_is_slowed_down_but_never_locks_out() {
    let app = TestApp::new().await;
    app.newcomer("mia").await;
    let nobody = app.anonymous();
    for _ in 0..10 {
        nobody.post("/api/v1/sessions", json!({"email": "mia@example.org", "password": "not this one"})).await.problem(401);
    }
    let refused = nobody.post("/api/v1/sessions", json!({"email": "mia@example.org", "password": PASSWORD})).await;
    assert_eq!(refused.problem(429), "too_many_requests");
    assert!(refused.header("retry-after").unwrap().parse::<u64>().unwrap() <= 31);
    app.advance("PT31S").await;
    nobody.post("/api/v1/sessions", json!({"email": "mia@example.org", "password": PASSWORD})).await.expect(201);
}

#[tokio::test]
async fn a_profile_changes_only_from_the_version_that_was_read() {
    let app = TestApp::new().await;
    let mia = app.user("mia").await;
    let etag = mia.get("/api/v1/users/me").await.etag();
    assert_eq!(
        mia.send(mia.request(reqwest::Method::PATCH, "/api/v1/users/me").json(&json!({"name": "M"}))).await.problem(428),
        "version_required"
    );
    let changed = mia.patch("/api/v1/users/me", &etag, json!({"name": "Mia S.", "languages": ["pt", "en"]})).await;
    assert_eq!(changed.expect(200)["name"], "Mia S.");
    assert_eq!(mia.patch("/api/v1/users/me", &etag, json!({"name": "M"})).await.problem(412), "stale_version");
    mia.patch("/api/v1/users/me", &changed.etag(), json!({"about": "Walks."})).await.expect(200);
    let public = app.get(&format!("/api/v1/users/{}", mia.id)).await.expect(200);
    assert_eq!(public["name"], "Mia S.");
    assert_eq!(public.get("email"), None);
}

#[tokio::test]
async fn a_picture_of_oneself_is_reencoded() {
    let app = TestApp::new().await;
    let mia = app.user("mia").await;
    let put =
        |bytes: Vec<u8>| mia.request(reqwest::Method::PUT, "/api/v1/users/me/avatar").header("content-type", "image/jpeg").body(bytes);
    let me = mia.send(put(it::world::picture(300, 200))).await.expect(200);
    let picture = app.get(me["avatar_url"].as_str().unwrap()).await;
    assert_eq!((picture.status, picture.header("content-type")), (200, Some("image/webp")));
    mia.send(put(b"%PDF-1.7 not a picture".to_vec())).await.problem(415);
}

#[tokio::test]
async fn leaving_removes_the_person_and_keeps_the_books() {
    let app = TestApp::new().await;
    let (host, mia) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await;
    let wish = json!({"listing_id": listing["id"], "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = mia.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let erase = |person: &it::Client, password: &str| {
        person.request(reqwest::Method::DELETE, "/api/v1/users/me").json(&json!({"password": password}))
    };
    assert_eq!(mia.send(erase(&mia, "wrong one entirely")).await.problem(422), "invalid");
    assert_eq!(mia.send(erase(&mia, PASSWORD)).await.problem(409), "open_stays");
    mia.post_once(&format!("/api/v1/bookings/{}/cancel", booking["id"].as_str().unwrap()), json!({}), None).await.expect(200);

    let export = mia.get("/api/v1/users/me/export").await.expect(200);
    assert_eq!(export["bookings"].as_array().unwrap().len(), 1);
    assert!(!export.to_string().contains("argon2id"));
    mia.send(erase(&mia, PASSWORD)).await.expect(204);
    mia.get("/api/v1/users/me").await.problem(401);
    app.get(&format!("/api/v1/users/{}", mia.id)).await.problem(404);
    let left: String =
        sqlx::query_scalar("select string_agg(u::text, ' ') from users u where status = 'erased'").fetch_one(app.pool()).await.unwrap();
    assert!(!left.contains("mia"), "{left}");
    let seen = host.get(&format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(seen["guest"]["name"], "Former member");
}
