//! What somebody wants to be told, by which road, and when not.

use std::collections::BTreeMap;

use domain::actor::Actor;
use domain::ids::UserId;
use domain::notifications::{NotificationKind, QuietHours, Roads};

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{self, Result};
use crate::tx::Tx;

/// Somebody's choices: every kind has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preferences {
    /// By which roads each kind goes.
    pub roads: BTreeMap<NotificationKind, Roads>,
    /// When no mail is sent.
    pub quiet: Option<QuietHours>,
}

/// The actor's choices.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn preferences(app: &App, actor: &Actor) -> Result<Preferences> {
    let user = accounts::require_user(actor)?;
    let mut connection = app.db.acquire().await?;
    let chosen = sql::choices(&mut connection, user).await?;
    let roads = NotificationKind::ALL.iter().map(|kind| (*kind, chosen.get(kind).copied().unwrap_or_default())).collect();
    Ok(Preferences { roads, quiet: sql::quiet(&mut connection, user).await? })
}

/// Replaces the actor's choices; kinds that are not named keep theirs.
///
/// # Errors
/// 422 for quiet hours that never end.
pub async fn put_preferences(app: &App, actor: &Actor, wish: &Preferences) -> Result<Preferences> {
    let user = accounts::require_user(actor)?;
    error::check(|check| {
        let sound = wish.quiet.is_none_or(|quiet| quiet.from != quiet.until);
        check.that(sound, "/quiet_hours/until", "same", "quiet hours must end at another time than they begin");
    })?;
    let mut tx = app.begin().await?;
    sql::put_choices(&mut tx, user, &wish.roads).await?;
    sql::put_quiet(&mut tx, user, wish.quiet.as_ref()).await?;
    tx.commit().await?;
    preferences(app, actor).await
}

/// The roads of one kind, and the quiet hours, of somebody.
pub(super) async fn of_in(tx: &mut Tx, user: UserId, kind: NotificationKind) -> Result<(Roads, Option<QuietHours>)> {
    let roads = sql::choices(tx, user).await?.get(&kind).copied().unwrap_or_default();
    Ok((roads, sql::quiet(tx, user).await?))
}
