//! SQL of imported calendars and stay limits.

use chrono::NaiveDate;
use domain::ids::ListingId;
use uuid::Uuid;

use crate::copy::{CopyRows, CopyTarget, merge_in};
use crate::error::Result;
use crate::tx::Tx;

/// Takes over fewest and most nights that files name.
pub(in crate::calendar) async fn put_limits(tx: &mut Tx, limits: &[(ListingId, Option<i32>, Option<i32>)]) -> Result<Vec<Uuid>> {
    let mut rows = CopyRows::default();
    for (id, min, max) in limits {
        tx.touch(*id);
        rows.cell(id).maybe(*min).maybe(*max).end();
    }
    let columns = "listing_id, min_nights, max_nights";
    merge_in(tx, &CopyTarget { table: "stay_rules", key: "listing_id", required: "listing_id", columns }, rows).await
}

/// Replaces imported nights and day rules within what each calendar covers
/// (listing, first date, first date after it); what has not changed is left. Gives back
/// whose calendar has changed.
pub(in crate::calendar) async fn replace_imported(
    tx: &mut Tx,
    covered: &[(ListingId, NaiveDate, NaiveDate)],
    nights: CopyRows,
    days: CopyRows,
) -> Result<Vec<ListingId>> {
    let mut spans = CopyRows::default();
    for (listing, from, to) in covered {
        spans.cell(listing).cell(format!("[{from},{to})")).end();
    }
    // A calendar's rows need not stand together: a home may come in pieces.
    sqlx::raw_sql("create temporary table covered_dates (listing_id uuid, dates daterange) on commit drop").execute(&mut **tx).await?;
    spans.send(tx, "copy covered_dates from stdin (format csv)").await?;
    nights.send_to_twin(tx, "occupancies", "listing_id, id, nights").await?;
    days.send_to_twin(tx, "day_rules", "listing_id, date, price, min_nights").await?;
    sqlx::raw_sql(
        "analyze covered_dates; analyze copied_occupancies; analyze copied_day_rules;
         create temporary table changed_calendars (listing_id uuid) on commit drop;

         select 1 from listings where id in (select listing_id from covered_dates) order by id for update;

         with gone as (
             delete from occupancies o using covered_dates c
             where o.listing_id = c.listing_id and o.reason = 'import' and o.nights && c.dates
               and not exists (select 1 from copied_occupancies i where i.listing_id = o.listing_id and i.nights = o.nights)
             returning o.listing_id
         )
         insert into changed_calendars select listing_id from gone;

         with come as (
             insert into occupancies (listing_id, id, lane, reason, nights)
             select i.listing_id, i.id, 'block', 'import', i.nights from copied_occupancies i
             where not exists (select 1 from occupancies o where o.listing_id = i.listing_id and o.reason = 'import' and o.nights = i.nights)
             on conflict do nothing returning listing_id
         )
         insert into changed_calendars select listing_id from come;

         delete from covered_dates c using listings l, users u where l.id = c.listing_id and u.id = l.host_id and u.status <> 'unclaimed';

         with gone as (
             delete from day_rules d using covered_dates c
             where d.listing_id = c.listing_id and d.date <@ c.dates
               and not exists (
                   select 1 from copied_day_rules i
                   where i.listing_id = d.listing_id and i.date = d.date and (i.price, i.min_nights) is not distinct from (d.price, d.min_nights)
               )
             returning d.listing_id
         )
         insert into changed_calendars select listing_id from gone;

         with come as (
             insert into day_rules (listing_id, date, price, min_nights)
             select i.listing_id, i.date, i.price, i.min_nights from copied_day_rules i join covered_dates c on c.listing_id = i.listing_id
             on conflict do nothing returning listing_id
         )
         insert into changed_calendars select listing_id from come;

         drop table covered_dates, copied_occupancies, copied_day_rules",
    )
    .execute(&mut **tx)
    .await?;
    let statement = "select distinct listing_id from changed_calendars";
    let changed: Vec<ListingId> = sqlx::query_scalar(statement).persistent(false).fetch_all(&mut **tx).await?;
    sqlx::raw_sql("drop table changed_calendars").execute(&mut **tx).await?;
    changed.iter().for_each(|listing| tx.touch(*listing));
    Ok(changed)
}
