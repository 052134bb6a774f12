//! Holds, answers, deadlines, cancellations.

use it::{Client, TestApp};
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    host: Client,
    guest: Client,
    listing: String,
}

async fn scene(overrides: Value) -> Scene {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, overrides).await["id"].as_str().unwrap().to_owned();
    Scene { app, host, guest, listing }
}

impl Scene {
    fn wish(&self, check_in: &str, check_out: &str) -> Value {
        json!({"listing_id": self.listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 2}})
    }

    async fn book(&self, who: &Client, check_in: &str, check_out: &str) -> it::Answer {
        who.post_once("/api/v1/bookings", self.wish(check_in, check_out), None).await
    }

    /// Booked and paid: confirmed, or requested where the host is asked.
    async fn paid(&self, who: &Client, check_in: &str, check_out: &str) -> String {
        let booking = self.book(who, check_in, check_out).await.expect(201);
        let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        who.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        path
    }

    async fn state(&self, path: &str) -> String {
        self.host.get(path).await.expect(200)["state"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn instant_bookings_are_charged_and_confirmed() {
    let s = scene(json!({})).await;
    let path = s.paid(&s.guest, "2030-02-01", "2030-02-03").await;
    assert_eq!(s.state(&path).await, "confirmed");
    let history = s.guest.get(&format!("{path}/history")).await.expect(200);
    let moves: Vec<&str> = history.as_array().unwrap().iter().map(|entry| entry["to"].as_str().unwrap()).collect();
    assert_eq!(moves, ["pending_payment", "confirmed"]);
    assert_eq!(s.book(&s.guest, "2030-02-02", "2030-02-04").await.problem(409), "dates_unavailable");
    s.book(&s.guest, "2030-02-03", "2030-02-05").await.expect(201);
    assert_eq!(s.guest.get("/api/v1/bookings?state=confirmed").await.expect(200)["data"].as_array().unwrap().len(), 1);
    assert_eq!(s.host.get("/api/v1/bookings?role=host").await.expect(200)["data"].as_array().unwrap().len(), 2);
    s.app.user("eve").await.get(&path).await.problem(404);
}

#[tokio::test]
async fn a_lapsed_hold_frees_its_nights_without_a_worker() {
    let s = scene(json!({})).await;
    let first = s.book(&s.guest, "2030-02-01", "2030-02-03").await.expect(201);
    let eve = s.app.user("eve").await;
    assert_eq!(s.book(&eve, "2030-02-01", "2030-02-03").await.problem(409), "dates_unavailable");
    // Only the clock moves; no job runs.
    s.app.jump(15).await;
    let path = format!("/api/v1/bookings/{}", first["id"].as_str().unwrap());
    assert_eq!(s.state(&path).await, "expired");
    let late = s.guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await;
    assert_eq!(late.problem(409), "hold_expired");
    s.book(&eve, "2030-02-01", "2030-02-03").await.expect(201);
}

#[tokio::test]
async fn unanswered_requests_expire_and_let_the_card_go() {
    let s = scene(json!({"booking_mode": "request"})).await;
    let path = s.paid(&s.guest, "2030-02-01", "2030-02-03").await;
    assert_eq!(s.state(&path).await, "requested");
    s.app.advance("PT24H").await;
    let (guest, host) = (s.app.again(&s.guest).await, s.app.again(&s.host).await);
    assert_eq!(guest.get(&path).await.expect(200)["state"], "expired");
    assert_eq!(guest.get(&format!("{path}/payments")).await.expect(200)["status"], "released");
    assert_eq!(host.post_once(&format!("{path}/accept"), json!({}), None).await.problem(409), "illegal_transition");
    s.book(&guest, "2030-02-01", "2030-02-03").await.expect(201);
}

#[tokio::test]
async fn declining_frees_nights_and_card() {
    let s = scene(json!({"booking_mode": "request"})).await;
    let path = s.paid(&s.guest, "2030-02-01", "2030-02-03").await;
    s.guest.post_once(&format!("{path}/accept"), json!({}), None).await.problem(403);
    let declined = s.host.post_once(&format!("{path}/decline"), json!({"reason": "Painters"}), None).await.expect(200);
    assert_eq!(declined["state"], "declined");
    assert_eq!(s.guest.get(&format!("{path}/payments")).await.expect(200)["status"], "released");
    s.book(&s.guest, "2030-02-01", "2030-02-03").await.expect(201);
}

#[tokio::test]
async fn accepting_declines_rivals_that_the_preparation_time_now_excludes() {
    let s = scene(json!({"booking_mode": "request"})).await;
    let first = s.paid(&s.guest, "2030-02-01", "2030-02-03").await;
    let rival = s.paid(&s.app.user("eve").await, "2030-02-03", "2030-02-05").await;
    let far = s.paid(&s.app.user("ann").await, "2030-02-07", "2030-02-09").await;
    let listing = format!("/api/v1/listings/{}", s.listing);
    let etag = s.host.get(&listing).await.etag();
    s.host.put_if(&format!("{listing}/rules"), &etag, json!({"preparation_nights": 1})).await.expect(200);
    s.host.post_once(&format!("{first}/accept"), json!({}), None).await.expect(200);
    assert_eq!((s.state(&rival).await.as_str(), s.state(&far).await.as_str()), ("declined", "requested"));
    assert_eq!(s.host.get(&format!("{rival}/payments")).await.expect(200)["status"], "released");
    assert_eq!(s.book(&s.guest, "2030-02-03", "2030-02-05").await.problem(409), "dates_unavailable", "the night after is kept free");
}

#[tokio::test]
async fn the_same_key_books_once() {
    let s = scene(json!({})).await;
    let wish = s.wish("2030-02-01", "2030-02-03");
    let first = s.guest.post_once("/api/v1/bookings", wish.clone(), Some("trip-1")).await;
    let second = s.guest.post_once("/api/v1/bookings", wish, Some("trip-1")).await;
    assert_eq!(first.expect(201), second.expect(201));
    assert_eq!((first.header("idempotent-replayed"), second.header("idempotent-replayed")), (None, Some("true")));
    let other = s.guest.post_once("/api/v1/bookings", s.wish("2030-03-01", "2030-03-03"), Some("trip-1")).await;
    assert_eq!(other.problem(422), "idempotency_mismatch");
    let eve = s.app.user("eve").await;
    eve.post_once("/api/v1/bookings", s.wish("2030-03-01", "2030-03-03"), Some("trip-1")).await.expect(201);
}

#[tokio::test]
async fn a_changed_price_is_told_not_charged() {
    let s = scene(json!({})).await;
    let mut wish = s.wish("2030-02-04", "2030-02-06");
    wish["expected_total"] = json!({"amount": 1, "currency": "EUR"});
    let answer = s.guest.post_once("/api/v1/bookings", wish, None).await;
    assert_eq!(answer.problem(409), "price_changed");
    assert_eq!(answer.json()["quote"]["total"], 22_800);
    let bookings: i64 =
        sqlx::query_scalar("select (select count(*) from bookings) + (select count(*) from payments) + (select count(*) from occupancies)")
            .fetch_one(s.app.pool())
            .await
            .unwrap();
    assert_eq!(bookings, 0);
}

#[tokio::test]
async fn what_the_preview_shows_is_what_comes_back() {
    let s = scene(json!({"cancellation_policy": "moderate", "pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await;
    let path = s.paid(&s.guest, "2030-02-10", "2030-02-14").await;
    s.app.advance("P37D").await; // three days before arrival: one night and half of the rest are due
    let guest = s.app.again(&s.guest).await;
    let preview = guest.get(&format!("{path}/cancellation")).await.expect(200);
    assert_eq!(preview["refund"]["amount"], 18_000, "15,000 of nights and the cleaning");
    let wrong = guest.post_once(&format!("{path}/cancel"), json!({"expected_refund": {"amount": 20000, "currency": "EUR"}}), None).await;
    assert_eq!(wrong.problem(409), "refund_changed");
    let done = guest.post_once(&format!("{path}/cancel"), json!({"expected_refund": preview["refund"]}), None).await.expect(200);
    assert_eq!((&done["state"], &done["cancelled_by"], &done["refund"]), (&json!("cancelled"), &json!("guest"), &preview["refund"]));
    let payment = guest.get(&format!("{path}/payments")).await.expect(200);
    assert_eq!((&payment["status"], &payment["refunded"]["amount"]), (&json!("partially_refunded"), &json!(18_000)));
    let id = done["id"].as_str().unwrap();
    assert_eq!(s.app.balance(&format!("guest_funds:{id}")).await, 0);
    assert_eq!(s.app.balance(&format!("refund_payable:{id}")).await, 0);
    assert_eq!(s.app.balance(&format!("host_payable:{}", s.host.id)).await, 24_250, "25,000 less 3 %");
    s.book(&guest, "2030-02-10", "2030-02-14").await.expect(201);
}

#[tokio::test]
async fn hosts_who_call_off_give_everything_back_and_keep_the_nights_blocked() {
    let s = scene(json!({})).await;
    let path = s.paid(&s.guest, "2030-02-10", "2030-02-12").await;
    let done = s.host.post_once(&format!("{path}/cancel"), json!({"reason": "Flood"}), None).await.expect(200);
    assert_eq!((&done["cancelled_by"], &done["refund"]["amount"]), (&json!("host"), &json!(22_800)));
    assert_eq!(s.guest.get(&format!("{path}/payments")).await.expect(200)["status"], "refunded");
    assert_eq!(s.app.balance(&format!("host_receivable:{}", s.host.id)).await, -2_000, "10 % of 200");
    assert_eq!(s.book(&s.guest, "2030-02-10", "2030-02-12").await.problem(409), "dates_unavailable");
    let payouts = s.host.get("/api/v1/host/payouts").await.expect(200);
    assert_eq!(payouts["data"][0]["state"], "cancelled");
}

#[tokio::test]
async fn every_rule_of_the_host_is_told() {
    let s = scene(json!({"rules": {"min_nights": 3, "max_pets": 0}})).await;
    let wish = json!({"listing_id": s.listing, "check_in": "2030-02-01", "check_out": "2030-02-02", "guests": {"adults": 9, "pets": 1}});
    let answer = s.guest.post_once("/api/v1/bookings", wish, None).await;
    assert_eq!(answer.problem(422), "invalid");
    let errors = answer.json()["errors"].clone();
    let codes: Vec<&str> = errors.as_array().unwrap().iter().map(|e| e["code"].as_str().unwrap()).collect();
    assert_eq!(codes, ["min_nights", "capacity", "pets"]);
    assert_eq!(s.book(&s.host, "2030-02-01", "2030-02-05").await.problem(403), "own_listing");
    assert_eq!(s.book(&s.app.newcomer("ned").await, "2030-02-01", "2030-02-05").await.problem(403), "email_unverified");
}

#[tokio::test]
async fn later_edits_change_only_later_bookings() {
    let s = scene(json!({})).await;
    let path = s.paid(&s.guest, "2030-02-10", "2030-02-12").await;
    let listing = format!("/api/v1/listings/{}", s.listing);
    let etag = s.host.get(&listing).await.etag();
    s.host
        .patch(&listing, &etag, json!({"title": "Dearer", "cancellation_policy": "non_refundable", "pricing": {"nightly": 99900}}))
        .await
        .expect(200);
    let booking = s.guest.get(&path).await.expect(200);
    assert_eq!(
        (&booking["listing"]["title"], &booking["cancellation_policy"], &booking["total"]["amount"]),
        (&json!("Flat over the roofs"), &json!("flexible"), &json!(22_800))
    );
    assert_eq!(s.guest.get(&format!("{path}/cancellation")).await.expect(200)["refund"]["amount"], 22_800);
}

#[tokio::test]
async fn a_guest_who_never_comes_is_marked_after_check_in_only() {
    let s = scene(json!({})).await;
    let path = s.paid(&s.guest, "2030-01-03", "2030-01-05").await;
    assert_eq!(s.host.post(&format!("{path}/no-show"), json!({})).await.problem(409), "illegal_transition");
    s.app.advance("P2DT6H").await;
    let host = s.app.again(&s.host).await;
    assert_eq!(host.post(&format!("{path}/no-show"), json!({})).await.expect(200)["state"], "no_show");
    s.app.advance("P3D").await;
    let host = s.app.again(&s.host).await;
    assert_eq!(host.get("/api/v1/host/payouts").await.expect(200)["data"][0]["state"], "due");
}
