//! Both roads refuse alike: the same codes at the same places.

use std::collections::BTreeSet;

use it::world::PASSWORD;
use it::{Client, TestApp};
use reqwest::Method;
use serde_json::{Value, json};

use super::parity::snake;

/// The machine words of a refusal, wherever they are told, with their fields.
fn refusals(answer: &Value) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let one =
        |error: &Value| format!("{} {}", error["code"].as_str().unwrap_or_default(), snake(error["field"].as_str().unwrap_or_default()));
    for error in answer["errors"].as_array().into_iter().flatten() {
        match error["extensions"]["errors"].as_array() {
            Some(list) => words.extend(list.iter().map(one)),
            None => drop(words.insert(format!("{} ", error["extensions"]["code"].as_str().unwrap_or_default()))),
        }
    }
    for payload in answer["data"].as_object().into_iter().flat_map(|fields| fields.values()) {
        words.extend(payload["errors"].as_array().into_iter().flatten().map(one));
    }
    words
}

fn rest_refusals(problem: &Value) -> BTreeSet<String> {
    let one = |error: &Value| {
        format!("{} {}", error["code"].as_str().unwrap(), error["pointer"].as_str().unwrap().trim_start_matches('/').replace('/', "."))
    };
    match problem["errors"].as_array() {
        Some(list) => list.iter().map(one).collect(),
        None => BTreeSet::from([format!("{} ", problem["code"].as_str().unwrap())]),
    }
}

#[tokio::test]
async fn both_roads_refuse_alike() {
    let app = TestApp::new().await;
    let (host, guest, nobody) = (app.user("fergus").await, app.user("mia").await, app.anonymous());
    let newcomer = app.newcomer("nora").await;
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let draft = host.post("/api/v1/listings", json!({"title": "Draft"})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    let stay = |check_in: &str, check_out: &str, adults: i32| {
        (
            json!({"listing_id": listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": adults}}),
            format!(
                "mutation {{ requestBooking(input: {{ listingId: \"{listing}\", checkIn: \"{check_in}\", checkOut: \"{check_out}\", guests: {{ adults: {adults} }} }}) {{ booking {{ id }} errors {{ field code }} }} }}"
            ),
        )
    };
    let (taken, taken_doc) = stay("2030-02-01", "2030-02-02", 1);
    let (many, many_doc) = stay("2030-03-01", "2030-03-02", 9);
    let (past, past_doc) = stay("2029-03-01", "2029-03-02", 1);
    let (turned, turned_doc) = stay("2030-03-02", "2030-03-01", 1);
    let unknown = "01941f29-7c00-7000-8000-000000000000";
    let cases: Vec<(&Client, Method, String, Value, String)> = vec![
        (&nobody, Method::GET, "/users/me".into(), Value::Null, "{ me { id } }".into()),
        (&nobody, Method::GET, format!("/listings/{draft}"), Value::Null, format!("{{ listing(id: \"{draft}\") {{ id }} }}")),
        (&nobody, Method::GET, "/listings/none".into(), Value::Null, "{ listing(id: \"none\") { id } }".into()),
        (&nobody, Method::GET, format!("/users/{unknown}"), Value::Null, format!("{{ user(id: \"{unknown}\") {{ id }} }}")),
        (&newcomer, Method::GET, format!("/bookings/{booking}"), Value::Null, format!("{{ booking(id: \"{booking}\") {{ id }} }}")),
        (&nobody, Method::GET, "/listings?sort=distance".into(), Value::Null, "{ listings(sort: DISTANCE) { totalCount } }".into()),
        (&nobody, Method::GET, "/listings?cursor=00".into(), Value::Null, "{ listings(after: \"00\") { totalCount } }".into()),
        (
            &nobody,
            Method::GET,
            "/listings?radius_km=900&near=1,1".into(),
            Value::Null,
            "{ listings(search: { near: { latitude: 1, longitude: 1, radiusKm: 900 } }) { totalCount } }".into(),
        ),
        (&guest, Method::POST, "/bookings".into(), taken, taken_doc),
        (&guest, Method::POST, "/bookings".into(), many, many_doc),
        (&guest, Method::POST, "/bookings".into(), past, past_doc),
        (&guest, Method::POST, "/bookings".into(), turned, turned_doc),
        (
            &newcomer,
            Method::POST,
            format!("/listings/{draft}/publish"),
            json!({}),
            format!("mutation {{ publishListing(id: \"{draft}\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &host,
            Method::POST,
            format!("/listings/{draft}/publish"),
            json!({}),
            format!("mutation {{ publishListing(id: \"{draft}\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &host,
            Method::POST,
            "/listings".into(),
            json!({"title": "x".repeat(200), "capacity": 99, "amenities": ["moat"]}),
            format!(
                "mutation {{ createListing(input: {{ title: \"{}\", capacity: 99, amenities: [\"moat\"] }}) {{ errors {{ field code }} }} }}",
                "x".repeat(200)
            ),
        ),
        (
            &host,
            Method::POST,
            "/listings".into(),
            json!({"bathrooms": 1.3, "location": {"latitude": 99.0, "longitude": 0.0}}),
            "mutation { createListing(input: { bathrooms: 1.3, location: { latitude: 99, longitude: 0 } }) { errors { field code } } }"
                .into(),
        ),
        (
            &host,
            Method::PUT,
            format!("/listings/{listing}/calendar"),
            json!({"ranges": [{"from": "2030-02-01", "to": "2030-02-03", "available": false}]}),
            format!(
                "mutation {{ setCalendar(id: \"{listing}\", ranges: [{{ from: \"2030-02-01\", to: \"2030-02-03\", available: false }}]) {{ errors {{ field code }} }} }}"
            ),
        ),
        (
            &host,
            Method::POST,
            format!("/bookings/{booking}/accept"),
            json!({}),
            format!("mutation {{ acceptBooking(bookingId: \"{booking}\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &guest,
            Method::POST,
            format!("/bookings/{booking}/accept"),
            json!({}),
            format!("mutation {{ acceptBooking(bookingId: \"{booking}\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &nobody,
            Method::POST,
            format!("/bookings/{booking}/cancel"),
            json!({}),
            format!("mutation {{ cancelBooking(bookingId: \"{booking}\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &guest,
            Method::POST,
            format!("/bookings/{booking}/cancel"),
            json!({"expected_refund": {"amount": 1, "currency": "XXX"}}),
            format!(
                "mutation {{ cancelBooking(bookingId: \"{booking}\", expectedRefund: {{ amount: 1, currency: \"XXX\" }}) {{ errors {{ field code }} }} }}"
            ),
        ),
        (
            &guest,
            Method::POST,
            format!("/bookings/{booking}/reviews"),
            json!({"overall": 5, "public_comment": "Soon"}),
            format!(
                "mutation {{ reviewBooking(bookingId: \"{booking}\", input: {{ overall: 5, publicComment: \"Soon\" }}) {{ errors {{ field code }} }} }}"
            ),
        ),
        (
            &nobody,
            Method::POST,
            "/users".into(),
            json!({"email": "no", "password": "x", "name": ""}),
            "mutation { register(email: \"no\", password: \"x\", name: \"\") { errors { field code } } }".into(),
        ),
        (
            &nobody,
            Method::POST,
            "/sessions".into(),
            json!({"email": "mia@example.org", "password": "wrong"}),
            "mutation { logIn(email: \"mia@example.org\", password: \"wrong\") { errors { field code } } }".into(),
        ),
        (
            &nobody,
            Method::POST,
            "/sessions/refresh".into(),
            json!({"refresh_token": "none"}),
            "mutation { refreshSession(refreshToken: \"none\") { errors { code } } }".into(),
        ),
        (
            &nobody,
            Method::PUT,
            "/password-resets/none".into(),
            json!({"password": PASSWORD}),
            format!("mutation {{ resetPassword(token: \"none\", password: \"{PASSWORD}\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &guest,
            Method::POST,
            "/wishlists".into(),
            json!({"name": ""}),
            "mutation { createWishlist(name: \"\") { errors { field code } } }".into(),
        ),
        (
            &guest,
            Method::POST,
            "/saved-searches".into(),
            json!({"name": "Near", "query": "guests=many"}),
            "mutation { saveSearch(name: \"Near\", query: \"guests=many\") { errors { field code } } }".into(),
        ),
        (
            &guest,
            Method::POST,
            "/users/me/tokens".into(),
            json!({"name": "x", "scopes": ["all"]}),
            "mutation { createToken(name: \"x\", scopes: [\"all\"]) { errors { field code } } }".into(),
        ),
        (
            &guest,
            Method::POST,
            "/users/me/totp".into(),
            json!({"password": "wrong"}),
            "mutation { enrolTotp(password: \"wrong\") { errors { field code } } }".into(),
        ),
        (
            &host,
            Method::POST,
            format!("/listings/{listing}/calendar-feeds"),
            json!({"name": "", "url": "no"}),
            format!("mutation {{ followCalendar(listingId: \"{listing}\", name: \"\", url: \"no\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &guest,
            Method::GET,
            format!("/listings/{listing}/calendar-feeds"),
            json!(null),
            format!("{{ listing(id: \"{listing}\") {{ calendarFeeds {{ exportUrl }} }} }}"),
        ),
        (
            &host,
            Method::POST,
            format!("/listings/{listing}/co-hosts"),
            json!({"email": "no", "permission": "full"}),
            format!("mutation {{ inviteCoHost(listingId: \"{listing}\", email: \"no\", permission: FULL) {{ errors {{ field code }} }} }}"),
        ),
        (
            &host,
            Method::PUT,
            "/host/payout-method".into(),
            json!({"country": "Portugal"}),
            "mutation { setPayoutMethod(input: { country: \"Portugal\" }) { errors { field code } } }".into(),
        ),
        (
            &host,
            Method::GET,
            "/host/statements/2030-13".into(),
            json!(null),
            "{ hostDashboard { statements(month: \"2030-13\") { month } } }".into(),
        ),
        (
            &host,
            Method::GET,
            "/host/statistics?months=99".into(),
            json!(null),
            "{ hostDashboard { statistics(months: 99) { month } } }".into(),
        ),
        (
            &guest,
            Method::POST,
            format!("/bookings/{booking}/shorten"),
            json!({"check_out": "2030-02-02"}),
            format!("mutation {{ shortenBooking(bookingId: \"{booking}\", checkOut: \"2030-02-02\") {{ errors {{ field code }} }} }}"),
        ),
        (
            &guest,
            Method::POST,
            format!("/bookings/{booking}/refund-requests"),
            json!({"amount": {"amount": 100, "currency": "EUR"}, "reason": "Cold"}),
            format!(
                "mutation {{ askRefund(bookingId: \"{booking}\", amount: {{ amount: 100, currency: \"EUR\" }}, reason: \"Cold\") {{ errors {{ field code }} }} }}"
            ),
        ),
        (
            &guest,
            Method::POST,
            format!("/bookings/{booking}/alterations"),
            json!({"check_out": "2030-02-04"}),
            format!(
                "mutation {{ proposeAlteration(bookingId: \"{booking}\", input: {{ checkOut: \"2030-02-04\" }}) {{ errors {{ field code }} }} }}"
            ),
        ),
        (&guest, Method::GET, "/admin/webhooks".into(), json!(null), "{ webhooks { edges { node { eventId } } } }".into()),
        (
            &nobody,
            Method::POST,
            "/sandbox/clock".into(),
            json!({"advance": "soon"}),
            "mutation { advanceClock(advance: \"soon\") { errors { field code } } }".into(),
        ),
    ];
    let mut faults = Vec::new();
    for (person, method, path, body, document) in cases {
        let request = person.request(method, &format!("/api/v1{path}"));
        let rest = person.send(if body.is_null() { request } else { request.json(&body) }).await;
        assert!(rest.status >= 400, "{path} is no refusal: {}", rest.text());
        let answer = person.graphql(&document, json!({})).await;
        let (wanted, got) = (rest_refusals(&rest.json()), refusals(&answer));
        // A declined field of a single argument stands without the input's name.
        if wanted != got {
            faults.push(format!("{path}\n  REST    {wanted:?}\n  GraphQL {got:?}\n  {answer}"));
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
