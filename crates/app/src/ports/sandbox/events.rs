//! How the sandbox provider tells of things, and how time passes for it.

use chrono::TimeDelta;
use jobs::{Attempt, Enqueue, Job, JobError};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use uuid::Uuid;

use super::{NAME, Sandbox, charges, disputes, hosts, unknown};
use crate::App;
use crate::ports::payments::{Answer, EventObject, ProviderError, ProviderEvent};
use crate::ports::signatures;

/// How the sandbox treats the events it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Chaos {
    /// Seconds before an event is sent.
    pub delay_seconds: i32,
    /// How often each event is sent, at least once.
    pub copies: i32,
    /// Later events overtake earlier ones.
    pub reorder: bool,
}

/// Sends an event, as often and as late as it has been told to.
pub(super) async fn report(sandbox: &Sandbox, tx: &mut PgConnection, kind: &str, object: &EventObject) -> Answer<()> {
    let chaos: Chaos =
        sqlx::query_as("select delay_seconds, copies, reorder from sandbox_chaos").fetch_one(&mut *tx).await.map_err(unknown)?;
    let id = format!("evt_{}", Uuid::new_v4().simple());
    let body = serde_json::json!({"id": id, "type": kind, "data": object}).to_string();
    let number: i64 = sqlx::query_scalar("insert into sandbox_events (id, body) values ($1, $2) returning number")
        .bind(&id)
        .bind(&body)
        .fetch_one(&mut *tx)
        .await
        .map_err(unknown)?;
    for copy in 0..chaos.copies.max(1) {
        // Reordered: what is sent first arrives last.
        let jitter = if chaos.reorder { 30 - (number + i64::from(copy)) % 30 } else { 0 };
        let run_at = (sandbox.now)() + TimeDelta::seconds(i64::from(chaos.delay_seconds) + jitter);
        jobs::enqueue::<App, DeliverWebhook>(&mut *tx, &DeliverWebhook { body: body.clone() }, Enqueue { run_at, dedupe_key: None })
            .await
            .map_err(unknown)?;
    }
    Ok(())
}

pub(super) fn read(body: &[u8]) -> Result<ProviderEvent, String> {
    #[derive(Deserialize)]
    struct Body {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        data: Option<serde_json::Value>,
    }
    let event: Body = serde_json::from_slice(body).map_err(|error| format!("not an event: {error}"))?;
    // An object of a later release is one that we do not follow.
    let object = event.data.and_then(|data| serde_json::from_value(data).ok()).unwrap_or(EventObject::Other);
    Ok(ProviderEvent { id: event.id, kind: event.kind, object })
}

/// The sandbox's own delivery of one event to the webhook door.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverWebhook {
    body: String,
}

impl Job<App> for DeliverWebhook {
    const KIND: &'static str = "sandbox_deliver_webhook";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let signature = signatures::sign(&app.sandbox_secret, app.clock.now().timestamp(), self.body.as_bytes());
        crate::payments::webhooks::receive(app, NAME, Some(&signature), self.body.as_bytes()).await?;
        Ok(())
    }
}

/// What time brings at a payment provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happening {
    /// A hold that nobody took lapses.
    HoldLapses,
    /// A slow refund arrives or comes back.
    RefundSettles,
    /// A bank decides about a dispute.
    BankDecides,
    /// A slow transfer arrives or comes back.
    TransferSettles,
}

/// Lets something happen to `reference` after `span`.
pub(super) async fn later(sandbox: &Sandbox, tx: &mut PgConnection, happening: Happening, reference: &str, span: TimeDelta) -> Answer<()> {
    let run_at = (sandbox.now)() + span;
    let job = TimePasses { happening, reference: reference.to_owned() };
    jobs::enqueue::<App, TimePasses>(&mut *tx, &job, Enqueue { run_at, dedupe_key: None }).await.map_err(unknown)?;
    Ok(())
}

/// Time has passed at the sandbox provider.
#[derive(Debug, Serialize, Deserialize)]
pub struct TimePasses {
    happening: Happening,
    reference: String,
}

impl Job<App> for TimePasses {
    const KIND: &'static str = "sandbox_time_passes";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let sandbox = Sandbox::of(app);
        let done = match self.happening {
            Happening::HoldLapses => charges::lapse(&sandbox, &self.reference).await,
            Happening::RefundSettles => charges::settle_refund(&sandbox, &self.reference).await,
            Happening::BankDecides => disputes::decide(&sandbox, &self.reference).await,
            Happening::TransferSettles => hosts::settle_transfer(&sandbox, &self.reference).await,
        };
        match done {
            Ok(()) => Ok(()),
            Err(error @ ProviderError::Unknown(_)) => Err(JobError::Retry(error.into())),
            Err(error @ ProviderError::Refused(_)) => Err(JobError::Fail(error.into())),
        }
    }
}

impl Sandbox {
    /// The sandbox provider of an application.
    pub(super) fn of(app: &App) -> Self {
        let clock = app.clone();
        Self::new(app.db.clone(), app.sandbox_secret.clone(), &app.config.public_url, move || clock.clock.now())
    }
}

/// Tells the sandbox how to treat the events it sends from now on.
///
/// # Errors
/// `409 not_a_sandbox` elsewhere; 422 for numbers out of range.
pub async fn set_chaos(app: &App, chaos: Chaos) -> crate::Result<()> {
    if !app.config.sandbox {
        return Err(crate::Error::conflict("not_a_sandbox", "only the sandbox provider takes this"));
    }
    crate::error::check(|check| {
        check.range(chaos.delay_seconds, "/delay_seconds", 0..=604_800);
        check.range(chaos.copies, "/copies", 1..=10);
    })?;
    sqlx::query("update sandbox_chaos set delay_seconds = $1, copies = $2, reorder = $3")
        .bind(chaos.delay_seconds)
        .bind(chaos.copies)
        .bind(chaos.reorder)
        .execute(&app.db)
        .await?;
    Ok(())
}
