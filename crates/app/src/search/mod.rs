//! Finding homes: search in SQL, and the listing as readers see it.
//!
//! Which homes are found is decided in SQL by the same rules as a booking;
//! what a stay costs is computed by the one pricing function.

mod detail;
mod prices;
mod query;
mod sql;

pub use detail::{ListingDetail, detail};
pub use query::{Area, Filters, Hit, SearchPage, SearchQuery, Sort, hits, search};
