//! Deadlines of bookings as jobs. Each names a booking and asks whether its
//! time has come; running twice or too late does no harm.

use domain::ids::{AlterationId, BookingId};
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::{alterations, deadlines, earnings};
use crate::App;

/// Ends an unpaid hold or unanswered request.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireBooking {
    /// Which.
    pub booking: BookingId,
}

impl Job<App> for ExpireBooking {
    const KIND: &'static str = "expire_booking";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(deadlines::expire(app, self.booking).await?)
    }
}

/// Ends a stay at check-out.
#[derive(Debug, Serialize, Deserialize)]
pub struct CompleteBooking {
    /// Which.
    pub booking: BookingId,
}

impl Job<App> for CompleteBooking {
    const KIND: &'static str = "complete_booking";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(deadlines::complete(app, self.booking).await?)
    }
}

/// Makes the host's money due 24 hours after check-in, and of long stays a
/// month's 24 hours after the month has begun.
#[derive(Debug, Serialize, Deserialize)]
pub struct EarnBooking {
    /// Which.
    pub booking: BookingId,
    /// Which month, from 0.
    #[serde(default)]
    pub leg: i32,
}

impl Job<App> for EarnBooking {
    const KIND: &'static str = "earn_booking";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(earnings::earn(app, self.booking, self.leg).await?)
    }
}

/// Ends a proposed change that nobody answered.
#[derive(Debug, Serialize, Deserialize)]
pub struct ExpireAlteration {
    /// Which.
    pub alteration: AlterationId,
}

impl Job<App> for ExpireAlteration {
    const KIND: &'static str = "expire_alteration";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(alterations::expire(app, self.alteration).await?)
    }
}
