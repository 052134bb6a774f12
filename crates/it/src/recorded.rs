//! A provider that answers from a recording and remembers what it was asked.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::Value;

/// One answer, in the order in which questions come.
#[derive(Debug, Clone, Deserialize)]
pub struct Exchange {
    /// `POST /v1/refunds`: what must be asked.
    pub ask: String,
    /// Fields of the form or query that must be there.
    #[serde(default)]
    pub with: BTreeMap<String, String>,
    pub status: u16,
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Sent as it is when it is a text.
    #[serde(default)]
    pub body: Value,
    /// Before the answer, in milliseconds.
    #[serde(default)]
    pub delay: u64,
}

/// What was asked.
#[derive(Debug, Clone)]
pub struct Asked {
    pub line: String,
    pub headers: HeaderMap,
    pub fields: BTreeMap<String, String>,
}

#[derive(Default)]
struct Tape {
    left: Vec<Exchange>,
    asked: Vec<Asked>,
    faults: Vec<String>,
}

/// The provider; ends with the test's runtime.
pub struct Recorded {
    tape: Arc<Mutex<Tape>>,
    pub base: String,
}

fn fields(text: &str) -> BTreeMap<String, String> {
    let pairs = reqwest::Url::parse(&format!("http://x/?{text}")).unwrap();
    pairs.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned())).collect()
}

async fn answer(State(tape): State<Arc<Mutex<Tape>>>, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Response {
    let line = format!("{method} {}", uri.path());
    let given = if method == Method::GET { fields(uri.query().unwrap_or_default()) } else { fields(&String::from_utf8_lossy(&body)) };
    let exchange = {
        let mut tape = tape.lock().unwrap();
        tape.asked.push(Asked { line: line.clone(), headers, fields: given.clone() });
        if tape.left.is_empty() {
            tape.faults.push(format!("nothing is left to answer {line}"));
            return StatusCode::IM_A_TEAPOT.into_response();
        }
        let exchange = tape.left.remove(0);
        if exchange.ask != line {
            tape.faults.push(format!("{line} was asked, not {}", exchange.ask));
        }
        for (name, value) in &exchange.with {
            if given.get(name) != Some(value) {
                tape.faults.push(format!("{line}: {name} is {:?}, not {value:?}", given.get(name)));
            }
        }
        exchange
    };
    tokio::time::sleep(Duration::from_millis(exchange.delay)).await;
    let mut response = match exchange.body {
        Value::String(text) => text.into_response(),
        other => other.to_string().into_response(),
    };
    *response.status_mut() = StatusCode::from_u16(exchange.status).unwrap();
    for (name, value) in exchange.headers {
        response.headers_mut().insert(axum::http::HeaderName::try_from(name).unwrap(), value.parse().unwrap());
    }
    response
}

impl Recorded {
    /// Plays `exchanges`, JSON as in `fixtures`.
    pub async fn play(exchanges: Value) -> Self {
        let left = serde_json::from_value(exchanges).unwrap();
        let tape = Arc::new(Mutex::new(Tape { left, ..Tape::default() }));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer).with_state(tape.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { tape, base }
    }

    /// What was asked, after a check that it was all that was recorded and
    /// nothing else.
    #[track_caller]
    pub fn finished(&self) -> Vec<Asked> {
        let tape = self.tape.lock().unwrap();
        assert!(tape.faults.is_empty(), "\n{}", tape.faults.join("\n"));
        assert!(tape.left.is_empty(), "never asked: {:?}", tape.left.iter().map(|exchange| &exchange.ask).collect::<Vec<_>>());
        tape.asked.clone()
    }
}
