//! GraphQL at `/graphql`: the same use-cases, rules and refusals as REST,
//! batched, bounded and live. One file per slice with its types, what reads
//! and what changes; `loaders.rs` fetches what things link to.

#![expect(clippy::too_many_arguments, reason = "a field of the schema takes the arguments that it takes")]

mod accounts;
mod admin_money;
mod alterations;
mod apart;
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

use apart::Apart;
use app::App;
use async_graphql::{MergedObject, SDLExportOptions};
use axum::routing::get;
use axum::{Extension, Router};

use crate::limits::Limits;

/// What can be read.
#[derive(MergedObject, Default)]
pub struct Query(
    Apart<accounts::AccountsQuery>,
    Apart<listings::ListingsQuery>,
    Apart<search::SearchQuery>,
    Apart<bookings::BookingsQuery>,
    Apart<hosting::HostingQuery>,
    Apart<places::PlacesQuery>,
    Apart<wishlists::WishlistsQuery>,
    Apart<coupons::CouponsQuery>,
    Apart<documents::DocumentsQuery>,
    Apart<price_rules::PriceRulesQuery>,
    Apart<admin_money::AdminMoneyQuery>,
    Apart<reviews::ReviewsQuery>,
    Apart<messaging::MessagingQuery>,
    Apart<notifications::NotificationsQuery>,
    Apart<sandbox::SandboxQuery>,
    Apart<nodes::NodesQuery>,
);

/// What can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    Apart<accounts::AccountsMutation>,
    Apart<listing_input::ListingsMutation>,
    Apart<bookings::BookingsMutation>,
    Apart<alterations::AlterationsMutation>,
    Apart<refunds::RefundsMutation>,
    Apart<payments::PaymentsMutation>,
    Apart<payouts::PayoutsMutation>,
    Apart<calendar_feeds::CalendarFeedsMutation>,
    Apart<co_hosts::CoHostsMutation>,
    Apart<security::SecurityMutation>,
    Apart<wishlists::WishlistsMutation>,
    Apart<coupons::CouponsMutation>,
    Apart<price_rules::PriceRulesMutation>,
    Apart<admin_money::AdminMoneyMutation>,
    Apart<reviews::ReviewsMutation>,
    Apart<messaging::MessagingMutation>,
    Apart<notifications::NotificationsMutation>,
    Apart<sandbox::SandboxMutation>,
);

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
