//! So many idle watchers at one server, for `benches/graphql.sh`: registers
//! people, opens their sockets, watches, and waits to be stopped.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a tool of the benchmarks")]

use futures::{SinkExt, StreamExt};
use it::Client;
use it::world::PASSWORD;
use serde_json::json;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;

/// Watches of one person; a server allows 10.
const EACH: usize = 10;

async fn watch(base: &str, token: &str) -> impl Sized + use<> {
    let mut request = format!("{}/graphql", base.replace("http://", "ws://")).into_client_request().unwrap();
    request.headers_mut().insert("sec-websocket-protocol", "graphql-transport-ws".parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.expect("a socket");
    let hello = json!({"type": "connection_init", "payload": {"authorization": format!("Bearer {token}")}});
    socket.send(Message::text(hello.to_string())).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    assert!(answer.to_text().unwrap().contains("connection_ack"), "{answer}");
    let watch =
        json!({"id": "1", "type": "subscribe", "payload": {"query": "subscription { bookingChanged { kind booking { id state } } }"}});
    socket.send(Message::text(watch.to_string())).await.unwrap();
    tokio::spawn(async move { while let Some(Ok(_)) = socket.next().await {} })
}

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1);
    let base = arguments.next().unwrap_or_else(|| "http://127.0.0.1:8080".to_owned());
    let wanted: usize = arguments.next().map_or(2000, |text| text.parse().expect("a number"));
    let nobody = Client::new(&base);
    let mut open = Vec::with_capacity(wanted);
    for person in 0..wanted.div_ceil(EACH) {
        let email = format!("watcher{person}.{}@example.org", std::process::id());
        nobody.post("/api/v1/users", json!({"email": email, "password": PASSWORD, "name": "Watcher"})).await.expect(201);
        let login = nobody.post("/api/v1/sessions", json!({"email": email, "password": PASSWORD})).await.expect(201);
        let token = login["access_token"].as_str().unwrap().to_owned();
        for _ in 0..EACH.min(wanted - open.len()) {
            open.push(watch(&base, &token).await);
        }
    }
    println!("{} watch", open.len());
    std::future::pending::<()>().await;
}
