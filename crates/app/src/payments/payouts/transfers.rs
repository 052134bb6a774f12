//! Money on its way to hosts: what is due is gathered, debts are taken off, the
//! rest is sent. Recorded before it is sent, under a key of its own; a transfer
//! that comes back puts its payouts back, and a later one carries them.

use chrono::TimeDelta;
use domain::ids::{PayoutId, TransferId, UserId};
use domain::ledger::{self, Account};
use domain::money::{Currency, Money};
use domain::payments::{PayoutState, TransferState};
use domain::payouts::{PayoutTransferState, TRANSFER_ATTEMPTS, next_payday, recover, retry_delay};

use super::accounts::least;
use super::sql;
use crate::App;
use crate::error::{Error, Result};
use crate::events::{self, Event};
use crate::failpoints;
use crate::payments::jobs::{FinishTransfer, PayHost};
use crate::payments::ledger::fault;
use crate::payments::{balance_in, post_in};
use crate::ports::payments::{PayoutRequest, ProviderError, Transfer};
use crate::tx::Tx;
use crate::worker;

/// How long whoever gathered has to send before a job does.
const PATIENCE: TimeDelta = TimeDelta::seconds(60);
/// How often a transfer on its way is asked about, beside the provider's news.
const LOOK_AGAIN: TimeDelta = TimeDelta::hours(6);

#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct TransferRow {
    pub id: TransferId,
    pub host_id: UserId,
    pub currency: Currency,
    /// Minor units sent.
    pub amount: i64,
    /// Minor units kept for what the host owed.
    pub recovered: i64,
    pub state: PayoutTransferState,
    /// The provider's name of the host's account.
    pub account: String,
    pub provider_key: String,
    pub provider_reference: Option<String>,
}

impl TransferRow {
    fn sent(&self) -> Money {
        Money::new(self.amount, self.currency)
    }

    /// The book calls a transfer by the name of a payout.
    const fn in_the_book(&self) -> PayoutId {
        PayoutId(self.id.0)
    }
}

/// Sends a host what is due in one currency, if their payday has come, the
/// provider lets us and it is worth sending.
///
/// # Errors
/// [`Error::Busy`] when the provider's answer is not known: a job asks again.
pub(crate) async fn pay_host(app: &App, host: UserId, currency: Currency) -> Result<()> {
    let mut tx = app.begin().await?;
    let transfer = gather_in(&mut tx, host, currency).await?;
    failpoints::hit("payout", "recording");
    tx.commit().await?;
    failpoints::hit("payout", "recorded");
    match transfer {
        Some(id) => finish(app, id).await.map(|_| ()),
        None => Ok(()),
    }
}

/// Records the transfer of what is due to a host. All that moves a host's
/// money out does so under the lock of their payout method.
async fn gather_in(tx: &mut Tx, host: UserId, currency: Currency) -> Result<Option<TransferId>> {
    let app = tx.app();
    let now = tx.now();
    let Some(method) = sql::method_locked(tx, host).await? else { return Ok(None) };
    let resting = method.retry_at.is_some_and(|at| at > now) || method.failures >= TRANSFER_ATTEMPTS;
    if !method.payouts_enabled || resting || sql::has_open_transfer(tx, host, currency).await? {
        return Ok(None);
    }
    let payday = next_payday(method.schedule, chrono_tz::UTC, now);
    if payday > now {
        worker::enqueue_in(tx, &PayHost { host, currency }, payday).await?;
        return Ok(None);
    }
    let (payouts, waiting) = sql::ready(tx, host, currency).await?;
    if payouts.is_empty() {
        return Ok(None);
    }
    // The book says what is there; what must wait stays behind.
    let available = balance_in(tx, &Account::HostPayable(host), currency).await? - waiting;
    let owed = balance_in(tx, &Account::HostReceivable(host), currency).await?;
    let (recovered, amount) = recover(available, owed);
    if recovered + amount == 0 || (amount > 0 && amount < least(&method, currency)) {
        return Ok(None);
    }
    let id: TransferId = app.ids.next(&app.clock);
    let state = if amount > 0 { PayoutTransferState::Created } else { PayoutTransferState::Paid };
    let transfer = TransferRow {
        id,
        host_id: host,
        currency,
        amount,
        recovered,
        state,
        account: method.account,
        provider_key: format!("{id}:payout"),
        provider_reference: None,
    };
    sql::insert_transfer(tx, &transfer).await?;
    if recovered > 0 {
        let posting = ledger::offset(&id.to_string(), host, Money::new(recovered, currency)).map_err(fault)?;
        post_in(tx, &posting, None).await?;
    }
    if amount == 0 {
        sql::join_transfer(tx, &payouts, id, PayoutState::Paid).await?;
        return Ok(None);
    }
    sql::join_transfer(tx, &payouts, id, PayoutState::Sent).await?;
    let posting = ledger::payout_started(transfer.in_the_book(), 1, host, transfer.sent()).map_err(fault)?;
    post_in(tx, &posting, None).await?;
    worker::enqueue_in(tx, &FinishTransfer { transfer: id }, now + PATIENCE).await?;
    Ok(Some(id))
}

/// Sends a recorded transfer (again), or asks how far it has come, and applies
/// the answer. Doing it twice has the effect of once.
///
/// # Errors
/// [`Error::Busy`] when the provider's answer is not known.
pub(crate) async fn finish(app: &App, id: TransferId) -> Result<PayoutTransferState> {
    let transfer = sql::transfer(&app.db, id).await?.ok_or(Error::NotFound("transfer"))?;
    if !sql::mark_sent(&app.db, id, app.clock.now()).await? {
        return Ok(transfer.state);
    }
    let answer = match &transfer.provider_reference {
        Some(reference) => app.provider.fetch_transfer(reference).await,
        None => {
            let request = PayoutRequest {
                key: transfer.provider_key.clone(),
                amount: transfer.sent(),
                account: transfer.account.clone(),
                payout: transfer.in_the_book(),
            };
            failpoints::hit("payout", "asking");
            app.provider.pay_out(&request).await
        }
    };
    let news = match answer {
        Ok(news) => news,
        Err(ProviderError::Unknown(why)) => {
            tracing::warn!(transfer = %id, %why, "the payment provider's answer is not known");
            return Err(Error::Busy(why));
        }
        Err(ProviderError::Refused(why)) => {
            tracing::warn!(transfer = %id, %why, "the payment provider refused a transfer");
            Transfer { reference: String::new(), state: TransferState::Failed, failure_code: Some("refused".into()) }
        }
    };
    failpoints::hit("payout", "answered");
    apply(app, id, &news).await
}

/// Takes over what the provider says of a transfer: once, whatever the order.
async fn apply(app: &App, id: TransferId, news: &Transfer) -> Result<PayoutTransferState> {
    let mut tx = app.begin().await?;
    let host = sql::transfer(&app.db, id).await?.ok_or(Error::NotFound("transfer"))?.host_id;
    // First the host's lock, as whoever gathers takes it.
    let method = sql::method_locked(&mut tx, host).await?;
    let transfer = sql::transfer_locked(&mut tx, id).await?.ok_or(Error::NotFound("transfer"))?;
    if matches!(transfer.state, PayoutTransferState::Paid | PayoutTransferState::Failed) {
        return Ok(transfer.state);
    }
    let reference = Some(news.reference.as_str()).filter(|reference| !reference.is_empty());
    let state = match news.state {
        TransferState::Pending => PayoutTransferState::Sent,
        TransferState::Paid => PayoutTransferState::Paid,
        TransferState::Failed => PayoutTransferState::Failed,
    };
    sql::set_transfer(&mut tx, id, state, reference, news.failure_code.as_deref()).await?;
    match state {
        PayoutTransferState::Paid => arrived_in(&mut tx, &transfer).await?,
        PayoutTransferState::Failed => came_back_in(&mut tx, &transfer, method.map_or(0, |method| method.failures) + 1).await?,
        PayoutTransferState::Created | PayoutTransferState::Sent => {}
    }
    failpoints::hit("payout", "applying");
    tx.commit().await?;
    failpoints::hit("payout", "applied");
    Ok(state)
}

async fn arrived_in(tx: &mut Tx, transfer: &TransferRow) -> Result<()> {
    let host = transfer.host_id;
    let posting = ledger::payout_paid(transfer.in_the_book(), 1, host, transfer.sent()).map_err(fault)?;
    post_in(tx, &posting, None).await?;
    sql::settle_payouts(tx, transfer.id, PayoutState::Paid).await?;
    sql::set_failures(tx, host, 0, None).await?;
    // What fell due meanwhile follows.
    let now = tx.now();
    worker::enqueue_in(tx, &PayHost { host, currency: transfer.currency }, now).await?;
    events::publish_in(tx, Event::PayoutPaid { transfer: transfer.id, host }).await
}

/// The payouts are due again; it is tried later, each time after a longer wait,
/// until the host must look at their account.
async fn came_back_in(tx: &mut Tx, transfer: &TransferRow, failures: i32) -> Result<()> {
    let host = transfer.host_id;
    let posting = ledger::payout_failed(transfer.in_the_book(), 1, host, transfer.sent()).map_err(fault)?;
    post_in(tx, &posting, None).await?;
    sql::settle_payouts(tx, transfer.id, PayoutState::Due).await?;
    let retry_at = (failures < TRANSFER_ATTEMPTS).then(|| tx.now() + retry_delay(failures));
    sql::set_failures(tx, host, failures, retry_at).await?;
    if let Some(at) = retry_at {
        worker::enqueue_in(tx, &PayHost { host, currency: transfer.currency }, at).await?;
    }
    events::publish_in(tx, Event::PayoutFailed { transfer: transfer.id, host }).await
}

/// Asks the provider how a transfer stands that its event speaks of.
pub(crate) async fn look(app: &App, reference: &str) -> Result<()> {
    let Some(id) = sql::transfer_by_reference(&app.db, reference).await? else {
        tracing::info!(%reference, "an event speaks of a transfer that is not known here (yet)");
        return Ok(());
    };
    finish(app, id).await.map(|_| ())
}

/// When a transfer that is on its way is asked about again.
pub(crate) fn look_again_at(app: &App) -> chrono::DateTime<chrono::Utc> {
    app.clock.now() + LOOK_AGAIN
}

/// Sends what could have been sent and was not: held payouts whose time has
/// come, disputes that were closed, a job that was lost.
pub(crate) async fn sweep(app: &App) -> Result<()> {
    for (host, currency) in sql::forgotten(&app.db, app.clock.now()).await? {
        if let Err(error) = pay_host(app, host, currency).await {
            tracing::warn!(%host, %currency, %error, "left to the next sweep");
        }
    }
    Ok(())
}
