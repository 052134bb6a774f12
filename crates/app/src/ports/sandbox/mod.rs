//! The sandbox payment provider: no network, no real money, but the manners of
//! a real one. It keeps its own books (`sandbox_*` tables), answers the same
//! request key once, lets time pass (holds lapse, banks decide, transfers
//! arrive) and reports through the signed webhook door. Card tokens are those
//! that test suites know.

mod charges;
mod disputes;
mod events;
mod hosts;
mod pages;
mod records;

pub use events::{Chaos, DeliverWebhook, TimePasses, set_chaos};
pub use pages::{BankQuestion, answer_bank, bank_question, onboard};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use domain::ids::UserId;
use domain::money::{Currency, Money};
use domain::payments::{ChargeState, RecordKind};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use uuid::Uuid;

use crate::ports::payments::{
    AccountRequest, Answer, AuthorizeRequest, Charge, Dispute, HostAccount, PaymentProvider, PayoutRequest, ProviderError, ProviderEvent,
    RecordPage, Refund, SavedMethod, Transfer,
};
use crate::ports::signatures;

/// The provider's name in URLs and tables.
pub const NAME: &str = "sandbox";

/// The sandbox provider. Its time is the machine's own or a test's; it is given
/// by whoever makes it.
pub struct Sandbox {
    db: PgPool,
    secret: Vec<u8>,
    public_url: String,
    now: Box<dyn Fn() -> DateTime<Utc> + Send + Sync>,
}

fn unknown(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(error.to_string())
}

fn refused(why: impl Into<String>) -> ProviderError {
    ProviderError::Refused(why.into())
}

fn reference(prefix: &str) -> String {
    format!("{prefix}_{}", Uuid::new_v4().simple())
}

impl Sandbox {
    /// A provider that signs with `secret` and shows its bank page under
    /// `public_url`.
    pub fn new(db: PgPool, secret: Vec<u8>, public_url: &str, now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { db, secret, public_url: public_url.trim_end_matches('/').to_owned(), now: Box::new(now) }
    }

    async fn begin(&self) -> Answer<Transaction<'static, Postgres>> {
        self.db.begin().await.map_err(unknown)
    }

    /// The answer this request key got before; two at once wait for each other.
    async fn remembered<T: for<'de> Deserialize<'de>>(&self, tx: &mut PgConnection, key: &str) -> Answer<Option<T>> {
        sqlx::query("select pg_advisory_xact_lock(hashtextextended('sandbox:' || $1, 0))")
            .bind(key)
            .execute(&mut *tx)
            .await
            .map_err(unknown)?;
        let stored: Option<serde_json::Value> = sqlx::query_scalar("select answer from sandbox_requests where request_key = $1")
            .bind(key)
            .fetch_optional(&mut *tx)
            .await
            .map_err(unknown)?;
        stored.map(serde_json::from_value).transpose().map_err(unknown)
    }

    async fn remember<T: Serialize>(&self, tx: &mut PgConnection, key: &str, answer: &T) -> Answer<()> {
        sqlx::query("insert into sandbox_requests (request_key, answer) values ($1, $2)")
            .bind(key)
            .bind(serde_json::to_value(answer).map_err(unknown)?)
            .execute(tx)
            .await
            .map_err(unknown)?;
        Ok(())
    }
}

#[async_trait]
impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn authorize(&self, request: &AuthorizeRequest) -> Answer<Charge> {
        charges::authorize(self, request).await
    }

    async fn capture(&self, key: &str, reference: &str) -> Answer<Charge> {
        charges::settle(self, key, reference, ChargeState::Captured).await
    }

    async fn release(&self, key: &str, reference: &str) -> Answer<Charge> {
        charges::settle(self, key, reference, ChargeState::Released).await
    }

    async fn refund(&self, key: &str, reference: &str, amount: Money) -> Answer<Refund> {
        charges::refund(self, key, reference, amount).await
    }

    async fn fetch(&self, reference: &str) -> Answer<Charge> {
        charges::fetch(self, reference).await
    }

    async fn fetch_refund(&self, reference: &str) -> Answer<Refund> {
        charges::fetch_refund(self, reference).await
    }

    async fn create_customer(&self, key: &str, _user: UserId, email: &str) -> Answer<String> {
        charges::create_customer(self, key, email).await
    }

    async fn save_method(&self, key: &str, customer: &str, token: &str) -> Answer<SavedMethod> {
        charges::save_method(self, key, customer, token).await
    }

    async fn forget_method(&self, reference: &str) -> Answer<()> {
        charges::forget_method(self, reference).await
    }

    async fn create_account(&self, request: &AccountRequest) -> Answer<HostAccount> {
        hosts::create_account(self, request).await
    }

    async fn fetch_account(&self, reference: &str, _return_url: &str) -> Answer<HostAccount> {
        hosts::fetch_account(self, reference).await
    }

    async fn pay_out(&self, request: &PayoutRequest) -> Answer<Transfer> {
        hosts::pay_out(self, request).await
    }

    async fn fetch_transfer(&self, reference: &str) -> Answer<Transfer> {
        hosts::fetch_transfer(self, reference).await
    }

    async fn reverse_transfer(&self, key: &str, reference: &str, amount: Money) -> Answer<String> {
        hosts::reverse_transfer(self, key, reference, amount).await
    }

    async fn fetch_dispute(&self, reference: &str) -> Answer<Dispute> {
        disputes::fetch(self, reference).await
    }

    async fn submit_evidence(&self, key: &str, reference: &str, text: &str) -> Answer<Dispute> {
        disputes::submit_evidence(self, key, reference, text).await
    }

    async fn list(&self, kind: RecordKind, span: (DateTime<Utc>, DateTime<Utc>), cursor: Option<&str>) -> Answer<RecordPage> {
        records::list(self, kind, span, cursor).await
    }

    async fn balance(&self, currency: Currency) -> Answer<Option<Money>> {
        records::balance(self, currency).await.map(Some)
    }

    fn read_webhook(&self, signature: Option<&str>, body: &[u8], now_unix: i64) -> Result<ProviderEvent, String> {
        signatures::verify(std::slice::from_ref(&self.secret), signature, body, now_unix)?;
        events::read(body)
    }
}
