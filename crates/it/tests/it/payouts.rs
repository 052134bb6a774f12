//! Money to hosts: onboarding, what is due and sent, what comes back, debts,
//! shares of co-hosts, long stays, statements.

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
    async fn paid(&self, check_in: &str, check_out: &str) -> String {
        let guest = self.app.again(&self.guest).await;
        let wish = json!({"listing_id": self.listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 2}});
        let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
        let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
        guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        path
    }

    /// The host says how they want to be paid and answers the provider.
    async fn onboard(&self, who: &Client, behaviour: &str, wish: Value) -> Client {
        let who = self.app.again(who).await;
        let method = who.put("/api/v1/host/payout-method", wish).await.expect(200);
        assert_eq!((&method["payouts_enabled"], &method["requirements"][0]), (&json!(false), &json!("external_account")));
        answer_provider(&self.app, method["onboarding_url"].as_str().unwrap(), behaviour).await;
        self.app.run_jobs().await;
        let method = who.get("/api/v1/host/payout-method").await.expect(200);
        assert_eq!(method["payouts_enabled"], true);
        who
    }

    async fn payouts(&self, who: &Client) -> Vec<Value> {
        let who = self.app.again(who).await;
        let mut rows = who.get("/api/v1/host/payouts").await.expect(200)["data"].as_array().unwrap().clone();
        // Those of one instant of a standing clock have no order but their leg.
        rows.reverse();
        rows.sort_by_key(|row| row["leg"].as_i64());
        rows
    }

    async fn states(&self, who: &Client) -> Vec<(i64, String)> {
        let rows = self.payouts(who).await;
        rows.iter().map(|row| (row["amount"]["amount"].as_i64().unwrap(), row["state"].as_str().unwrap().to_owned())).collect()
    }

    async fn owed(&self, who: &Client) -> (i64, i64, i64) {
        let account = async |kind: &str| self.app.balance(&format!("{kind}:{}", who.id)).await;
        (account("host_payable").await, -account("host_receivable").await, account("payout_in_transit").await)
    }

    /// What the provider has sent: amounts and states, oldest first.
    async fn sent(&self) -> Vec<(i64, String)> {
        sqlx::query_as("select amount, state from sandbox_transfers order by created_at, reference")
            .fetch_all(self.app.pool())
            .await
            .unwrap()
    }
}

async fn answer_provider(app: &TestApp, url: &str, behaviour: &str) {
    let page = url.strip_prefix(&app.base).unwrap();
    let nobody = app.anonymous();
    let request = nobody
        .request(reqwest::Method::POST, page)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(format!("behaviour={behaviour}"));
    assert_eq!(nobody.send(request).await.status, 200);
}

fn row(amount: i64, state: &str) -> (i64, String) {
    (amount, state.to_owned())
}

#[tokio::test]
async fn what_is_due_is_sent_once_the_host_has_said_where() {
    let s = scene(json!({})).await;
    let path = s.paid("2030-02-01", "2030-02-03").await;
    assert_eq!(s.states(&s.host).await, [row(19_400, "scheduled")]);
    s.app.advance("P33D").await; // a day after check-in at 15:00 and more
    assert_eq!(s.states(&s.host).await, [row(19_400, "due")], "no account yet");
    assert_eq!(s.owed(&s.host).await, (19_400, 0, 0));
    s.app.again(&s.host).await.get("/api/v1/host/payout-method").await.problem(404);
    s.onboard(&s.host, "arrive", json!({"country": "PT"})).await;
    assert_eq!(s.states(&s.host).await, [row(19_400, "paid")]);
    assert_eq!((s.owed(&s.host).await, s.sent().await), ((0, 0, 0), vec![row(19_400, "paid")]));
    s.app.advance("P30D").await;
    assert_eq!(s.sent().await.len(), 1, "once");
    assert!(s.app.mails_to(&s.host).iter().any(|subject| subject == "EUR 194.00 sent to you"), "{:?}", s.app.mails_to(&s.host));
    let booking = path.rsplit('/').next().unwrap();
    assert_eq!(s.app.balance(&format!("guest_funds:{booking}")).await, 0);
}

/// Step 14 of the crash matrix.
#[tokio::test(flavor = "multi_thread")]
async fn workers_who_send_at_once_send_once() {
    let s = scene(json!({})).await;
    s.paid("2030-02-01", "2030-02-03").await;
    s.app.advance("P33D").await;
    let host = s.app.again(&s.host).await;
    let url = host.put("/api/v1/host/payout-method", json!({"country": "PT"})).await.expect(200)["onboarding_url"].clone();
    answer_provider(&s.app, url.as_str().unwrap(), "arrive").await;
    for _ in 0..12 {
        sqlx::query("insert into jobs (kind, payload, run_at, max_attempts) values ('pay_host', $1, now() - interval '1 day', 30)")
            .bind(json!({"host": s.host.id, "currency": "EUR"}))
            .execute(s.app.pool())
            .await
            .unwrap();
    }
    tokio::join!(s.app.run_jobs(), s.app.run_jobs(), s.app.run_jobs(), s.app.run_jobs());
    s.app.advance("P2D").await;
    assert_eq!((s.owed(&s.host).await, s.sent().await), ((0, 0, 0), vec![row(19_400, "paid")]));
    let waiting: i64 = sqlx::query_scalar("select count(*) from jobs where kind = 'pay_host'").fetch_one(s.app.pool()).await.unwrap();
    assert_eq!(waiting, 0, "all of them ran");
}

#[tokio::test]
async fn refunds_after_a_payout_are_taken_from_the_next_ones() {
    let s = scene(json!({"cancellation_policy": "flexible"})).await;
    s.onboard(&s.host, "arrive", json!({"country": "PT"})).await;
    let long = s.paid("2030-02-01", "2030-02-11").await;
    s.app.advance("P33DT6H").await; // the third day: 3 February, 16:00
    assert_eq!(s.states(&s.host).await, [row(97_000, "paid")]);
    // Two nights have passed and one more is due: seven of ten come back.
    let guest = s.app.again(&s.guest).await;
    let preview = guest.get(&format!("{long}/cancellation")).await.expect(200);
    assert_eq!((&preview["refund"]["amount"], &preview["host_receives"]["amount"]), (&json!(70_000), &json!(29_100)));
    guest.post_once(&format!("{long}/cancel"), json!({"expected_refund": preview["refund"]}), None).await.expect(200);
    assert_eq!(s.owed(&s.host).await, (0, 67_900, 0), "97,000 sent, 29,100 kept");
    // The next stays pay the debt before anything is sent.
    s.paid("2030-03-01", "2030-03-04").await; // 29,100 to the host
    s.paid("2030-03-10", "2030-03-15").await; // 48,500
    s.app.advance("P30D").await;
    assert_eq!(s.owed(&s.host).await, (0, 38_800, 0));
    let statuses = s.states(&s.host).await;
    assert!(statuses.contains(&row(29_100, "paid")), "kept for the debt: {statuses:?}");
    s.app.advance("P10D").await;
    assert_eq!((s.owed(&s.host).await, s.sent().await), ((0, 0, 0), vec![row(97_000, "paid"), row(9_700, "paid")]));
    let balances = s.app.again(&s.host).await.get("/api/v1/host/earnings").await.expect(200)["balances"].clone();
    assert_eq!(balances[0]["owed"]["amount"], 0);
}

#[tokio::test]
async fn a_transfer_that_comes_back_is_tried_later_and_later() {
    let s = scene(json!({})).await;
    let host = s.onboard(&s.host, "fail", json!({"country": "PT"})).await;
    s.paid("2030-02-01", "2030-02-03").await;
    s.app.advance("P32DT6H").await; // 2 February 16:00: due an hour ago, sent, on its way for a day
    assert_eq!((s.states(&s.host).await, s.owed(&s.host).await), (vec![row(19_400, "sent")], (0, 0, 19_400)));
    s.app.advance("PT24H").await;
    assert_eq!(s.states(&s.host).await.last(), Some(&row(19_400, "sent")), "an hour after it came back it was sent again");
    let method = s.app.again(&host).await.get("/api/v1/host/payout-method").await.expect(200);
    assert_eq!(method["failures"], 1);
    assert!(s.app.mails_to(&s.host).iter().any(|subject| subject.ends_with("could not be sent")));
    s.app.advance("P30D").await;
    let tries = s.sent().await;
    assert_eq!(tries.len(), 6, "then a person has to look at it: {tries:?}");
    assert!(tries.iter().all(|(amount, state)| *amount == 19_400 && state == "failed"));
    assert_eq!((s.states(&s.host).await, s.owed(&s.host).await), (vec![row(19_400, "due")], (19_400, 0, 0)), "nothing is lost");
    // Another account, and the money follows.
    s.onboard(&s.host, "arrive", json!({"country": "PT", "new_account": true})).await;
    assert_eq!((s.states(&s.host).await, s.owed(&s.host).await), (vec![row(19_400, "paid")], (0, 0, 0)));
}

#[tokio::test]
async fn hosts_choose_when_and_from_how_much_they_are_paid() {
    let s = scene(json!({})).await;
    let host = s.app.again(&s.host).await;
    for (body, pointer) in [
        (json!({"country": "Portugal"}), "/country"),
        (json!({"country": "PT", "schedule": "daily"}), "/schedule"),
        (json!({"country": "PT", "minimum": 0}), "/minimum"),
    ] {
        let answer = host.put("/api/v1/host/payout-method", body).await;
        answer.problem(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer);
    }
    s.onboard(&s.host, "arrive", json!({"country": "PT", "schedule": "weekly", "minimum": 200})).await;
    s.paid("2030-01-03", "2030-01-05").await; // Thursday; due on Friday
    s.app.advance("P8D").await; // Wednesday the 9th: Monday has passed
    assert_eq!(s.states(&s.host).await, [row(19_400, "due")], "less than 200.00");
    s.paid("2030-01-10", "2030-01-12").await;
    s.app.advance("P5D").await; // Monday the 14th
    assert_eq!(s.states(&s.host).await, [row(19_400, "paid"), row(19_400, "paid")]);
    assert_eq!(s.sent().await, [row(38_800, "paid")], "together");
}

#[tokio::test]
async fn long_stays_are_paid_month_by_month() {
    let s = scene(json!({"pricing": {"nightly": 1000}})).await;
    s.onboard(&s.host, "arrive", json!({"country": "PT"})).await;
    let path = s.paid("2030-02-01", "2030-04-12").await; // 28, 31 and 11 nights
    assert_eq!(s.states(&s.host).await, [row(27_160, "scheduled"), row(30_070, "scheduled"), row(10_670, "scheduled")]);
    s.app.advance("P33D").await;
    assert_eq!(s.states(&s.host).await, [row(27_160, "paid"), row(30_070, "scheduled"), row(10_670, "scheduled")]);
    let booking = path.rsplit('/').next().unwrap();
    assert_eq!(s.app.balance(&format!("guest_funds:{booking}")).await, 79_800 - 31_920, "the rest is the guest's still");
    s.app.advance("P70D").await;
    assert_eq!(s.states(&s.host).await, [row(27_160, "paid"), row(30_070, "paid"), row(10_670, "paid")]);
    assert_eq!(s.app.balance(&format!("guest_funds:{booking}")).await, 0);
}

#[tokio::test]
async fn co_hosts_get_their_share_and_bear_their_part_of_refunds() {
    let s = scene(json!({"pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await;
    let ann = s.app.user("ann").await;
    let invitation = json!({"email": ann.email, "permission": "full", "payout": {"percent_bps": 2000, "cleaning_fee": true}});
    let id = s.host.post(&format!("/api/v1/listings/{}/co-hosts", s.listing), invitation).await.expect(201)["id"].clone();
    ann.post(&format!("/api/v1/host/invitations/{}/accept", id.as_str().unwrap()), json!({})).await.expect(200);
    let path = s.paid("2030-02-01", "2030-02-05").await; // 43,000 less 3 % is 41,710: 3,000 and 20 % of 38,710
    assert_eq!((s.states(&s.host).await, s.states(&ann).await), (vec![row(30_968, "scheduled")], vec![row(10_742, "scheduled")]));
    s.onboard(&s.host, "arrive", json!({"country": "PT"})).await;
    s.onboard(&ann, "arrive", json!({"country": "PT"})).await;
    s.app.advance("P33DT6H").await;
    assert_eq!((s.states(&s.host).await, s.states(&ann).await), (vec![row(30_968, "paid")], vec![row(10_742, "paid")]));
    // Cancelled on the third day: three of four nights and the cleaning stay paid.
    let guest = s.app.again(&s.guest).await;
    guest.post_once(&format!("{path}/cancel"), json!({}), None).await.expect(200);
    // 33,000 less 3 % is 32,010: 3,000 and 20 % of 29,010.
    assert_eq!((s.owed(&s.host).await.1, s.owed(&ann).await.1), (30_968 - 23_208, 10_742 - 8_802));
}

#[tokio::test]
async fn a_statement_is_the_book_of_a_month() {
    let s = scene(json!({})).await;
    s.onboard(&s.host, "arrive", json!({"country": "PT"})).await;
    s.paid("2030-02-01", "2030-02-03").await;
    s.app.advance("P40D").await;
    let host = s.app.again(&s.host).await;
    let months = host.get("/api/v1/host/statements").await.expect(200);
    assert_eq!((&months[0]["month"], &months[0]["currencies"]), (&json!("2030-02-01"), &json!(["EUR"])));
    let month = host.get("/api/v1/host/statements/2030-02").await.expect(200)[0].clone();
    let lines: Vec<(&str, i64)> = month["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (line["event"].as_str().unwrap(), line["amount"]["amount"].as_i64().unwrap()))
        .collect();
    assert_eq!(lines, [("earn", 19_400), ("payout_started", -19_400)]);
    assert_eq!((&month["earned"]["amount"], &month["sent"]["amount"]), (&json!(19_400), &json!(19_400)));
    let csv = host.get("/api/v1/host/statements/2030-02.csv").await;
    assert_eq!((csv.status, csv.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let text = csv.text();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 5, "{text}");
    assert_eq!((rows[2][1], rows[2][6], rows[2][7]), ("earn", "194.00", "194.00"));
    assert_eq!((rows[3][1], rows[3][6], rows[3][7]), ("payout_started", "-194.00", "0.00"));
    let pdf = host.get("/api/v1/host/statements/2030-02.pdf").await;
    assert_eq!((pdf.status, pdf.header("content-type")), (200, Some("application/pdf")));
    assert!(pdf.body.starts_with(b"%PDF-"));
    for month in ["2031-01.doc", "2031", "x", "2030-13", "2029-01"] {
        host.get(&format!("/api/v1/host/statements/{month}")).await.problem(404);
    }
    s.app.again(&s.guest).await.get("/api/v1/host/statements/2030-02").await.problem(404);
}
