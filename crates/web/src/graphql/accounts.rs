//! People: one's own account and logins, what others see of somebody.

use std::io::Read;

use app::accounts::{self, IssuedTokens, NewUser, ProfileChange, PublicProfile};
use async_graphql::{Context, Description, ID, Json, Object, SimpleObject, Upload};
use chrono::{DateTime, Utc};
use domain::accounts::User as AccountRow;
use domain::ids::{ListingId, SessionId, UserId};

use super::connection::{page, size};
use super::error::{DonePayload, Told, answer, payloads};
use super::listings::{Listing, ListingConnection};
use super::notifications::Preferences;
use super::request::Asks;
use super::reviews::{Review, ReviewConnection};
use super::scalars::Cursor;

/// Somebody, as others see them: no contact data.
#[derive(Description)]
pub struct User(pub PublicProfile);

#[Object(use_type_description)]
impl User {
    /// Who.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// As shown to others; "Former member" when they have left.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// A few words about themselves.
    async fn about(&self) -> &str {
        &self.0.about
    }
    /// BCP 47 tags of what they speak.
    async fn languages(&self) -> &[String] {
        &self.0.languages
    }
    /// Where the picture is: a square WebP.
    async fn avatar_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.0.avatar.as_ref().map(|name| ctx.app().blobs.url(name))
    }
    /// Member since.
    async fn since(&self) -> DateTime<Utc> {
        self.0.since
    }
    /// The e-mail address is proved.
    async fn email_verified(&self) -> bool {
        self.0.email_verified
    }
    /// Imported from another platform; nobody has claimed it yet.
    async fn unclaimed(&self) -> bool {
        self.0.unclaimed
    }
    /// Their published homes, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<ListingConnection>> {
        let wanted = page::<ListingId>(first, after.as_ref()).told()?;
        let found = ctx.loaders().host_listings(self.0.id, wanted.after, wanted.limit).await?;
        Ok(Some(ListingConnection::new(found, |listing| listing.id, Listing)))
    }
    /// What hosts have said of them as a guest, newest first.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<ReviewConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        let found = ctx.loaders().guest_reviews(self.0.id, wanted.after, wanted.limit).await?;
        Ok(Some(ReviewConnection::new(found, app::reviews::key, Review)))
    }
}

/// One's own account.
#[derive(Description)]
pub struct Account(pub AccountRow);

#[Object(use_type_description)]
impl Account {
    /// Who.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Lower case.
    async fn email(&self) -> Option<&str> {
        self.0.email.as_deref()
    }
    /// The address is proved.
    async fn email_verified(&self) -> bool {
        self.0.email_verified_at.is_some()
    }
    /// As shown to others.
    async fn name(&self) -> &str {
        &self.0.name
    }
    /// A few words.
    async fn about(&self) -> &str {
        &self.0.about
    }
    /// BCP 47 tags.
    async fn languages(&self) -> &[String] {
        &self.0.languages
    }
    /// Where the picture is: a square WebP.
    async fn avatar_url(&self, ctx: &Context<'_>) -> Option<String> {
        self.0.avatar.as_ref().map(|name| ctx.app().blobs.url(name))
    }
    /// Granted the staff role.
    async fn staff(&self) -> bool {
        self.0.staff
    }
    /// Counts changes of the profile; say it when you change it.
    async fn version(&self) -> i32 {
        self.0.version
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// What others see.
    async fn profile(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.id).await?.map(User))
    }
    /// Where one is logged in, newest first; at most 100.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn sessions(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<Session>>> {
        let login = ctx.signed_in()?;
        let sessions = accounts::list_sessions(ctx.app(), &ctx.actor()).await.told()?;
        Ok(Some(sessions.into_iter().map(|session| Session { current: session.id == login.session, session }).collect()))
    }
    /// Whom one has blocked.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn blocks(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<User>>> {
        let people = app::messaging::blocked(ctx.app(), &ctx.actor()).await.told()?;
        let mut users = Vec::with_capacity(people.len());
        for person in people {
            users.extend(ctx.loaders().user(person.id).await?.map(User));
        }
        Ok(Some(users))
    }
    /// How one's second factor stands.
    async fn totp(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<super::security::TotpStatus>> {
        Ok(Some(accounts::factor_status(ctx.app(), &ctx.actor()).await.told()?.into()))
    }
    /// One's tokens for programs, newest first.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn tokens(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::security::PersonalToken>>> {
        let tokens = accounts::list_tokens(ctx.app(), &ctx.actor()).await.told()?;
        Ok(Some(tokens.into_iter().map(Into::into).collect()))
    }
    /// Cards that one keeps, the newest first.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn payment_methods(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::payments::PaymentMethod>>> {
        let methods = app::payments::methods::list(ctx.app(), &ctx.actor()).await.told()?;
        Ok(Some(methods.into_iter().map(Into::into).collect()))
    }
    /// What one wants to be told, by which road.
    async fn notification_preferences(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Preferences>> {
        Ok(Some(app::notifications::preferences(ctx.app(), &ctx.actor()).await.told()?.into()))
    }
    /// All that is stored of oneself, as one document.
    #[graphql(complexity = 50)]
    async fn export(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Json<serde_json::Value>>> {
        Ok(Some(Json(accounts::export(ctx.app(), &ctx.actor()).await.told()?)))
    }
}

/// One login on one device.
#[derive(Description)]
pub struct Session {
    session: accounts::Session,
    current: bool,
}

#[Object(use_type_description)]
impl Session {
    /// Which.
    async fn id(&self) -> ID {
        self.session.id.0.into()
    }
    /// The browser or program.
    async fn user_agent(&self) -> &str {
        &self.session.user_agent
    }
    /// Where it came from.
    async fn ip_address(&self) -> &str {
        &self.session.ip_address
    }
    /// It is the one that asks.
    async fn current(&self) -> bool {
        self.current
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.session.created_at
    }
    /// When tokens were last renewed.
    async fn last_used_at(&self) -> DateTime<Utc> {
        self.session.last_used_at
    }
    /// Until when, unless renewed.
    async fn expires_at(&self) -> DateTime<Utc> {
        self.session.expires_at
    }
}

/// What a login gives; the tokens are shown this once.
#[derive(SimpleObject)]
pub struct Tokens {
    /// For `Authorization: Bearer`, for an hour.
    pub access_token: String,
    /// For new tokens, once, within 30 days.
    pub refresh_token: String,
    /// When the access token ends.
    pub expires_at: DateTime<Utc>,
    /// Whose.
    pub user: Account,
}

impl From<IssuedTokens> for Tokens {
    fn from(issued: IssuedTokens) -> Self {
        Self {
            access_token: issued.access_token,
            refresh_token: issued.refresh_token,
            expires_at: issued.expires_at,
            user: Account(issued.user),
        }
    }
}

payloads! {
    AccountPayload {
        /// The account as it is now.
        user: Account
    }
    TokensPayload {
        /// What the login gives.
        tokens: Tokens
    }
}

/// Reads people.
#[derive(Default)]
pub struct AccountsQuery;

#[Object]
impl AccountsQuery {
    /// One's own account.
    async fn me(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Account>> {
        Ok(Some(Account(accounts::me(ctx.app(), &ctx.actor()).await.told()?)))
    }

    /// Somebody's public profile.
    async fn user(&self, ctx: &Context<'_>, #[graphql(desc = "Who.")] id: ID) -> async_graphql::Result<Option<User>> {
        let wanted: UserId = super::request::id(&id, "user").told()?;
        let profile = accounts::public_profile(ctx.app(), wanted).await.told()?;
        ctx.loaders().know_user(&profile);
        Ok(Some(User(profile)))
    }
}

/// The bytes of an upload.
///
/// # Errors
/// 400 when it cannot be read.
pub(super) async fn bytes_of(ctx: &Context<'_>, file: Upload) -> app::Result<Vec<u8>> {
    let unreadable = |why: std::io::Error| app::Error::invalid("/file", "unreadable_body", format!("the file cannot be read: {why}"));
    let value = file.value(ctx).map_err(unreadable)?;
    let read = tokio::task::spawn_blocking(move || {
        let mut bytes = Vec::new();
        value.into_read().read_to_end(&mut bytes).map(|_| bytes)
    });
    read.await.map_err(|why| app::Error::Internal(anyhow::Error::new(why)))?.map_err(unreadable)
}

/// Changes one's account and logins.
#[derive(Default)]
pub struct AccountsMutation;

#[Object]
impl AccountsMutation {
    /// Register. Sends a mail to prove the address; the answer is the same
    /// whether or not the address is known.
    async fn register(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "An address of one's own.")] email: String,
        #[graphql(desc = "8–128 characters, not one that everybody tries.", secret)] password: String,
        #[graphql(desc = "As shown to others, 1–80 characters.")] name: String,
    ) -> async_graphql::Result<AccountPayload> {
        answer(accounts::register(ctx.app(), NewUser { email, password, name }).await.map(Account))
    }

    /// Log in. Counted against guessing by account and by address, each alias
    /// of a document as a try of its own.
    #[graphql(complexity = "20 + child_complexity")]
    async fn log_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As registered.")] email: String,
        #[graphql(desc = "As registered.", secret)] password: String,
        #[graphql(desc = "Six digits of the authenticator app, or a recovery code, where there is a second factor.", secret)] totp: Option<
            String,
        >,
    ) -> async_graphql::Result<TokensPayload> {
        answer(accounts::log_in(ctx.app(), &email, &password, totp.as_deref(), &ctx.asker().device).await.map(Tokens::from))
    }

    /// Change a refresh token for new tokens. One that was spent before ends
    /// the login.
    async fn refresh_session(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From a login or an earlier refresh; works once.", secret)] refresh_token: String,
    ) -> async_graphql::Result<TokensPayload> {
        answer(accounts::refresh(ctx.app(), &refresh_token).await.map(Tokens::from))
    }

    /// End the login that asks.
    async fn log_out(&self, ctx: &Context<'_>) -> async_graphql::Result<DonePayload> {
        let login = ctx.signed_in()?;
        answer(accounts::log_out(ctx.app(), &login).await.map(|()| true))
    }

    /// End one of one's logins.
    async fn revoke_session(&self, ctx: &Context<'_>, #[graphql(desc = "Which login.")] id: ID) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            accounts::revoke_session(ctx.app(), &ctx.actor(), super::request::id::<SessionId>(&id, "session")?).await.map(|()| true)
        };
        answer(done.await)
    }

    /// Prove one's e-mail address by the mailed token; logged in and without a
    /// token, have the mail sent again.
    async fn verify_email(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From the mailed link; null to have it sent again.", secret)] token: Option<String>,
    ) -> async_graphql::Result<DonePayload> {
        let done = async {
            match token {
                Some(token) => accounts::verify_email(ctx.app(), &token).await?,
                None => accounts::send_verification(ctx.app(), &ctx.actor()).await?,
            };
            Ok(true)
        };
        answer(done.await)
    }

    /// Ask for a link to set a new password. The answer is the same whether or
    /// not the address is known.
    async fn request_password_reset(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "As registered.")] email: String,
    ) -> async_graphql::Result<DonePayload> {
        answer(accounts::request_password_reset(ctx.app(), &email).await.map(|()| true))
    }

    /// Set a new password by a mailed token; all logins end.
    async fn reset_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "From the mailed link.", secret)] token: String,
        #[graphql(desc = "8–128 characters.", secret)] password: String,
    ) -> async_graphql::Result<DonePayload> {
        answer(accounts::reset_password(ctx.app(), &token, &password).await.map(|()| true))
    }

    /// Change one's profile. What is absent stays as it is.
    async fn update_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The version that was read.")] version: i32,
        #[graphql(desc = "1–80 characters.")] name: Option<String>,
        #[graphql(desc = "Up to 2,000 characters.")] about: Option<String>,
        #[graphql(desc = "BCP 47 tags, up to 20.")] languages: Option<Vec<String>>,
    ) -> async_graphql::Result<AccountPayload> {
        let change = ProfileChange { name, about, languages };
        answer(accounts::update_profile(ctx.app(), &ctx.actor(), Some(version), change).await.map(Account))
    }

    /// Set one's picture: JPEG, PNG, WebP or GIF.
    #[graphql(complexity = "20 + child_complexity")]
    async fn set_avatar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The picture, at most 12 MB.")] file: Upload,
    ) -> async_graphql::Result<AccountPayload> {
        ctx.signed_in()?;
        let done = async { accounts::set_avatar(ctx.app(), &ctx.actor(), bytes_of(ctx, file).await?).await.map(Account) };
        answer(done.await)
    }

    /// Change one's password; all other logins end.
    async fn change_password(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The one in force.", secret)] current: String,
        #[graphql(desc = "8–128 characters.", secret)] new: String,
    ) -> async_graphql::Result<DonePayload> {
        let login = ctx.signed_in()?;
        answer(accounts::change_password(ctx.app(), &login, &current, &new).await.map(|()| true))
    }

    /// Erase one's account. Personal data goes; bookings and the ledger keep
    /// their rows.
    async fn erase_account(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "One's password, as proof.", secret)] password: String,
    ) -> async_graphql::Result<DonePayload> {
        answer(accounts::erase(ctx.app(), &ctx.actor(), &password).await.map(|()| true))
    }
}
