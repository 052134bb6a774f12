//! Cards, charges and refunds in the sandbox provider's books.

use chrono::{DateTime, TimeDelta, Utc};
use domain::money::{Currency, Money};
use domain::payments::ChargeState;
use sqlx::PgConnection;

use super::events::{Happening, later, report};
use super::{Sandbox, disputes, reference, refused, unknown};
use crate::ports::payments::{Answer, AuthorizeRequest, Card, Charge, EventObject, Refund, RefundState, SavedMethod};

/// How long a held amount can be taken.
const HOLD: TimeDelta = TimeDelta::days(7);
/// How long a slow refund is on its way.
const SLOW_REFUND: TimeDelta = TimeDelta::hours(1);

#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub reference: String,
    state: String,
    pub amount: i64,
    pub currency: Currency,
    captured: i64,
    refunded: i64,
    method: String,
    capture_now: bool,
    decline_code: Option<String>,
    saved: Option<String>,
    expires_at: Option<DateTime<Utc>>,
}

/// What a card token does when it is charged: the state of the charge, and why
/// it is refused. `None`: there is no such card.
fn behaviour(token: &str, capture: bool, off_session: bool) -> Option<(ChargeState, Option<&'static str>)> {
    let taken = if capture { ChargeState::Captured } else { ChargeState::Authorized };
    let failed = |code| Some((ChargeState::Failed, Some(code)));
    match token {
        "pm_card_visa" | "pm_card_mastercard" | "pm_card_createDispute" | "pm_card_pendingRefund" | "pm_card_refundFail" => {
            Some((taken, None))
        }
        "pm_card_visa_chargeDeclined" => failed("card_declined"),
        "pm_card_visa_chargeDeclinedInsufficientFunds" => failed("insufficient_funds"),
        "pm_card_visa_chargeDeclinedExpiredCard" => failed("expired_card"),
        // Good while the guest is there, empty when the next part falls due.
        "pm_card_chargeCustomerFail" if off_session => failed("card_declined"),
        "pm_card_chargeCustomerFail" => Some((taken, None)),
        "pm_card_threeDSecure2Required" if off_session => failed("authentication_required"),
        "pm_card_threeDSecure2Required" => Some((ChargeState::RequiresAction, None)),
        // Asks its bank once; what is kept of it is charged without asking.
        "pm_card_authenticationRequiredOnSetup" if off_session => Some((taken, None)),
        "pm_card_authenticationRequiredOnSetup" => Some((ChargeState::RequiresAction, None)),
        _ => None,
    }
}

fn card(token: &str) -> Card {
    let (brand, last4) = match token {
        "pm_card_mastercard" => ("mastercard", "4444"),
        "pm_card_visa_chargeDeclined" => ("visa", "0002"),
        "pm_card_visa_chargeDeclinedInsufficientFunds" => ("visa", "9995"),
        "pm_card_visa_chargeDeclinedExpiredCard" => ("visa", "0069"),
        "pm_card_chargeCustomerFail" => ("visa", "0341"),
        "pm_card_threeDSecure2Required" => ("visa", "3220"),
        "pm_card_authenticationRequiredOnSetup" => ("visa", "3155"),
        "pm_card_createDispute" => ("visa", "0259"),
        "pm_card_pendingRefund" => ("visa", "7726"),
        "pm_card_refundFail" => ("visa", "5126"),
        _ => ("visa", "4242"),
    };
    Card { brand: brand.into(), last4: last4.into(), exp_month: 12, exp_year: 2040 }
}

fn view(sandbox: &Sandbox, row: &Row) -> Answer<Charge> {
    let state: ChargeState = row.state.parse().map_err(unknown)?;
    Ok(Charge {
        reference: row.reference.clone(),
        state,
        decline_code: row.decline_code.clone(),
        action_url: (state == ChargeState::RequiresAction).then(|| format!("{}/sandbox/3ds/{}", sandbox.public_url, row.reference)),
        expires_at: if state == ChargeState::Authorized { row.expires_at } else { None },
        method: row.saved.clone(),
        card: Some(card(&row.method)),
    })
}

pub(super) async fn locked(tx: &mut PgConnection, reference: &str) -> Answer<Row> {
    sqlx::query_as(
        "select reference, state, amount, currency, captured, refunded, method, capture_now, decline_code, saved, expires_at
         from sandbox_charges where reference = $1 for update",
    )
    .bind(reference)
    .fetch_optional(&mut *tx)
    .await
    .map_err(unknown)?
    .ok_or_else(|| refused(format!("no charge {reference}")))
}

/// The token behind `method`, which may be a kept card.
async fn token_of(tx: &mut PgConnection, method: &str) -> Answer<String> {
    if !method.starts_with("pm_kept_") {
        return Ok(method.to_owned());
    }
    sqlx::query_scalar("select token from sandbox_methods where reference = $1 and not forgotten")
        .bind(method)
        .fetch_optional(&mut *tx)
        .await
        .map_err(unknown)?
        .ok_or_else(|| refused(format!("no payment method {method}")))
}

async fn keep(tx: &mut PgConnection, customer: &str, token: &str) -> Answer<String> {
    let kept = reference("pm_kept");
    sqlx::query("insert into sandbox_methods (reference, customer, token) values ($1, $2, $3)")
        .bind(&kept)
        .bind(customer)
        .bind(token)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    Ok(kept)
}

pub(super) async fn authorize(sandbox: &Sandbox, request: &AuthorizeRequest) -> Answer<Charge> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, &request.key).await? {
        return Ok(answer);
    }
    let token = token_of(&mut tx, &request.method).await?;
    let (state, decline_code) = behaviour(&token, request.capture, request.off_session)
        .ok_or_else(|| refused(format!("{:?} is not a payment method of the sandbox; pm_card_visa is one", request.method)))?;
    let now = (sandbox.now)();
    let saved = match (&request.customer, state) {
        (_, ChargeState::Failed) => None,
        _ if request.method != token => Some(request.method.clone()),
        (Some(customer), _) if request.keep_method => Some(keep(&mut tx, customer, &token).await?),
        _ => None,
    };
    let row = Row {
        reference: reference("ch"),
        state: state.as_str().to_owned(),
        amount: request.amount.amount,
        currency: request.amount.currency,
        captured: if state == ChargeState::Captured { request.amount.amount } else { 0 },
        refunded: 0,
        method: token,
        capture_now: request.capture,
        decline_code: decline_code.map(str::to_owned),
        saved,
        expires_at: Some(now + HOLD),
    };
    sqlx::query(
        "insert into sandbox_charges
            (reference, request_key, method, amount, currency, state, captured, capture_now, decline_code, created_at,
             booking, customer, saved, off_session, captured_at, expires_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
    )
    .bind(&row.reference)
    .bind(&request.key)
    .bind(&row.method)
    .bind(row.amount)
    .bind(row.currency)
    .bind(&row.state)
    .bind(row.captured)
    .bind(row.capture_now)
    .bind(&row.decline_code)
    .bind(now)
    .bind(request.booking)
    .bind(&request.customer)
    .bind(&row.saved)
    .bind(request.off_session)
    .bind((state == ChargeState::Captured).then_some(now))
    .bind(row.expires_at)
    .execute(&mut *tx)
    .await
    .map_err(unknown)?;
    followed(sandbox, &mut tx, &row, state).await?;
    let charge = view(sandbox, &row)?;
    sandbox.remember(&mut tx, &request.key, &charge).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(charge)
}

/// What a new state of a charge brings with it: an event, and what time will
/// do to it.
async fn followed(sandbox: &Sandbox, tx: &mut PgConnection, row: &Row, state: ChargeState) -> Answer<()> {
    report(sandbox, tx, &format!("charge.{state}"), &EventObject::Charge(row.reference.clone())).await?;
    match state {
        ChargeState::Authorized => later(sandbox, tx, Happening::HoldLapses, &row.reference, HOLD).await,
        ChargeState::Captured if row.method == "pm_card_createDispute" => disputes::open(sandbox, tx, row).await,
        _ => Ok(()),
    }
}

async fn set_state(sandbox: &Sandbox, tx: &mut PgConnection, row: &mut Row, state: ChargeState) -> Answer<()> {
    row.state = state.as_str().to_owned();
    if state == ChargeState::Captured {
        row.captured = row.amount;
    }
    sqlx::query(
        "update sandbox_charges set state = $2, captured = $3, decline_code = $4,
                captured_at = case when $2 = 'captured' then $5 else captured_at end
         where reference = $1",
    )
    .bind(&row.reference)
    .bind(&row.state)
    .bind(row.captured)
    .bind(&row.decline_code)
    .bind((sandbox.now)())
    .execute(&mut *tx)
    .await
    .map_err(unknown)?;
    followed(sandbox, tx, row, state).await
}

/// Captures or releases: the two things done to what is held.
pub(super) async fn settle(sandbox: &Sandbox, key: &str, reference: &str, to: ChargeState) -> Answer<Charge> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, key).await? {
        return Ok(answer);
    }
    let mut row = locked(&mut tx, reference).await?;
    let allowed = match to {
        ChargeState::Captured => row.state == "authorized",
        // What has lapsed or been refused is let go already.
        _ => matches!(row.state.as_str(), "authorized" | "requires_action" | "released" | "failed"),
    };
    if !allowed {
        return Err(refused(format!("charge {reference} is {} and cannot become {to}", row.state)));
    }
    if matches!(row.state.as_str(), "authorized" | "requires_action") {
        set_state(sandbox, &mut tx, &mut row, to).await?;
    }
    let charge = view(sandbox, &row)?;
    sandbox.remember(&mut tx, key, &charge).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(charge)
}

/// The guest has answered their bank's question.
pub(super) async fn finish_action(sandbox: &Sandbox, reference: &str, approved: bool) -> Answer<()> {
    let mut tx = sandbox.begin().await?;
    let mut row = locked(&mut tx, reference).await?;
    if row.state != "requires_action" {
        return Err(refused(format!("charge {reference} does not wait for its bank, it is {}", row.state)));
    }
    let to = match (approved, row.capture_now) {
        (false, _) => ChargeState::Failed,
        (true, true) => ChargeState::Captured,
        (true, false) => ChargeState::Authorized,
    };
    if !approved {
        row.decline_code = Some("authentication_failed".into());
    }
    set_state(sandbox, &mut tx, &mut row, to).await?;
    tx.commit().await.map_err(unknown)
}

/// A hold that nobody took in time lapses.
pub(super) async fn lapse(sandbox: &Sandbox, reference: &str) -> Answer<()> {
    let mut tx = sandbox.begin().await?;
    let mut row = locked(&mut tx, reference).await?;
    if row.state == "authorized" {
        set_state(sandbox, &mut tx, &mut row, ChargeState::Released).await?;
        tx.commit().await.map_err(unknown)?;
    }
    Ok(())
}

pub(super) async fn refund(sandbox: &Sandbox, key: &str, charge: &str, amount: Money) -> Answer<Refund> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, key).await? {
        return Ok(answer);
    }
    let row = locked(&mut tx, charge).await?;
    if row.refunded + amount.amount > row.captured {
        return Err(refused(format!("charge {charge} has only {} left to refund", row.captured - row.refunded)));
    }
    if row.currency != amount.currency {
        return Err(refused(format!("charge {charge} is in {}", row.currency)));
    }
    let state = if matches!(row.method.as_str(), "pm_card_pendingRefund" | "pm_card_refundFail") {
        RefundState::Pending
    } else {
        RefundState::Succeeded
    };
    let refund = Refund { reference: reference("re"), state };
    sqlx::query("update sandbox_charges set refunded = refunded + $2 where reference = $1")
        .bind(charge)
        .bind(amount.amount)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    sqlx::query(
        "insert into sandbox_refunds (reference, request_key, charge, amount, currency, state, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&refund.reference)
    .bind(key)
    .bind(charge)
    .bind(amount.amount)
    .bind(amount.currency)
    .bind(if state == RefundState::Pending { "pending" } else { "succeeded" })
    .bind((sandbox.now)())
    .execute(&mut *tx)
    .await
    .map_err(unknown)?;
    if state == RefundState::Pending {
        later(sandbox, &mut tx, Happening::RefundSettles, &refund.reference, SLOW_REFUND).await?;
    }
    report(sandbox, &mut tx, "refund.created", &EventObject::Refund(refund.reference.clone())).await?;
    sandbox.remember(&mut tx, key, &refund).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(refund)
}

/// A slow refund arrives, or comes back.
pub(super) async fn settle_refund(sandbox: &Sandbox, refund: &str) -> Answer<()> {
    let mut tx = sandbox.begin().await?;
    let fails: Option<bool> = sqlx::query_scalar(
        "select c.method = 'pm_card_refundFail' from sandbox_refunds r join sandbox_charges c on c.reference = r.charge
         where r.reference = $1 and r.state = 'pending' for update of r, c",
    )
    .bind(refund)
    .fetch_optional(&mut *tx)
    .await
    .map_err(unknown)?;
    let Some(fails) = fails else { return Ok(()) };
    sqlx::query("update sandbox_refunds set state = $2 where reference = $1")
        .bind(refund)
        .bind(if fails { "failed" } else { "succeeded" })
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    if fails {
        sqlx::query(
            "update sandbox_charges c set refunded = c.refunded - r.amount from sandbox_refunds r where r.reference = $1 and c.reference = r.charge",
        )
        .bind(refund)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    }
    let kind = if fails { "refund.failed" } else { "refund.succeeded" };
    report(sandbox, &mut tx, kind, &EventObject::Refund(refund.to_owned())).await?;
    tx.commit().await.map_err(unknown)
}

pub(super) async fn fetch(sandbox: &Sandbox, reference: &str) -> Answer<Charge> {
    let mut connection = sandbox.db.acquire().await.map_err(unknown)?;
    let row: Row = sqlx::query_as(
        "select reference, state, amount, currency, captured, refunded, method, capture_now, decline_code, saved, expires_at
         from sandbox_charges where reference = $1",
    )
    .bind(reference)
    .fetch_optional(&mut *connection)
    .await
    .map_err(unknown)?
    .ok_or_else(|| refused(format!("no charge {reference}")))?;
    view(sandbox, &row)
}

pub(super) async fn fetch_refund(sandbox: &Sandbox, reference: &str) -> Answer<Refund> {
    let state: Option<String> = sqlx::query_scalar("select state from sandbox_refunds where reference = $1")
        .bind(reference)
        .fetch_optional(&sandbox.db)
        .await
        .map_err(unknown)?;
    let state = match state.as_deref() {
        Some("pending") => RefundState::Pending,
        Some("succeeded") => RefundState::Succeeded,
        Some(_) => RefundState::Failed,
        None => return Err(refused(format!("no refund {reference}"))),
    };
    Ok(Refund { reference: reference.to_owned(), state })
}

pub(super) async fn create_customer(sandbox: &Sandbox, key: &str, email: &str) -> Answer<String> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, key).await? {
        return Ok(answer);
    }
    let customer = reference("cus");
    sqlx::query("insert into sandbox_customers (reference, request_key, email) values ($1, $2, $3)")
        .bind(&customer)
        .bind(key)
        .bind(email)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    sandbox.remember(&mut tx, key, &customer).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(customer)
}

pub(super) async fn save_method(sandbox: &Sandbox, key: &str, customer: &str, token: &str) -> Answer<SavedMethod> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, key).await? {
        return Ok(answer);
    }
    match behaviour(token, false, false) {
        None => return Err(refused(format!("{token:?} is not a payment method of the sandbox; pm_card_visa is one"))),
        Some((_, Some(code))) => return Err(refused(format!("the card was declined: {code}"))),
        Some(_) => {}
    }
    let saved = SavedMethod { reference: keep(&mut tx, customer, token).await?, card: card(token) };
    sandbox.remember(&mut tx, key, &saved).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(saved)
}

pub(super) async fn forget_method(sandbox: &Sandbox, reference: &str) -> Answer<()> {
    sqlx::query("update sandbox_methods set forgotten = true where reference = $1")
        .bind(reference)
        .execute(&sandbox.db)
        .await
        .map_err(unknown)?;
    Ok(())
}
