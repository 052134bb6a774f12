//! The in-memory search index. Pure: rows in, answers out; knows no database,
//! no clock and no network.
//!
//! An [`Index`] is fed whole [`Row`]s ([`Change`]) and gives out [`Snapshot`]s;
//! a snapshot answers a [`Query`] with an [`Answer`]. Which homes can be booked
//! and what they cost is what `domain::calendar::explain` and
//! `domain::pricing::quote` say: [`Reference`] asks them home by home, and tests
//! hold the index to its answers. How it is laid out: `docs/search-index.md`.

mod agenda;
mod answer;
mod block;
mod calendar;
mod collect;
mod grid;
mod hilbert;
mod histogram;
mod index;
mod lexicon;
mod plan;
mod planes;
mod prices;
mod query;
mod record;
mod reference;
mod row;
pub mod sample;
mod similar;
mod snapshot;
mod stays;
pub mod text;
mod vocabulary;
mod widen;
mod words;
mod writer;

pub use answer::{Answer, Bin, Cluster, Facets, Histogram, Hit, Part, Refusal, Relaxed, Similar, Widening};
pub use hilbert::position as place_on_curve;
pub use index::{Index, Memory, Settings};
pub use query::{After, Area, Dates, Filters, Month, Query, Sort, decimetres};
pub use reference::{Reference, is_free_cancellation};
pub use row::{Change, Market, Occupancy, Row};
pub use snapshot::Snapshot;
pub use widen::wider;
