//! Lists of homes and searches: one's own, shared by link.

use it::TestApp;
use serde_json::{Value, json};

#[tokio::test]
async fn homes_are_kept_with_notes_and_shared_without_them() {
    let app = TestApp::new().await;
    let (host, mia, eve) = (app.user("fergus").await, app.user("mia").await, app.user("eve").await);
    let mut homes = Vec::new();
    for title in ["One", "Two", "Three"] {
        homes.push(app.listing(&host, json!({"title": title})).await["id"].as_str().unwrap().to_owned());
    }
    let list = mia.post("/api/v1/wishlists", json!({"name": " Summer "})).await.expect(201);
    assert_eq!((&list["name"], &list["count"], &list["share_url"]), (&json!("Summer"), &json!(0), &json!(null)));
    let path = format!("/api/v1/wishlists/{}", list["id"].as_str().unwrap());
    for home in &homes {
        mia.put(&format!("{path}/listings/{home}"), json!({"note": format!("note on {home}")})).await.expect(204);
        app.jump(1).await;
    }
    mia.put(&format!("{path}/listings/{}", homes[0]), json!({})).await.expect(204);
    let first = mia.get(&format!("{path}?limit=2")).await.expect(200);
    let titles = |page: &Value| -> Vec<String> {
        page["listings"]["data"].as_array().unwrap().iter().map(|one| one["listing"]["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((titles(&first), &first["count"]), (vec!["Three".to_owned(), "Two".to_owned()], &json!(3)));
    let cursor = first["listings"]["next_cursor"].as_str().unwrap();
    let second = mia.get(&format!("{path}?limit=2&cursor={cursor}")).await.expect(200);
    assert_eq!(
        (titles(&second), &second["listings"]["data"][0]["note"]),
        (vec!["One".to_owned()], &json!(format!("note on {}", homes[0])))
    );
    assert_eq!(first["listings"]["data"][0]["listing"]["price"]["nightly"]["amount"], 10000);

    for refused in [eve.get(&path).await, eve.put(&format!("{path}/listings/{}", homes[0]), json!({})).await, eve.delete(&path).await] {
        refused.problem(404);
    }
    let etag = mia.get(&path).await.etag();
    mia.patch(&path, &etag, json!({"name": "Winter"})).await.expect(200);
    mia.patch(&path, &etag, json!({"name": "Autumn"})).await.problem(412);

    let shared = mia.put(&format!("{path}/share"), Value::Null).await.expect(200)["share_url"].as_str().unwrap().to_owned();
    assert_eq!(mia.put(&format!("{path}/share"), Value::Null).await.expect(200)["share_url"].as_str().unwrap(), shared);
    let public = format!("/api/v1/shared-wishlists/{}", shared.rsplit('/').next().unwrap());
    let seen = app.get(&public).await.expect(200);
    assert_eq!(
        (&seen["name"], &seen["owner"]["name"], &seen["listings"]["data"][0]["note"]),
        (&json!("Winter"), &json!("mia"), &json!(""))
    );
    mia.delete(&format!("{path}/share")).await.expect(204);
    app.get(&public).await.problem(404);

    // A home that is taken down stays on the list, without its face.
    host.post(&format!("/api/v1/listings/{}/unpublish", homes[2]), json!({})).await.expect(200);
    assert_eq!(mia.get(&path).await.expect(200)["listings"]["data"][0]["listing"], json!(null));
    mia.delete(&format!("{path}/listings/{}", homes[2])).await.expect(204);
    assert_eq!(mia.get("/api/v1/wishlists").await.expect(200)["data"][0]["count"], 2);
    mia.delete(&path).await.expect(204);
    assert_eq!(mia.get("/api/v1/wishlists").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn searches_are_kept_and_tell_of_new_homes_once() {
    let app = TestApp::new().await;
    let (host, mia) = (app.user("fergus").await, app.user("mia").await);
    app.listing(&host, json!({"title": "Old"})).await;
    for wrong in [
        json!({"name": "", "query": "place=Lisbon"}),
        json!({"name": "x", "query": "adults=none"}),
        json!({"name": "x", "query": "colour=red"}),
    ] {
        mia.post("/api/v1/saved-searches", wrong).await.problem(422);
    }
    let wish = json!({"name": "Lisbon for two", "query": "?place=Lisbon&adults=2", "notify": true});
    let search = mia.post("/api/v1/saved-searches", wish).await.expect(201);
    assert_eq!(search["query"], "place=Lisbon&adults=2");
    app.jump(60).await;
    let host = app.again(&host).await;
    app.listing(&host, json!({"title": "New"})).await;
    let small = json!({"title": "Too small", "capacity": 1});
    app.listing(&host, small).await;
    app.jump(24 * 60).await;
    app.run_schedules().await;
    let mia = app.again(&mia).await;
    let told = mia.get("/api/v1/notifications").await.expect(200);
    assert_eq!(told["data"][0]["title"], "New homes for \"Lisbon for two\"");
    assert_eq!(told["data"][0]["body"], "New fit what you look for.");
    app.jump(24 * 60).await;
    app.run_schedules().await;
    let mia = app.again(&mia).await;
    assert_eq!(mia.get("/api/v1/notifications").await.expect(200)["data"].as_array().unwrap().len(), 1);
    let path = format!("/api/v1/saved-searches/{}", search["id"].as_str().unwrap());
    app.user("eve").await.delete(&path).await.problem(404);
    mia.delete(&path).await.expect(204);
    assert_eq!(mia.get("/api/v1/saved-searches").await.expect(200)["data"], json!([]));
}
