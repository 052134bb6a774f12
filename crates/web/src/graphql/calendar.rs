//! Calendars and availability.

use app::calendar::{self, RangeChange};
use async_graphql::{Context, Description, ID, InputObject, MaybeUndefined, Object, SimpleObject};
use domain::dates::Stay;
use domain::ids::ListingId;
use domain::money::Currency;
use domain::pricing::{Tariff, night_price};

use super::error::payloads;
use super::money::{Guests, Money};
use super::request::{Asks, id};
use super::scalars::{Date, MinorUnits};

/// A stay that one asks about.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct StayInput {
    /// First night.
    pub check_in: Date,
    /// Day of departure.
    pub check_out: Date,
    /// Who stays; one adult when absent.
    pub guests: Option<Guests>,
}

impl StayInput {
    /// The nights.
    ///
    /// # Errors
    /// 422 when departure is not after arrival or too far off.
    pub(super) fn nights(&self) -> app::Result<Stay> {
        stay(self.check_in, self.check_out)
    }
}

/// The nights between two dates.
pub(super) fn stay(check_in: Date, check_out: Date) -> app::Result<Stay> {
    Stay::new(check_in.0, check_out.0).map_err(|error| app::Error::invalid("/check_out", "dates", error.to_string()))
}

/// One day of a calendar.
#[derive(SimpleObject)]
#[graphql(name = "CalendarDay")]
pub struct Day {
    /// Which.
    pub date: Date,
    /// Its night can be had.
    pub available: bool,
    /// What its night costs; null while the home has no price.
    pub price: Option<Money>,
    /// Fewest nights of a stay that arrives on it.
    pub min_nights: i32,
    /// Guests may arrive.
    pub check_in_allowed: bool,
    /// Guests may leave.
    pub check_out_allowed: bool,
    /// For the owner: booking, host, preparation, import, `cancelled_by_host`.
    pub blocked_by: Option<String>,
    /// For the owner: a note to oneself.
    pub note: Option<String>,
}

impl Day {
    /// With the price of its night.
    pub(super) fn new(day: calendar::Day, tariff: Option<&Tariff>, currency: Currency) -> Self {
        let rules: Vec<_> = day.rule.into_iter().collect();
        Self {
            price: tariff.map(|tariff| domain::money::Money::new(night_price(tariff, &rules, day.date), currency).into()),
            date: day.date.into(),
            available: day.available,
            min_nights: day.min_nights,
            check_in_allowed: day.check_in_allowed,
            check_out_allowed: day.check_out_allowed,
            blocked_by: day.blocked_by,
            note: day.note,
        }
    }
}

/// Why a stay cannot be booked.
#[derive(SimpleObject)]
pub struct Reason {
    /// Stable machine word.
    pub code: String,
    /// For people.
    pub message: String,
}

/// Another stay of the same length.
#[derive(SimpleObject)]
pub struct Alternative {
    /// First night.
    pub check_in: Date,
    /// Day of departure.
    pub check_out: Date,
}

/// Whether a stay can be booked.
#[derive(Description)]
pub struct Availability(pub calendar::Availability);

#[Object(use_type_description)]
impl Availability {
    /// It can.
    async fn bookable(&self) -> bool {
        self.0.reasons.is_empty()
    }
    /// Every rule it breaks.
    async fn reasons(&self) -> Vec<Reason> {
        self.0.reasons.iter().map(|why| Reason { code: why.code().to_owned(), message: why.to_string() }).collect()
    }
    /// The nearest stays of the same length that can.
    async fn alternatives(&self) -> Vec<Alternative> {
        let others = self.0.alternatives.iter();
        others.map(|stay| Alternative { check_in: stay.check_in.into(), check_out: stay.check_out.into() }).collect()
    }
}

/// What to set for a range of dates.
#[derive(Debug, Clone, InputObject)]
#[graphql(name = "CalendarRangeInput")]
pub struct RangeInput {
    /// First date.
    pub from: Date,
    /// First date after it.
    pub to: Date,
    /// false blocks, true opens, absent leaves.
    pub available: Option<bool>,
    /// A night; null goes back to the tariff, absent leaves.
    pub price: MaybeUndefined<MinorUnits>,
    /// Fewest nights of a stay that arrives then; null goes back to the rules,
    /// absent leaves.
    pub min_nights: MaybeUndefined<i32>,
    /// To oneself, up to 500 characters.
    #[graphql(default)]
    pub note: String,
}

payloads! {
    CalendarPayload {
        /// The days that were set, as they are now.
        days: Vec<Day>
    }
}

/// Sets ranges and reads them back.
pub(super) async fn set_calendar(ctx: &Context<'_>, listing: &ID, version: Option<i32>, ranges: Vec<RangeInput>) -> app::Result<Vec<Day>> {
    let listing: ListingId = id(listing, "listing")?;
    let (first, last) = (ranges.iter().map(|range| range.from.0).min(), ranges.iter().map(|range| range.to.0).max());
    let changes: Vec<RangeChange> = ranges
        .into_iter()
        .map(|range| RangeChange {
            range: Stay { check_in: range.from.0, check_out: range.to.0 },
            available: range.available,
            price: range.price.map_value(|amount| amount.0).into(),
            min_nights: range.min_nights.into(),
            note: range.note,
        })
        .collect();
    calendar::put_ranges(ctx.app(), &ctx.actor(), listing, version, &changes).await?;
    let last = last.zip(first).map(|(last, first)| last.min(first + chrono::Days::new(800)));
    let (_, tariff, _) = app::pricing::terms_of(ctx.app(), &ctx.actor(), listing).await?;
    let (home, days) = calendar::days(ctx.app(), &ctx.actor(), listing, (first, last)).await?;
    Ok(days.into_iter().map(|day| Day::new(day, tariff.as_ref(), home.currency)).collect())
}
