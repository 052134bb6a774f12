//! A use-case's transaction: the connection, the events it has published, which
//! take effect in this process the moment it commits, and the homes it has
//! touched, whose projection for search is written just before.

use std::collections::BTreeSet;
use std::ops::{Deref, DerefMut};

use chrono::{DateTime, Utc};
use domain::ids::ListingId;
use sqlx::{PgConnection, Postgres, Transaction};

use crate::App;
use crate::error::Result;
use crate::events::Event;

/// An open transaction. Dropped without [`Tx::commit`] it rolls back.
pub struct Tx {
    inner: Transaction<'static, Postgres>,
    app: App,
    pub(crate) published: Vec<Event>,
    touched: BTreeSet<ListingId>,
    nights_touched: BTreeSet<ListingId>,
}

impl Tx {
    pub(crate) async fn begin(app: &App) -> Result<Self> {
        Ok(Self {
            inner: app.db.begin().await?,
            app: app.clone(),
            published: Vec::new(),
            touched: BTreeSet::new(),
            nights_touched: BTreeSet::new(),
        })
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

    /// Undoes everything and frees what was locked before it returns; a drop
    /// does so only when the connection is next used.
    ///
    /// # Errors
    /// When the database is out of reach.
    pub async fn rollback(self) -> Result<()> {
        self.inner.rollback().await?;
        Ok(())
    }

    /// Notes that something of a home has changed that search must know. Every
    /// statement that writes listings, rules or prices does this.
    pub(crate) fn touch(&mut self, listing: ListingId) {
        self.touched.insert(listing);
    }

    /// The same where nothing but taken nights has changed; every statement that
    /// writes occupancies does this.
    pub(crate) fn touch_nights(&mut self, listing: ListingId) {
        self.nights_touched.insert(listing);
    }

    /// Writes the projection of the homes touched and makes everything
    /// permanent, then wakes workers and drops cached copies of what has
    /// changed. After an edit of a host's it returns once this process's search
    /// shows it.
    ///
    /// # Errors
    /// When the database refuses (a deferred constraint) or is out of reach.
    pub async fn commit(mut self) -> Result<()> {
        for event in &self.published {
            let of_a_booking = event.is_of_a_booking();
            let touched = if of_a_booking { &mut self.nights_touched } else { &mut self.touched };
            touched.extend(event.listing());
        }
        let (mut whole, mut nights) = (std::mem::take(&mut self.touched), std::mem::take(&mut self.nights_touched));
        if !whole.is_empty() {
            // One statement, so that rows are always locked in one order.
            whole.append(&mut nights);
        }
        let [whole, nights] = [whole, nights].map(|ids| ids.into_iter().collect::<Vec<ListingId>>());
        crate::search::project_in(&mut self, &whole, &nights).await?;
        self.inner.commit().await?;
        crate::events::committed(&self.app, &self.published).await;
        if !(whole.is_empty() && nights.is_empty()) {
            self.app.search.changed();
        }
        if self.published.iter().any(|event| matches!(event, Event::ListingChanged { .. } | Event::CalendarChanged { .. })) {
            self.app.search.caught_up().await;
        }
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
