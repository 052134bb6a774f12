//! What people are told, by which road, and when.

use it::{Client, TestApp};
use serde_json::{Value, json};

async fn booked(mode: &str, check_in: &str, check_out: &str) -> (TestApp, Client, Client, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({"booking_mode": mode})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    app.run_jobs().await;
    (app, host, guest, path)
}

async fn titles(person: &Client) -> Vec<String> {
    let list = person.get("/api/v1/notifications?limit=100").await.expect(200);
    list["data"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn people_are_told_inside_too_and_say_what_they_saw() {
    let (app, host, guest, path) = booked("instant", "2030-02-01", "2030-02-03").await;
    assert_eq!(titles(&guest).await, ["Confirmed: Flat over the roofs"]);
    let list = host.get("/api/v1/notifications").await.expect(200);
    assert_eq!(
        (&list["unread"], &list["data"][0]["title"], &list["data"][0]["read_at"]),
        (&json!(1), &json!("Booked: Flat over the roofs"), &json!(null))
    );
    assert_eq!(list["data"][0]["link"], format!("/host/reservations/{}", path.rsplit('/').next().unwrap()));
    host.post("/api/v1/notifications/read", json!({"ids": [list["data"][0]["id"]]})).await.expect(204);
    assert_eq!(host.get("/api/v1/notifications?unread=true").await.expect(200)["data"], json!([]));
    let foreign = guest.get("/api/v1/notifications").await.expect(200);
    host.post("/api/v1/notifications/read", json!({"ids": [foreign["data"][0]["id"]]})).await.expect(204);
    assert_eq!(guest.get("/api/v1/notifications").await.expect(200)["unread"], 1, "others' are passed over");
    guest.post("/api/v1/notifications/read", json!({"all": true})).await.expect(204);
    assert_eq!(guest.get("/api/v1/notifications").await.expect(200)["unread"], 0);
    guest.post("/api/v1/notifications/read", json!({"all": true, "ids": []})).await.problem(422);
    app.run_jobs().await;
    assert_eq!(titles(&guest).await.len(), 1);
}

#[tokio::test]
async fn the_matrix_decides_the_road() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let before = guest.get("/api/v1/users/me/notification-preferences").await.expect(200);
    assert_eq!((&before["channels"]["bookings"], &before["quiet_hours"]), (&json!({"email": true, "in_app": true}), &json!(null)));
    let wish = json!({"channels": {"bookings": {"email": false, "in_app": true}}});
    let after = guest.put("/api/v1/users/me/notification-preferences", wish).await.expect(200);
    assert_eq!((&after["channels"]["bookings"]["email"], &after["channels"]["messages"]["email"]), (&json!(false), &json!(true)));
    host.put("/api/v1/users/me/notification-preferences", json!({"channels": {"bookings": {"email": true, "in_app": false}}}))
        .await
        .expect(200);
    for wrong in [
        json!({"channels": {"weather": {"email": true, "in_app": true}}}),
        json!({"channels": {}, "quiet_hours": {"time_zone": "Moon/Base", "from": "22:00", "until": "07:00"}}),
        json!({"channels": {}, "quiet_hours": {"time_zone": "Europe/Lisbon", "from": "25:00", "until": "07:00"}}),
        json!({"channels": {}, "quiet_hours": {"time_zone": "Europe/Lisbon", "from": "07:00", "until": "07:00"}}),
    ] {
        guest.put("/api/v1/users/me/notification-preferences", wrong).await.problem(422);
    }
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let stay = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", stay, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
    guest.post_once(&path, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    app.run_jobs().await;
    assert!(!app.mails_to(&guest).contains(&"Confirmed: Flat over the roofs".to_owned()));
    assert_eq!(titles(&guest).await, ["Confirmed: Flat over the roofs"]);
    assert!(app.mails_to(&host).contains(&"Booked: Flat over the roofs".to_owned()));
    assert_eq!(titles(&host).await, Vec::<String>::new());
}

#[tokio::test]
async fn mail_keeps_quiet_hours() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    // It is 10:00 in Greenwich, 19:00 in Tokyo.
    let quiet = json!({"channels": {}, "quiet_hours": {"time_zone": "Asia/Tokyo", "from": "18:00", "until": "08:00"}});
    guest.put("/api/v1/users/me/notification-preferences", quiet).await.expect(200);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let stay = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", stay, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
    guest.post_once(&path, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    let confirmed = "Confirmed: Flat over the roofs".to_owned();
    app.advance("PT12H").await;
    assert!(!app.mails_to(&guest).contains(&confirmed), "07:00 in Tokyo");
    app.advance("PT1H1M").await;
    assert!(app.mails_to(&guest).contains(&confirmed), "08:00 in Tokyo");
}

#[tokio::test]
async fn reminders_come_when_they_are_due() {
    let (app, host, guest, path) = booked("request", "2030-01-05", "2030-01-07").await;
    let expiring = "A request is about to expire".to_owned();
    app.advance("PT21H59M").await;
    assert!(!app.mails_to(&host).contains(&expiring));
    app.advance("PT1M").await;
    assert!(app.mails_to(&host).contains(&expiring));
    let host = app.again(&host).await;
    host.post_once(&format!("{path}/accept"), json!({}), None).await.expect(200);
    // Check-in on the 5th at 15:00 in Lisbon.
    app.advance("P2DT6H59M").await;
    assert!(!app.mails_to(&guest).contains(&"Your trip begins tomorrow".to_owned()), "{:?}", app.mails_to(&guest));
    app.advance("PT2M").await;
    assert!(app.mails_to(&guest).contains(&"Your trip begins tomorrow".to_owned()), "{:?}", app.mails_to(&guest));
    assert!(app.mails_to(&host).contains(&"A guest arrives tomorrow".to_owned()));
    // Over on the 7th at 11:00; the guest reviews, the host forgets.
    app.advance("P3D").await;
    let guest = app.again(&guest).await;
    guest.post(&format!("{path}/reviews"), json!({"overall": 5, "public_comment": "Fine."})).await.expect(201);
    app.advance("P11D").await;
    let missing = "Your review is still missing".to_owned();
    assert!(app.mails_to(&host).contains(&missing));
    assert!(!app.mails_to(&guest).contains(&missing));
}

#[tokio::test]
async fn what_is_answered_is_not_reminded_of() {
    let (app, host, _guest, path) = booked("request", "2030-02-05", "2030-02-07").await;
    host.post_once(&format!("{path}/accept"), json!({}), None).await.expect(200);
    app.advance("P1D").await;
    assert!(!app.mails_to(&host).contains(&"A request is about to expire".to_owned()));
}

#[tokio::test]
async fn messages_are_mailed_when_nobody_reads_them() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let thread = guest.post("/api/v1/conversations", json!({"listing_id": listing, "message": "Hello"})).await.expect(201);
    let path = format!("/api/v1/conversations/{}", thread["id"].as_str().unwrap());
    guest.post(&format!("{path}/messages"), json!({"body": "Anybody there? Call 912 345 678"})).await.expect(201);
    app.run_jobs().await;
    assert_eq!(titles(&host).await, ["mia wrote to you"], "one for the conversation");
    assert_eq!(
        host.get("/api/v1/notifications").await.expect(200)["data"][0]["body"],
        "Anybody there? Call [hidden until the stay is booked]"
    );
    let subject = "mia wrote to you: Flat over the roofs".to_owned();
    assert!(!app.mails_to(&host).contains(&subject));
    app.advance("PT5M").await;
    let mails: Vec<Value> = app.mails().into_iter().filter(|mail| mail.subject == subject).map(|mail| json!(mail.text)).collect();
    assert_eq!(mails.len(), 1);
    let text = mails[0].as_str().unwrap();
    assert!(text.contains("[hidden until the stay is booked]") && text.contains("2 messages are unread"), "{text}");

    // Read in time: no mail, and the notification is seen too.
    guest.post(&format!("{path}/messages"), json!({"body": "Never mind"})).await.expect(201);
    app.run_jobs().await;
    host.post(&format!("{path}/read"), json!({})).await.expect(204);
    app.advance("PT10M").await;
    assert_eq!(app.mails().iter().filter(|mail| mail.subject == subject).count(), 1);
    assert_eq!(host.get("/api/v1/notifications").await.expect(200)["unread"], 0);
}
