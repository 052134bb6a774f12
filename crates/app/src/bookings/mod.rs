//! Bookings: a guest asks for a stay, pays, the host answers, either calls off.
//!
//! Every change of state passes [`domain::bookings::transition`] and leaves a
//! row in `booking_events`. The nights themselves are held by the calendar's
//! occupancies, under the database's exclusion constraints.

pub mod alterations;
mod answers;
mod batch;
mod cancel;
mod deadlines;
mod disputes;
mod earnings;
mod instalments;
pub mod jobs;
pub mod overrides;
mod pay;
mod read;
pub mod refund_requests;
mod request;
mod shorten;
mod sql;

pub use answers::{accept, decline, mark_no_show};
pub use batch::{by_ids, histories, of_listings, payments_of};
pub use cancel::{CancellationPreview, cancel, preview_cancellation};
pub(crate) use disputes::dispute_closed_in;
pub(crate) use instalments::unpaid_in;
pub use instalments::{all_payments, payment_plans};
pub use pay::{PayWish, pay, pay_with};
pub(crate) use pay::{payment_authorized_in, payment_failed_in, payment_succeeded_in};
pub(crate) use read::find;
pub use read::{
    ArrivalInfo, BookingDetail, BookingFilter, HistoryEntry, arrival, by_id, detail, history, list, party, payment, refund_timeline,
};
pub use request::{Request, foresee_contribution, request};
pub use shorten::{ShorteningPreview, preview_shortening, shorten};

use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Move, Side, transition};
use domain::co_hosts::Access;
use domain::ids::{BookingId, UserId};
use sqlx::PgConnection;

use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::tx::Tx;
use crate::{coupons, listings};

/// Who moves a booking, and in which role.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mover {
    side: Side,
    user: Option<UserId>,
}

impl Mover {
    const SYSTEM: Self = Self { side: Side::System, user: None };
}

/// In which role `actor` meets `booking` themself, not as a co-host.
fn role_of(actor: &Actor, booking: &Booking) -> Option<Side> {
    if actor.is(booking.guest_id) {
        Some(Side::Guest)
    } else if actor.is(booking.host_id) {
        Some(Side::Host)
    } else {
        actor.is_staff().then_some(Side::Staff)
    }
}

/// In which role `actor` meets `booking`; strangers do not, co-hosts as the host
/// when their access is at least `least`.
async fn side_of(db: &mut PgConnection, actor: &Actor, booking: &Booking, least: Access) -> Result<Side> {
    if let Some(side) = role_of(actor, booking) {
        return Ok(side);
    }
    match listings::co_hosts::access(db, actor, booking.listing_id, booking.host_id).await? {
        access if access >= least => Ok(Side::Host),
        Access::Public | Access::Calendar => Err(Error::NotFound("booking")),
        _ => Err(Error::forbidden("co_host_permission", "you may read this booking, not act in it")),
    }
}

/// A booking of the actor's, locked, and the role in which they may act in it.
///
/// # Errors
/// 404 for strangers, `403 co_host_permission` for co-hosts without full access.
pub(crate) async fn party_in(tx: &mut Tx, actor: &Actor, id: BookingId) -> Result<(Booking, Side)> {
    let booking = sql::locked(tx, id).await?.ok_or(Error::NotFound("booking"))?;
    let side = side_of(tx, actor, &booking, Access::Full).await?;
    Ok((booking, side))
}

/// Moves a booking and writes down who did it and why. Publishing the news is
/// part of it, so nothing that moves goes untold.
async fn move_in(tx: &mut Tx, booking: &mut Booking, wish: Move, mover: Mover, reason: &str) -> Result<()> {
    let from = booking.state;
    let to = transition(from, wish, mover.side).map_err(|illegal| Error::conflict("illegal_transition", illegal.to_string()))?;
    booking.state = to;
    let now = tx.now();
    match to {
        BookingState::Confirmed => booking.confirmed_at = Some(now),
        BookingState::Cancelled => {
            booking.cancelled_at = Some(now);
            // The marketplace's own cancellations are staff's in the books.
            booking.cancelled_by = Some(if mover.side == Side::System { Side::Staff } else { mover.side });
        }
        _ => {}
    }
    match (from, to) {
        (_, BookingState::Confirmed) => coupons::pay_in(tx, booking).await?,
        (
            BookingState::PendingPayment | BookingState::Requested,
            BookingState::Declined | BookingState::Expired | BookingState::Cancelled,
        ) => {
            coupons::release_in(tx, booking).await?;
        }
        _ => {}
    }
    sql::save(tx, booking).await?;
    sql::record(tx, booking.id, (Some(from), to), (mover.side, mover.user), reason).await?;
    let (id, listing) = (booking.id, booking.listing_id);
    let event = match to {
        BookingState::PendingPayment => Event::BookingPlaced { booking: id, listing },
        BookingState::Requested => Event::BookingRequested { booking: id, listing },
        BookingState::Confirmed => Event::BookingConfirmed { booking: id, listing },
        BookingState::Declined => Event::BookingDeclined { booking: id, listing },
        BookingState::Expired => Event::BookingExpired { booking: id, listing },
        BookingState::Cancelled => Event::BookingCancelled { booking: id, listing },
        BookingState::Completed => Event::BookingCompleted { booking: id, listing },
        BookingState::NoShow => Event::BookingNoShow { booking: id, listing },
    };
    events::publish_in(tx, event).await
}
