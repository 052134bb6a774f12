//! A field of a PATCH body where absent and null differ.

use serde::{Deserialize, Deserializer};

/// `#[serde(default, deserialize_with = "crate::patch::nullable")]` on an
/// `Option<Option<T>>`: absent is `None`, null is `Some(None)`.
///
/// # Errors
/// When the value is of another type.
pub fn nullable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(deserializer).map(Some)
}
