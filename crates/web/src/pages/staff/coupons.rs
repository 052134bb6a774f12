//! Coupons as staff see and write them, and credit for guests.

use app::App;
use app::coupons;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, NaiveTime, Utc};
use domain::coupons::{Coupon, CouponTerms, CouponValue};
use domain::money::{BasisPoints, Currency};

use super::{Act, Cell, Row, Section, asked, enter, show};
use crate::error::ApiResult;
use crate::pages::{Asked, Fields, Shell, Visitor};

pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/coupons", get(list))
}

/// The deed that gives somebody credit.
pub(super) fn grant(user: domain::ids::UserId) -> Act {
    Act::new("grant_credit", "Give credit", user)
        .input("amount", "Amount", "text")
        .input("currency", "Currency (three letters)", "text")
        .input("until", "Until (empty: always)", "date")
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let page = coupons::list(&app, &visitor.actor, asked(&fields, "cursor")?).await?;
    let shell = Shell::new(&app, &visitor, "Coupons");
    let row = |coupon: Coupon| {
        let now = app.clock.now();
        let terms = &coupon.terms;
        let over = coupon.ended_at.is_some() || terms.ends_at.is_some_and(|at| at <= now);
        let uses = terms.max_uses.map_or_else(|| coupon.uses.to_string(), |most| format!("{} of {most}", coupon.uses));
        let until = terms.ends_at.map(|at| shell.moment(&at, chrono_tz::UTC)).unwrap_or_default();
        Row::new([
            Cell::text(&terms.code).note(&terms.note),
            Cell::text(takes_off(&shell, terms)).note(conditions(&shell, terms)),
            Cell::number(uses),
            Cell::text(if over { "over" } else { "in force" }).note(until),
        ])
        .act((!over).then(|| Act::new("end_coupon", "End it", coupon.id)))
    };
    let rows = page.data.into_iter().map(row).collect();
    let new = Act::new("create_coupon", "Write a coupon", "new")
        .input("code", "Code", "text")
        .input("percent", "Percent off, or …", "text")
        .input("amount", "… amount off", "text")
        .input("currency", "Currency (with an amount)", "text")
        .input("minimum", "Stays from (amount)", "text")
        .input("most", "Off at most (amount)", "text")
        .input("until", "Until (empty: until you end it)", "date")
        .input("uses", "Uses in all (empty: any)", "number")
        .input("first", "First bookings only", "checkbox")
        .input("note", "Note for staff", "text");
    let section = Section::table("coupons", "Coupons", &["Code", "Takes off", "Used", "State"], rows);
    let section = Section { own: vec![new], ..section.next("/staff/coupons", &fields, "cursor", page.next_cursor) };
    let lead = "Each guest uses a coupon once. The host gets the whole price: what a coupon takes off is the marketplace's.".to_owned();
    show(shell, "/staff/coupons", lead, Vec::new(), vec![section])
}

fn takes_off(shell: &Shell, terms: &CouponTerms) -> String {
    match (terms.value, terms.currency) {
        (CouponValue::Percent(bps), _) => format!("{} %", percentage(bps)),
        (CouponValue::Amount(amount), Some(currency)) => shell.money(&amount, &currency),
        (CouponValue::Amount(amount), None) => amount.to_string(),
    }
}

/// 1250 → `12.5`.
fn percentage(bps: BasisPoints) -> String {
    let text = format!("{}.{:02}", bps.0 / 100, bps.0 % 100);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn conditions(shell: &Shell, terms: &CouponTerms) -> String {
    let mut words = Vec::new();
    if let Some(currency) = terms.currency {
        let money = |amount: i64| shell.money(&amount, &currency);
        words.extend(terms.max_amount.map(|most| format!("at most {}", money(most))));
        words.extend((terms.minimum_total > 0).then(|| format!("stays from {}", money(terms.minimum_total))));
    }
    words.extend(terms.first_booking_only.then(|| "first bookings".to_owned()));
    words.join(", ")
}

/// The end of the day of a field, UTC.
pub(super) fn until(fields: &Fields) -> app::Result<Option<DateTime<Utc>>> {
    let Some(text) = fields.some("until") else { return Ok(None) };
    let date: chrono::NaiveDate = text.parse().map_err(|_| app::Error::invalid("/until", "date", format!("{text:?} is no date")))?;
    Ok(date.succ_opt().map(|next| next.and_time(NaiveTime::MIN).and_utc()))
}

/// The currency of a field.
pub(super) fn currency(fields: &Fields) -> app::Result<Option<Currency>> {
    let read = |text: &str| text.trim().to_uppercase().parse().map_err(|why: String| app::Error::invalid("/currency", "currency", why));
    fields.some("currency").map(read).transpose()
}

/// A coupon as the form says it.
pub(super) fn terms(fields: &Fields, now: DateTime<Utc>) -> app::Result<CouponTerms> {
    let currency = currency(fields)?;
    let amount = |name: &str| -> app::Result<Option<i64>> {
        let Some(text) = fields.some(name) else { return Ok(None) };
        let currency = currency.ok_or_else(|| app::Error::invalid("/currency", "required", "amounts need a currency"))?;
        crate::pages::host::amount(text, currency, &format!("/{name}")).map(Some)
    };
    let percent = |text: &str| -> app::Result<i32> {
        let wrong = || app::Error::invalid("/percent", "number", format!("{text:?} is no percentage, e.g. 12.5"));
        let (whole, part) = text.split_once('.').unwrap_or((text, ""));
        let part = format!("{part:0<2}");
        format!("{whole}{part}").parse().ok().filter(|_| part.len() == 2).ok_or_else(wrong)
    };
    let percent = fields.some("percent").map(|text| percent(text.trim_end_matches('%').trim())).transpose()?;
    let uses = |text: &str| text.parse().map_err(|_| app::Error::invalid("/uses", "number", format!("{text:?} is no number")));
    Ok(CouponTerms {
        code: fields.get("code").to_owned(),
        value: crate::rest::coupons::value(percent, amount("amount")?)?,
        currency,
        max_amount: amount("most")?,
        minimum_total: amount("minimum")?.unwrap_or(0),
        starts_at: now,
        ends_at: until(fields)?,
        max_uses: fields.some("uses").map(uses).transpose()?,
        first_booking_only: fields.has("first", "yes"),
        note: fields.get("note").to_owned(),
    })
}
