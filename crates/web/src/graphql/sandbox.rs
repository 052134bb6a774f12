//! What only a sandbox marketplace has: a clock that can be moved, a provider
//! that can be told to misbehave.

use app::ports::sandbox::{self, Chaos};
use async_graphql::{Context, Object};
use chrono::{DateTime, Utc};

use super::error::{DonePayload, answer, payloads};
use super::request::Asks;

payloads! {
    ClockPayload {
        /// Now.
        now: DateTime<Utc>
    }
}

/// Reads the sandbox.
#[derive(Default)]
pub struct SandboxQuery;

#[Object]
impl SandboxQuery {
    /// What time it is in this marketplace.
    async fn clock(&self, ctx: &Context<'_>) -> DateTime<Utc> {
        ctx.app().clock.now()
    }
}

/// Changes the sandbox.
#[derive(Default)]
pub struct SandboxMutation;

#[Object]
impl SandboxMutation {
    /// Move a sandbox's clock on; every deadline on the way fires in order.
    #[graphql(complexity = "50 + child_complexity")]
    async fn advance_clock(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "ISO 8601 (P15D, PT36H) or short (15d, 36h); at most two years.")] advance: String,
    ) -> async_graphql::Result<ClockPayload> {
        let done = async { app::worker::advance_clock(ctx.app(), app::clock::parse_advance(&advance)?).await };
        answer(done.await)
    }

    /// Tell the sandbox provider to delay, duplicate and reorder its events.
    async fn set_sandbox_webhooks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Seconds before an event is sent, up to a week.", default)] delay_seconds: i32,
        #[graphql(desc = "How often each is sent, 1–10.", default = 1)] copies: i32,
        #[graphql(desc = "Later events overtake earlier ones.", default)] reorder: bool,
    ) -> async_graphql::Result<DonePayload> {
        answer(sandbox::set_chaos(ctx.app(), Chaos { delay_seconds, copies, reorder }).await.map(|()| true))
    }
}
