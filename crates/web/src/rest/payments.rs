//! Payments over REST: paying for a booking, the provider's webhook door, the
//! sandbox's bank page.

use app::App;
use app::bookings::PayWish;
use app::payments::methods::PaymentMethod;
use app::payments::{self, webhooks};
use app::ports::sandbox;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PaymentMethodId};
use domain::instalments::{Instalment, PaymentPlan};
use domain::payments::Payment;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path};
use crate::idempotency::{Idempotent, mark};
use crate::rest::money::MoneyView;

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
    /// stay, instalment, alteration.
    pub purpose: String,
    /// When it will be charged; null: at once.
    pub due_at: Option<DateTime<Utc>>,
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
            purpose: payment.purpose.to_string(),
            due_at: payment.due_at,
        }
    }
}

/// How to pay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPayment {
    /// The provider's token of the guest's card, or the id of a kept card.
    #[schema(example = "pm_card_visa")]
    pub payment_method: String,
    /// full (when absent), deposit, monthly; see the booking's payment plans.
    #[serde(default)]
    pub plan: Option<String>,
    /// Keep the card for other bookings.
    #[serde(default)]
    pub keep_card: bool,
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
    let NewPayment { payment_method, plan, keep_card } = &input.body;
    let plan =
        plan.as_deref().unwrap_or(PaymentPlan::Full.as_str()).parse().map_err(|why: String| app::Error::invalid("/plan", "plan", why))?;
    let wish = PayWish { method: payment_method, plan, keep_card: *keep_card };
    let once = app::bookings::pay_with(&app, &user.actor, BookingId(id), wish, input.key.as_ref()).await?;
    Ok(mark(once.replayed, (StatusCode::CREATED, Json(PaymentView::from(once.value)))))
}

/// The payment of a booking.
#[utoipa::path(get, path = "/bookings/{id}/payments", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = PaymentView), (status = 404, body = Problem)))]
pub async fn booking_payment(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<PaymentView>> {
    Ok(Json(app::bookings::payment(&app, &user.actor, BookingId(id)).await?.into()))
}

/// One way to pay, with its parts.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlanView {
    /// full, deposit, monthly.
    pub plan: String,
    /// What is to be paid when.
    pub instalments: Vec<InstalmentView>,
}

/// A part of the price.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstalmentView {
    /// How much.
    pub amount: MoneyView,
    /// When; null: now.
    pub due_at: Option<DateTime<Utc>>,
}

/// The ways in which a booking can be paid; empty once it is.
#[utoipa::path(get, path = "/bookings/{id}/payment-plans", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<PlanView>), (status = 404, body = Problem)))]
pub async fn payment_plans(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<PlanView>>> {
    let plans = app::bookings::payment_plans(&app, &user.actor, BookingId(id)).await?;
    let part = |part: Instalment| InstalmentView { amount: part.amount.into(), due_at: part.due_at };
    let view = |(plan, parts): (PaymentPlan, Vec<Instalment>)| PlanView {
        plan: plan.to_string(),
        instalments: parts.into_iter().map(part).collect(),
    };
    Ok(Json(plans.into_iter().map(view).collect()))
}

/// Every payment of a booking: the first, and what falls due later.
#[utoipa::path(get, path = "/bookings/{id}/instalments", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = Vec<PaymentView>), (status = 404, body = Problem)))]
pub async fn booking_instalments(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<Vec<PaymentView>>> {
    let payments = app::bookings::all_payments(&app, &user.actor, BookingId(id)).await?;
    Ok(Json(payments.into_iter().map(PaymentView::from).collect()))
}

/// A card that a guest keeps.
#[derive(Debug, Serialize, ToSchema)]
pub struct PaymentMethodView {
    /// Which; pay with it.
    pub id: Uuid,
    /// visa, mastercard, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1–12.
    pub exp_month: i32,
    /// Four digits.
    pub exp_year: i32,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<PaymentMethod> for PaymentMethodView {
    fn from(method: PaymentMethod) -> Self {
        Self {
            id: method.id.0,
            brand: method.card.brand,
            last4: method.card.last4,
            exp_month: method.card.exp_month,
            exp_year: method.card.exp_year,
            created_at: method.created_at,
        }
    }
}

/// A card to keep.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPaymentMethod {
    /// The provider's token of it.
    #[schema(example = "pm_card_visa")]
    pub payment_method: String,
}

/// One's kept cards, the newest first.
#[utoipa::path(get, path = "/users/me/payment-methods", tag = "payments", security(("bearer" = [])),
    responses((status = 200, body = Vec<PaymentMethodView>)))]
pub async fn list_payment_methods(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<Vec<PaymentMethodView>>> {
    let methods = payments::methods::list(&app, &user.actor).await?;
    Ok(Json(methods.into_iter().map(PaymentMethodView::from).collect()))
}

/// Keep a card.
#[utoipa::path(post, path = "/users/me/payment-methods", tag = "payments", security(("bearer" = [])), request_body = NewPaymentMethod,
    responses((status = 201, body = PaymentMethodView), (status = 409, body = Problem, description = "too_many_cards"),
        (status = 422, body = Problem)))]
pub async fn keep_payment_method(
    State(app): State<App>,
    user: LoggedIn,
    Json(input): Json<NewPaymentMethod>,
) -> ApiResult<(StatusCode, Json<PaymentMethodView>)> {
    let method = payments::methods::keep(&app, &user.actor, &input.payment_method).await?;
    Ok((StatusCode::CREATED, Json(method.into())))
}

/// Forget a card.
#[utoipa::path(delete, path = "/users/me/payment-methods/{id}", tag = "payments", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn forget_payment_method(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    payments::methods::forget(&app, &user.actor, PaymentMethodId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
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

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(pay_booking, booking_payment))
        .routes(routes!(payment_plans))
        .routes(routes!(booking_instalments))
        .routes(routes!(list_payment_methods, keep_payment_method))
        .routes(routes!(forget_payment_method))
        .routes(routes!(receive_webhook))
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
