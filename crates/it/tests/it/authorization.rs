//! Who may do what, for every route: anonymous, a stranger, the guest, the host.

use std::collections::BTreeSet;

use it::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

/// Method, path, and the status for anonymous, stranger, guest and host. `L` is
/// the host's listing, `B` the guest's confirmed booking, `C` the
/// conversation about it, `U` the host, `R` an
/// open review. 2 stands for any success, 4 for a refusal of the input or
/// state that comes after the question who asks.
const MATRIX: &[(&str, &str, [u16; 4])] = &[
    ("POST", "/users", [4, 4, 4, 4]),
    ("GET", "/users/me", [401, 2, 2, 2]),
    ("PATCH", "/users/me", [401, 2, 2, 2]),
    ("DELETE", "/users/me", [401, 4, 4, 4]),
    ("GET", "/users/me/export", [401, 2, 2, 2]),
    ("PUT", "/users/me/avatar", [401, 4, 4, 4]),
    ("PUT", "/users/me/password", [401, 4, 4, 4]),
    ("GET", "/users/{U}", [2, 2, 2, 2]),
    ("GET", "/users/{U}/reviews", [2, 2, 2, 2]),
    ("POST", "/sessions", [4, 4, 4, 4]),
    ("POST", "/sessions/refresh", [4, 4, 4, 4]),
    ("GET", "/sessions", [401, 2, 2, 2]),
    ("DELETE", "/sessions/{X}", [401, 404, 404, 404]),
    ("POST", "/email-verifications", [401, 4, 4, 4]),
    ("POST", "/password-resets", [4, 4, 4, 4]),
    ("PUT", "/password-resets/{X}", [4, 4, 4, 4]),
    ("GET", "/listings", [2, 2, 2, 2]),
    ("GET", "/listings/{L}/similar", [2, 2, 2, 2]),
    ("GET", "/places", [4, 4, 4, 4]),
    ("POST", "/listings", [401, 2, 2, 2]),
    ("GET", "/amenities", [2, 2, 2, 2]),
    ("GET", "/host/listings", [401, 2, 2, 2]),
    ("GET", "/host/payouts", [401, 2, 2, 2]),
    ("GET", "/host/payout-method", [401, 404, 404, 404]),
    ("PUT", "/host/payout-method", [401, 4, 4, 4]),
    ("GET", "/host/earnings", [401, 2, 2, 2]),
    ("GET", "/host/reservations", [401, 2, 2, 2]),
    ("GET", "/host/statistics", [401, 2, 2, 2]),
    ("GET", "/host/statements", [401, 2, 2, 2]),
    ("GET", "/host/statements/{X}", [401, 404, 404, 404]),
    ("GET", "/host/invitations", [401, 2, 2, 2]),
    ("POST", "/host/invitations/{X}/accept", [401, 404, 404, 404]),
    ("POST", "/host/invitations/{X}/decline", [401, 404, 404, 404]),
    ("GET", "/listings/{L}/co-hosts", [401, 404, 404, 2]),
    ("POST", "/listings/{L}/co-hosts", [401, 4, 4, 4]),
    ("PUT", "/listings/{L}/co-hosts/{X}", [401, 4, 4, 4]),
    ("DELETE", "/listings/{L}/co-hosts/{X}", [401, 404, 404, 404]),
    ("GET", "/listings/{L}", [2, 2, 2, 2]),
    ("PATCH", "/listings/{L}", [401, 404, 404, 2]),
    ("POST", "/listings/{L}/publish", [401, 404, 404, 2]),
    ("POST", "/listings/{L}/photos", [401, 4, 4, 4]),
    ("PUT", "/listings/{L}/photos/order", [401, 4, 4, 4]),
    ("PATCH", "/listings/{L}/photos/{X}", [401, 4, 4, 4]),
    ("DELETE", "/listings/{L}/photos/{X}", [401, 404, 404, 404]),
    ("GET", "/listings/{L}/calendar", [2, 2, 2, 2]),
    ("PUT", "/listings/{L}/calendar", [401, 4, 4, 4]),
    ("GET", "/listings/{L}/pricing", [2, 2, 2, 2]),
    ("PUT", "/listings/{L}/pricing", [401, 4, 4, 4]),
    ("GET", "/listings/{L}/rules", [2, 2, 2, 2]),
    ("PUT", "/listings/{L}/rules", [401, 404, 404, 2]),
    ("GET", "/listings/{L}/availability", [4, 4, 4, 4]),
    ("GET", "/listings/{L}/quote", [4, 4, 4, 4]),
    ("GET", "/listings/{L}/reviews", [2, 2, 2, 2]),
    ("GET", "/exchange-rates", [2, 2, 2, 2]),
    ("GET", "/users/me/credit", [401, 2, 2, 2]),
    ("GET", "/users/me/credit/grants", [401, 2, 2, 2]),
    ("GET", "/admin/coupons", [401, 404, 404, 404]),
    ("POST", "/admin/coupons", [401, 4, 4, 4]),
    ("POST", "/admin/coupons/{X}/end", [401, 4, 4, 4]),
    ("POST", "/admin/users/{X}/credit", [401, 4, 4, 4]),
    ("GET", "/admin/tax-rules", [401, 404, 404, 404]),
    ("POST", "/admin/tax-rules", [401, 4, 4, 4]),
    ("GET", "/admin/tax-rules/{X}", [401, 404, 404, 404]),
    ("PUT", "/admin/tax-rules/{X}", [401, 4, 4, 4]),
    ("DELETE", "/admin/tax-rules/{X}", [401, 404, 404, 404]),
    ("GET", "/admin/tax-rules/{X}/history", [401, 404, 404, 404]),
    ("GET", "/admin/fee-rules", [401, 404, 404, 404]),
    ("POST", "/admin/fee-rules", [401, 4, 4, 4]),
    ("PUT", "/admin/fee-rules/{X}", [401, 4, 4, 4]),
    ("DELETE", "/admin/fee-rules/{X}", [401, 404, 404, 404]),
    ("GET", "/admin/fee-rules/{X}/history", [401, 404, 404, 404]),
    ("GET", "/admin/tax-report", [401, 4, 4, 4]),
    ("GET", "/host/invoices", [401, 2, 2, 2]),
    ("GET", "/host/invoices/{X}", [401, 404, 404, 404]),
    ("GET", "/host/invoices/{X}/pdf", [401, 404, 404, 404]),
    ("GET", "/bookings/{B}/receipt", [401, 404, 2, 403]),
    ("GET", "/bookings/{B}/receipt.pdf", [401, 404, 2, 403]),
    ("GET", "/bookings/{B}/calendar.ics", [401, 404, 2, 2]),
    ("POST", "/bookings", [401, 4, 4, 4]),
    ("GET", "/bookings", [401, 2, 2, 2]),
    ("GET", "/bookings/{B}", [401, 404, 2, 2]),
    ("GET", "/bookings/{B}/history", [401, 404, 2, 2]),
    ("GET", "/bookings/{B}/payments", [401, 404, 2, 2]),
    ("POST", "/bookings/{B}/payments", [401, 4, 4, 4]),
    ("POST", "/bookings/{B}/accept", [401, 404, 403, 409]),
    ("POST", "/bookings/{B}/decline", [401, 404, 403, 409]),
    ("POST", "/bookings/{B}/no-show", [401, 404, 403, 409]),
    ("GET", "/bookings/{B}/cancellation", [401, 404, 2, 2]),
    ("GET", "/bookings/{B}/check-in-info", [401, 404, 2, 2]),
    ("GET", "/bookings/{B}/reviews", [401, 404, 2, 2]),
    ("GET", "/bookings/{B}/alterations", [401, 404, 2, 2]),
    ("POST", "/bookings/{B}/alterations", [401, 404, 4, 4]),
    ("POST", "/bookings/{B}/alterations/preview", [401, 404, 4, 4]),
    ("POST", "/bookings/{B}/alterations/{X}/accept", [401, 404, 404, 404]),
    ("POST", "/bookings/{B}/alterations/{X}/decline", [401, 404, 404, 404]),
    ("POST", "/bookings/{B}/alterations/{X}/withdraw", [401, 404, 404, 404]),
    ("GET", "/bookings/{B}/shortening", [401, 4, 4, 4]),
    ("POST", "/bookings/{B}/shorten", [401, 4, 4, 4]),
    ("GET", "/bookings/{B}/refund-requests", [401, 404, 2, 2]),
    ("POST", "/bookings/{B}/refund-requests", [401, 4, 4, 4]),
    ("POST", "/bookings/{B}/refund-requests/{X}/grant", [401, 404, 403, 404]),
    ("POST", "/bookings/{B}/refund-requests/{X}/decline", [401, 404, 403, 404]),
    ("POST", "/bookings/{B}/refund-requests/{X}/withdraw", [401, 404, 404, 403]),
    ("POST", "/admin/bookings/{B}/cancel", [401, 4, 4, 4]),
    ("POST", "/admin/bookings/{B}/refund", [401, 4, 4, 4]),
    ("POST", "/bookings/{B}/reviews", [401, 4, 4, 4]),
    ("GET", "/reviews/{X}", [404, 404, 404, 404]),
    ("PUT", "/reviews/{X}", [401, 4, 4, 4]),
    ("POST", "/reviews/{X}/reply", [401, 4, 4, 4]),
    ("POST", "/reviews/{X}/report", [401, 4, 4, 4]),
    ("POST", "/admin/reviews/{X}/hide", [401, 4, 4, 4]),
    ("GET", "/bookings/{B}/payment-plans", [401, 404, 2, 2]),
    ("GET", "/bookings/{B}/instalments", [401, 404, 2, 2]),
    ("GET", "/users/me/payment-methods", [401, 2, 2, 2]),
    ("POST", "/users/me/payment-methods", [401, 4, 4, 4]),
    ("DELETE", "/users/me/payment-methods/{X}", [401, 404, 404, 404]),
    ("GET", "/admin/webhooks", [401, 404, 404, 404]),
    ("GET", "/admin/webhooks/{P}/{X}", [401, 404, 404, 404]),
    ("POST", "/admin/webhooks/{P}/{X}/replay", [401, 404, 404, 404]),
    ("GET", "/admin/disputes", [401, 404, 404, 404]),
    ("POST", "/admin/disputes/{X}/evidence", [401, 4, 4, 4]),
    ("GET", "/admin/reconciliation/cases", [401, 404, 404, 404]),
    ("POST", "/admin/reconciliation/cases/{X}/settle", [401, 4, 4, 4]),
    ("POST", "/admin/reconciliation/runs", [401, 404, 404, 404]),
    ("GET", "/admin/bookings/{B}/ledger", [401, 404, 404, 404]),
    ("POST", "/payments/webhooks/{X}", [4, 4, 4, 4]),
    ("GET", "/users/me/totp", [401, 2, 2, 2]),
    ("POST", "/users/me/totp", [401, 4, 4, 4]),
    ("PUT", "/users/me/totp", [401, 4, 4, 4]),
    ("DELETE", "/users/me/totp", [401, 4, 4, 4]),
    ("POST", "/users/me/totp/recovery-codes", [401, 4, 4, 4]),
    ("GET", "/users/me/tokens", [401, 2, 2, 2]),
    ("POST", "/users/me/tokens", [401, 4, 4, 4]),
    ("DELETE", "/users/me/tokens/{X}", [401, 404, 404, 404]),
    ("GET", "/wishlists", [401, 2, 2, 2]),
    ("POST", "/wishlists", [401, 4, 4, 4]),
    ("GET", "/wishlists/{W}", [401, 404, 2, 404]),
    ("PATCH", "/wishlists/{W}", [401, 4, 4, 4]),
    ("PUT", "/wishlists/{W}/listings/{L}", [401, 404, 2, 404]),
    ("DELETE", "/wishlists/{W}/listings/{L}", [401, 404, 2, 404]),
    ("PUT", "/wishlists/{W}/share", [401, 404, 2, 404]),
    ("DELETE", "/wishlists/{W}/share", [401, 404, 2, 404]),
    ("GET", "/shared-wishlists/{X}", [404, 404, 404, 404]),
    ("GET", "/saved-searches", [401, 2, 2, 2]),
    ("POST", "/saved-searches", [401, 4, 4, 4]),
    ("DELETE", "/saved-searches/{X}", [401, 404, 404, 404]),
    ("GET", "/listings/{L}/calendar-feeds", [401, 404, 404, 2]),
    ("POST", "/listings/{L}/calendar-feeds", [401, 4, 4, 4]),
    ("DELETE", "/listings/{L}/calendar-feeds/{X}", [401, 404, 404, 404]),
    ("POST", "/listings/{L}/calendar-feeds/{X}/refresh", [401, 404, 404, 404]),
    ("POST", "/listings/{L}/calendar-export", [401, 404, 404, 2]),
    ("GET", "/ical/{X}", [404, 404, 404, 404]),
    ("GET", "/host/dashboard", [401, 2, 2, 2]),
    ("GET", "/conversations", [401, 2, 2, 2]),
    ("POST", "/conversations", [401, 4, 4, 4]),
    ("GET", "/conversations/{C}", [401, 404, 2, 2]),
    ("GET", "/conversations/{C}/messages", [401, 404, 2, 2]),
    ("POST", "/conversations/{C}/messages", [401, 4, 4, 4]),
    ("POST", "/conversations/{C}/read", [401, 404, 2, 2]),
    ("POST", "/conversations/{C}/report", [401, 4, 4, 4]),
    ("GET", "/users/me/blocks", [401, 2, 2, 2]),
    ("PUT", "/users/me/blocks/{X}", [401, 404, 404, 404]),
    ("DELETE", "/users/me/blocks/{X}", [401, 404, 404, 404]),
    ("GET", "/notifications", [401, 2, 2, 2]),
    ("POST", "/notifications/read", [401, 4, 4, 4]),
    ("GET", "/users/me/notification-preferences", [401, 2, 2, 2]),
    ("PUT", "/users/me/notification-preferences", [401, 4, 4, 4]),
    // Answered with a query that is refused: a stream would not end.
    ("GET", "/events/stream", [401, 4, 4, 4]),
    ("GET", "/sandbox/clock", [2, 2, 2, 2]),
    ("POST", "/sandbox/clock", [4, 4, 4, 4]),
    ("PUT", "/sandbox/webhooks", [2, 2, 2, 2]),
    // Last: they end what the others look at.
    ("POST", "/bookings/{B}/cancel", [401, 404, 2, 409]),
    ("DELETE", "/wishlists/{W}", [401, 404, 2, 404]),
    ("POST", "/listings/{L}/unpublish", [401, 404, 404, 2]),
    ("DELETE", "/listings/{L}", [401, 404, 404, 2]),
    ("DELETE", "/sessions/current", [401, 2, 2, 2]),
];

#[test]
fn every_route_has_a_row() {
    let document: Value = serde_json::from_str(&web::openapi_json().unwrap()).unwrap();
    let shape = |path: &str| path.split('/').map(|part| if part.starts_with('{') { "{}" } else { part }).collect::<Vec<_>>().join("/");
    let mut routes = BTreeSet::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            routes.insert(format!("{} {}", method.to_uppercase(), shape(path.strip_prefix("/api/v1").unwrap())));
        }
    }
    let rows: BTreeSet<String> = MATRIX.iter().map(|(method, path, _)| format!("{method} {}", shape(path))).collect();
    assert_eq!(routes, rows);
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_and_does_only_their_own() {
    let app = TestApp::new().await;
    let (host, guest, stranger) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    let words = json!({"booking_id": booking, "message": "Hello"});
    let conversation = guest.post("/api/v1/conversations", words).await.expect(201)["id"].as_str().unwrap().to_owned();
    let wishlist = guest.post("/api/v1/wishlists", json!({"name": "Summer"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let people: [(&str, Client); 4] = [("anonymous", app.anonymous()), ("stranger", stranger), ("guest", guest), ("host", host.clone())];
    let mut faults = Vec::new();
    for (method, path, expected) in MATRIX {
        let address = path
            .replace("{L}", &listing)
            .replace("{B}", &booking)
            .replace("{C}", &conversation)
            .replace("{W}", &wishlist)
            .replace("/events/stream", "/events/stream?since=ever")
            .replace("{U}", &host.id)
            .replace("{P}", "sandbox")
            .replace("{X}", "01941f29-7c00-7000-8000-000000000000");
        for ((name, person), wanted) in people.iter().zip(expected) {
            let method: Method = method.parse().unwrap();
            let request = person.request(method.clone(), &format!("/api/v1{address}")).header("if-match", "*");
            let takes_body = address.ends_with("/users/me") || address.ends_with("/totp");
            let request = if method == Method::GET || method == Method::DELETE && !takes_body { request } else { request.json(&json!({})) };
            let answer = person.send(request).await;
            let fits = match wanted {
                2 => (200..300).contains(&answer.status),
                4 => (400..500).contains(&answer.status) && answer.status != 401 || answer.status == 401 && address == "/sessions",
                exact => answer.status == *exact,
            };
            if !fits {
                faults.push(format!(
                    "{method} {path} as {name}: {} instead of {wanted}: {}",
                    answer.status,
                    answer.text().chars().take(160).collect::<String>()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
