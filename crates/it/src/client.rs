//! Talking to the server as one person.

use std::sync::atomic::{AtomicU64, Ordering};

use reqwest::header::{HeaderMap, HeaderValue};
use reqwest::{Method, RequestBuilder};
use serde_json::Value;

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null when there is none.
    pub fn json(&self) -> Value {
        if self.body.is_empty() {
            Value::Null
        } else {
            serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {}", self.text()))
        }
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The ETag; every answer that is asked for one has it.
    pub fn etag(&self) -> String {
        self.header("etag").unwrap_or_else(|| panic!("no ETag: {} {}", self.status, self.text())).to_owned()
    }

    /// The JSON, after a check of the status.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        self.json()
    }

    /// The machine word of the problem, after a check of the status and of the
    /// document's shape.
    #[track_caller]
    pub fn problem(&self, status: u16) -> String {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), Some("application/problem+json"), "{}", self.text());
        let body = self.json();
        for member in ["type", "title", "detail", "code", "request_id"] {
            assert!(body[member].as_str().is_some_and(|text| !text.is_empty()), "{member} in {body}");
        }
        assert_eq!(body["status"], status);
        body["code"].as_str().unwrap().to_owned()
    }
}

/// One person (or nobody) at one server.
#[derive(Clone)]
pub struct Client {
    pub base: String,
    pub token: Option<String>,
    pub id: String,
    pub email: String,
    pub(crate) http: reqwest::Client,
}

static KEYS: AtomicU64 = AtomicU64::new(0);

impl Client {
    pub fn new(base: &str) -> Self {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self {
            base: base.to_owned(),
            token: None,
            id: String::new(),
            email: String::new(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
        }
    }

    /// The same person with another token.
    pub fn carrying(&self, token: &str) -> Self {
        Self { token: Some(token.to_owned()), ..self.clone() }
    }

    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        match &self.token {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub async fn send(&self, request: RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        Answer { status: response.status().as_u16(), headers: response.headers().clone(), body: response.bytes().await.unwrap().to_vec() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    /// With an idempotency key of its own, or a given one.
    pub async fn post_once(&self, path: &str, body: Value, key: Option<&str>) -> Answer {
        let key = key.map_or_else(|| format!("key-{}", KEYS.fetch_add(1, Ordering::Relaxed)), str::to_owned);
        self.send(self.request(Method::POST, path).header("idempotency-key", HeaderValue::from_str(&key).unwrap()).json(&body)).await
    }

    pub async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub async fn put_if(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).header("if-match", etag).json(&body)).await
    }

    pub async fn patch(&self, path: &str, etag: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).header("if-match", etag).json(&body)).await
    }

    /// A GraphQL document; the whole answer with `data`, `errors`, `extensions`.
    pub async fn graphql(&self, document: &str, variables: Value) -> Value {
        let answer = self.post("/graphql", serde_json::json!({"query": document, "variables": variables})).await;
        assert!(answer.header("content-type").is_some_and(|kind| kind == "application/json"), "{} {}", answer.status, answer.text());
        answer.json()
    }

    /// The data of a GraphQL document that runs without an error.
    #[track_caller]
    pub fn data(answer: &Value) -> &Value {
        assert!(answer["errors"].is_null(), "{answer:#}");
        &answer["data"]
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }
}
