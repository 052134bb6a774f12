//! The calendar of a home: what each day costs and who has it; ranges are
//! opened, blocked and priced; a stay can be tried out.

use app::App;
use app::calendar::{self, Day, RangeChange};
use app::hosting::{self, Reservation, Which};
use app::{listings, pricing};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{Datelike, Days, Months, NaiveDate};
use domain::dates::{Stay, local_date};
use domain::guests::Guests;
use domain::ids::ListingId;
use domain::listings::Listing;
use domain::money::Money;
use domain::page::{Limit, PageRequest};
use uuid::Uuid;

use super::wizard::own;
use crate::assets;
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with};

pub(super) fn router() -> Router<App> {
    Router::new().route("/host/calendar", get(first)).route("/host/calendar/{id}", get(show).post(change))
}

/// The calendar of the latest home.
async fn first(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    visitor.logged_in()?;
    let latest = listings::of_host(&app, &visitor.actor, PageRequest { after: None, limit: Limit::new(1).unwrap_or_default() }).await?;
    Ok(match latest.data.first() {
        Some(listing) => go(&format!("/host/calendar/{}", listing.id)),
        None => go("/host/listings"),
    })
}

/// A day in the grid.
struct Cell {
    date: NaiveDate,
    number: String,
    outside: bool,
    today: bool,
    state: &'static str,
    label: String,
    price: String,
    note: String,
    who: String,
    href: String,
    min_nights: Option<i32>,
}

/// What a stay would cost, or why it cannot be had.
struct Trial {
    total: String,
    payout: String,
    lines: Vec<(String, String)>,
    reasons: Vec<String>,
}

#[derive(Template)]
#[template(path = "host/calendar.html")]
struct CalendarPage<'a> {
    shell: Shell,
    tab: &'static str,
    listing: &'a Listing,
    homes: Vec<Listing>,
    month: String,
    this: String,
    before: String,
    after: String,
    weeks: Vec<Vec<Cell>>,
    weekdays: &'static [&'static str; 7],
    fields: &'a Fields,
    trial: Option<Trial>,
    mistakes: &'a Mistakes,
}

/// `2030-02` as its first day.
fn month_of(text: &str, otherwise: NaiveDate) -> NaiveDate {
    let read = format!("{text}-01").parse::<NaiveDate>().ok().filter(|date| (2000..2200).contains(&date.year()));
    read.unwrap_or(otherwise).with_day(1).unwrap_or(otherwise)
}

fn word(shell: &Shell, state: &str) -> String {
    let text = match state {
        "booking" => "Booked",
        "host" | "import" => "Blocked by you",
        "preparation" => "Preparation",
        "feed" => "Taken on another platform",
        "cancelled_by_host" => "Blocked since you cancelled",
        "past" => "Over",
        _ => "Open",
    };
    shell.t(text).to_owned()
}

fn cell(shell: &Shell, day: &Day, bookings: &[Reservation], context: (&Listing, i64, NaiveDate, NaiveDate)) -> Cell {
    let (listing, nightly, first, today) = context;
    let taken = day.blocked_by.as_deref().unwrap_or_default();
    let past = day.date < today;
    let state = match taken {
        "booking" => "booked",
        "preparation" => "preparation",
        "feed" => "feed",
        "" if past => "past",
        "" => "open",
        _ => "blocked",
    };
    let holder = bookings.iter().find(|row| row.check_in <= day.date && day.date < row.check_out);
    let amount = day.rule.as_ref().and_then(|rule| rule.price).unwrap_or(nightly);
    let price = if amount > 0 { shell.price(&Money::new(amount, listing.currency)) } else { String::new() };
    let words = word(shell, if taken.is_empty() && past { "past" } else { taken });
    let who = holder.filter(|_| state == "booked").map(|row| row.guest_name.clone()).unwrap_or_default();
    let parts = [shell.locale().weekday_date(day.date), words, who.clone(), price.clone()];
    Cell {
        label: parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", "),
        date: day.date,
        number: shell.locale().day_number(day.date),
        outside: day.date.month() != first.month(),
        today: day.date == today,
        state,
        price,
        note: day.note.clone().unwrap_or_default(),
        href: holder.filter(|_| state == "booked").map(|row| format!("/host/reservations/{}", row.id)).unwrap_or_default(),
        who,
        min_nights: day.rule.as_ref().and_then(|rule| rule.min_nights),
    }
}

async fn trial(app: &App, visitor: &Visitor, listing: &Listing, fields: &Fields, shell: &Shell) -> Option<Trial> {
    let dates = fields.read("try_in").zip(fields.read("try_out"))?;
    let guests = Guests { adults: fields.read("try_guests").unwrap_or(2), ..Guests::default() };
    let mut trial = Trial { total: String::new(), payout: String::new(), lines: Vec::new(), reasons: Vec::new() };
    let stay = match Stay::new(dates.0, dates.1) {
        Ok(stay) => stay,
        Err(why) => {
            trial.reasons.push(why.to_string());
            return Some(trial);
        }
    };
    match calendar::availability(app, &visitor.actor, listing.id, stay, &guests).await {
        Ok(answer) => trial.reasons.extend(answer.reasons.iter().map(ToString::to_string)),
        Err(error) => trial.reasons.push(error.to_string()),
    }
    if let Ok(offer) = pricing::quote(app, &visitor.actor, listing.id, stay, &guests).await {
        let money = |amount| shell.money(&amount, &offer.quote.currency);
        trial.total = money(offer.quote.total);
        trial.payout = money(offer.quote.host_payout);
        trial.lines = offer.quote.lines.iter().map(|line| (line.label.clone(), money(line.amount))).collect();
    }
    Some(trial)
}

async fn calendar_page(app: &App, visitor: &Visitor, id: ListingId, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    let detail = own(app, visitor, id).await?;
    let listing = &detail.listing;
    let today = local_date(listing.time_zone.unwrap_or(chrono_tz::UTC), app.clock.now());
    let first = month_of(fields.get("month"), today);
    let last = first + Months::new(1) - Days::new(1);
    let from = first - Days::new(u64::from(first.weekday().num_days_from_monday()));
    let to = last + Days::new(7 - u64::from(last.weekday().num_days_from_monday()));
    let (_, days) = calendar::days(app, &visitor.actor, id, (Some(from), Some(to))).await?;
    let every = PageRequest { after: None, limit: Limit::new(Limit::MAX).unwrap_or_default() };
    let mut bookings = Vec::new();
    for which in [Which::Requests, Which::Current, Which::Upcoming, Which::Past] {
        bookings.extend(hosting::reservations(app, &visitor.actor, which, every).await?.data);
    }
    bookings.retain(|row| row.listing_id == id);
    let every = PageRequest { after: None, limit: every.limit };
    let homes = listings::of_host(app, &visitor.actor, every).await?.data;
    let shell = Shell::new(app, visitor, "Calendar").script(assets::CALENDAR_JS);
    let nightly = detail.tariff.as_ref().map_or(0, |tariff| tariff.nightly);
    let mut weeks: Vec<Vec<Cell>> = Vec::new();
    for (n, day) in days.iter().enumerate() {
        if n % 7 == 0 {
            weeks.push(Vec::with_capacity(7));
        }
        if let Some(week) = weeks.last_mut() {
            week.push(cell(&shell, day, &bookings, (listing, nightly, first, today)));
        }
    }
    let name = |month: NaiveDate| month.format("%Y-%m").to_string();
    let page = CalendarPage {
        tab: "/host/calendar",
        month: shell.locale().month(first),
        this: name(first),
        before: name(first - Months::new(1)),
        after: name(first + Months::new(1)),
        weekdays: shell.locale().weekdays(),
        trial: trial(app, visitor, listing, fields, &shell).await,
        homes,
        listing,
        weeks,
        fields,
        mistakes,
        shell: shell.clone(),
    };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn show(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Asked(fields): Asked) -> ApiResult<Response> {
    calendar_page(&app, &visitor, ListingId(id), &fields, &Mistakes::default()).await
}

/// What the form says of a range; its last night is part of it.
fn range(fields: &Fields, listing: &Listing) -> app::Result<RangeChange> {
    let date =
        |name: &str| fields.read::<NaiveDate>(name).ok_or_else(|| app::Error::invalid(&format!("/{name}"), "required", "choose a date"));
    let (from, last) = (date("from")?, date("last")?);
    let to = last.checked_add_days(Days::new(1)).unwrap_or(last);
    let price = match fields.get("price") {
        "" if fields.has("reset_price", "on") => Some(None),
        "" => None,
        text => Some(Some(super::wizard::amount(text, listing.currency, "/price")?)),
    };
    let min_nights = match fields.some("min_nights") {
        None => None,
        Some(text) => Some(Some(text.parse().map_err(|_| app::Error::invalid("/min_nights", "number", "this is not a number of nights"))?)),
    };
    Ok(RangeChange {
        range: Stay { check_in: from, check_out: to },
        available: match fields.get("state") {
            "open" => Some(true),
            "block" => Some(false),
            _ => None,
        },
        price,
        min_nights,
        note: fields.get("note").to_owned(),
    })
}

async fn change(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    let id = ListingId(id);
    let detail = own(&app, &visitor, id).await?;
    let outcome = match range(&fields, &detail.listing) {
        Ok(change) => calendar::put_ranges(&app, &visitor.actor, id, None, &[change]).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => {
            let path = format!("/host/calendar/{id}{}", Fields::default().with("month", fields.get("month")).query());
            Ok(go_with(&app, &path, visitor.locale.t("Saved.")))
        }
        Err(error) => {
            let mistakes = Mistakes::of(error)?;
            calendar_page(&app, &visitor, id, &fields, &mistakes).await
        }
    }
}
