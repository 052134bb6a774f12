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
1365428503448527322,2030-02-05,t,$1.00
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
    assert_eq!(summary.files.iter().map(|file| file.rows).collect::<Vec<_>>(), [5, 8, 4]);

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

/// A calendar with prices and fewest nights of its own, as since 2017.
const PRICED_CALENDAR: &str = "listing_id,date,available,price,adjusted_price,minimum_nights,maximum_nights
1365428503448527322,2030-02-01,t,\"$1,234.00\",,2,1125
1365428503448527322,2030-02-02,t,\"$1,500.00\",,2,1125
1365428503448527322,2030-02-03,t,\"$1,234.00\",,4,1125
1365428503448527322,2030-02-04,f,\"$9,999.00\",,9,1125
";

#[tokio::test]
async fn days_that_are_not_as_usual_keep_their_price_and_fewest_nights() {
    let (app, scrape) = (TestApp::new().await, Scrape::new());
    let (listings, calendar) = (scrape.file("l.csv", LISTINGS), scrape.file("c.csv", PRICED_CALENDAR));
    let summary = scrape.import(&app, &listings, Some(&calendar), None).await;
    assert_eq!(summary.unknown_amenities.into_iter().collect::<Vec<_>>(), [("Moat".to_owned(), 1)]);
    let rules = async || -> Vec<(String, Option<i64>, Option<i32>)> {
        sqlx::query_as("select date::text, price, min_nights from day_rules order by date").fetch_all(app.pool()).await.unwrap()
    };
    let unusual = [("2030-02-02".to_owned(), Some(150_000), None), ("2030-02-03".to_owned(), None, Some(4))];
    assert_eq!(rules().await, unusual);

    // The next scrape takes one back; a host who has claimed their account keeps theirs.
    let usual = scrape.file("c2.csv", &PRICED_CALENDAR.replace("$1,500.00", "$1,234.00"));
    scrape.import(&app, &listings, Some(&usual), None).await;
    assert_eq!(rules().await, unusual[1..]);
    sqlx::query("update users set status = 'active', email = id || '@example.org' where status = 'unclaimed'")
        .execute(app.pool())
        .await
        .unwrap();
    scrape.import(&app, &listings, Some(&calendar), None).await;
    assert_eq!(rules().await, unusual[1..]);
}

/// The spelling of 2015 to 2020: lists in braces, stars of a hundred, fees, the
/// address in columns.
const LISTINGS_2019: &str = "id,name,summary,space,description,host_id,host_name,neighbourhood_cleansed,city,state,zipcode,country_code,latitude,longitude,property_type,room_type,accommodates,bathrooms,bedrooms,beds,amenities,price,weekly_price,monthly_price,cleaning_fee,guests_included,extra_people,minimum_nights,maximum_nights,number_of_reviews,review_scores_rating,review_scores_cleanliness,instant_bookable,cancellation_policy
7,Brownstone,Short words,More words,,5,Ann,Heights,Jersey City,NJ,07302,US,40.7178,-74.0431,Townhouse,Entire home/apt,24,1.5,3,4,\"{TV,\"\"Cable TV\"\",Wifi,\"\"translation missing: en.hosting_amenity_49\"\"}\",$200.00,\"$1,260.00\",,$80.00,2,$25.00,3,1125,9,96,9,t,strict_14_with_grace_period
8,Free room,,,,5,Ann,Heights,Jersey City,NJ,07302,US,40.7179,-74.0432,Apartment,Private room,2,1,1,1,{},$0.00,,,,1,$0.00,1,30,0,,,f,moderate
";

/// The summary of sixteen columns.
const SUMMARY_2019: &str = "id,name,host_id,host_name,neighbourhood_group,neighbourhood,latitude,longitude,room_type,price,minimum_nights,number_of_reviews,last_review,reviews_per_month,calculated_host_listings_count,availability_365
9,\"Loft
with a view\",6,Joe,Brooklyn,Kensington,40.64749,-73.97237,Entire home/apt,149,1,9,2018-10-19,0.21,6,365
10,,6,,Brooklyn,Kensington,40.6475,-73.9724,Shared room,0,1250,0,,,6,0
";

#[tokio::test]
async fn older_spellings_are_read_by_their_columns() {
    let (app, scrape) = (TestApp::new().await, Scrape::new());
    let options = Options { currency: "USD".parse().unwrap(), time_zone: None, city: None, country: None, progress: false };
    for (name, text, unknown) in [("2019.csv", LISTINGS_2019, 1), ("summary.csv", SUMMARY_2019, 0)] {
        let (listings, rejects) = (scrape.file(name, text), scrape.0.join("rejected.csv"));
        let files = Files { listings, calendar: None, reviews: None, neighbourhoods: None, rejects };
        let summary = run(&app.app, &files, &options).await.unwrap();
        assert_eq!((summary.rejected, summary.unknown_amenities.len()), (0, unknown), "{name}");
    }
    let home = async |external: i64| {
        let id: uuid::Uuid = sqlx::query_scalar("select listing_id from listing_sources where external_id = $1")
            .bind(external)
            .fetch_one(app.pool())
            .await
            .unwrap();
        app.get(&format!("/api/v1/listings/{id}")).await
    };
    let townhouse = home(7).await.expect(200);
    let expected = json!({
        "title": "Brownstone", "description": "Short words\n\nMore words", "property_type": "townhouse", "capacity": 24, "bathrooms": 1.5,
        "amenities": ["tv", "wifi"], "time_zone": "America/New_York", "booking_mode": "instant", "cancellation_policy": "strict"
    });
    for (member, value) in expected.as_object().unwrap() {
        assert_eq!(&townhouse[member], value, "{member}");
    }
    let pricing = &townhouse["pricing"];
    assert_eq!(
        (&pricing["nightly"], &pricing["cleaning_fee"], &pricing["weekly_discount_bps"], &pricing["extra_guest"]),
        (&json!(20_000), &json!(8_000), &json!(1_000), &json!({"after": 2, "amount": 2_500}))
    );
    assert_eq!((&townhouse["rating"]["overall"], &townhouse["rating"]["cleanliness"]), (&json!(4.8), &json!(4.5)));
    assert_eq!(
        (&townhouse["location"]["address"]["city"], &townhouse["location"]["address"]["country"]),
        (&json!("Jersey City"), &json!("US"))
    );

    let loft = home(9).await.expect(200);
    assert_eq!(
        (&loft["title"], &loft["room_type"], &loft["pricing"]["nightly"]),
        (&json!("Loft with a view"), &json!("entire_place"), &json!(14_900))
    );
    // Without a price they stay drafts, which only their hosts see.
    for without_price in [8, 10] {
        home(without_price).await.expect(404);
    }
}
