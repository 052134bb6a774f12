//! Facts that others are told. A slice publishes upward news here; this is the
//! one file that knows every slice.
//!
//! News travels twice: *in the transaction* to slices whose state must change
//! with it (a paid booking is confirmed or nothing has happened), and *after
//! the commit*, by a job, to side effects (mail, caches).

use chrono::{DateTime, Utc};
use domain::ids::{
    AlterationId, BookingId, CoHostId, ConversationId, CreditGrantId, DisputeId, EventId, ListingId, MessageId, NotificationId, PaymentId,
    PayoutId, RefundRequestId, ReviewId, TransferId, UserId,
};
use domain::reviews::Subject;
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use crate::error::Result;
use crate::tx::Tx;
use crate::{App, bookings, coupons, invoicing, listings, messaging, notifications, wishlists, worker};

/// One fact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind")]
#[expect(missing_docs, reason = "the names say it; the fields are ids")]
pub enum Event {
    #[serde(rename = "user.registered")]
    UserRegistered { user: UserId },
    #[serde(rename = "user.changed")]
    UserChanged { user: UserId },
    #[serde(rename = "user.erased")]
    UserErased { user: UserId },
    #[serde(rename = "listing.changed")]
    ListingChanged { listing: ListingId },
    #[serde(rename = "co_host.invited")]
    CoHostInvited { co_host: CoHostId, listing: ListingId },
    #[serde(rename = "price_rules.changed")]
    PriceRulesChanged {},
    #[serde(rename = "calendar.changed")]
    CalendarChanged { listing: ListingId },
    #[serde(rename = "booking.placed")]
    BookingPlaced { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.requested")]
    BookingRequested { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.confirmed")]
    BookingConfirmed { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.declined")]
    BookingDeclined { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.expired")]
    BookingExpired { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.cancelled")]
    BookingCancelled { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.completed")]
    BookingCompleted { booking: BookingId, listing: ListingId },
    #[serde(rename = "booking.no_show")]
    BookingNoShow { booking: BookingId, listing: ListingId },
    #[serde(rename = "payment.authorized")]
    PaymentAuthorized { payment: PaymentId, booking: BookingId },
    #[serde(rename = "payment.succeeded")]
    PaymentSucceeded { payment: PaymentId, booking: BookingId },
    #[serde(rename = "payment.failed")]
    PaymentFailed { payment: PaymentId, booking: BookingId },
    #[serde(rename = "payment.released")]
    PaymentReleased { payment: PaymentId, booking: BookingId },
    #[serde(rename = "payment.refunded")]
    PaymentRefunded { payment: PaymentId, booking: BookingId, amount: i64 },
    #[serde(rename = "payment.refund_failed")]
    RefundFailed { payment: PaymentId, booking: BookingId, amount: i64 },
    #[serde(rename = "payment.instalment_due_soon")]
    InstalmentDueSoon { payment: PaymentId, booking: BookingId },
    #[serde(rename = "payment.instalment_unpaid")]
    InstalmentUnpaid { payment: PaymentId, booking: BookingId },
    #[serde(rename = "credit.granted")]
    CreditGranted { grant: CreditGrantId, user: UserId },
    #[serde(rename = "dispute.opened")]
    DisputeOpened { dispute: DisputeId, booking: BookingId },
    #[serde(rename = "dispute.closed")]
    DisputeClosed { dispute: DisputeId, booking: BookingId, won: bool },
    #[serde(rename = "payout.due")]
    PayoutDue { payout: PayoutId, booking: BookingId },
    #[serde(rename = "payout.paid")]
    PayoutPaid { transfer: TransferId, host: UserId },
    #[serde(rename = "payout.failed")]
    PayoutFailed { transfer: TransferId, host: UserId },
    #[serde(rename = "booking.altered")]
    BookingAltered { booking: BookingId, listing: ListingId },
    #[serde(rename = "alteration.proposed")]
    AlterationProposed { alteration: AlterationId, booking: BookingId },
    #[serde(rename = "alteration.closed")]
    AlterationClosed { alteration: AlterationId, booking: BookingId },
    #[serde(rename = "refund.asked")]
    RefundAsked { request: RefundRequestId, booking: BookingId },
    #[serde(rename = "refund.answered")]
    RefundAnswered { request: RefundRequestId, booking: BookingId, granted: bool },
    #[serde(rename = "review.submitted")]
    ReviewSubmitted { review: ReviewId, booking: BookingId },
    #[serde(rename = "review.published")]
    ReviewPublished { review: ReviewId, listing: ListingId, subject: Subject },
    #[serde(rename = "message.sent")]
    MessageSent { message: MessageId, conversation: ConversationId },
    #[serde(rename = "conversation.read")]
    ConversationRead { conversation: ConversationId, user: UserId },
    #[serde(rename = "notification.added")]
    NotificationAdded { notification: NotificationId, user: UserId },
    #[serde(rename = "notifications.read")]
    NotificationsRead { user: UserId },
}

impl Event {
    /// The booking for which a receipt or an invoice may have to be issued.
    const fn documents(&self) -> Option<BookingId> {
        match self {
            Self::PaymentSucceeded { booking, .. }
            | Self::BookingCancelled { booking, .. }
            | Self::BookingAltered { booking, .. }
            | Self::PayoutDue { booking, .. } => Some(*booking),
            _ => None,
        }
    }

    /// Its stable machine word, e.g. `booking.confirmed`.
    #[must_use]
    pub fn kind(&self) -> String {
        let value = serde_json::to_value(self).unwrap_or_default();
        value.get("kind").and_then(|kind| kind.as_str()).unwrap_or_default().to_owned()
    }

    /// The booking it is about, if any.
    #[must_use]
    pub const fn booking(&self) -> Option<BookingId> {
        match self {
            Self::BookingPlaced { booking, .. }
            | Self::BookingRequested { booking, .. }
            | Self::BookingConfirmed { booking, .. }
            | Self::BookingDeclined { booking, .. }
            | Self::BookingExpired { booking, .. }
            | Self::BookingCancelled { booking, .. }
            | Self::BookingCompleted { booking, .. }
            | Self::BookingNoShow { booking, .. }
            | Self::PaymentAuthorized { booking, .. }
            | Self::PaymentSucceeded { booking, .. }
            | Self::PaymentFailed { booking, .. }
            | Self::PaymentReleased { booking, .. }
            | Self::PaymentRefunded { booking, .. }
            | Self::PayoutDue { booking, .. }
            | Self::ReviewSubmitted { booking, .. } => Some(*booking),
            _ => None,
        }
    }

    /// Whether it changes nothing of a home but who has which nights.
    pub(crate) fn is_of_a_booking(&self) -> bool {
        !matches!(self, Self::ListingChanged { .. } | Self::CalendarChanged { .. } | Self::ReviewPublished { .. })
    }

    /// The listing whose public face changes with this, if any.
    pub(crate) fn listing(&self) -> Option<ListingId> {
        match self {
            Self::ListingChanged { listing }
            | Self::CalendarChanged { listing }
            | Self::BookingPlaced { listing, .. }
            | Self::BookingRequested { listing, .. }
            | Self::BookingConfirmed { listing, .. }
            | Self::BookingDeclined { listing, .. }
            | Self::BookingExpired { listing, .. }
            | Self::BookingCancelled { listing, .. }
            | Self::BookingCompleted { listing, .. }
            | Self::BookingNoShow { listing, .. }
            | Self::BookingAltered { listing, .. }
            | Self::ReviewPublished { listing, .. } => Some(*listing),
            _ => None,
        }
    }
}

/// Records a fact in the transaction that makes it true, tells the slices that
/// must change with it, and asks for its side effects.
///
/// # Errors
/// Whatever a slice that must change with it answers; then nothing happened.
pub async fn publish_in(tx: &mut Tx, event: Event) -> Result<()> {
    let app = tx.app();
    let now = tx.now();
    let id: EventId = app.ids.next(&app.clock);
    let payload = serde_json::to_value(&event)?;
    sqlx::query("insert into events (id, kind, payload, occurred_at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(event.kind())
        .bind(payload)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    if let Some(booking) = event.documents() {
        worker::enqueue_in(tx, &invoicing::jobs::IssueDocuments { booking }, now).await?;
    }
    // Boxed: a reaction may publish in turn.
    Box::pin(react_in(tx, &event)).await?;
    if notifications::concerns(&event) {
        worker::enqueue_in(tx, &TellOthers { id, event: event.clone(), at: now }, now).await?;
    }
    tx.published.push(event);
    Ok(())
}

/// Records that many homes have changed, with one statement. Nobody is told of
/// single ones: caches and the search projection follow at the commit.
pub(crate) async fn listings_changed_in(tx: &mut Tx, listings: &[ListingId]) -> Result<()> {
    let app = tx.app();
    let now = tx.now();
    let events: Vec<Event> = listings.iter().map(|listing| Event::ListingChanged { listing: *listing }).collect();
    let ids: Vec<uuid::Uuid> = events.iter().map(|_| app.ids.next::<EventId>(&app.clock).0).collect();
    let payloads = events.iter().map(serde_json::to_value).collect::<Result<Vec<_>, _>>()?;
    sqlx::query(
        "insert into events (id, kind, payload, occurred_at)
         select id, payload ->> 'kind', payload, $3 from unnest($1::uuid[], $2::jsonb[]) as event (id, payload)",
    )
    .bind(ids)
    .bind(payloads)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    tx.published.extend(events);
    Ok(())
}

/// What must change in the same transaction.
async fn react_in(tx: &mut Tx, event: &Event) -> Result<()> {
    match event {
        Event::PaymentAuthorized { payment, booking } => bookings::payment_authorized_in(tx, *booking, *payment).await,
        Event::PaymentSucceeded { payment, booking } => bookings::payment_succeeded_in(tx, *booking, *payment).await,
        Event::PaymentFailed { payment, booking } => bookings::payment_failed_in(tx, *booking, *payment).await,
        Event::InstalmentUnpaid { booking, .. } => bookings::unpaid_in(tx, *booking).await,
        Event::DisputeClosed { dispute, booking, won } => bookings::dispute_closed_in(tx, *booking, *dispute, *won).await,
        Event::ReviewPublished { listing, subject: Subject::Listing, .. } => {
            let rating = crate::reviews::rating_in(tx, *listing).await?;
            listings::set_rating_in(tx, *listing, rating.count, rating.overall).await
        }
        Event::UserErased { user } => {
            listings::co_hosts::forget_in(tx, *user).await?;
            coupons::credit::forfeit_in(tx, *user).await?;
            messaging::forget_in(tx, *user).await?;
            wishlists::forget_in(tx, *user).await?;
            notifications::forget_in(tx, *user).await
        }
        _ => Ok(()),
    }
}

/// Drops what this process (and through Redis the others) has cached of what
/// has just changed. Called the moment a transaction has committed.
pub(crate) async fn committed(app: &App, events: &[Event]) {
    if events.is_empty() {
        return;
    }
    for listing in events.iter().filter_map(Event::listing) {
        crate::cached::forget_listing(app, listing).await;
    }
    if events.iter().any(|event| event.listing().is_some() || *event == Event::PriceRulesChanged {}) {
        crate::cached::forget_searches(app).await;
    }
    app.wake_workers();
    app.live.wake();
}

/// The job that carries one fact to its side effects; each of them is
/// idempotent, so that running twice does no harm.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct TellOthers {
    id: EventId,
    event: Event,
    at: DateTime<Utc>,
}

impl Job<App> for TellOthers {
    const KIND: &'static str = "tell_others";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        // Again, for a reader that loaded the old state while we committed.
        if let Some(listing) = self.event.listing() {
            crate::cached::forget_listing(app, listing).await;
            crate::cached::forget_searches(app).await;
        }
        messaging::on(app, self.id, &self.event).await?;
        Ok(notifications::on(app, self.id, &self.event, self.at).await?)
    }
}
