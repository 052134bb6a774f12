//! Bookings over REST: asking, answering, calling off, reading one's own.

use app::App;
use app::accounts::Person;
use app::bookings::{self, ArrivalInfo, BookingDetail, BookingFilter, CancellationPreview, HistoryEntry};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use domain::bookings::{Booking, BookingState, Side};
use domain::dates::Stay;
use domain::ids::{BookingId, ListingId};
use domain::money::Money;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::idempotency::{Idempotent, mark};
use crate::rest::coupons::ContributionView;
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, page_request};
use crate::rest::pricing::{GuestsView, QuoteView, RefundStepView, timeline_view};

/// Somebody in a booking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct PersonView {
    /// Who.
    pub id: Uuid,
    /// As shown to others.
    pub name: String,
}

impl From<Person> for PersonView {
    fn from(person: Person) -> Self {
        Self { id: person.id.0, name: person.name }
    }
}

/// The home of a booking.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct BookedListing {
    /// Which.
    pub id: Uuid,
    /// Its title when it was booked.
    pub title: String,
}

/// A booking as its parties see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct BookingView {
    /// Which.
    pub id: Uuid,
    /// For people.
    #[schema(example = "R7K2-9QXM")]
    pub code: String,
    /// pending_payment, requested, confirmed, completed, declined, expired, cancelled, no_show.
    pub state: String,
    /// instant or request, when it was made.
    pub booking_mode: String,
    /// Which home.
    pub listing: BookedListing,
    /// Who booked.
    pub guest: PersonView,
    /// Whose home.
    pub host: PersonView,
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// The instant from which guests may arrive.
    pub check_in_at: DateTime<Utc>,
    /// The instant until which guests leave.
    pub check_out_at: DateTime<Utc>,
    /// How many nights.
    pub nights: i32,
    /// Who stays.
    pub guests: GuestsView,
    /// What the stay costs the guest in all.
    pub total: MoneyView,
    /// What of it coupon and credit pay.
    pub contribution: ContributionView,
    /// What of it the guest's card pays.
    pub amount_due: MoneyView,
    /// The price as agreed, line by line.
    pub quote: QuoteView,
    /// The policy agreed on.
    pub cancellation_policy: String,
    /// What a guest who calls off gets back, by when.
    pub refund_timeline: Vec<RefundStepView>,
    /// The guest's words to the host.
    pub message: String,
    /// Until when unpaid nights are held.
    pub hold_expires_at: Option<DateTime<Utc>>,
    /// Until when the host can answer.
    pub respond_by: Option<DateTime<Utc>>,
    /// When it was agreed.
    pub confirmed_at: Option<DateTime<Utc>>,
    /// When it was called off.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// guest, host or staff.
    pub cancelled_by: Option<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl BookingView {
    pub(crate) fn new(detail: BookingDetail, now: DateTime<Utc>) -> app::Result<Self> {
        let timeline = bookings::refund_timeline(&detail.booking, now)?;
        let BookingDetail { booking, guest, host } = detail;
        Ok(Self {
            id: booking.id.0,
            state: booking.state.to_string(),
            booking_mode: booking.booking_mode.to_string(),
            listing: BookedListing { id: booking.listing_id.0, title: booking.terms.listing_title.clone() },
            guest: guest.into(),
            host: host.into(),
            check_in: booking.stay.check_in,
            check_out: booking.stay.check_out,
            check_in_at: booking.check_in_at,
            check_out_at: booking.check_out_at,
            nights: booking.stay.nights(),
            guests: booking.guests.into(),
            total: booking.total().into(),
            contribution: ContributionView::new(&booking.terms.contribution, booking.currency),
            amount_due: booking.due().into(),
            cancellation_policy: booking.terms.policy.name.to_string(),
            refund_timeline: timeline_view(&timeline, booking.currency),
            quote: QuoteView::from(&booking.terms.quote),
            message: booking.message,
            hold_expires_at: booking.hold_expires_at,
            respond_by: booking.respond_by,
            confirmed_at: booking.confirmed_at,
            cancelled_at: booking.cancelled_at,
            cancelled_by: booking.cancelled_by.map(|side| side.to_string()),
            created_at: booking.created_at,
            code: booking.code,
        })
    }
}

pub(crate) async fn view(app: &App, booking: Booking) -> app::Result<BookingView> {
    BookingView::new(bookings::detail(app, booking).await?, app.clock.now())
}

/// A guest asks for a stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewBooking {
    /// Which home.
    pub listing_id: Uuid,
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// Who stays.
    pub guests: GuestsView,
    /// A few words to the host, up to 2,000 characters.
    #[serde(default)]
    pub message: String,
    /// What the guest was shown; another price is a 409 `price_changed`.
    pub expected_total: Option<MoneyView>,
    /// A coupon's code.
    #[serde(default)]
    pub coupon: Option<String>,
    /// Spend one's own credit.
    #[serde(default)]
    pub use_credit: bool,
    /// What the guest was shown that their card pays; another amount is a 409 `price_changed`.
    #[serde(default)]
    pub expected_due: Option<MoneyView>,
}

pub(crate) fn stay(check_in: NaiveDate, check_out: NaiveDate) -> Result<Stay, ApiError> {
    Stay::new(check_in, check_out).map_err(|error| ApiError::App(app::Error::invalid("/check_out", "dates", error.to_string())))
}

pub(crate) fn money(view: &MoneyView, pointer: &str) -> Result<Money, ApiError> {
    let currency =
        view.currency.parse().map_err(|why: String| ApiError::App(app::Error::invalid(&format!("{pointer}/currency"), "currency", why)))?;
    Ok(Money::new(view.amount, currency))
}

/// Book a stay.
///
/// The nights are held for 15 minutes; pay within them.
#[utoipa::path(post, path = "/bookings", tag = "bookings", security(("bearer" = [])), request_body = NewBooking,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the stored answer for 24 h.")),
    responses((status = 201, body = BookingView), (status = 409, body = Problem, description = "dates_unavailable, price_changed"),
        (status = 422, body = Problem, description = "Every rule of the host that the stay breaks; why a coupon takes nothing off.")))]
pub async fn request_booking(State(app): State<App>, user: LoggedIn, input: Idempotent<NewBooking>) -> ApiResult<Response> {
    let body = input.body;
    let wish = bookings::Request {
        listing_id: ListingId(body.listing_id),
        stay: stay(body.check_in, body.check_out)?,
        guests: body.guests.into(),
        message: body.message,
        expected_total: body.expected_total.as_ref().map(|expected| money(expected, "/expected_total")).transpose()?,
        coupon: body.coupon,
        use_credit: body.use_credit,
        expected_due: body.expected_due.as_ref().map(|expected| money(expected, "/expected_due")).transpose()?,
    };
    let once = bookings::request(&app, &user.actor, wish, input.key.as_ref()).await?;
    let view = view(&app, once.value).await?;
    let place = HeaderValue::from_str(&format!("/api/v1/bookings/{}", view.id)).ok();
    let mut response = mark(once.replayed, (StatusCode::CREATED, Json(view)));
    if let Some(place) = place {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// Which bookings.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct BookingQuery {
    /// guest (default) or host.
    pub role: Option<String>,
    /// Only those in this state.
    pub state: Option<String>,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// One's own bookings, newest first.
#[utoipa::path(get, path = "/bookings", tag = "bookings", security(("bearer" = [])), params(BookingQuery),
    responses((status = 200, body = PageView<BookingView>)))]
pub async fn list_bookings(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<BookingQuery>,
) -> ApiResult<Json<PageView<BookingView>>> {
    let side = match query.role.as_deref() {
        None | Some("guest") => Side::Guest,
        Some("host") => Side::Host,
        Some(other) => return Err(app::Error::invalid("/role", "role", format!("role is guest or host, not {other:?}")).into()),
    };
    let state = query.state.as_deref().map(str::parse::<BookingState>).transpose();
    let state = state.map_err(|why| app::Error::invalid("/state", "state", format!("state {why}")))?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let page = bookings::list(&app, &user.actor, BookingFilter { side, state }, page).await?;
    let now = app.clock.now();
    let data = page.data.into_iter().map(|detail| BookingView::new(detail, now)).collect::<app::Result<_>>()?;
    Ok(Json(PageView { data, next_cursor: page.next_cursor }))
}

/// One of one's own bookings.
#[utoipa::path(get, path = "/bookings/{id}", tag = "bookings", security(("bearer" = [])),
    params(("id" = Uuid, Path)), responses((status = 200, body = BookingView), (status = 404, body = Problem)))]
pub async fn get_booking(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<BookingView>> {
    let detail = bookings::by_id(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(BookingView::new(detail, app.clock.now())?))
}

/// One row of a booking's state log.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryView {
    /// Null at the beginning.
    pub from: Option<String>,
    /// Where it went.
    pub to: String,
    /// guest, host, staff or system.
    pub by: String,
    /// Why, if they said so.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

impl From<HistoryEntry> for HistoryView {
    fn from(entry: HistoryEntry) -> Self {
        Self {
            from: entry.from_state.map(|s| s.to_string()),
            to: entry.to_state.to_string(),
            by: entry.side.to_string(),
            reason: entry.reason,
            at: entry.at,
        }
    }
}

/// Who moved a booking when, and why.
#[utoipa::path(get, path = "/bookings/{id}/history", tag = "bookings", security(("bearer" = [])),
    params(("id" = Uuid, Path)), responses((status = 200, body = Vec<HistoryView>), (status = 404, body = Problem)))]
pub async fn booking_history(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<HistoryView>>> {
    let rows = bookings::history(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(rows.into_iter().map(HistoryView::from).collect()))
}

/// A body without members.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// The host says yes.
#[utoipa::path(post, path = "/bookings/{id}/accept", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView), (status = 404, body = Problem), (status = 409, body = Problem, description = "illegal_transition, request_expired")))]
pub async fn accept_booking(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<Nothing>,
) -> ApiResult<Response> {
    let once = bookings::accept(&app, &user.actor, BookingId(id), input.key.as_ref()).await?;
    Ok(mark(once.replayed, Json(view(&app, once.value).await?)))
}

/// Why.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Up to 1,000 characters.
    #[serde(default)]
    pub reason: String,
}

/// The host says no.
#[utoipa::path(post, path = "/bookings/{id}/decline", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = Reason, responses((status = 200, body = BookingView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn decline_booking(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<Reason>,
) -> ApiResult<Response> {
    let once = bookings::decline(&app, &user.actor, BookingId(id), &input.body.reason, input.key.as_ref()).await?;
    Ok(mark(once.replayed, Json(view(&app, once.value).await?)))
}

/// The guest never came.
#[utoipa::path(post, path = "/bookings/{id}/no-show", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = BookingView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn mark_no_show(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    _input: Idempotent<Nothing>,
) -> ApiResult<Json<BookingView>> {
    let booking = bookings::mark_no_show(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(view(&app, booking).await?))
}

/// Call a booking off.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Cancellation {
    /// What the preview said; another refund is a 409 `refund_changed`.
    pub expected_refund: Option<MoneyView>,
    /// Up to 1,000 characters.
    #[serde(default)]
    pub reason: String,
}

/// A booking that was called off, and what comes back.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledView {
    /// The booking.
    #[serde(flatten)]
    pub booking: BookingView,
    /// What the guest gets back.
    pub refund: MoneyView,
}

/// Guest or host call a booking off.
#[utoipa::path(post, path = "/bookings/{id}/cancel", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = Cancellation, responses((status = 200, body = CancelledView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "refund_changed, illegal_transition")))]
pub async fn cancel_booking(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<Cancellation>,
) -> ApiResult<Response> {
    let expected = input.body.expected_refund.as_ref().map(|refund| money(refund, "/expected_refund")).transpose()?;
    let once = bookings::cancel(&app, &user.actor, BookingId(id), (expected, &input.body.reason), input.key.as_ref()).await?;
    let (booking, refund) = once.value;
    let view = CancelledView { booking: view(&app, booking).await?, refund: refund.into() };
    Ok(mark(once.replayed, Json(view)))
}

/// What calling off now would do.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancellationView {
    /// What goes back to the guest's card.
    pub refund: MoneyView,
    /// What goes back to the guest's credit.
    pub credit: MoneyView,
    /// What the guest has paid.
    pub paid: MoneyView,
    /// What the host keeps, after fees.
    pub host_receives: MoneyView,
    /// What a host who calls off pays.
    pub host_fee: MoneyView,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

impl From<CancellationPreview> for CancellationView {
    fn from(preview: CancellationPreview) -> Self {
        Self {
            refund: preview.refund.into(),
            credit: preview.credit.into(),
            paid: preview.paid.into(),
            host_receives: preview.host_receives.into(),
            host_fee: preview.host_fee.into(),
            at: preview.at,
        }
    }
}

/// What calling off now would do, computed as the cancellation itself is.
#[utoipa::path(get, path = "/bookings/{id}/cancellation", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = CancellationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn preview_cancellation(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<CancellationView>> {
    Ok(Json(bookings::preview_cancellation(&app, &user.actor, BookingId(id)).await?.into()))
}

/// How to reach the home.
#[derive(Debug, Serialize, ToSchema)]
pub struct ArrivalView {
    /// Street and number.
    pub line1: String,
    /// Floor, door.
    pub line2: String,
    /// City.
    pub city: String,
    /// Region.
    pub region: String,
    /// Postal code.
    pub postal_code: String,
    /// ISO 3166.
    pub country: Option<String>,
    /// Degrees north, exact.
    pub latitude: Option<f64>,
    /// Degrees east, exact.
    pub longitude: Option<f64>,
    /// How to find and enter the home.
    pub instructions: String,
    /// Code of the door or key safe.
    pub door_code: String,
    /// Name of the Wi-Fi.
    pub wifi_name: String,
    /// Its password.
    pub wifi_password: String,
}

impl From<ArrivalInfo> for ArrivalView {
    fn from(info: ArrivalInfo) -> Self {
        Self {
            line1: info.address.line1,
            line2: info.address.line2,
            city: info.address.city,
            region: info.address.region,
            postal_code: info.address.postal_code,
            country: info.address.country,
            latitude: info.point.map(domain::listings::Point::latitude),
            longitude: info.point.map(domain::listings::Point::longitude),
            instructions: info.arrival.instructions,
            door_code: info.arrival.door_code,
            wifi_name: info.arrival.wifi_name,
            wifi_password: info.arrival.wifi_password,
        }
    }
}

/// Address, codes and instructions, once the booking is confirmed.
#[utoipa::path(get, path = "/bookings/{id}/check-in-info", tag = "bookings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ArrivalView), (status = 404, body = Problem), (status = 409, body = Problem, description = "not_confirmed")))]
pub async fn check_in_info(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Response> {
    let info = bookings::arrival(&app, &user.actor, BookingId(id)).await?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok((headers, Json(ArrivalView::from(info))).into_response())
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(request_booking, list_bookings))
        .routes(routes!(get_booking))
        .routes(routes!(booking_history))
        .routes(routes!(accept_booking))
        .routes(routes!(decline_booking))
        .routes(routes!(mark_no_show))
        .routes(routes!(cancel_booking))
        .routes(routes!(preview_cancellation))
        .routes(routes!(check_in_info))
}
