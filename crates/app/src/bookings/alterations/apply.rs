//! An agreed change takes effect: nights, price, deadlines and payouts in one
//! transaction.

use domain::alterations::AlterationState;
use domain::bookings::{Booking, Side};
use domain::dates::{Stay, instant_on};
use domain::guests::Guests;
use domain::ids::{PaymentId, PaymentOperationId};
use domain::payments::Payment;
use domain::pricing::Quote;

use super::{Alteration, answer, sql};
use crate::bookings::{deadlines, earnings, jobs};
use crate::error::Result;
use crate::events::{self, Event};
use crate::tx::Tx;
use crate::{calendar, listings, worker};

/// A booking as it is to be from now on.
pub(in crate::bookings) struct Change<'a> {
    pub stay: Stay,
    pub guests: Guests,
    pub quote: &'a Quote,
    /// Names the change in the book, once ever.
    pub key: String,
    /// For the booking's history.
    pub by: (Side, Option<domain::ids::UserId>),
    pub reason: String,
}

/// Changes a booking: its nights in the calendar, its price and deadlines, what
/// comes back, and what is still to be earned. Answers the requests to the
/// provider that the caller finishes after its commit.
pub(in crate::bookings) async fn change_in(tx: &mut Tx, booking: &mut Booking, change: Change<'_>) -> Result<Vec<PaymentOperationId>> {
    let terms = &mut booking.terms;
    listings::locked_in(tx, booking.listing_id).await?;
    calendar::move_in(tx, booking.listing_id, booking.id, change.stay, terms.preparation_nights).await?;
    terms.quote = change.quote.clone();
    booking.stay = change.stay;
    booking.guests = change.guests;
    booking.check_in_at = instant_on(terms.time_zone, change.stay.check_in, terms.check_in_from);
    booking.check_out_at = instant_on(terms.time_zone, change.stay.check_out, terms.check_out_until);
    crate::bookings::sql::save_agreement(tx, booking).await?;
    crate::bookings::sql::record(tx, booking.id, (Some(booking.state), booking.state), change.by, &change.reason).await?;
    let begun = earnings::give_back_in(tx, booking, &change.key).await?;
    let now = tx.now();
    earnings::plan_in(tx, booking, now).await?;
    worker::enqueue_in(tx, &jobs::CompleteBooking { booking: booking.id }, booking.check_out_at).await?;
    events::publish_in(tx, Event::BookingAltered { booking: booking.id, listing: booking.listing_id }).await?;
    Ok(begun)
}

/// An alteration takes effect.
pub(super) async fn apply_in(tx: &mut Tx, booking: &mut Booking, alteration: &mut Alteration) -> Result<Vec<PaymentOperationId>> {
    alteration.state = AlterationState::Applied;
    alteration.answered_at = Some(tx.now());
    sql::save(tx, alteration).await?;
    let change = Change {
        stay: alteration.stay,
        guests: alteration.guests,
        quote: &alteration.quote,
        key: alteration.id.to_string(),
        by: (Side::System, None),
        reason: format!("changed to {} as the {} proposed", alteration.stay, alteration.proposed_by),
    };
    change_in(tx, booking, change).await
}

/// What a change would cost more is held until the host answers; let go when the
/// change has ended meanwhile.
pub(crate) async fn payment_authorized_in(tx: &mut Tx, booking: &Booking, payment: PaymentId) -> Result<()> {
    match sql::by_payment(tx, payment).await? {
        Some(alteration) if !matches!(alteration.state, AlterationState::Proposed | AlterationState::Accepted) => {
            deadlines::return_late_in(tx, booking.id, payment, "the change was not made").await
        }
        _ => Ok(()),
    }
}

/// What a change costs more is in: the booking changes, unless the change has
/// ended meanwhile; then the money goes back.
pub(crate) async fn payment_succeeded_in(tx: &mut Tx, booking: &mut Booking, payment: &Payment) -> Result<()> {
    let found = sql::by_payment(tx, payment.id).await?;
    match found {
        Some(mut alteration) if alteration.state == AlterationState::Accepted => {
            // A dearer stay gives nothing back.
            apply_in(tx, booking, &mut alteration).await.map(|_| ())
        }
        _ => deadlines::return_late_in(tx, booking.id, payment.id, "the change was not made").await,
    }
}

/// A card was refused. A guest who had said yes may name another; one whose
/// held card failed after the host's yes sees the change end.
pub(crate) async fn payment_failed_in(tx: &mut Tx, booking: &Booking, payment: PaymentId) -> Result<()> {
    let Some(mut alteration) = sql::by_payment(tx, payment).await? else { return Ok(()) };
    match (alteration.state, alteration.proposed_by) {
        (AlterationState::Accepted, Side::Host) => {
            alteration.state = AlterationState::Proposed;
            alteration.answered_at = None;
            calendar::hold_more_until_in(tx, alteration.id, Some(alteration.expires_at)).await?;
            sql::save(tx, &alteration).await
        }
        (AlterationState::Accepted | AlterationState::Proposed, _) => {
            answer::close_in(tx, booking, &mut alteration, AlterationState::Failed).await
        }
        _ => Ok(()),
    }
}
