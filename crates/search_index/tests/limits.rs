//! What an index refuses, what it takes up, and what readers see meanwhile.

#![allow(clippy::unwrap_used, reason = "worlds are made of what exists")]

use chrono::{Days, NaiveDate, TimeDelta};
use domain::calendar::Lane;
use domain::dates::Stay;
use search_index::sample::{Kind, Sample};
use search_index::{Change, Dates, Index, Occupancy, Query, Refusal, Relaxed, Row, Settings};

fn sample(listings: u64) -> Sample {
    Sample::new(3, listings, NaiveDate::from_ymd_opt(2027, 1, 15).unwrap())
}

fn build(sample: &Sample) -> Index {
    Index::build(Settings::default(), sample.market(), sample.today, sample.rows()).unwrap()
}

fn everything() -> Query {
    Query { limit: 100, ..Query::default() }
}

#[test]
fn a_home_takes_less_than_300_bytes_beside_its_prices_of_dates() {
    let memory = build(&sample(24_000)).snapshot().memory();
    assert_eq!(memory.listings, 24_000);
    // The words of a small world weigh more: each is kept once whoever uses it.
    let each = (memory.total - memory.dates - memory.words) / memory.listings;
    assert!(each <= 270, "{each} bytes each: {memory:?}");
    assert!(memory.words > 0 && memory.dates > 0 && memory.words + memory.dates < memory.total);
}

#[test]
fn too_little_memory_is_refused_and_changes_nothing() {
    let world = sample(3000);
    let needed = build(&world).snapshot().memory().total;
    let tight = Settings { memory_limit: needed / 2, ..Settings::default() };
    let refusal = Index::build(tight, world.market(), world.today, world.rows()).unwrap_err();
    assert!(
        matches!(refusal, Refusal::TooLittleMemory { needed: n, limit, listings: 3000 } if n > limit && limit == needed / 2),
        "{refusal}"
    );

    let index = Index::empty(tight, world.market(), world.today);
    let rows: Vec<Row> = world.rows().collect();
    let upsert = |row: &Row| Change::Upsert(Box::new(row.clone()));
    index.apply(rows[..450].iter().map(upsert)).unwrap();
    let before = index.snapshot().search(&everything(), world.now()).unwrap();
    assert!(matches!(index.apply(rows.iter().map(upsert)), Err(Refusal::TooLittleMemory { .. })));
    assert_eq!(index.snapshot().search(&everything(), world.now()).unwrap(), before);
    assert!(!index.contains(rows[2000].id));
    // What fits is still taken in, in the right place.
    index.apply([Change::Remove(rows[0].id), upsert(&rows[950])]).unwrap();
    let after = index.snapshot();
    assert_eq!((after.len(), after.contains(rows[0].id), after.contains(rows[950].id)), (450, false, true));
}

#[test]
fn nights_beyond_the_horizon_are_refused_until_their_day_comes() {
    let world = sample(500);
    let index = build(&world);
    let last = index.snapshot().last_night();
    assert_eq!(last, world.today + Days::new(510));
    let query = |check_in: NaiveDate| {
        let mut query = everything();
        query.filters.dates = Some(Dates::Exact(Stay::new(check_in, check_in + Days::new(3)).unwrap()));
        query
    };
    assert!(index.snapshot().search(&query(last - Days::new(2)), world.now()).is_ok());
    let beyond = query(last - Days::new(1));
    assert_eq!(index.snapshot().search(&beyond, world.now()), Err(Refusal::BeyondHorizon { last }));
    index.advance(world.today + Days::new(1));
    assert!(index.snapshot().search(&beyond, world.now() + TimeDelta::days(1)).unwrap().total > 0);
}

#[test]
fn a_reader_keeps_its_snapshot_and_a_hold_ends_by_itself() {
    let world = sample(400);
    let index = build(&world);
    let mut query = everything();
    let check_in = world.today + Days::new(400);
    query.filters.dates = Some(Dates::Exact(Stay::new(check_in, check_in + Days::new(5)).unwrap()));
    let old = index.snapshot();
    let before = old.search(&query, world.now()).unwrap();
    let hit = before.hits[0].id;
    let mut row = world.rows().find(|row| row.id == hit).unwrap();
    let nights = Stay::new(check_in + Days::new(2), check_in + Days::new(3)).unwrap();
    let ends = world.now() + TimeDelta::minutes(15);
    row.occupancies.push(Occupancy { nights, lane: Lane::Booking, expires_at: Some(ends) });
    index.apply([Change::Upsert(Box::new(row))]).unwrap();
    assert_eq!(old.search(&query, world.now()).unwrap(), before);
    assert_eq!(index.snapshot().search(&query, world.now()).unwrap().total, before.total - 1);
    assert_eq!(index.snapshot().search(&query, ends).unwrap().total, before.total, "the hold has ended");
}

#[test]
fn a_page_goes_on_where_the_last_ended_whatever_changes() {
    let world = sample(1200);
    let index = build(&world);
    let mut query = Query { limit: 50, ..Query::default() };
    let all = index.snapshot().search(&Query { limit: 1200, ..query.clone() }, world.now()).unwrap();
    let ids: Vec<_> = all.hits.iter().map(|hit| hit.id).collect();
    let mut seen = Vec::new();
    loop {
        let page = index.snapshot().search(&query, world.now()).unwrap();
        seen.extend(page.hits.iter().map(|hit| hit.id));
        let Some(last) = page.hits.last().filter(|_| page.more) else { break };
        query.after = Some(last.after());
        // What has been shown goes, the cursor's own home too.
        index.apply(page.hits.iter().map(|hit| Change::Remove(hit.id))).unwrap();
    }
    assert_eq!(seen, ids);
}

#[test]
fn nothing_found_says_what_stood_in_the_way() {
    let world = sample(2000);
    let index = build(&world);
    let mut query = world.question(Kind::City, 1);
    query.filters.area = None;
    (query.filters.price_max, query.filters.words) = (Some(1), Some("loft".to_owned()));
    let snapshot = index.snapshot();
    assert_eq!(snapshot.search(&query, world.now()).unwrap().total, 0);
    let wider = snapshot.widen(&query, world.now()).unwrap();
    assert_eq!(wider.iter().map(|wider| wider.reason).collect::<Vec<_>>(), [Relaxed::Price]);
    assert_eq!(snapshot.search(&wider[0].query, world.now()).unwrap().total, wider[0].total);
}
