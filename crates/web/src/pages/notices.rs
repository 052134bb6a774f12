//! Notifications, and what one wants to be told.

use std::collections::BTreeMap;

use app::App;
use app::notifications::{self, Notification, Preferences};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use domain::ids::NotificationId;
use domain::notifications::{NotificationKind, QuietHours, Roads};
use domain::page::{Limit, PageRequest};
use uuid::Uuid;

use super::visitor::own_path;
use super::{Asked, Fields, Mistakes, Sent, Shell, Visitor, go, go_with};
use crate::assets;
use crate::error::ApiResult;

/// The routes of this slice.
pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/notifications", get(list))
        .route("/notifications/read", post(read))
        .route("/account/notifications", get(choices_form).post(choose))
}

/// A notification with its time in words.
struct Row {
    notice: Notification,
    icon: &'static str,
    at: String,
}

#[derive(Template)]
#[template(path = "notices/list.html")]
struct ListPage {
    shell: Shell,
    rows: Vec<Row>,
    unread: i64,
    next: String,
}

const fn icon(kind: NotificationKind) -> &'static str {
    match kind {
        NotificationKind::Bookings => "calendar-days",
        NotificationKind::Messages => "message-circle",
        NotificationKind::Reminders => "clock",
        NotificationKind::Reviews => "star",
        NotificationKind::Payouts => "credit-card",
        NotificationKind::SavedSearches => "search",
    }
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    let page = PageRequest::new(fields.some("cursor"), Limit::default())?;
    let page = notifications::list(&app, &visitor.actor, false, page).await?;
    let unread = notifications::unread(&app, &visitor.actor).await?;
    let shell = Shell::new(&app, &visitor, "Notifications").script(assets::LIVE_JS);
    let row = |notice: Notification| Row { icon: icon(notice.kind), at: shell.locale().moment(notice.created_at, chrono_tz::UTC), notice };
    let rows = page.data.into_iter().map(row).collect();
    let next = page.next_cursor.map(|cursor| fields.with("cursor", cursor).query()).unwrap_or_default();
    shell.clone().page(&ListPage { shell, rows, unread, next })
}

/// One was opened (and leads on), or all were seen.
async fn read(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let one = fields.read::<Uuid>("id").map(|id| [NotificationId(id)]);
    notifications::mark_read(&app, &visitor.actor, one.as_ref().map(<[NotificationId; 1]>::as_slice)).await?;
    Ok(go(own_path(fields.get("next"), "/notifications")))
}

/// A row of the matrix.
struct Choice {
    kind: &'static str,
    label: &'static str,
    hint: &'static str,
    roads: Roads,
}

#[derive(Template)]
#[template(path = "notices/choices.html")]
struct ChoicesPage<'a> {
    shell: Shell,
    choices: Vec<Choice>,
    quiet: bool,
    zone: String,
    from: String,
    until: String,
    mistakes: &'a Mistakes,
}

const fn words(kind: NotificationKind) -> (&'static str, &'static str) {
    match kind {
        NotificationKind::Bookings => ("Bookings", "Requests, confirmations, cancellations, refunds"),
        NotificationKind::Messages => ("Messages", "What guests and hosts write to you"),
        NotificationKind::Reminders => ("Reminders", "Answers, arrivals and reviews that are due"),
        NotificationKind::Reviews => ("Reviews", "When a review of you is open"),
        NotificationKind::Payouts => ("Payouts", "Money on its way to you"),
        NotificationKind::SavedSearches => ("Saved searches", "New homes that fit what you look for"),
    }
}

async fn choices_page(app: &App, visitor: &Visitor, sent: Option<&Fields>, mistakes: &Mistakes) -> ApiResult<Response> {
    visitor.logged_in()?;
    let preferences = notifications::preferences(app, &visitor.actor).await?;
    let choice = |(kind, roads): (&NotificationKind, &Roads)| {
        let (label, hint) = words(*kind);
        Choice { kind: kind.as_str(), label, hint, roads: *roads }
    };
    let quiet = preferences.quiet;
    let kept = |name: &str, known: Option<String>, usual: &str| match sent {
        Some(fields) => fields.get(name).to_owned(),
        None => known.unwrap_or_else(|| usual.to_owned()),
    };
    let shell = Shell::new(app, visitor, "Notification settings");
    let page = ChoicesPage {
        choices: preferences.roads.iter().map(choice).collect(),
        quiet: sent.map_or(quiet.is_some(), |fields| fields.has("quiet", "on")),
        zone: kept("zone", quiet.map(|quiet| quiet.time_zone.name().to_owned()), "Europe/Lisbon"),
        from: kept("from", quiet.map(|quiet| quiet.from.format("%H:%M").to_string()), "22:00"),
        until: kept("until", quiet.map(|quiet| quiet.until.format("%H:%M").to_string()), "07:00"),
        shell: shell.clone(),
        mistakes,
    };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn choices_form(State(app): State<App>, visitor: Visitor) -> ApiResult<Response> {
    choices_page(&app, &visitor, None, &Mistakes::default()).await
}

fn wish(fields: &Fields) -> app::Result<Preferences> {
    let roads: BTreeMap<NotificationKind, Roads> = NotificationKind::ALL
        .iter()
        .map(|kind| {
            let has = |road: &str| fields.has(&format!("{kind}.{road}"), "on");
            (*kind, Roads { email: has("email"), in_app: has("in_app") })
        })
        .collect();
    let time = |name: &str| {
        let text = fields.get(name);
        chrono::NaiveTime::parse_from_str(text, "%H:%M")
            .map_err(|_| app::Error::invalid(&format!("/{name}"), "format", "This is not a time of day, e.g. 22:00."))
    };
    let quiet = if fields.has("quiet", "on") {
        let zone = fields.get("zone").parse();
        let time_zone = zone.map_err(|_| app::Error::invalid("/zone", "time_zone", "This is not a time zone, e.g. Europe/Lisbon."))?;
        Some(QuietHours { time_zone, from: time("from")?, until: time("until")? })
    } else {
        None
    };
    Ok(Preferences { roads, quiet })
}

async fn choose(State(app): State<App>, visitor: Visitor, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let outcome = match wish(&fields) {
        Ok(wish) => notifications::put_preferences(&app, &visitor.actor, &wish).await.map(|_| ()),
        Err(error) => Err(error),
    };
    match outcome {
        Ok(()) => Ok(go_with(&app, "/account/notifications", visitor.locale.t("Saved."))),
        Err(error) => choices_page(&app, &visitor, Some(&fields), &Mistakes::of(error)?).await,
    }
}
