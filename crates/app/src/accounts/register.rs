//! Coming in: registering, proving an address, setting a password anew.

use domain::accounts::{RESET_LIFE, User, VERIFICATION_LIFE, check_password, parse_email};
use domain::actor::Actor;
use domain::fields::Check;
use domain::ids::UserId;

use super::{jobs, passwords, require_user, sql, tokens};
use crate::App;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::worker;

/// Somebody who wants an account.
#[derive(Debug, Clone)]
pub struct NewUser {
    /// As they wrote it.
    pub email: String,
    /// 8–128 characters.
    pub password: String,
    /// As shown to others, 1–80 characters.
    pub name: String,
}

/// Registers somebody. The answer is the same whether or not the address is
/// known: its owner is told by mail.
///
/// # Errors
/// 422 with every mistake in the input.
pub async fn register(app: &App, new: NewUser) -> Result<User> {
    let name = new.name.trim().to_owned();
    let mut check = Check::new();
    let email = parse_email(&new.email);
    if let Err(why) = &email {
        check.that(false, "/email", "format", why.clone());
    }
    check.text(&name, "/name", 1..=80);
    check.that(!name.contains(['\n', '\r', '\t']), "/name", "format", "a name is one line");
    let address = email.unwrap_or_default();
    check_password(&mut check, "/password", &new.password, &address, &name);
    check.finish()?;
    // Hashed before looking: the time it takes does not tell.
    let hash = passwords::hash(&new.password).await?;
    let id: UserId = app.ids.next(&app.clock);
    let mut tx = app.begin().await?;
    let now = tx.now();
    if sql::insert_user(&mut tx, id, &address, &name, Some(&hash)).await? {
        worker::enqueue_in(&mut tx, &jobs::SendVerification { user: id }, now).await?;
        events::publish_in(&mut tx, Event::UserRegistered { user: id }).await?;
    } else {
        worker::enqueue_in(&mut tx, &jobs::SendAlreadyRegistered { email: address.clone() }, now).await?;
    }
    tx.commit().await?;
    app.wake_workers();
    Ok(User {
        id,
        email: Some(address),
        email_verified_at: None,
        name,
        about: String::new(),
        languages: Vec::new(),
        avatar: None,
        staff: false,
        status: domain::accounts::UserStatus::Active,
        version: 1,
        created_at: now,
    })
}

/// Sends the verification mail (again).
///
/// # Errors
/// 401 when nobody is logged in, `409 already_verified`.
pub async fn send_verification(app: &App, actor: &Actor) -> Result<()> {
    let user = require_user(actor)?;
    if matches!(actor, Actor::User { verified: true, .. }) {
        return Err(Error::conflict("already_verified", "your address is confirmed"));
    }
    let mut tx = app.begin().await?;
    let now = tx.now();
    worker::enqueue_in(&mut tx, &jobs::SendVerification { user }, now).await?;
    tx.commit().await?;
    app.wake_workers();
    Ok(())
}

/// The person has followed the link in the mail.
///
/// # Errors
/// `422 bad_token` for a link that is unknown, used or older than 24 hours.
pub async fn verify_email(app: &App, token: &str) -> Result<()> {
    let mut tx = app.begin().await?;
    let spent = sql::spend_mail_token(&mut tx, &tokens::hash(token), "verify_email").await?;
    let (user, email) = spent.ok_or_else(bad_token)?;
    if !sql::verify_email(&mut tx, user, &email).await? {
        return Err(bad_token());
    }
    events::publish_in(&mut tx, Event::UserChanged { user }).await?;
    tx.commit().await
}

/// Takes somebody's address as proved without a mail: for operators who know
/// it is, and for demo data.
///
/// # Errors
/// 404 for anyone but staff and the marketplace itself, and unknown people.
pub async fn confirm_email(app: &App, actor: &Actor, user: UserId) -> Result<()> {
    if !actor.is_staff() {
        return Err(Error::NotFound("user"));
    }
    let email = sql::user(&app.db, user).await?.and_then(|user| user.email).ok_or(Error::NotFound("user"))?;
    let mut tx = app.begin().await?;
    sql::verify_email(&mut tx, user, &email).await?;
    events::publish_in(&mut tx, Event::UserChanged { user }).await?;
    tx.commit().await
}

fn bad_token() -> Error {
    Error::invalid("/token", "bad_token", "this link does not work (any more): ask for a new one")
}

/// Sends a link to set a new password, if the address is known. The answer is
/// the same either way.
///
/// # Errors
/// 422 for what is no address.
pub async fn request_password_reset(app: &App, email: &str) -> Result<()> {
    let email = parse_email(email).map_err(|why| Error::invalid("/email", "format", why))?;
    let mut tx = app.begin().await?;
    let now = tx.now();
    worker::enqueue_in(&mut tx, &jobs::SendPasswordReset { email }, now).await?;
    tx.commit().await?;
    app.wake_workers();
    Ok(())
}

/// Sets a new password by a mailed link and ends all logins.
///
/// # Errors
/// `422 bad_token`, 422 for a password that is no good.
pub async fn reset_password(app: &App, token: &str, password: &str) -> Result<()> {
    crate::error::check(|check| check_password(check, "/password", password, "", ""))?;
    let hash = passwords::hash(password).await?;
    let mut tx = app.begin().await?;
    let spent = sql::spend_mail_token(&mut tx, &tokens::hash(token), "reset_password").await?;
    let (user, email) = spent.ok_or_else(bad_token)?;
    // Whoever reads the mail owns the address.
    if !sql::verify_email(&mut tx, user, &email).await? {
        return Err(bad_token());
    }
    sql::set_password(&mut tx, user, &hash).await?;
    sql::revoke_sessions(&mut tx, user, None).await?;
    tx.commit().await
}

/// Makes (or finds) a staff account and returns the one-time link with which
/// its owner sets a password.
///
/// # Errors
/// 422 for what is no address.
pub async fn create_staff(app: &App, email: &str) -> Result<String> {
    let email = parse_email(email).map_err(|why| Error::invalid("/email", "format", why))?;
    let id: UserId = app.ids.next(&app.clock);
    let mut tx = app.begin().await?;
    let name = email.split('@').next().unwrap_or("staff").to_owned();
    sql::insert_user(&mut tx, id, &email, &name, None).await?;
    tx.commit().await?;
    let user = sql::user_by_email(&app.db, &email).await?.ok_or(Error::NotFound("user"))?;
    let mut tx = app.begin().await?;
    sql::set_staff(&mut tx, user.id).await?;
    let token = tokens::fresh(&app.ids);
    let expires = tx.now() + RESET_LIFE;
    sql::insert_mail_token(&mut tx, user.id, "reset_password", &email, (&token.hash, expires)).await?;
    tx.commit().await?;
    Ok(reset_link(app, &token.text))
}

pub(super) fn reset_link(app: &App, token: &str) -> String {
    format!("{}/reset-password?token={token}", app.config.public_url)
}

/// A fresh verification link, its token stored as a hash.
pub(super) async fn verification_link(app: &App, user: &User) -> Result<Option<String>> {
    let Some(email) = user.email.as_deref().filter(|_| user.email_verified_at.is_none()) else { return Ok(None) };
    let token = tokens::fresh(&app.ids);
    let mut tx = app.begin().await?;
    let expires = tx.now() + VERIFICATION_LIFE;
    sql::insert_mail_token(&mut tx, user.id, "verify_email", email, (&token.hash, expires)).await?;
    tx.commit().await?;
    Ok(Some(format!("{}/verify?token={}", app.config.public_url, token.text)))
}

/// A fresh reset link for an active account.
pub(super) async fn fresh_reset_link(app: &App, user: &User) -> Result<String> {
    let token = tokens::fresh(&app.ids);
    let mut tx = app.begin().await?;
    let expires = tx.now() + RESET_LIFE;
    let email = user.email.clone().unwrap_or_default();
    sql::insert_mail_token(&mut tx, user.id, "reset_password", &email, (&token.hash, expires)).await?;
    tx.commit().await?;
    Ok(reset_link(app, &token.text))
}
