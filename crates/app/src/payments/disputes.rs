//! Disputes: a guest's bank takes the money back and looks into it. What the
//! provider says is taken over once, whatever the order; who bears a loss is
//! decided where the stay is known, by the bookings slice.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, DisputeId, PaymentId};
use domain::ledger::{self, LossBearer};
use domain::money::Money;
use domain::page::{Page, PageRequest};
use domain::payments::DisputeState;

use super::{ledger::fault, post_in, sql};
use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::ports::payments::{self as port, ProviderError};
use crate::tx::Tx;

/// A dispute as staff see it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dispute {
    /// Which.
    pub id: DisputeId,
    /// About which payment.
    pub payment_id: PaymentId,
    /// For which booking.
    pub booking_id: BookingId,
    /// The provider's name of it.
    pub reference: String,
    /// How much was taken back.
    pub amount: Money,
    /// What the provider charges for it, minor units.
    pub fee: i64,
    /// Where it stands.
    pub state: DisputeState,
    /// The bank's word, e.g. `fraudulent`.
    pub reason: String,
    /// Who paid for a loss after the host had earned.
    pub bearer: Option<LossBearer>,
    /// What the bank was told.
    pub evidence: String,
    /// Until when the bank reads evidence.
    pub evidence_due_at: Option<DateTime<Utc>>,
    /// Since when.
    pub opened_at: DateTime<Utc>,
    /// When the bank decided.
    pub closed_at: Option<DateTime<Utc>>,
}

/// Who bears a loss that was not the marketplace's doing: complaints about the
/// home are the host's, everything about the card is the marketplace's.
#[must_use]
pub fn bearer_of(reason: &str) -> LossBearer {
    match reason {
        "product_not_received" | "product_unacceptable" | "credit_not_processed" | "subscription_canceled" => LossBearer::Host,
        _ => LossBearer::Marketplace,
    }
}

/// Asks the provider how a dispute stands and takes that over.
pub(super) async fn look(app: &App, provider: &str, reference: &str) -> Result<()> {
    let told = match app.provider.fetch_dispute(reference).await {
        Ok(told) => told,
        Err(ProviderError::Unknown(why)) => return Err(Error::Busy(why)),
        Err(ProviderError::Refused(why)) => {
            tracing::warn!(%reference, %why, "the provider does not know its own dispute");
            return Ok(());
        }
    };
    take_over(app, provider, &told).await
}

/// Takes over what the provider says of a dispute: once.
///
/// # Errors
/// [`Error::Busy`] while its charge is not known here: the answer to our own
/// request may still be on its way.
pub(super) async fn take_over(app: &App, provider: &str, told: &port::Dispute) -> Result<()> {
    let Some(payment) = sql::id_by_reference(&app.db, provider, &told.charge).await? else {
        return Err(Error::Busy(format!("dispute {} is about charge {}, which is not known here (yet)", told.reference, told.charge)));
    };
    let mut tx = app.begin().await?;
    let payment = super::by_id_in(&mut tx, payment).await?;
    let mut dispute = match sql::dispute_by_reference(&mut tx, provider, &told.reference).await? {
        Some(known) => known,
        None => open_in(&mut tx, provider, told, payment.id, payment.booking_id).await?,
    };
    let closed = matches!(dispute.state, DisputeState::Won | DisputeState::Lost);
    if !closed && dispute.state != told.state {
        let now = tx.now();
        dispute.state = told.state;
        let won = match told.state {
            DisputeState::Won => Some(true),
            DisputeState::Lost => Some(false),
            _ => None,
        };
        dispute.closed_at = won.map(|_| now);
        sql::save_dispute(&mut tx, &dispute).await?;
        if won == Some(true) {
            let posting = ledger::dispute_won(&dispute.reference, dispute.booking_id, dispute.amount, 0).map_err(fault)?;
            post_in(&mut tx, &posting, Some(dispute.booking_id)).await?;
        }
        if let Some(won) = won {
            events::publish_in(&mut tx, Event::DisputeClosed { dispute: dispute.id, booking: dispute.booking_id, won }).await?;
        }
    }
    tx.commit().await
}

async fn open_in(tx: &mut Tx, provider: &str, told: &port::Dispute, payment: PaymentId, booking: BookingId) -> Result<Dispute> {
    let app = tx.app();
    let dispute = Dispute {
        id: app.ids.next(&app.clock),
        payment_id: payment,
        booking_id: booking,
        reference: told.reference.clone(),
        amount: told.amount,
        fee: told.fee,
        state: DisputeState::Open,
        reason: told.reason.clone(),
        bearer: None,
        evidence: String::new(),
        evidence_due_at: told.evidence_due_at,
        opened_at: tx.now(),
        closed_at: None,
    };
    sql::insert_dispute(tx, provider, &dispute).await?;
    let posting = ledger::dispute_opened(&dispute.reference, booking, dispute.amount, dispute.fee).map_err(fault)?;
    post_in(tx, &posting, Some(booking)).await?;
    events::publish_in(tx, Event::DisputeOpened { dispute: dispute.id, booking }).await?;
    Ok(dispute)
}

/// The dispute, locked.
pub(crate) async fn by_id_in(tx: &mut Tx, id: DisputeId) -> Result<Dispute> {
    sql::dispute_locked(tx, id).await?.ok_or(Error::NotFound("dispute"))
}

/// Writes down who bears a loss.
pub(crate) async fn set_bearer_in(tx: &mut Tx, dispute: &mut Dispute, bearer: LossBearer) -> Result<()> {
    dispute.bearer = Some(bearer);
    sql::save_dispute(tx, dispute).await
}

/// Every dispute, newest first; `open` only those that the bank has not decided.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn list(app: &App, actor: &Actor, open: bool, page: PageRequest<DisputeId>) -> Result<Page<Dispute>> {
    accounts::require_staff(actor)?;
    let rows = sql::disputes(&app.db, open, &page).await?;
    Ok(Page::cut(rows, page.limit, |dispute| dispute.id))
}

/// Tells the bank the marketplace's side: once, before it has decided.
///
/// # Errors
/// 404 for anyone but staff, `409 illegal_transition` when it was told or the
/// bank has decided, 422 for an empty text or one of more than 20,000
/// characters.
pub async fn submit_evidence(app: &App, actor: &Actor, id: DisputeId, text: &str) -> Result<Dispute> {
    accounts::require_staff(actor)?;
    error::check(|check| check.text(text, "/text", 1..=20_000))?;
    let mut tx = app.begin().await?;
    let mut dispute = by_id_in(&mut tx, id).await?;
    let again = dispute.evidence == text && dispute.state == DisputeState::Open;
    if dispute.state != DisputeState::Open || !(dispute.evidence.is_empty() || again) {
        return Err(Error::conflict("illegal_transition", format!("a dispute that is {} takes no evidence", dispute.state)));
    }
    // Written down before it is sent: sent again it is the same.
    text.clone_into(&mut dispute.evidence);
    sql::save_dispute(&mut tx, &dispute).await?;
    tx.commit().await?;

    let told = app.provider.submit_evidence(&format!("{id}:evidence"), &dispute.reference, text).await;
    match told {
        Ok(told) => take_over(app, app.provider.name(), &told).await?,
        Err(ProviderError::Unknown(why)) => return Err(Error::Busy(why)),
        Err(ProviderError::Refused(why)) => return Err(Error::conflict("evidence_refused", why)),
    }
    let mut tx = app.begin().await?;
    by_id_in(&mut tx, id).await
}
