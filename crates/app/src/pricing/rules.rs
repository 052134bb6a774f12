//! Taxes and fees as rules with dates, kept by staff. What was agreed is copied
//! into each booking, so a change concerns later bookings only.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::fees::DatedFees;
use domain::ids::{FeeRuleId, RuleChangeId, UserId};
use domain::page::{Page, PageRequest};
use domain::taxes::PlacedTax;
use serde::Serialize;
use serde_json::Value;

use super::sql::rules as sql;
use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::events::{self, Event};
use crate::tx::Tx;

/// A rule with who wrote it and when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept<R> {
    /// The rule.
    pub rule: R,
    /// Grows with each change.
    pub version: i32,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// By whom; nobody for what came with the installation.
    pub created_by: Option<UserId>,
    /// When it was changed last.
    pub updated_at: DateTime<Utc>,
    /// By whom.
    pub updated_by: Option<UserId>,
}

/// One change of a rule.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct RuleChange {
    /// Which.
    pub id: RuleChangeId,
    /// created, changed or deleted.
    pub action: String,
    /// By whom.
    pub changed_by: Option<UserId>,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// As it stood before.
    pub before: Option<Value>,
    /// As it stands after.
    pub after: Option<Value>,
}

/// What is told of a change.
pub(super) struct Change<'a> {
    pub kind: &'static str,
    pub rule: &'a str,
    pub by: Option<UserId>,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

async fn record_in(tx: &mut Tx, change: Change<'_>) -> Result<()> {
    let app = tx.app();
    sql::record(tx, app.ids.next(&app.clock), &change).await?;
    events::publish_in(tx, Event::PriceRulesChanged {}).await
}

fn json<T: Serialize>(rule: &T) -> Result<Option<Value>> {
    Ok(Some(serde_json::to_value(rule)?))
}

fn expect_version(wanted: Option<i32>, current: i32) -> Result<()> {
    if wanted.is_none_or(|version| version == current) { Ok(()) } else { Err(Error::Stale { current }) }
}

/// PostgreSQL keeps no NUL in texts, so nothing is known under such a name.
fn known(id: &str) -> Result<()> {
    if id.contains('\0') { Err(Error::NotFound("tax rule")) } else { Ok(()) }
}

/// Every tax rule, by id; of one country if asked.
///
/// # Errors
/// 401, 404 for all but staff, 422 for a country that is none.
pub async fn tax_rules(app: &App, actor: &Actor, country: Option<&str>, page: PageRequest<String>) -> Result<Page<Kept<PlacedTax>>> {
    accounts::require_marketplace(actor)?;
    let letters = country.is_none_or(|code| code.len() == 2 && code.bytes().all(|b| b.is_ascii_uppercase()));
    error::check(|check| check.that(letters, "/country", "format", "a country is two capital letters, e.g. PT"))?;
    let rows = sql::tax_rules(&app.db, country, &page).await?;
    Ok(Page::cut(rows, page.limit, |kept| kept.rule.rule.id.clone()))
}

/// One tax rule.
///
/// # Errors
/// 401, 404 for all but staff, 404.
pub async fn tax_rule(app: &App, actor: &Actor, id: &str) -> Result<Kept<PlacedTax>> {
    accounts::require_marketplace(actor)?;
    known(id)?;
    sql::tax_rule(&mut *app.db.acquire().await?, id).await?.ok_or(Error::NotFound("tax rule"))
}

/// Writes a new tax rule.
///
/// # Errors
/// 422 with every mistake, `409 id_taken`, 401, 404 for all but staff.
pub async fn create_tax_rule(app: &App, actor: &Actor, rule: PlacedTax) -> Result<Kept<PlacedTax>> {
    let staff = accounts::require_marketplace(actor)?;
    error::check(|check| rule.check(check))?;
    let mut tx = app.begin().await?;
    let id = rule.rule.id.clone();
    if !sql::insert_tax_rule(&mut tx, &rule, staff).await? {
        return Err(Error::conflict("id_taken", format!("there is a tax rule {id} already")));
    }
    record_in(&mut tx, Change { kind: "tax", rule: &id, by: staff, before: None, after: json(&rule)? }).await?;
    let kept = sql::tax_rule(&mut tx, &id).await?.ok_or(Error::NotFound("tax rule"))?;
    tx.commit().await?;
    Ok(kept)
}

/// Replaces a tax rule that is still at `version`; its id stays.
///
/// # Errors
/// 412 when it is not, 422 with every mistake, 401, 404.
pub async fn put_tax_rule(app: &App, actor: &Actor, rule: PlacedTax, version: Option<i32>) -> Result<Kept<PlacedTax>> {
    let staff = accounts::require_marketplace(actor)?;
    error::check(|check| rule.check(check))?;
    let mut tx = app.begin().await?;
    let id = rule.rule.id.clone();
    let old = sql::tax_rule(&mut tx, &id).await?.ok_or(Error::NotFound("tax rule"))?;
    expect_version(version, old.version)?;
    if !sql::update_tax_rule(&mut tx, &rule, old.version, staff).await? {
        return Err(Error::Stale { current: old.version + 1 });
    }
    record_in(&mut tx, Change { kind: "tax", rule: &id, by: staff, before: json(&old.rule)?, after: json(&rule)? }).await?;
    let kept = sql::tax_rule(&mut tx, &id).await?.ok_or(Error::NotFound("tax rule"))?;
    tx.commit().await?;
    Ok(kept)
}

/// Takes a tax rule out; bookings keep what was agreed, its changes stay on
/// record.
///
/// # Errors
/// 412, 401, 404.
pub async fn delete_tax_rule(app: &App, actor: &Actor, id: &str, version: Option<i32>) -> Result<()> {
    let staff = accounts::require_marketplace(actor)?;
    known(id)?;
    let mut tx = app.begin().await?;
    let old = sql::tax_rule(&mut tx, id).await?.ok_or(Error::NotFound("tax rule"))?;
    expect_version(version, old.version)?;
    if !sql::delete_tax_rule(&mut tx, id, old.version).await? {
        return Err(Error::Stale { current: old.version + 1 });
    }
    record_in(&mut tx, Change { kind: "tax", rule: id, by: staff, before: json(&old.rule)?, after: None }).await?;
    tx.commit().await
}

/// Every fee rule, newest first.
///
/// # Errors
/// 401, 404 for all but staff.
pub async fn fee_rules(app: &App, actor: &Actor, page: PageRequest<FeeRuleId>) -> Result<Page<Kept<DatedFees>>> {
    accounts::require_marketplace(actor)?;
    let rows = sql::fee_rules(&app.db, &page).await?;
    Ok(Page::cut(rows, page.limit, |kept| kept.rule.id))
}

/// Writes a new fee rule; its id is given here.
///
/// # Errors
/// 422 with every mistake (an unknown host is one), 401, 404 for all but staff.
pub async fn create_fee_rule(app: &App, actor: &Actor, mut rule: DatedFees) -> Result<Kept<DatedFees>> {
    let staff = accounts::require_marketplace(actor)?;
    error::check(|check| rule.check(check))?;
    check_host(app, rule.host_id).await?;
    rule.id = app.ids.next(&app.clock);
    let mut tx = app.begin().await?;
    sql::insert_fee_rule(&mut tx, &rule, staff).await?;
    let id = rule.id.to_string();
    record_in(&mut tx, Change { kind: "fee", rule: &id, by: staff, before: None, after: json(&rule)? }).await?;
    let kept = sql::fee_rule(&mut tx, rule.id).await?.ok_or(Error::NotFound("fee rule"))?;
    tx.commit().await?;
    Ok(kept)
}

async fn check_host(app: &App, host: Option<UserId>) -> Result<()> {
    let Some(host) = host else { return Ok(()) };
    if accounts::people(app, &[host]).await?.contains_key(&host) {
        return Ok(());
    }
    Err(Error::invalid("/host_id", "unknown", "nobody has this id"))
}

/// Replaces a fee rule that is still at `version`.
///
/// # Errors
/// 412 when it is not, 422 with every mistake, 401, 404.
pub async fn put_fee_rule(app: &App, actor: &Actor, rule: DatedFees, version: Option<i32>) -> Result<Kept<DatedFees>> {
    let staff = accounts::require_marketplace(actor)?;
    error::check(|check| rule.check(check))?;
    check_host(app, rule.host_id).await?;
    let mut tx = app.begin().await?;
    let old = sql::fee_rule(&mut tx, rule.id).await?.ok_or(Error::NotFound("fee rule"))?;
    expect_version(version, old.version)?;
    if !sql::update_fee_rule(&mut tx, &rule, old.version, staff).await? {
        return Err(Error::Stale { current: old.version + 1 });
    }
    let id = rule.id.to_string();
    record_in(&mut tx, Change { kind: "fee", rule: &id, by: staff, before: json(&old.rule)?, after: json(&rule)? }).await?;
    let kept = sql::fee_rule(&mut tx, rule.id).await?.ok_or(Error::NotFound("fee rule"))?;
    tx.commit().await?;
    Ok(kept)
}

/// Takes a fee rule out; bookings keep what was agreed.
///
/// # Errors
/// 412, 401, 404.
pub async fn delete_fee_rule(app: &App, actor: &Actor, id: FeeRuleId, version: Option<i32>) -> Result<()> {
    let staff = accounts::require_marketplace(actor)?;
    let mut tx = app.begin().await?;
    let old = sql::fee_rule(&mut tx, id).await?.ok_or(Error::NotFound("fee rule"))?;
    expect_version(version, old.version)?;
    if !sql::delete_fee_rule(&mut tx, id, old.version).await? {
        return Err(Error::Stale { current: old.version + 1 });
    }
    let name = id.to_string();
    record_in(&mut tx, Change { kind: "fee", rule: &name, by: staff, before: json(&old.rule)?, after: None }).await?;
    tx.commit().await
}

/// The changes of a rule (`tax` or `fee`), newest first.
///
/// # Errors
/// 401, 404 for all but staff.
pub async fn rule_changes(
    app: &App,
    actor: &Actor,
    (kind, rule): (&str, &str),
    page: PageRequest<RuleChangeId>,
) -> Result<Page<RuleChange>> {
    accounts::require_marketplace(actor)?;
    known(rule)?;
    let rows = sql::changes(&app.db, kind, rule, &page).await?;
    Ok(Page::cut(rows, page.limit, |change| change.id))
}

/// Every fee rule, past and future ones too, in the order of their ids.
pub(crate) async fn all_fees(app: &App) -> Result<Vec<DatedFees>> {
    sql::all_fees(&app.db).await
}

/// Every tax rule of every place, past and future ones too, in the order of
/// their ids.
pub(crate) async fn all_taxes(app: &App) -> Result<Vec<PlacedTax>> {
    sql::all_taxes(&app.db).await
}
