//! Opening reviews when their window closes.

use domain::ids::BookingId;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::write;
use crate::App;

/// Opens what has been said of a stay, if its time has come.
#[derive(Debug, Serialize, Deserialize)]
pub struct OpenReviews {
    /// Which stay.
    pub booking: BookingId,
}

impl Job<App> for OpenReviews {
    const KIND: &'static str = "open_reviews";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(write::open_due(app, self.booking).await?)
    }
}
