//! The rules of the marketplace, pure: no I/O, no clock, no randomness. What
//! stands here is decided by its arguments alone and can be tested as such.
//!
//! Used by `app` (which loads facts and writes results) and by the faces for
//! their vocabulary. Words are those of `docs/domain.md`.

pub mod accounts;
pub mod actor;
pub mod alterations;
pub mod audit;
pub mod bookings;
pub mod calendar;
pub mod calendar_feeds;
pub mod cancellation;
pub mod co_hosts;
pub mod coupons;
pub mod dates;
pub mod fees;
pub mod fields;
pub mod guests;
pub mod ids;
pub mod instalments;
pub mod ledger;
pub mod listings;
pub mod messaging;
pub mod money;
pub mod notifications;
pub mod page;
pub mod payments;
pub mod payouts;
pub mod pricing;
pub mod rates;
pub mod reviews;
pub mod taxes;
pub mod wishlists;
mod words;

#[cfg(feature = "sqlx")]
mod sql;
