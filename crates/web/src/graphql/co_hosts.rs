//! Co-hosts: inviting, answering, changing, ending.

use app::listings::co_hosts::{self, CoHost as CoHostRow, CoHostTerms};
use async_graphql::{Context, Description, ID, InputObject, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::co_hosts::{CoHostPermission, CoHostState};
use domain::money::BasisPoints;

use super::accounts::User;
use super::error::{DonePayload, Told, answer, payloads};
use super::listings::Listing;
use super::request::{Asks, id};
use super::scalars::{MinorUnits, Word};

/// What of each booking is a co-host's; the parts add up as far as the host's
/// part reaches.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "CoHostPayoutInput")]
pub struct CoHostPayout {
    /// Hundredths of a percent of what the host gets beside the cleaning fee.
    #[graphql(default)]
    pub percent_bps: i32,
    /// Minor units of the listing's currency.
    #[graphql(default_with = "MinorUnits(0)")]
    pub fixed_amount: MinorUnits,
    /// The cleaning fee.
    #[graphql(default)]
    pub cleaning_fee: bool,
}

fn terms(permission: Word<CoHostPermission>, payout: Option<CoHostPayout>) -> CoHostTerms {
    let payout = payout.unwrap_or(CoHostPayout { percent_bps: 0, fixed_amount: MinorUnits(0), cleaning_fee: false });
    CoHostTerms {
        permission: permission.0,
        percent: BasisPoints(payout.percent_bps),
        fixed: payout.fixed_amount.0,
        cleaning_fee: payout.cleaning_fee,
    }
}

/// Somebody who helps with a listing.
#[derive(Description)]
pub struct CoHost(CoHostRow);

#[Object(use_type_description)]
impl CoHost {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// With which listing.
    async fn listing_id(&self) -> ID {
        self.0.listing_id.0.into()
    }
    /// With which listing.
    async fn listing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.0.listing_id).await?.map(Listing))
    }
    /// Where the invitation went.
    async fn email(&self) -> &str {
        &self.0.email
    }
    /// Who, once they have accepted.
    async fn user_id(&self) -> Option<ID> {
        self.0.user_id.map(|user| user.0.into())
    }
    /// Who, once they have accepted.
    async fn user(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        let Some(user) = self.0.user_id else { return Ok(None) };
        Ok(ctx.loaders().user(user).await?.map(User))
    }
    /// What they may do.
    async fn permission(&self) -> Word<CoHostPermission> {
        Word(self.0.terms.permission)
    }
    /// What of each booking is theirs.
    async fn payout(&self) -> CoHostPayout {
        let CoHostTerms { percent, fixed, cleaning_fee, .. } = self.0.terms;
        CoHostPayout { percent_bps: percent.0, fixed_amount: MinorUnits(fixed), cleaning_fee }
    }
    /// Where the invitation stands.
    async fn state(&self) -> Word<CoHostState> {
        Word(self.0.state)
    }
    /// Since when.
    async fn invited_at(&self) -> DateTime<Utc> {
        self.0.invited_at
    }
}

/// Who helps with a listing.
pub(super) async fn of_listing(ctx: &Context<'_>, listing: domain::ids::ListingId) -> async_graphql::Result<Option<Vec<CoHost>>> {
    ctx.signed_in()?;
    let all = co_hosts::list_of(ctx.app(), &ctx.actor(), listing).await.told()?;
    Ok(Some(all.into_iter().map(CoHost).collect()))
}

/// Invitations that wait for the answer of the one who asks.
pub(super) async fn invitations(ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<CoHost>>> {
    let all = co_hosts::invitations(ctx.app(), &ctx.actor()).await.told()?;
    Ok(Some(all.into_iter().map(CoHost).collect()))
}

payloads! {
    CoHostPayload {
        /// The co-host as they are now.
        co_host: CoHost
    }
}

/// Changes who helps hosts.
#[derive(Default)]
pub struct CoHostsMutation;

#[Object]
impl CoHostsMutation {
    /// Ask somebody to help with a listing. The answer does not depend on
    /// whether the address has an account.
    async fn invite_co_host(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "With which listing.")] listing_id: ID,
        #[graphql(desc = "Their address.")] email: String,
        #[graphql(desc = "What they may do.")] permission: Word<CoHostPermission>,
        #[graphql(desc = "What of each booking is theirs; nothing when absent.")] payout: Option<CoHostPayout>,
    ) -> async_graphql::Result<CoHostPayload> {
        ctx.signed_in()?;
        let done =
            async { co_hosts::invite(ctx.app(), &ctx.actor(), id(&listing_id, "listing")?, &email, terms(permission, payout)).await };
        answer(done.await.map(CoHost))
    }

    /// Change what a co-host may do and what of later bookings is theirs.
    async fn change_co_host(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "With which listing.")] listing_id: ID,
        #[graphql(desc = "Which co-host.")] co_host_id: ID,
        #[graphql(desc = "What they may do.")] permission: Word<CoHostPermission>,
        #[graphql(desc = "What of each later booking is theirs; nothing when absent.")] payout: Option<CoHostPayout>,
    ) -> async_graphql::Result<CoHostPayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, co_host) = (id(&listing_id, "listing")?, id(&co_host_id, "co-host")?);
            co_hosts::change(ctx.app(), &ctx.actor(), listing, co_host, terms(permission, payout)).await
        };
        answer(done.await.map(CoHost))
    }

    /// End somebody's help, or one's own.
    async fn end_co_host(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "With which listing.")] listing_id: ID,
        #[graphql(desc = "Which co-host.")] co_host_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, co_host) = (id(&listing_id, "listing")?, id(&co_host_id, "co-host")?);
            co_hosts::end(ctx.app(), &ctx.actor(), listing, co_host).await.map(|_| true)
        };
        answer(done.await)
    }

    /// Say yes to an invitation to co-host.
    async fn accept_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which invitation.")] id: ID,
    ) -> async_graphql::Result<CoHostPayload> {
        ctx.signed_in()?;
        let done = async { co_hosts::answer(ctx.app(), &ctx.actor(), super::request::id(&id, "invitation")?, true).await };
        answer(done.await.map(CoHost))
    }

    /// Say no to an invitation to co-host.
    async fn decline_invitation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which invitation.")] id: ID,
    ) -> async_graphql::Result<CoHostPayload> {
        ctx.signed_in()?;
        let done = async { co_hosts::answer(ctx.app(), &ctx.actor(), super::request::id(&id, "invitation")?, false).await };
        answer(done.await.map(CoHost))
    }
}
