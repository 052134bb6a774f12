//! A use-case's transaction: the connection, and the events it has published,
//! which take effect in this process the moment it commits.

use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Utc};
use sqlx::{PgConnection, Postgres, Transaction};

use crate::App;
use crate::error::Result;
use crate::events::Event;

/// An open transaction. Dropped without [`Tx::commit`] it rolls back.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    app: App,
    pub(crate) published: Vec<Event>,
}

impl Tx {
    pub(crate) async fn begin(app: &App) -> Result<Self> {
        Ok(Self { inner: app.db.begin().await?, app: app.clone(), published: Vec::new() })
    }

    /// The application this transaction belongs to (its clock, ids, settings).
    #[must_use]
    pub fn app(&self) -> App {
        self.app.clone()
    }

    /// The instant it is now in the marketplace.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    /// Makes everything permanent, then wakes workers and drops cached copies
    /// of what has changed.
    ///
    /// # Errors
    /// When the database refuses (a deferred constraint) or is out of reach.
    pub async fn commit(self) -> Result<()> {
        self.inner.commit().await?;
        crate::events::committed(&self.app, &self.published).await;
        Ok(())
    }
}

impl Deref for Tx {
    type Target = PgConnection;
    fn deref(&self) -> &PgConnection {
        &self.inner
    }
}

impl DerefMut for Tx {
    fn deref_mut(&mut self) -> &mut PgConnection {
        &mut self.inner
    }
}
