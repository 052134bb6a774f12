//! GraphQL at `/graphql`: the same use-cases, rules and refusals as REST,
//! batched, bounded and live. One file per slice with its types, what reads
//! and what changes; `loaders.rs` fetches what things link to.

#![expect(clippy::too_many_arguments, reason = "a field of the schema takes the arguments that it takes")]

mod accounts;
mod admin_money;
mod alterations;
mod bookings;
mod calendar;
mod calendar_feeds;
mod co_hosts;
pub mod compare;
mod connection;
mod coupons;
mod documents;
mod door;
mod error;
pub mod graphiql;
mod hosting;
pub mod limits;
mod listing_input;
mod listings;
mod live;
mod loaders;
mod messaging;
mod money;
mod nodes;
mod notifications;
mod payments;
mod payouts;
mod persisted;
mod places;
mod price_rules;
mod refunds;
mod request;
mod reviews;
mod sandbox;
mod scalars;
mod search;
mod security;
mod subscriptions;
mod wishlists;

use std::sync::Arc;

use app::App;
use async_graphql::{MergedObject, SDLExportOptions};
use axum::routing::get;
use axum::{Extension, Router};

use crate::limits::Limits;

// A merged object asks its parts one within the other: grouped, a field lies
// some five calls deep rather than fifteen.

/// Reads people and what they say to one another.
#[derive(MergedObject, Default)]
struct PeopleQuery(
    accounts::AccountsQuery,
    reviews::ReviewsQuery,
    messaging::MessagingQuery,
    notifications::NotificationsQuery,
    wishlists::WishlistsQuery,
);

/// Reads homes.
#[derive(MergedObject, Default)]
struct HomesQuery(search::SearchQuery, listings::ListingsQuery, places::PlacesQuery, hosting::HostingQuery);

/// Reads stays and their money.
#[derive(MergedObject, Default)]
struct StaysQuery(
    bookings::BookingsQuery,
    documents::DocumentsQuery,
    coupons::CouponsQuery,
    admin_money::AdminMoneyQuery,
    price_rules::PriceRulesQuery,
);

/// Reads whatever has an id, and the sandbox.
#[derive(MergedObject, Default)]
struct AnythingQuery(nodes::NodesQuery, sandbox::SandboxQuery);

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(HomesQuery, StaysQuery, PeopleQuery, AnythingQuery);

/// Changes people and what they say to one another.
#[derive(MergedObject, Default)]
struct PeopleMutation(
    accounts::AccountsMutation,
    security::SecurityMutation,
    reviews::ReviewsMutation,
    messaging::MessagingMutation,
    notifications::NotificationsMutation,
    wishlists::WishlistsMutation,
);

/// Changes homes.
#[derive(MergedObject, Default)]
struct HomesMutation(listing_input::ListingsMutation, calendar_feeds::CalendarFeedsMutation, co_hosts::CoHostsMutation);

/// Changes stays and their money.
#[derive(MergedObject, Default)]
struct StaysMutation(bookings::BookingsMutation, alterations::AlterationsMutation, refunds::RefundsMutation, payments::PaymentsMutation);

/// Changes the marketplace's own money, and the sandbox.
#[derive(MergedObject, Default)]
struct MarketplaceMutation(
    coupons::CouponsMutation,
    payouts::PayoutsMutation,
    admin_money::AdminMoneyMutation,
    price_rules::PriceRulesMutation,
    sandbox::SandboxMutation,
);

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(StaysMutation, HomesMutation, PeopleMutation, MarketplaceMutation);

/// The schema.
pub type Schema = async_graphql::Schema<Query, Mutation, subscriptions::Subscription>;

fn builder() -> async_graphql::SchemaBuilder<Query, Mutation, subscriptions::Subscription> {
    async_graphql::Schema::build(Query::default(), Mutation::default(), subscriptions::Subscription)
}

/// The schema in its own language, as it is committed.
#[must_use]
pub fn sdl() -> String {
    let options = SDLExportOptions::new().sorted_fields().sorted_enum_items().include_specified_by().prefer_single_line_descriptions();
    let mut text = builder().finish().sdl_with_options(options);
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Whether the schema may be asked for.
fn open(app: &App) -> bool {
    app.config.graphql.introspection.unwrap_or(app.config.sandbox)
}

fn schema(app: &App) -> Schema {
    let settings = &app.config.graphql;
    let schema = builder().extension(limits::Cost { most: settings.max_cost }).limit_recursive_depth(64);
    if open(app) { schema.finish() } else { schema.disable_introspection().disable_suggestions().finish() }
}

/// `/graphql`, and `/graphiql` where the schema may be asked for.
pub fn router(app: &App, limits: &Limits) -> Router<App> {
    let gate = door::Gate { app: app.clone(), schema: schema(app), limits: limits.clone(), live: live::Sockets::new(app) };
    let router = Router::new().route("/graphql", get(door::get).post(door::post)).layer(Extension(Arc::new(gate)));
    if open(app) { router.merge(graphiql::router()) } else { router }
}
