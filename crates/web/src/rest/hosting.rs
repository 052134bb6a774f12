//! What hosts look at, over REST.

use app::App;
use app::hosting::{self, Dashboard, Figures, Month, Reservation, Which};
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Query};
use crate::rest::bookings::{BookedListing, PersonView};
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, page_request};
use crate::rest::pricing::GuestsView;

/// A booking as its host's lists show it.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in a booking")]
pub struct ReservationView {
    pub id: Uuid,
    pub code: String,
    pub state: String,
    pub listing: BookedListing,
    pub guest: PersonView,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    pub guests: GuestsView,
    pub host_payout: MoneyView,
    pub respond_by: Option<DateTime<Utc>>,
}

impl From<Reservation> for ReservationView {
    fn from(row: Reservation) -> Self {
        Self {
            host_payout: row.payout().into(),
            id: row.id.0,
            code: row.code,
            state: row.state.to_string(),
            listing: BookedListing { id: row.listing_id.0, title: row.listing_title },
            guest: PersonView { id: row.guest_id.0, name: row.guest_name },
            check_in: row.check_in,
            check_out: row.check_out,
            guests: row.guests.0.into(),
            respond_by: row.respond_by,
        }
    }
}

/// Which reservations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ReservationsQuery {
    /// requests, current, upcoming, past, cancelled, or all (when absent).
    pub status: Option<String>,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// One's reservations as a host.
#[utoipa::path(get, path = "/host/reservations", tag = "hosting", security(("bearer" = [])), params(ReservationsQuery),
    responses((status = 200, body = PageView<ReservationView>), (status = 422, body = Problem)))]
pub async fn list_reservations(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<ReservationsQuery>,
) -> ApiResult<Json<PageView<ReservationView>>> {
    let which = query.status.as_deref().map_or(Ok(Which::All), str::parse)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    Ok(Json(hosting::reservations(&app, &user.actor, which, page).await?.into()))
}

/// How homes do over a span, in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct FiguresView {
    /// ISO 4217.
    pub currency: String,
    /// Nights sold.
    pub nights: i64,
    /// Nights that could be sold.
    pub nights_open: i64,
    /// Nights sold of those that could be, in basis points.
    pub occupancy_bps: i64,
    /// What the host gets for the nights sold.
    pub earnings: MoneyView,
    /// Earnings of a night that was sold.
    pub per_night_sold: MoneyView,
    /// Earnings of a night that could be sold.
    pub per_night_open: MoneyView,
    /// Stays that begin within the span.
    pub stays: i64,
}

impl From<Figures> for FiguresView {
    fn from(figures: Figures) -> Self {
        let money = |amount| MoneyView::from(Money::new(amount, figures.currency));
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
#[derive(Debug, Serialize, ToSchema)]
pub struct MonthView {
    /// Its first day.
    pub month: NaiveDate,
    /// By currency.
    pub figures: Vec<FiguresView>,
}

impl From<Month> for MonthView {
    fn from(month: Month) -> Self {
        Self { month: month.first, figures: month.figures.into_iter().map(FiguresView::from).collect() }
    }
}

/// Which months.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StatisticsQuery {
    /// A day of the first month; eleven months ago when absent.
    pub from: Option<NaiveDate>,
    /// 1–36, 12 when absent.
    pub months: Option<u32>,
}

/// Months of figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct StatisticsView {
    /// In order.
    pub data: Vec<MonthView>,
}

/// How one's homes do, month by month: occupancy, earnings a night, stays.
#[utoipa::path(get, path = "/host/statistics", tag = "hosting", security(("bearer" = [])), params(StatisticsQuery),
    responses((status = 200, body = StatisticsView), (status = 422, body = Problem)))]
pub async fn get_statistics(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<StatisticsQuery>,
) -> ApiResult<Json<StatisticsView>> {
    let from = query.from.unwrap_or_else(|| hosting::months_ago(&app, 11));
    let months = hosting::statistics(&app, &user.actor, from, query.months.unwrap_or(12)).await?;
    Ok(Json(StatisticsView { data: months.into_iter().map(MonthView::from).collect() }))
}

/// What a host should know today.
#[derive(Debug, Serialize, ToSchema)]
pub struct DashboardView {
    /// Requests to answer, the most urgent first.
    pub requests: Vec<ReservationView>,
    /// Guests who arrive today.
    pub arrivals: Vec<ReservationView>,
    /// Guests who leave today.
    pub departures: Vec<ReservationView>,
    /// The next five arrivals after today.
    pub upcoming: Vec<ReservationView>,
    /// Stays whose guests can still be reviewed.
    pub to_review: Vec<ReservationView>,
    /// Guests who are there now.
    pub staying: i64,
    /// The next 30 days.
    pub outlook: Vec<FiguresView>,
}

impl From<Dashboard> for DashboardView {
    fn from(dashboard: Dashboard) -> Self {
        let views = |rows: Vec<Reservation>| rows.into_iter().map(ReservationView::from).collect();
        Self {
            requests: views(dashboard.requests),
            arrivals: views(dashboard.arrivals),
            departures: views(dashboard.departures),
            upcoming: views(dashboard.upcoming),
            to_review: views(dashboard.to_review),
            staying: dashboard.staying,
            outlook: dashboard.outlook.into_iter().map(FiguresView::from).collect(),
        }
    }
}

/// One's day as a host.
#[utoipa::path(get, path = "/host/dashboard", tag = "hosting", security(("bearer" = [])), responses((status = 200, body = DashboardView)))]
pub async fn get_dashboard(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<DashboardView>> {
    Ok(Json(hosting::dashboard(&app, &user.actor).await?.into()))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list_reservations)).routes(routes!(get_statistics)).routes(routes!(get_dashboard))
}
