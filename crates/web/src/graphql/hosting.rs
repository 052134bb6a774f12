//! What hosts look at: their day, their reservations, their figures.

use app::hosting::{self, Figures as FiguresRow, Reservation as ReservationRow, Which};
use async_graphql::{Context, Description, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::bookings::BookingState;

use super::accounts::User;
use super::bookings::Booking;
use super::connection::{connections, page, size};
use super::error::Told;
use super::listings::Listing;
use super::money::{Guests, Money};
use super::payouts;
use super::request::Asks;
use super::scalars::{Cursor, Date, Word};

/// A booking as its host's lists show it.
#[derive(Description)]
pub struct Reservation(pub(super) ReservationRow);

#[Object(use_type_description)]
impl Reservation {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// For people, e.g. R7K2-9QXM.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Where it stands.
    async fn state(&self) -> Word<BookingState> {
        Word(self.0.state)
    }
    /// The booking itself, with all that it links to.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.id).await?.map(Booking))
    }
    /// Which home.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.listing_id).await?.map(Listing))
    }
    /// The home's title.
    async fn listing_title(&self) -> &str {
        &self.0.listing_title
    }
    /// Who stays.
    async fn guest(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.guest_id).await?.map(User))
    }
    /// First night.
    async fn check_in(&self) -> Date {
        Date(self.0.check_in)
    }
    /// Day of departure.
    async fn check_out(&self) -> Date {
        Date(self.0.check_out)
    }
    /// How many.
    async fn guests(&self) -> Guests {
        self.0.guests.0.into()
    }
    /// What the host gets.
    async fn host_payout(&self) -> Money {
        self.0.payout().into()
    }
    /// Until when the host can answer.
    async fn respond_by(&self) -> Option<DateTime<Utc>> {
        self.0.respond_by
    }
}

connections! {
    ReservationConnection, ReservationEdge: Reservation;
}

/// Which reservations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum ReservationStatus {
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
    #[default]
    All,
}

impl From<ReservationStatus> for Which {
    fn from(status: ReservationStatus) -> Self {
        match status {
            ReservationStatus::Requests => Self::Requests,
            ReservationStatus::Current => Self::Current,
            ReservationStatus::Upcoming => Self::Upcoming,
            ReservationStatus::Past => Self::Past,
            ReservationStatus::Cancelled => Self::Cancelled,
            ReservationStatus::All => Self::All,
        }
    }
}

/// How homes do over a span, in one currency.
#[derive(SimpleObject)]
pub struct Figures {
    /// ISO 4217.
    pub currency: String,
    /// Nights sold.
    pub nights: i64,
    /// Nights that could be sold.
    pub nights_open: i64,
    /// Nights sold of those that could be, in basis points.
    pub occupancy_bps: i64,
    /// What the host gets for the nights sold.
    pub earnings: Money,
    /// Earnings of a night that was sold.
    pub per_night_sold: Money,
    /// Earnings of a night that could be sold.
    pub per_night_open: Money,
    /// Stays that begin within the span.
    pub stays: i64,
}

impl From<FiguresRow> for Figures {
    fn from(figures: FiguresRow) -> Self {
        let money = |amount| Money::from(domain::money::Money::new(amount, figures.currency));
        Self {
            currency: figures.currency.code().to_owned(),
            nights: figures.nights,
            nights_open: figures.nights_open,
            occupancy_bps: figures.occupancy_bps(),
            earnings: money(figures.earnings),
            per_night_sold: money(figures.per_night_sold()),
            per_night_open: money(figures.per_night_open()),
            stays: figures.stays,
        }
    }
}

/// The figures of one month.
#[derive(SimpleObject)]
pub struct MonthOfFigures {
    /// Its first day.
    pub month: Date,
    /// By currency.
    pub figures: Vec<Figures>,
}

/// The figures of `months` months from the month of `from` on.
///
/// # Errors
/// 422 for more than 36 months.
pub(super) async fn statistics(ctx: &Context<'_>, from: Option<Date>, months: i32) -> app::Result<Vec<MonthOfFigures>> {
    let from = from.map_or_else(|| hosting::months_ago(ctx.app(), 11), |date| date.0);
    let wrong = |_| app::Error::invalid("/months", "range", format!("months must be between 1 and {}, is {months}", hosting::MOST_MONTHS));
    let months = hosting::statistics(ctx.app(), &ctx.actor(), from, u32::try_from(months).map_err(wrong)?).await?;
    let month = |month: hosting::Month| MonthOfFigures {
        month: Date(month.first),
        figures: month.figures.into_iter().map(Figures::from).collect(),
    };
    Ok(months.into_iter().map(month).collect())
}

/// What a host should know today.
#[derive(SimpleObject)]
pub struct HostDay {
    /// Requests to answer, the most urgent first.
    pub requests: Vec<Reservation>,
    /// Guests who arrive today, by the homes' clocks.
    pub arrivals: Vec<Reservation>,
    /// Guests who leave today.
    pub departures: Vec<Reservation>,
    /// The next five arrivals after today.
    pub upcoming: Vec<Reservation>,
    /// Stays whose guests can still be reviewed.
    pub to_review: Vec<Reservation>,
    /// Guests who are there now.
    pub staying: i64,
    /// The next 30 days, by currency.
    pub outlook: Vec<Figures>,
}

impl From<hosting::Dashboard> for HostDay {
    fn from(day: hosting::Dashboard) -> Self {
        let all = |rows: Vec<ReservationRow>| rows.into_iter().map(Reservation).collect();
        Self {
            requests: all(day.requests),
            arrivals: all(day.arrivals),
            departures: all(day.departures),
            upcoming: all(day.upcoming),
            to_review: all(day.to_review),
            staying: day.staying,
            outlook: day.outlook.into_iter().map(Figures::from).collect(),
        }
    }
}

/// What a host sees of their own.
#[derive(Description)]
pub struct HostDashboard;

#[Object(use_type_description)]
impl HostDashboard {
    /// One's homes in any state, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<super::listings::ListingConnection>> {
        let found = app::listings::of_host(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(super::listings::ListingConnection::new(found, |listing| listing.id, super::listings::Listing)))
    }
    /// What others have booked, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<Word<domain::bookings::BookingState>>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<super::bookings::BookingConnection>> {
        super::bookings::own(ctx, (super::bookings::BookingRole::Host, state), first, after).await
    }
    /// What one should know today.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn today(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<HostDay>> {
        Ok(Some(hosting::dashboard(ctx.app(), &ctx.actor()).await.told()?.into()))
    }
    /// One's reservations.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.", default)] status: ReservationStatus,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<ReservationConnection>> {
        let found = hosting::reservations(ctx.app(), &ctx.actor(), status.into(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(ReservationConnection::new(found, |row| (row.check_in_at, row.id), Reservation)))
    }
    /// How one's homes do, month by month: occupancy, earnings a night, stays.
    #[graphql(complexity = "20 + 12 * child_complexity")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A day of the first month; eleven months ago when absent.")] from: Option<Date>,
        #[graphql(desc = "1–36.", default = 12)] months: i32,
    ) -> async_graphql::Result<Option<Vec<MonthOfFigures>>> {
        Ok(Some(statistics(ctx, from, months).await.told()?))
    }
    /// What one has earned as host and co-host, month by month.
    #[graphql(complexity = "20 + 12 * child_complexity")]
    async fn earnings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day; eleven months ago when both are absent.")] from: Option<Date>,
        #[graphql(desc = "First day after it; a month after `from` when absent.")] to: Option<Date>,
    ) -> async_graphql::Result<Option<payouts::Earnings>> {
        Ok(Some(payouts::earnings(ctx, from, to).await.told()?))
    }
    /// How one is paid, as it stands at the provider now.
    #[graphql(complexity = "20 + child_complexity")]
    async fn payout_method(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<payouts::PayoutMethod>> {
        Ok(Some(app::payments::payout_method(ctx.app(), &ctx.actor()).await.told()?.into()))
    }
    /// Months for which one has a statement, newest first.
    #[graphql(complexity = "2 + 12 * child_complexity")]
    async fn statement_months(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<payouts::StatementMonth>>> {
        let months = app::payments::statement_months(ctx.app(), &ctx.actor()).await.told()?;
        Ok(Some(months.into_iter().map(Into::into).collect()))
    }
    /// One's statements of a month, one a currency, from the book.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which month: `2027-03`.")] month: String,
    ) -> async_graphql::Result<Option<Vec<payouts::Statement>>> {
        Ok(Some(payouts::statements(ctx, &month).await.told()?))
    }
    /// Invitations to co-host that wait for one's answer.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn invitations(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::co_hosts::CoHost>>> {
        super::co_hosts::invitations(ctx).await
    }
    /// One's payouts, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn payouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<super::payments::PayoutConnection>> {
        super::payments::own_payouts(ctx, first, after).await
    }
}

/// Reads what concerns hosts.
#[derive(Default)]
pub struct HostingQuery;

#[Object]
impl HostingQuery {
    /// What a host sees of their own: homes, bookings, figures, money.
    async fn host_dashboard(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<HostDashboard>> {
        ctx.signed_in()?;
        Ok(Some(HostDashboard))
    }
}
