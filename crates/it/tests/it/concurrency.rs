//! Many at once: one wins, the others get an answer, nothing is half-done.

use std::process::Command;
use std::time::Duration;

use futures::future::join_all;
use it::program::{Program, binary, free_port};
use it::{TestApp, TestDb};
use serde_json::{Value, json};

async fn tally(answers: Vec<it::Answer>) -> (usize, usize) {
    let won = answers.iter().filter(|answer| answer.status == 201).count();
    let lost = answers.iter().filter(|answer| answer.status == 409 && answer.problem(409) == "dates_unavailable").count();
    assert_eq!(won + lost, answers.len(), "{:?}", answers.iter().map(|answer| answer.status).collect::<Vec<_>>());
    (won, lost)
}

/// No two that hold nights share one; asked of the table itself, not of the
/// constraint.
async fn overlaps(pool: &sqlx::PgPool) -> i64 {
    sqlx::query_scalar(
        "select count(*) from occupancies a join occupancies b on a.listing_id = b.listing_id and a.id < b.id and a.nights && b.nights
         where a.lane = 'booking' or b.lane = 'booking'",
    )
    .fetch_one(pool)
    .await
    .unwrap()
}

fn wish(listing: &Value, check_in: &str, check_out: &str) -> Value {
    json!({"listing_id": listing, "check_in": check_in, "check_out": check_out, "guests": {"adults": 1}})
}

#[tokio::test(flavor = "multi_thread")]
async fn of_200_who_want_one_stay_exactly_one_gets_it() {
    let app = TestApp::with_connections(32).await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({"rules": {"preparation_nights": 1}})).await;
    let guest = app.user("mia").await;
    for round in 1..=3 {
        let (check_in, check_out) = (format!("2030-0{}-10", round + 1), format!("2030-0{}-13", round + 1));
        let asked = (0..200).map(|_| guest.post_once("/api/v1/bookings", wish(&listing["id"], &check_in, &check_out), None));
        assert_eq!(tally(join_all(asked).await).await, (1, 199), "round {round}");
    }
    let bookings: (i64, i64) =
        sqlx::query_as("select (select count(*) from bookings), (select count(*) from payments)").fetch_one(app.pool()).await.unwrap();
    assert_eq!(bookings, (3, 3), "losers leave nothing");
    assert_eq!(overlaps(app.pool()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staircase_of_overlapping_stays_never_collides() {
    let app = TestApp::with_connections(32).await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let guest = app.user("mia").await;
    let day = |n: u64| (chrono::NaiveDate::from_ymd_opt(2030, 2, 1).unwrap() + chrono::Days::new(n)).to_string();
    let asked = (0..120)
        .map(|n: u64| guest.post_once("/api/v1/bookings", wish(&listing["id"], &day(n * 7 % 40), &day(n * 7 % 40 + 1 + n % 4)), None));
    let (won, _) = tally(join_all(asked).await).await;
    assert!(won >= 10, "{won}");
    assert_eq!(overlaps(app.pool()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_double_click_books_once() {
    let app = TestApp::with_connections(20).await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let guest = app.user("mia").await;
    let body = wish(&listing["id"], "2030-02-01", "2030-02-03");
    let answers = join_all((0..10).map(|_| guest.post_once("/api/v1/bookings", body.clone(), Some("click")))).await;
    for answer in &answers {
        assert!(answer.status == 201 || answer.problem(409) == "idempotency_in_flight", "{}", answer.text());
    }
    assert!(answers.iter().any(|answer| answer.status == 201));
    let bookings: i64 = sqlx::query_scalar("select count(*) from bookings").fetch_one(app.pool()).await.unwrap();
    assert_eq!(bookings, 1);
}

/// The program on the test's database.
async fn serve(db: &TestDb, folder: &std::path::Path, port: u16) -> Program {
    let mut command = Command::new(binary());
    // Nobody listens there: the cache does without.
    command.env("DATABASE_URL", db.url()).env("REDIS_URL", "redis://127.0.0.1:1/");
    Program::start(command, folder, port).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_and_started_again_in_the_middle_there_is_still_one_winner() {
    // A world of its own makes people and home; the program serves the race.
    let app = TestApp::with_connections(10).await;
    let host = app.user("fergus").await;
    let listing = app.listing(&host, json!({})).await;
    let guest = app.user("mia").await;
    let folder = std::env::temp_dir().join(format!("roost-kill-{}", uuid::Uuid::new_v4().simple()));
    std::fs::create_dir_all(&folder).unwrap();
    let port = free_port();
    // The program's clock is the machine's: tokens of 2030 do, dates are later.
    let mut there = guest.clone();
    let mut program = serve(app.db(), &folder, port).await;
    there.base.clone_from(&program.base);
    let mut acknowledged = 0;
    for round in 0..4 {
        let asked = (0..50).map(|n| {
            let there = there.clone();
            let body = wish(&listing["id"], "2030-02-10", "2030-02-13");
            tokio::spawn(async move {
                let request =
                    there.request(reqwest::Method::POST, "/api/v1/bookings").header("idempotency-key", format!("r{round}-{n}")).json(&body);
                request.timeout(Duration::from_secs(20)).send().await.map(|response| response.status().as_u16())
            })
        });
        let asked: Vec<_> = asked.collect();
        tokio::time::sleep(Duration::from_millis(15)).await;
        program.kill();
        for answer in join_all(asked).await {
            match answer.unwrap() {
                Ok(201) => acknowledged += 1,
                Ok(409) | Err(_) => {}
                Ok(other) => panic!("answered {other}"),
            }
        }
        program = serve(app.db(), &folder, port).await;
    }
    let last = (0..200).map(|n| {
        let (there, body) = (there.clone(), wish(&listing["id"], "2030-02-10", "2030-02-13"));
        async move { there.post_once("/api/v1/bookings", body, Some(&format!("last-{n}"))).await }
    });
    let (won, _) = tally(join_all(last).await).await;
    acknowledged += won;
    let held: i64 = sqlx::query_scalar("select count(*) from occupancies where lane = 'booking'").fetch_one(app.pool()).await.unwrap();
    let bookings: i64 = sqlx::query_scalar("select count(*) from bookings").fetch_one(app.pool()).await.unwrap();
    assert_eq!((held, bookings), (1, 1));
    assert!(acknowledged <= 1, "nobody was told yes in vain: {acknowledged}");
    assert_eq!(overlaps(app.pool()).await, 0);
    let _ = std::fs::remove_dir_all(&folder);
}
