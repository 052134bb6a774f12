//! Sealed until both have spoken or the window has closed.

use it::{Client, TestApp};
use serde_json::json;

async fn after_a_stay() -> (TestApp, Client, Client, String, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-01-02", "check_out": "2030-01-04", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    let early = guest.post(&format!("{path}/reviews"), json!({"overall": 5, "public_comment": "Soon!"})).await;
    assert_eq!(early.problem(409), "review_too_early");
    app.advance("P3DT2H").await;
    let (host, guest) = (app.again(&host).await, app.again(&guest).await);
    (app, host, guest, path, listing)
}

#[tokio::test]
async fn one_side_alone_is_opened_when_the_window_closes() {
    let (app, host, guest, path, listing) = after_a_stay().await;
    let review = guest.post(&format!("{path}/reviews"), json!({"overall": 4, "location": 5, "public_comment": "Good."})).await.expect(201);
    let again = guest.post(&format!("{path}/reviews"), json!({"overall": 1, "public_comment": "No."})).await;
    assert_eq!(again.problem(409), "already_reviewed");
    let one = format!("/api/v1/reviews/{}", review["id"].as_str().unwrap());
    host.get(&one).await.problem(404);
    guest.put(&one, json!({"overall": 3, "public_comment": "Good, on the whole."})).await.expect(200);
    app.advance("P13DT22H").await;
    app.get(&one).await.problem(404);
    app.advance("PT2H").await;
    let open = app.get(&one).await.expect(200);
    assert_eq!((&open["overall"], &open["status"]), (&json!(3), &json!("published")));
    let host = app.again(&host).await;
    let late = host.post(&format!("{path}/reviews"), json!({"overall": 5, "public_comment": "Late."})).await;
    assert_eq!(late.problem(409), "review_window_closed");
    let guest = app.again(&guest).await;
    assert_eq!(guest.put(&one, json!({"overall": 5, "public_comment": "Changed."})).await.problem(409), "review_is_open");
    guest.post(&format!("{one}/reply"), json!({"reply": "Me too"})).await.problem(404);
    assert_eq!(host.post(&format!("{one}/reply"), json!({"reply": "Thank you."})).await.expect(200)["reply"], "Thank you.");
    assert_eq!(host.post(&format!("{one}/reply"), json!({"reply": "Again."})).await.problem(409), "already_replied");
    assert_eq!(app.get(&format!("/api/v1/listings/{listing}")).await.expect(200)["rating"]["count"], 1);
}

#[tokio::test]
async fn each_side_rates_what_is_its_own_and_strangers_nothing() {
    let (app, host, guest, path, listing) = after_a_stay().await;
    let foreign = host.post(&format!("{path}/reviews"), json!({"overall": 5, "location": 5, "public_comment": "x"})).await;
    assert_eq!(foreign.json()["errors"][0]["pointer"], "/location");
    let wrong = guest.post(&format!("{path}/reviews"), json!({"overall": 6, "cleanliness": 0, "public_comment": " "})).await;
    assert_eq!(wrong.json()["errors"].as_array().unwrap().len(), 3);
    app.user("eve").await.post(&format!("{path}/reviews"), json!({"overall": 1, "public_comment": "x"})).await.problem(404);
    guest
        .post(&format!("{path}/reviews"), json!({"overall": 5, "public_comment": "Fine.", "private_feedback": "The tap."}))
        .await
        .expect(201);
    host.post(&format!("{path}/reviews"), json!({"overall": 4, "house_rules": 5, "public_comment": "Kind."})).await.expect(201);
    let mine = host.get(&format!("{path}/reviews")).await.expect(200);
    assert!(mine["data"].as_array().unwrap().iter().any(|review| review["private_feedback"] == "The tap."));
    let received = app.get(&format!("/api/v1/users/{}/reviews", guest.id)).await.expect(200);
    assert_eq!(received["data"][0]["public_comment"], "Kind.");

    // Reported by a reader, hidden by staff: its stars no longer count.
    let id = app.get(&format!("/api/v1/listings/{listing}/reviews")).await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    host.post(&format!("/api/v1/reviews/{id}/report"), json!({"reason": "Not us."})).await.expect(202);
    host.post(&format!("/api/v1/admin/reviews/{id}/hide"), json!({"reason": "x"})).await.problem(404);
    app.staff("sam").await.post(&format!("/api/v1/admin/reviews/{id}/hide"), json!({"reason": "Of another home."})).await.expect(204);
    assert_eq!(app.get(&format!("/api/v1/listings/{listing}")).await.expect(200)["rating"], json!(null));
}
