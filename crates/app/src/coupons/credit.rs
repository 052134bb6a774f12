//! Credit: given to guests by staff, or back to them from a stay called off;
//! spent on a booking, or gone at the end of its term. How much there is stands
//! in the ledger; the grants say why and until when.

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::bookings::Booking;
use domain::ids::{BookingId, CreditGrantId, UserId};
use domain::ledger::{self, Account};
use domain::money::{Currency, Money};
use domain::page::{Page, PageRequest};

use super::{fault, jobs, sql};
use crate::App;
use crate::accounts::{self, require_staff};
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::payments;
use crate::tx::Tx;
use crate::worker;

/// How long credit that comes back from a stay can be spent.
const RETURNED_LASTS: TimeDelta = TimeDelta::days(365);

/// Credit that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreditGrant {
    /// Which.
    pub id: CreditGrantId,
    /// To whom.
    pub user_id: UserId,
    /// How much.
    pub amount: Money,
    /// Why, for the guest.
    pub reason: String,
    /// The stay it came back from.
    pub booking_id: Option<BookingId>,
    /// Who gave it; none when it came back.
    pub granted_by: Option<UserId>,
    /// What is not spent by then is gone.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// A guest's credit in one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CreditBalance {
    /// Can be spent now.
    pub available: Money,
    /// Kept for bookings that wait for their payment.
    pub held: Money,
}

/// Minor units of a guest's credit that can be spent.
pub(super) async fn available_in(tx: &mut Tx, guest: UserId, currency: Currency) -> Result<i64> {
    let there = payments::balance_in(tx, &Account::GuestCredit(guest), currency).await?;
    Ok((there - sql::held(tx, guest, currency).await?).max(0))
}

/// The actor's credit, by currency.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn balances(app: &App, actor: &Actor) -> Result<Vec<CreditBalance>> {
    let user = accounts::require_user(actor)?;
    sql::balances(&mut *app.db.acquire().await?, user).await
}

/// What the actor was given, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn grants(app: &App, actor: &Actor, page: PageRequest<CreditGrantId>) -> Result<Page<CreditGrant>> {
    let user = accounts::require_user(actor)?;
    let rows = sql::grants(&app.db, user, &page).await?;
    Ok(Page::cut(rows, page.limit, |grant| grant.id))
}

/// Staff give a guest credit, of the marketplace's own money.
///
/// # Errors
/// 422 for an amount or term out of range, 404 for nobody's id, 401, 404 for all
/// but staff.
pub async fn grant(
    app: &App,
    actor: &Actor,
    user: UserId,
    (amount, expires_at): (Money, Option<DateTime<Utc>>),
    reason: &str,
) -> Result<CreditGrant> {
    let staff = require_staff(actor)?;
    let mut tx = app.begin().await?;
    let now = tx.now();
    error::check(|check| {
        check.range(amount.amount, "/amount/amount", 1..=Money::MAX_AMOUNT);
        check.that(expires_at.is_none_or(|at| at > now), "/expires_at", "past", "credit lasts until some time from now on");
        check.text(reason.trim(), "/reason", 1..=500);
    })?;
    if !accounts::people(app, &[user]).await?.contains_key(&user) {
        return Err(Error::NotFound("user"));
    }
    let grant = CreditGrant {
        id: app.ids.next(&app.clock),
        user_id: user,
        amount,
        reason: reason.trim().to_owned(),
        booking_id: None,
        granted_by: Some(staff),
        expires_at,
        created_at: now,
    };
    let posting = ledger::credit_issued(&grant.id.to_string(), user, amount).map_err(fault)?.with_note(&grant.reason);
    payments::post_in(&mut tx, &posting, None).await?;
    keep_in(&mut tx, &grant).await?;
    events::publish_in(&mut tx, Event::CreditGranted { grant: grant.id, user }).await?;
    tx.commit().await?;
    Ok(grant)
}

async fn keep_in(tx: &mut Tx, grant: &CreditGrant) -> Result<()> {
    sql::insert_grant(tx, grant).await?;
    match grant.expires_at {
        Some(at) => worker::enqueue_in(tx, &jobs::ExpireCredit { grant: grant.id }, at).await,
        None => Ok(()),
    }
}

/// Credit comes back from a booking; the posting says so already.
pub(super) async fn returned_in(tx: &mut Tx, booking: &Booking, amount: Money) -> Result<()> {
    let now = tx.now();
    let grant = CreditGrant {
        id: tx.app().ids.next(&tx.app().clock),
        user_id: booking.guest_id,
        amount,
        reason: format!("Back from booking {}", booking.code),
        booking_id: Some(booking.id),
        granted_by: None,
        expires_at: Some(now + RETURNED_LASTS),
        created_at: now,
    };
    keep_in(tx, &grant).await
}

/// Somebody has left: what they had is nobody's any more.
pub(crate) async fn forfeit_in(tx: &mut Tx, user: UserId) -> Result<()> {
    for balance in sql::balances(tx, user).await? {
        if balance.available.amount > 0 {
            let key = format!("left:{user}:{}", balance.available.currency);
            let posting = ledger::credit_expired(&key, user, balance.available).map_err(fault)?;
            payments::post_in(tx, &posting, None).await?;
        }
    }
    Ok(())
}

/// The term of a grant is over: what is left of it is gone. Credit is spent in
/// the order in which it ends, so that is what has ended less what was spent.
/// Running twice takes nothing more.
pub(super) async fn expire(app: &App, id: CreditGrantId) -> Result<()> {
    let mut tx = app.begin().await?;
    let Some(grant) = sql::grant(&mut tx, id).await? else { return Ok(()) };
    let (guest, currency) = (grant.user_id, grant.amount.currency);
    sql::lock_guest(&mut tx, guest).await?;
    let now = tx.now();
    let (given, ended) = sql::given(&mut tx, guest, currency).await?;
    let held = sql::held(&mut tx, guest, currency).await?;
    let free = payments::balance_in(&mut tx, &Account::GuestCredit(guest), currency).await? - held;
    let spent = given - free;
    let gone = (ended - spent).min(free);
    if gone > 0 {
        let key = format!("{id}:{}", now.timestamp());
        let posting = ledger::credit_expired(&key, guest, Money::new(gone, currency)).map_err(fault)?;
        payments::post_in(&mut tx, &posting, None).await?;
    }
    if held > 0 {
        // What a booking holds may come back after its end.
        worker::enqueue_in(&mut tx, &jobs::ExpireCredit { grant: id }, now + TimeDelta::days(1)).await?;
    }
    tx.commit().await
}
