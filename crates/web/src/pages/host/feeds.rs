//! Calendars of other platforms: those a home follows, the one it gives.

use app::App;
use app::calendar::{self, CalendarFeed};
use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::{get, post};
use domain::ids::{CalendarFeedId, ListingId};
use domain::listings::Listing;
use uuid::Uuid;

use super::wizard::own;
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::{Fields, Mistakes, Sent, Shell, Visitor, go_with};

pub(super) fn router() -> Router<App> {
    Router::new()
        .route("/host/calendar/{id}/feeds", get(show).post(add))
        .route("/host/calendar/{id}/feeds/{feed}", post(change))
        .route("/host/calendar/{id}/export", post(renew))
}

/// A feed with its times in words.
struct Row {
    feed: CalendarFeed,
    read: String,
    clashes: Vec<(String, String, String)>,
}

#[derive(Template)]
#[template(path = "host/feeds.html")]
struct FeedsPage<'a> {
    shell: Shell,
    tab: &'static str,
    listing: &'a Listing,
    rows: Vec<Row>,
    export: String,
    fields: &'a Fields,
    mistakes: &'a Mistakes,
}

async fn feeds_page(app: &App, visitor: &Visitor, id: ListingId, fields: &Fields, mistakes: &Mistakes) -> ApiResult<Response> {
    let detail = own(app, visitor, id).await?;
    let (feeds, secret) = calendar::list_feeds(app, &visitor.actor, id).await?;
    let shell = Shell::new(app, visitor, "Other calendars");
    let zone = detail.listing.time_zone.unwrap_or(chrono_tz::UTC);
    let row = |feed: CalendarFeed| Row {
        read: feed.last_success_at.map(|at| shell.locale().moment(at, zone)).unwrap_or_default(),
        clashes: feed
            .collisions
            .iter()
            .map(|clash| (shell.locale().stay(clash.nights), clash.summary.clone(), format!("/host/reservations/{}", clash.booking)))
            .collect(),
        feed,
    };
    let page = FeedsPage {
        tab: "/host/calendar",
        rows: feeds.into_iter().map(row).collect(),
        export: shell.absolute(&format!("/ical/{secret}.ics")),
        listing: &detail.listing,
        shell: shell.clone(),
        fields,
        mistakes,
    };
    if mistakes.is_empty() { shell.page(&page) } else { shell.corrected(&page) }
}

async fn show(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    feeds_page(&app, &visitor, ListingId(id), &Fields::default(), &Mistakes::default()).await
}

fn path(id: ListingId) -> String {
    format!("/host/calendar/{id}/feeds")
}

async fn add(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = ListingId(id);
    match calendar::add_feed(&app, &visitor.actor, id, fields.get("name"), fields.get("url")).await {
        Ok(_) => Ok(go_with(&app, &path(id), visitor.locale.t("The calendar is being read. Its nights will be blocked here."))),
        Err(error) => feeds_page(&app, &visitor, id, &fields, &Mistakes::of(error)?).await,
    }
}

async fn change(State(app): State<App>, visitor: Visitor, Path((id, feed)): Path<(Uuid, Uuid)>, Sent(fields): Sent) -> ApiResult<Response> {
    visitor.logged_in()?;
    let (id, feed) = (ListingId(id), CalendarFeedId(feed));
    if fields.get("action") == "remove" {
        calendar::remove_feed(&app, &visitor.actor, id, feed).await?;
        return Ok(go_with(&app, &path(id), visitor.locale.t("The calendar is followed no longer; its nights are free.")));
    }
    calendar::refresh_feed(&app, &visitor.actor, id, feed).await?;
    Ok(go_with(&app, &path(id), visitor.locale.t("The calendar is being read.")))
}

async fn renew(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    let id = ListingId(id);
    calendar::renew_export(&app, &visitor.actor, id).await?;
    Ok(go_with(&app, &path(id), visitor.locale.t("Your calendar has a new address; the old one leads nowhere.")))
}
