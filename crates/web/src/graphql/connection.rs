//! Lists as Relay wants them: edges with cursors, forward only, at most 100 at
//! a time. The pages and cursors are those of REST.

use async_graphql::SimpleObject;
use domain::page::{Limit, Page, PageRequest, encode_cursor};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::scalars::Cursor;

/// Where a page lies in its list.
#[derive(Debug, Clone, SimpleObject)]
pub struct PageInfo {
    /// There is more after it.
    pub has_next_page: bool,
    /// Always false: lists are read forward, from their start or after a cursor.
    pub has_previous_page: bool,
    /// Of the first item.
    pub start_cursor: Option<Cursor>,
    /// Asks for the next page as `after`.
    pub end_cursor: Option<Cursor>,
}

/// Items that a connection holds when `first` is not given.
pub(super) const USUAL: usize = 20;

/// How many items a connection is asked for, as far as its cost goes: what is
/// out of range is refused when it runs.
pub(super) fn size(first: Option<i32>) -> usize {
    first.map_or(USUAL, |first| usize::try_from(first).unwrap_or(0).min(usize::from(Limit::MAX)))
}

/// Reads `first`.
///
/// # Errors
/// 422 when it is not 1–100.
pub(super) fn limit(first: Option<i32>) -> app::Result<Limit> {
    let Some(first) = first else { return Ok(Limit::default()) };
    u16::try_from(first)
        .ok()
        .and_then(Limit::new)
        .ok_or_else(|| app::Error::invalid("/first", "range", format!("first must be between 1 and {}, is {first}", Limit::MAX)))
}

/// Reads `first` and `after`.
///
/// # Errors
/// As REST: 422 for a size out of range, 400 for a cursor that is not ours.
pub(super) fn page<K: DeserializeOwned>(first: Option<i32>, after: Option<&Cursor>) -> app::Result<PageRequest<K>> {
    Ok(PageRequest::new(after.map(|cursor| cursor.0.as_str()), limit(first)?)?)
}

impl PageInfo {
    /// Of a page with these edges' cursors.
    pub(super) fn of(first: Option<&Cursor>, last: Option<&Cursor>, more: bool) -> Self {
        Self { has_next_page: more, has_previous_page: false, start_cursor: first.cloned(), end_cursor: last.cloned() }
    }
}

/// A page and each item's own cursor.
pub(super) fn with_cursors<T, K: Serialize>(page: Page<T>, key: impl Fn(&T) -> K) -> (Vec<(Cursor, T)>, bool) {
    let more = page.next_cursor.is_some();
    (page.data.into_iter().map(|item| (Cursor(encode_cursor(&key(&item))), item)).collect(), more)
}

/// Declares a connection and its edge over a node type.
macro_rules! connections {
    ($($connection:ident, $edge:ident: $node:ty;)+) => {$(
        /// An item and its place in the list.
        #[derive(async_graphql::SimpleObject)]
        pub struct $edge {
            /// Its place.
            pub cursor: crate::graphql::scalars::Cursor,
            /// The item.
            pub node: $node,
        }

        /// A page of a list.
        #[derive(async_graphql::SimpleObject)]
        pub struct $connection {
            /// The items with their places, in order.
            pub edges: Vec<$edge>,
            /// Where the page lies.
            pub page_info: crate::graphql::connection::PageInfo,
        }

        impl $connection {
            /// Of a page of a list whose order is that of `key`.
            pub(super) fn new<T, K: serde::Serialize>(
                page: domain::page::Page<T>,
                key: impl Fn(&T) -> K,
                node: impl Fn(T) -> $node,
            ) -> Self {
                let (items, more) = crate::graphql::connection::with_cursors(page, key);
                let edges: Vec<$edge> = items.into_iter().map(|(cursor, item)| $edge { cursor, node: node(item) }).collect();
                let info = crate::graphql::connection::PageInfo::of(
                    edges.first().map(|edge| &edge.cursor),
                    edges.last().map(|edge| &edge.cursor),
                    more,
                );
                Self { edges, page_info: info }
            }
        }
    )+};
}
pub(super) use connections;
