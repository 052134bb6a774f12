//! Documents: receipts, invoices, the tax report, a stay's calendar entry.

use app::invoicing::{self, DocumentKind, IssuedDocument, TaxPeriod, TaxReportRow};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::coupons::PaymentMeans;
use domain::ids::BookingId;

use super::connection::{connections, page, size};
use super::error::Told;
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::{Cursor, Date, Word};

/// One line of a document.
#[derive(SimpleObject)]
pub struct DocumentLine {
    /// For people.
    pub label: String,
    /// Under it, small; may be empty.
    pub note: String,
    /// Each.
    pub unit: Money,
    /// How often.
    pub quantity: i64,
    /// In all.
    pub amount: Money,
}

/// A receipt, invoice or credit note.
#[derive(Description)]
pub struct Document(IssuedDocument);

#[Object(use_type_description)]
impl Document {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// receipt, invoice or credit_note.
    async fn kind(&self) -> &str {
        self.0.kind.as_str()
    }
    /// Without gaps within kind and year: R-2030-000001.
    async fn number(&self) -> &str {
        &self.0.number
    }
    /// About which booking.
    async fn booking_id(&self) -> ID {
        self.0.booking_id.0.into()
    }
    /// Its code.
    async fn booking_code(&self) -> &str {
        &self.0.content.booking_code
    }
    /// The home's title when it was booked.
    async fn listing_title(&self) -> &str {
        &self.0.content.listing_title
    }
    /// First night.
    async fn check_in(&self) -> Date {
        self.0.content.check_in.into()
    }
    /// Day of departure.
    async fn check_out(&self) -> Date {
        self.0.content.check_out.into()
    }
    /// Who issued it.
    async fn issuer(&self) -> &str {
        &self.0.content.issuer
    }
    /// To whom.
    async fn recipient(&self) -> &str {
        &self.0.content.recipient
    }
    /// Whose home.
    async fn host(&self) -> &str {
        &self.0.content.host
    }
    /// Line by line.
    async fn lines(&self) -> Vec<DocumentLine> {
        let money = |amount| Money::from(domain::money::Money::new(amount, self.0.total.currency));
        let line = |line: &invoicing::DocumentLine| DocumentLine {
            label: line.label.clone(),
            note: line.note.clone(),
            unit: money(line.unit),
            quantity: line.quantity,
            amount: money(line.amount),
        };
        self.0.content.lines.iter().map(line).collect()
    }
    /// Their sum.
    async fn total(&self) -> Money {
        self.0.total.into()
    }
    /// The number of the document it takes the place of.
    async fn replaces(&self) -> Option<&str> {
        self.0.replaces.as_deref()
    }
    /// When.
    async fn issued_at(&self) -> DateTime<Utc> {
        self.0.issued_at
    }
    /// Where the same lies as PDF; it asks for the same token.
    async fn pdf_path(&self) -> String {
        match self.0.kind {
            DocumentKind::Receipt => format!("/api/v1/bookings/{}/receipt.pdf", self.0.booking_id),
            DocumentKind::Invoice | DocumentKind::CreditNote => format!("/api/v1/host/invoices/{}/pdf", self.0.id),
        }
    }
}

/// Money that came in or went back.
#[derive(SimpleObject)]
pub struct ReceiptPayment {
    /// When.
    pub at: DateTime<Utc>,
    /// Negative for a refund.
    pub amount: Money,
    /// From where, or back to where.
    pub means: Word<PaymentMeans>,
}

/// A guest's receipt.
#[derive(SimpleObject)]
pub struct Receipt {
    /// What was issued.
    pub document: Document,
    /// Payments and refunds in order of time.
    pub payments: Vec<ReceiptPayment>,
    /// Payments less refunds.
    pub paid: Money,
}

/// The receipt of a booking of the one who asks.
///
/// # Errors
/// 409 before anything was paid, 403 for the host, 404 for strangers.
pub(super) async fn receipt(ctx: &Context<'_>, booking: BookingId) -> app::Result<Receipt> {
    let receipt = invoicing::receipt(ctx.app(), &ctx.actor(), booking).await?;
    let payment =
        |payment: invoicing::ReceiptPayment| ReceiptPayment { at: payment.at, amount: payment.amount.into(), means: Word(payment.means) };
    Ok(Receipt {
        document: Document(receipt.document),
        payments: receipt.payments.into_iter().map(payment).collect(),
        paid: receipt.paid.into(),
    })
}

/// What one jurisdiction is owed, in one currency.
#[derive(SimpleObject)]
pub struct TaxReportLine {
    /// To whom.
    pub jurisdiction: String,
    /// Stays whose tax has moved in the period.
    pub bookings: i64,
    /// Nights of these stays.
    pub nights: i64,
    /// What fell due in the period.
    pub due: Money,
    /// What was given back in the period, of stays called off later.
    pub returned: Money,
    /// What was passed on in the period.
    pub remitted: Money,
    /// What is owed at the period's end.
    pub owed: Money,
}

impl From<TaxReportRow> for TaxReportLine {
    fn from(row: TaxReportRow) -> Self {
        Self {
            jurisdiction: row.jurisdiction,
            bookings: row.bookings,
            nights: row.nights,
            due: row.due.into(),
            returned: row.returned.into(),
            remitted: row.remitted.into(),
            owed: row.owed.into(),
        }
    }
}

connections! {
    DocumentConnection, DocumentEdge: Document;
}

/// Reads documents.
#[derive(Default)]
pub struct DocumentsQuery;

#[Object]
impl DocumentsQuery {
    /// One's own invoices and credit notes for the marketplace's fees, newest
    /// first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn invoices(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<DocumentConnection>> {
        ctx.signed_in()?;
        let found = invoicing::invoices_of(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(DocumentConnection::new(found, |document| document.id, Document)))
    }

    /// One invoice or credit note, for its host or staff.
    async fn invoice(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which invoice.")] document_id: ID,
    ) -> async_graphql::Result<Option<Document>> {
        ctx.signed_in()?;
        let document = id(&document_id, "invoice").told()?;
        Ok(Some(Document(invoicing::invoice(ctx.app(), &ctx.actor(), document).await.told()?)))
    }

    /// For staff: what was collected for each tax authority, from the ledger.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn tax_report(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "First day, UTC.")] from: Date,
        #[graphql(desc = "First day after it.")] to: Date,
    ) -> async_graphql::Result<Option<Vec<TaxReportLine>>> {
        ctx.signed_in()?;
        let rows = invoicing::tax_report(ctx.app(), &ctx.actor(), TaxPeriod { from: from.0, to: to.0 }).await.told()?;
        Ok(Some(rows.into_iter().map(TaxReportLine::from).collect()))
    }
}
