//! Prices, rules and quotes over REST.

use app::App;
use app::coupons::ContributionWish;
use app::pricing;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::{RuleSeason, StayRules, Weekday};
use domain::cancellation::TimelineStep;
use domain::guests::Guests;
use domain::ids::ListingId;
use domain::money::{BasisPoints, Currency, Money};
use domain::pricing::{ExtraGuest, LeadDiscount, PriceSeason, Promotion, Quote, Tariff};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{LoggedIn, MaybeActor};
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::coupons::ContributionView;
use crate::rest::display::{self, QuoteDisplay};
use crate::rest::money::MoneyView;
use crate::versions::{IfMatch, etag, tagged};

/// Guests by kind.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuestsView {
    /// At least one.
    pub adults: i32,
    /// 2–12 years.
    #[serde(default)]
    pub children: i32,
    /// Under 2 years.
    #[serde(default)]
    pub infants: i32,
    /// Animals; service animals are not counted.
    #[serde(default)]
    pub pets: i32,
}

impl From<Guests> for GuestsView {
    fn from(guests: Guests) -> Self {
        Self { adults: guests.adults, children: guests.children, infants: guests.infants, pets: guests.pets }
    }
}

impl From<GuestsView> for Guests {
    fn from(view: GuestsView) -> Self {
        Self { adults: view.adults, children: view.children, infants: view.infants, pets: view.pets }
    }
}

/// For more guests than are included.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtraGuestView {
    /// So many adults and children are included.
    pub after: i32,
    /// Minor units for each further one, each night.
    pub amount: i64,
}

/// A discount that depends on how long ahead one books.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LeadDiscountView {
    /// Days between booking and arrival, 1–730.
    pub days: i32,
    /// Hundredths of a percent, up to 9000.
    pub bps: i32,
}

/// A discount on stays whose nights all lie in a range.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PromotionView {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// Hundredths of a percent, up to 9000.
    pub bps: i32,
}

/// Prices of a range of dates.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PriceSeasonView {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// Minor units a night.
    pub nightly: i64,
    /// Minor units for Friday and Saturday nights.
    #[serde(default)]
    pub weekend_nightly: Option<i64>,
}

/// What a home costs, in minor units of the listing's currency.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PricingView {
    /// A night.
    #[schema(example = 12000)]
    pub nightly: i64,
    /// Friday and Saturday nights.
    #[serde(default)]
    pub weekend_nightly: Option<i64>,
    /// Once a stay.
    #[serde(default)]
    pub cleaning_fee: i64,
    /// Once a stay, with pets.
    #[serde(default)]
    pub pet_fee: i64,
    /// For more guests than are included.
    #[serde(default)]
    pub extra_guest: Option<ExtraGuestView>,
    /// From 7 nights, hundredths of a percent.
    #[serde(default)]
    pub weekly_discount_bps: i32,
    /// From 28 nights, likewise.
    #[serde(default)]
    pub monthly_discount_bps: i32,
    /// For the first three bookings, likewise.
    #[serde(default)]
    pub new_listing_discount_bps: i32,
    /// Booked at least so many days ahead.
    #[serde(default)]
    pub early_bird: Option<LeadDiscountView>,
    /// Booked fewer days ahead.
    #[serde(default)]
    pub last_minute: Option<LeadDiscountView>,
    /// The host's own discounts.
    #[serde(default)]
    pub promotions: Vec<PromotionView>,
    /// Prices of date ranges.
    #[serde(default)]
    pub seasons: Vec<PriceSeasonView>,
}

impl From<&Tariff> for PricingView {
    fn from(tariff: &Tariff) -> Self {
        let lead = |lead: LeadDiscount| LeadDiscountView { days: lead.days, bps: lead.bps.0 };
        Self {
            nightly: tariff.nightly,
            weekend_nightly: tariff.weekend_nightly,
            cleaning_fee: tariff.cleaning_fee,
            pet_fee: tariff.pet_fee,
            extra_guest: tariff.extra_guest.map(|extra| ExtraGuestView { after: extra.after, amount: extra.amount }),
            weekly_discount_bps: tariff.weekly_discount_bps.0,
            monthly_discount_bps: tariff.monthly_discount_bps.0,
            new_listing_discount_bps: tariff.new_listing_discount_bps.0,
            early_bird: tariff.early_bird.map(lead),
            last_minute: tariff.last_minute.map(lead),
            promotions: tariff.promotions.iter().map(|p| PromotionView { from: p.from, to: p.to, bps: p.bps.0 }).collect(),
            seasons: tariff
                .seasons
                .iter()
                .map(|s| PriceSeasonView { from: s.from, to: s.to, nightly: s.nightly, weekend_nightly: s.weekend_nightly })
                .collect(),
        }
    }
}

impl PricingView {
    /// As a tariff in `currency`.
    pub(crate) fn tariff(self, currency: Currency) -> Tariff {
        let lead = |lead: LeadDiscountView| LeadDiscount { days: lead.days, bps: BasisPoints(lead.bps) };
        Tariff {
            currency,
            nightly: self.nightly,
            weekend_nightly: self.weekend_nightly,
            cleaning_fee: self.cleaning_fee,
            pet_fee: self.pet_fee,
            extra_guest: self.extra_guest.map(|extra| ExtraGuest { after: extra.after, amount: extra.amount }),
            weekly_discount_bps: BasisPoints(self.weekly_discount_bps),
            monthly_discount_bps: BasisPoints(self.monthly_discount_bps),
            new_listing_discount_bps: BasisPoints(self.new_listing_discount_bps),
            early_bird: self.early_bird.map(lead),
            last_minute: self.last_minute.map(lead),
            promotions: self.promotions.into_iter().map(|p| Promotion { from: p.from, to: p.to, bps: BasisPoints(p.bps) }).collect(),
            seasons: self
                .seasons
                .into_iter()
                .map(|s| PriceSeason { from: s.from, to: s.to, nightly: s.nightly, weekend_nightly: s.weekend_nightly })
                .collect(),
        }
    }
}

/// Stay rules of a date range.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RuleSeasonView {
    /// First date.
    pub from: NaiveDate,
    /// First date after it.
    pub to: NaiveDate,
    /// Fewest nights of a stay that arrives in it.
    #[serde(default)]
    pub min_nights: Option<i32>,
    /// Fewest nights by weekday of arrival, Monday first; seven or null.
    #[serde(default)]
    pub min_nights_by_weekday: Option<[Option<i32>; 7]>,
    /// Most nights.
    #[serde(default)]
    pub max_nights: Option<i32>,
    /// Weekdays (mon … sun) on which nobody may arrive.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub closed_to_arrival: Vec<Weekday>,
    /// Weekdays on which nobody may leave.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub closed_to_departure: Vec<Weekday>,
}

/// Which stays a host accepts.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RulesView {
    /// Fewest nights, 1–365.
    #[serde(default = "one")]
    pub min_nights: i32,
    /// Most nights, 1–365.
    #[serde(default)]
    pub max_nights: Option<i32>,
    /// Hours before arrival until which one can book, 0–168.
    #[serde(default)]
    pub advance_notice_hours: i32,
    /// Local hour of the arrival day from which the notice counts back.
    #[serde(default)]
    pub notice_cutoff_hour: Option<i32>,
    /// Nights kept free before and after each stay, 0–7.
    #[serde(default)]
    pub preparation_nights: i32,
    /// How many days ahead one can arrive, 1–1125.
    #[serde(default)]
    pub booking_window_days: Option<i32>,
    /// 0–5.
    #[serde(default)]
    pub max_pets: i32,
    /// Infants take a place.
    #[serde(default)]
    pub infants_count: bool,
    /// Rules of date ranges.
    #[serde(default)]
    pub seasons: Vec<RuleSeasonView>,
}

const fn one() -> i32 {
    1
}

impl From<&StayRules> for RulesView {
    fn from(rules: &StayRules) -> Self {
        let season = |s: &RuleSeason| RuleSeasonView {
            from: s.from,
            to: s.to,
            min_nights: s.min_nights,
            min_nights_by_weekday: s.min_nights_by_weekday,
            max_nights: s.max_nights,
            closed_to_arrival: s.closed_to_arrival.clone(),
            closed_to_departure: s.closed_to_departure.clone(),
        };
        Self {
            min_nights: rules.min_nights,
            max_nights: rules.max_nights,
            advance_notice_hours: rules.advance_notice_hours,
            notice_cutoff_hour: rules.notice_cutoff_hour,
            preparation_nights: rules.preparation_nights,
            booking_window_days: rules.booking_window_days,
            max_pets: rules.max_pets,
            infants_count: rules.infants_count,
            seasons: rules.seasons.iter().map(season).collect(),
        }
    }
}

impl From<RulesView> for StayRules {
    fn from(view: RulesView) -> Self {
        let season = |s: RuleSeasonView| RuleSeason {
            from: s.from,
            to: s.to,
            min_nights: s.min_nights,
            min_nights_by_weekday: s.min_nights_by_weekday,
            max_nights: s.max_nights,
            closed_to_arrival: s.closed_to_arrival,
            closed_to_departure: s.closed_to_departure,
        };
        Self {
            min_nights: view.min_nights,
            max_nights: view.max_nights,
            advance_notice_hours: view.advance_notice_hours,
            notice_cutoff_hour: view.notice_cutoff_hour,
            preparation_nights: view.preparation_nights,
            booking_window_days: view.booking_window_days,
            max_pets: view.max_pets,
            infants_count: view.infants_count,
            seasons: view.seasons.into_iter().map(season).collect(),
        }
    }
}

/// What a listing costs.
#[utoipa::path(get, path = "/listings/{id}/pricing", tag = "pricing", params(("id" = Uuid, Path)),
    responses((status = 200, body = PricingView), (status = 404, body = Problem)))]
pub async fn get_pricing(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (listing, tariff, _) = pricing::terms_of(&app, &actor, ListingId(id)).await?;
    let tariff = tariff.ok_or(app::Error::NotFound("price"))?;
    Ok(tagged(&headers, &etag(listing.version, None), Json(PricingView::from(&tariff))))
}

/// Replace what a listing costs.
#[utoipa::path(put, path = "/listings/{id}/pricing", tag = "pricing", security(("bearer" = [])), params(("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "The listing's ETag.")), request_body = PricingView,
    responses((status = 200, body = PricingView), (status = 404, body = Problem), (status = 412, body = Problem), (status = 428, body = Problem)))]
pub async fn put_pricing(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Json(body): Json<PricingView>,
) -> ApiResult<Response> {
    let version = version.required()?;
    // The currency is the listing's own, whatever stands here.
    let tariff = body.tariff(app.config.default_currency);
    let view = PricingView::from(&tariff);
    let listing = pricing::put_tariff(&app, &user.actor, ListingId(id), version, tariff).await?;
    Ok(tagged(&HeaderMap::new(), &etag(listing.version, None), Json(view)))
}

/// Which stays a host accepts.
#[utoipa::path(get, path = "/listings/{id}/rules", tag = "pricing", params(("id" = Uuid, Path)),
    responses((status = 200, body = RulesView), (status = 404, body = Problem)))]
pub async fn get_rules(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let (listing, _, rules) = pricing::terms_of(&app, &actor, ListingId(id)).await?;
    Ok(tagged(&headers, &etag(listing.version, None), Json(RulesView::from(&rules))))
}

/// Replace which stays a host accepts.
#[utoipa::path(put, path = "/listings/{id}/rules", tag = "pricing", security(("bearer" = [])), params(("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "The listing's ETag.")), request_body = RulesView,
    responses((status = 200, body = RulesView), (status = 404, body = Problem), (status = 412, body = Problem), (status = 428, body = Problem)))]
pub async fn put_rules(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Json(body): Json<RulesView>,
) -> ApiResult<Response> {
    let version = version.required()?;
    let rules = StayRules::from(body);
    let view = RulesView::from(&rules);
    let listing = pricing::put_rules(&app, &user.actor, ListingId(id), version, rules).await?;
    Ok(tagged(&HeaderMap::new(), &etag(listing.version, None), Json(view)))
}

/// A stay.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct StayQuery {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// 1 when absent.
    pub adults: Option<i32>,
    /// 2–12 years.
    pub children: Option<i32>,
    /// Under 2 years.
    pub infants: Option<i32>,
    /// Animals.
    pub pets: Option<i32>,
    /// ISO 4217: adds `display` with converted amounts (quotes only).
    pub display_currency: Option<String>,
    /// A coupon's code; its guest must be logged in (quotes only).
    pub coupon: Option<String>,
    /// Spend one's own credit (quotes only).
    #[serde(default)]
    pub use_credit: bool,
}

impl StayQuery {
    pub(crate) fn guests(&self) -> Guests {
        Guests {
            adults: self.adults.unwrap_or(1),
            children: self.children.unwrap_or(0),
            infants: self.infants.unwrap_or(0),
            pets: self.pets.unwrap_or(0),
        }
    }
}

/// One line of a price.
#[derive(Debug, Serialize, ToSchema)]
pub struct LineView {
    /// nights, discount, extra_guests, pet_fee, cleaning_fee, guest_fee, tax, host_fee.
    pub kind: String,
    /// For people.
    pub label: String,
    /// Each.
    pub unit: MoneyView,
    /// How often.
    pub quantity: i64,
    /// In all.
    pub amount: MoneyView,
    /// guest or host.
    pub paid_by: String,
    /// host, marketplace or tax_authority.
    pub received_by: String,
}

/// The price of a stay.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuoteView {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// How many nights.
    pub nights: i32,
    /// Who stays.
    pub guests: GuestsView,
    /// Line by line.
    pub lines: Vec<LineView>,
    /// What the guest pays: the sum of their lines.
    pub total: MoneyView,
    /// What the host gets.
    pub host_payout: MoneyView,
}

impl From<&Quote> for QuoteView {
    fn from(quote: &Quote) -> Self {
        let money = |amount| MoneyView::from(Money::new(amount, quote.currency));
        let lines = quote.lines.iter().map(|line| LineView {
            kind: line.kind.to_string(),
            label: line.label.clone(),
            unit: money(line.unit),
            quantity: line.quantity,
            amount: money(line.amount),
            paid_by: line.paid_by.to_string(),
            received_by: line.received_by.to_string(),
        });
        Self {
            check_in: quote.stay.check_in,
            check_out: quote.stay.check_out,
            nights: quote.stay.nights(),
            guests: quote.guests.into(),
            lines: lines.collect(),
            total: money(quote.total),
            host_payout: money(quote.host_payout),
        }
    }
}

/// What comes back, as long as it is early enough.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundStepView {
    /// When calling off before this; null at the end.
    pub until: Option<DateTime<Utc>>,
    /// So much comes back.
    pub refund: MoneyView,
}

pub(crate) fn timeline_view(steps: &[TimelineStep], currency: Currency) -> Vec<RefundStepView> {
    steps.iter().map(|step| RefundStepView { until: step.until, refund: Money::new(step.refund, currency).into() }).collect()
}

/// A stay as it would be booked.
#[derive(Debug, Serialize, ToSchema)]
pub struct StayView {
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// How many nights.
    pub nights: i32,
}

/// What a stay costs now, and what comes back when it is called off.
#[derive(Debug, Serialize, ToSchema)]
pub struct OfferView {
    /// Which nights.
    pub stay: StayView,
    /// The price.
    #[serde(flatten)]
    pub quote: QuoteView,
    /// The host's policy.
    pub cancellation_policy: String,
    /// What comes back, by when.
    pub refund_timeline: Vec<RefundStepView>,
    /// Names this price of this stay.
    pub price_token: String,
    /// What of the total coupon and credit pay.
    pub contribution: ContributionView,
    /// What of the total the guest's card pays.
    pub amount_due: MoneyView,
    /// The same in `display_currency`; absent when it is the listing's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<QuoteDisplay>,
}

/// What a stay costs.
#[utoipa::path(get, path = "/listings/{id}/quote", tag = "pricing", params(("id" = Uuid, Path), StayQuery),
    responses((status = 200, body = OfferView), (status = 404, body = Problem), (status = 409, body = Problem, description = "dates_unavailable"),
        (status = 422, body = Problem, description = "Every rule of the host that the stay breaks.")))]
pub async fn get_quote(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    Query(query): Query<StayQuery>,
) -> ApiResult<Json<OfferView>> {
    let stay = super::bookings::stay(query.check_in, query.check_out)?;
    let wanted = display::wanted(query.display_currency.as_deref())?;
    let mut offer = pricing::quote(&app, &actor, ListingId(id), stay, &query.guests()).await?;
    let rate = match wanted {
        Some(currency) => pricing::rates::rate_to(&app, offer.quote.currency, currency).await?,
        None => None,
    };
    let price = Money::new(offer.quote.total, offer.quote.currency);
    let wish = ContributionWish { coupon: query.coupon.as_deref(), use_credit: query.use_credit };
    let contribution = app::bookings::foresee_contribution(&app, &actor, price, wish).await?;
    for step in &mut offer.timeline {
        step.refund = contribution.refundable(step.refund, price.amount);
    }
    Ok(Json(OfferView {
        contribution: ContributionView::new(&contribution, price.currency),
        amount_due: Money::new(price.amount - contribution.total(), price.currency).into(),
        display: rate.map(|rate| QuoteDisplay::new(&offer.quote, &rate)).transpose()?,
        stay: StayView { check_in: stay.check_in, check_out: stay.check_out, nights: stay.nights() },
        cancellation_policy: offer.policy.name.to_string(),
        refund_timeline: timeline_view(&offer.timeline, offer.quote.currency),
        quote: QuoteView::from(&offer.quote),
        price_token: offer.price_token,
    }))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(get_pricing, put_pricing)).routes(routes!(get_rules, put_rules)).routes(routes!(get_quote))
}
