//! Another platform's files: every quirk survived, a second time harmless.

use std::path::{Path, PathBuf};

use importers::inside_airbnb::{Files, Options, Summary, run};
use it::TestApp;
use serde_json::json;

struct Scrape(PathBuf);

impl Drop for Scrape {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

impl Scrape {
    fn new() -> Self {
        let folder = std::env::temp_dir().join(format!("roost-import-{}", uuid::Uuid::new_v4().simple()));
        std::fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        std::fs::write(&path, text).unwrap();
        path
    }

    async fn import(&self, app: &TestApp, listings: &Path, calendar: Option<&Path>, reviews: Option<&Path>) -> Summary {
        let files = Files {
            listings: listings.to_owned(),
            calendar: calendar.map(Path::to_owned),
            reviews: reviews.map(Path::to_owned),
            neighbourhoods: Some(self.file("n.geojson", NEIGHBOURHOODS)),
            rejects: self.0.join("rejected.csv"),
        };
        let options = Options {
            currency: "SGD".parse().unwrap(),
            time_zone: None,
            city: Some("Singapore".into()),
            country: Some("SG".into()),
            progress: false,
        };
        run(&app.app, &files, &options).await.unwrap()
    }
}

const LISTINGS: &str = "id,name,description,host_id,host_name,host_since,neighbourhood_cleansed,neighbourhood_group_cleansed,latitude,longitude,property_type,room_type,accommodates,bathrooms_text,bedrooms,beds,amenities,price,minimum_nights,maximum_nights,number_of_reviews,review_scores_rating,review_scores_cleanliness,instant_bookable
1365428503448527322,\"Flat ★4.8\",\"<b>Light</b><br />and \"\"quiet\"\"\r\nby the park\",77,Aylin,2015-03-01,Bedok,East Region,1.3236,103.9273,Entire rental unit,Entire home/apt,4,1.5 baths,2,3,\"[\"\"Wifi\"\", \"\"Shared pool\"\", \"\"43\\\"\" HDTV\"\", \"\"Moat\"\"]\",\"$1,234.00\",2,2147483647,12,4.8,4.5,t
42,Room,,78,,,Bedok,,1.33,103.93,Private room in home,Private room,2,Shared half-bath,,1,[],$90.00,1,30,0,,,f
43,No place,x,78,,,Bedok,East Region,0.0,0.0,Private room in home,Private room,2,1 bath,,1,[],$90.00,1,30,0,,,f
44,No price,x,78,,,Bedok,East Region,1.34,103.94,Private room in home,Private room,2,1 bath,,1,[],,1,30,0,,,f
broken,row
";

const NEIGHBOURHOODS: &str = r#"{"type": "FeatureCollection", "features": [
{"type": "Feature", "geometry": null, "properties": {"neighbourhood": "Bedok", "neighbourhood_group": "East Coast"}},
{"type": "Feature", "geometry": null, "properties": {"neighbourhood": "Bedok", "neighbourhood_group": "East Coast"}},
{"type": "Feature", "geometry": null, "properties": {"neighbourhood": "Tuas", "neighbourhood_group": null}}]}"#;

const CALENDAR: &str = "listing_id,date,available,price
1365428503448527322,2030-02-01,t,$1.00
1365428503448527322,2030-02-02,f,$1.00
1365428503448527322,2030-02-03,f,$1.00
1365428503448527322,2030-02-04,t,$1.00
42,2030-02-01,f,
42,someday,f,
9,2030-02-01,f,
";

const REVIEWS: &str = "listing_id,id,date,reviewer_id,reviewer_name,comments
1365428503448527322,501,2020-05-05,9,Noor,\"Great<br/>place\"
1365428503448527322,502,2020-05-06,9,Sam,
1365428503448527322,503,2020-05-07,9,Bo,The host canceled this reservation 3 days before arrival. This is an automated posting.
9,504,2020-05-07,9,Bo,Elsewhere
";

#[tokio::test]
async fn a_scrape_comes_in_once_and_can_be_booked() {
    let (app, scrape) = (TestApp::new().await, Scrape::new());
    let (listings, calendar, reviews) = (scrape.file("l.csv", LISTINGS), scrape.file("c.csv", CALENDAR), scrape.file("r.csv", REVIEWS));
    let summary = scrape.import(&app, &listings, Some(&calendar), Some(&reviews)).await;
    assert_eq!((summary.rejected, summary.notices), (6, 1), "{}", std::fs::read_to_string(scrape.0.join("rejected.csv")).unwrap());
    assert_eq!(summary.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [5, 7, 4]);

    let found = app.get("/api/v1/listings?bbox=103,1,104,2&sort=price_desc").await.expect(200);
    assert_eq!(found["total"], 2, "the one without a price stays a draft");
    assert_eq!(
        (&found["data"][0]["location"]["region"], &found["data"][1]["location"]["region"]),
        (&json!("East Region"), &json!("East Coast"))
    );
    let id = found["data"][0]["id"].as_str().unwrap().to_owned();
    let home = app.get(&format!("/api/v1/listings/{id}")).await.expect(200);
    for (member, value) in [
        ("title", json!("Flat ★4.8")),
        ("description", json!("Light\nand \"quiet\"\nby the park")),
        ("amenities", json!(["pool", "tv", "wifi"])),
        ("bathrooms", json!(1.5)),
        ("time_zone", json!("Asia/Singapore")),
        ("booking_mode", json!("instant")),
    ] {
        assert_eq!(home[member], value, "{member}");
    }
    assert_eq!(
        (&home["pricing"]["nightly"], &home["rules"]["min_nights"], &home["rules"]["max_nights"]),
        (&json!(123_400), &json!(2), &json!(null))
    );
    assert_eq!((&home["rating"]["count"], &home["rating"]["overall"]), (&json!(12), &json!(4.8)));
    assert_eq!(app.get(&format!("/api/v1/users/{}", home["host"]["id"].as_str().unwrap())).await.expect(200)["unclaimed"], true);
    let said = app.get(&format!("/api/v1/listings/{id}/reviews")).await.expect(200);
    assert_eq!(said["data"].as_array().unwrap().len(), 1);
    assert_eq!((&said["data"][0]["imported"], &said["data"][0]["public_comment"]), (&json!(true), &json!("Great\nplace")));

    let bookable = async |check_in: &str, check_out: &str| {
        app.get(&format!("/api/v1/listings/{id}/availability?check_in={check_in}&check_out={check_out}")).await.expect(200)["bookable"]
            .clone()
    };
    assert_eq!((bookable("2030-02-01", "2030-02-03").await, bookable("2030-02-04", "2030-02-06").await), (json!(false), json!(true)));
    let mia = app.user("mia").await;
    let wish = json!({"listing_id": id, "check_in": "2030-02-04", "check_out": "2030-02-06", "guests": {"adults": 2}});
    mia.post_once("/api/v1/bookings", wish, None).await.expect(201);
}

#[tokio::test]
async fn a_second_import_changes_doubles_nothing_and_blanks_nothing() {
    let (app, scrape) = (TestApp::new().await, Scrape::new());
    let (listings, calendar, reviews) = (scrape.file("l.csv", LISTINGS), scrape.file("c.csv", CALENDAR), scrape.file("r.csv", REVIEWS));
    scrape.import(&app, &listings, Some(&calendar), Some(&reviews)).await;
    let before = app.row_counts().await;
    scrape.import(&app, &listings, Some(&calendar), Some(&reviews)).await;
    assert_eq!(app.row_counts().await, before);

    // A scrape that has lost every description and amenity, with a new price.
    let lost = LISTINGS
        .replace("\"<b>Light</b><br />and \"\"quiet\"\"\r\nby the park\"", "")
        .replace("\"[\"\"Wifi\"\", \"\"Shared pool\"\", \"\"43\\\"\" HDTV\"\", \"\"Moat\"\"]\"", "[]")
        .replace(",x,", ",,")
        .replace("$1,234.00", "$999.00");
    let listings = scrape.file("l2.csv", &lost);
    let freed = scrape.file("c2.csv", &CALENDAR.replace("2030-02-02,f", "2030-02-02,t"));
    scrape.import(&app, &listings, Some(&freed), None).await;
    let home = app.get("/api/v1/listings?bbox=103,1,104,2&sort=price_desc").await.expect(200)["data"][0]["id"].as_str().unwrap().to_owned();
    let home = app.get(&format!("/api/v1/listings/{home}")).await.expect(200);
    assert_eq!(home["pricing"]["nightly"], 99_900);
    assert_eq!((&home["amenities"], home["description"].as_str().unwrap().is_empty()), (&json!(["pool", "tv", "wifi"]), false));
    let blocks: i64 = sqlx::query_scalar("select sum(upper(nights) - lower(nights)) from occupancies where reason = 'import'")
        .fetch_one(app.pool())
        .await
        .unwrap();
    assert_eq!(blocks, 2, "one night freed");
}
