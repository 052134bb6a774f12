//! Money to hosts: earnings, statements, where the money goes.

use app::payments::{self, HostBalance as BalanceRow, MonthOfEarnings, PayoutMethodChange, Statement as StatementRow};
use async_graphql::{Context, Description, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::payouts::PayoutSchedule;

use super::bookings::Booking;
use super::error::{answer, payloads};
use super::money::Money;
use super::request::Asks;
use super::scalars::{Date, Word};
use super::search::refused;
use crate::rest::payouts::{Stretch, read_month};

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
        let money = |amount| Money::from(domain::money::Money::new(amount, month.currency));
        Self {
            month: Date(month.month),
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
        let money = |amount| Money::from(domain::money::Money::new(amount, balance.currency));
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

/// What the one who asks has earned.
///
/// # Errors
/// 422 for dates out of range.
pub(super) async fn earnings(ctx: &Context<'_>, from: Option<Date>, to: Option<Date>) -> app::Result<Earnings> {
    let stretch = Stretch { from: from.map(|date| date.0), to: to.map(|date| date.0) };
    let (from, to) = stretch.of_earnings(ctx.app()).map_err(refused)?;
    let months = payments::earnings(ctx.app(), &ctx.actor(), from, to).await?;
    let balances = payments::host_balances(ctx.app(), &ctx.actor()).await?;
    Ok(Earnings {
        months: months.into_iter().map(EarningsMonth::from).collect(),
        balances: balances.into_iter().map(HostBalance::from).collect(),
    })
}

/// How a host is paid.
#[derive(SimpleObject)]
pub struct PayoutMethod {
    /// At which provider.
    pub provider: String,
    /// ISO 3166-1.
    pub country: String,
    /// When money is sent.
    pub schedule: Word<PayoutSchedule>,
    /// Whole units of any currency; less waits for more.
    pub minimum: i64,
    /// Money can be sent there.
    pub payouts_enabled: bool,
    /// Where to answer the provider's questions.
    pub onboarding_url: Option<String>,
    /// What the provider wants to know, in its words.
    pub requirements: Vec<String>,
    /// How often in a row sending has failed.
    pub failures: i32,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Of the last change.
    pub updated_at: DateTime<Utc>,
}

impl From<payments::PayoutMethod> for PayoutMethod {
    fn from(method: payments::PayoutMethod) -> Self {
        Self {
            provider: method.provider,
            country: method.country,
            schedule: Word(method.schedule),
            minimum: method.minimum,
            payouts_enabled: method.payouts_enabled,
            onboarding_url: method.onboarding_url,
            requirements: method.requirements,
            failures: method.failures,
            retry_at: method.retry_at,
            updated_at: method.updated_at,
        }
    }
}

/// How a host wants to be paid.
#[derive(Debug, Clone, InputObject)]
pub struct PayoutMethodInput {
    /// Where the host lives, ISO 3166-1 alpha-2.
    pub country: String,
    /// When money is sent; as it falls due when absent.
    pub schedule: Option<Word<PayoutSchedule>>,
    /// Whole units of any currency; the marketplace's own minimum when absent.
    pub minimum: Option<i64>,
    /// Open another account at the provider.
    #[graphql(default)]
    pub new_account: bool,
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
        Self { month: Date(month.month), currencies: month.currencies.iter().map(ToString::to_string).collect() }
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
    async fn what(&self) -> String {
        self.0.what.to_owned()
    }
    /// From which booking.
    async fn booking_id(&self) -> Option<ID> {
        self.0.booking_id.map(|booking| booking.0.into())
    }
    /// From which booking.
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
    pub lines: Vec<StatementLine>,
    /// Earned, less what was given back.
    pub earned: Money,
    /// Sent, less what came back.
    pub sent: Money,
    /// The balance at its end.
    pub closing: Money,
}

impl From<StatementRow> for Statement {
    fn from(statement: StatementRow) -> Self {
        Self {
            month: Date(statement.month),
            opening: statement.opening.into(),
            earned: statement.earned().into(),
            sent: statement.sent().into(),
            closing: statement.closing.into(),
            lines: statement.lines.into_iter().map(StatementLine).collect(),
        }
    }
}

/// The statements of a month, one a currency.
///
/// # Errors
/// 404 when it is no month.
pub(super) async fn statements(ctx: &Context<'_>, month: &str) -> app::Result<Vec<Statement>> {
    let (month, ending) = read_month(month).map_err(refused)?;
    if ending.is_some() {
        return Err(app::Error::NotFound("statement"));
    }
    let all = payments::statement(ctx.app(), &ctx.actor(), month).await?;
    Ok(all.into_iter().map(Statement::from).collect())
}

payloads! {
    PayoutMethodPayload {
        /// How one is paid from now on.
        method: PayoutMethod
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
        #[graphql(desc = "How.")] input: PayoutMethodInput,
    ) -> async_graphql::Result<PayoutMethodPayload> {
        ctx.signed_in()?;
        let wish = PayoutMethodChange {
            country: input.country,
            schedule: input.schedule.map_or(PayoutSchedule::AsDue, |schedule| schedule.0),
            minimum: input.minimum,
            new_account: input.new_account,
        };
        answer(payments::put_payout_method(ctx.app(), &ctx.actor(), wish).await.map(PayoutMethod::from))
    }
}
