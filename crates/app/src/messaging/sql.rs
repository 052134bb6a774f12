//! SQL of conversations.

use chrono::{DateTime, NaiveDate, Utc};
use domain::bookings::{BookingState, Side};
use domain::ids::{BookingId, ConversationId, EventId, ListingId, MessageId, UserId};
use domain::messaging::{MemberRole, MessageKind};
use domain::page::PageRequest;
use sqlx::PgPool;

pub(super) mod batch;

use super::read::InboxKey;
use super::write::Thread;
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
pub(super) struct ConversationRow {
    pub id: ConversationId,
    pub listing_id: ListingId,
    pub listing_title: String,
    pub booking_id: Option<BookingId>,
    pub code: Option<String>,
    pub state: Option<BookingState>,
    pub check_in: Option<NaiveDate>,
    pub check_out: Option<NaiveDate>,
    pub revealed: bool,
    pub role: MemberRole,
    pub unread: i32,
    pub last_at: DateTime<Utc>,
}

/// An inbox, read in the order of `conversation_members_inbox`.
pub(super) async fn inbox(db: &PgPool, user: UserId, only_unread: bool, page: &PageRequest<InboxKey>) -> Result<Vec<ConversationRow>> {
    Ok(sqlx::query_as(
        "select c.id, c.listing_id, l.title as listing_title, c.booking_id, b.code, b.state, b.check_in, b.check_out,
                b.confirmed_at is not null as revealed, m.role, m.unread, m.last_at
         from conversation_members m join conversations c on c.id = m.conversation_id join listings l on l.id = c.listing_id
              left join bookings b on b.id = c.booking_id
         where m.user_id = $1 and (not $2 or m.unread > 0) and ($3::timestamptz is null or (m.last_at, m.conversation_id) < ($3, $4))
         order by m.last_at desc, m.conversation_id desc limit $5",
    )
    .bind(user)
    .bind(only_unread)
    .bind(page.after.map(|key| key.0))
    .bind(page.after.map(|key| key.1))
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

pub(super) async fn of_member(db: &PgPool, id: ConversationId, user: UserId) -> Result<Option<ConversationRow>> {
    Ok(sqlx::query_as(
        "select c.id, c.listing_id, l.title as listing_title, c.booking_id, b.code, b.state, b.check_in, b.check_out,
                b.confirmed_at is not null as revealed, m.role, m.unread, m.last_at
         from conversation_members m join conversations c on c.id = m.conversation_id join listings l on l.id = c.listing_id
              left join bookings b on b.id = c.booking_id
         where m.conversation_id = $1 and m.user_id = $2",
    )
    .bind(id)
    .bind(user)
    .fetch_optional(db)
    .await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct MemberRow {
    pub conversation_id: ConversationId,
    pub user_id: UserId,
    pub role: MemberRole,
    pub read_sequence: i64,
}

pub(super) async fn members(db: &PgPool, ids: &[ConversationId]) -> Result<Vec<MemberRow>> {
    Ok(sqlx::query_as(
        "select conversation_id, user_id, role, read_sequence from conversation_members where conversation_id = any($1)
         order by conversation_id, array_position(array['guest', 'host', 'co_host'], role), user_id",
    )
    .bind(ids)
    .fetch_all(db)
    .await?)
}

#[derive(sqlx::FromRow)]
pub(super) struct MessageRow {
    pub id: MessageId,
    pub conversation_id: ConversationId,
    pub sequence: i64,
    pub kind: MessageKind,
    pub sender_id: Option<UserId>,
    pub body: String,
    pub event_kind: Option<String>,
    pub created_at: DateTime<Utc>,
}

pub(super) async fn last_messages(db: &PgPool, ids: &[ConversationId]) -> Result<Vec<MessageRow>> {
    Ok(sqlx::query_as(
        "select m.id, m.conversation_id, m.sequence, m.kind, m.sender_id, m.body, m.event_kind, m.created_at
         from conversations c join messages m on m.conversation_id = c.id and m.sequence = c.message_count where c.id = any($1)",
    )
    .bind(ids)
    .fetch_all(db)
    .await?)
}

/// The entries of a thread, newest first; its unique key serves it.
pub(super) async fn messages(db: &PgPool, id: ConversationId, page: &PageRequest<i64>) -> Result<Vec<MessageRow>> {
    Ok(sqlx::query_as(
        "select id, conversation_id, sequence, kind, sender_id, body, event_kind, created_at from messages
         where conversation_id = $1 and ($2::bigint is null or sequence < $2) order by sequence desc limit $3",
    )
    .bind(id)
    .bind(page.after)
    .bind(page.limit.with_next())
    .fetch_all(db)
    .await?)
}

/// An entry that `user` may read, and whether contact data may be shown.
pub(super) async fn message(db: &PgPool, id: MessageId, user: UserId) -> Result<Option<(MessageRow, bool)>> {
    let row: Option<MessageRow> = sqlx::query_as(
        "select m.id, m.conversation_id, m.sequence, m.kind, m.sender_id, m.body, m.event_kind, m.created_at
         from messages m join conversation_members u on u.conversation_id = m.conversation_id and u.user_id = $2 where m.id = $1",
    )
    .bind(id)
    .bind(user)
    .fetch_optional(db)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let revealed: bool = sqlx::query_scalar(
        "select exists (select from conversations c join bookings b on b.id = c.booking_id where c.id = $1 and b.confirmed_at is not null)",
    )
    .bind(row.conversation_id)
    .fetch_one(db)
    .await?;
    Ok(Some((row, revealed)))
}

pub(super) async fn unread(db: &PgPool, user: UserId) -> Result<i64> {
    Ok(sqlx::query_scalar("select coalesce(sum(unread), 0)::bigint from conversation_members where user_id = $1 and unread > 0")
        .bind(user)
        .fetch_one(db)
        .await?)
}

pub(super) async fn find(tx: &mut Tx, thread: &Thread) -> Result<Option<ConversationId>> {
    Ok(match thread.booking {
        Some(booking) => {
            sqlx::query_scalar("select id from conversations where booking_id = $1").bind(booking).fetch_optional(&mut **tx).await?
        }
        None => {
            sqlx::query_scalar("select id from conversations where guest_id = $1 and listing_id = $2 and booking_id is null")
                .bind(thread.guest)
                .bind(thread.listing)
                .fetch_optional(&mut **tx)
                .await?
        }
    })
}

pub(super) async fn adopt_inquiry(tx: &mut Tx, booking: BookingId, thread: &Thread) -> Result<Option<ConversationId>> {
    Ok(sqlx::query_scalar(
        "update conversations set booking_id = $1 where guest_id = $2 and listing_id = $3 and booking_id is null
            and not exists (select from conversations where booking_id = $1) returning id",
    )
    .bind(booking)
    .bind(thread.guest)
    .bind(thread.listing)
    .fetch_optional(&mut **tx)
    .await?)
}

/// Writes a new thread; false when there is one already.
pub(super) async fn insert(tx: &mut Tx, id: ConversationId, thread: &Thread) -> Result<bool> {
    let now = tx.now();
    let done = sqlx::query(
        "insert into conversations (id, listing_id, booking_id, guest_id, created_at) values ($1, $2, $3, $4, $5) on conflict do nothing",
    )
    .bind(id)
    .bind(thread.listing)
    .bind(thread.booking)
    .bind(thread.guest)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn join(tx: &mut Tx, id: ConversationId, user: UserId, role: MemberRole) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into conversation_members (conversation_id, user_id, role, last_at) values ($1, $2, $3, $4) on conflict do nothing",
    )
    .bind(id)
    .bind(user)
    .bind(role)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn host_of(tx: &mut Tx, listing: ListingId) -> Result<UserId> {
    Ok(sqlx::query_scalar("select host_id from listings where id = $1").bind(listing).fetch_one(&mut **tx).await?)
}

/// Takes the thread's next number; whoever writes to it waits here.
pub(super) async fn next_sequence(tx: &mut Tx, id: ConversationId) -> Result<i64> {
    let last: Option<i64> =
        sqlx::query_scalar("select message_count from conversations where id = $1 for update").bind(id).fetch_optional(&mut **tx).await?;
    last.map(|last| last + 1).ok_or(crate::Error::NotFound("conversation"))
}

/// Those who take part beside `user`; `None` when `user` does not.
pub(super) async fn others(tx: &mut Tx, id: ConversationId, user: UserId) -> Result<Option<Vec<UserId>>> {
    let members: Vec<UserId> =
        sqlx::query_scalar("select user_id from conversation_members where conversation_id = $1").bind(id).fetch_all(&mut **tx).await?;
    Ok(members.contains(&user).then(|| members.into_iter().filter(|member| *member != user).collect()))
}

pub(super) async fn sent_since(tx: &mut Tx, user: UserId, since: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from messages where sender_id = $1 and created_at > $2")
        .bind(user)
        .bind(since)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) async fn inquiries_since(tx: &mut Tx, guest: UserId, since: DateTime<Utc>) -> Result<i64> {
    Ok(sqlx::query_scalar("select count(*) from conversations where guest_id = $1 and booking_id is null and created_at > $2")
        .bind(guest)
        .bind(since)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) struct NewMessage<'a> {
    pub id: MessageId,
    pub conversation: ConversationId,
    pub sequence: i64,
    pub kind: MessageKind,
    pub sender: Option<UserId>,
    pub body: &'a str,
    /// Which fact it tells, and the fact's kind.
    pub event: Option<(EventId, &'a str)>,
}

/// Writes an entry, and moves the thread up in every member's inbox. What
/// people wrote is unread for the others.
pub(super) async fn insert_message(tx: &mut Tx, new: &NewMessage<'_>) -> Result<()> {
    let now = tx.now();
    let event_kind = new.event.filter(|_| new.kind == MessageKind::System).map(|(_, kind)| kind);
    sqlx::query(
        "insert into messages (id, conversation_id, sequence, kind, sender_id, body, event_id, event_kind, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(new.id)
    .bind(new.conversation)
    .bind(new.sequence)
    .bind(new.kind)
    .bind(new.sender)
    .bind(new.body)
    .bind(new.event.map(|(id, _)| id))
    .bind(event_kind)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    sqlx::query("update conversations set message_count = $2 where id = $1")
        .bind(new.conversation)
        .bind(new.sequence)
        .execute(&mut **tx)
        .await?;
    sqlx::query(
        "update conversation_members set last_at = $2,
             unread = case when $3::uuid is null then unread when user_id = $3 then 0 else unread + 1 end,
             read_sequence = case when user_id = $3 then $4 else read_sequence end
         where conversation_id = $1",
    )
    .bind(new.conversation)
    .bind(now)
    .bind(new.sender)
    .bind(new.sequence)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

pub(super) async fn has_entry(tx: &mut Tx, id: ConversationId, event: EventId, kind: MessageKind) -> Result<bool> {
    Ok(sqlx::query_scalar("select exists (select from messages where conversation_id = $1 and event_id = $2 and kind = $3)")
        .bind(id)
        .bind(event)
        .bind(kind)
        .fetch_one(&mut **tx)
        .await?)
}

pub(super) async fn sequence_of(tx: &mut Tx, id: ConversationId, message: MessageId) -> Result<Option<i64>> {
    Ok(sqlx::query_scalar("select sequence from messages where id = $2 and conversation_id = $1")
        .bind(id)
        .bind(message)
        .fetch_optional(&mut **tx)
        .await?)
}

/// Moves a member's reading on; all of it without a number. `None` when they
/// take no part, otherwise whether that changed anything.
pub(super) async fn mark_read(tx: &mut Tx, id: ConversationId, user: UserId, up_to: Option<i64>) -> Result<Option<bool>> {
    let row: Option<(i64, i64)> = sqlx::query_as(
        "select m.read_sequence, c.message_count from conversation_members m join conversations c on c.id = m.conversation_id
         where m.conversation_id = $1 and m.user_id = $2 for update of c",
    )
    .bind(id)
    .bind(user)
    .fetch_optional(&mut **tx)
    .await?;
    let Some((read, last)) = row else { return Ok(None) };
    let sequence = up_to.unwrap_or(last);
    if sequence <= read {
        return Ok(Some(false));
    }
    sqlx::query(
        "update conversation_members set read_sequence = $3,
             unread = (select count(*) from messages
                       where conversation_id = $1 and sequence > $3 and kind = 'text' and sender_id <> $2)::integer
         where conversation_id = $1 and user_id = $2",
    )
    .bind(id)
    .bind(user)
    .bind(sequence)
    .execute(&mut **tx)
    .await?;
    Ok(Some(true))
}

/// Whether any of `others` is still there, and whether one of them and `user`
/// have blocked each other.
pub(super) async fn standing(tx: &mut Tx, user: UserId, others: &[UserId]) -> Result<(bool, bool)> {
    Ok(sqlx::query_as(
        "select exists (select from users where id = any($2) and status in ('active', 'unclaimed')),
                exists (select from user_blocks where (user_id = $1 and blocked_id = any($2)) or (blocked_id = $1 and user_id = any($2)))",
    )
    .bind(user)
    .bind(others)
    .fetch_one(&mut **tx)
    .await?)
}

pub(super) async fn block(tx: &mut Tx, user: UserId, other: UserId) -> Result<()> {
    let now = tx.now();
    sqlx::query("insert into user_blocks (user_id, blocked_id, created_at) values ($1, $2, $3) on conflict do nothing")
        .bind(user)
        .bind(other)
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn unblock(tx: &mut Tx, user: UserId, other: UserId) -> Result<bool> {
    let done =
        sqlx::query("delete from user_blocks where user_id = $1 and blocked_id = $2").bind(user).bind(other).execute(&mut **tx).await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn blocked(db: &PgPool, user: UserId) -> Result<Vec<UserId>> {
    Ok(sqlx::query_scalar("select blocked_id from user_blocks where user_id = $1 order by blocked_id limit 100")
        .bind(user)
        .fetch_all(db)
        .await?)
}

pub(super) async fn report(tx: &mut Tx, id: ConversationId, user: UserId, reason: &str) -> Result<()> {
    let now = tx.now();
    sqlx::query(
        "insert into conversation_reports (conversation_id, reporter_id, reason, created_at) values ($1, $2, $3, $4)
         on conflict (conversation_id, reporter_id) do update set reason = excluded.reason, created_at = excluded.created_at",
    )
    .bind(id)
    .bind(user)
    .bind(reason)
    .bind(now)
    .execute(&mut **tx)
    .await?;
    Ok(())
}

/// Removes somebody's words and who they blocked.
pub(super) async fn forget(tx: &mut Tx, user: UserId) -> Result<()> {
    sqlx::query("update messages set body = '' where sender_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from user_blocks where user_id = $1 or blocked_id = $1").bind(user).execute(&mut **tx).await?;
    sqlx::query("delete from conversation_reports where reporter_id = $1").bind(user).execute(&mut **tx).await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
pub(super) struct BookingFacts {
    pub listing_id: ListingId,
    pub guest_id: UserId,
    pub check_in: NaiveDate,
    pub check_out: NaiveDate,
    pub cancelled_by: Option<Side>,
    pub message: String,
}

pub(super) async fn booking(db: &PgPool, id: BookingId) -> Result<Option<BookingFacts>> {
    Ok(sqlx::query_as("select listing_id, guest_id, check_in, check_out, cancelled_by, message from bookings where id = $1")
        .bind(id)
        .fetch_optional(db)
        .await?)
}
