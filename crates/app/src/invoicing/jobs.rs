//! Documents are issued in the background, once the ledger has changed.

use domain::ids::BookingId;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::issue;
use crate::App;

/// Issues the documents of a booking that are missing.
#[derive(Debug, Serialize, Deserialize)]
pub struct IssueDocuments {
    /// Which.
    pub booking: BookingId,
}

impl Job<App> for IssueDocuments {
    const KIND: &'static str = "issue_documents";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(issue::issue_missing(app, self.booking).await?)
    }
}
