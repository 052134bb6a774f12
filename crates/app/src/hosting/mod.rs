//! What hosts look at: today, reservations, how their homes do. Reads across
//! slices, writes nothing.

mod sql;

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use domain::actor::Actor;
use domain::bookings::BookingState;
use domain::dates::Stay;
use domain::guests::Guests;
use domain::ids::{BookingId, ListingId, UserId};
use domain::money::{Currency, Money};
use domain::page::{Page, PageRequest};
use sqlx::types::Json;

use crate::App;
use crate::accounts;
use crate::error::{Error, Result};

/// Which reservations.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Which {
    /// Waiting for the host's answer, the most urgent first.
    Requests,
    /// Guests who are there now.
    Current,
    /// Still to come, the next first.
    Upcoming,
    /// Over, the latest first.
    Past,
    /// Called off, declined or expired, the latest first.
    Cancelled,
    /// All that were ever paid or asked for, the latest first.
    All,
}

impl Which {
    /// Every one, in the order of tabs.
    pub const ALL: [Self; 6] = [Self::Requests, Self::Current, Self::Upcoming, Self::Past, Self::Cancelled, Self::All];

    /// Its word in addresses.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Current => "current",
            Self::Upcoming => "upcoming",
            Self::Past => "past",
            Self::Cancelled => "cancelled",
            Self::All => "all",
        }
    }

    const fn forward(self) -> bool {
        matches!(self, Self::Requests | Self::Current | Self::Upcoming)
    }
}

impl std::str::FromStr for Which {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self> {
        let words: Vec<&str> = Self::ALL.iter().map(|which| which.as_str()).collect();
        let wrong = || Error::invalid("/status", "unknown", format!("{text:?} is none of {}", words.join(", ")));
        Self::ALL.into_iter().find(|which| which.as_str() == text).ok_or_else(wrong)
    }
}

/// A booking as its host's lists show it.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct Reservation {
    /// Which.
    pub id: BookingId,
    /// For people.
    pub code: String,
    /// Where it stands.
    pub state: BookingState,
    /// Which home.
    pub listing_id: ListingId,
    /// Its title.
    pub listing_title: String,
    /// Who stays.
    pub guest_id: UserId,
    /// As shown to others.
    pub guest_name: String,
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// How many.
    pub guests: Json<Guests>,
    /// Of the amount.
    pub currency: Currency,
    /// What the host gets, in minor units.
    pub host_payout: i64,
    /// Until when the host can answer.
    pub respond_by: Option<DateTime<Utc>>,
    /// The instant of arrival.
    pub check_in_at: DateTime<Utc>,
    /// The instant of departure.
    pub check_out_at: DateTime<Utc>,
    /// IANA name of the home's time zone.
    pub time_zone: Option<String>,
}

impl Reservation {
    /// The nights.
    #[must_use]
    pub const fn stay(&self) -> Stay {
        Stay { check_in: self.check_in, check_out: self.check_out }
    }

    /// What the host gets.
    #[must_use]
    pub const fn payout(&self) -> Money {
        Money { amount: self.host_payout, currency: self.currency }
    }

    /// The home's time zone.
    #[must_use]
    pub fn zone(&self) -> chrono_tz::Tz {
        self.time_zone.as_deref().and_then(|name| name.parse().ok()).unwrap_or(chrono_tz::UTC)
    }
}

/// Where a page of reservations goes on.
pub type ReservationKey = (DateTime<Utc>, BookingId);

/// The actor's reservations as a host.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn reservations(app: &App, actor: &Actor, which: Which, page: PageRequest<ReservationKey>) -> Result<Page<Reservation>> {
    let host = accounts::require_user(actor)?;
    let now = app.clock.now();
    let rows = if which.forward() {
        sql::forward(&app.db, host, which, now, &page).await?
    } else {
        sql::backward(&app.db, host, which, now, &page).await?
    };
    Ok(Page::cut(rows, page.limit, |row| (row.check_in_at, row.id)))
}

/// What a host should know today.
#[derive(Debug, Clone, PartialEq)]
pub struct Dashboard {
    /// Requests to answer, the most urgent first.
    pub requests: Vec<Reservation>,
    /// Guests who arrive today, by the homes' clocks.
    pub arrivals: Vec<Reservation>,
    /// Guests who leave today.
    pub departures: Vec<Reservation>,
    /// The next arrivals after today.
    pub upcoming: Vec<Reservation>,
    /// Stays whose guests the host can still review.
    pub to_review: Vec<Reservation>,
    /// Guests who are there now.
    pub staying: i64,
    /// The next 30 days.
    pub outlook: Vec<Figures>,
    /// Homes by state: published, drafts, paused.
    pub homes: (i64, i64, i64),
}

/// The actor's day as a host.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn dashboard(app: &App, actor: &Actor) -> Result<Dashboard> {
    let host = accounts::require_user(actor)?;
    let now = app.clock.now();
    let mut soon = sql::around_today(&app.db, host, now).await?;
    let today =
        |row: &Reservation, at: DateTime<Utc>| at.with_timezone(&row.zone()).date_naive() == now.with_timezone(&row.zone()).date_naive();
    let departures: Vec<Reservation> = soon.iter().filter(|row| today(row, row.check_out_at)).cloned().collect();
    let arrivals: Vec<Reservation> = soon.iter().filter(|row| today(row, row.check_in_at)).cloned().collect();
    let staying = soon.iter().filter(|row| row.check_in_at <= now && now < row.check_out_at).count();
    soon.retain(|row| row.check_in_at > now && !today(row, row.check_in_at));
    soon.truncate(5);
    let first = now.date_naive();
    Ok(Dashboard {
        requests: sql::forward(&app.db, host, Which::Requests, now, &PageRequest { after: None, limit: domain::page::Limit::default() })
            .await?,
        arrivals,
        departures,
        upcoming: soon,
        to_review: sql::to_review(&app.db, host, now).await?,
        staying: i64::try_from(staying).unwrap_or(i64::MAX),
        outlook: sql::figures(&app.db, host, first, first + Days::new(30)).await?,
        homes: sql::homes(&app.db, host).await?,
    })
}

/// How homes do over a span, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Figures {
    /// Of the amounts.
    pub currency: Currency,
    /// Nights sold within the span.
    pub nights: i64,
    /// Nights that could be sold: published homes times days.
    pub nights_open: i64,
    /// What the host gets for the nights sold, each night its share, in minor units.
    pub earnings: i64,
    /// Stays that begin within the span.
    pub stays: i64,
}

impl Figures {
    /// Nights sold of those that could be, in basis points.
    #[must_use]
    pub const fn occupancy_bps(&self) -> i64 {
        if self.nights_open == 0 { 0 } else { self.nights * 10_000 / self.nights_open }
    }

    /// Earnings of a night that was sold, in minor units (ADR).
    #[must_use]
    pub const fn per_night_sold(&self) -> i64 {
        if self.nights == 0 { 0 } else { self.earnings / self.nights }
    }

    /// Earnings of a night that could be sold, in minor units (RevPAR).
    #[must_use]
    pub const fn per_night_open(&self) -> i64 {
        if self.nights_open == 0 { 0 } else { self.earnings / self.nights_open }
    }
}

/// The figures of one month.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Month {
    /// Its first day.
    pub first: NaiveDate,
    /// By currency; empty when nothing could be sold.
    pub figures: Vec<Figures>,
}

/// Most months at once.
pub const MOST_MONTHS: u32 = 36;

/// The actor's figures month by month, `months` of them from the month of
/// `from` on.
///
/// # Errors
/// 401 when nobody is logged in, 422 for more than 36 months.
pub async fn statistics(app: &App, actor: &Actor, from: NaiveDate, months: u32) -> Result<Vec<Month>> {
    let host = accounts::require_user(actor)?;
    if !(1..=MOST_MONTHS).contains(&months) || !(2000..2200).contains(&from.year()) {
        return Err(Error::invalid("/months", "range", format!("months are 1 to {MOST_MONTHS}, within the years 2000 to 2199")));
    }
    let mut first = from.with_day(1).unwrap_or(from);
    let mut all = Vec::new();
    for _ in 0..months {
        let next = first + Months::new(1);
        all.push(Month { first, figures: sql::figures(&app.db, host, first, next).await? });
        first = next;
    }
    Ok(all)
}

/// The first day of the month that is so many months before today's.
#[must_use]
pub fn months_ago(app: &App, months: u32) -> NaiveDate {
    let today = app.clock.now().date_naive();
    today.with_day(1).unwrap_or(today) - Months::new(months)
}
