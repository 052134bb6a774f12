//! Taxes and fees as rules with dates, kept by staff, and exchange rates.

use app::pricing::rates::{self, StoredRate};
use app::pricing::rules::{self, Kept, RuleChange as ChangeRow};
use async_graphql::{Context, Description, ID, InputObject, Json, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::fees::DatedFees;
use domain::ids::{FeeRuleId, RuleChangeId, UserId};
use domain::money::BasisPoints;
use domain::taxes::{PlacedTax, TaxBase, TaxKind, TaxRule as Rule};
use uuid::Uuid;

use super::connection::{connections, page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::{Cursor, Date, Word};

/// A rate by which prices are shown, never charged.
#[derive(SimpleObject)]
pub struct ExchangeRate {
    /// One unit of this…
    pub from: String,
    /// …is worth `rate` units of this.
    pub to: String,
    /// Decimal.
    pub rate: String,
    /// On that date.
    pub date: Date,
    /// Which file it came from.
    pub source: String,
    /// When.
    pub imported_at: DateTime<Utc>,
}

impl From<StoredRate> for ExchangeRate {
    fn from(stored: StoredRate) -> Self {
        Self {
            from: stored.rate.from.to_string(),
            to: stored.rate.to.to_string(),
            rate: stored.rate.rate.normalize().to_string(),
            date: Date(stored.rate.on),
            source: stored.source,
            imported_at: stored.imported_at,
        }
    }
}

/// A tax of a place.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "TaxRuleInput")]
pub struct TaxRule {
    /// Lower-case letters, digits and dashes; names the rule in reports and stays.
    pub id: String,
    /// To whom it is owed, e.g. PT-Lisbon.
    pub jurisdiction: String,
    /// For people.
    pub label: String,
    /// Two capital letters.
    pub country: String,
    /// Only there; case does not matter.
    pub region: Option<String>,
    /// Only there.
    pub city: Option<String>,
    /// How it is reckoned.
    pub kind: Word<TaxKind>,
    /// Hundredths of a percent, for percentages.
    #[graphql(default)]
    pub rate_bps: i32,
    /// Each, for all other kinds.
    pub amount: Option<Money>,
    /// What a percentage is taken of; of the nights when absent.
    pub base: Option<Word<TaxBase>>,
    /// At most so many nights are taxed.
    pub night_cap: Option<i32>,
    /// Guests younger than this (years) are not taxed.
    pub age_floor: Option<i32>,
    /// Stays of this many nights and more are not taxed.
    pub exempt_from_nights: Option<i32>,
    /// First arrival it applies to.
    pub from: Date,
    /// First arrival it no longer applies to.
    pub to: Option<Date>,
}

impl TaxRule {
    fn read(self) -> app::Result<PlacedTax> {
        let money = self.amount.as_ref().map(|amount| amount.read("/amount")).transpose()?;
        Ok(PlacedTax {
            rule: Rule {
                id: self.id,
                jurisdiction: self.jurisdiction,
                label: self.label,
                kind: self.kind.0,
                rate_bps: BasisPoints(self.rate_bps),
                amount: money.map_or(0, |money| money.amount),
                base: self.base.map_or(TaxBase::Nights, |base| base.0),
                night_cap: self.night_cap,
                age_floor: self.age_floor,
                exempt_from_nights: self.exempt_from_nights,
                from: self.from.0,
                to: self.to.map(|to| to.0),
            },
            country: self.country,
            region: self.region,
            city: self.city,
            currency: money.map(|money| money.currency),
        })
    }
}

impl From<PlacedTax> for TaxRule {
    fn from(placed: PlacedTax) -> Self {
        let PlacedTax { rule, country, region, city, currency } = placed;
        Self {
            id: rule.id,
            jurisdiction: rule.jurisdiction,
            label: rule.label,
            country,
            region,
            city,
            kind: Word(rule.kind),
            rate_bps: rule.rate_bps.0,
            amount: currency.map(|currency| domain::money::Money::new(rule.amount, currency).into()),
            base: Some(Word(rule.base)),
            night_cap: rule.night_cap,
            age_floor: rule.age_floor,
            exempt_from_nights: rule.exempt_from_nights,
            from: Date(rule.from),
            to: rule.to.map(Date),
        }
    }
}

/// The marketplace's fees of bookings made within dates.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "FeeRuleInput")]
pub struct FeeRule {
    /// Of this host only; of all when absent.
    pub host_id: Option<ID>,
    /// Of stays of at least so many nights.
    #[graphql(default = 1)]
    pub from_nights: i32,
    /// From the guest, in hundredths of a percent of the host's subtotal.
    pub guest_fee_bps: i32,
    /// From the host, likewise.
    pub host_fee_bps: i32,
    /// First date of booking.
    pub from: Date,
    /// First date of booking it no longer applies to.
    pub to: Option<Date>,
}

impl FeeRule {
    fn read(self, rule: FeeRuleId) -> app::Result<DatedFees> {
        let unknown = |_| app::Error::invalid("/host_id", "unknown", "nobody has this id");
        let host = self.host_id.map(|host| host.parse::<Uuid>().map(UserId).map_err(unknown)).transpose()?;
        Ok(DatedFees {
            id: rule,
            host_id: host,
            from_nights: self.from_nights,
            guest_fee_bps: BasisPoints(self.guest_fee_bps),
            host_fee_bps: BasisPoints(self.host_fee_bps),
            from: self.from.0,
            to: self.to.map(|to| to.0),
        })
    }
}

impl From<DatedFees> for FeeRule {
    fn from(fees: DatedFees) -> Self {
        Self {
            host_id: fees.host_id.map(|host| host.0.into()),
            from_nights: fees.from_nights,
            guest_fee_bps: fees.guest_fee_bps.0,
            host_fee_bps: fees.host_fee_bps.0,
            from: Date(fees.from),
            to: fees.to.map(Date),
        }
    }
}

/// A tax rule with who wrote it.
#[derive(Description)]
pub struct KeptTaxRule(Kept<PlacedTax>);

/// A fee rule with who wrote it.
#[derive(Description)]
pub struct KeptFeeRule(Kept<DatedFees>);

/// What is told of any rule beside itself.
macro_rules! kept {
    ($name:ident, $rule:ident, $key:expr) => {
        #[Object(use_type_description)]
        impl $name {
            /// Which.
            async fn id(&self) -> ID {
                ID(($key)(&self.0.rule))
            }
            /// The rule.
            async fn rule(&self) -> $rule {
                self.0.rule.clone().into()
            }
            /// Grows with each change; say it when you change or remove the rule.
            async fn version(&self) -> i32 {
                self.0.version
            }
            /// When it was written.
            async fn created_at(&self) -> DateTime<Utc> {
                self.0.created_at
            }
            /// By whom; null for what came with the installation.
            async fn created_by(&self) -> Option<ID> {
                self.0.created_by.map(|user| user.0.into())
            }
            /// When it was changed last.
            async fn updated_at(&self) -> DateTime<Utc> {
                self.0.updated_at
            }
            /// By whom.
            async fn updated_by(&self) -> Option<ID> {
                self.0.updated_by.map(|user| user.0.into())
            }
        }
    };
}
kept!(KeptTaxRule, TaxRule, |placed: &PlacedTax| placed.rule.id.clone());
kept!(KeptFeeRule, FeeRule, |fees: &DatedFees| fees.id.to_string());

/// A change of a rule.
#[derive(SimpleObject)]
pub struct RuleChange {
    /// Which.
    pub id: ID,
    /// created, changed or deleted.
    pub action: String,
    /// By whom; null for the marketplace itself.
    pub changed_by: Option<ID>,
    /// When.
    pub changed_at: DateTime<Utc>,
    /// As it stood before.
    pub before: Option<Json<serde_json::Value>>,
    /// As it stands after.
    pub after: Option<Json<serde_json::Value>>,
}

impl From<ChangeRow> for RuleChange {
    fn from(change: ChangeRow) -> Self {
        Self {
            id: change.id.0.into(),
            action: change.action,
            changed_by: change.changed_by.map(|user| user.0.into()),
            changed_at: change.changed_at,
            before: change.before.map(Json),
            after: change.after.map(Json),
        }
    }
}

connections! {
    TaxRuleConnection, TaxRuleEdge: KeptTaxRule;
    FeeRuleConnection, FeeRuleEdge: KeptFeeRule;
    RuleChangeConnection, RuleChangeEdge: RuleChange;
}

payloads! {
    TaxRulePayload {
        /// The rule as it is kept now.
        rule: KeptTaxRule
    }
    FeeRulePayload {
        /// The rule as it is kept now.
        rule: KeptFeeRule
    }
}

/// Reads rates and rules.
#[derive(Default)]
pub struct PriceRulesQuery;

#[Object]
impl PriceRulesQuery {
    /// The newest rate of each pair of currencies. Prices are shown by them and
    /// never charged.
    #[graphql(complexity = "2 + 20 * child_complexity")]
    async fn exchange_rates(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As of that day; today when absent.")] on: Option<Date>,
    ) -> async_graphql::Result<Option<Vec<ExchangeRate>>> {
        let all = rates::rates(ctx.app(), on.map(|date| date.0)).await.told()?;
        Ok(Some(all.into_iter().map(Into::into).collect()))
    }

    /// For staff: every tax rule, by id.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn tax_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of one country, two capital letters.")] country: Option<String>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<TaxRuleConnection>> {
        ctx.signed_in()?;
        let found = rules::tax_rules(ctx.app(), &ctx.actor(), country.as_deref(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(TaxRuleConnection::new(found, |kept| kept.rule.rule.id.clone(), KeptTaxRule)))
    }

    /// For staff: one tax rule.
    async fn tax_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which rule.")] rule_id: String,
    ) -> async_graphql::Result<Option<KeptTaxRule>> {
        ctx.signed_in()?;
        Ok(Some(KeptTaxRule(rules::tax_rule(ctx.app(), &ctx.actor(), &rule_id).await.told()?)))
    }

    /// For staff: every fee rule, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn fee_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<FeeRuleConnection>> {
        ctx.signed_in()?;
        let found = rules::fee_rules(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(FeeRuleConnection::new(found, |kept| kept.rule.id, KeptFeeRule)))
    }

    /// For staff: the changes of a tax rule, newest first; also of one that is
    /// gone.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn tax_rule_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which rule.")] rule_id: String,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<RuleChangeConnection>> {
        history(ctx, ("tax", &rule_id), first, after.as_ref()).await
    }

    /// For staff: the changes of a fee rule, newest first; also of one that is
    /// gone.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn fee_rule_history(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which rule.")] rule_id: ID,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<RuleChangeConnection>> {
        history(ctx, ("fee", &rule_id), first, after.as_ref()).await
    }
}

async fn history(
    ctx: &Context<'_>,
    rule: (&str, &str),
    first: Option<i32>,
    after: Option<&Cursor>,
) -> async_graphql::Result<Option<RuleChangeConnection>> {
    ctx.signed_in()?;
    let page = page::<RuleChangeId>(first, after).told()?;
    let found = rules::rule_changes(ctx.app(), &ctx.actor(), rule, page).await.told()?;
    Ok(Some(RuleChangeConnection::new(found, |change| change.id, RuleChange::from)))
}

/// Changes rules.
#[derive(Default)]
pub struct PriceRulesMutation;

#[Object]
impl PriceRulesMutation {
    /// For staff: write a new tax rule. It concerns bookings made from now on.
    async fn create_tax_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: TaxRule,
    ) -> async_graphql::Result<TaxRulePayload> {
        ctx.signed_in()?;
        let done = async { rules::create_tax_rule(ctx.app(), &ctx.actor(), input.read()?).await };
        answer(done.await.map(KeptTaxRule))
    }

    /// For staff: replace the tax rule of this id. Bookings keep what was agreed.
    async fn put_tax_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As it was read.")] version: i32,
        #[graphql(desc = "The rule.")] input: TaxRule,
    ) -> async_graphql::Result<TaxRulePayload> {
        ctx.signed_in()?;
        let done = async { rules::put_tax_rule(ctx.app(), &ctx.actor(), input.read()?, Some(version)).await };
        answer(done.await.map(KeptTaxRule))
    }

    /// For staff: take a tax rule out. Bookings keep what was agreed; the change
    /// is on record.
    async fn delete_tax_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which rule.")] rule_id: String,
        #[graphql(desc = "As it was read.")] version: i32,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        answer(rules::delete_tax_rule(ctx.app(), &ctx.actor(), &rule_id, Some(version)).await.map(|()| true))
    }

    /// For staff: write a new fee rule, for everybody or one host, for all stays
    /// or long ones.
    async fn create_fee_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The rule.")] input: FeeRule,
    ) -> async_graphql::Result<FeeRulePayload> {
        ctx.signed_in()?;
        let done = async { rules::create_fee_rule(ctx.app(), &ctx.actor(), input.read(FeeRuleId(Uuid::nil()))?).await };
        answer(done.await.map(KeptFeeRule))
    }

    /// For staff: replace a fee rule. Bookings keep what was agreed.
    async fn put_fee_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which rule.")] rule_id: ID,
        #[graphql(desc = "As it was read.")] version: i32,
        #[graphql(desc = "The rule.")] input: FeeRule,
    ) -> async_graphql::Result<FeeRulePayload> {
        ctx.signed_in()?;
        let done = async {
            let rule = input.read(id(&rule_id, "fee rule")?)?;
            rules::put_fee_rule(ctx.app(), &ctx.actor(), rule, Some(version)).await
        };
        answer(done.await.map(KeptFeeRule))
    }

    /// For staff: take a fee rule out. Bookings keep what was agreed.
    async fn delete_fee_rule(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "id", desc = "Which rule.")] rule_id: ID,
        #[graphql(desc = "As it was read.")] version: i32,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let rule = id(&rule_id, "fee rule")?;
            rules::delete_fee_rule(ctx.app(), &ctx.actor(), rule, Some(version)).await.map(|()| true)
        };
        answer(done.await)
    }
}
