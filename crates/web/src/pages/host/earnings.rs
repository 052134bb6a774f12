//! Earnings, occupancy and payouts of a host.

use app::App;
use app::hosting::{self, Month};
use app::payments;
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use domain::ids::BookingId;
use domain::money::{Currency, Money};
use domain::page::{Limit, PageRequest};

use super::charts::{Chart, chart};
use super::today::percent;
use crate::error::ApiResult;
use crate::pages::{Asked, Shell, Visitor};

pub(super) fn router() -> Router<App> {
    Router::new().route("/host/earnings", get(show)).route("/host/earnings.csv", get(table))
}

/// A month in the table.
struct Row {
    month: String,
    earnings: String,
    nights: String,
    occupancy: String,
    per_night: String,
    per_open: String,
    stays: String,
}

/// A payout in the list.
struct Paid {
    booking: BookingId,
    amount: String,
    state: &'static str,
    due: String,
}

#[derive(Template)]
#[template(path = "host/earnings.html")]
struct EarningsPage {
    shell: Shell,
    tab: &'static str,
    currencies: Vec<Currency>,
    chosen: &'static str,
    total: String,
    earnings: Chart,
    occupancy: Chart,
    rows: Vec<Row>,
    payouts: Vec<Paid>,
    next: String,
}

/// Twelve months, half behind and half ahead.
async fn months(app: &App, visitor: &Visitor) -> ApiResult<Vec<Month>> {
    Ok(hosting::statistics(app, &visitor.actor, hosting::months_ago(app, 6), 12).await?)
}

fn currencies(months: &[Month]) -> Vec<Currency> {
    let mut all: Vec<Currency> = Vec::new();
    for figures in months.iter().flat_map(|month| &month.figures) {
        if !all.contains(&figures.currency) {
            all.push(figures.currency);
        }
    }
    all
}

async fn show(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let months = months(&app, &visitor).await?;
    let currencies = currencies(&months);
    let wanted = fields.read::<Currency>("currency").filter(|currency| currencies.contains(currency));
    let currency = wanted.or_else(|| currencies.first().copied());
    let shell = Shell::new(&app, &visitor, "Earnings");
    let (mut rows, mut earned, mut occupied, mut total) = (Vec::new(), Vec::new(), Vec::new(), 0_i64);
    for month in &months {
        let figures = month.figures.iter().find(|figures| Some(figures.currency) == currency);
        let money = |amount| currency.map(|currency| shell.price(&Money::new(amount, currency))).unwrap_or_default();
        let earnings = figures.map_or(0, |figures| figures.earnings);
        let bps = figures.map_or(0, hosting::Figures::occupancy_bps);
        let short = shell.locale().day(month.first).trim_start_matches(|c: char| c.is_numeric() || c == '.' || c == ' ').to_owned();
        total = total.saturating_add(earnings);
        earned.push((short.clone(), money(earnings), earnings));
        occupied.push((short, percent(&shell, bps), bps));
        rows.push(Row {
            month: shell.locale().month(month.first),
            earnings: money(earnings),
            nights: shell.locale().number(figures.map_or(0, |figures| figures.nights)),
            occupancy: percent(&shell, bps),
            per_night: money(figures.map_or(0, hosting::Figures::per_night_sold)),
            per_open: money(figures.map_or(0, hosting::Figures::per_night_open)),
            stays: shell.locale().number(figures.map_or(0, |figures| figures.stays)),
        });
    }
    let page = payments::payouts_of_host(&app, &visitor.actor, PageRequest::new(fields.some("cursor"), Limit::default())?).await?;
    let paid = |payout: payments::Payout| Paid {
        booking: payout.booking_id,
        amount: shell.money(&payout.amount.amount, &payout.amount.currency),
        state: payout.state.as_str(),
        due: shell.locale().date(payout.due_at.date_naive()),
    };
    let page = EarningsPage {
        tab: "/host/earnings",
        total: currency.map(|currency| shell.price(&Money::new(total, currency))).unwrap_or_default(),
        earnings: chart(earned, None),
        occupancy: chart(occupied, Some(10_000)),
        next: page.next_cursor.map(|cursor| fields.with("cursor", cursor).query()).unwrap_or_default(),
        payouts: page.data.into_iter().map(paid).collect(),
        shell: shell.clone(),
        chosen: currency.map_or("", |currency| currency.code()),
        currencies,
        rows,
    };
    shell.page(&page)
}

/// The same figures for spreadsheets.
async fn table(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    let mut text = "month,currency,earnings_minor_units,nights,nights_open,stays\r\n".to_owned();
    for month in months(&app, &visitor).await? {
        for figures in month.figures {
            let line = [
                month.first.format("%Y-%m").to_string(),
                figures.currency.code().to_owned(),
                figures.earnings.to_string(),
                figures.nights.to_string(),
                figures.nights_open.to_string(),
                figures.stays.to_string(),
            ];
            text.push_str(&line.join(","));
            text.push_str("\r\n");
        }
    }
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
        (header::CONTENT_DISPOSITION, HeaderValue::from_static("attachment; filename=\"earnings.csv\"")),
    ];
    Ok((headers, text).into_response())
}
