//! Money to hosts: earnings, statements, and where the money goes.

use app::payments::{self, HostBalance as BalanceRow, MonthOfEarnings, PayoutMethod as MethodRow, PayoutMethodChange};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Datelike, Utc};
use domain::money::Money as Amount;
use domain::payouts::PayoutSchedule;

use super::bookings::Booking;
use super::error::{Told, answer, payloads};
use super::money::Money;
use super::request::Asks;
use super::scalars::{Date, Word};
use super::search::plain;
use crate::rest::payouts::Stretch;

/// What a host has earned in a month, in one currency.
#[derive(SimpleObject)]
pub struct EarningsMonth {
    /// First day of the month in which it is or was due (UTC).
    pub month: Date,
    /// Bookings it comes from.
    pub bookings: i64,
    /// Arrived.
    pub paid: Money,
    /// Sent, not arrived yet.
    pub on_its_way: Money,
    /// Earned, to be sent.
    pub due: Money,
    /// Expected of stays to come.
    pub scheduled: Money,
}

impl From<MonthOfEarnings> for EarningsMonth {
    fn from(month: MonthOfEarnings) -> Self {
        let money = |amount| Money::from(Amount::new(amount, month.currency));
        Self {
            month: month.month.into(),
            bookings: month.bookings,
            paid: money(month.paid),
            on_its_way: money(month.on_its_way),
            due: money(month.due),
            scheduled: money(month.scheduled),
        }
    }
}

/// How a host stands with the marketplace in one currency.
#[derive(SimpleObject)]
pub struct HostBalance {
    /// Owed to the host.
    pub payable: Money,
    /// Owed by the host; taken from what is sent next.
    pub owed: Money,
    /// On its way.
    pub in_transit: Money,
}

impl From<BalanceRow> for HostBalance {
    fn from(balance: BalanceRow) -> Self {
        let money = |amount| Money::from(Amount::new(amount, balance.currency));
        Self { payable: money(balance.payable), owed: money(balance.owed), in_transit: money(balance.in_transit) }
    }
}

/// A host's earnings.
#[derive(SimpleObject)]
pub struct Earnings {
    /// By month and currency.
    pub months: Vec<EarningsMonth>,
    /// How things stand now, by currency.
    pub balances: Vec<HostBalance>,
}

/// One's earnings between two days.
pub(super) async fn earnings(ctx: &Context<'_>, from: Option<Date>, to: Option<Date>) -> async_graphql::Result<Option<Earnings>> {
    let stretch = Stretch { from: from.map(|date| date.0), to: to.map(|date| date.0) };
    let (from, to) = stretch.earnings_days(ctx.app()).map_err(plain).told()?;
    let months = payments::earnings(ctx.app(), &ctx.actor(), from, to).await.told()?;
    let balances = payments::host_balances(ctx.app(), &ctx.actor()).await.told()?;
    Ok(Some(Earnings {
        months: months.into_iter().map(EarningsMonth::from).collect(),
        balances: balances.into_iter().map(HostBalance::from).collect(),
    }))
}

/// How a host is paid.
#[derive(Description)]
pub struct PayoutMethod(pub MethodRow);

#[Object(use_type_description)]
impl PayoutMethod {
    /// At which provider.
    async fn provider(&self) -> &str {
        &self.0.provider
    }
    /// ISO 3166-1.
    async fn country(&self) -> &str {
        &self.0.country
    }
    /// How often.
    async fn schedule(&self) -> Word<PayoutSchedule> {
        Word(self.0.schedule)
    }
    /// Whole units of any currency; less waits for more.
    async fn minimum(&self) -> i64 {
        self.0.minimum
    }
    /// Money can be sent there.
    async fn payouts_enabled(&self) -> bool {
        self.0.payouts_enabled
    }
    /// Where to answer the provider's questions.
    async fn onboarding_url(&self) -> Option<&str> {
        self.0.onboarding_url.as_deref()
    }
    /// What the provider wants to know, in its words.
    async fn requirements(&self) -> &[String] {
        &self.0.requirements
    }
    /// How often in a row sending has failed.
    async fn failures(&self) -> i32 {
        self.0.failures
    }
    /// When it is tried again.
    async fn retry_at(&self) -> Option<DateTime<Utc>> {
        self.0.retry_at
    }
    /// Of the last change.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
}

/// A month for which there is a statement.
#[derive(SimpleObject)]
pub struct StatementMonth {
    /// Its first day.
    pub month: Date,
    /// ISO 4217.
    pub currencies: Vec<String>,
}

impl From<payments::StatementMonth> for StatementMonth {
    fn from(month: payments::StatementMonth) -> Self {
        Self { month: month.month.into(), currencies: month.currencies.iter().map(ToString::to_string).collect() }
    }
}

/// One movement of a host's balance.
#[derive(Description)]
pub struct StatementLine(payments::StatementLine);

#[Object(use_type_description)]
impl StatementLine {
    /// When.
    async fn at(&self) -> DateTime<Utc> {
        self.0.at
    }
    /// The book's word for it, e.g. earn, `payout_started`.
    async fn event(&self) -> &str {
        &self.0.event
    }
    /// The same for people.
    async fn what(&self) -> &str {
        self.0.what
    }
    /// From which booking.
    async fn booking_id(&self) -> Option<ID> {
        self.0.booking_id.map(|booking| booking.0.into())
    }
    /// From which booking; null when one is no party of it.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        let Some(booking) = self.0.booking_id else { return Ok(None) };
        Ok(ctx.loaders().booking(booking).await?.map(Booking))
    }
    /// The booking's code.
    async fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }
    /// The booking's home, as booked.
    async fn title(&self) -> Option<&str> {
        self.0.title.as_deref()
    }
    /// More to the host, or less.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }
}

/// A host's month in one currency: opening + lines = closing.
#[derive(SimpleObject)]
pub struct Statement {
    /// First day of the month (UTC).
    pub month: Date,
    /// Owed to the host (less what they owed) at its beginning.
    pub opening: Money,
    /// Oldest first.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    pub lines: Vec<StatementLine>,
    /// Earned, less what was given back.
    pub earned: Money,
    /// Sent, less what came back.
    pub sent: Money,
    /// The balance at its end.
    pub closing: Money,
}

impl From<payments::Statement> for Statement {
    fn from(statement: payments::Statement) -> Self {
        let (earned, sent) = (statement.earned().into(), statement.sent().into());
        Self {
            month: statement.month.into(),
            opening: statement.opening.into(),
            lines: statement.lines.into_iter().map(StatementLine).collect(),
            earned,
            sent,
            closing: statement.closing.into(),
        }
    }
}

/// One's statements of a month.
pub(super) async fn statements(ctx: &Context<'_>, month: Date) -> async_graphql::Result<Option<Vec<Statement>>> {
    let first = month.0.with_day(1).filter(|first| (2000..2200).contains(&first.year()));
    let first = first.ok_or(app::Error::NotFound("statement")).told()?;
    let found = payments::statement(ctx.app(), &ctx.actor(), first).await.told()?;
    Ok(Some(found.into_iter().map(Statement::from).collect()))
}

payloads! {
    PayoutMethodPayload {
        /// How one is paid now.
        payout_method: PayoutMethod
    }
}

/// Changes how hosts are paid.
#[derive(Default)]
pub struct PayoutsMutation;

#[Object]
impl PayoutsMutation {
    /// Set how one wants to be paid. The first time an account is opened at the
    /// provider; answer its questions at `onboardingUrl`.
    #[graphql(complexity = "20 + child_complexity")]
    async fn set_payout_method(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Where one lives, ISO 3166-1 alpha-2.")] country: String,
        #[graphql(desc = "How often; as due when absent.")] schedule: Option<Word<PayoutSchedule>>,
        #[graphql(desc = "Whole units of any currency; the marketplace's own minimum when absent.")] minimum: Option<i64>,
        #[graphql(desc = "Open another account at the provider.", default)] new_account: bool,
    ) -> async_graphql::Result<PayoutMethodPayload> {
        let schedule = schedule.map_or(PayoutSchedule::AsDue, |schedule| schedule.0);
        let wish = PayoutMethodChange { country, schedule, minimum, new_account };
        answer(payments::put_payout_method(ctx.app(), &ctx.actor(), wish).await.map(PayoutMethod))
    }
}
