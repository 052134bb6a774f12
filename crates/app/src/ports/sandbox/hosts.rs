//! Hosts' accounts and money sent to them in the sandbox provider's books.

use chrono::TimeDelta;
use domain::money::{Currency, Money};
use domain::payments::TransferState;

use super::events::{Happening, later, report};
use super::{Sandbox, reference, refused, unknown};
use crate::ports::payments::{AccountRequest, Answer, EventObject, HostAccount, PayoutRequest, Transfer};

/// How long a slow transfer is on its way.
const SLOW: TimeDelta = TimeDelta::days(1);

fn view(sandbox: &Sandbox, account: &str, enabled: bool) -> HostAccount {
    HostAccount {
        reference: account.to_owned(),
        payouts_enabled: enabled,
        onboarding_url: (!enabled).then(|| format!("{}/sandbox/onboarding/{account}", sandbox.public_url)),
        requirements: if enabled { Vec::new() } else { vec!["external_account".to_owned()] },
    }
}

pub(super) async fn create_account(sandbox: &Sandbox, request: &AccountRequest) -> Answer<HostAccount> {
    let mut tx = sandbox.begin().await?;
    if let Some(known) = sandbox.remembered::<String>(&mut tx, &request.key).await? {
        drop(tx);
        return fetch_account(sandbox, &known).await;
    }
    let account = reference("acct");
    sqlx::query("insert into sandbox_accounts (reference, request_key, email, country) values ($1, $2, $3, $4)")
        .bind(&account)
        .bind(&request.key)
        .bind(&request.email)
        .bind(&request.country)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    sandbox.remember(&mut tx, &request.key, &account).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(view(sandbox, &account, false))
}

pub(super) async fn fetch_account(sandbox: &Sandbox, account: &str) -> Answer<HostAccount> {
    let enabled: Option<bool> = sqlx::query_scalar("select payouts_enabled from sandbox_accounts where reference = $1")
        .bind(account)
        .fetch_optional(&sandbox.db)
        .await
        .map_err(unknown)?;
    enabled.map(|enabled| view(sandbox, account, enabled)).ok_or_else(|| refused(format!("no account {account}")))
}

/// The host has answered the provider's questions. `behaviour` says what will
/// become of transfers: they `arrive`, are `slow`, or `fail`.
pub(super) async fn enable(sandbox: &Sandbox, account: &str, behaviour: &str) -> Answer<()> {
    let mut tx = sandbox.begin().await?;
    let done = sqlx::query("update sandbox_accounts set payouts_enabled = true, behaviour = $2 where reference = $1")
        .bind(account)
        .bind(behaviour)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    if done.rows_affected() == 0 {
        return Err(refused(format!("no account {account}")));
    }
    report(sandbox, &mut tx, "account.updated", &EventObject::Account(account.to_owned())).await?;
    tx.commit().await.map_err(unknown)
}

pub(super) async fn pay_out(sandbox: &Sandbox, request: &PayoutRequest) -> Answer<Transfer> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, &request.key).await? {
        return Ok(answer);
    }
    let account: Option<(bool, String)> =
        sqlx::query_as("select payouts_enabled, behaviour from sandbox_accounts where reference = $1 for share")
            .bind(&request.account)
            .fetch_optional(&mut *tx)
            .await
            .map_err(unknown)?;
    let behaviour = match account {
        Some((true, behaviour)) => behaviour,
        Some(_) => return Err(refused(format!("account {} has not answered all questions", request.account))),
        None => return Err(refused(format!("no account {}", request.account))),
    };
    let state = if behaviour == "arrive" { TransferState::Paid } else { TransferState::Pending };
    let transfer = Transfer { reference: reference("tr"), state, failure_code: None };
    sqlx::query(
        "insert into sandbox_transfers (reference, request_key, account, amount, currency, state, created_at) values ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(&transfer.reference)
    .bind(&request.key)
    .bind(&request.account)
    .bind(request.amount.amount)
    .bind(request.amount.currency)
    .bind(state)
    .bind((sandbox.now)())
    .execute(&mut *tx)
    .await
    .map_err(unknown)?;
    if state == TransferState::Pending {
        later(sandbox, &mut tx, Happening::TransferSettles, &transfer.reference, SLOW).await?;
    }
    report(sandbox, &mut tx, "transfer.created", &EventObject::Transfer(transfer.reference.clone())).await?;
    sandbox.remember(&mut tx, &request.key, &transfer).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(transfer)
}

/// A transfer arrives, or comes back.
pub(super) async fn settle_transfer(sandbox: &Sandbox, transfer: &str) -> Answer<()> {
    let mut tx = sandbox.begin().await?;
    let fails: Option<bool> = sqlx::query_scalar(
        "select a.behaviour = 'fail' from sandbox_transfers t join sandbox_accounts a on a.reference = t.account
         where t.reference = $1 and t.state = 'pending' for update of t",
    )
    .bind(transfer)
    .fetch_optional(&mut *tx)
    .await
    .map_err(unknown)?;
    let Some(fails) = fails else { return Ok(()) };
    sqlx::query("update sandbox_transfers set state = $2, failure_code = $3 where reference = $1")
        .bind(transfer)
        .bind(if fails { TransferState::Failed } else { TransferState::Paid })
        .bind(fails.then_some("account_closed"))
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    let kind = if fails { "transfer.failed" } else { "transfer.paid" };
    report(sandbox, &mut tx, kind, &EventObject::Transfer(transfer.to_owned())).await?;
    tx.commit().await.map_err(unknown)
}

pub(super) async fn fetch_transfer(sandbox: &Sandbox, reference: &str) -> Answer<Transfer> {
    let row: Option<(TransferState, Option<String>)> =
        sqlx::query_as("select state, failure_code from sandbox_transfers where reference = $1")
            .bind(reference)
            .fetch_optional(&sandbox.db)
            .await
            .map_err(unknown)?;
    let (state, failure_code) = row.ok_or_else(|| refused(format!("no transfer {reference}")))?;
    Ok(Transfer { reference: reference.to_owned(), state, failure_code })
}

pub(super) async fn reverse_transfer(sandbox: &Sandbox, key: &str, transfer: &str, amount: Money) -> Answer<String> {
    let mut tx = sandbox.begin().await?;
    if let Some(answer) = sandbox.remembered(&mut tx, key).await? {
        return Ok(answer);
    }
    let row: Option<(i64, Currency, TransferState)> =
        sqlx::query_as("select amount - reversed, currency, state from sandbox_transfers where reference = $1 for update")
            .bind(transfer)
            .fetch_optional(&mut *tx)
            .await
            .map_err(unknown)?;
    match row {
        Some((left, currency, TransferState::Paid)) if left >= amount.amount && currency == amount.currency => {}
        Some((left, ..)) => return Err(refused(format!("transfer {transfer} has only {left} left to take back"))),
        None => return Err(refused(format!("no transfer {transfer}"))),
    }
    let reversal = reference("trr");
    sqlx::query("update sandbox_transfers set reversed = reversed + $2 where reference = $1")
        .bind(transfer)
        .bind(amount.amount)
        .execute(&mut *tx)
        .await
        .map_err(unknown)?;
    sqlx::query(
        "insert into sandbox_reversals (reference, request_key, transfer, amount, currency, created_at) values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&reversal)
    .bind(key)
    .bind(transfer)
    .bind(amount.amount)
    .bind(amount.currency)
    .bind((sandbox.now)())
    .execute(&mut *tx)
    .await
    .map_err(unknown)?;
    sandbox.remember(&mut tx, key, &reversal).await?;
    tx.commit().await.map_err(unknown)?;
    Ok(reversal)
}
