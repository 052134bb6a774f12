//! A listing with all that belongs to it, for one page of a reader.

use domain::actor::Actor;
use domain::calendar::StayRules;
use domain::co_hosts::Access;
use domain::ids::ListingId;
use domain::listings::{Arrival, Listing};
use domain::pricing::Tariff;

use crate::accounts::{self, Person};
use crate::error::{Error, Result};
use crate::listings::{self, Photo};
use crate::reviews::{self, Rating};
use crate::{App, pricing};

/// A listing with all that belongs to it.
#[derive(Debug, Clone)]
pub struct ListingDetail {
    /// Itself.
    pub listing: Listing,
    /// Whose.
    pub host: Person,
    /// In order.
    pub photos: Vec<Photo>,
    /// A count of 0 when nobody has rated it.
    pub rating: Rating,
    /// None while it is a draft without.
    pub tariff: Option<Tariff>,
    /// When it can be had.
    pub rules: StayRules,
    /// How to get in: for its host and co-hosts with full access only.
    pub arrival: Option<Arrival>,
}

/// A listing as the one who asks may see it.
///
/// # Errors
/// 404 for listings they may not see.
pub async fn detail(app: &App, actor: &Actor, id: ListingId) -> Result<ListingDetail> {
    let (listing, tariff, rules) = pricing::terms_of(app, actor, id).await?;
    let own = listings::co_hosts::access_of(app, actor, &listing).await? >= Access::Full;
    let host = accounts::people(app, &[listing.host_id]).await?.remove(&listing.host_id).ok_or(Error::NotFound("host"))?;
    let arrival = if own { Some(listings::arrival(app, id).await?) } else { None };
    Ok(ListingDetail {
        host,
        photos: listings::photos::of(app, id).await?,
        rating: reviews::rating_of(app, id).await?,
        tariff,
        rules,
        arrival,
        listing,
    })
}
