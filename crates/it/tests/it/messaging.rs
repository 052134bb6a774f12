//! Conversations: one thread per inquiry or booking, read by those in it only.

use it::{Client, TestApp};
use serde_json::{Value, json};

async fn inquiry() -> (TestApp, Client, Client, String, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let words = json!({"listing_id": listing, "message": "Is the balcony sunny? My number is +351 912 345 678."});
    let thread = guest.post("/api/v1/conversations", words).await.expect(201);
    let id = thread["id"].as_str().unwrap().to_owned();
    (app, host, guest, listing, id)
}

async fn book(guest: &Client, listing: &str, message: &str) -> Value {
    let wish =
        json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 2}, "message": message});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
    guest.post_once(&path, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    booking
}

fn bodies(thread: &Value) -> Vec<&str> {
    thread["data"].as_array().unwrap().iter().map(|message| message["body"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_inquiry_is_answered_and_becomes_the_bookings_thread() {
    let (app, host, guest, listing, id) = inquiry().await;
    let path = format!("/api/v1/conversations/{id}");
    let inbox = host.get("/api/v1/conversations").await.expect(200);
    assert_eq!((&inbox["unread"], &inbox["data"][0]["unread"], &inbox["data"][0]["role"]), (&json!(1), &json!(1), &json!("host")));
    assert_eq!(inbox["data"][0]["last_message"]["masked"], true);
    assert_eq!(inbox["data"][0]["last_message"]["body"], "Is the balcony sunny? My number is [hidden until the stay is booked].");
    host.post(&format!("{path}/messages"), json!({"body": " From noon on. "})).await.expect(201);
    assert_eq!(host.get("/api/v1/conversations").await.expect(200)["unread"], 0, "who answers has read");
    assert_eq!(host.get("/api/v1/conversations?unread=true").await.expect(200)["data"], json!([]));

    // Writing again finds the same thread; booking takes it over.
    let again = guest.post("/api/v1/conversations", json!({"listing_id": listing, "message": "Lovely."})).await.expect(201);
    assert_eq!((again["id"].as_str(), &again["booking"]), (Some(id.as_str()), &json!(null)));
    let booking = book(&guest, &listing, "We come late.").await;
    app.run_jobs().await;
    let thread = guest.get(&path).await.expect(200);
    assert_eq!((&thread["booking"]["id"], &thread["booking"]["state"]), (&booking["id"], &json!("confirmed")));
    let entries = guest.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!(
        bodies(&entries),
        [
            "The stay is booked: 2030-02-01 to 2030-02-03.",
            "We come late.",
            "Lovely.",
            "From noon on.",
            "Is the balcony sunny? My number is +351 912 345 678."
        ],
        "contact data is open now"
    );
    assert_eq!((&entries["data"][0]["kind"], &entries["data"][0]["event"]), (&json!("system"), &json!("booking.confirmed")));
    let about_booking = host.post("/api/v1/conversations", json!({"booking_id": booking["id"], "message": "Welcome!"})).await.expect(201);
    assert_eq!(about_booking["id"].as_str(), Some(id.as_str()));
    app.run_jobs().await;
    assert_eq!(guest.get(&format!("{path}/messages")).await.expect(200)["data"].as_array().unwrap().len(), 6, "told once");
}

#[tokio::test]
async fn a_booking_without_inquiry_begins_with_its_words() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({"booking_mode": "request"})).await["id"].as_str().unwrap().to_owned();
    let booking = book(&guest, &listing, "May we bring skis? mia@example.org").await;
    app.run_jobs().await;
    let inbox = host.get("/api/v1/conversations").await.expect(200);
    let path = format!("/api/v1/conversations/{}", inbox["data"][0]["id"].as_str().unwrap());
    let entries = host.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!(
        bodies(&entries),
        ["Asked for 2030-02-01 to 2030-02-03. The host has 24 hours to answer.", "May we bring skis? [hidden until the stay is booked]"]
    );
    host.post_once(&format!("/api/v1/bookings/{}/decline", booking["id"].as_str().unwrap()), json!({}), None).await.expect(200);
    app.run_jobs().await;
    assert_eq!(bodies(&host.get(&format!("{path}/messages")).await.expect(200))[0], "The host could not take this stay.");
    assert!(bodies(&guest.get(&format!("{path}/messages")).await.expect(200))[2].contains("[hidden"), "never booked, never shown");
}

#[tokio::test]
async fn threads_are_paged_and_read_up_to_an_entry() {
    let (_app, host, guest, _listing, id) = inquiry().await;
    let path = format!("/api/v1/conversations/{id}");
    let mut ids = Vec::new();
    for n in 2..=7 {
        let sent = guest.post(&format!("{path}/messages"), json!({"body": format!("word {n}")})).await.expect(201);
        assert_eq!(sent["sequence"], n);
        ids.push(sent["id"].as_str().unwrap().to_owned());
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = host.get(&format!("{path}/messages?limit=3{cursor}")).await.expect(200);
        seen.extend(page["data"].as_array().unwrap().iter().map(|message| message["sequence"].as_i64().unwrap()));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen, [7, 6, 5, 4, 3, 2, 1]);
    host.post(&format!("{path}/read"), json!({"message_id": ids[3]})).await.expect(204);
    assert_eq!(host.get(&path).await.expect(200)["unread"], 2);
    host.post(&format!("{path}/read"), json!({"message_id": ids[0]})).await.expect(204);
    assert_eq!(host.get(&path).await.expect(200)["unread"], 2, "reading backwards changes nothing");
    let thread = guest.get(&path).await.expect(200);
    assert_eq!((&thread["members"][1]["role"], &thread["members"][1]["read_sequence"]), (&json!("host"), &json!(5)));
    host.post(&format!("{path}/read"), json!({"message_id": "01941f29-7c00-7000-8000-000000000000"})).await.problem(404);
}

#[tokio::test]
async fn the_same_words_are_sent_once() {
    let (_app, host, _guest, _listing, id) = inquiry().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let first = host.post_once(&path, json!({"body": "Yes"}), Some("again")).await.expect(201);
    let second = host.post_once(&path, json!({"body": "Yes"}), Some("again")).await.expect(201);
    assert_eq!(first["id"], second["id"]);
    assert_eq!(host.get(&path).await.expect(200)["data"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn many_at_once_are_numbered_without_gaps() {
    let (app, host, guest, _listing, id) = inquiry().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    let all: Vec<_> = (0..20)
        .map(|n| {
            let (person, path) = (if n % 2 == 0 { host.clone() } else { guest.clone() }, path.clone());
            tokio::spawn(async move { person.post(&path, json!({"body": format!("{n}")})).await.status })
        })
        .collect();
    for one in all {
        assert_eq!(one.await.unwrap(), 201);
    }
    let numbers: Vec<i64> = sqlx::query_scalar("select sequence from messages order by sequence").fetch_all(app.pool()).await.unwrap();
    assert_eq!(numbers, (1..=21).collect::<Vec<_>>());
    let unread: Vec<i32> =
        sqlx::query_scalar("select unread from conversation_members order by role desc").fetch_all(app.pool()).await.unwrap();
    assert!(unread.iter().all(|unread| *unread <= 10), "{unread:?}");
}

#[tokio::test]
async fn people_are_kept_from_people() {
    let (app, host, guest, listing, id) = inquiry().await;
    let path = format!("/api/v1/conversations/{id}");
    host.post("/api/v1/conversations", json!({"listing_id": listing, "message": "x"})).await.problem(403);
    let neither = guest.post("/api/v1/conversations", json!({"message": "x"})).await;
    assert_eq!(neither.problem(422), "one_of");
    for empty in ["", "   ", &"x".repeat(4001)] {
        guest.post(&format!("{path}/messages"), json!({"body": empty})).await.problem(422);
    }
    guest.post(&format!("{path}/report"), json!({"reason": "He asks for money elsewhere."})).await.expect(202);
    guest.put(&format!("/api/v1/users/me/blocks/{}", host.id), Value::Null).await.expect(204);
    assert_eq!(guest.get("/api/v1/users/me/blocks").await.expect(200)["data"][0]["name"], "fergus");
    for person in [&guest, &host] {
        assert_eq!(person.post(&format!("{path}/messages"), json!({"body": "x"})).await.problem(403), "blocked");
    }
    guest.delete(&format!("/api/v1/users/me/blocks/{}", host.id)).await.expect(204);
    guest.post(&format!("{path}/messages"), json!({"body": "Sorry."})).await.expect(201);

    // Who leaves takes their words along.
    guest
        .send(guest.request(reqwest::Method::DELETE, "/api/v1/users/me").json(&json!({"password": it::world::PASSWORD})))
        .await
        .expect(204);
    let entries = host.get(&format!("{path}/messages")).await.expect(200);
    assert_eq!(bodies(&entries), ["", ""]);
    assert_eq!(host.post(&format!("{path}/messages"), json!({"body": "Hello?"})).await.problem(409), "nobody_there");
    app.newcomer("eve").await.post("/api/v1/conversations", json!({"listing_id": listing, "message": "x"})).await.problem(403);
}

#[tokio::test]
async fn a_flood_is_stopped() {
    let (_app, host, _guest, _listing, id) = inquiry().await;
    let path = format!("/api/v1/conversations/{id}/messages");
    for _ in 0..60 {
        host.post(&path, json!({"body": "x"})).await.expect(201);
    }
    assert_eq!(host.post(&path, json!({"body": "x"})).await.problem(429), "too_many_requests");
}
