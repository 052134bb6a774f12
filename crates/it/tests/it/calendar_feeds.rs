//! Calendars that homes follow and give: faults of others never free or take a
//! night that they should not.

use std::sync::{Arc, Mutex};

use it::{Client, TestApp};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// Another platform on a loopback port: answers what it is told to.
#[derive(Clone)]
struct Platform {
    url: String,
    answer: Arc<Mutex<String>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Platform {
    async fn new() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/calendar.ics", listener.local_addr().unwrap());
        let platform = Self { url, answer: Arc::default(), asked: Arc::default() };
        let (answer, asked) = (platform.answer.clone(), platform.asked.clone());
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let mut request = Vec::new();
                while !request.windows(4).any(|window| window == b"\r\n\r\n") {
                    let mut buffer = [0; 1024];
                    match stream.read(&mut buffer).await {
                        Ok(0) | Err(_) => break,
                        Ok(n) => request.extend_from_slice(&buffer[..n]),
                    }
                }
                asked.lock().unwrap().push(String::from_utf8_lossy(&request).to_lowercase());
                let text = answer.lock().unwrap().clone();
                let _ = stream.write_all(text.as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        });
        platform
    }

    fn say(&self, status: &str, body: &str) {
        *self.answer.lock().unwrap() =
            format!("HTTP/1.1 {status}\r\netag: \"v1\"\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    }

    fn calendar(&self, events: &[(&str, &str, &str)]) {
        let events: String = events
            .iter()
            .map(|(uid, from, to)| {
                format!(
                    "BEGIN:VEVENT\r\nUID:{uid}\r\nDTSTART;VALUE=DATE:{from}\r\nDTEND;VALUE=DATE:{to}\r\nSUMMARY:Reserved\r\nEND:VEVENT\r\n"
                )
            })
            .collect();
        self.say("200 OK", &format!("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Elsewhere//EN\r\n{events}END:VCALENDAR\r\n"));
    }
}

async fn home(mode: &str) -> (TestApp, Client, String) {
    let app = TestApp::permissive().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({"booking_mode": mode})).await["id"].as_str().unwrap().to_owned();
    (app, host, format!("/api/v1/listings/{listing}"))
}

async fn follow(host: &Client, path: &str, platform: &Platform) -> String {
    let feed = host.post(&format!("{path}/calendar-feeds"), json!({"name": "Elsewhere", "url": platform.url})).await.expect(201);
    format!("{path}/calendar-feeds/{}", feed["id"].as_str().unwrap())
}

async fn blocked(host: &Client, path: &str) -> Vec<String> {
    let days = host.get(&format!("{path}/calendar?from=2030-02-01&to=2030-03-01")).await.expect(200);
    let days = days["days"].as_array().unwrap().clone();
    days.iter().filter(|day| day["blocked_by"] == "feed").map(|day| day["date"].as_str().unwrap()[8..].to_owned()).collect()
}

async fn feed(host: &Client, path: &str) -> Value {
    host.get(&format!("{path}/calendar-feeds")).await.expect(200)["data"][0].clone()
}

async fn again(app: &TestApp, host: &Client, one: &str) {
    host.post(&format!("{one}/refresh"), json!({})).await.expect(202);
    app.run_jobs().await;
}

#[tokio::test]
async fn a_feed_takes_nights_moves_them_and_frees_them() {
    let (app, host, path) = home("instant").await;
    let platform = Platform::new().await;
    platform.calendar(&[("a", "20300203", "20300205"), ("b", "20300205", "20300207")]);
    let one = follow(&host, &path, &platform).await;
    assert_eq!(feed(&host, &path).await["health"], "new");
    app.run_jobs().await;
    assert_eq!(blocked(&host, &path).await, ["03", "04", "05", "06"]);
    let state = feed(&host, &path).await;
    assert_eq!((&state["health"], &state["events"], &state["last_error"]), (&json!("fresh"), &json!(2), &json!(null)));
    // The end slides under the same UID, and one comes back under a new one.
    platform.calendar(&[("a", "20300203", "20300204"), ("new", "20300205", "20300207")]);
    again(&app, &host, &one).await;
    assert_eq!(blocked(&host, &path).await, ["03", "05", "06"]);
    assert!(platform.asked.lock().unwrap()[1].contains("if-none-match: \"v1\""));
    platform.say("304 Not Modified", "");
    again(&app, &host, &one).await;
    assert_eq!(blocked(&host, &path).await, ["03", "05", "06"]);
    // A night that is taken elsewhere cannot be had here.
    let wish = json!({"listing_id": path.rsplit('/').next().unwrap(), "check_in": "2030-02-05", "check_out": "2030-02-06", "guests": {"adults": 1}});
    app.user("mia").await.post_once("/api/v1/bookings", wish, None).await.problem(409);
    host.delete(&one).await.expect(204);
    assert_eq!(blocked(&host, &path).await, Vec::<String>::new());
}

#[tokio::test]
async fn faults_of_the_other_side_keep_what_is_known() {
    let (app, host, path) = home("instant").await;
    let platform = Platform::new().await;
    platform.calendar(&[("a", "20300203", "20300205")]);
    let one = follow(&host, &path, &platform).await;
    app.run_jobs().await;
    for (status, body, why) in [
        ("500 Internal Server Error", "", "500"),
        ("404 Not Found", "", "404"),
        ("200 OK", "placeholder", "no calendar"),
        ("200 OK", "<html>Please log in</html>", "no calendar"),
        ("302 Found\r\nlocation: gopher://127.0.0.1/", "", "https"),
    ] {
        platform.say(status, body);
        again(&app, &host, &one).await;
        assert_eq!(blocked(&host, &path).await, ["03", "04"], "{status} {body}");
        let state = feed(&host, &path).await;
        assert!(state["last_error"].as_str().unwrap().contains(why), "{state}");
        assert_eq!(state["health"], "failing");
    }
    platform.say("200 OK", &"x".repeat((1 << 20) + 1));
    again(&app, &host, &one).await;
    assert!(feed(&host, &path).await["last_error"].as_str().unwrap().contains("more than"));
    // An empty answer is believed at the third time.
    platform.say("200 OK", "");
    for wanted in [2, 2, 0] {
        again(&app, &host, &one).await;
        assert_eq!(blocked(&host, &path).await.len(), wanted);
    }
    // A whole calendar without events is believed at once.
    platform.calendar(&[("a", "20300203", "20300205")]);
    again(&app, &host, &one).await;
    platform.calendar(&[]);
    again(&app, &host, &one).await;
    assert_eq!(blocked(&host, &path).await.len(), 0);
}

#[tokio::test]
async fn nights_sold_twice_are_named_and_our_booking_stands() {
    let (app, host, path) = home("instant").await;
    let guest = app.user("mia").await;
    let wish = json!({"listing_id": path.rsplit('/').next().unwrap(), "check_in": "2030-02-03", "check_out": "2030-02-06", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let payments = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
    guest.post_once(&payments, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    let platform = Platform::new().await;
    platform.calendar(&[("a", "20300205", "20300208"), ("echo", "20300203", "20300206")]);
    follow(&host, &path, &platform).await;
    app.run_jobs().await;
    assert_eq!(blocked(&host, &path).await, ["06", "07"]);
    let state = feed(&host, &path).await;
    assert_eq!(state["collisions"].as_array().unwrap().len(), 1, "the echo is none");
    assert_eq!((&state["collisions"][0]["booking_id"], &state["collisions"][0]["check_in"]), (&booking["id"], &json!("2030-02-05")));
    assert_eq!(guest.get(&format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap())).await.expect(200)["state"], "confirmed");
}

#[tokio::test]
async fn a_stale_feed_turns_instant_booking_into_asking() {
    let (app, host, path) = home("instant").await;
    let platform = Platform::new().await;
    platform.calendar(&[]);
    follow(&host, &path, &platform).await;
    app.run_jobs().await;
    let guest = app.user("mia").await;
    let wish = |from: &str, to: &str| json!({"listing_id": path.rsplit('/').next().unwrap(), "check_in": from, "check_out": to, "guests": {"adults": 1}});
    let pay = async |guest: &Client, booking: &Value| {
        let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        guest.get(&path).await.expect(200)["state"].clone()
    };
    let booking = guest.post_once("/api/v1/bookings", wish("2030-02-01", "2030-02-03"), None).await.expect(201);
    assert_eq!(pay(&guest, &booking).await, "confirmed");
    // Nobody reads the feed for a while.
    app.jump(6 * 60 + 1).await;
    let (host, guest) = (app.again(&host).await, app.again(&guest).await);
    assert_eq!(feed(&host, &path).await["health"], "stale");
    let booking = guest.post_once("/api/v1/bookings", wish("2030-02-05", "2030-02-07"), None).await.expect(201);
    assert_eq!(pay(&guest, &booking).await, "requested");
    app.run_schedules().await;
    assert_eq!(feed(&host, &path).await["health"], "fresh");
    let booking = guest.post_once("/api/v1/bookings", wish("2030-02-10", "2030-02-12"), None).await.expect(201);
    assert_eq!(pay(&guest, &booking).await, "confirmed");
}

#[tokio::test]
async fn the_calendar_of_a_home_is_given_without_names() {
    let (app, host, path) = home("instant").await;
    let guest = app.user("mia").await;
    let wish = json!({"listing_id": path.rsplit('/').next().unwrap(), "check_in": "2030-02-03", "check_out": "2030-02-06", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let payments = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
    guest.post_once(&payments, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    let etag = host.get(&path).await.etag();
    let block = json!({"ranges": [{"from": "2030-02-10", "to": "2030-02-12", "available": false, "note": "My mother comes"}]});
    host.put_if(&format!("{path}/calendar"), &etag, block).await.expect(200);
    let url = host.get(&format!("{path}/calendar-feeds")).await.expect(200)["export_url"].as_str().unwrap().to_owned();
    let short = url.strip_prefix(&app.base).unwrap();
    let calendar = app.get(short).await;
    assert_eq!((calendar.status, calendar.header("content-type")), (200, Some("text/calendar; charset=utf-8")));
    let text = calendar.text();
    assert!(text.contains("DTSTART;VALUE=DATE:20300203\r\nDTEND;VALUE=DATE:20300206\r\nSUMMARY:Reserved"), "{text}");
    assert!(text.contains("DTSTART;VALUE=DATE:20300210\r\nDTEND;VALUE=DATE:20300212\r\nSUMMARY:Not available"), "{text}");
    assert!(!text.contains("mia") && !text.contains("mother"), "{text}");
    assert_eq!(app.get(&format!("/api/v1{short}")).await.text().len(), text.len());
    host.post(&format!("{path}/calendar-export"), json!({})).await.expect(200);
    app.get(short).await.problem(404);
    app.get("/ical/none.ics").await.problem(404);
    app.get("/ical/none").await.problem(404);
    app.get("/ical/%00.ics").await.problem(404);
}

#[tokio::test]
async fn nothing_inside_the_house_is_asked() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let path = format!("/api/v1/listings/{}/calendar-feeds", app.listing(&host, json!({})).await["id"].as_str().unwrap());
    for url in
        ["http://example.org/a.ics", "https://example.org:5432/a.ics", "file:///etc/passwd", "calendar", "https://mia:pw@example.org/a"]
    {
        host.post(&path, json!({"name": "x", "url": url})).await.problem(422);
    }
    // Names are looked up when the calendar is read.
    for url in ["https://127.0.0.1/a.ics", "https://localhost/a.ics", "https://[::1]/a.ics", "https://169.254.169.254/latest"] {
        host.post(&path, json!({"name": "x", "url": url})).await.expect(201);
    }
    app.run_jobs().await;
    let feeds = host.get(&path).await.expect(200);
    for feed in feeds["data"].as_array().unwrap() {
        assert!(feed["last_error"].as_str().unwrap().ends_with("does not lead to a public address"), "{feed}");
        assert_eq!(feed["health"], "stale");
    }
    host.post(&path, json!({"name": "x", "url": "https://127.0.0.1/a.ics"})).await.problem(409);
}
