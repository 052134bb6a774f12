//! Payment providers. A request carries a key that was stored before it is
//! sent; sent again under the same key it happens once.

use async_trait::async_trait;
use domain::ids::BookingId;
use domain::money::Money;
use domain::payments::ChargeState;
use serde::{Deserialize, Serialize};

/// Hold (or at once take) money on a payment method.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest {
    /// Stored before sending; the same on every retry.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The provider's token of the guest's card.
    pub method: String,
    /// Take the money at once (instant booking).
    pub capture: bool,
    /// For the provider's own records.
    pub booking: BookingId,
}

/// What the provider says of a charge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Charge {
    /// The provider's name of it.
    pub reference: String,
    /// Where it stands.
    pub state: ChargeState,
    /// Why it was refused, e.g. `card_declined`.
    pub decline_code: Option<String>,
    /// Where the guest confirms with their bank.
    pub action_url: Option<String>,
}

/// What the provider says of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The provider's name of it.
    pub reference: String,
    /// It has gone through; else it is on its way.
    pub done: bool,
}

/// A provider's event, its signature already checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    /// Unique at the provider.
    pub id: String,
    /// The provider's word, e.g. `charge.captured`.
    pub kind: String,
    /// The charge it speaks of, if it speaks of one.
    pub charge: Option<String>,
}

/// Why a provider did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// It said no for good (wrong state, unknown reference, used key).
    #[error("the payment provider refused: {0}")]
    Refused(String),
    /// No answer is known: send again under the same key.
    #[error("the payment provider did not answer: {0}")]
    Unknown(String),
}

/// A road for money.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// Its name in URLs and tables.
    fn name(&self) -> &'static str;
    /// Holds or takes money.
    async fn authorize(&self, request: &AuthorizeRequest) -> Result<Charge, ProviderError>;
    /// Takes what is held.
    async fn capture(&self, key: &str, reference: &str) -> Result<Charge, ProviderError>;
    /// Lets go what is held.
    async fn release(&self, key: &str, reference: &str) -> Result<Charge, ProviderError>;
    /// Gives back `amount` of what was taken.
    async fn refund(&self, key: &str, reference: &str, amount: Money) -> Result<Refund, ProviderError>;
    /// Where a charge stands now.
    async fn fetch(&self, reference: &str) -> Result<Charge, ProviderError>;
    /// Checks the signature of a webhook and reads it. `now_unix` in seconds.
    ///
    /// # Errors
    /// The sentence why it is not believed.
    fn read_webhook(&self, signature: Option<&str>, body: &[u8], now_unix: i64) -> Result<ProviderEvent, String>;
}
