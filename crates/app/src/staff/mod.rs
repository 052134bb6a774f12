//! What staff see and do. Whatever changes something goes through [`audited`]:
//! who, what and why are written down before it happens, how it ended after.

mod sql;

use chrono::{DateTime, NaiveDate, Utc};
use domain::accounts::UserStatus;
use domain::actor::Actor;
use domain::audit::AuditAction;
use domain::bookings::BookingState;
use domain::coupons::{Coupon, CouponTerms};
use domain::ids::{AuditEntryId, BookingId, ConversationId, CouponId, ListingId, ReviewId, UserId};
use domain::listings::ListingStatus;
use domain::money::{Currency, Money};
use domain::page::{Page, PageRequest};
use domain::reviews::ReviewStatus;
use jobs::{DeadJob, QueueDepth};
use uuid::Uuid;

use crate::App;
use crate::accounts::{self, require_staff};
use crate::coupons::{self, credit::CreditGrant};
use crate::error::{self, Error, Result};

/// What is about to be done, and why.
#[derive(Debug, Clone, PartialEq)]
pub struct Deed<'a> {
    /// What.
    pub action: AuditAction,
    /// To which subject: its id.
    pub subject: String,
    /// Why; 1–2,000 characters.
    pub reason: &'a str,
    /// What was chosen beside the reason.
    pub details: serde_json::Value,
}

impl<'a> Deed<'a> {
    /// A deed without choices.
    pub fn new(action: AuditAction, subject: impl ToString, reason: &'a str) -> Self {
        Self { action, subject: subject.to_string(), reason: reason.trim(), details: serde_json::json!({}) }
    }

    /// With what was chosen.
    #[must_use]
    pub fn with(self, details: serde_json::Value) -> Self {
        Self { details, ..self }
    }
}

/// Does something in the marketplace's name and writes it down: what is to
/// happen before, how it ended after.
///
/// # Errors
/// 401 when nobody is logged in, 404 for anyone but staff, 422 without a
/// reason, and whatever `act` answers.
pub async fn audited<T>(app: &App, actor: &Actor, deed: Deed<'_>, act: impl Future<Output = Result<T>>) -> Result<T> {
    let staff = require_staff(actor)?;
    error::check(|check| check.text(deed.reason, "/reason", 1..=2000))?;
    let id: AuditEntryId = app.ids.next(&app.clock);
    sql::begin(&app.db, id, staff, &deed, app.clock.now()).await?;
    let outcome = act.await;
    let answer = outcome.as_ref().err().map(ToString::to_string).unwrap_or_default();
    // What happened stands, also when its end cannot be written: the entry
    // without an end says so.
    if let Err(error) = sql::end(&app.db, id, outcome.is_ok(), &answer, app.clock.now()).await {
        tracing::error!(%error, entry = %id, "an audited deed has no end in the log");
    }
    outcome
}

/// Gives a dead job another life.
///
/// # Errors
/// As [`audited`]; 404 for jobs that are not dead.
pub async fn retry_job(app: &App, actor: &Actor, id: Uuid, reason: &str) -> Result<()> {
    audited(app, actor, Deed::new(AuditAction::RetryJob, id, reason), async {
        if jobs::retry_dead(&app.db, id, app.clock.now()).await? { Ok(()) } else { Err(Error::NotFound("dead job")) }
    })
    .await
}

/// Throws a dead job away.
///
/// # Errors
/// As [`retry_job`].
pub async fn discard_job(app: &App, actor: &Actor, id: Uuid, reason: &str) -> Result<()> {
    let dead = jobs::list_dead(&app.db, None, 1000).await?.into_iter().find(|job| job.id == id);
    // What is thrown away can be read in the log.
    let kept = dead.map(|job| serde_json::json!({"kind": job.kind, "payload": job.payload, "last_error": job.last_error}));
    audited(app, actor, Deed::new(AuditAction::DiscardJob, id, reason).with(kept.unwrap_or_default()), async {
        if jobs::delete_dead(&app.db, id).await? { Ok(()) } else { Err(Error::NotFound("dead job")) }
    })
    .await
}

/// Shuts somebody out.
///
/// # Errors
/// As [`audited`] and [`accounts::suspend`].
pub async fn suspend(app: &App, actor: &Actor, user: UserId, reason: &str) -> Result<()> {
    audited(app, actor, Deed::new(AuditAction::SuspendUser, user, reason), accounts::suspend(app, actor, user)).await
}

/// Lets somebody in again.
///
/// # Errors
/// As [`audited`] and [`accounts::restore`].
pub async fn restore(app: &App, actor: &Actor, user: UserId, reason: &str) -> Result<()> {
    audited(app, actor, Deed::new(AuditAction::RestoreUser, user, reason), accounts::restore(app, actor, user)).await
}

/// Writes a coupon.
///
/// # Errors
/// As [`audited`] and [`coupons::create`].
pub async fn create_coupon(app: &App, actor: &Actor, terms: CouponTerms, reason: &str) -> Result<Coupon> {
    let deed = Deed::new(AuditAction::CreateCoupon, &terms.code, reason).with(serde_json::to_value(&terms)?);
    audited(app, actor, deed, coupons::create(app, actor, terms)).await
}

/// Ends a coupon.
///
/// # Errors
/// As [`audited`] and [`coupons::end`].
pub async fn end_coupon(app: &App, actor: &Actor, id: CouponId, reason: &str) -> Result<Coupon> {
    audited(app, actor, Deed::new(AuditAction::EndCoupon, id, reason), coupons::end(app, actor, id)).await
}

/// Gives somebody credit; they read the reason.
///
/// # Errors
/// As [`audited`] and [`coupons::credit::grant`].
pub async fn grant_credit(
    app: &App,
    actor: &Actor,
    user: UserId,
    (amount, expires_at): (Money, Option<DateTime<Utc>>),
    reason: &str,
) -> Result<CreditGrant> {
    let deed =
        Deed::new(AuditAction::GrantCredit, user, reason).with(serde_json::json!({"amount": amount.to_string(), "expires_at": expires_at}));
    audited(app, actor, deed, coupons::credit::grant(app, actor, user, (amount, expires_at), reason)).await
}

/// An entry of the audit log.
#[derive(Debug, Clone, PartialEq, sqlx::FromRow)]
pub struct AuditEntry {
    /// Which.
    pub id: AuditEntryId,
    /// Who did it.
    pub staff_id: UserId,
    /// Their name.
    pub staff_name: String,
    /// What.
    pub action: AuditAction,
    /// Of which kind the subject is.
    pub subject: String,
    /// Its id.
    pub subject_id: String,
    /// Why.
    pub reason: String,
    /// What was chosen beside the reason.
    pub details: serde_json::Value,
    /// When.
    pub at: DateTime<Utc>,
    /// Whether it was done; none when its end was never written.
    pub done: Option<bool>,
    /// Why it was refused; empty when it was done.
    pub answer: Option<String>,
}

/// The audit log, newest first; of one subject if its id is given.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn log(app: &App, actor: &Actor, subject: Option<&str>, page: PageRequest<AuditEntryId>) -> Result<Page<AuditEntry>> {
    require_staff(actor)?;
    let subject = subject.map(|subject| subject.replace('\0', ""));
    let rows = sql::log(&app.db, subject.as_deref(), &page).await?;
    Ok(Page::cut(rows, page.limit, |entry| entry.id))
}

/// What waits for staff.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Waiting {
    /// Disputes the bank has not decided.
    pub disputes: i64,
    /// What provider and ledger do not agree on.
    pub cases: i64,
    /// Complaints about reviews that can still be read.
    pub review_reports: i64,
    /// Complaints about conversations within 30 days.
    pub conversation_reports: i64,
    /// Jobs that failed for good.
    pub dead_jobs: i64,
    /// Providers' events that have not been handled.
    pub webhooks: i64,
    /// Accounts shut out.
    pub suspended: i64,
    /// Requests that wait for a host.
    pub requests: i64,
}

/// What waits for staff.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn waiting(app: &App, actor: &Actor) -> Result<Waiting> {
    require_staff(actor)?;
    sql::waiting(&app.db, app.clock.now() - chrono::TimeDelta::days(30)).await
}

/// A person as staff see them.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Account {
    /// Who.
    pub id: UserId,
    /// As shown to others.
    pub name: String,
    /// None once erased or while unclaimed.
    pub email: Option<String>,
    /// When the address was proved.
    pub email_verified_at: Option<DateTime<Utc>>,
    /// Granted the staff role.
    pub staff: bool,
    /// What has become of the account.
    pub status: UserStatus,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Homes of theirs in any state.
    pub homes: i64,
    /// Bookings as guest.
    pub stays: i64,
}

/// People, newest first: whose name begins so or whose address is this, and in
/// one state, if given.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn people(
    app: &App,
    actor: &Actor,
    (text, status): (&str, Option<UserStatus>),
    page: PageRequest<UserId>,
) -> Result<Page<Account>> {
    require_staff(actor)?;
    let text: String = text.to_lowercase().chars().filter(|c| *c != '\0').collect();
    let rows = sql::people(&app.db, (&text, status, None), &page).await?;
    Ok(Page::cut(rows, page.limit, |row| row.id))
}

/// One person.
///
/// # Errors
/// 404 for anyone but staff and for people unknown.
pub async fn person(app: &App, actor: &Actor, id: UserId) -> Result<Account> {
    require_staff(actor)?;
    let page = PageRequest::default();
    sql::people(&app.db, ("", None, Some(id)), &page).await?.pop().ok_or(Error::NotFound("user"))
}

/// A home as staff's lists show it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Home {
    /// Which.
    pub id: ListingId,
    /// Its title.
    pub title: String,
    /// Where it stands.
    pub status: ListingStatus,
    /// Where it is.
    pub city: String,
    /// Whose.
    pub host_id: UserId,
    /// Their name.
    pub host_name: String,
    /// Since when.
    pub created_at: DateTime<Utc>,
}

/// Homes, newest first, in one state or of one host, if given.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn homes(
    app: &App,
    actor: &Actor,
    (status, host): (Option<ListingStatus>, Option<UserId>),
    page: PageRequest<ListingId>,
) -> Result<Page<Home>> {
    require_staff(actor)?;
    let rows = sql::homes(&app.db, status, host, &page).await?;
    Ok(Page::cut(rows, page.limit, |row| row.id))
}

/// A booking as staff's lists show it.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct Stay {
    /// Which.
    pub id: BookingId,
    /// For people.
    pub code: String,
    /// Where it stands.
    pub state: BookingState,
    /// The home's title when it was booked.
    pub title: String,
    /// Who stays.
    pub guest_id: UserId,
    /// Their name.
    pub guest_name: String,
    /// Who hosts.
    pub host_id: UserId,
    /// Their name.
    pub host_name: String,
    /// First night.
    pub check_in: NaiveDate,
    /// Day of departure.
    pub check_out: NaiveDate,
    /// What the guest pays, in minor units.
    pub total: i64,
    /// Of the amount.
    pub currency: Currency,
}

impl Stay {
    /// What the guest pays.
    #[must_use]
    pub const fn price(&self) -> Money {
        Money { amount: self.total, currency: self.currency }
    }
}

/// Which bookings staff look at.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StayFilter {
    /// In this state.
    pub state: Option<BookingState>,
    /// With this code.
    pub code: Option<String>,
    /// Whose guest or host this is.
    pub person: Option<UserId>,
    /// Of this home.
    pub listing: Option<ListingId>,
}

/// Bookings, newest first.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn stays(app: &App, actor: &Actor, filter: &StayFilter, page: PageRequest<BookingId>) -> Result<Page<Stay>> {
    require_staff(actor)?;
    let rows = sql::stays(&app.db, filter, &page).await?;
    Ok(Page::cut(rows, page.limit, |row| row.id))
}

/// A complaint about a review.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ReviewReport {
    /// About which.
    pub review_id: ReviewId,
    /// Whether it can be read.
    pub status: ReviewStatus,
    /// What it says.
    pub comment: String,
    /// Who wrote it.
    pub author_name: String,
    /// About which home.
    pub listing_id: ListingId,
    /// Who complains.
    pub reporter_id: UserId,
    /// Their name.
    pub reporter_name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub reported_at: DateTime<Utc>,
}

/// Where a page of complaints goes on.
pub type ReportKey = (DateTime<Utc>, Uuid, UserId);

/// Complaints about reviews, newest first.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn review_reports(app: &App, actor: &Actor, page: PageRequest<ReportKey>) -> Result<Page<ReviewReport>> {
    require_staff(actor)?;
    let rows = sql::review_reports(&app.db, &page).await?;
    Ok(Page::cut(rows, page.limit, |row| (row.reported_at, row.review_id.0, row.reporter_id)))
}

/// A complaint about a conversation.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ConversationReport {
    /// About which.
    pub conversation_id: ConversationId,
    /// Who complains.
    pub reporter_id: UserId,
    /// Their name.
    pub reporter_name: String,
    /// Why.
    pub reason: String,
    /// When.
    pub reported_at: DateTime<Utc>,
}

/// Complaints about conversations, newest first.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn conversation_reports(app: &App, actor: &Actor, page: PageRequest<ReportKey>) -> Result<Page<ConversationReport>> {
    require_staff(actor)?;
    let rows = sql::conversation_reports(&app.db, &page).await?;
    Ok(Page::cut(rows, page.limit, |row| (row.reported_at, row.conversation_id.0, row.reporter_id)))
}

/// The queue by kind and state, and the jobs that failed for good.
#[derive(Debug, Clone, PartialEq)]
pub struct Queue {
    /// How much waits, runs or is dead.
    pub depths: Vec<QueueDepth>,
    /// Dead letters, oldest first.
    pub dead: Page<DeadJob>,
}

/// Background work.
///
/// # Errors
/// 404 for anyone but staff.
pub async fn queue(app: &App, actor: &Actor, page: PageRequest<Uuid>) -> Result<Queue> {
    require_staff(actor)?;
    let dead = jobs::list_dead(&app.db, page.after, page.limit.with_next()).await?;
    Ok(Queue { depths: jobs::depths(&app.db).await?, dead: Page::cut(dead, page.limit, |job| job.id) })
}
