//! The outside world behind traits: mail, payment providers, blob stores. Each
//! trait has its real roads and one for tests or offline use.

pub mod blobs;
pub mod mail;
pub mod payments;
pub mod sandbox;
pub mod signatures;
pub mod stripe;
