//! Disputes, differences between provider and ledger, and the provider's events.

use app::App;
use app::payments::{disputes, inbox, reconcile};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::money::Money;

use super::{Act, Cell, Input, Row, Section, asked, enter, show};
use crate::error::ApiResult;
use crate::pages::{Asked, Shell, Visitor};

pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/money", get(money))
}

async fn money(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let actor = &visitor.actor;
    let all = fields.has("all", "yes");
    let disputes = disputes::list(&app, actor, !all, asked(&fields, "disputes")?).await?;
    let cases = reconcile::cases(&app, actor, all, asked(&fields, "cases")?).await?;
    let webhooks = inbox::list(&app, actor, !all, asked(&fields, "webhooks")?).await?;
    let shell = Shell::new(&app, &visitor, "Money");
    let at = |at: &chrono::DateTime<chrono::Utc>| shell.moment(at, chrono_tz::UTC);
    let booking = |id: domain::ids::BookingId| Cell::link("Booking", format!("/staff/bookings/{id}"));
    let rows = disputes.data.into_iter().map(|dispute| {
        let answer = dispute.closed_at.is_none().then(|| Act {
            inputs: vec![Input { name: "text", label: "What the bank is told".to_owned(), kind: "area", value: dispute.evidence.clone() }],
            ..Act::new("send_evidence", "Send evidence", dispute.id)
        });
        let due = dispute.evidence_due_at.as_ref().map(|due| format!("until {}", at(due))).unwrap_or_default();
        Row::new([
            Cell::text(&dispute.reason).note(&dispute.reference),
            booking(dispute.booking_id),
            Cell::number(shell.locale().money(dispute.amount)),
            Cell::text(dispute.state).note(due),
            Cell::text(at(&dispute.opened_at)),
        ])
        .act(answer)
    });
    let disputed = Section::table(
        "disputes",
        "Disputes",
        &["The bank says", "Booking", "Taken back", "State", "Since (UTC)"],
        rows.collect(),
    )
    .next("/staff/money", &fields, "disputes", disputes.next_cursor);
    let rows = cases.data.into_iter().map(|case| {
        let money = |amount: Option<i64>| amount.map(|amount| shell.locale().money(Money::new(amount, case.currency))).unwrap_or_default();
        let settle = (!case.settled).then(|| Act::new("settle_case", "Settle", case.id));
        Row::new([
            Cell::text(case.kind).note(&case.detail),
            case.booking_id.map_or_else(|| Cell::text("none"), booking).note(&case.reference),
            Cell::number(money(case.expected)),
            Cell::number(money(case.found)),
            Cell::text(if case.settled { "settled" } else { "open" }).note(&case.note),
            Cell::text(at(&case.found_at)),
        ])
        .act(settle)
    });
    let columns = ["What", "Booking", "In our books", "At the provider", "State", "Found (UTC)"];
    let differing =
        Section::table("cases", "Differences", &columns, rows.collect()).next("/staff/money", &fields, "cases", cases.next_cursor);
    let rows = webhooks.data.into_iter().map(|event| event_row(&shell, event));
    let told = Section::table("webhooks", "What the provider told us", &["Event", "About", "Came (UTC)", "Handled (UTC)"], rows.collect())
        .next("/staff/money", &fields, "webhooks", webhooks.next_cursor);
    let filters =
        vec![super::Filter { name: "all", label: "Also what is over", value: fields.get("all").to_owned(), choices: vec!["yes"] }];
    show(shell, "/staff/money", String::new(), filters, vec![disputed, differing, told])
}

/// An event of the provider's, and the way to handle it once more.
fn event_row(shell: &Shell, event: inbox::Delivery) -> Row {
    let at = |at: &chrono::DateTime<chrono::Utc>| shell.moment(at, chrono_tz::UTC);
    let handled = event.processed_at.as_ref().map_or("waits".to_owned(), &at);
    Row::new([
        Cell::text(&event.kind).note(&event.event_id),
        Cell::text(&event.object).note(event.reference.clone().unwrap_or_default()),
        Cell::text(at(&event.received_at)),
        Cell::text(handled).note(event.error.clone().unwrap_or_default()),
    ])
    .act(Some(Act::new("replay_webhook", "Handle once more", format!("{}/{}", event.provider, event.event_id))))
}
