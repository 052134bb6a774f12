//! Calendars that homes follow and give.

use app::calendar::{self, CalendarFeed as FeedRow};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::calendar_feeds::FeedHealth;

use super::bookings::Booking;
use super::error::{DonePayload, answer, payloads};
use super::request::{Asks, id};
use super::scalars::{Date, Word};
use crate::rest::calendar_feeds::export_url;

/// The calendars of a home.
#[derive(SimpleObject)]
pub struct CalendarFeeds {
    /// Those it follows, at most 10.
    pub feeds: Vec<CalendarFeed>,
    /// The address of the one it gives; for other platforms, and nobody else.
    pub export_url: String,
}

impl CalendarFeeds {
    /// Of a home of the one who asks.
    ///
    /// # Errors
    /// 404 when it is not theirs.
    pub(super) async fn of(ctx: &Context<'_>, listing: domain::ids::ListingId) -> app::Result<Self> {
        let (feeds, secret) = calendar::list_feeds(ctx.app(), &ctx.actor(), listing).await?;
        Ok(Self { feeds: feeds.into_iter().map(CalendarFeed::from).collect(), export_url: export_url(ctx.app(), &secret) })
    }
}

/// A calendar that a home follows.
#[derive(SimpleObject)]
pub struct CalendarFeed {
    /// Which.
    pub id: ID,
    /// As the host calls it.
    pub name: String,
    /// Where it is.
    pub url: String,
    /// With a stale one the home is booked on request only.
    pub health: Word<FeedHealth>,
    /// When it was asked last.
    pub last_attempt_at: Option<DateTime<Utc>>,
    /// When it was read last.
    pub last_success_at: Option<DateTime<Utc>>,
    /// What was wrong the last time.
    pub last_error: Option<String>,
    /// How many events it has.
    pub events: i32,
    /// Nights that were sold on both platforms.
    pub collisions: Vec<CalendarCollision>,
}

impl From<FeedRow> for CalendarFeed {
    fn from(feed: FeedRow) -> Self {
        Self {
            id: feed.id.0.into(),
            name: feed.name,
            url: feed.url,
            health: Word(feed.health),
            last_attempt_at: feed.last_attempt_at,
            last_success_at: feed.last_success_at,
            last_error: feed.last_error,
            events: feed.events,
            collisions: feed.collisions.into_iter().map(CalendarCollision).collect(),
        }
    }
}

/// Nights that were sold on both platforms.
#[derive(Description)]
pub struct CalendarCollision(calendar::CalendarCollision);

#[Object(use_type_description)]
impl CalendarCollision {
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
        Date(self.0.nights.check_in)
    }
    /// Its day of departure.
    async fn check_out(&self) -> Date {
        Date(self.0.nights.check_out)
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

payloads! {
    CalendarFeedPayload {
        /// Which calendar is followed from now on.
        feed_id: ID
    }
    CalendarExportPayload {
        /// For other platforms, and nobody else.
        export_url: String
    }
}

/// Changes which calendars homes follow and give.
#[derive(Default)]
pub struct CalendarFeedsMutation;

#[Object]
impl CalendarFeedsMutation {
    /// Follow another platform's calendar. It is read at once and every half
    /// hour from then on.
    #[graphql(complexity = "20 + child_complexity")]
    async fn follow_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "1–80 characters, e.g. the other platform's name.")] name: String,
        #[graphql(desc = "A public https address.")] url: String,
    ) -> async_graphql::Result<CalendarFeedPayload> {
        ctx.signed_in()?;
        let done = async { calendar::add_feed(ctx.app(), &ctx.actor(), id(&listing_id, "listing")?, &name, &url).await };
        answer(done.await.map(|feed| feed.0.into()))
    }

    /// Follow a calendar no longer; the nights it took are free.
    async fn unfollow_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "Which calendar.")] feed_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, feed) = (id(&listing_id, "listing")?, id(&feed_id, "calendar")?);
            calendar::remove_feed(ctx.app(), &ctx.actor(), listing, feed).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Read a calendar now rather than at its time.
    #[graphql(complexity = "20 + child_complexity")]
    async fn refresh_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "Which calendar.")] feed_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, feed) = (id(&listing_id, "listing")?, id(&feed_id, "calendar")?);
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
        let done = async { calendar::renew_export(ctx.app(), &ctx.actor(), id(&listing_id, "listing")?).await };
        answer(done.await.map(|secret| export_url(ctx.app(), &secret)))
    }
}
