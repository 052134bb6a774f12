//! Refunds beside the policy: what guests ask for, hosts grant, staff decide.

use app::bookings::overrides::{self, Bearer as BearerRow, StaffCancellation};
use app::bookings::refund_requests::{self, RefundRequest as RequestRow, Verdict};
use async_graphql::{Context, Enum, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::alterations::refund_requests::RefundRequestState;
use domain::ids::{BookingId, RefundRequestId};

use super::bookings::{Booking, Cancelled, CancelledPayload};
use super::error::{answer, payloads};
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::Word;

/// A guest's wish for more back than the policy gives.
#[derive(SimpleObject)]
pub struct RefundRequest {
    /// Which.
    pub id: ID,
    /// Of which booking.
    pub booking_id: ID,
    /// How much is asked.
    pub amount: Money,
    /// Why.
    pub reason: String,
    /// Where it stands.
    pub state: Word<RefundRequestState>,
    /// How much was granted.
    pub granted: Option<Money>,
    /// The host's words.
    pub answer: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was answered.
    pub answered_at: Option<DateTime<Utc>>,
}

impl From<RequestRow> for RefundRequest {
    fn from(request: RequestRow) -> Self {
        Self {
            id: request.id.0.into(),
            booking_id: request.booking_id.0.into(),
            amount: request.amount.into(),
            reason: request.reason,
            state: Word(request.state),
            granted: request.granted.map(Into::into),
            answer: request.answer,
            created_at: request.created_at,
            answered_at: request.answered_at,
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

/// Out of whose pocket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Enum)]
pub enum Bearer {
    /// The host, out of their part.
    Host,
    /// The marketplace.
    Marketplace,
}

impl From<Bearer> for BearerRow {
    fn from(bearer: Bearer) -> Self {
        match bearer {
            Bearer::Host => Self::Host,
            Bearer::Marketplace => Self::Marketplace,
        }
    }
}

payloads! {
    RefundRequestPayload {
        /// The request as it is now.
        request: RefundRequest
    }
    StaffRefundPayload {
        /// How much was given back.
        refund: Money
    }
}

fn which(booking: &ID, request: &ID) -> app::Result<(BookingId, RefundRequestId)> {
    Ok((id(booking, "booking")?, id(request, "refund request")?))
}

/// Changes what comes back beside the policy.
#[derive(Default)]
pub struct RefundsMutation;

#[Object]
impl RefundsMutation {
    /// The guest asks the host for more back than the policy gives.
    async fn ask_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "How much, at most the host's part.")] amount: Money,
        #[graphql(desc = "Why; 1–1,000 characters.")] reason: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RefundRequestPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), Money::spelled(Some(&amount)), reason.clone()];
        let key = ctx.once("askRefund", idempotency_key, &input)?;
        let done = async {
            let asked = (amount.read("/amount")?, reason.as_str());
            refund_requests::ask(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, asked, key.as_ref()).await
        };
        answer(done.await.map(|once| RefundRequest::from(ctx.unwrap(once))))
    }

    /// The host grants a refund, out of their own part.
    #[graphql(complexity = "20 + child_complexity")]
    async fn grant_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which request.")] request_id: ID,
        #[graphql(desc = "Part of what was asked; all of it when absent.")] amount: Option<Money>,
        #[graphql(name = "answer", desc = "A few words to the guest, up to 1,000 characters.", default)] words: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RefundRequestPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), request_id.to_string(), Money::spelled(amount.as_ref()), words.clone()];
        let key = ctx.once("grantRefund", idempotency_key, &input)?;
        let done = async {
            let amount = amount.as_ref().map(|amount| amount.read("/amount")).transpose()?;
            let verdict = Verdict { grant: true, amount, answer: words };
            refund_requests::answer(ctx.app(), &ctx.actor(), which(&booking_id, &request_id)?, verdict, key.as_ref()).await
        };
        answer(done.await.map(|once| RefundRequest::from(ctx.unwrap(once))))
    }

    /// The host says no.
    async fn decline_refund(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which request.")] request_id: ID,
        #[graphql(name = "answer", desc = "Up to 1,000 characters.", default)] words: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<RefundRequestPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), request_id.to_string(), words.clone()];
        let key = ctx.once("declineRefund", idempotency_key, &input)?;
        let done = async {
            let verdict = Verdict { grant: false, amount: None, answer: words };
            refund_requests::answer(ctx.app(), &ctx.actor(), which(&booking_id, &request_id)?, verdict, key.as_ref()).await
        };
        answer(done.await.map(|once| RefundRequest::from(ctx.unwrap(once))))
    }

    /// The guest takes a request back.
    async fn withdraw_refund_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "Which request.")] request_id: ID,
    ) -> async_graphql::Result<RefundRequestPayload> {
        ctx.signed_in()?;
        let done = async { refund_requests::withdraw(ctx.app(), &ctx.actor(), which(&booking_id, &request_id)?).await };
        answer(done.await.map(RefundRequest::from))
    }

    /// Staff call a booking off in place of the policy.
    #[graphql(complexity = "20 + child_complexity")]
    async fn cancel_as_staff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which booking.")] booking_id: ID,
        #[graphql(desc = "How.")] input: StaffCancellationInput,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<CancelledPayload> {
        ctx.signed_in()?;
        let key = ctx.once(&format!("cancelAsStaff {}", booking_id.as_str()), idempotency_key, &input)?;
        let done = async {
            let refund = input.refund.as_ref().map(|refund| refund.read("/refund")).transpose()?;
            let StaffCancellationInput { reason, host_at_fault, waive_host_fee, .. } = input;
            let wish = StaffCancellation { reason, refund, host_at_fault, waive_host_fee };
            overrides::cancel_as_staff(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, wish, key.as_ref()).await
        };
        answer(done.await.map(|once| {
            let (booking, refund) = ctx.unwrap(once);
            Cancelled { booking: Booking(booking), refund: refund.into() }
        }))
    }

    /// Staff give a guest money back.
    #[graphql(complexity = "20 + child_complexity")]
    async fn refund_as_staff(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which booking.")] booking_id: ID,
        #[graphql(desc = "How much.")] amount: Money,
        #[graphql(desc = "Out of whose pocket.")] bearer: Bearer,
        #[graphql(desc = "Why; 1–1,000 characters, kept in the booking's history.")] reason: String,
        #[graphql(desc = "The same key and input get the stored answer for 24 h.")] idempotency_key: Option<String>,
    ) -> async_graphql::Result<StaffRefundPayload> {
        ctx.signed_in()?;
        let input = vec![booking_id.to_string(), Money::spelled(Some(&amount)), format!("{bearer:?}"), reason.clone()];
        let key = ctx.once("refundAsStaff", idempotency_key, &input)?;
        let done = async {
            let wish = (amount.read("/amount")?, bearer.into(), reason.as_str());
            overrides::refund_as_staff(ctx.app(), &ctx.actor(), id(&booking_id, "booking")?, wish, key.as_ref()).await
        };
        answer(done.await.map(|once| Money::from(ctx.unwrap(once))))
    }
}
