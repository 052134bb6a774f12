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
mod crashes;
mod feed;
mod import;
mod jobs;
mod journey;
mod ledger;
mod listings;
mod live;
mod messaging;
mod notifications;
mod pages;
mod payment_lifecycle;
mod payments;
mod places;
mod private_servers;
mod projection;
mod reconciliation;
mod reviews;
mod search;
mod simulation;
mod statements;
mod webhooks;
