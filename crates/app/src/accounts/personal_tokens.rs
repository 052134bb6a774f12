//! Tokens that programs carry on somebody's behalf: with scopes, until a day.

use chrono::{DateTime, TimeDelta, Utc};
use domain::accounts::TokenScope;
use domain::actor::Actor;
use domain::ids::PersonalTokenId;

use super::sql::factors as sql;
use super::{Login, require_user, tokens};
use crate::App;
use crate::error::{self, Error, Result};

/// What every personal token begins with, so that leaked ones are recognised.
pub const PERSONAL_PREFIX: &str = "roost_pat_";
/// Most tokens of one person.
const MOST_TOKENS: i64 = 50;

/// A token as its owner sees it: never the secret.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PersonalToken {
    /// Which.
    pub id: PersonalTokenId,
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<TokenScope>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

/// A token to make.
#[derive(Debug, Clone)]
pub struct NewToken {
    /// 1–80 characters.
    pub name: String,
    /// At least one.
    pub scopes: Vec<TokenScope>,
    /// 1–365 days.
    pub days: i32,
}

/// The actor's tokens that still work, newest first, at most 50.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list_tokens(app: &App, actor: &Actor) -> Result<Vec<PersonalToken>> {
    sql::tokens(&app.db, require_user(actor)?, app.clock.now()).await
}

/// Makes a token; its secret is shown this once.
///
/// # Errors
/// 422 with every mistake, `409 too_many_tokens` past 50.
pub async fn create_token(app: &App, actor: &Actor, mut wish: NewToken) -> Result<(PersonalToken, String)> {
    let user = require_user(actor)?;
    wish.name = wish.name.trim().to_owned();
    wish.scopes.sort_unstable();
    wish.scopes.dedup();
    error::check(|check| {
        check.text(&wish.name, "/name", 1..=80);
        check.that(!wish.scopes.is_empty(), "/scopes", "required", "a token without scopes can do nothing");
        check.range(wish.days, "/expires_in_days", 1..=365);
    })?;
    let mut tx = app.begin().await?;
    let now = tx.now();
    if sql::token_count(&mut tx, user).await? >= MOST_TOKENS {
        return Err(Error::conflict("too_many_tokens", format!("{MOST_TOKENS} tokens are the most: revoke one first")));
    }
    let secret = format!("{PERSONAL_PREFIX}{}", tokens::fresh(&app.ids).text);
    let token = PersonalToken {
        id: app.ids.next(&app.clock),
        name: wish.name,
        scopes: wish.scopes,
        created_at: now,
        last_used_at: None,
        expires_at: now + TimeDelta::days(i64::from(wish.days)),
    };
    sql::insert_token(&mut tx, user, &token, &tokens::hash(&secret)).await?;
    tx.commit().await?;
    Ok((token, secret))
}

/// Ends a token at once.
///
/// # Errors
/// 404 for others' and unknown ones.
pub async fn revoke_token(app: &App, actor: &Actor, id: PersonalTokenId) -> Result<()> {
    let user = require_user(actor)?;
    let mut tx = app.begin().await?;
    if !sql::revoke_token(&mut tx, user, id).await? {
        return Err(Error::NotFound("token"));
    }
    tx.commit().await
}

/// Who a personal token belongs to, if it may do what is asked. It never
/// carries the staff role.
///
/// # Errors
/// 401 when it is unknown, revoked or too old, `403 scope_missing`.
pub async fn authenticate_personal(app: &App, token: &str, needed: Option<TokenScope>) -> Result<Login> {
    let now = app.clock.now();
    let (login, scopes) = sql::token_login(&app.db, &tokens::hash(token), now).await?.ok_or(Error::Unauthenticated)?;
    match needed {
        Some(scope) if !scopes.contains(&scope) => {
            Err(Error::forbidden("scope_missing", format!("this token lacks the scope {scope}: make one that has it")))
        }
        _ => Ok(login),
    }
}
