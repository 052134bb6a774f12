//! Writing: opening a thread, adding to it, having read it.

use chrono::TimeDelta;
use domain::actor::Actor;
use domain::ids::{BookingId, ConversationId, ListingId, MessageId, UserId};
use domain::listings::ListingStatus;
use domain::messaging::{MESSAGE_LENGTH, MemberRole, MessageKind};

use super::read::{Conversation, Message, by_id};
use super::{safety, sql};
use crate::App;
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::idempotency::{self, IdempotencyKey, Once};
use crate::tx::Tx;
use crate::{accounts, bookings, listings};

/// So many messages of one person within ten minutes…
const MESSAGES: i64 = 60;
/// …and so many new inquiries within a day: more is no conversation.
const INQUIRIES: i64 = 30;

/// What somebody writes about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum About {
    /// A home, before booking it.
    Listing(ListingId),
    /// A booking one takes part in.
    Booking(BookingId),
}

/// The first words of a conversation (or more words in the one there is).
#[derive(Debug, Clone)]
pub struct Opening {
    /// About what.
    pub about: About,
    /// 1–4,000 characters.
    pub body: String,
}

/// The words as they are kept.
fn checked(body: &str, pointer: &str) -> Result<String> {
    let body = body.trim().to_owned();
    error::check(|check| check.text(&body, pointer, 1..=MESSAGE_LENGTH))?;
    Ok(body)
}

/// Writes about a home or a booking, in the thread there is or in a new one.
///
/// # Errors
/// 404 for homes and bookings the actor may not see, `403 own_listing`, `403
/// email_unverified`, `403 blocked`, 422 for no words or too many, 429 past
/// the limits.
pub async fn open(app: &App, actor: &Actor, opening: Opening, key: Option<&IdempotencyKey>) -> Result<Once<Conversation>> {
    let user = accounts::require_verified(actor)?;
    let body = checked(&opening.body, "/message")?;
    let thread = match opening.about {
        About::Listing(id) => {
            let listing = listings::visible(app, actor, id).await?;
            if listing.host_id == user {
                return Err(Error::forbidden("own_listing", "this is your own home: wait for a guest to write to you"));
            }
            if listing.status != ListingStatus::Published {
                return Err(Error::NotFound("listing"));
            }
            Thread { listing: id, booking: None, guest: user }
        }
        About::Booking(id) => {
            let (booking, _) = bookings::party(app, actor, id).await?;
            if !actor.is(booking.guest_id) && !actor.is(booking.host_id) {
                return Err(Error::NotFound("booking"));
            }
            Thread { listing: booking.listing_id, booking: Some(id), guest: booking.guest_id }
        }
    };
    let mut tx = app.begin().await?;
    let id = if let Some(id) = idempotency::replay_in::<ConversationId>(&mut tx, user, key).await? {
        return Ok(Once { value: by_id(app, actor, id).await?, replayed: true });
    } else {
        thread_in(&mut tx, &thread).await?
    };
    add_in(&mut tx, id, user, &body).await?;
    idempotency::save_in(&mut tx, user, key, &id).await?;
    tx.commit().await?;
    Ok(Once { value: by_id(app, actor, id).await?, replayed: false })
}

/// What makes a thread one thread.
#[derive(Debug, Clone, Copy)]
pub(super) struct Thread {
    pub listing: ListingId,
    pub booking: Option<BookingId>,
    pub guest: UserId,
}

/// The thread of an inquiry or a booking; made if there is none. A booking
/// takes its guest's open inquiry about the home over.
pub(super) async fn thread_in(tx: &mut Tx, thread: &Thread) -> Result<ConversationId> {
    if let Some(id) = sql::find(tx, thread).await? {
        return Ok(id);
    }
    if let Some(booking) = thread.booking
        && let Some(id) = sql::adopt_inquiry(tx, booking, thread).await?
    {
        return Ok(id);
    }
    let app = tx.app();
    let id: ConversationId = app.ids.next(&app.clock);
    if !sql::insert(tx, id, thread).await? {
        // Somebody was quicker.
        return sql::find(tx, thread).await?.ok_or(Error::NotFound("conversation"));
    }
    sql::join(tx, id, thread.guest, MemberRole::Guest).await?;
    let host = sql::host_of(tx, thread.listing).await?;
    sql::join(tx, id, host, MemberRole::Host).await?;
    Ok(id)
}

/// Adds somebody's words to a thread.
async fn add_in(tx: &mut Tx, id: ConversationId, user: UserId, body: &str) -> Result<MessageId> {
    let now = tx.now();
    let sequence = sql::next_sequence(tx, id).await?;
    let others = sql::others(tx, id, user).await?.ok_or(Error::NotFound("conversation"))?;
    safety::may_write_in(tx, user, &others).await?;
    if sql::sent_since(tx, user, now - TimeDelta::minutes(10)).await? >= MESSAGES {
        return Err(Error::TooMany { retry_after_seconds: 600 });
    }
    if sequence == 1 && sql::inquiries_since(tx, user, now - TimeDelta::days(1)).await? > INQUIRIES {
        return Err(Error::TooMany { retry_after_seconds: 3600 });
    }
    let app = tx.app();
    let new = sql::NewMessage {
        id: app.ids.next(&app.clock),
        conversation: id,
        sequence,
        kind: MessageKind::Text,
        sender: Some(user),
        body,
        event: None,
    };
    sql::insert_message(tx, &new).await?;
    events::publish_in(tx, Event::MessageSent { message: new.id, conversation: id }).await?;
    Ok(new.id)
}

/// Adds words to one of the actor's conversations.
///
/// # Errors
/// 404 for those who take no part in it, `403 blocked`, `409 nobody_there`
/// when the others have left, 422 for no words or too many, 429 past the
/// limits.
pub async fn send(app: &App, actor: &Actor, id: ConversationId, body: &str, key: Option<&IdempotencyKey>) -> Result<Once<Message>> {
    let user = accounts::require_user(actor)?;
    let body = checked(body, "/body")?;
    let mut tx = app.begin().await?;
    if let Some(message) = idempotency::replay_in::<MessageId>(&mut tx, user, key).await? {
        return Ok(Once { value: super::message(app, actor, message).await?, replayed: true });
    }
    let message = add_in(&mut tx, id, user, &body).await?;
    idempotency::save_in(&mut tx, user, key, &message).await?;
    tx.commit().await?;
    Ok(Once { value: super::message(app, actor, message).await?, replayed: false })
}

/// The actor has read a conversation up to an entry; all of it without one.
/// Reading backwards changes nothing.
///
/// # Errors
/// 404 for those who take no part in it and for entries of other threads.
pub async fn mark_read(app: &App, actor: &Actor, id: ConversationId, up_to: Option<MessageId>) -> Result<()> {
    let user = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    let sequence = match up_to {
        Some(message) => Some(sql::sequence_of(&mut tx, id, message).await?.ok_or(Error::NotFound("message"))?),
        None => None,
    };
    match sql::mark_read(&mut tx, id, user, sequence).await? {
        None => return Err(Error::NotFound("conversation")),
        Some(true) => events::publish_in(&mut tx, Event::ConversationRead { conversation: id, user }).await?,
        Some(false) => {}
    }
    tx.commit().await
}
