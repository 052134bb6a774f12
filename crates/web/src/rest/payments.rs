//! Payments over REST: paying for a booking, the provider's webhook door, the
//! sandbox's bank page, a host's payouts.

use app::App;
use app::payments::{self, Payout, webhooks};
use app::ports::sandbox;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use domain::ids::BookingId;
use domain::payments::Payment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::idempotency::{Idempotent, mark};
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, Paging, page_request};

/// A guest's payment for a booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentView {
    /// Which.
    pub id: Uuid,
    /// For which booking.
    pub booking_id: Uuid,
    /// pending, requires_action, authorized, succeeded, failed, released, partially_refunded, refunded.
    pub status: String,
    /// How much is asked.
    pub amount: MoneyView,
    /// How much has come back.
    pub refunded: MoneyView,
    /// Where the guest confirms with their bank.
    pub action_url: Option<String>,
    /// Why the last try failed.
    pub decline_code: Option<String>,
}

impl From<Payment> for PaymentView {
    fn from(payment: Payment) -> Self {
        Self {
            id: payment.id.0,
            booking_id: payment.booking_id.0,
            status: payment.status.to_string(),
            refunded: domain::money::Money::new(payment.refunded, payment.amount.currency).into(),
            amount: payment.amount.into(),
            action_url: payment.action_url,
            decline_code: payment.decline_code,
        }
    }
}

/// How to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// The provider's token of the guest's card.
    #[schema(example = "pm_card_visa")]
    pub payment_method: String,
}

/// Pay for a booking.
///
/// An instant booking is charged and confirmed; a request has the card held
/// until the host answers. A declined card is a 201 with status `failed`.
#[utoipa::path(post, path = "/bookings/{id}/payments", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the stored answer for 24 h.")),
    request_body = NewPayment, responses((status = 201, body = PaymentView), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "hold_expired, already_paid, illegal_transition")))]
pub async fn pay_booking(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<NewPayment>,
) -> ApiResult<Response> {
    let once = app::bookings::pay(&app, &user.actor, BookingId(id), &input.body.payment_method, input.key.as_ref()).await?;
    Ok(mark(once.replayed, (StatusCode::CREATED, Json(PaymentView::from(once.value)))))
}

/// The payment of a booking.
#[utoipa::path(get, path = "/bookings/{id}/payments", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = PaymentView), (status = 404, body = Problem)))]
pub async fn booking_payment(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<PaymentView>> {
    Ok(Json(app::bookings::payment(&app, &user.actor, BookingId(id)).await?.into()))
}

/// The door for a provider's signed events.
///
/// Stored first, handled by a job; duplicates and any order are harmless.
#[utoipa::path(post, path = "/payments/webhooks/{provider}", tag = "payments", params(("provider" = String, Path)),
    request_body(content = Vec<u8>, content_type = "application/json"),
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem, description = "bad_signature")))]
pub async fn receive_webhook(
    State(app): State<App>,
    Path(provider): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> ApiResult<StatusCode> {
    let signature =
        ["roost-signature", "stripe-signature"].iter().find_map(|name| headers.get(*name)).and_then(|value| value.to_str().ok());
    webhooks::receive(&app, &provider, signature, &body).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Money on its way to a host.
#[derive(Debug, Serialize, ToSchema)]
pub struct PayoutView {
    /// Which.
    pub id: Uuid,
    /// For which booking.
    pub booking_id: Uuid,
    /// How much.
    pub amount: MoneyView,
    /// scheduled, due, sent, paid, failed, cancelled.
    pub state: String,
    /// From when on it may be paid.
    pub due_at: DateTime<Utc>,
    /// Since when it is planned.
    pub created_at: DateTime<Utc>,
}

impl From<Payout> for PayoutView {
    fn from(payout: Payout) -> Self {
        Self {
            id: payout.id.0,
            booking_id: payout.booking_id.0,
            amount: payout.amount.into(),
            state: payout.state.to_string(),
            due_at: payout.due_at,
            created_at: payout.created_at,
        }
    }
}

/// A host's payouts, newest first.
#[utoipa::path(get, path = "/host/payouts", tag = "payments", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<PayoutView>)))]
pub async fn list_payouts(State(app): State<App>, user: LoggedIn, Query(paging): Query<Paging>) -> ApiResult<Json<PageView<PayoutView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(payments::payouts_of_host(&app, &user.actor, page).await?.into()))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(pay_booking, booking_payment)).routes(routes!(receive_webhook)).routes(routes!(list_payouts))
}

/// The value of `name` in a form's body.
fn field<'a>(body: &'a str, name: &str) -> &'a str {
    body.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).unwrap_or_default()
}

fn done(title: &str, words: &str) -> Response {
    Html(format!("<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>{title}</title><p>{words}</p></html>")).into_response()
}

/// The sandbox's stand-in for the page where a host tells a provider where
/// money goes.
async fn onboarding_page(State(app): State<App>, Path(account): Path<String>) -> ApiResult<Html<String>> {
    app.provider.fetch_account(&account, "").await.map_err(|_| app::Error::NotFound("account"))?;
    Ok(Html(include_str!("onboarding.html").to_owned()))
}

async fn onboarding_answer(State(app): State<App>, Path(account): Path<String>, body: Bytes) -> ApiResult<Response> {
    let text = String::from_utf8_lossy(&body);
    let behaviour = field(&text, "behaviour");
    sandbox::onboard(&app, &account, if behaviour.is_empty() { "arrive" } else { behaviour }).await?;
    Ok(done("Sandbox payouts", "Done: money can be sent to you. You can close this page."))
}

/// Pages of the sandbox provider, outside the API.
pub fn sandbox_pages() -> axum::Router<App> {
    axum::Router::new().route("/sandbox/onboarding/{account}", get(onboarding_page).post(onboarding_answer))
}
