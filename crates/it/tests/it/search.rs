//! Search finds what can be booked, at the price it is booked for.

use chrono::{Days, NaiveDate};
use it::TestApp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};

const LISBON: &str = "bbox=-9.5,38.4,-8.8,39.0";

async fn ids(app: &TestApp, query: &str) -> Vec<String> {
    let page = app.get(&format!("/api/v1/listings?{query}")).await.expect(200);
    assert_eq!(
        page["total"].as_i64().unwrap() as usize,
        page["data"].as_array().unwrap().len().max(page["total"].as_i64().unwrap() as usize)
    );
    page["data"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn filters_do_what_they_say() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let place = |latitude: f64, longitude: f64, city: &str| json!({"latitude": latitude, "longitude": longitude, "address": {"city": city, "region": "", "country": "PT"}});
    let flat =
        app.listing(&host, json!({"title": "Tiled flat", "amenities": ["wifi"], "capacity": 2})).await["id"].as_str().unwrap().to_owned();
    let house = json!({"title": "Garden house", "property_type": "house", "booking_mode": "request", "bedrooms": 4, "capacity": 8, "cancellation_policy": "strict",
        "amenities": ["wifi", "pool"], "pricing": {"nightly": 30000}, "rules": {"max_pets": 2}, "location": place(38.75, -9.2, "Lisbon")});
    let house = app.listing(&host, house).await["id"].as_str().unwrap().to_owned();
    let room = json!({"title": "Quiet room", "room_type": "private_room", "location": place(41.15, -8.61, "Porto")});
    let porto = app.listing(&host, room).await["id"].as_str().unwrap().to_owned();
    let found = async |query: &str| {
        let mut found = ids(&app, query).await;
        found.sort();
        found
    };
    let sorted = |mut all: Vec<&String>| {
        all.sort();
        all.into_iter().cloned().collect::<Vec<_>>()
    };
    for (query, expected) in [
        (LISBON, vec![&flat, &house]),
        ("", vec![&flat, &house, &porto]),
        ("place=porto", vec![&porto]),
        ("near=41.15,-8.61&radius_km=2", vec![&porto]),
        ("room_type=private_room", vec![&porto]),
        ("property_type=house,villa", vec![&house]),
        ("amenities=wifi,pool", vec![&house]),
        ("adults=5", vec![&house]),
        ("adults=1&pets=1", vec![&house]),
        ("bedrooms_min=3", vec![&house]),
        ("instant_book=true", vec![&flat, &porto]),
        ("free_cancellation=true", vec![&flat, &porto]),
        ("price_max=20000", vec![&flat, &porto]),
        ("price_min=20000&currency=EUR", vec![&house]),
        ("price_min=1&currency=USD", vec![]),
        ("q=garden", vec![&house]),
        ("q=quiet+room", vec![&porto]),
        ("rating_min=4", vec![]),
        ("bbox=170,-20,-170,20", vec![]),
    ] {
        assert_eq!(found(query).await, sorted(expected), "{query}");
    }
    assert_eq!(ids(&app, &format!("{LISBON}&sort=price_desc")).await, [house.clone(), flat.clone()]);
    assert_eq!(ids(&app, "sort=newest").await, sorted(vec![&porto, &house, &flat]), "published at one instant: by id");
    assert_eq!(ids(&app, "near=41,-8.6&radius_km=400&sort=distance").await[0], porto);
}

#[tokio::test]
async fn pages_follow_one_another_in_every_order() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    for n in 0..7 {
        app.listing(&host, json!({"title": format!("Home {n}"), "pricing": {"nightly": 10000 + n % 3 * 1000}})).await;
    }
    for order in ["relevance", "price_asc", "price_desc", "rating", "newest", "distance&near=38.7,-9.1&radius_km=50"] {
        for more in ["", "&price_min=1"] {
            let all = ids(&app, &format!("sort={order}{more}&limit=100")).await;
            assert_eq!(all.len(), 7);
            let (mut paged, mut cursor) = (Vec::new(), String::new());
            loop {
                let page = app.get(&format!("/api/v1/listings?sort={order}{more}&limit=3{cursor}")).await.expect(200);
                paged.extend(page["data"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()));
                assert_eq!(page["total"], 7);
                match page["next_cursor"].as_str() {
                    Some(next) => cursor = format!("&cursor={next}"),
                    None => break,
                }
            }
            assert_eq!(paged, all, "{order}{more}");
        }
    }
}

/// Random homes with random rules and taken nights; random wishes. What search
/// finds is what `availability` calls bookable, at the total of the quote.
#[tokio::test(flavor = "multi_thread")]
async fn search_availability_and_quote_agree() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let guest = app.user("mia").await;
    let mut random = StdRng::seed_from_u64(11);
    let first = NaiveDate::from_ymd_opt(2030, 1, 1).unwrap();
    let day = |n: u64| (first + Days::new(n)).to_string();
    let mut homes = Vec::new();
    for _ in 0..14 {
        let mut maybe = |most: i64| if random.random_bool(0.5) { json!(random.random_range(1..=most)) } else { json!(null) };
        let (max, window, weekday) = (maybe(6), maybe(30), maybe(5));
        let seasons = json!([
            {"from": day(10), "to": day(25), "min_nights": maybe(4), "closed_to_arrival": ["sun"], "closed_to_departure": ["sat"]},
            {"from": day(12), "to": day(16), "min_nights_by_weekday": [weekday, null, 2, null, weekday, null, 3]},
        ]);
        let max = if max.is_null() { max } else { json!(max.as_i64().unwrap() + 2) };
        let rules = json!({"min_nights": random.random_range(1..3), "max_nights": max, "advance_notice_hours": random.random_range(0..3) * 24,
            "preparation_nights": random.random_range(0..3), "booking_window_days": window, "max_pets": random.random_range(0..2), "seasons": seasons});
        let pricing = json!({"nightly": random.random_range(5_000..20_000), "weekend_nightly": random.random_range(5_000..20_000), "cleaning_fee": random.random_range(0..5_000),
            "weekly_discount_bps": 700, "extra_guest": {"after": 1, "amount": 700}, "seasons": [{"from": day(14), "to": day(18), "nightly": 33_333}]});
        let zone = [-9.1, -8.9][random.random_range(0..2)];
        let listing = app
            .listing(
                &host,
                json!({"rules": rules, "pricing": pricing, "capacity": random.random_range(1..5),
            "location": {"latitude": 38.7, "longitude": zone, "address": {"city": "Lisbon", "country": "PT"}}}),
            )
            .await;
        let id = listing["id"].as_str().unwrap().to_owned();
        for _ in 0..3 {
            let from = random.random_range(1..35);
            let range = json!({"from": day(from), "to": day(from + random.random_range(1..4)), "available": false});
            let price = json!({"from": day(from + 5), "to": day(from + 7), "price": random.random_range(4_000..9_000)});
            // Where a booking stands in the way the block is refused: fine.
            host.put(&format!("/api/v1/listings/{id}/calendar"), json!({"ranges": [range, price]})).await;
            let from = random.random_range(1..35);
            let wish = json!({"listing_id": id, "check_in": day(from), "check_out": day(from + 3), "guests": {"adults": 1}});
            guest.post_once("/api/v1/bookings", wish, None).await;
        }
        homes.push(id);
    }
    sqlx::query("insert into tax_rules (id, jurisdiction, label, country, city, kind, amount, currency, night_cap, from_date) values ('t', 'PT-Lisbon', 'City tax', 'PT', 'lisbon', 'per_guest_night', 400, 'EUR', 7, '2029-01-01')")
        .execute(app.pool())
        .await
        .unwrap();
    let (mut bookable, mut asked) = (0, 0);
    for _ in 0..60 {
        let from = random.random_range(0..40);
        let wish = format!(
            "check_in={}&check_out={}&adults={}&pets={}",
            day(from),
            day(from + random.random_range(1..9)),
            random.random_range(1..4),
            random.random_range(0..2)
        );
        let page = app.get(&format!("/api/v1/listings?{wish}&limit=100")).await.expect(200);
        let by_price = app.get(&format!("/api/v1/listings?{wish}&limit=100&sort=price_asc")).await.expect(200);
        assert_eq!(page["total"], by_price["total"], "{wish}");
        let total = |id: &str| page["data"].as_array().unwrap().iter().find(|hit| hit["id"] == id).map(|hit| hit["price"]["total"].clone());
        for id in &homes {
            asked += 1;
            let explained: Value = app.get(&format!("/api/v1/listings/{id}/availability?{wish}")).await.expect(200);
            assert_eq!(explained["bookable"].as_bool().unwrap(), total(id).is_some(), "{id} {wish}: {explained}");
            if let Some(total) = total(id) {
                bookable += 1;
                let quote = app.get(&format!("/api/v1/listings/{id}/quote?{wish}")).await.expect(200);
                assert_eq!(quote["total"], total, "{id} {wish}");
            }
        }
    }
    assert!(bookable > asked / 20 && bookable < asked, "the test must see both: {bookable} of {asked}");
}

/// Facets, clusters, flexible dates and the reason why nothing is found, through
/// the API. What they count is held to the reference in the index's own tests.
#[tokio::test]
async fn more_is_told_when_it_is_asked_for() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    for n in 0..4 {
        let amenities = if n < 3 { json!(["wifi", "pool"]) } else { json!(["wifi"]) };
        app.listing(
            &host,
            json!({"title": format!("Home {n}"), "amenities": amenities, "bedrooms": n, "pricing": {"nightly": 10_000 + n * 1000}}),
        )
        .await;
    }
    let page = app.get("/api/v1/listings?facets=true&clusters=true&explain=true&zoom=3").await.expect(200);
    let facets = &page["facets"];
    assert_eq!(facets["amenities"], json!([{"value": "wifi", "count": 4}, {"value": "pool", "count": 3}]));
    assert_eq!(facets["room_types"], json!([{"value": "entire_place", "count": 4}]));
    assert_eq!(
        (&facets["prices"]["currency"], &facets["prices"]["min"], &facets["prices"]["max"]),
        (&json!("EUR"), &json!(10_000), &json!(13_000))
    );
    let bins = facets["prices"]["bins"].as_array().unwrap();
    assert_eq!(bins.iter().map(|bin| bin["count"].as_u64().unwrap()).sum::<u64>(), 4);
    assert_eq!(page["clusters"].as_array().unwrap().iter().map(|cell| cell["count"].as_u64().unwrap()).sum::<u64>(), 4);
    assert_eq!(page["data"][0]["why"][0]["part"], "reviews");
    let plain = app.get("/api/v1/listings").await.expect(200);
    assert!(plain["facets"].is_null() && plain["clusters"].is_null() && plain["data"][0].get("why").is_none());

    let weekend = app.get("/api/v1/listings?flexible=weekend&month=2030-02&sort=price_asc").await.expect(200);
    assert_eq!(weekend["total"], 4);
    assert_eq!((&weekend["data"][0]["check_in"], &weekend["data"][0]["check_out"]), (&json!("2030-02-01"), &json!("2030-02-03")));
    assert_eq!(app.get("/api/v1/listings?check_in=2030-02-01&check_out=2030-02-05&plus_minus_days=2").await.expect(200)["total"], 4);
    for bad in [
        "flexible=weekend",
        "month=2030-02",
        "flexible=year&month=2030-02",
        "flexible=week&month=2030-13",
        "clusters=true&zoom=23",
        "check_in=2030-02-01&check_out=2030-02-05&plus_minus_days=15",
        "flexible=week&month=2030-02&check_in=2030-02-01&check_out=2030-02-05",
    ] {
        app.get(&format!("/api/v1/listings?{bad}")).await.problem(422);
    }

    let nothing = app.get("/api/v1/listings?amenities=pool&price_max=5000&bedrooms_min=1").await.expect(200);
    assert_eq!(nothing["total"], 0);
    let price = nothing["widenings"].as_array().unwrap().iter().find(|wider| wider["reason"] == "price").unwrap();
    assert_eq!(price["total"], 2);
    let wider = app.get(&format!("/api/v1/listings?{}", price["query"].as_str().unwrap())).await.expect(200);
    assert_eq!(wider["total"], 2, "the query that is proposed finds what it promises");
}
