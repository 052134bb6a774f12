//! The list of background work: every job there is, every schedule, and how
//! the sandbox clock makes deadlines fire in order.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use jobs::{Enqueue, Job, Registry, Schedule, Worker, WorkerSettings};

use crate::error::{Error, Result};
use crate::tx::Tx;
use crate::{
    App, accounts, bookings, calendar, coupons, events, idempotency, invoicing, notifications, payments, reviews, search, wishlists,
};

/// Asks for `job` at `run_at`, in the caller's transaction.
pub(crate) async fn enqueue_in<J: Job<App>>(tx: &mut Tx, job: &J, run_at: DateTime<Utc>) -> Result<()> {
    jobs::enqueue::<App, J>(&mut *tx, job, Enqueue { run_at, dedupe_key: None }).await?;
    Ok(())
}

/// Cleans up once an hour what time has made worthless.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct ForgetOldThings {}

impl Job<App> for ForgetOldThings {
    const KIND: &'static str = "forget_old_things";

    async fn run(&self, app: &App, _attempt: jobs::Attempt) -> Result<(), jobs::JobError> {
        let keys = idempotency::forget_old(app).await?;
        let sessions = accounts::forget_old_sessions(app).await?;
        tracing::info!(keys, sessions, "forgot old idempotency keys and sessions");
        Ok(())
    }
}

/// Every kind of job.
#[must_use]
pub fn registry() -> Registry<App> {
    Registry::new()
        .register::<events::TellOthers>()
        .register::<ForgetOldThings>()
        .register::<accounts::jobs::SendVerification>()
        .register::<accounts::jobs::SendPasswordReset>()
        .register::<accounts::jobs::SendAlreadyRegistered>()
        .register::<notifications::SendMail>()
        .register::<notifications::jobs::Remind>()
        .register::<notifications::MailUnread>()
        .register::<payments::jobs::FinishOperation>()
        .register::<payments::jobs::HandleWebhook>()
        .register::<payments::jobs::PayHost>()
        .register::<payments::jobs::FinishTransfer>()
        .register::<payments::jobs::SweepPayouts>()
        .register::<payments::jobs::RenewAuthorization>()
        .register::<payments::jobs::SealLedger>()
        .register::<payments::jobs::ChargeInstalment>()
        .register::<payments::jobs::RemindOfInstalment>()
        .register::<payments::jobs::ReconcileProvider>()
        .register::<crate::ports::sandbox::DeliverWebhook>()
        .register::<crate::ports::sandbox::TimePasses>()
        .register::<bookings::jobs::ExpireBooking>()
        .register::<coupons::jobs::ExpireCredit>()
        .register::<bookings::jobs::CompleteBooking>()
        .register::<bookings::jobs::EarnBooking>()
        .register::<bookings::jobs::ExpireAlteration>()
        .register::<invoicing::jobs::IssueDocuments>()
        .register::<reviews::jobs::OpenReviews>()
        .register::<calendar::ReadDueFeeds>()
        .register::<calendar::ReadFeed>()
        .register::<wishlists::TellOfNewHomes>()
        .register::<search::CheckSearchProjection>()
}

/// Everything that happens by the calendar rather than by a row.
///
/// # Errors
/// When a pattern cannot be read: a fault of ours.
pub fn schedules() -> anyhow::Result<Vec<Schedule>> {
    let nothing = serde_json::json!({});
    Ok(vec![
        Schedule::new::<App, ForgetOldThings>("forget_old_things", "17 * * * *", &nothing)?,
        Schedule::new::<App, payments::jobs::SweepPayouts>("sweep_payouts", "37 3 * * *", &nothing)?,
        Schedule::new::<App, payments::jobs::SealLedger>("seal_ledger", "* * * * *", &nothing)?,
        Schedule::new::<App, calendar::ReadDueFeeds>("read_due_feeds", "*/5 * * * *", &nothing)?,
        Schedule::new::<App, wishlists::TellOfNewHomes>("tell_of_new_homes", "23 7 * * *", &nothing)?,
        Schedule::new::<App, payments::jobs::ReconcileProvider>("reconcile_recent", "*/10 * * * *", &serde_json::json!({"hours": 2}))?,
        Schedule::new::<App, payments::jobs::ReconcileProvider>("reconcile_daily", "23 3 * * *", &serde_json::json!({"hours": 72}))?,
        Schedule::new::<App, search::CheckSearchProjection>("check_search_projection", "41 3 * * *", &nothing)?,
    ])
}

/// A worker of this process.
///
/// # Errors
/// When the registry is inconsistent.
pub fn worker(app: &App, settings: WorkerSettings) -> anyhow::Result<Worker<App>> {
    let clock = app.clone();
    let registry = registry();
    anyhow::ensure!(registry.duplicates().is_empty(), "two jobs are called {:?}", registry.duplicates());
    Ok(Worker::new(app.db.clone(), registry, app.clone(), Arc::new(move || clock.clock.now()), settings))
}

/// Moves a sandbox marketplace's clock on by `span`, stopping at every deadline
/// on the way, so that what falls due happens in order and at its time.
/// Returns the new time.
///
/// # Errors
/// `409 not_a_sandbox` elsewhere.
pub async fn advance_clock(app: &App, span: TimeDelta) -> Result<DateTime<Utc>> {
    if !app.config.sandbox {
        return Err(Error::conflict("not_a_sandbox", "only the clock of a sandbox marketplace can be moved"));
    }
    app.clock.follow(&app.db).await?;
    let target = app.clock.now() + span;
    let worker = worker(app, WorkerSettings::default())?;
    loop {
        worker.run_due().await.map_err(anyhow::Error::from)?;
        let next = jobs::next_run_at(&app.db).await?;
        match next {
            Some(at) if at <= target => app.clock.move_to(&app.db, at).await?,
            _ => break,
        }
    }
    app.clock.move_to(&app.db, target).await?;
    worker.run_due().await.map_err(anyhow::Error::from)?;
    Ok(app.clock.now())
}
