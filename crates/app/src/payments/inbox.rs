//! The webhook inbox as staff see it: what came, what became of it, and once
//! more.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::page::{Page, PageRequest};
use serde::{Deserialize, Serialize};

use super::jobs::HandleWebhook;
use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{Error, Result};
use crate::ports::payments::EventObject;
use crate::worker;

/// An event as it was received.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Delivery {
    /// From which provider.
    pub provider: String,
    /// The provider's id of it.
    pub event_id: String,
    /// The provider's word, e.g. `charge.captured`.
    pub kind: String,
    /// What it speaks of: charge, refund, dispute, transfer, account, other.
    pub object: String,
    /// The provider's name of that.
    pub reference: Option<String>,
    /// When it came (first).
    pub received_at: DateTime<Utc>,
    /// When it was handled (last).
    pub processed_at: Option<DateTime<Utc>>,
    /// How often handling was tried.
    pub attempts: i32,
    /// Why the last try failed.
    pub error: Option<String>,
}

/// Where a list of deliveries goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryKey {
    pub(super) received_at: DateTime<Utc>,
    pub(super) provider: String,
    pub(super) event_id: String,
}

impl Delivery {
    /// Its place in the inbox.
    #[must_use]
    pub fn key(&self) -> DeliveryKey {
        DeliveryKey { received_at: self.received_at, provider: self.provider.clone(), event_id: self.event_id.clone() }
    }
}

/// The inbox, newest first; `waiting` only what has not been handled.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn list(app: &App, actor: &Actor, waiting: bool, page: PageRequest<DeliveryKey>) -> Result<Page<Delivery>> {
    accounts::require_staff(actor)?;
    let rows = sql::deliveries(&app.db, waiting, &page).await?;
    Ok(Page::cut(rows, page.limit, Delivery::key))
}

/// One event with its body as it was received.
///
/// # Errors
/// 404 for anyone but staff and for one that never came.
pub async fn read(app: &App, actor: &Actor, provider: &str, event: &str) -> Result<(Delivery, Vec<u8>)> {
    accounts::require_staff(actor)?;
    let delivery = sql::delivery(&app.db, provider, event).await?.ok_or(Error::NotFound("webhook"))?;
    let body = sql::delivery_body(&app.db, provider, event).await?;
    Ok((delivery, body))
}

/// Handles an event once more. It asks the provider how things stand now, so
/// doing it needlessly does no harm.
///
/// # Errors
/// 404 for anyone but staff and for one that never came, `409 other_provider`
/// when its provider is no longer in use.
pub async fn replay(app: &App, actor: &Actor, provider: &str, event: &str) -> Result<Delivery> {
    accounts::require_staff(actor)?;
    let delivery = sql::delivery(&app.db, provider, event).await?.ok_or(Error::NotFound("webhook"))?;
    if provider != app.provider.name() {
        return Err(Error::conflict("other_provider", format!("{provider} is not the payment provider in use")));
    }
    let object = EventObject::of(&delivery.object, delivery.reference.clone());
    let mut tx = app.begin().await?;
    let now = tx.now();
    sql::await_delivery(&mut tx, provider, event).await?;
    worker::enqueue_in(&mut tx, &HandleWebhook { provider: provider.to_owned(), event: event.to_owned(), object }, now).await?;
    tx.commit().await?;
    app.wake_workers();
    Ok(Delivery { processed_at: None, error: None, ..delivery })
}
