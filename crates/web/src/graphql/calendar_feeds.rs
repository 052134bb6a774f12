//! Calendars that homes follow and give.

use app::calendar::{self, CalendarCollision, CalendarFeed as FeedRow};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::calendar_feeds::FeedHealth;
use domain::ids::{CalendarFeedId, ListingId};

use super::bookings::Booking;
use super::error::{DonePayload, Told, answer, payloads};
use super::request::{Asks, id};
use super::scalars::{Date, Word};
use crate::rest::calendar_feeds::export_url;

/// Nights that were sold on both platforms.
#[derive(Description)]
pub struct Collision(CalendarCollision);

#[Object(name = "CalendarCollision", use_type_description)]
impl Collision {
    /// Our booking; it stands until the host calls it off.
    async fn booking_id(&self) -> ID {
        self.0.booking.0.into()
    }
    /// Our booking; it stands until the host calls it off.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.booking).await?.map(Booking))
    }
    /// The other platform's first night.
    async fn check_in(&self) -> Date {
        self.0.nights.check_in.into()
    }
    /// Its day of departure.
    async fn check_out(&self) -> Date {
        self.0.nights.check_out.into()
    }
    /// What it is called there.
    async fn summary(&self) -> &str {
        &self.0.summary
    }
    /// Since when it is known.
    async fn first_seen_at(&self) -> DateTime<Utc> {
        self.0.first_seen_at
    }
}

/// A calendar that a home follows.
#[derive(Description)]
pub struct CalendarFeed(FeedRow);

#[Object(use_type_description)]
impl CalendarFeed {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// As the host calls it.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// Where it is.
    async fn url(&self) -> &str {
        &self.0.url
    }
    /// How it stands; with a stale one the home is booked on request only.
    async fn health(&self) -> Word<FeedHealth> {
        Word(self.0.health)
    }
    /// When it was asked last.
    async fn last_attempt_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_attempt_at
    }
    /// When it was read last.
    async fn last_success_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_success_at
    }
    /// What was wrong the last time.
    async fn last_error(&self) -> Option<&str> {
        self.0.last_error.as_deref()
    }
    /// How many events it has.
    async fn events(&self) -> i32 {
        self.0.events
    }
    /// Nights that were sold on both platforms.
    #[graphql(complexity = "2 + 2 * child_complexity")]
    async fn collisions(&self) -> Vec<Collision> {
        self.0.collisions.iter().cloned().map(Collision).collect()
    }
}

/// The calendars of a home.
#[derive(SimpleObject)]
pub struct CalendarFeeds {
    /// Those it follows, at most 10.
    pub data: Vec<CalendarFeed>,
    /// The one it gives; for other platforms, and nobody else.
    pub export_url: String,
}

/// The calendars of one's home.
pub(super) async fn of_listing(ctx: &Context<'_>, listing: ListingId) -> async_graphql::Result<Option<CalendarFeeds>> {
    let (feeds, secret) = calendar::list_feeds(ctx.app(), &ctx.actor(), listing).await.told()?;
    let data = feeds.into_iter().map(CalendarFeed).collect();
    Ok(Some(CalendarFeeds { data, export_url: export_url(ctx.app(), &secret) }))
}

payloads! {
    CalendarFeedPayload {
        /// The calendar that is followed from now on.
        id: ID
    }
    CalendarExportPayload {
        /// The address of the calendar that the home gives.
        export_url: String
    }
}

/// Changes which calendars a home follows and gives.
#[derive(Default)]
pub struct CalendarFeedsMutation;

#[Object]
impl CalendarFeedsMutation {
    /// Follow another platform's calendar. It is read at once and every half
    /// hour from then on.
    async fn add_calendar_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "1–80 characters, e.g. the other platform's name.")] name: String,
        #[graphql(desc = "A public https address.")] url: String,
    ) -> async_graphql::Result<CalendarFeedPayload> {
        ctx.signed_in()?;
        let done = async {
            let feed = calendar::add_feed(ctx.app(), &ctx.actor(), id(&listing_id, "listing")?, &name, &url).await?;
            Ok(ID::from(feed.0))
        };
        answer(done.await)
    }

    /// Follow a calendar no longer; the nights it took are free.
    async fn remove_calendar_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "Which calendar.")] feed_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, feed): (ListingId, CalendarFeedId) = (id(&listing_id, "listing")?, id(&feed_id, "calendar feed")?);
            calendar::remove_feed(ctx.app(), &ctx.actor(), listing, feed).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Read a calendar now rather than at its time.
    async fn refresh_calendar_feed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "Which calendar.")] feed_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, feed): (ListingId, CalendarFeedId) = (id(&listing_id, "listing")?, id(&feed_id, "calendar feed")?);
            calendar::refresh_feed(ctx.app(), &ctx.actor(), listing, feed).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Give the home's calendar a new address; the old one leads nowhere.
    async fn renew_calendar_export(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
    ) -> async_graphql::Result<CalendarExportPayload> {
        ctx.signed_in()?;
        let done = async {
            let secret = calendar::renew_export(ctx.app(), &ctx.actor(), id(&listing_id, "listing")?).await?;
            Ok(export_url(ctx.app(), &secret))
        };
        answer(done.await)
    }
}
