//! The faces of the marketplace over HTTP. No SQL and no rules here: a handler
//! reads its input, calls one use-case of `app` and shapes the answer.

pub mod assets;
pub mod auth;
pub mod error;
pub mod extract;
pub mod graphql;
pub mod health;
pub mod idempotency;
pub mod limits;
pub mod pages;
pub mod patch;
pub mod rest;
pub mod scopes;
mod server;
pub mod versions;

pub use server::{metrics_router, openapi_json, router, serve, serve_router};
