//! People: registering, logging in, profiles, leaving.
//!
//! Tokens are random and stored as hashes only; passwords as argon2id. What an
//! answer says never depends on whether an address is known.

mod erasure;
pub mod import;
pub mod jobs;
mod passwords;
mod profile;
mod register;
mod sessions;
mod sql;
mod tokens;

pub use erasure::{erase, export};
pub use profile::{Contact, Person, ProfileChange, PublicProfile, contact, me, people, public_profile, set_avatar, update_profile};
pub use register::{
    NewUser, confirm_email, create_staff, register, request_password_reset, reset_password, send_verification, verify_email,
};
pub use sessions::{
    Device, IssuedTokens, Login, Session, authenticate, change_password, forget_old_sessions, is_live, list_sessions, log_in, log_out,
    refresh, revoke_session,
};

use domain::actor::Actor;
use domain::ids::UserId;

use crate::error::{Error, Result};

/// The person who asks.
///
/// # Errors
/// 401 when nobody is logged in.
pub fn require_user(actor: &Actor) -> Result<UserId> {
    actor.user_id().ok_or(Error::Unauthenticated)
}

/// Whoever runs the marketplace: staff (named), or the marketplace itself.
///
/// # Errors
/// 401 when nobody is logged in, `403 staff_only` for everybody else.
pub fn require_staff(actor: &Actor) -> Result<Option<UserId>> {
    match actor {
        Actor::Anonymous => Err(Error::Unauthenticated),
        actor if actor.is_staff() => Ok(actor.user_id()),
        _ => Err(Error::forbidden("staff_only", "only those who run the marketplace may do this")),
    }
}

/// The person who asks, if they have proved their e-mail address: needed to
/// book and to publish.
///
/// # Errors
/// 401 when nobody is logged in, `403 email_unverified`.
pub fn require_verified(actor: &Actor) -> Result<UserId> {
    match actor {
        Actor::User { id, verified: true, .. } => Ok(*id),
        Actor::User { .. } => Err(Error::forbidden("email_unverified", "confirm your e-mail address first: we have sent you a link")),
        Actor::Anonymous | Actor::System => Err(Error::Unauthenticated),
    }
}
