//! Coupons and credit: what the marketplace pays towards a guest's stay.
//!
//! The price of a stay stays what it is; what is contributed comes into the
//! guest's funds beside what the card paid, and is returned last to the coupon
//! when a stay is called off: the card comes first, then the guest's credit.

pub mod credit;
pub mod jobs;
mod sql;

use domain::actor::Actor;
use domain::bookings::Booking;
use domain::coupons::{Contribution, Coupon, CouponRefusal, CouponTerms, divide};
use domain::ids::{BookingId, CouponId, UserId};
use domain::ledger::{self, Back};
use domain::money::Money;
use domain::page::{Page, PageRequest};

use crate::App;
use crate::accounts::require_staff;
use crate::error::{self, Error, Result};
use crate::payments;
use crate::tx::Tx;

/// What a guest wishes to be paid with beside their card.
#[derive(Debug, Clone, Copy, Default)]
pub struct ContributionWish<'a> {
    /// A coupon's code as typed.
    pub coupon: Option<&'a str>,
    /// Spend one's own credit.
    pub use_credit: bool,
}

impl ContributionWish<'_> {
    /// Whether nothing but the card is wished.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.coupon.is_none() && !self.use_credit
    }
}

/// Who books what.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Purchase {
    pub guest: UserId,
    pub price: Money,
    /// The guest has had no booking.
    pub first_booking: bool,
}

fn fault(error: impl std::fmt::Display) -> Error {
    Error::Internal(anyhow::anyhow!("coupons: {error}"))
}

fn refuse(refusal: CouponRefusal) -> Error {
    Error::invalid("/coupon", refusal.code(), refusal.to_string())
}

/// What coupon and credit would pay now.
///
/// # Errors
/// 422 with why the coupon takes nothing off.
pub(crate) async fn foresee_in(tx: &mut Tx, purchase: Purchase, wish: ContributionWish<'_>) -> Result<Contribution> {
    Ok(choose_in(tx, purchase, wish).await?.1)
}

async fn choose_in(tx: &mut Tx, purchase: Purchase, wish: ContributionWish<'_>) -> Result<(Option<CouponId>, Contribution)> {
    let Purchase { guest, price, first_booking } = purchase;
    let now = tx.now();
    let coupon = match wish.coupon.map(spelled) {
        Some(code) => {
            let coupon = sql::by_code(tx, &code).await?.ok_or_else(|| refuse(CouponRefusal::Unknown))?;
            let mut refusal = coupon.terms.refusal(coupon.uses, coupon.ended_at.is_some(), price, now);
            if sql::was_used(tx, coupon.id, guest).await? {
                refusal = Some(CouponRefusal::AlreadyUsed);
            } else if coupon.terms.first_booking_only && !first_booking {
                refusal = refusal.or(Some(CouponRefusal::FirstBookingOnly));
            }
            match refusal {
                Some(refusal) => return Err(refuse(refusal)),
                None => Some((coupon.terms.worth(price)?, coupon)),
            }
        }
        None => None,
    };
    let credit = if wish.use_credit { credit::available_in(tx, guest, price.currency).await? } else { 0 };
    let worth = coupon.as_ref().map(|(worth, coupon)| (coupon.terms.code.as_str(), *worth));
    let contribution = divide(price, worth, credit);
    let used = coupon.filter(|_| contribution.coupon.is_some());
    Ok((used.map(|(_, coupon)| coupon.id), contribution))
}

/// A code as it is kept.
fn spelled(code: &str) -> String {
    code.trim().to_uppercase().replace('\0', "")
}

/// Holds what coupon and credit pay of a booking that has just been written and
/// has its nights. Nobody else can use it from now on.
///
/// # Errors
/// 422 with why the coupon takes nothing off.
pub(crate) async fn hold_in(tx: &mut Tx, booking: BookingId, purchase: Purchase, wish: ContributionWish<'_>) -> Result<Contribution> {
    // In this order everywhere: the guest, then the coupon.
    sql::lock_guest(tx, purchase.guest).await?;
    if let Some(code) = wish.coupon {
        sql::lock_coupon(tx, &spelled(code)).await?;
    }
    let (coupon, contribution) = choose_in(tx, purchase, wish).await?;
    if contribution.total() > 0 {
        if let Some(coupon) = coupon {
            sql::count_use(tx, coupon, 1).await?;
        }
        sql::insert_contribution(tx, booking, (purchase.guest, purchase.price.currency), (coupon, &contribution)).await?;
    }
    Ok(contribution)
}

/// The booking stands: what was held is paid.
pub(crate) async fn pay_in(tx: &mut Tx, booking: &Booking) -> Result<()> {
    let contribution = &booking.terms.contribution;
    if contribution.total() == 0 {
        return Ok(());
    }
    sql::use_contribution(tx, booking.id).await?;
    let posting = ledger::contributed(booking.id, booking.guest_id, booking.currency, contribution).map_err(fault)?;
    payments::post_in(tx, &posting, Some(booking.id)).await?;
    Ok(())
}

/// The booking came to nothing before it stood: what was held is free again.
pub(crate) async fn release_in(tx: &mut Tx, booking: &Booking) -> Result<()> {
    if booking.terms.contribution.total() > 0 && sql::return_contribution(tx, booking.id, "held").await? {
        free_coupon_in(tx, booking.id).await?;
    }
    Ok(())
}

async fn free_coupon_in(tx: &mut Tx, booking: BookingId) -> Result<()> {
    match sql::coupon_of(tx, booking).await? {
        Some(coupon) => sql::count_use(tx, coupon, -1).await,
        None => Ok(()),
    }
}

/// Part of the money of a booking has gone `back` (posted already): the guest's
/// credit is theirs again, and a coupon that has paid nothing in the end can be
/// used again.
pub(crate) async fn given_back_in(tx: &mut Tx, booking: &Booking, back: Back) -> Result<()> {
    if back.credit > 0 {
        let amount = Money::new(back.credit, booking.currency);
        credit::returned_in(tx, booking, amount).await?;
    }
    let coupon = booking.terms.contribution.coupon_amount();
    if coupon > 0 && back.promo >= coupon && sql::return_contribution(tx, booking.id, "used").await? {
        free_coupon_in(tx, booking.id).await?;
    }
    Ok(())
}

/// Writes a new coupon.
///
/// # Errors
/// 422 with every mistake, `409 code_taken`, 401, 404 for all but staff.
pub async fn create(app: &App, actor: &Actor, mut terms: CouponTerms) -> Result<Coupon> {
    let staff = require_staff(actor)?;
    terms.code = spelled(&terms.code);
    error::check(|check| terms.check(check))?;
    let mut tx = app.begin().await?;
    let coupon = Coupon { id: app.ids.next(&app.clock), terms, uses: 0, ended_at: None, created_at: tx.now() };
    if !sql::insert_coupon(&mut tx, &coupon, staff).await? {
        return Err(Error::conflict("code_taken", format!("there is a coupon {} already", coupon.terms.code)));
    }
    tx.commit().await?;
    Ok(coupon)
}

/// Ends a coupon; bookings that have it keep it.
///
/// # Errors
/// 401, 404 for all but staff, 404.
pub async fn end(app: &App, actor: &Actor, id: CouponId) -> Result<Coupon> {
    require_staff(actor)?;
    let mut tx = app.begin().await?;
    let now = tx.now();
    let coupon = sql::end_coupon(&mut tx, id, now).await?.ok_or(Error::NotFound("coupon"))?;
    tx.commit().await?;
    Ok(coupon)
}

/// Every coupon, newest first.
///
/// # Errors
/// 401, 404 for all but staff.
pub async fn list(app: &App, actor: &Actor, page: PageRequest<CouponId>) -> Result<Page<Coupon>> {
    require_staff(actor)?;
    let rows = sql::coupons(&app.db, &page).await?;
    Ok(Page::cut(rows, page.limit, |coupon| coupon.id))
}
