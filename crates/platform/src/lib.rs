//! What the marketplace runs on, without knowing any feature: a private
//! PostgreSQL and Redis, settings, the cache face, guarded fetching, telemetry.

pub mod cache;
pub mod outbound;
pub mod postgres;
pub mod redis;
pub mod settings;
mod supervise;
pub mod telemetry;
