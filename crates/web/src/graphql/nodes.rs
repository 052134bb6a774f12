//! Anything by nothing but its id, under the same guard as everywhere else.

use app::nodes::{self, Kind};
use async_graphql::{Context, ID, Interface, Object};
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use uuid::Uuid;

use super::accounts::User;
use super::bookings::Booking;
use super::error::Told;
use super::listings::Listing;
use super::payments::Payment;
use super::request::Asks;
use super::reviews::Review;

/// Something with an id of its own.
#[derive(Interface)]
#[graphql(field(name = "id", ty = "ID", desc = "Unique across everything, the same as over REST."))]
pub enum Node {
    /// A home.
    Listing(Listing),
    /// Somebody.
    User(User),
    /// A stay.
    Booking(Booking),
    /// What somebody says of a stay.
    Review(Review),
    /// A guest's payment.
    Payment(Payment),
}

/// Reads anything by its id.
#[derive(Default)]
pub struct NodesQuery;

#[Object]
impl NodesQuery {
    /// Anything one may see, by its id; null when there is nothing, or nothing
    /// for the one who asks.
    #[graphql(complexity = "5 + child_complexity")]
    async fn node(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] id: ID) -> async_graphql::Result<Option<Node>> {
        let Ok(uuid) = id.parse::<Uuid>() else { return Ok(None) };
        let loaders = ctx.loaders();
        Ok(match nodes::kind_of(ctx.app(), uuid).await.told()? {
            None => None,
            Some((Kind::Listing, id)) => loaders.listing(ListingId(id)).await?.map(|row| Node::Listing(Listing(row))),
            Some((Kind::User, id)) => match app::accounts::public_profile(ctx.app(), UserId(id)).await {
                Ok(profile) => Some(Node::User(User(profile))),
                Err(app::Error::NotFound(_)) => None,
                Err(error) => return Err(error).told(),
            },
            Some((Kind::Booking, id)) => loaders.booking(BookingId(id)).await?.map(|row| Node::Booking(Booking(row))),
            Some((Kind::Review, id)) => loaders.review(ReviewId(id)).await?.map(|row| Node::Review(Review(row))),
            Some((Kind::PaymentOf, booking)) => loaders.payment(BookingId(booking)).await?.map(|row| Node::Payment(Payment(row))),
        })
    }
}
