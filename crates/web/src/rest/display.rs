//! Prices beside the real ones, in the reader's currency: for orientation only.

use app::App;
use app::pricing::rates::{self, StoredRate};
use axum::extract::State;
use chrono::{DateTime, NaiveDate, Utc};
use domain::money::{Currency, Money};
use domain::pricing::{Party, Quote, Tariff};
use domain::rates::{Rate, RateTable};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Query};
use crate::rest::money::MoneyView;

/// In which currency to show prices beside the real ones.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct DisplayQuery {
    /// ISO 4217: adds `display` with converted amounts. Charged is the listing's own currency.
    pub display_currency: Option<String>,
}

/// Reads `display_currency`.
///
/// # Errors
/// 422 when it is no currency.
pub fn wanted(code: Option<&str>) -> Result<Option<Currency>, ApiError> {
    let read = |code: &str| code.parse().map_err(|why: String| ApiError::App(app::Error::invalid("/display_currency", "currency", why)));
    code.map(read).transpose()
}

/// By which rate amounts were converted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RateView {
    /// One unit of the listing's currency is worth so many of the reader's; decimal.
    #[schema(example = "1.0842")]
    pub rate: String,
    /// On that date.
    pub date: NaiveDate,
}

impl From<&Rate> for RateView {
    fn from(rate: &Rate) -> Self {
        Self { rate: rate.rate.normalize().to_string(), date: rate.on }
    }
}

fn convert(rate: &Rate, amount: i64) -> app::Result<MoneyView> {
    Ok(rate.convert(Money::new(amount, rate.from))?.into())
}

/// A quote in the reader's currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuoteDisplay {
    /// By which rate.
    pub exchange_rate: RateView,
    /// One for each line of the quote; the guest's sum to the total.
    pub lines: Vec<MoneyView>,
    /// The guest's total.
    pub total: MoneyView,
}

impl QuoteDisplay {
    pub(crate) fn new(quote: &Quote, rate: &Rate) -> app::Result<Self> {
        let amounts: Vec<i64> = quote.lines.iter().filter(|line| line.paid_by != Party::Host).map(|line| line.amount).collect();
        let mut shown = rate.convert_all(&amounts)?.into_iter();
        let mut lines = Vec::with_capacity(quote.lines.len());
        for line in &quote.lines {
            let own = if line.paid_by == Party::Host { None } else { shown.next() };
            lines.push(own.map_or_else(|| convert(rate, line.amount), |amount| Ok(Money::new(amount, rate.to).into()))?);
        }
        Ok(Self { exchange_rate: rate.into(), lines, total: convert(rate, quote.total)? })
    }
}

/// A found home's price in the reader's currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct PriceDisplay {
    /// By which rate.
    pub exchange_rate: RateView,
    /// A night from.
    pub nightly: MoneyView,
    /// The whole stay; with dates only.
    pub total: Option<MoneyView>,
}

impl PriceDisplay {
    /// Null where no rate is known or none is needed.
    pub(crate) fn new(table: &RateTable, to: Currency, nightly: Money, total: Option<Money>) -> app::Result<Option<Self>> {
        let Some(rate) = table.rate(nightly.currency, to) else { return Ok(None) };
        let total = total.map(|total| convert(&rate, total.amount)).transpose()?;
        Ok(Some(Self { exchange_rate: (&rate).into(), nightly: convert(&rate, nightly.amount)?, total }))
    }
}

/// A listing's prices in the reader's currency.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListingDisplay {
    /// By which rate.
    pub exchange_rate: RateView,
    /// A night.
    pub nightly: MoneyView,
    /// Friday and Saturday nights.
    pub weekend_nightly: Option<MoneyView>,
    /// Once a stay.
    pub cleaning_fee: MoneyView,
    /// Once a stay, with pets.
    pub pet_fee: MoneyView,
}

impl ListingDisplay {
    pub(crate) fn new(tariff: &Tariff, rate: &Rate) -> app::Result<Self> {
        Ok(Self {
            exchange_rate: rate.into(),
            nightly: convert(rate, tariff.nightly)?,
            weekend_nightly: tariff.weekend_nightly.map(|nightly| convert(rate, nightly)).transpose()?,
            cleaning_fee: convert(rate, tariff.cleaning_fee)?,
            pet_fee: convert(rate, tariff.pet_fee)?,
        })
    }
}

/// A rate as it was brought in.
#[derive(Debug, Serialize, ToSchema)]
pub struct ExchangeRateView {
    /// One unit of this…
    pub from: String,
    /// …is worth `rate` units of this.
    pub to: String,
    /// Decimal.
    pub rate: String,
    /// On that date.
    pub date: NaiveDate,
    /// Which file it came from.
    pub source: String,
    /// When.
    pub imported_at: DateTime<Utc>,
}

impl From<StoredRate> for ExchangeRateView {
    fn from(stored: StoredRate) -> Self {
        let Rate { from, to, rate, on } = stored.rate;
        let rate = rate.normalize().to_string();
        Self { from: from.to_string(), to: to.to_string(), rate, date: on, source: stored.source, imported_at: stored.imported_at }
    }
}

/// As of when.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct RatesQuery {
    /// Today when absent.
    pub on: Option<NaiveDate>,
}

/// The newest rate of each pair of currencies.
///
/// Prices are shown by them and never charged.
#[utoipa::path(get, path = "/exchange-rates", tag = "pricing", params(RatesQuery),
    responses((status = 200, body = Vec<ExchangeRateView>), (status = 422, body = Problem)))]
pub async fn exchange_rates(State(app): State<App>, Query(query): Query<RatesQuery>) -> ApiResult<Json<Vec<ExchangeRateView>>> {
    Ok(Json(rates::rates(&app, query.on).await?.into_iter().map(ExchangeRateView::from).collect()))
}

/// The routes of this file.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(exchange_rates))
}
