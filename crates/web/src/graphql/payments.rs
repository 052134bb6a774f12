//! Payments of guests and payouts to hosts.

use app::payments;
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::instalments::{Instalment, PaymentPlan};
use domain::payments::{self as rules, PaymentStatus, PayoutState};

use super::bookings::Booking;
use super::connection::{connections, page};
use super::error::{DonePayload, Told, answer, payloads};
use super::money::Money;
use super::request::Asks;
use super::scalars::{Cursor, Word};

/// A guest's payment for a booking.
#[derive(Description)]
pub struct Payment(pub rules::Payment);

#[Object(use_type_description)]
impl Payment {
    /// Which.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// For which booking.
    async fn booking_id(&self) -> ID {
        self.0.booking_id.0.into()
    }
    /// For which booking.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.booking_id).await?.map(Booking))
    }
    /// Where it stands.
    async fn status(&self) -> Word<PaymentStatus> {
        Word(self.0.status)
    }
    /// How much is asked.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }
    /// How much has come back.
    async fn refunded(&self) -> Money {
        domain::money::Money::new(self.0.refunded, self.0.amount.currency).into()
    }
    /// Where the guest confirms with their bank.
    async fn action_url(&self) -> Option<&str> {
        self.0.action_url.as_deref()
    }
    /// What it pays: `stay`, or a part of it.
    async fn purpose(&self) -> String {
        self.0.purpose.to_string()
    }
    /// When it falls due; null: at once.
    async fn due_at(&self) -> Option<DateTime<Utc>> {
        self.0.due_at
    }
    /// Why the last try failed, e.g. `card_declined`.
    async fn decline_code(&self) -> Option<&str> {
        self.0.decline_code.as_deref()
    }
}

payloads! {
    PaymentPayload {
        /// The payment as it is now.
        payment: Payment
    }
}

/// A part of a price.
#[derive(SimpleObject)]
pub struct PlannedPart {
    /// How much.
    pub amount: Money,
    /// When; null: now.
    pub due_at: Option<DateTime<Utc>>,
}

/// One way to pay, with its parts.
#[derive(SimpleObject)]
pub struct PlanOffer {
    /// Which.
    pub plan: Word<PaymentPlan>,
    /// What is to be paid when; the parts sum to the price.
    pub instalments: Vec<PlannedPart>,
}

impl From<(PaymentPlan, Vec<Instalment>)> for PlanOffer {
    fn from((plan, parts): (PaymentPlan, Vec<Instalment>)) -> Self {
        let part = |part: Instalment| PlannedPart { amount: part.amount.into(), due_at: part.due_at };
        Self { plan: Word(plan), instalments: parts.into_iter().map(part).collect() }
    }
}

/// A card that a guest keeps.
#[derive(SimpleObject)]
pub struct PaymentMethod {
    /// Which; pay with it.
    pub id: ID,
    /// visa, mastercard, …
    pub brand: String,
    /// The last four digits.
    pub last4: String,
    /// 1–12.
    pub exp_month: i32,
    /// Four digits.
    pub exp_year: i32,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

impl From<payments::methods::PaymentMethod> for PaymentMethod {
    fn from(method: payments::methods::PaymentMethod) -> Self {
        Self {
            id: method.id.0.into(),
            brand: method.card.brand,
            last4: method.card.last4,
            exp_month: method.card.exp_month,
            exp_year: method.card.exp_year,
            created_at: method.created_at,
        }
    }
}

payloads! {
    PaymentMethodPayload {
        /// The card that is kept.
        method: PaymentMethod
    }
}

/// Changes which cards are kept.
#[derive(Default)]
pub struct PaymentsMutation;

#[Object]
impl PaymentsMutation {
    /// Keep a card.
    #[graphql(complexity = "20 + child_complexity")]
    async fn keep_payment_method(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The provider's token of it.", secret)] payment_method: String,
    ) -> async_graphql::Result<PaymentMethodPayload> {
        ctx.signed_in()?;
        answer(payments::methods::keep(ctx.app(), &ctx.actor(), &payment_method).await.map(PaymentMethod::from))
    }

    /// Forget a card.
    #[graphql(complexity = "20 + child_complexity")]
    async fn forget_payment_method(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which card.")] id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done =
            async { payments::methods::forget(ctx.app(), &ctx.actor(), super::request::id(&id, "payment method")?).await.map(|()| true) };
        answer(done.await)
    }
}

/// Money on its way to a host.
#[derive(Description)]
pub struct Payout(pub payments::Payout);

#[Object(use_type_description)]
impl Payout {
    /// Which.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// For which booking.
    async fn booking_id(&self) -> ID {
        self.0.booking_id.0.into()
    }
    /// For which booking.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.booking_id).await?.map(Booking))
    }
    /// For which month of a long stay, from 0; 0 for all others.
    async fn leg(&self) -> i32 {
        self.0.leg
    }
    /// How much.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }
    /// How far it has come.
    async fn state(&self) -> Word<PayoutState> {
        Word(self.0.state)
    }
    /// From when on it may be paid.
    async fn due_at(&self) -> DateTime<Utc> {
        self.0.due_at
    }
    /// Until when it is held back (first payouts of new hosts).
    async fn held_until(&self) -> Option<DateTime<Utc>> {
        self.0.held_until
    }
    /// With which transfer it was sent.
    async fn transfer_id(&self) -> Option<ID> {
        self.0.transfer_id.map(|transfer| transfer.0.into())
    }
    /// When it arrived.
    async fn paid_at(&self) -> Option<DateTime<Utc>> {
        self.0.paid_at
    }
    /// Since when it is planned.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

connections! {
    PayoutConnection, PayoutEdge: Payout;
}

/// A page of one's payouts.
pub(super) async fn own_payouts(
    ctx: &Context<'_>,
    first: Option<i32>,
    after: Option<Cursor>,
) -> async_graphql::Result<Option<PayoutConnection>> {
    ctx.signed_in()?;
    let found = payments::payouts_of_host(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
    Ok(Some(PayoutConnection::new(found, |payout| payout.id, Payout)))
}
