//! Nights that another platform's calendar calls taken.

use std::fmt::Write;

use domain::dates::Stay;
use domain::ids::{ListingId, OccupancyId};

use crate::App;
use crate::error::Result;

/// Replaces the imported blocks of listings, within the dates that the calendar
/// covers, by its taken runs. Nights that are booked here stay booked: the
/// block is left out.
///
/// # Errors
/// When the database is out of reach; then nothing of this batch is written.
pub async fn import_blocks(app: &App, calendars: &[(ListingId, Stay, Vec<Stay>)]) -> Result<()> {
    if calendars.is_empty() {
        return Ok(());
    }
    let mut rows = String::new();
    for (listing, _, taken) in calendars {
        for nights in taken {
            let id: OccupancyId = app.ids.next(&app.clock);
            // Writing to a String cannot fail.
            let _ = writeln!(rows, "{listing},{id},{},{}", nights.check_in, nights.check_out);
        }
    }
    let mut tx = app.begin().await?;
    for (listing, covered, _) in calendars {
        sqlx::query("delete from occupancies where listing_id = $1 and reason = 'import' and nights && daterange($2, $3)")
            .bind(listing)
            .bind(covered.check_in)
            .bind(covered.check_out)
            .execute(&mut *tx)
            .await?;
    }
    sqlx::raw_sql("create temporary table imported_nights (listing_id uuid, id uuid, from_date date, to_date date) on commit drop")
        .execute(&mut *tx)
        .await?;
    let mut copy = tx.copy_in_raw("copy imported_nights from stdin (format csv)").await?;
    copy.send(rows.as_bytes()).await?;
    copy.finish().await?;
    sqlx::raw_sql(
        "insert into occupancies (listing_id, id, lane, reason, nights)
         select listing_id, id, 'block', 'import', daterange(from_date, to_date) from imported_nights on conflict do nothing",
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    for (listing, _, _) in calendars {
        crate::cached::forget_listing(app, *listing).await;
    }
    crate::cached::forget_searches(app).await;
    Ok(())
}
