//! The index answers what the domain says home by home: the same ids in the same
//! order, totals, prices, facets and map, however it came to its homes.

#![allow(clippy::unwrap_used, reason = "worlds are made of what exists")]

mod worlds;

use chrono::{DateTime, TimeDelta, Utc};
use domain::ids::ListingId;
use proptest::prelude::*;
use search_index::{Change, Index, Query, Reference, Row, Settings};
use uuid::Uuid;
use worlds::Random;

fn settings() -> Settings {
    Settings { days: 128, memory_limit: usize::MAX }
}

fn agree(index: &Index, reference: &Reference, query: &Query, now: DateTime<Utc>) -> u64 {
    let expected = reference.search(query, now).unwrap();
    let answer = index.snapshot().search(query, now).unwrap();
    assert_eq!(answer.total, expected.total, "{query:#?}");
    assert_eq!(answer, expected, "{query:#?}");
    answer.total
}

/// Questions about a world, some followed page by page.
fn ask(index: &Index, reference: &Reference, random: &mut Random, now: DateTime<Utc>) -> u64 {
    let mut found = 0;
    for _ in 0..40 {
        let mut query = worlds::query(random);
        found += agree(index, reference, &query, now);
        for _ in 0..3 {
            let page = index.snapshot().search(&query, now).unwrap();
            let Some(last) = page.hits.last().filter(|_| page.more) else { break };
            query.after = Some(last.after());
            agree(index, reference, &query, now);
        }
    }
    let id = reference.rows().next().map_or(ListingId(Uuid::nil()), |row| row.id);
    let query = Query { limit: 10, ..worlds::query(random) };
    assert_eq!(index.snapshot().similar(id, &query, now).unwrap(), reference.similar(id, &query, now).unwrap(), "{query:#?}");
    found
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_index_says_what_the_domain_says(seed: u64, homes in 0_u64..90) {
        let mut random = Random(seed);
        let now = worlds::now(&mut random);
        let rows: Vec<Row> = (0..homes).map(|id| worlds::row(&mut random, id, now)).collect();
        let market = worlds::market(&mut random);
        let reference = Reference::new(rows.clone(), market.clone());
        let index = Index::build(settings(), market, worlds::start(), rows).unwrap();
        ask(&index, &reference, &mut random, now);
    }

    #[test]
    fn news_make_the_same_index_as_a_fresh_one(seed: u64, changes in 1_u64..160) {
        let mut random = Random(seed);
        let now = worlds::now(&mut random);
        let market = worlds::market(&mut random);
        let index = Index::empty(settings(), market.clone(), worlds::start());
        let mut reference = Reference::new([], market.clone());
        for n in 0..changes {
            let id = random.next() % 50;
            let change = if random.once_in(4) {
                Change::Remove(ListingId(Uuid::from_u128(u128::from(id) << 64 | u128::from(id % 7))))
            } else {
                // Often only something small has changed.
                let mut row = worlds::row(&mut random, id, now);
                if let Some(old) = reference.rows().find(|old| old.id == row.id).filter(|_| random.once_in(2)) {
                    row = Row { occupancies: row.occupancies, title: row.title, ..old.clone() };
                }
                Change::Upsert(Box::new(row))
            };
            reference.apply(change.clone());
            index.apply([change.clone(), change]).unwrap();
            if n % 40 == 39 {
                let market = worlds::market(&mut random);
                index.set_market(market.clone());
                reference.set_market(market);
            }
        }
        ask(&index, &reference, &mut random, now);
        let fresh = Index::build(settings(), worlds::market(&mut random), worlds::start(), reference.rows().cloned()).unwrap();
        prop_assert_eq!(index.snapshot().len(), fresh.snapshot().len());
        // Days go by: what was far away comes nearer, what is over is let go.
        let mut later = now;
        for _ in 0..3 {
            later += TimeDelta::days(random.within(1, 30));
            index.advance(later.date_naive());
            for _ in 0..10 {
                agree(&index, &reference, &worlds::query(&mut random), later);
            }
        }
    }
}

#[test]
fn many_homes_split_blocks_and_stay_found() {
    let mut random = Random(7);
    let now = worlds::now(&mut random);
    let market = worlds::market(&mut random);
    let rows: Vec<Row> = (0..1500).map(|id| worlds::row(&mut random, id, now)).collect();
    let built = Index::build(settings(), market.clone(), worlds::start(), rows.clone()).unwrap();
    let mut sorted = rows.clone();
    sorted.sort_by_key(|row| search_index::place_on_curve(row.point));
    let streamed = Index::build(settings(), market.clone(), worlds::start(), sorted).unwrap();
    let grown = Index::empty(settings(), market.clone(), worlds::start());
    for some in rows.chunks(100) {
        grown.apply(some.iter().map(|row| Change::Upsert(Box::new(row.clone())))).unwrap();
    }
    let reference = Reference::new(rows.clone(), market);
    let mut found = 0;
    for _ in 0..12 {
        let query = worlds::query(&mut random);
        found += agree(&built, &reference, &query, now);
        agree(&streamed, &reference, &query, now);
        agree(&grown, &reference, &query, now);
    }
    assert!(found > 300, "the questions must find something: {found}");
    assert!(rows.iter().all(|row| grown.contains(row.id)));
    grown.apply(rows.iter().map(|row| Change::Remove(row.id))).unwrap();
    assert!(grown.snapshot().is_empty() && !grown.contains(rows[0].id));
}
