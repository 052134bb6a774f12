//! Everything that needs a database or a server, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, missing_docs, reason = "tests fail loudly")]

mod accounts;
mod architecture;
mod authorization;
mod bad_input;
mod bookings;
mod cache;
mod calendar;
mod concurrency;
mod contract;
mod import;
mod invoicing;
mod jobs;
mod journey;
mod listings;
mod live;
mod messaging;
mod notifications;
mod pages;
mod payments;
mod price_parity;
mod price_rules;
mod private_servers;
mod reviews;
mod search;
mod statements;
mod stripe;
