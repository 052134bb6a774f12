//! What hosts look at.

use app::hosting::{self, Dashboard, Figures as FiguresRow, Month, Reservation as ReservationRow, Which};
use async_graphql::{Context, Description, Enum, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::bookings::BookingState;
use domain::money::Money as Amount;

use super::accounts::User;
use super::bookings::{self, Booking};
use super::co_hosts::CoHost;
use super::connection::{connections, page, size};
use super::error::Told;
use super::listings::{Listing, ListingConnection};
use super::money::{Guests, Money};
use super::payments::{PayoutConnection, own_payouts};
use super::payouts::{self, Earnings, PayoutMethod, Statement, StatementMonth};
use super::request::Asks;
use super::scalars::{Cursor, Date, Word};

/// Which reservations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum ReservationFilter {
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

impl From<ReservationFilter> for Which {
    fn from(filter: ReservationFilter) -> Self {
        match filter {
            ReservationFilter::Requests => Self::Requests,
            ReservationFilter::Current => Self::Current,
            ReservationFilter::Upcoming => Self::Upcoming,
            ReservationFilter::Past => Self::Past,
            ReservationFilter::Cancelled => Self::Cancelled,
            ReservationFilter::All => Self::All,
        }
    }
}

/// A booking as its host's lists show it: costs no further look-up but for links.
#[derive(Description)]
pub struct Reservation(ReservationRow);

#[Object(use_type_description)]
impl Reservation {
    /// Of which booking.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// The booking itself.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.id).await?.map(Booking))
    }
    /// For people, e.g. R7K2-9QXM.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// Where it stands.
    async fn state(&self) -> Word<BookingState> {
        Word(self.0.state)
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
    /// Who stays, as shown to others.
    async fn guest_name(&self) -> &str {
        &self.0.guest_name
    }
    /// First night.
    async fn check_in(&self) -> Date {
        self.0.check_in.into()
    }
    /// Day of departure.
    async fn check_out(&self) -> Date {
        self.0.check_out.into()
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
        let money = |amount| Money::from(Amount::new(amount, figures.currency));
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

impl From<Month> for MonthOfFigures {
    fn from(month: Month) -> Self {
        Self { month: month.first.into(), figures: month.figures.into_iter().map(Figures::from).collect() }
    }
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

impl From<Dashboard> for HostDay {
    fn from(dashboard: Dashboard) -> Self {
        let rows = |rows: Vec<ReservationRow>| rows.into_iter().map(Reservation).collect();
        Self {
            requests: rows(dashboard.requests),
            arrivals: rows(dashboard.arrivals),
            departures: rows(dashboard.departures),
            upcoming: rows(dashboard.upcoming),
            to_review: rows(dashboard.to_review),
            staying: dashboard.staying,
            outlook: dashboard.outlook.into_iter().map(Figures::from).collect(),
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
    ) -> async_graphql::Result<Option<ListingConnection>> {
        let found = app::listings::of_host(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(ListingConnection::new(found, |listing| listing.id, Listing)))
    }
    /// What others have booked, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<Word<domain::bookings::BookingState>>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<bookings::BookingConnection>> {
        bookings::own(ctx, (bookings::BookingRole::Host, state), first, after).await
    }
    /// One's payouts, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn payouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<PayoutConnection>> {
        own_payouts(ctx, first, after).await
    }
    /// One's day: whom to answer, who comes and goes, the next 30 days.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn today(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<HostDay>> {
        Ok(Some(hosting::dashboard(ctx.app(), &ctx.actor()).await.told()?.into()))
    }
    /// One's reservations: requests the most urgent first, those to come the
    /// next first, all others the latest first.
    #[graphql(complexity = "5 + size(first) * child_complexity")]
    async fn reservations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.", default)] status: ReservationFilter,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page of the same list.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<ReservationConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        let found = hosting::reservations(ctx.app(), &ctx.actor(), status.into(), wanted).await.told()?;
        Ok(Some(ReservationConnection::new(found, |row| (row.check_in_at, row.id), Reservation)))
    }
    /// How one's homes do, month by month: occupancy, earnings a night, stays.
    #[graphql(complexity = "20 + 12 * child_complexity")]
    async fn statistics(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A day of the first month; eleven months ago when absent.")] from: Option<Date>,
        #[graphql(desc = "1–36.", default = 12)] months: u32,
    ) -> async_graphql::Result<Option<Vec<MonthOfFigures>>> {
        let from = from.map_or_else(|| hosting::months_ago(ctx.app(), 11), |date| date.0);
        let months = hosting::statistics(ctx.app(), &ctx.actor(), from, months).await.told()?;
        Ok(Some(months.into_iter().map(MonthOfFigures::from).collect()))
    }
    /// What one has earned as host and co-host, month by month; a year back and
    /// a year ahead when nothing is said.
    #[graphql(complexity = "20 + 10 * child_complexity")]
    async fn earnings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day; the first of this month when absent.")] from: Option<Date>,
        #[graphql(desc = "First day after it; a month after `from` when absent.")] to: Option<Date>,
    ) -> async_graphql::Result<Option<Earnings>> {
        payouts::earnings(ctx, from, to).await
    }
    /// How one is paid, as it stands at the provider now; `not_found` until it is set.
    #[graphql(complexity = "20 + child_complexity")]
    async fn payout_method(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<PayoutMethod>> {
        Ok(Some(PayoutMethod(app::payments::payout_method(ctx.app(), &ctx.actor()).await.told()?)))
    }
    /// Months for which one has a statement, newest first.
    #[graphql(complexity = "10 + 12 * child_complexity")]
    async fn statement_months(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<StatementMonth>>> {
        let months = app::payments::statement_months(ctx.app(), &ctx.actor()).await.told()?;
        Ok(Some(months.into_iter().map(StatementMonth::from).collect()))
    }
    /// One's statements of a month, one a currency, from the book. Files are to
    /// be had over REST.
    #[graphql(complexity = "20 + 2 * child_complexity")]
    async fn statements(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A day of the month.")] month: Date,
    ) -> async_graphql::Result<Option<Vec<Statement>>> {
        payouts::statements(ctx, month).await
    }
    /// Invitations to co-host that wait for one's answer.
    #[graphql(complexity = "5 + 5 * child_complexity")]
    async fn invitations(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<CoHost>>> {
        super::co_hosts::invitations(ctx).await
    }
}

/// Reads what concerns hosts.
#[derive(Default)]
pub struct HostingQuery;

#[Object]
impl HostingQuery {
    /// What a host sees of their own: the day, homes, bookings, money.
    async fn host_dashboard(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<HostDashboard>> {
        ctx.signed_in()?;
        Ok(Some(HostDashboard))
    }
}
