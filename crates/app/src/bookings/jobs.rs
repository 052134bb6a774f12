//! Deadlines of bookings as jobs. Each names a booking and asks whether its
//! time has come; running twice or too late does no harm.

use domain::ids::{BookingId, PaymentId};
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::{deadlines, instalments};
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

/// Makes the host's money due 24 hours after check-in.
#[derive(Debug, Serialize, Deserialize)]
pub struct EarnBooking {
    /// Which.
    pub booking: BookingId,
}

impl Job<App> for EarnBooking {
    const KIND: &'static str = "earn_booking";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(deadlines::earn(app, self.booking).await?)
    }
}

/// Makes a part that was paid after check-in the host's.
#[derive(Debug, Serialize, Deserialize)]
pub struct EarnInstalment {
    /// Of which booking.
    pub booking: BookingId,
    /// Which part.
    pub payment: PaymentId,
}

impl Job<App> for EarnInstalment {
    const KIND: &'static str = "earn_instalment";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        Ok(instalments::earn(app, self.booking, self.payment).await?)
    }
}
