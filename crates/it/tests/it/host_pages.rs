//! The pages of hosts, conversations, notifications and lists, without a script.

use it::world::{PASSWORD, picture};
use it::{Browser, Client, TestApp};
use serde_json::json;

async fn at(app: &TestApp, person: &Client) -> Browser {
    let mut browser = Browser::new(&app.base);
    browser.open("/login").await;
    browser.submit("/login", &[("email", &person.email), ("password", PASSWORD)]).await;
    browser
}

async fn requested() -> (TestApp, Client, Client, String, String) {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    let listing = app.listing(&host, json!({"booking_mode": "request"})).await["id"].as_str().unwrap().to_owned();
    let wish = json!({"listing_id": listing, "check_in": "2030-02-05", "check_out": "2030-02-08", "guests": {"adults": 2}, "message": "We are quiet."});
    let booking = guest.post_once("/api/v1/bookings", wish, None).await.expect(201)["id"].as_str().unwrap().to_owned();
    let pay = format!("/api/v1/bookings/{booking}/payments");
    guest.post_once(&pay, json!({"payment_method": "pm_card_visa"}), None).await.expect(201);
    app.run_jobs().await;
    (app, host, guest, listing, booking)
}

#[tokio::test]
async fn a_home_is_written_step_by_step_and_published() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let mut browser = at(&app, &host).await;
    browser.open("/host").await;
    browser.expect(200, "Begin with your home");
    browser.submit("/host/listings", &[]).await;
    browser.expect(200, "Kind of place");
    let home = browser.page.address.trim_end_matches("/kind").to_owned();
    browser.submit(&format!("{home}/kind"), &[("room_type", "entire_place"), ("property_type", "cottage")]).await;
    browser.submit(&format!("{home}/place"), &[("city", "Lisbon"), ("country", "pt"), ("latitude", "north"), ("longitude", "-9.13")]).await;
    browser.expect(422, "is not a number here");
    assert!(browser.page.html.contains("value=\"Lisbon\""), "what was written stands there again");
    browser.submit(&format!("{home}/place"), &[("latitude", "38.7139"), ("longitude", "-9.1334")]).await;
    browser.submit(&format!("{home}/basics"), &[("capacity", "4"), ("bathrooms", "1.5"), ("beds", "2")]).await;
    browser.expect(200, "Amenities");
    browser.submit(&format!("{home}/amenities"), &[("amenities", "wifi")]).await;
    browser.expect(200, "No pictures yet");
    let id = home.rsplit('/').next().unwrap();
    let photo = app.photo(&host, id, picture(64, 48)).await.expect(201)["id"].as_str().unwrap().to_owned();
    browser.open(&format!("{home}/photos")).await;
    browser.expect(200, "Cover");
    browser.submit(&photo, &[("caption", "The garden")]).await;
    browser.open(&format!("{home}/publish")).await;
    browser.expect(200, "Still missing");
    browser.open(&format!("{home}/words")).await;
    browser.submit(&format!("{home}/words"), &[("title", "A cottage"), ("description", "Roses & a well.")]).await;
    browser.submit(&format!("{home}/price"), &[("nightly", "99.50"), ("weekly", "10"), ("mode", "instant"), ("policy", "moderate")]).await;
    browser.submit(&format!("{home}/stays"), &[("min_nights", "2")]).await;
    browser
        .submit(&format!("{home}/rules"), &[("check_in_from", "16:00"), ("instructions", "Round the back"), ("door_code", "4711")])
        .await;
    browser.expect(200, "Everything that is needed is there");
    browser.submit("/status", &[("to", "publish")]).await;
    browser.expect(200, "can be found and booked now");
    let listing = app.get(&format!("/api/v1/listings/{id}")).await.expect(200);
    assert_eq!(
        (&listing["property_type"], &listing["pricing"]["nightly"], &listing["rules"]["min_nights"], &listing["photos"][0]["caption"]),
        (&json!("cottage"), &json!(9950), &json!(2), &json!("The garden"))
    );
    // Others do not get in.
    let mut eve = at(&app, &app.user("eve").await).await;
    assert_eq!(eve.open(&format!("{home}/words")).await.status, 404);
    let mut nobody = Browser::new(&app.base);
    nobody.open("/host").await;
    assert!(nobody.page.address.starts_with("/login"), "{}", nobody.page.address);
}

#[tokio::test]
async fn a_request_is_answered_and_the_conversation_goes_on() {
    let (app, host, guest, _listing, booking) = requested().await;
    let mut at_host = at(&app, &host).await;
    at_host.open("/host").await;
    at_host.expect(200, "1 request waits for you");
    at_host.open("/host/reservations?status=requests").await;
    at_host.expect(200, "mia");
    at_host.follow(&booking).await;
    at_host.expect(200, "We are quiet.");
    at_host.submit(&format!("/host/reservations/{booking}"), &[("action", "accept")]).await;
    at_host.expect(200, "Your guest has been told");
    app.run_jobs().await;
    at_host.open("/inbox").await;
    at_host.expect(200, "The stay is booked.");
    at_host.follow("/inbox/").await;
    let thread = at_host.page.address.clone();
    at_host.submit("/read", &[]).await;
    at_host.submit(&thread, &[("body", " ")]).await;
    at_host.expect(422, "Please look again");
    at_host.submit(&thread, &[("body", "Welcome <b>Mia</b>")]).await;
    at_host.expect(200, "Welcome &#60;b&#62;Mia");
    let mut at_guest = at(&app, &guest).await;
    at_guest.open("/inbox?show=unread").await;
    at_guest.follow("/inbox/").await;
    at_guest.expect(200, "Mark as read");
    at_guest.submit("/read", &[]).await;
    assert!(!at_guest.page.html.contains("Mark as read"));
    at_guest.open(&format!("{thread}/entries?after=0")).await;
    at_guest.expect(200, "Welcome");
    at_guest.open("/notifications").await;
    at_guest.expect(200, "Confirmed: Flat over the roofs");
    at_guest.submit("/notifications/read", &[]).await;
    at_guest.open("/account/notifications").await;
    at_guest.submit("/account/notifications", &[("quiet", "on"), ("zone", "Nowhere")]).await;
    at_guest.expect(422, "time zone");
    at_guest.submit("/account/notifications", &[("quiet", "on"), ("zone", "Europe/Lisbon")]).await;
    at_guest.expect(200, "Saved.");
    let mut eve = at(&app, &app.user("eve").await).await;
    assert_eq!(eve.open(&thread).await.status, 404);
    assert_eq!(eve.open(&format!("/host/reservations/{booking}")).await.status, 404);
}

#[tokio::test]
async fn the_calendar_is_changed_and_tried() {
    let (app, host, _guest, listing, _booking) = requested().await;
    let mut browser = at(&app, &host).await;
    let page = format!("/host/calendar/{listing}");
    browser.open(&format!("{page}?month=2030-02")).await;
    browser.expect(200, "February 2030");
    assert!(browser.page.html.contains("Booked, mia"), "who has the nights");
    let range = [("from", "2030-02-10"), ("last", "2030-02-11"), ("state", "block"), ("note", "Painting")];
    browser.submit(&page, &range).await;
    browser.expect(200, "Blocked by you");
    browser.submit(&page, &[("from", "2030-02-14"), ("last", "2030-02-14"), ("price", "222.00"), ("min_nights", "3")]).await;
    browser.expect(200, "€222");
    browser.submit(&page, &[("from", "2030-02-05"), ("last", "2030-02-06"), ("state", "block")]).await;
    browser.expect(422, "holds booked nights");
    browser.open(&format!("{page}?month=2030-02&try_in=2030-02-09&try_out=2030-02-12&try_guests=2")).await;
    browser.expect(200, "notice bad");
    browser.open(&format!("{page}?month=2030-02&try_in=2030-02-20&try_out=2030-02-22&try_guests=2")).await;
    browser.expect(200, "Can be booked.");
    browser.expect(200, "You get");
    browser.open(&format!("{page}/feeds")).await;
    browser.submit(&format!("{page}/feeds"), &[("name", "Elsewhere"), ("url", "http://example.org/a.ics")]).await;
    browser.expect(422, "only https:// addresses are fetched");
    browser.submit(&format!("{page}/feeds"), &[("url", "https://example.org/a.ics")]).await;
    browser.expect(200, "Elsewhere");
}

#[tokio::test]
async fn figures_stand_in_a_table_beside_their_drawing() {
    let (app, host, guest, _listing, booking) = requested().await;
    host.post_once(&format!("/api/v1/bookings/{booking}/accept"), json!({}), None).await.expect(200);
    let mut browser = at(&app, &host).await;
    browser.open("/host/earnings").await;
    browser.expect(200, "<rect class=\"bar\"");
    browser.expect(200, "February 2030");
    let stranger = app.get("/host/earnings.csv").await;
    assert!(stranger.header("content-type").is_some_and(|kind| kind.starts_with("text/html")), "asked to log in");
    browser.open("/host/earnings.csv").await;
    browser.expect(200, "2030-02,EUR,");
    let mut at_guest = at(&app, &guest).await;
    at_guest.open("/host/earnings").await;
    at_guest.expect(200, "Nothing earned yet");
}

#[tokio::test]
async fn guests_keep_and_share_lists() {
    let (app, _host, guest, listing, _booking) = requested().await;
    let mut browser = at(&app, &guest).await;
    browser.open("/wishlists").await;
    browser.expect(200, "No wishlists yet");
    browser.submit("/wishlists", &[("name", "Summer")]).await;
    browser.expect(200, "Nothing on this list yet");
    let list = browser.page.address.clone();
    browser.submit(&list, &[("action", "share")]).await;
    let link = browser.page.html.split("/shared-wishlists/").nth(1).unwrap().split('"').next().unwrap().to_owned();
    guest.put(&format!("/api/v1{list}/listings/{listing}"), json!({})).await.expect(204);
    browser.open(&list).await;
    browser.expect(200, "Flat over the roofs");
    browser.submit(&format!("{list}/homes/{listing}"), &[("note", "with a view")]).await;
    browser.expect(200, "with a view");
    let mut nobody = Browser::new(&app.base);
    nobody.open(&format!("/shared-wishlists/{link}")).await;
    nobody.expect(200, "A wishlist of mia");
    assert!(!nobody.page.html.contains("with a view"));
}
