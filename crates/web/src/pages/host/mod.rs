//! The pages of hosts: today, homes, calendar, reservations, earnings, reviews.

mod calendar;
mod charts;
mod earnings;
mod feeds;
mod homes;
mod photos;
mod reservations;
pub(crate) mod steps;
mod today;
mod wizard;

use app::App;
use axum::Router;

pub(super) use wizard::amount;

/// The routes of hosts' pages.
pub(super) fn router() -> Router<App> {
    Router::new()
        .merge(today::router())
        .merge(homes::router())
        .merge(wizard::router())
        .merge(photos::router())
        .merge(calendar::router())
        .merge(feeds::router())
        .merge(reservations::router())
        .merge(earnings::router())
}

/// Tabs of every host page: path, label, icon.
pub(crate) const TABS: [(&str, &str, &str); 6] = [
    ("/host", "Today", "house"),
    ("/host/listings", "Homes", "building"),
    ("/host/calendar", "Calendar", "calendar-days"),
    ("/host/reservations", "Reservations", "luggage"),
    ("/host/earnings", "Earnings", "credit-card"),
    ("/host/reviews", "Reviews", "star"),
];
