//! Readers of other platforms' files. Reading is pure and streams; writing goes
//! through the use-cases of `app`.

pub mod geojson;
pub mod inside_airbnb;
pub mod rates;
