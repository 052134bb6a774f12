//! Second factors and personal tokens.

use app::accounts::{self, NewToken};
use async_graphql::{Context, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};

use super::error::{DonePayload, answer, payloads};
use super::request::Asks;
use crate::rest::security::read_scopes;

/// How one's second factor stands.
#[derive(SimpleObject)]
pub struct TotpStatus {
    /// Logins ask for a code.
    pub active: bool,
    /// Recovery codes that were not used.
    pub recovery_codes_left: i64,
}

impl From<accounts::FactorStatus> for TotpStatus {
    fn from(status: accounts::FactorStatus) -> Self {
        Self { active: status.active, recovery_codes_left: status.recovery_codes_left }
    }
}

/// What an authenticator app is given; shown this once.
#[derive(SimpleObject)]
pub struct TotpEnrolment {
    /// Base32, to be typed.
    pub secret: String,
    /// To be scanned.
    pub otpauth_url: String,
}

/// A token for programs.
#[derive(SimpleObject)]
pub struct PersonalToken {
    /// Which.
    pub id: ID,
    /// What it is for.
    pub name: String,
    /// What it may do, e.g. `bookings:read`.
    pub scopes: Vec<String>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// When it was used last, to the minute.
    pub last_used_at: Option<DateTime<Utc>>,
    /// Until when.
    pub expires_at: DateTime<Utc>,
}

impl From<accounts::PersonalToken> for PersonalToken {
    fn from(token: accounts::PersonalToken) -> Self {
        Self {
            id: token.id.0.into(),
            name: token.name,
            scopes: token.scopes.into_iter().map(|scope| scope.to_string()).collect(),
            created_at: token.created_at,
            last_used_at: token.last_used_at,
            expires_at: token.expires_at,
        }
    }
}

/// A token that was just made.
#[derive(SimpleObject)]
pub struct NewPersonalToken {
    /// What its owner sees of it later on.
    pub view: PersonalToken,
    /// For `Authorization: Bearer`; shown this once.
    pub secret: String,
}

payloads! {
    TotpEnrolmentPayload {
        /// For the authenticator app.
        enrolment: TotpEnrolment
    }
    RecoveryCodesPayload {
        /// In place of an authenticator that is lost; each works once, and they are shown this once.
        recovery_codes: Vec<String>
    }
    PersonalTokenPayload {
        /// The token, with its secret.
        token: NewPersonalToken
    }
}

/// Changes second factors and personal tokens.
#[derive(Default)]
pub struct SecurityMutation;

#[Object]
impl SecurityMutation {
    /// Begin to set a second factor up; `confirmTotp` puts it in force.
    #[graphql(complexity = "20 + child_complexity")]
    async fn enrol_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One's own, once more.", secret)] password: String,
    ) -> async_graphql::Result<TotpEnrolmentPayload> {
        let login = ctx.signed_in()?;
        let done = accounts::enrol_totp(ctx.app(), &login, &password).await;
        answer(done.map(|enrolment| TotpEnrolment { secret: enrolment.secret, otpauth_url: enrolment.url }))
    }

    /// Put the second factor in force with a first code; all other logins end.
    async fn confirm_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Six digits of the authenticator app.", secret)] code: String,
    ) -> async_graphql::Result<RecoveryCodesPayload> {
        let login = ctx.signed_in()?;
        answer(accounts::confirm_totp(ctx.app(), &login, &code).await)
    }

    /// Remove the second factor.
    #[graphql(complexity = "20 + child_complexity")]
    async fn remove_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One's own, once more.", secret)] password: String,
    ) -> async_graphql::Result<DonePayload> {
        let login = ctx.signed_in()?;
        answer(accounts::remove_totp(ctx.app(), &login, &password).await.map(|()| true))
    }

    /// Replace all recovery codes.
    #[graphql(complexity = "20 + child_complexity")]
    async fn renew_recovery_codes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One's own, once more.", secret)] password: String,
    ) -> async_graphql::Result<RecoveryCodesPayload> {
        let login = ctx.signed_in()?;
        answer(accounts::renew_recovery_codes(ctx.app(), &login, &password).await)
    }

    /// Make a token for a program.
    async fn create_token(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What it is for, 1–80 characters.")] name: String,
        #[graphql(desc = "`profile:`, `listings:`, `bookings:` or `messages:` with `read` or `write`, or `payouts:read`.")] scopes: Vec<
            String,
        >,
        #[graphql(desc = "Days, 1–365.", default = 90)] expires_in_days: i32,
    ) -> async_graphql::Result<PersonalTokenPayload> {
        ctx.signed_in()?;
        let done = async {
            let wish = NewToken { name, scopes: read_scopes(&scopes)?, days: expires_in_days };
            accounts::create_token(ctx.app(), &ctx.actor(), wish).await
        };
        answer(done.await.map(|(token, secret)| NewPersonalToken { view: token.into(), secret }))
    }

    /// End a token at once.
    async fn revoke_token(&self, ctx: &Context<'_>, #[graphql(desc = "Which token.")] id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async { accounts::revoke_token(ctx.app(), &ctx.actor(), super::request::id(&id, "token")?).await.map(|()| true) };
        answer(done.await)
    }
}
