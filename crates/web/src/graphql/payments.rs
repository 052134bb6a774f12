//! Payments of guests and payouts to hosts.

use app::payments;
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::ids::BookingId;
use domain::instalments::PaymentPlan;
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

/// A part of a price that falls due.
#[derive(SimpleObject)]
pub struct Instalment {
    /// How much.
    pub amount: Money,
    /// When; null: now.
    pub due_at: Option<DateTime<Utc>>,
}

/// One way to pay, with its parts.
#[derive(SimpleObject)]
#[graphql(name = "PaymentPlanOffer")]
pub struct PlanOffer {
    /// All at once or in parts.
    pub plan: Word<PaymentPlan>,
    /// What is to be paid when.
    pub instalments: Vec<Instalment>,
}

/// The ways in which a booking can be paid.
pub(super) async fn plans(ctx: &Context<'_>, booking: BookingId) -> async_graphql::Result<Option<Vec<PlanOffer>>> {
    let plans = app::bookings::payment_plans(ctx.app(), &ctx.actor(), booking).await.told()?;
    let part = |part: domain::instalments::Instalment| Instalment { amount: part.amount.into(), due_at: part.due_at };
    let offer = |(plan, parts): (PaymentPlan, Vec<domain::instalments::Instalment>)| PlanOffer {
        plan: Word(plan),
        instalments: parts.into_iter().map(part).collect(),
    };
    Ok(Some(plans.into_iter().map(offer).collect()))
}

/// A card that a guest keeps.
#[derive(Description)]
pub struct PaymentMethod(pub payments::methods::PaymentMethod);

#[Object(use_type_description)]
impl PaymentMethod {
    /// Which; pay with it.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// visa, mastercard, …
    async fn brand(&self) -> &str {
        &self.0.card.brand
    }
    /// The last four digits.
    async fn last4(&self) -> &str {
        &self.0.card.last4
    }
    /// 1–12.
    async fn exp_month(&self) -> i32 {
        self.0.card.exp_month
    }
    /// Four digits.
    async fn exp_year(&self) -> i32 {
        self.0.card.exp_year
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
}

payloads! {
    PaymentMethodPayload {
        /// The card that is kept.
        payment_method: PaymentMethod
    }
}

/// Changes which cards one keeps.
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
        answer(payments::methods::keep(ctx.app(), &ctx.actor(), &payment_method).await.map(PaymentMethod))
    }

    /// Forget a card.
    async fn forget_payment_method(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which card.")] id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let wanted = super::request::id(&id, "payment method")?;
            payments::methods::forget(ctx.app(), &ctx.actor(), wanted).await.map(|()| true)
        };
        answer(done.await)
    }
}
