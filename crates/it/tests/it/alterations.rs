//! Changes by agreement, leaving early, extra refunds, and what staff decide.

use it::{Client, TestApp};
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    host: Client,
    guest: Client,
    listing: String,
    path: String,
}

/// A confirmed booking of 10 to 14 February at 100.00 a night: 456.00.
async fn scene(overrides: Value) -> Scene {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, overrides).await["id"].as_str().unwrap().to_owned();
    let mut s = Scene { app, host, guest, listing, path: String::new() };
    s.path = s.paid(&s.guest, "2030-02-10", "2030-02-14").await;
    s
}

impl Scene {
    async fn book(&self, who: &Client, check_in: &str, check_out: &str) -> it::Answer {
        let wish = json!({"listing_id": self.listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 2}});
        who.post_once("/api/v1/bookings", wish, None).await
    }

    async fn paid(&self, who: &Client, check_in: &str, check_out: &str) -> String {
        let booking = self.book(who, check_in, check_out).await.expect(201);
        let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        who.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        path
    }

    async fn propose(&self, who: &Client, wish: Value) -> it::Answer {
        who.post_once(&format!("{}/alterations", self.path), wish, None).await
    }

    async fn answer(&self, who: &Client, alteration: &Value, verb: &str, body: Value) -> it::Answer {
        who.post_once(&format!("{}/alterations/{}/{verb}", self.path, alteration["id"].as_str().unwrap()), body, None).await
    }

    async fn dates(&self) -> (String, String, i64) {
        let booking = self.app.again(&self.guest).await.get(&self.path).await.expect(200);
        let text = |name: &str| booking[name].as_str().unwrap().to_owned();
        (text("check_in"), text("check_out"), booking["total"]["amount"].as_i64().unwrap())
    }

    async fn balance(&self, kind: &str) -> i64 {
        self.app.balance(&format!("{kind}:{}", self.path.rsplit('/').next().unwrap())).await
    }

    /// What the provider has taken and not given back.
    async fn at_the_provider(&self) -> i64 {
        self.app.run_jobs().await;
        sqlx::query_scalar("select coalesce(sum(captured - refunded), 0)::bigint from sandbox_charges")
            .fetch_one(self.app.pool())
            .await
            .unwrap()
    }
}

fn dates(check_in: &str, check_out: &str, total: i64) -> (String, String, i64) {
    (check_in.to_owned(), check_out.to_owned(), total)
}

#[tokio::test]
async fn a_guest_asks_for_a_night_more_and_the_host_says_yes() {
    let s = scene(json!({})).await;
    let wish = json!({"check_out": "2030-02-15", "expected_total": {"amount": 57_000, "currency": "EUR"}, "message": "One more?"});
    assert_eq!(s.propose(&s.guest, wish.clone()).await.problem(422), "invalid", "a card is needed");
    let mut wish = wish;
    wish["payment_method"] = json!("pm_card_visa");
    let proposed = s.propose(&s.guest, wish.clone()).await.expect(201);
    assert_eq!((&proposed["state"], &proposed["price"]["charge"]["amount"]), (&json!("proposed"), &json!(11_400)));
    assert_eq!(proposed["payment"]["status"], "authorized", "held, not taken");
    assert_eq!(s.at_the_provider().await, 45_600);
    // The night is held meanwhile, and one change is enough.
    assert_eq!(s.book(&s.app.user("eve").await, "2030-02-14", "2030-02-15").await.problem(409), "dates_unavailable");
    assert_eq!(s.propose(&s.guest, wish).await.problem(409), "alteration_open");
    assert_eq!(s.answer(&s.guest, &proposed, "accept", json!({})).await.problem(403), "own_proposal");
    let done = s.answer(&s.host, &proposed, "accept", json!({})).await.expect(200);
    assert_eq!((&done["state"], &done["payment"]["status"]), (&json!("applied"), &json!("succeeded")));
    assert_eq!((s.dates().await, s.at_the_provider().await), (dates("2030-02-10", "2030-02-15", 57_000), 57_000));
    assert_eq!(s.balance("guest_funds").await, 57_000);
    let payouts = s.host.get("/api/v1/host/payouts").await.expect(200);
    assert_eq!((payouts["data"].as_array().unwrap().len(), &payouts["data"][0]["amount"]["amount"]), (1, &json!(48_500)));
    assert_eq!(s.answer(&s.host, &proposed, "accept", json!({})).await.problem(409), "illegal_transition");
    // The stay is lived and earned as it is now.
    s.app.advance("P60D").await;
    assert_eq!((s.balance("guest_funds").await, s.app.balance(&format!("host_payable:{}", s.host.id)).await), (0, 48_500));
    assert_eq!(s.app.again(&s.guest).await.get(&s.path).await.expect(200)["state"], "completed");
}

#[tokio::test]
async fn kept_nights_keep_their_price_and_what_is_cheaper_comes_back() {
    let s = scene(json!({"pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await; // 43,000 and 14 %: 49,020
    let etag = s.host.get(&format!("/api/v1/listings/{}", s.listing)).await.etag();
    s.host
        .put_if(&format!("/api/v1/listings/{}/pricing", s.listing), &etag, json!({"nightly": 30000, "cleaning_fee": 9000}))
        .await
        .expect(200);
    let preview =
        s.guest.post(&format!("{}/alterations/preview", s.path), json!({"check_in": "2030-02-12", "check_out": "2030-02-15"})).await;
    let preview = preview.expect(200);
    // Two nights kept at 100, one new at 300, the cleaning as booked: 53,000 and 14 %.
    assert_eq!((&preview["price"]["after"]["amount"], &preview["price"]["charge"]["amount"]), (&json!(60_420), &json!(11_400)));
    // A shorter stay: the host agrees, and the difference comes back.
    let proposed = s.propose(&s.guest, json!({"check_out": "2030-02-12"})).await.expect(201);
    assert_eq!((&proposed["price"]["refund"]["amount"], &proposed["payment"]), (&json!(22_800), &Value::Null));
    let done = s.answer(&s.host, &proposed, "accept", json!({})).await.expect(200);
    assert_eq!(done["state"], "applied");
    assert_eq!((s.dates().await, s.at_the_provider().await), (dates("2030-02-10", "2030-02-12", 26_220), 26_220));
    assert_eq!((s.balance("guest_funds").await, s.balance("refund_payable").await), (26_220, 0));
    // The nights given up can be had again.
    s.book(&s.app.user("eve").await, "2030-02-12", "2030-02-14").await.expect(201);
    // And what remains can be called off as agreed.
    s.guest.post_once(&format!("{}/cancel", s.path), json!({}), None).await.expect(200);
    assert_eq!((s.at_the_provider().await, s.balance("guest_funds").await, s.balance("refund_payable").await), (0, 0, 0));
}

#[tokio::test]
async fn a_host_proposes_and_the_guest_pays_when_saying_yes() {
    let s = scene(json!({})).await;
    let proposed = s.propose(&s.host, json!({"check_in": "2030-02-09", "guests": {"adults": 3}})).await.expect(201);
    assert_eq!((&proposed["proposed_by"], &proposed["payment"]), (&json!("host"), &Value::Null));
    assert_eq!(s.answer(&s.guest, &proposed, "accept", json!({})).await.problem(422), "invalid", "a card is needed");
    let refused = s.answer(&s.guest, &proposed, "accept", json!({"payment_method": "pm_card_visa_chargeDeclined"})).await.expect(200);
    assert_eq!((&refused["state"], &refused["payment"]["decline_code"]), (&json!("proposed"), &json!("card_declined")), "try another");
    assert_eq!(s.dates().await, dates("2030-02-10", "2030-02-14", 45_600));
    let done = s.answer(&s.guest, &proposed, "accept", json!({"payment_method": "pm_card_visa"})).await.expect(200);
    assert_eq!((&done["state"], s.dates().await), (&json!("applied"), dates("2030-02-09", "2030-02-14", 57_000)));
    assert_eq!(s.app.again(&s.guest).await.get(&s.path).await.expect(200)["guests"]["adults"], 3);
    assert_eq!(s.at_the_provider().await, 57_000);
}

#[tokio::test]
async fn changes_that_are_not_made_leave_nothing_behind() {
    let s = scene(json!({"rules": {"preparation_nights": 1}})).await;
    let wish = json!({"check_out": "2030-02-15", "payment_method": "pm_card_visa"});
    let free = async |s: &Scene| {
        s.app.run_jobs().await;
        let day = |date: &str| format!("/api/v1/listings/{}/calendar?from={date}&to=2030-02-18", s.listing);
        let host = s.app.again(&s.host).await;
        let days = host.get(&day("2030-02-13")).await.expect(200)["days"].clone();
        days.as_array().unwrap().iter().map(|day| day["blocked_by"].as_str().unwrap_or("").to_owned()).collect::<Vec<_>>()
    };
    let before = free(&s).await;
    assert_eq!(before, ["booking", "preparation", "", "", ""]);
    for verb in ["decline", "withdraw"] {
        let proposed = s.propose(&s.guest, wish.clone()).await.expect(201);
        assert_eq!(free(&s).await, ["booking", "booking", "preparation", "", ""]);
        let (right, wrong) = if verb == "decline" { (&s.host, &s.guest) } else { (&s.guest, &s.host) };
        s.answer(wrong, &proposed, verb, json!({})).await.problem(403);
        s.answer(right, &proposed, verb, json!({})).await.expect(200);
        assert_eq!(free(&s).await, before, "{verb}");
    }
    s.propose(&s.guest, wish.clone()).await.expect(201);
    s.app.advance("P1D").await;
    assert_eq!(free(&s).await, before, "expired");
    let guest = s.app.again(&s.guest).await;
    let declined = s.propose(&guest, json!({"check_out": "2030-02-15", "payment_method": "pm_card_visa_chargeDeclined"})).await.expect(201);
    assert_eq!((&declined["state"], &declined["payment"]["status"]), (&json!("failed"), &json!("failed")));
    assert_eq!(free(&s).await, before, "refused");
    // Calling the booking off ends an open change.
    let guest = s.app.again(&s.guest).await;
    s.propose(&guest, wish).await.expect(201);
    guest.post_once(&format!("{}/cancel", s.path), json!({}), None).await.expect(200);
    assert_eq!(free(&s).await, ["", "", "", "", ""]);
    let all = guest.get(&format!("{}/alterations", s.path)).await.expect(200);
    // Those of one instant of a standing clock have no order.
    let mut states: Vec<&str> = all.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap()).collect();
    states.sort_unstable();
    assert_eq!(states, ["declined", "expired", "failed", "withdrawn", "withdrawn"]);
    s.app.advance("PT2M").await;
    assert_eq!(s.at_the_provider().await, 0);
    let held: i64 =
        sqlx::query_scalar("select count(*) from sandbox_charges where state = 'authorized'").fetch_one(s.app.pool()).await.unwrap();
    assert_eq!(held, 0, "every held card was let go");
}

#[tokio::test]
async fn a_change_cannot_take_what_is_taken_or_passed() {
    let s = scene(json!({})).await;
    let eve = s.app.user("eve").await;
    s.paid(&eve, "2030-02-14", "2030-02-16").await;
    let card = |check_in: &str, check_out: &str| json!({"check_in": check_in, "check_out": check_out, "payment_method": "pm_card_visa"});
    assert_eq!(s.propose(&s.guest, card("2030-02-10", "2030-02-15")).await.problem(409), "dates_unavailable");
    for (wish, code) in [
        (card("2030-02-10", "2030-02-14"), "no_change"),
        (card("2029-12-01", "2030-02-14"), "past"),
        (card("2030-02-14", "2030-02-10"), "dates"),
        (json!({"guests": {"adults": 9}}), "capacity"),
        (json!({"guests": {"adults": 2, "children": 0}, "nights": 3}), "unknown_field"),
    ] {
        let answer = s.propose(&s.guest, wish.clone()).await;
        answer.problem(422);
        assert_eq!(answer.json()["errors"][0]["code"], code, "{wish}");
    }
    assert_eq!(s.propose(&eve, card("2030-02-10", "2030-02-13")).await.problem(404), "not_found");
    s.app.advance("P42D").await; // 12 February
    let guest = s.app.again(&s.guest).await;
    for wish in [card("2030-02-11", "2030-02-14"), card("2030-02-10", "2030-02-11")] {
        assert_eq!(s.propose(&guest, wish).await.problem(422), "invalid");
    }
}

#[tokio::test]
async fn leaving_early_gives_back_what_the_preview_said() {
    let s = scene(json!({"cancellation_policy": "moderate"})).await;
    s.app.advance("P41D").await; // 11 February, 10:00: one night has passed, not yet earned
    let guest = s.app.again(&s.guest).await;
    let preview = guest.get(&format!("{}/shortening?check_out=2030-02-12", s.path)).await.expect(200);
    // The night of the 11th is the one more; of two nights given up half stays with the host.
    assert_eq!(preview["refund"]["amount"], 10_000);
    let kinds: Vec<&str> = preview["quote"]["lines"].as_array().unwrap().iter().map(|line| line["kind"].as_str().unwrap()).collect();
    assert!(kinds.contains(&"cancelled_nights"), "{kinds:?}");
    let shorten = format!("{}/shorten", s.path);
    let wrong = json!({"check_out": "2030-02-12", "expected_refund": {"amount": 1, "currency": "EUR"}});
    assert_eq!(guest.post_once(&shorten, wrong, None).await.problem(409), "refund_changed");
    let body = json!({"check_out": "2030-02-12", "expected_refund": preview["refund"]});
    let first = guest.post_once(&shorten, body.clone(), Some("leave")).await;
    let again = guest.post_once(&shorten, body, Some("leave")).await;
    assert_eq!(first.expect(200)["refund"], again.expect(200)["refund"]);
    assert_eq!((s.dates().await, s.at_the_provider().await), (dates("2030-02-10", "2030-02-12", 35_600), 35_600));
    s.book(&s.app.user("eve").await, "2030-02-12", "2030-02-14").await.expect(201);
    s.app.advance("P5D").await;
    assert_eq!(s.app.balance(&format!("host_payable:{}", s.host.id)).await, 29_100, "three nights' worth, less 3 %");
    assert_eq!((s.balance("guest_funds").await, s.balance("refund_payable").await), (0, 0));
    assert_eq!(
        s.app.again(&s.host).await.post_once(&shorten, json!({"check_out": "2030-02-11"}), None).await.problem(403),
        "not_the_guest"
    );
}

#[tokio::test]
async fn leaving_after_the_host_has_earned_makes_the_host_owe() {
    let s = scene(json!({"cancellation_policy": "flexible"})).await;
    s.app.advance("P42D").await; // 12 February, 10:00: earned on the 11th
    assert_eq!(s.app.balance(&format!("host_payable:{}", s.host.id)).await, 38_800);
    let guest = s.app.again(&s.guest).await;
    let done = guest.post_once(&format!("{}/shorten", s.path), json!({"check_out": "2030-02-13"}), None).await.expect(200);
    assert_eq!(done["refund"]["amount"], 10_000, "two passed, one more is due, one comes back");
    assert_eq!(s.app.balance(&format!("host_receivable:{}", s.host.id)).await, -9_700);
    assert_eq!((s.at_the_provider().await, s.balance("guest_funds").await, s.balance("refund_payable").await), (35_600, 0, 0));
    // A night more by agreement is earned once it is paid.
    let wish = json!({"check_out": "2030-02-14", "payment_method": "pm_card_visa"});
    let proposed = s.propose(&guest, wish).await.expect(201);
    s.answer(&s.app.again(&s.host).await, &proposed, "accept", json!({})).await.expect(200);
    s.app.run_jobs().await;
    assert_eq!(s.balance("guest_funds").await, 0);
    let owed = s.app.balance(&format!("host_payable:{}", s.host.id)).await + s.app.balance(&format!("host_receivable:{}", s.host.id)).await;
    assert_eq!(owed, 38_800, "29,100 and the new night");
}

#[tokio::test]
async fn an_extra_refund_is_the_hosts_to_grant() {
    let s = scene(json!({"cancellation_policy": "non_refundable"})).await;
    let requests = format!("{}/refund-requests", s.path);
    let ask = |amount: i64| json!({"amount": {"amount": amount, "currency": "EUR"}, "reason": "No hot water"});
    assert_eq!(s.guest.post_once(&requests, ask(38_801), None).await.problem(422), "invalid", "more than the host gets");
    assert_eq!(s.host.post_once(&requests, ask(100), None).await.problem(403), "not_the_guest");
    let asked = s.guest.post_once(&requests, ask(10_000), None).await.expect(201);
    assert_eq!(s.guest.post_once(&requests, ask(100), None).await.problem(409), "refund_request_open");
    let one = format!("{requests}/{}", asked["id"].as_str().unwrap());
    assert_eq!(s.guest.post_once(&format!("{one}/grant"), json!({}), None).await.problem(403), "not_the_host");
    let more = json!({"amount": {"amount": 10_001, "currency": "EUR"}});
    assert_eq!(s.host.post_once(&format!("{one}/grant"), more, None).await.problem(422), "invalid");
    let part = json!({"amount": {"amount": 8_000, "currency": "EUR"}, "answer": "Sorry!"});
    let granted = s.host.post_once(&format!("{one}/grant"), part, None).await.expect(200);
    assert_eq!((&granted["state"], &granted["granted"]["amount"]), (&json!("granted"), &json!(8_000)));
    assert_eq!((s.at_the_provider().await, s.balance("guest_funds").await, s.balance("refund_payable").await), (37_600, 37_600, 0));
    assert_eq!(s.host.post_once(&format!("{one}/decline"), json!({}), None).await.problem(409), "illegal_transition");
    // The host gets that much less; a second request may follow and be declined or taken back.
    let payouts = s.host.get("/api/v1/host/payouts").await.expect(200);
    assert_eq!(payouts["data"][0]["amount"]["amount"], 30_800);
    for (who, verb, state) in [(&s.host, "decline", "declined"), (&s.guest, "withdraw", "withdrawn")] {
        let asked = s.guest.post_once(&requests, ask(100), None).await.expect(201);
        let path = format!("{requests}/{}/{verb}", asked["id"].as_str().unwrap());
        assert_eq!(who.post_once(&path, json!({}), None).await.expect(200)["state"], state);
    }
    s.app.advance("P45D").await;
    assert_eq!(s.app.balance(&format!("host_payable:{}", s.host.id)).await, 30_800);
    assert_eq!((s.balance("guest_funds").await, s.balance("refund_payable").await), (0, 0));
    // After the host has earned it is taken from what they have.
    let (guest, host) = (s.app.again(&s.guest).await, s.app.again(&s.host).await);
    let asked = guest.post_once(&requests, ask(800), None).await.expect(201);
    host.post_once(&format!("{requests}/{}/grant", asked["id"].as_str().unwrap()), json!({}), None).await.expect(200);
    assert_eq!(s.app.balance(&format!("host_receivable:{}", s.host.id)).await, -800);
    assert_eq!(s.at_the_provider().await, 36_800);
    s.app.advance("P60D").await;
    assert_eq!(s.app.again(&s.guest).await.post_once(&requests, ask(100), None).await.problem(409), "illegal_transition");
}

#[tokio::test]
async fn staff_decide_in_place_of_the_policy_with_a_reason() {
    let s = scene(json!({"cancellation_policy": "non_refundable"})).await;
    let staff = s.app.staff("sue").await;
    let admin = s.path.replace("/api/v1/", "/api/v1/admin/");
    let refund =
        |amount: i64| json!({"amount": {"amount": amount, "currency": "EUR"}, "bearer": "marketplace", "reason": "Noise next door"});
    s.host.post_once(&format!("{admin}/refund"), refund(100), None).await.problem(404);
    let mut silent = refund(100);
    silent["reason"] = json!("  ");
    assert_eq!(staff.post_once(&format!("{admin}/refund"), silent, None).await.problem(422), "invalid");
    staff.post_once(&format!("{admin}/refund"), refund(5_000), None).await.expect(200);
    assert_eq!((s.at_the_provider().await, s.app.balance("promo_expense").await), (40_600, -5_000));
    assert_eq!(s.balance("guest_funds").await, 45_600, "nobody else bears it");
    assert_eq!(staff.post_once(&format!("{admin}/refund"), refund(40_601), None).await.problem(422), "invalid");
    let cancel = format!("{admin}/cancel");
    s.guest.post_once(&cancel, json!({"reason": "please"}), None).await.problem(404);
    assert_eq!(staff.post_once(&cancel, json!({"reason": ""}), None).await.problem(422), "invalid");
    // Three quarters of what was paid go back, the rest is divided as the price was.
    let wish = json!({"reason": "A storm", "refund": {"amount": 34_200, "currency": "EUR"}});
    let done = staff.post_once(&cancel, wish, None).await.expect(200);
    assert_eq!((&done["state"], &done["cancelled_by"], &done["refund"]["amount"]), (&json!("cancelled"), &json!("staff"), &json!(34_200)));
    assert_eq!((s.balance("guest_funds").await, s.balance("refund_payable").await, s.at_the_provider().await), (0, 0, 6_400));
    assert_eq!(s.app.balance(&format!("host_payable:{}", s.host.id)).await, 9_700, "a quarter");
    let history = s.guest.get(&format!("{}/history", s.path)).await.expect(200);
    let reasons: Vec<&str> = history.as_array().unwrap().iter().map(|row| row["reason"].as_str().unwrap()).collect();
    assert!(reasons.contains(&"A storm") && reasons.contains(&"Noise next door"), "{reasons:?}");
    s.book(&s.guest, "2030-02-10", "2030-02-14").await.expect(201);
}

#[tokio::test]
async fn staff_may_call_off_at_the_hosts_cost_or_waive_it() {
    for (waive, fee) in [(false, -4_000), (true, 0)] {
        let s = scene(json!({})).await;
        let staff = s.app.staff("sue").await;
        let body = json!({"reason": "The flat does not exist", "host_at_fault": true, "waive_host_fee": waive});
        let done = staff.post_once(&format!("{}/cancel", s.path.replace("/api/v1/", "/api/v1/admin/")), body, None).await.expect(200);
        assert_eq!(done["refund"]["amount"], 45_600);
        assert_eq!(s.app.balance(&format!("host_receivable:{}", s.host.id)).await, fee, "10 % of 400.00");
        assert_eq!(s.book(&s.guest, "2030-02-10", "2030-02-12").await.problem(409), "dates_unavailable");
        assert_eq!(s.at_the_provider().await, 0);
    }
}

#[tokio::test]
async fn parts_still_to_be_paid_follow_a_lower_price() {
    let s = scene(json!({"cancellation_policy": "flexible"})).await;
    let eve = s.app.user("eve").await;
    let book = async |from: &str, to: &str| {
        let booking = s.book(&eve, from, to).await.expect(201);
        let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        let wish = json!({"payment_method": "pm_card_visa", "plan": "deposit"});
        eve.post_once(&format!("{path}/payments"), wish, None).await.expect(201);
        path
    };
    let parts = async |path: &str| {
        let all = s.app.again(&eve).await.get(&format!("{path}/instalments")).await.expect(200);
        let part = |one: &Value| (one["amount"]["amount"].as_i64().unwrap(), one["status"].as_str().unwrap().to_owned());
        all.as_array().unwrap().iter().map(part).collect::<Vec<_>>()
    };
    let row = |amount: i64, status: &str| (amount, status.to_owned());
    // Four nights for 456.00, half of it paid; one night is given up, then two more.
    let path = book("2030-03-01", "2030-03-05").await;
    assert_eq!(parts(&path).await, [row(22_800, "succeeded"), row(22_800, "pending")]);
    eve.post_once(&format!("{path}/shorten"), json!({"check_out": "2030-03-04"}), None).await.expect(200);
    assert_eq!(parts(&path).await, [row(22_800, "succeeded"), row(11_400, "pending")]);
    eve.post_once(&format!("{path}/shorten"), json!({"check_out": "2030-03-02"}), None).await.expect(200);
    assert_eq!(parts(&path).await, [row(22_800, "partially_refunded"), row(11_400, "released")]);
    s.app.advance("P90D").await;
    let id = path.rsplit('/').next().unwrap();
    assert_eq!((s.app.balance(&format!("guest_funds:{id}")).await, s.app.balance(&format!("refund_payable:{id}")).await), (0, 0));
    assert_eq!(s.app.balance(&format!("host_payable:{}", s.host.id)).await, 38_800 + 9_700, "this stay's night and the other stay");
    let verdict = app::payments::ledger::verify::verify(&s.app.app, None).await.unwrap();
    assert_eq!(verdict.fault, None);
}
