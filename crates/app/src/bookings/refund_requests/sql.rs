//! SQL of requests for extra refunds.

use chrono::{DateTime, Utc};
use domain::alterations::refund_requests::RefundRequestState;
use domain::ids::{BookingId, RefundRequestId, UserId};
use domain::money::{Currency, Money};
use sqlx::PgPool;

use super::RefundRequest;
use crate::error::Result;
use crate::tx::Tx;

#[derive(sqlx::FromRow)]
struct Row {
    id: RefundRequestId,
    booking_id: BookingId,
    amount: i64,
    currency: Currency,
    reason: String,
    state: RefundRequestState,
    granted: Option<i64>,
    answer: String,
    created_at: DateTime<Utc>,
    answered_at: Option<DateTime<Utc>>,
}

impl From<Row> for RefundRequest {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            booking_id: row.booking_id,
            amount: Money::new(row.amount, row.currency),
            reason: row.reason,
            state: row.state,
            granted: row.granted.map(|granted| Money::new(granted, row.currency)),
            answer: row.answer,
            created_at: row.created_at,
            answered_at: row.answered_at,
        }
    }
}

/// False while another request of the booking is open.
pub(super) async fn insert(tx: &mut Tx, request: &RefundRequest, guest: UserId) -> Result<bool> {
    let done = sqlx::query(
        "insert into refund_requests (id, booking_id, guest_id, amount, currency, reason, state, created_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing",
    )
    .bind(request.id)
    .bind(request.booking_id)
    .bind(guest)
    .bind(request.amount.amount)
    .bind(request.amount.currency)
    .bind(&request.reason)
    .bind(request.state)
    .bind(request.created_at)
    .execute(&mut **tx)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(super) async fn save(tx: &mut Tx, request: &RefundRequest) -> Result<()> {
    sqlx::query("update refund_requests set state = $2, granted = $3, answer = $4, answered_at = $5 where id = $1")
        .bind(request.id)
        .bind(request.state)
        .bind(request.granted.map(|granted| granted.amount))
        .bind(&request.answer)
        .bind(request.answered_at)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn locked(tx: &mut Tx, id: RefundRequestId) -> Result<Option<RefundRequest>> {
    let row: Option<Row> = sqlx::query_as(
        "select id, booking_id, amount, currency, reason, state, granted, answer, created_at, answered_at
         from refund_requests where id = $1 for update",
    )
    .bind(id)
    .fetch_optional(&mut **tx)
    .await?;
    Ok(row.map(RefundRequest::from))
}

pub(super) async fn of_booking(db: &PgPool, booking: BookingId) -> Result<Vec<RefundRequest>> {
    let rows: Vec<Row> = sqlx::query_as(
        "select id, booking_id, amount, currency, reason, state, granted, answer, created_at, answered_at
         from refund_requests where booking_id = $1 order by id desc limit 100",
    )
    .bind(booking)
    .fetch_all(db)
    .await?;
    Ok(rows.into_iter().map(RefundRequest::from).collect())
}
