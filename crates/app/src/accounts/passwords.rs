//! argon2id, off the async threads and a few at a time: each takes 19 MiB.

use std::sync::LazyLock;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;

use crate::error::{Error, Result};

static AT_A_TIME: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(std::thread::available_parallelism().map_or(4, |n| n.get() * 2)));

/// A hash nobody's password has: unknown addresses are checked against it, so
/// that they take as long as known ones.
static NOBODY: LazyLock<String> = LazyLock::new(|| hash_now("a password that nobody has").unwrap_or_default());

fn hash_now(password: &str) -> Result<String> {
    // The defaults are OWASP's: argon2id, 19 MiB, two passes.
    let hash = Argon2::default().hash_password(password.as_bytes()).map_err(|error| Error::Internal(anyhow::anyhow!("argon2: {error}")))?;
    Ok(hash.to_string())
}

async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    let _permit = AT_A_TIME.acquire().await.map_err(|error| Error::Internal(error.into()))?;
    tokio::task::spawn_blocking(work).await.map_err(|error| Error::Internal(error.into()))
}

/// The PHC string of a password.
pub(super) async fn hash(password: &str) -> Result<String> {
    let password = password.to_owned();
    off_thread(move || hash_now(&password)).await?
}

/// Whether the password fits. Without a stored hash it takes as long and does
/// not.
pub(super) async fn verify(password: &str, stored: Option<&str>) -> Result<bool> {
    let (password, known) = (password.to_owned(), stored.is_some());
    let stored = stored.map_or_else(|| NOBODY.clone(), str::to_owned);
    let fits = off_thread(move || {
        PasswordHash::new(&stored).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await?;
    Ok(fits && known)
}
