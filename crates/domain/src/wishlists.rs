//! Homes and searches that people keep.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::fields::Check;
use crate::ids::{ListingId, SavedSearchId, UserId, WishlistId};

/// Most lists of one person.
pub const MOST_WISHLISTS: i64 = 100;
/// Most homes on one list.
pub const MOST_LISTINGS: i64 = 500;
/// Most searches that one person keeps.
pub const MOST_SEARCHES: i64 = 50;

/// A list of homes somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct Wishlist {
    /// Which.
    pub id: WishlistId,
    /// Whose.
    pub owner_id: UserId,
    /// 1–80 characters.
    pub name: String,
    /// Whoever knows it may read the list; none while it is not shared.
    pub share_secret: Option<String>,
    /// How many homes are on it.
    pub count: i64,
    /// Counts changes of the name (ETag).
    pub version: i32,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it or what is on it changed last.
    pub updated_at: DateTime<Utc>,
}

/// A home on a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct Wish {
    /// Which home.
    pub listing_id: ListingId,
    /// To oneself, up to 500 characters.
    pub note: String,
    /// Since when.
    pub added_at: DateTime<Utc>,
}

/// A search somebody keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "sqlx", derive(sqlx::FromRow))]
pub struct SavedSearch {
    /// Which.
    pub id: SavedSearchId,
    /// Whose.
    pub owner_id: UserId,
    /// 1–80 characters.
    pub name: String,
    /// The query string of a search.
    pub query: String,
    /// Be told of new homes that fit.
    pub notify: bool,
    /// Homes published up to here have been told of.
    pub seen_until: DateTime<Utc>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Records what is wrong with a name: it is one line of 1–80 characters.
pub fn check_name(check: &mut Check, name: &str) {
    check.text(name, "/name", 1..=80);
    check.that(!name.contains(['\n', '\r', '\t']), "/name", "format", "a name is one line");
}
