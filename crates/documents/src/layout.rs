//! Where everything stands: a document becomes pages of placed texts and rules.
//! Points from the top left of an A4 page.

use crate::type_setting::{Fonts, Weight};
use crate::{Align, Column, Document, Party, Row, Section, Total};

pub const WIDTH: f32 = 595.28;
pub const HEIGHT: f32 = 841.89;
pub const MARGIN: f32 = 56.0;
/// Where the foot of a page begins.
pub const FOOT: f32 = HEIGHT - 62.0;
const INNER: f32 = WIDTH - 2.0 * MARGIN;
const GUTTER: f32 = 14.0;
/// Facts, the second party and totals stand on the right half.
const HALF: f32 = (INNER - GUTTER) / 2.0;
/// A cell has at most so many lines: no row is higher than a page.
const CELL_LINES: usize = 20;

/// What is drawn in which colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    Text,
    Quiet,
    Brand,
    Hairline,
}

/// One thing on a page.
#[derive(Debug, Clone, PartialEq)]
pub enum Mark {
    /// `y` is the baseline.
    Text { x: f32, y: f32, size: f32, weight: Weight, ink: Ink, text: String },
    /// A horizontal line.
    Rule { x: f32, y: f32, width: f32, thickness: f32, ink: Ink },
}

pub type Page = Vec<Mark>;

/// How a text is set.
#[derive(Clone, Copy)]
struct Style {
    size: f32,
    leading: f32,
    weight: Weight,
    ink: Ink,
}

const TITLE: Style = Style { size: 25.0, leading: 30.0, weight: Weight::SemiBold, ink: Ink::Text };
const SUBTITLE: Style = Style { size: 10.5, leading: 15.0, weight: Weight::Regular, ink: Ink::Quiet };
const HEADING: Style = Style { size: 11.5, leading: 16.0, weight: Weight::SemiBold, ink: Ink::Text };
const BODY: Style = Style { size: 9.5, leading: 14.0, weight: Weight::Regular, ink: Ink::Text };
const STRONG: Style = Style { weight: Weight::SemiBold, ..BODY };
const LABEL: Style = Style { size: 8.0, leading: 12.0, weight: Weight::Regular, ink: Ink::Quiet };
const NOTE: Style = Style { size: 8.5, leading: 12.5, weight: Weight::Regular, ink: Ink::Quiet };
const SUM: Style = Style { size: 12.5, leading: 20.0, weight: Weight::SemiBold, ink: Ink::Text };

struct Sheet<'a> {
    fonts: &'a Fonts,
    pages: Vec<Page>,
    /// The lowest point used on the last page.
    y: f32,
}

impl Sheet<'_> {
    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// One line whose top is `top`, at the left of `x` or ending at `x + width`.
    fn line(&mut self, text: &str, style: Style, align: Align, (x, top, width): (f32, f32, f32)) {
        if text.is_empty() {
            return;
        }
        let x = match align {
            Align::Left => x,
            Align::Right => x + width - self.fonts.width(text, style.weight, style.size),
        };
        // Letters sit in the middle of their line.
        let y = top + style.leading / 2.0 + style.size * 0.36;
        self.mark(Mark::Text { x, y, size: style.size, weight: style.weight, ink: style.ink, text: text.to_owned() });
    }

    fn wrapped(&self, text: &str, style: Style, width: f32) -> Vec<String> {
        let mut lines = self.fonts.lines(text, style.weight, style.size, width);
        if lines.len() > CELL_LINES {
            lines.truncate(CELL_LINES - 1);
            lines.push("…".to_owned());
        }
        lines
    }

    /// A text that wraps; how high it is.
    fn block(&mut self, text: &str, style: Style, align: Align, (x, top, width): (f32, f32, f32)) -> f32 {
        let lines = self.wrapped(text, style, width);
        let mut y = top;
        for line in lines {
            self.line(&line, style, align, (x, y, width));
            y += style.leading;
        }
        y - top
    }

    fn rule(&mut self, x: f32, width: f32, thickness: f32, ink: Ink) {
        let y = self.y;
        self.mark(Mark::Rule { x, y, width, thickness, ink });
    }

    fn next_page(&mut self) {
        self.pages.push(Page::new());
        self.y = MARGIN;
    }

    /// Starts a page if `height` points do not fit on this one.
    fn make_room(&mut self, height: f32) -> bool {
        if self.y + height <= FOOT {
            return false;
        }
        self.next_page();
        true
    }

    fn height_of(&self, text: &str, style: Style, width: f32) -> f32 {
        self.wrapped(text, style, width).iter().map(|_| style.leading).sum()
    }

    fn masthead(&mut self, document: &Document) {
        let wordmark = Style { size: 13.0, leading: 18.0, weight: Weight::SemiBold, ink: Ink::Brand };
        self.y += self.block(&document.issuer, wordmark, Align::Left, (MARGIN, self.y, INNER)) + 30.0;
        let half = HALF;
        let top = self.y;
        let mut left = top + self.block(&document.title, TITLE, Align::Left, (MARGIN, top, half));
        if !document.subtitle.is_empty() {
            left += 2.0;
            left += self.block(&document.subtitle, SUBTITLE, Align::Left, (MARGIN, left, half));
        }
        let (label_width, x) = (70.0, MARGIN + half + GUTTER);
        let value_width = INNER - half - GUTTER - label_width;
        let mut right = top + 8.0;
        for (name, value) in &document.facts {
            self.line(name, Style { leading: BODY.leading, ..LABEL }, Align::Left, (x, right, label_width));
            right += self.block(value, BODY, Align::Left, (x + label_width, right, value_width)) + 1.0;
        }
        self.y = left.max(right) + 26.0;
    }

    fn parties(&mut self, parties: &[Party]) {
        for row in parties.chunks(3) {
            let count = if row.len() > 2 { 3.0 } else { 2.0 };
            let width = (INNER - GUTTER * (count - 1.0)) / count;
            let top = self.y;
            let mut x = MARGIN;
            for party in row {
                self.line(&party.role, LABEL, Align::Left, (x, top, width));
                let mut y = top + LABEL.leading + 2.0;
                for (n, line) in party.lines.iter().filter(|line| !line.is_empty()).enumerate() {
                    y += self.block(line, if n == 0 { STRONG } else { BODY }, Align::Left, (x, y, width));
                }
                self.y = self.y.max(y);
                x += width + GUTTER;
            }
            self.y += 24.0;
        }
    }

    fn section(&mut self, section: &Section) {
        let columns = placed(&section.columns);
        let first = section.rows.first().map_or(0.0, |row| self.row_height(row, &columns));
        self.make_room(HEADING.leading + 60.0 + first);
        if !section.heading.is_empty() {
            self.y += self.block(&section.heading, HEADING, Align::Left, (MARGIN, self.y, INNER)) + 6.0;
        }
        self.column_titles(&columns);
        let last = section.rows.len().saturating_sub(1);
        for (n, row) in section.rows.iter().enumerate() {
            let height = self.row_height(row, &columns);
            let kept_together = if n == last { totals_height(&section.totals) } else { 0.0 };
            if self.make_room(height + kept_together) {
                self.column_titles(&columns);
            }
            self.row(row, &columns);
            self.y += height;
            self.rule(MARGIN, INNER, 0.5, Ink::Hairline);
        }
        self.totals(&section.totals);
        self.y += 22.0;
    }

    fn column_titles(&mut self, columns: &[Placed<'_>]) {
        if columns.iter().all(|placed| placed.column.title.is_empty()) {
            self.rule(MARGIN, INNER, 0.9, Ink::Text);
            return;
        }
        let top = self.y;
        for placed in columns {
            self.line(&placed.column.title, LABEL, placed.column.align, (placed.x, top, placed.width));
        }
        self.y += LABEL.leading + 4.0;
        self.rule(MARGIN, INNER, 0.9, Ink::Text);
    }

    fn row_height(&self, row: &Row, columns: &[Placed<'_>]) -> f32 {
        let cells = columns.iter().zip(&row.cells).map(|(placed, cell)| self.height_of(cell, BODY, placed.width));
        let mut height = cells.fold(BODY.leading, f32::max);
        if let (false, Some(first)) = (row.note.is_empty(), columns.first()) {
            let name = row.cells.first().map_or(0.0, |cell| self.height_of(cell, BODY, first.width));
            height = height.max(name + self.height_of(&row.note, NOTE, first.width));
        }
        height + 10.0
    }

    fn row(&mut self, row: &Row, columns: &[Placed<'_>]) {
        let top = self.y + 5.0;
        for (n, (placed, cell)) in columns.iter().zip(&row.cells).enumerate() {
            let place = (placed.x, top, placed.width);
            let height = self.block(cell, BODY, placed.column.align, place);
            if n == 0 && !row.note.is_empty() {
                self.block(&row.note, NOTE, Align::Left, (placed.x, top + height, placed.width));
            }
        }
    }

    fn totals(&mut self, totals: &[Total]) {
        if totals.is_empty() {
            return;
        }
        let width = HALF;
        let x = MARGIN + INNER - width;
        self.y += 6.0;
        for total in totals {
            let style = if total.strong { SUM } else { Style { leading: 17.0, ..BODY } };
            if self.make_room(style.leading + 8.0) {
                self.y += 6.0;
            }
            if total.strong {
                self.y += 4.0;
                self.rule(x, width, 0.9, Ink::Text);
                self.y += 5.0;
            }
            let label = Style { ink: if total.strong { Ink::Text } else { Ink::Quiet }, ..style };
            self.line(&total.label, label, Align::Left, (x, self.y, width));
            self.line(&total.value, style, Align::Right, (x, self.y, width));
            self.y += style.leading;
        }
    }

    fn notes(&mut self, notes: &[String]) {
        for note in notes.iter().filter(|note| !note.is_empty()) {
            let width = INNER * 0.82;
            let height = self.height_of(note, NOTE, width);
            self.make_room(height.min(FOOT - MARGIN));
            for line in self.fonts.lines(note, NOTE.weight, NOTE.size, width) {
                self.make_room(NOTE.leading);
                self.line(&line, NOTE, Align::Left, (MARGIN, self.y, width));
                self.y += NOTE.leading;
            }
            self.y += 6.0;
        }
    }

    fn feet(&mut self, footer: &str) {
        let count = self.pages.len();
        let style = Style { size: 7.5, leading: 11.0, weight: Weight::Regular, ink: Ink::Quiet };
        let fonts = self.fonts;
        for (n, page) in self.pages.iter_mut().enumerate() {
            page.push(Mark::Rule { x: MARGIN, y: FOOT + 12.0, width: INNER, thickness: 0.5, ink: Ink::Hairline });
            let y = FOOT + 28.0;
            let number = format!("Page {} of {count}", n + 1);
            let x = MARGIN + INNER - fonts.width(&number, style.weight, style.size);
            let words = fonts.lines(footer, style.weight, style.size, INNER - 90.0).swap_remove(0);
            for (x, text) in [(MARGIN, words), (x, number)].into_iter().filter(|(_, text)| !text.is_empty()) {
                page.push(Mark::Text { x, y, size: style.size, weight: style.weight, ink: style.ink, text });
            }
        }
    }
}

struct Placed<'a> {
    column: &'a Column,
    x: f32,
    width: f32,
}

fn placed(columns: &[Column]) -> Vec<Placed<'_>> {
    let shares: f32 = columns.iter().map(|column| f32::from(column.share.max(1))).sum();
    #[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
    let usable = GUTTER.mul_add(-(columns.len().saturating_sub(1) as f32), INNER);
    let mut x = MARGIN;
    columns
        .iter()
        .map(|column| {
            let width = usable * f32::from(column.share.max(1)) / shares;
            let placed = Placed { column, x, width };
            x += width + GUTTER;
            placed
        })
        .collect()
}

fn totals_height(totals: &[Total]) -> f32 {
    totals.iter().map(|total| if total.strong { SUM.leading + 9.0 } else { 17.0 }).sum::<f32>().min(FOOT / 2.0)
}

/// The pages of a document.
pub fn pages(document: &Document, fonts: &Fonts) -> Vec<Page> {
    let mut sheet = Sheet { fonts, pages: vec![Page::new()], y: MARGIN };
    sheet.masthead(document);
    sheet.parties(&document.parties);
    for section in &document.sections {
        sheet.section(section);
    }
    sheet.notes(&document.notes);
    sheet.feet(&document.footer);
    sheet.pages
}
