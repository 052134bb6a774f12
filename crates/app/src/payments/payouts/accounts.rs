//! Where a host's money goes: their account at the provider, opened when they
//! first say how they want to be paid; the provider asks what it must know.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::UserId;
use domain::money::Money;
use domain::payouts::PayoutSchedule;

use super::{people, sql};
use crate::App;
use crate::error::{self, Error, Result};
use crate::payments::jobs::PayHost;
use crate::ports::payments::{AccountRequest, HostAccount, ProviderError};
use crate::worker;

/// How a host is paid.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PayoutMethod {
    /// At which provider.
    pub provider: String,
    /// The provider's name of the account.
    pub account: String,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// How often.
    pub schedule: PayoutSchedule,
    /// Whole units of any currency; less waits for more.
    pub minimum: i64,
    /// Money can be sent there.
    pub payouts_enabled: bool,
    /// Where the host answers the provider's questions.
    pub onboarding_url: Option<String>,
    /// What the provider wants to know, in its words.
    pub requirements: Vec<String>,
    /// How often in a row sending has failed.
    pub failures: i32,
    /// When it is tried again.
    pub retry_at: Option<DateTime<Utc>>,
    /// Of the last change.
    pub updated_at: DateTime<Utc>,
}

/// How a host wants to be paid.
#[derive(Debug, Clone)]
pub struct PayoutMethodChange {
    /// Where they live, ISO 3166-1 alpha-2.
    pub country: String,
    /// How often.
    pub schedule: PayoutSchedule,
    /// Whole units of any currency; the marketplace's own minimum when absent.
    pub minimum: Option<i64>,
    /// A new account at the provider instead of the present one.
    pub new_account: bool,
}

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct MethodRow {
    pub provider: String,
    pub account: String,
    pub country: String,
    pub schedule: PayoutSchedule,
    pub minimum: i64,
    pub payouts_enabled: bool,
    pub failures: i32,
    pub retry_at: Option<DateTime<Utc>>,
    pub updated_at: DateTime<Utc>,
}

impl MethodRow {
    fn with(self, account: HostAccount) -> PayoutMethod {
        PayoutMethod {
            provider: self.provider,
            account: account.reference,
            country: self.country,
            schedule: self.schedule,
            minimum: self.minimum,
            payouts_enabled: account.payouts_enabled,
            onboarding_url: account.onboarding_url,
            requirements: account.requirements,
            failures: self.failures,
            retry_at: self.retry_at,
            updated_at: self.updated_at,
        }
    }
}

fn refused(error: ProviderError) -> Error {
    match error {
        ProviderError::Refused(why) => Error::invalid("/country", "refused", why),
        ProviderError::Unknown(why) => Error::Busy(why),
    }
}

fn return_url(app: &App) -> String {
    format!("{}/host/payouts", app.config.public_url)
}

/// How the actor is paid, as it stands at the provider now.
///
/// # Errors
/// 404 before they have said so, 401 when nobody is logged in.
pub async fn method(app: &App, actor: &Actor) -> Result<PayoutMethod> {
    let host = people::require_user(actor)?;
    let row = sql::method(&app.db, host).await?.ok_or(Error::NotFound("payout method"))?;
    let account = app.provider.fetch_account(&row.account, &return_url(app)).await.map_err(refused)?;
    take_over(app, host, account.payouts_enabled).await?;
    Ok(row.with(account))
}

/// Sets how the actor is paid. The first time (or with `new_account`) an
/// account is opened at the provider, whose questions wait under
/// `onboarding_url`. What is due is sent as soon as the provider lets us.
///
/// # Errors
/// 422 with every mistake, `403 email_unverified`.
pub async fn put_method(app: &App, actor: &Actor, wish: PayoutMethodChange) -> Result<PayoutMethod> {
    let host = people::require_verified(actor)?;
    let floor = app.config.payouts.minimum;
    let minimum = wish.minimum.unwrap_or(floor);
    error::check(|check| {
        let letters = wish.country.len() == 2 && wish.country.chars().all(|c| c.is_ascii_uppercase());
        check.that(letters, "/country", "format", "a country is two capital letters, e.g. PT");
        check.range(minimum, "/minimum", floor..=1_000_000);
    })?;
    let known = sql::method(&app.db, host).await?;
    let country_differs = known.as_ref().is_some_and(|row| row.country != wish.country);
    let return_url = return_url(app);
    let account = match &known {
        Some(row) if !wish.new_account && !country_differs && row.provider == app.provider.name() => {
            app.provider.fetch_account(&row.account, &return_url).await
        }
        _ => {
            let email = people::contact(app, host).await?.email.unwrap_or_default();
            // Stable for as long as the answer is not stored: asked again after
            // a crash, the provider opens no second account.
            let key = format!("account:{host}:{}", known.as_ref().map_or(0, |row| row.updated_at.timestamp_micros()));
            app.provider.create_account(&AccountRequest { key, host, email, country: wish.country.clone(), return_url }).await
        }
    }
    .map_err(refused)?;
    let mut tx = app.begin().await?;
    let whereto = (app.provider.name(), account.reference.as_str(), account.payouts_enabled);
    sql::put_method(&mut tx, host, whereto, (&wish.country, wish.schedule, minimum)).await?;
    let now = tx.now();
    for currency in sql::due_currencies(&mut tx, host).await? {
        worker::enqueue_in(&mut tx, &PayHost { host, currency }, now).await?;
    }
    let row = sql::method_locked(&mut tx, host).await?.ok_or(Error::NotFound("payout method"))?;
    tx.commit().await?;
    app.wake_workers();
    Ok(row.with(account))
}

/// Remembers whether the provider sends money to a host; when it newly does,
/// what is due follows.
async fn take_over(app: &App, host: UserId, enabled: bool) -> Result<()> {
    let mut tx = app.begin().await?;
    let before = sql::method_locked(&mut tx, host).await?.is_some_and(|row| row.payouts_enabled);
    if before == enabled {
        return Ok(());
    }
    sql::set_enabled(&mut tx, host, enabled).await?;
    if enabled {
        let now = tx.now();
        for currency in sql::due_currencies(&mut tx, host).await? {
            worker::enqueue_in(&mut tx, &PayHost { host, currency }, now).await?;
        }
    }
    tx.commit().await?;
    app.wake_workers();
    Ok(())
}

/// Asks the provider how a host's account stands and takes that over.
pub(crate) async fn look(app: &App, reference: &str) -> Result<()> {
    let Some(host) = sql::host_of_account(&app.db, app.provider.name(), reference).await? else {
        tracing::info!(%reference, "an event speaks of a host's account that is not known here");
        return Ok(());
    };
    match app.provider.fetch_account(reference, &return_url(app)).await {
        Ok(account) => take_over(app, host, account.payouts_enabled).await,
        Err(ProviderError::Unknown(why)) => Err(Error::Busy(why)),
        Err(ProviderError::Refused(why)) => {
            tracing::warn!(%reference, %why, "the provider does not know the account of its own event");
            Ok(())
        }
    }
}

/// The least that is sent to a host in one currency: minor units.
pub(super) fn least(row: &MethodRow, currency: domain::money::Currency) -> i64 {
    row.minimum.checked_mul(currency.minor_per_major()).unwrap_or(Money::MAX_AMOUNT)
}
