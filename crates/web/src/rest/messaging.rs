//! Conversations over REST.

use app::App;
use app::messaging::{self, About, Conversation, Member, Message, Opening};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, NaiveDate, Utc};
use domain::ids::{BookingId, ConversationId, ListingId, MessageId, UserId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::LoggedIn;
use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::idempotency::{Idempotent, mark};
use crate::rest::bookings::PersonView;
use crate::rest::page::{PageView, Paging, page_request};

/// Somebody in a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct MemberView {
    /// Who.
    #[serde(flatten)]
    pub person: PersonView,
    /// guest, host or co_host.
    pub role: String,
    /// The `sequence` of the last entry they have seen.
    pub read_sequence: i64,
}

/// The booking that a conversation is about.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "as in a booking")]
pub struct ConversationBooking {
    pub id: Uuid,
    pub code: String,
    pub state: String,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
}

/// The home that a conversation is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationListing {
    /// Which.
    pub id: Uuid,
    /// Its title.
    pub title: String,
}

/// An entry of a conversation.
#[derive(Debug, Serialize, ToSchema)]
pub struct MessageView {
    /// Which.
    pub id: Uuid,
    /// Where.
    pub conversation_id: Uuid,
    /// Its number in the conversation, from 1 without gaps.
    pub sequence: i64,
    /// text or system.
    pub kind: String,
    /// Who wrote it; null for system entries.
    pub sender_id: Option<Uuid>,
    /// The words. Contact data is hidden until the stay has been booked.
    pub body: String,
    /// Something is hidden.
    pub masked: bool,
    /// What happened to the booking, e.g. `booking.confirmed`; system entries only.
    pub event: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl From<Message> for MessageView {
    fn from(message: Message) -> Self {
        Self {
            id: message.id.0,
            conversation_id: message.conversation_id.0,
            sequence: message.sequence,
            kind: message.kind.to_string(),
            sender_id: message.sender.map(|id| id.0),
            body: message.body,
            masked: message.masked,
            event: message.event,
            created_at: message.created_at,
        }
    }
}

/// A thread between a guest and a home's hosts.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConversationView {
    /// Which.
    pub id: Uuid,
    /// About which home.
    pub listing: ConversationListing,
    /// About which booking; null for an inquiry.
    pub booking: Option<ConversationBooking>,
    /// Who takes part.
    pub members: Vec<MemberView>,
    /// How the one who asks takes part.
    pub role: String,
    /// The latest entry.
    pub last_message: Option<MessageView>,
    /// How many entries of others are not seen yet.
    pub unread: i32,
    /// When it last moved.
    pub updated_at: DateTime<Utc>,
}

impl From<Member> for MemberView {
    fn from(member: Member) -> Self {
        Self { role: member.role.to_string(), read_sequence: member.read_sequence, person: member.person.into() }
    }
}

impl From<Conversation> for ConversationView {
    fn from(conversation: Conversation) -> Self {
        Self {
            id: conversation.id.0,
            listing: ConversationListing { id: conversation.listing_id.0, title: conversation.listing_title },
            booking: conversation.booking.map(|stay| ConversationBooking {
                id: stay.id.0,
                code: stay.code,
                state: stay.state.to_string(),
                check_in: stay.check_in,
                check_out: stay.check_out,
            }),
            members: conversation.members.into_iter().map(MemberView::from).collect(),
            role: conversation.role.to_string(),
            last_message: conversation.last_message.map(MessageView::from),
            unread: conversation.unread,
            updated_at: conversation.last_at,
        }
    }
}

/// Which conversations.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct InboxQuery {
    /// Only those with entries that are not seen yet.
    #[serde(default)]
    pub unread: bool,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
}

/// An inbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct InboxView {
    /// The conversations, those that moved last first.
    pub data: Vec<ConversationView>,
    /// Asks for the next page; null on the last.
    pub next_cursor: Option<String>,
    /// Entries that are not seen yet, over all conversations.
    pub unread: i64,
}

/// One's conversations, those that moved last first.
#[utoipa::path(get, path = "/conversations", tag = "messages", security(("bearer" = [])), params(InboxQuery),
    responses((status = 200, body = InboxView)))]
pub async fn list_conversations(State(app): State<App>, user: LoggedIn, Query(query): Query<InboxQuery>) -> ApiResult<Json<InboxView>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let page = messaging::list(&app, &user.actor, query.unread, page).await?;
    let unread = messaging::unread(&app, &user.actor).await?;
    let data = page.data.into_iter().map(ConversationView::from).collect();
    Ok(Json(InboxView { data, next_cursor: page.next_cursor, unread }))
}

/// Somebody writes about a home (`listing_id`) or a booking (`booking_id`).
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewConversation {
    /// A home, before booking it.
    pub listing_id: Option<Uuid>,
    /// A booking one takes part in.
    pub booking_id: Option<Uuid>,
    /// 1–4,000 characters.
    pub message: String,
}

/// Write about a home or a booking.
///
/// There is one conversation for each: writing again adds to it. Contact data
/// is hidden until the stay has been booked.
#[utoipa::path(post, path = "/conversations", tag = "messages", security(("bearer" = [])), request_body = NewConversation,
    params(("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the stored answer for 24 h.")),
    responses((status = 201, body = ConversationView), (status = 403, body = Problem, description = "own_listing, email_unverified, blocked"),
        (status = 404, body = Problem), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn open_conversation(State(app): State<App>, user: LoggedIn, input: Idempotent<NewConversation>) -> ApiResult<Response> {
    let about = match (input.body.listing_id, input.body.booking_id) {
        (Some(listing), None) => About::Listing(ListingId(listing)),
        (None, Some(booking)) => About::Booking(BookingId(booking)),
        _ => return Err(app::Error::invalid("", "one_of", "name either listing_id or booking_id").into()),
    };
    let opening = Opening { about, body: input.body.message };
    let once = messaging::open(&app, &user.actor, opening, input.key.as_ref()).await?;
    Ok(mark(once.replayed, (StatusCode::CREATED, Json(ConversationView::from(once.value)))))
}

/// One of one's conversations.
#[utoipa::path(get, path = "/conversations/{id}", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ConversationView), (status = 404, body = Problem)))]
pub async fn get_conversation(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<Json<ConversationView>> {
    Ok(Json(messaging::by_id(&app, &user.actor, ConversationId(id)).await?.into()))
}

/// The entries of a conversation, newest first.
#[utoipa::path(get, path = "/conversations/{id}/messages", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path), Paging),
    responses((status = 200, body = PageView<MessageView>), (status = 404, body = Problem)))]
pub async fn list_messages(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Query(query): Query<Paging>,
) -> ApiResult<Json<PageView<MessageView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    Ok(Json(messaging::messages(&app, &user.actor, ConversationId(id), page).await?.into()))
}

/// Words for a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMessage {
    /// 1–4,000 characters.
    pub body: String,
}

/// Write into a conversation.
#[utoipa::path(post, path = "/conversations/{id}/messages", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path),
    ("Idempotency-Key" = Option<String>, Header, description = "The same key and body get the stored answer for 24 h.")),
    request_body = NewMessage,
    responses((status = 201, body = MessageView), (status = 403, body = Problem, description = "blocked"), (status = 404, body = Problem),
        (status = 409, body = Problem, description = "nobody_there"), (status = 422, body = Problem), (status = 429, body = Problem)))]
pub async fn send_message(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<NewMessage>,
) -> ApiResult<Response> {
    let once = messaging::send(&app, &user.actor, ConversationId(id), &input.body.body, input.key.as_ref()).await?;
    Ok(mark(once.replayed, (StatusCode::CREATED, Json(MessageView::from(once.value)))))
}

/// How far one has read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadUpTo {
    /// The last entry that was seen; all of them when absent.
    pub message_id: Option<Uuid>,
}

/// Say how far one has read.
#[utoipa::path(post, path = "/conversations/{id}/read", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = ReadUpTo, responses((status = 204), (status = 404, body = Problem)))]
pub async fn read_conversation(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    input: Idempotent<ReadUpTo>,
) -> ApiResult<StatusCode> {
    messaging::mark_read(&app, &user.actor, ConversationId(id), input.body.message_id.map(MessageId)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What is wrong with a conversation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConversationReport {
    /// 1–2,000 characters.
    pub reason: String,
}

/// Tell staff what is wrong with a conversation.
#[utoipa::path(post, path = "/conversations/{id}/report", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path)),
    request_body = ConversationReport, responses((status = 202), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn report_conversation(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    Json(body): Json<ConversationReport>,
) -> ApiResult<StatusCode> {
    messaging::report(&app, &user.actor, ConversationId(id), &body.reason).await?;
    Ok(StatusCode::ACCEPTED)
}

/// Whom one has blocked.
#[utoipa::path(get, path = "/users/me/blocks", tag = "messages", security(("bearer" = [])),
    responses((status = 200, body = PageView<PersonView>)))]
pub async fn list_blocks(State(app): State<App>, user: LoggedIn) -> ApiResult<Json<PageView<PersonView>>> {
    let people = messaging::blocked(&app, &user.actor).await?;
    Ok(Json(PageView { data: people.into_iter().map(PersonView::from).collect(), next_cursor: None }))
}

/// Block somebody: neither can write to the other.
#[utoipa::path(put, path = "/users/me/blocks/{id}", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn block_user(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    messaging::block(&app, &user.actor, UserId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Take a block back.
#[utoipa::path(delete, path = "/users/me/blocks/{id}", tag = "messages", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem)))]
pub async fn unblock_user(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>) -> ApiResult<StatusCode> {
    messaging::unblock(&app, &user.actor, UserId(id)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list_conversations, open_conversation))
        .routes(routes!(get_conversation))
        .routes(routes!(list_messages, send_message))
        .routes(routes!(read_conversation))
        .routes(routes!(report_conversation))
        .routes(routes!(list_blocks))
        .routes(routes!(block_user, unblock_user))
}
