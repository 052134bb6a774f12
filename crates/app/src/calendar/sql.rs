//! SQL of stay rules, day rules and occupancies.

mod alterations;
pub(super) mod feeds;

use chrono::{DateTime, NaiveDate, Utc};
use domain::calendar::{DayRule, Lane, RuleSeason, StayFacts, StayRules, Taken, Weekday};
use domain::calendar_feeds::Booked;
use domain::dates::Stay;
use domain::ids::{BookingId, CalendarFeedId, ListingId, OccupancyId};
use sqlx::PgConnection;
use sqlx::postgres::types::PgRange;

pub(super) mod batch;

use crate::error::Result;
use crate::tx::Tx;

mod import;

pub(super) use alterations::*;
pub(super) use import::{put_limits, replace_imported};

/// Half-open, as PostgreSQL keeps it.
fn range(stay: Stay) -> PgRange<NaiveDate> {
    (stay.check_in..stay.check_out).into()
}

fn weekdays(mask: i32) -> Vec<Weekday> {
    Weekday::ALL.iter().copied().filter(|day| mask & (1 << day.index()) != 0).collect()
}

fn mask(days: &[Weekday]) -> i32 {
    days.iter().fold(0, |mask, day| mask | (1 << day.index()))
}

#[derive(sqlx::FromRow)]
struct RulesRow {
    min_nights: i32,
    max_nights: Option<i32>,
    advance_notice_hours: i32,
    notice_cutoff_hour: Option<i32>,
    preparation_nights: i32,
    booking_window_days: Option<i32>,
    max_pets: i32,
    infants_count: bool,
    has_seasons: bool,
}

#[derive(sqlx::FromRow)]
struct SeasonRow {
    from_date: NaiveDate,
    to_date: NaiveDate,
    min_nights: Option<i32>,
    min_nights_weekday: Option<Vec<Option<i32>>>,
    max_nights: Option<i32>,
    closed_to_arrival: i32,
    closed_to_departure: i32,
}

pub(super) async fn rules(db: &mut PgConnection, listing: ListingId) -> Result<StayRules> {
    let row: Option<RulesRow> = sqlx::query_as(
        "select min_nights, max_nights, advance_notice_hours, notice_cutoff_hour, preparation_nights, booking_window_days, max_pets, infants_count,
                exists (select 1 from rule_seasons s where s.listing_id = r.listing_id) as has_seasons
         from stay_rules r where listing_id = $1",
    )
    .bind(listing)
    .fetch_optional(&mut *db)
    .await?;
    let Some(row) = row else { return Ok(StayRules::default()) };
    let seasons: Vec<SeasonRow> = if row.has_seasons { seasons(db, listing).await? } else { Vec::new() };
    Ok(row.rules(seasons))
}

impl RulesRow {
    fn rules(self, seasons: Vec<SeasonRow>) -> StayRules {
        StayRules {
            min_nights: self.min_nights,
            max_nights: self.max_nights,
            advance_notice_hours: self.advance_notice_hours,
            notice_cutoff_hour: self.notice_cutoff_hour,
            preparation_nights: self.preparation_nights,
            booking_window_days: self.booking_window_days,
            max_pets: self.max_pets,
            infants_count: self.infants_count,
            seasons: seasons.into_iter().map(RuleSeason::from).collect(),
        }
    }
}

impl From<SeasonRow> for RuleSeason {
    fn from(row: SeasonRow) -> Self {
        Self {
            from: row.from_date,
            to: row.to_date,
            min_nights: row.min_nights,
            min_nights_by_weekday: row.min_nights_weekday.and_then(|days| days.try_into().ok()),
            max_nights: row.max_nights,
            closed_to_arrival: weekdays(row.closed_to_arrival),
            closed_to_departure: weekdays(row.closed_to_departure),
        }
    }
}

async fn seasons(db: &mut PgConnection, listing: ListingId) -> Result<Vec<SeasonRow>> {
    Ok(sqlx::query_as(
        "select lower(season) as from_date, upper(season) as to_date, min_nights, min_nights_weekday, max_nights, closed_to_arrival, closed_to_departure
         from rule_seasons where listing_id = $1 order by season",
    )
    .bind(listing)
    .fetch_all(db)
    .await?)
}

pub(super) async fn put_rules(tx: &mut Tx, listing: ListingId, rules: &StayRules) -> Result<()> {
    tx.touch(listing);
    sqlx::query(
        "insert into stay_rules (listing_id, min_nights, max_nights, advance_notice_hours, notice_cutoff_hour, preparation_nights,
             booking_window_days, max_pets, infants_count)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         on conflict (listing_id) do update set min_nights = $2, max_nights = $3, advance_notice_hours = $4, notice_cutoff_hour = $5,
             preparation_nights = $6, booking_window_days = $7, max_pets = $8, infants_count = $9",
    )
    .bind(listing)
    .bind(rules.min_nights)
    .bind(rules.max_nights)
    .bind(rules.advance_notice_hours)
    .bind(rules.notice_cutoff_hour)
    .bind(rules.preparation_nights)
    .bind(rules.booking_window_days)
    .bind(rules.max_pets)
    .bind(rules.infants_count)
    .execute(&mut **tx)
    .await?;
    sqlx::query("delete from rule_seasons where listing_id = $1").bind(listing).execute(&mut **tx).await?;
    for season in &rules.seasons {
        sqlx::query(
            "insert into rule_seasons (listing_id, season, min_nights, min_nights_weekday, max_nights, closed_to_arrival, closed_to_departure)
             values ($1, daterange($2, $3), $4, $5, $6, $7, $8)
             on conflict (listing_id, season) do update set min_nights = excluded.min_nights, min_nights_weekday = excluded.min_nights_weekday,
                 max_nights = excluded.max_nights, closed_to_arrival = excluded.closed_to_arrival, closed_to_departure = excluded.closed_to_departure",
        )
        .bind(listing)
        .bind(season.from)
        .bind(season.to)
        .bind(season.min_nights)
        .bind(season.min_nights_by_weekday.map(|days| days.to_vec()))
        .bind(season.max_nights)
        .bind(mask(&season.closed_to_arrival))
        .bind(mask(&season.closed_to_departure))
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

pub(super) async fn day_rules(db: &mut PgConnection, listing: ListingId, within: Stay) -> Result<Vec<DayRule>> {
    let rows: Vec<(NaiveDate, Option<i64>, Option<i32>)> =
        sqlx::query_as("select date, price, min_nights from day_rules where listing_id = $1 and date >= $2 and date < $3 order by date")
            .bind(listing)
            .bind(within.check_in)
            .bind(within.check_out)
            .fetch_all(db)
            .await?;
    Ok(rows.into_iter().map(|(date, price, min_nights)| DayRule { date, price, min_nights }).collect())
}

/// Writes what a range of dates is to have; a null leaves the rule in force.
pub(super) async fn put_days(
    tx: &mut Tx,
    listing: ListingId,
    range: Stay,
    price: Option<Option<i64>>,
    min_nights: Option<Option<i32>>,
) -> Result<()> {
    tx.touch(listing);
    sqlx::query(
        "insert into day_rules (listing_id, date, price, min_nights)
         select $1, day::date, $4, $6 from generate_series($2::date, $3::date - 1, interval '1 day') as day
         where $4::bigint is not null or $6::integer is not null
         on conflict (listing_id, date) do update set
             price = case when $5 then excluded.price else day_rules.price end,
             min_nights = case when $7 then excluded.min_nights else day_rules.min_nights end",
    )
    .bind(listing)
    .bind(range.check_in)
    .bind(range.check_out)
    .bind(price.flatten())
    .bind(price.is_some())
    .bind(min_nights.flatten())
    .bind(min_nights.is_some())
    .execute(&mut **tx)
    .await?;
    // Back to the rules: a row that says nothing goes.
    let clears = (price == Some(None), min_nights == Some(None));
    if clears.0 || clears.1 {
        sqlx::query(
            "delete from day_rules where listing_id = $1 and date >= $2 and date < $3
               and (price is null or $4) and (min_nights is null or $5)",
        )
        .bind(listing)
        .bind(range.check_in)
        .bind(range.check_out)
        .bind(clears.0)
        .bind(clears.1)
        .execute(&mut **tx)
        .await?;
        sqlx::query(
            "update day_rules set price = case when $4 then null else price end, min_nights = case when $5 then null else min_nights end
             where listing_id = $1 and date >= $2 and date < $3",
        )
        .bind(listing)
        .bind(range.check_in)
        .bind(range.check_out)
        .bind(clears.0)
        .bind(clears.1)
        .execute(&mut **tx)
        .await?;
    }
    Ok(())
}

#[derive(sqlx::FromRow)]
struct FactRow {
    from_date: NaiveDate,
    to_date: NaiveDate,
    lane: Option<Lane>,
    lapsed: Option<bool>,
    price: Option<i64>,
    min_nights: Option<i32>,
}

/// Day rules and taken nights within a range of dates, and whether holds whose
/// time is over still lie there.
pub(super) async fn facts(db: &mut PgConnection, listing: ListingId, within: Stay, now: DateTime<Utc>) -> Result<(StayFacts, bool)> {
    let rows: Vec<FactRow> = sqlx::query_as(
        "select lower(nights) as from_date, upper(nights) as to_date, lane::text, coalesce(expires_at <= $5, false) as lapsed,
                null::bigint as price, null::integer as min_nights
         from occupancies where listing_id = $1 and nights && $2
         union all
         select date, date + 1, null, null, price, min_nights from day_rules where listing_id = $1 and date >= $3 and date < $4
         order by from_date",
    )
    .bind(listing)
    .bind(range(within))
    .bind(within.check_in)
    .bind(within.check_out)
    .bind(now)
    .fetch_all(db)
    .await?;
    let lapsed = rows.iter().any(|row| row.lapsed == Some(true));
    let (mut days, mut taken) = (Vec::new(), Vec::new());
    for row in rows.into_iter().filter(|row| row.lapsed != Some(true)) {
        match row.lane {
            Some(lane) => taken.push(Taken { nights: Stay { check_in: row.from_date, check_out: row.to_date }, lane }),
            None => days.push(DayRule { date: row.from_date, price: row.price, min_nights: row.min_nights }),
        }
    }
    Ok((StayFacts { days, taken }, lapsed))
}

/// An occupancy as its owner sees it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(super) struct Occupancy {
    pub from_date: NaiveDate,
    pub to_date: NaiveDate,
    pub reason: String,
    pub note: String,
}

pub(super) async fn occupancies(db: &mut PgConnection, listing: ListingId, within: Stay, now: DateTime<Utc>) -> Result<Vec<Occupancy>> {
    Ok(sqlx::query_as(
        "select lower(nights) as from_date, upper(nights) as to_date, reason, note from occupancies
         where listing_id = $1 and nights && $2 and (expires_at is null or expires_at > $3) order by lane, nights",
    )
    .bind(listing)
    .bind(range(within))
    .bind(now)
    .fetch_all(db)
    .await?)
}

/// Nights to take.
pub(super) struct NewOccupancy<'a> {
    lane: &'static str,
    reason: &'static str,
    nights: Stay,
    booking: Option<BookingId>,
    feed: Option<CalendarFeedId>,
    expires_at: Option<DateTime<Utc>>,
    note: &'a str,
}

impl<'a> NewOccupancy<'a> {
    pub const fn of_booking(booking: BookingId, nights: Stay, expires_at: Option<DateTime<Utc>>) -> Self {
        Self { lane: "booking", reason: "booking", nights, booking: Some(booking), feed: None, expires_at, note: "" }
    }

    pub const fn preparation(booking: BookingId, nights: Stay, expires_at: Option<DateTime<Utc>>) -> Self {
        Self { lane: "block", reason: "preparation", nights, booking: Some(booking), feed: None, expires_at, note: "" }
    }

    pub const fn of_feed(feed: CalendarFeedId, nights: Stay) -> Self {
        Self { lane: "block", reason: "feed", nights, booking: None, feed: Some(feed), expires_at: None, note: "" }
    }

    pub const fn host_block(nights: Stay, note: &'a str) -> Self {
        Self { lane: "block", reason: "host", nights, booking: None, feed: None, expires_at: None, note }
    }
}

/// Takes nights; gives back how many of the rows the constraints let in. A plain
/// insert would wait for and deadlock with its rivals in a race.
pub(super) async fn insert(tx: &mut Tx, listing: ListingId, new: &[NewOccupancy<'_>]) -> Result<usize> {
    tx.touch_nights(listing);
    let app = tx.app();
    let column = |of: &dyn Fn(&NewOccupancy<'_>) -> String| new.iter().map(of).collect::<Vec<_>>();
    let ids: Vec<uuid::Uuid> = new.iter().map(|_| app.ids.next::<OccupancyId>(&app.clock).0).collect();
    let done = sqlx::query(
        "insert into occupancies (listing_id, id, lane, reason, nights, booking_id, expires_at, note, feed_id)
         select $1, id, lane::occupancy_lane, reason, daterange(from_date, to_date), $7, $8, note, $10
         from unnest($2::uuid[], $3::text[], $4::text[], $5::date[], $6::date[], $9::text[]) as night (id, lane, reason, from_date, to_date, note)
         on conflict do nothing",
    )
    .bind(listing)
    .bind(ids)
    .bind(column(&|row| row.lane.to_owned()))
    .bind(column(&|row| row.reason.to_owned()))
    .bind(new.iter().map(|row| row.nights.check_in).collect::<Vec<_>>())
    .bind(new.iter().map(|row| row.nights.check_out).collect::<Vec<_>>())
    .bind(new.first().and_then(|row| row.booking))
    .bind(new.first().and_then(|row| row.expires_at))
    .bind(column(&|row| row.note.to_owned()))
    .bind(new.first().and_then(|row| row.feed))
    .execute(&mut **tx)
    .await?;
    Ok(usize::try_from(done.rows_affected()).unwrap_or(usize::MAX))
}

pub(super) async fn delete_lapsed(tx: &mut Tx, listing: ListingId, within: Stay, now: DateTime<Utc>) -> Result<()> {
    tx.touch_nights(listing);
    sqlx::query("delete from occupancies where listing_id = $1 and nights && $2 and expires_at <= $3")
        .bind(listing)
        .bind(range(within))
        .bind(now)
        .execute(&mut **tx)
        .await?;
    Ok(())
}

pub(super) async fn set_expiry(tx: &mut Tx, booking: BookingId, expires_at: Option<DateTime<Utc>>) -> Result<bool> {
    let listings = sqlx::query_scalar("update occupancies set expires_at = $2 where booking_id = $1 returning listing_id")
        .bind(booking)
        .bind(expires_at)
        .fetch_all(&mut **tx)
        .await?;
    let any = !listings.is_empty();
    listings.into_iter().for_each(|listing| tx.touch_nights(listing));
    Ok(any)
}

pub(super) async fn delete_of_booking(tx: &mut Tx, booking: BookingId, only: Option<Lane>) -> Result<()> {
    let listings = sqlx::query_scalar(
        "delete from occupancies where booking_id = $1 and ($2::text is null or lane = $2::text::occupancy_lane) returning listing_id",
    )
    .bind(booking)
    .bind(only)
    .fetch_all(&mut **tx)
    .await?;
    listings.into_iter().for_each(|listing| tx.touch_nights(listing));
    Ok(())
}

pub(super) async fn turn_into_block(tx: &mut Tx, booking: BookingId) -> Result<()> {
    let listings = sqlx::query_scalar(
        "update occupancies set lane = 'block', reason = 'cancelled_by_host', booking_id = null, expires_at = null
         where booking_id = $1 returning listing_id",
    )
    .bind(booking)
    .fetch_all(&mut **tx)
    .await?;
    listings.into_iter().for_each(|listing| tx.touch_nights(listing));
    Ok(())
}

pub(super) async fn other_bookings(
    tx: &mut Tx,
    listing: ListingId,
    booking: BookingId,
    within: Stay,
    now: DateTime<Utc>,
) -> Result<Vec<BookingId>> {
    Ok(sqlx::query_scalar(
        "select booking_id from occupancies
         where listing_id = $1 and lane = 'booking' and booking_id <> $2 and nights && $3 and (expires_at is null or expires_at > $4)",
    )
    .bind(listing)
    .bind(booking)
    .bind(range(within))
    .bind(now)
    .fetch_all(&mut **tx)
    .await?)
}

/// Removes the host's own blocks from a range; what sticks out on either side
/// stays blocked.
pub(super) async fn unblock(tx: &mut Tx, listing: ListingId, within: Stay) -> Result<()> {
    tx.touch_nights(listing);
    let gone: Vec<(NaiveDate, NaiveDate, String)> = sqlx::query_as(
        "delete from occupancies where listing_id = $1 and reason in ('host', 'import') and nights && $2
         returning lower(nights), upper(nights), note",
    )
    .bind(listing)
    .bind(range(within))
    .fetch_all(&mut **tx)
    .await?;
    for (from, to, note) in gone {
        for (check_in, check_out) in [(from, within.check_in.min(to)), (within.check_out.max(from), to)] {
            if check_in < check_out {
                insert(tx, listing, &[NewOccupancy::host_block(Stay { check_in, check_out }, &note)]).await?;
            }
        }
    }
    Ok(())
}

/// What is booked here from a date on; holds whose time is over are released.
pub(super) async fn booked(tx: &mut Tx, listing: ListingId, from: NaiveDate, now: DateTime<Utc>) -> Result<Vec<Booked>> {
    tx.touch_nights(listing);
    sqlx::query("delete from occupancies where listing_id = $1 and expires_at <= $2").bind(listing).bind(now).execute(&mut **tx).await?;
    let rows: Vec<(BookingId, NaiveDate, NaiveDate)> = sqlx::query_as(
        "select booking_id, lower(nights), upper(nights) from occupancies
         where listing_id = $1 and lane = 'booking' and upper(nights) > $2 order by nights",
    )
    .bind(listing)
    .bind(from)
    .fetch_all(&mut **tx)
    .await?;
    Ok(rows.into_iter().map(|(booking, check_in, check_out)| Booked { booking, nights: Stay { check_in, check_out } }).collect())
}

/// Makes a feed's blocks those given, in order; whether that changed any.
pub(super) async fn replace_feed(tx: &mut Tx, listing: ListingId, feed: CalendarFeedId, blocks: &[Stay]) -> Result<bool> {
    let known: Vec<(NaiveDate, NaiveDate)> =
        sqlx::query_as("select lower(nights), upper(nights) from occupancies where feed_id = $1 order by nights")
            .bind(feed)
            .fetch_all(&mut **tx)
            .await?;
    if known.iter().copied().eq(blocks.iter().map(|stay| (stay.check_in, stay.check_out))) {
        return Ok(false);
    }
    tx.touch_nights(listing);
    sqlx::query("delete from occupancies where feed_id = $1").bind(feed).execute(&mut **tx).await?;
    let rows: Vec<NewOccupancy<'_>> = blocks.iter().map(|nights| NewOccupancy::of_feed(feed, *nights)).collect();
    if !rows.is_empty() {
        insert(tx, listing, &rows).await?;
    }
    Ok(true)
}
