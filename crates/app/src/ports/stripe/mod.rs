//! Stripe: a thin client of the calls that a marketplace makes (payment
//! intents with manual capture, refunds, setup intents, connected accounts,
//! transfers, disputes), and the provider made of them.
//!
//! `client` sends and sorts answers into done, refused, not now and not known;
//! `objects` are Stripe's shapes; `amounts` its idea of minor units; `calls`
//! the requests; `provider` speaks them for the marketplace; `webhooks` reads
//! what Stripe tells on its own.

pub mod amounts;
mod calls;
mod client;
pub mod objects;
mod provider;
mod webhooks;

pub use client::{API_VERSION, Form, StripeError};

use std::time::Duration;

use client::Client;

/// How to reach Stripe.
#[derive(Clone)]
pub struct StripeSettings {
    /// `sk_…` or a restricted `rk_…`.
    pub secret_key: String,
    /// Of the webhook endpoint; several during a rotation.
    pub webhook_secrets: Vec<String>,
    /// `https://api.stripe.com`, or a stand-in for tests.
    pub api_base: String,
    /// Where guests come back to after their bank has asked them; without it
    /// Stripe expects its own script in the page.
    pub return_url: Option<String>,
    /// How long a request may take in all.
    pub timeout: Duration,
}

impl StripeSettings {
    /// Thirty seconds: longer than Stripe's own limit for an answer.
    pub const TIMEOUT: Duration = Duration::from_secs(30);

    /// Whether the key moves real money.
    #[must_use]
    pub fn is_live(&self) -> bool {
        self.secret_key.starts_with("sk_live") || self.secret_key.starts_with("rk_live")
    }
}

/// The Stripe provider.
pub struct Stripe {
    client: Client,
    settings: StripeSettings,
}

impl Stripe {
    /// Connects lazily.
    ///
    /// # Errors
    /// When the address of the API or the key cannot be used in requests.
    pub fn new(settings: StripeSettings) -> anyhow::Result<Self> {
        Ok(Self { client: Client::new(&settings)?, settings })
    }
}
