//! The shell of the pages: what surrounds every one of them.

use it::world::PASSWORD;
use it::{Browser, TestApp};
use reqwest::Method;

#[tokio::test]
async fn the_first_page_is_html_under_a_strict_policy() {
    let app = TestApp::new().await;
    let page = app.get("/").await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.contains("script-src 'self'") && !policy.contains("unsafe"), "{policy}");
    assert!(page.text().contains("No homes yet"), "an empty marketplace says so");
    let style = page.text().split("rel=\"stylesheet\" href=\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let style = app.get(&style).await;
    assert_eq!(style.header("content-type"), Some("text/css; charset=utf-8"));
    assert!(style.header("cache-control").unwrap().contains("immutable"));
    app.get("/a/nothing.css").await.problem(404);
}

#[tokio::test]
async fn refusals_are_pages_for_people_and_documents_for_programs() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let page = nobody.send(nobody.request(Method::GET, "/nowhere").header("accept", "text/html")).await;
    assert_eq!(page.status, 404);
    assert!(page.text().contains("Nobody lives here"), "{}", page.text());
    app.get("/nowhere").await.problem(404);
    app.get("/api/v1/nowhere").await.problem(404);
}

#[tokio::test]
async fn a_page_speaks_the_language_asked_for() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let page = nobody.send(nobody.request(Method::GET, "/").header("accept-language", "ar, en;q=0.5")).await;
    assert!(page.text().contains("<html lang=\"ar\" dir=\"rtl\""));
    let page = nobody
        .send(nobody.request(Method::GET, "/").header("accept-language", "ar").header("cookie", "roost_lang=de; roost_theme=dark"))
        .await;
    assert!(page.text().contains("<html lang=\"de\" dir=\"ltr\" data-theme=\"dark\""));
}

#[tokio::test]
async fn a_login_lives_in_a_cookie_that_other_sites_cannot_use() {
    let app = TestApp::new().await;
    let mia = app.user("mia").await;
    let mut browser = Browser::new(&app.base);
    browser.open("/login?next=%2Fsignup").await;
    browser.submit("/login", &[("email", &mia.email), ("password", "not this one")]).await;
    browser.expect(422, "do not fit together");
    assert!(browser.page.html.contains(&mia.email), "what was written stands there again");
    browser.submit("/login", &[("email", &mia.email), ("password", PASSWORD)]).await;
    assert_eq!(browser.page.address, "/signup", "on to where one wanted to go");
    browser.open("/").await;
    browser.expect(200, "Log out");

    let cookie = format!("roost_session={}", browser.cookie("roost_session").unwrap());
    let nobody = app.anonymous();
    let foreign = nobody.request(Method::POST, "/logout").header("cookie", &cookie).header("origin", "https://evil.example");
    assert_eq!(nobody.send(foreign.header("sec-fetch-site", "cross-site")).await.status, 403);
    browser.submit("/logout", &[]).await;
    browser.expect(200, "You are logged out.");
    assert_eq!(browser.cookie("roost_session"), None);
    browser.open("/").await;
    assert!(!browser.page.html.contains("You are logged out."), "news is shown once");
    let home = nobody.send(nobody.request(Method::GET, "/").header("cookie", &cookie)).await;
    assert!(!home.text().contains("Log out"), "the login has ended on the server, too");
}

#[tokio::test]
async fn nobody_comes_in_without_proving_the_address() {
    let app = TestApp::new().await;
    let mut browser = Browser::new(&app.base);
    browser.open("/signup").await;
    browser.submit("/signup", &[("name", "Mia"), ("email", "mia@example.org"), ("password", "short")]).await;
    browser.expect(422, "At least 8 characters, please.");
    browser.submit("/signup", &[("password", PASSWORD)]).await;
    browser.expect(200, "We have sent a link to mia@example.org");
    app.run_jobs().await;
    let token = |subject: &str| {
        let mail = app.mails().into_iter().rfind(|mail| mail.text.contains(subject)).unwrap();
        mail.text.split_once("token=").unwrap().1.split_whitespace().next().unwrap().to_owned()
    };
    browser.open(&format!("/verify?token={}", token("/verify?"))).await;
    browser.submit("/verify", &[]).await;
    browser.expect(200, "Your address is confirmed.");
    browser.follow("/forgot-password").await;
    browser.submit("/forgot-password", &[("email", "mia@example.org")]).await;
    browser.expect(200, "If mia@example.org has an account here");
    app.run_jobs().await;
    browser.open(&format!("/reset-password?token={}", token("/reset-password?"))).await;
    browser.submit("/reset-password", &[("password", "another garden gate")]).await;
    browser.expect(200, "Your password is changed.");
    browser.submit("/login", &[("email", "mia@example.org"), ("password", "another garden gate")]).await;
    browser.expect(200, "Log out");
}
