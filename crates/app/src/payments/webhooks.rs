//! The webhook inbox: an event is believed by its signature, stored, answered,
//! and handled by a job, which asks the provider how things stand *now*. So
//! duplicates and any order are harmless.

use super::jobs::HandleWebhook;
use super::{operations, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::ports::payments::ProviderError;
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
    if sql::store_event(&mut tx, provider, &event, body, now).await? {
        let job = HandleWebhook { provider: provider.to_owned(), event: event.id, charge: event.charge };
        worker::enqueue_in(&mut tx, &job, now).await?;
    }
    tx.commit().await?;
    app.wake_workers();
    Ok(())
}

/// Handles a stored event: looks at the charge it speaks of.
pub(super) async fn handle(app: &App, provider: &str, event: &str, charge: Option<&str>) -> Result<()> {
    if let Some(reference) = charge {
        look(app, provider, reference).await?;
    }
    sql::mark_processed(&app.db, provider, event, app.clock.now(), None).await
}

/// Asks the provider how a charge stands and takes that over. A charge that is
/// none of ours (yet) is left alone: the answer to our own request brings it.
pub(crate) async fn look(app: &App, provider: &str, reference: &str) -> Result<()> {
    let Some(booking) = sql::booking_by_reference(&app.db, provider, reference).await? else {
        tracing::info!(%reference, "an event speaks of a charge that is not known here");
        return Ok(());
    };
    let charge = match app.provider.fetch(reference).await {
        Ok(charge) => charge,
        Err(ProviderError::Unknown(why)) => return Err(Error::Busy(why)),
        Err(ProviderError::Refused(why)) => {
            tracing::warn!(%reference, %why, "the provider does not know its own charge");
            return Ok(());
        }
    };
    let mut tx = app.begin().await?;
    let payment = super::of_booking_in(&mut tx, booking).await?;
    if payment.provider_reference.as_deref() == Some(reference) {
        operations::apply_news_in(&mut tx, payment, &charge).await?;
    }
    tx.commit().await
}
