//! A guest's and a host's whole journey over HTTP.

use it::TestApp;
use serde_json::{Value, json};

/// The token of the link in the last mail to somebody.
fn token_in(app: &TestApp, to: &str) -> String {
    let mail = app.mails().into_iter().rfind(|mail| mail.to == to).unwrap();
    let (_, rest) = mail.text.split_once("token=").unwrap();
    rest.split_whitespace().next().unwrap().to_owned()
}

#[tokio::test]
async fn from_registering_to_the_payout() {
    let app = TestApp::new().await;

    // Register, prove the address, log in.
    let mut host = app.newcomer("fergus").await;
    host.post("/api/v1/listings", json!({"title": "Mine"})).await.expect(201);
    app.run_jobs().await;
    let token = token_in(&app, &host.email);
    host.post("/api/v1/email-verifications", json!({"token": token})).await.expect(204);
    let login = host.post("/api/v1/sessions", json!({"email": host.email, "password": it::world::PASSWORD})).await.expect(201);
    host.token = Some(login["access_token"].as_str().unwrap().to_owned());
    assert_eq!(login["user"]["email_verified"], true);
    let guest = app.user("mia").await;

    // List and publish; search finds it with the price of the whole stay.
    let listing = app.listing(&host, json!({"booking_mode": "request", "pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await;
    let id = listing["id"].as_str().unwrap();
    let found = app.get("/api/v1/listings?bbox=-9.3,38.6,-9.0,38.8&check_in=2030-03-01&check_out=2030-03-05&adults=2").await.expect(200);
    assert_eq!(found["total"], 1);
    assert_eq!(found["data"][0]["id"], id);

    // Quote, book for that price, pay: the host is asked.
    let quote = app.get(&format!("/api/v1/listings/{id}/quote?check_in=2030-03-01&check_out=2030-03-05&adults=2")).await.expect(200);
    assert_eq!(quote["total"], json!({"amount": 49020, "currency": "EUR"}), "4 × 100 + 30 cleaning + 14 % fee");
    assert_eq!(found["data"][0]["price"]["total"], quote["total"]);
    let wish = json!({"listing_id": id, "check_in": "2030-03-01", "check_out": "2030-03-05", "guests": {"adults": 2}, "message": "We are quiet.", "expected_total": quote["total"]});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    assert_eq!(booking["state"], "pending_payment");
    assert_eq!(booking["hold_expires_at"], "2030-01-01T10:15:00Z");
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    let payment = guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    assert_eq!(payment["status"], "authorized");
    assert_eq!(guest.get(&path).await.expect(200)["state"], "requested");
    guest.get(&format!("{path}/check-in-info")).await.problem(409);

    // The host says yes: the card is charged, the address is shown.
    assert_eq!(host.post_once(&format!("{path}/accept"), json!({}), None).await.expect(200)["state"], "confirmed");
    assert_eq!(guest.get(&format!("{path}/payments")).await.expect(200)["status"], "succeeded");
    assert_eq!(guest.get(&format!("{path}/check-in-info")).await.expect(200)["door_code"], "4711");
    app.run_jobs().await;
    assert!(app.mails_to(&guest).contains(&"Confirmed: Flat over the roofs".to_owned()), "{:?}", app.mails_to(&guest));
    assert_eq!(app.balance(&format!("guest_funds:{}", booking["id"].as_str().unwrap())).await, 49_020);

    // Time passes: the stay is over, both review, both are opened.
    assert_eq!(payout(&host.get("/api/v1/host/payouts").await.expect(200))["state"], "scheduled");
    app.advance("P65D").await;
    guest.get(&path).await.problem(401);
    let (guest, host) = (app.again(&guest).await, app.again(&host).await);
    assert_eq!(guest.get(&path).await.expect(200)["state"], "completed");
    let review = guest
        .post(
            &format!("{path}/reviews"),
            json!({"overall": 5, "cleanliness": 4, "public_comment": "Lovely table.", "private_feedback": "The kettle drips."}),
        )
        .await
        .expect(201);
    assert_eq!(review["status"], "sealed");
    assert_eq!(app.get(&format!("/api/v1/listings/{id}/reviews")).await.expect(200)["data"], json!([]));
    host.post(&format!("{path}/reviews"), json!({"overall": 5, "house_rules": 5, "public_comment": "Quiet indeed."})).await.expect(201);
    let open = app.get(&format!("/api/v1/listings/{id}/reviews")).await.expect(200);
    assert_eq!(open["data"][0]["public_comment"], "Lovely table.");
    assert_eq!(open["data"][0].get("private_feedback"), None);
    assert_eq!(app.get(&format!("/api/v1/listings/{id}")).await.expect(200)["rating"]["overall"], 5.0);

    // The host's money is due, and the book is settled.
    let due = host.get("/api/v1/host/payouts").await.expect(200);
    assert_eq!(payout(&due)["state"], "due");
    assert_eq!(payout(&due)["amount"], json!({"amount": 41710, "currency": "EUR"}), "430 less 3 %");
    assert_eq!(app.balance(&format!("guest_funds:{}", booking["id"].as_str().unwrap())).await, 0);
    assert_eq!(app.balance(&format!("host_payable:{}", host.id)).await, 41_710);
    assert_eq!(app.balance("fee_host").await + app.balance("fee_guest").await, 7_310);
}

fn payout(page: &Value) -> &Value {
    &page["data"][0]
}
