//! What happens to a booking leaves an entry in its thread; doing it twice
//! leaves one.

use domain::bookings::Side;
use domain::ids::{BookingId, EventId};
use domain::messaging::MessageKind;

use super::sql;
use super::write::{Thread, thread_in};
use crate::App;
use crate::error::Result;
use crate::events::{self, Event};
use crate::tx::Tx;

/// What an entry says, and whether it begins the thread if there is none.
fn entry(event: &Event, facts: &sql::BookingFacts) -> Option<(BookingId, &'static str, String, bool)> {
    let stay = format!("{} to {}", facts.check_in, facts.check_out);
    let by = match facts.cancelled_by {
        Some(Side::Guest) => "the guest",
        Some(Side::Host) => "the host",
        _ => "the marketplace",
    };
    let said = |booking: BookingId, kind, words: String, opens| Some((booking, kind, words, opens));
    match event {
        Event::BookingRequested { booking, .. } => {
            said(*booking, "booking.requested", format!("Asked for {stay}. The host has 24 hours to answer."), true)
        }
        Event::BookingConfirmed { booking, .. } => said(*booking, "booking.confirmed", format!("The stay is booked: {stay}."), true),
        Event::BookingDeclined { booking, .. } => said(*booking, "booking.declined", "The host could not take this stay.".into(), false),
        Event::BookingExpired { booking, .. } => {
            said(*booking, "booking.expired", "The time was up: the nights are free again.".into(), false)
        }
        Event::BookingCancelled { booking, .. } => said(*booking, "booking.cancelled", format!("The stay was called off by {by}."), false),
        Event::BookingCompleted { booking, .. } => said(*booking, "booking.completed", "The stay is over. How was it?".into(), false),
        Event::BookingNoShow { booking, .. } => said(*booking, "booking.no_show", "The host says that the guest never came.".into(), false),
        _ => None,
    }
}

/// Leaves the entry of a fact about a booking, and at the beginning of a
/// booking's thread the words that came with it.
pub(crate) async fn on(app: &App, id: EventId, event: &Event) -> Result<()> {
    let booking = match event {
        Event::BookingRequested { booking, .. }
        | Event::BookingConfirmed { booking, .. }
        | Event::BookingDeclined { booking, .. }
        | Event::BookingExpired { booking, .. }
        | Event::BookingCancelled { booking, .. }
        | Event::BookingCompleted { booking, .. }
        | Event::BookingNoShow { booking, .. } => *booking,
        _ => return Ok(()),
    };
    let Some(facts) = sql::booking(&app.db, booking).await? else { return Ok(()) };
    let Some((booking, kind, words, opens)) = entry(event, &facts) else { return Ok(()) };
    let mut tx = app.begin().await?;
    let thread = Thread { listing: facts.listing_id, booking: Some(booking), guest: facts.guest_id };
    let known = sql::find(&mut tx, &thread).await?;
    let conversation = match known {
        Some(known) => known,
        None if opens => thread_in(&mut tx, &thread).await?,
        None => return Ok(()),
    };
    if known.is_none() && !facts.message.is_empty() {
        let opening = Entry { conversation, kind: MessageKind::Text, body: &facts.message };
        add_in(&mut tx, &opening, (id, kind), Some(facts.guest_id)).await?;
    }
    add_in(&mut tx, &Entry { conversation, kind: MessageKind::System, body: &words }, (id, kind), None).await?;
    tx.commit().await
}

struct Entry<'a> {
    conversation: domain::ids::ConversationId,
    kind: MessageKind,
    body: &'a str,
}

async fn add_in(tx: &mut Tx, entry: &Entry<'_>, event: (EventId, &str), sender: Option<domain::ids::UserId>) -> Result<()> {
    let sequence = sql::next_sequence(tx, entry.conversation).await?;
    if sql::has_entry(tx, entry.conversation, event.0, entry.kind).await? {
        return Ok(());
    }
    let app = tx.app();
    let new = sql::NewMessage {
        id: app.ids.next(&app.clock),
        conversation: entry.conversation,
        sequence,
        kind: entry.kind,
        sender,
        body: entry.body,
        event: Some(event),
    };
    sql::insert_message(tx, &new).await?;
    events::publish_in(tx, Event::MessageSent { message: new.id, conversation: entry.conversation }).await
}
