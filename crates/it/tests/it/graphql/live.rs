//! Watching: who hears what, over sockets and events, across servers.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use it::{Client, TestApp};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

/// Longer than any answer takes; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(20);

impl Socket {
    async fn open(base: &str, origin: Option<&str>) -> Result<Self, String> {
        let mut request = format!("{}/graphql", base.replace("http://", "ws://")).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().unwrap());
        }
        tokio_tungstenite::connect_async(request).await.map(|(socket, _)| Self(socket)).map_err(|error| error.to_string())
    }

    async fn send(&mut self, message: Value) {
        self.0.send(Message::text(message.to_string())).await.unwrap();
    }

    /// The next message, or the code with which the socket was closed.
    async fn next(&mut self) -> Result<Value, u16> {
        loop {
            match tokio::time::timeout(PATIENCE, self.0.next()).await.expect("an answer in time") {
                Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
                Some(Ok(Message::Close(frame))) => return Err(frame.map_or(1005, |frame| frame.code.into())),
                Some(Ok(_)) => {}
                other => panic!("{other:?}"),
            }
        }
    }

    async fn hello(base: &str, token: &str) -> Self {
        let mut socket = Self::open(base, None).await.unwrap();
        socket.send(json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {token}")}})).await;
        assert_eq!(socket.next().await.unwrap()["type"], "connection_ack");
        socket
    }

    async fn watch(&mut self, id: &str, document: &str) {
        self.send(json!({"id": id, "type": "subscribe", "payload": {"query": document}})).await;
    }

    /// Nudges until the socket hears of it: from then on it misses nothing.
    async fn awake(&mut self, app: &TestApp, booking: &str) {
        loop {
            nudge(app.pool(), booking, "payment.failed").await;
            if let Ok(message) = tokio::time::timeout(Duration::from_millis(500), self.0.next()).await {
                assert!(message.unwrap().unwrap().to_text().unwrap().contains("payment.failed"));
                return;
            }
        }
    }

    /// The next change that is no nudge.
    async fn change(&mut self) -> Value {
        loop {
            let next = self.next().await.unwrap();
            let change = &next["payload"]["data"]["bookingChanged"];
            assert!(change["kind"].is_string(), "{next}");
            if change["kind"] != "payment.failed" {
                return change.clone();
            }
        }
    }
}

/// A fact about a booking that changes nothing.
async fn nudge(pool: &sqlx::PgPool, booking: &str, kind: &str) {
    sqlx::query(NUDGE).bind(booking.parse::<uuid::Uuid>().unwrap()).bind(kind).execute(pool).await.unwrap();
}

const NUDGE: &str = "insert into events (id, kind, payload, occurred_at)
     values (gen_random_uuid(), $2::text, jsonb_build_object('kind', $2::text, 'payment', gen_random_uuid(), 'booking', $1::uuid, 'amount', 1), now())";

fn token(person: &Client) -> &str {
    person.token.as_deref().unwrap()
}

const WATCH: &str = "subscription { bookingChanged { kind booking { id state guest { name } } } }";

async fn book(guest: &Client, listing: &str, check_in: &str, check_out: &str) -> String {
    let wish = json!({"listing_id": listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 1}});
    guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn both_sides_hear_of_a_booking_on_whichever_server_they_are() {
    let app = TestApp::new().await;
    let other = app.second_server().await;
    let (host, guest, stranger) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let (old, theirs) =
        (book(&guest, &listing, "2030-05-01", "2030-05-03").await, book(&stranger, &listing, "2030-06-01", "2030-06-03").await);
    let mut at_host = Socket::hello(&other, token(&host)).await;
    let mut at_guest = Socket::hello(&app.base, token(&guest)).await;
    let mut at_stranger = Socket::hello(&other, token(&stranger)).await;
    for (socket, booking) in [(&mut at_host, &old), (&mut at_guest, &old), (&mut at_stranger, &theirs)] {
        socket.watch("1", WATCH).await;
        socket.awake(&app, booking).await;
    }
    let booking = book(&guest, &listing, "2030-02-01", "2030-02-03").await;
    guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    for socket in [&mut at_host, &mut at_guest] {
        let mut kinds = Vec::new();
        while !kinds.contains(&"booking.confirmed".to_owned()) {
            let change = socket.change().await;
            assert_eq!(
                (change["booking"]["id"].as_str(), change["booking"]["guest"]["name"].as_str()),
                (Some(booking.as_str()), Some("mia")),
                "{change}"
            );
            kinds.push(change["kind"].as_str().unwrap().to_owned());
        }
        assert!(kinds.contains(&"booking.placed".to_owned()), "{kinds:?}");
        let once: std::collections::BTreeSet<_> = kinds.iter().collect();
        assert_eq!(once.len(), kinds.len(), "each fact is told once: {kinds:?}");
    }
    // The stranger's next news is their own.
    nudge(app.pool(), &theirs, "payment.refunded").await;
    assert_eq!(at_stranger.change().await["booking"]["id"], theirs);
    // A watch that is given up ends.
    at_guest.send(json!({"id": "1", "type": "complete"})).await;
    while at_guest.next().await.unwrap()["type"] != "complete" {}
}

#[tokio::test]
async fn one_watches_only_what_is_ones_own() {
    let app = TestApp::new().await;
    let (host, guest, stranger) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let booking = book(&guest, &listing, "2030-02-01", "2030-02-03").await;
    let mut socket = Socket::hello(&app.base, token(&stranger)).await;
    socket.send(json!({"id": "1", "type": "subscribe", "payload": {"query": format!("subscription {{ bookingChanged(bookingId: \"{booking}\") {{ kind }} }}")}})).await;
    let refused = socket.next().await.unwrap();
    let text = refused.to_string();
    assert!(text.contains("not_found"), "{refused}");
    // Bounds hold here too.
    let flood =
        format!("subscription {{ bookingChanged {{ booking {{ {} }} }} }}", (0..16).map(|n| format!("a{n}: code ")).collect::<String>());
    socket.send(json!({"id": "2", "type": "subscribe", "payload": {"query": flood}})).await;
    while let Ok(next) = socket.next().await {
        if next["id"] == "2" {
            assert!(next.to_string().contains("too_many_aliases"), "{next}");
            break;
        }
    }
}

#[tokio::test]
async fn sockets_ask_who_one_is() {
    let app = TestApp::new().await;
    let guest = app.user("mia").await;
    let mut nobody = Socket::open(&app.base, None).await.unwrap();
    nobody.send(json!({"type": "connection_init", "payload": {}})).await;
    assert!(nobody.next().await.is_err(), "nobody is not let in");
    let mut liar = Socket::open(&app.base, None).await.unwrap();
    liar.send(json!({"type": "connection_init", "payload": {"authorization": "Bearer none"}})).await;
    assert!(liar.next().await.is_err());
    let mut hasty = Socket::open(&app.base, None).await.unwrap();
    hasty.send(json!({"id": "1", "type": "subscribe", "payload": {"query": WATCH}})).await;
    assert!(hasty.next().await.is_err(), "first the hello");
    assert!(Socket::open(&app.base, Some("https://elsewhere.example")).await.is_err(), "another site's page is not let in");
    assert!(Socket::open(&app.base, Some(&app.base)).await.is_ok());
    // A login that ends closes its sockets.
    let mut socket = Socket::hello(&app.base, token(&guest)).await;
    guest.delete("/api/v1/sessions/current").await.expect(204);
    loop {
        match socket.next().await {
            Ok(_) => {}
            Err(code) => {
                assert_eq!(code, 4403);
                break;
            }
        }
    }
}

#[tokio::test]
async fn events_tell_the_same() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let old = book(&guest, &listing, "2030-05-01", "2030-05-03").await;
    let request = host.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream").json(&json!({"query": WATCH}));
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/event-stream");
    let mut stream = response.bytes_stream();
    let mut text = String::new();
    while !text.contains("payment.failed") {
        nudge(app.pool(), &old, "payment.failed").await;
        if let Ok(part) = tokio::time::timeout(Duration::from_millis(500), stream.next()).await {
            text.push_str(&String::from_utf8_lossy(&part.unwrap().unwrap()));
        }
    }
    let booking = book(&guest, &listing, "2030-02-01", "2030-02-03").await;
    while !text.contains("booking.placed") {
        let part = tokio::time::timeout(PATIENCE, stream.next()).await.expect("news in time").unwrap().unwrap();
        text.push_str(&String::from_utf8_lossy(&part));
    }
    assert!(text.contains("event: next") && text.contains(&booking), "{text}");
    // What fails at once is told and completed.
    let nobody = app.anonymous();
    let request = nobody.request(reqwest::Method::POST, "/graphql").header("accept", "text/event-stream").json(&json!({"query": WATCH}));
    let text = request.send().await.unwrap().text().await.unwrap();
    assert!(text.contains("unauthenticated") && text.contains("event: complete"), "{text}");
}

#[tokio::test]
async fn words_and_notifications_arrive() {
    let app = TestApp::new().await;
    let (host, guest, stranger) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let booking = book(&guest, &listing, "2030-05-01", "2030-05-03").await;
    let theirs = book(&stranger, &listing, "2030-06-01", "2030-06-03").await;
    let mut at_host = Socket::hello(&app.base, token(&host)).await;
    let mut at_stranger = Socket::hello(&app.base, token(&stranger)).await;
    for (socket, booking) in [(&mut at_host, &booking), (&mut at_stranger, &theirs)] {
        socket.watch("m", "subscription { messageAdded { body sender { name } } }").await;
        socket.watch("n", "subscription { notificationAdded { kind title } }").await;
        // The last to begin: once it is heard, the others are awake too.
        socket.watch("1", WATCH).await;
        socket.awake(&app, booking).await;
    }
    let opened = guest
        .graphql("mutation($l: ID!) { openConversation(listingId: $l, message: \"Is there a cot?\") { conversation { id unread lastMessage { body } } errors { code } } }", json!({"l": listing}))
        .await;
    assert!(Client::data(&opened)["openConversation"]["conversation"]["id"].is_string(), "{opened}");
    let mut heard = Value::Null;
    while heard.is_null() {
        let next = at_host.next().await.unwrap();
        if next["id"] == "m" {
            heard = next["payload"]["data"]["messageAdded"].clone();
        }
    }
    assert_eq!(heard, json!({"body": "Is there a cot?", "sender": {"name": "mia"}}));
    guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    app.run_jobs().await;
    loop {
        let next = at_host.next().await.unwrap();
        if next["id"] == "n" {
            assert!(next["payload"]["data"]["notificationAdded"]["title"].is_string(), "{next}");
            break;
        }
    }
    // The stranger's next news is their own.
    nudge(app.pool(), &theirs, "payment.refunded").await;
    loop {
        let next = at_stranger.next().await.unwrap();
        assert_eq!(next["id"], "1", "{next}");
        if next["payload"]["data"]["bookingChanged"]["kind"] == "payment.refunded" {
            break;
        }
    }
}
