//! Taxes and fees as dated rules that staff keep, and prices in the reader's
//! currency.

use domain::actor::Actor;
use domain::rates::Rate;
use it::{Client, TestApp};
use serde_json::{Value, json};

fn city_tax() -> Value {
    json!({"id": "pt-lisbon-2024", "jurisdiction": "PT-Lisbon", "label": "City tax", "country": "PT", "city": "lisbon",
        "kind": "per_guest_night", "amount": {"amount": 400, "currency": "EUR"}, "night_cap": 7, "age_floor": 13, "from": "2024-09-01"})
}

async fn quote(reader: &Client, listing: &str, (from, to): (&str, &str), more: &str) -> Value {
    reader.get(&format!("/api/v1/listings/{listing}/quote?check_in={from}&check_out={to}{more}")).await.expect(200)
}

fn line<'a>(quote: &'a Value, kind: &str) -> Option<&'a Value> {
    quote["lines"].as_array().unwrap().iter().find(|line| line["kind"] == kind)
}

#[tokio::test]
async fn tax_rules_have_dates_floors_caps_and_exemptions() {
    let app = TestApp::new().await;
    let (host, staff) = (app.user("fergus").await, app.staff("iris").await);
    let id = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let created = staff.post("/api/v1/admin/tax-rules", city_tax()).await;
    let rule = created.expect(201);
    assert_eq!((rule["version"].as_i64(), rule["created_by"].as_str()), (Some(1), Some(staff.id.as_str())));
    assert_eq!(staff.post("/api/v1/admin/tax-rules", city_tax()).await.problem(409), "id_taken");

    let of = |quote: &Value| line(quote, "tax").map(|tax| (tax["quantity"].as_i64().unwrap(), tax["amount"]["amount"].as_i64().unwrap()));
    let three = quote(&host, &id, ("2030-02-01", "2030-02-04"), "&adults=2&children=1").await;
    assert_eq!(of(&three), Some((6, 2_400)), "two adults, three nights; a child is under the floor");
    let ten = quote(&host, &id, ("2030-02-01", "2030-02-11"), "").await;
    assert_eq!(of(&ten), Some((7, 2_800)), "seven nights at most");

    // A later rule with an exemption; the old one ends where it begins.
    let mut later = city_tax();
    later["id"] = "pt-lisbon-2030".into();
    later["from"] = "2030-03-01".into();
    later["exempt_from_nights"] = 28.into();
    later["amount"]["amount"] = 500.into();
    staff.post("/api/v1/admin/tax-rules", later).await.expect(201);
    let mut ended = city_tax();
    ended["to"] = "2030-03-01".into();
    let path = "/api/v1/admin/tax-rules/pt-lisbon-2024";
    assert_eq!(staff.put_if(path, "\"7\"", ended.clone()).await.status, 412);
    assert_eq!(staff.put(path, ended.clone()).await.status, 428);
    let changed = staff.put_if(path, &created.etag(), ended).await.expect(200);
    assert_eq!((changed["version"].as_i64(), changed["to"].as_str()), (Some(2), Some("2030-03-01")));
    assert_eq!(of(&quote(&host, &id, ("2030-02-28", "2030-03-02"), "").await), Some((2, 800)), "by the arrival");
    assert_eq!(of(&quote(&host, &id, ("2030-03-01", "2030-03-03"), "").await), Some((2, 1_000)));
    assert_eq!(of(&quote(&host, &id, ("2030-03-01", "2030-03-29"), "").await), None, "long stays are exempt");

    // Search says the same, at once.
    let found = app.get("/api/v1/listings?check_in=2030-03-01&check_out=2030-03-03").await.expect(200);
    let total = quote(&host, &id, ("2030-03-01", "2030-03-03"), "").await["total"].clone();
    assert_eq!(found["data"][0]["price"]["total"], total);

    let list = staff.get("/api/v1/admin/tax-rules?country=PT&limit=1").await.expect(200);
    assert_eq!(list["data"][0]["id"], "pt-lisbon-2024");
    let next = list["next_cursor"].as_str().unwrap();
    assert_eq!(staff.get(&format!("/api/v1/admin/tax-rules?cursor={next}")).await.expect(200)["data"][0]["id"], "pt-lisbon-2030");
    let request = staff.request(reqwest::Method::DELETE, path).header("if-match", "\"2\"");
    assert_eq!(staff.send(request).await.status, 204);
    staff.get(path).await.problem(404);
    let history = staff.get(&format!("{path}/history")).await.expect(200);
    // Those of one instant of a standing clock have no order.
    let mut changes: Vec<&Value> = history["data"].as_array().unwrap().iter().collect();
    changes.sort_by_key(|change| change["action"].as_str());
    let actions: Vec<&str> = changes.iter().map(|change| change["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["changed", "created", "deleted"]);
    assert_eq!(changes[0]["before"]["rule"]["to"], Value::Null);
    assert_eq!(changes[0]["after"]["rule"]["to"], "2030-03-01");
}

#[tokio::test]
async fn rules_are_staff_s_and_mistakes_are_told() {
    let app = TestApp::new().await;
    let (mia, staff) = (app.user("mia").await, app.staff("iris").await);
    assert_eq!(mia.get("/api/v1/admin/tax-rules").await.problem(404), "not_found");
    assert_eq!(
        mia.post("/api/v1/admin/fee-rules", json!({"guest_fee_bps": 1, "host_fee_bps": 1, "from": "2030-01-01"})).await.problem(404),
        "not_found"
    );
    app.anonymous().get("/api/v1/admin/fee-rules").await.problem(401);
    let wrong = json!({"id": "Not A Slug", "jurisdiction": "", "label": "x", "country": "Portugal", "kind": "percent", "rate_bps": 20_000,
        "amount": {"amount": 5, "currency": "EUR"}, "age_floor": 40, "from": "2030-01-01", "to": "2030-01-01"});
    let answer = staff.post("/api/v1/admin/tax-rules", wrong).await;
    answer.problem(422);
    let body = answer.json();
    let pointers: Vec<&str> = body["errors"].as_array().unwrap().iter().map(|error| error["pointer"].as_str().unwrap()).collect();
    for pointer in ["/id", "/jurisdiction", "/country", "/currency", "/rate_bps", "/amount", "/age_floor", "/to"] {
        assert!(pointers.contains(&pointer), "{pointer} in {pointers:?}");
    }
    let unknown = json!({"host_id": "01941f29-7c00-7000-8000-000000000000", "guest_fee_bps": 1, "host_fee_bps": 1, "from": "2030-01-01"});
    staff.post("/api/v1/admin/fee-rules", unknown).await.problem(422);
}

#[tokio::test]
async fn fees_follow_their_rules_and_bookings_keep_what_was_agreed() {
    let app = TestApp::new().await;
    let (host, mia, staff) = (app.user("fergus").await, app.user("mia").await, app.staff("iris").await);
    let id = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let stay = ("2030-02-01", "2030-02-03");
    let fee = |quote: &Value| line(quote, "guest_fee").map_or(0, |fee| fee["amount"]["amount"].as_i64().unwrap());
    assert_eq!(fee(&quote(&mia, &id, stay, "").await), 2_800, "the setting: 14 %");
    let wish = json!({"listing_id": id, "check_in": stay.0, "check_out": stay.1, "guests": {"adults": 1}});
    let booking = mia.post_once("/api/v1/bookings", wish, None).await.expect(201);

    let everybody = json!({"guest_fee_bps": 1000, "host_fee_bps": 500, "from": "2030-01-01"});
    let rule = staff.post("/api/v1/admin/fee-rules", everybody).await;
    rule.expect(201);
    let own = json!({"host_id": host.id, "guest_fee_bps": 0, "host_fee_bps": 1500, "from": "2030-01-01", "from_nights": 5});
    staff.post("/api/v1/admin/fee-rules", own).await.expect(201);
    let later = ("2030-03-01", "2030-03-03");
    let short = quote(&mia, &id, later, "").await;
    assert_eq!((fee(&short), short["host_payout"]["amount"].as_i64()), (2_000, Some(19_000)));
    let long = quote(&mia, &id, ("2030-03-01", "2030-03-06"), "").await;
    assert_eq!((fee(&long), long["host_payout"]["amount"].as_i64()), (0, Some(42_500)), "the host's own, from five nights");
    for (stay, expected) in [(later, &short), (("2030-03-01", "2030-03-06"), &long)] {
        let found = app.get(&format!("/api/v1/listings?check_in={}&check_out={}", stay.0, stay.1)).await.expect(200);
        assert_eq!(found["data"][0]["price"]["total"], expected["total"], "search asks the same rules");
    }
    let kept = mia.get(&format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(kept["total"], booking["total"]);

    let rule_id = rule.json()["id"].as_str().unwrap().to_owned();
    let ended = json!({"guest_fee_bps": 1000, "host_fee_bps": 500, "from": "2029-01-01", "to": "2030-01-01"});
    staff.put_if(&format!("/api/v1/admin/fee-rules/{rule_id}"), &rule.etag(), ended).await.expect(200);
    assert_eq!(fee(&quote(&mia, &id, later, "").await), 2_800, "ended: the setting again");
    let history = staff.get(&format!("/api/v1/admin/fee-rules/{rule_id}/history")).await.expect(200);
    assert_eq!(history["data"].as_array().unwrap().len(), 2);
}

async fn with_rates(app: &TestApp, pairs: &[(&str, &str, &str, &str)]) {
    let rates: Vec<Rate> = pairs
        .iter()
        .map(|(from, to, rate, on)| Rate {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            rate: rate.parse().unwrap(),
            on: on.parse().unwrap(),
        })
        .collect();
    app::pricing::rates::import_rates(&app.app, &Actor::System, &rates, "test.csv").await.unwrap();
}

#[tokio::test]
async fn prices_are_shown_in_the_reader_s_currency_and_charged_in_the_listing_s() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let id = app.listing(&host, json!({"pricing": {"nightly": 10_000, "cleaning_fee": 3_333}})).await["id"].as_str().unwrap().to_owned();
    with_rates(
        &app,
        &[
            ("EUR", "USD", "1.25", "2029-12-31"),
            ("EUR", "USD", "9", "2030-06-01"),
            ("EUR", "JPY", "160.123", "2029-12-30"),
            ("BHD", "EUR", "2.5", "2029-12-01"),
        ],
    )
    .await;
    let plain = quote(&host, &id, ("2030-02-01", "2030-02-04"), "").await;
    assert_eq!(plain.get("display"), None);
    for (currency, rate, date) in [("USD", "1.25", "2029-12-31"), ("JPY", "160.123", "2029-12-30"), ("BHD", "0.4", "2029-12-01")] {
        let shown = quote(&host, &id, ("2030-02-01", "2030-02-04"), &format!("&display_currency={currency}")).await;
        assert_eq!(shown["total"], plain["total"], "what is charged stays");
        let display = &shown["display"];
        assert_eq!((&display["exchange_rate"]["rate"], &display["exchange_rate"]["date"]), (&json!(rate), &json!(date)));
        let guests: Vec<i64> = shown["lines"]
            .as_array()
            .unwrap()
            .iter()
            .zip(display["lines"].as_array().unwrap())
            .filter(|(line, _)| line["paid_by"] == "guest")
            .map(|(_, shown)| shown["amount"].as_i64().unwrap())
            .collect();
        assert_eq!(guests.iter().sum::<i64>(), display["total"]["amount"].as_i64().unwrap(), "converted lines sum to the converted total");
        assert_eq!(display["total"]["currency"], currency);
        let search =
            app.get(&format!("/api/v1/listings?check_in=2030-02-01&check_out=2030-02-04&display_currency={currency}")).await.expect(200);
        assert_eq!(search["data"][0]["price"]["display"]["total"], display["total"]);
        assert_eq!(search["data"][0]["price"]["total"], plain["total"]);
    }
    let listing = app.get(&format!("/api/v1/listings/{id}?display_currency=USD")).await;
    assert_eq!(listing.expect(200)["display"]["nightly"], json!({"amount": 12_500, "currency": "USD"}));
    assert_ne!(listing.etag(), app.get(&format!("/api/v1/listings/{id}")).await.etag());
    assert_eq!(app.get(&format!("/api/v1/listings/{id}?display_currency=EUR")).await.expect(200).get("display"), None);

    assert_eq!(app.get(&format!("/api/v1/listings/{id}?display_currency=CHF")).await.problem(422), "invalid");
    app.get("/api/v1/listings?display_currency=EURO").await.problem(422);
    let unknown = app.get("/api/v1/listings?display_currency=CHF").await.expect(200);
    assert_eq!(unknown["data"][0]["price"].get("display"), None, "no rate: only the real price");
    let rates = app.get("/api/v1/exchange-rates").await.expect(200);
    assert_eq!(rates.as_array().unwrap().len(), 3, "tomorrow's rates are not today's");
    // A correction of a day's rate shows at once, in searches too.
    with_rates(&app, &[("EUR", "USD", "1.5", "2029-12-31")]).await;
    let search = app.get("/api/v1/listings?check_in=2030-02-01&check_out=2030-02-04&display_currency=USD").await.expect(200);
    assert_eq!(search["data"][0]["price"]["display"]["exchange_rate"]["rate"], "1.5");
}
