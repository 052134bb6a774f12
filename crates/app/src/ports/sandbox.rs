//! The sandbox payment provider: no network, no real money, but the manners of
//! a real one. It keeps its own books (`sandbox_*` tables), answers the same
//! request key once, and reports through the signed webhook door. Card tokens
//! are those that test suites know.

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use domain::money::Money;
use domain::payments::ChargeState;
use jobs::{Attempt, Enqueue, Job, JobError};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;
use uuid::Uuid;

use crate::App;
use crate::ports::payments::{AuthorizeRequest, Charge, PaymentProvider, ProviderError, ProviderEvent, Refund};
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

/// How the sandbox treats the events it sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Chaos {
    /// Seconds before an event is sent.
    pub delay_seconds: i32,
    /// How often each event is sent, at least once.
    pub copies: i32,
    /// Later events overtake earlier ones.
    pub reorder: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    reference: String,
    state: String,
    amount: i64,
    captured: i64,
    refunded: i64,
    method: String,
    capture_now: bool,
    decline_code: Option<String>,
}

const COLUMNS: &str = "select reference, state, amount, captured, refunded, method, capture_now, decline_code from sandbox_charges where reference = $1 for update";

fn unknown(error: impl std::fmt::Display) -> ProviderError {
    ProviderError::Unknown(error.to_string())
}

impl Sandbox {
    /// A provider that signs with `secret` and shows its bank page under
    /// `public_url`.
    pub fn new(db: PgPool, secret: Vec<u8>, public_url: &str, now: impl Fn() -> DateTime<Utc> + Send + Sync + 'static) -> Self {
        Self { db, secret, public_url: public_url.trim_end_matches('/').to_owned(), now: Box::new(now) }
    }

    fn charge(&self, row: &Row) -> Result<Charge, ProviderError> {
        let state: ChargeState = row.state.parse().map_err(unknown)?;
        Ok(Charge {
            reference: row.reference.clone(),
            state,
            decline_code: row.decline_code.clone(),
            action_url: (state == ChargeState::RequiresAction).then(|| format!("{}/sandbox/3ds/{}", self.public_url, row.reference)),
        })
    }

    /// The answer this request key got before.
    async fn remembered<T: for<'de> Deserialize<'de>>(&self, tx: &mut sqlx::PgConnection, key: &str) -> Result<Option<T>, ProviderError> {
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

    async fn remember<T: Serialize>(&self, tx: &mut sqlx::PgConnection, key: &str, answer: &T) -> Result<(), ProviderError> {
        sqlx::query("insert into sandbox_requests (request_key, answer) values ($1, $2)")
            .bind(key)
            .bind(serde_json::to_value(answer).map_err(unknown)?)
            .execute(tx)
            .await
            .map_err(unknown)?;
        Ok(())
    }

    /// Sends an event about a charge, as often and as late as it has been told to.
    async fn report(&self, tx: &mut sqlx::PgConnection, kind: &str, reference: &str) -> Result<(), ProviderError> {
        let chaos: Chaos =
            sqlx::query_as("select delay_seconds, copies, reorder from sandbox_chaos").fetch_one(&mut *tx).await.map_err(unknown)?;
        let id = format!("evt_{}", Uuid::new_v4().simple());
        let body = serde_json::json!({"id": id, "type": kind, "charge": reference}).to_string();
        for copy in 0..chaos.copies.max(1) {
            // Reordered: what is sent first arrives last.
            let sent: i64 = sqlx::query_scalar("select count(*) from sandbox_requests").fetch_one(&mut *tx).await.map_err(unknown)?;
            let jitter = if chaos.reorder { 30 - (sent + i64::from(copy)) % 30 } else { 0 };
            let run_at = (self.now)() + TimeDelta::seconds(i64::from(chaos.delay_seconds) + jitter);
            jobs::enqueue::<App, DeliverWebhook>(&mut *tx, &DeliverWebhook { body: body.clone() }, Enqueue { run_at, dedupe_key: None })
                .await
                .map_err(unknown)?;
        }
        Ok(())
    }

    async fn set_state(&self, tx: &mut sqlx::PgConnection, row: &mut Row, state: ChargeState) -> Result<(), ProviderError> {
        row.state = state.as_str().to_owned();
        if state == ChargeState::Captured {
            row.captured = row.amount;
        }
        sqlx::query("update sandbox_charges set state = $2, captured = $3 where reference = $1")
            .bind(&row.reference)
            .bind(&row.state)
            .bind(row.captured)
            .execute(&mut *tx)
            .await
            .map_err(unknown)?;
        self.report(tx, &format!("charge.{state}"), &row.reference).await
    }

    /// Captures or releases: the two things done to what is held.
    async fn settle(&self, key: &str, reference: &str, to: ChargeState) -> Result<Charge, ProviderError> {
        let mut tx = self.db.begin().await.map_err(unknown)?;
        if let Some(answer) = self.remembered(&mut tx, key).await? {
            return Ok(answer);
        }
        let mut row: Row = sqlx::query_as(COLUMNS)
            .bind(reference)
            .fetch_optional(&mut *tx)
            .await
            .map_err(unknown)?
            .ok_or_else(|| ProviderError::Refused(format!("no charge {reference}")))?;
        let allowed = match to {
            ChargeState::Captured => row.state == "authorized",
            _ => row.state == "authorized" || row.state == "requires_action",
        };
        if !allowed {
            return Err(ProviderError::Refused(format!("charge {reference} is {} and cannot become {to}", row.state)));
        }
        self.set_state(&mut tx, &mut row, to).await?;
        let charge = self.charge(&row)?;
        self.remember(&mut tx, key, &charge).await?;
        tx.commit().await.map_err(unknown)?;
        Ok(charge)
    }

    /// The guest has answered their bank's question on the sandbox's page.
    ///
    /// # Errors
    /// When there is no such charge or it does not wait for an answer.
    pub async fn finish_action(db: &PgPool, provider: &Self, reference: &str, approved: bool) -> Result<Charge, ProviderError> {
        let mut tx = db.begin().await.map_err(unknown)?;
        let mut row: Row = sqlx::query_as(COLUMNS)
            .bind(reference)
            .fetch_optional(&mut *tx)
            .await
            .map_err(unknown)?
            .ok_or_else(|| ProviderError::Refused(format!("no charge {reference}")))?;
        if row.state != "requires_action" {
            return Err(ProviderError::Refused(format!("charge {reference} does not wait for its bank, it is {}", row.state)));
        }
        let to = match (approved, row.capture_now) {
            (false, _) => ChargeState::Failed,
            (true, true) => ChargeState::Captured,
            (true, false) => ChargeState::Authorized,
        };
        if !approved {
            row.decline_code = Some("authentication_failed".into());
            sqlx::query("update sandbox_charges set decline_code = $2 where reference = $1")
                .bind(reference)
                .bind(&row.decline_code)
                .execute(&mut *tx)
                .await
                .map_err(unknown)?;
        }
        provider.set_state(&mut tx, &mut row, to).await?;
        tx.commit().await.map_err(unknown)?;
        provider.charge(&row)
    }
}

/// What a card token does: the state of its charge, and why it is refused.
fn behaviour(method: &str, capture: bool) -> Result<(ChargeState, Option<&'static str>), ProviderError> {
    let taken = if capture { ChargeState::Captured } else { ChargeState::Authorized };
    match method {
        "pm_card_visa" | "pm_card_mastercard" | "pm_card_createDispute" | "pm_card_pendingRefund" => Ok((taken, None)),
        "pm_card_visa_chargeDeclined" => Ok((ChargeState::Failed, Some("card_declined"))),
        "pm_card_visa_chargeDeclinedInsufficientFunds" => Ok((ChargeState::Failed, Some("insufficient_funds"))),
        "pm_card_visa_chargeDeclinedExpiredCard" => Ok((ChargeState::Failed, Some("expired_card"))),
        "pm_card_threeDSecure2Required" => Ok((ChargeState::RequiresAction, None)),
        _ => Err(ProviderError::Refused(format!("{method:?} is not a payment method of the sandbox; pm_card_visa is one"))),
    }
}

#[async_trait]
impl PaymentProvider for Sandbox {
    fn name(&self) -> &'static str {
        NAME
    }

    async fn authorize(&self, request: &AuthorizeRequest) -> Result<Charge, ProviderError> {
        let (state, decline_code) = behaviour(&request.method, request.capture)?;
        let mut tx = self.db.begin().await.map_err(unknown)?;
        if let Some(answer) = self.remembered(&mut tx, &request.key).await? {
            return Ok(answer);
        }
        let row = Row {
            reference: format!("ch_{}", Uuid::new_v4().simple()),
            state: state.as_str().to_owned(),
            amount: request.amount.amount,
            captured: if state == ChargeState::Captured { request.amount.amount } else { 0 },
            refunded: 0,
            method: request.method.clone(),
            capture_now: request.capture,
            decline_code: decline_code.map(str::to_owned),
        };
        sqlx::query(
            "insert into sandbox_charges (reference, request_key, method, amount, currency, state, captured, capture_now, decline_code, created_at)
             values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(&row.reference)
        .bind(&request.key)
        .bind(&row.method)
        .bind(row.amount)
        .bind(request.amount.currency)
        .bind(&row.state)
        .bind(row.captured)
        .bind(row.capture_now)
        .bind(&row.decline_code)
        .bind((self.now)())
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
        self.report(&mut tx, &format!("charge.{state}"), &row.reference).await?;
        if row.method == "pm_card_createDispute" && state != ChargeState::Failed {
            self.report(&mut tx, "dispute.created", &row.reference).await?;
        }
        let charge = self.charge(&row)?;
        self.remember(&mut tx, &request.key, &charge).await?;
        tx.commit().await.map_err(unknown)?;
        Ok(charge)
    }

    async fn capture(&self, key: &str, reference: &str) -> Result<Charge, ProviderError> {
        self.settle(key, reference, ChargeState::Captured).await
    }

    async fn release(&self, key: &str, reference: &str) -> Result<Charge, ProviderError> {
        self.settle(key, reference, ChargeState::Released).await
    }

    async fn refund(&self, key: &str, reference: &str, amount: Money) -> Result<Refund, ProviderError> {
        let mut tx = self.db.begin().await.map_err(unknown)?;
        if let Some(answer) = self.remembered(&mut tx, key).await? {
            return Ok(answer);
        }
        let row: Row = sqlx::query_as(COLUMNS)
            .bind(reference)
            .fetch_optional(&mut *tx)
            .await
            .map_err(unknown)?
            .ok_or_else(|| ProviderError::Refused(format!("no charge {reference}")))?;
        if row.refunded + amount.amount > row.captured {
            return Err(ProviderError::Refused(format!("charge {reference} has only {} left to refund", row.captured - row.refunded)));
        }
        sqlx::query("update sandbox_charges set refunded = refunded + $2 where reference = $1")
            .bind(reference)
            .bind(amount.amount)
            .execute(&mut *tx)
            .await
            .map_err(unknown)?;
        // A pending refund is on its way when it is asked for, and done when it
        // is asked for again.
        let done = Refund { reference: format!("re_{}", Uuid::new_v4().simple()), done: true };
        self.report(&mut tx, "charge.refunded", reference).await?;
        self.remember(&mut tx, key, &done).await?;
        tx.commit().await.map_err(unknown)?;
        Ok(Refund { done: row.method != "pm_card_pendingRefund", ..done })
    }

    async fn fetch(&self, reference: &str) -> Result<Charge, ProviderError> {
        let mut connection = self.db.acquire().await.map_err(unknown)?;
        let row: Row = sqlx::query_as(
            "select reference, state, amount, captured, refunded, method, capture_now, decline_code from sandbox_charges where reference = $1",
        )
        .bind(reference)
        .fetch_optional(&mut *connection)
        .await
        .map_err(unknown)?
        .ok_or_else(|| ProviderError::Refused(format!("no charge {reference}")))?;
        self.charge(&row)
    }

    fn read_webhook(&self, signature: Option<&str>, body: &[u8], now_unix: i64) -> Result<ProviderEvent, String> {
        signatures::verify(std::slice::from_ref(&self.secret), signature, body, now_unix)?;
        read_event(body)
    }
}

fn read_event(body: &[u8]) -> Result<ProviderEvent, String> {
    #[derive(Deserialize)]
    struct Body {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        charge: Option<String>,
    }
    let event: Body = serde_json::from_slice(body).map_err(|error| format!("not an event: {error}"))?;
    Ok(ProviderEvent { id: event.id, kind: event.kind, charge: event.charge })
}

/// The sandbox's own delivery of one event to the webhook door.
#[derive(Debug, Serialize, Deserialize)]
pub struct DeliverWebhook {
    body: String,
}

impl Job<App> for DeliverWebhook {
    const KIND: &'static str = "sandbox_deliver_webhook";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let signature = signatures::sign(&app.sandbox_secret, app.clock.now().timestamp(), self.body.as_bytes());
        crate::payments::webhooks::receive(app, NAME, Some(&signature), self.body.as_bytes()).await?;
        Ok(())
    }
}

/// Tells the sandbox how to treat the events it sends from now on.
///
/// # Errors
/// `409 not_a_sandbox` elsewhere; 422 for numbers out of range.
pub async fn set_chaos(app: &App, chaos: Chaos) -> crate::Result<()> {
    if !app.config.sandbox {
        return Err(crate::Error::conflict("not_a_sandbox", "only the sandbox provider takes this"));
    }
    crate::error::check(|check| {
        check.range(chaos.delay_seconds, "/delay_seconds", 0..=604_800);
        check.range(chaos.copies, "/copies", 1..=10);
    })?;
    sqlx::query("update sandbox_chaos set delay_seconds = $1, copies = $2, reorder = $3")
        .bind(chaos.delay_seconds)
        .bind(chaos.copies)
        .bind(chaos.reorder)
        .execute(&app.db)
        .await?;
    Ok(())
}

/// The guest's answer on the sandbox's bank page.
///
/// # Errors
/// 404 for an unknown charge, 409 when it does not wait.
pub async fn answer_bank(app: &App, reference: &str, approved: bool) -> crate::Result<()> {
    if !app.config.sandbox {
        return Err(crate::Error::NotFound("page"));
    }
    let clock = app.clone();
    let provider = Sandbox::new(app.db.clone(), app.sandbox_secret.clone(), &app.config.public_url, move || clock.clock.now());
    match Sandbox::finish_action(&app.db, &provider, reference, approved).await {
        Ok(_) => {}
        Err(ProviderError::Refused(why)) if why.starts_with("no charge") => return Err(crate::Error::NotFound("charge")),
        Err(ProviderError::Refused(why)) => return Err(crate::Error::conflict("no_action_required", why)),
        Err(ProviderError::Unknown(why)) => return Err(crate::Error::Busy(why)),
    }
    // A real bank page sends the guest back before the webhook has arrived; we
    // look at once, so that what they see next is up to date.
    crate::payments::webhooks::look(app, NAME, reference).await
}
