//! Statements as files: a table for machines, a document for people.

use documents::{Column, Document, Party, Row, Section, Total};
use domain::money::Money;

use super::Statement;
use crate::App;
use crate::error::{Error, Result};

/// An amount in major units, for spreadsheets: `-12.30`.
fn decimal(money: Money) -> String {
    let text = money.to_string();
    text.split_once(' ').map_or(text.clone(), |(_, figures)| figures.to_owned())
}

/// Text that no spreadsheet takes for a formula.
fn harmless(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}

/// Statements as CSV (RFC 4180): a row for each movement with the balance after
/// it, between the opening and the closing balance of each currency.
///
/// # Errors
/// When it cannot be written: a fault of ours.
pub fn csv(statements: &[Statement]) -> Result<String> {
    let fault = |error: &dyn std::fmt::Display| Error::Internal(anyhow::anyhow!("statement: {error}"));
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(["at", "event", "description", "booking", "home", "currency", "amount", "balance"]).map_err(|e| fault(&e))?;
    for statement in statements {
        let currency = statement.opening.currency.code();
        let from = statement.month.format("%Y-%m-%d").to_string();
        let opening = decimal(statement.opening);
        table.write_record([from.as_str(), "opening", "Balance before", "", "", currency, "", &opening]).map_err(|e| fault(&e))?;
        let mut balance = statement.opening;
        for line in &statement.lines {
            balance = balance.plus(line.amount)?;
            let at = line.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
            let home = harmless(line.title.as_deref().unwrap_or(""));
            let (amount, after) = (decimal(line.amount), decimal(balance));
            let booking = line.code.as_deref().unwrap_or("");
            table.write_record([at.as_str(), &line.event, line.what, booking, &home, currency, &amount, &after]).map_err(|e| fault(&e))?;
        }
        let until = (statement.month + chrono::Months::new(1)).format("%Y-%m-%d").to_string();
        let closing = decimal(statement.closing);
        table.write_record([until.as_str(), "closing", "Balance after", "", "", currency, "", &closing]).map_err(|e| fault(&e))?;
    }
    let bytes = table.into_inner().map_err(|e| fault(&e))?;
    String::from_utf8(bytes).map_err(|e| fault(&e))
}

fn section(statement: &Statement) -> Section {
    let row = |line: &super::StatementLine| {
        let home = line.title.clone().unwrap_or_default();
        let cells = vec![
            line.at.format("%Y-%m-%d").to_string(),
            line.what.to_owned(),
            line.code.clone().unwrap_or_default(),
            documents::figures(line.amount),
        ];
        Row { cells, note: home }
    };
    Section {
        heading: statement.opening.currency.to_string(),
        columns: vec![Column::text("Date", 2), Column::text("What", 4), Column::text("Booking", 2), Column::figures("Amount", 2)],
        rows: statement.lines.iter().map(row).collect(),
        totals: vec![
            Total::plain("Balance before", documents::figures(statement.opening)),
            Total::plain("Earned", documents::figures(statement.earned())),
            Total::plain("Sent to you", documents::figures(statement.sent())),
            Total::strong("Balance after", documents::amount(statement.closing)),
        ],
    }
}

/// Statements of one month as a PDF.
///
/// # Errors
/// When it cannot be drawn: a fault of ours.
pub fn pdf(app: &App, statements: &[Statement]) -> Result<Vec<u8>> {
    let first = statements.first().ok_or(Error::NotFound("statement"))?;
    let month = first.month.format("%B %Y").to_string();
    let document = Document {
        issuer: app.config.name.clone(),
        title: "Statement".to_owned(),
        subtitle: month.clone(),
        facts: vec![("Month".to_owned(), month)],
        parties: vec![Party { role: "For".to_owned(), lines: vec![first.host_name.clone()] }],
        sections: statements.iter().map(section).collect(),
        notes: vec!["From the marketplace's book; times are UTC. What a host owed is taken from what is sent next.".to_owned()],
        footer: app.config.public_url.clone(),
        issued_on: app.clock.now().date_naive(),
        language: "en".to_owned(),
    };
    documents::render(&document).map_err(|error| Error::Internal(anyhow::Error::new(error)))
}
