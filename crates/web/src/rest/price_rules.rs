//! Tax and fee rules over REST, for staff.

use app::App;
use app::pricing::rules::{self, Kept, RuleChange};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, NaiveDate, Utc};
use domain::fees::DatedFees;
use domain::ids::{FeeRuleId, RuleChangeId, UserId};
use domain::money::{BasisPoints, Money};
use domain::taxes::{PlacedTax, TaxBase, TaxKind, TaxRule};
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
use crate::versions::{IfMatch, etag, tagged};

/// Who wrote a rule, and when.
#[derive(Debug, Serialize, ToSchema)]
pub struct Authorship {
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// By whom; null for what came with the installation.
    pub created_by: Option<Uuid>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: Option<Uuid>,
    /// Grows with each change; also the ETag.
    pub version: i32,
}

impl Authorship {
    fn of<R>(kept: &Kept<R>) -> Self {
        Self {
            created_at: kept.created_at,
            created_by: kept.created_by.map(|id| id.0),
            updated_at: kept.updated_at,
            updated_by: kept.updated_by.map(|id| id.0),
            version: kept.version,
        }
    }
}

/// A tax of a place.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaxRuleInput {
    /// Small letters, digits and dashes; names the rule in reports.
    #[schema(example = "pt-lisbon-city-2024")]
    pub id: String,
    /// To whom it is owed.
    #[schema(example = "PT-Lisbon")]
    pub jurisdiction: String,
    /// For people.
    pub label: String,
    /// Two capital letters.
    pub country: String,
    /// Only there; case does not matter.
    #[serde(default)]
    pub region: Option<String>,
    /// Only there.
    #[serde(default)]
    pub city: Option<String>,
    /// percent, per_stay, per_guest, per_night, per_guest_night.
    pub kind: String,
    /// Hundredths of a percent, for percent.
    #[serde(default)]
    pub rate_bps: i32,
    /// Each, for all other kinds.
    #[serde(default)]
    pub amount: Option<MoneyView>,
    /// What a percentage is taken of: nights (default), fees, all.
    #[serde(default)]
    pub base: Option<String>,
    /// At most so many nights are taxed.
    #[serde(default)]
    pub night_cap: Option<i32>,
    /// Guests younger than this (years) are not taxed.
    #[serde(default)]
    pub age_floor: Option<i32>,
    /// Stays of this many nights and more are not taxed.
    #[serde(default)]
    pub exempt_from_nights: Option<i32>,
    /// First arrival it applies to.
    pub from: NaiveDate,
    /// First arrival it no longer applies to.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

fn word<T: std::str::FromStr<Err = String>>(text: &str, pointer: &str) -> Result<T, ApiError> {
    text.parse().map_err(|why| ApiError::App(app::Error::invalid(pointer, "word", why)))
}

impl TaxRuleInput {
    fn rule(self) -> Result<PlacedTax, ApiError> {
        let kind: TaxKind = word(&self.kind, "/kind")?;
        let base: TaxBase = self.base.as_deref().map_or(Ok(TaxBase::Nights), |base| word(base, "/base"))?;
        let currency = self.amount.as_ref().map(|amount| word(&amount.currency, "/amount/currency")).transpose()?;
        Ok(PlacedTax {
            rule: TaxRule {
                id: self.id,
                jurisdiction: self.jurisdiction,
                label: self.label,
                kind,
                rate_bps: BasisPoints(self.rate_bps),
                amount: self.amount.map_or(0, |amount| amount.amount),
                base,
                night_cap: self.night_cap,
                age_floor: self.age_floor,
                exempt_from_nights: self.exempt_from_nights,
                from: self.from,
                to: self.to,
            },
            country: self.country,
            region: self.region,
            city: self.city,
            currency,
        })
    }
}

/// A tax rule with who wrote it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TaxRuleView {
    /// The rule.
    #[serde(flatten)]
    pub rule: TaxRuleInput,
    /// Who wrote it.
    #[serde(flatten)]
    pub authorship: Authorship,
}

impl From<Kept<PlacedTax>> for TaxRuleView {
    fn from(kept: Kept<PlacedTax>) -> Self {
        let authorship = Authorship::of(&kept);
        let PlacedTax { rule, country, region, city, currency } = kept.rule;
        let rule = TaxRuleInput {
            id: rule.id,
            jurisdiction: rule.jurisdiction,
            label: rule.label,
            country,
            region,
            city,
            kind: rule.kind.to_string(),
            rate_bps: rule.rate_bps.0,
            amount: currency.map(|currency| Money::new(rule.amount, currency).into()),
            base: Some(rule.base.to_string()),
            night_cap: rule.night_cap,
            age_floor: rule.age_floor,
            exempt_from_nights: rule.exempt_from_nights,
            from: rule.from,
            to: rule.to,
        };
        Self { rule, authorship }
    }
}

/// Which rules.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct TaxRuleQuery {
    /// Of one country.
    pub country: Option<String>,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

fn versioned<V: Serialize>(status: StatusCode, version: i32, view: V) -> Response {
    (status, tagged(&HeaderMap::new(), &etag(version, None), Json(view))).into_response()
}

/// Every tax rule, by id.
#[utoipa::path(get, path = "/admin/tax-rules", tag = "admin", security(("bearer" = [])), params(TaxRuleQuery),
    responses((status = 200, body = PageView<TaxRuleView>), (status = 403, body = Problem)))]
pub async fn list_tax_rules(
    State(app): State<App>,
    user: LoggedIn,
    Query(query): Query<TaxRuleQuery>,
) -> ApiResult<Json<PageView<TaxRuleView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    Ok(Json(rules::tax_rules(&app, &user.actor, query.country.as_deref(), page).await?.into()))
}

/// Write a new tax rule. It concerns bookings made from now on.
#[utoipa::path(post, path = "/admin/tax-rules", tag = "admin", security(("bearer" = [])), request_body = TaxRuleInput,
    responses((status = 201, body = TaxRuleView), (status = 403, body = Problem), (status = 409, body = Problem, description = "id_taken"),
        (status = 422, body = Problem)))]
pub async fn create_tax_rule(State(app): State<App>, user: LoggedIn, Json(body): Json<TaxRuleInput>) -> ApiResult<Response> {
    let kept = rules::create_tax_rule(&app, &user.actor, body.rule()?).await?;
    Ok(versioned(StatusCode::CREATED, kept.version, TaxRuleView::from(kept)))
}

/// One tax rule.
#[utoipa::path(get, path = "/admin/tax-rules/{id}", tag = "admin", security(("bearer" = [])), params(("id" = String, Path)),
    responses((status = 200, body = TaxRuleView), (status = 403, body = Problem), (status = 404, body = Problem)))]
pub async fn get_tax_rule(State(app): State<App>, user: LoggedIn, Path(id): Path<String>) -> ApiResult<Response> {
    let kept = rules::tax_rule(&app, &user.actor, &id).await?;
    Ok(versioned(StatusCode::OK, kept.version, TaxRuleView::from(kept)))
}

/// Replace a tax rule. Bookings keep what was agreed.
#[utoipa::path(put, path = "/admin/tax-rules/{id}", tag = "admin", security(("bearer" = [])), request_body = TaxRuleInput,
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The rule's ETag.")),
    responses((status = 200, body = TaxRuleView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub async fn put_tax_rule(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<String>,
    version: IfMatch,
    Json(body): Json<TaxRuleInput>,
) -> ApiResult<Response> {
    let version = version.required()?;
    if body.id != id {
        return Err(app::Error::invalid("/id", "fixed", "a rule keeps its id: end this one and write another").into());
    }
    let kept = rules::put_tax_rule(&app, &user.actor, body.rule()?, version).await?;
    Ok(versioned(StatusCode::OK, kept.version, TaxRuleView::from(kept)))
}

/// Take a tax rule out. Bookings keep what was agreed; the change is on record.
#[utoipa::path(delete, path = "/admin/tax-rules/{id}", tag = "admin", security(("bearer" = [])),
    params(("id" = String, Path), ("If-Match" = String, Header, description = "The rule's ETag.")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 428, body = Problem)))]
pub async fn delete_tax_rule(State(app): State<App>, user: LoggedIn, Path(id): Path<String>, version: IfMatch) -> ApiResult<StatusCode> {
    rules::delete_tax_rule(&app, &user.actor, &id, version.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A change of a rule.
#[derive(Debug, Serialize, ToSchema)]
pub struct RuleChangeView {
    /// Which.
    pub id: Uuid,
    /// created, changed or deleted.
    pub action: String,
    /// By whom; null for the marketplace itself.
    pub changed_by: Option<Uuid>,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// As it stood before.
    #[schema(value_type = Option<Object>)]
    pub before: Option<serde_json::Value>,
    /// As it stands after.
    #[schema(value_type = Option<Object>)]
    pub after: Option<serde_json::Value>,
}

impl From<RuleChange> for RuleChangeView {
    fn from(change: RuleChange) -> Self {
        Self {
            id: change.id.0,
            action: change.action,
            changed_by: change.changed_by.map(|id| id.0),
            changed_at: change.changed_at,
            before: change.before,
            after: change.after,
        }
    }
}

/// The changes of a tax rule, newest first; also of one that is gone.
#[utoipa::path(get, path = "/admin/tax-rules/{id}/history", tag = "admin", security(("bearer" = [])), params(("id" = String, Path), Paging),
    responses((status = 200, body = PageView<RuleChangeView>), (status = 403, body = Problem)))]
pub async fn tax_rule_history(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<String>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<RuleChangeView>>> {
    let page = page_request::<RuleChangeId>(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(rules::rule_changes(&app, &user.actor, ("tax", &id), page).await?.into()))
}

/// The marketplace's fees of bookings made within dates.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FeeRuleInput {
    /// Of this host only; of all when absent.
    #[serde(default)]
    pub host_id: Option<Uuid>,
    /// Of stays of at least so many nights; 1 when absent.
    #[serde(default = "one")]
    pub from_nights: i32,
    /// From the guest, in hundredths of a percent of the host's subtotal.
    pub guest_fee_bps: i32,
    /// From the host, likewise.
    pub host_fee_bps: i32,
    /// First date of booking.
    pub from: NaiveDate,
    /// First date of booking it no longer applies to.
    #[serde(default)]
    pub to: Option<NaiveDate>,
}

const fn one() -> i32 {
    1
}

impl FeeRuleInput {
    fn rule(self, id: FeeRuleId) -> DatedFees {
        DatedFees {
            id,
            host_id: self.host_id.map(UserId),
            from_nights: self.from_nights,
            guest_fee_bps: BasisPoints(self.guest_fee_bps),
            host_fee_bps: BasisPoints(self.host_fee_bps),
            from: self.from,
            to: self.to,
        }
    }
}

/// A fee rule with who wrote it.
#[derive(Debug, Serialize, ToSchema)]
pub struct FeeRuleView {
    /// Which.
    pub id: Uuid,
    /// The rule.
    #[serde(flatten)]
    pub rule: FeeRuleInput,
    /// Who wrote it.
    #[serde(flatten)]
    pub authorship: Authorship,
}

impl From<Kept<DatedFees>> for FeeRuleView {
    fn from(kept: Kept<DatedFees>) -> Self {
        let rule = FeeRuleInput {
            host_id: kept.rule.host_id.map(|id| id.0),
            from_nights: kept.rule.from_nights,
            guest_fee_bps: kept.rule.guest_fee_bps.0,
            host_fee_bps: kept.rule.host_fee_bps.0,
            from: kept.rule.from,
            to: kept.rule.to,
        };
        Self { id: kept.rule.id.0, rule, authorship: Authorship::of(&kept) }
    }
}

/// Every fee rule, newest first.
#[utoipa::path(get, path = "/admin/fee-rules", tag = "admin", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<FeeRuleView>), (status = 403, body = Problem)))]
pub async fn list_fee_rules(
    State(app): State<App>,
    user: LoggedIn,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<FeeRuleView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(rules::fee_rules(&app, &user.actor, page).await?.into()))
}

/// Write a new fee rule: for everybody or one host, for all stays or long ones.
#[utoipa::path(post, path = "/admin/fee-rules", tag = "admin", security(("bearer" = [])), request_body = FeeRuleInput,
    responses((status = 201, body = FeeRuleView), (status = 403, body = Problem), (status = 422, body = Problem)))]
pub async fn create_fee_rule(State(app): State<App>, user: LoggedIn, Json(body): Json<FeeRuleInput>) -> ApiResult<Response> {
    let kept = rules::create_fee_rule(&app, &user.actor, body.rule(FeeRuleId(Uuid::nil()))).await?;
    Ok(versioned(StatusCode::CREATED, kept.version, FeeRuleView::from(kept)))
}

/// Replace a fee rule. Bookings keep what was agreed.
#[utoipa::path(put, path = "/admin/fee-rules/{id}", tag = "admin", security(("bearer" = [])), request_body = FeeRuleInput,
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "The rule's ETag.")),
    responses((status = 200, body = FeeRuleView), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem),
        (status = 422, body = Problem), (status = 428, body = Problem)))]
pub async fn put_fee_rule(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Json(body): Json<FeeRuleInput>,
) -> ApiResult<Response> {
    let kept = rules::put_fee_rule(&app, &user.actor, body.rule(FeeRuleId(id)), version.required()?).await?;
    Ok(versioned(StatusCode::OK, kept.version, FeeRuleView::from(kept)))
}

/// Take a fee rule out. Bookings keep what was agreed; the change is on record.
#[utoipa::path(delete, path = "/admin/fee-rules/{id}", tag = "admin", security(("bearer" = [])),
    params(("id" = Uuid, Path), ("If-Match" = String, Header, description = "The rule's ETag.")),
    responses((status = 204), (status = 403, body = Problem), (status = 404, body = Problem), (status = 412, body = Problem), (status = 428, body = Problem)))]
pub async fn delete_fee_rule(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>, version: IfMatch) -> ApiResult<StatusCode> {
    rules::delete_fee_rule(&app, &user.actor, FeeRuleId(id), version.required()?).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The changes of a fee rule, newest first; also of one that is gone.
#[utoipa::path(get, path = "/admin/fee-rules/{id}/history", tag = "admin", security(("bearer" = [])), params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = PageView<RuleChangeView>), (status = 403, body = Problem)))]
pub async fn fee_rule_history(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<RuleChangeView>>> {
    let page = page_request::<RuleChangeId>(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(rules::rule_changes(&app, &user.actor, ("fee", &id.to_string()), page).await?.into()))
}

/// The routes of these rules.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_tax_rules, create_tax_rule))
        .routes(routes!(get_tax_rule, put_tax_rule, delete_tax_rule))
        .routes(routes!(tax_rule_history))
        .routes(routes!(list_fee_rules, create_fee_rule))
        .routes(routes!(put_fee_rule, delete_fee_rule))
        .routes(routes!(fee_rule_history))
}
