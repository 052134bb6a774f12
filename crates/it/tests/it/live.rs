//! News as they happen: for those whom they concern, without gaps.

use it::{Client, EventStream, TestApp};
use serde_json::json;

async fn thread() -> (TestApp, Client, Client, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let thread = guest.post("/api/v1/conversations", json!({"listing_id": listing, "message": "Hello"})).await.expect(201);
    (app, host, guest, format!("/api/v1/conversations/{}", thread["id"].as_str().unwrap()))
}

#[tokio::test]
async fn messages_arrive_at_once_and_only_where_they_belong() {
    let (app, host, guest, path) = thread().await;
    let eve = app.user("eve").await;
    let (mut of_host, mut of_eve) = (EventStream::open(&host, None).await, EventStream::open(&eve, None).await);
    guest.post(&format!("{path}/messages"), json!({"body": "Is it quiet? mia@example.org"})).await.expect(201);
    let event = of_host.until("message_added").await.json();
    assert_eq!(event["message"]["body"], "Is it quiet? [hidden until the stay is booked]");
    let unread = of_host.until("unread").await.json();
    assert_eq!(unread["messages"], 2);
    host.post(&format!("{path}/read"), json!({})).await.expect(204);
    assert_eq!(of_host.until("conversation_read").await.json()["user_id"].as_str(), Some(host.id.as_str()));
    // The first thing that concerns Eve is her own.
    let listing = app.listing(&eve, json!({})).await["id"].as_str().unwrap().to_owned();
    guest.post("/api/v1/conversations", json!({"listing_id": listing, "message": "And yours?"})).await.expect(201);
    assert_eq!(of_eve.next().await.unwrap().json()["message"]["body"], "And yours?");
}

#[tokio::test]
async fn who_comes_back_gets_what_was_missed_once() {
    let (app, host, guest, path) = thread().await;
    let mut stream = EventStream::open(&host, None).await;
    guest.post(&format!("{path}/messages"), json!({"body": "one"})).await.expect(201);
    stream.until("message_added").await;
    let last = stream.until("unread").await.id;
    drop(stream);
    // A transaction that was open all the while commits late, under an older
    // number than what is told meanwhile.
    let mut late = app.pool().begin().await.unwrap();
    sqlx::query("select pg_current_xact_id()").execute(&mut *late).await.unwrap();
    guest.post(&format!("{path}/messages"), json!({"body": "two"})).await.expect(201);
    let mut stream = EventStream::open(&host, Some(&last)).await;
    assert_eq!(stream.until("message_added").await.json()["message"]["body"], "two");
    let second = stream.until("unread").await.id;
    assert_ne!(second, last);
    let payload: serde_json::Value = sqlx::query_scalar("select payload from events where kind = 'message.sent' order by xid limit 1")
        .fetch_one(app.pool())
        .await
        .unwrap();
    sqlx::query("insert into events (id, kind, payload, occurred_at) values (gen_random_uuid(), 'message.sent', $1, now())")
        .bind(payload)
        .execute(&mut *late)
        .await
        .unwrap();
    late.commit().await.unwrap();
    assert_eq!(stream.until("message_added").await.json()["message"]["sequence"], 1);
    drop(stream);
    // From the second place only the late one is missing.
    let mut stream = EventStream::open(&host, Some(&second)).await;
    stream.until("message_added").await;
    guest.post(&format!("{path}/messages"), json!({"body": "three"})).await.expect(201);
    assert_eq!(stream.until("message_added").await.json()["message"]["body"], "three");
}

#[tokio::test]
async fn bookings_and_notifications_are_told() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let mut stream = EventStream::open(&host, None).await;
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let placed = stream.until("booking_changed").await.json();
    assert_eq!((&placed["kind"], &placed["booking_id"]), (&json!("booking.placed"), &booking["id"]));
    let path = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
    guest.post_once(&path, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    assert_eq!(stream.until("booking_changed").await.json()["kind"], "booking.confirmed");
    app.run_jobs().await;
    assert_eq!(stream.until("notification_added").await.json()["notification"]["title"], "Booked: Flat over the roofs");
}

#[tokio::test]
async fn a_login_that_ends_hears_nothing_more() {
    let (_app, host, guest, path) = thread().await;
    let mut stream = EventStream::open(&host, None).await;
    host.delete("/api/v1/sessions/current").await.expect(204);
    guest.post(&format!("{path}/messages"), json!({"body": "secret"})).await.expect(201);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn strange_places_and_too_many_lines() {
    let (app, host, _guest, _path) = thread().await;
    let mut open = Vec::new();
    for place in ["", "nonsense", "1:2", "9:1:", "99999999999:99999999999:", "18446744073709551616:1:"] {
        open.push(EventStream::open(&host, Some(place)).await);
    }
    while open.len() < 10 {
        open.push(EventStream::open(&host, None).await);
    }
    assert_eq!(host.get("/api/v1/events/stream").await.problem(429), "too_many_requests");
    app.app.live.close();
    for mut stream in open {
        assert_eq!(stream.next().await, None, "a server that stops lets everybody go");
    }
}
