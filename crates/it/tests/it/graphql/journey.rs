//! A whole stay over GraphQL alone.

use it::world::PASSWORD;
use it::{Client, TestApp};
use serde_json::{Value, json};

#[tokio::test]
async fn a_whole_stay_goes_over_graphql_alone() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let made = nobody
        .graphql(
            "mutation($p: String!) { register(email: \"h@example.org\", password: $p, name: \"Hana\") { user { id } errors { code } } }",
            json!({"p": PASSWORD}),
        )
        .await;
    let id = Client::data(&made)["register"]["user"]["id"].as_str().unwrap().parse().unwrap();
    app::accounts::confirm_email(&app.app, &domain::actor::Actor::System, id).await.unwrap();
    let login = nobody.graphql("mutation($p: String!) { logIn(email: \"h@example.org\", password: $p) { tokens { accessToken user { name version } } errors { code } } }", json!({"p": PASSWORD})).await;
    let tokens = &Client::data(&login)["logIn"]["tokens"];
    let mut host = app.anonymous();
    host.token = tokens["accessToken"].as_str().map(str::to_owned);
    let renamed = host
        .graphql(
            "mutation($v: Int!) { updateProfile(version: $v, name: \"Hana K\") { user { name version } errors { code } } }",
            json!({"v": tokens["user"]["version"]}),
        )
        .await;
    assert_eq!(Client::data(&renamed)["updateProfile"]["user"]["name"], "Hana K", "{renamed}");
    let stale = host
        .graphql(
            "mutation($v: Int!) { updateProfile(version: $v, name: \"H\") { user { name } errors { code } } }",
            json!({"v": tokens["user"]["version"]}),
        )
        .await;
    assert_eq!(stale["data"]["updateProfile"]["errors"][0]["code"], "stale_version");

    let input = json!({"title": "Flat", "description": "Bright", "propertyType": "APARTMENT", "roomType": "ENTIRE_PLACE", "capacity": 3, "bookingMode": "REQUEST",
        "location": {"latitude": 38.7139, "longitude": -9.1334, "address": {"line1": "3 Harbour Lane", "city": "Lisbon", "country": "PT"}},
        "pricing": {"nightly": 9000}, "checkInUntil": null});
    let draft = host.graphql("mutation($i: ListingInput!) { createListing(input: $i) { listing { id version missing pricing { nightly } } errors { field code message } } }", json!({"i": input})).await;
    let draft = &Client::data(&draft)["createListing"]["listing"];
    assert_eq!((draft["missing"].clone(), draft["pricing"]["nightly"].clone()), (json!(["/photos"]), json!(9000)), "{draft}");
    let listing = draft["id"].as_str().unwrap();
    let photo = super::doors::upload(&host, listing, it::world::picture(64, 48)).await;
    assert_eq!(Client::data(&photo)["addPhoto"]["errors"], json!([]), "{photo}");
    let open = host
        .graphql("mutation($l: ID!) { publishListing(id: $l) { listing { status } errors { field code } } }", json!({"l": listing}))
        .await;
    assert_eq!(Client::data(&open)["publishListing"]["listing"]["status"], "PUBLISHED", "{open}");

    let guest = app.user("mia").await;
    let stay = json!({"checkIn": "2030-02-01", "checkOut": "2030-02-03", "guests": {"adults": 2}});
    let offer = guest
        .graphql(
            "query($l: ID!, $s: StayInput!) { quote(listingId: $l, stay: $s) { total { amount currency } } }",
            json!({"l": listing, "s": stay}),
        )
        .await;
    let total = Client::data(&offer)["quote"]["total"].clone();
    let book = "mutation($l: ID!, $k: String, $t: MoneyInput) { requestBooking(input: { listingId: $l, checkIn: \"2030-02-01\", checkOut: \"2030-02-03\", guests: { adults: 2 },
        expectedTotal: $t }, idempotencyKey: $k) { booking { id state total { amount } } errors { code details } } }";
    let asked = json!({"query": book, "variables": {"l": listing, "k": "stay-1", "t": total}});
    let first = guest.post("/graphql", asked.clone()).await;
    let booking = first.json()["data"]["requestBooking"]["booking"].clone();
    assert_eq!(booking["state"], "PENDING_PAYMENT", "{}", first.text());
    let again = guest.post("/graphql", asked).await;
    assert_eq!(
        (again.header("idempotent-replayed"), &again.json()["data"]["requestBooking"]["booking"]["id"]),
        (Some("true"), &booking["id"])
    );
    let other = guest.graphql(&book.replace("2030-02-03", "2030-02-04"), json!({"l": listing, "k": "stay-1", "t": total})).await;
    assert_eq!(other["data"]["requestBooking"]["errors"][0]["code"], "idempotency_mismatch", "{other}");
    let dearer = guest
        .graphql(
            &book.replace("2030-02-01", "2030-03-01").replace("2030-02-03", "2030-03-03"),
            json!({"l": listing, "t": {"amount": 1, "currency": "EUR"}}),
        )
        .await;
    assert_eq!(dearer["data"]["requestBooking"]["errors"][0]["code"], "price_changed", "{dearer}");
    assert!(!dearer["data"]["requestBooking"]["errors"][0]["details"].is_null(), "the new quote comes with it");

    let id = booking["id"].as_str().unwrap();
    let paid = guest.graphql("mutation($b: ID!) { payBooking(bookingId: $b, paymentMethod: \"pm_card_visa\") { payment { status booking { state } } errors { code } } }", json!({"b": id})).await;
    assert_eq!(Client::data(&paid)["payBooking"]["payment"], json!({"status": "AUTHORIZED", "booking": {"state": "REQUESTED"}}), "{paid}");
    let yes = host
        .graphql(
            "mutation($b: ID!) { acceptBooking(bookingId: $b) { booking { state guest { name } payment { status } } errors { code } } }",
            json!({"b": id}),
        )
        .await;
    assert_eq!(Client::data(&yes)["acceptBooking"]["booking"]["state"], "CONFIRMED", "{yes}");
    let off = guest.graphql("mutation($b: ID!) { cancelBooking(bookingId: $b, reason: \"Ill\") { cancelled { refund { amount } booking { state cancelledBy } } errors { code } } }", json!({"b": id})).await;
    assert_eq!(Client::data(&off)["cancelBooking"]["cancelled"]["booking"], json!({"state": "CANCELLED", "cancelledBy": "GUEST"}), "{off}");
    let node =
        guest.graphql("query($b: ID!) { node(id: $b) { __typename id ... on Booking { history { to by } } } }", json!({"b": id})).await;
    assert_eq!(Client::data(&node)["node"]["__typename"], "Booking");
    assert_eq!(app.anonymous().graphql("query($b: ID!) { node(id: $b) { id } }", json!({"b": id})).await["data"]["node"], Value::Null);
}
