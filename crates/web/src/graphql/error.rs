//! How a use-case's answer is told in GraphQL: what the one who asks can mend
//! as typed `errors` in a mutation's payload, everything else at the top level
//! with `extensions.code`. The words are those of [`crate::error`], the one map.

use std::sync::Arc;

use app::Error;
use async_graphql::{ErrorExtensions, Json, Name, SimpleObject, Value};
use serde_json::json;

use crate::error::{classify, hidden_cause};

/// One thing that stands in the way of a change.
#[derive(Debug, Clone, SimpleObject)]
pub struct UserError {
    /// Which part of the input: `guests.adults`; null when it is no single one.
    pub field: Option<String>,
    /// Stable machine word, the same as over REST: `dates_unavailable`.
    pub code: String,
    /// For people: what is wrong and what to do.
    pub message: String,
    /// What may help to go on, e.g. the new quote of `price_changed`.
    pub details: Option<Json<serde_json::Value>>,
}

/// `/check_in/0` → `checkIn.0`; nothing for the input as a whole.
fn field(pointer: &str) -> Option<String> {
    let path = pointer.strip_prefix('/')?;
    let mut name = String::with_capacity(path.len());
    let mut up = false;
    for c in path.chars() {
        match c {
            '/' => name.push('.'),
            '_' => up = true,
            c if up => {
                name.extend(c.to_uppercase());
                up = false;
            }
            c => name.push(c),
        }
    }
    Some(name)
}

/// The refusals that a mutation's payload tells; the error itself when it is
/// not for the payload.
pub(super) fn user_errors(error: Error) -> Result<Vec<UserError>, async_graphql::Error> {
    let code = classify(&error).1;
    match error {
        Error::Unauthenticated | Error::TooMany { .. } | Error::Busy(_) | Error::Internal(_) => Err(top_level(&error)),
        Error::Invalid(mistakes) => Ok(mistakes
            .into_iter()
            .map(|mistake| UserError {
                field: field(&mistake.pointer),
                code: mistake.code.to_owned(),
                message: mistake.message,
                details: None,
            })
            .collect()),
        Error::Conflict { message, details, .. } => Ok(vec![UserError { field: None, code, message, details: details.map(Json) }]),
        other => Ok(vec![UserError { field: None, code, message: other.to_string(), details: None }]),
    }
}

/// An error of the top level.
pub(super) fn top_level(error: &Error) -> async_graphql::Error {
    let (status, code) = classify(error);
    let message = hidden_cause(error).map_or_else(|| error.to_string(), str::to_owned);
    async_graphql::Error::new(message).extend_with(|_, extensions| {
        extensions.set("code", code.as_str());
        extensions.set("status", status.as_u16());
        match error {
            Error::Invalid(mistakes) => {
                let list = mistakes.iter().map(|mistake| {
                    Value::Object(
                        [
                            (Name::new("field"), field(&mistake.pointer).map_or(Value::Null, Value::String)),
                            (Name::new("code"), Value::from(mistake.code)),
                            (Name::new("message"), Value::from(mistake.message.as_str())),
                        ]
                        .into_iter()
                        .collect(),
                    )
                });
                extensions.set("errors", Value::List(list.collect()));
            }
            Error::Conflict { details: Some(details), .. } => {
                extensions.set("details", Value::from_json(details.clone()).unwrap_or_default());
            }
            Error::TooMany { retry_after_seconds } => extensions.set("retryAfterSeconds", *retry_after_seconds),
            Error::Busy(_) => extensions.set("retryAfterSeconds", 1),
            _ => {}
        }
        let id = crate::error::request_id();
        if !id.is_empty() {
            extensions.set("requestId", id);
        }
    })
}

/// The same for an error that several readers share.
pub(super) fn shared(error: &Arc<Error>) -> async_graphql::Error {
    top_level(error)
}

/// Turns a use-case's refusal into an error of the top level.
pub(super) trait Told<T> {
    /// See [`top_level`].
    fn told(self) -> async_graphql::Result<T>;
}

impl<T, E: Into<Error>> Told<T> for Result<T, E> {
    fn told(self) -> async_graphql::Result<T> {
        self.map_err(|error| top_level(&error.into()))
    }
}

/// A refusal before any document runs, as GraphQL tells it.
pub(super) fn refusal(code: &str, message: &str) -> serde_json::Value {
    json!({"errors": [{"message": message, "extensions": {"code": code, "requestId": crate::error::request_id()}}]})
}

/// Declares the payload of mutations: what came of it, or what stands in the way.
macro_rules! payloads {
    ($($name:ident { $(#[doc = $doc:literal])* $field:ident: $type:ty })+) => {$(
        /// What came of a change.
        #[derive(async_graphql::SimpleObject)]
        pub struct $name {
            $(#[doc = $doc])*
            pub $field: Option<$type>,
            /// What stands in the way; empty when it was done.
            pub errors: Vec<crate::graphql::error::UserError>,
        }

        impl crate::graphql::error::Payload for $name {
            type Of = $type;
            fn new($field: Option<$type>, errors: Vec<crate::graphql::error::UserError>) -> Self {
                Self { $field, errors }
            }
        }
    )+};
}
pub(super) use payloads;

/// What a mutation answers.
pub(super) trait Payload: Sized {
    /// What there is when all went well.
    type Of;
    /// Of what came of it and what stands in the way.
    fn new(of: Option<Self::Of>, errors: Vec<UserError>) -> Self;
}

/// A use-case's answer as a payload.
pub(super) fn answer<P: Payload>(done: Result<P::Of, Error>) -> async_graphql::Result<P> {
    match done {
        Ok(of) => Ok(P::new(Some(of), Vec::new())),
        Err(error) => Ok(P::new(None, user_errors(error)?)),
    }
}

payloads! {
    DonePayload {
        /// True when it was done.
        done: bool
    }
}
