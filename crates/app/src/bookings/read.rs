//! Reading bookings: one's own ones only.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::bookings::{Booking, BookingState, Side};
use domain::cancellation::{self, TimelineStep};
use domain::co_hosts::Access;
use domain::ids::BookingId;
use domain::listings::{Address, Arrival, Point};
use domain::page::{Page, PageRequest};
use domain::payments::Payment;

use super::{cancel::moment, side_of, sql};
use crate::App;
use crate::accounts::{self, Person};
use crate::error::{Error, Result};
use crate::{listings, payments};

/// One row of a booking's state log.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct HistoryEntry {
    /// Where it stood; none at the beginning.
    pub from_state: Option<BookingState>,
    /// Where it went.
    pub to_state: BookingState,
    /// Who moved it.
    pub side: Side,
    /// Why, if they said so.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
}

/// A booking with the people in it.
#[derive(Debug, Clone)]
pub struct BookingDetail {
    /// The booking. One whose deadline has passed reads as expired, whether or
    /// not a worker has got to it.
    pub booking: Booking,
    /// Who booked.
    pub guest: Person,
    /// Whose home.
    pub host: Person,
}

/// How to reach a home: for the guest of a confirmed booking.
#[derive(Debug, Clone, PartialEq)]
pub struct ArrivalInfo {
    /// The exact address.
    pub address: Address,
    /// The exact point.
    pub point: Option<Point>,
    /// Instructions, codes, Wi-Fi.
    pub arrival: Arrival,
}

/// Whose bookings, and in which state.
#[derive(Debug, Clone, Copy)]
pub struct BookingFilter {
    /// As guest or as host.
    pub side: Side,
    /// Only those.
    pub state: Option<BookingState>,
}

/// A booking, for the marketplace's own work.
pub(crate) async fn find(app: &App, id: BookingId) -> Result<Option<Booking>> {
    sql::by_id(&app.db, id).await
}

/// A booking as its parties see it, with the actor's role.
///
/// # Errors
/// 404 for strangers.
pub async fn party(app: &App, actor: &Actor, id: BookingId) -> Result<(Booking, Side)> {
    accounts::require_user(actor)?;
    let booking = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("booking"))?;
    let side = side_of(&mut *app.db.acquire().await?, actor, &booking, Access::Messages).await?;
    Ok((seen(app, booking), side))
}

/// A booking as its parties see it.
///
/// # Errors
/// 404 for strangers.
pub async fn by_id(app: &App, actor: &Actor, id: BookingId) -> Result<BookingDetail> {
    let (booking, _) = party(app, actor, id).await?;
    detail(app, booking).await
}

pub(super) fn seen(app: &App, mut booking: Booking) -> Booking {
    if booking.has_lapsed(app.clock.now()) {
        booking.state = BookingState::Expired;
    }
    booking
}

/// Adds the people to a booking.
///
/// # Errors
/// When the database is out of reach.
pub async fn detail(app: &App, booking: Booking) -> Result<BookingDetail> {
    let mut all = details(app, vec![booking]).await?;
    all.pop().ok_or(Error::NotFound("booking"))
}

pub(super) async fn details(app: &App, bookings: Vec<Booking>) -> Result<Vec<BookingDetail>> {
    let ids: Vec<_> = bookings.iter().flat_map(|b| [b.guest_id, b.host_id]).collect();
    let people = accounts::people(app, &ids).await?;
    let who = |id| people.get(&id).cloned().ok_or(Error::NotFound("user"));
    bookings
        .into_iter()
        .map(|booking| Ok(BookingDetail { guest: who(booking.guest_id)?, host: who(booking.host_id)?, booking: seen(app, booking) }))
        .collect()
}

/// The actor's bookings, newest first; as host also those of homes they help
/// with, when they may see bookings.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list(app: &App, actor: &Actor, filter: BookingFilter, page: PageRequest<BookingId>) -> Result<Page<BookingDetail>> {
    let user = accounts::require_user(actor)?;
    let rows = if filter.side == Side::Host {
        sql::of_host(&app.db, user, filter.state, page.after, page.limit).await?
    } else {
        sql::of_guest(&app.db, user, filter.state, page.after, page.limit).await?
    };
    let page = Page::cut(rows, page.limit, |booking| booking.id);
    Ok(Page { data: details(app, page.data).await?, next_cursor: page.next_cursor })
}

/// Who moved a booking when, and why.
///
/// # Errors
/// 404 for strangers.
pub async fn history(app: &App, actor: &Actor, id: BookingId) -> Result<Vec<HistoryEntry>> {
    party(app, actor, id).await?;
    sql::history(&app.db, id).await
}

/// The payment of a booking.
///
/// # Errors
/// 404 for strangers, `403 co_host_permission` for co-hosts without full access.
pub async fn payment(app: &App, actor: &Actor, id: BookingId) -> Result<Payment> {
    let booking = sql::by_id(&app.db, id).await?.ok_or(Error::NotFound("booking"))?;
    side_of(&mut *app.db.acquire().await?, actor, &booking, Access::Full).await?;
    payments::of_booking(app, id).await
}

/// What a guest who calls off gets back, by when: the function that executes a
/// cancellation, tabulated from now on.
///
/// # Errors
/// When amounts leave their range: a fault of ours.
pub fn refund_timeline(booking: &Booking, now: DateTime<Utc>) -> Result<Vec<TimelineStep>> {
    let mut steps = cancellation::refund_timeline(&moment(booking), now).map_err(|e| Error::Internal(anyhow::anyhow!("timeline: {e}")))?;
    for step in &mut steps {
        step.refund = booking.terms.contribution.refundable(step.refund, booking.terms.quote.total);
    }
    Ok(steps)
}

/// How to reach the home: for guest, host and staff of a confirmed booking.
///
/// # Errors
/// 404 for strangers, `409 not_confirmed` before the booking is confirmed.
pub async fn arrival(app: &App, actor: &Actor, id: BookingId) -> Result<ArrivalInfo> {
    let (booking, _) = party(app, actor, id).await?;
    if !booking.state.is_agreed() {
        return Err(Error::conflict("not_confirmed", "address and codes are shown once the booking is confirmed"));
    }
    let listing = listings::by_id(app, booking.listing_id).await?;
    let arrival = listings::arrival(app, booking.listing_id).await?;
    Ok(ArrivalInfo { address: listing.address, point: listing.point, arrival })
}
