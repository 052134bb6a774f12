//! Mails about accounts. Their secrets are made when the mail is sent, so that
//! they never lie in a table.

use domain::accounts::UserStatus;
use domain::ids::UserId;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::{register, sql};
use crate::App;
use crate::ports::mail::Mail;

/// Asks somebody to prove their address.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendVerification {
    /// Whom.
    pub user: UserId,
}

impl Job<App> for SendVerification {
    const KIND: &'static str = "send_verification";

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let Some(user) = sql::user(&app.db, self.user).await? else { return Ok(()) };
        let Some(link) = register::verification_link(app, &user).await? else { return Ok(()) };
        let words = format!("Welcome to {}! Please confirm your e-mail address. The link works for 24 hours.", app.config.name);
        send(app, &user.name, user.email.as_deref(), ("Confirm your e-mail address", &words, &link), attempt).await
    }
}

/// Sends a link to set a new password, if the address is known.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendPasswordReset {
    /// Where to.
    pub email: String,
}

impl Job<App> for SendPasswordReset {
    const KIND: &'static str = "send_password_reset";

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let user = sql::user_by_email(&app.db, &self.email).await?.filter(|user| user.status == UserStatus::Active);
        let Some(user) = user else { return Ok(()) };
        let link = register::fresh_reset_link(app, &user).await?;
        let words = "Somebody, probably you, wants to set a new password. The link works for one hour. If it was not you, do nothing.";
        send(app, &user.name, user.email.as_deref(), ("Set a new password", words, &link), attempt).await
    }
}

/// Tells the owner of an address that somebody tried to register with it.
#[derive(Debug, Serialize, Deserialize)]
pub struct SendAlreadyRegistered {
    /// Where to.
    pub email: String,
}

impl Job<App> for SendAlreadyRegistered {
    const KIND: &'static str = "send_already_registered";

    async fn run(&self, app: &App, attempt: Attempt) -> Result<(), JobError> {
        let user = sql::user_by_email(&app.db, &self.email).await?.filter(|user| user.status == UserStatus::Active);
        let Some(user) = user else { return Ok(()) };
        let words =
            "Somebody tried to register with your address, but you have an account already. If it was you, log in or set a new password.";
        let link = format!("{}/", app.config.public_url);
        send(app, &user.name, user.email.as_deref(), ("You have an account already", words, &link), attempt).await
    }
}

async fn send(
    app: &App,
    name: &str,
    email: Option<&str>,
    (subject, words, link): (&str, &str, &str),
    attempt: Attempt,
) -> Result<(), JobError> {
    let Some(email) = email else { return Ok(()) };
    let mail = Mail {
        to: email.to_owned(),
        to_name: name.to_owned(),
        subject: subject.to_owned(),
        text: format!("Hello {name},\n\n{words}\n\n{link}\n\n{}\n", app.config.name),
        html: crate::notifications::mails::html(name, words, Some(link), &app.config.name),
        message_id: attempt.job_id.to_string(),
    };
    app.mailer.send(&mail).await?;
    Ok(())
}
