//! SQL of notifications and preferences, and what letters need to know, read
//! across slices.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use domain::alterations::AlterationState;
use domain::alterations::refund_requests::RefundRequestState;
use domain::bookings::{BookingState, Side, Terms};
use domain::ids::{
    AlterationId, BookingId, CoHostId, ConversationId, CreditGrantId, ListingId, MessageId, NotificationId, PayoutId, RefundRequestId,
    ReviewId, TransferId, UserId,
};
use domain::money::Currency;
use domain::notifications::{NotificationKind, QuietHours, Roads};
use domain::page::PageRequest;
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool};

use super::{Letter, Notification};
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
pub(super) struct BookingFacts {
    pub code: String,
    pub state: BookingState,
    pub respond_by: Option<DateTime<Utc>>,
    pub check_in_at: DateTime<Utc>,
    pub check_out_at: DateTime<Utc>,
    pub guest_id: UserId,
    pub host_id: UserId,
    pub guest_name: String,
    pub cancelled_by: Option<Side>,
    pub currency: Currency,
    pub terms: Json<Terms>,
    pub message: String,
    pub line1: String,
    pub city: String,
}

pub(super) async fn booking(db: &PgPool, id: BookingId) -> Result<Option<BookingFacts>> {
    Ok(sqlx::query_as(
        "select b.code, b.state, b.respond_by, b.check_in_at, b.check_out_at, b.guest_id, b.host_id, g.name as guest_name, b.cancelled_by,
                b.currency, b.terms, b.message, l.line1, l.city
         from bookings b join users g on g.id = b.guest_id join listings l on l.id = b.listing_id where b.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn review(db: &PgPool, id: ReviewId) -> Result<Option<(UserId, String, ListingId)>> {
    Ok(sqlx::query_as("select subject_user_id, author_name, listing_id from reviews where id = $1").bind(id).fetch_optional(db).await?)
}

/// Who has reviewed a stay.
pub(super) async fn reviewers(db: &PgPool, booking: BookingId) -> Result<Vec<UserId>> {
    Ok(sqlx::query_scalar("select author_id from reviews where booking_id = $1 and author_id is not null")
        .bind(booking)
        .fetch_all(db)
        .await?)
}

/// What a notification says.
pub(super) struct Words<'a> {
    kind: NotificationKind,
    cause: &'a str,
    title: &'a str,
    body: &'a str,
    link: &'a str,
}

impl<'a> Words<'a> {
    pub fn of(letter: &'a Letter, cause: &'a str) -> Self {
        Self { kind: letter.kind, cause, title: &letter.subject, body: &letter.words, link: letter.link.as_deref().unwrap_or_default() }
    }
}

/// Writes a notification; false when its cause was told before.
pub(super) async fn insert(tx: &mut Tx, id: NotificationId, user: UserId, words: &Words<'_>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "insert into notifications (id, user_id, kind, cause, title, body, link, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (user_id, cause) do nothing",
    )
    .bind(id)
    .bind(user)
    .bind(words.kind)
    .bind(words.cause)
    .bind(words.title)
    .bind(words.body)
    .bind(words.link)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes a notification, in place of an earlier one of the same cause.
pub(super) async fn renew(tx: &mut Tx, id: NotificationId, user: UserId, words: &Words<'_>) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into notifications (id, user_id, kind, cause, title, body, link, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8)
         on conflict (user_id, cause) do update set id = excluded.id, title = excluded.title, body = excluded.body, link = excluded.link,
             read_at = null, created_at = excluded.created_at",
    )
    .bind(id)
    .bind(user)
    .bind(words.kind)
    .bind(words.cause)
    .bind(words.title)
    .bind(words.body)
    .bind(words.link)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Somebody's notifications, newest first; `notifications_by_user` serves it.
pub(super) async fn list(db: &PgPool, user: UserId, only_unread: bool, page: &PageRequest<NotificationId>) -> Result<Vec<Notification>> {
    Ok(sqlx::query_as(
        "select id, kind, title, body, link, read_at, created_at from notifications
         where user_id = $1 and (not $2 or read_at is null) and ($3::uuid is null or id < $3) order by id desc limit $4",
    )
    .bind(user)
    .bind(only_unread)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(super) async fn one(db: &PgPool, user: UserId, id: NotificationId) -> Result<Option<Notification>> {
    Ok(sqlx::query_as("select id, kind, title, body, link, read_at, created_at from notifications where user_id = $1 and id = $2")
        .bind(user)
        .bind(id)
        .fetch_optional(db)
        .await?)
}

pub(super) async fn unread(db: &PgPool, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from notifications where user_id = $1 and read_at is null").bind(user).fetch_one(db).await?)
}

/// Marks notifications as seen; whether that changed any.
pub(super) async fn mark_read(tx: &mut Tx, user: UserId, ids: Option<&[NotificationId]>) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "update notifications set read_at = $3 where user_id = $1 and read_at is null and ($2::uuid[] is null or id = any($2))",
    )
    .bind(user)
    .bind(ids)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// Marks what was told of one cause as seen.
pub(super) async fn read_cause(db: &PgPool, user: UserId, cause: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query("update notifications set read_at = $3 where user_id = $1 and cause = $2 and read_at is null")
        .bind(user)
        .bind(cause)
        .bind(now)
        .execute(db)
        .await?;
    Ok(())
}

pub(super) async fn choices(db: &mut PgConnection, user: UserId) -> Result<BTreeMap<NotificationKind, Roads>> {
    let rows: Vec<(NotificationKind, bool, bool)> =
        sqlx::query_as("select kind, email, in_app from notification_choices where user_id = $1").bind(user).fetch_all(db).await?;
    Ok(rows.into_iter().map(|(kind, email, in_app)| (kind, Roads { email, in_app })).collect())
}

pub(super) async fn put_choices(tx: &mut Tx, user: UserId, roads: &BTreeMap<NotificationKind, Roads>) -> Result<()> {
    for (kind, roads) in roads {
        sqlx::query(
            "insert into notification_choices (user_id, kind, email, in_app) values ($1, $2, $3, $4)
             on conflict (user_id, kind) do update set email = excluded.email, in_app = excluded.in_app",
        )
        .bind(user)
        .bind(kind)
        .bind(roads.email)
        .bind(roads.in_app)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn quiet(db: &mut PgConnection, user: UserId) -> Result<Option<QuietHours>> {
    let row: Option<(String, NaiveTime, NaiveTime)> =
        sqlx::query_as("select time_zone, quiet_from, quiet_until from notification_hours where user_id = $1")
            .bind(user)
            .fetch_optional(db)
            .await?;
    Ok(row.map(|(zone, from, until)| QuietHours { time_zone: zone.parse().unwrap_or(chrono_tz::UTC), from, until }))
}

pub(super) async fn put_quiet(tx: &mut Tx, user: UserId, quiet: Option<&QuietHours>) -> Result<()> {
    let Some(quiet) = quiet else {
        sqlx::query("delete from notification_hours where user_id = $1").bind(user).execute(&mut **tx).await?;
        return Ok(());
    };
    sqlx::query(
        "insert into notification_hours (user_id, time_zone, quiet_from, quiet_until) values ($1, $2, $3, $4)
         on conflict (user_id) do update set time_zone = $2, quiet_from = $3, quiet_until = $4",
    )
    .bind(user)
    .bind(quiet.time_zone.name())
    .bind(quiet.from)
    .bind(quiet.until)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("delete from notifications where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from notification_choices where user_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from notification_hours where user_id = $1").bind(user).execute(&mut **tx).await?;
    Ok(())
}

/// Who wrote a message where, and whether it is told apart from any booking's
/// news.
#[derive(sqlx::FromRow)]
pub(super) struct MessageFacts {
    pub conversation_id: ConversationId,
    pub sequence: i64,
    pub sender_id: UserId,
    pub sender_name: String,
    pub apart: bool,
}

pub(super) async fn message(db: &PgPool, id: MessageId) -> Result<Option<MessageFacts>> {
    Ok(sqlx::query_as(
        "select m.conversation_id, m.sequence, m.sender_id, u.name as sender_name, m.event_id is null as apart
         from messages m join users u on u.id = m.sender_id where m.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

/// Whoever an invitation is for, if they have an account; who invites, and to
/// help with what.
pub(super) async fn invitation(db: &PgPool, id: CoHostId) -> Result<Option<(UserId, String, String)>> {
    Ok(sqlx::query_as(
        "select u.id, h.name, l.title from listing_co_hosts c join users u on u.email = c.email
         join users h on h.id = c.invited_by join listings l on l.id = c.listing_id where c.id = $1 and c.state = 'invited'",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

/// Members beside the sender who have not read up to an entry yet.
pub(super) async fn readers(db: &PgPool, id: ConversationId, sender: UserId, sequence: i64) -> Result<Vec<UserId>> {
    Ok(sqlx::query_scalar("select user_id from conversation_members where conversation_id = $1 and user_id <> $2 and read_sequence < $3")
        .bind(id)
        .bind(sender)
        .bind(sequence)
        .fetch_all(db)
        .await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct TransferFacts {
    pub host_id: UserId,
    pub amount: i64,
    pub recovered: i64,
    pub currency: Currency,
    pub failure_code: Option<String>,
}

pub(super) async fn transfer(db: &PgPool, id: TransferId) -> Result<Option<TransferFacts>> {
    Ok(sqlx::query_as("select host_id, amount, recovered, currency, failure_code from payout_transfers where id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct CreditFacts {
    pub user_id: UserId,
    pub amount: i64,
    pub currency: Currency,
    pub reason: String,
    pub expires_at: Option<DateTime<Utc>>,
}

pub(super) async fn credit(db: &PgPool, id: CreditGrantId) -> Result<Option<CreditFacts>> {
    Ok(sqlx::query_as("select user_id, amount, currency, reason, expires_at from credit_grants where id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct AlterationFacts {
    pub proposed_by: Side,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    pub total_before: i64,
    pub total_after: i64,
    pub message: String,
    pub state: AlterationState,
}

pub(super) async fn alteration(db: &PgPool, id: AlterationId) -> Result<Option<AlterationFacts>> {
    Ok(sqlx::query_as(
        "select proposed_by, check_in, check_out, total_before, total_after, message, state from booking_alterations where id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct RefundFacts {
    pub amount: i64,
    pub granted: Option<i64>,
    pub reason: String,
    pub answer: String,
    pub state: RefundRequestState,
}

pub(super) async fn refund_request(db: &PgPool, id: RefundRequestId) -> Result<Option<RefundFacts>> {
    Ok(sqlx::query_as("select amount, granted, reason, answer, state from refund_requests where id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?)
}

/// To whom a payout is due, and how much.
pub(super) async fn payout(db: &PgPool, id: PayoutId) -> Result<Option<(UserId, i64)>> {
    Ok(sqlx::query_as("select host_id, amount from payouts where id = $1").bind(id).fetch_optional(db).await?)
}
