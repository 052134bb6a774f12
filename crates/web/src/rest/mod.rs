//! The REST face under `/api/v1`: one file per slice, each with its views (what
//! a client is promised), its inputs and its handlers. A route exists only
//! through its documentation.

pub mod accounts;
pub mod admin_money;
pub mod alterations;
pub mod bookings;
pub mod calendar;
pub mod calendar_feeds;
pub mod co_hosts;
pub mod coupons;
pub mod display;
pub mod hosting;
pub mod invoicing;
pub mod listing_input;
pub mod listings;
pub mod live;
pub mod messaging;
pub mod money;
pub mod notifications;
pub mod page;
pub mod payments;
pub mod payouts;
pub mod photos;
pub mod places;
pub mod price_rules;
pub mod pricing;
pub mod reviews;
pub mod sandbox;
pub mod search;
pub mod search_view;
pub mod security;
pub mod wishlists;

use app::App;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

/// What the document says about the API as a whole.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Roost",
        description = "Search, book, host, pay and review. Money is in minor units, nights are local dates of the listing, instants are RFC 3339 UTC. Errors are RFC 9457 problem documents.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(crate::error::Problem, crate::error::Mistake)),
    modifiers(&Bearer)
)]
struct Document;

struct Bearer;

impl utoipa::Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
        let scheme = SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build());
        document.components.get_or_insert_default().add_security_scheme("bearer", scheme);
    }
}

/// Every route of the REST face with its documentation.
#[must_use]
pub fn router() -> OpenApiRouter<App> {
    let slices = OpenApiRouter::new()
        .merge(accounts::router())
        .merge(search::router())
        .merge(places::router())
        .merge(listings::router())
        .merge(co_hosts::router())
        .merge(photos::router())
        .merge(calendar::router())
        .merge(pricing::router())
        .merge(price_rules::router())
        .merge(display::router())
        .merge(coupons::router())
        .merge(bookings::router())
        .merge(alterations::router())
        .merge(payments::router())
        .merge(admin_money::router())
        .merge(payouts::router())
        .merge(invoicing::router())
        .merge(reviews::router())
        .merge(messaging::router())
        .merge(notifications::router())
        .merge(live::router())
        .merge(security::router())
        .merge(wishlists::router())
        .merge(calendar_feeds::router())
        .merge(hosting::router())
        .merge(sandbox::router());
    OpenApiRouter::with_openapi(Document::openapi()).nest("/api/v1", slices)
}
