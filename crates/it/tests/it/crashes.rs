//! The crash matrix: the real process dies at every numbered step of a payment,
//! a cancellation, a webhook, a deadline, and is started again. Whatever was
//! half done is finished once: provider and ledger agree, the guest is charged
//! once, and a client that asks again under its key gets its answer.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::time::Duration;

use app::payments::ledger::verify::verify;
use it::program::{Program, binary, free_port};
use it::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// A marketplace whose server can be made to die.
struct Stage {
    app: TestApp,
    folder: PathBuf,
    port: u16,
    host: Client,
    guest: Client,
    listing: Value,
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Stage {
    async fn new(mode: &str) -> Self {
        let app = TestApp::new().await;
        let (host, guest) = (app.user("fergus").await, app.user("mia").await);
        let listing = app.listing(&host, json!({"booking_mode": mode})).await;
        let folder = std::env::temp_dir().join(format!("roost-crash-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        let port = free_port();
        let there = |person: &Client| {
            let mut person = person.clone();
            person.base = format!("http://127.0.0.1:{port}");
            person
        };
        Self { host: there(&host), guest: there(&guest), app, folder, port, listing }
    }

    async fn start(&self, failpoint: &str) -> Program {
        // A dead worker's jobs are its own for a minute of the database's time.
        sqlx::query("update jobs set lease_until = now() - interval '1 second' where status = 'running'")
            .execute(self.app.pool())
            .await
            .unwrap();
        let mut command = Command::new(binary());
        // Nobody listens there: the cache does without.
        command.env("DATABASE_URL", self.app.db().url()).env("REDIS_URL", "redis://127.0.0.1:1/").env("ROOST_FAILPOINT", failpoint);
        command.stderr(Stdio::null());
        Program::start(command, &self.folder, self.port).await
    }

    /// Asks; `None` when the server died over it.
    async fn ask(&self, person: &Client, path: &str, body: &Value, key: &str) -> Option<(u16, Value)> {
        let request = person.request(Method::POST, path).header("idempotency-key", key).json(body).timeout(Duration::from_secs(30));
        let response = request.send().await.ok()?;
        let status = response.status().as_u16();
        response.bytes().await.ok().map(|bytes| (status, serde_json::from_slice(&bytes).unwrap_or(Value::Null)))
    }

    /// Asks until somebody answers.
    async fn insist(&self, person: &Client, path: &str, body: &Value, key: &str) -> (u16, Value) {
        for _ in 0..50 {
            match self.ask(person, path, body, key).await {
                Some((503, _)) | None => tokio::time::sleep(Duration::from_millis(100)).await,
                // A key whose first holder has just died may be held a moment longer.
                Some((409, body)) if body["code"] == "idempotency_in_flight" => tokio::time::sleep(Duration::from_millis(100)).await,
                Some(answer) => return answer,
            }
        }
        panic!("nobody answers {path}");
    }

    /// Moves the program's clock on, so that what is left to jobs gets done.
    async fn time_passes(&self, span: &str) {
        Client::new(&self.guest.base).post("/api/v1/sandbox/clock", json!({"advance": span})).await.expect(200);
    }

    async fn one<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(self.app.pool()).await.unwrap()
    }

    /// What the provider holds of the guest's money, and how often it took it.
    async fn charged(&self) -> (i64, i64) {
        (
            self.one("select count(*) from sandbox_charges where state = 'captured'").await,
            self.one("select coalesce(sum(captured - refunded), 0)::bigint from sandbox_charges").await,
        )
    }

    /// Provider and ledger agree and nothing is left open.
    async fn all_is_well(&self, what: &str) {
        let verdict = verify(&self.app.app, None).await.unwrap();
        assert_eq!((verdict.fault, verdict.remarks), (None, vec![]), "{what}");
        let open: i64 = self.one("select count(*) from payment_operations where state in ('created', 'sent')").await;
        let waiting: i64 = self.one("select count(*) from webhook_inbox where processed_at is null").await;
        let dead: i64 = self.one("select count(*) from jobs where status = 'dead'").await;
        assert_eq!((open, waiting, dead), (0, 0, 0), "{what}");
    }

    fn wish(&self) -> Value {
        // The program's clock is the machine's; the dates are years ahead of it.
        let in_a_month = chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now()).date_naive() + chrono::Days::new(30);
        json!({"listing_id": self.listing["id"], "check_in": in_a_month, "check_out": in_a_month + chrono::Days::new(2), "guests": {"adults": 1}})
    }

    async fn book(&self) -> String {
        let (status, booking) = self.insist(&self.guest, "/api/v1/bookings", &self.wish(), "book").await;
        assert_eq!(status, 201, "{booking}");
        format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap())
    }
}

/// Waits until the program has died of its failpoint.
async fn dies(program: &mut Program, what: &str) {
    for _ in 0..1500 {
        if program.child.try_wait().unwrap().is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("{what}: the failpoint was never reached");
}

/// Steps 1 to 6: from the booking to the answer, the client asking again.
#[tokio::test(flavor = "multi_thread")]
async fn a_guest_who_asks_again_after_any_crash_is_charged_once() {
    let card = json!({"payment_method": "pm_card_visa"});
    for failpoint in [
        "request.committing",
        "request.committed",
        "pay.recording",
        "pay.recorded",
        "authorize.asking",
        "authorize.answered",
        "authorize.applying",
        "authorize.applied",
        "pay.answering",
    ] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start(failpoint).await;
        let mut path = None;
        if let Some((201, booking)) = stage.ask(&stage.guest, "/api/v1/bookings", &stage.wish(), "book").await {
            path = Some(format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap()));
            assert_eq!(stage.ask(&stage.guest, &format!("{}/payments", path.as_ref().unwrap()), &card, "pay").await, None, "{failpoint}");
        }
        dies(&mut program, failpoint).await;
        let mut program = stage.start("").await;
        let path = match path {
            Some(path) => path,
            None => stage.book().await,
        };
        let pay = format!("{path}/payments");
        let (status, payment) = stage.insist(&stage.guest, &pay, &card, "pay").await;
        assert_eq!((status, &payment["status"]), (201, &json!("succeeded")), "{failpoint}: {payment}");
        let again = stage.insist(&stage.guest, &pay, &card, "pay").await;
        assert_eq!(again.1, payment, "{failpoint}: the same answer");
        stage.time_passes("PT2M").await;
        assert_eq!(stage.charged().await, (1, 22_800), "{failpoint}");
        assert_eq!(stage.one::<i64>("select count(*) from bookings where state = 'confirmed'").await, 1, "{failpoint}");
        assert_eq!(stage.one::<i64>("select count(*) from ledger_transactions where event = 'capture'").await, 1, "{failpoint}");
        stage.all_is_well(failpoint).await;
        program.kill();
    }
}

/// A change is being paid, or its card held, while the stay is called off: what
/// the provider takes late is known here and goes back.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_paid_for_a_change_of_a_stay_called_off_meanwhile_goes_back() {
    for (proposer, what) in [("host", "taken"), ("guest", "held")] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start("").await;
        let path = stage.book().await;
        let card = json!({"payment_method": "pm_card_visa"});
        stage.insist(&stage.guest, &format!("{path}/payments"), &card, "pay").await;
        let check_out: chrono::NaiveDate = stage.wish()["check_out"].as_str().unwrap().parse().unwrap();
        let mut change = json!({"check_out": check_out + chrono::Days::new(1)});
        let changes = format!("{path}/alterations");
        let (body, ask) = if proposer == "host" {
            let (status, proposed) = stage.insist(&stage.host, &changes, &change, "propose").await;
            assert_eq!(status, 201, "{proposed}");
            (card, format!("{changes}/{}/accept", proposed["id"].as_str().unwrap()))
        } else {
            change["payment_method"] = json!("pm_card_visa");
            (change, changes)
        };
        program.kill();
        let mut program = stage.start("authorize.asking").await;
        assert_eq!(stage.ask(&stage.guest, &ask, &body, "change").await, None, "{what}");
        dies(&mut program, what).await;
        let _program = stage.start("").await;
        let (status, cancelled) = stage.insist(&stage.guest, &format!("{path}/cancel"), &json!({}), "cancel").await;
        assert_eq!((status, &cancelled["state"]), (200, &json!("cancelled")), "{what}: {cancelled}");
        stage.time_passes("PT2M").await;
        stage.time_passes("PT2M").await;
        assert_eq!(stage.one::<i64>("select count(*) from sandbox_charges").await, 2, "{what}: the provider was asked");
        assert_eq!(
            stage.one::<i64>("select count(*) from sandbox_charges where state = 'authorized'").await,
            0,
            "{what}: nothing stays held"
        );
        assert_eq!(stage.charged().await.1, 0, "{what}: all of it went back");
        stage.all_is_well(what).await;
    }
}

/// Steps 2 to 5 again: nobody asks again, the job alone comes to it.
#[tokio::test(flavor = "multi_thread")]
async fn a_payment_that_nobody_asks_for_again_is_finished_by_its_job() {
    for failpoint in ["pay.recorded", "authorize.asking", "authorize.answered", "authorize.applying"] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start(failpoint).await;
        let path = stage.book().await;
        assert_eq!(stage.ask(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_visa"}), "pay").await, None);
        dies(&mut program, failpoint).await;
        let _program = stage.start("").await;
        stage.time_passes("PT2M").await;
        assert_eq!(stage.charged().await, (1, 22_800), "{failpoint}");
        assert_eq!(stage.one::<String>("select state from bookings").await, "confirmed", "{failpoint}");
        stage.all_is_well(failpoint).await;
    }
}

/// A request that the host accepts: held, then taken, whatever dies between.
#[tokio::test(flavor = "multi_thread")]
async fn an_accepted_request_is_captured_once() {
    for failpoint in ["accept.recorded", "capture.asking", "capture.answered", "capture.applying", "capture.applied"] {
        let stage = Stage::new("request").await;
        let mut program = stage.start(failpoint).await;
        let path = stage.book().await;
        stage.insist(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_visa"}), "pay").await;
        let accept = format!("{path}/accept");
        assert_eq!(stage.ask(&stage.host, &accept, &json!({}), "accept").await, None, "{failpoint}");
        dies(&mut program, failpoint).await;
        let _program = stage.start("").await;
        let (status, booking) = stage.insist(&stage.host, &accept, &json!({}), "accept").await;
        assert_eq!((status, &booking["state"]), (200, &json!("confirmed")), "{failpoint}: {booking}");
        stage.time_passes("PT2M").await;
        assert_eq!(stage.charged().await, (1, 22_800), "{failpoint}");
        stage.all_is_well(failpoint).await;
    }
}

/// Steps 10 to 12: called off, refunded once.
#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_refunds_once() {
    for failpoint in ["cancel.recorded", "refund.asking", "refund.answered", "refund.applying", "refund.applied"] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start(failpoint).await;
        let path = stage.book().await;
        stage.insist(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_visa"}), "pay").await;
        let cancel = format!("{path}/cancel");
        assert_eq!(stage.ask(&stage.guest, &cancel, &json!({}), "cancel").await, None, "{failpoint}");
        dies(&mut program, failpoint).await;
        let _program = stage.start("").await;
        let (status, answer) = stage.insist(&stage.guest, &cancel, &json!({}), "cancel").await;
        assert_eq!(status, 200, "{failpoint}: {answer}");
        stage.time_passes("PT2M").await;
        assert_eq!(stage.charged().await, (1, 0), "{failpoint}");
        assert_eq!(stage.one::<i64>("select count(*) from sandbox_refunds").await, 1, "{failpoint}");
        assert_eq!(stage.one::<i64>("select count(*) from ledger_transactions where event = 'refund_paid'").await, 1, "{failpoint}");
        stage.all_is_well(failpoint).await;
    }
}

impl Stage {
    /// A stay is paid and the host has said where money goes.
    async fn ready_to_pay_out(&self) {
        let path = self.book().await;
        self.insist(&self.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_visa"}), "pay").await;
        let method = self.host.put("/api/v1/host/payout-method", json!({"country": "PT"})).await.expect(200);
        let page = method["onboarding_url"].as_str().unwrap();
        let page = format!("{}/sandbox{}", self.guest.base, page.split_once("/sandbox").unwrap().1);
        let answered = reqwest::Client::new().post(page).body("behaviour=arrive").send().await.unwrap();
        assert_eq!(answered.status(), 200);
        self.time_passes("PT2M").await;
    }

    async fn paid_out_once(&self, what: &str) {
        let sent: Vec<(i64, String)> =
            sqlx::query_as("select amount, state from sandbox_transfers").fetch_all(self.app.pool()).await.unwrap();
        assert_eq!(sent, [(19_400, "paid".to_owned())], "{what}");
        assert_eq!(self.one::<String>("select state from payouts").await, "paid", "{what}");
        for event in ["earn", "payout_started", "payout_paid"] {
            let posted: i64 = sqlx::query_scalar("select count(*) from ledger_transactions where event = $1")
                .bind(event)
                .fetch_one(self.app.pool())
                .await
                .unwrap();
            assert_eq!(posted, 1, "{what}: {event}");
        }
        self.all_is_well(what).await;
    }
}

/// Step 13: what is due to a host is sent once, whatever dies between.
#[tokio::test(flavor = "multi_thread")]
async fn a_payout_is_sent_once() {
    for failpoint in ["payout.recording", "payout.recorded", "payout.asking", "payout.answered", "payout.applying", "payout.applied"] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start(failpoint).await;
        stage.ready_to_pay_out().await;
        let nobody = Client::new(&stage.guest.base);
        let request = nobody.request(Method::POST, "/api/v1/sandbox/clock").json(&json!({"advance": "P33D"}));
        let _ = request.timeout(Duration::from_secs(30)).send().await;
        dies(&mut program, failpoint).await;
        let _program = stage.start("").await;
        // The provider takes a day, and a lost worker's jobs wait for its lease.
        for span in ["PT2M", "P2D", "PT2M"] {
            stage.time_passes(span).await;
        }
        stage.paid_out_once(failpoint).await;
    }
}

/// Steps 7 to 9: an event of the provider, before it is stored, after, and
/// while it is handled. A bank's page has been answered; only the event tells.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_is_handled_once_wherever_its_handling_died() {
    for failpoint in ["webhook.receiving", "webhook.stored", "webhook.handling"] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start(failpoint).await;
        let path = stage.book().await;
        let asked = stage.ask(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_createDispute"}), "pay").await;
        dies(&mut program, failpoint).await;
        let _program = stage.start("").await;
        if asked.is_none() {
            stage.insist(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_createDispute"}), "pay").await;
        }
        stage.time_passes("PT2M").await;
        assert_eq!(stage.one::<i64>("select count(*) from disputes").await, 1, "{failpoint}");
        assert_eq!(stage.one::<i64>("select count(*) from ledger_transactions where event = 'dispute_opened'").await, 1, "{failpoint}");
        stage.all_is_well(failpoint).await;
    }
}

/// Step 15: the one who ends a lapsed hold dies.
#[tokio::test(flavor = "multi_thread")]
async fn a_hold_expires_though_its_sweeper_died() {
    for failpoint in ["expire.committing", "expire.committed"] {
        let stage = Stage::new("instant").await;
        let mut program = stage.start(failpoint).await;
        stage.book().await;
        let nobody = Client::new(&stage.guest.base);
        let request = nobody.request(Method::POST, "/api/v1/sandbox/clock").json(&json!({"advance": "PT16M"}));
        let _ = request.timeout(Duration::from_secs(30)).send().await;
        dies(&mut program, failpoint).await;
        let _program = stage.start("").await;
        stage.time_passes("PT2M").await;
        assert_eq!(stage.one::<String>("select state from bookings").await, "expired", "{failpoint}");
        assert_eq!(stage.one::<i64>("select count(*) from occupancies where lane = 'booking'").await, 0, "{failpoint}");
        stage.all_is_well(failpoint).await;
    }
}

/// Step 16: a mail goes out and the worker dies before it can say so. It is
/// sent again under the same message id, so that there is one.
#[tokio::test(flavor = "multi_thread")]
async fn a_mail_sent_twice_is_one_mail() {
    let stage = Stage::new("instant").await;
    let mut program = stage.start("mail.sent").await;
    let path = stage.book().await;
    stage.ask(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_visa"}), "pay").await;
    dies(&mut program, "mail.sent").await;
    let _program = stage.start("").await;
    stage.insist(&stage.guest, &format!("{path}/payments"), &json!({"payment_method": "pm_card_visa"}), "pay").await;
    stage.time_passes("PT2M").await;
    let mails: Vec<String> = std::fs::read_dir(stage.folder.join("outbox"))
        .unwrap()
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .filter(|mail| mail.contains("Confirmed"))
        .collect();
    assert_eq!(mails.len(), 1, "one confirmation, by message id");
    stage.all_is_well("mail.sent").await;
}
