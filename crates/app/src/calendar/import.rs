//! What another platform's calendar says, night by night.

use chrono::NaiveDate;
use domain::calendar::DayRule;
use domain::dates::Stay;
use domain::ids::{ListingId, OccupancyId};

use super::sql;
use crate::App;
use crate::copy::CopyRows;
use crate::error::Result;
use crate::events;
use crate::tx::Tx;

/// The calendar of one home.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedCalendar {
    /// Whose.
    pub listing: ListingId,
    /// The dates it speaks of.
    pub covered: Stay,
    /// Taken nights, in runs.
    pub taken: Vec<Stay>,
    /// Free dates whose price or fewest nights are not the home's usual ones.
    pub days: Vec<DayRule>,
}

/// Replaces the imported blocks and the day rules of homes, within the dates
/// that each calendar covers. Nights that are booked here stay booked: the
/// block is left out. Hosts who have claimed their account keep their own
/// prices.
///
/// # Errors
/// When the database is out of reach; then nothing of this batch is written.
pub async fn import_calendars(app: &App, calendars: &[ImportedCalendar]) -> Result<()> {
    if calendars.is_empty() {
        return Ok(());
    }
    let mut nights = CopyRows::default();
    let mut days = CopyRows::default();
    for calendar in calendars {
        for run in &calendar.taken {
            let id: OccupancyId = app.ids.next(&app.clock);
            nights.cell(calendar.listing).cell(id).cell(format!("[{},{})", run.check_in, run.check_out)).end();
        }
        for day in &calendar.days {
            days.cell(calendar.listing).cell(day.date).maybe(day.price).maybe(day.min_nights).end();
        }
    }
    let covered: Vec<(ListingId, NaiveDate, NaiveDate)> =
        calendars.iter().map(|calendar| (calendar.listing, calendar.covered.check_in, calendar.covered.check_out)).collect();
    let mut tx = app.begin().await?;
    let changed = sql::replace_imported(&mut tx, &covered, nights, days).await?;
    events::listings_changed_in(&mut tx, &changed).await?;
    tx.commit().await
}

/// Takes over fewest and most nights that files name; `None` leaves what is
/// known. Gives back for which homes something has changed.
pub(crate) async fn import_limits_in(tx: &mut Tx, limits: &[(ListingId, Option<i32>, Option<i32>)]) -> Result<Vec<uuid::Uuid>> {
    sql::put_limits(tx, limits).await
}
