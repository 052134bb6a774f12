//! Reading conversations: one's own only, with contact data hidden until the
//! stay has been booked.

use chrono::{DateTime, NaiveDate, Utc};
use domain::actor::Actor;
use domain::bookings::BookingState;
use domain::ids::{BookingId, ConversationId, ListingId, MessageId, UserId};
use domain::messaging::{MemberRole, MessageKind, mask_contacts};
use domain::page::{Page, PageRequest};

use super::sql;
use crate::App;
use crate::accounts::{self, Person};
use crate::error::{Error, Result};

/// Somebody in a conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Who.
    pub person: Person,
    /// In which role.
    pub role: MemberRole,
    /// The number of the last entry they have seen.
    pub read_sequence: i64,
}

/// The booking that a conversation is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stay {
    /// Which.
    pub id: BookingId,
    /// For people.
    pub code: String,
    /// Where it stands.
    pub state: BookingState,
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
}

/// A thread as one of its members sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conversation {
    /// Which.
    pub id: ConversationId,
    /// About which home.
    pub listing_id: ListingId,
    /// Its title.
    pub listing_title: String,
    /// About which booking; an inquiry has none.
    pub booking: Option<Stay>,
    /// Who takes part, the guest first.
    pub members: Vec<Member>,
    /// The latest entry.
    pub last_message: Option<Message>,
    /// How many entries of others the one who asks has not seen.
    pub unread: i32,
    /// How the one who asks takes part.
    pub role: MemberRole,
    /// When it last moved.
    pub last_at: DateTime<Utc>,
}

/// An entry of a thread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Which.
    pub id: MessageId,
    /// Where.
    pub conversation_id: ConversationId,
    /// Its number in the thread, from 1.
    pub sequence: i64,
    /// Somebody's words, or what happened to the booking.
    pub kind: MessageKind,
    /// Who wrote it.
    pub sender: Option<UserId>,
    /// The words; contact data is hidden until the stay has been booked.
    pub body: String,
    /// Something is hidden.
    pub masked: bool,
    /// What happened, e.g. `booking.confirmed`.
    pub event: Option<String>,
    /// When.
    pub created_at: DateTime<Utc>,
}

impl Message {
    pub(super) fn seen(row: sql::MessageRow, revealed: bool) -> Self {
        let (body, masked) = if revealed || row.kind == MessageKind::System {
            (row.body, false)
        } else {
            let masked = mask_contacts(&row.body);
            (masked.text, masked.hidden)
        };
        Self {
            id: row.id,
            conversation_id: row.conversation_id,
            sequence: row.sequence,
            kind: row.kind,
            sender: row.sender_id,
            body,
            masked,
            event: row.event_kind,
            created_at: row.created_at,
        }
    }
}

/// Where a page of an inbox goes on.
pub type InboxKey = (DateTime<Utc>, ConversationId);
/// Where a page of a thread goes on: the number of an entry.
pub type MessageKey = i64;

/// The actor's conversations, those that moved last first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list(app: &App, actor: &Actor, only_unread: bool, page: PageRequest<InboxKey>) -> Result<Page<Conversation>> {
    let user = accounts::require_user(actor)?;
    let rows = sql::inbox(&app.db, user, only_unread, &page).await?;
    let page = Page::cut(rows, page.limit, |row| (row.last_at, row.id));
    Ok(Page { data: hydrate(app, page.data).await?, next_cursor: page.next_cursor })
}

/// One of the actor's conversations.
///
/// # Errors
/// 404 for those who take no part in it.
pub async fn by_id(app: &App, actor: &Actor, id: ConversationId) -> Result<Conversation> {
    let user = accounts::require_user(actor)?;
    let row = sql::of_member(&app.db, id, user).await?.ok_or(Error::NotFound("conversation"))?;
    hydrate(app, vec![row]).await?.pop().ok_or(Error::NotFound("conversation"))
}

/// Adds people and latest entries, with one statement each.
async fn hydrate(app: &App, rows: Vec<sql::ConversationRow>) -> Result<Vec<Conversation>> {
    let ids: Vec<ConversationId> = rows.iter().map(|row| row.id).collect();
    let members = sql::members(&app.db, &ids).await?;
    let mut last = sql::last_messages(&app.db, &ids).await?;
    let people: Vec<UserId> = members.iter().map(|member| member.user_id).collect();
    let people = accounts::people(app, &people).await?;
    let mut conversations = Vec::with_capacity(rows.len());
    for row in rows {
        let of_this = members.iter().filter(|member| member.conversation_id == row.id);
        let members = of_this
            .map(|member| {
                let person = people.get(&member.user_id).cloned().ok_or(Error::NotFound("user"))?;
                Ok(Member { person, role: member.role, read_sequence: member.read_sequence })
            })
            .collect::<Result<Vec<_>>>()?;
        let latest = last.iter().position(|message| message.conversation_id == row.id).map(|at| last.swap_remove(at));
        conversations.push(Conversation {
            last_message: latest.map(|message| Message::seen(message, row.revealed)),
            id: row.id,
            listing_id: row.listing_id,
            listing_title: row.listing_title,
            booking: row.booking_id.zip(row.state).zip(row.check_in.zip(row.check_out)).map(|((id, state), (check_in, check_out))| Stay {
                id,
                code: row.code.unwrap_or_default(),
                state,
                check_in,
                check_out,
            }),
            members,
            unread: row.unread,
            role: row.role,
            last_at: row.last_at,
        });
    }
    Ok(conversations)
}

/// The entries of one of the actor's conversations, newest first.
///
/// # Errors
/// 404 for those who take no part in it.
pub async fn messages(app: &App, actor: &Actor, id: ConversationId, page: PageRequest<MessageKey>) -> Result<Page<Message>> {
    let user = accounts::require_user(actor)?;
    let row = sql::of_member(&app.db, id, user).await?.ok_or(Error::NotFound("conversation"))?;
    let rows = sql::messages(&app.db, id, &page).await?;
    Ok(Page::cut(rows, page.limit, |message| message.sequence).map(|message| Message::seen(message, row.revealed)))
}

/// One entry of one of the actor's conversations.
///
/// # Errors
/// 404 for those who take no part in it.
pub async fn message(app: &App, actor: &Actor, id: MessageId) -> Result<Message> {
    let user = accounts::require_user(actor)?;
    let (row, revealed) = sql::message(&app.db, id, user).await?.ok_or(Error::NotFound("message"))?;
    Ok(Message::seen(row, revealed))
}

/// How many entries of others the actor has not seen, over all conversations.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn unread(app: &App, actor: &Actor) -> Result<i64> {
    sql::unread(&app.db, accounts::require_user(actor)?).await
}
