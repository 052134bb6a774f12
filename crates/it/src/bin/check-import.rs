//! Imports a real scrape and asks search for random stays: every home it finds
//! must be free on every night in the calendar file, and the stay long enough.
//!
//! `check-import LISTINGS CALENDAR CURRENCY FIRST-DATE [STAYS]`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a check that fails loudly")]

use std::collections::{HashMap, HashSet};
use std::io::Read;
use std::time::Instant;

use chrono::{Days, NaiveDate};
use domain::ids::ListingId;
use importers::inside_airbnb::{Files, Options, run};
use it::TestApp;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// What the file itself says, read without the importer.
struct File {
    /// Nights that it calls taken.
    taken: HashSet<(i64, NaiveDate)>,
    /// Fewest nights of a stay by the day of arrival.
    min_nights: HashMap<(i64, NaiveDate), u64>,
}

fn read(path: &str) -> File {
    let mut text = String::new();
    flate2::read::MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    let column = text.lines().next().unwrap().split(',').position(|name| name == "minimum_nights");
    let mut file = File { taken: HashSet::new(), min_nights: HashMap::new() };
    for line in text.lines().skip(1) {
        // Prices of thousands stand in quotes.
        let line: String =
            line.split('"').enumerate().map(|(n, part)| if n % 2 == 1 { part.replace(',', "") } else { part.into() }).collect();
        let cells: Vec<&str> = line.split(',').collect();
        let day = (cells[0].parse().unwrap(), cells[1].parse().unwrap());
        if cells[2] == "f" {
            file.taken.insert(day);
        } else if let Some(nights) = column.and_then(|column| cells[column].parse().ok()) {
            file.min_nights.insert(day, nights);
        }
    }
    file
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [listings, calendar, currency, first, rest @ ..] = arguments.as_slice() else {
        panic!("check-import LISTINGS CALENDAR CURRENCY FIRST-DATE [STAYS]");
    };
    let first: NaiveDate = first.parse().unwrap();
    let stays: usize = rest.first().map_or(1000, |text| text.parse().unwrap());
    let app = TestApp::at(first.and_hms_opt(1, 0, 0).unwrap().and_utc(), 10).await;
    let rejects = std::env::temp_dir().join("check-import-rejected.csv");
    let files = Files { listings: listings.into(), calendar: Some(calendar.into()), reviews: None, neighbourhoods: None, rejects };
    let options = Options { currency: currency.parse().unwrap(), time_zone: None, city: None, country: None, progress: true };
    run(&app.app, &files, &options).await.unwrap();
    let pairs: Vec<(ListingId, i64)> =
        sqlx::query_as("select listing_id, external_id from listing_sources").fetch_all(app.pool()).await.unwrap();
    let external: HashMap<String, i64> = pairs.into_iter().map(|(id, number)| (id.to_string(), number)).collect();
    let file = read(calendar);
    let mut random = StdRng::seed_from_u64(5);
    let (mut hits, mut wrong, mut empty) = (0_u64, 0_u64, 0);
    let started = Instant::now();
    for _ in 0..stays {
        let check_in = first + Days::new(random.random_range(1..330));
        let nights = random.random_range(1..30_u64);
        let query =
            format!("check_in={check_in}&check_out={}&adults={}&limit=100", check_in + Days::new(nights), random.random_range(1..4));
        let page = app.get(&format!("/api/v1/listings?{query}")).await.expect(200);
        let found = page["data"].as_array().unwrap();
        empty += usize::from(found.is_empty());
        for hit in found {
            hits += 1;
            let number = external[hit["id"].as_str().unwrap()];
            let free = (0..nights).all(|n| !file.taken.contains(&(number, check_in + Days::new(n))));
            let long_enough = file.min_nights.get(&(number, check_in)).is_none_or(|least| *least <= nights || *least > 365);
            wrong += u64::from(!free || !long_enough);
        }
    }
    println!(
        "{stays} stays, {hits} homes found, {empty} stays without any, {wrong} not free or too short in the file, {:.1} s",
        started.elapsed().as_secs_f64()
    );
    assert_eq!(wrong, 0);
}
