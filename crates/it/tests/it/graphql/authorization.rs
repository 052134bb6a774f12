//! Who may do what over GraphQL, for every root field: anonymous, a stranger,
//! the guest, the host. The same people and things as in REST's matrix.

use std::collections::BTreeSet;

use it::{Client, TestApp};
use serde_json::{Value, json};

use super::matrix::ROWS;

/// Root field, its document, and what anonymous, stranger, guest and host get.
/// `L` is the host's listing, `B` the guest's confirmed booking, `U` the host,
/// `C` guest's and host's conversation, `X` an id that nothing has. `ok` is an answer without errors, `null` an
/// empty answer without errors, `*` any refusal but that of the login, else the
/// refusal's code.
const MATRIX: &[(&str, &str, [&str; 4])] = &[
    ("Query.me", "{ me { id } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.user", "{ user(id: \"{U}\") { id name } }", ["ok", "ok", "ok", "ok"]),
    ("Query.node", "{ node(id: \"{B}\") { id } }", ["null", "null", "ok", "ok"]),
    ("Query.listing", "{ listing(id: \"{L}\") { id title } }", ["ok", "ok", "ok", "ok"]),
    ("Query.listings", "{ listings { totalCount } }", ["ok", "ok", "ok", "ok"]),
    ("Query.amenities", "{ amenities { code } }", ["ok", "ok", "ok", "ok"]),
    (
        "Query.availability",
        "{ availability(listingId: \"{L}\", stay: { checkIn: \"2030-05-01\", checkOut: \"2030-05-02\" }) { bookable } }",
        ["ok", "ok", "ok", "ok"],
    ),
    (
        "Query.quote",
        "{ quote(listingId: \"{L}\", stay: { checkIn: \"2030-05-01\", checkOut: \"2030-05-02\" }) { priceToken } }",
        ["ok", "ok", "ok", "ok"],
    ),
    ("Query.booking", "{ booking(id: \"{B}\") { id } }", ["unauthenticated", "not_found", "ok", "ok"]),
    ("Query.bookings", "{ bookings { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    (
        "Query.hostDashboard",
        "{ hostDashboard { listings { edges { node { id } } } payouts { edges { node { id } } } bookings { edges { node { id } } } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    ("Query.review", "{ review(id: \"{X}\") { id } }", ["not_found", "not_found", "not_found", "not_found"]),
    ("Query.reviews", "{ reviews(listingId: \"{L}\") { edges { node { id } } } }", ["ok", "ok", "ok", "ok"]),
    (
        "Query.conversation",
        "{ conversation(id: \"{C}\") { id messages { edges { node { body } } } } }",
        ["unauthenticated", "not_found", "ok", "ok"],
    ),
    ("Query.conversations", "{ conversations { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.unread", "{ unread { messages notifications } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.notifications", "{ notifications { edges { node { id } } } }", ["unauthenticated", "ok", "ok", "ok"]),
    ("Query.clock", "{ clock }", ["ok", "ok", "ok", "ok"]),
    ("Mutation.register", "mutation { register(email: \"no\", password: \"x\", name: \"y\") { errors { code } } }", ["*", "*", "*", "*"]),
    ("Mutation.logIn", "mutation { logIn(email: \"no@example.org\", password: \"x\") { errors { code } } }", ["unauthenticated"; 4]),
    ("Mutation.refreshSession", "mutation { refreshSession(refreshToken: \"x\") { errors { code } } }", ["unauthenticated"; 4]),
    (
        "Mutation.revokeSession",
        "mutation { revokeSession(id: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    ("Mutation.verifyEmail", "mutation { verifyEmail(token: \"x\") { errors { code } } }", ["*", "*", "*", "*"]),
    (
        "Mutation.requestPasswordReset",
        "mutation { requestPasswordReset(email: \"no@example.org\") { done errors { code } } }",
        ["ok", "ok", "ok", "ok"],
    ),
    (
        "Mutation.resetPassword",
        "mutation { resetPassword(token: \"x\", password: \"open the garden gate\") { errors { code } } }",
        ["*", "*", "*", "*"],
    ),
    (
        "Mutation.updateProfile",
        "mutation { updateProfile(version: 99, about: \"x\") { errors { code } } }",
        ["unauthenticated", "stale_version", "stale_version", "stale_version"],
    ),
    (
        "Mutation.setAvatar",
        "mutation($f: Upload!) { setAvatar(file: $f) { errors { code } } }",
        ["unauthenticated", "unsupported_media_type", "unsupported_media_type", "unsupported_media_type"],
    ),
    (
        "Mutation.changePassword",
        "mutation { changePassword(current: \"x\", new: \"y\") { errors { code } } }",
        ["unauthenticated", "*", "*", "*"],
    ),
    ("Mutation.eraseAccount", "mutation { eraseAccount(password: \"x\") { errors { code } } }", ["unauthenticated", "*", "*", "*"]),
    (
        "Mutation.createListing",
        "mutation { createListing(input: {}) { listing { id } errors { code } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    (
        "Mutation.updateListing",
        "mutation { updateListing(id: \"{L}\", version: {V}, input: {}) { listing { id } errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    (
        "Mutation.publishListing",
        "mutation { publishListing(id: \"{L}\") { listing { id } errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    (
        "Mutation.addPhoto",
        "mutation($f: Upload!) { addPhoto(listingId: \"{L}\", file: $f) { photo { id } errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "unsupported_media_type"],
    ),
    (
        "Mutation.orderPhotos",
        "mutation { orderPhotos(listingId: \"{L}\", ids: []) { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_all_photos"],
    ),
    (
        "Mutation.captionPhoto",
        "mutation { captionPhoto(listingId: \"{L}\", photoId: \"{X}\", caption: \"x\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.removePhoto",
        "mutation { removePhoto(listingId: \"{L}\", photoId: \"{X}\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.setCalendar",
        "mutation { setCalendar(id: \"{L}\", ranges: [{ from: \"2030-07-01\", to: \"2030-07-02\", available: false }]) { days { date blockedBy } errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    (
        "Mutation.setPricing",
        "mutation { setPricing(id: \"{L}\", version: 0, input: { nightly: 1 }) { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "stale_version"],
    ),
    (
        "Mutation.setRules",
        "mutation { setRules(id: \"{L}\", version: 0, input: {}) { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "stale_version"],
    ),
    (
        "Mutation.requestBooking",
        "mutation { requestBooking(input: { listingId: \"{L}\", checkIn: \"2030-02-01\", checkOut: \"2030-02-02\", guests: {} }) { errors { code } } }",
        ["unauthenticated", "dates_unavailable", "dates_unavailable", "*"],
    ),
    (
        "Mutation.payBooking",
        "mutation { payBooking(bookingId: \"{B}\", paymentMethod: \"pm_card_visa\") { errors { code } } }",
        ["unauthenticated", "not_found", "*", "*"],
    ),
    (
        "Mutation.acceptBooking",
        "mutation { acceptBooking(bookingId: \"{B}\") { errors { code } } }",
        ["unauthenticated", "not_found", "*", "illegal_transition"],
    ),
    (
        "Mutation.declineBooking",
        "mutation { declineBooking(bookingId: \"{B}\") { errors { code } } }",
        ["unauthenticated", "not_found", "*", "illegal_transition"],
    ),
    ("Mutation.markNoShow", "mutation { markNoShow(bookingId: \"{B}\") { errors { code } } }", ["unauthenticated", "not_found", "*", "*"]),
    (
        "Mutation.reviewBooking",
        "mutation { reviewBooking(bookingId: \"{B}\", input: { overall: 5, publicComment: \"x\" }) { errors { code } } }",
        ["unauthenticated", "not_found", "review_too_early", "review_too_early"],
    ),
    (
        "Mutation.editReview",
        "mutation { editReview(id: \"{X}\", input: { overall: 5, publicComment: \"x\" }) { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.replyToReview",
        "mutation { replyToReview(id: \"{X}\", reply: \"x\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.reportReview",
        "mutation { reportReview(id: \"{X}\", reason: \"x\") { errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    ("Mutation.hideReview", "mutation { hideReview(id: \"{X}\", reason: \"x\") { errors { code } } }", ["unauthenticated", "*", "*", "*"]),
    (
        "Mutation.openConversation",
        "mutation { openConversation(listingId: \"{L}\", message: \"Hello\") { conversation { id } errors { code } } }",
        ["unauthenticated", "ok", "ok", "own_listing"],
    ),
    (
        "Mutation.sendMessage",
        "mutation { sendMessage(conversationId: \"{C}\", body: \"Hello\") { message { id } errors { code } } }",
        ["unauthenticated", "not_found", "ok", "ok"],
    ),
    (
        "Mutation.markConversationRead",
        "mutation { markConversationRead(id: \"{C}\") { done errors { code } } }",
        ["unauthenticated", "not_found", "ok", "ok"],
    ),
    (
        "Mutation.reportConversation",
        "mutation { reportConversation(id: \"{C}\", reason: \"Rude\") { done errors { code } } }",
        ["unauthenticated", "not_found", "ok", "ok"],
    ),
    (
        "Mutation.blockUser",
        "mutation { blockUser(id: \"{X}\") { done errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.unblockUser",
        "mutation { unblockUser(id: \"{X}\") { done errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "not_found"],
    ),
    (
        "Mutation.markNotificationsRead",
        "mutation { markNotificationsRead { done errors { code } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    (
        "Mutation.setNotificationPreferences",
        "mutation { setNotificationPreferences(input: { channels: [] }) { preferences { channels { kind } } errors { code } } }",
        ["unauthenticated", "ok", "ok", "ok"],
    ),
    ("Mutation.advanceClock", "mutation { advanceClock(advance: \"soon\") { errors { code } } }", ["*", "*", "*", "*"]),
    ("Mutation.setSandboxWebhooks", "mutation { setSandboxWebhooks { done errors { code } } }", ["ok", "ok", "ok", "ok"]),
    // Last: they end what the others look at.
    (
        "Mutation.cancelBooking",
        "mutation { cancelBooking(bookingId: \"{B}\") { cancelled { refund { amount } } errors { code } } }",
        ["unauthenticated", "not_found", "ok", "illegal_transition"],
    ),
    (
        "Mutation.unpublishListing",
        "mutation { unpublishListing(id: \"{L}\") { listing { id } errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    (
        "Mutation.archiveListing",
        "mutation { archiveListing(id: \"{L}\") { done errors { code } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    ("Mutation.logOut", "mutation { logOut { done errors { code } } }", ["unauthenticated", "ok", "ok", "ok"]),
];

/// Fields that only some may read, wherever they stand: what each person gets
/// under the listing and the booking.
const INSIDE: &[(&str, &str, [&str; 4])] = &[
    ("/listing/location/address/line1", "{ listing(id: \"{L}\") { location { address { line1 } } } }", ["null", "null", "null", "ok"]),
    ("/listing/arrival", "{ listing(id: \"{L}\") { arrival { doorCode } } }", ["null", "null", "null", "ok"]),
    ("/listing/missing", "{ listing(id: \"{L}\") { missing } }", ["null", "null", "null", "ok"]),
    (
        "/listing/bookings/edges/0/node/id",
        "{ listing(id: \"{L}\") { bookings { edges { node { id } } } } }",
        ["unauthenticated", "null", "ok", "ok"],
    ),
    (
        "/listing/calendar/0/blockedBy",
        "{ listing(id: \"{L}\") { calendar(from: \"2030-02-01\", to: \"2030-02-02\") { blockedBy } } }",
        ["null", "null", "null", "ok"],
    ),
    (
        "/listing/calendarFeeds/exportUrl",
        "{ listing(id: \"{L}\") { calendarFeeds { exportUrl } } }",
        ["unauthenticated", "not_found", "not_found", "ok"],
    ),
    ("/listing/coHosts", "{ listing(id: \"{L}\") { coHosts { email } } }", ["unauthenticated", "*", "*", "ok"]),
    (
        "/booking/alterations",
        "{ booking(id: \"{B}\") { alterations { id } refundRequests { id } } }",
        ["unauthenticated", "not_found", "ok", "ok"],
    ),
    ("/booking/checkInInfo", "{ booking(id: \"{B}\") { checkInInfo { doorCode } } }", ["unauthenticated", "not_found", "ok", "ok"]),
    ("/node/payment/id", "{ node(id: \"{B}\") { ... on Booking { payment { id } } } }", ["null", "null", "ok", "ok"]),
    ("/user/listings/edges/0/node/title", "{ user(id: \"{U}\") { listings { edges { node { title } } } } }", ["ok", "ok", "ok", "ok"]),
];

#[tokio::test]
async fn every_root_field_has_a_row() {
    let app = TestApp::new().await;
    let answer = app.anonymous().graphql("{ __schema { types { name fields { name } } } }", json!({})).await;
    let mut roots = BTreeSet::new();
    for kind in Client::data(&answer)["__schema"]["types"].as_array().unwrap() {
        let name = kind["name"].as_str().unwrap();
        if ["Query", "Mutation"].contains(&name) {
            roots.extend(kind["fields"].as_array().unwrap().iter().map(|field| format!("{name}.{}", field["name"].as_str().unwrap())));
        }
    }
    let rows: BTreeSet<String> = ROWS.iter().chain(MATRIX).map(|(field, _, _)| (*field).to_owned()).collect();
    assert_eq!(roots, rows);
}

/// What an answer comes to, as the matrix writes it.
fn outcome(answer: &Value, place: &str) -> String {
    if let Some(error) = answer["errors"].as_array().and_then(|errors| errors.first()) {
        return error["extensions"]["code"].as_str().unwrap_or("no code").to_owned();
    }
    let value = answer["data"].pointer(place).unwrap_or(&Value::Null);
    if let Some(error) = value["errors"].as_array().and_then(|errors| errors.first()) {
        return error["code"].as_str().unwrap().to_owned();
    }
    if value.is_null() { "null" } else { "ok" }.to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn everyone_sees_and_does_only_their_own() {
    let app = TestApp::new().await;
    let (host, guest, stranger) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    let listing = app.listing(&host, json!({})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-01", "check_out": "2030-02-03", "guests": {"adults": 1}});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    guest.post_once(&format!("/api/v1/bookings/{booking}/payments"), json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    let asked = json!({"listing_id": listing, "message": "Is there a cot?"});
    let thread = guest.post_once("/api/v1/conversations", asked, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    let people: [(&str, Client); 4] = [("anonymous", app.anonymous()), ("stranger", stranger), ("guest", guest), ("host", host.clone())];
    let mut faults = Vec::new();
    let inside = INSIDE.iter().map(|(place, document, wanted)| ((*place).to_owned(), *document, wanted));
    let roots =
        ROWS.iter().chain(MATRIX).map(|(field, document, wanted)| (format!("/{}", field.split_once('.').unwrap().1), *document, wanted));
    for (place, document, expected) in inside.chain(roots) {
        for ((name, person), wanted) in people.iter().zip(expected) {
            let version = host.get(&format!("/api/v1/listings/{listing}")).await.etag();
            let version: String = version.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
            let document = document
                .replace("{L}", &listing)
                .replace("{B}", &booking)
                .replace("{U}", &host.id)
                .replace("{V}", &version)
                .replace("{C}", &thread)
                .replace("{X}", "01941f29-7c00-7000-8000-000000000000");
            let answer = if document.contains("Upload") {
                super::doors::send_files(person, &document, json!({"f": null}), &[("variables.f", b"no picture".to_vec())]).await
            } else {
                person.graphql(&document, json!({})).await
            };
            let got = outcome(&answer, &place);
            let fits =
                got == *wanted || *wanted == "*" && !["ok", "null", "unauthenticated", "internal", "no code"].contains(&got.as_str());
            if !fits {
                faults.push(format!(
                    "{place} as {name}: {got} instead of {wanted}: {}",
                    answer.to_string().chars().take(200).collect::<String>()
                ));
            }
        }
    }
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}
