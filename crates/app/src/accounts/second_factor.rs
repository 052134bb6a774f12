//! The second factor: codes of an authenticator app, each good once, and
//! recovery codes for when the app is lost.

use chrono::TimeDelta;
use domain::accounts::{MOST_FACTOR_FAILURES, RECOVERY_CODES, recovery_code};
use domain::actor::Actor;
use domain::ids::UserId;
use totp_rs::{Builder, Secret, Totp};

use super::sql::factors as sql;
use super::{Login, require_user, sessions, tokens};
use crate::App;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// How long a factor rests after too many wrong codes.
const REST: TimeDelta = TimeDelta::minutes(15);

/// What an authenticator app is given, once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// Base32, to be typed.
    pub secret: String,
    /// `otpauth://…`, to be scanned.
    pub url: String,
}

/// How somebody's second factor stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FactorStatus {
    /// Logins ask for a code.
    pub active: bool,
    /// Recovery codes that were not used.
    pub recovery_codes_left: i64,
}

/// How the actor's second factor stands.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn factor_status(app: &App, actor: &Actor) -> Result<FactorStatus> {
    let user = require_user(actor)?;
    let active = sql::factor(&app.db, user).await?.is_some_and(|factor| factor.confirmed_at.is_some());
    let recovery_codes_left = if active { sql::recovery_codes_left(&app.db, user).await? } else { 0 };
    Ok(FactorStatus { active, recovery_codes_left })
}

/// Begins to set a second factor up; it is asked for once a first code proves
/// that the app has it. Beginning again replaces what was begun.
///
/// # Errors
/// 422 for a wrong password, `409 totp_active` while one is in force.
pub async fn enrol_totp(app: &App, login: &Login, password: &str) -> Result<Enrolment> {
    sessions::confirm_password(app, login.user, password).await?;
    let mut tx = app.begin().await?;
    if sql::factor_locked(&mut tx, login.user).await?.is_some_and(|factor| factor.confirmed_at.is_some()) {
        return Err(Error::conflict("totp_active", "a second factor is in force already: remove it first"));
    }
    let random = app.ids.token();
    let seed = &random[..20];
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&random[20..]);
    let sealed = app.sealing_key.seal(login.user.0.as_bytes(), nonce, seed).ok_or_else(|| unsealable("sealed"))?;
    sql::put_factor(&mut tx, login.user, &sealed).await?;
    tx.commit().await?;
    let email = super::contact(app, login.user).await?.email.unwrap_or_default();
    let totp = authenticator(seed, &email.replace(':', "-"), &app.config.name.replace(':', "-"))?;
    let url = totp.to_url().map_err(|error| Error::Internal(anyhow::anyhow!("otpauth: {error}")))?;
    Ok(Enrolment { secret: totp.secret().to_base32(), url })
}

fn unsealable(what: &str) -> Error {
    Error::Internal(anyhow::anyhow!("a seed could not be {what}: was sealing.key replaced?"))
}

fn authenticator(seed: &[u8], account: &str, issuer: &str) -> Result<Totp> {
    Builder::new()
        .with_secret(Secret::from(seed))
        .with_account_name(account)
        .with_issuer(Some(issuer))
        .build()
        .map_err(|error| Error::Internal(anyhow::anyhow!("totp: {error}")))
}

/// Puts the second factor in force, and gives recovery codes, shown this once.
/// All other logins end.
///
/// # Errors
/// `422 wrong_code`, 429 after too many, `409 totp_active`, 404 when nothing was
/// begun.
pub async fn confirm_totp(app: &App, login: &Login, code: &str) -> Result<Vec<String>> {
    let mut tx = app.begin().await?;
    let factor = sql::factor_locked(&mut tx, login.user).await?.ok_or(Error::NotFound("second factor"))?;
    if factor.confirmed_at.is_some() {
        return Err(Error::conflict("totp_active", "the second factor is in force already"));
    }
    if !spend_in(&mut tx, login.user, &factor, code).await? {
        tx.commit().await?;
        return Err(Error::invalid("/code", "wrong_code", "this is not the code that the app shows now"));
    }
    sql::confirm_factor(&mut tx, login.user).await?;
    super::sql::revoke_sessions(&mut tx, login.user, Some(login.session)).await?;
    let codes = fresh_codes_in(&mut tx, login.user).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Removes the second factor.
///
/// # Errors
/// 422 for a wrong password, 404 when there is none.
pub async fn remove_totp(app: &App, login: &Login, password: &str) -> Result<()> {
    sessions::confirm_password(app, login.user, password).await?;
    let mut tx = app.begin().await?;
    if !sql::delete_factor(&mut tx, login.user).await? {
        return Err(Error::NotFound("second factor"));
    }
    tx.commit().await
}

/// Replaces all recovery codes.
///
/// # Errors
/// 422 for a wrong password, 404 when there is no second factor.
pub async fn renew_recovery_codes(app: &App, login: &Login, password: &str) -> Result<Vec<String>> {
    sessions::confirm_password(app, login.user, password).await?;
    let mut tx = app.begin().await?;
    sql::factor_locked(&mut tx, login.user)
        .await?
        .filter(|factor| factor.confirmed_at.is_some())
        .ok_or(Error::NotFound("second factor"))?;
    let codes = fresh_codes_in(&mut tx, login.user).await?;
    tx.commit().await?;
    Ok(codes)
}

async fn fresh_codes_in(tx: &mut Tx, user: UserId) -> Result<Vec<String>> {
    let app = tx.app();
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| recovery_code(app.ids.bits())).collect();
    let hashes: Vec<Vec<u8>> = codes.iter().map(|code| tokens::hash(&code.replace('-', ""))).collect();
    sql::put_recovery_codes(tx, user, &hashes).await?;
    Ok(codes)
}

/// Whether a code is good now; it is used up by that. Wrong ones are counted,
/// and after too many none is good for a while.
async fn spend_in(tx: &mut Tx, user: UserId, factor: &sql::Factor, code: &str) -> Result<bool> {
    let app = tx.app();
    let now = tx.now();
    if let Some(until) = factor.locked_until.filter(|until| *until > now) {
        return Err(Error::TooMany { retry_after_seconds: u64::try_from((until - now).num_seconds()).unwrap_or(0) + 1 });
    }
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let seed = app.sealing_key.open(user.0.as_bytes(), &factor.sealed).ok_or_else(|| unsealable("opened"))?;
    // Phones know nothing of a sandbox's moved clock.
    let time = u64::try_from(app.clock.machine_now().timestamp()).unwrap_or(0);
    let step = authenticator(&seed, "account", "issuer")?.check(&code, time).and_then(|step| i64::try_from(step).ok());
    if let Some(step) = step.filter(|step| *step > factor.last_step) {
        sql::spend_step(tx, user, step).await?;
        return Ok(true);
    }
    let recovery = code.to_uppercase().replace('-', "");
    if factor.confirmed_at.is_some() && sql::spend_recovery_code(tx, user, &tokens::hash(&recovery)).await? {
        return Ok(true);
    }
    let failures = factor.failures + 1;
    let locked_until = (failures % MOST_FACTOR_FAILURES == 0).then(|| now + REST);
    sql::count_failure(tx, user, failures, locked_until).await?;
    Ok(false)
}

/// Asks for the second factor of somebody whose password was right.
///
/// # Errors
/// `401 totp_required` without a code, `401 wrong_code`, 429 after too many.
pub(super) async fn check_second_factor(app: &App, user: UserId, code: Option<&str>) -> Result<()> {
    if sql::factor(&app.db, user).await?.is_none_or(|factor| factor.confirmed_at.is_none()) {
        return Ok(());
    }
    let Some(code) = code.filter(|code| !code.trim().is_empty()) else {
        return Err(Error::challenge("totp_required", "this account has a second factor: send the code of the authenticator app"));
    };
    let mut tx = app.begin().await?;
    let Some(factor) = sql::factor_locked(&mut tx, user).await? else { return Ok(()) };
    let good = spend_in(&mut tx, user, &factor, code).await?;
    tx.commit().await?;
    if good { Ok(()) } else { Err(Error::challenge("wrong_code", "this code is wrong or was used before: wait for the next one")) }
}
