//! The world that tests live in: a fresh database for each, the whole server on
//! a port of its own, people with names, and everything outside within reach.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    missing_docs,
    clippy::missing_panics_doc,
    reason = "a test kit: failing loudly is its purpose"
)]

pub mod browser;
pub mod client;
pub mod database;
pub mod mail_server;
pub mod photo_store;
pub mod program;
pub mod recorded;
pub mod soak;
pub mod stream;
pub mod stripe_peer;
pub mod world;

pub use browser::Browser;
pub use client::{Answer, Client};
pub use database::TestDb;
pub use recorded::Recorded;
pub use stream::EventStream;
pub use stripe_peer::{Emulator, Signer};
pub use world::TestApp;
