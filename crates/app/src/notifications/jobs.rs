//! Mails and reminders as jobs. A reminder asks whether it is still needed
//! when its time has come.

use chrono::{DateTime, Utc};
use domain::bookings::BookingState;
use domain::ids::{BookingId, UserId};
use domain::notifications::{CHECK_IN_REMINDER, NotificationKind, REQUEST_REMINDER, REVIEW_REMINDER};
use domain::reviews::REVIEW_WINDOW;
use jobs::{Attempt, Enqueue, Job, JobError};
use serde::{Deserialize, Serialize};

use super::sql::{self, BookingFacts};
use super::{Letter, deliver, mails};
use crate::App;
use crate::accounts;
use crate::error::Result;
use crate::events::Event;
use crate::ports::mail::Mail;
use crate::tx::Tx;

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
        let link = link.as_deref().map(|path| if path.starts_with('/') { format!("{}{path}", app.config.public_url) } else { path.into() });
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
        crate::failpoints::hit("mail", "sent");
        Ok(())
    }
}

/// Asks for a mail, in the caller's transaction.
pub(super) async fn send_in(tx: &mut Tx, letter: &Letter, cause: &str, run_at: DateTime<Utc>) -> Result<()> {
    let job = SendMail { message: format!("{}-{}", cause.replace(':', "-"), letter.to), letter: letter.clone() };
    let key = format!("mail:{cause}:{}", letter.to);
    jobs::enqueue::<App, SendMail>(tx, &job, Enqueue { run_at, dedupe_key: Some(key) }).await?;
    Ok(())
}

/// Reminders that follow from a fact.
pub(super) async fn set_alarms(app: &App, event: &Event) -> Result<()> {
    let (booking, what) = match event {
        Event::BookingRequested { booking, .. } => (*booking, Alarm::Request),
        Event::BookingConfirmed { booking, .. } => (*booking, Alarm::CheckIn),
        Event::BookingCompleted { booking, .. } => (*booking, Alarm::Review),
        _ => return Ok(()),
    };
    let Some(facts) = sql::booking(&app.db, booking).await? else { return Ok(()) };
    let at = match what {
        Alarm::Request => facts.respond_by.map(|end| end - REQUEST_REMINDER),
        Alarm::CheckIn => Some(facts.check_in_at - CHECK_IN_REMINDER),
        Alarm::Review => Some(facts.check_out_at + REVIEW_WINDOW - REVIEW_REMINDER),
    };
    // Whoever books a day ahead has just been told.
    let Some(at) = at.filter(|at| *at > app.clock.now()) else { return Ok(()) };
    let mut tx = app.begin().await?;
    let key = format!("remind:{}:{booking}", what.as_str());
    jobs::enqueue::<App, Remind>(&mut tx, &Remind { booking, what }, Enqueue { run_at: at, dedupe_key: Some(key) }).await?;
    tx.commit().await
}

/// What somebody is reminded of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Alarm {
    /// A host, of a request that is about to expire.
    Request,
    /// Both, of an arrival within a day.
    CheckIn,
    /// Who has not reviewed, that the time for it ends.
    Review,
}

impl Alarm {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::CheckIn => "check_in",
            Self::Review => "review",
        }
    }
}

/// Reminds people of what is due.
#[derive(Debug, Serialize, Deserialize)]
pub struct Remind {
    booking: BookingId,
    what: Alarm,
}

impl Job<App> for Remind {
    const KIND: &'static str = "remind";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let Some(facts) = sql::booking(&app.db, self.booking).await? else { return Ok(()) };
        let cause = format!("reminder:{}:{}", self.what.as_str(), self.booking);
        for letter in self.letters(app, &facts).await? {
            deliver(app, &letter, &cause).await?;
        }
        app.wake_workers();
        Ok(())
    }
}

impl Remind {
    async fn letters(&self, app: &App, facts: &BookingFacts) -> Result<Vec<Letter>> {
        let title = &facts.terms.0.listing_title;
        let stay = facts.terms.0.quote.stay;
        let to_guest = |subject: &str, words: String| {
            Letter::new(facts.guest_id, NotificationKind::Reminders, subject).saying(words).linking(format!("/trips/{}", self.booking))
        };
        let to_host = |subject: &str, words: String| {
            let path = format!("/host/reservations/{}", self.booking);
            Letter::new(facts.host_id, NotificationKind::Reminders, subject).saying(words).linking(path)
        };
        Ok(match self.what {
            Alarm::Request if facts.state == BookingState::Requested => {
                let words = format!(
                    "{} still waits for your answer about {title}, {stay}. In two hours the request expires and the nights are free again.",
                    facts.guest_name
                );
                let letter = to_host("A request is about to expire", words);
                vec![match facts.respond_by {
                    Some(end) => letter.until(end),
                    None => letter,
                }]
            }
            Alarm::CheckIn if facts.state == BookingState::Confirmed => {
                let from = facts.terms.0.check_in_from.format("%H:%M");
                let guest =
                    format!("Your stay at {title} begins tomorrow; check-in is from {from}. Address and codes are on the trip's page.");
                let host = format!("{} arrives tomorrow at {title}, from {from}.", facts.guest_name);
                let end = facts.check_in_at;
                vec![to_guest("Your trip begins tomorrow", guest).until(end), to_host("A guest arrives tomorrow", host).until(end)]
            }
            Alarm::Review if facts.state == BookingState::Completed => {
                let words = |whom: &str| format!("Three days are left to say how {whom} was ({title}, {stay}).");
                let done: Vec<UserId> = sql::reviewers(&app.db, self.booking).await?;
                let both = [
                    to_guest("Your review is still missing", words("your stay")),
                    to_host("Your review is still missing", words("your guest")),
                ];
                both.into_iter().filter(|letter| !done.contains(&letter.to)).collect()
            }
            _ => Vec::new(),
        })
    }
}
