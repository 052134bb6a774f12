//! Coupons and credit.

use app::coupons::{self, credit};
use app::staff;
use async_graphql::{Context, Description, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::coupons::{Contribution as Paid, Coupon as Row, CouponTerms, CouponValue};
use domain::money::Currency;

use super::connection::{connections, page, size};
use super::error::{Told, answer, payloads};
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::{Cursor, MinorUnits};

/// A coupon in a booking.
#[derive(SimpleObject)]
pub struct CouponUse {
    /// Its code.
    pub code: String,
    /// What it pays.
    pub amount: Money,
}

/// What coupon and credit pay of a price; the card pays the rest.
#[derive(SimpleObject)]
pub struct Contribution {
    /// The marketplace's coupon.
    pub coupon: Option<CouponUse>,
    /// The guest's own credit.
    pub credit: Money,
}

impl Contribution {
    pub(super) fn new(paid: &Paid, currency: Currency) -> Self {
        let money = |amount| Money::from(domain::money::Money::new(amount, currency));
        let coupon = paid.coupon.as_ref();
        Self { coupon: coupon.map(|used| CouponUse { code: used.code.clone(), amount: money(used.amount) }), credit: money(paid.credit) }
    }
}

/// A guest's credit in one currency.
#[derive(SimpleObject)]
pub struct CreditBalance {
    /// Can be spent now.
    pub available: Money,
    /// Kept for bookings that wait for their payment.
    pub held: Money,
}

/// Credit that was given.
#[derive(SimpleObject)]
pub struct CreditGrant {
    /// Which.
    pub id: ID,
    /// How much.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// The stay it came back from.
    pub booking_id: Option<ID>,
    /// What is not spent by then is gone.
    pub expires_at: Option<DateTime<Utc>>,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<credit::CreditGrant> for CreditGrant {
    fn from(grant: credit::CreditGrant) -> Self {
        Self {
            id: grant.id.0.into(),
            amount: grant.amount.into(),
            reason: grant.reason,
            booking_id: grant.booking_id.map(|booking| booking.0.into()),
            expires_at: grant.expires_at,
            created_at: grant.created_at,
        }
    }
}

/// A coupon as staff see it.
#[derive(Description)]
pub struct Coupon(Row);

#[Object(use_type_description)]
impl Coupon {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// What guests type.
    async fn code(&self) -> &str {
        &self.0.terms.code
    }
    /// Hundredths of a percent of the price.
    async fn percent_bps(&self) -> Option<i32> {
        match self.0.terms.value {
            CouponValue::Percent(bps) => Some(bps.0),
            CouponValue::Amount(_) => None,
        }
    }
    /// Minor units of the currency.
    async fn amount(&self) -> Option<MinorUnits> {
        match self.0.terms.value {
            CouponValue::Percent(_) => None,
            CouponValue::Amount(amount) => Some(amount.into()),
        }
    }
    /// ISO 4217.
    async fn currency(&self) -> Option<String> {
        self.0.terms.currency.map(|currency| currency.to_string())
    }
    /// Minor units at most.
    async fn max_amount(&self) -> Option<MinorUnits> {
        self.0.terms.max_amount.map(MinorUnits::from)
    }
    /// Least price of the stay, minor units.
    async fn minimum_total(&self) -> MinorUnits {
        self.0.terms.minimum_total.into()
    }
    /// From when on.
    async fn starts_at(&self) -> DateTime<Utc> {
        self.0.terms.starts_at
    }
    /// Until when.
    async fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.0.terms.ends_at
    }
    /// How often in all.
    async fn max_uses(&self) -> Option<i32> {
        self.0.terms.max_uses
    }
    /// Only for guests who have had no booking yet.
    async fn first_booking_only(&self) -> bool {
        self.0.terms.first_booking_only
    }
    /// For staff.
    async fn note(&self) -> &str {
        &self.0.terms.note
    }
    /// How often it is used or held by bookings that are not paid yet.
    async fn uses(&self) -> i32 {
        self.0.uses
    }
    /// When staff ended it.
    async fn ended_at(&self) -> Option<DateTime<Utc>> {
        self.0.ended_at
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

/// A new coupon.
#[derive(Debug, Clone, InputObject)]
pub struct CouponInput {
    /// What guests type: 3–32 letters, digits and dashes; case does not matter.
    pub code: String,
    /// Takes off so much of the price, in hundredths of a percent; or `amount`.
    pub percent_bps: Option<i32>,
    /// Takes off so many minor units of `currency`; or `percentBps`.
    pub amount: Option<MinorUnits>,
    /// Only homes let in it, ISO 4217; required with any amount.
    pub currency: Option<String>,
    /// Takes off at most so many minor units.
    pub max_amount: Option<MinorUnits>,
    /// Stays that cost at least so many minor units; any when absent.
    pub minimum_total: Option<MinorUnits>,
    /// From when on; now when absent.
    pub starts_at: Option<DateTime<Utc>>,
    /// Until when.
    pub ends_at: Option<DateTime<Utc>>,
    /// How often in all; each guest once.
    pub max_uses: Option<i32>,
    /// Only for guests who have had no booking yet.
    #[graphql(default)]
    pub first_booking_only: bool,
    /// For staff, up to 500 characters.
    #[graphql(default)]
    pub note: String,
}

impl CouponInput {
    fn terms(self, now: DateTime<Utc>) -> app::Result<CouponTerms> {
        let read = |code: &String| code.parse().map_err(|why: String| app::Error::invalid("/currency", "currency", why));
        Ok(CouponTerms {
            value: crate::rest::coupons::value(self.percent_bps, self.amount.map(|amount| amount.0))?,
            currency: self.currency.as_ref().map(read).transpose()?,
            code: self.code,
            max_amount: self.max_amount.map(|amount| amount.0),
            minimum_total: self.minimum_total.map_or(0, |amount| amount.0),
            starts_at: self.starts_at.unwrap_or(now),
            ends_at: self.ends_at,
            max_uses: self.max_uses,
            first_booking_only: self.first_booking_only,
            note: self.note,
        })
    }
}

connections! {
    CouponConnection, CouponEdge: Coupon;
    CreditGrantConnection, CreditGrantEdge: CreditGrant;
}

payloads! {
    CouponPayload {
        /// The coupon as it is now.
        coupon: Coupon
    }
    CreditGrantPayload {
        /// What was given.
        grant: CreditGrant
    }
}

/// Reads coupons and credit.
#[derive(Default)]
pub struct CouponsQuery;

#[Object]
impl CouponsQuery {
    /// One's own credit, by currency.
    #[graphql(complexity = "10 + 3 * child_complexity")]
    async fn credit(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<CreditBalance>>> {
        ctx.signed_in()?;
        let balances = credit::balances(ctx.app(), &ctx.actor()).await.told()?;
        let shown = |balance: credit::CreditBalance| CreditBalance { available: balance.available.into(), held: balance.held.into() };
        Ok(Some(balances.into_iter().map(shown).collect()))
    }

    /// What one was given, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn credit_grants(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<CreditGrantConnection>> {
        ctx.signed_in()?;
        let found = credit::grants(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(CreditGrantConnection::new(found, |grant| grant.id, CreditGrant::from)))
    }

    /// For staff: every coupon, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn coupons(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<CouponConnection>> {
        ctx.signed_in()?;
        let found = coupons::list(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(CouponConnection::new(found, |coupon| coupon.id, Coupon)))
    }
}

/// Changes coupons and credit.
#[derive(Default)]
pub struct CouponsMutation;

#[Object]
impl CouponsMutation {
    /// For staff: write a coupon.
    async fn create_coupon(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CouponInput,
        #[graphql(desc = "Why; for the audit log.")] reason: String,
    ) -> async_graphql::Result<CouponPayload> {
        ctx.signed_in()?;
        let done = async {
            let terms = input.terms(ctx.app().clock.now())?;
            staff::create_coupon(ctx.app(), &ctx.actor(), terms, &reason).await
        };
        answer(done.await.map(Coupon))
    }

    /// For staff: end a coupon. Bookings that have it keep it.
    async fn end_coupon(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which coupon.")] coupon_id: ID,
        #[graphql(desc = "Why; for the audit log.")] reason: String,
    ) -> async_graphql::Result<CouponPayload> {
        ctx.signed_in()?;
        let done = async { staff::end_coupon(ctx.app(), &ctx.actor(), id(&coupon_id, "coupon")?, &reason).await };
        answer(done.await.map(Coupon))
    }

    /// For staff: give somebody credit, of the marketplace's own money.
    async fn grant_credit(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom.")] user_id: ID,
        #[graphql(desc = "How much.")] amount: Money,
        #[graphql(desc = "What is not spent by then is gone; never when absent.")] expires_at: Option<DateTime<Utc>>,
        #[graphql(desc = "1–500 characters; they read it.")] reason: String,
    ) -> async_graphql::Result<CreditGrantPayload> {
        ctx.signed_in()?;
        let done = async {
            let (user, amount) = (id(&user_id, "user")?, amount.read("/amount")?);
            staff::grant_credit(ctx.app(), &ctx.actor(), user, (amount, expires_at), &reason).await
        };
        answer(done.await.map(CreditGrant::from))
    }
}
