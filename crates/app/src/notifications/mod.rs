//! Telling people: one mail per fact and person, sent by a job, the same mail
//! however often the job runs.

pub(crate) mod mails;
mod sql;

use domain::ids::{EventId, UserId};
use jobs::{Attempt, Enqueue, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::App;
use crate::accounts;
use crate::error::Result;
use crate::events::Event;
use crate::ports::mail::Mail;

/// Whether anybody is told of this.
pub(crate) const fn concerns(event: &Event) -> bool {
    matches!(
        event,
        Event::BookingRequested { .. }
            | Event::BookingConfirmed { .. }
            | Event::BookingDeclined { .. }
            | Event::BookingExpired { .. }
            | Event::BookingCancelled { .. }
            | Event::BookingCompleted { .. }
            | Event::PaymentFailed { .. }
            | Event::PaymentRefunded { .. }
            | Event::PayoutDue { .. }
            | Event::ReviewPublished { .. }
    )
}

/// Writes the mails about a fact; each goes out as a job of its own.
pub(crate) async fn on(app: &App, id: EventId, event: &Event) -> Result<()> {
    for letter in mails::letters(app, event).await? {
        let mut tx = app.begin().await?;
        let key = format!("mail:{id}:{}", letter.to);
        let now = tx.now();
        let job = SendMail { message: format!("{id}-{}", letter.to), letter };
        jobs::enqueue::<App, SendMail>(&mut tx, &job, Enqueue { run_at: now, dedupe_key: Some(key) }).await?;
        tx.commit().await?;
    }
    app.wake_workers();
    Ok(())
}

/// A mail to one person.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Letter {
    to: UserId,
    subject: String,
    words: String,
    link: Option<String>,
}

/// Sends one mail.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendMail {
    letter: Letter,
    message: String,
}

impl Job<App> for SendMail {
    const KIND: &'static str = "send_mail";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let contact = accounts::contact(app, self.letter.to).await?;
        let Some(email) = contact.email else { return Ok(()) };
        let Letter { subject, words, link, .. } = &self.letter;
        let rest = link.as_deref().map(|link| format!("\n\n{link}")).unwrap_or_default();
        let mail = Mail {
            to: email,
            to_name: contact.name.clone(),
            subject: subject.clone(),
            text: format!("Hello {},\n\n{words}{rest}\n\n{}\n", contact.name, app.config.name),
            html: mails::html(&contact.name, words, link.as_deref(), &app.config.name),
            message_id: self.message.clone(),
        };
        app.mailer.send(&mail).await?;
        Ok(())
    }
}
