//! Many people at once: what lists and graphs of things link to.

use std::collections::{HashMap, HashSet};

use domain::accounts::User;
use domain::ids::{SessionId, UserId};

use super::{PublicProfile, sql};
use crate::App;
use crate::error::Result;

/// What others may know of several people. Those who have left are in it, as
/// the nobody they have become: things they took part in still name them.
///
/// # Errors
/// When the database is out of reach.
pub async fn profiles(app: &App, ids: &[UserId]) -> Result<HashMap<UserId, PublicProfile>> {
    let users: Vec<User> = sql::batch::users(&app.db, ids).await?;
    Ok(users.into_iter().map(|user| (user.id, user.into())).collect())
}

/// Which of these logins still stand: neither ended nor too old, of people who
/// may log in.
///
/// # Errors
/// When the database is out of reach.
pub async fn standing_sessions(app: &App, ids: &[SessionId]) -> Result<HashSet<SessionId>> {
    Ok(sql::batch::standing_sessions(&app.db, ids, app.clock.now()).await?.into_iter().collect())
}
