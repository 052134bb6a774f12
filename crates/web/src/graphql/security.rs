//! Second factors and tokens for programs.

use app::accounts::{self, NewToken, PersonalToken as TokenRow};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::accounts::TokenScope;
use domain::ids::PersonalTokenId;

use super::error::{DonePayload, answer, payloads};
use super::request::{Asks, id};

/// How one's second factor stands.
#[derive(SimpleObject)]
pub struct SecondFactor {
    /// Logins ask for a code.
    pub active: bool,
    /// Recovery codes that were not used.
    pub recovery_codes_left: i64,
}

impl From<accounts::FactorStatus> for SecondFactor {
    fn from(status: accounts::FactorStatus) -> Self {
        Self { active: status.active, recovery_codes_left: status.recovery_codes_left }
    }
}

/// What an authenticator app is given.
#[derive(SimpleObject)]
pub struct TotpEnrolment {
    /// Base32, to be typed.
    pub secret: String,
    /// To be scanned.
    pub otpauth_url: String,
}

/// A token for programs.
#[derive(Description)]
pub struct PersonalToken(pub TokenRow);

#[Object(use_type_description)]
impl PersonalToken {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// What it is for.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// What it may do, e.g. `bookings:read`.
    async fn scopes(&self) -> Vec<String> {
        self.0.scopes.iter().map(ToString::to_string).collect()
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// When it was used last, to the minute.
    async fn last_used_at(&self) -> Option<DateTime<Utc>> {
        self.0.last_used_at
    }
    /// Until when.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.0.expires_at
    }
}

/// A token that was just made.
#[derive(SimpleObject)]
pub struct NewPersonalToken {
    /// What its owner sees of it later on.
    pub view: PersonalToken,
    /// For `Authorization: Bearer`; shown this once.
    pub token: String,
}

payloads! {
    EnrolmentPayload {
        /// What the authenticator app is given.
        enrolment: TotpEnrolment
    }
    RecoveryCodesPayload {
        /// Each works once; they are shown this once.
        recovery_codes: Vec<String>
    }
    PersonalTokenPayload {
        /// The token, shown this once.
        created: NewPersonalToken
    }
}

/// Changes second factors and tokens.
#[derive(Default)]
pub struct SecurityMutation;

#[Object]
impl SecurityMutation {
    /// Begin to set a second factor up. It is in force once a first code has
    /// been sent.
    #[graphql(complexity = "20 + child_complexity")]
    async fn enrol_totp(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One's own, once more.", secret)] password: String,
    ) -> async_graphql::Result<EnrolmentPayload> {
        let login = ctx.signed_in()?;
        let done = accounts::enrol_totp(ctx.app(), &login, &password).await;
        answer(done.map(|enrolment| TotpEnrolment { secret: enrolment.secret, otpauth_url: enrolment.url }))
    }

    /// Put the second factor in force with a first code; all other logins end.
    #[graphql(complexity = "20 + child_complexity")]
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
        #[graphql(desc = "profile:read, profile:write, listings:read, listings:write, bookings:read, bookings:write, messages:read, \
                          messages:write, payouts:read.")]
        scopes: Vec<String>,
        #[graphql(desc = "Days until it ends, 1–365.", default = 90)] expires_in_days: i32,
    ) -> async_graphql::Result<PersonalTokenPayload> {
        ctx.signed_in()?;
        let done = async {
            let scope = |(n, text): (usize, &String)| {
                text.parse::<TokenScope>().map_err(|why| app::Error::invalid(&format!("/scopes/{n}"), "unknown_scope", why))
            };
            let scopes = scopes.iter().enumerate().map(scope).collect::<app::Result<Vec<_>>>()?;
            let wish = NewToken { name, scopes, days: expires_in_days };
            let (token, text) = accounts::create_token(ctx.app(), &ctx.actor(), wish).await?;
            Ok(NewPersonalToken { view: PersonalToken(token), token: text })
        };
        answer(done.await)
    }

    /// End a token at once.
    async fn revoke_token(&self, ctx: &Context<'_>, #[graphql(desc = "Which token.")] token_id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let wanted: PersonalTokenId = id(&token_id, "token")?;
            accounts::revoke_token(ctx.app(), &ctx.actor(), wanted).await.map(|()| true)
        };
        answer(done.await)
    }
}
