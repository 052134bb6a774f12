//! What kind of thing an id names: ids are unique across all tables, so one
//! statement over their primary keys tells. Says nothing of who may see it.

use uuid::Uuid;

use crate::App;
use crate::error::Result;

/// Kinds of things that can be asked for by nothing but their id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Kind {
    Listing,
    User,
    Booking,
    Review,
    /// A payment; the id that comes with it is its booking's.
    PaymentOf,
}

/// What `id` names, and by which id to ask for it; none when nothing has it.
///
/// # Errors
/// When the database is out of reach.
pub async fn kind_of(app: &App, id: Uuid) -> Result<Option<(Kind, Uuid)>> {
    let found: Option<(String, Uuid)> = sqlx::query_as(
        "select 'listing', id from listings where id = $1
         union all select 'user', id from users where id = $1
         union all select 'booking', id from bookings where id = $1
         union all select 'review', id from reviews where id = $1
         union all select 'payment', booking_id from payments where id = $1",
    )
    .bind(id)
    .fetch_optional(&app.db)
    .await?;
    Ok(found.and_then(|(word, id)| {
        let kind = match word.as_str() {
            "listing" => Kind::Listing,
            "user" => Kind::User,
            "booking" => Kind::Booking,
            "review" => Kind::Review,
            "payment" => Kind::PaymentOf,
            _ => return None,
        };
        Some((kind, id))
    }))
}
