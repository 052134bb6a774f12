//! Profiles: one's own, and what others see of it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::accounts::{User, UserStatus};
use domain::actor::Actor;
use domain::ids::UserId;

use super::{require_user, sql};
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::{App, pictures};

/// Somebody, as others see them in lists.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Person {
    /// Who.
    pub id: UserId,
    /// As shown to others.
    pub name: String,
    /// Name of the picture in the blob store.
    pub avatar: Option<String>,
}

/// How to reach somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// None for people who cannot be written to.
    pub email: Option<String>,
    /// What to call them.
    pub name: String,
}

/// What others may know of somebody: no contact data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicProfile {
    /// Who.
    pub id: UserId,
    /// As shown to others.
    pub name: String,
    /// A few words.
    pub about: String,
    /// BCP 47 tags.
    pub languages: Vec<String>,
    /// Name of the picture in the blob store.
    pub avatar: Option<String>,
    /// Member since.
    pub since: DateTime<Utc>,
    /// The address is proved.
    pub email_verified: bool,
    /// Imported; nobody has claimed it yet.
    pub unclaimed: bool,
}

/// What to change of a profile; `None` leaves it.
#[derive(Debug, Clone, Default)]
pub struct ProfileChange {
    /// 1–80 characters.
    pub name: Option<String>,
    /// Up to 2,000 characters.
    pub about: Option<String>,
    /// BCP 47 tags, up to 20.
    pub languages: Option<Vec<String>>,
}

/// One's own profile.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn me(app: &App, actor: &Actor) -> Result<User> {
    sql::user(&app.db, require_user(actor)?).await?.ok_or(Error::Unauthenticated)
}

/// Changes one's own profile, if it is still at `version`.
///
/// # Errors
/// 412 when it is not, 422 with every mistake.
pub async fn update_profile(app: &App, actor: &Actor, version: Option<i32>, change: ProfileChange) -> Result<User> {
    let id = require_user(actor)?;
    let mut tx = app.begin().await?;
    let mut user = sql::user_locked(&mut tx, id).await?.ok_or(Error::Unauthenticated)?;
    if version.is_some_and(|version| version != user.version) {
        return Err(Error::Stale { current: user.version });
    }
    if let Some(name) = change.name {
        user.name = name.trim().to_owned();
    }
    if let Some(about) = change.about {
        user.about = about;
    }
    if let Some(languages) = change.languages {
        user.languages = languages;
    }
    error::check(|check| {
        check.text(&user.name, "/name", 1..=80);
        check.that(!user.name.contains(['\n', '\r', '\t']), "/name", "format", "a name is one line");
        check.text(&user.about, "/about", 0..=2000);
        check.that(user.languages.len() <= 20, "/languages", "too_many", "at most 20 languages");
        for (n, tag) in user.languages.iter().enumerate() {
            let fits = (2..=35).contains(&tag.len()) && tag.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
            check.that(fits, &format!("/languages/{n}"), "format", format!("{tag:?} is not a language tag, e.g. pt or en-GB"));
        }
    })?;
    sql::update_profile(&mut tx, &user).await?;
    events::publish_in(&mut tx, Event::UserChanged { user: id }).await?;
    tx.commit().await?;
    user.version += 1;
    Ok(user)
}

/// Sets one's own picture; it is re-encoded and cropped to a square.
///
/// # Errors
/// 415 for what is no picture, 422 for one too large.
pub async fn set_avatar(app: &App, actor: &Actor, bytes: Vec<u8>) -> Result<User> {
    let id = require_user(actor)?;
    let picture = pictures::avatar(bytes).await?;
    app.blobs.put(&picture.name, picture.bytes, "image/webp").await?;
    let mut tx = app.begin().await?;
    let mut user = sql::user_locked(&mut tx, id).await?.ok_or(Error::Unauthenticated)?;
    user.avatar = Some(picture.name);
    sql::update_profile(&mut tx, &user).await?;
    events::publish_in(&mut tx, Event::UserChanged { user: id }).await?;
    tx.commit().await?;
    user.version += 1;
    Ok(user)
}

/// What others may know of somebody.
///
/// # Errors
/// 404 for unknown and erased people.
pub async fn public_profile(app: &App, id: UserId) -> Result<PublicProfile> {
    let user = sql::user(&app.db, id).await?.filter(|user| user.status != UserStatus::Erased).ok_or(Error::NotFound("user"))?;
    Ok(user.into())
}

impl From<User> for PublicProfile {
    fn from(user: User) -> Self {
        Self {
            id: user.id,
            name: user.name,
            about: user.about,
            languages: user.languages,
            avatar: user.avatar,
            since: user.created_at,
            email_verified: user.email_verified_at.is_some(),
            unclaimed: user.status == UserStatus::Unclaimed,
        }
    }
}

/// Several people at once.
///
/// # Errors
/// When the database is out of reach.
pub async fn people(app: &App, ids: &[UserId]) -> Result<HashMap<UserId, Person>> {
    Ok(sql::people(&app.db, ids).await?.into_iter().map(|person| (person.id, person)).collect())
}

/// How to reach somebody.
///
/// # Errors
/// 404 for unknown people.
pub async fn contact(app: &App, id: UserId) -> Result<Contact> {
    let user = sql::user(&app.db, id).await?.ok_or(Error::NotFound("user"))?;
    Ok(Contact { email: user.email.filter(|_| user.status == UserStatus::Active), name: user.name })
}
