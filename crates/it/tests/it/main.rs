//! Everything that needs a database or a server, in one binary.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::too_many_lines, missing_docs, reason = "tests fail loudly")]

mod accounts;
mod alterations;
mod architecture;
mod authorization;
mod bad_input;
mod bookings;
mod cache;
mod calendar;
mod co_hosts;
mod concurrency;
mod contract;
mod import;
mod jobs;
mod journey;
mod listings;
mod live;
mod messaging;
mod notifications;
mod pages;
mod payments;
mod payouts;
mod private_servers;
mod reviews;
mod search;
mod statements;
