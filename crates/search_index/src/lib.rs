//! The in-memory search index. Pure: rows in, answers out; knows no database,
//! no clock and no network.
//!
//! An [`Index`] is fed whole [`Row`]s ([`Change`]) and gives out [`Snapshot`]s;
//! a snapshot answers a [`Query`] with an [`Answer`]. Which homes can be booked
//! and what they cost is what `domain::calendar::explain` and
//! `domain::pricing::quote` say: [`Reference`] asks them home by home, and tests
//! hold the index to its answers. How it is laid out: `docs/search-index.md`.

mod answer;
mod grid;
mod histogram;
mod index;
mod query;
mod reference;
mod row;
mod similar;
pub mod text;
mod widen;

pub use answer::{Answer, Bin, Cluster, Facets, Histogram, Hit, Part, Refusal, Relaxed, Similar, Widening};
pub use index::{Index, Memory, Settings, Snapshot};
pub use query::{After, Area, Dates, Filters, Month, Query, Sort, decimetres};
pub use reference::{Reference, is_free_cancellation};
pub use row::{Change, Market, Occupancy, PlacedTax, Row};
