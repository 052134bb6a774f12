//! How many SQL statements realistic documents take: bounded by the document,
//! whatever the number of things it returns.

use it::{Client, TestApp};
use serde_json::{Value, json};

use super::Statements;

/// Name, whose eyes, most statements (the login's own look-up included),
/// document. Links of one kind on different levels share a statement when they
/// are asked for at the same moment: the bound is what it takes when they are not.
const DOCUMENTS: &[(&str, &str, usize, &str)] = &[
    (
        "20 homes with host, first photo and three reviews with authors",
        "nobody",
        5,
        "{ listings(first: 20) { edges { node { title host { name } photos(first: 1) { url } reviews(first: 3) { edges { node { publicComment author { name } } } } } } } }",
    ),
    (
        "a host's homes with host, first photo and three reviews with authors",
        "nobody",
        5,
        "{ user(id: \"{H}\") { listings(first: 20) { edges { node { title host { name } photos(first: 1) { url } reviews(first: 3) { edges { node { publicComment author { name } } } } } } } } }",
    ),
    (
        "a home's page",
        "nobody",
        8,
        "{ listing(id: \"{L}\") { title description host { name since } photos { url } rating { overall count } pricing { nightly } rules { minNights } reviews(first: 6) { edges { node { overall publicComment author { name } } } } } }",
    ),
    (
        "20 hits for a map",
        "nobody",
        0,
        "{ listings(first: 20) { totalCount edges { hit { id title location { latitude longitude } price { nightly { amount } } } } } }",
    ),
    (
        "20 hits with dates, prices and ratings",
        "nobody",
        2,
        "{ listings(first: 20, search: { stay: { checkIn: \"2030-06-01\", checkOut: \"2030-06-04\" } }) { edges { hit { title price { total { amount } } } node { rating { overall } } } } }",
    ),
    (
        "a guest's trips with home, host and payment",
        "guest",
        8,
        "{ bookings(first: 20) { edges { node { code state checkIn total { amount } listing { title photos(first: 1) { url } } host { name } payment { status } } } } }",
    ),
    (
        "a host's reservations with guest and history",
        "host",
        7,
        "{ hostDashboard { bookings(first: 20) { edges { node { code guest { name since } listing { title } history { to at } } } } } }",
    ),
    (
        "a host's homes with their bookings",
        "host",
        5,
        "{ hostDashboard { listings(first: 20) { edges { node { title status pricing { nightly } bookings(first: 5) { edges { node { code state guest { name } } } } } } } } }",
    ),
    (
        "a host's payouts with their bookings",
        "host",
        4,
        "{ hostDashboard { payouts(first: 20) { edges { node { amount { amount } booking { code guest { name } } } } } } }",
    ),
    (
        "reviews with author, home and its host",
        "nobody",
        5,
        "{ reviews(listingId: \"{L}\", first: 20) { edges { node { publicComment author { name } listing { title host { name } } } } } }",
    ),
];

/// Homes of one host, each with reviews of finished stays.
async fn village(app: &TestApp, homes: usize) -> (Client, Client, String) {
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let mut first = String::new();
    for n in 0..homes {
        let listing = app.listing(&host, json!({"title": format!("Home {n}")})).await["id"].as_str().unwrap().to_owned();
        let wish = json!({"listing_id": listing, "check_in": "2030-01-03", "check_out": "2030-01-05", "guests": {"adults": 1}});
        let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
        guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
        first = listing;
    }
    app.advance("P6D").await;
    let (host, guest) = (app.again(&host).await, app.again(&guest).await);
    let stays: Vec<Value> = guest.get("/api/v1/bookings?limit=100").await.expect(200)["data"].as_array().unwrap().clone();
    for stay in &stays {
        let path = format!("/api/v1/bookings/{}/reviews", stay["id"].as_str().unwrap());
        guest.post(&path, json!({"overall": 5, "public_comment": "Lovely"})).await.expect(201);
        host.post(&path, json!({"overall": 5, "public_comment": "Tidy"})).await.expect(201);
    }
    (host, guest, first)
}

#[tokio::test]
async fn documents_take_no_more_statements_for_more_homes() {
    let (small, large) = (TestApp::new().await, TestApp::new().await);
    let (few, many) = (village(&small, 2).await, village(&large, 12).await);
    // Homes are found in memory, as they are on every server that has started.
    let stop = [small.follow().await, large.follow().await];
    let mut faults = Vec::new();
    for (name, eyes, most, document) in DOCUMENTS {
        let mut counts = Vec::new();
        for (app, (host, guest, listing)) in [(&small, &few), (&large, &many)] {
            let reader = match *eyes {
                "host" => host.clone(),
                "guest" => guest.clone(),
                _ => app.anonymous(),
            };
            let document = document.replace("{H}", &host.id).replace("{L}", listing);
            reader.graphql("{ clock }", json!({})).await;
            // The least of some: what a server does on its own falls in between.
            let mut least = usize::MAX;
            for _ in 0..6 {
                let statements = Statements::default();
                let guard = statements.count();
                let answer = reader.graphql(&document, json!({})).await;
                drop(guard);
                Client::data(&answer);
                least = least.min(statements.take());
            }
            counts.push(least);
        }
        println!("{name:<72} {counts:?} of {most}");
        if counts.iter().any(|count| count > most || (*count == 0) != (*most == 0)) {
            faults.push(format!("{name}: {counts:?} statements for 2 and 12 homes, at most {most}"));
        }
    }
    stop.iter().for_each(tokio_util::sync::CancellationToken::cancel);
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
