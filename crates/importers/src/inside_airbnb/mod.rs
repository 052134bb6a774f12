//! Inside Airbnb's files: every schema since 2015, mapped by column name.
//!
//! Files are read as streams, plain or gzip; a row that cannot be used goes to
//! the reject file with its line and reason, and reading goes on.

mod calendar;
mod fields;
mod listings;
mod load;
mod neighbourhoods;
mod reviews;
mod rows;
mod vocabulary;

pub use load::{FileSummary, Files, Options, Summary, run};
