//! Refunds beyond the policy: a guest asks and the host decides, or staff do.

use app::bookings::overrides::{self, Bearer as BearerRow, StaffCancellation};
use app::bookings::refund_requests::{self, RefundRequest as RequestRow, Verdict};
use async_graphql::{Context, Description, Enum, ID, InputObject, Object};
use chrono::{DateTime, Utc};
use domain::alterations::refund_requests::RefundRequestState;
use domain::ids::{BookingId, RefundRequestId};

use super::bookings::{Booking, Cancelled, CancelledPayload};
use super::error::{Told, answer, payloads};
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::Word;

/// A guest's wish for more back than the policy gives.
#[derive(Description)]
pub struct RefundRequest(RequestRow);

#[Object(use_type_description)]
impl RefundRequest {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Of which booking.
    async fn booking_id(&self) -> ID {
        self.0.booking_id.0.into()
    }
    /// Of which booking.
    async fn booking(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Booking>> {
        Ok(ctx.loaders().booking(self.0.booking_id).await?.map(Booking))
    }
    /// How much is asked.
    async fn amount(&self) -> Money {
        self.0.amount.into()
    }
    /// Why.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
    /// Where it stands.
    async fn state(&self) -> Word<RefundRequestState> {
        Word(self.0.state)
    }
    /// How much was granted.
    async fn granted(&self) -> Option<Money> {
        self.0.granted.map(Money::from)
    }
    /// The host's words.
    async fn answer(&self) -> &str {
        &self.0.answer
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// When it was answered.
    async fn answered_at(&self) -> Option<DateTime<Utc>> {
        self.0.answered_at
    }
}

/// Requests for extra refunds of a booking, newest first.
pub(super) async fn of_booking(ctx: &Context<'_>, booking: BookingId) -> async_graphql::Result<Option<Vec<RefundRequest>>> {
    Ok(Some(refund_requests::list_of(ctx.app(), &ctx.actor(), booking).await.told()?.into_iter().map(RefundRequest).collect()))
}

/// Out of whose pocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum RefundBearer {
    /// The host, out of their part.
    Host,
    /// The marketplace.
    Marketplace,
}

impl From<RefundBearer> for BearerRow {
    fn from(bearer: RefundBearer) -> Self {
        match bearer {
            RefundBearer::Host => Self::Host,
            RefundBearer::Marketplace => Self::Marketplace,
        }
    }
}

/// How staff call a booking off.
#[derive(Debug, Clone, InputObject)]
pub struct StaffCancellationInput {
    /// Why; 1–1,000 characters, kept in the booking's history.
    pub reason: String,
    /// What the guest gets back; everything when absent.
    pub refund: Option<Money>,
    /// As if the host had called off: their fee, and the nights stay blocked.
    #[graphql(default)]
    pub host_at_fault: bool,
    /// The host pays no fee (an emergency).
    #[graphql(default)]
    pub waive_host_fee: bool,
}

payloads! {
    RefundRequestPayload {
        /// The request as it stands now.
        refund_request: RefundRequest
    }
    StaffRefundPayload {
        /// What was given back.
        refund: Money
    }
}

/// Changes what comes back beyond the policy.
#[derive(Default)]
pub struct RefundsMutation;

async fn decide(
    ctx: &Context<'_>,
    name: &str,
    (booking_id, request_id): (ID, ID),
    (grant, amount, words): (bool, Option<Money>, String),
    idempotency_key: Option<String>,
) -> async_graphql::Result<RefundRequestPayload> {
    ctx.signed_in()?;
    let amount_text = amount.as_ref().map(ToString::to_string).unwrap_or_default();
    let input = vec![booking_id.to_string(), request_id.to_string(), amount_text, words.clone()];
    let key = ctx.once(name, idempotency_key, &input)?;
    let done = async {
        let which: (BookingId, RefundRequestId) = (id(&booking_id, "booking")?, id(&request_id, "refund request")?);
        let amount = amount.as_ref().map(|amount| amount.read("/amount")).transpose()?;
        refund_requests::answer(ctx.app(), &ctx.actor(), which, Verdict { grant, amount, answer: words }, key.as_ref()).await
    };
    answer(done.await.map(|once| RefundRequest(ctx.unwrap(once))))
}

#[Object]
impl RefundsMutation {
    /// The guest asks the host for more back than the policy gives.
    #[graphql(complexity = "20 + child_complexity")]
    async fn ask_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "How much, at most the host's part.")] amount: Money,
        #[graphql(desc = "Why; 1–1,000 characters.")] reason: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RefundRequestPayload> {
        ctx.signed_in()?;
        let key = ctx.once("askRefund", idempotency_key, &vec![booking_id.to_string(), amount.to_string(), reason.clone()])?;
        let done = async {
            let amount = amount.read("/amount")?;
            refund_requests::ask(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, (amount, &reason), key.as_ref()).await
        };
        answer(done.await.map(|once| RefundRequest(ctx.unwrap(once))))
    }

    /// The host grants a refund, out of their own part.
    #[graphql(complexity = "20 + child_complexity")]
    async fn grant_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which request.")] request_id: ID,
        #[graphql(desc = "Part of what was asked; all of it when absent.")] amount: Option<Money>,
        #[graphql(desc = "A few words to the guest, up to 1,000 characters.", default)] answer: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RefundRequestPayload> {
        decide(ctx, "grantRefund", (booking_id, request_id), (true, amount, answer), idempotency_key).await
    }

    /// The host says no to a request for a refund.
    #[graphql(complexity = "20 + child_complexity")]
    async fn decline_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which request.")] request_id: ID,
        #[graphql(desc = "A few words to the guest, up to 1,000 characters.", default)] answer: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RefundRequestPayload> {
        decide(ctx, "declineRefund", (booking_id, request_id), (false, None, answer), idempotency_key).await
    }

    /// The guest takes a request for a refund back.
    async fn withdraw_refund_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which request.")] request_id: ID,
    ) -> async_graphql::Result<RefundRequestPayload> {
        ctx.signed_in()?;
        let done = async {
            let which: (BookingId, RefundRequestId) = (id(&booking_id, "booking")?, id(&request_id, "refund request")?);
            refund_requests::withdraw(ctx.app(), &ctx.actor(), which).await.map(RefundRequest)
        };
        answer(done.await)
    }

    /// Staff call a booking off in place of the policy.
    #[graphql(complexity = "20 + child_complexity")]
    async fn cancel_booking_as_staff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "How.")] input: StaffCancellationInput,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CancelledPayload> {
        ctx.signed_in()?;
        let key = ctx.once(&format!("cancelBookingAsStaff {}", booking_id.as_str()), idempotency_key, &input)?;
        let done = async {
            let refund = input.refund.as_ref().map(|refund| refund.read("/refund")).transpose()?;
            let StaffCancellationInput { reason, host_at_fault, waive_host_fee, .. } = input;
            let wish = StaffCancellation { reason, refund, host_at_fault, waive_host_fee };
            overrides::cancel_as_staff(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, wish, key.as_ref()).await
        };
        answer(done.await.map(|once| Cancelled::from(ctx.unwrap(once))))
    }

    /// Staff give a guest money back.
    #[graphql(complexity = "20 + child_complexity")]
    async fn refund_booking_as_staff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "How much.")] amount: Money,
        #[graphql(desc = "Out of whose pocket.")] bearer: RefundBearer,
        #[graphql(desc = "Why; 1–1,000 characters, kept in the booking's history.")] reason: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<StaffRefundPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), amount.to_string(), format!("{bearer:?}"), reason.clone()];
        let key = ctx.once("refundBookingAsStaff", idempotency_key, &input)?;
        let done = async {
            let wish = (amount.read("/amount")?, bearer.into(), reason.as_str());
            overrides::refund_as_staff(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, wish, key.as_ref()).await
        };
        answer(done.await.map(|once| ctx.unwrap(once).into()))
    }
}
