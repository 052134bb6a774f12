//! Keeping people from people: blocking somebody, telling staff about a
//! conversation.

use domain::actor::Actor;
use domain::ids::{ConversationId, UserId};

use super::sql;
use crate::App;
use crate::accounts::{self, Person};
use crate::error::{self, Error, Result};
use crate::tx::Tx;

/// Whether `user` may write to `others`: somebody of them must still be there,
/// and none may have blocked the other.
pub(super) async fn may_write_in(tx: &mut Tx, user: UserId, others: &[UserId]) -> Result<()> {
    let (reachable, blocked) = sql::standing(tx, user, others).await?;
    if blocked {
        return Err(Error::forbidden("blocked", "you cannot write to each other: one of you has blocked the other"));
    }
    if !reachable {
        return Err(Error::conflict("nobody_there", "the other side has left the marketplace: nobody would read this"));
    }
    Ok(())
}

/// Nobody of the two can write to the other any more. Doing it twice is fine.
///
/// # Errors
/// 404 for unknown people, 422 for oneself.
pub async fn block(app: &App, actor: &Actor, other: UserId) -> Result<()> {
    let user = accounts::require_user(actor)?;
    accounts::public_profile(app, other).await?;
    if user == other {
        return Err(Error::invalid("", "yourself", "you cannot block yourself"));
    }
    let mut tx = app.begin().await?;
    sql::block(&mut tx, user, other).await?;
    tx.commit().await
}

/// Takes a block back.
///
/// # Errors
/// 404 for people who are not blocked.
pub async fn unblock(app: &App, actor: &Actor, other: UserId) -> Result<()> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    if !sql::unblock(&mut tx, user, other).await? {
        return Err(Error::NotFound("block"));
    }
    tx.commit().await
}

/// Whom the actor has blocked, at most 100.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn blocked(app: &App, actor: &Actor) -> Result<Vec<Person>> {
    let ids = sql::blocked(&app.db, accounts::require_user(actor)?).await?;
    let mut people: Vec<Person> = accounts::people(app, &ids).await?.into_values().collect();
    people.sort_by(|a, b| a.name.cmp(&b.name).then(a.id.cmp(&b.id)));
    Ok(people)
}

/// Tells staff what is wrong with a conversation; a second report replaces the
/// first.
///
/// # Errors
/// 404 for those who take no part in it, 422 without a reason.
pub async fn report(app: &App, actor: &Actor, id: ConversationId, reason: &str) -> Result<()> {
    let user = accounts::require_user(actor)?;
    let reason = reason.trim();
    error::check(|check| check.text(reason, "/reason", 1..=2000))?;
    let mut tx = app.begin().await?;
    if sql::others(&mut tx, id, user).await?.is_none() {
        return Err(Error::NotFound("conversation"));
    }
    sql::report(&mut tx, id, user, reason).await?;
    tx.commit().await
}
