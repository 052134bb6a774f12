//! Conversations between guests and hosts.

use app::messaging::{self, About, Opening};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::ids::{ConversationId, MessageId, UserId};
use domain::messaging::{MemberRole, MessageKind};

use super::accounts::User;
use super::bookings::Booking;
use super::connection::{connections, page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::listings::Listing;
use super::request::{Asks, id};
use super::scalars::{Cursor, Word};

/// An entry of a conversation.
#[derive(Description)]
pub struct Message(pub messaging::Message);

#[Object(use_type_description)]
impl Message {
    /// Which.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Where.
    async fn conversation_id(&self) -> ID {
        self.0.conversation_id.0.into()
    }
    /// Its number in the conversation, from 1 without gaps.
    async fn sequence(&self) -> i64 {
        self.0.sequence
    }
    /// Somebody's words, or something that happened to the booking.
    async fn kind(&self) -> Word<MessageKind> {
        Word(self.0.kind)
    }
    /// Who wrote it; null for what happened to the booking.
    async fn sender(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(sender) = self.0.sender else { return Ok(None) };
        Ok(ctx.loaders().user(sender).await?.map(User))
    }
    /// Who wrote it.
    async fn sender_id(&self) -> Option<ID> {
        self.0.sender.map(|sender| sender.0.into())
    }
    /// The words. Contact data is hidden until the stay has been booked.
    async fn body(&self) -> &str {
        &self.0.body
    }
    /// Something is hidden.
    async fn masked(&self) -> bool {
        self.0.masked
    }
    /// What happened to the booking, e.g. `booking.confirmed`.
    async fn event(&self) -> Option<&str> {
        self.0.event.as_deref()
    }
    /// When.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// Somebody in a conversation.
#[derive(Description)]
pub struct Member(messaging::Member);

#[Object(name = "ConversationMember", use_type_description)]
impl Member {
    /// Who.
    async fn id(&self) -> ID {
        self.0.person.id.0.into()
    }
    /// As shown to others.
    async fn name(&self) -> &str {
        &self.0.person.name
    }
    /// Who.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.person.id).await?.map(User))
    }
    /// In which role.
    async fn role(&self) -> Word<MemberRole> {
        Word(self.0.role)
    }
    /// The number of the last entry they have seen.
    async fn read_sequence(&self) -> i64 {
        self.0.read_sequence
    }
}

/// A thread between a guest and a home's hosts.
#[derive(Description)]
pub struct Conversation(pub messaging::Conversation);

#[Object(use_type_description)]
impl Conversation {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// About which home; null when it is no longer public and not one's own.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.listing_id).await?.map(Listing))
    }
    /// About which home.
    async fn listing_id(&self) -> ID {
        self.0.listing_id.0.into()
    }
    /// The home's title.
    async fn listing_title(&self) -> &str {
        &self.0.listing_title
    }
    /// About which booking; null for an inquiry.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        let Some(stay) = &self.0.booking else { return Ok(None) };
        Ok(ctx.loaders().booking(stay.id).await?.map(Booking))
    }
    /// Who takes part, the guest first.
    #[graphql(complexity = "1 + 3 * child_complexity")]
    async fn members(&self) -> Vec<Member> {
        self.0.members.iter().cloned().map(Member).collect()
    }
    /// How the one who asks takes part.
    async fn role(&self) -> Word<MemberRole> {
        Word(self.0.role)
    }
    /// The latest entry.
    async fn last_message(&self) -> Option<Message> {
        self.0.last_message.clone().map(Message)
    }
    /// How many entries of others are not seen yet.
    async fn unread(&self) -> i32 {
        self.0.unread
    }
    /// When it last moved.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.last_at
    }
    /// Its entries, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn messages(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<MessageConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        let found = ctx.loaders().messages(self.0.id, wanted.after, wanted.limit).await?;
        Ok(Some(MessageConnection::new(found, |message| message.sequence, Message)))
    }
}

connections! {
    MessageConnection, MessageEdge: Message;
    ConversationConnection, ConversationEdge: Conversation;
}

/// What one has not seen yet.
#[derive(SimpleObject)]
pub struct Unread {
    /// Entries of conversations.
    pub messages: i64,
    /// Notifications.
    pub notifications: i64,
}

/// Reads conversations.
#[derive(Default)]
pub struct MessagingQuery;

#[Object]
impl MessagingQuery {
    /// One of one's conversations.
    async fn conversation(&self, ctx: &Context<'_>, #[graphql(desc = "Which.")] id: ID) -> async_graphql::Result<Option<Conversation>> {
        ctx.signed_in()?;
        let wanted: ConversationId = super::request::id(&id, "conversation").told()?;
        Ok(Some(Conversation(messaging::by_id(ctx.app(), &ctx.actor(), wanted).await.told()?)))
    }

    /// One's conversations, those that moved last first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn conversations(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those with entries that are not seen yet.", default)] unread: bool,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<ConversationConnection>> {
        ctx.signed_in()?;
        let found = messaging::list(ctx.app(), &ctx.actor(), unread, page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(ConversationConnection::new(found, |thread| (thread.last_at, thread.id), Conversation)))
    }

    /// How much one has not seen yet.
    async fn unread(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Unread>> {
        ctx.signed_in()?;
        let messages = messaging::unread(ctx.app(), &ctx.actor()).await.told()?;
        let notifications = app::notifications::unread(ctx.app(), &ctx.actor()).await.told()?;
        Ok(Some(Unread { messages, notifications }))
    }
}

payloads! {
    ConversationPayload {
        /// The conversation as it is now.
        conversation: Conversation
    }
    MessagePayload {
        /// The entry.
        message: Message
    }
}

/// Changes conversations.
#[derive(Default)]
pub struct MessagingMutation;

#[Object]
impl MessagingMutation {
    /// Write about a home or a booking. There is one conversation for each:
    /// writing again adds to it.
    async fn open_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "A home, before booking it.")] listing_id: Option<ID>,
        #[graphql(desc = "A booking one takes part in.")] booking_id: Option<ID>,
        #[graphql(desc = "1–4,000 characters.")] message: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<ConversationPayload> {
        ctx.signed_in()?;
        let text = |id: &Option<ID>| id.as_ref().map(|id| id.to_string()).unwrap_or_default();
        let key = ctx.once("openConversation", idempotency_key, &vec![text(&listing_id), text(&booking_id), message.clone()])?;
        let done = async {
            let about = match (&listing_id, &booking_id) {
                (Some(listing), None) => About::Listing(id(listing, "listing")?),
                (None, Some(booking)) => About::Booking(id(booking, "booking")?),
                _ => return Err(app::Error::invalid("", "one_of", "name either listingId or bookingId")),
            };
            messaging::open(ctx.app(), &ctx.actor(), Opening { about, body: message }, key.as_ref()).await
        };
        answer(done.await.map(|once| Conversation(ctx.unwrap(once))))
    }

    /// Write into a conversation.
    async fn send_message(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which conversation.")] conversation_id: ID,
        #[graphql(desc = "1–4,000 characters.")] body: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<MessagePayload> {
        ctx.signed_in()?;
        let key = ctx.once("sendMessage", idempotency_key, &vec![conversation_id.to_string(), body.clone()])?;
        let done = async { messaging::send(ctx.app(), &ctx.actor(), id(&conversation_id, "conversation")?, &body, key.as_ref()).await };
        answer(done.await.map(|once| Message(ctx.unwrap(once))))
    }

    /// Say how far one has read.
    async fn mark_conversation_read(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which conversation.")] id: ID,
        #[graphql(desc = "The last entry that was seen; all of them when absent.")] message_id: Option<ID>,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let up_to = message_id.as_ref().map(|message| super::request::id::<MessageId>(message, "message")).transpose()?;
            messaging::mark_read(ctx.app(), &ctx.actor(), super::request::id(&id, "conversation")?, up_to).await
        };
        answer(done.await.map(|()| true))
    }

    /// Tell staff what is wrong with a conversation.
    async fn report_conversation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which conversation.")] id: ID,
        #[graphql(desc = "1–2,000 characters.")] reason: String,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { messaging::report(ctx.app(), &ctx.actor(), super::request::id(&id, "conversation")?, &reason).await };
        answer(done.await.map(|()| true))
    }

    /// Block somebody: neither can write to the other.
    async fn block_user(&self, ctx: &Context<'_>, #[graphql(desc = "Whom.")] id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { messaging::block(ctx.app(), &ctx.actor(), super::request::id::<UserId>(&id, "user")?).await };
        answer(done.await.map(|()| true))
    }

    /// Take a block back.
    async fn unblock_user(&self, ctx: &Context<'_>, #[graphql(desc = "Whose.")] id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { messaging::unblock(ctx.app(), &ctx.actor(), super::request::id::<UserId>(&id, "user")?).await };
        answer(done.await.map(|()| true))
    }
}
