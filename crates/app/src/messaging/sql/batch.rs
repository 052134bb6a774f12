//! SQL of many threads at once.

use domain::ids::{ConversationId, UserId};
use domain::page::Limit;
use sqlx::PgPool;

use super::MessageRow;
use crate::error::Result;

#[derive(sqlx::FromRow)]
pub(in crate::messaging) struct Placed {
    pub place: i64,
    pub revealed: bool,
    #[sqlx(flatten)]
    pub message: MessageRow,
}

/// Entries of each thread that `user` takes part in, after its place.
pub(in crate::messaging) async fn messages(
    db: &PgPool,
    user: UserId,
    wanted: &[(ConversationId, Option<i64>)],
    limit: Limit,
) -> Result<Vec<Placed>> {
    let (threads, after): (Vec<ConversationId>, Vec<Option<i64>>) = wanted.iter().copied().unzip();
    Ok(sqlx::query_as(
        "select wanted.place, b.confirmed_at is not null as revealed, m.*
         from unnest($1::uuid[], $2::bigint[]) with ordinality as wanted (id, after, place)
         join conversation_members u on u.conversation_id = wanted.id and u.user_id = $3
         join conversations c on c.id = wanted.id
         left join bookings b on b.id = c.booking_id
         cross join lateral (
             select id, conversation_id, sequence, kind, sender_id, body, event_kind, created_at from messages
             where conversation_id = wanted.id and (wanted.after is null or sequence < wanted.after) order by sequence desc limit $4
         ) m order by wanted.place, m.sequence desc",
    )
    .bind(threads)
    .bind(after)
    .bind(user)
    .bind(limit.with_next())
    .fetch_all(db)
    .await?)
}
