//! The pages of staff, without a script: for others they do not exist; every
//! deed asks for a reason and stands in a log that only grows.

use it::world::PASSWORD;
use it::{Browser, Client, TestApp};
use serde_json::json;

const PAGES: [&str; 9] = [
    "/staff",
    "/staff/people",
    "/staff/homes",
    "/staff/bookings",
    "/staff/money",
    "/staff/coupons",
    "/staff/reports",
    "/staff/jobs",
    "/staff/audit",
];

async fn at(app: &TestApp, person: &Client) -> Browser {
    let mut browser = Browser::new(&app.base);
    browser.open("/login").await;
    browser.submit("/login", &[("email", &person.email), ("password", PASSWORD)]).await;
    browser
}

async fn booked() -> (TestApp, Client, Client, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-05", "check_out": "2030-02-08", "guests": {"adults": 2}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    let pay = format!("/api/v1/bookings/{booking}/payments");
    guest.post_once(&pay, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    app.run_jobs().await;
    (app, host, guest, booking)
}

/// Action, reason and whether it was done.
async fn log(app: &TestApp) -> Vec<(String, String, Option<bool>)> {
    sqlx::query_as("select l.action, l.reason, o.done from audit_log l left join audit_outcomes o on o.entry_id = l.id order by l.id")
        .fetch_all(app.pool())
        .await
        .unwrap()
}

#[tokio::test]
async fn the_pages_exist_for_staff_only() {
    let (app, host, guest, booking) = booked().await;
    let sam = app.staff("sam").await;
    let (mut staff, mut member, mut nobody) = (at(&app, &sam).await, at(&app, &host).await, Browser::new(&app.base));
    let one = [format!("/staff/bookings/{booking}"), format!("/staff/people/{}", guest.id)];
    for page in PAGES.into_iter().chain(one.iter().map(String::as_str)) {
        staff.open(page).await;
        staff.expect(200, "Audit log");
        assert_eq!(member.open(page).await.status, 404, "{page}");
        nobody.open(page).await;
        assert!(nobody.page.address.starts_with("/login"), "{page}: {}", nobody.page.address);
        for wrong in ["cursor=ff", "cursor=%00", "text=%00%25_", "status=%00", "subject=%00", "code=%00", "person=x", "reviews=zz"] {
            let status = staff.open(&format!("{page}?{wrong}")).await.status;
            assert!(status < 500, "{page}?{wrong}: {status}");
        }
    }
    // The menu leads there, for them alone.
    staff.open("/").await;
    staff.follow("/staff").await;
    staff.expect(200, "Requests without an answer");
    assert!(!member.open("/").await.html.contains("href=\"/staff\""));
    // A form of staff's that somebody else sends does nothing and is not logged.
    staff.open(&format!("/staff/people/{}", guest.id)).await;
    let page = staff.page.clone();
    member.page = page;
    member.submit("/staff/suspend_user", &[("reason", "Because I can.")]).await;
    assert_eq!(member.page.status, 404);
    assert!(log(&app).await.is_empty());
    guest.get("/api/v1/users/me").await.expect(200);
}

#[tokio::test]
async fn somebody_is_shut_out_and_let_in_again_with_reasons() {
    let (app, _host, guest, _booking) = booked().await;
    let mut staff = at(&app, &app.staff("sam").await).await;
    staff.open("/staff/people?text=MI").await;
    staff.follow(&guest.id).await;
    staff.expect(200, &guest.email);
    staff.submit("/staff/suspend_user", &[("reason", "  ")]).await;
    staff.expect(200, "Not done");
    assert!(log(&app).await.is_empty(), "nothing begins without a reason");
    staff.submit("/staff/suspend_user", &[("reason", "Sells tickets <b>")]).await;
    staff.expect(200, "Done, and written down");
    staff.expect(200, "Sells tickets &#60;b&#62;");
    guest.get("/api/v1/users/me").await.problem(401);
    let login = json!({"email": guest.email, "password": PASSWORD});
    assert_eq!(app.anonymous().post("/api/v1/sessions", login).await.problem(403), "account_suspended");
    staff.submit("/staff/restore_user", &[("reason", "A mix-up.")]).await;
    app.again(&guest).await.get("/api/v1/users/me").await.expect(200);
    // Nobody shuts out themselves; the log says that it was tried.
    staff.open("/staff/people?text=sam").await;
    staff.submit("/staff/suspend_user", &[("reason", "Tired.")]).await;
    staff.expect(200, "ask a colleague");
    let entries = log(&app).await;
    let mut said: Vec<(&str, Option<bool>)> = entries.iter().map(|(action, _, done)| (action.as_str(), *done)).collect();
    // The clock stands still here, so ids do not tell the order.
    said.sort_unstable();
    assert_eq!(said, [("restore_user", Some(true)), ("suspend_user", Some(false)), ("suspend_user", Some(true))]);
    staff.open(&format!("/staff/audit?subject={}", guest.id)).await;
    staff.expect(200, "A mix-up.");
    assert!(!staff.page.html.contains("Tired."), "only what was done to this person");
    for change in ["update audit_log set reason = ''", "delete from audit_log", "truncate audit_outcomes"] {
        assert!(sqlx::query(change).execute(app.pool()).await.is_err(), "{change} went through");
    }
}

#[tokio::test]
async fn a_booking_shows_its_book_and_money_goes_back() {
    let (app, host, _guest, booking) = booked().await;
    let mut staff = at(&app, &app.staff("sam").await).await;
    staff.open("/staff/bookings?state=confirmed").await;
    staff.follow(&booking).await;
    staff.expect(200, "Ledger, balanced");
    staff.submit("/staff/refund_booking", &[("amount", "a lot"), ("reason", "No hot water.")]).await;
    staff.expect(200, "Not done");
    staff.submit("/staff/refund_booking", &[("amount", "12.50"), ("reason", "No hot water.")]).await;
    staff.expect(200, "Done, and written down");
    app.run_jobs().await;
    let path = format!("/api/v1/bookings/{booking}/payments");
    assert_eq!(host.get(&path).await.expect(200)["refunded"]["amount"], 1250);
    staff.submit("/staff/cancel_booking", &[("reason", "The roof is gone.")]).await;
    staff.expect(200, "Done, and written down");
    staff.expect(200, "cancelled");
    app.run_jobs().await;
    staff.open(&format!("/staff/bookings/{booking}")).await;
    staff.expect(200, "Ledger, balanced");
    staff.expect(200, "No hot water.");
    let reasons: Vec<String> =
        log(&app).await.into_iter().filter(|(_, _, done)| *done == Some(true)).map(|(_, reason, _)| reason).collect();
    assert_eq!(reasons.len(), 2);
    assert!(["No hot water.", "The roof is gone."].iter().all(|reason| reasons.iter().any(|have| have == reason)));
    // What goes through the API is written down, too.
    let sam = app.again(&app.user("tom").await).await;
    app::accounts::create_staff(&app.app, &sam.email).await.unwrap();
    let refund = json!({"amount": {"amount": 1_000_000, "currency": "EUR"}, "bearer": "marketplace", "reason": "Far too much."});
    sam.post_once(&format!("/api/v1/admin/bookings/{booking}/refund"), refund, None).await.problem(422);
    assert!(log(&app).await.contains(&("refund_booking".to_owned(), "Far too much.".to_owned(), Some(false))));
}

#[tokio::test]
async fn homes_reviews_and_dead_jobs_are_dealt_with() {
    let (app, host, guest, booking) = booked().await;
    let mut staff = at(&app, &app.staff("sam").await).await;
    staff.open("/staff/homes?status=published").await;
    staff.follow("/homes/").await;
    staff.expect(200, "Flat over the roofs");
    staff.open("/staff/homes?status=published").await;
    staff.submit("/staff/pause_listing", &[("reason", "No licence.")]).await;
    staff.expect(200, "Done, and written down");
    staff.open("/staff/homes?status=paused").await;
    staff.expect(200, "Flat over the roofs");

    app.jump(60 * 24 * 45).await;
    app.run_jobs().await;
    let (guest, host) = (app.again(&guest).await, app.again(&host).await);
    guest.post(&format!("/api/v1/bookings/{booking}/reviews"), json!({"overall": 1, "public_comment": "Call 555!"})).await.expect(201);
    host.post(&format!("/api/v1/bookings/{booking}/reviews"), json!({"overall": 4, "public_comment": "Kind."})).await.expect(201);
    let reviews = host.get(&format!("/api/v1/bookings/{booking}/reviews")).await.expect(200);
    let bad = reviews["data"].as_array().unwrap().iter().find(|review| review["public_comment"] == "Call 555!").unwrap();
    let id = bad["id"].as_str().unwrap();
    host.post(&format!("/api/v1/reviews/{id}/report"), json!({"reason": "An advert."})).await.expect(202);
    let mut staff = at(&app, &app.staff("tina").await).await;
    staff.open("/staff/reports").await;
    staff.expect(200, "An advert.");
    staff.submit("/staff/hide_review", &[("reason", "Advertising.")]).await;
    staff.expect(200, "hidden");

    let dead = "insert into jobs (kind, payload, status, run_at, max_attempts, last_error)
                values ('charge', '{}', 'dead', now(), 3, 'Out of paper') returning id";
    let job: uuid::Uuid = sqlx::query_scalar(dead).fetch_one(app.pool()).await.unwrap();
    staff.open("/staff/jobs").await;
    staff.expect(200, "Out of paper");
    staff.submit("/staff/discard_job", &[("reason", "Printed by hand.")]).await;
    let left: i64 = sqlx::query_scalar("select count(*) from jobs where id = $1").bind(job).fetch_one(app.pool()).await.unwrap();
    assert_eq!(left, 0);
    staff.open("/staff/audit").await;
    staff.expect(200, "Out of paper");
    assert_eq!(log(&app).await.len(), 3);
}
