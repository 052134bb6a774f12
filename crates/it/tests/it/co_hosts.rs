//! People who help a host: what each permission opens, on every route that asks.

use it::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

struct Scene {
    app: TestApp,
    host: Client,
    guest: Client,
    listing: String,
    booking: String,
}

async fn scene() -> Scene {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({"booking_mode": "request"})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    Scene { app, host, guest, listing, booking }
}

impl Scene {
    fn co_hosts(&self) -> String {
        format!("/api/v1/listings/{}/co-hosts", self.listing)
    }

    /// Invited by the host, and has said yes.
    async fn helper(&self, name: &str, permission: &str, payout: Value) -> (Client, String) {
        let person = self.app.user(name).await;
        let body = json!({"email": person.email, "permission": permission, "payout": payout});
        let id = self.host.post(&self.co_hosts(), body).await.expect(201)["id"].as_str().unwrap().to_owned();
        let waiting = person.get("/api/v1/host/invitations").await.expect(200);
        assert_eq!((waiting.as_array().unwrap().len(), &waiting[0]["id"]), (1, &json!(id)));
        let accepted = person.post(&format!("/api/v1/host/invitations/{id}/accept"), json!({})).await.expect(200);
        assert_eq!((&accepted["state"], &accepted["user_id"]), (&json!("active"), &json!(person.id)));
        (person, id)
    }
}

/// Method, path, body, and the status for calendar, messages, full access.
const WHAT_OPENS: &[(&str, &str, [u16; 3])] = &[
    ("GET", "/listings/{L}", [200, 200, 200]),
    ("GET", "/listings/{L}/calendar", [200, 200, 200]),
    ("PUT", "/listings/{L}/rules", [403, 403, 200]),
    ("GET", "/listings/{L}/co-hosts", [404, 404, 200]),
    ("POST", "/listings/{L}/unpublish", [403, 403, 200]),
    ("POST", "/listings/{L}/publish", [403, 403, 200]),
    ("DELETE", "/listings/{L}", [403, 403, 403]),
    ("GET", "/bookings/{B}", [404, 200, 200]),
    ("GET", "/bookings/{B}/history", [404, 200, 200]),
    ("GET", "/bookings/{B}/payments", [404, 403, 200]),
    ("GET", "/bookings/{B}/reviews", [404, 200, 200]),
    ("POST", "/bookings/{B}/payments", [404, 403, 403]),
    ("POST", "/bookings/{B}/accept", [404, 403, 200]),
    ("GET", "/bookings/{B}/cancellation", [404, 403, 200]),
    ("GET", "/bookings/{B}/check-in-info", [404, 200, 200]),
    ("POST", "/bookings/{B}/cancel", [404, 403, 200]),
];

#[tokio::test]
async fn each_permission_opens_what_it_says() {
    let s = scene().await;
    let (calendar, _) = s.helper("cal", "calendar", json!({})).await;
    let (messages, _) = s.helper("mess", "calendar_and_messages", json!({})).await;
    let (full, _) = s.helper("full", "full", json!({})).await;
    let mut faults = Vec::new();
    for (method, path, expected) in WHAT_OPENS {
        let address = path.replace("{L}", &s.listing).replace("{B}", &s.booking);
        for (person, wanted) in [&calendar, &messages, &full].into_iter().zip(expected) {
            let method: Method = method.parse().unwrap();
            let request = person.request(method.clone(), &format!("/api/v1{address}")).header("if-match", "*");
            let body = if path.ends_with("/payments") { json!({"payment_method": "pm_card_visa"}) } else { json!({}) };
            let request = if method == Method::GET { request } else { request.json(&body) };
            let answer = person.send(request).await;
            let refused_with_a_word = answer.status != 403 || answer.json()["code"] != "forbidden";
            if !refused_with_a_word || (answer.status != *wanted && !(*wanted == 200 && answer.status == 204)) {
                faults.push(format!("{method} {path} as {}: {} instead of {wanted}: {}", person.email, answer.status, answer.text()));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[tokio::test]
async fn co_hosts_see_the_bookings_and_homes_they_help_with() {
    let s = scene().await;
    let (calendar, _) = s.helper("cal", "calendar", json!({})).await;
    let (messages, _) = s.helper("mess", "calendar_and_messages", json!({})).await;
    let (full, id) = s.helper("full", "full", json!({})).await;
    let count = async |person: &Client, path: &str| person.get(path).await.expect(200)["data"].as_array().unwrap().len();
    for (person, bookings, homes) in [(&calendar, 0, 0), (&messages, 1, 0), (&full, 1, 1), (&s.host, 1, 1), (&s.guest, 0, 0)] {
        let seen = (count(person, "/api/v1/bookings?role=host").await, count(person, "/api/v1/host/listings").await);
        assert_eq!(seen, (bookings, homes), "{}", person.email);
        // The owner's view of the calendar says what holds a night.
        let path = format!("/api/v1/listings/{}/calendar?from=2030-02-01&to=2030-02-02", s.listing);
        let day = person.get(&path).await.expect(200)["days"][0]["blocked_by"].clone();
        assert_eq!(day == "booking", person.id != s.guest.id, "{} sees {day}", person.email);
    }
    // Door codes are for the host and those with full access.
    for (person, sees) in [(&calendar, false), (&messages, false), (&full, true)] {
        let listing = person.get(&format!("/api/v1/listings/{}", s.listing)).await.expect(200);
        assert_eq!(listing["arrival"]["door_code"] == "4711", sees, "{}", person.email);
    }
    // Both roads show the booking; what was paid only to those with full access.
    let query = format!("{{ booking(id: \"{}\") {{ code payment {{ status }} }} }}", s.booking);
    for (person, sees) in [(&messages, false), (&full, true)] {
        let answer = person.graphql(&query, json!({})).await;
        let booking = &Client::data(&answer)["booking"];
        assert!(booking["code"].is_string(), "{}: {answer}", person.email);
        assert_eq!(booking["payment"].is_object(), sees, "{}: {answer}", person.email);
    }
    // They leave, and are strangers at once.
    assert_eq!(full.delete(&format!("{}/{id}", s.co_hosts())).await.status, 204);
    full.get(&format!("/api/v1/bookings/{}", s.booking)).await.problem(404);
    assert_eq!(count(&full, "/api/v1/host/listings").await, 0);
    assert_eq!(full.delete(&format!("{}/{id}", s.co_hosts())).await.problem(404), "not_found");
}

#[tokio::test]
async fn full_access_and_money_are_the_hosts_to_give() {
    let s = scene().await;
    let (full, full_id) = s.helper("full", "full", json!({"percent_bps": 6000, "cleaning_fee": true})).await;
    let invite = async |who: &Client, body: Value| who.post(&s.co_hosts(), body).await;
    let helper = json!({"email": "ann@example.org", "permission": "calendar"});
    invite(&full, helper.clone()).await.expect(201);
    assert_eq!(invite(&full, helper).await.problem(409), "already_invited");
    let equal = json!({"email": "bob@example.org", "permission": "full"});
    assert_eq!(invite(&full, equal).await.problem(403), "co_host_permission");
    let paid = json!({"email": "bob@example.org", "permission": "calendar", "payout": {"fixed_amount": 100}});
    assert_eq!(invite(&full, paid).await.problem(403), "co_host_permission");
    let terms = json!({"permission": "full", "payout": {"percent_bps": 9000}});
    assert_eq!(full.put(&format!("{}/{full_id}", s.co_hosts()), terms).await.problem(403), "co_host_permission");
    for (body, pointer) in [
        (json!({"email": "bob@example.org", "permission": "calendar", "payout": {"percent_bps": 4001}}), "/payout/percent_bps"),
        (json!({"email": "bob@example.org", "permission": "calendar", "payout": {"cleaning_fee": true}}), "/payout/cleaning_fee"),
        (json!({"email": "bob@example.org", "permission": "calendar", "payout": {"fixed_amount": -1}}), "/payout/fixed_amount"),
        (json!({"email": "nobody", "permission": "calendar"}), "/email"),
        (json!({"email": s.host.email, "permission": "calendar"}), "/email"),
        (json!({"email": "bob@example.org", "permission": "all"}), "/permission"),
    ] {
        let answer = invite(&s.host, body.clone()).await;
        answer.problem(422);
        assert_eq!(answer.json()["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(invite(&s.guest, json!({"email": "bob@example.org", "permission": "calendar"})).await.problem(404), "not_found");
}

#[tokio::test]
async fn an_invitation_waits_for_whoever_proves_the_address() {
    let s = scene().await;
    let body = json!({"email": "Late@Example.org", "permission": "calendar"});
    let id = s.host.post(&s.co_hosts(), body).await.expect(201)["id"].as_str().unwrap().to_owned();
    assert_eq!(s.guest.post(&format!("/api/v1/host/invitations/{id}/accept"), json!({})).await.problem(404), "not_found");
    let newcomer = s.app.newcomer("late").await;
    assert_eq!(newcomer.get("/api/v1/host/invitations").await.problem(403), "email_unverified");
    app::accounts::confirm_email(&s.app.app, &domain::actor::Actor::System, newcomer.id.parse().unwrap()).await.unwrap();
    let declined = newcomer.post(&format!("/api/v1/host/invitations/{id}/decline"), json!({})).await.expect(200);
    assert_eq!(declined["state"], "declined");
    assert_eq!(s.host.get(&s.co_hosts()).await.expect(200), json!([]));
    assert_eq!(newcomer.post(&format!("/api/v1/host/invitations/{id}/accept"), json!({})).await.problem(404), "not_found");
    // Known addresses get a mail.
    let ann = s.app.user("ann").await;
    s.host.post(&s.co_hosts(), json!({"email": ann.email, "permission": "full"})).await.expect(201);
    s.app.run_jobs().await;
    assert!(s.app.mails_to(&ann).iter().any(|subject| subject.contains("Will you help")), "{:?}", s.app.mails_to(&ann));
}
