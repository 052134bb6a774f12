//! Reconciliation: the provider's books beside ours, line by line. What does
//! not agree becomes a case that staff see and settle.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use domain::actor::Actor;
use domain::ids::{BookingId, ReconciliationCaseId, ReconciliationRunId, UserId};
use domain::money::{Currency, Money};
use domain::page::{Page, PageRequest};
use domain::payments::{CaseKind, RecordKind};

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::ports::payments::{ProviderError, ProviderRecord};

/// What is younger than this may still be on its way between us.
const YOUNG: TimeDelta = TimeDelta::minutes(5);

/// A difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Which.
    pub id: ReconciliationCaseId,
    /// What does not agree.
    pub kind: CaseKind,
    /// What it is about: `charge`, `refund`, …, `balance`.
    pub record: String,
    /// The provider's name of it, or ours where the provider has none.
    pub reference: String,
    /// For which booking, as far as it is known.
    pub booking_id: Option<BookingId>,
    /// Of both amounts.
    pub currency: Currency,
    /// Minor units in our books.
    pub expected: Option<i64>,
    /// Minor units at the provider.
    pub found: Option<i64>,
    /// For people.
    pub detail: String,
    /// Staff have dealt with it.
    pub settled: bool,
    /// What they said.
    pub note: String,
    /// Who.
    pub settled_by: Option<UserId>,
    /// Since when it is known.
    pub found_at: DateTime<Utc>,
    /// When it was settled.
    pub settled_at: Option<DateTime<Utc>>,
}

/// A comparison and what it found.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which.
    pub id: ReconciliationRunId,
    /// From when on the provider's books were read.
    pub from: DateTime<Utc>,
    /// Until when.
    pub until: DateTime<Utc>,
    /// Records compared.
    pub records: u64,
    /// What does not agree, known before or not.
    pub differences: Vec<Case>,
}

/// One of our own records as reconciliation sees it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Own {
    pub reference: String,
    pub amount: i64,
    pub currency: Currency,
    pub booking_id: Option<BookingId>,
}

/// Compares `[from, now - 5 min)` of the provider's books with ours. Nothing
/// changes but the list of cases: a difference that is gone closes its case.
///
/// # Errors
/// 503 when the provider does not answer.
pub async fn reconcile(app: &App, from: DateTime<Utc>) -> Result<Run> {
    let until = app.clock.now() - YOUNG;
    let mut run = Run { id: app.ids.next(&app.clock), from, until, records: 0, differences: Vec::new() };
    sql::begin_run(app, &run).await?;
    for kind in RecordKind::ALL {
        compare(app, *kind, &mut run).await?;
    }
    stuck(app, &mut run).await?;
    balances(app, &mut run).await?;
    sql::end_run(app, &run).await?;
    metrics::gauge!("reconciliation_open_cases").set(f64::from(u32::try_from(run.differences.len()).unwrap_or(u32::MAX)));
    Ok(run)
}

async fn compare(app: &App, kind: RecordKind, run: &mut Run) -> Result<()> {
    let provider = app.provider.name();
    let mut cursor = None;
    let mut seen = HashSet::new();
    loop {
        let page = match app.provider.list(kind, (run.from, run.until), cursor.as_deref()).await {
            Ok(page) => page,
            Err(ProviderError::Unknown(why) | ProviderError::Refused(why)) => return Err(Error::Busy(why)),
        };
        run.records += page.records.len() as u64;
        let references: Vec<String> = page.records.iter().map(|record| record.reference.clone()).collect();
        let own: BTreeMap<String, Own> =
            sql::own_records(&app.db, provider, kind, &references).await?.into_iter().map(|own| (own.reference.clone(), own)).collect();
        for record in &page.records {
            if let Some(case) = judge(app, record, own.get(&record.reference)) {
                run.differences.push(case);
            }
        }
        seen.extend(references);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    // What we have and the provider did not list; it may be older than the span.
    for own in sql::own_between(&app.db, provider, kind, (run.from, run.until)).await? {
        if seen.contains(&own.reference) {
            continue;
        }
        let known = match kind {
            RecordKind::Charge => app.provider.fetch(&own.reference).await.map(|_| ()),
            RecordKind::Refund => app.provider.fetch_refund(&own.reference).await.map(|_| ()),
            RecordKind::Transfer => app.provider.fetch_transfer(&own.reference).await.map(|_| ()),
            RecordKind::Dispute => app.provider.fetch_dispute(&own.reference).await.map(|_| ()),
            RecordKind::Reversal => Ok(()),
        };
        match known {
            Ok(()) => {}
            Err(ProviderError::Unknown(why)) => return Err(Error::Busy(why)),
            Err(ProviderError::Refused(_)) => run.differences.push(missing_there(app, kind, &own)),
        }
    }
    Ok(())
}

fn judge(app: &App, record: &ProviderRecord, own: Option<&Own>) -> Option<Case> {
    let word = record.kind.as_str();
    let (kind, detail) = match own {
        None if record.kind == RecordKind::Charge => {
            (CaseKind::OrphanCapture, format!("the provider took {} and no payment here knows of it", record.amount))
        }
        None => (CaseKind::MissingHere, format!("the provider has a {word} of {} that is not in our books", record.amount)),
        Some(own) if own.amount != record.amount.amount || own.currency != record.amount.currency => (
            CaseKind::AmountDiffers,
            format!("the provider has a {word} of {}, we have {}", record.amount, Money::new(own.amount, own.currency)),
        ),
        Some(_) => return None,
    };
    Some(Case {
        id: app.ids.next(&app.clock),
        kind,
        record: word.to_owned(),
        reference: record.reference.clone(),
        booking_id: own.and_then(|own| own.booking_id),
        currency: record.amount.currency,
        expected: own.map(|own| own.amount),
        found: Some(record.amount.amount),
        detail,
        settled: false,
        note: String::new(),
        settled_by: None,
        found_at: app.clock.now(),
        settled_at: None,
    })
}

fn case(app: &App, kind: CaseKind, record: &str, own: &Own, detail: String) -> Case {
    Case {
        id: app.ids.next(&app.clock),
        kind,
        record: record.to_owned(),
        reference: own.reference.clone(),
        booking_id: own.booking_id,
        currency: own.currency,
        expected: Some(own.amount),
        found: None,
        detail,
        settled: false,
        note: String::new(),
        settled_by: None,
        found_at: app.clock.now(),
        settled_at: None,
    }
}

fn missing_there(app: &App, kind: RecordKind, own: &Own) -> Case {
    let detail = format!("we have a {kind} of {} that the provider does not know", Money::new(own.amount, own.currency));
    case(app, CaseKind::MissingThere, kind.as_str(), own, detail)
}

/// Requests whose answer has been unknown for an hour, and refunds that came
/// back.
async fn stuck(app: &App, run: &mut Run) -> Result<()> {
    for own in sql::stuck_operations(&app.db, run.until - TimeDelta::minutes(55)).await? {
        let detail = "the provider has been asked and its answer has been unknown for an hour".to_owned();
        run.differences.push(case(app, CaseKind::Stuck, "operation", &own, detail));
    }
    for own in sql::failed_refunds(&app.db).await? {
        let detail = format!("a refund of {} came back: the guest is still owed it", Money::new(own.amount, own.currency));
        run.differences.push(case(app, CaseKind::RefundFailed, "refund", &own, detail));
    }
    Ok(())
}

/// The provider's balance beside the book's, when nothing is on its way.
async fn balances(app: &App, run: &mut Run) -> Result<()> {
    if sql::on_its_way(&app.db).await? > 0 {
        return Ok(());
    }
    for (currency, booked) in sql::clearing_balances(&app.db).await? {
        if let Ok(Some(held)) = app.provider.balance(currency).await
            && held.amount != booked
        {
            let own = Own { reference: currency.code().to_owned(), amount: booked, currency, booking_id: None };
            let detail = format!("the provider holds {held}, the book says {}", Money::new(booked, currency));
            let mut case = case(app, CaseKind::BalanceDiffers, "balance", &own, detail);
            case.found = Some(held.amount);
            run.differences.push(case);
        }
    }
    Ok(())
}

/// The cases, newest first; only open ones unless `all`.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn cases(app: &App, actor: &Actor, all: bool, page: PageRequest<ReconciliationCaseId>) -> Result<Page<Case>> {
    accounts::require_staff(actor)?;
    let rows = sql::cases(&app.db, all, &page).await?;
    Ok(Page::cut(rows, page.limit, |case| case.id))
}

/// Staff have dealt with a case and say how.
///
/// # Errors
/// 404 for anyone but staff, `409 already_settled`, 422 without a note.
pub async fn settle(app: &App, actor: &Actor, id: ReconciliationCaseId, note: &str) -> Result<Case> {
    let staff = accounts::require_staff(actor)?;
    error::check(|check| check.text(note, "/note", 1..=2000))?;
    if !sql::settle_case(&app.db, id, staff, note, app.clock.now()).await? {
        let known = sql::case(&app.db, id).await?.ok_or(Error::NotFound("case"))?;
        return Err(Error::conflict("already_settled", format!("this case was settled: {}", known.note)));
    }
    sql::case(&app.db, id).await?.ok_or(Error::NotFound("case"))
}
