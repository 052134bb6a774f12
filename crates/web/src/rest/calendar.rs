//! Calendars and availability over REST.

use app::App;
use app::calendar::{self, Day, RangeChange};
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::NaiveDate;
use domain::calendar::StayError;
use domain::dates::Stay;
use domain::ids::ListingId;
use domain::money::{Currency, Money};
use domain::pricing::night_price;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{LoggedIn, MaybeActor};
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::money::MoneyView;
use crate::rest::pricing::StayQuery;
use crate::versions::{IfMatch, etag, tagged};

/// Which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DaysQuery {
    /// Today at the listing when absent.
    pub from: Option<NaiveDate>,
    /// Exclusive; 60 days on when absent, at most 800.
    pub to: Option<NaiveDate>,
}

/// One day.
#[derive(Debug, Serialize, ToSchema)]
pub struct DayView {
    /// Which.
    pub date: NaiveDate,
    /// Its night can be had.
    pub available: bool,
    /// What its night costs.
    pub price: Option<MoneyView>,
    /// Fewest nights of a stay that arrives on it.
    pub min_nights: i32,
    /// Guests may arrive.
    pub check_in_allowed: bool,
    /// Guests may leave.
    pub check_out_allowed: bool,
    /// For the owner: booking, host, preparation, import, cancelled_by_host.
    pub blocked_by: Option<String>,
    /// For the owner.
    pub note: Option<String>,
}

/// A calendar.
#[derive(Debug, Serialize, ToSchema)]
pub struct CalendarView {
    /// In order.
    pub days: Vec<DayView>,
}

fn day(day: Day, tariff: Option<&domain::pricing::Tariff>, currency: Currency) -> DayView {
    let rules: Vec<_> = day.rule.into_iter().collect();
    DayView {
        price: tariff.map(|tariff| Money::new(night_price(tariff, &rules, day.date), currency).into()),
        date: day.date,
        available: day.available,
        min_nights: day.min_nights,
        check_in_allowed: day.check_in_allowed,
        check_out_allowed: day.check_out_allowed,
        blocked_by: day.blocked_by,
        note: day.note,
    }
}

async fn view(
    app: &App,
    actor: &domain::actor::Actor,
    id: ListingId,
    range: (Option<NaiveDate>, Option<NaiveDate>),
) -> app::Result<(i32, CalendarView)> {
    let (_, tariff, _) = app::pricing::terms_of(app, actor, id).await?;
    let (listing, days) = calendar::days(app, actor, id, range).await?;
    let days = days.into_iter().map(|one| day(one, tariff.as_ref(), listing.currency)).collect();
    Ok((listing.version, CalendarView { days }))
}

/// A listing's calendar.
#[utoipa::path(get, path = "/listings/{id}/calendar", tag = "calendar", params(("id" = Uuid, Path), DaysQuery),
    responses((status = 200, body = CalendarView), (status = 404, body = Problem)))]
pub async fn get_calendar(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    Query(query): Query<DaysQuery>,
) -> ApiResult<Response> {
    let (version, view) = view(&app, &actor, ListingId(id), (query.from, query.to)).await?;
    Ok(tagged(&HeaderMap::new(), &etag(version, None), Json(view)))
}

/// What to set for a range of dates.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RangeInput {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// false blocks, true opens, absent leaves.
    pub available: Option<bool>,
    /// Minor units a night; null goes back to the tariff, absent leaves.
    #[serde(default, deserialize_with = "crate::patch::nullable")]
    #[schema(value_type = Option<i64>)]
    pub price: Option<Option<i64>>,
    /// Fewest nights of a stay that arrives then; null goes back to the rules, absent leaves.
    #[serde(default, deserialize_with = "crate::patch::nullable")]
    #[schema(value_type = Option<i32>)]
    pub min_nights: Option<Option<i32>>,
    /// To oneself, up to 500 characters.
    #[serde(default)]
    pub note: Option<String>,
}

/// Ranges to set, all or none.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CalendarInput {
    /// In order; up to 200.
    pub ranges: Vec<RangeInput>,
}

/// Set ranges of one's calendar, all or none.
#[utoipa::path(put, path = "/listings/{id}/calendar", tag = "calendar", security(("bearer" = [])), params(("id" = Uuid, Path)), request_body = CalendarInput,
    responses((status = 200, body = CalendarView), (status = 404, body = Problem), (status = 409, body = Problem, description = "nights_booked"), (status = 422, body = Problem)))]
pub async fn put_calendar(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Json(body): Json<CalendarInput>,
) -> ApiResult<Response> {
    let (first, last) = (body.ranges.iter().map(|range| range.from).min(), body.ranges.iter().map(|range| range.to).max());
    let changes: Vec<RangeChange> = body
        .ranges
        .into_iter()
        .map(|range| RangeChange {
            range: Stay { check_in: range.from, check_out: range.to },
            available: range.available,
            price: range.price,
            min_nights: range.min_nights,
            note: range.note.unwrap_or_default(),
        })
        .collect();
    let id = ListingId(id);
    calendar::put_ranges(&app, &user.actor, id, version.optional(), &changes).await?;
    let last = last.zip(first).map(|(last, first)| last.min(first + chrono::Days::new(800)));
    let (version, view) = view(&app, &user.actor, id, (first, last)).await?;
    Ok(tagged(&HeaderMap::new(), &etag(version, None), Json(view)))
}

/// Why a stay cannot be booked.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReasonView {
    /// Stable machine word.
    pub code: String,
    /// For people.
    pub message: String,
}

impl From<&StayError> for ReasonView {
    fn from(error: &StayError) -> Self {
        Self { code: error.code().to_owned(), message: error.to_string() }
    }
}

/// Another stay of the same length.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlternativeView {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
}

/// Whether a stay can be booked.
#[derive(Debug, Serialize, ToSchema)]
pub struct AvailabilityView {
    /// It can.
    pub bookable: bool,
    /// Every rule it breaks.
    pub reasons: Vec<ReasonView>,
    /// The nearest stays of the same length that can.
    pub alternatives: Vec<AlternativeView>,
}

/// Whether a stay can be booked now, and if not, why and what instead.
#[utoipa::path(get, path = "/listings/{id}/availability", tag = "calendar", params(("id" = Uuid, Path), StayQuery),
    responses((status = 200, body = AvailabilityView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn get_availability(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    Query(query): Query<StayQuery>,
) -> ApiResult<Json<AvailabilityView>> {
    let stay = super::bookings::stay(query.check_in, query.check_out)?;
    let found = calendar::availability(&app, &actor, ListingId(id), stay, &query.guests()).await?;
    Ok(Json(AvailabilityView {
        bookable: found.reasons.is_empty(),
        reasons: found.reasons.iter().map(ReasonView::from).collect(),
        alternatives: found
            .alternatives
            .into_iter()
            .map(|stay| AlternativeView { check_in: stay.check_in, check_out: stay.check_out })
            .collect(),
    }))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_calendar, put_calendar)).routes(routes!(get_availability))
}
