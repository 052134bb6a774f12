//! Documents for people: receipts, invoices and statements as PDF. Pure: rows
//! in, bytes out; the same document is always the same bytes.
//!
//! A [`Document`] says what stands on the pages; [`render`] lays it out on A4
//! (`layout`), measuring with the bundled fonts (`type_setting`), and draws it.

mod draw;
mod layout;
mod type_setting;

use chrono::NaiveDate;
use domain::money::Money;

/// A business document, from top to bottom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// Who issues it: the marketplace's name, at the top.
    pub issuer: String,
    /// What it is, e.g. `Receipt`.
    pub title: String,
    /// One line under the title; may be empty.
    pub subtitle: String,
    /// Name and value, e.g. number, date, booking; beside the title.
    pub facts: Vec<(String, String)>,
    /// From whom, to whom; up to three stand beside each other.
    pub parties: Vec<Party>,
    /// Tables, each with its totals.
    pub sections: Vec<Section>,
    /// Paragraphs after the tables.
    pub notes: Vec<String>,
    /// At the foot of every page, beside the page's number.
    pub footer: String,
    /// When it was issued; also the PDF's own date.
    pub issued_on: NaiveDate,
    /// BCP 47, e.g. `en`; readers' software speaks it.
    pub language: String,
}

/// Somebody a document names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Party {
    /// In which role, e.g. `Billed to`.
    pub role: String,
    /// Name first, which stands out; then address lines.
    pub lines: Vec<String>,
}

/// A table with a heading and totals. Its column titles are repeated on every
/// page it reaches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Section {
    /// Above the table; may be empty.
    pub heading: String,
    /// Left to right.
    pub columns: Vec<Column>,
    /// Top to bottom.
    pub rows: Vec<Row>,
    /// Below the table, right-aligned; never parted from its last row.
    pub totals: Vec<Total>,
}

/// A column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// At its head.
    pub title: String,
    /// Its share of the width, relative to the other columns'.
    pub share: u16,
    /// Which edge its cells stand at.
    pub align: Align,
}

impl Column {
    /// A column of words.
    #[must_use]
    pub fn text(title: &str, share: u16) -> Self {
        Self { title: title.to_owned(), share, align: Align::Left }
    }

    /// A column of figures.
    #[must_use]
    pub fn figures(title: &str, share: u16) -> Self {
        Self { title: title.to_owned(), share, align: Align::Right }
    }
}

/// Which edge text stands at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Figures.
    Right,
}

/// A row of a table; missing cells are empty, cells too many are not drawn.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Row {
    /// One for each column; long ones wrap.
    pub cells: Vec<String>,
    /// Small, below the first cell; may be empty.
    pub note: String,
}

impl Row {
    /// A row of cells without a note.
    #[must_use]
    pub fn of<const N: usize>(cells: [String; N]) -> Self {
        Self { cells: cells.into(), note: String::new() }
    }
}

/// A sum below a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Total {
    /// Of what.
    pub label: String,
    /// How much.
    pub value: String,
    /// The one that people look for.
    pub strong: bool,
}

impl Total {
    /// A sum among others.
    #[must_use]
    pub fn plain(label: &str, value: String) -> Self {
        Self { label: label.to_owned(), value, strong: false }
    }

    /// The sum that people look for.
    #[must_use]
    pub fn strong(label: &str, value: String) -> Self {
        Self { label: label.to_owned(), value, strong: true }
    }
}

/// A document could not be written: a fault of ours.
#[derive(Debug, thiserror::Error)]
#[error("the document could not be drawn: {0}")]
pub struct RenderError(String);

/// The document as a PDF of A4 pages.
///
/// # Errors
/// When the PDF cannot be written; the input alone never makes it fail.
pub fn render(document: &Document) -> Result<Vec<u8>, RenderError> {
    let fonts = type_setting::Fonts::load().ok_or_else(|| RenderError("a bundled font cannot be read".into()))?;
    let pages = layout::pages(document, &fonts);
    draw::pdf(document, &pages, &fonts)
}

/// An amount in figures, grouped, without its currency: `1,234.50`, `−5.00`.
#[must_use]
pub fn figures(money: Money) -> String {
    let scale = money.currency.minor_per_major().unsigned_abs();
    let absolute = money.amount.unsigned_abs();
    let whole = (absolute / scale).to_string();
    let mut text = String::from(if money.amount < 0 { "\u{2212}" } else { "" });
    for (n, digit) in whole.chars().enumerate() {
        if n > 0 && (whole.len() - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    match money.currency.exponent() {
        0 => text,
        digits => format!("{text}.{:0width$}", absolute % scale, width = digits as usize),
    }
}

/// An amount with its currency: `EUR 1,234.50`.
#[must_use]
pub fn amount(money: Money) -> String {
    format!("{} {}", money.currency, figures(money))
}

#[cfg(test)]
mod tests;
