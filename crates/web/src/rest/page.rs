//! Lists as clients see them.

use app::{Error, Result};
use domain::page::{Limit, Page, PageRequest};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

/// One page of a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct PageView<T: ToSchema> {
    /// The items.
    pub data: Vec<T>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
}

impl<T, V: ToSchema + From<T>> From<Page<T>> for PageView<V> {
    fn from(page: Page<T>) -> Self {
        Self { data: page.data.into_iter().map(V::from).collect(), next_cursor: page.next_cursor }
    }
}

/// How to page through a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Paging {
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// Reads `limit` and `cursor`.
///
/// # Errors
/// 422 for a limit out of range, 400 for a cursor that is not ours.
pub fn page_request<K: DeserializeOwned>(limit: Option<u16>, cursor: Option<&str>) -> Result<PageRequest<K>> {
    let limit = match limit {
        None => Limit::default(),
        Some(limit) => Limit::new(limit)
            .ok_or_else(|| Error::invalid("/limit", "range", format!("limit must be between 1 and {}, is {limit}", Limit::MAX)))?,
    };
    Ok(PageRequest::new(cursor, limit)?)
}
