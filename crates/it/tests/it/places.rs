//! Places are completed, imported, and searched in.

use app::places::{Kind, NewPlace, Outline};
use it::TestApp;
use serde_json::json;

fn square(west: i32, south: i32, side: i32) -> Outline {
    Outline(vec![vec![vec![(west, south), (west + side, south), (west + side, south + side), (west, south + side)]]])
}

fn neighbourhood(name: &str, outline: Outline) -> NewPlace {
    NewPlace {
        external_id: name.to_owned(),
        kind: Kind::Neighbourhood,
        name: name.to_owned(),
        other_names: vec![format!("Bairro {name}")],
        country: Some("PT".to_owned()),
        outline,
        population: 0,
    }
}

#[tokio::test]
async fn a_name_that_is_being_typed_is_completed() {
    let app = TestApp::new().await;
    for (typed, id) in [("lis", "geonames:2267057"), ("Лисс", "geonames:2267057"), ("portug", "country:PT"), ("lisbno", "geonames:2267057")]
    {
        let found = app.get(&format!("/api/v1/places?q={typed}&limit=3")).await.expect(200);
        assert_eq!(found["data"][0]["id"], id, "{typed}: {found}");
    }
    let lisbon = &app.get("/api/v1/places?q=lissab").await.expect(200)["data"][0];
    assert_eq!((&lisbon["label"], &lisbon["matched"], &lisbon["kind"]), (&json!("Lisbon, Portugal"), &json!("Lissabon"), &json!("city")));
    let bbox: Vec<f64> = lisbon["bbox"].as_array().unwrap().iter().map(|edge| edge.as_f64().unwrap()).collect();
    assert!(bbox[0] < -9.14 && -9.14 < bbox[2] && bbox[1] < 38.72 && 38.72 < bbox[3], "{bbox:?}");
    assert!(app.get("/api/v1/places?q=").await.expect(200)["data"].as_array().unwrap().is_empty());
    app.get("/api/v1/places?q=lis&limit=0").await.problem(422);
    app.get(&format!("/api/v1/places?q={}", "x".repeat(101))).await.problem(422);
}

#[tokio::test]
async fn homes_are_found_in_a_place_however_it_is_named() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let home = async |title: &str, latitude: f64, longitude: f64, city: &str, country: &str| {
        let location = json!({"latitude": latitude, "longitude": longitude, "address": {"city": city, "region": "", "country": country}});
        app.listing(&host, json!({"title": title, "location": location})).await["id"].as_str().unwrap().to_owned()
    };
    let lisbon = home("In the middle", 38.713, -9.135, "Lisbon", "PT").await;
    let suburb = home("In a suburb", 38.75, -9.22, "Amadora", "PT").await;
    let porto = home("In the north", 41.15, -8.61, "Porto", "PT").await;
    let village = home("In a village", 41.70, -8.85, "Santo Ovídio", "PT").await;
    let madrid = home("Abroad", 40.42, -3.70, "Madrid", "ES").await;
    let indexed = app.twin().await;
    indexed.follow().await;
    for (place, expected) in [
        ("lissabon", vec![&lisbon, &suburb]),
        ("geonames:2267057", vec![&lisbon, &suburb]),
        ("country:PT", vec![&lisbon, &suburb, &porto, &village]),
        ("Espagne", vec![&madrid]),
        ("santo ovidio", vec![&village]),
        ("amadora", vec![&suburb]),
        ("nowhere at all", vec![]),
    ] {
        let mut expected: Vec<&String> = expected;
        expected.sort();
        for node in [&app, &indexed] {
            let page = node.get(&format!("/api/v1/listings?place={}", place.replace(' ', "+"))).await.expect(200);
            let mut found: Vec<String> =
                page["data"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap().to_owned()).collect();
            found.sort();
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{place} at {}", node.base);
        }
    }
    app.get("/api/v1/listings?place=geonames:1").await.problem(422);
    assert_eq!(app.get("/api/v1/listings?place=lisbon&sort=distance").await.expect(200)["data"][0]["id"], lisbon);
}

#[tokio::test]
async fn imported_neighbourhoods_hold_exactly_what_lies_in_them() {
    let app = TestApp::new().await;
    let host = app.user("fergus").await;
    let home = async |longitude: f64| {
        let location = json!({"latitude": 38.7105, "longitude": longitude, "address": {"city": "Lisbon", "region": "", "country": "PT"}});
        app.listing(&host, json!({"location": location})).await["id"].as_str().unwrap().to_owned()
    };
    let (inside, outside) = (home(-9.1305).await, home(-9.1200).await);
    let places = [neighbourhood("Alfazema", square(-91_310_000, 387_100_000, 10_000)), neighbourhood("", square(0, 0, 9))];
    let done = app::places::import(&app.app, "lisbon.geojson", &places).await.unwrap();
    assert_eq!((done.written, done.refused), (1, 1));
    assert_eq!(app::places::import(&app.app, "lisbon.geojson", &places).await.unwrap().written, 0, "a second time changes nothing");
    assert_eq!(app::listings::fill_neighbourhoods(&app.app).await.unwrap(), 1);
    let later = home(-9.1308).await;
    let found = app.get("/api/v1/places?q=bairro+alf").await.expect(200);
    let id = found["data"][0]["id"].as_str().unwrap().to_owned();
    assert!(id.starts_with("place:"), "{found}");
    for place in ["alfazema", &id] {
        let page = app.get(&format!("/api/v1/listings?place={place}")).await.expect(200);
        let mut ids: Vec<&str> = page["data"].as_array().unwrap().iter().map(|hit| hit["id"].as_str().unwrap()).collect();
        ids.sort_unstable();
        let mut expected = [inside.as_str(), later.as_str()];
        expected.sort_unstable();
        assert_eq!(ids, expected, "{place}: not {outside}");
    }
}
