//! Writing, publishing and reading homes; photographs.

use it::TestApp;
use it::world::picture;
use serde_json::json;

#[tokio::test]
async fn publishing_names_everything_that_is_missing() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let draft = host.post("/api/v1/listings", json!({"title": "Mine"})).await.expect(201);
    let path = format!("/api/v1/listings/{}", draft["id"].as_str().unwrap());
    let refused = host.post(&format!("{path}/publish"), json!({})).await;
    assert_eq!(refused.problem(422), "invalid");
    let pointers: Vec<String> =
        refused.json()["errors"].as_array().unwrap().iter().map(|e| e["pointer"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        pointers,
        ["/description", "/location", "/location/address/city", "/location/address/country", "/pricing/nightly", "/capacity", "/photos"]
    );
    assert_eq!(json!(pointers), draft["missing"]);
    app.get(&path).await.problem(404);
    assert_eq!(host.get(&path).await.expect(200)["status"], "draft");
}

#[tokio::test]
async fn an_unproved_address_publishes_nothing() {
    let app = TestApp::new().await;
    let host = app.newcomer("fergus").await;
    let draft = host.post("/api/v1/listings", json!({})).await.expect(201);
    let answer = host.post(&format!("/api/v1/listings/{}/publish", draft["id"].as_str().unwrap()), json!({})).await;
    assert_eq!(answer.problem(403), "email_unverified");
}

#[tokio::test]
async fn guests_see_a_fuzzed_point_and_no_street() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    let own = host.get(&path).await.expect(200);
    assert_eq!(own["location"]["latitude"], 38.7139);
    assert_eq!(own["location"]["address"]["line1"], "3 Harbour Lane");
    assert_eq!(own["time_zone"], "Europe/Lisbon");
    assert_eq!(own["arrival"]["door_code"], "4711");
    let public = app.get(&path).await;
    let text = public.text();
    for secret in ["Harbour", "4711", "1100", "38.7139"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    let seen = public.json();
    let metres = |view: &serde_json::Value| {
        let point = |v: &serde_json::Value| {
            domain::listings::Point::from_degrees(v["location"]["latitude"].as_f64().unwrap(), v["location"]["longitude"].as_f64().unwrap())
                .unwrap()
        };
        point(view).metres_to(point(&own))
    };
    assert!((150.0..=500.0).contains(&metres(&seen)));
    assert_eq!(seen["location"], app.user("mia").await.get(&path).await.expect(200)["location"], "the same for all, always");
}

#[tokio::test]
async fn edits_need_the_version_and_show_at_once() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    let public = app.get(&path).await;
    let nobody = app.anonymous();
    let again = nobody.send(nobody.request(reqwest::Method::GET, &path).header("if-none-match", public.etag())).await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let etag = host.get(&path).await.etag();
    assert_eq!(host.send(host.request(reqwest::Method::PATCH, &path).json(&json!({"title": "X"}))).await.problem(428), "version_required");
    let changed = host.patch(&path, &etag, json!({"title": "A new name", "pricing": {"nightly": 12300}})).await;
    assert_eq!(changed.expect(200)["pricing"]["nightly"], 12300);
    assert_eq!(host.patch(&path, &etag, json!({"title": "Late"})).await.problem(412), "stale_version");
    assert_eq!(app.get(&path).await.expect(200)["title"], "A new name", "no stale copy");
    assert_ne!(app.get(&path).await.etag(), public.etag());
    let rules = host.put_if(&format!("{path}/rules"), &changed.etag(), json!({"min_nights": 3, "max_pets": 1})).await;
    assert_eq!(rules.expect(200)["min_nights"], 3);
    assert_eq!(app.get(&path).await.expect(200)["rules"]["min_nights"], 3);
}

#[tokio::test]
async fn a_listing_is_paused_taken_up_again_and_archived() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    assert_eq!(host.post(&format!("{path}/unpublish"), json!({})).await.expect(200)["status"], "paused");
    app.get(&path).await.problem(404);
    assert_eq!(host.post(&format!("{path}/publish"), json!({})).await.expect(200)["status"], "published");
    app.get(&path).await.expect(200);
    host.delete(&path).await.expect(204);
    app.get(&path).await.problem(404);
    assert_eq!(host.post(&format!("{path}/publish"), json!({})).await.problem(409), "illegal_transition");
}

/// A JPEG with an EXIF segment that says "turn me" and where it was taken.
fn turned(orientation: u8) -> Vec<u8> {
    let plain = picture(40, 20);
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 38.7139N 9.1334W");
    let length = u16::try_from(exif.len() + 2).unwrap().to_be_bytes();
    [&plain[..2], &[0xff, 0xe1], &length, &exif, &plain[2..]].concat()
}

#[tokio::test]
async fn photographs_are_turned_upright_and_stripped() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = host.post("/api/v1/listings", json!({})).await.expect(201);
    let id = listing["id"].as_str().unwrap();
    for (orientation, size) in [(1, (40, 20)), (3, (40, 20)), (6, (20, 40)), (8, (20, 40))] {
        let photo = app.photo(&host, id, turned(orientation)).await.expect(201);
        assert_eq!((photo["width"].as_i64(), photo["height"].as_i64()), (Some(size.0), Some(size.1)), "orientation {orientation}");
        for url in photo["sizes"].as_object().unwrap().values() {
            let file = app.get(url.as_str().unwrap()).await;
            assert_eq!(file.status, 200);
            assert!(!file.text().contains("GPS"), "EXIF survived");
            assert!(file.header("cache-control").unwrap().contains("immutable"));
        }
    }
    let big = app.photo(&host, id, picture(2500, 100)).await.expect(201);
    assert_eq!(big["sizes"].as_object().unwrap().keys().collect::<Vec<_>>(), ["1280", "1920", "320", "640", "jpeg"]);
}

#[tokio::test]
async fn what_is_no_photograph_is_refused() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let id = host.post("/api/v1/listings", json!({})).await.expect(201)["id"].as_str().unwrap().to_owned();
    let before = app.row_counts().await;
    app.photo(&host, &id, b"<svg xmlns='http://www.w3.org/2000/svg'/>".to_vec()).await.problem(415);
    app.photo(&host, &id, b"\xff\xd8\xff\xe0 cut off".to_vec()).await.problem(422);
    // A PNG header that promises 60,000 × 60,000 pixels.
    let mut bomb = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
    bomb.extend([0, 0, 0xea, 0x60, 0, 0, 0xea, 0x60, 8, 2, 0, 0, 0]);
    bomb.extend([0xbb, 0x3c, 0x1c, 0x5a]);
    app.photo(&host, &id, bomb).await.problem(422);
    app.photo(&host, &id, vec![0; 13 << 20]).await.problem(413);
    app.photo(&app.user("eve").await, &id, picture(8, 8)).await.problem(404);
    let after = app.row_counts().await;
    let changed: Vec<_> = before.iter().zip(&after).filter(|(a, b)| a != b).map(|(a, _)| a.0.as_str()).collect();
    assert!(!changed.contains(&"photos"), "{changed:?}");
}

#[tokio::test]
async fn photographs_are_ordered_named_and_removed() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let path = format!("/api/v1/listings/{}", listing["id"].as_str().unwrap());
    let second = app.photo(&host, listing["id"].as_str().unwrap(), picture(30, 30)).await.expect(201);
    let first = listing["photos"][0]["id"].clone();
    host.put(&format!("{path}/photos/order"), json!({"ids": [second["id"]]})).await.problem(422);
    let ordered = host.put(&format!("{path}/photos/order"), json!({"ids": [second["id"], first]})).await.expect(200);
    assert_eq!(ordered["photos"][0]["id"], second["id"]);
    let photo = format!("{path}/photos/{}", second["id"].as_str().unwrap());
    let named = host.send(host.request(reqwest::Method::PATCH, &photo).json(&json!({"caption": "The stove"}))).await.expect(200);
    assert_eq!(named["photos"][0]["caption"], "The stove");
    host.delete(&photo).await.expect(204);
    assert_eq!(host.delete(&format!("{path}/photos/{}", first.as_str().unwrap())).await.problem(409), "last_photo");
}

#[tokio::test]
async fn amenities_are_named_in_the_readers_language() {
    let app = TestApp::new().await;
    let nobody = app.anonymous();
    let answer = nobody
        .send(nobody.request(reqwest::Method::GET, "/api/v1/amenities").header("accept-language", "de-AT, en;q=0.5"))
        .await
        .expect(200);
    let kitchen = answer.as_array().unwrap().iter().find(|a| a["code"] == "kitchen").unwrap();
    assert_eq!(kitchen["label"], "Küche");
    let host = app.user("fergus").await;
    assert_eq!(host.post("/api/v1/listings", json!({"amenities": ["wifi", "moat"]})).await.json()["errors"][0]["code"], "unknown_amenity");
}
