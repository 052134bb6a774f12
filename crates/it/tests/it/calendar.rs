//! Blocks, per-date rules, availability; what the database itself refuses.

use it::TestApp;
use serde_json::json;

#[tokio::test]
async fn hosts_set_ranges_and_guests_see_days() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({"pricing": {"nightly": 10000, "weekend_nightly": 15000}})).await;
    let path = format!("/api/v1/listings/{}/calendar", listing["id"].as_str().unwrap());
    let ranges = json!({"ranges": [
        {"from": "2030-02-01", "to": "2030-02-05", "available": false, "note": "Family"},
        {"from": "2030-02-10", "to": "2030-02-12", "price": 22000, "min_nights": 2},
    ]});
    host.put(&path, ranges).await.expect(200);
    let own = host.get(&format!("{path}?from=2030-01-31&to=2030-02-13")).await.expect(200);
    let day = |n: usize| &own["days"][n];
    assert_eq!(day(0)["available"], true);
    assert_eq!((&day(1)["available"], &day(1)["blocked_by"], &day(1)["note"]), (&json!(false), &json!("host"), &json!("Family")));
    assert_eq!(day(5)["available"], true);
    assert_eq!(day(8)["price"]["amount"], 15000, "Friday 8 February");
    assert_eq!((&day(10)["price"]["amount"], &day(10)["min_nights"]), (&json!(22000), &json!(2)));
    let public = app.get(&format!("{path}?from=2030-02-01&to=2030-02-02")).await.expect(200);
    assert_eq!(public["days"][0]["blocked_by"], json!(null));

    // Opening the middle leaves both ends blocked; null goes back to the tariff.
    host.put(&path, json!({"ranges": [{"from": "2030-02-02", "to": "2030-02-04", "available": true}, {"from": "2030-02-10", "to": "2030-02-11", "price": null}]}))
        .await
        .expect(200);
    let own = host.get(&format!("{path}?from=2030-02-01&to=2030-02-13")).await.expect(200);
    let open: Vec<bool> = own["days"].as_array().unwrap()[..4].iter().map(|day| day["available"].as_bool().unwrap()).collect();
    assert_eq!(open, [false, true, true, false]);
    assert_eq!((&own["days"][9]["price"]["amount"], &own["days"][9]["min_nights"]), (&json!(10000), &json!(2)));
}

#[tokio::test]
async fn availability_explains_itself_and_offers_others() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({"rules": {"min_nights": 2, "advance_notice_hours": 48}})).await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    host.put(&format!("{path}/calendar"), json!({"ranges": [{"from": "2030-02-01", "to": "2030-02-05", "available": false}]}))
        .await
        .expect(200);
    let ask = |query: &str| format!("{path}/availability?{query}");
    let free = app.get(&ask("check_in=2030-02-05&check_out=2030-02-08")).await.expect(200);
    assert_eq!(free, json!({"bookable": true, "reasons": [], "alternatives": []}));
    let taken = app.get(&ask("check_in=2030-02-04&check_out=2030-02-05&adults=9")).await.expect(200);
    let codes: Vec<&str> = taken["reasons"].as_array().unwrap().iter().map(|r| r["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["min_nights", "capacity", "dates_unavailable"]);
    let near = app.get(&ask("check_in=2030-02-04&check_out=2030-02-06")).await.expect(200);
    assert_eq!(near["alternatives"][0], json!({"check_in": "2030-02-05", "check_out": "2030-02-07"}));
    let soon = app.get(&ask("check_in=2030-01-02&check_out=2030-01-04")).await.expect(200);
    assert_eq!(soon["reasons"][0]["code"], "advance_notice");
    app.get(&ask("check_in=2030-02-05&check_out=2030-02-05")).await.problem(422);
    app.get(&ask("check_in=2030-02-31&check_out=2030-03-05")).await.problem(422);
}

#[tokio::test]
async fn a_quote_that_cannot_be_booked_says_why() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({"rules": {"min_nights": 2}})).await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    let short = app.get(&format!("{path}/quote?check_in=2030-02-05&check_out=2030-02-06")).await;
    assert_eq!(short.problem(422), "invalid");
    assert_eq!(short.json()["errors"][0]["code"], "min_nights");
    host.put(&format!("{path}/calendar"), json!({"ranges": [{"from": "2030-02-01", "to": "2030-02-07", "available": false}]}))
        .await
        .expect(200);
    assert_eq!(app.get(&format!("{path}/quote?check_in=2030-02-05&check_out=2030-02-08")).await.problem(409), "dates_unavailable");
}

#[tokio::test]
async fn a_booked_night_cannot_be_blocked() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await;
    let wish = json!({"listing_id": listing["id"], "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/listings/{}/calendar", listing["id"].as_str().unwrap());
    let body = json!({"ranges": [{"from": "2030-03-01", "to": "2030-03-02", "available": false}, {"from": "2030-02-02", "to": "2030-02-04", "available": false}]});
    assert_eq!(host.put(&path, body).await.problem(409), "nights_booked");
    let blocks: i64 = sqlx::query_scalar("select count(*) from occupancies where lane = 'block'").fetch_one(app.pool()).await.unwrap();
    assert_eq!(blocks, 0, "all or none");
}

#[tokio::test]
async fn the_database_refuses_what_slips_through_an_exclusion_constraint() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing: uuid::Uuid = app.listing(&host, json!({})).await["id"].as_str().unwrap().parse().unwrap();
    for nights in
        ["'empty'::daterange", "null", "'[2030-01-01,)'::daterange", "'(,2030-01-01)'::daterange", "'[2030-01-01,infinity)'::daterange"]
    {
        let sql = format!(
            "insert into occupancies (listing_id, id, lane, reason, nights) values ('{listing}', gen_random_uuid(), 'block', 'host', {nights})"
        );
        assert!(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(app.pool()).await.is_err(), "{nights}");
    }
}
