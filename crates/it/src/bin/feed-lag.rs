//! How soon a change shows in a server's index: `feed-lag CHANGES SECONDS` makes
//! so many changes a second to the homes of the database that `ROOST_DATA_DIR`
//! names, follows them as a server does, and prints how long they took.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::too_many_lines, reason = "a measurement fails loudly")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use app::search::{Filters, SearchQuery, search};
use domain::ids::ListingId;
use it::world;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tokio_util::sync::CancellationToken;

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>().expect("a number"));
    let (changes, seconds) = (arguments.next().unwrap_or(1000), arguments.next().unwrap_or(5));
    let folder = std::path::PathBuf::from(std::env::var("ROOST_DATA_DIR").expect("ROOST_DATA_DIR")).join("postgres/run");
    let options = PgConnectOptions::new().socket(folder).username("roost").database("roost");
    let pool = PgPoolOptions::new().max_connections(12).connect_with(options).await.unwrap();
    let app = world::bare(pool.clone());
    tokio::spawn(app::search::follow(app.clone(), CancellationToken::new()));
    while !app.search.is_serving() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let homes: Vec<ListingId> =
        sqlx::query_scalar("select listing_id from listing_search order by 1 limit 5000").fetch_all(&pool).await.unwrap();
    let homes = Arc::new(homes);
    let today = app.clock.now().date_naive();
    let writers = 8_u32;
    let mut tasks = Vec::new();
    for writer in 0..writers {
        let (app, pool, homes) = (app.clone(), pool.clone(), homes.clone());
        tasks.push(tokio::spawn(async move {
            let (mut seen, mut commits) = (Vec::new(), Vec::new());
            let mut tick = tokio::time::interval(Duration::from_secs_f64(f64::from(writers) / changes as f64));
            for n in 0..changes * seconds / u64::from(writers) {
                tick.tick().await;
                let id = homes[(n as usize * writers as usize + writer as usize) % homes.len()];
                let capacity = 9 + (n % 8) as i32;
                let started = Instant::now();
                let mut tx = pool.begin().await.unwrap();
                sqlx::query("update listings set capacity = $2 where id = $1").bind(id).bind(capacity).execute(&mut *tx).await.unwrap();
                sqlx::query("select refresh_listing_search(array[$1::uuid], $2)").bind(id).bind(today).execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
                commits.push(started.elapsed());
                // From 16 down to 9 nothing would be seen to change.
                if n % 20 != 0 || capacity == 9 {
                    continue;
                }
                let committed = Instant::now();
                let host = sqlx::query_scalar("select host_id from listings where id = $1").bind(id).fetch_one(&pool).await.unwrap();
                let mut query = SearchQuery { filters: Filters { host: Some(host), ..Filters::default() }, ..SearchQuery::default() };
                query.page.limit = domain::page::Limit::new(100).unwrap_or_default();
                query.filters.guests.adults = capacity;
                while search(&app, &query).await.unwrap().hits.iter().all(|hit| hit.id != id) {
                    tokio::time::sleep(Duration::from_micros(500)).await;
                    assert!(committed.elapsed() < Duration::from_secs(5), "a change was missed");
                }
                seen.push(committed.elapsed());
            }
            (seen, commits)
        }));
    }
    let (mut seen, mut commits) = (Vec::new(), Vec::new());
    let started = Instant::now();
    for task in tasks {
        let (s, c) = task.await.unwrap();
        seen.extend(s);
        commits.extend(c);
    }
    let rate = commits.len() as f64 / started.elapsed().as_secs_f64();
    for (name, mut times) in [("commit to seen", seen), ("a change's transaction", commits)] {
        times.sort();
        let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1000.0;
        println!("{name:<24} p50 {:.1} ms   p99 {:.1} ms   max {:.1} ms   ({} of them)", at(0.5), at(0.99), at(1.0), times.len());
    }
    println!("{rate:.0} changes a second");
}
