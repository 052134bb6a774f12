//! What people do on the sandbox provider's own pages.

use domain::money::{Currency, Money};

use super::{NAME, Sandbox, charges, hosts};
use crate::App;
use crate::error::{Error, Result};
use crate::ports::payments::{Answer, ProviderError};

fn understood<T>(answer: Answer<T>, missing: &'static str) -> Result<T> {
    match answer {
        Ok(done) => Ok(done),
        Err(ProviderError::Refused(why)) if why.starts_with("no ") => Err(Error::NotFound(missing)),
        Err(ProviderError::Refused(why)) => Err(Error::conflict("no_action_required", why)),
        Err(ProviderError::Unknown(why)) => Err(Error::Busy(why)),
    }
}

/// What a bank asks its customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BankQuestion {
    /// How much is to be charged.
    pub amount: Money,
    /// It still waits for an answer.
    pub waiting: bool,
}

/// What the bank page of a charge shows.
///
/// # Errors
/// 404 for an unknown charge or outside a sandbox.
pub async fn bank_question(app: &App, reference: &str) -> Result<BankQuestion> {
    if !app.config.sandbox {
        return Err(Error::NotFound("page"));
    }
    let row: Option<(i64, Currency, String)> = sqlx::query_as("select amount, currency, state from sandbox_charges where reference = $1")
        .bind(reference)
        .fetch_optional(&app.db)
        .await?;
    let (amount, currency, state) = row.ok_or(Error::NotFound("charge"))?;
    Ok(BankQuestion { amount: Money::new(amount, currency), waiting: state == "requires_action" })
}

/// The guest's answer on the sandbox's bank page.
///
/// # Errors
/// 404 for an unknown charge, 409 when it does not wait.
pub async fn answer_bank(app: &App, reference: &str, approved: bool) -> Result<()> {
    if !app.config.sandbox {
        return Err(Error::NotFound("page"));
    }
    understood(charges::finish_action(&Sandbox::of(app), reference, approved).await, "charge")?;
    // A real bank page sends the guest back before the webhook has arrived; we
    // look at once, so that what they see next is up to date.
    crate::payments::webhooks::look(app, NAME, reference).await
}

/// A host's answer on the sandbox's onboarding page; `behaviour` is what
/// becomes of transfers: `arrive`, `slow` or `fail`.
///
/// # Errors
/// 404 for an unknown account, 422 for another behaviour.
pub async fn onboard(app: &App, account: &str, behaviour: &str) -> Result<()> {
    if !app.config.sandbox {
        return Err(Error::NotFound("page"));
    }
    if !matches!(behaviour, "arrive" | "slow" | "fail") {
        return Err(Error::invalid("/behaviour", "behaviour", format!("behaviour is arrive, slow or fail, not {behaviour:?}")));
    }
    understood(hosts::enable(&Sandbox::of(app), account, behaviour).await, "account")
}
