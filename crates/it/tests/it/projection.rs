//! The projection for search says what the other tables say, whoever changed
//! them and however many at a time.

use chrono::{Days, NaiveDate};
use it::TestApp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

fn day(n: u64) -> String {
    (NaiveDate::from_ymd_opt(2030, 1, 1).unwrap() + Days::new(n)).to_string()
}

async fn assert_true(app: &TestApp, when: &str) {
    let found = app::search::check_projection(&app.app).await.unwrap();
    assert!(found.wrong.is_empty(), "{when}: {:?}", found.wrong);
    assert!(found.rows > 0);
}

/// The nights that the projection calls busy, as offsets from 2030-01-01.
async fn busy(app: &TestApp, listing: &str) -> Vec<i64> {
    let (first, bits): (NaiveDate, String) = sqlx::query_as("select first_day, busy::text from listing_search where listing_id = $1::uuid")
        .bind(listing)
        .fetch_one(app.pool())
        .await
        .unwrap();
    let start = (first - NaiveDate::from_ymd_opt(2030, 1, 1).unwrap()).num_days();
    bits.bytes().enumerate().filter(|(_, bit)| *bit == b'1').map(|(n, _)| start + n as i64).collect()
}

#[tokio::test]
async fn every_change_of_a_home_reaches_its_projection() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app
        .listing(&host, json!({"rules": {"preparation_nights": 1}, "pricing": {"nightly": 9000, "new_listing_discount_bps": 1000}}))
        .await;
    let id = listing["id"].as_str().unwrap();
    assert_true(&app, "published").await;
    host.put(
        &format!("/api/v1/listings/{id}/calendar"),
        json!({"ranges": [
        {"from": day(3), "to": day(5), "available": false}, {"from": day(8), "to": day(9), "price": 5000, "min_nights": 2}]}),
    )
    .await
    .expect(200);
    assert_eq!(busy(&app, id).await, [3, 4]);
    assert_true(&app, "blocked").await;
    let wish = json!({"listing_id": id, "check_in": day(10), "check_out": day(12), "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish.clone(), None).await.expect(201);
    let booking = booking["id"].as_str().unwrap();
    assert_eq!(busy(&app, id).await, [3, 4], "a hold is not for good");
    let holds: serde_json::Value =
        sqlx::query_scalar("select holds from listing_search where listing_id = $1::uuid").bind(id).fetch_one(app.pool()).await.unwrap();
    assert_eq!((&holds[0][0], &holds[0][1]), (&json!(day(9)), &json!(day(10))), "preparation nights: {holds}");
    assert_true(&app, "held").await;
    guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    assert_eq!(busy(&app, id).await, [3, 4, 9, 10, 11, 12], "paid: with the nights around it");
    assert_true(&app, "paid").await;
    host.post(&format!("/api/v1/bookings/{booking}/cancel"), json!({})).await;
    assert_true(&app, "called off").await;
    let held = guest
        .post_once("/api/v1/bookings", json!({"listing_id": id, "check_in": day(20), "check_out": day(22), "guests": {"adults": 1}}), None)
        .await;
    held.expect(201);
    app.advance("20m").await;
    let holds: Option<serde_json::Value> =
        sqlx::query_scalar("select holds from listing_search where listing_id = $1::uuid").bind(id).fetch_one(app.pool()).await.unwrap();
    assert_eq!(holds, None, "the hold has lapsed");
    assert_true(&app, "lapsed").await;
    let host = app.again(&host).await;
    host.post(&format!("/api/v1/listings/{id}/unpublish"), json!({})).await.expect(200);
    let published: bool = sqlx::query_scalar("select published from listing_search where listing_id = $1::uuid")
        .bind(id)
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert!(!published);
    assert_true(&app, "taken down").await;
}

/// Bookings of one home at the same time: none of their nights is lost, though
/// each transaction computes the row without seeing the others' nights at first.
#[tokio::test(flavor = "multi_thread")]
async fn bookings_at_one_time_do_not_lose_each_others_nights() {
    let app = TestApp::with_connections(24).await;
    let host = app.user("fergus").await;
    let guest = app.user("mia").await;
    let listing = app.listing(&host, json!({})).await;
    let id = listing["id"].as_str().unwrap();
    let mut random = StdRng::seed_from_u64(5);
    for round in 0..3 {
        let wishes = (0..16).map(|n| {
            let from = round * 60 + random.random_range(0..50);
            let wish = json!({"listing_id": id, "check_in": day(from), "check_out": day(from + 1 + n % 3), "guests": {"adults": 1}});
            let guest = guest.clone();
            async move { guest.post_once("/api/v1/bookings", wish, None).await }
        });
        let blocks = (0..4).map(|n| {
            let range = json!({"from": day(round * 60 + 52 + n), "to": day(round * 60 + 53 + n), "available": false});
            let host = host.clone();
            async move { host.put(&format!("/api/v1/listings/{id}/calendar"), json!({"ranges": [range]})).await }
        });
        tokio::join!(futures::future::join_all(wishes), futures::future::join_all(blocks));
        assert_true(&app, "after a storm").await;
    }
    let holds: serde_json::Value =
        sqlx::query_scalar("select holds from listing_search where listing_id = $1::uuid").bind(id).fetch_one(app.pool()).await.unwrap();
    assert!(holds.as_array().unwrap().len() > 10, "the storm booked something: {holds}");
    assert_eq!(busy(&app, id).await.len(), 12);
}

#[tokio::test]
async fn missing_and_wrong_rows_are_written_anew() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    for n in 0..3 {
        app.listing(&host, json!({"title": format!("Home {n}")})).await;
    }
    sqlx::query("delete from listing_search").execute(app.pool()).await.unwrap();
    assert_eq!(app::search::backfill(&app.app).await.unwrap(), 3);
    assert_eq!(app::search::backfill(&app.app).await.unwrap(), 0);
    sqlx::query("update listing_search set capacity = 50 where title = 'Home 1'").execute(app.pool()).await.unwrap();
    assert_eq!(app::search::check_projection(&app.app).await.unwrap().wrong.len(), 1);
    assert_true(&app, "repaired").await;
}
