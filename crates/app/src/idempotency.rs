//! Nothing happens twice: a request that carries an idempotency key stores its
//! answer in the transaction of its effect, and gets that answer ever after.

use domain::ids::{PaymentOperationId, UserId};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::tx::Tx;

/// What a client sends to say "this is the same request".
#[derive(Debug, Clone)]
pub struct IdempotencyKey {
    /// The client's own word, 1–255 characters, good for 24 h.
    pub key: String,
    /// SHA-256 over method, path and body: the same key on another request is
    /// a mistake.
    pub request_hash: [u8; 32],
}

/// A result, and whether it was stored by an earlier request with this key.
#[derive(Debug, Clone)]
pub struct Once<T> {
    /// The answer.
    pub value: T,
    /// It was given before; nothing happened this time.
    pub replayed: bool,
}

/// The answer stored under `key`, if there is one. Holds the key until the
/// transaction ends, so that of two equal requests one waits its turn outside.
///
/// # Errors
/// `409 idempotency_in_flight` while another request holds the key;
/// `422 idempotency_mismatch` when the key was used for another request.
pub async fn replay_in<T: DeserializeOwned>(tx: &mut Tx, actor: UserId, key: Option<&IdempotencyKey>) -> Result<Option<T>> {
    let Some(key) = key else { return Ok(None) };
    let free: bool = sqlx::query_scalar("select pg_try_advisory_xact_lock(hashtextextended($1 || ':' || $2, 0))")
        .bind(actor.to_string())
        .bind(&key.key)
        .fetch_one(&mut **tx)
        .await?;
    if !free {
        return Err(Error::conflict(
            "idempotency_in_flight",
            "a request with this Idempotency-Key is being handled: ask again in a moment",
        ));
    }
    let stored: Option<(Vec<u8>, serde_json::Value)> =
        sqlx::query_as("select request_hash, answer from idempotency_keys where actor_id = $1 and key = $2")
            .bind(actor)
            .bind(&key.key)
            .fetch_optional(&mut **tx)
            .await?;
    match stored {
        None => Ok(None),
        Some((hash, _)) if hash != key.request_hash => Err(Error::invalid(
            "",
            "idempotency_mismatch",
            format!("the Idempotency-Key {:?} was used for a different request: use a new one", key.key),
        )),
        Some((_, answer)) => Ok(Some(serde_json::from_value(answer)?)),
    }
}

/// Stores the answer of this request under its key.
///
/// # Errors
/// When the database is out of reach.
pub async fn save_in<T: Serialize>(tx: &mut Tx, actor: UserId, key: Option<&IdempotencyKey>, answer: &T) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    let now = tx.now();
    sqlx::query("insert into idempotency_keys (actor_id, key, request_hash, answer, created_at) values ($1, $2, $3, $4, $5)")
        .bind(actor)
        .bind(&key.key)
        .bind(key.request_hash.as_slice())
        .bind(serde_json::to_value(answer)?)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// How far a request has come that must ask an outsider on the way: stored
/// under its key first when it has begun, then with its answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Progress<T> {
    /// Recorded; whoever comes again with the key takes it up where it is.
    Begun(PaymentOperationId),
    /// Answered.
    Done(T),
}

/// Stores the answer of a request that had begun.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn conclude_in<T: Serialize>(tx: &mut Tx, actor: UserId, key: Option<&IdempotencyKey>, answer: &T) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    sqlx::query("update idempotency_keys set answer = $3 where actor_id = $1 and key = $2")
        .bind(actor)
        .bind(&key.key)
        .bind(serde_json::to_value(Progress::Done(answer))?)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Forgets a request that turned out to be a mistake: it may be put right under
/// the same key.
///
/// # Errors
/// When the database is out of reach.
pub(crate) async fn forget(app: &crate::App, actor: UserId, key: Option<&IdempotencyKey>) -> Result<()> {
    let Some(key) = key else { return Ok(()) };
    sqlx::query("delete from idempotency_keys where actor_id = $1 and key = $2").bind(actor).bind(&key.key).execute(&app.db).await?;
    Ok(())
}

/// Forgets keys older than 24 hours. Returns how many.
///
/// # Errors
/// When the database is out of reach.
pub async fn forget_old(app: &crate::App) -> Result<u64> {
    let before = app.clock.now() - chrono::TimeDelta::hours(24);
    let done = sqlx::query("delete from idempotency_keys where created_at < $1").bind(before).execute(&app.db).await?;
    Ok(done.rows_affected())
}
