//! Holds that are renewed, prices paid in parts, kept cards, slow and failing
//! refunds, disputes: each to its end, with the book right after it.

use app::payments::ledger::verify::verify;
use it::{Client, TestApp};
use serde_json::{Value, json};

struct Stage {
    app: TestApp,
    host: Client,
    guest: Client,
    listing: Value,
}

impl Stage {
    async fn new(overrides: Value) -> Self {
        let app = TestApp::new().await;
        let (host, guest) = (app.user("fergus").await, app.user("mia").await);
        let listing = app.listing(&host, overrides).await;
        Self { app, host, guest, listing }
    }

    /// A booking; its path.
    async fn book(&self, check_in: &str, check_out: &str) -> String {
        let wish = json!({"listing_id": self.listing["id"], "check_in": check_in, "check_out": check_out, "guests": {"adults": 1}});
        let booking = self.guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
        format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap())
    }

    async fn pay(&self, path: &str, body: Value) -> Value {
        self.guest.post_once(&format!("{path}/payments"), body, None).await.expect(201)
    }

    /// Moves the clock and logs everybody in again.
    async fn advance(&mut self, span: &str) {
        self.app.advance(span).await;
        self.guest = self.app.again(&self.guest).await;
        self.host = self.app.again(&self.host).await;
    }

    async fn state(&self, path: &str) -> String {
        self.guest.get(path).await.expect(200)["state"].as_str().unwrap().to_owned()
    }

    async fn balance(&self, account: &str, path: &str) -> i64 {
        self.app.balance(&format!("{account}:{}", path.rsplit('/').next().unwrap())).await
    }

    async fn book_is_right(&self) {
        let verdict = verify(&self.app.app, None).await.unwrap();
        assert_eq!((verdict.fault, verdict.remarks), (None, vec![]));
    }
}

#[tokio::test]
async fn a_price_is_paid_half_now_and_half_two_weeks_before_arrival() {
    let mut stage = Stage::new(json!({})).await;
    let path = stage.book("2030-03-01", "2030-03-05").await;
    let plans = stage.guest.get(&format!("{path}/payment-plans")).await.expect(200);
    assert_eq!(plans.as_array().unwrap().iter().map(|plan| plan["plan"].as_str().unwrap()).collect::<Vec<_>>(), ["full", "deposit"]);
    assert_eq!(plans[1]["instalments"][1], json!({"amount": {"amount": 22_800, "currency": "EUR"}, "due_at": "2030-02-15T15:00:00Z"}));
    let payment = stage.pay(&path, json!({"payment_method": "pm_card_visa", "plan": "deposit"})).await;
    assert_eq!((&payment["status"], &payment["amount"]["amount"]), (&json!("succeeded"), &json!(22_800)));
    assert_eq!(stage.state(&path).await, "confirmed");
    stage.app.run_jobs().await;
    stage.book_is_right().await;
    let parts = stage.guest.get(&format!("{path}/instalments")).await.expect(200);
    assert_eq!((&parts[1]["status"], &parts[1]["purpose"]), (&json!("pending"), &json!("instalment")));

    stage.advance("P46D").await;
    let parts = stage.guest.get(&format!("{path}/instalments")).await.expect(200);
    assert_eq!(parts[1]["status"], "succeeded");
    assert!(stage.app.mails_to(&stage.guest).iter().any(|subject| subject.starts_with("A payment is due soon")));
    assert_eq!(stage.balance("guest_funds", &path).await, 45_600);
    stage.advance("P20D").await;
    assert_eq!(stage.balance("guest_funds", &path).await, 0, "earned");
    stage.book_is_right().await;
}

#[tokio::test]
async fn a_part_that_is_never_paid_ends_the_booking_as_the_policy_says() {
    let mut stage = Stage::new(json!({"cancellation_policy": "strict"})).await;
    let path = stage.book("2030-03-01", "2030-03-05").await;
    stage.pay(&path, json!({"payment_method": "pm_card_chargeCustomerFail", "plan": "deposit"})).await;
    stage.advance("P46D").await;
    assert_eq!(stage.state(&path).await, "confirmed", "tried once, tried again tomorrow");
    stage.advance("P3D").await;
    assert_eq!(stage.state(&path).await, "cancelled");
    // Strict: half of the nights stay with the host until 7 days before, and so
    // does the guest fee; 40000 nights, 5600 guest fee: 20000 + 5600 kept of 22800.
    assert_eq!(stage.balance("guest_funds", &path).await, 0);
    assert_eq!(stage.balance("refund_payable", &path).await, 0);
    let mails = stage.app.mails_to(&stage.guest);
    assert!(mails.iter().any(|subject| subject.starts_with("A payment is missing")), "{mails:?}");
    stage.book_is_right().await;
}

#[tokio::test]
async fn a_guest_can_pay_a_refused_part_with_another_card() {
    let mut stage = Stage::new(json!({})).await;
    let path = stage.book("2030-03-01", "2030-03-05").await;
    stage.pay(&path, json!({"payment_method": "pm_card_chargeCustomerFail", "plan": "deposit"})).await;
    stage.advance("P46D").await;
    let payment = stage.pay(&path, json!({"payment_method": "pm_card_visa"})).await;
    assert_eq!((&payment["status"], &payment["purpose"]), (&json!("succeeded"), &json!("instalment")));
    stage.advance("P10D").await;
    assert_eq!(stage.state(&path).await, "confirmed");
    stage.book_is_right().await;
}

#[tokio::test]
async fn a_long_stay_is_paid_and_earned_month_by_month() {
    let mut stage = Stage::new(json!({})).await;
    let path = stage.book("2030-02-01", "2030-04-02").await;
    let plans = stage.guest.get(&format!("{path}/payment-plans")).await.expect(200);
    assert_eq!(plans[1]["plan"], "monthly");
    assert_eq!(plans[1]["instalments"].as_array().unwrap().len(), 3);
    stage.pay(&path, json!({"payment_method": "pm_card_visa", "plan": "monthly"})).await;
    let (first, total) = (28 * 100 * 114, 60 * 100 * 114);
    assert_eq!(stage.balance("guest_funds", &path).await, first);
    stage.advance("P33D").await;
    assert_eq!(stage.balance("guest_funds", &path).await, 0, "the first month is earned, the second not yet due");
    stage.book_is_right().await;
    stage.advance("P28D").await;
    let parts = stage.guest.get(&format!("{path}/instalments")).await.expect(200);
    let paid: i64 = parts
        .as_array()
        .unwrap()
        .iter()
        .filter(|part| part["status"] == "succeeded")
        .map(|part| part["amount"]["amount"].as_i64().unwrap())
        .sum();
    assert_eq!(paid, 2 * first);
    stage.advance("P40D").await;
    let earned: Vec<i64> = sqlx::query_scalar(
        "select e.amount from ledger_transactions t join ledger_entries e on e.transaction_id = t.id and e.side = 'debit'
         where t.event = 'earn' order by t.occurred_at",
    )
    .fetch_all(stage.app.pool())
    .await
    .unwrap();
    assert_eq!((earned.as_slice(), earned.iter().sum::<i64>()), ([first, first, total - 2 * first].as_slice(), total));
    assert_eq!(stage.balance("guest_funds", &path).await, 0);
    stage.book_is_right().await;
}

#[tokio::test]
async fn a_plan_that_does_not_fit_is_not_offered() {
    let stage = Stage::new(json!({})).await;
    let path = stage.book("2030-01-05", "2030-01-07").await;
    let refused =
        stage.guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa", "plan": "deposit"}), None).await;
    assert_eq!(refused.problem(409), "plan_not_offered");
    let wrong = stage.guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa", "plan": "never"}), None).await;
    wrong.problem(422);
    // A declined deposit can be followed by the full price.
    let path = stage.book("2030-05-05", "2030-05-07").await;
    let declined = stage.pay(&path, json!({"payment_method": "pm_card_visa_chargeDeclined", "plan": "deposit"})).await;
    assert_eq!(declined["status"], "failed");
    let paid = stage.pay(&path, json!({"payment_method": "pm_card_visa"})).await;
    assert_eq!((&paid["status"], &paid["amount"]["amount"]), (&json!("succeeded"), &json!(22_800)));
    assert_eq!(stage.guest.get(&format!("{path}/instalments")).await.expect(200).as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn cards_are_kept_used_and_forgotten() {
    let stage = Stage::new(json!({})).await;
    let kept = stage.guest.post("/api/v1/users/me/payment-methods", json!({"payment_method": "pm_card_mastercard"})).await.expect(201);
    assert_eq!((&kept["brand"], &kept["last4"]), (&json!("mastercard"), &json!("4444")));
    let again = stage.guest.post("/api/v1/users/me/payment-methods", json!({"payment_method": "pm_card_mastercard"})).await.expect(201);
    assert_eq!(kept["id"], again["id"], "the same card is kept once");
    let path = stage.book("2030-02-01", "2030-02-03").await;
    assert_eq!(stage.pay(&path, json!({"payment_method": kept["id"]})).await["status"], "succeeded");
    let path = stage.book("2030-02-05", "2030-02-07").await;
    stage.pay(&path, json!({"payment_method": "pm_card_visa", "keep_card": true})).await;
    assert_eq!(stage.guest.get("/api/v1/users/me/payment-methods").await.expect(200).as_array().unwrap().len(), 2);
    let eve = stage.app.user("eve").await;
    let address = format!("/api/v1/users/me/payment-methods/{}", kept["id"].as_str().unwrap());
    eve.delete(&address).await.problem(404);
    stage.guest.delete(&address).await.expect(204);
    let path = stage.book("2030-02-09", "2030-02-11").await;
    let gone = stage.guest.post_once(&format!("{path}/payments"), json!({"payment_method": kept["id"]}), None).await;
    gone.problem(422);
    stage.guest.post("/api/v1/users/me/payment-methods", json!({"payment_method": "pm_card_visa_chargeDeclined"})).await.problem(422);
}

#[tokio::test]
async fn a_hold_that_is_about_to_lapse_is_renewed_or_fails_in_time() {
    for (card, expected) in [("pm_card_visa", "authorized"), ("pm_card_chargeCustomerFail", "released")] {
        let stage = Stage::new(json!({"booking_mode": "request"})).await;
        let path = stage.book("2030-02-01", "2030-02-03").await;
        assert_eq!(stage.pay(&path, json!({"payment_method": card})).await["status"], "authorized");
        // As when the host may answer for longer than a hold lasts.
        sqlx::query("delete from jobs where kind = 'expire_booking'").execute(stage.app.pool()).await.unwrap();
        sqlx::query("update bookings set respond_by = respond_by + interval '20 days'").execute(stage.app.pool()).await.unwrap();
        let before: String = sqlx::query_scalar("select provider_reference from payments").fetch_one(stage.app.pool()).await.unwrap();
        let mut stage = stage;
        stage.advance("P8D").await;
        let payment = stage.guest.get(&format!("{path}/payments")).await.expect(200);
        assert_eq!(payment["status"], expected);
        let after: String = sqlx::query_scalar("select provider_reference from payments").fetch_one(stage.app.pool()).await.unwrap();
        let held: Vec<String> = sqlx::query_scalar("select reference from sandbox_charges where state = 'authorized'")
            .fetch_all(stage.app.pool())
            .await
            .unwrap();
        if expected == "authorized" {
            assert!(before != after && held == [after], "one hold, the new one");
            stage.host.post_once(&format!("{path}/accept"), json!({}), None).await.expect(200);
            assert_eq!(stage.state(&path).await, "confirmed");
        } else {
            assert_eq!((held.len(), stage.state(&path).await), (0, "declined".into()), "declined while there was time");
        }
        stage.app.run_jobs().await;
        stage.book_is_right().await;
    }
}

#[tokio::test]
async fn a_slow_refund_arrives_and_one_that_comes_back_is_a_case() {
    for (card, expected) in [("pm_card_pendingRefund", "refunded"), ("pm_card_refundFail", "succeeded")] {
        let mut stage = Stage::new(json!({})).await;
        let path = stage.book("2030-02-01", "2030-02-03").await;
        stage.pay(&path, json!({"payment_method": card})).await;
        stage.guest.post_once(&format!("{path}/cancel"), json!({}), None).await.expect(200);
        assert_eq!(stage.guest.get(&format!("{path}/payments")).await.expect(200)["status"], "succeeded", "on its way");
        assert_eq!(stage.balance("refund_payable", &path).await, 22_800);
        stage.advance("PT2H").await;
        assert_eq!(stage.guest.get(&format!("{path}/payments")).await.expect(200)["status"], expected);
        let left = if expected == "refunded" { 0 } else { 22_800 };
        assert_eq!(stage.balance("refund_payable", &path).await, left, "what came back is still the guest's");
        let staff = stage.app.staff("ines").await;
        let run = staff.post("/api/v1/admin/reconciliation/runs", json!({})).await.expect(201);
        let kinds: Vec<&str> = run["differences"].as_array().unwrap().iter().map(|case| case["kind"].as_str().unwrap()).collect();
        assert_eq!(kinds, if expected == "refunded" { vec![] } else { vec!["refund_failed"] });
    }
}

#[tokio::test]
async fn a_dispute_is_won_with_evidence_and_lost_without() {
    // Won: the money comes back.
    let mut stage = Stage::new(json!({})).await;
    let path = stage.book("2030-02-01", "2030-02-03").await;
    stage.pay(&path, json!({"payment_method": "pm_card_createDispute"})).await;
    stage.app.run_jobs().await;
    assert_eq!(stage.balance("dispute_receivable", &path).await, -22_800);
    assert!(stage.app.mails_to(&stage.host).iter().any(|subject| subject.starts_with("A payment is disputed")));
    let staff = stage.app.staff("ines").await;
    let open = staff.get("/api/v1/admin/disputes?open=true").await.expect(200);
    assert_eq!((&open["data"][0]["state"], &open["data"][0]["fee"]["amount"]), (&json!("open"), &json!(1500)));
    let evidence = format!("/api/v1/admin/disputes/{}/evidence", open["data"][0]["id"].as_str().unwrap());
    staff.post(&evidence, json!({"text": ""})).await.problem(422);
    let sent = staff.post(&evidence, json!({"text": "winning_evidence: the guest wrote from the home"})).await.expect(200);
    assert_eq!(sent["state"], "evidence_sent");
    assert_eq!(staff.post(&evidence, json!({"text": "more"})).await.problem(409), "illegal_transition");
    stage.advance("PT2H").await;
    assert_eq!((stage.balance("dispute_receivable", &path).await, stage.state(&path).await), (0, "confirmed".into()));
    stage.book_is_right().await;

    // Lost before the host has earned: no money, no stay.
    let mut stage = Stage::new(json!({})).await;
    let path = stage.book("2030-02-01", "2030-02-03").await;
    stage.pay(&path, json!({"payment_method": "pm_card_createDispute"})).await;
    stage.advance("P8D").await;
    assert_eq!(stage.state(&path).await, "cancelled");
    assert_eq!((stage.balance("dispute_receivable", &path).await, stage.balance("guest_funds", &path).await), (0, 0));
    stage.book_is_right().await;
}

#[tokio::test]
async fn a_dispute_lost_after_the_host_has_earned_undoes_fees_and_is_borne_by_the_marketplace() {
    let mut stage = Stage::new(json!({})).await;
    let path = stage.book("2030-01-02", "2030-01-04").await;
    stage.pay(&path, json!({"payment_method": "pm_card_createDispute"})).await;
    stage.advance("P3D").await;
    assert_eq!(stage.balance("guest_funds", &path).await, 0, "earned");
    let fees = stage.app.balance("fee_guest").await + stage.app.balance("fee_host").await;
    assert!(fees > 0);
    stage.advance("P6D").await;
    assert_eq!(stage.balance("dispute_receivable", &path).await, 0);
    assert_eq!(stage.app.balance("fee_guest").await + stage.app.balance("fee_host").await, 0);
    assert_eq!(stage.app.balance("chargeback_loss").await, -(22_800 - fees));
    let bearer: String = sqlx::query_scalar("select bearer from disputes").fetch_one(stage.app.pool()).await.unwrap();
    assert_eq!(bearer, "marketplace", "fraud is not the host's doing");
    stage.book_is_right().await;
}
