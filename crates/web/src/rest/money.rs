//! Money as clients see it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// An amount in minor units of an ISO 4217 currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoneyView {
    /// Minor units, e.g. cents.
    #[schema(example = 12345)]
    pub amount: i64,
    /// ISO 4217.
    #[schema(example = "EUR")]
    pub currency: String,
}

impl From<domain::money::Money> for MoneyView {
    fn from(money: domain::money::Money) -> Self {
        Self { amount: money.amount, currency: money.currency.code().to_owned() }
    }
}
