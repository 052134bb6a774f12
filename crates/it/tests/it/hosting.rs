//! What hosts look at.

use it::{Client, TestApp};
use serde_json::{Value, json};

async fn book(guest: &Client, listing: &str, from: &str, to: &str) -> String {
    let wish = json!({"listing_id": listing, "check_in": from, "check_out": to, "guests": {"adults": 2}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    path
}

fn codes(rows: &Value) -> Vec<&str> {
    rows.as_array().unwrap().iter().map(|row| row["check_in"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn reservations_are_sorted_into_what_they_are() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let instant = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let asked = app.listing(&host, json!({"booking_mode": "request"})).await["id"].as_str().unwrap().to_owned();
    // It is 10:00 on 1 January in Lisbon; check-in is at 15:00, check-out at 11:00.
    book(&guest, &instant, "2030-01-01", "2030-01-02").await;
    book(&guest, &instant, "2030-01-10", "2030-01-12").await;
    let gone = book(&guest, &instant, "2030-01-20", "2030-01-22").await;
    guest.post_once(&format!("{gone}/cancel"), json!({}), None).await.expect(200);
    book(&guest, &asked, "2030-02-01", "2030-02-03").await;
    app.run_jobs().await;
    let day = host.get("/api/v1/host/dashboard").await.expect(200);
    assert_eq!(codes(&day["arrivals"]), ["2030-01-01"]);
    assert_eq!(codes(&day["requests"]), ["2030-02-01"]);
    assert_eq!(codes(&day["upcoming"]), ["2030-01-10"]);
    assert_eq!((&day["staying"], codes(&day["departures"]).len()), (&json!(0), 0));
    assert_eq!(guest.get("/api/v1/host/dashboard").await.expect(200)["arrivals"], json!([]));
    // During the first stay, then after it.
    app.advance("P1D").await;
    let host = app.again(&host).await;
    let day = host.get("/api/v1/host/dashboard").await.expect(200);
    assert_eq!((&day["staying"], codes(&day["departures"])), (&json!(1), vec!["2030-01-01"]));
    app.advance("PT2H").await;
    let host = app.again(&host).await;
    let day = host.get("/api/v1/host/dashboard").await.expect(200);
    assert_eq!(codes(&day["to_review"]), ["2030-01-01"]);
    for (status, expected) in [
        ("upcoming", vec!["2030-01-10"]),
        ("past", vec!["2030-01-01"]),
        ("cancelled", vec!["2030-02-01", "2030-01-20"]),
        ("current", vec![]),
        ("requests", vec![]),
        ("all", vec!["2030-02-01", "2030-01-20", "2030-01-10", "2030-01-01"]),
    ] {
        let rows = host.get(&format!("/api/v1/host/reservations?status={status}")).await.expect(200);
        assert_eq!(codes(&rows["data"]), expected, "{status}");
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = host.get(&format!("/api/v1/host/reservations?limit=3{cursor}")).await.expect(200);
        seen.extend(codes(&page["data"]).into_iter().map(str::to_owned));
        let Some(next) = page["next_cursor"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 4);
    host.get("/api/v1/host/reservations?status=best").await.problem(422);
}

#[tokio::test]
async fn figures_add_up_night_by_night() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({"pricing": {"nightly": 10001}})).await["id"].as_str().unwrap().to_owned();
    // Three nights of January, two of February.
    let path = book(&guest, &listing, "2030-01-29", "2030-02-03").await;
    let payout = guest.get(&path).await.expect(200)["quote"]["host_payout"]["amount"].as_i64();
    let payout = match payout {
        Some(payout) => payout,
        None => sqlx::query_scalar("select host_payout from bookings").fetch_one(app.pool()).await.unwrap(),
    };
    let months = host.get("/api/v1/host/statistics?from=2030-01-15&months=3").await.expect(200);
    let figures = |n: usize, name: &str| months["data"][n]["figures"][0][name].clone();
    assert_eq!((&months["data"][0]["month"], figures(0, "nights"), figures(1, "nights")), (&json!("2030-01-01"), json!(3), json!(2)));
    assert_eq!((figures(0, "nights_open"), figures(1, "nights_open"), figures(0, "occupancy_bps")), (json!(31), json!(28), json!(967)));
    assert_eq!((figures(0, "stays"), figures(1, "stays")), (json!(1), json!(0)));
    let earned = |n| figures(n, "earnings")["amount"].as_i64().unwrap();
    assert_eq!(earned(0) + earned(1), payout, "no cent is lost between months");
    assert_eq!((figures(2, "nights"), figures(2, "nights_open")), (json!(0), json!(31)));
    for wrong in ["months=0", "months=37", "from=9999-01-01", "from=soon"] {
        host.get(&format!("/api/v1/host/statistics?{wrong}")).await.problem(422);
    }
}
