//! The one reader of the `events` table in each server that has listeners.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::ids::{BookingId, ConversationId, UserId};
use tokio::sync::broadcast;

use super::snapshot::Snapshot;
use super::{Batch, sql};
use crate::App;
use crate::error::Result;
use crate::events::Event;

/// How long news of other servers may take; our own wake the reader at once.
const INTERVAL: Duration = Duration::from_millis(200);
/// Rests after a failure.
const REST: Duration = Duration::from_secs(1);

/// Follows the table from `place` on until nobody listens any more.
pub(super) async fn follow(app: App, sender: broadcast::Sender<Arc<Batch>>, mut place: Snapshot) {
    loop {
        tokio::select! {
            () = app.live.closing.cancelled() => return,
            () = app.live.wake.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
        {
            let mut hub = app.live.hub();
            if sender.receiver_count() == 0 {
                hub.sender = None;
                return;
            }
        }
        match batch(&app, place.clone(), usize::MAX).await {
            Ok(Some(batch)) => {
                place = batch.after.clone();
                if !batch.events.is_empty() {
                    // Nobody left to hear it: seen at the next round.
                    let _ = sender.send(Arc::new(batch));
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::debug!(%error, "the event log cannot be followed now");
                tokio::time::sleep(REST).await;
            }
        }
    }
}

/// What was committed since `before`, with whom it concerns. `None` when that
/// is more than `most`.
pub(super) async fn batch(app: &App, before: Snapshot, most: usize) -> Result<Option<Batch>> {
    let limit = i64::try_from(most).unwrap_or(i64::MAX - 1).saturating_add(1);
    let (after, events) = sql::since(&app.db, &before, limit).await?;
    if events.len() > most {
        return Ok(None);
    }
    let recipients = recipients(app, &events).await?;
    Ok(Some(Batch { before, after, events, recipients }))
}

/// Whom a fact concerns.
enum Concerns {
    Booking(BookingId),
    Conversation(ConversationId),
    User(UserId),
    Nobody,
}

const fn concerns(event: &Event) -> Concerns {
    match event {
        Event::BookingPlaced { booking, .. }
        | Event::BookingRequested { booking, .. }
        | Event::BookingConfirmed { booking, .. }
        | Event::BookingDeclined { booking, .. }
        | Event::BookingExpired { booking, .. }
        | Event::BookingCancelled { booking, .. }
        | Event::BookingCompleted { booking, .. }
        | Event::BookingNoShow { booking, .. }
        | Event::PaymentFailed { booking, .. }
        | Event::PaymentRefunded { booking, .. } => Concerns::Booking(*booking),
        Event::MessageSent { conversation, .. } | Event::ConversationRead { conversation, .. } => Concerns::Conversation(*conversation),
        Event::NotificationAdded { user, .. } | Event::NotificationsRead { user } => Concerns::User(*user),
        _ => Concerns::Nobody,
    }
}

async fn recipients(app: &App, events: &[sql::Row]) -> Result<Vec<Vec<UserId>>> {
    let (mut bookings, mut conversations) = (Vec::new(), Vec::new());
    for row in events {
        match concerns(&row.event) {
            Concerns::Booking(id) => bookings.push(id),
            Concerns::Conversation(id) => conversations.push(id),
            Concerns::User(_) | Concerns::Nobody => {}
        }
    }
    let parties: HashMap<BookingId, Vec<UserId>> =
        if bookings.is_empty() { HashMap::new() } else { sql::parties(&app.db, &bookings).await?.into_iter().collect() };
    let members: HashMap<ConversationId, Vec<UserId>> =
        if conversations.is_empty() { HashMap::new() } else { sql::members(&app.db, &conversations).await?.into_iter().collect() };
    let of = |row: &sql::Row| match concerns(&row.event) {
        Concerns::Booking(id) => parties.get(&id).cloned().unwrap_or_default(),
        Concerns::Conversation(id) => members.get(&id).cloned().unwrap_or_default(),
        Concerns::User(user) => vec![user],
        Concerns::Nobody => Vec::new(),
    };
    Ok(events.iter().map(of).collect())
}
