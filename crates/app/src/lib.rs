//! The marketplace's use-cases, their SQL and the outside world. Knows no HTTP.
//!
//! Slices, lowest first: accounts < places < listings < calendar < pricing < payments <
//! bookings < invoicing < reviews < messaging < notifications < search < wishlists < hosting < staff. A slice calls only lower ones;
//! upward news goes through [`events`]. Each slice's tables are written only by
//! its own private `sql` module.

pub mod accounts;
pub mod bookings;
pub mod cached;
pub mod calendar;
pub mod clock;
pub mod config;
mod copy;
pub mod coupons;
pub mod error;
pub mod events;
pub mod failpoints;
pub mod hosting;
pub mod idempotency;
pub mod ids;
pub mod invoicing;
pub mod listings;
pub mod live;
pub mod messaging;
pub mod nodes;
pub mod notifications;
pub mod payments;
pub mod pictures;
pub mod places;
pub mod ports;
pub mod pricing;
pub mod reviews;
pub mod search;
pub mod staff;
pub mod tx;
pub mod wishlists;
pub mod worker;

use std::ops::Deref;
use std::sync::Arc;

use sqlx::PgPool;

use crate::clock::Clock;
pub use crate::config::Config;
pub use crate::error::{Error, Result};
use crate::ids::Ids;
use crate::ports::blobs::Blobs;
use crate::ports::mail::Mailer;
use crate::ports::payments::PaymentProvider;
use crate::tx::Tx;

/// Every migration, embedded; run at start under PostgreSQL's advisory lock.
pub static MIGRATOR: sqlx::migrate::Migrator = sqlx::migrate!("../../migrations");

/// The application: what every use-case is given. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Parts>);

/// What the application is made of.
pub struct Parts {
    /// Settings, checked at start.
    pub config: Config,
    /// PostgreSQL: the truth.
    pub db: PgPool,
    /// Where "now" comes from.
    pub clock: Clock,
    /// Where ids and random values come from.
    pub ids: Ids,
    /// Makes reads faster; losing it loses nothing.
    pub cache: platform::cache::Cache,
    /// The road for mail.
    pub mailer: Arc<dyn Mailer>,
    /// The road for money.
    pub provider: Arc<dyn PaymentProvider>,
    /// Signs and checks the sandbox payment provider's webhooks.
    pub sandbox_secret: Vec<u8>,
    /// Encrypts secrets that must be read back.
    pub sealing_key: accounts::SealingKey,
    /// Keeps exact places private.
    pub location_key: listings::place::LocationKey,
    /// Where photographs are kept.
    pub blobs: Blobs,
    /// Places by name, in memory.
    pub places: places::Places,
    /// The search index of this process, if it follows one.
    pub search: search::Live,
    /// Tells this process's worker that there may be work.
    pub waker: std::sync::OnceLock<jobs::Waker>,
    /// Who listens to news at this process.
    pub live: live::Live,
}

impl App {
    /// Puts the parts together.
    #[must_use]
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Opens a transaction.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn begin(&self) -> Result<Tx> {
        Tx::begin(self).await
    }

    /// Asks the database whether it is there.
    ///
    /// # Errors
    /// When it does not answer.
    pub async fn ping(&self) -> Result<()> {
        sqlx::query("select 1").execute(&self.db).await?;
        Ok(())
    }

    /// Lets this process's worker, if it has one, look for work now.
    pub fn wake_workers(&self) {
        if let Some(waker) = self.waker.get() {
            waker.wake();
        }
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("App")
    }
}
