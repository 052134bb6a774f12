//! What a use-case can answer instead of a result. Knows no HTTP: `web` decides
//! statuses, GraphQL extensions and pages from it.

use domain::fields::{Check, FieldError};
use domain::money::MoneyError;
use domain::page::BadCursor;

/// Every way in which a use-case can fail.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The thing does not exist, or the actor may not know that it does.
    #[error("no such {0}")]
    NotFound(&'static str),
    /// Nobody is logged in, or the token is spent, revoked or unknown.
    #[error("log in first")]
    Unauthenticated,
    /// Who asks must prove more than they did.
    #[error("{message}")]
    Challenge {
        /// Stable machine word, e.g. `totp_required`.
        code: &'static str,
        /// For people: what is asked for.
        message: String,
    },
    /// The actor is known and may not do this.
    #[error("{message}")]
    Forbidden {
        /// Stable machine word, e.g. `email_unverified`.
        code: &'static str,
        /// For people: why, and what to do.
        message: String,
    },
    /// The input is wrong; every mistake is listed.
    #[error("the request has mistakes: {}", summary(.0))]
    Invalid(Vec<FieldError>),
    /// The state of things does not allow it (any more).
    #[error("{message}")]
    Conflict {
        /// Stable machine word, e.g. `dates_unavailable`.
        code: &'static str,
        /// For people.
        message: String,
        /// What may help to go on, e.g. the new quote.
        details: Option<serde_json::Value>,
    },
    /// An update was based on a version that is no longer current.
    #[error("this was changed meanwhile: load it again (current version {current})")]
    Stale {
        /// The version in force.
        current: i32,
    },
    /// An update did not say which version it is based on.
    #[error("say which version you change: send If-Match with the ETag you read")]
    VersionRequired,
    /// The actor asks too often.
    #[error("too many requests: try again in {retry_after_seconds} s")]
    TooMany {
        /// Seconds until it makes sense to ask again.
        retry_after_seconds: u64,
    },
    /// The input is larger than what is taken.
    #[error("too large: {0}")]
    TooLarge(String),
    /// The input is of a kind that is not taken (e.g. a PDF as a photo).
    #[error("{0}")]
    UnsupportedMedia(String),
    /// The database or a provider is out of reach or overloaded right now.
    #[error("busy: {0}")]
    Busy(String),
    /// A fault of ours.
    #[error(transparent)]
    Internal(#[from] anyhow::Error),
}

fn summary(errors: &[FieldError]) -> String {
    let parts: Vec<String> = errors.iter().map(|e| format!("{} {}", e.pointer, e.message)).collect();
    parts.join("; ")
}

/// The result of a use-case.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A conflict without details.
    pub fn conflict(code: &'static str, message: impl Into<String>) -> Self {
        Self::Conflict { code, message: message.into(), details: None }
    }

    /// A wish for more proof.
    pub fn challenge(code: &'static str, message: impl Into<String>) -> Self {
        Self::Challenge { code, message: message.into() }
    }

    /// A refusal that says why.
    pub fn forbidden(code: &'static str, message: impl Into<String>) -> Self {
        Self::Forbidden { code, message: message.into() }
    }

    /// One mistake in the input.
    pub fn invalid(pointer: &str, code: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { pointer: pointer.to_owned(), code, message: message.into() }])
    }

    /// Whether trying again later can help.
    #[must_use]
    pub const fn is_transient(&self) -> bool {
        matches!(self, Self::Busy(_) | Self::Internal(_) | Self::TooMany { .. })
    }
}

impl From<sqlx::Error> for Error {
    fn from(error: sqlx::Error) -> Self {
        let busy = match &error {
            sqlx::Error::PoolTimedOut | sqlx::Error::PoolClosed | sqlx::Error::Io(_) | sqlx::Error::WorkerCrashed => true,
            // Serialization failure, deadlock, lock or statement time-out, too
            // many connections, shutting down: trying again can help.
            sqlx::Error::Database(database) => {
                matches!(database.code().as_deref(), Some("40001" | "40P01" | "55P03" | "57014" | "53300" | "57P01" | "57P02" | "57P03"))
            }
            _ => false,
        };
        if busy {
            Self::Busy(format!("the database did not answer in time ({error})"))
        } else {
            Self::Internal(anyhow::Error::new(error).context("database"))
        }
    }
}

impl From<Vec<FieldError>> for Error {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::Invalid(errors)
    }
}

impl From<MoneyError> for Error {
    fn from(error: MoneyError) -> Self {
        Self::invalid("", "amount_out_of_range", error.to_string())
    }
}

impl From<BadCursor> for Error {
    fn from(error: BadCursor) -> Self {
        Self::invalid("/cursor", "bad_cursor", error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    /// Only our own stored values pass here; what clients send is read in `web`.
    fn from(error: serde_json::Error) -> Self {
        Self::Internal(anyhow::Error::new(error).context("stored JSON"))
    }
}

/// Runs checks and gives every mistake at once.
///
/// # Errors
/// [`Error::Invalid`] with all mistakes found.
pub fn check(run: impl FnOnce(&mut Check)) -> Result<()> {
    let mut check = Check::new();
    run(&mut check);
    Ok(check.finish()?)
}

/// Whether `error` is the refusal of the constraint named `constraint`.
#[must_use]
pub fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    matches!(error, sqlx::Error::Database(database) if database.constraint() == Some(constraint))
}
