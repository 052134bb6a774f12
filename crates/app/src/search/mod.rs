//! Finding homes: an index in this process's memory, SQL when there is none,
//! and the listing as readers see it.
//!
//! Both roads give the same answers. Whether a home can be had and what it costs
//! is what a booking would say: `domain::calendar::explain` and
//! `domain::pricing::quote`. PostgreSQL stays the truth; search only shows.

mod cards;
mod detail;
mod fallback;
mod feed;
mod live;
mod market;
mod projection;
mod query;
mod rows;
mod sql;

pub use detail::{ListingDetail, detail};
pub use feed::{follow, gauges};
pub use live::{Live, MOST_LAG};
pub(crate) use projection::{CheckSearchProjection, project_in};
pub use projection::{Checked, backfill, check_projection, rewrite_all};
pub use query::{
    Area, Bin, Cluster, Dates, Facets, Filters, Histogram, Hit, Key, Month, Part, Relaxed, SearchPage, SearchQuery, Sort, Widening,
    from_memory, hits, search, similar, sort_word,
};
