//! Cards that refuse, banks that ask, webhooks that lie, and the book.

use app::ports::signatures::sign;
use it::{Client, TestApp};
use serde_json::{Value, json};

async fn held(overrides: Value) -> (TestApp, Client, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, overrides).await;
    let wish = json!({"listing_id": listing["id"], "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    (app, guest, format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap()))
}

async fn pay(guest: &Client, path: &str, method: &str) -> it::Answer {
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": method}), None).await
}

async fn charges(app: &TestApp) -> (i64, i64) {
    sqlx::query_as("select count(*) filter (where state = 'captured'), coalesce(sum(captured - refunded), 0)::bigint from sandbox_charges")
        .fetch_one(app.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_declined_card_can_be_followed_by_a_good_one() {
    let (app, guest, path) = held(json!({})).await;
    let declined = pay(&guest, &path, "pm_card_visa_chargeDeclined").await.expect(201);
    assert_eq!((&declined["status"], &declined["decline_code"]), (&json!("failed"), &json!("card_declined")));
    let poor = pay(&guest, &path, "pm_card_visa_chargeDeclinedInsufficientFunds").await.expect(201);
    assert_eq!(poor["decline_code"], "insufficient_funds");
    assert_eq!(pay(&guest, &path, "pm_card_of_nobody").await.problem(422), "invalid");
    assert_eq!(guest.get(&path).await.expect(200)["state"], "pending_payment");
    assert_eq!(pay(&guest, &path, "pm_card_visa").await.expect(201)["status"], "succeeded");
    assert_eq!(pay(&guest, &path, "pm_card_visa").await.problem(409), "illegal_transition");
    app.run_jobs().await;
    assert_eq!(charges(&app).await, (1, 22_800));
    assert_eq!(guest.get(&path).await.expect(200)["state"], "confirmed");
}

#[tokio::test]
async fn the_same_key_pays_once() {
    let (app, guest, path) = held(json!({})).await;
    let body = json!({"payment_method": "pm_card_visa"});
    let first = guest.post_once(&format!("{path}/payments"), body.clone(), Some("pay-1")).await;
    let second = guest.post_once(&format!("{path}/payments"), body, Some("pay-1")).await;
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!(second.header("idempotent-replayed"), Some("true"));
    assert_eq!(charges(&app).await, (1, 22_800));
}

#[tokio::test]
async fn a_bank_that_asks_is_answered_on_its_page() {
    let (app, guest, path) = held(json!({})).await;
    let payment = pay(&guest, &path, "pm_card_threeDSecure2Required").await.expect(201);
    assert_eq!(payment["status"], "requires_action");
    let page = payment["action_url"].as_str().unwrap().strip_prefix(&app.base).unwrap().to_owned();
    assert!(app.get(&page).await.text().contains("Confirm payment"));
    let nobody = app.anonymous();
    let answer = |outcome: &str| {
        nobody
            .request(reqwest::Method::POST, &page)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(format!("outcome={outcome}"))
    };
    assert_eq!(nobody.send(answer("maybe")).await.status, 422);
    assert_eq!(nobody.send(answer("approve")).await.status, 200);
    assert_eq!(guest.get(&path).await.expect(200)["state"], "confirmed");
    assert_eq!(nobody.send(answer("approve")).await.status, 409);
    app.run_jobs().await;
    assert_eq!(charges(&app).await, (1, 22_800));
}

#[tokio::test]
async fn money_that_comes_too_late_goes_back_unless_the_nights_are_still_free() {
    // Nobody wanted the nights: the late payment is welcome.
    let (app, guest, path) = held(json!({})).await;
    let payment = pay(&guest, &path, "pm_card_threeDSecure2Required").await.expect(201);
    let page = payment["action_url"].as_str().unwrap().strip_prefix(&app.base).unwrap().to_owned();
    app.jump(16).await;
    let approve = |app: &TestApp, page: &str| {
        let nobody = app.anonymous();
        nobody.request(reqwest::Method::POST, page).header("content-type", "application/x-www-form-urlencoded").body("outcome=approve")
    };
    assert_eq!(app.anonymous().send(approve(&app, &page)).await.status, 200);
    assert_eq!(guest.get(&path).await.expect(200)["state"], "confirmed");

    // Somebody else has them: everything goes back.
    let (app, guest, path) = held(json!({})).await;
    let payment = pay(&guest, &path, "pm_card_threeDSecure2Required").await.expect(201);
    let page = payment["action_url"].as_str().unwrap().strip_prefix(&app.base).unwrap().to_owned();
    app.jump(16).await;
    let listing = guest.get(&path).await.expect(200)["listing"]["id"].clone();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    app.user("eve").await.post_once("/api/v1/bookings", wish, None).await.expect(201);
    assert_eq!(app.anonymous().send(approve(&app, &page)).await.status, 200);
    app.advance("PT2M").await;
    let guest = app.again(&guest).await;
    assert_eq!(guest.get(&path).await.expect(200)["state"], "expired");
    assert_eq!(guest.get(&format!("{path}/payments")).await.expect(200)["status"], "refunded");
    assert_eq!(charges(&app).await.1, 0);
    let id = path.rsplit('/').next().unwrap();
    assert_eq!((app.balance(&format!("guest_funds:{id}")).await, app.balance(&format!("refund_payable:{id}")).await), (0, 0));
}

#[tokio::test]
async fn a_try_that_was_recorded_but_never_sent_is_finished_by_its_job() {
    let (app, guest, path) = held(json!({})).await;
    pay(&guest, &path, "pm_card_visa").await.expect(201);
    // As after a crash between recording and hearing the answer.
    sqlx::query("update payment_operations set state = 'sent'").execute(app.pool()).await.unwrap();
    app.advance("PT2M").await;
    assert_eq!(charges(&app).await, (1, 22_800), "the provider knows the key");
    let postings: i64 =
        sqlx::query_scalar("select count(*) from ledger_transactions where event = 'capture'").fetch_one(app.pool()).await.unwrap();
    assert_eq!(postings, 1);
}

#[tokio::test]
async fn events_may_come_late_twice_and_in_any_order() {
    let (app, guest, path) = held(json!({"booking_mode": "request"})).await;
    app.anonymous().put("/api/v1/sandbox/webhooks", json!({"delay_seconds": 5, "copies": 3, "reorder": true})).await.expect(204);
    pay(&guest, &path, "pm_card_visa").await.expect(201);
    let mut host = guest.clone();
    host.email = "fergus@example.org".into();
    let host = app.again(&host).await;
    host.post_once(&format!("{path}/accept"), json!({}), None).await.expect(200);
    app.advance("PT10M").await;
    assert_eq!(guest.get(&path).await.expect(200)["state"], "confirmed");
    assert_eq!(charges(&app).await, (1, 22_800));
    let inbox: (i64, i64) = sqlx::query_as("select count(*), count(*) filter (where processed_at is null) from webhook_inbox")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(inbox, (2, 0), "authorized and captured, each once");
}

#[tokio::test]
async fn forged_webhooks_are_refused() {
    let app = TestApp::new().await;
    let body = json!({"id": "evt_1", "type": "charge.captured", "data": {"object": "charge", "reference": "ch_1"}}).to_string();
    let now = app.app.clock.now().timestamp();
    let nobody = app.anonymous();
    let send = |signature: Option<String>, body: &str| {
        let request = nobody
            .request(reqwest::Method::POST, "/api/v1/payments/webhooks/sandbox")
            .header("content-type", "application/json")
            .body(body.to_owned());
        match signature {
            Some(signature) => request.header("roost-signature", signature),
            None => request,
        }
    };
    let secret = &app.app.sandbox_secret;
    nobody.send(send(Some(sign(secret, now, body.as_bytes())), &body)).await.expect(204);
    nobody.send(send(Some(sign(secret, now, body.as_bytes())), &body)).await.expect(204);
    for (signature, body) in [
        (None, body.as_str()),
        (Some(sign(b"guess", now, body.as_bytes())), body.as_str()),
        (Some(sign(secret, now - 301, body.as_bytes())), body.as_str()),
        (Some(sign(secret, now, body.as_bytes())), "{\"id\": \"evt_2\"}"),
    ] {
        assert_eq!(nobody.send(send(signature, body)).await.problem(422), "bad_signature");
    }
    let stored: i64 = sqlx::query_scalar("select count(*) from webhook_inbox").fetch_one(app.pool()).await.unwrap();
    assert_eq!(stored, 1);
    nobody.send(nobody.request(reqwest::Method::POST, "/api/v1/payments/webhooks/other").body(body)).await.problem(404);
}

#[tokio::test]
async fn the_book_refuses_changes_and_imbalance() {
    let (app, guest, path) = held(json!({})).await;
    pay(&guest, &path, "pm_card_visa").await.expect(201);
    for sql in [
        "update ledger_entries set amount = amount + 1",
        "delete from ledger_entries",
        "truncate ledger_entries",
        "update ledger_transactions set event = 'x'",
        "insert into ledger_entries select id, 9, (select id from ledger_accounts limit 1), 'debit', 1, 'EUR' from ledger_transactions",
        "insert into ledger_entries select id, 3, (select id from ledger_accounts limit 1), 'debit', 1, 'EUR' from ledger_transactions",
        "insert into ledger_transactions values (gen_random_uuid(), 'empty', 'capture', null, null, '', now(), sha256(''))",
        "update ledger_accounts set key = 'fee_guest'",
        "delete from ledger_chain",
    ] {
        assert!(sqlx::raw_sql(sql).execute(app.pool()).await.is_err(), "{sql}");
    }
    let unbalanced: i64 = sqlx::query_scalar(
        "select count(*) from (select transaction_id from ledger_entries group by transaction_id, currency
         having sum(case side when 'debit' then amount else -amount end) <> 0) as wrong",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!(unbalanced, 0);
}
