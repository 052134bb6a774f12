//! One request to Stripe: form in, JSON out, and what a failure means for the
//! one who must decide whether to ask again.

use std::time::Duration;

use anyhow::Context;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use reqwest::{RequestBuilder, StatusCode, redirect};
use serde::de::DeserializeOwned;

use super::StripeSettings;
use super::objects::{ErrorBody, Failure, Intent};

/// The version of the API that the shapes here were written for.
pub const API_VERSION: &str = "2024-06-20";

/// What comes back is at most this large, in bytes.
const MAX_ANSWER: usize = 4 * 1024 * 1024;

/// Why Stripe did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StripeError {
    /// A card said no: an answer, and final for this try.
    #[error("the card was refused: {code}")]
    Declined {
        /// The bank's word, e.g. `insufficient_funds`, else Stripe's.
        code: String,
        /// The intent of the try, if Stripe names it.
        intent: Option<Box<Intent>>,
    },
    /// Final: asking again gives the same answer.
    #[error("{message} ({code}, {status})")]
    Refused {
        /// HTTP.
        status: u16,
        /// Stripe's machine word; empty when it names none.
        code: String,
        /// For people.
        message: String,
    },
    /// Nothing has happened; the same request may be sent again.
    #[error("not now: {0}")]
    NotNow(String),
    /// It may have happened or not: ask again under the same key.
    #[error("no answer is known: {0}")]
    Unknown(String),
    /// Stripe failed while it worked on this, and repeats that failure under
    /// this key for good: only its books tell whether it happened.
    #[error("Stripe failed and repeats it: {0}")]
    Stuck(String),
}

impl StripeError {
    /// Whether Stripe says that the thing is in another state than it takes.
    #[must_use]
    pub fn is_wrong_state(&self) -> bool {
        matches!(self, Self::Refused { status: 400, code, .. } if code.ends_with("_unexpected_state") || code.is_empty())
    }

    /// Whether Stripe does not know the thing.
    #[must_use]
    pub const fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }
}

/// Pairs of a form, in order.
#[derive(Debug, Default, Clone)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// With one pair more.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.push((name.to_owned(), value.to_string()));
        self
    }

    /// With one pair more, if there is a value.
    #[must_use]
    pub fn with_some(self, name: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// An answer, and whether it is the stored one of an earlier request under the
/// same key: then things may have moved on since.
pub(super) struct Reply<T> {
    pub value: T,
    pub replayed: bool,
}

pub(super) struct Client {
    http: reqwest::Client,
    base: String,
    authorization: HeaderValue,
}

impl Client {
    pub fn new(settings: &StripeSettings) -> anyhow::Result<Self> {
        let mut authorization =
            HeaderValue::from_str(&format!("Bearer {}", settings.secret_key)).context("STRIPE_SECRET_KEY has odd characters")?;
        authorization.set_sensitive(true);
        let http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(settings.timeout)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("roost/", env!("CARGO_PKG_VERSION")))
            .build()?;
        let base = settings.api_base.trim_end_matches('/').to_owned();
        let _: reqwest::Url = base.parse().with_context(|| format!("STRIPE_API_BASE={base:?}"))?;
        Ok(Self { http, base, authorization })
    }

    fn dressed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(AUTHORIZATION, self.authorization.clone()).header("stripe-version", API_VERSION)
    }

    fn posting(&self, path: &str) -> RequestBuilder {
        self.dressed(self.http.post(format!("{}{path}", self.base)))
    }

    /// Reads.
    pub async fn get<T: DeserializeOwned>(&self, path: &str, query: &Form) -> Result<T, StripeError> {
        let address = reqwest::Url::parse_with_params(&format!("{}{path}", self.base), &query.0)
            .map_err(|error| StripeError::Unknown(format!("the address cannot be built: {error}")))?;
        Ok(self.send(path, self.dressed(self.http.get(address))).await?.value)
    }

    /// Changes, once under `key`, however often it is sent.
    pub async fn post<T: DeserializeOwned>(&self, path: &str, form: &Form, key: &str) -> Result<Reply<T>, StripeError> {
        self.send(path, self.posting(path).header("idempotency-key", key).form(&form.0)).await
    }

    /// Makes something that may as well be made twice.
    pub async fn post_anew<T: DeserializeOwned>(&self, path: &str, form: &Form) -> Result<T, StripeError> {
        Ok(self.send(path, self.posting(path).form(&form.0)).await?.value)
    }

    async fn send<T: DeserializeOwned>(&self, path: &str, request: RequestBuilder) -> Result<Reply<T>, StripeError> {
        let done = exchange(request).await;
        let outcome = match &done {
            Ok(_) => "done",
            Err(StripeError::Declined { .. }) => "declined",
            Err(StripeError::Refused { .. }) => "refused",
            Err(StripeError::NotNow(_)) => "not_now",
            Err(StripeError::Unknown(_) | StripeError::Stuck(_)) => "unknown",
        };
        metrics::counter!("provider_requests_total", "provider" => "stripe", "outcome" => outcome).increment(1);
        if let Err(error) = &done {
            tracing::info!(%path, %error, "Stripe did not do what was asked");
        }
        done
    }
}

async fn exchange<T: DeserializeOwned>(request: RequestBuilder) -> Result<Reply<T>, StripeError> {
    // What failed before it left has not happened; all else is not known.
    let sent = request.send().await.map_err(|error| match error {
        error if error.is_connect() => StripeError::NotNow("Stripe is out of reach".into()),
        error if error.is_timeout() => StripeError::Unknown("Stripe did not answer in time".into()),
        error => StripeError::Unknown(error.without_url().to_string()),
    });
    let mut response = sent?;
    let status = response.status();
    let replayed = response.headers().get("idempotent-replayed").is_some_and(|value| value == "true");
    let retry_after = retry_after(response.headers());
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() <= MAX_ANSWER => body.extend_from_slice(&chunk),
            Ok(Some(_)) => return Err(StripeError::Unknown("Stripe's answer is too large".into())),
            Ok(None) => break,
            Err(error) => return Err(StripeError::Unknown(format!("Stripe's answer broke off: {}", error.without_url()))),
        }
    }
    if status.is_success() {
        let value =
            serde_json::from_slice(&body).map_err(|error| StripeError::Unknown(format!("Stripe's answer cannot be read: {error}")))?;
        return Ok(Reply { value, replayed });
    }
    Err(failure(status, serde_json::from_slice(&body).ok(), replayed, retry_after.as_deref()))
}

fn retry_after(headers: &HeaderMap) -> Option<String> {
    headers.get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned)
}

/// What an answer that is no success means.
fn failure(status: StatusCode, body: Option<ErrorBody>, replayed: bool, retry_after: Option<&str>) -> StripeError {
    let Failure { kind, code, decline_code, message, payment_intent, charge } = body.map(|body| body.error).unwrap_or_default();
    let words = if message.is_empty() { format!("HTTP {status}") } else { message.clone() };
    match status.as_u16() {
        // Somebody (we, a moment ago) is at it under this key, or it is held.
        409 | 429 => StripeError::NotNow(retry_after.map_or(words.clone(), |after| format!("{words}; again in {after} s"))),
        // The key was revoked or may not do this: an operator can mend it, and
        // no booking should fail for it.
        401 | 403 => StripeError::NotNow(format!("Stripe does not accept our key: {words}")),
        402 => {
            let code = decline_code.or(code).unwrap_or_else(|| "card_declined".to_owned());
            let intent = payment_intent.map(Box::new).or_else(|| charge.map(|charge| Box::new(Intent::failed_charge(charge))));
            StripeError::Declined { code, intent }
        }
        400 | 404 if code.as_deref() == Some("lock_timeout") => StripeError::NotNow(words),
        // A page instead of an answer: a proxy, not Stripe, has spoken.
        _ if kind.is_empty() && message.is_empty() => StripeError::Unknown(words),
        500.. if replayed => StripeError::Stuck(words),
        500.. => StripeError::Unknown(words),
        status => StripeError::Refused { status, code: code.unwrap_or_default(), message: words },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(status: u16, body: &str, replayed: bool) -> StripeError {
        failure(StatusCode::from_u16(status).unwrap(), serde_json::from_str(body).ok(), replayed, None)
    }

    #[test]
    fn answers_are_sorted_by_what_can_be_done() {
        let refused = r#"{"error":{"type":"invalid_request_error","code":"amount_too_small","message":"Too little."}}"#;
        assert!(matches!(read(400, refused, false), StripeError::Refused { status: 400, .. }));
        let mismatch = r#"{"error":{"type":"idempotency_error","message":"Keys can only be used once."}}"#;
        assert!(matches!(read(400, mismatch, false), StripeError::Refused { status: 400, .. }));
        let declined = r#"{"error":{"type":"card_error","code":"card_declined","decline_code":"insufficient_funds","message":"No."}}"#;
        assert!(matches!(read(402, declined, false), StripeError::Declined { code, .. } if code == "insufficient_funds"));
        let busy = r#"{"error":{"type":"api_error","message":"Another request is at it."}}"#;
        for status in [409, 429, 401, 403] {
            assert!(matches!(read(status, busy, false), StripeError::NotNow(_)), "{status}");
        }
        assert!(matches!(read(500, busy, false), StripeError::Unknown(_)));
        assert!(matches!(read(500, busy, true), StripeError::Stuck(_)));
        for page in ["<html>Bad gateway</html>", "", "{}", "[]"] {
            assert!(matches!(read(502, page, false), StripeError::Unknown(_)), "{page}");
            assert!(matches!(read(400, page, false), StripeError::Unknown(_)), "{page}");
        }
    }
}
