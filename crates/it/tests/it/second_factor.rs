//! Second factors and tokens for programs.

use it::{Client, TestApp, world::PASSWORD};
use serde_json::{Value, json};
use totp_rs::{Builder, Secret};

/// The code that an app shows `steps` half minutes from now.
fn code(app: &TestApp, secret: &str, steps: i64) -> String {
    let totp = Builder::new().with_secret(Secret::try_from_base32(secret).unwrap()).with_account_name("a").build().unwrap();
    let time = app.app.clock.machine_now().timestamp() + 30 * steps;
    totp.generate(u64::try_from(time).unwrap()).to_string()
}

async fn log_in(app: &TestApp, person: &Client, totp: Option<&str>) -> it::Answer {
    let mut body = json!({"email": person.email, "password": PASSWORD});
    if let Some(totp) = totp {
        body["totp"] = json!(totp);
    }
    app.anonymous().post("/api/v1/sessions", body).await
}

async fn enrolled() -> (TestApp, Client, String, Vec<String>) {
    let app = TestApp::new().await;
    let mia = app.user("mia").await;
    let begun = mia.post("/api/v1/users/me/totp", json!({"password": PASSWORD})).await.expect(201);
    let secret = begun["secret"].as_str().unwrap().to_owned();
    assert!(begun["otpauth_url"].as_str().unwrap().starts_with("otpauth://totp/"), "{begun}");
    log_in(&app, &mia, None).await.expect(201);
    let codes = mia.put("/api/v1/users/me/totp", json!({"code": code(&app, &secret, -1)})).await.expect(200);
    let codes = codes["recovery_codes"].as_array().unwrap().iter().map(|code| code.as_str().unwrap().to_owned()).collect();
    (app, mia, secret, codes)
}

#[tokio::test]
async fn each_code_works_once() {
    let (app, mia, secret, codes) = enrolled().await;
    assert_eq!(mia.get("/api/v1/users/me/totp").await.expect(200), json!({"active": true, "recovery_codes_left": 10}));
    assert_eq!(log_in(&app, &mia, None).await.problem(401), "totp_required");
    assert_eq!(log_in(&app, &mia, Some("000000")).await.problem(401), "wrong_code");
    let now = code(&app, &secret, 0);
    log_in(&app, &mia, Some(&format!(" {} {}", &now[..3], &now[3..]))).await.expect(201);
    assert_eq!(log_in(&app, &mia, Some(&now)).await.problem(401), "wrong_code", "replayed");
    assert_eq!(log_in(&app, &mia, Some(&code(&app, &secret, -1))).await.problem(401), "wrong_code", "older than a used one");
    log_in(&app, &mia, Some(&code(&app, &secret, 1))).await.expect(201);
    // A wrong password says nothing of the second factor.
    let wrong = app.anonymous().post("/api/v1/sessions", json!({"email": mia.email, "password": "wrong and long"})).await;
    assert_eq!(wrong.problem(401), "unauthenticated");
    // Recovery codes: each once, whatever their case.
    log_in(&app, &mia, Some(&codes[0].to_lowercase())).await.expect(201);
    assert_eq!(log_in(&app, &mia, Some(&codes[0])).await.problem(401), "wrong_code");
    assert_eq!(mia.get("/api/v1/users/me/totp").await.expect(200)["recovery_codes_left"], 9);
    let renewed = mia.post("/api/v1/users/me/totp/recovery-codes", json!({"password": PASSWORD})).await.expect(201);
    assert_eq!(log_in(&app, &mia, Some(&codes[1])).await.problem(401), "wrong_code", "replaced");
    log_in(&app, &mia, renewed["recovery_codes"][0].as_str()).await.expect(201);
    // Removing it needs the password.
    mia.send(mia.request(reqwest::Method::DELETE, "/api/v1/users/me/totp").json(&json!({"password": "wrong and long"}))).await.problem(422);
    mia.send(mia.request(reqwest::Method::DELETE, "/api/v1/users/me/totp").json(&json!({"password": PASSWORD}))).await.expect(204);
    log_in(&app, &mia, None).await.expect(201);
}

#[tokio::test]
async fn seeds_and_codes_are_not_in_the_database() {
    let (app, _mia, secret, codes) = enrolled().await;
    let seed = Secret::try_from_base32(&secret).unwrap();
    let (sealed, hash): (Vec<u8>, Vec<u8>) =
        sqlx::query_as("select f.sealed, r.hash from totp_factors f join recovery_codes r using (user_id) limit 1")
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert!(!sealed.windows(20).any(|window| window == seed.as_bytes()));
    assert!(!codes.iter().any(|code| code.as_bytes() == hash.as_slice()));
}

#[tokio::test]
async fn guessing_is_stopped_and_a_reset_password_is_not_enough() {
    let (app, mia, secret, _codes) = enrolled().await;
    for _ in 0..10 {
        assert_eq!(log_in(&app, &mia, Some("123123")).await.problem(401), "wrong_code");
    }
    assert_eq!(log_in(&app, &mia, Some(&code(&app, &secret, 0))).await.problem(429), "too_many_requests");
    app.jump(16).await;
    log_in(&app, &mia, Some(&code(&app, &secret, 0))).await.expect(201);
    app.anonymous().post("/api/v1/password-resets", json!({"email": mia.email})).await.expect(202);
    app.run_jobs().await;
    let mail = app.mails().into_iter().rfind(|mail| mail.subject == "Set a new password").unwrap();
    let token = mail.text.split("token=").nth(1).unwrap().split_whitespace().next().unwrap();
    let fresh = "another garden gate";
    app.anonymous().put(&format!("/api/v1/password-resets/{token}"), json!({"password": fresh})).await.expect(204);
    let answer = app.anonymous().post("/api/v1/sessions", json!({"email": mia.email, "password": fresh})).await;
    assert_eq!(answer.problem(401), "totp_required");
}

#[tokio::test]
async fn a_factor_is_set_up_by_its_owner_only() {
    let app = TestApp::new().await;
    let mia = app.user("mia").await;
    let other = app.again(&mia).await;
    mia.put("/api/v1/users/me/totp", json!({"code": "123456"})).await.problem(404);
    mia.post("/api/v1/users/me/totp", json!({"password": "wrong and long"})).await.problem(422);
    let first = mia.post("/api/v1/users/me/totp", json!({"password": PASSWORD})).await.expect(201);
    let second = mia.post("/api/v1/users/me/totp", json!({"password": PASSWORD})).await.expect(201);
    assert_ne!(first["secret"], second["secret"]);
    mia.put("/api/v1/users/me/totp", json!({"code": code(&app, first["secret"].as_str().unwrap(), 0)})).await.problem(422);
    mia.put("/api/v1/users/me/totp", json!({"code": code(&app, second["secret"].as_str().unwrap(), 0)})).await.expect(200);
    other.get("/api/v1/users/me").await.problem(401);
    assert_eq!(mia.post("/api/v1/users/me/totp", json!({"password": PASSWORD})).await.problem(409), "totp_active");
}

#[tokio::test]
async fn tokens_do_what_their_scopes_say() {
    let app = TestApp::new().await;
    let mia = app.staff("mia").await;
    for wrong in [
        json!({"name": "x", "scopes": []}),
        json!({"name": "", "scopes": ["bookings:read"]}),
        json!({"name": "x", "scopes": ["everything"]}),
        json!({"name": "x", "scopes": ["bookings:read"], "expires_in_days": 400}),
    ] {
        mia.post("/api/v1/users/me/tokens", wrong).await.problem(422);
    }
    let wish = json!({"name": "Channel manager", "scopes": ["listings:read", "listings:write", "listings:read"], "expires_in_days": 30});
    let made = mia.post("/api/v1/users/me/tokens", wish).await.expect(201);
    assert_eq!(made["scopes"], json!(["listings:read", "listings:write"]));
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("roost_pat_"));
    let program = mia.carrying(secret);
    program.get("/api/v1/host/listings").await.expect(200);
    let listing = app.listing(&program, json!({})).await;
    program.get(&format!("/api/v1/listings/{}", listing["id"].as_str().unwrap())).await.expect(200);
    for (path, code) in [
        ("/api/v1/bookings", "scope_missing"),
        ("/api/v1/conversations", "scope_missing"),
        ("/api/v1/users/me", "scope_missing"),
        ("/api/v1/users/me/tokens", "not_for_tokens"),
        ("/api/v1/sessions", "not_for_tokens"),
        ("/api/v1/users/me/export", "not_for_tokens"),
    ] {
        assert_eq!(program.get(path).await.problem(403), code, "{path}");
    }
    let hidden = "/api/v1/admin/reviews/01941f29-7c00-7000-8000-000000000000/hide";
    assert_eq!(program.post(hidden, json!({"reason": "x"})).await.problem(403), "not_for_tokens");
    let tokens = mia.get("/api/v1/users/me/tokens").await.expect(200);
    assert!(tokens["data"][0]["last_used_at"].is_string() && tokens["data"][0].get("token").is_none());
    let stored: i64 = sqlx::query_scalar("select count(*) from personal_tokens where position($1::bytea in hash) > 0")
        .bind(secret.as_bytes())
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(stored, 0);
    let path = format!("/api/v1/users/me/tokens/{}", made["id"].as_str().unwrap());
    app.user("eve").await.delete(&path).await.problem(404);
    mia.delete(&path).await.expect(204);
    program.get("/api/v1/host/listings").await.problem(401);
    let short = json!({"name": "Short", "scopes": ["listings:read"], "expires_in_days": 1});
    let short = mia.post("/api/v1/users/me/tokens", short).await.expect(201);
    let program = mia.carrying(short["token"].as_str().unwrap());
    program.get("/api/v1/host/listings").await.expect(200);
    app.jump(24 * 60).await;
    program.get("/api/v1/host/listings").await.problem(401);
}

#[tokio::test]
async fn what_is_kept_of_a_person_is_exported() {
    let (app, mia, _secret, _codes) = enrolled().await;
    mia.post("/api/v1/wishlists", json!({"name": "Canary islands"})).await.expect(201);
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    mia.post("/api/v1/conversations", json!({"listing_id": listing, "message": "A canary sings"})).await.expect(201);
    let export: Value = mia.get("/api/v1/users/me/export").await.expect(200);
    let text = export.to_string();
    assert!(text.contains("Canary islands") && text.contains("A canary sings"));
    assert!(!text.contains("sealed") && !text.contains("hash"), "no secrets in it");
}
