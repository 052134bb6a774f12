//! One's own notifications.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::NotificationId;
use domain::notifications::NotificationKind;
use domain::page::{Page, PageRequest};

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{Error, Result};
use crate::events::{self, Event};

/// What somebody was told.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Notification {
    /// Which.
    pub id: NotificationId,
    /// What it is about.
    pub kind: NotificationKind,
    /// In a few words.
    pub title: String,
    /// In a sentence or two.
    pub body: String,
    /// A path of the site where one can act on it; may be empty.
    pub link: String,
    /// When it was seen.
    pub read_at: Option<DateTime<Utc>>,
    /// When it was told.
    pub created_at: DateTime<Utc>,
}

/// The actor's notifications, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list(app: &App, actor: &Actor, only_unread: bool, page: PageRequest<NotificationId>) -> Result<Page<Notification>> {
    let user = accounts::require_user(actor)?;
    let rows = sql::list(&app.db, user, only_unread, &page).await?;
    Ok(Page::cut(rows, page.limit, |notification| notification.id))
}

/// One of the actor's notifications.
///
/// # Errors
/// 404 for others' and for one that a later one of the same cause replaced.
pub async fn one(app: &App, actor: &Actor, id: NotificationId) -> Result<Notification> {
    let user = accounts::require_user(actor)?;
    sql::one(&app.db, user, id).await?.ok_or(Error::NotFound("notification"))
}

/// How many the actor has not seen.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn unread(app: &App, actor: &Actor) -> Result<i64> {
    sql::unread(&app.db, accounts::require_user(actor)?).await
}

/// The actor has seen these; all of them when none are named. Unknown and
/// others' are passed over.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn mark_read(app: &App, actor: &Actor, ids: Option<&[NotificationId]>) -> Result<()> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    if sql::mark_read(&mut tx, user, ids).await? {
        events::publish_in(&mut tx, Event::NotificationsRead { user }).await?;
    }
    tx.commit().await
}
