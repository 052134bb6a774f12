//! A host's day.

use app::App;
use app::hosting::{self, Dashboard, Figures, Reservation};
use app::{messaging, notifications};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use chrono::{DateTime, Utc};
use domain::money::Money;

use crate::assets;
use crate::error::ApiResult;
use crate::pages::{Shell, Visitor};

pub(super) fn router() -> Router<App> {
    Router::new().route("/host", get(today))
}

/// A request with the time that is left.
struct Asked {
    row: Reservation,
    stay: String,
    until: String,
    left: String,
    iso: String,
    urgent: bool,
    payout: String,
}

/// A stay in a list of the day.
struct Guest {
    row: Reservation,
    stay: String,
    time: String,
}

/// Figures as people read them.
struct Outlook {
    earnings: String,
    occupancy: String,
    nights: i64,
}

#[derive(Template)]
#[template(path = "host/today.html")]
struct TodayPage {
    shell: Shell,
    tab: &'static str,
    requests: Vec<Asked>,
    arrivals: Vec<Guest>,
    departures: Vec<Guest>,
    upcoming: Vec<Guest>,
    to_review: Vec<Guest>,
    staying: i64,
    outlook: Vec<Outlook>,
    homes: (i64, i64, i64),
    unread: i64,
    news: i64,
    verified: bool,
}

/// The time until a deadline, in hours and minutes.
pub(super) fn left(shell: &Shell, until: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let minutes = (until - now).num_minutes().max(0);
    if minutes >= 120 {
        shell.n("{0} hour left", "{0} hours left", minutes / 60)
    } else {
        shell.n("{0} minute left", "{0} minutes left", minutes)
    }
}

fn asked(shell: &Shell, row: Reservation, now: DateTime<Utc>) -> Asked {
    let until = row.respond_by.unwrap_or(now);
    Asked {
        stay: shell.locale().stay(row.stay()),
        until: shell.locale().moment(until, row.zone()),
        left: left(shell, until, now),
        iso: until.to_rfc3339(),
        urgent: (until - now).num_hours() < 3,
        payout: shell.price(&row.payout()),
        row,
    }
}

fn guest(shell: &Shell, row: Reservation, at: impl Fn(&Reservation) -> DateTime<Utc>) -> Guest {
    Guest { stay: shell.locale().stay(row.stay()), time: shell.locale().time(at(&row).with_timezone(&row.zone()).time()), row }
}

fn outlook(shell: &Shell, figures: &Figures) -> Outlook {
    Outlook {
        earnings: shell.price(&Money::new(figures.earnings, figures.currency)),
        occupancy: percent(shell, figures.occupancy_bps()),
        nights: figures.nights,
    }
}

/// Basis points as whole per cent.
pub(super) fn percent(shell: &Shell, bps: i64) -> String {
    shell.f1("{0} %", shell.locale().number((bps + 50) / 100))
}

async fn today(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    let (_, user) = visitor.logged_in()?;
    let Dashboard { requests, arrivals, departures, upcoming, to_review, staying, outlook: figures, homes } =
        hosting::dashboard(&app, &visitor.actor).await?;
    let (unread, news) = (messaging::unread(&app, &visitor.actor).await?, notifications::unread(&app, &visitor.actor).await?);
    let shell = Shell::new(&app, &visitor, "Today").script(assets::LIVE_JS);
    let now = app.clock.now();
    let guests =
        |rows: Vec<Reservation>, at: fn(&Reservation) -> DateTime<Utc>| rows.into_iter().map(|row| guest(&shell, row, at)).collect();
    let page = TodayPage {
        tab: "/host",
        requests: requests.into_iter().map(|row| asked(&shell, row, now)).collect(),
        arrivals: guests(arrivals, |row| row.check_in_at),
        departures: guests(departures, |row| row.check_out_at),
        upcoming: guests(upcoming, |row| row.check_in_at),
        to_review: guests(to_review, |row| row.check_out_at),
        staying,
        outlook: figures.iter().map(|figures| outlook(&shell, figures)).collect(),
        homes,
        unread,
        news,
        verified: user.email_verified_at.is_some(),
        shell: shell.clone(),
    };
    shell.page(&page)
}
