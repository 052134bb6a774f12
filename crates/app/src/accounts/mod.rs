//! People: registering, logging in, profiles, leaving.
//!
//! Tokens are random and stored as hashes only; passwords as argon2id. What an
//! answer says never depends on whether an address is known.

mod batch;
mod erasure;
pub mod import;
pub mod jobs;
mod passwords;
mod personal_tokens;
mod profile;
mod register;
mod sealing;
mod second_factor;
mod sessions;
mod sql;
mod standing;
mod tokens;

pub use batch::{profiles, standing_sessions};
pub use erasure::{erase, export};
pub use personal_tokens::{NewToken, PERSONAL_PREFIX, PersonalToken, authenticate_personal, create_token, list_tokens, revoke_token};
pub use profile::{Contact, Person, ProfileChange, PublicProfile, contact, me, people, public_profile, set_avatar, update_profile};
pub use register::{
    NewUser, confirm_email, create_staff, register, request_password_reset, reset_password, send_verification, verify_email,
};
pub use sealing::SealingKey;
pub use second_factor::{Enrolment, FactorStatus, confirm_totp, enrol_totp, factor_status, remove_totp, renew_recovery_codes};
pub use sessions::{
    Device, IssuedTokens, Login, Session, authenticate, change_password, forget_old_sessions, is_live, list_sessions, log_in, log_out,
    refresh, revoke_session,
};
pub use standing::{restore, suspend};

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
/// 401 when nobody is logged in, 404 for everybody else.
pub fn require_marketplace(actor: &Actor) -> Result<Option<UserId>> {
    if actor.is_staff() { Ok(actor.user_id()) } else { require_staff(actor).map(Some) }
}

/// The member of staff who asks.
///
/// # Errors
/// 401 when nobody is logged in, 404 for anyone but staff: what is theirs does
/// not exist for others.
pub fn require_staff(actor: &Actor) -> Result<UserId> {
    match actor {
        Actor::User { id, staff: true, .. } => Ok(*id),
        Actor::Anonymous => Err(Error::Unauthenticated),
        Actor::User { .. } | Actor::System => Err(Error::NotFound("page")),
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
