//! The Stripe provider: against an emulator, against recorded answers, against
//! every kind of failure, and its signatures against Stripe's own library.

use std::sync::Arc;
use std::time::Duration;

use app::ports::payments::{
    AccountRequest, AuthorizeRequest, Charge, EventObject, PaymentProvider, PayoutRequest, ProviderError, RefundState,
};
use app::ports::signatures;
use app::ports::stripe::{API_VERSION, Stripe, StripeSettings};
use chrono::{DateTime, Utc};
use domain::ids::{BookingId, PayoutId, UserId};
use domain::money::Money;
use domain::payments::{ChargeState, DisputeState, RecordKind, TransferState};
use it::{Emulator, Recorded, Signer, TestApp};
use serde_json::{Value, json};
use uuid::Uuid;

fn stripe(base: &str, timeout: Duration) -> Stripe {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Stripe::new(StripeSettings {
        secret_key: "sk_test_12345".into(),
        webhook_secrets: vec!["whsec_old".into(), "whsec_here".into()],
        api_base: base.to_owned(),
        return_url: None,
        timeout,
    })
    .unwrap()
}

fn provider(base: &str) -> Stripe {
    stripe(base, Duration::from_secs(20))
}

fn eur(amount: i64) -> Money {
    Money::new(amount, "EUR".parse().unwrap())
}

fn wish(key: &str, method: &str, capture: bool) -> AuthorizeRequest {
    AuthorizeRequest {
        key: key.into(),
        amount: eur(22_800),
        method: method.into(),
        capture,
        booking: BookingId(Uuid::from_u128(1)),
        customer: None,
        keep_method: false,
        off_session: false,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_held_taken_let_go_and_refunded() {
    let emulator = Emulator::start();
    let stripe = provider(&emulator.base);
    let held = stripe.authorize(&wish("a1", "pm_card_visa", false)).await.unwrap();
    assert_eq!((held.state, held.decline_code.as_deref()), (ChargeState::Authorized, None));
    let days = (held.expires_at.unwrap() - app::clock::Clock::system().now()).num_days();
    assert!((6..=7).contains(&days), "held for a week");
    assert_eq!(stripe.fetch(&held.reference).await.unwrap().state, ChargeState::Authorized);
    assert_eq!(stripe.capture("a1:capture", &held.reference).await.unwrap().state, ChargeState::Captured);
    assert_eq!(stripe.capture("a1:again", &held.reference).await.unwrap().state, ChargeState::Captured, "taken is taken");
    assert!(matches!(stripe.release("a1:release", &held.reference).await, Err(ProviderError::Refused(_))), "too late to let go");
    let refund = stripe.refund("a1:refund", &held.reference, eur(11_400)).await.unwrap();
    assert_eq!(refund.state, RefundState::Succeeded);
    assert_eq!(stripe.fetch_refund(&refund.reference).await.unwrap(), refund);

    let other = stripe.authorize(&wish("a2", "pm_card_visa", false)).await.unwrap();
    assert_eq!(stripe.release("a2:release", &other.reference).await.unwrap().state, ChargeState::Released);
    assert_eq!(stripe.release("a2:again", &other.reference).await.unwrap().state, ChargeState::Released);
    let taken = stripe.capture("a2:capture", &other.reference).await;
    assert!(!matches!(taken, Ok(charge) if charge.state == ChargeState::Captured), "what was let go cannot be taken");

    assert_eq!(stripe.authorize(&wish("a3", "pm_card_visa", true)).await.unwrap().state, ChargeState::Captured);
    let declined = stripe.authorize(&wish("a4", "pm_card_chargeCustomerFail", true)).await.unwrap();
    assert_eq!((declined.state, declined.decline_code.as_deref()), (ChargeState::Failed, Some("card_declined")));
    assert!(matches!(stripe.authorize(&wish("a5", "pm_nobody", true)).await, Err(ProviderError::Refused(_))));
    for odd in ["pi_nobody", "../v1/balance", "", "a/b"] {
        assert!(matches!(stripe.fetch(odd).await, Err(ProviderError::Refused(_))), "{odd}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bank_may_ask_and_cards_can_be_kept() {
    let emulator = Emulator::start();
    let stripe = provider(&emulator.base);
    let card =
        |number| [("type", "card"), ("card[number]", number), ("card[exp_month]", "12"), ("card[exp_year]", "2030"), ("card[cvc]", "123")];
    let asks = emulator.post("/v1/payment_methods", &card("4000002500003155")).await;
    let method = asks["id"].as_str().unwrap();
    for (key, approve, state) in [("b1", "true", ChargeState::Captured), ("b2", "false", ChargeState::Failed)] {
        let charge = stripe.authorize(&wish(key, method, true)).await.unwrap();
        assert_eq!(charge.state, ChargeState::RequiresAction);
        let path = format!("/v1/payment_intents/{}", charge.reference);
        let secret = emulator.post(&path, &[("metadata[x]", "y")]).await["client_secret"].as_str().unwrap().to_owned();
        emulator.post(&format!("{path}/_authenticate"), &[("client_secret", &secret), ("success", approve)]).await;
        assert_eq!(stripe.fetch(&charge.reference).await.unwrap().state, state);
    }
    let customer = stripe.create_customer("c1", UserId(Uuid::from_u128(7)), "mia@example.org").await.unwrap();
    let kept = stripe.save_method("c1:card", &customer, "pm_card_visa").await.unwrap();
    assert_eq!((kept.card.brand.as_str(), kept.card.last4.as_str(), kept.card.exp_year), ("visa", "4242", 2030));
    let again = AuthorizeRequest { customer: Some(customer.clone()), off_session: true, ..wish("c2", &kept.reference, true) };
    assert_eq!(stripe.authorize(&again).await.unwrap().state, ChargeState::Captured);
    assert!(matches!(stripe.save_method("c3", &customer, method).await, Err(ProviderError::Refused(_))), "the bank wants the guest");
    stripe.forget_method(&kept.reference).await.unwrap();
    stripe.forget_method("pm_unknown").await.unwrap();
}

/// Waits for what another process does on its own.
async fn eventually<F: Future<Output = bool>>(mut is: impl FnMut() -> F) {
    for _ in 0..200 {
        if is().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("it never came true");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stay_is_paid_confirmed_and_refunded_through_stripe() {
    let emulator = Emulator::start();
    let now = app::clock::Clock::system().now();
    let app = TestApp::paid_through(now, Arc::new(provider(&emulator.base))).await;
    emulator.send_events_to(&format!("{}/api/v1/payments/webhooks/stripe", app.base), "whsec_here").await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let day = |days: u64| (now.date_naive() + chrono::Days::new(days)).to_string();
    let book = async |mode: &str, days: u64| {
        let listing = app.listing(&host, json!({"booking_mode": mode})).await["id"].clone();
        let wish = json!({"listing_id": listing, "check_in": day(days), "check_out": day(days + 2), "guests": {"adults": 1}});
        let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201);
        format!("/api/v1/bookings/{}", booking["id"].as_str().unwrap())
    };
    let pay = async |path: &str, method: &str| {
        guest.post_once(&format!("{path}/payments"), json!({"payment_method": method}), None).await.expect(201)
    };

    let instant = book("instant", 60).await;
    let declined = pay(&instant, "pm_card_chargeCustomerFail").await;
    assert_eq!((&declined["status"], &declined["decline_code"]), (&json!("failed"), &json!("card_declined")));
    assert_eq!(pay(&instant, "pm_card_visa").await["status"], "succeeded");
    assert_eq!(guest.get(&instant).await.expect(200)["state"], "confirmed");

    let request = book("request", 60).await;
    assert_eq!(pay(&request, "pm_card_visa").await["status"], "authorized");
    host.post_once(&format!("{request}/accept"), json!({}), None).await.expect(200);
    assert_eq!(guest.get(&request).await.expect(200)["state"], "confirmed");

    // Stripe's own events come through the door, signed, and change nothing more.
    let arrived = async || {
        let (all, open): (i64, i64) = sqlx::query_as("select count(*), count(*) filter (where processed_at is null) from webhook_inbox")
            .fetch_one(app.pool())
            .await
            .unwrap();
        app.run_jobs().await;
        all >= 3 && open == 0
    };
    eventually(arrived).await;
    assert_eq!(app.balance("psp_clearing").await, -2 * 22_800);

    let cancelled = guest.post_once(&format!("{instant}/cancel"), json!({}), None).await.expect(200);
    assert_eq!(cancelled["refund"]["amount"], 22_800);
    app.run_jobs().await;
    assert_eq!(guest.get(&format!("{instant}/payments")).await.expect(200)["status"], "refunded");
    let id = instant.rsplit('/').next().unwrap();
    assert_eq!((app.balance("psp_clearing").await, app.balance(&format!("refund_payable:{id}")).await), (-22_800, 0));
}

fn fixture(name: &str) -> Value {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/stripe").join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

#[tokio::test]
async fn hosts_get_accounts_transfers_and_reversals() {
    let tape = Recorded::play(fixture("connect.json")).await;
    let stripe = provider(&tape.base);
    let request = AccountRequest {
        key: "acc-1:create".into(),
        host: UserId(Uuid::from_u128(5)),
        email: "fergus@example.org".into(),
        country: "PT".into(),
        return_url: "https://roost.example/host/payouts".into(),
    };
    let account = stripe.create_account(&request).await.unwrap();
    assert_eq!((account.payouts_enabled, account.requirements.len()), (false, 2));
    assert!(account.onboarding_url.unwrap().starts_with("https://connect.stripe.example/"));
    let ready = stripe.fetch_account(&account.reference, "https://roost.example/host/payouts").await.unwrap();
    assert_eq!((ready.payouts_enabled, ready.onboarding_url), (true, None));
    let payout = |key: &str| PayoutRequest {
        key: key.into(),
        amount: eur(43_650),
        account: account.reference.clone(),
        payout: PayoutId(Uuid::from_u128(9)),
    };
    let sent = stripe.pay_out(&payout("po-1:pay_out")).await.unwrap();
    assert_eq!((sent.reference.as_str(), sent.state), ("tr_1", TransferState::Paid));
    assert_eq!(stripe.reverse_transfer("rv-1:reverse", "tr_1", eur(3_650)).await.unwrap(), "trr_1");
    assert_eq!(stripe.fetch_transfer("tr_1").await.unwrap().state, TransferState::Failed, "all of it came back");
    let refused = stripe.pay_out(&payout("po-2:pay_out")).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Refused(why) if why.contains("balance_insufficient")));
    let page = stripe.list(RecordKind::Reversal, (at(1_893_456_000), at(1_893_542_400)), None).await.unwrap();
    assert_eq!(page.records.len(), 1, "those of the span only");
    assert_eq!((page.records[0].amount, page.records[0].request_key.as_deref()), (eur(3_650), Some("rv-1:reverse")));
    assert_eq!(page.next.as_deref(), Some("tr_1"));

    let asked = tape.finished();
    for question in &asked {
        assert_eq!(question.headers["stripe-version"], API_VERSION);
        assert_eq!(question.headers["authorization"], "Bearer sk_test_12345");
    }
    let keys: Vec<Option<&str>> =
        asked.iter().map(|question| question.headers.get("idempotency-key").map(|key| key.to_str().unwrap())).collect();
    assert_eq!(keys[..5], [Some("acc-1:create"), None, None, Some("po-1:pay_out"), Some("rv-1:reverse")]);
}

#[tokio::test]
async fn disputes_and_the_books_are_read() {
    let tape = Recorded::play(fixture("disputes.json")).await;
    let stripe = provider(&tape.base);
    let dispute = stripe.fetch_dispute("dp_1").await.unwrap();
    assert_eq!((dispute.charge.as_str(), dispute.amount, dispute.fee, dispute.state), ("pi_1", eur(22_800), 2_000, DisputeState::Open));
    assert_eq!(dispute.evidence_due_at, Some(at(1_894_060_800)));
    assert_eq!(stripe.submit_evidence("e1", "dp_1", "The guest has stayed.").await.unwrap().state, DisputeState::EvidenceSent);
    let span = (at(1_893_456_000), at(1_893_542_400));
    let disputes = stripe.list(RecordKind::Dispute, span, None).await.unwrap();
    let names: Vec<&str> = disputes.records.iter().map(|record| record.reference.as_str()).collect();
    assert_eq!((names, disputes.next), (vec!["dp_1", "dp_2"], None), "oldest first; a mere question has moved nothing");
    assert_eq!(stripe.balance("EUR".parse().unwrap()).await.unwrap(), Some(eur(800)));
    let charges = stripe.list(RecordKind::Charge, span, None).await.unwrap();
    assert_eq!(
        (charges.records.len(), charges.records[0].request_key.as_deref()),
        (1, Some("op-1:authorize")),
        "what is only held has not moved"
    );
    assert_eq!(charges.next.as_deref(), Some("pi_1"));
    let refunds = stripe.list(RecordKind::Refund, span, Some("re_9")).await.unwrap();
    assert_eq!((refunds.records.len(), refunds.records[0].amount), (1, eur(11_400)));
    tape.finished();
}

async fn answered(exchanges: Value) -> (Result<Charge, ProviderError>, Recorded) {
    let tape = Recorded::play(exchanges).await;
    let charge = provider(&tape.base).authorize(&wish("op-1:authorize", "pm_card_visa", true)).await;
    (charge, tape)
}

fn intent(status: &str) -> Value {
    json!({"id": "pi_1", "status": status, "amount": 22_800, "currency": "eur", "created": 1_893_456_000, "payment_method": "pm_1",
        "latest_charge": {"id": "ch_1", "payment_method_details": {"card": {"brand": "visa", "last4": "4242", "exp_month": 4, "exp_year": 2031,
            "capture_before": 1_894_000_000}}},
        "next_action": {"type": "redirect_to_url", "redirect_to_url": {"url": "https://hooks.stripe.example/3ds"}}})
}

#[tokio::test]
async fn answers_under_a_used_key_are_looked_up_anew() {
    let create = "POST /v1/payment_intents";
    // The stored answer says "ask the guest"; by now the guest has confirmed.
    let (charge, tape) = answered(json!([
        {"ask": create, "status": 200, "headers": {"idempotent-replayed": "true"}, "body": intent("requires_action")},
        {"ask": "GET /v1/payment_intents/pi_1", "status": 200, "body": intent("succeeded")},
    ]))
    .await;
    assert_eq!(charge.unwrap().state, ChargeState::Captured);
    let asked = tape.finished();
    assert_eq!(asked[0].headers["idempotency-key"], "op-1:authorize");
    assert_eq!(asked[0].fields["metadata[roost_key]"], "op-1:authorize");
    assert_eq!((asked[0].fields["capture_method"].as_str(), asked[0].fields["confirm"].as_str()), ("automatic", "true"));

    let (charge, _) = answered(json!([{"ask": create, "status": 200, "body": intent("requires_action")}])).await;
    let charge = charge.unwrap();
    assert_eq!((charge.state, charge.action_url.as_deref()), (ChargeState::RequiresAction, Some("https://hooks.stripe.example/3ds")));
    assert_eq!((charge.method.as_deref(), charge.card.unwrap().last4.as_str()), (Some("pm_1"), "4242"));
    let (charge, _) = answered(json!([{"ask": create, "status": 200, "body": intent("requires_capture")}])).await;
    assert_eq!(charge.unwrap().expires_at, Some(at(1_894_000_000)), "as the card's network says");

    // Stripe failed once and repeats it for good: its books decide.
    let failed = json!({"ask": create, "status": 500, "headers": {"idempotent-replayed": "true"}, "body": {"error": {"type": "api_error", "message": "Oops."}}});
    let found = json!({"ask": "GET /v1/payment_intents/search", "with": {"query": "metadata['roost_key']:'op-1:authorize'"}, "status": 200,
        "body": {"object": "search_result", "data": [intent("succeeded")], "has_more": false}});
    let (charge, tape) = answered(json!([failed, found])).await;
    assert_eq!(charge.unwrap().state, ChargeState::Captured);
    tape.finished();
    let nothing = json!({"ask": "GET /v1/payment_intents/search", "status": 200, "body": {"data": [], "has_more": false}});
    let (charge, _) = answered(json!([failed, nothing])).await;
    assert!(matches!(charge, Err(ProviderError::Refused(_))), "it never happened");
}

#[tokio::test]
async fn failures_are_told_apart() {
    let create = "POST /v1/payment_intents";
    let error = |kind: &str, code: &str| json!({"error": {"type": kind, "code": code, "message": "Words."}});
    for (status, body) in [
        (409, error("idempotency_error", "idempotency_key_in_use")),
        (429, error("rate_limit_error", "rate_limit")),
        (401, error("invalid_request_error", "api_key_expired")),
        (500, error("api_error", "")),
        (503, json!("<html>Away</html>")),
        (200, json!("{\"id\": \"pi_1\", \"stat")),
    ] {
        let (charge, _) = answered(json!([{"ask": create, "status": status, "body": body}])).await;
        assert!(matches!(charge, Err(ProviderError::Unknown(_))), "{status}: ask again, under the same key");
    }
    for body in [error("invalid_request_error", "amount_too_small"), error("idempotency_error", "")] {
        let (charge, _) = answered(json!([{"ask": create, "status": 400, "body": body}])).await;
        assert!(matches!(charge, Err(ProviderError::Refused(_))), "final");
    }
    let declined = json!({"error": {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds", "message": "No.",
        "payment_intent": intent("requires_payment_method")}});
    let (charge, _) = answered(json!([{"ask": create, "status": 402, "body": declined}])).await;
    let charge = charge.unwrap();
    assert_eq!((charge.reference.as_str(), charge.state), ("pi_1", ChargeState::Failed));
    assert_eq!(charge.decline_code.as_deref(), Some("insufficient_funds"));

    // No answer in time, nobody there, and a connection that breaks off.
    let slow = Recorded::play(json!([{"ask": create, "status": 200, "delay": 5_000, "body": intent("succeeded")}])).await;
    let hasty = stripe(&slow.base, Duration::from_millis(200));
    assert!(matches!(hasty.authorize(&wish("k", "pm_card_visa", true)).await, Err(ProviderError::Unknown(_))));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let closing = tokio::spawn(async move { drop(listener.accept().await.unwrap()) });
    assert!(matches!(provider(&base).authorize(&wish("k", "pm_card_visa", true)).await, Err(ProviderError::Unknown(_))));
    closing.await.unwrap();
    assert!(
        matches!(provider(&base).authorize(&wish("k", "pm_card_visa", true)).await, Err(ProviderError::Unknown(_))),
        "nobody listens any more"
    );
    let fils = AuthorizeRequest { amount: Money::new(1_005, "KWD".parse().unwrap()), ..wish("k", "pm_card_visa", true) };
    assert!(matches!(provider(&base).authorize(&fils).await, Err(ProviderError::Refused(_))), "never sent");
}

/// Texts that signatures go wrong on: line ends, many scripts, many sizes.
fn payloads(count: usize) -> Vec<String> {
    let pieces = ["{\"a\":1}", "\r\n", "\n", "žluťoučký", "漢字", "🏡", "\u{0}", "\\u00e9", "\"", " ", "é", "e\u{301}"];
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % 1_000_003).unwrap()
    };
    (0..count)
        .map(|n| {
            let length = if n % 1_000 == 0 { 40_000 } else { next() % 24 };
            (0..length).map(|_| pieces[next() % pieces.len()]).collect()
        })
        .collect()
}

#[test]
fn stripe_s_own_library_signs_what_we_believe_and_believes_what_we_sign() {
    let now = app::clock::Clock::system().now().timestamp();
    let payloads = payloads(10_000);
    let wishes: Vec<Value> = payloads.iter().map(|payload| json!({"secret": "whsec_here", "time": now, "payload": payload})).collect();
    let headers = Signer::ask(&wishes);
    assert_eq!(headers.len(), payloads.len());
    let secrets = [b"whsec_old".to_vec(), b"whsec_here".to_vec()];
    for (n, (header, payload)) in headers.iter().zip(&payloads).enumerate() {
        assert_eq!(signatures::verify(&secrets, Some(header), payload.as_bytes(), now), Ok(()), "{payload:?}");
        let mut flipped = payload.clone().into_bytes();
        if flipped.is_empty() {
            flipped.push(0);
        } else {
            let at = (n * 7_919) % flipped.len();
            flipped[at] ^= 1 << (n % 8);
        }
        assert!(signatures::verify(&secrets, Some(header), &flipped, now).is_err(), "one bit of {payload:?}");
        assert!(signatures::verify(&secrets[..1], Some(header), payload.as_bytes(), now).is_err(), "another secret");
        if n % 100 == 0 {
            assert!(signatures::verify(&secrets, Some(header), payload.as_bytes(), now + 301).is_err(), "too old");
        }
    }
    let ours: Vec<Value> = payloads[..500]
        .iter()
        .map(|payload| json!({"secret": "whsec_here", "payload": payload, "header": signatures::sign(b"whsec_here", now, payload.as_bytes())}))
        .collect();
    assert!(Signer::ask(&ours).iter().all(|answer| answer == "yes"));
}

#[tokio::test]
async fn events_are_read_by_what_they_speak_of() {
    let stripe = provider("http://127.0.0.1:1");
    let body = json!({"id": "evt_1", "type": "payment_intent.succeeded", "livemode": false, "data": {"object": {"id": "pi_1", "status": "succeeded"}}}).to_string();
    let signed = |secret: &str| signatures::sign(secret.as_bytes(), 1_000, body.as_bytes());
    for secret in ["whsec_old", "whsec_here"] {
        let event = stripe.read_webhook(Some(&signed(secret)), body.as_bytes(), 1_000).unwrap();
        assert_eq!((event.id.as_str(), event.object), ("evt_1", EventObject::Charge("pi_1".into())));
    }
    assert!(stripe.read_webhook(Some(&signed("whsec_other")), body.as_bytes(), 1_000).is_err());
    assert!(stripe.read_webhook(None, body.as_bytes(), 1_000).is_err());
}
