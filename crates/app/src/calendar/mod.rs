//! When homes can be had: stay rules, the host's own rules for dates, and every
//! night that is taken.
//!
//! `occupancies` is the one place that decides availability; its exclusion
//! constraints make a double booking impossible whoever forgets to ask.

mod days;
mod feeds;
pub(crate) mod ical;
mod import;
mod occupancies;
mod sql;

pub use days::{Availability, Day, RangeChange, availability, days, put_ranges};
pub(crate) use feeds::has_stale_feed_in;
pub use feeds::{
    CalendarCollision, CalendarFeed, ReadDueFeeds, ReadFeed, add_feed, export, list_feeds, refresh_feed, remove_feed, renew_export,
};
pub(crate) use import::import_limits_in;
pub use import::{ImportedCalendar, import_calendars};
pub(crate) use occupancies::{
    Hold, More, block_instead_in, check_free_in, colliding_in, facts_for_booking_in, hold_more_in, hold_more_until_in, hold_until_in,
    move_in, occupy_in, release_in, release_more_in, set_preparation_in,
};

use std::collections::HashMap;

use domain::calendar::{StayFacts, StayRules, Terms, widened};
use domain::dates::Stay;
use domain::ids::ListingId;
use domain::listings::{Listing, ListingStatus};

use crate::App;
use crate::error::{self, Result};
use crate::tx::Tx;

/// A host's stay rules.
pub(crate) async fn rules_in(tx: &mut Tx, listing: ListingId) -> Result<StayRules> {
    sql::rules(tx, listing).await
}

/// A host's stay rules.
pub(crate) async fn rules_of(app: &App, listing: ListingId) -> Result<StayRules> {
    sql::rules(&mut *app.db.acquire().await?, listing).await
}

/// The stay rules of several listings: for each of `ids`, the marketplace's
/// where the host has set none. Whoever calls has found the listings visible.
///
/// # Errors
/// When the database is out of reach.
pub async fn rules_of_many(app: &App, ids: &[ListingId]) -> Result<HashMap<ListingId, StayRules>> {
    let mut all: HashMap<ListingId, StayRules> = ids.iter().map(|id| (*id, StayRules::default())).collect();
    all.extend(sql::batch::rules(&app.db, ids).await?);
    Ok(all)
}

/// Replaces a host's stay rules.
pub(crate) async fn put_rules_in(tx: &mut Tx, listing: ListingId, rules: &StayRules) -> Result<()> {
    error::check(|check| rules.check(check, "/rules"))?;
    sql::put_rules(tx, listing, rules).await
}

/// What the calendar knows about a stay and the preparation nights around it.
/// Holds whose time is over count as free.
pub(crate) async fn facts_in(tx: &mut Tx, listing: ListingId, stay: Stay, preparation_nights: i32) -> Result<StayFacts> {
    let now = tx.now();
    Ok(sql::facts(tx, listing, widened(stay, preparation_nights), now).await?.0)
}

/// What the rules need to know of a listing.
pub(crate) fn terms<'a>(listing: &Listing, rules: &'a StayRules) -> Terms<'a> {
    Terms {
        published: listing.status == ListingStatus::Published,
        time_zone: listing.time_zone.unwrap_or(chrono_tz::UTC),
        check_in_from: listing.check_in_from,
        capacity: listing.capacity,
        rules,
    }
}
