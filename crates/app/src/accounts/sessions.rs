//! Logins: tokens, their rotation, the list of devices.

use chrono::{DateTime, TimeDelta, Utc};
use domain::accounts::{ACCESS_TOKEN_LIFE, REFRESH_TOKEN_LIFE, User, UserStatus, check_password, parse_email};
use domain::actor::Actor;
use domain::ids::{SessionId, UserId};

use super::{passwords, require_user, second_factor, sql, tokens};
use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// So many wrong passwords on an account within a quarter of an hour…
const FAILURES: i64 = 10;
const WINDOW: TimeDelta = TimeDelta::minutes(15);
/// …and so many from one address; behind it may be a whole office.
const FAILURES_OF_ADDRESS: i64 = 100;

/// Who a token belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Login {
    /// Whose.
    pub user: UserId,
    /// Which login.
    pub session: SessionId,
    /// Granted the staff role.
    pub staff: bool,
    /// The address is proved.
    pub verified: bool,
}

impl Login {
    /// As an actor.
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::User { id: self.user, staff: self.staff, verified: self.verified }
    }
}

/// What a login gives; the tokens are shown this once.
#[derive(Debug, Clone)]
pub struct IssuedTokens {
    /// For every request, for an hour.
    pub access_token: String,
    /// For new tokens, once, within 30 days.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
    /// Whose.
    pub user: User,
}

/// One login as its owner sees it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Session {
    /// Which.
    pub id: SessionId,
    /// The browser or program.
    pub user_agent: String,
    /// Where it came from.
    pub ip_address: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When tokens were last renewed.
    pub last_used_at: DateTime<Utc>,
    /// Until when, unless renewed.
    pub expires_at: DateTime<Utc>,
}

/// What a request says about where it comes from.
#[derive(Debug, Clone, Default)]
pub struct Device {
    /// The `User-Agent`.
    pub user_agent: String,
    /// The address, as text; empty when unknown.
    pub ip_address: String,
    /// A browser keeps one token in a cookie for as long as the login holds: two
    /// tabs cannot take turns at rotating.
    pub browser: bool,
}

/// Who an access token belongs to.
///
/// # Errors
/// 401 when it is unknown, spent or revoked, or the account is shut.
pub async fn authenticate(app: &App, token: &str) -> Result<Login> {
    sql::login(&app.db, &tokens::hash(token), app.clock.now()).await?.ok_or(Error::Unauthenticated)
}

/// Whether a login that was good before still is: not ended, not too old, its
/// account open.
///
/// # Errors
/// When the database is out of reach.
pub async fn is_live(app: &App, login: &Login) -> Result<bool> {
    sql::is_live(&app.db, login.user, login.session, app.clock.now()).await
}

/// Logs somebody in.
///
/// # Errors
/// 401 for a wrong address or password (not saying which), `401 totp_required`
/// and `401 wrong_code` when there is a second factor, 429 after too many, `403
/// account_suspended`.
pub async fn log_in(app: &App, email: &str, password: &str, totp: Option<&str>, device: &Device) -> Result<IssuedTokens> {
    let email = parse_email(email).unwrap_or_default();
    let subjects = [format!("account:{email}"), format!("address:{}", device.ip_address)];
    let now = app.clock.now();
    for (subject, most) in subjects.iter().zip([FAILURES, FAILURES_OF_ADDRESS]) {
        let (failures, latest) = sql::failures(&app.db, subject, now - WINDOW).await?;
        if let Some(latest) = latest.filter(|_| failures >= most) {
            // Slower and slower, never shut for good.
            let wait = TimeDelta::seconds((30 * (failures - most + 1)).min(900));
            if now < latest + wait {
                return Err(Error::TooMany { retry_after_seconds: u64::try_from((latest + wait - now).num_seconds()).unwrap_or(0) + 1 });
            }
        }
    }
    let user = sql::user_by_email(&app.db, &email).await?;
    let stored = match &user {
        Some(user) => sql::password_hash(&app.db, user.id).await?,
        None => None,
    };
    let fits = password.chars().count() <= 128 && passwords::verify(password, stored.as_deref()).await?;
    let Some(user) = user.filter(|_| fits) else {
        for subject in &subjects {
            sql::record_failure(&app.db, subject, now).await?;
        }
        return Err(Error::Unauthenticated);
    };
    if user.status != UserStatus::Active {
        return Err(Error::forbidden("account_suspended", "this account has been suspended: write to us"));
    }
    second_factor::check_second_factor(app, user.id, totp).await?;
    sql::clear_failures(&app.db, &subjects[0]).await?;
    let mut tx = app.begin().await?;
    let issued = issue_in(&mut tx, user, device).await?;
    tx.commit().await?;
    Ok(issued)
}

async fn issue_in(tx: &mut Tx, user: User, device: &Device) -> Result<IssuedTokens> {
    let app = tx.app();
    let (access, refresh) = (tokens::fresh(&app.ids), tokens::fresh(&app.ids));
    let now = tx.now();
    let session = sql::NewSession {
        id: app.ids.next(&app.clock),
        user: user.id,
        access_hash: &access.hash,
        access_expires_at: now + if device.browser { REFRESH_TOKEN_LIFE } else { ACCESS_TOKEN_LIFE },
        expires_at: now + REFRESH_TOKEN_LIFE,
        user_agent: &device.user_agent,
        ip_address: &device.ip_address,
    };
    sql::insert_session(tx, &session).await?;
    sql::insert_refresh_token(tx, session.id, &refresh.hash, session.expires_at).await?;
    Ok(IssuedTokens { access_token: access.text, refresh_token: refresh.text, expires_at: session.access_expires_at, user })
}

/// Changes a refresh token for new tokens. One that was spent before is stolen
/// or its copy is: the login ends for both.
///
/// # Errors
/// 401.
pub async fn refresh(app: &App, token: &str) -> Result<IssuedTokens> {
    let hash = tokens::hash(token);
    let mut tx = app.begin().await?;
    let row = sql::refresh_token_locked(&mut tx, &hash).await?.ok_or(Error::Unauthenticated)?;
    let now = tx.now();
    if row.spent_at.is_some() && row.revoked_at.is_none() {
        sql::revoke_session(&mut tx, row.user_id, row.session_id, now).await?;
        tx.commit().await?;
        tracing::warn!(session = %row.session_id, "a spent refresh token came back: the login was ended");
        return Err(Error::Unauthenticated);
    }
    let user = sql::user(&app.db, row.user_id).await?.filter(|user| user.status == UserStatus::Active);
    let Some(user) = user.filter(|_| row.spent_at.is_none() && row.revoked_at.is_none() && row.expires_at > now) else {
        return Err(Error::Unauthenticated);
    };
    let (access, fresh) = (tokens::fresh(&app.ids), tokens::fresh(&app.ids));
    sql::spend_refresh_token(&mut tx, &hash).await?;
    sql::rotate_session(&mut tx, row.session_id, &access.hash, now + ACCESS_TOKEN_LIFE, now + REFRESH_TOKEN_LIFE).await?;
    sql::insert_refresh_token(&mut tx, row.session_id, &fresh.hash, now + REFRESH_TOKEN_LIFE).await?;
    tx.commit().await?;
    Ok(IssuedTokens { access_token: access.text, refresh_token: fresh.text, expires_at: now + ACCESS_TOKEN_LIFE, user })
}

/// Ends the login that asks.
///
/// # Errors
/// When the database is out of reach.
pub async fn log_out(app: &App, login: &Login) -> Result<()> {
    let mut tx = app.begin().await?;
    let now = tx.now();
    sql::revoke_session(&mut tx, login.user, login.session, now).await?;
    tx.commit().await
}

/// One's own logins, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list_sessions(app: &App, actor: &Actor) -> Result<Vec<Session>> {
    sql::sessions(&app.db, require_user(actor)?, app.clock.now()).await
}

/// Ends one of one's own logins.
///
/// # Errors
/// 404 for others' and unknown ones.
pub async fn revoke_session(app: &App, actor: &Actor, session: SessionId) -> Result<()> {
    let user = require_user(actor)?;
    let mut tx = app.begin().await?;
    let now = tx.now();
    if !sql::revoke_session(&mut tx, user, session, now).await? {
        return Err(Error::NotFound("session"));
    }
    tx.commit().await
}

/// Changes one's password; all other logins end.
///
/// # Errors
/// 422 when the current one is wrong or the new one is no good.
pub async fn change_password(app: &App, login: &Login, current: &str, new: &str) -> Result<()> {
    let user = sql::user(&app.db, login.user).await?.ok_or(Error::Unauthenticated)?;
    let stored = sql::password_hash(&app.db, user.id).await?;
    crate::error::check(|check| check_password(check, "/new", new, user.email.as_deref().unwrap_or(""), &user.name))?;
    if !passwords::verify(current, stored.as_deref()).await? {
        return Err(Error::invalid("/current", "wrong_password", "this is not your current password"));
    }
    let hash = passwords::hash(new).await?;
    let mut tx = app.begin().await?;
    sql::set_password(&mut tx, user.id, &hash).await?;
    sql::revoke_sessions(&mut tx, user.id, Some(login.session)).await?;
    tx.commit().await
}

/// Removes logins that ended more than a day ago. Returns how many.
///
/// # Errors
/// When the database is out of reach.
pub async fn forget_old_sessions(app: &App) -> Result<u64> {
    sql::forget_sessions(&app.db, app.clock.now() - TimeDelta::days(1)).await
}

/// Whether a password is the person's own: for what must not be done by
/// whoever finds an open browser.
pub(super) async fn confirm_password(app: &App, user: UserId, password: &str) -> Result<()> {
    let stored = sql::password_hash(&app.db, user).await?;
    if passwords::verify(password, stored.as_deref()).await? {
        Ok(())
    } else {
        Err(Error::invalid("/password", "wrong_password", "this is not your password"))
    }
}
