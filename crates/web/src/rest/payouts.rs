//! Money to hosts over REST: payouts, earnings, statements, and where the money
//! goes.

use app::App;
use app::payments::{self, HostBalance, MonthOfEarnings, Payout, PayoutMethod, PayoutMethodChange, Statement, StatementMonth};
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};
use domain::money::Money;
use domain::payouts::PayoutSchedule;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, Paging, page_request};

/// Money on its way to a host.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutView {
    /// Which.
    pub id: Uuid,
    /// For which booking.
    pub booking_id: Uuid,
    /// For which month of a long stay, from 0; 0 for all others.
    pub leg: i32,
    /// How much.
    pub amount: MoneyView,
    /// scheduled, due, sent, paid, failed, cancelled.
    pub state: String,
    /// From when on it may be paid.
    pub due_at: DateTime<Utc>,
    /// Until when it is held back (first payouts of new hosts).
    pub held_until: Option<DateTime<Utc>>,
    /// With which transfer it was sent.
    pub transfer_id: Option<Uuid>,
    /// When it arrived.
    pub paid_at: Option<DateTime<Utc>>,
    /// Since when it is planned.
    pub created_at: DateTime<Utc>,
}

impl From<Payout> for PayoutView {
    fn from(payout: Payout) -> Self {
        Self {
            id: payout.id.0,
            booking_id: payout.booking_id.0,
            leg: payout.leg,
            amount: payout.amount.into(),
            state: payout.state.to_string(),
            due_at: payout.due_at,
            held_until: payout.held_until,
            transfer_id: payout.transfer_id.map(|transfer| transfer.0),
            paid_at: payout.paid_at,
            created_at: payout.created_at,
        }
    }
}

/// A host's payouts, newest first.
#[utoipa::path(get, path = "/host/payouts", tag = "hosting", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<PayoutView>)))]
pub async fn list_payouts(State(app): State<App>, user: LoggedIn, Query(paging): Query<Paging>) -> ApiResult<Json<PageView<PayoutView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(payments::payouts_of_host(&app, &user.actor, page).await?.into()))
}

/// From when until when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct Stretch {
    /// First day; the first of this month when absent.
    pub from: Option<NaiveDate>,
    /// First day after it; a month after `from` when absent.
    pub to: Option<NaiveDate>,
}

impl Stretch {
    /// Of earnings: when nothing is said, a year back and a year ahead.
    pub(crate) fn of_earnings(&self, app: &App) -> ApiResult<(NaiveDate, NaiveDate)> {
        if self.from.is_some() || self.to.is_some() {
            return self.days(app);
        }
        let today = app.clock.now().date_naive();
        Ok((today - Months::new(11), today + Months::new(12)))
    }

    fn days(&self, app: &App) -> ApiResult<(NaiveDate, NaiveDate)> {
        let today = app.clock.now().date_naive();
        let from = self.from.unwrap_or_else(|| today - Days::new(u64::from(today.day0())));
        let in_range = |date: NaiveDate| (2000..2200).contains(&date.year());
        let wrong = || ApiError::App(app::Error::invalid("/from", "date", "the year must be within 2000–2199"));
        if !in_range(from) || self.to.is_some_and(|to| !in_range(to)) {
            return Err(wrong());
        }
        Ok((from, self.to.unwrap_or_else(|| from + Months::new(1))))
    }
}

/// What a host has earned in a month, in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarningsMonthView {
    /// First day of the month in which it is or was due (UTC).
    pub month: NaiveDate,
    /// Bookings it comes from.
    pub bookings: i64,
    /// Arrived.
    pub paid: MoneyView,
    /// Sent, not arrived yet.
    pub on_its_way: MoneyView,
    /// Earned, to be sent.
    pub due: MoneyView,
    /// Expected of stays to come.
    pub scheduled: MoneyView,
}

impl From<MonthOfEarnings> for EarningsMonthView {
    fn from(month: MonthOfEarnings) -> Self {
        let money = |amount| MoneyView::from(Money::new(amount, month.currency));
        Self {
            month: month.month,
            bookings: month.bookings,
            paid: money(month.paid),
            on_its_way: money(month.on_its_way),
            due: money(month.due),
            scheduled: money(month.scheduled),
        }
    }
}

/// How a host stands with the marketplace in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct HostBalanceView {
    /// Owed to the host.
    pub payable: MoneyView,
    /// Owed by the host; taken from what is sent next.
    pub owed: MoneyView,
    /// On its way.
    pub in_transit: MoneyView,
}

impl From<HostBalance> for HostBalanceView {
    fn from(balance: HostBalance) -> Self {
        let money = |amount| MoneyView::from(Money::new(amount, balance.currency));
        Self { payable: money(balance.payable), owed: money(balance.owed), in_transit: money(balance.in_transit) }
    }
}

/// A host's earnings.
#[derive(Debug, Serialize, ToSchema)]
pub struct EarningsView {
    /// By month and currency.
    pub months: Vec<EarningsMonthView>,
    /// How things stand now, by currency.
    pub balances: Vec<HostBalanceView>,
}

/// What one has earned as host and co-host, month by month.
#[utoipa::path(get, path = "/host/earnings", tag = "hosting", security(("bearer" = [])), params(Stretch),
    responses((status = 200, body = EarningsView), (status = 422, body = Problem)))]
pub async fn earnings(State(app): State<App>, user: LoggedIn, Query(stretch): Query<Stretch>) -> ApiResult<Json<EarningsView>> {
    let (from, to) = stretch.of_earnings(&app)?;
    let months = payments::earnings(&app, &user.actor, from, to).await?;
    let balances = payments::host_balances(&app, &user.actor).await?;
    Ok(Json(EarningsView {
        months: months.into_iter().map(EarningsMonthView::from).collect(),
        balances: balances.into_iter().map(HostBalanceView::from).collect(),
    }))
}

/// How a host is paid.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutMethodView {
    /// At which provider.
    pub provider: String,
    /// ISO 3166-1.
    pub country: String,
    /// `as_due`, weekly (Mondays), monthly (on the first).
    pub schedule: String,
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

impl From<PayoutMethod> for PayoutMethodView {
    fn from(method: PayoutMethod) -> Self {
        Self {
            provider: method.provider,
            country: method.country,
            schedule: method.schedule.to_string(),
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
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PayoutMethodInput {
    /// Where the host lives, ISO 3166-1 alpha-2.
    #[schema(example = "PT")]
    pub country: String,
    /// `as_due` (default), weekly (Mondays), monthly (on the first).
    #[schema(value_type = Option<String>)]
    pub schedule: Option<PayoutSchedule>,
    /// Whole units of any currency; the marketplace's own minimum when absent.
    pub minimum: Option<i64>,
    /// Open another account at the provider.
    #[serde(default)]
    pub new_account: bool,
}

/// How one is paid, as it stands at the provider now.
#[utoipa::path(get, path = "/host/payout-method", tag = "hosting", security(("bearer" = [])),
    responses((status = 200, body = PayoutMethodView), (status = 404, body = Problem)))]
pub async fn get_payout_method(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<PayoutMethodView>> {
    Ok(Json(payments::payout_method(&app, &user.actor).await?.into()))
}

/// Set how one wants to be paid.
///
/// The first time an account is opened at the provider; answer its questions at
/// `onboarding_url`.
#[utoipa::path(put, path = "/host/payout-method", tag = "hosting", security(("bearer" = [])), request_body = PayoutMethodInput,
    responses((status = 200, body = PayoutMethodView), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn put_payout_method(
    State(app): State<App>,
    user: LoggedIn,
    Json(body): Json<PayoutMethodInput>,
) -> ApiResult<Json<PayoutMethodView>> {
    let wish = PayoutMethodChange {
        country: body.country,
        schedule: body.schedule.unwrap_or(PayoutSchedule::AsDue),
        minimum: body.minimum,
        new_account: body.new_account,
    };
    Ok(Json(payments::put_payout_method(&app, &user.actor, wish).await?.into()))
}

/// A month for which there is a statement.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementMonthView {
    /// Its first day.
    pub month: NaiveDate,
    /// ISO 4217.
    pub currencies: Vec<String>,
}

impl From<StatementMonth> for StatementMonthView {
    fn from(month: StatementMonth) -> Self {
        Self { month: month.month, currencies: month.currencies.iter().map(ToString::to_string).collect() }
    }
}

/// One movement of a host's balance.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementLineView {
    /// When.
    pub at: DateTime<Utc>,
    /// The book's word for it, e.g. earn, `payout_started`.
    pub event: String,
    /// The same for people.
    pub what: String,
    /// From which booking.
    pub booking_id: Option<Uuid>,
    /// Its code.
    pub code: Option<String>,
    /// Its home, as booked.
    pub title: Option<String>,
    /// More to the host, or less.
    pub amount: MoneyView,
}

/// A host's month in one currency: opening + lines = closing.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatementView {
    /// First day of the month (UTC).
    pub month: NaiveDate,
    /// Owed to the host (less what they owed) at its beginning.
    pub opening: MoneyView,
    /// Oldest first.
    pub lines: Vec<StatementLineView>,
    /// Earned, less what was given back.
    pub earned: MoneyView,
    /// Sent, less what came back.
    pub sent: MoneyView,
    /// The balance at its end.
    pub closing: MoneyView,
}

impl From<Statement> for StatementView {
    fn from(statement: Statement) -> Self {
        let (earned, sent) = (statement.earned().into(), statement.sent().into());
        let line = |line: app::payments::StatementLine| StatementLineView {
            at: line.at,
            event: line.event,
            what: line.what.to_owned(),
            booking_id: line.booking_id.map(|booking| booking.0),
            code: line.code,
            title: line.title,
            amount: line.amount.into(),
        };
        Self {
            month: statement.month,
            opening: statement.opening.into(),
            lines: statement.lines.into_iter().map(line).collect(),
            earned,
            sent,
            closing: statement.closing.into(),
        }
    }
}

/// Months for which one has a statement, newest first.
#[utoipa::path(get, path = "/host/statements", tag = "hosting", security(("bearer" = [])),
    responses((status = 200, body = Vec<StatementMonthView>)))]
pub async fn list_statements(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<Vec<StatementMonthView>>> {
    let months = payments::statement_months(&app, &user.actor).await?;
    Ok(Json(months.into_iter().map(StatementMonthView::from).collect()))
}

/// A month with its ending: `2027-03`, `2027-03.csv`, `2027-03.pdf`.
pub(crate) fn read_month(text: &str) -> Result<(NaiveDate, Option<&str>), ApiError> {
    let (month, ending) = text.split_once('.').map_or((text, None), |(month, ending)| (month, Some(ending)));
    let month: Option<NaiveDate> = if month.len() == 7 { format!("{month}-01").parse().ok() } else { None };
    let known = ending.is_none_or(|ending| matches!(ending, "csv" | "pdf"));
    month
        .filter(|month| known && (2000..2200).contains(&month.year()))
        .map(|month| (month, ending))
        .ok_or_else(|| ApiError::App(app::Error::NotFound("statement")))
}

/// One's statements of a month, one a currency, from the book.
///
/// With `.csv` or `.pdf` at the end of the month as a file.
#[utoipa::path(get, path = "/host/statements/{month}", tag = "hosting", security(("bearer" = [])),
    params(("month" = String, Path, description = "2027-03, 2027-03.csv or 2027-03.pdf")),
    responses((status = 200, body = Vec<StatementView>), (status = 404, body = Problem)))]
pub async fn get_statement(State(app): State<App>, user: LoggedIn, Path(month): Path<String>) -> ApiResult<Response> {
    let (month, ending) = read_month(&month)?;
    let statements = payments::statement(&app, &user.actor, month).await?;
    let file = |kind: &'static str, ending: &str, bytes: Vec<u8>| {
        let name = format!("attachment; filename=\"statement-{}.{ending}\"", month.format("%Y-%m"));
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
            (header::CONTENT_DISPOSITION, HeaderValue::from_str(&name).unwrap_or(HeaderValue::from_static("attachment"))),
            (header::CACHE_CONTROL, HeaderValue::from_static("private, no-store")),
        ];
        (headers, bytes).into_response()
    };
    match ending {
        Some("csv") => Ok(file("text/csv; charset=utf-8", "csv", payments::statement_csv(&statements)?.into_bytes())),
        Some(_) => Ok(file("application/pdf", "pdf", payments::statement_pdf(&app, &statements)?)),
        None => Ok(Json(statements.into_iter().map(StatementView::from).collect::<Vec<_>>()).into_response()),
    }
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_payouts))
        .routes(routes!(earnings))
        .routes(routes!(get_payout_method, put_payout_method))
        .routes(routes!(list_statements))
        .routes(routes!(get_statement))
}
