//! Stripe's shapes, as far as they are read. What Stripe adds is ignored; what
//! it may leave out is optional.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer};

/// A thing that Stripe gives by name or whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expandable<T> {
    /// Its name only.
    Id(String),
    /// All of it.
    Object(Box<T>),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Expandable<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Either<T> {
            Id(String),
            Object(Box<T>),
        }
        Ok(match Either::deserialize(deserializer)? {
            Either::Id(id) => Self::Id(id),
            Either::Object(object) => Self::Object(object),
        })
    }
}

/// What is left of a thing when only its name matters.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Named {
    /// Its name.
    pub id: String,
}

impl Expandable<Named> {
    /// Its name.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Id(id) => id,
            Self::Object(object) => &object.id,
        }
    }
}

/// The body of an answer that is no success.
#[derive(Debug, Deserialize)]
pub struct ErrorBody {
    /// What went wrong.
    #[serde(default)]
    pub error: Failure,
}

/// What went wrong.
#[derive(Debug, Default, Clone, PartialEq, Eq, Deserialize)]
pub struct Failure {
    /// `card_error`, `invalid_request_error`, `idempotency_error`, `api_error`.
    #[serde(default, rename = "type")]
    pub kind: String,
    /// Machine word.
    #[serde(default)]
    pub code: Option<String>,
    /// The bank's word.
    #[serde(default)]
    pub decline_code: Option<String>,
    /// For people.
    #[serde(default)]
    pub message: String,
    /// The intent it happened to.
    #[serde(default)]
    pub payment_intent: Option<Intent>,
    /// The charge it happened to.
    #[serde(default)]
    pub charge: Option<String>,
}

/// A payment intent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Intent {
    /// `pi_…`
    pub id: String,
    /// `requires_action`, `requires_capture`, `succeeded`, …
    pub status: String,
    /// Stripe's units.
    #[serde(default)]
    pub amount: i64,
    /// What has come in, Stripe's units.
    #[serde(default)]
    pub amount_received: i64,
    /// Lower case.
    #[serde(default)]
    pub currency: String,
    /// Unix seconds.
    #[serde(default)]
    pub created: i64,
    /// Of the guest's card.
    #[serde(default)]
    pub payment_method: Option<Expandable<Named>>,
    /// The last try.
    #[serde(default)]
    pub latest_charge: Option<Expandable<ChargeObject>>,
    /// What the guest must do.
    #[serde(default)]
    pub next_action: Option<NextAction>,
    /// Why the last try failed.
    #[serde(default)]
    pub last_payment_error: Option<LastError>,
    /// Ours.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
}

impl Intent {
    /// Stands for a try of which Stripe names only the charge.
    #[must_use]
    pub fn failed_charge(charge: String) -> Self {
        Self {
            id: charge,
            status: "requires_payment_method".to_owned(),
            amount: 0,
            amount_received: 0,
            currency: String::new(),
            created: 0,
            payment_method: None,
            latest_charge: None,
            next_action: None,
            last_payment_error: None,
            metadata: HashMap::new(),
        }
    }
}

/// Why the last try of an intent failed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct LastError {
    /// Machine word.
    #[serde(default)]
    pub code: Option<String>,
    /// The bank's word.
    #[serde(default)]
    pub decline_code: Option<String>,
}

/// What the guest must do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NextAction {
    /// Where to.
    #[serde(default)]
    pub redirect_to_url: Option<RedirectToUrl>,
}

/// Where a guest confirms with their bank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RedirectToUrl {
    /// The page.
    pub url: Option<String>,
}

/// A charge.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ChargeObject {
    /// `ch_…`
    pub id: String,
    /// With what.
    #[serde(default)]
    pub payment_method_details: Option<MethodDetails>,
}

/// With what a charge was paid.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MethodDetails {
    /// A card.
    #[serde(default)]
    pub card: Option<CardObject>,
}

/// What can be shown of a card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CardObject {
    /// `visa`, …
    #[serde(default)]
    pub brand: Option<String>,
    /// The last four digits.
    #[serde(default)]
    pub last4: Option<String>,
    /// 1–12.
    #[serde(default)]
    pub exp_month: i32,
    /// Four digits.
    #[serde(default)]
    pub exp_year: i32,
    /// Until when a held amount can be taken, unix seconds.
    #[serde(default)]
    pub capture_before: Option<i64>,
}

/// A payment method.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct MethodObject {
    /// `pm_…`
    pub id: String,
    /// What can be shown of it.
    #[serde(default)]
    pub card: Option<CardObject>,
}

/// A setup intent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SetupObject {
    /// `seti_…`
    pub id: String,
    /// `succeeded`, `requires_action`, …
    pub status: String,
    /// The card.
    #[serde(default)]
    pub payment_method: Option<Expandable<Named>>,
}

/// A refund.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct RefundObject {
    /// `re_…`
    pub id: String,
    /// `pending`, `requires_action`, `succeeded`, `failed`, `canceled`; absent
    /// in old ones, which are done.
    #[serde(default)]
    pub status: Option<String>,
    /// Stripe's units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Unix seconds.
    #[serde(default)]
    pub created: i64,
    /// Ours.
    #[serde(default)]
    pub metadata: Option<HashMap<String, String>>,
}

/// A connected account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountObject {
    /// `acct_…`
    pub id: String,
    /// Money can reach the host's bank.
    #[serde(default)]
    pub payouts_enabled: bool,
    /// What is asked.
    #[serde(default)]
    pub requirements: Option<Requirements>,
    /// What the account may do.
    #[serde(default)]
    pub capabilities: HashMap<String, String>,
}

/// What Stripe wants to know of a host.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct Requirements {
    /// Now.
    #[serde(default)]
    pub currently_due: Vec<String>,
    /// Why nothing goes at all.
    #[serde(default)]
    pub disabled_reason: Option<String>,
}

/// A page on which a host answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AccountLink {
    /// For one use, for a few minutes.
    pub url: String,
}

/// Money moved to a connected account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct TransferObject {
    /// `tr_…`
    pub id: String,
    /// Stripe's units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Taken back, Stripe's units.
    #[serde(default)]
    pub amount_reversed: i64,
    /// All of it was taken back.
    #[serde(default)]
    pub reversed: bool,
    /// Unix seconds.
    #[serde(default)]
    pub created: i64,
    /// Ours.
    #[serde(default)]
    pub metadata: HashMap<String, String>,
    /// The newest ten.
    #[serde(default)]
    pub reversals: Option<List<ReversalObject>>,
}

/// Money taken back from a connected account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ReversalObject {
    /// `trr_…`
    pub id: String,
    /// Stripe's units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Unix seconds.
    #[serde(default)]
    pub created: i64,
    /// Ours.
    #[serde(default)]
    pub metadata: Option<HashMap<String, String>>,
}

/// A dispute.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DisputeObject {
    /// `dp_…` or `du_…`
    pub id: String,
    /// `needs_response`, `under_review`, `won`, `lost`, `warning_…`
    pub status: String,
    /// `fraudulent`, …
    #[serde(default)]
    pub reason: String,
    /// Stripe's units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
    /// Unix seconds.
    #[serde(default)]
    pub created: i64,
    /// The disputed intent.
    #[serde(default)]
    pub payment_intent: Option<Expandable<Named>>,
    /// The disputed charge.
    #[serde(default)]
    pub charge: Option<Expandable<Named>>,
    /// What it has moved.
    #[serde(default)]
    pub balance_transactions: Vec<DisputeMovement>,
    /// Until when evidence is read.
    #[serde(default)]
    pub evidence_details: Option<EvidenceDetails>,
}

impl DisputeObject {
    /// A bank's question before a dispute: nothing has been taken back.
    #[must_use]
    pub fn is_inquiry(&self) -> bool {
        self.status.starts_with("warning_")
    }
}

/// What a dispute has moved.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct DisputeMovement {
    /// What Stripe charges, Stripe's units.
    #[serde(default)]
    pub fee: i64,
    /// Lower case.
    #[serde(default)]
    pub currency: String,
}

/// Until when evidence is read.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct EvidenceDetails {
    /// Unix seconds.
    #[serde(default)]
    pub due_by: Option<i64>,
}

/// A page of a list, newest first.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct List<T> {
    /// The things.
    pub data: Vec<T>,
    /// There are older ones.
    #[serde(default)]
    pub has_more: bool,
}

/// What Stripe holds for us.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BalanceObject {
    /// Can be sent on.
    pub available: Vec<BalancePart>,
    /// On its way.
    pub pending: Vec<BalancePart>,
}

/// In one currency.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BalancePart {
    /// Stripe's units.
    pub amount: i64,
    /// Lower case.
    pub currency: String,
}

/// What Stripe tells on its own.
#[derive(Debug, Clone, Deserialize)]
pub struct EventObject {
    /// `evt_…`
    pub id: String,
    /// `payment_intent.succeeded`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// Of real money; test events say so.
    #[serde(default)]
    pub livemode: bool,
    /// What it speaks of.
    pub data: EventData,
}

/// What an event speaks of.
#[derive(Debug, Clone, Deserialize)]
pub struct EventData {
    /// The thing as it was when the event was made.
    pub object: EventSubject,
}

/// As much of the thing as tells which it is.
#[derive(Debug, Clone, Deserialize)]
pub struct EventSubject {
    /// Its name; some things have none.
    #[serde(default)]
    pub id: Option<String>,
    /// Where it stands.
    #[serde(default)]
    pub status: Option<String>,
    /// The intent it belongs to.
    #[serde(default)]
    pub payment_intent: Option<Expandable<Named>>,
}
