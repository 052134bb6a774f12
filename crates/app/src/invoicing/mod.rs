//! Documents for people's books: a guest's receipt, a host's invoices for the
//! marketplace's fees, the tax report, and a stay's calendar entry.
//!
//! Documents are issued by a job once the ledger has changed; how much is on an
//! invoice is read from the ledger, so both say the same. Numbers have no gaps.

mod calendar_entry;
mod issue;
pub mod jobs;
mod paper;
mod sql;
mod taxes;

pub use calendar_entry::calendar_entry;
pub use issue::{Receipt, ReceiptPayment, invoice, invoices_of, receipt};
pub use paper::{invoice_pdf, receipt_pdf};
pub use taxes::{TaxPeriod, TaxReportRow, tax_report};

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, DocumentId, UserId};
use domain::money::Money;
use serde::{Deserialize, Serialize};

/// What kind of document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// To a guest, for what they have paid.
    Receipt,
    /// To a host, for fees.
    Invoice,
    /// To a host, for fees given back.
    CreditNote,
}

impl DocumentKind {
    /// Its word in tables and answers.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Receipt => "receipt",
            Self::Invoice => "invoice",
            Self::CreditNote => "credit_note",
        }
    }

    /// The letter its numbers begin with.
    const fn letter(self) -> char {
        match self {
            Self::Receipt => 'R',
            Self::Invoice => 'I',
            Self::CreditNote => 'C',
        }
    }
}

/// One line of a document; `unit × quantity = amount`, minor units.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentLine {
    /// For people.
    pub label: String,
    /// Under it, small; may be empty.
    #[serde(default)]
    pub note: String,
    /// Each.
    pub unit: i64,
    /// How often.
    pub quantity: i64,
    /// In all.
    pub amount: i64,
}

/// What stands on a document beside its number: fixed when it is issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentContent {
    /// The booking's code.
    pub booking_code: String,
    /// The home's title when it was booked.
    pub listing_title: String,
    /// First night.
    pub check_in: chrono::NaiveDate,
    /// Day of departure.
    pub check_out: chrono::NaiveDate,
    /// To whom.
    pub recipient: String,
    /// Whose home.
    pub host: String,
    /// Who issued it.
    pub issuer: String,
    /// Line by line.
    pub lines: Vec<DocumentLine>,
}

/// A document that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedDocument {
    /// Which.
    pub id: DocumentId,
    /// What kind.
    pub kind: DocumentKind,
    /// `R-2030-000001`: kind, year, number.
    pub number: String,
    /// About which booking.
    pub booking_id: BookingId,
    /// To whom.
    pub user_id: UserId,
    /// The sum of its lines.
    pub total: Money,
    /// What stands on it.
    pub content: DocumentContent,
    /// The number of the document it takes the place of.
    pub replaces: Option<String>,
    /// When.
    pub issued_at: DateTime<Utc>,
}
