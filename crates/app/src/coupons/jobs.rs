//! The end of credit as a job.

use domain::ids::CreditGrantId;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::credit;
use crate::App;

/// Takes back what is left of a grant whose term is over.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireCredit {
    /// Which.
    pub grant: CreditGrantId,
}

impl Job<App> for ExpireCredit {
    const KIND: &'static str = "expire_credit";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(credit::expire(app, self.grant).await?)
    }
}
