//! Background work on payments: requests that nobody came to finish, and
//! provider events.

use chrono::TimeDelta;
use domain::ids::{PaymentId, PaymentOperationId, TransferId, UserId};
use domain::money::Currency;
use domain::payments::OperationState;
use domain::payouts::PayoutTransferState;
use jobs::{Attempt, Enqueue, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::ports::payments::EventObject;

/// Finishes a request to the provider, whoever began it.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishOperation {
    /// Which.
    pub operation: PaymentOperationId,
}

impl Job<App> for FinishOperation {
    const KIND: &'static str = "finish_payment_operation";
    const MAX_ATTEMPTS: i32 = 30;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        match super::finish(app, self.operation).await {
            // A refund may take the provider days: looked at again, not failed.
            Ok(OperationState::Sent) => {
                let again = app.clock.now() + TimeDelta::hours(6);
                let job = Self { operation: self.operation };
                let options = Enqueue { run_at: again, dedupe_key: None };
                jobs::enqueue::<App, Self>(&mut *app.db.acquire().await?, &job, options).await?;
                Ok(())
            }
            Ok(_) | Err(crate::Error::Invalid(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Renews an authorisation before it lapses.
#[derive(Debug, Serialize, Deserialize)]
pub struct RenewAuthorization {
    /// Whose.
    pub payment: PaymentId,
}

impl Job<App> for RenewAuthorization {
    const KIND: &'static str = "renew_authorization";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(super::renewal::renew(app, self.payment).await?)
    }
}

/// Chains what was posted since the last time.
#[derive(Debug, Serialize, Deserialize)]
pub struct SealLedger {}

impl Job<App> for SealLedger {
    const KIND: &'static str = "seal_ledger";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let sealed = super::ledger::seal::seal(app).await?;
        metrics::counter!("ledger_sealed_total").increment(sealed);
        Ok(())
    }
}

/// Charges a part of the price that has fallen due, to the kept card.
#[derive(Debug, Serialize, Deserialize)]
pub struct ChargeInstalment {
    /// Which part.
    pub payment: PaymentId,
    /// 1 on the day it is due, then a day later each; after the third try the
    /// booking is called off.
    pub attempt: i32,
}

impl Job<App> for ChargeInstalment {
    const KIND: &'static str = "charge_instalment";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(super::instalments::charge(app, self.payment, self.attempt).await?)
    }
}

/// Reminds a guest of a part that will fall due.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemindOfInstalment {
    /// Which part.
    pub payment: PaymentId,
}

impl Job<App> for RemindOfInstalment {
    const KIND: &'static str = "remind_of_instalment";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(super::instalments::remind(app, self.payment).await?)
    }
}

/// Compares the provider's books of the last hours with ours.
#[derive(Debug, Serialize, Deserialize)]
pub struct ReconcileProvider {
    /// How many.
    pub hours: i64,
}

impl Job<App> for ReconcileProvider {
    const KIND: &'static str = "reconcile_provider";
    const MAX_ATTEMPTS: i32 = 5;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let run = super::reconcile::reconcile(app, app.clock.now() - TimeDelta::hours(self.hours)).await?;
        if !run.differences.is_empty() {
            tracing::warn!(differences = run.differences.len(), "provider and ledger do not agree: see /admin/reconciliation/cases");
        }
        Ok(())
    }
}

/// Handles one event of the webhook inbox.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandleWebhook {
    /// Which provider.
    pub provider: String,
    /// The provider's id of the event.
    pub event: String,
    /// What it speaks of.
    pub object: EventObject,
}

impl Job<App> for HandleWebhook {
    const KIND: &'static str = "handle_webhook";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let done = super::webhooks::handle(app, &self.provider, &self.event, &self.object).await;
        if let Err(error) = &done {
            super::webhooks::failed(app, &self.provider, &self.event, &error.to_string()).await?;
        }
        Ok(done?)
    }
}

/// Sends a host what is due in one currency.
#[derive(Debug, Serialize, Deserialize)]
pub struct PayHost {
    /// Whom.
    pub host: UserId,
    /// In which.
    pub currency: Currency,
}

impl Job<App> for PayHost {
    const KIND: &'static str = "pay_host";
    const MAX_ATTEMPTS: i32 = 30;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(super::payouts::pay_host(app, self.host, self.currency).await?)
    }
}

/// Finishes a transfer to a host, whoever began it.
#[derive(Debug, Serialize, Deserialize)]
pub struct FinishTransfer {
    /// Which.
    pub transfer: TransferId,
}

impl Job<App> for FinishTransfer {
    const KIND: &'static str = "finish_transfer";
    const MAX_ATTEMPTS: i32 = 30;

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        // A transfer may take days: looked at again, not failed.
        if super::payouts::finish_transfer(app, self.transfer).await? == PayoutTransferState::Sent {
            let options = Enqueue { run_at: super::payouts::look_again_at(app), dedupe_key: None };
            jobs::enqueue::<App, Self>(&mut *app.db.acquire().await?, &Self { transfer: self.transfer }, options).await?;
        }
        Ok(())
    }
}

/// Sends hosts what could have been sent and was not.
#[derive(Debug, Serialize, Deserialize)]
pub struct SweepPayouts {}

impl Job<App> for SweepPayouts {
    const KIND: &'static str = "sweep_payouts";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(super::payouts::sweep(app).await?)
    }
}
