//! Issuing documents and reading them.

use chrono::Datelike;
use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::bookings::{Booking, Side};
use domain::coupons::PaymentMeans;
use domain::ids::{BookingId, DocumentId};
use domain::money::Money;
use domain::page::{Page, PageRequest};
use domain::pricing::{LineKind, Party};

use super::{DocumentContent, DocumentKind, DocumentLine, IssuedDocument, sql};
use crate::App;
use crate::accounts;
use crate::bookings;
use crate::error::{Error, Result};
use crate::tx::Tx;

/// Money that came in or went back for a booking, as the ledger has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptPayment {
    /// When.
    pub at: DateTime<Utc>,
    /// Positive for a payment, negative for a refund.
    pub amount: Money,
    /// From where.
    pub means: PaymentMeans,
}

/// A guest's receipt: what was issued, and what has been paid on it by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What was issued.
    pub document: IssuedDocument,
    /// In order of time.
    pub payments: Vec<ReceiptPayment>,
    /// Payments less refunds.
    pub paid: Money,
}

fn issued(tx: &Tx, booking: &Booking, names: &Names) -> DocumentContent {
    DocumentContent {
        booking_code: booking.code.clone(),
        listing_title: booking.terms.listing_title.clone(),
        check_in: booking.stay.check_in,
        check_out: booking.stay.check_out,
        recipient: names.guest.clone(),
        host: names.host.clone(),
        issuer: tx.app().config.name.clone(),
        lines: Vec::new(),
    }
}

struct Names {
    guest: String,
    host: String,
}

async fn names(app: &App, booking: &Booking) -> Result<Names> {
    let mut people = accounts::people(app, &[booking.guest_id, booking.host_id]).await?;
    let mut name = |id| people.remove(&id).map(|person| person.name).unwrap_or_default();
    Ok(Names { guest: name(booking.guest_id), host: name(booking.host_id) })
}

/// A document about to be numbered.
pub(super) struct Draft<'a> {
    pub kind: DocumentKind,
    pub booking: &'a Booking,
    pub content: DocumentContent,
    pub replaces: Option<DocumentId>,
}

impl Draft<'_> {
    pub fn total(&self) -> i64 {
        self.content.lines.iter().map(|line| line.amount).sum()
    }
}

async fn issue_in(tx: &mut Tx, draft: Draft<'_>) -> Result<()> {
    let app = tx.app();
    let series = format!("{}-{}", draft.kind.letter(), tx.now().year());
    let number = sql::next_number(tx, &series).await?;
    sql::insert(tx, app.ids.next(&app.clock), (&series, number), &draft).await
}

/// The guest's lines, in the quote's order.
fn receipt_lines(booking: &Booking) -> Vec<DocumentLine> {
    let quote = &booking.terms.quote;
    let lines = quote.lines.iter().filter(|line| line.paid_by != Party::Host);
    let note = |line: &domain::pricing::Line| line.jurisdiction.as_ref().map(|place| format!("Passed on to {place}")).unwrap_or_default();
    lines
        .map(|line| DocumentLine {
            label: line.label.clone(),
            note: if line.kind == LineKind::GuestFee { "The marketplace's service".to_owned() } else { note(line) },
            unit: line.unit,
            quantity: line.quantity,
            amount: line.amount,
        })
        .collect()
}

/// Issues what is missing: a receipt for the price as it stands now, an invoice
/// or credit note for the fees that the ledger has and no document yet says.
/// Doing it twice does nothing more.
pub(super) async fn issue_missing(app: &App, id: BookingId) -> Result<()> {
    let Some(booking) = bookings::find(app, id).await? else { return Ok(()) };
    let names = names(app, &booking).await?;
    let mut tx = app.begin().await?;
    sql::lock(&mut tx, id).await?;
    receipt_in(&mut tx, &booking, &names).await?;
    fees_in(&mut tx, &booking, &names).await?;
    tx.commit().await
}

async fn receipt_in(tx: &mut Tx, booking: &Booking, names: &Names) -> Result<()> {
    if !sql::was_paid(tx, booking.id).await? {
        return Ok(());
    }
    let last = sql::last_receipt(tx, booking.id).await?;
    let content = DocumentContent { lines: receipt_lines(booking), ..issued(tx, booking, names) };
    if last.as_ref().is_some_and(|last| last.content.lines == content.lines) {
        return Ok(());
    }
    let replaces = last.map(|last| last.id);
    issue_in(tx, Draft { kind: DocumentKind::Receipt, booking, content, replaces }).await
}

async fn fees_in(tx: &mut Tx, booking: &Booking, names: &Names) -> Result<()> {
    let charged = sql::host_fees(tx, booking.id).await?;
    let told = sql::invoiced(tx, booking.id).await?;
    let difference = charged - told;
    if difference == 0 {
        return Ok(());
    }
    let (kind, label) = if difference > 0 {
        (DocumentKind::Invoice, "Host service fee")
    } else {
        (DocumentKind::CreditNote, "Host service fee, given back")
    };
    let line = DocumentLine { label: label.to_owned(), note: String::new(), unit: difference, quantity: 1, amount: difference };
    let content = DocumentContent { recipient: names.host.clone(), lines: vec![line], ..issued(tx, booking, names) };
    issue_in(tx, Draft { kind, booking, content, replaces: None }).await
}

/// A guest's receipt.
///
/// # Errors
/// `409 not_paid` before anything was paid, `403 not_the_guest` for the host,
/// 404 for strangers.
pub async fn receipt(app: &App, actor: &Actor, id: BookingId) -> Result<Receipt> {
    let (booking, side) = bookings::party(app, actor, id).await?;
    if side == Side::Host {
        return Err(Error::forbidden("not_the_guest", "a receipt is the guest's: your invoices are under /host/invoices"));
    }
    // The job may not have got to it yet.
    issue_missing(app, id).await?;
    let document = sql::newest_receipt(&app.db, id).await?;
    let document = document.ok_or_else(|| Error::conflict("not_paid", "there is a receipt once something has been paid"))?;
    let payments = sql::payments(&app.db, id).await?;
    let mut paid = Money::zero(booking.currency);
    for payment in &payments {
        paid = paid.plus(payment.amount)?;
    }
    Ok(Receipt { document, payments, paid })
}

/// A host's invoices and credit notes, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn invoices_of(app: &App, actor: &Actor, page: PageRequest<DocumentId>) -> Result<Page<IssuedDocument>> {
    let host = accounts::require_user(actor)?;
    let rows = sql::invoices(&app.db, host, &page).await?;
    Ok(Page::cut(rows, page.limit, |document| document.id))
}

/// One invoice or credit note, for its host or staff.
///
/// # Errors
/// 404 for everybody else.
pub async fn invoice(app: &App, actor: &Actor, id: DocumentId) -> Result<IssuedDocument> {
    accounts::require_user(actor)?;
    let document = sql::by_id(&app.db, id).await?.filter(|document| document.kind != DocumentKind::Receipt);
    document.filter(|document| actor.is(document.user_id) || actor.is_staff()).ok_or(Error::NotFound("invoice"))
}
