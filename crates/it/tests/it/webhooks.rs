//! The door for provider events: only what is signed comes in, each thing has
//! its effect once, and staff can look and repeat.

use app::payments::ledger::verify::verify;
use app::ports::signatures::sign;
use it::{Answer, Client, TestApp};
use serde_json::{Value, json};

async fn knock(app: &TestApp, signature: Option<String>, body: Vec<u8>) -> Answer {
    let nobody = app.anonymous();
    let request =
        nobody.request(reqwest::Method::POST, "/api/v1/payments/webhooks/sandbox").header("content-type", "application/json").body(body);
    let request = match signature {
        Some(signature) => request.header("roost-signature", signature),
        None => request,
    };
    nobody.send(request).await
}

fn event(id: &str, kind: &str, object: &str, reference: &str) -> Vec<u8> {
    json!({"id": id, "type": kind, "data": {"object": object, "reference": reference}}).to_string().into_bytes()
}

async fn signed(app: &TestApp, body: Vec<u8>) -> Answer {
    let signature = sign(&app.app.sandbox_secret, app.app.clock.now().timestamp(), &body);
    knock(app, Some(signature), body).await
}

async fn booked(app: &TestApp, card: &str) -> (Client, String) {
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await;
    let wish = json!({"listing_id": listing["id"], "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": card}), None).await.expect(201);
    (guest, path)
}

/// Everything that news of a payment can change.
async fn effects(app: &TestApp) -> Vec<(String, i64)> {
    let kept = [
        "webhook_inbox",
        "jobs",
        "sandbox_events",
        "job_schedules",
        "sessions",
        "refresh_tokens",
        "login_failures",
        "audit_log",
        "audit_outcomes",
    ];
    app.row_counts().await.into_iter().filter(|(table, _)| !kept.contains(&table.as_str())).collect()
}

#[tokio::test]
async fn only_what_is_truly_signed_comes_in() {
    let app = TestApp::new().await;
    let now = app.app.clock.now().timestamp();
    let secret = app.app.sandbox_secret.clone();
    let body = event("evt_1", "charge.captured", "charge", "ch_1");
    let good = sign(&secret, now, &body);
    let mut altered = body.clone();
    altered[10] ^= 1;
    let signature_part = good.split_once(",v1=").unwrap().1;
    for (what, signature, body) in [
        ("unsigned", None, body.clone()),
        ("another secret", Some(sign(b"guess", now, &body)), body.clone()),
        ("one bit flipped", Some(good.clone()), altered),
        ("301 s old", Some(sign(&secret, now - 301, &body)), body.clone()),
        ("301 s ahead", Some(sign(&secret, now + 301, &body)), body.clone()),
        ("only v0", Some(format!("t={now},v0={signature_part}")), body.clone()),
        ("no time", Some(format!("v1={signature_part}")), body.clone()),
        ("empty", Some(String::new()), body.clone()),
    ] {
        assert_eq!(knock(&app, signature, body).await.problem(422), "bad_signature", "{what}");
    }
    for (what, body) in [("not JSON", b"{".to_vec()), ("no id", br#"{"type": "x"}"#.to_vec())] {
        assert_eq!(signed(&app, body).await.status, 422, "{what}");
    }
    assert_eq!(signed(&app, vec![b' '; 257 * 1024]).await.status, 413);
    knock(&app, Some(format!("{good},v1=00")), body.clone()).await.expect(204);
    knock(&app, Some(good), body).await.expect(204);
    let stored: i64 = sqlx::query_scalar("select count(*) from webhook_inbox").fetch_one(app.pool()).await.unwrap();
    assert_eq!(stored, 1);
}

#[tokio::test]
async fn what_means_nothing_here_changes_nothing() {
    let app = TestApp::new().await;
    let (_, _) = booked(&app, "pm_card_visa").await;
    app.run_jobs().await;
    let before = effects(&app).await;
    for (number, (kind, object, reference)) in [
        ("charge.captured", "charge", "ch_of_somebody_else"),
        ("refund.succeeded", "refund", "re_unknown"),
        ("dispute.created", "dispute", "dp_unknown"),
        ("transfer.paid", "transfer", "tr_unknown"),
        ("account.updated", "account", "acct_unknown"),
        ("planet.aligned", "planet", "x"),
    ]
    .into_iter()
    .enumerate()
    {
        signed(&app, event(&format!("evt_{number}"), kind, object, reference)).await.expect(204);
    }
    signed(&app, br#"{"id": "evt_bare", "type": "something.new"}"#.to_vec()).await.expect(204);
    app.run_jobs().await;
    assert_eq!(effects(&app).await, before);
    let waiting: i64 =
        sqlx::query_scalar("select count(*) from webhook_inbox where processed_at is null").fetch_one(app.pool()).await.unwrap();
    assert_eq!(waiting, 0, "all are done with");
    assert_eq!(verify(&app.app, None).await.unwrap().fault, None);
}

#[tokio::test]
async fn every_order_and_number_of_events_comes_to_the_same() {
    for card in ["pm_card_visa", "pm_card_createDispute", "pm_card_pendingRefund"] {
        let app = TestApp::new().await;
        let (guest, path) = booked(&app, card).await;
        if card == "pm_card_pendingRefund" {
            guest.post_once(&format!("{path}/cancel"), json!({}), None).await.expect(200);
            app.advance("PT2H").await;
        }
        app.run_jobs().await;
        let settled = (effects(&app).await, app::payments::balances(&app.app).await.unwrap());
        let bodies: Vec<Vec<u8>> =
            sqlx::query_scalar("select payload from webhook_inbox order by event_id").fetch_all(app.pool()).await.unwrap();
        assert!(!bodies.is_empty());
        // All again, backwards and forwards, as new events and as the old ones.
        for round in 0..3 {
            let mut order: Vec<&Vec<u8>> = bodies.iter().collect();
            if round % 2 == 0 {
                order.reverse();
            }
            for (number, body) in order.into_iter().enumerate() {
                let mut news: Value = serde_json::from_slice(body).unwrap();
                if round > 0 {
                    news["id"] = json!(format!("evt_again_{round}_{number}"));
                }
                signed(&app, news.to_string().into_bytes()).await.expect(204);
                app.run_jobs().await;
            }
        }
        assert_eq!((effects(&app).await, app::payments::balances(&app.app).await.unwrap()), settled, "{card}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn fifty_copies_at_once_have_the_effect_of_one() {
    let app = TestApp::new().await;
    booked(&app, "pm_card_createDispute").await;
    let body: String =
        sqlx::query_scalar("select body from sandbox_events where body like '%dispute.created%'").fetch_one(app.pool()).await.unwrap();
    let knocks = (0..50).map(|_| signed(&app, body.clone().into_bytes()));
    for answer in futures::future::join_all(knocks).await {
        answer.expect(204);
    }
    app.run_jobs().await;
    let counts: (i64, i64) =
        sqlx::query_as("select (select count(*) from disputes), (select count(*) from ledger_transactions where event = 'dispute_opened')")
            .fetch_one(app.pool())
            .await
            .unwrap();
    assert_eq!(counts, (1, 1));
}

#[tokio::test]
async fn staff_read_the_inbox_and_repeat_what_failed() {
    let app = TestApp::new().await;
    let (guest, _) = booked(&app, "pm_card_visa").await;
    app.run_jobs().await;
    let staff = app.staff("ines").await;
    guest.get("/api/v1/admin/webhooks").await.problem(404);
    let list = staff.get("/api/v1/admin/webhooks?limit=1").await.expect(200);
    let one = &list["data"][0];
    assert_eq!((&one["kind"], &one["object"]), (&json!("charge.captured"), &json!("charge")));
    assert!(one["processed_at"].is_string() && one["error"].is_null());
    let address = format!("/api/v1/admin/webhooks/sandbox/{}", one["event_id"].as_str().unwrap());
    let full = staff.get(&address).await.expect(200);
    assert!(full["payload"].as_str().unwrap().contains("charge.captured"));
    staff.get("/api/v1/admin/webhooks/sandbox/evt_none").await.problem(404);

    let before = effects(&app).await;
    assert!(staff.post(&format!("{address}/replay"), json!({})).await.expect(202)["processed_at"].is_null());
    assert_eq!(staff.get("/api/v1/admin/webhooks?waiting=true").await.expect(200)["data"].as_array().unwrap().len(), 1);
    app.run_jobs().await;
    assert_eq!(staff.get("/api/v1/admin/webhooks?waiting=true").await.expect(200)["data"].as_array().unwrap().len(), 0);
    assert_eq!(effects(&app).await, before);
}
