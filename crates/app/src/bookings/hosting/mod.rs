//! A host's desk: who comes, who is there, and how the homes are doing.

mod sql;

use chrono::NaiveDate;
use domain::actor::Actor;
use domain::ids::{BookingId, ListingId};
use domain::money::{Currency, Money, multiply_divide};
use domain::page::{Page, PageRequest};

use super::read::{BookingDetail, details};
use crate::error::{self, Result};
use crate::{App, accounts};

/// The longest stretch of statistics, in days.
const MOST_DAYS: i64 = 800;

/// Which bookings a host looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// Waiting for the host's answer.
    Requested,
    /// Still to come.
    Upcoming,
    /// In the home now.
    Current,
    /// Over.
    Past,
    /// Called off.
    Cancelled,
}

impl When {
    /// The spelling in addresses and SQL.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Upcoming => "upcoming",
            Self::Current => "current",
            Self::Past => "past",
            Self::Cancelled => "cancelled",
        }
    }

    /// Reads it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Requested, Self::Upcoming, Self::Current, Self::Past, Self::Cancelled].into_iter().find(|when| when.as_str() == text)
    }

    /// The latest first; the others in the order in which guests arrive.
    const fn backwards(self) -> bool {
        matches!(self, Self::Past | Self::Cancelled)
    }
}

/// Where a page of reservations ends: arrival and booking.
pub type ReservationKey = (NaiveDate, BookingId);

/// The bookings of the actor's homes and of those they help with.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn reservations(
    app: &App,
    actor: &Actor,
    (when, listing): (When, Option<ListingId>),
    page: PageRequest<ReservationKey>,
) -> Result<Page<BookingDetail>> {
    let host = accounts::require_user(actor)?;
    let now = app.clock.now();
    let rows = if when.backwards() {
        sql::latest_first(&app.db, (host, listing), (when.as_str(), now), &page).await?
    } else {
        sql::soonest_first(&app.db, (host, listing), (when.as_str(), now), &page).await?
    };
    let page = Page::cut(rows, page.limit, |booking| (booking.stay.check_in, booking.id));
    Ok(Page { data: details(app, page.data).await?, next_cursor: page.next_cursor })
}

/// How a home did in a stretch of time; what happened in other currencies
/// stands in a row of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HomeStatistics {
    /// Which.
    pub listing_id: ListingId,
    /// Its title.
    pub title: String,
    /// Stays that stand and have a night in the stretch.
    pub bookings: i64,
    /// Their nights in it.
    pub nights_booked: i64,
    /// Nights of the stretch that the host or another platform has not blocked.
    pub nights_available: i64,
    /// What the host gets for those nights, fees of the stay included.
    pub revenue: Money,
    /// Called off by guests, of stays that would have begun in the stretch.
    pub cancelled_by_guests: i64,
    /// Called off by the host.
    pub cancelled_by_host: i64,
    /// Days between booking and arrival, in the mean.
    pub lead_days: Option<i64>,
    /// Reviews.
    pub rating_count: i32,
    /// Hundredths of stars.
    pub rating: Option<i32>,
}

impl HomeStatistics {
    /// Booked of available nights, in hundredths of a percent.
    #[must_use]
    pub fn occupancy_bps(&self) -> i64 {
        multiply_divide(self.nights_booked, 10_000, self.nights_available).unwrap_or(0)
    }

    /// What a booked night brings, in the mean.
    #[must_use]
    pub fn per_booked_night(&self) -> Option<Money> {
        multiply_divide(self.revenue.amount, 1, self.nights_booked).ok().map(|amount| Money::new(amount, self.revenue.currency))
    }

    /// What an available night brings, in the mean.
    #[must_use]
    pub fn per_available_night(&self) -> Option<Money> {
        multiply_divide(self.revenue.amount, 1, self.nights_available).ok().map(|amount| Money::new(amount, self.revenue.currency))
    }
}

#[derive(sqlx::FromRow)]
struct HomeRow {
    listing_id: ListingId,
    title: String,
    currency: Currency,
    bookings: i64,
    nights_booked: i64,
    nights_blocked: i64,
    revenue: i64,
    cancelled_by_guests: i64,
    cancelled_by_host: i64,
    lead_days: Option<i64>,
    rating_count: i32,
    rating: Option<i32>,
}

/// How the actor's homes (and those they help with in full) did in the nights
/// `[from, to)`.
///
/// # Errors
/// 422 for a stretch that is empty or longer than 800 days, 401 when nobody is
/// logged in.
pub async fn statistics(app: &App, actor: &Actor, from: NaiveDate, to: NaiveDate) -> Result<Vec<HomeStatistics>> {
    let host = accounts::require_user(actor)?;
    let days = (to - from).num_days();
    error::check(|check| check.range(days, "/to", 1..=MOST_DAYS))?;
    let rows = sql::statistics(&app.db, host, from, to).await?;
    let home = |row: HomeRow| HomeStatistics {
        listing_id: row.listing_id,
        title: row.title,
        bookings: row.bookings,
        nights_booked: row.nights_booked,
        nights_available: (days - row.nights_blocked).max(row.nights_booked),
        revenue: Money::new(row.revenue, row.currency),
        cancelled_by_guests: row.cancelled_by_guests,
        cancelled_by_host: row.cancelled_by_host,
        lead_days: row.lead_days,
        rating_count: row.rating_count,
        rating: row.rating,
    };
    Ok(rows.into_iter().map(home).collect())
}
