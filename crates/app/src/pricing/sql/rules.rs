//! SQL of tax and fee rules and of their changes.

use chrono::{DateTime, NaiveDate, Utc};
use domain::fees::DatedFees;
use domain::ids::{FeeRuleId, RuleChangeId, UserId};
use domain::money::{BasisPoints, Currency};
use domain::page::PageRequest;
use domain::taxes::{PlacedTax, TaxBase, TaxKind, TaxRule};
use sqlx::{PgConnection, PgPool};

use crate::error::Result;
use crate::pricing::rules::{Change, Kept, RuleChange};
use crate::tx::Tx;

/// What a tax rule says, as stored.
#[derive(sqlx::FromRow, serde::Deserialize)]
pub(in crate::pricing) struct TaxTerms {
    id: String,
    jurisdiction: String,
    label: String,
    country: String,
    region: Option<String>,
    city: Option<String>,
    kind: TaxKind,
    rate_bps: i32,
    amount: i64,
    currency: Option<Currency>,
    base: TaxBase,
    night_cap: Option<i32>,
    age_floor: Option<i32>,
    exempt_from_nights: Option<i32>,
    from_date: NaiveDate,
    to_date: Option<NaiveDate>,
}

impl From<TaxTerms> for PlacedTax {
    fn from(row: TaxTerms) -> Self {
        let rule = TaxRule {
            id: row.id,
            jurisdiction: row.jurisdiction,
            label: row.label,
            kind: row.kind,
            rate_bps: BasisPoints(row.rate_bps),
            amount: row.amount,
            base: row.base,
            night_cap: row.night_cap,
            age_floor: row.age_floor,
            exempt_from_nights: row.exempt_from_nights,
            from: row.from_date,
            to: row.to_date,
        };
        Self { rule, country: row.country, region: row.region, city: row.city, currency: row.currency }
    }
}

#[derive(sqlx::FromRow)]
struct TaxRow {
    #[sqlx(flatten)]
    terms: TaxTerms,
    version: i32,
    created_at: DateTime<Utc>,
    created_by: Option<UserId>,
    updated_at: DateTime<Utc>,
    updated_by: Option<UserId>,
}

impl From<TaxRow> for Kept<PlacedTax> {
    fn from(row: TaxRow) -> Self {
        Self {
            rule: row.terms.into(),
            version: row.version,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

/// Every tax of every place, past and future ones too.
pub(in crate::pricing) async fn all_taxes(db: &PgPool) -> Result<Vec<PlacedTax>> {
    let rows: Vec<TaxTerms> = sqlx::query_as("select * from tax_rules order by id").fetch_all(db).await?;
    Ok(rows.into_iter().map(PlacedTax::from).collect())
}

pub(in crate::pricing) async fn tax_rules(db: &PgPool, country: Option<&str>, page: &PageRequest<String>) -> Result<Vec<Kept<PlacedTax>>> {
    let rows: Vec<TaxRow> = sqlx::query_as(
        "select * from tax_rules where ($1::text is null or country = $1) and ($2::text is null or id > $2) order by id limit $3",
    )
    .bind(country)
    .bind(page.after.as_deref())
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

pub(in crate::pricing) async fn tax_rule(db: &mut PgConnection, id: &str) -> Result<Option<Kept<PlacedTax>>> {
    let row: Option<TaxRow> = sqlx::query_as("select * from tax_rules where id = $1").bind(id).fetch_optional(db).await?;
    Ok(row.map(Kept::from))
}

/// Whether the id was free.
pub(in crate::pricing) async fn insert_tax_rule(tx: &mut Tx, tax: &PlacedTax, by: Option<UserId>) -> Result<bool> {
    let now = tx.now();
    let rule = &tax.rule;
    let done = sqlx::query(
        "insert into tax_rules (id, jurisdiction, label, country, region, city, kind, rate_bps, amount, currency, base, night_cap, age_floor,
             exempt_from_nights, from_date, to_date, created_at, created_by, updated_at, updated_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $17, $18) on conflict (id) do nothing",
    )
    .bind(&rule.id)
    .bind(&rule.jurisdiction)
    .bind(&rule.label)
    .bind(&tax.country)
    .bind(&tax.region)
    .bind(&tax.city)
    .bind(rule.kind)
    .bind(rule.rate_bps.0)
    .bind(rule.amount)
    .bind(tax.currency)
    .bind(rule.base)
    .bind(rule.night_cap)
    .bind(rule.age_floor)
    .bind(rule.exempt_from_nights)
    .bind(rule.from)
    .bind(rule.to)
    .bind(now)
    .bind(by)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Whether it still was at `version`.
pub(in crate::pricing) async fn update_tax_rule(tx: &mut Tx, tax: &PlacedTax, version: i32, by: Option<UserId>) -> Result<bool> {
    let now = tx.now();
    let rule = &tax.rule;
    let done = sqlx::query(
        "update tax_rules set jurisdiction = $2, label = $3, country = $4, region = $5, city = $6, kind = $7, rate_bps = $8, amount = $9,
             currency = $10, base = $11, night_cap = $12, age_floor = $13, exempt_from_nights = $14, from_date = $15, to_date = $16,
             updated_at = $17, updated_by = $18, version = version + 1
         where id = $1 and version = $19",
    )
    .bind(&rule.id)
    .bind(&rule.jurisdiction)
    .bind(&rule.label)
    .bind(&tax.country)
    .bind(&tax.region)
    .bind(&tax.city)
    .bind(rule.kind)
    .bind(rule.rate_bps.0)
    .bind(rule.amount)
    .bind(tax.currency)
    .bind(rule.base)
    .bind(rule.night_cap)
    .bind(rule.age_floor)
    .bind(rule.exempt_from_nights)
    .bind(rule.from)
    .bind(rule.to)
    .bind(now)
    .bind(by)
    .bind(version)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::pricing) async fn delete_tax_rule(tx: &mut Tx, id: &str, version: i32) -> Result<bool> {
    let done = sqlx::query("delete from tax_rules where id = $1 and version = $2").bind(id).bind(version).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

/// What a fee rule says, as stored.
#[derive(sqlx::FromRow, serde::Deserialize)]
pub(in crate::pricing) struct FeeTerms {
    id: FeeRuleId,
    host_id: Option<UserId>,
    from_nights: i32,
    guest_fee_bps: i32,
    host_fee_bps: i32,
    from_date: NaiveDate,
    to_date: Option<NaiveDate>,
}

impl From<FeeTerms> for DatedFees {
    fn from(row: FeeTerms) -> Self {
        Self {
            id: row.id,
            host_id: row.host_id,
            from_nights: row.from_nights,
            guest_fee_bps: BasisPoints(row.guest_fee_bps),
            host_fee_bps: BasisPoints(row.host_fee_bps),
            from: row.from_date,
            to: row.to_date,
        }
    }
}

#[derive(sqlx::FromRow)]
struct FeeRow {
    #[sqlx(flatten)]
    terms: FeeTerms,
    version: i32,
    created_at: DateTime<Utc>,
    created_by: Option<UserId>,
    updated_at: DateTime<Utc>,
    updated_by: Option<UserId>,
}

impl From<FeeRow> for Kept<DatedFees> {
    fn from(row: FeeRow) -> Self {
        Self {
            rule: row.terms.into(),
            version: row.version,
            created_at: row.created_at,
            created_by: row.created_by,
            updated_at: row.updated_at,
            updated_by: row.updated_by,
        }
    }
}

pub(in crate::pricing) async fn fee_rules(db: &PgPool, page: &PageRequest<FeeRuleId>) -> Result<Vec<Kept<DatedFees>>> {
    let rows: Vec<FeeRow> = sqlx::query_as("select * from fee_rules where $1::uuid is null or id < $1 order by id desc limit $2")
        .bind(page.after)
        .bind(page.limit.with_next())
        .fetch_all(db)
        .await?;
    Ok(rows.into_iter().map(Kept::from).collect())
}

pub(in crate::pricing) async fn fee_rule(db: &mut PgConnection, id: FeeRuleId) -> Result<Option<Kept<DatedFees>>> {
    let row: Option<FeeRow> = sqlx::query_as("select * from fee_rules where id = $1").bind(id).fetch_optional(db).await?;
    Ok(row.map(Kept::from))
}

pub(in crate::pricing) async fn all_fees(db: &PgPool) -> Result<Vec<DatedFees>> {
    let rows: Vec<FeeTerms> = sqlx::query_as("select * from fee_rules order by id").fetch_all(db).await?;
    Ok(rows.into_iter().map(DatedFees::from).collect())
}

pub(in crate::pricing) async fn insert_fee_rule(tx: &mut Tx, rule: &DatedFees, by: Option<UserId>) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into fee_rules (id, host_id, from_nights, guest_fee_bps, host_fee_bps, from_date, to_date, created_at, created_by, updated_at, updated_by)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $8, $9)",
    )
    .bind(rule.id)
    .bind(rule.host_id)
    .bind(rule.from_nights)
    .bind(rule.guest_fee_bps.0)
    .bind(rule.host_fee_bps.0)
    .bind(rule.from)
    .bind(rule.to)
    .bind(now)
    .bind(by)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Whether it still was at `version`.
pub(in crate::pricing) async fn update_fee_rule(tx: &mut Tx, rule: &DatedFees, version: i32, by: Option<UserId>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "update fee_rules set host_id = $2, from_nights = $3, guest_fee_bps = $4, host_fee_bps = $5, from_date = $6, to_date = $7,
             updated_at = $8, updated_by = $9, version = version + 1
         where id = $1 and version = $10",
    )
    .bind(rule.id)
    .bind(rule.host_id)
    .bind(rule.from_nights)
    .bind(rule.guest_fee_bps.0)
    .bind(rule.host_fee_bps.0)
    .bind(rule.from)
    .bind(rule.to)
    .bind(now)
    .bind(by)
    .bind(version)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::pricing) async fn delete_fee_rule(tx: &mut Tx, id: FeeRuleId, version: i32) -> Result<bool> {
    let done = sqlx::query("delete from fee_rules where id = $1 and version = $2").bind(id).bind(version).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

pub(in crate::pricing) async fn record(tx: &mut Tx, id: RuleChangeId, change: &Change<'_>) -> Result<()> {
    let now = tx.now();
    let action = match (&change.before, &change.after) {
        (None, _) => "created",
        (Some(_), Some(_)) => "changed",
        (Some(_), None) => "deleted",
    };
    sqlx::query(
        "insert into rule_changes (id, rule_kind, rule_id, action, changed_by, changed_at, before, after) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(change.kind)
    .bind(change.rule)
    .bind(action)
    .bind(change.by)
    .bind(now)
    .bind(&change.before)
    .bind(&change.after)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(in crate::pricing) async fn changes(db: &PgPool, kind: &str, rule: &str, page: &PageRequest<RuleChangeId>) -> Result<Vec<RuleChange>> {
    Ok(sqlx::query_as(
        "select id, action, changed_by, changed_at, before, after from rule_changes
         where rule_kind = $1 and rule_id = $2 and ($3::uuid is null or id < $3) order by id desc limit $4",
    )
    .bind(kind)
    .bind(rule)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}
