//! The calendar as people see it: day by day, and in bulk.

use chrono::{Days, NaiveDate};
use domain::actor::Actor;
use domain::calendar::{DayRule, Lane, StayError, StayRules, alternatives, arrival_allowed, departure_allowed, explain, min_nights_on};
use domain::co_hosts::Access;
use domain::dates::{Stay, local_date};
use domain::guests::Guests;
use domain::ids::ListingId;
use domain::listings::Listing;

use super::{rules_of, sql, terms};
use crate::error::{self, Error, Result};
use crate::{App, accounts, listings};

/// Most days shown or changed at once.
pub const MOST_DAYS: i64 = 800;

/// One day of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Day {
    /// Which.
    pub date: NaiveDate,
    /// Its night can be had.
    pub available: bool,
    /// The host's own rule for it, if there is one.
    pub rule: Option<DayRule>,
    /// Fewest nights of a stay that arrives on it.
    pub min_nights: i32,
    /// Guests may arrive.
    pub check_in_allowed: bool,
    /// Guests may leave.
    pub check_out_allowed: bool,
    /// Why its night is taken (for the owner).
    pub blocked_by: Option<String>,
    /// The owner's note.
    pub note: Option<String>,
}

/// What to set for a range of dates. For prices and minimum stays `Some(None)`
/// goes back to the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RangeChange {
    /// First date to last, exclusive.
    pub range: Stay,
    /// Blocked or not.
    pub available: Option<bool>,
    /// Minor units a night.
    pub price: Option<Option<i64>>,
    /// Fewest nights of a stay that arrives then.
    pub min_nights: Option<Option<i32>>,
    /// To oneself, up to 500 characters.
    pub note: String,
}

/// Whether a stay can be booked, and if not, why and what instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// Every rule it breaks; none means it can be booked.
    pub reasons: Vec<StayError>,
    /// The nearest stays of the same length that can be.
    pub alternatives: Vec<Stay>,
}

/// The days of `[from, to)`; without dates the next 60.
///
/// # Errors
/// 404 for listings the actor may not see, 422 for more than 800 days.
pub async fn days(app: &App, actor: &Actor, id: ListingId, range: (Option<NaiveDate>, Option<NaiveDate>)) -> Result<(Listing, Vec<Day>)> {
    let listing = listings::visible(app, actor, id).await?;
    let own = listings::co_hosts::access_of(app, actor, &listing).await? >= Access::Calendar;
    let today = local_date(listing.time_zone.unwrap_or(chrono_tz::UTC), app.clock.now());
    let from = range.0.unwrap_or(today);
    let to = range.1.unwrap_or(from + Days::new(60));
    let within = span(from, to, "/to")?;
    let rules = rules_of(app, id).await?;
    let mut connection = app.db.acquire().await?;
    let day_rules = sql::day_rules(&mut connection, id, within).await?;
    let taken = sql::occupancies(&mut connection, id, within, app.clock.now()).await?;
    let days = from.iter_days().take_while(|date| *date < to).map(|date| {
        let holder = taken.iter().find(|taken| taken.from_date <= date && date < taken.to_date);
        Day {
            date,
            available: holder.is_none() && date >= today,
            rule: day_rules.iter().find(|rule| rule.date == date).cloned(),
            min_nights: min_nights_on(&rules, &day_rules, date),
            check_in_allowed: arrival_allowed(&rules, date),
            check_out_allowed: departure_allowed(&rules, date),
            blocked_by: holder.filter(|_| own).map(|taken| taken.reason.clone()),
            note: holder.filter(|taken| own && !taken.note.is_empty()).map(|taken| taken.note.clone()),
        }
    });
    let days = days.collect();
    Ok((listing, days))
}

fn span(from: NaiveDate, to: NaiveDate, pointer: &str) -> Result<Stay> {
    let days = (to - from).num_days();
    let years = 2000..2200;
    if days < 1 || !years.contains(&chrono::Datelike::year(&from)) || !years.contains(&chrono::Datelike::year(&to)) {
        return Err(Error::invalid(pointer, "dates", format!("{to} must be after {from}, both within 2000–2199")));
    }
    if days > MOST_DAYS {
        return Err(Error::invalid(pointer, "too_many_days", format!("at most {MOST_DAYS} days at once, these are {days}")));
    }
    Ok(Stay { check_in: from, check_out: to })
}

/// Sets ranges of one's calendar, all or none.
///
/// # Errors
/// `409 nights_booked` when a range to block holds a booking, 412 when the
/// listing is no longer at `version`, 422 with every mistake, 404 for strangers.
pub async fn put_ranges(app: &App, actor: &Actor, id: ListingId, version: Option<i32>, changes: &[RangeChange]) -> Result<i32> {
    accounts::require_user(actor)?;
    error::check(|check| {
        check.that(changes.len() <= 200, "/ranges", "too_many", "at most 200 ranges at once");
        for (n, change) in changes.iter().enumerate() {
            if let Some(Some(price)) = change.price {
                check.range(price, &format!("/ranges/{n}/price"), 1..=domain::money::Money::MAX_AMOUNT);
            }
            if let Some(Some(nights)) = change.min_nights {
                check.range(nights, &format!("/ranges/{n}/min_nights"), 1..=365);
            }
            check.text(&change.note, &format!("/ranges/{n}/note"), 0..=500);
        }
    })?;
    for (n, change) in changes.iter().enumerate() {
        span(change.range.check_in, change.range.check_out, &format!("/ranges/{n}/to"))?;
    }
    let mut tx = app.begin().await?;
    let listing = listings::owned_in(&mut tx, actor, id).await?;
    listings::check_version(&listing, version)?;
    let now = tx.now();
    for change in changes {
        if change.available.is_some() {
            sql::unblock(&mut tx, id, change.range).await?;
        }
        if change.available == Some(false) {
            sql::delete_lapsed(&mut tx, id, change.range, now).await?;
            let (facts, _) = sql::facts(&mut tx, id, change.range, now).await?;
            let booked = facts.taken.iter().any(|taken| taken.lane == Lane::Booking);
            if booked || sql::insert(&mut tx, id, &[sql::NewOccupancy::host_block(change.range, &change.note)]).await? == 0 {
                return Err(Error::conflict("nights_booked", format!("{} holds booked nights: cancel the booking first", change.range)));
            }
        }
        if change.price.is_some() || change.min_nights.is_some() {
            sql::put_days(&mut tx, id, change.range, change.price, change.min_nights).await?;
        }
    }
    let version = listings::touch_in(&mut tx, id).await?;
    tx.commit().await?;
    Ok(version)
}

/// Whether a stay can be booked now; always asks the database.
///
/// # Errors
/// 404 for listings the actor may not see, 422 for impossible guests.
pub async fn availability(app: &App, actor: &Actor, id: ListingId, stay: Stay, guests: &Guests) -> Result<Availability> {
    error::check(|check| guests.check(check, ""))?;
    let listing = listings::visible(app, actor, id).await?;
    let rules: StayRules = rules_of(app, id).await?;
    let now = app.clock.now();
    // Wide enough for the alternatives and their preparation nights.
    let wide = domain::calendar::widened(stay, 14 + rules.preparation_nights);
    let mut connection = app.db.acquire().await?;
    let (facts, _) = sql::facts(&mut connection, id, wide, now).await?;
    let terms = terms(&listing, &rules);
    let reasons = explain(&terms, &facts, stay, guests, now);
    let others = if reasons.is_empty() { Vec::new() } else { alternatives(&terms, &facts, stay, guests, now) };
    Ok(Availability { reasons, alternatives: others })
}
