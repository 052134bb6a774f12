//! Reviews: writing, answering, reading.

use app::reviews::{self, NewReview, Order};
use app::staff::{Deed, audited};
use async_graphql::{Context, Description, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use domain::audit::AuditAction;
use domain::ids::{ListingId, ReviewId};
use domain::reviews::{ReviewStatus, Stars, Subject};

use super::accounts::User;
use super::bookings::Booking;
use super::connection::{connections, page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::listings::Listing;
use super::request::{Asks, id};
use super::scalars::{Cursor, Word};

/// What somebody says of a stay. Stars are 1–5, null in imported reviews.
#[derive(Description)]
pub struct Review(pub reviews::Review);

#[Object(use_type_description)]
impl Review {
    /// Which.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Of which stay; null for imported ones and for those who are no party of it.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        let Some(booking) = self.0.booking_id else { return Ok(None) };
        Ok(ctx.loaders().booking(booking).await?.map(Booking))
    }
    /// Of which stay; null for imported ones.
    async fn booking_id(&self) -> Option<ID> {
        self.0.booking_id.map(|booking| booking.0.into())
    }
    /// At which home; null when it is no longer public.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.listing_id).await?.map(Listing))
    }
    /// At which home.
    async fn listing_id(&self) -> ID {
        self.0.listing_id.0.into()
    }
    /// Who says it; null for reviews from another platform.
    async fn author(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(author) = self.0.author_id else { return Ok(None) };
        Ok(ctx.loaders().user(author).await?.map(User))
    }
    /// Who says it, as shown.
    async fn author_name(&self) -> &str {
        &self.0.author_name
    }
    /// Whom it concerns: the host or the guest.
    async fn subject_user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.subject_user_id).await?.map(User))
    }
    /// Whether it speaks of the home or of the guest.
    async fn subject(&self) -> Word<Subject> {
        Word(self.0.subject)
    }
    /// All in all.
    async fn overall(&self) -> Option<i32> {
        self.0.stars.overall
    }
    /// Cleanliness.
    async fn cleanliness(&self) -> Option<i32> {
        self.0.stars.cleanliness
    }
    /// Whether the home is as described.
    async fn accuracy(&self) -> Option<i32> {
        self.0.stars.accuracy
    }
    /// Arrival.
    async fn check_in(&self) -> Option<i32> {
        self.0.stars.check_in
    }
    /// Communication.
    async fn communication(&self) -> Option<i32> {
        self.0.stars.communication
    }
    /// Where the home is.
    async fn location(&self) -> Option<i32> {
        self.0.stars.location
    }
    /// What one gets for the money.
    async fn value(&self) -> Option<i32> {
        self.0.stars.value
    }
    /// Whether the guest kept to them.
    async fn house_rules(&self) -> Option<i32> {
        self.0.stars.house_rules
    }
    /// For all to read.
    async fn public_comment(&self) -> &str {
        &self.0.public_comment
    }
    /// For author and the one it concerns; null for others.
    async fn private_feedback(&self) -> Option<&str> {
        Some(self.0.private_feedback.as_str()).filter(|words| !words.is_empty())
    }
    /// What the one it concerns answers.
    async fn reply(&self) -> Option<&str> {
        self.0.reply.as_deref()
    }
    /// Where it stands.
    async fn status(&self) -> Word<ReviewStatus> {
        Word(self.0.status)
    }
    /// It comes from another platform.
    async fn imported(&self) -> bool {
        self.0.imported
    }
    /// When it was written.
    async fn submitted_at(&self) -> DateTime<Utc> {
        self.0.submitted_at
    }
    /// When it was opened.
    async fn published_at(&self) -> Option<DateTime<Utc>> {
        self.0.published_at
    }
}

connections! {
    ReviewConnection, ReviewEdge: Review;
}

/// In which order a home's reviews are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum ReviewOrder {
    /// Newest first.
    #[default]
    Newest,
    /// Best first.
    Highest,
    /// Worst first.
    Lowest,
}

impl From<ReviewOrder> for Order {
    fn from(order: ReviewOrder) -> Self {
        match order {
            ReviewOrder::Newest => Self::Newest,
            ReviewOrder::Highest => Self::Highest,
            ReviewOrder::Lowest => Self::Lowest,
        }
    }
}

/// Reads reviews.
#[derive(Default)]
pub struct ReviewsQuery;

#[Object]
impl ReviewsQuery {
    /// One review that one may read.
    async fn review(&self, ctx: &Context<'_>, #[graphql(desc = "Which review.")] id: ID) -> async_graphql::Result<Option<Review>> {
        let wanted: ReviewId = super::request::id(&id, "review").told()?;
        Ok(Some(ctx.loaders().review(wanted).await?.map(Review).ok_or(app::Error::NotFound("review")).told()?))
    }

    /// The open reviews of a home.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which home.")] listing_id: ID,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page of the same order.")] after: Option<Cursor>,
        #[graphql(desc = "In which order.", default)] sort: ReviewOrder,
    ) -> async_graphql::Result<Option<ReviewConnection>> {
        let listing: ListingId = id(&listing_id, "listing").told()?;
        let wanted = page(first, after.as_ref()).told()?;
        let found = reviews::of_listing(ctx.app(), &ctx.actor(), listing, sort.into(), wanted).await.told()?;
        let public = |mut review: reviews::Review| {
            // A list is public: private words stay out even for those who may read them.
            review.private_feedback.clear();
            Review(review)
        };
        Ok(Some(ReviewConnection::new(found, reviews::key, public)))
    }
}

/// What somebody wants to say, stars 1–5. A home is rated on cleanliness,
/// accuracy, check-in, communication, location and value; a guest on
/// cleanliness, communication and house rules.
#[derive(Debug, Clone, InputObject)]
pub struct ReviewInput {
    /// All in all; needed.
    pub overall: Option<i32>,
    /// Cleanliness.
    pub cleanliness: Option<i32>,
    /// Whether the home is as described.
    pub accuracy: Option<i32>,
    /// Arrival.
    pub check_in: Option<i32>,
    /// Communication.
    pub communication: Option<i32>,
    /// Where the home is.
    pub location: Option<i32>,
    /// What one gets for the money.
    pub value: Option<i32>,
    /// Whether the guest kept to them.
    pub house_rules: Option<i32>,
    /// For all, 1–5,000 characters.
    pub public_comment: String,
    /// For the one it concerns, up to 5,000 characters.
    #[graphql(default)]
    pub private_feedback: String,
}

impl From<ReviewInput> for NewReview {
    fn from(input: ReviewInput) -> Self {
        Self {
            stars: Stars {
                overall: input.overall,
                cleanliness: input.cleanliness,
                accuracy: input.accuracy,
                check_in: input.check_in,
                communication: input.communication,
                location: input.location,
                value: input.value,
                house_rules: input.house_rules,
            },
            public_comment: input.public_comment,
            private_feedback: input.private_feedback,
        }
    }
}

payloads! {
    ReviewPayload {
        /// The review as it is now.
        review: Review
    }
}

/// Changes reviews.
#[derive(Default)]
pub struct ReviewsMutation;

#[Object]
impl ReviewsMutation {
    /// Say how a stay was. Nobody reads it before both sides have spoken or 14
    /// days are over.
    async fn review_booking(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stay.")] booking_id: ID,
        #[graphql(desc = "What to say.")] input: ReviewInput,
    ) -> async_graphql::Result<ReviewPayload> {
        ctx.signed_in()?;
        let done = async { reviews::submit(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, input.into()).await };
        answer(done.await.map(Review))
    }

    /// Change a review of one's own while it is sealed.
    async fn edit_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which review.")] id: ID,
        #[graphql(desc = "All of what to say.")] input: ReviewInput,
    ) -> async_graphql::Result<ReviewPayload> {
        ctx.signed_in()?;
        let done = async { reviews::edit(ctx.app(), &ctx.actor(), super::request::id(&id, "review")?, input.into()).await };
        answer(done.await.map(Review))
    }

    /// Answer a review of oneself, once.
    async fn reply_to_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which review.")] id: ID,
        #[graphql(desc = "1–5,000 characters.")] reply: String,
    ) -> async_graphql::Result<ReviewPayload> {
        ctx.signed_in()?;
        let done = async { reviews::reply(ctx.app(), &ctx.actor(), super::request::id(&id, "review")?, &reply).await };
        answer(done.await.map(Review))
    }

    /// Tell staff that a review should not stand.
    async fn report_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which review.")] id: ID,
        #[graphql(desc = "Why, 1–2,000 characters.")] reason: String,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { reviews::report(ctx.app(), &ctx.actor(), super::request::id(&id, "review")?, &reason).await };
        answer(done.await.map(|()| true))
    }

    /// Staff take a review out of sight, and say why.
    async fn hide_review(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which review.")] id: ID,
        #[graphql(desc = "Why, 1–2,000 characters.")] reason: String,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let (app, actor) = (ctx.app(), ctx.actor());
        let done = async {
            let id = super::request::id(&id, "review")?;
            let deed = Deed::new(AuditAction::HideReview, id, &reason);
            audited(app, &actor, deed, reviews::hide(app, &actor, id, &reason)).await
        };
        answer(done.await.map(|()| true))
    }
}
