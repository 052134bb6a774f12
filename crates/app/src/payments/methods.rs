//! Cards that guests keep. We hold the provider's token and what can be shown
//! of a card, never its number.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{PaymentMethodId, UserId};
use sha2::{Digest, Sha256};

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::ports::payments::{Card, ProviderError};

/// A kept card.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaymentMethod {
    /// Which.
    pub id: PaymentMethodId,
    /// The provider's name of it.
    pub reference: String,
    /// What can be shown.
    pub card: Card,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

fn understood<T>(answer: Result<T, ProviderError>) -> Result<T> {
    match answer {
        Ok(done) => Ok(done),
        Err(ProviderError::Unknown(why)) => Err(Error::Busy(why)),
        Err(ProviderError::Refused(why)) => Err(Error::invalid("/payment_method", "unknown_payment_method", why)),
    }
}

/// The provider's name of a guest. Made at the first need, always under the
/// same key, so that a crash in between makes no second one.
pub(crate) async fn customer(app: &App, user: UserId) -> Result<String> {
    let provider = app.provider.name();
    if let Some(known) = sql::customer(&app.db, user, provider).await? {
        return Ok(known);
    }
    let contact = accounts::contact(app, user).await?;
    let made =
        understood(app.provider.create_customer(&format!("{user}:customer"), user, contact.email.as_deref().unwrap_or_default()).await)?;
    sql::insert_customer(&app.db, user, provider, &made, app.clock.now()).await?;
    sql::customer(&app.db, user, provider).await?.ok_or_else(|| Error::Internal(anyhow::anyhow!("customer of {user} is not there")))
}

/// A guest's kept cards, the newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list(app: &App, actor: &Actor) -> Result<Vec<PaymentMethod>> {
    let user = accounts::require_user(actor)?;
    sql::methods(&app.db, user, app.provider.name()).await
}

/// Keeps a card. The same token again is the same card.
///
/// # Errors
/// 401, 422 for a token that the provider does not know or declines, `409
/// too_many_cards` past ten.
pub async fn keep(app: &App, actor: &Actor, token: &str) -> Result<PaymentMethod> {
    let user = accounts::require_user(actor)?;
    error::check(|check| check.text(token, "/payment_method", 1..=255))?;
    let kept = list(app, actor).await?;
    if kept.len() >= 10 {
        return Err(Error::conflict("too_many_cards", "ten cards are kept already: remove one first"));
    }
    let customer = customer(app, user).await?;
    // The key is the card's own: asked twice, the provider keeps it once. A
    // card that was removed is kept anew.
    let generation = sql::methods_removed(&app.db, user).await?;
    let digest = Sha256::new().chain_update(user.0).chain_update(token).chain_update(generation.to_be_bytes()).finalize();
    let key: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let saved = understood(app.provider.save_method(&format!("{key}:keep"), &customer, token).await)?;
    let method = PaymentMethod { id: app.ids.next(&app.clock), reference: saved.reference, card: saved.card, created_at: app.clock.now() };
    sql::insert_method(&app.db, user, app.provider.name(), &method).await?;
    let found = sql::methods(&app.db, user, app.provider.name()).await?.into_iter().find(|known| known.reference == method.reference);
    found.ok_or(Error::NotFound("payment method"))
}

/// Forgets a card. What will still be charged to it (a later instalment, a
/// held request) needs another one.
///
/// # Errors
/// 404 for one that is not the actor's, 503 when the provider does not answer.
pub async fn forget(app: &App, actor: &Actor, id: PaymentMethodId) -> Result<()> {
    let user = accounts::require_user(actor)?;
    let reference = sql::method_reference(&app.db, user, id).await?.ok_or(Error::NotFound("payment method"))?;
    understood(app.provider.forget_method(&reference).await)?;
    sql::remove_method(&app.db, id, app.clock.now()).await
}

/// What the provider is told of `method`: one of the guest's kept cards by its
/// id, or a token as it is. With the provider's name of the guest for a kept
/// one.
pub(crate) async fn resolve(app: &App, user: UserId, method: &str) -> Result<(String, Option<String>)> {
    let Ok(id) = method.parse::<PaymentMethodId>() else { return Ok((method.to_owned(), None)) };
    let reference = sql::method_reference(&app.db, user, id)
        .await?
        .ok_or_else(|| Error::invalid("/payment_method", "unknown_payment_method", "this card is not among yours (any more)"))?;
    Ok((reference, Some(customer(app, user).await?)))
}
