//! Reading the event log by snapshots; `events_by_xid` serves it.

use chrono::{DateTime, Utc};
use domain::ids::{BookingId, ConversationId, EventId, UserId};
use sqlx::PgPool;

use super::snapshot::Snapshot;
use crate::error::{Error, Result};
use crate::events::Event;

/// One event and the transaction that wrote it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub id: EventId,
    pub event: Event,
    pub occurred_at: DateTime<Utc>,
    pub xid: u64,
}

fn snapshot(text: &str) -> Result<Snapshot> {
    Snapshot::parse(text).ok_or_else(|| Error::Internal(anyhow::anyhow!("PostgreSQL gave the snapshot {text:?}")))
}

/// The present.
pub(super) async fn now(db: &PgPool) -> Result<Snapshot> {
    let text: String = sqlx::query_scalar("select pg_current_snapshot()::text").fetch_one(db).await?;
    snapshot(&text)
}

/// What people are told of and was committed since `before`, at most `limit`
/// of it, and the snapshot in which that was seen.
pub(super) async fn since(db: &PgPool, before: &Snapshot, limit: i64) -> Result<(Snapshot, Vec<Row>)> {
    type Found = (String, Option<EventId>, Option<serde_json::Value>, Option<DateTime<Utc>>, Option<String>);
    let rows: Vec<Found> = sqlx::query_as(
        "with present as materialized (select pg_current_snapshot() as snapshot)
         select present.snapshot::text, e.id, e.payload, e.occurred_at, e.xid::text
         from present left join lateral
             (select id, payload, occurred_at, xid from events
              where xid >= pg_snapshot_xmin($1::text::pg_snapshot) and not pg_visible_in_snapshot(xid, $1::text::pg_snapshot)
                and kind = any(array['booking.placed', 'booking.requested', 'booking.confirmed', 'booking.declined', 'booking.expired',
                    'booking.cancelled', 'booking.completed', 'booking.no_show', 'payment.failed', 'payment.refunded', 'message.sent',
                    'conversation.read', 'notification.added', 'notifications.read'])
              order by xid, id limit $2) e on true
         order by e.xid, e.id",
    )
    .bind(before.to_string())
    .bind(limit)
    .fetch_all(db)
    .await?;
    let after = rows.first().map_or_else(|| Ok(before.clone()), |row| snapshot(&row.0))?;
    let mut found = Vec::with_capacity(rows.len());
    for (_, id, payload, occurred_at, xid) in rows {
        let (Some(id), Some(payload), Some(occurred_at), Some(xid)) = (id, payload, occurred_at, xid) else { continue };
        found.push(Row { id, event: serde_json::from_value(payload)?, occurred_at, xid: xid.parse().unwrap_or(u64::MAX) });
    }
    Ok((after, found))
}

pub(super) async fn parties(db: &PgPool, ids: &[BookingId]) -> Result<Vec<(BookingId, Vec<UserId>)>> {
    Ok(sqlx::query_as("select id, array[guest_id, host_id] from bookings where id = any($1)").bind(ids).fetch_all(db).await?)
}

pub(super) async fn members(db: &PgPool, ids: &[ConversationId]) -> Result<Vec<(ConversationId, Vec<UserId>)>> {
    Ok(sqlx::query_as(
        "select conversation_id, array_agg(user_id) from conversation_members where conversation_id = any($1) group by conversation_id",
    )
    .bind(ids)
    .fetch_all(db)
    .await?)
}
