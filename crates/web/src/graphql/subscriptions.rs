//! What can be watched. News comes from the event log, whichever server one is
//! at; before each fact is told the login is looked at again, and whether the
//! person may see what it is about.

use std::sync::Arc;

use app::events::Event;
use app::live::{self, Listener, Next};
use app::{bookings, messaging, notifications};
use async_graphql::{Context, Description, ID, SimpleObject, Subscription as Subscribes};
use domain::ids::{BookingId, ConversationId};
use futures::Stream;
use futures::stream;

use super::bookings::Booking;
use super::error::Told;
use super::messaging::Message;
use super::notifications::Notification;
use super::request::{Asker, Asks, id};

/// News of a booking.
#[derive(SimpleObject)]
pub struct BookingChange {
    /// What happened: `booking.confirmed`, `payment.failed`, …
    pub kind: String,
    /// The booking as it is now.
    pub booking: Booking,
}

/// What can be watched.
#[derive(Default, Description)]
pub struct Subscription;

async fn listen(ctx: &Context<'_>) -> async_graphql::Result<Listener> {
    let login = ctx.signed_in()?;
    live::listen(ctx.app(), login, None).await.told()
}

/// Turns facts into what is told of them: none of a fact that is not for this
/// watch or not (any more) for this person to see.
fn told<T, F, L>(listener: Listener, asker: Arc<Asker>, look: L) -> impl Stream<Item = async_graphql::Result<T>> + use<T, F, L>
where
    T: Send + 'static,
    F: Future<Output = app::Result<Option<T>>> + Send + 'static,
    L: Fn(Arc<Asker>, Event) -> F + Send + 'static,
{
    stream::unfold((listener, asker, look), |(mut listener, asker, look)| async move {
        loop {
            // None: the login has ended, the server stops, or the watcher has
            // fallen behind.
            let Next::News(news) = listener.next().await? else { continue };
            let found = match look(asker.clone(), news.event).await {
                Ok(None) | Err(app::Error::NotFound(_)) => continue,
                Ok(Some(found)) => Ok(found),
                Err(error) => Err(error).told(),
            };
            // What was looked up for the last fact is old.
            asker.loaders.forget();
            return Some((found, (listener, asker, look)));
        }
    })
}

#[Subscribes(use_type_description)]
impl Subscription {
    /// One's bookings as guest and host, whenever something happens to one.
    async fn booking_changed(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this one.")] booking_id: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<BookingChange>> + use<>> {
        ctx.signed_in()?;
        let only = booking_id.as_ref().map(|booking| id::<BookingId>(booking, "booking")).transpose().told()?;
        if let Some(booking) = only {
            bookings::party(ctx.app(), &ctx.actor(), booking).await.told()?;
        }
        Ok(told(listen(ctx).await?, ctx.asker().clone(), move |asker, event| async move {
            let Some(id) = event.booking().filter(|id| only.is_none_or(|only| only == *id)) else { return Ok(None) };
            let found = bookings::by_ids(&asker.app, &asker.actor(), &[id]).await?.remove(&id);
            Ok(found.map(|booking| BookingChange { kind: event.kind(), booking: Booking(booking) }))
        }))
    }

    /// Entries of one's conversations, as they are written.
    async fn message_added(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only of this one.")] conversation_id: Option<ID>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Message>> + use<>> {
        ctx.signed_in()?;
        let only = conversation_id.as_ref().map(|thread| id::<ConversationId>(thread, "conversation")).transpose().told()?;
        if let Some(thread) = only {
            messaging::by_id(ctx.app(), &ctx.actor(), thread).await.told()?;
        }
        Ok(told(listen(ctx).await?, ctx.asker().clone(), move |asker, event| async move {
            match event {
                Event::MessageSent { message, conversation } if only.is_none_or(|only| only == conversation) => {
                    messaging::message(&asker.app, &asker.actor(), message).await.map(|message| Some(Message(message)))
                }
                _ => Ok(None),
            }
        }))
    }

    /// What one is told, as it is told.
    async fn notification_added(
        &self,
        ctx: &Context<'_>,
    ) -> async_graphql::Result<impl Stream<Item = async_graphql::Result<Notification>> + use<>> {
        Ok(told(listen(ctx).await?, ctx.asker().clone(), |asker, event| async move {
            match event {
                Event::NotificationAdded { notification, .. } => {
                    notifications::one(&asker.app, &asker.actor(), notification).await.map(|one| Some(Notification(one)))
                }
                _ => Ok(None),
            }
        }))
    }
}
