//! A guest's whole way through the pages, with a browser that runs no scripts.

use it::world::PASSWORD;
use it::{Browser, TestApp};
use serde_json::json;

async fn logged_in(app: &TestApp, email: &str) -> Browser {
    let mut browser = Browser::new(&app.base);
    browser.open("/login").await;
    browser.submit("/login", &[("email", email), ("password", PASSWORD)]).await;
    browser.expect(200, "Log out");
    browser
}

/// From search to the payment page, for 4 nights of 2 guests.
async fn held(browser: &mut Browser) {
    browser.open("/").await;
    let wish = [("place", "Lisbon"), ("check_in", "2030-03-01"), ("check_out", "2030-03-05"), ("adults", "2")];
    browser.submit("/search", &wish).await;
    browser.expect(200, "1 home in Lisbon");
    browser.expect(200, "€490.20");
    browser.follow("/homes/").await;
    browser.expect(200, "€490.20");
    browser.submit_to("/homes/", Some("/book"), &[]).await;
    browser.expect(200, "Look at it once more");
    browser.expect(200, "€490.20");
    browser.submit("/book", &[("message", "We are quiet.")]).await;
    browser.expect(200, "Card number");
    assert!(browser.page.address.starts_with("/book/"), "{}", browser.page.address);
}

#[tokio::test]
async fn a_guest_travels_without_scripts() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    app.listing(&host, json!({"pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await;
    let mut browser = logged_in(&app, &guest.email).await;
    held(&mut browser).await;

    // A real card, one that refuses, one whose bank wants to be asked.
    browser.submit("/pay", &[("number", "5555 5555 5555 4444")]).await;
    browser.expect(422, "No real cards here");
    browser.submit("/pay", &[("number", "4000 0000 0000 0002")]).await;
    browser.expect(422, "The card was declined.");
    browser.submit("/pay", &[("number", "4000 0027 6000 3184")]).await;
    browser.expect(200, "€490.20");
    browser.submit("/sandbox/3ds/", &[("outcome", "approve")]).await;
    browser.expect(200, "It is yours.");
    browser.expect(200, "3 Harbour Lane");
    browser.expect(200, "4711");
    let trip = browser.page.address.split('?').next().unwrap().to_owned();

    browser.follow("/calendar.ics").await;
    browser.expect(200, "SUMMARY:Flat over the roofs");
    browser.open(&trip).await;
    browser.follow("/receipt").await;
    browser.expect(200, "€490.20");
    browser.open("/search?place=Lisbon&check_in=2030-03-01&check_out=2030-03-05").await;
    browser.expect(200, "Nothing fits all of that");
    browser.expect(200, "on any dates");

    // Over: how was it?
    app.advance("P65D").await;
    let mut browser = logged_in(&app, &guest.email).await;
    browser.open("/trips?tab=past").await;
    browser.follow("/trips/").await;
    browser.follow("/review").await;
    browser.submit("/review", &[("overall", "5"), ("public_comment", "")]).await;
    browser.expect(422, "This is too short.");
    browser.submit("/review", &[("overall", "5"), ("cleanliness", "4"), ("public_comment", "Lovely table.")]).await;
    browser.expect(200, "Thank you.");
    browser.expect(200, "Lovely table.");
    assert!(!browser.page.html.contains("Write a review"));
}

#[tokio::test]
async fn a_guest_calls_off_for_what_was_shown() {
    let app = TestApp::new().await;
    let (host, guest) = (app.user("fergus").await, app.user("mia").await);
    app.listing(&host, json!({"pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await;
    let mut browser = logged_in(&app, &guest.email).await;
    held(&mut browser).await;
    browser.submit("/pay", &[("number", "4242 4242 4242 4242")]).await;
    browser.expect(200, "It is yours.");
    browser.follow("/cancel").await;
    browser.expect(200, "€490.20");
    browser.submit("/cancel", &[("reason", "Rain")]).await;
    browser.expect(200, "The trip is cancelled. €490.20 is on its way back to you.");
}

#[tokio::test]
async fn pages_of_others_are_not_there() {
    let app = TestApp::new().await;
    let (host, guest, eve) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    app.listing(&host, json!({"pricing": {"nightly": 10000, "cleaning_fee": 3000}})).await;
    let mut browser = logged_in(&app, &guest.email).await;
    held(&mut browser).await;
    let page = browser.page.address.clone();
    let mut stranger = logged_in(&app, &eve.email).await;
    let trip = page.replace("/book/", "/trips/");
    for path in [
        page.clone(),
        trip.clone(),
        format!("{trip}/receipt"),
        format!("{trip}/cancel"),
        format!("{trip}/review"),
        format!("{trip}/calendar.ics"),
    ] {
        stranger.open(&path).await;
        stranger.expect(404, "Nobody lives here");
    }
    let mut nobody = Browser::new(&app.base);
    for path in [page.as_str(), trip.as_str(), "/trips", "/account", "/account/privacy", "/account/export.json"] {
        nobody.open(path).await;
        nobody.expect(200, "Welcome back");
        assert!(nobody.page.address.starts_with("/login?next="), "{}", nobody.page.address);
    }
}

#[tokio::test]
async fn an_account_is_changed_taken_along_and_erased() {
    let app = TestApp::new().await;
    let guest = app.user("mia").await;
    let mut browser = logged_in(&app, &guest.email).await;
    browser.open("/account").await;
    browser.submit("/account", &[("name", "Mia Sun"), ("about", "I like maps."), ("languages", "en, pt")]).await;
    browser.expect(200, "Saved.");
    browser.open(&format!("/people/{}", guest.id)).await;
    browser.expect(200, "I like maps.");
    browser.open("/account/export.json").await;
    browser.expect(200, "Mia Sun");
    browser.open("/account/privacy").await;
    browser.submit("/account/erase", &[("password", PASSWORD)]).await;
    browser.expect(422, "Tick the box");
    browser.submit("/account/erase", &[("password", "not mine"), ("sure", "yes")]).await;
    browser.expect(422, "This is not your password.");
    browser.submit("/account/erase", &[("password", PASSWORD), ("sure", "yes")]).await;
    browser.expect(200, "Your account is erased.");
    assert_eq!(browser.cookie("roost_session"), None);
}

#[tokio::test]
async fn a_home_says_why_it_cannot_be_had_and_what_can() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({"rules": {"min_nights": 3}})).await;
    let page = format!("/homes/{}", listing["id"].as_str().unwrap());
    let mut browser = Browser::new(&app.base);
    browser.open(&format!("{page}?check_in=2030-03-01&check_out=2030-03-02")).await;
    browser.expect(200, "at least 3 nights");
    browser.open(&format!("{page}?check_in=2030-03-05&check_out=2030-03-01")).await;
    browser.expect(200, "Check-out has to be after check-in.");
    browser.open(&format!("{page}?check_in=2030-03-01&check_out=2030-03-05&adults=9")).await;
    browser.expect(200, "This home takes 4 guests.");
    browser.open(&page).await;
    browser.expect(200, "application/ld+json");
    browser.expect(200, "\"@type\":\"LodgingBusiness\"");
    assert!(!browser.page.html.contains("Harbour Lane"), "the exact address is private");
    browser.open("/sitemap.xml").await;
    browser.expect(200, "-flat-over-the-roofs</loc>");
    browser.open("/homes/nothing").await;
    browser.expect(404, "Nobody lives here");
}
