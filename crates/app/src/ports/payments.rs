//! Payment providers. A request carries a key that was stored before it is
//! sent; sent again under the same key it happens once.

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PayoutId, UserId};
use domain::money::{Currency, Money};
use domain::payments::{ChargeState, DisputeState, RecordKind, TransferState};
use serde::{Deserialize, Serialize};

/// Hold (or at once take) money on a payment method.
#[derive(Debug, Clone)]
pub struct AuthorizeRequest {
    /// Stored before sending; the same on every retry.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The provider's token of the guest's card, or of a saved one.
    pub method: String,
    /// Take the money at once (instant booking).
    pub capture: bool,
    /// For the provider's own records.
    pub booking: BookingId,
    /// The provider's name of the guest, when a saved card is used or the card
    /// is to be kept.
    pub customer: Option<String>,
    /// Keep the card for later charges without the guest.
    pub keep_method: bool,
    /// The guest is not there (an instalment, a renewal): a bank that asks
    /// means a refusal.
    pub off_session: bool,
}

/// What can be shown of a card.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// `visa`, `mastercard`, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1–12.
    pub exp_month: i32,
    /// Four digits.
    pub exp_year: i32,
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
    /// Until when a held amount can be taken.
    pub expires_at: Option<DateTime<Utc>>,
    /// The provider's name of the card, when it was kept or can be used again.
    pub method: Option<String>,
    /// What can be shown of the card.
    pub card: Option<Card>,
}

/// How far a refund has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// On its way.
    Pending,
    /// With the guest.
    Succeeded,
    /// It came back: the card is closed, say.
    Failed,
}

/// What the provider says of a refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// The provider's name of it.
    pub reference: String,
    /// How far it has come.
    pub state: RefundState,
}

/// A card that a guest keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedMethod {
    /// The provider's name of it.
    pub reference: String,
    /// What can be shown of it.
    pub card: Card,
}

/// Where a host's money goes, as the provider sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostAccount {
    /// The provider's name of it.
    pub reference: String,
    /// Money can be sent there.
    pub payouts_enabled: bool,
    /// Where the host answers the provider's questions; when there are any.
    pub onboarding_url: Option<String>,
    /// What the provider still wants to know, in its words.
    pub requirements: Vec<String>,
}

/// Open an account for a host.
#[derive(Debug, Clone)]
pub struct AccountRequest {
    /// Stored before sending; the same on every retry.
    pub key: String,
    /// Whose.
    pub host: UserId,
    /// Their address.
    pub email: String,
    /// Where they live, ISO 3166-1 alpha-2.
    pub country: String,
    /// Where the provider sends the host back to.
    pub return_url: String,
}

/// Send money to a host.
#[derive(Debug, Clone)]
pub struct PayoutRequest {
    /// Stored before sending; the same on every retry.
    pub key: String,
    /// How much.
    pub amount: Money,
    /// The host's account at the provider.
    pub account: String,
    /// For the provider's own records.
    pub payout: PayoutId,
}

/// What the provider says of money on its way to a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The provider's name of it.
    pub reference: String,
    /// How far it has come.
    pub state: TransferState,
    /// Why it came back, e.g. `account_closed`.
    pub failure_code: Option<String>,
}

/// What the provider says of a dispute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// The provider's name of it.
    pub reference: String,
    /// The disputed charge.
    pub charge: String,
    /// How much was taken back.
    pub amount: Money,
    /// What the provider charges for it, minor units of the same currency.
    pub fee: i64,
    /// Where it stands.
    pub state: DisputeState,
    /// The bank's word, e.g. `fraudulent`, `product_not_received`.
    pub reason: String,
    /// Until when evidence is read.
    pub evidence_due_at: Option<DateTime<Utc>>,
}

/// One line of the provider's books.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProviderRecord {
    /// What it is.
    pub kind: RecordKind,
    /// The provider's name of it.
    pub reference: String,
    /// The key we sent, as far as the provider tells.
    pub request_key: Option<String>,
    /// How much moved: captured, refunded, sent, disputed.
    pub amount: Money,
    /// When it was made.
    pub at: DateTime<Utc>,
}

/// A stretch of the provider's books.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordPage {
    /// Oldest first.
    pub records: Vec<ProviderRecord>,
    /// Where the next stretch begins; `None` at the end.
    pub next: Option<String>,
}

/// What an event speaks of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "object", content = "reference")]
pub enum EventObject {
    /// A charge.
    Charge(String),
    /// A refund.
    Refund(String),
    /// A dispute.
    Dispute(String),
    /// Money on its way to a host.
    Transfer(String),
    /// A host's account.
    Account(String),
    /// Something we do not follow.
    Other,
}

impl EventObject {
    /// From its kind and name, as [`EventObject::parts`] tells them.
    #[must_use]
    pub fn of(kind: &str, reference: Option<String>) -> Self {
        match (kind, reference) {
            ("charge", Some(reference)) => Self::Charge(reference),
            ("refund", Some(reference)) => Self::Refund(reference),
            ("dispute", Some(reference)) => Self::Dispute(reference),
            ("transfer", Some(reference)) => Self::Transfer(reference),
            ("account", Some(reference)) => Self::Account(reference),
            _ => Self::Other,
        }
    }

    /// Its kind and name, for tables.
    #[must_use]
    pub fn parts(&self) -> (&'static str, Option<&str>) {
        match self {
            Self::Charge(reference) => ("charge", Some(reference)),
            Self::Refund(reference) => ("refund", Some(reference)),
            Self::Dispute(reference) => ("dispute", Some(reference)),
            Self::Transfer(reference) => ("transfer", Some(reference)),
            Self::Account(reference) => ("account", Some(reference)),
            Self::Other => ("other", None),
        }
    }
}

/// A provider's event, its signature already checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderEvent {
    /// Unique at the provider.
    pub id: String,
    /// The provider's word, e.g. `charge.captured`.
    pub kind: String,
    /// What it speaks of.
    pub object: EventObject,
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

/// What a provider answers.
pub type Answer<T> = Result<T, ProviderError>;

/// A road for money. Every method that moves money takes the key under which
/// it is asked, ever; `reference` is the provider's own name of a thing.
#[async_trait]
pub trait PaymentProvider: Send + Sync {
    /// Its name in URLs and tables.
    fn name(&self) -> &'static str;

    /// Holds or takes money.
    async fn authorize(&self, request: &AuthorizeRequest) -> Answer<Charge>;
    /// Takes what is held, all of it.
    async fn capture(&self, key: &str, reference: &str) -> Answer<Charge>;
    /// Lets go what is held.
    async fn release(&self, key: &str, reference: &str) -> Answer<Charge>;
    /// Gives back `amount` of what was taken.
    async fn refund(&self, key: &str, reference: &str, amount: Money) -> Answer<Refund>;
    /// Where a charge stands now.
    async fn fetch(&self, reference: &str) -> Answer<Charge>;
    /// Where a refund stands now.
    async fn fetch_refund(&self, reference: &str) -> Answer<Refund>;

    /// The provider's name for a guest who keeps cards.
    async fn create_customer(&self, key: &str, user: UserId, email: &str) -> Answer<String>;
    /// Keeps a card (`token`) for a customer.
    async fn save_method(&self, key: &str, customer: &str, token: &str) -> Answer<SavedMethod>;
    /// Forgets a kept card; one that is unknown is forgotten already.
    async fn forget_method(&self, reference: &str) -> Answer<()>;

    /// Opens an account for a host.
    async fn create_account(&self, request: &AccountRequest) -> Answer<HostAccount>;
    /// How a host's account stands now; with a fresh link while there are
    /// questions.
    async fn fetch_account(&self, reference: &str, return_url: &str) -> Answer<HostAccount>;
    /// Sends money to a host.
    async fn pay_out(&self, request: &PayoutRequest) -> Answer<Transfer>;
    /// How far money to a host has come.
    async fn fetch_transfer(&self, reference: &str) -> Answer<Transfer>;
    /// Takes back `amount` of what was sent to a host; the provider's name of
    /// the reversal.
    async fn reverse_transfer(&self, key: &str, reference: &str, amount: Money) -> Answer<String>;

    /// Where a dispute stands now.
    async fn fetch_dispute(&self, reference: &str) -> Answer<Dispute>;
    /// Tells the bank the marketplace's side.
    async fn submit_evidence(&self, key: &str, reference: &str, text: &str) -> Answer<Dispute>;

    /// The provider's books in `[from, until)`, for reconciliation.
    async fn list(&self, kind: RecordKind, span: (DateTime<Utc>, DateTime<Utc>), cursor: Option<&str>) -> Answer<RecordPage>;
    /// What the provider holds for us in `currency`, on its way included, as
    /// far as it can tell.
    async fn balance(&self, currency: Currency) -> Answer<Option<Money>>;

    /// Checks the signature of a webhook and reads it. `now_unix` in seconds.
    ///
    /// # Errors
    /// The sentence why it is not believed.
    fn read_webhook(&self, signature: Option<&str>, body: &[u8], now_unix: i64) -> Result<ProviderEvent, String>;
}
