//! Changes of bookings over REST: proposing and answering them, leaving early,
//! extra refunds, and what staff decide in place of the policy.

use app::App;
use app::bookings::alterations::{self, Alteration, AlterationDetail, AlterationPreview, Wish};
use app::bookings::overrides::{self, Bearer, StaffCancellation};
use app::bookings::refund_requests::{self, RefundRequest, Verdict};
use app::bookings::{self, ShorteningPreview};
use app::staff::{Deed, audited};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use domain::alterations::PriceChange;
use domain::audit::AuditAction;
use domain::ids::{AlterationId, BookingId, RefundRequestId};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::idempotency::{Idempotent, mark};
use crate::rest::bookings::{BookingView, CancelledView, Nothing, money, view};
use crate::rest::money::MoneyView;
use crate::rest::payments::PaymentView;
use crate::rest::pricing::{GuestsView, QuoteView};

/// What a change does to the price.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceChangeView {
    /// What was agreed.
    pub before: MoneyView,
    /// What is to be paid in all.
    pub after: MoneyView,
    /// What the guest pays more.
    pub charge: MoneyView,
    /// What the guest gets back.
    pub refund: MoneyView,
}

impl From<PriceChange> for PriceChangeView {
    fn from(price: PriceChange) -> Self {
        Self { before: price.before.into(), after: price.after.into(), charge: price.charge().into(), refund: price.refund().into() }
    }
}

/// A proposed change of a booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlterationView {
    /// Which.
    pub id: Uuid,
    /// Of which booking.
    pub booking_id: Uuid,
    /// guest or host.
    pub proposed_by: String,
    /// First night wished for.
    pub check_in: NaiveDate,
    /// Day of departure wished for.
    pub check_out: NaiveDate,
    /// Who will stay.
    pub guests: GuestsView,
    /// The price it leads to, line by line.
    pub quote: QuoteView,
    /// What that changes.
    pub price: PriceChangeView,
    /// A few words to the other side.
    pub message: String,
    /// proposed, accepted, applied, declined, withdrawn, expired, failed.
    pub state: String,
    /// What the guest pays more, once they have said how.
    pub payment: Option<PaymentView>,
    /// Until when the other side can answer.
    pub expires_at: DateTime<Utc>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

impl From<AlterationDetail> for AlterationView {
    fn from(detail: AlterationDetail) -> Self {
        let AlterationDetail { alteration, payment } = detail;
        let Alteration {
            id, booking_id, proposed_by, stay, guests, quote, price, message, state, expires_at, created_at, answered_at, ..
        } = alteration;
        Self {
            id: id.0,
            booking_id: booking_id.0,
            proposed_by: proposed_by.to_string(),
            check_in: stay.check_in,
            check_out: stay.check_out,
            guests: guests.into(),
            quote: QuoteView::from(&quote),
            price: price.into(),
            message,
            state: state.to_string(),
            payment: payment.map(PaymentView::from),
            expires_at,
            created_at,
            answered_at,
        }
    }
}

/// What is wished of a booking; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewAlteration {
    /// First night.
    pub check_in: Option<NaiveDate>,
    /// Day of departure.
    pub check_out: Option<NaiveDate>,
    /// Who will stay.
    pub guests: Option<GuestsView>,
    /// A few words to the other side, up to 1,000 characters.
    #[serde(default)]
    pub message: String,
    /// What the preview said; another total is a 409 `price_changed`.
    pub expected_total: Option<MoneyView>,
    /// The guest's card, when it costs more.
    pub payment_method: Option<String>,
}

impl NewAlteration {
    fn wish(self) -> ApiResult<Wish> {
        Ok(Wish {
            check_in: self.check_in,
            check_out: self.check_out,
            guests: self.guests.map(Into::into),
            message: self.message,
            expected_total: self.expected_total.as_ref().map(|total| money(total, "/expected_total")).transpose()?,
            payment_method: self.payment_method,
        })
    }
}

/// Propose a change of dates or guests.
///
/// Nights that stay keep their price. The other side has 24 hours to answer;
/// nights that are added are held meanwhile, and so is what it costs more on
/// the guest's card.
#[utoipa::path(post, path = "/bookings/{id}/alterations", tag = "alterations", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewAlteration, responses((status = 201, body = AlterationView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "dates_unavailable, price_changed, alteration_open, illegal_transition")))]
pub async fn propose_alteration(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<NewAlteration>,
) -> ApiResult<Response> {
    let once = alterations::propose(&app, &user.actor, BookingId(id), input.body.wish()?, input.key.as_ref()).await?;
    Ok(mark(once.replayed, (StatusCode::CREATED, Json(AlterationView::from(once.value)))))
}

/// Every change proposed for a booking, newest first.
#[utoipa::path(get, path = "/bookings/{id}/alterations", tag = "alterations", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<AlterationView>), (status = 404, body = Problem)))]
pub async fn list_alterations(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<AlterationView>>> {
    let all = alterations::list_of(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(all.into_iter().map(AlterationView::from).collect()))
}

/// What a change would lead to.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlterationPreviewView {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// The price, line by line.
    pub quote: QuoteView,
    /// What that changes.
    pub price: PriceChangeView,
}

impl From<AlterationPreview> for AlterationPreviewView {
    fn from(preview: AlterationPreview) -> Self {
        let AlterationPreview { stay, quote, price } = preview;
        Self { check_in: stay.check_in, check_out: stay.check_out, quote: QuoteView::from(&quote), price: price.into() }
    }
}

/// What a change would cost, computed as the change itself is.
#[utoipa::path(post, path = "/bookings/{id}/alterations/preview", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path)), request_body = NewAlteration, responses((status = 200, body = AlterationPreviewView),
        (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn preview_alteration(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<NewAlteration>,
) -> ApiResult<Json<AlterationPreviewView>> {
    Ok(Json(alterations::preview(&app, &user.actor, BookingId(id), &input.body.wish()?).await?.into()))
}

/// How to pay for what a change costs more.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AlterationYes {
    /// The guest's card, when a change that the host proposed costs more.
    pub payment_method: Option<String>,
}

/// The other side says yes.
#[utoipa::path(post, path = "/bookings/{id}/alterations/{alteration_id}/accept", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("alteration_id" = Uuid, Path)), request_body = AlterationYes,
    responses((status = 200, body = AlterationView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "illegal_transition, alteration_expired, payment_not_ready, dates_unavailable")))]
pub async fn accept_alteration(
    State(app): State<App>,
    user: LoggedIn,
    Path((booking, id)): Path<(Uuid, Uuid)>,
    input: Idempotent<AlterationYes>,
) -> ApiResult<Response> {
    let which = (BookingId(booking), AlterationId(id));
    let once = alterations::accept(&app, &user.actor, which, input.body.payment_method.as_deref(), input.key.as_ref()).await?;
    Ok(mark(once.replayed, Json(AlterationView::from(once.value))))
}

/// The other side says no.
#[utoipa::path(post, path = "/bookings/{id}/alterations/{alteration_id}/decline", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("alteration_id" = Uuid, Path)),
    responses((status = 200, body = AlterationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn decline_alteration(
    State(app): State<App>,
    user: LoggedIn,
    Path((booking, id)): Path<(Uuid, Uuid)>,
    _input: Idempotent<Nothing>,
) -> ApiResult<Json<AlterationView>> {
    Ok(Json(alterations::decline(&app, &user.actor, (BookingId(booking), AlterationId(id))).await?.into()))
}

/// Whoever proposed a change takes it back.
#[utoipa::path(post, path = "/bookings/{id}/alterations/{alteration_id}/withdraw", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("alteration_id" = Uuid, Path)),
    responses((status = 200, body = AlterationView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn withdraw_alteration(
    State(app): State<App>,
    user: LoggedIn,
    Path((booking, id)): Path<(Uuid, Uuid)>,
    _input: Idempotent<Nothing>,
) -> ApiResult<Json<AlterationView>> {
    Ok(Json(alterations::withdraw(&app, &user.actor, (BookingId(booking), AlterationId(id))).await?.into()))
}

/// When to leave.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct ShorteningQuery {
    /// Day of departure.
    pub check_out: NaiveDate,
}

/// What leaving early would bring back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShorteningView {
    /// Day of departure.
    pub check_out: NaiveDate,
    /// The price of the stay then, line by line.
    pub quote: QuoteView,
    /// What goes back to the guest's card.
    pub refund: MoneyView,
    /// What goes back to the guest's credit.
    pub credit: MoneyView,
    /// The instant this was computed for.
    pub at: DateTime<Utc>,
}

impl From<ShorteningPreview> for ShorteningView {
    fn from(preview: ShorteningPreview) -> Self {
        Self {
            check_out: preview.stay.check_out,
            quote: QuoteView::from(&preview.quote),
            refund: preview.refund.into(),
            credit: preview.credit.into(),
            at: preview.at,
        }
    }
}

/// What leaving early would bring back, computed as leaving itself is.
#[utoipa::path(get, path = "/bookings/{id}/shortening", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ShorteningQuery),
    responses((status = 200, body = ShorteningView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn preview_shortening(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<ShorteningQuery>,
) -> ApiResult<Json<ShorteningView>> {
    Ok(Json(bookings::preview_shortening(&app, &user.actor, BookingId(id), query.check_out).await?.into()))
}

/// Leave early.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Shortening {
    /// Day of departure.
    pub check_out: NaiveDate,
    /// What the preview said; another refund is a 409 `refund_changed`.
    pub expected_refund: Option<MoneyView>,
}

/// A stay that became shorter, and what comes back.
#[derive(Debug, Serialize, ToSchema)]
pub struct ShortenedView {
    /// The booking.
    #[serde(flatten)]
    pub booking: BookingView,
    /// What the guest gets back.
    pub refund: MoneyView,
}

/// The guest gives up the last nights of a stay.
///
/// No consent is needed: the policy says what comes back.
#[utoipa::path(post, path = "/bookings/{id}/shorten", tag = "alterations", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = Shortening, responses((status = 200, body = ShortenedView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "refund_changed, illegal_transition")))]
pub async fn shorten_booking(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<Shortening>,
) -> ApiResult<Response> {
    let expected = input.body.expected_refund.as_ref().map(|refund| money(refund, "/expected_refund")).transpose()?;
    let once = bookings::shorten(&app, &user.actor, BookingId(id), (input.body.check_out, expected), input.key.as_ref()).await?;
    let (booking, refund) = once.value;
    let view = ShortenedView { booking: view(&app, booking).await?, refund: refund.into() };
    Ok(mark(once.replayed, Json(view)))
}

/// A guest's wish for more back than the policy gives.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundRequestView {
    /// Which.
    pub id: Uuid,
    /// Of which booking.
    pub booking_id: Uuid,
    /// How much is asked.
    pub amount: MoneyView,
    /// Why.
    pub reason: String,
    /// open, granted, declined, withdrawn.
    pub state: String,
    /// How much was granted.
    pub granted: Option<MoneyView>,
    /// The host's words.
    pub answer: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

impl From<RefundRequest> for RefundRequestView {
    fn from(request: RefundRequest) -> Self {
        Self {
            id: request.id.0,
            booking_id: request.booking_id.0,
            amount: request.amount.into(),
            reason: request.reason,
            state: request.state.to_string(),
            granted: request.granted.map(Into::into),
            answer: request.answer,
            created_at: request.created_at,
            answered_at: request.answered_at,
        }
    }
}

/// Ask for more back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewRefundRequest {
    /// How much, at most the host's part.
    pub amount: MoneyView,
    /// Why; 1–1,000 characters.
    pub reason: String,
}

/// The guest asks the host for more back than the policy gives.
#[utoipa::path(post, path = "/bookings/{id}/refund-requests", tag = "alterations", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewRefundRequest, responses((status = 201, body = RefundRequestView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "refund_request_open, illegal_transition")))]
pub async fn ask_refund(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<NewRefundRequest>,
) -> ApiResult<Response> {
    let amount = money(&input.body.amount, "/amount")?;
    let once = refund_requests::ask(&app, &user.actor, BookingId(id), (amount, &input.body.reason), input.key.as_ref()).await?;
    Ok(mark(once.replayed, (StatusCode::CREATED, Json(RefundRequestView::from(once.value)))))
}

/// Requests for extra refunds of a booking, newest first.
#[utoipa::path(get, path = "/bookings/{id}/refund-requests", tag = "alterations", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<RefundRequestView>), (status = 404, body = Problem)))]
pub async fn list_refund_requests(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<RefundRequestView>>> {
    let all = refund_requests::list_of(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(all.into_iter().map(RefundRequestView::from).collect()))
}

/// Give money back.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundGrant {
    /// Part of what was asked; all of it when absent.
    pub amount: Option<MoneyView>,
    /// A few words to the guest, up to 1,000 characters.
    #[serde(default)]
    pub answer: String,
}

/// The host grants a refund, out of their own part.
#[utoipa::path(post, path = "/bookings/{id}/refund-requests/{request_id}/grant", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("request_id" = Uuid, Path)), request_body = RefundGrant,
    responses((status = 200, body = RefundRequestView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn grant_refund(
    State(app): State<App>,
    user: LoggedIn,
    Path((booking, id)): Path<(Uuid, Uuid)>,
    input: Idempotent<RefundGrant>,
) -> ApiResult<Response> {
    let amount = input.body.amount.as_ref().map(|amount| money(amount, "/amount")).transpose()?;
    let verdict = Verdict { grant: true, amount, answer: input.body.answer };
    let once = refund_requests::answer(&app, &user.actor, (BookingId(booking), RefundRequestId(id)), verdict, input.key.as_ref()).await?;
    Ok(mark(once.replayed, Json(RefundRequestView::from(once.value))))
}

/// A few words.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RefundRefusal {
    /// Up to 1,000 characters.
    #[serde(default)]
    pub answer: String,
}

/// The host says no.
#[utoipa::path(post, path = "/bookings/{id}/refund-requests/{request_id}/decline", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("request_id" = Uuid, Path)), request_body = RefundRefusal,
    responses((status = 200, body = RefundRequestView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn decline_refund(
    State(app): State<App>,
    user: LoggedIn,
    Path((booking, id)): Path<(Uuid, Uuid)>,
    input: Idempotent<RefundRefusal>,
) -> ApiResult<Response> {
    let verdict = Verdict { grant: false, amount: None, answer: input.body.answer };
    let once = refund_requests::answer(&app, &user.actor, (BookingId(booking), RefundRequestId(id)), verdict, input.key.as_ref()).await?;
    Ok(mark(once.replayed, Json(RefundRequestView::from(once.value))))
}

/// The guest takes a request back.
#[utoipa::path(post, path = "/bookings/{id}/refund-requests/{request_id}/withdraw", tag = "alterations", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("request_id" = Uuid, Path)),
    responses((status = 200, body = RefundRequestView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn withdraw_refund_request(
    State(app): State<App>,
    user: LoggedIn,
    Path((booking, id)): Path<(Uuid, Uuid)>,
    _input: Idempotent<Nothing>,
) -> ApiResult<Json<RefundRequestView>> {
    Ok(Json(refund_requests::withdraw(&app, &user.actor, (BookingId(booking), RefundRequestId(id))).await?.into()))
}

/// How staff call a booking off.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffCancellationInput {
    /// Why; 1–1,000 characters, kept in the booking's history.
    pub reason: String,
    /// What the guest gets back; everything when absent.
    pub refund: Option<MoneyView>,
    /// As if the host had called off: their fee, and the nights stay blocked.
    #[serde(default)]
    pub host_at_fault: bool,
    /// The host pays no fee (an emergency).
    #[serde(default)]
    pub waive_host_fee: bool,
}

/// Staff call a booking off in place of the policy.
#[utoipa::path(post, path = "/admin/bookings/{id}/cancel", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = StaffCancellationInput, responses((status = 200, body = CancelledView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn cancel_as_staff(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<StaffCancellationInput>,
) -> ApiResult<Response> {
    let body = input.body;
    let refund = body.refund.as_ref().map(|refund| money(refund, "/refund")).transpose()?;
    let wish = StaffCancellation { reason: body.reason, refund, host_at_fault: body.host_at_fault, waive_host_fee: body.waive_host_fee };
    let (actor, reason) = (&user.actor, wish.reason.clone());
    let deed = Deed::new(AuditAction::CancelBooking, id, &reason)
        .with(json!({"refund": refund, "host_at_fault": wish.host_at_fault, "waive_host_fee": wish.waive_host_fee}));
    let act = overrides::cancel_as_staff(&app, actor, BookingId(id), wish, input.key.as_ref());
    let once = audited(&app, actor, deed, act).await?;
    let (booking, refund) = once.value;
    let view = CancelledView { booking: view(&app, booking).await?, refund: refund.into() };
    Ok(mark(once.replayed, Json(view)))
}

/// What staff give a guest back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StaffRefundInput {
    /// How much.
    pub amount: MoneyView,
    /// host or marketplace: out of whose pocket.
    pub bearer: String,
    /// Why; 1–1,000 characters, kept in the booking's history.
    pub reason: String,
}

/// What was given back.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffRefundView {
    /// How much.
    pub refund: MoneyView,
}

/// Staff give a guest money back.
#[utoipa::path(post, path = "/admin/bookings/{id}/refund", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = StaffRefundInput, responses((status = 200, body = StaffRefundView), (status = 404, body = Problem),
        (status = 409, body = Problem), (status = 422, body = Problem)))]
pub async fn refund_as_staff(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<StaffRefundInput>,
) -> ApiResult<Response> {
    let body = input.body;
    let amount = money(&body.amount, "/amount")?;
    let bearer = match body.bearer.as_str() {
        "host" => Bearer::Host,
        "marketplace" => Bearer::Marketplace,
        other => return Err(app::Error::invalid("/bearer", "bearer", format!("bearer is host or marketplace, not {other:?}")).into()),
    };
    let deed = Deed::new(AuditAction::RefundBooking, id, &body.reason).with(json!({"amount": amount, "bearer": body.bearer}));
    let act = overrides::refund_as_staff(&app, &user.actor, BookingId(id), (amount, bearer, &body.reason), input.key.as_ref());
    let once = audited(&app, &user.actor, deed, act).await?;
    Ok(mark(once.replayed, Json(StaffRefundView { refund: once.value.into() })))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(propose_alteration, list_alterations))
        .routes(routes!(preview_alteration))
        .routes(routes!(accept_alteration))
        .routes(routes!(decline_alteration))
        .routes(routes!(withdraw_alteration))
        .routes(routes!(preview_shortening))
        .routes(routes!(shorten_booking))
        .routes(routes!(ask_refund, list_refund_requests))
        .routes(routes!(grant_refund))
        .routes(routes!(decline_refund))
        .routes(routes!(withdraw_refund_request))
        .routes(routes!(cancel_as_staff))
        .routes(routes!(refund_as_staff))
}
