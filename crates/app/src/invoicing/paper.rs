//! Documents as PDF.

use chrono::NaiveDate;
use documents::{Column, Document, Party, Row, Section, Total, amount, figures};
use domain::actor::Actor;
use domain::coupons::PaymentMeans;
use domain::ids::{BookingId, DocumentId};
use domain::money::{Currency, Money};

use super::issue::Receipt;
use super::{DocumentContent, DocumentKind, IssuedDocument, invoice, receipt};
use crate::App;
use crate::error::{Error, Result};

fn day(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// `1–4 February 2030`, `30 January – 2 February 2030`.
fn span(content: &DocumentContent) -> String {
    use chrono::Datelike;
    let (from, to) = (content.check_in, content.check_out);
    if (from.year(), from.month()) == (to.year(), to.month()) {
        return format!("{}–{}", from.day(), day(to));
    }
    let start = if from.year() == to.year() { from.format("%-d %B").to_string() } else { day(from) };
    format!("{start} – {}", day(to))
}

fn price_table(content: &DocumentContent, currency: Currency, totals: Vec<Total>) -> Section {
    let money = |minor| figures(Money::new(minor, currency));
    let rows = content.lines.iter().map(|line| Row {
        cells: vec![line.label.clone(), line.quantity.to_string(), money(line.unit), money(line.amount)],
        note: line.note.clone(),
    });
    Section {
        heading: String::new(),
        columns: vec![
            Column::text("Item", 11),
            Column::figures("Quantity", 3),
            Column::figures("Each", 4),
            Column::figures(&format!("Amount, {currency}"), 4),
        ],
        rows: rows.collect(),
        totals,
    }
}

fn blank(app: &App, title: &str, issued: &IssuedDocument) -> Document {
    let content = &issued.content;
    let issued_on = issued.issued_at.date_naive();
    let mut facts = vec![
        ("Number".to_owned(), issued.number.clone()),
        ("Date".to_owned(), day(issued_on)),
        ("Booking".to_owned(), content.booking_code.clone()),
    ];
    if let Some(earlier) = &issued.replaces {
        facts.push(("Replaces".to_owned(), earlier.clone()));
    }
    Document {
        issuer: content.issuer.clone(),
        title: title.to_owned(),
        subtitle: format!("{}\u{a0}· {}", content.listing_title, span(content)),
        facts,
        parties: Vec::new(),
        sections: Vec::new(),
        notes: Vec::new(),
        footer: format!("{} · {}", content.issuer, app.config.public_url),
        issued_on,
        language: "en".to_owned(),
    }
}

fn receipt_document(app: &App, receipt: &Receipt) -> Document {
    let issued = &receipt.document;
    let content = &issued.content;
    let currency = issued.total.currency;
    let price = price_table(content, currency, vec![Total::strong("Total", amount(issued.total))]);
    let rows = receipt.payments.iter().map(|payment| {
        let words = match (payment.means, payment.amount.amount < 0) {
            (PaymentMeans::Card, false) => "Payment by card",
            (PaymentMeans::Card, true) => "Refund",
            (PaymentMeans::Coupon, false) => "Coupon",
            (PaymentMeans::Coupon, true) => "Coupon, given back",
            (PaymentMeans::Credit, false) => "Credit",
            (PaymentMeans::Credit, true) => "Credit, given back",
        };
        Row::of([words.to_owned(), day(payment.at.date_naive()), figures(payment.amount)])
    });
    let payments = Section {
        heading: "Payments".to_owned(),
        columns: vec![Column::text("", 11), Column::figures("Date", 7), Column::figures(&format!("Amount, {currency}"), 4)],
        rows: rows.collect(),
        totals: vec![Total::strong("Paid", amount(receipt.paid))],
    };
    let sections = if receipt.payments.is_empty() { vec![price] } else { vec![price, payments] };
    let notes = vec![
        format!("Charged in {currency}. The host of this stay is {}; the marketplace collects the price for them.", content.host),
        "Taxes named above are passed on to the authorities that levy them.".to_owned(),
    ];
    Document {
        parties: vec![
            Party { role: "Guest".to_owned(), lines: vec![content.recipient.clone()] },
            Party { role: "Host".to_owned(), lines: vec![content.host.clone()] },
        ],
        sections,
        notes,
        ..blank(app, "Receipt", issued)
    }
}

fn invoice_document(app: &App, issued: &IssuedDocument) -> Document {
    let content = &issued.content;
    let title = if issued.kind == DocumentKind::CreditNote { "Credit note" } else { "Invoice" };
    let table = price_table(content, issued.total.currency, vec![Total::strong("Total", amount(issued.total))]);
    let note = if issued.kind == DocumentKind::CreditNote {
        "This amount has been credited to your balance."
    } else {
        "This fee has been taken from the price of the stay: there is nothing left to pay."
    };
    Document {
        parties: vec![
            Party { role: "Billed to".to_owned(), lines: vec![content.recipient.clone()] },
            Party { role: "Issued by".to_owned(), lines: vec![content.issuer.clone()] },
        ],
        sections: vec![table],
        notes: vec![note.to_owned()],
        ..blank(app, title, issued)
    }
}

fn drawn(document: &Document) -> Result<Vec<u8>> {
    documents::render(document).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}

/// A guest's receipt as PDF, with its number.
///
/// # Errors
/// As [`receipt`].
pub async fn receipt_pdf(app: &App, actor: &Actor, id: BookingId) -> Result<(String, Vec<u8>)> {
    let receipt = receipt(app, actor, id).await?;
    Ok((receipt.document.number.clone(), drawn(&receipt_document(app, &receipt))?))
}

/// A host's invoice or credit note as PDF, with its number.
///
/// # Errors
/// As [`invoice`].
pub async fn invoice_pdf(app: &App, actor: &Actor, id: DocumentId) -> Result<(String, Vec<u8>)> {
    let issued = invoice(app, actor, id).await?;
    Ok((issued.number.clone(), drawn(&invoice_document(app, &issued))?))
}
