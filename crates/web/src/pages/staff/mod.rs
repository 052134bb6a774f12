//! The pages of staff, in English: lists, what belongs to one person or
//! booking, and deeds that each ask for a reason. For anybody else they do not
//! exist.

mod bookings;
mod coupons;
mod deeds;
mod lists;
mod money;

use app::App;
use askama::Template;
use axum::Router;
use axum::response::Response;
use domain::page::{Limit, PageRequest};
use serde::de::DeserializeOwned;

use super::{Fields, Mistakes, Shell, Visitor};
use crate::error::ApiResult;

/// The routes of staff's pages.
pub(super) fn router() -> Router<App> {
    Router::new().merge(lists::router()).merge(bookings::router()).merge(coupons::router()).merge(money::router()).merge(deeds::router())
}

/// Tabs of every page: path, label, icon.
pub(crate) const TABS: [(&str, &str, &str); 9] = [
    ("/staff", "Waiting", "house"),
    ("/staff/people", "People", "users"),
    ("/staff/homes", "Homes", "building"),
    ("/staff/bookings", "Bookings", "luggage"),
    ("/staff/money", "Money", "credit-card"),
    ("/staff/coupons", "Coupons", "sparkles"),
    ("/staff/reports", "Reports", "flag"),
    ("/staff/jobs", "Jobs", "settings"),
    ("/staff/audit", "Audit log", "list"),
];

/// What a cell of a table says.
#[derive(Debug, Clone, Default)]
struct Cell {
    text: String,
    /// Where it leads; empty for nowhere.
    href: String,
    /// A second, quieter line.
    note: String,
    /// Digits stand below each other.
    number: bool,
}

impl Cell {
    fn text(text: impl ToString) -> Self {
        Self { text: text.to_string(), ..Self::default() }
    }

    fn number(text: impl ToString) -> Self {
        Self { text: text.to_string(), number: true, ..Self::default() }
    }

    fn link(text: impl ToString, href: String) -> Self {
        let text = text.to_string();
        Self { text: if text.is_empty() { "Untitled".to_owned() } else { text }, href, ..Self::default() }
    }

    fn note(self, note: impl ToString) -> Self {
        Self { note: note.to_string(), ..self }
    }
}

/// What a deed asks for beside its reason.
#[derive(Debug, Clone)]
struct Input {
    name: &'static str,
    label: String,
    kind: &'static str,
    value: String,
}

/// A deed that can be done here.
#[derive(Debug, Clone)]
struct Act {
    /// The last part of its address.
    action: &'static str,
    label: &'static str,
    subject: String,
    /// Hard or impossible to take back.
    grave: bool,
    inputs: Vec<Input>,
}

impl Act {
    fn new(action: &'static str, label: &'static str, subject: impl ToString) -> Self {
        Self { action, label, subject: subject.to_string(), grave: false, inputs: Vec::new() }
    }

    fn grave(self) -> Self {
        Self { grave: true, ..self }
    }

    fn input(mut self, name: &'static str, label: impl ToString, kind: &'static str) -> Self {
        self.inputs.push(Input { name, label: label.to_string(), kind, value: String::new() });
        self
    }
}

/// A row of a table with what can be done about it.
#[derive(Debug, Clone, Default)]
struct Row {
    cells: Vec<Cell>,
    acts: Vec<Act>,
}

impl Row {
    fn new(cells: impl IntoIterator<Item = Cell>) -> Self {
        Self { cells: cells.into_iter().collect(), acts: Vec::new() }
    }

    fn act(mut self, act: Option<Act>) -> Self {
        self.acts.extend(act);
        self
    }
}

/// A part of a page: facts, a table, deeds.
#[derive(Debug, Clone, Default)]
struct Section {
    id: &'static str,
    heading: &'static str,
    facts: Vec<(&'static str, Cell)>,
    columns: Vec<&'static str>,
    rows: Vec<Row>,
    /// What stands in place of an empty table.
    nothing: &'static str,
    /// Deeds about the subject of the whole section.
    own: Vec<Act>,
    /// The address of the next page; empty on the last.
    next: String,
}

impl Section {
    fn table(id: &'static str, heading: &'static str, columns: &[&'static str], rows: Vec<Row>) -> Self {
        Self { id, heading, columns: columns.to_vec(), rows, nothing: "Nothing here.", ..Self::default() }
    }

    fn next(self, path: &str, fields: &Fields, name: &str, cursor: Option<String>) -> Self {
        Self { next: cursor.map(|cursor| format!("{path}{}", fields.with(name, cursor).query())).unwrap_or_default(), ..self }
    }

    /// Whether any row can be decided.
    fn acts(&self) -> bool {
        self.rows.iter().any(|row| !row.acts.is_empty())
    }
}

/// A field that narrows a list: free text, or one of some words.
#[derive(Debug, Clone)]
struct Filter {
    name: &'static str,
    label: &'static str,
    value: String,
    choices: Vec<&'static str>,
}

impl Filter {
    fn new(fields: &Fields, name: &'static str, label: &'static str, choices: impl IntoIterator<Item = &'static str>) -> Self {
        Self { name, label, value: fields.get(name).to_owned(), choices: choices.into_iter().collect() }
    }
}

#[derive(Template)]
#[template(path = "staff/page.html")]
struct StaffPage<'a> {
    shell: Shell,
    tab: &'static str,
    lead: String,
    filters: Vec<Filter>,
    sections: Vec<Section>,
    mistakes: &'a Mistakes,
}

/// Which page of a list was asked for.
fn asked<K: DeserializeOwned>(fields: &Fields, name: &str) -> ApiResult<PageRequest<K>> {
    Ok(PageRequest::new(fields.some(name), Limit::default())?)
}

/// Sends a page of staff's.
fn show(shell: Shell, tab: &'static str, lead: String, filters: Vec<Filter>, sections: Vec<Section>) -> ApiResult<Response> {
    let mistakes = &Mistakes::default();
    shell.clone().page(&StaffPage { shell, tab, lead, filters, sections, mistakes })
}

/// Nobody but staff gets further than here.
fn enter(visitor: &Visitor) -> ApiResult<()> {
    app::accounts::require_staff(&visitor.actor)?;
    Ok(())
}
