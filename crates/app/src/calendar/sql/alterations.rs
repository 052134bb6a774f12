//! SQL of the nights that a booking holds while a change of it is open, and of
//! moving its own.

use chrono::{DateTime, Utc};
use domain::dates::Stay;
use domain::ids::{AlterationId, BookingId, ListingId};

use super::range;
use crate::error::Result;
use crate::tx::Tx;

/// Whether a night of a range is held by a block or another booking.
pub(in crate::calendar) async fn held_by_others(
    tx: &mut Tx,
    listing: ListingId,
    booking: BookingId,
    within: Stay,
    now: DateTime<Utc>,
) -> Result<bool> {
    Ok(sqlx::query_scalar(
        "select exists (select 1 from occupancies
                        where listing_id = $1 and nights && $3 and booking_id is distinct from $2 and (expires_at is null or expires_at > $4))",
    )
    .bind(listing)
    .bind(booking)
    .bind(range(within))
    .bind(now)
    .fetch_one(&mut **tx)
    .await?)
}

/// Marks the nights that were just held beside a booking's own.
pub(in crate::calendar) async fn name_alteration(
    tx: &mut Tx,
    booking: BookingId,
    alteration: AlterationId,
    expires_at: DateTime<Utc>,
) -> Result<()> {
    let listings: Vec<ListingId> = sqlx::query_scalar(
        "update occupancies set alteration_id = $2
         where booking_id = $1 and lane = 'booking' and alteration_id is null and expires_at = $3 returning listing_id",
    )
    .bind(booking)
    .bind(alteration)
    .bind(expires_at)
    .fetch_all(&mut **tx)
    .await?;
    listings.iter().for_each(|listing| tx.touch_nights(*listing));
    Ok(())
}

pub(in crate::calendar) async fn set_alteration_expiry(
    tx: &mut Tx,
    alteration: AlterationId,
    expires_at: Option<DateTime<Utc>>,
) -> Result<()> {
    let listings: Vec<ListingId> =
        sqlx::query_scalar("update occupancies set expires_at = $2 where alteration_id = $1 returning listing_id")
            .bind(alteration)
            .bind(expires_at)
            .fetch_all(&mut **tx)
            .await?;
    listings.iter().for_each(|listing| tx.touch_nights(*listing));
    Ok(())
}

/// False when it holds nothing (any more).
pub(in crate::calendar) async fn delete_of_alteration(tx: &mut Tx, alteration: AlterationId) -> Result<bool> {
    let listings: Vec<ListingId> = sqlx::query_scalar("delete from occupancies where alteration_id = $1 returning listing_id")
        .bind(alteration)
        .fetch_all(&mut **tx)
        .await?;
    listings.iter().for_each(|listing| tx.touch_nights(*listing));
    Ok(!listings.is_empty())
}

/// Frees all that a booking holds beside its own nights.
pub(in crate::calendar) async fn delete_beside(tx: &mut Tx, booking: BookingId) -> Result<()> {
    let listings: Vec<ListingId> = sqlx::query_scalar(
        "delete from occupancies where booking_id = $1 and (lane = 'block' or alteration_id is not null) returning listing_id",
    )
    .bind(booking)
    .fetch_all(&mut **tx)
    .await?;
    listings.iter().for_each(|listing| tx.touch_nights(*listing));
    Ok(())
}

/// Moves a booking's own nights; false when it has none.
pub(in crate::calendar) async fn set_nights(tx: &mut Tx, booking: BookingId, stay: Stay) -> Result<bool> {
    let listings: Vec<ListingId> =
        sqlx::query_scalar("update occupancies set nights = $2 where booking_id = $1 and lane = 'booking' returning listing_id")
            .bind(booking)
            .bind(range(stay))
            .fetch_all(&mut **tx)
            .await?;
    listings.iter().for_each(|listing| tx.touch_nights(*listing));
    Ok(!listings.is_empty())
}
