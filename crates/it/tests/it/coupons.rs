//! Coupons and credit: what they take off, once, and where it goes when a stay
//! is called off.

use app::payments::ledger::verify::verify;
use futures::future::join_all;
use it::world::PASSWORD;
use it::{Browser, Client, TestApp};
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    guest: Client,
    staff: Client,
    listing: String,
}

impl Scene {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let (host, guest, staff) = (app.user("fergus").await, app.user("mia").await, app.staff("sam").await);
        let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
        Self { app, guest, staff, listing }
    }

    async fn coupon(&self, terms: Value) -> Value {
        let mut body = json!({"code": "spring", "amount": 10_000, "currency": "EUR", "reason": "a campaign"});
        body.as_object_mut().unwrap().extend(terms.as_object().unwrap().clone());
        if body["percent_bps"].is_i64() {
            body.as_object_mut().unwrap().remove("amount");
        }
        self.staff.post("/api/v1/admin/coupons", body).await.expect(201)
    }

    async fn credit(&self, amount: i64, more: Value) {
        let mut body = json!({"amount": {"amount": amount, "currency": "EUR"}, "reason": "The heating was cold"});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        self.staff.post(&format!("/api/v1/admin/users/{}/credit", self.guest.id), body).await.expect(201);
    }

    /// Three nights at 100.00 with 42.00 of fees; from the n-th of February.
    fn wish(&self, day: u32, more: Value) -> Value {
        let (check_in, check_out) = (format!("2030-02-{day:02}"), format!("2030-02-{:02}", day + 3));
        let mut wish = json!({"listing_id": self.listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 2}});
        wish.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wish
    }

    async fn book(&self, day: u32, more: Value) -> Value {
        self.guest.post_once("/api/v1/bookings", self.wish(day, more), None).await.expect(201)
    }

    async fn pay(&self, booking: &Value) -> Value {
        let path = format!("/api/v1/bookings/{}/payments", booking["id"].as_str().unwrap());
        let payment = self.guest.post_once(&path, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        self.app.run_jobs().await;
        payment
    }

    async fn spendable(&self) -> (i64, i64) {
        let guest = self.app.again(&self.guest).await;
        let balances = guest.get("/api/v1/users/me/credit").await.expect(200);
        balances
            .as_array()
            .unwrap()
            .first()
            .map_or((0, 0), |balance| (balance["available"]["amount"].as_i64().unwrap(), balance["held"]["amount"].as_i64().unwrap()))
    }

    async fn uses(&self) -> i64 {
        let staff = self.app.again(&self.staff).await;
        staff.get("/api/v1/admin/coupons").await.expect(200)["data"][0]["uses"].as_i64().unwrap()
    }

    async fn charged(&self) -> i64 {
        sqlx::query_scalar("select coalesce(sum(captured - refunded), 0)::bigint from sandbox_charges")
            .fetch_one(self.app.pool())
            .await
            .unwrap()
    }

    async fn the_book_is_right(&self) {
        self.app.run_jobs().await;
        let verdict = verify(&self.app.app, None).await.unwrap();
        assert!(verdict.fault.is_none(), "{:?}", verdict.fault);
    }
}

#[tokio::test]
async fn coupon_and_credit_pay_first_and_the_card_the_rest() {
    let s = Scene::new().await;
    s.coupon(json!({})).await;
    s.credit(5_000, json!({})).await;
    let quote =
        format!("/api/v1/listings/{}/quote?check_in=2030-02-05&check_out=2030-02-08&adults=2&coupon=Spring&use_credit=true", s.listing);
    let offer = s.guest.get(&quote).await.expect(200);
    assert_eq!((&offer["total"]["amount"], &offer["amount_due"]["amount"]), (&json!(34_200), &json!(19_200)));
    assert_eq!(
        offer["contribution"],
        json!({"coupon": {"code": "SPRING", "amount": {"amount": 10_000, "currency": "EUR"}},
        "credit": {"amount": 5_000, "currency": "EUR"}})
    );
    assert_eq!(offer["refund_timeline"][0]["refund"]["amount"], 24_200, "what the coupon pays does not come back to the guest");
    assert_eq!(s.app.get(&quote).await.problem(401), "unauthenticated");

    let due = json!({"amount": 19_200, "currency": "EUR"});
    let booking = s.book(5, json!({"coupon": "spring", "use_credit": true, "expected_due": due})).await;
    assert_eq!(booking["amount_due"], due);
    assert_eq!((s.spendable().await, s.uses().await), ((0, 5_000), 1));
    s.pay(&booking).await;
    assert_eq!(s.charged().await, 19_200);
    assert_eq!(s.spendable().await, (0, 0));
    assert_eq!(s.app.balance(&format!("guest_funds:{}", booking["id"].as_str().unwrap())).await, 34_200, "the host's price is whole");
    let receipt = s.guest.get(&format!("/api/v1/bookings/{}/receipt", booking["id"].as_str().unwrap())).await.expect(200);
    let mut means: Vec<(&str, i64)> = receipt["payments"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["means"].as_str().unwrap(), p["amount"]["amount"].as_i64().unwrap()))
        .collect();
    means.sort_unstable();
    assert_eq!(means, [("card", 19_200), ("coupon", 10_000), ("credit", 5_000)]);
    assert_eq!((&receipt["paid"]["amount"], &receipt["total"]["amount"]), (&json!(34_200), &json!(34_200)));
    s.the_book_is_right().await;

    // The stay is over: the host has the whole price less the fee.
    s.app.advance("P60D").await;
    let host_part = s.app.balance("promo_expense").await;
    assert_eq!(host_part, -15_000, "coupon and goodwill are the marketplace's cost");
    s.the_book_is_right().await;
}

#[tokio::test]
async fn everything_goes_back_to_where_it_came_from() {
    let s = Scene::new().await;
    s.coupon(json!({})).await;
    s.credit(5_000, json!({})).await;
    let booking = s.book(5, json!({"coupon": "SPRING", "use_credit": true})).await;
    s.pay(&booking).await;
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    let preview = s.guest.get(&format!("{path}/cancellation")).await.expect(200);
    assert_eq!((&preview["refund"]["amount"], &preview["credit"]["amount"]), (&json!(19_200), &json!(5_000)));
    s.guest.post_once(&format!("{path}/cancel"), json!({"expected_refund": preview["refund"]}), None).await.expect(200);
    s.app.run_jobs().await;
    assert_eq!((s.charged().await, s.spendable().await, s.uses().await), (0, (5_000, 0), 0));
    s.the_book_is_right().await;
    // The coupon can be used again, the credit too.
    let again = s.book(15, json!({"coupon": "SPRING", "use_credit": true})).await;
    assert_eq!(again["amount_due"]["amount"], 19_200);
}

#[tokio::test]
async fn of_a_part_the_card_comes_first_then_credit_then_coupon() {
    let s = Scene::new().await;
    s.coupon(json!({})).await;
    s.credit(10_000, json!({})).await;
    let booking = s.book(5, json!({"coupon": "SPRING", "use_credit": true})).await;
    s.pay(&booking).await;
    assert_eq!(s.charged().await, 14_200);
    // Less than 24 hours before: a night and the fee are kept, 200.00 come back.
    s.app.advance("P34DT10H").await;
    let guest = s.app.again(&s.guest).await;
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    let preview = guest.get(&format!("{path}/cancellation")).await.expect(200);
    let (card, credit) = (preview["refund"]["amount"].as_i64().unwrap(), preview["credit"]["amount"].as_i64().unwrap());
    assert_eq!((card, credit), (14_200, 5_800));
    guest.post_once(&format!("{path}/cancel"), json!({}), None).await.expect(200);
    s.app.run_jobs().await;
    assert_eq!((s.charged().await, s.spendable().await, s.uses().await), (0, (5_800, 0), 1), "the coupon has paid the night");
    s.the_book_is_right().await;
}

#[tokio::test]
async fn what_was_held_is_free_when_nobody_pays() {
    let s = Scene::new().await;
    s.coupon(json!({"max_uses": 1})).await;
    s.credit(5_000, json!({})).await;
    s.book(5, json!({"coupon": "SPRING", "use_credit": true})).await;
    let refused = s.guest.post_once("/api/v1/bookings", s.wish(15, json!({"coupon": "SPRING"})), None).await;
    assert_eq!(refused.problem(422), "invalid");
    assert_eq!(s.book(15, json!({"use_credit": true})).await["contribution"]["credit"]["amount"], 0, "held for the other");
    s.app.advance("PT20M").await;
    assert_eq!((s.spendable().await, s.uses().await), ((5_000, 0), 0));
    assert_eq!(s.app.balance(&format!("guest_credit:{}", s.guest.id)).await, 5_000);
    s.the_book_is_right().await;
}

#[tokio::test]
async fn a_lost_dispute_takes_the_card_s_part_and_the_rest_goes_back() {
    let s = Scene::new().await;
    s.coupon(json!({})).await;
    s.credit(5_000, json!({})).await;
    let booking = s.book(5, json!({"coupon": "SPRING", "use_credit": true})).await;
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    s.guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_createDispute"}), None).await.expect(201);
    // Nobody sends evidence: the bank keeps it.
    s.app.advance("P8D").await;
    let guest = s.app.again(&s.guest).await;
    assert_eq!(guest.get(&path).await.expect(200)["state"], "cancelled");
    assert_eq!((s.spendable().await, s.uses().await), ((5_000, 0), 0));
    s.the_book_is_right().await;
}

#[tokio::test]
async fn a_shorter_stay_gives_the_card_back_first() {
    let s = Scene::new().await;
    s.credit(30_000, json!({})).await;
    let booking = s.book(5, json!({"use_credit": true})).await;
    s.pay(&booking).await;
    assert_eq!(s.charged().await, 4_200);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    let preview = s.guest.get(&format!("{path}/shortening?check_out=2030-02-07")).await.expect(200);
    assert_eq!((&preview["refund"]["amount"], &preview["credit"]["amount"]), (&json!(4_200), &json!(7_200)));
    let shorter = json!({"check_out": "2030-02-07", "expected_refund": preview["refund"]});
    s.guest.post_once(&format!("{path}/shorten"), shorter, None).await.expect(200);
    s.app.run_jobs().await;
    assert_eq!((s.charged().await, s.spendable().await), (0, (7_200, 0)));
    s.the_book_is_right().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn of_fifty_at_once_one_gets_the_last_use() {
    let s = Scene::new().await;
    s.coupon(json!({"max_uses": 1})).await;
    let mut guests = Vec::new();
    for n in 0..10 {
        guests.push(s.app.user(&format!("guest{n}")).await);
    }
    // Different nights of the same home, so that only the coupon is fought for.
    let asked = (0..50_usize).map(|n| {
        let day = chrono::NaiveDate::from_ymd_opt(2030, 2, 1).unwrap() + chrono::Days::new(n as u64);
        let wish = json!({"listing_id": s.listing, "check_in": day, "check_out": day + chrono::Days::new(1), "guests": {"adults": 1}, "coupon": "SPRING"});
        guests[n % 10].post_once("/api/v1/bookings", wish, None)
    });
    let answers = join_all(asked).await;
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let refused = answers.iter().filter(|answer| answer.status == 422).count();
    assert_eq!((won, refused), (1, 49), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    assert_eq!(s.uses().await, 1);
}

#[tokio::test]
async fn a_coupon_says_why_it_takes_nothing_off() {
    let s = Scene::new().await;
    for (code, terms) in [
        ("LATER", json!({"starts_at": "2030-01-02T00:00:00Z"})),
        ("DOLLARS", json!({"currency": "USD"})),
        ("DEAR", json!({"minimum_total": 40_000})),
        ("FIRST", json!({"first_booking_only": true})),
        ("SHORT", json!({"ends_at": "2030-01-01T10:30:00Z"})),
    ] {
        let mut terms = terms;
        terms["code"] = json!(code);
        s.coupon(terms).await;
    }
    let ended = s.coupon(json!({"code": "ENDED"})).await;
    s.staff.post(&format!("/api/v1/admin/coupons/{}/end", ended["id"].as_str().unwrap()), json!({"reason": "over"})).await.expect(200);
    s.coupon(json!({"code": "TENTH", "percent_bps": 1_000, "max_amount": 2_000})).await;
    let why = async |code: &str, day: u32| {
        let refused = s.guest.post_once("/api/v1/bookings", s.wish(day, json!({"coupon": code})), None).await;
        assert_eq!(refused.status, 422, "{code}: {}", refused.text());
        let mistake = refused.json()["errors"][0].clone();
        assert_eq!(mistake["pointer"], "/coupon");
        mistake["code"].as_str().unwrap().to_owned()
    };
    for (code, reason) in [
        ("NOPE", "coupon_unknown"),
        ("nul\u{0}", "coupon_unknown"),
        ("LATER", "coupon_not_yet"),
        ("DOLLARS", "coupon_currency"),
        ("DEAR", "coupon_minimum"),
        ("ENDED", "coupon_over"),
    ] {
        assert_eq!(why(code, 5).await, reason, "{code}");
    }
    let booking = s.book(5, json!({"coupon": "tenth"})).await;
    assert_eq!(booking["contribution"]["coupon"]["amount"]["amount"], 2_000, "a tenth, at most 20.00");
    s.pay(&booking).await;
    assert_eq!(why("TENTH", 15).await, "coupon_already_used");
    assert_eq!(why("FIRST", 15).await, "coupon_first_booking_only");
    s.app.jump(40).await;
    assert_eq!(why("SHORT", 15).await, "coupon_over");
    let changed = s.wish(15, json!({"expected_due": {"amount": 1, "currency": "EUR"}}));
    assert_eq!(s.guest.post_once("/api/v1/bookings", changed, None).await.problem(409), "price_changed");
    let bookings: i64 = sqlx::query_scalar("select count(*) from bookings").fetch_one(s.app.pool()).await.unwrap();
    assert_eq!(bookings, 1, "what was refused left nothing behind");
    // Coupons that say nothing, or too much.
    for (terms, status) in [
        (json!({"code": "x"}), 422),
        (json!({"code": "TWO", "percent_bps": 5, "amount": 5}), 422),
        (json!({"code": "NONE"}), 422),
        (json!({"code": "BARE", "amount": 5}), 422),
        (json!({"code": "TENTH", "percent_bps": 5}), 409),
    ] {
        let mut body = terms;
        body["reason"] = json!("try");
        assert_eq!(s.staff.post("/api/v1/admin/coupons", body.clone()).await.status, status, "{body}");
    }
    assert_eq!(s.guest.post("/api/v1/admin/coupons", json!({"code": "MINE", "percent_bps": 9_000, "reason": "me"})).await.status, 404);
}

#[tokio::test]
async fn credit_ends_and_only_what_was_not_spent_goes() {
    let s = Scene::new().await;
    s.credit(6_000, json!({"expires_at": "2030-03-01T00:00:00Z"})).await;
    s.credit(4_000, json!({})).await;
    assert!(s.app.mails_to(&s.guest).is_empty());
    s.app.run_jobs().await;
    assert!(s.app.mails_to(&s.guest).iter().any(|mail| mail.contains("60.00")), "{:?}", s.app.mails_to(&s.guest));
    let booking = s.book(5, json!({"use_credit": true, "coupon": null})).await;
    assert_eq!(booking["amount_due"]["amount"], 24_200);
    s.guest.post_once(&format!("/api/v1/bookings/{}/cancel", booking["id"].as_str().unwrap()), json!({}), None).await.expect(200);
    assert_eq!(s.spendable().await, (10_000, 0));
    s.app.advance("P70D").await;
    assert_eq!(s.spendable().await, (4_000, 0), "what had an end is gone");
    let grants = s.app.again(&s.guest).await.get("/api/v1/users/me/credit/grants").await.expect(200);
    assert_eq!(grants["data"].as_array().unwrap().len(), 2);
    s.the_book_is_right().await;
    // Who leaves leaves it behind.
    let guest = s.app.again(&s.guest).await;
    guest.send(guest.request(reqwest::Method::DELETE, "/api/v1/users/me").json(&json!({"password": PASSWORD}))).await.expect(204);
    assert_eq!((s.app.balance(&format!("guest_credit:{}", s.guest.id)).await, s.app.balance("promo_expense").await), (0, 0));
    s.the_book_is_right().await;
}

#[tokio::test]
async fn staff_write_a_coupon_and_a_guest_uses_it_without_a_script() {
    let s = Scene::new().await;
    let mut staff = Browser::new(&s.app.base);
    staff.open("/login").await;
    staff.submit("/login", &[("email", &s.staff.email), ("password", PASSWORD)]).await;
    staff.open("/staff/coupons").await;
    staff.expect(200, "Nothing here.");
    staff.submit("/staff/create_coupon", &[("code", "welcome"), ("percent", "12.5"), ("reason", "For new guests")]).await;
    staff.expect(200, "WELCOME");
    staff.expect(200, "12.5 %");
    staff.open(&format!("/staff/people/{}", s.guest.id)).await;
    staff.submit("/staff/grant_credit", &[("amount", "30"), ("currency", "eur"), ("reason", "A cold shower")]).await;
    staff.expect(200, "Done");

    let mut guest = Browser::new(&s.app.base);
    guest.open("/login").await;
    guest.submit("/login", &[("email", &s.guest.email), ("password", PASSWORD)]).await;
    guest.open("/account/credit").await;
    guest.expect(200, "A cold shower");
    guest.open(&format!("/book?home={}&check_in=2030-02-05&check_out=2030-02-08&adults=2", s.listing)).await;
    guest.submit("/book", &[("coupon", "welcme"), ("what", "apply")]).await;
    guest.expect(422, "no such coupon");
    // Whoever goes on without applying it sees the new amount first.
    guest.submit("/book", &[("coupon", "welcome"), ("use_credit", "yes")]).await;
    guest.expect(200, "Coupon WELCOME");
    guest.expect(200, "€269.25");
    guest.submit("/book", &[("what", "")]).await;
    guest.expect(200, "Pay €269.25");
    guest.submit("pay", &[("number", "4242 4242 4242 4242")]).await;
    guest.expect(200, "Coupon WELCOME");
    assert_eq!(s.charged().await, 26_925);
    s.the_book_is_right().await;
}
