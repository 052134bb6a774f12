//! Shutting people out and letting them in again: staff's decision.

use domain::accounts::UserStatus;
use domain::actor::Actor;
use domain::ids::UserId;

use super::{require_staff, sql};
use crate::App;
use crate::error::{Error, Result};

/// Shuts somebody out: their logins end now, nobody logs in until they are let
/// in again. Their bookings and homes stand.
///
/// # Errors
/// 404 for anyone but staff and for people unknown, `403 own_account` for
/// oneself, `409 illegal_transition` unless the account is active.
pub async fn suspend(app: &App, actor: &Actor, user: UserId) -> Result<()> {
    change(app, actor, user, (UserStatus::Active, UserStatus::Suspended)).await
}

/// Lets somebody in again who was shut out.
///
/// # Errors
/// As [`suspend`], `409 illegal_transition` unless the account is suspended.
pub async fn restore(app: &App, actor: &Actor, user: UserId) -> Result<()> {
    change(app, actor, user, (UserStatus::Suspended, UserStatus::Active)).await
}

async fn change(app: &App, actor: &Actor, user: UserId, (from, to): (UserStatus, UserStatus)) -> Result<()> {
    if require_staff(actor)? == user {
        return Err(Error::forbidden("own_account", "nobody shuts out themselves: ask a colleague"));
    }
    let mut tx = app.begin().await?;
    let found = sql::user_locked(&mut tx, user).await?.ok_or(Error::NotFound("user"))?;
    if found.status != from {
        return Err(Error::conflict("illegal_transition", format!("this account is {}", found.status)));
    }
    sql::set_status(&mut tx, user, to).await?;
    sql::revoke_sessions(&mut tx, user, None).await?;
    tx.commit().await
}
