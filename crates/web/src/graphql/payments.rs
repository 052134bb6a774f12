//! Payments of guests and payouts to hosts.

use app::payments;
use async_graphql::{Context, Description, ID, Object};
use chrono::{DateTime, Utc};
use domain::payments::{self as rules, PaymentStatus, PayoutState};

use super::bookings::Booking;
use super::connection::{connections, page, size};
use super::error::{Told, payloads};
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

/// What a host sees of their own.
#[derive(Description)]
pub struct HostDashboard;

#[Object(use_type_description)]
impl HostDashboard {
    /// One's homes in any state, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<super::listings::ListingConnection>> {
        let found = app::listings::of_host(ctx.app(), &ctx.actor(), page(first, after.as_ref()).told()?).await.told()?;
        Ok(Some(super::listings::ListingConnection::new(found, |listing| listing.id, super::listings::Listing)))
    }
    /// What others have booked, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only those in this state.")] state: Option<Word<domain::bookings::BookingState>>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<super::bookings::BookingConnection>> {
        super::bookings::own(ctx, (super::bookings::BookingRole::Host, state), first, after).await
    }
    /// One's payouts, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn payouts(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<PayoutConnection>> {
        own_payouts(ctx, first, after).await
    }
}

/// Reads what concerns hosts.
#[derive(Default)]
pub struct PaymentsQuery;

#[Object]
impl PaymentsQuery {
    /// What a host sees of their own: homes, bookings, payouts.
    async fn host_dashboard(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<HostDashboard>> {
        ctx.signed_in()?;
        Ok(Some(HostDashboard))
    }
}
