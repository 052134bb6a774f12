//! One price: what search says, the listing's quote, the booking, the charge,
//! the receipt and the ledger, to the smallest unit, for random homes, dates,
//! guests and currencies. The pure part runs in tens of thousands
//! (`crates/domain/tests/price_parity.rs`); here everything takes the real road.

use it::TestApp;
use serde_json::{Value, json};

/// Homes, each with a stay that is paid; `PARITY_HOMES` asks for more.
fn homes() -> u64 {
    std::env::var("PARITY_HOMES").map_or(40, |homes| homes.parse().expect("PARITY_HOMES is a number"))
}

struct Dice(u64);

impl Dice {
    fn roll(&mut self, from: i64, to: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        from + i64::try_from((self.0 >> 33) % u64::try_from(to - from + 1).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: i64) -> bool {
        self.roll(1, 100) <= percent
    }
}

fn home(dice: &mut Dice) -> Value {
    let currency = ["EUR", "USD", "JPY", "BHD"][usize::try_from(dice.roll(0, 3)).unwrap()];
    let mut pricing = json!({
        "nightly": dice.roll(1, 99_999), "cleaning_fee": dice.roll(0, 9_999), "pet_fee": dice.roll(0, 999),
        "weekly_discount_bps": dice.roll(0, 3_333), "monthly_discount_bps": dice.roll(0, 5_000),
    });
    if dice.chance(50) {
        pricing["weekend_nightly"] = dice.roll(1, 99_999).into();
    }
    if dice.chance(50) {
        pricing["extra_guest"] = json!({"after": dice.roll(1, 3), "amount": dice.roll(1, 4_999)});
    }
    if dice.chance(30) {
        pricing["new_listing_discount_bps"] = dice.roll(1, 2_500).into();
    }
    if dice.chance(30) {
        pricing["seasons"] = json!([{"from": "2030-02-05", "to": "2030-02-15", "nightly": dice.roll(1, 99_999)}]);
    }
    json!({"currency": currency, "pricing": pricing, "capacity": 6, "rules": {"max_pets": 2}})
}

async fn rules(app: &TestApp) {
    let staff = app.staff("iris").await;
    let percent = json!({"id": "vat", "jurisdiction": "PT", "label": "VAT", "country": "PT", "kind": "percent", "rate_bps": 637, "base": "all", "from": "2024-01-01"});
    staff.post("/api/v1/admin/tax-rules", percent).await.expect(201);
    for (currency, amount) in [("EUR", 237), ("JPY", 149), ("BHD", 777)] {
        let rule = json!({"id": format!("city-{}", currency.to_lowercase()), "jurisdiction": "PT-Lisbon", "label": "City tax", "country": "PT", "city": "Lisbon",
            "kind": "per_guest_night", "amount": {"amount": amount, "currency": currency}, "night_cap": 7, "age_floor": 13, "from": "2024-01-01"});
        staff.post("/api/v1/admin/tax-rules", rule).await.expect(201);
    }
    let fees = json!({"guest_fee_bps": 1_137, "host_fee_bps": 377, "from_nights": 7, "from": "2030-01-01"});
    staff.post("/api/v1/admin/fee-rules", fees).await.expect(201);
}

/// What the ledger holds for a booking.
async fn held_for(app: &TestApp, booking: &str) -> i64 {
    sqlx::query_scalar(
        "select sum(case e.side when 'credit' then e.amount else -e.amount end)::bigint
         from ledger_entries e join ledger_accounts a on a.id = e.account_id where a.key = 'guest_funds:' || $1",
    )
    .bind(booking)
    .fetch_one(app.pool())
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn search_quote_booking_charge_receipt_and_ledger_are_one_price() {
    let app = TestApp::new().await;
    let (mut host, mut guest) = (app.user("fergus").await, app.user("mia").await);
    rules(&app).await;
    let mut dice = Dice(20_300_101);
    for n in 0..homes() {
        if n % 50 == 49 {
            // A search answers with 100 homes at most.
            host = app.user(&format!("host{n}")).await;
            guest = app.again(&guest).await;
        }
        let listing = app.listing(&host, home(&mut dice)).await["id"].as_str().unwrap().to_owned();
        let from = chrono::NaiveDate::from_ymd_opt(2030, 2, 1).unwrap() + chrono::Days::new(dice.roll(0, 20).unsigned_abs());
        let most = if dice.chance(30) { 27 } else { 9 };
        let to = from + chrono::Days::new(dice.roll(1, most).unsigned_abs());
        let (adults, children, pets) = (dice.roll(1, 4), dice.roll(0, 2), dice.roll(0, 1));
        let query = format!("check_in={from}&check_out={to}&adults={adults}&children={children}&pets={pets}");
        let quote = guest.get(&format!("/api/v1/listings/{listing}/quote?{query}")).await.expect(200);
        let total = &quote["total"];
        let minor = total["amount"].as_i64().unwrap();
        let of_guest = |line: &&Value| line["paid_by"] == "guest";
        let lines = |document: &Value| -> i64 {
            document["lines"].as_array().unwrap().iter().map(|line| line["amount"]["amount"].as_i64().unwrap()).sum()
        };
        let paid: i64 =
            quote["lines"].as_array().unwrap().iter().filter(of_guest).map(|line| line["amount"]["amount"].as_i64().unwrap()).sum();
        assert_eq!(paid, minor, "home {n}: lines sum to the total");

        let found = app.get(&format!("/api/v1/listings?host_id={}&limit=100&{query}", host.id)).await.expect(200);
        let hit = found["data"].as_array().unwrap().iter().find(|hit| hit["id"] == listing.as_str()).expect("what can be quoted is found");
        assert_eq!(hit["price"]["total"], *total, "home {n}: search");

        let wish = json!({"listing_id": listing, "check_in": from, "check_out": to, "expected_total": total,
            "guests": {"adults": adults, "children": children, "pets": pets}});
        let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
        assert_eq!(booking["total"], *total, "home {n}: booking");
        let id = booking["id"].as_str().unwrap();
        let path = format!("/api/v1/bookings/{id}");
        let payment = guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        assert_eq!((&payment["status"], &payment["amount"]), (&json!("succeeded"), total), "home {n}: charge");
        let charged: (i64, String) = sqlx::query_as(
            "select c.captured, c.currency from sandbox_charges c join payments p on p.provider_reference = c.reference where p.booking_id = $1::uuid",
        )
        .bind(id)
        .fetch_one(app.pool())
        .await
        .unwrap();
        assert_eq!(json!({"amount": charged.0, "currency": charged.1}), *total, "home {n}: the provider's books");
        let receipt = guest.get(&format!("{path}/receipt")).await.expect(200);
        assert_eq!((&receipt["total"], &receipt["paid"], lines(&receipt)), (total, total, minor), "home {n}: receipt");
        assert_eq!(held_for(&app, id).await, minor, "home {n}: ledger");
    }
    // What the hosts, the marketplace and the authorities earn is all of it.
    let owed: i64 = sqlx::query_scalar("select sum(total)::bigint from bookings").fetch_one(app.pool()).await.unwrap();
    let held: i64 =
        app::payments::balances(&app.app).await.unwrap().iter().filter(|b| b.account.starts_with("guest_funds:")).map(|b| b.balance).sum();
    assert_eq!(owed, held);
}
