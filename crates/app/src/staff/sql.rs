//! SQL of the audit log, and of what staff look at across slices.

use chrono::{DateTime, Utc};
use domain::accounts::UserStatus;
use domain::ids::{AuditEntryId, BookingId, ListingId, UserId};
use domain::listings::ListingStatus;
use domain::page::PageRequest;
use sqlx::PgPool;

use super::{Account, AuditEntry, ConversationReport, Deed, Home, ReportKey, ReviewReport, Stay, StayFilter, Waiting};
use crate::error::Result;

/// Written in a transaction of its own: it must stand whatever becomes of the deed.
pub(super) async fn begin(db: &PgPool, id: AuditEntryId, staff: UserId, deed: &Deed<'_>, now: DateTime<Utc>) -> Result<()> {
    sqlx::query(
        "insert into audit_log (id, staff_id, action, subject, subject_id, reason, details, at) values ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(id)
    .bind(staff)
    .bind(deed.action)
    .bind(deed.action.subject())
    .bind(&deed.subject)
    .bind(deed.reason)
    .bind(&deed.details)
    .bind(now)
    .execute(db)
    .await?;
    Ok(())
}

pub(super) async fn end(db: &PgPool, id: AuditEntryId, done: bool, answer: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("insert into audit_outcomes (entry_id, done, answer, at) values ($1, $2, $3, $4)")
        .bind(id)
        .bind(done)
        .bind(answer)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

/// By the primary key, or by audit_log_by_subject.
pub(super) async fn log(db: &PgPool, subject: Option<&str>, page: &PageRequest<AuditEntryId>) -> Result<Vec<AuditEntry>> {
    Ok(sqlx::query_as(
        "select l.id, l.staff_id, u.name as staff_name, l.action, l.subject, l.subject_id, l.reason, l.details, l.at, o.done, o.answer
         from audit_log l join users u on u.id = l.staff_id left join audit_outcomes o on o.entry_id = l.id
         where ($1::text is null or l.subject_id = $1) and ($2::uuid is null or l.id < $2)
         order by l.id desc limit $3",
    )
    .bind(subject)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(super) async fn waiting(db: &PgPool, since: DateTime<Utc>) -> Result<Waiting> {
    Ok(sqlx::query_as(
        "select (select count(*) from disputes where closed_at is null) as disputes,
                (select count(*) from reconciliation_cases where settled_at is null) as cases,
                (select count(*) from review_reports p join reviews r on r.id = p.review_id where r.status = 'published') as review_reports,
                (select count(*) from conversation_reports where created_at > $1) as conversation_reports,
                (select count(*) from jobs where status = 'dead') as dead_jobs,
                (select count(*) from webhook_inbox where processed_at is null) as webhooks,
                (select count(*) from users where status = 'suspended') as suspended,
                (select count(*) from bookings where state = 'requested') as requests",
    )
    .bind(since)
    .fetch_one(db)
    .await?)
}

/// By the primary key, users_email_key or users_by_name.
pub(super) async fn people(
    db: &PgPool,
    (text, status, one): (&str, Option<UserStatus>, Option<UserId>),
    page: &PageRequest<UserId>,
) -> Result<Vec<Account>> {
    let beginning = text.replace('\\', r"\\").replace('%', r"\%").replace('_', r"\_") + "%";
    Ok(sqlx::query_as(
        "select u.id, u.name, u.email, u.email_verified_at, u.staff, u.status, u.created_at,
                (select count(*) from listings l where l.host_id = u.id) as homes,
                (select count(*) from bookings b where b.guest_id = u.id) as stays
         from users u
         where ($1 = '' or u.email = $1 or lower(u.name) like $2) and ($3::text is null or u.status = $3)
           and ($4::uuid is null or u.id = $4) and ($5::uuid is null or u.id < $5)
         order by u.id desc limit $6",
    )
    .bind(text)
    .bind(beginning)
    .bind(status)
    .bind(one)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// By the primary key or listings_by_host.
pub(super) async fn homes(
    db: &PgPool,
    status: Option<ListingStatus>,
    host: Option<UserId>,
    page: &PageRequest<ListingId>,
) -> Result<Vec<Home>> {
    Ok(sqlx::query_as(
        "select l.id, l.title, l.status, l.city, l.host_id, u.name as host_name, l.created_at
         from listings l join users u on u.id = l.host_id
         where ($1::text is null or l.status = $1) and ($2::uuid is null or l.host_id = $2) and ($3::uuid is null or l.id < $3)
         order by l.id desc limit $4",
    )
    .bind(status)
    .bind(host)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// By the primary key, the code's, bookings_by_guest, _by_host or _by_listing.
pub(super) async fn stays(db: &PgPool, filter: &StayFilter, page: &PageRequest<BookingId>) -> Result<Vec<Stay>> {
    Ok(sqlx::query_as(
        "select b.id, b.code, b.state, b.terms ->> 'listing_title' as title, b.guest_id, g.name as guest_name, b.host_id, h.name as host_name,
                b.check_in, b.check_out, b.total, b.currency
         from bookings b join users g on g.id = b.guest_id join users h on h.id = b.host_id
         where ($1::text is null or b.state = $1) and ($2::text is null or b.code = $2)
           and ($3::uuid is null or b.guest_id = $3 or b.host_id = $3) and ($4::uuid is null or b.listing_id = $4)
           and ($5::uuid is null or b.id < $5)
         order by b.id desc limit $6",
    )
    .bind(filter.state)
    .bind(&filter.code)
    .bind(filter.person)
    .bind(filter.listing)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// By review_reports_by_time.
pub(super) async fn review_reports(db: &PgPool, page: &PageRequest<ReportKey>) -> Result<Vec<ReviewReport>> {
    Ok(sqlx::query_as(
        "select p.review_id, r.status, r.public_comment as comment, r.author_name, r.listing_id, p.reporter_id, u.name as reporter_name,
                p.reason, p.reported_at
         from review_reports p join reviews r on r.id = p.review_id join users u on u.id = p.reporter_id
         where $1::timestamptz is null or (p.reported_at, p.review_id, p.reporter_id) < ($1, $2, $3)
         order by p.reported_at desc, p.review_id desc, p.reporter_id desc limit $4",
    )
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.after.map(|key| key.2))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// By conversation_reports_by_time.
pub(super) async fn conversation_reports(db: &PgPool, page: &PageRequest<ReportKey>) -> Result<Vec<ConversationReport>> {
    Ok(sqlx::query_as(
        "select p.conversation_id, p.reporter_id, u.name as reporter_name, p.reason, p.created_at as reported_at
         from conversation_reports p join users u on u.id = p.reporter_id
         where $1::timestamptz is null or (p.created_at, p.conversation_id, p.reporter_id) < ($1, $2, $3)
         order by p.created_at desc, p.conversation_id desc, p.reporter_id desc limit $4",
    )
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.after.map(|key| key.2))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}
