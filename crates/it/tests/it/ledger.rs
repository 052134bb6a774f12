//! The book proves itself: content, chain, sums, and what ties it to bookings.

use app::payments::ledger::seal::{passes_through, seal};
use app::payments::ledger::verify::verify;
use it::{Client, TestApp};
use serde_json::{Value, json};

/// A booking that has been paid; its path.
async fn paid(guest: &Client, listing: &Value, check_in: &str, check_out: &str) -> String {
    let wish = json!({"listing_id": listing["id"], "check_in": check_in, "check_out": check_out, "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
    let path = format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap());
    guest.post_once(&format!("{path}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    path
}

async fn tamper(app: &TestApp, table: &str, sql: &str) {
    let script = format!("alter table {table} disable trigger append_only; {sql}; alter table {table} enable trigger append_only");
    sqlx::raw_sql(sqlx::AssertSqlSafe(script)).execute(app.pool()).await.unwrap();
}

#[tokio::test]
async fn a_book_that_was_not_touched_is_right_and_one_that_was_is_not() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await;
    let first = paid(&guest, &listing, "2030-02-01", "2030-02-03").await;
    paid(&guest, &listing, "2030-03-01", "2030-03-04").await;
    app.run_jobs().await;
    guest.post_once(&format!("{first}/cancel"), json!({}), None).await.expect(200);
    app.run_jobs().await;

    let unsealed = verify(&app.app, None).await.unwrap();
    assert_eq!((unsealed.fault, unsealed.transactions, unsealed.unsealed, unsealed.head), (None, 4, 4, None));
    assert_eq!(seal(&app.app).await.unwrap(), 4);
    assert_eq!(seal(&app.app).await.unwrap(), 0);
    let sealed = verify(&app.app, None).await.unwrap();
    assert_eq!((&sealed.fault, sealed.entries, sealed.unsealed), (&None, 8, 0));
    let head = sealed.head.unwrap();
    assert_eq!(head.sequence, 4);
    assert!(passes_through(&app.app, &head.to_string()).await.unwrap());
    assert!(!passes_through(&app.app, "4:00").await.unwrap());

    // SQL alone recomputes the same.
    let differing: i64 = sqlx::query_scalar(
        "select count(*) from ledger_chain c join ledger_transactions t on t.id = c.transaction_id
         left join ledger_chain p on p.sequence = c.sequence - 1
         where t.content_hash <> sha256(convert_to(ledger_content(t.id), 'UTF8'))
            or c.hash <> sha256(coalesce(p.hash, decode(repeat('00', 32), 'hex')) || t.content_hash)",
    )
    .fetch_one(app.pool())
    .await
    .unwrap();
    assert_eq!(differing, 0);

    // Each way of cheating, the check that finds it, and how it is undone.
    let second = "(select transaction_id from ledger_chain where sequence = 2)";
    for (table, cheat, check, undo) in [
        (
            "ledger_entries",
            format!("update ledger_entries set amount = amount + 1 where transaction_id = {second} and line = 1"),
            "content",
            format!("update ledger_entries set amount = amount - 1 where transaction_id = {second} and line = 1"),
        ),
        (
            "ledger_entries",
            format!(
                "update ledger_entries set side = case side when 'debit' then 'credit' else 'debit' end where transaction_id = {second}"
            ),
            "content",
            format!(
                "update ledger_entries set side = case side when 'debit' then 'credit' else 'debit' end where transaction_id = {second}"
            ),
        ),
        (
            "ledger_transactions",
            format!("update ledger_transactions set occurred_at = occurred_at + interval '1 microsecond' where id = {second}"),
            "content",
            format!("update ledger_transactions set occurred_at = occurred_at - interval '1 microsecond' where id = {second}"),
        ),
        (
            "ledger_chain",
            "update ledger_chain set sequence = 9 where sequence = 4".into(),
            "chain",
            "update ledger_chain set sequence = 4 where sequence = 9".into(),
        ),
        (
            "ledger_chain",
            "update ledger_chain set hash = sha256('x') where sequence = 4".into(),
            "chain",
            format!("update ledger_chain set hash = decode('{}', 'hex') where sequence = 4", head.to_string().split_once(':').unwrap().1),
        ),
    ] {
        tamper(&app, table, &cheat).await;
        let fault = verify(&app.app, None).await.unwrap().fault.unwrap_or_else(|| panic!("not found: {cheat}"));
        assert_eq!(fault.check, check, "{cheat}: {}", fault.message);
        if table != "ledger_chain" {
            assert!(fault.message.contains("link 2"), "{}", fault.message);
        }
        tamper(&app, table, &undo).await;
        assert_eq!(verify(&app.app, None).await.unwrap().fault, None, "after undoing {cheat}");
    }
}

#[tokio::test]
async fn what_is_slipped_in_or_left_over_is_found() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await;
    let path = paid(&guest, &listing, "2030-02-01", "2030-02-03").await;
    app.run_jobs().await;
    seal(&app.app).await.unwrap();

    // A transaction written past the program is neither sealed nor queued.
    sqlx::raw_sql(
        "begin;
         insert into ledger_transactions (id, key, event, occurred_at, content_hash) values ('01941f29-7c00-7000-8000-0000000000ff', 'x', 'capture', now(), sha256('x'));
         insert into ledger_entries select '01941f29-7c00-7000-8000-0000000000ff', 1, id, 'debit', 5, 'EUR' from ledger_accounts where key = 'psp_clearing';
         insert into ledger_entries select '01941f29-7c00-7000-8000-0000000000ff', 2, id, 'credit', 5, 'EUR' from ledger_accounts where key = 'psp_clearing';
         commit",
    )
    .execute(app.pool())
    .await
    .unwrap();
    let fault = verify(&app.app, None).await.unwrap().fault.unwrap();
    assert!(fault.check == "chain" && fault.message.contains("slipped in"), "{fault:?}");
    tamper(&app, "ledger_entries", "delete from ledger_entries where transaction_id = '01941f29-7c00-7000-8000-0000000000ff'").await;
    tamper(&app, "ledger_transactions", "delete from ledger_transactions where key = 'x'").await;
    assert_eq!(verify(&app.app, None).await.unwrap().fault, None);

    // A booking that ends without its postings leaves money over.
    let id = path.rsplit('/').next().unwrap();
    sqlx::query("update bookings set state = 'cancelled', cancelled_by = 'guest' where id = $1::uuid")
        .bind(id)
        .execute(app.pool())
        .await
        .unwrap();
    let fault = verify(&app.app, None).await.unwrap().fault.unwrap();
    assert!(fault.check == "escrow" && fault.message.contains(id), "{fault:?}");
    sqlx::query("update bookings set state = 'confirmed', cancelled_by = null where id = $1::uuid")
        .bind(id)
        .execute(app.pool())
        .await
        .unwrap();

    // A payment that claims another amount, a provider that holds another.
    sqlx::query("update payments set captured = captured - 1").execute(app.pool()).await.unwrap();
    assert_eq!(verify(&app.app, None).await.unwrap().fault.unwrap().check, "escrow");
    sqlx::query("update payments set captured = captured + 1, refunded = 1").execute(app.pool()).await.unwrap();
    assert_eq!(verify(&app.app, None).await.unwrap().fault.unwrap().check, "payments");
    sqlx::query("update payments set refunded = 0").execute(app.pool()).await.unwrap();
    sqlx::query("update sandbox_charges set captured = captured - 1").execute(app.pool()).await.unwrap();
    assert_eq!(verify(&app.app, None).await.unwrap().fault.unwrap().check, "provider");
}

#[tokio::test]
async fn verifying_since_a_day_reads_only_what_came_then() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({})).await;
    paid(&guest, &listing, "2030-02-01", "2030-02-03").await;
    app.run_jobs().await;
    seal(&app.app).await.unwrap();
    app.jump(24 * 60).await;
    let guest = app.again(&guest).await;
    paid(&guest, &listing, "2030-03-01", "2030-03-03").await;
    app.run_jobs().await;
    seal(&app.app).await.unwrap();
    let verdict = verify(&app.app, Some("2030-01-02T00:00:00Z".parse().unwrap())).await.unwrap();
    assert_eq!((verdict.fault, verdict.transactions), (None, 1));
    assert_eq!(verdict.head.unwrap().sequence, 2);
}
