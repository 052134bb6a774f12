//! The webhook inbox: an event is believed by its signature, stored, answered,
//! and handled by a job, which asks the provider how things stand *now*. So
//! duplicates and any order are harmless.

use super::jobs::HandleWebhook;
use super::{disputes, operations, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::failpoints;
use crate::ports::payments::{Answer, EventObject, ProviderError};
use crate::worker;

/// The largest event taken, in bytes.
pub const MAX_EVENT: usize = 256 * 1024;

/// Stores an event whose signature fits. Known events are answered alike.
///
/// # Errors
/// 404 for a provider that is not in use, 400-like `Invalid` for a body that is
/// not believed.
pub async fn receive(app: &App, provider: &str, signature: Option<&str>, body: &[u8]) -> Result<()> {
    if provider != app.provider.name() {
        return Err(Error::NotFound("payment provider"));
    }
    if body.len() > MAX_EVENT {
        return Err(Error::TooLarge(format!("an event may have at most {MAX_EVENT} bytes")));
    }
    let event =
        app.provider.read_webhook(signature, body, app.clock.now().timestamp()).map_err(|why| Error::invalid("", "bad_signature", why))?;
    let mut tx = app.begin().await?;
    let now = tx.now();
    failpoints::hit("webhook", "receiving");
    if sql::store_event(&mut tx, provider, &event, body, now).await? {
        let job = HandleWebhook { provider: provider.to_owned(), event: event.id, object: event.object };
        worker::enqueue_in(&mut tx, &job, now).await?;
    }
    tx.commit().await?;
    failpoints::hit("webhook", "stored");
    app.wake_workers();
    Ok(())
}

/// Handles a stored event: looks at what it speaks of. What is not followed is
/// done with.
pub(super) async fn handle(app: &App, provider: &str, event: &str, object: &EventObject) -> Result<()> {
    match object {
        EventObject::Charge(reference) => look(app, provider, reference).await?,
        EventObject::Refund(reference) => look_at_refund(app, reference).await?,
        EventObject::Dispute(reference) => disputes::look(app, provider, reference).await?,
        EventObject::Transfer(reference) => super::payouts::look_at_transfer(app, reference).await?,
        EventObject::Account(reference) => super::payouts::look_at_account(app, reference).await?,
        EventObject::Other => {}
    }
    failpoints::hit("webhook", "handling");
    sql::mark_processed(&app.db, provider, event, app.clock.now(), None).await
}

/// What the provider says now of something it told us about; `None` when it
/// does not know it (any more).
fn known<T>(answer: Answer<T>, reference: &str) -> Result<Option<T>> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(ProviderError::Unknown(why)) => Err(Error::Busy(why)),
        Err(ProviderError::Refused(why)) => {
            tracing::warn!(%reference, %why, "the provider does not know what its event speaks of");
            Ok(None)
        }
    }
}

/// Asks the provider how a charge stands and takes that over. A charge that is
/// none of ours (yet) is left alone: the answer to our own request brings it.
pub(crate) async fn look(app: &App, provider: &str, reference: &str) -> Result<()> {
    let Some(id) = sql::id_by_reference(&app.db, provider, reference).await? else {
        tracing::info!(%reference, "an event speaks of a charge that is not known here");
        return Ok(());
    };
    let Some(charge) = known(app.provider.fetch(reference).await, reference)? else { return Ok(()) };
    let mut tx = app.begin().await?;
    let payment = super::by_id_in(&mut tx, id).await?;
    if payment.provider_reference.as_deref() == Some(reference) {
        operations::apply_news_in(&mut tx, payment, &charge).await?;
    }
    tx.commit().await
}

async fn look_at_refund(app: &App, reference: &str) -> Result<()> {
    let Some(id) = sql::refund_by_reference(&app.db, reference).await? else {
        tracing::info!(%reference, "an event speaks of a refund that is not known here");
        return Ok(());
    };
    let Some(operation) = sql::operation(&app.db, id).await? else { return Ok(()) };
    let Some(refund) = known(app.provider.fetch_refund(reference).await, reference)? else { return Ok(()) };
    operations::apply_refund(app, &operation, &refund).await.map(|_| ())
}

/// A try to handle an event has failed; its job will try again.
pub(super) async fn failed(app: &App, provider: &str, event: &str, error: &str) -> Result<()> {
    sql::mark_failed(&app.db, provider, event, error).await
}
