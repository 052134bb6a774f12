//! Background work on payments: requests that nobody came to finish, and
//! provider events.

use domain::ids::PaymentOperationId;
use domain::payments::OperationState;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::App;

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
            Ok(OperationState::Sent) => Err(JobError::Retry(anyhow::anyhow!("the provider has not finished yet"))),
            Ok(_) | Err(crate::Error::Invalid(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Handles one event of the webhook inbox.
#[derive(Debug, Serialize, Deserialize)]
pub struct HandleWebhook {
    /// Which provider.
    pub provider: String,
    /// The provider's id of the event.
    pub event: String,
    /// The charge it speaks of.
    pub charge: Option<String>,
}

impl Job<App> for HandleWebhook {
    const KIND: &'static str = "handle_webhook";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(super::webhooks::handle(app, &self.provider, &self.event, self.charge.as_deref()).await?)
    }
}
