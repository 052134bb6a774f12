//! News as it happens, for the pages and programs that are open: who listens
//! is told of the events that concern them.
//!
//! Each server follows the `events` table by transaction snapshots (never "id >
//! last seen", which loses what slow transactions commit late), so that any
//! number of servers tell the same news. Nothing on the booking road knows of
//! listeners. A listener who cannot keep up is let go, comes back with the
//! place where it left, and gets what it missed.

mod follow;
mod snapshot;
mod sql;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use domain::ids::{EventId, UserId};
use tokio::sync::{Notify, broadcast};
use tokio_util::sync::CancellationToken;

use self::snapshot::Snapshot;
use crate::App;
use crate::accounts::{self, Login};
use crate::error::{Error, Result};
use crate::events::Event;

/// Batches that a listener may lag behind before it is let go.
const BACKLOG: usize = 64;
/// Listeners of one person on one server.
const LISTENERS: usize = 10;
/// How often a silent listener's login is looked at.
const RECHECK: Duration = Duration::from_secs(15);
/// Most events that are told to somebody who comes back; past that they are
/// told to load everything anew.
const MOST_MISSED: usize = 1000;

/// One event for one listener.
#[derive(Debug, Clone)]
pub struct News {
    /// Which event.
    pub id: EventId,
    /// What happened.
    pub event: Event,
    /// When.
    pub at: DateTime<Utc>,
}

/// What a listener is given next.
#[derive(Debug, Clone)]
pub enum Next {
    /// Something happened.
    News(News),
    /// Too much was missed: load everything anew.
    Resync,
    /// Nothing happened for a while; the line is alive.
    Quiet,
}

/// All that happened between two looks at the table.
#[derive(Debug)]
struct Batch {
    before: Snapshot,
    after: Snapshot,
    events: Vec<sql::Row>,
    recipients: Vec<Vec<UserId>>,
}

#[derive(Default)]
struct Hub {
    sender: Option<broadcast::Sender<Arc<Batch>>>,
    listeners: HashMap<UserId, usize>,
}

/// The listeners of this server.
#[derive(Default)]
pub struct Live {
    hub: Mutex<Hub>,
    wake: Notify,
    closing: CancellationToken,
}

impl Live {
    fn hub(&self) -> MutexGuard<'_, Hub> {
        // A poisoned lock still holds sound counts.
        self.hub.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Something has just been committed here: look now.
    pub(crate) fn wake(&self) {
        self.wake.notify_one();
    }

    /// Lets every listener go: the server stops.
    pub fn close(&self) {
        self.closing.cancel();
    }
}

/// One listener: give it up by dropping it.
pub struct Listener {
    app: App,
    login: Login,
    batches: broadcast::Receiver<Arc<Batch>>,
    waiting: VecDeque<(News, Snapshot)>,
    /// What was told already, by the first look.
    seen: Snapshot,
    /// Where to go on after what was given last.
    place: Snapshot,
    resync: bool,
}

impl std::fmt::Debug for Listener {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Listener({})", self.login.user)
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let mut hub = self.app.live.hub();
        if let Some(count) = hub.listeners.get_mut(&self.login.user) {
            *count -= 1;
            if *count == 0 {
                hub.listeners.remove(&self.login.user);
            }
        }
        metrics::gauge!("live_listeners").decrement(1.0);
    }
}

/// Listens to what concerns the one who is logged in. `place` is where an
/// earlier listener left ([`Listener::place`]); what happened since comes
/// first. A place that cannot be read is taken for none.
///
/// # Errors
/// 429 past ten listeners of one person.
pub async fn listen(app: &App, login: Login, place: Option<&str>) -> Result<Listener> {
    // Looked at before anybody listens: what is committed from here on is told.
    let start = sql::now(&app.db).await?;
    let batches = {
        let mut hub = app.live.hub();
        if hub.listeners.get(&login.user).is_some_and(|count| *count >= LISTENERS) {
            return Err(Error::TooMany { retry_after_seconds: 30 });
        }
        *hub.listeners.entry(login.user).or_default() += 1;
        if let Some(sender) = &hub.sender {
            sender.subscribe()
        } else {
            let (sender, receiver) = broadcast::channel(BACKLOG);
            hub.sender = Some(sender.clone());
            tokio::spawn(follow::follow(app.clone(), sender, start));
            receiver
        }
    };
    metrics::gauge!("live_listeners").increment(1.0);
    // From here on dropping it gives its place up.
    let mut listener = Listener {
        app: app.clone(),
        login,
        batches,
        waiting: VecDeque::new(),
        seen: Snapshot::default(),
        place: Snapshot::default(),
        resync: false,
    };
    listener.catch_up(place.and_then(Snapshot::parse)).await?;
    Ok(listener)
}

impl Listener {
    async fn catch_up(&mut self, from: Option<Snapshot>) -> Result<()> {
        let now = sql::now(&self.app.db).await?;
        // Another database's place, e.g. after a restore, means nothing here.
        match from.filter(|from| from.is_before(&now)) {
            None => self.seen = now,
            Some(from) => {
                let batch = follow::batch(&self.app, from, MOST_MISSED).await?;
                if let Some(batch) = batch {
                    self.take(&batch);
                    self.seen = batch.after;
                } else {
                    self.resync = true;
                    self.seen = now;
                }
            }
        }
        if self.waiting.is_empty() {
            self.place = self.seen.clone();
        }
        Ok(())
    }

    /// Keeps of a batch what concerns this listener. Only the last of it moves
    /// the place on to the batch's end: who leaves in the middle hears some of
    /// it again rather than never.
    fn take(&mut self, batch: &Batch) {
        let mine = batch.events.iter().zip(&batch.recipients).filter(|(_, recipients)| recipients.contains(&self.login.user));
        let mut news: Vec<(News, Snapshot)> = mine
            .filter(|(row, _)| !self.seen.sees(row.xid))
            .map(|(row, _)| (News { id: row.id, event: row.event.clone(), at: row.occurred_at }, batch.before.clone()))
            .collect();
        if let Some(last) = news.last_mut() {
            last.1.clone_from(&batch.after);
        }
        self.waiting.extend(news);
    }

    /// Where to go on after what was given last: for [`listen`].
    #[must_use]
    pub fn place(&self) -> String {
        self.place.to_string()
    }

    /// What comes next; `None` when the line ends: the login has ended, the
    /// server stops, or this listener was too slow.
    pub async fn next(&mut self) -> Option<Next> {
        if std::mem::take(&mut self.resync) {
            return Some(Next::Resync);
        }
        loop {
            if let Some((news, place)) = self.waiting.pop_front() {
                // Nothing is told to a login that has ended.
                if !accounts::is_live(&self.app, &self.login).await.unwrap_or(false) {
                    return None;
                }
                self.place = place;
                return Some(Next::News(news));
            }
            let closing = self.app.live.closing.clone();
            tokio::select! {
                () = closing.cancelled() => return None,
                batch = self.batches.recv() => match batch {
                    Ok(batch) => self.take(&batch),
                    Err(broadcast::error::RecvError::Lagged(_)) => {
                        metrics::counter!("live_listeners_dropped_total").increment(1);
                        return None;
                    }
                    Err(broadcast::error::RecvError::Closed) => return None,
                },
                () = tokio::time::sleep(RECHECK) => {
                    let alive = accounts::is_live(&self.app, &self.login).await.unwrap_or(false);
                    return alive.then_some(Next::Quiet);
                }
            }
        }
    }
}
