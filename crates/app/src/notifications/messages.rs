//! News of messages: one notification per conversation, renewed by each
//! message, and one mail for all that somebody has not read after a while.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{ConversationId, MessageId, NotificationId, UserId};
use domain::notifications::{MESSAGE_MAIL_DELAY, NotificationKind};
use jobs::{Attempt, Enqueue, Job, JobError};
use serde::{Deserialize, Serialize};

use super::{Letter, jobs::send_in, preferences, sql};
use crate::App;
use crate::error::Result;
use crate::events::{self, Event};
use crate::messaging::{self, Message};

/// What a conversation's notification is known by.
pub(super) fn cause(conversation: ConversationId) -> String {
    format!("conversation:{conversation}")
}

/// The beginning of a message, on one line.
fn glimpse(message: &Message) -> String {
    let line: String = message.body.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 160 { line } else { line.chars().take(159).chain(['…']).collect() }
}

/// Tells the other members of a message.
pub(super) async fn sent(app: &App, id: MessageId, at: DateTime<Utc>) -> Result<()> {
    // What came with a booking, and what happened to one, is told with it.
    let Some(facts) = sql::message(&app.db, id).await?.filter(|facts| facts.apart) else { return Ok(()) };
    for reader in sql::readers(&app.db, facts.conversation_id, facts.sender_id, facts.sequence).await? {
        let actor = Actor::User { id: reader, staff: false, verified: true };
        let message = messaging::message(app, &actor, id).await?;
        let letter = Letter::new(reader, NotificationKind::Messages, &format!("{} wrote to you", facts.sender_name))
            .saying(glimpse(&message))
            .linking(format!("/inbox/{}", facts.conversation_id));
        let mut tx = app.begin().await?;
        let (roads, quiet) = preferences::of_in(&mut tx, reader, letter.kind).await?;
        if roads.in_app {
            let notification: NotificationId = app.ids.next(&app.clock);
            sql::renew(&mut tx, notification, reader, &sql::Words::of(&letter, &cause(facts.conversation_id))).await?;
            events::publish_in(&mut tx, Event::NotificationAdded { notification, user: reader }).await?;
        }
        if roads.email {
            let soon = at + MESSAGE_MAIL_DELAY;
            let run_at = quiet.map_or(soon, |quiet| quiet.next_allowed(soon));
            let job = MailUnread { conversation: facts.conversation_id, reader };
            let key = format!("unread:{}:{reader}", facts.conversation_id);
            jobs::enqueue::<App, MailUnread>(&mut tx, &job, Enqueue { run_at, dedupe_key: Some(key) }).await?;
        }
        tx.commit().await?;
    }
    Ok(())
}

/// Mails what somebody has not read of a conversation, if there is anything.
#[derive(Debug, Serialize, Deserialize)]
pub struct MailUnread {
    conversation: ConversationId,
    reader: UserId,
}

impl Job<App> for MailUnread {
    const KIND: &'static str = "mail_unread";

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let actor = Actor::User { id: self.reader, staff: false, verified: true };
        let conversation = messaging::by_id(app, &actor, self.conversation).await?;
        let Some(message) = conversation.last_message.filter(|_| conversation.unread > 0) else { return Ok(()) };
        let sender = conversation.members.iter().find(|member| Some(member.person.id) == message.sender);
        let name = sender.map_or("Somebody", |member| member.person.name.as_str());
        let more = if conversation.unread > 1 { format!("\n\n({} messages are unread.)", conversation.unread) } else { String::new() };
        let subject = format!("{name} wrote to you: {}", conversation.listing_title);
        let letter = Letter::new(self.reader, NotificationKind::Messages, &subject)
            .saying(format!("{}{more}", message.body))
            .linking(format!("/inbox/{}", self.conversation));
        let mut tx = app.begin().await?;
        let now = tx.now();
        send_in(&mut tx, &letter, &format!("unread:{}:{}", self.conversation, attempt.job_id), now).await?;
        tx.commit().await?;
        app.wake_workers();
        Ok(())
    }
}
