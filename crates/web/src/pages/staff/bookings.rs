//! Bookings as staff see them: the list, and one with its money and history.

use app::App;
use app::bookings;
use app::payments::ledger::{self, Transaction};
use app::staff::{self, Stay, StayFilter};
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use domain::bookings::{Booking, BookingState};
use domain::ids::{BookingId, ListingId, UserId};
use domain::ledger::EntrySide;
use uuid::Uuid;

use super::lists::log_section;
use super::{Act, Cell, Filter, Row, Section, asked, enter, show};
use crate::error::ApiResult;
use crate::extract::Path;
use crate::pages::{Asked, Fields, Shell, Visitor};

pub(super) fn router() -> Router<App> {
    Router::new().route("/staff/bookings", get(list)).route("/staff/bookings/{id}", get(one))
}

/// What [`stay_rows`] shows.
pub(super) const COLUMNS: [&str; 5] = ["Booking", "Guest", "Host", "State", "Guest pays"];

/// Bookings as rows.
pub(super) fn stay_rows(shell: &Shell, stays: Vec<Stay>) -> Vec<Row> {
    let person = |name: &str, id: UserId| Cell::link(name, format!("/staff/people/{id}"));
    let row = |stay: Stay| {
        let dates = shell.locale().stay(domain::dates::Stay { check_in: stay.check_in, check_out: stay.check_out });
        Row::new([
            Cell::link(&stay.code, format!("/staff/bookings/{}", stay.id)).note(format!("{} · {dates}", stay.title)),
            person(&stay.guest_name, stay.guest_id),
            person(&stay.host_name, stay.host_id),
            Cell::text(stay.state),
            Cell::number(shell.locale().money(stay.price())),
        ])
    };
    stays.into_iter().map(row).collect()
}

async fn list(State(app): State<App>, visitor: Visitor, Asked(fields): Asked) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let filter = StayFilter {
        state: fields.read::<BookingState>("state"),
        code: fields.some("code").map(|code| code.to_uppercase().replace('\0', "")),
        person: fields.read::<UserId>("person"),
        listing: fields.read::<ListingId>("listing"),
    };
    let page = staff::stays(&app, &visitor.actor, &filter, asked(&fields, "cursor")?).await?;
    let shell = Shell::new(&app, &visitor, "Bookings");
    let section = Section::table("bookings", "Bookings", &COLUMNS, stay_rows(&shell, page.data));
    let section = section.next("/staff/bookings", &fields, "cursor", page.next_cursor);
    let filters = vec![
        Filter::new(&fields, "code", "Code", []),
        Filter::new(&fields, "state", "State", BookingState::ALL.iter().map(|state| state.as_str())),
        Filter::new(&fields, "person", "Guest or host (id)", []),
        Filter::new(&fields, "listing", "Home (id)", []),
    ];
    show(shell, "/staff/bookings", String::new(), filters, vec![section])
}

/// Postings as rows: an entry a line, with its posting's name on the first.
fn posting_rows(shell: &Shell, postings: &[Transaction]) -> Vec<Row> {
    let mut rows = Vec::new();
    for posting in postings {
        for (line, entry) in posting.entries.iter().enumerate() {
            let amount = shell.locale().money(entry.amount);
            let sealed = posting.sequence.map_or("not sealed yet".to_owned(), |number| format!("no. {number} of the chain"));
            let head = if line == 0 { Cell::text(&posting.event).note(format!("{sealed} {}", posting.note)) } else { Cell::default() };
            let at = if line == 0 { shell.moment(&posting.occurred_at, chrono_tz::UTC) } else { String::new() };
            let (debit, credit) = if entry.side == EntrySide::Debit { (amount, String::new()) } else { (String::new(), amount) };
            rows.push(Row::new([Cell::text(at), head, Cell::text(&entry.account), Cell::number(debit), Cell::number(credit)]));
        }
    }
    rows
}

/// Whether every posting's debits equal its credits.
fn balanced(postings: &[Transaction]) -> bool {
    let sum = |posting: &Transaction| -> i128 {
        posting.entries.iter().map(|entry| i128::from(entry.amount.amount) * if entry.side == EntrySide::Debit { 1 } else { -1 }).sum()
    };
    postings.iter().all(|posting| sum(posting) == 0)
}

/// What staff can do with it, as far as its state allows.
fn acts(booking: &Booking) -> Vec<Act> {
    let id = booking.id;
    let mut own = Vec::new();
    if matches!(booking.state, BookingState::PendingPayment | BookingState::Requested | BookingState::Confirmed) {
        let back = format!("Guest gets back, in {} (empty: everything)", booking.currency);
        let cancel = Act::new("cancel_booking", "Call it off", id).grave().input("amount", back, "text");
        let cancel = cancel.input("host_at_fault", "The host is at fault: they pay the fee, the nights stay blocked", "checkbox");
        own.push(cancel.input("waive_host_fee", "But waive the host's fee", "checkbox"));
    }
    if matches!(booking.state, BookingState::Confirmed | BookingState::Completed | BookingState::NoShow | BookingState::Cancelled) {
        let refund =
            Act::new("refund_booking", "Give money back", id).input("amount", format!("How much, in {}", booking.currency), "text");
        own.push(refund.input("host", "Out of the host's part, not the marketplace's pocket", "checkbox"));
    }
    own
}

async fn one(State(app): State<App>, visitor: Visitor, Path(id): Path<Uuid>) -> ApiResult<Response> {
    visitor.logged_in()?;
    enter(&visitor)?;
    let (actor, id) = (&visitor.actor, BookingId(id));
    let detail = bookings::by_id(&app, actor, id).await?;
    let history = bookings::history(&app, actor, id).await?;
    let payments = bookings::all_payments(&app, actor, id).await?;
    let postings = ledger::of_booking(&app, actor, id).await?;
    let log = staff::log(&app, actor, Some(&id.to_string()), asked(&Fields::default(), "")?).await?.data;
    let booking = &detail.booking;
    let mut shell = Shell::new(&app, &visitor, "Bookings");
    shell.title = format!("Booking {}", booking.code);
    let zone = booking.terms.time_zone;
    let quote = &booking.terms.quote;
    let facts = vec![
        ("State", Cell::text(booking.state)),
        ("Dates", Cell::text(shell.locale().stay(booking.stay))),
        ("Guest", Cell::link(&detail.guest.name, format!("/staff/people/{}", booking.guest_id))),
        ("Host", Cell::link(&detail.host.name, format!("/staff/people/{}", booking.host_id))),
        ("Home", Cell::link(&booking.terms.listing_title, format!("/homes/{}", booking.listing_id))),
        ("Guest pays", Cell::text(shell.money(&quote.total, &quote.currency))),
        ("Host gets", Cell::text(shell.money(&quote.host_payout, &quote.currency))),
        ("Given back on top", Cell::text(shell.money(&booking.terms.granted, &quote.currency))),
    ];
    let own = acts(booking);
    let stay = Section { id: "stay", heading: "The stay", facts, own, ..Section::default() };
    let rows = payments.iter().map(|payment| {
        Row::new([
            Cell::text(payment.purpose).note(payment.provider_reference.clone().unwrap_or_default()),
            Cell::text(payment.status).note(payment.decline_code.clone().unwrap_or_default()),
            Cell::number(shell.locale().money(payment.amount)),
            Cell::number(shell.money(&payment.captured, &payment.amount.currency)),
            Cell::number(shell.money(&payment.refunded, &payment.amount.currency)),
        ])
    });
    let payments = Section::table("payments", "Payments", &["For what", "State", "Amount", "Taken", "Given back"], rows.collect());
    let heading = if balanced(&postings) { "Ledger, balanced" } else { "Ledger, NOT balanced" };
    let book = Section::table("ledger", heading, &["When (UTC)", "What", "Account", "Debit", "Credit"], posting_rows(&shell, &postings));
    let rows = history.iter().map(|entry| {
        Row::new([
            Cell::text(shell.moment(&entry.at, zone)),
            Cell::text(entry.to_state).note(entry.from_state.map(|from| format!("from {from}")).unwrap_or_default()),
            Cell::text(entry.side),
            Cell::text(&entry.reason),
        ])
    });
    let history = Section::table("history", "History", &["When (at the home)", "Became", "By", "Why"], rows.collect());
    let log = log_section(&shell, log);
    show(shell, "/staff/bookings", String::new(), Vec::new(), vec![stay, payments, book, history, log])
}
