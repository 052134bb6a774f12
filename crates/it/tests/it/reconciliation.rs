//! Provider and ledger side by side: what was planted is found, exactly, and
//! clean books find nothing.

use app::payments::reconcile::reconcile;
use it::{Client, TestApp};
use serde_json::{Value, json};

async fn stays(app: &TestApp, guest: &Client, listing: &Value, count: u32) {
    for day in 1..=count {
        let wish = json!({"listing_id": listing["id"], "check_in": format!("2030-03-{:02}", 2 * day), "check_out": format!("2030-03-{:02}", 2 * day + 1), "guests": {"adults": 1}});
        let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
        let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        if day == 1 {
            guest.post_once(&format!("{path}/cancel"), json!({}), None).await.expect(200);
        }
    }
    app.run_jobs().await;
}

#[tokio::test]
async fn what_was_planted_is_found_and_nothing_else() {
    let app = TestApp::new().await;
    let (host, guest, staff) = (app.user("fergus").await, app.user("mia").await, app.staff("ines").await);
    let listing = app.listing(&host, json!({})).await;
    stays(&app, &guest, &listing, 6).await;
    app.jump(10).await;
    let from = "2030-01-01T00:00:00Z".parse().unwrap();
    let clean = reconcile(&app.app, from).await.unwrap();
    assert_eq!((clean.records, clean.differences.len()), (7, 0), "six charges and a refund");

    let charges: Vec<String> = sqlx::query_scalar("select reference from sandbox_charges where refunded = 0 order by reference limit 2")
        .fetch_all(app.pool())
        .await
        .unwrap();
    let [changed, dropped] = [charges[0].clone(), charges[1].clone()];
    sqlx::query("update sandbox_charges set captured = captured + 1 where reference = $1")
        .bind(&changed)
        .execute(app.pool())
        .await
        .unwrap();
    sqlx::query("delete from sandbox_charges where reference = $1").bind(&dropped).execute(app.pool()).await.unwrap();
    sqlx::query(
        "insert into sandbox_charges (reference, request_key, method, amount, currency, state, captured, capture_now, created_at, captured_at)
         values ('ch_orphan', 'x', 'pm_card_visa', 500, 'EUR', 'captured', 500, true, $1, $1)",
    )
    .bind(app.app.clock.now() - chrono::TimeDelta::minutes(8))
    .execute(app.pool())
    .await
    .unwrap();
    let run = reconcile(&app.app, from).await.unwrap();
    let mut found: Vec<(String, String)> =
        run.differences.iter().filter(|case| case.record == "charge").map(|case| (case.kind.to_string(), case.reference.clone())).collect();
    found.sort();
    let mut planted = vec![
        ("amount_differs".to_owned(), changed.clone()),
        ("missing_there".to_owned(), dropped),
        ("orphan_capture".to_owned(), "ch_orphan".to_owned()),
    ];
    planted.sort();
    assert_eq!(found, planted);
    assert!(run.differences.iter().any(|case| case.record == "balance"), "the balances show it too");

    // Staff see them, settle one, and the one that goes away closes itself.
    guest.get("/api/v1/admin/reconciliation/cases").await.problem(404);
    let staff = app.again(&staff).await;
    let cases = staff.get("/api/v1/admin/reconciliation/cases").await.expect(200);
    assert_eq!(cases["data"].as_array().unwrap().len(), 4);
    let orphan = cases["data"].as_array().unwrap().iter().find(|case| case["kind"] == "orphan_capture").unwrap();
    assert_eq!(orphan["found"], json!({"amount": 500, "currency": "EUR"}));
    let settle = format!("/api/v1/admin/reconciliation/cases/{}/settle", orphan["id"].as_str().unwrap());
    staff.post(&settle, json!({"note": ""})).await.problem(422);
    assert_eq!(staff.post(&settle, json!({"note": "given back by hand"})).await.expect(200)["settled"], true);
    assert_eq!(staff.post(&settle, json!({"note": "twice"})).await.problem(409), "already_settled");
    sqlx::query("update sandbox_charges set captured = captured - 1 where reference = $1")
        .bind(&changed)
        .execute(app.pool())
        .await
        .unwrap();
    reconcile(&app.app, from).await.unwrap();
    let open = staff.get("/api/v1/admin/reconciliation/cases").await.expect(200);
    let kinds: Vec<&str> = open["data"].as_array().unwrap().iter().map(|case| case["kind"].as_str().unwrap()).collect();
    assert!(!kinds.contains(&"amount_differs"), "{kinds:?}");
    let all = staff.get("/api/v1/admin/reconciliation/cases?all=true").await.expect(200);
    assert!(all["data"].as_array().unwrap().iter().any(|case| case["note"] == "no longer differs"));
}
