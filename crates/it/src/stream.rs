//! Reading server-sent events.

use std::time::Duration;

use serde_json::Value;

use crate::Client;

/// One event as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentEvent {
    pub id: String,
    pub name: String,
    pub data: String,
}

impl SentEvent {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.data).unwrap_or_else(|_| panic!("not JSON: {}", self.data))
    }
}

/// An open stream.
pub struct EventStream {
    response: reqwest::Response,
    buffer: String,
}

impl EventStream {
    /// Opens the stream and reads its greeting.
    pub async fn open(client: &Client, last: Option<&str>) -> Self {
        let mut request = client.request(reqwest::Method::GET, "/api/v1/events/stream");
        if let Some(last) = last {
            request = request.header("last-event-id", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut stream = Self { response, buffer: String::new() };
        assert_eq!(stream.next().await.expect("a greeting").name, "hello");
        stream
    }

    /// The next event; `None` when the server has ended the stream.
    pub async fn next(&mut self) -> Option<SentEvent> {
        loop {
            if let Some((head, rest)) = self.buffer.split_once("\n\n").map(|(head, rest)| (head.to_owned(), rest.to_owned())) {
                self.buffer = rest;
                let field = |name: &str| {
                    let lines = head.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
                    lines.map(|value| value.strip_prefix(' ').unwrap_or(value)).collect::<Vec<_>>().join("\n")
                };
                let event = SentEvent { id: field("id"), name: field("event"), data: field("data") };
                if event.name.is_empty() {
                    continue; // a comment that keeps the line alive
                }
                return Some(event);
            }
            let chunk = tokio::time::timeout(Duration::from_secs(60), self.response.chunk()).await.expect("an event within a minute");
            match chunk {
                Ok(Some(bytes)) => self.buffer.push_str(std::str::from_utf8(&bytes).unwrap()),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// The next event of this name; others before it are passed over.
    pub async fn until(&mut self, name: &str) -> SentEvent {
        loop {
            let event = self.next().await.unwrap_or_else(|| panic!("the stream ended before {name}"));
            if event.name == name {
                return event;
            }
        }
    }
}
