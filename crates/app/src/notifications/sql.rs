//! What mails need to know, read across slices.

use domain::bookings::{Side, Terms};
use domain::ids::{BookingId, ListingId, ReviewId, UserId};
use domain::money::Currency;
use sqlx::PgPool;
use sqlx::types::Json;

use crate::error::Result;

#[derive(sqlx::FromRow)]
pub(super) struct BookingFacts {
    pub code: String,
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
        "select b.code, b.guest_id, b.host_id, g.name as guest_name, b.cancelled_by, b.currency, b.terms, b.message, l.line1, l.city
         from bookings b join users g on g.id = b.guest_id join listings l on l.id = b.listing_id where b.id = $1",
    )
    .bind(id)
    .fetch_optional(db)
    .await?)
}

pub(super) async fn review(db: &PgPool, id: ReviewId) -> Result<Option<(UserId, String, ListingId)>> {
    Ok(sqlx::query_as("select subject_user_id, author_name, listing_id from reviews where id = $1").bind(id).fetch_optional(db).await?)
}
