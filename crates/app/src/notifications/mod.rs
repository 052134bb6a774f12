//! Telling people, by mail and inside the marketplace: once per fact and
//! person, by the roads they chose, in the hours they allow.

mod changes;
pub mod jobs;
pub(crate) mod mails;
mod messages;
mod preferences;
mod read;
mod sql;

pub use jobs::SendMail;
pub use messages::MailUnread;
pub use preferences::{Preferences, preferences, put_preferences};
pub use read::{Notification, list, mark_read, one, unread};

use chrono::{DateTime, Utc};
use domain::ids::{EventId, NotificationId, UserId};
use domain::notifications::NotificationKind;
use serde::{Deserialize, Serialize};

use crate::App;
use crate::error::Result;
use crate::events::{self, Event};
use crate::tx::Tx;

/// Whether anybody is told of this, or remembers it.
pub(crate) const fn concerns(event: &Event) -> bool {
    matches!(
        event,
        Event::BookingRequested { .. }
            | Event::BookingConfirmed { .. }
            | Event::BookingDeclined { .. }
            | Event::BookingExpired { .. }
            | Event::BookingCancelled { .. }
            | Event::BookingCompleted { .. }
            | Event::BookingNoShow { .. }
            | Event::PaymentFailed { .. }
            | Event::PaymentRefunded { .. }
            | Event::CreditGranted { .. }
            | Event::InstalmentDueSoon { .. }
            | Event::InstalmentUnpaid { .. }
            | Event::DisputeOpened { .. }
            | Event::DisputeClosed { .. }
            | Event::PayoutDue { .. }
            | Event::CoHostInvited { .. }
            | Event::PayoutPaid { .. }
            | Event::PayoutFailed { .. }
            | Event::BookingAltered { .. }
            | Event::AlterationProposed { .. }
            | Event::AlterationClosed { .. }
            | Event::RefundAsked { .. }
            | Event::RefundAnswered { .. }
            | Event::ReviewPublished { .. }
            | Event::MessageSent { .. }
            | Event::ConversationRead { .. }
    )
}

/// Tells people of a fact, and sets the alarms that follow from it.
pub(crate) async fn on(app: &App, id: EventId, event: &Event, at: DateTime<Utc>) -> Result<()> {
    match event {
        Event::MessageSent { message, .. } => return messages::sent(app, *message, at).await,
        Event::ConversationRead { conversation, user } => {
            return sql::read_cause(&app.db, *user, &messages::cause(*conversation), app.clock.now()).await;
        }
        _ => {}
    }
    for letter in mails::letters(app, event).await? {
        deliver(app, &letter, &format!("event:{id}")).await?;
    }
    jobs::set_alarms(app, event).await?;
    app.wake_workers();
    Ok(())
}

/// What one person is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    to: UserId,
    #[serde(default = "about_bookings")]
    kind: NotificationKind,
    subject: String,
    words: String,
    /// A path of the site.
    link: Option<String>,
    /// When it is too late to be told by mail.
    #[serde(default)]
    useless_after: Option<DateTime<Utc>>,
}

/// What letters of an earlier release, still waiting as jobs, are about.
const fn about_bookings() -> NotificationKind {
    NotificationKind::Bookings
}

impl Letter {
    pub(crate) fn new(to: UserId, kind: NotificationKind, subject: &str) -> Self {
        Self { to, kind, subject: subject.to_owned(), words: String::new(), link: None, useless_after: None }
    }

    pub(crate) fn saying(mut self, words: String) -> Self {
        self.words = words;
        self
    }

    pub(crate) fn linking(mut self, path: String) -> Self {
        self.link = Some(path);
        self
    }

    pub(crate) const fn until(mut self, instant: DateTime<Utc>) -> Self {
        self.useless_after = Some(instant);
        self
    }
}

/// Tells one person, by the roads they chose. `cause` names what it is about:
/// the same cause is told once.
pub(crate) async fn deliver(app: &App, letter: &Letter, cause: &str) -> Result<()> {
    let mut tx = app.begin().await?;
    let (roads, quiet) = preferences::of_in(&mut tx, letter.to, letter.kind).await?;
    let now = tx.now();
    if roads.in_app {
        let id: NotificationId = app.ids.next(&app.clock);
        if sql::insert(&mut tx, id, letter.to, &sql::Words::of(letter, cause)).await? {
            events::publish_in(&mut tx, Event::NotificationAdded { notification: id, user: letter.to }).await?;
        }
    }
    let mail_at = quiet.map_or(now, |quiet| quiet.next_allowed(now));
    if roads.email && letter.useless_after.is_none_or(|end| mail_at < end) {
        jobs::send_in(&mut tx, letter, cause, mail_at).await?;
    }
    tx.commit().await
}

/// Removes what somebody who leaves was told.
pub(crate) async fn forget_in(tx: &mut Tx, user: UserId) -> Result<()> {
    sql::forget(tx, user).await
}
