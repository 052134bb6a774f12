//! The index hears of every change, whoever makes it and however long it takes,
//! and answers as SQL does.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use chrono::{Days, NaiveDate};
use it::{Client, TestApp};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

fn day(n: u64) -> String {
    (NaiveDate::from_ymd_opt(2030, 1, 1).unwrap() + Days::new(n)).to_string()
}

async fn total(app: &TestApp, query: &str) -> i64 {
    app.get(&format!("/api/v1/listings?{query}")).await.expect(200)["total"].as_i64().unwrap()
}

#[tokio::test]
async fn a_host_sees_an_edit_at_once() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let id = listing["id"].as_str().unwrap();
    app.follow().await;
    assert_eq!(total(&app, "").await, 1);
    for n in 0..5 {
        let title = format!("Seaview number{n}");
        let etag = host.get(&format!("/api/v1/listings/{id}")).await.etag();
        host.patch(&format!("/api/v1/listings/{id}"), &etag, json!({"title": title})).await.expect(200);
        let page = app.get(&format!("/api/v1/listings?q=number{n}")).await.expect(200);
        assert_eq!(page["data"][0]["title"], title, "{page}");
    }
    host.put(&format!("/api/v1/listings/{id}/calendar"), json!({"ranges": [{"from": day(3), "to": day(5), "available": false}]}))
        .await
        .expect(200);
    assert_eq!(total(&app, &format!("check_in={}&check_out={}", day(2), day(4))).await, 0);
    assert_eq!(total(&app, &format!("check_in={}&check_out={}", day(5), day(7))).await, 1);
    host.post(&format!("/api/v1/listings/{id}/unpublish"), json!({})).await.expect(200);
    assert_eq!(total(&app, "").await, 0);
    host.post(&format!("/api/v1/listings/{id}/publish"), json!({})).await.expect(200);
    assert_eq!(total(&app, "").await, 1);
}

/// The race that readers who remember the last id lose: six writers, one of them
/// slow to commit, and two readers. Nothing is missed, and nobody waits for the
/// slow one.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_missed_behind_a_slow_writer_and_servers_converge() {
    let app = TestApp::with_connections(24).await;
    let host = app.user("fergus").await;
    let mut homes = Vec::new();
    for n in 0..12 {
        let listing = app.listing(&host, json!({"title": format!("Home {n}"), "capacity": 1})).await;
        homes.push(listing["id"].as_str().unwrap().to_owned());
    }
    app.follow().await;
    let other = app.twin().await;
    other.follow().await;
    // The slow writer has touched a home before the others begin, and commits
    // when they are done.
    let mut slow = app.pool().begin().await.unwrap();
    sqlx::query("update listings set capacity = 50 where id = $1::uuid").bind(&homes[0]).execute(&mut *slow).await.unwrap();
    sqlx::query("select refresh_listing_search(array[$1::uuid], '2030-01-01')").bind(&homes[0]).execute(&mut *slow).await.unwrap();
    let writers = (1..6).map(|writer| {
        let (pool, homes) = (app.pool().clone(), homes.clone());
        tokio::spawn(async move {
            for round in 0..20_i32 {
                let id = &homes[writer + (round % 2) as usize * 6];
                let mut tx = pool.begin().await.unwrap();
                sqlx::query("update listings set capacity = $2 where id = $1::uuid")
                    .bind(id)
                    .bind(2 + round % 20)
                    .execute(&mut *tx)
                    .await
                    .unwrap();
                sqlx::query("select refresh_listing_search(array[$1::uuid], '2030-01-01')").bind(id).execute(&mut *tx).await.unwrap();
                tx.commit().await.unwrap();
            }
        })
    });
    futures::future::join_all(writers).await;
    let largest = "adults=20&limit=100";
    for node in [&app, &other] {
        node.app.search.caught_up().await;
        assert_eq!(total(node, largest).await, 10, "two homes of each of the five, without waiting for the slow one");
    }
    slow.commit().await.unwrap();
    for node in [&app, &other] {
        node.app.search.caught_up().await;
        assert_eq!(total(node, largest).await, 11, "and the slow one, though its transaction is the oldest");
        assert_eq!(total(node, "adults=50").await, 1);
    }
}

#[tokio::test]
async fn without_an_index_sql_answers_and_says_so() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    app.listing(&host, json!({})).await;
    assert!(!app.app.search.is_serving());
    assert_eq!(total(&app, "").await, 1);
    let stop = app.follow().await;
    assert!(app.app.search.is_serving());
    // A night past what the index knows is asked of SQL.
    assert_eq!(total(&app, &format!("check_in={}&check_out={}", day(700), day(702))).await, 1);
    // Nobody tells the index any more: it is not asked once it lags.
    stop.cancel();
    let asked = Instant::now();
    while app.app.search.is_serving() {
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(asked.elapsed() < Duration::from_secs(30));
    }
    assert!(app.app.search.lag() > app::search::MOST_LAG);
    app.listing(&host, json!({})).await;
    assert_eq!(total(&app, "").await, 2, "in SQL");
}

/// A stale index shows what is gone, and cannot book it.
#[tokio::test]
async fn a_stale_index_never_books() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let guest = app.user("mia").await;
    let listing = app.listing(&host, json!({})).await;
    let id = listing["id"].as_str().unwrap();
    let stop = app.follow().await;
    stop.cancel();
    tokio::time::sleep(Duration::from_millis(50)).await;
    let wish = json!({"listing_id": id, "check_in": day(3), "check_out": day(5), "guests": {"adults": 1}});
    guest.post_once("/api/v1/bookings", wish.clone(), None).await.expect(201);
    assert_eq!(total(&app, &format!("check_in={}&check_out={}", day(3), day(5))).await, 1, "the index has not heard");
    let answer = guest.post_once("/api/v1/bookings", wish, None).await.expect(409);
    assert_eq!(answer["code"], "dates_unavailable");
}

async fn random_homes(app: &TestApp, random: &mut StdRng, host: &Client, guest: &Client) {
    let titles = ["Garden loft by the river", "Quiet flat", "Sunny house with a pool", "Old mill", "Kleines Häuschen", "Casa São Bento"];
    for n in 0..24_usize {
        let mut maybe = |most: i64| if random.random_bool(0.4) { json!(random.random_range(1..=most)) } else { json!(null) };
        let (window, weekday, pool) = (maybe(60), maybe(4), maybe(1));
        let seasons = json!([{"from": day(10), "to": day(25), "min_nights": maybe(4), "closed_to_arrival": ["sun"], "closed_to_departure": ["sat"]},
            {"from": day(12), "to": day(16), "min_nights_by_weekday": [weekday, null, 2, null, weekday, null, 3]}]);
        let rules = json!({"min_nights": random.random_range(1..3), "advance_notice_hours": random.random_range(0..3) * 24,
            "preparation_nights": random.random_range(0..3), "booking_window_days": window, "max_pets": random.random_range(0..2), "seasons": seasons});
        let pricing = json!({"nightly": random.random_range(50..200) * 100, "weekend_nightly": random.random_range(5_000..20_000), "cleaning_fee": random.random_range(0..5_000),
            "weekly_discount_bps": 700, "new_listing_discount_bps": random.random_range(0..2) * 1000, "extra_guest": {"after": 1, "amount": 700},
            "seasons": [{"from": day(14), "to": day(18), "nightly": 33_333}]});
        let amenities: Vec<&str> = ["wifi", "kitchen", "pool", "hot_tub"].into_iter().filter(|_| random.random_bool(0.6)).collect();
        let body = json!({"title": (titles[n % titles.len()]), "rules": rules, "pricing": pricing, "amenities": amenities, "capacity": random.random_range(1..6),
            "bedrooms": random.random_range(0..4), "beds": random.random_range(1..5), "room_type": if n % 3 == 0 { "private_room" } else { "entire_place" },
            "property_type": (["apartment", "house", "loft"][n % 3]), "booking_mode": if n % 2 == 0 { "instant" } else { "request" },
            "currency": if n % 7 == 0 && pool.is_null() { "USD" } else { "EUR" }, "cancellation_policy": (["flexible", "strict", "moderate"][n % 3]),
            "location": {"latitude": 38.6 + random.random_range(0..20) as f64 / 100.0, "longitude": -9.3 + random.random_range(0..30) as f64 / 100.0,
                "address": {"city": if n % 4 == 0 { "Cascais" } else { "Lisbon" }, "region": "Lisboa", "country": "PT"}}});
        let listing = app.listing(host, body).await;
        let id = listing["id"].as_str().unwrap().to_owned();
        for _ in 0..2 {
            let from = random.random_range(1..35);
            let range = json!({"from": day(from), "to": day(from + random.random_range(1..4)), "available": false});
            let price = json!({"from": day(from + 5), "to": day(from + 7), "price": random.random_range(4_000..9_000), "min_nights": 2});
            host.put(&format!("/api/v1/listings/{id}/calendar"), json!({"ranges": [range, price]})).await;
            let from = random.random_range(1..35);
            let wish = json!({"listing_id": id, "check_in": day(from), "check_out": day(from + 3), "guests": {"adults": 1}});
            guest.post_once("/api/v1/bookings", wish, None).await;
        }
    }
}

fn random_query(random: &mut StdRng) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut chance = |odds: f64, part: String| {
        if random.random_bool(odds) {
            parts.push(part);
        }
    };
    chance(0.2, "room_type=private_room".to_owned());
    chance(0.2, "property_type=house,loft".to_owned());
    chance(0.15, "instant_book=true".to_owned());
    chance(0.15, "free_cancellation=true".to_owned());
    chance(0.15, "bedrooms_min=2".to_owned());
    chance(0.1, "pets=1".to_owned());
    chance(0.2, "facets=true".to_owned());
    chance(0.2, "clusters=true".to_owned());
    chance(0.2, "explain=true".to_owned());
    chance(0.15, "place=cascais".to_owned());
    chance(0.25, "price_max=60000".to_owned());
    chance(0.15, "price_min=20000&currency=EUR".to_owned());
    if random.random_bool(0.4) {
        parts.push(["amenities=wifi", "amenities=wifi,kitchen", "amenities=pool,hot_tub"][random.random_range(0..3)].to_owned());
    }
    let words = ["garden", "gardn", "haus", "pool", "quiet flat", "sao bento", "hauschen", "zzz"];
    if random.random_bool(0.25) {
        parts.push(format!("q={}", words[random.random_range(0..words.len())].replace(' ', "+")));
    }
    parts.push(format!("adults={}", random.random_range(1..4)));
    let from = random.random_range(0..40);
    match random.random_range(0..6) {
        0 | 1 => parts.push(format!("check_in={}&check_out={}", day(from), day(from + random.random_range(1..9)))),
        2 => parts.push(format!("check_in={}&check_out={}&plus_minus_days={}", day(from + 3), day(from + 6), random.random_range(1..5))),
        3 => parts.push(format!(
            "flexible={}&month=2030-0{}",
            ["weekend", "week", "month"][random.random_range(0..3)],
            random.random_range(1..4)
        )),
        _ => {}
    }
    let orders = ["relevance", "price_asc", "price_desc", "rating", "newest", "distance"];
    match (random.random_range(0..4), orders[random.random_range(0..orders.len())]) {
        (_, "distance") => parts.push("near=38.7,-9.15&radius_km=12&sort=distance".to_owned()),
        (0, order) => parts.push(format!("bbox=-9.25,38.6,-9.05,38.75&sort={order}")),
        (1, order) => parts.push(format!("near=38.7,-9.15&radius_km=9&sort={order}")),
        (_, order) => parts.push(format!("sort={order}")),
    }
    parts.join("&")
}

/// Random homes, random wishes: the index and SQL find the same homes in the same
/// order at the same prices, count the same, and their cursors lead to the same
/// pages.
#[tokio::test(flavor = "multi_thread")]
async fn index_and_sql_give_the_same_answers() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let mut random = StdRng::seed_from_u64(23);
    random_homes(&app, &mut random, &host, &guest).await;
    sqlx::query("insert into tax_rules (id, jurisdiction, label, country, city, kind, amount, currency, night_cap, from_date) values ('t', 'PT-Lisbon', 'City tax', 'PT', 'lisbon', 'per_guest_night', 400, 'EUR', 7, '2029-01-01')")
        .execute(app.pool())
        .await
        .unwrap();
    let indexed = app.twin().await;
    indexed.follow().await;
    let mut seen: HashMap<i64, usize> = HashMap::new();
    for _ in 0..150 {
        let query = random_query(&mut random);
        let (mut cursor, mut pages) = (String::new(), 0);
        loop {
            let path = format!("/api/v1/listings?{query}&limit=5{cursor}");
            let (sql, index): (Value, Value) = (app.get(&path).await.expect(200), indexed.get(&path).await.expect(200));
            // Photographs are served under each server's own address.
            let plain = |page: &Value, node: &TestApp| page.to_string().replace(&node.base, "");
            assert_eq!(plain(&sql, &app), plain(&index, &indexed), "{path}");
            *seen.entry(sql["total"].as_i64().unwrap().min(9)).or_default() += 1;
            pages += 1;
            match sql["next_cursor"].as_str().filter(|_| pages < 3) {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
    }
    assert!(indexed.app.search.is_serving() && !app.app.search.is_serving());
    assert!(seen.len() >= 6, "the wishes must differ in what they find: {seen:?}");
    let id: uuid::Uuid = sqlx::query_scalar("select id from listings order by id limit 1").fetch_one(app.pool()).await.unwrap();
    let path = format!("/api/v1/listings/{id}/similar?limit=8&check_in={}&check_out={}", day(30), day(33));
    let (sql, index) = (app.get(&path).await.expect(200), indexed.get(&path).await.expect(200));
    assert!(!sql["data"].as_array().unwrap().is_empty());
    assert_eq!(sql["data"], index["data"]);
}
