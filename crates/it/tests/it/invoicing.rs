//! Receipts, invoices, the tax report and calendar entries: by the ledger, with
//! numbers that have no gaps.

use futures::future::join_all;
use it::{Client, TestApp};
use serde_json::{Value, json};

async fn paid(app: &TestApp, host: &Client, guest: &Client, listing: &str, (from, to): (&str, &str)) -> String {
    let _ = host;
    let wish = json!({"listing_id": listing, "check_in": from, "check_out": to, "guests": {"adults": 2}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/bookings/{booking}");
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    app.run_jobs().await;
    path
}

async fn taxed(app: &TestApp) -> (Client, Client, Client, String) {
    let (host, guest, staff) = (app.user("fergus").await, app.user("mia").await, app.staff("iris").await);
    let tax = json!({"id": "pt-lisbon", "jurisdiction": "PT-Lisbon", "label": "City tax", "country": "PT", "kind": "per_guest_night",
        "amount": {"amount": 200, "currency": "EUR"}, "from": "2024-01-01"});
    staff.post("/api/v1/admin/tax-rules", tax).await.expect(201);
    let listing =
        app.listing(&host, json!({"pricing": {"nightly": 10_000, "cleaning_fee": 3_000}})).await["id"].as_str().unwrap().to_owned();
    (host, guest, staff, listing)
}

#[tokio::test]
async fn a_receipt_says_what_was_agreed_and_what_was_paid() {
    let app = TestApp::new().await;
    let (host, guest, staff, listing) = taxed(&app).await;
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-04", "guests": {"adults": 2}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    assert_eq!(guest.get(&format!("{path}/receipt")).await.problem(409), "not_paid");
    assert_eq!(guest.get(&format!("{path}/calendar.ics")).await.problem(409), "not_confirmed");
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);

    // Before the job has run and after it: the same one.
    let receipt = guest.get(&format!("{path}/receipt")).await.expect(200);
    app.run_jobs().await;
    assert_eq!(guest.get(&format!("{path}/receipt")).await.expect(200), receipt);
    assert_eq!(receipt["number"], "R-2030-000001");
    assert_eq!((&receipt["total"], &receipt["paid"]), (&booking["total"], &booking["total"]));
    let sum: i64 = receipt["lines"].as_array().unwrap().iter().map(|line| line["amount"]["amount"].as_i64().unwrap()).sum();
    assert_eq!(Some(sum), booking["total"]["amount"].as_i64());
    assert!(receipt["lines"].as_array().unwrap().iter().all(|line| line["label"] != "Host fee"), "what the host pays is not the guest's");
    assert_eq!((&receipt["recipient"], &receipt["host"]), (&json!("mia"), &json!("fergus")));
    assert_eq!(host.get(&format!("{path}/receipt")).await.problem(403), "not_the_guest");
    assert_eq!(staff.get(&format!("{path}/receipt")).await.status, 200);

    let pdf = guest.get(&format!("{path}/receipt.pdf")).await;
    assert_eq!((pdf.status, pdf.header("content-type")), (200, Some("application/pdf")));
    assert!(pdf.body.starts_with(b"%PDF-") && pdf.body.len() > 5_000);
    assert_eq!(pdf.header("content-disposition"), Some("inline; filename=\"R-2030-000001.pdf\""));

    let entry = guest.get(&format!("{path}/calendar.ics")).await;
    let text = entry.text().replace("\r\n ", "");
    for part in ["BEGIN:VEVENT", "DTSTART:20300201T150000Z", "DTEND:20300204T110000Z", "SUMMARY:Flat over the roofs", "3 Harbour Lane"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    // Half of it goes back: the receipt tells.
    guest.post_once(&format!("{path}/cancel"), json!({}), None).await.expect(200);
    app.advance("PT2M").await;
    let guest = app.again(&guest).await;
    let after = guest.get(&format!("{path}/receipt")).await.expect(200);
    assert_eq!((&after["number"], &after["total"]), (&receipt["number"], &receipt["total"]));
    let payments: Vec<i64> =
        after["payments"].as_array().unwrap().iter().map(|payment| payment["amount"]["amount"].as_i64().unwrap()).collect();
    assert_eq!(payments.len(), 2);
    assert_eq!(Some(payments.iter().sum::<i64>()), after["paid"]["amount"].as_i64());
}

#[tokio::test]
async fn invoices_follow_the_ledger_and_taxes_are_reported() {
    let app = TestApp::new().await;
    let (host, guest, staff, listing) = taxed(&app).await;
    let path = paid(&app, &host, &guest, &listing, ("2030-01-10", "2030-01-13")).await;
    assert_eq!(host.get("/api/v1/host/invoices").await.expect(200)["data"], json!([]), "nothing is earned yet");
    app.advance("P12D").await;
    let (host, guest, staff) = (app.again(&host).await, app.again(&guest).await, app.again(&staff).await);
    let invoices = host.get("/api/v1/host/invoices").await.expect(200);
    let invoice = &invoices["data"][0];
    assert_eq!((&invoice["kind"], &invoice["number"]), (&json!("invoice"), &json!("I-2030-000001")));
    let fee = invoice["total"]["amount"].as_i64().unwrap();
    assert_eq!(fee, 990, "3 % of 330.00");
    assert_eq!(app.balance("fee_host").await, fee);
    let own = format!("/api/v1/host/invoices/{}", invoice["id"].as_str().unwrap());
    assert_eq!(host.get(&own).await.expect(200), *invoice);
    assert!(host.get(&format!("{own}/pdf")).await.body.starts_with(b"%PDF-"));
    guest.get(&own).await.problem(404);
    assert_eq!(guest.get("/api/v1/host/invoices").await.expect(200)["data"], json!([]));

    let report = staff.get("/api/v1/admin/tax-report?from=2030-01-01&to=2030-02-01").await.expect(200);
    let row = &report[0];
    assert_eq!((&row["jurisdiction"], &row["bookings"], &row["nights"]), (&json!("PT-Lisbon"), &json!(1), &json!(3)));
    assert_eq!((row["due"]["amount"].as_i64(), row["owed"]["amount"].as_i64()), (Some(1_200), Some(1_200)));
    assert_eq!(app.balance("tax_payable:PT-Lisbon").await, 1_200);
    let csv = staff.get("/api/v1/admin/tax-report?from=2030-01-01&to=2030-02-01&format=csv").await;
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text().ends_with("PT-Lisbon,EUR,1,3,12.00,0.00,0.00,12.00\r\n"), "{}", csv.text());
    assert_eq!(staff.get("/api/v1/admin/tax-report?from=2030-02-01&to=2030-03-01").await.expect(200)[0]["due"]["amount"], 0);
    staff.get("/api/v1/admin/tax-report?from=2030-02-01&to=2030-02-01").await.problem(422);
    assert_eq!(host.get("/api/v1/admin/tax-report?from=2030-01-01&to=2030-02-01").await.problem(404), "not_found");
    let receipt = guest.get(&format!("{path}/receipt")).await.expect(200);
    assert_eq!(receipt["number"], "R-2030-000001");
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_have_no_gaps_whoever_asks_first() {
    let app = TestApp::new().await;
    let (host, guest, _, listing) = taxed(&app).await;
    let mut paths = Vec::new();
    for day in 1..=5 {
        let stay = (format!("2030-03-{day:02}"), format!("2030-03-{:02}", day + 1));
        let wish = json!({"listing_id": listing, "check_in": stay.0, "check_out": stay.1, "guests": {"adults": 2}});
        let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
        let path = format!("/api/v1/bookings/{booking}");
        guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        paths.push(path);
    }
    let _ = host;
    // Everybody asks at once, several times each, while the jobs issue too.
    let asking = paths.iter().chain(&paths).chain(&paths).map(|path| {
        let address = format!("{path}/receipt");
        let guest = &guest;
        async move { guest.get(&address).await.expect(200)["number"].clone() }
    });
    let (asked, ()) = futures::join!(join_all(asking), app.run_jobs());
    let mut numbers: Vec<String> = asked.iter().map(|number: &Value| number.as_str().unwrap().to_owned()).collect();
    numbers.sort();
    numbers.dedup();
    let expected: Vec<String> = (1..=5).map(|n| format!("R-2030-{n:06}")).collect();
    assert_eq!(numbers, expected);
    assert!(sqlx::raw_sql("update issued_documents set total = 0").execute(app.pool()).await.is_err(), "documents are never changed");
}
