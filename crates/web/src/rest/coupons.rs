//! Coupons and credit over REST.

use app::App;
use app::coupons::{self, credit};
use app::staff;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::coupons::{Contribution, Coupon, CouponTerms, CouponValue};
use domain::ids::{CouponId, UserId};
use domain::money::{BasisPoints, Currency, Money};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::money::MoneyView;
use crate::rest::page::{PageView, Paging, page_request};

/// A coupon in a booking.
#[derive(Debug, Serialize, ToSchema)]
pub struct CouponUseView {
    /// Its code.
    #[schema(example = "SPRING")]
    pub code: String,
    /// What it pays.
    pub amount: MoneyView,
}

/// What coupon and credit pay of a price; the card pays the rest.
#[derive(Debug, Serialize, ToSchema)]
pub struct ContributionView {
    /// The marketplace's coupon.
    pub coupon: Option<CouponUseView>,
    /// The guest's own credit.
    pub credit: MoneyView,
}

impl ContributionView {
    pub(crate) fn new(contribution: &Contribution, currency: Currency) -> Self {
        let money = |amount| MoneyView::from(Money::new(amount, currency));
        let coupon = contribution.coupon.as_ref();
        Self {
            coupon: coupon.map(|used| CouponUseView { code: used.code.clone(), amount: money(used.amount) }),
            credit: money(contribution.credit),
        }
    }
}

/// A guest's credit in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditBalanceView {
    /// Can be spent now.
    pub available: MoneyView,
    /// Kept for bookings that wait for their payment.
    pub held: MoneyView,
}

/// Credit that was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreditGrantView {
    /// Which.
    pub id: Uuid,
    /// How much.
    pub amount: MoneyView,
    /// Why.
    pub reason: String,
    /// The stay it came back from.
    pub booking_id: Option<Uuid>,
    /// What is not spent by then is gone.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<credit::CreditGrant> for CreditGrantView {
    fn from(grant: credit::CreditGrant) -> Self {
        Self {
            id: grant.id.0,
            amount: grant.amount.into(),
            reason: grant.reason,
            booking_id: grant.booking_id.map(|booking| booking.0),
            expires_at: grant.expires_at,
            created_at: grant.created_at,
        }
    }
}

/// One's own credit, by currency.
#[utoipa::path(get, path = "/users/me/credit", tag = "pricing", security(("bearer" = [])),
    responses((status = 200, body = Vec<CreditBalanceView>)))]
pub async fn get_credit(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<Vec<CreditBalanceView>>> {
    let balances = credit::balances(&app, &user.actor).await?;
    let view = |balance: credit::CreditBalance| CreditBalanceView { available: balance.available.into(), held: balance.held.into() };
    Ok(Json(balances.into_iter().map(view).collect()))
}

/// What one was given, newest first.
#[utoipa::path(get, path = "/users/me/credit/grants", tag = "pricing", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<CreditGrantView>)))]
pub async fn list_credit_grants(
    State(app): State<App>,
    user: LoggedIn,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<CreditGrantView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(credit::grants(&app, &user.actor, page).await?.into()))
}

/// A new coupon.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCoupon {
    /// What guests type: 3–32 letters, digits and dashes; case does not matter.
    #[schema(example = "SPRING")]
    pub code: String,
    /// Takes off so much of the price, in hundredths of a percent; or `amount`.
    #[serde(default)]
    pub percent_bps: Option<i32>,
    /// Takes off so much, minor units of `currency`; or `percent_bps`.
    #[serde(default)]
    pub amount: Option<i64>,
    /// Only homes let in it, ISO 4217; required with any amount.
    #[serde(default)]
    pub currency: Option<String>,
    /// Takes off at most so many minor units.
    #[serde(default)]
    pub max_amount: Option<i64>,
    /// Stays that cost at least so many minor units.
    #[serde(default)]
    pub minimum_total: i64,
    /// From when on; now when absent.
    #[serde(default)]
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when.
    #[serde(default)]
    pub ends_at: Option<DateTime<Utc>>,
    /// How often in all; each guest once.
    #[serde(default)]
    pub max_uses: Option<i32>,
    /// Only for guests who have had no booking yet.
    #[serde(default)]
    pub first_booking_only: bool,
    /// For staff, up to 500 characters.
    #[serde(default)]
    pub note: String,
    /// Why it is written; for the audit log.
    pub reason: String,
}

/// What a coupon takes off: one of two.
///
/// # Errors
/// 422 when it is none or both.
pub(crate) fn value(percent_bps: Option<i32>, amount: Option<i64>) -> app::Result<CouponValue> {
    match (percent_bps, amount) {
        (Some(bps), None) => Ok(CouponValue::Percent(BasisPoints(bps))),
        (None, Some(amount)) => Ok(CouponValue::Amount(amount)),
        _ => Err(app::Error::invalid("/amount", "one_of", "say percent_bps or amount, one of both")),
    }
}

impl NewCoupon {
    fn terms(self, now: DateTime<Utc>) -> Result<(CouponTerms, String), ApiError> {
        let read = |code: &String| code.parse().map_err(|why: String| app::Error::invalid("/currency", "currency", why));
        let terms = CouponTerms {
            value: value(self.percent_bps, self.amount)?,
            currency: self.currency.as_ref().map(read).transpose()?,
            code: self.code,
            max_amount: self.max_amount,
            minimum_total: self.minimum_total,
            starts_at: self.starts_at.unwrap_or(now),
            ends_at: self.ends_at,
            max_uses: self.max_uses,
            first_booking_only: self.first_booking_only,
            note: self.note,
        };
        Ok((terms, self.reason))
    }
}

/// A coupon as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct CouponView {
    /// Which.
    pub id: Uuid,
    /// What guests type.
    pub code: String,
    /// Hundredths of a percent of the price.
    pub percent_bps: Option<i32>,
    /// Minor units of `currency`.
    pub amount: Option<i64>,
    /// ISO 4217.
    pub currency: Option<String>,
    /// Minor units at most.
    pub max_amount: Option<i64>,
    /// Least price of the stay, minor units.
    pub minimum_total: i64,
    /// From when on.
    pub starts_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// How often in all.
    pub max_uses: Option<i32>,
    /// Only for guests who have had no booking yet.
    pub first_booking_only: bool,
    /// For staff.
    pub note: String,
    /// How often it is used or held by bookings that are not paid yet.
    pub uses: i32,
    /// When staff ended it.
    pub ended_at: Option<DateTime<Utc>>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<Coupon> for CouponView {
    fn from(coupon: Coupon) -> Self {
        let (percent_bps, amount) = match coupon.terms.value {
            CouponValue::Percent(bps) => (Some(bps.0), None),
            CouponValue::Amount(amount) => (None, Some(amount)),
        };
        Self {
            id: coupon.id.0,
            code: coupon.terms.code,
            percent_bps,
            amount,
            currency: coupon.terms.currency.map(|currency| currency.to_string()),
            max_amount: coupon.terms.max_amount,
            minimum_total: coupon.terms.minimum_total,
            starts_at: coupon.terms.starts_at,
            ends_at: coupon.terms.ends_at,
            max_uses: coupon.terms.max_uses,
            first_booking_only: coupon.terms.first_booking_only,
            note: coupon.terms.note,
            uses: coupon.uses,
            ended_at: coupon.ended_at,
            created_at: coupon.created_at,
        }
    }
}

/// Every coupon, newest first.
#[utoipa::path(get, path = "/admin/coupons", tag = "admin", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<CouponView>), (status = 404, body = Problem)))]
pub async fn list_coupons(State(app): State<App>, user: LoggedIn, Query(paging): Query<Paging>) -> ApiResult<Json<PageView<CouponView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(coupons::list(&app, &user.actor, page).await?.into()))
}

/// Write a coupon.
#[utoipa::path(post, path = "/admin/coupons", tag = "admin", security(("bearer" = [])), request_body = NewCoupon,
    responses((status = 201, body = CouponView), (status = 404, body = Problem), (status = 409, body = Problem, description = "code_taken"),
        (status = 422, body = Problem)))]
pub async fn create_coupon(State(app): State<App>, user: LoggedIn, Json(body): Json<NewCoupon>) -> ApiResult<Response> {
    let (terms, reason) = body.terms(app.clock.now())?;
    let coupon = staff::create_coupon(&app, &user.actor, terms, &reason).await?;
    Ok((StatusCode::CREATED, Json(CouponView::from(coupon))).into_response())
}

/// Why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CouponEnd {
    /// 1–2,000 characters, for the audit log.
    pub reason: String,
}

/// End a coupon. Bookings that have it keep it.
#[utoipa::path(post, path = "/admin/coupons/{id}/end", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = CouponEnd, responses((status = 200, body = CouponView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn end_coupon(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<CouponEnd>,
) -> ApiResult<Json<CouponView>> {
    Ok(Json(staff::end_coupon(&app, &user.actor, CouponId(id), &body.reason).await?.into()))
}

/// Credit for somebody.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCredit {
    /// How much.
    pub amount: MoneyView,
    /// What is not spent by then is gone; never when absent.
    #[serde(default)]
    pub expires_at: Option<DateTime<Utc>>,
    /// 1–500 characters; they read it.
    pub reason: String,
}

/// Give somebody credit, of the marketplace's own money.
#[utoipa::path(post, path = "/admin/users/{id}/credit", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = NewCredit, responses((status = 201, body = CreditGrantView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn grant_credit(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<NewCredit>,
) -> ApiResult<Response> {
    let amount = super::bookings::money(&body.amount, "/amount")?;
    let grant = staff::grant_credit(&app, &user.actor, UserId(id), (amount, body.expires_at), &body.reason).await?;
    Ok((StatusCode::CREATED, Json(CreditGrantView::from(grant))).into_response())
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(get_credit))
        .routes(routes!(list_credit_grants))
        .routes(routes!(list_coupons, create_coupon))
        .routes(routes!(end_coupon))
        .routes(routes!(grant_credit))
}
