//! A small soak: random lives of bookings, then the proof. The large one is
//! `cargo run --release -p it --bin soak-money`.

use std::sync::Arc;

use app::ids::Ids;
use app::ports::sandbox::{Chaos, set_chaos};
use chrono::TimeDelta;
use it::TestDb;
use it::soak::{Soak, prove, tampering_is_found};

#[tokio::test(flavor = "multi_thread")]
async fn random_lives_leave_nothing_unbalanced_lost_or_double() {
    let db = TestDb::with_connections(12).await;
    let start = "2030-01-01T10:00:00Z".parse().unwrap();
    let app = it::world::headless(db.pool().clone(), start, Ids::seeded(11));
    set_chaos(&app, Chaos { delay_seconds: 5, copies: 2, reorder: true }).await.unwrap();
    let soak = Arc::new(Soak::new(app.clone(), 24).await.unwrap());
    soak.live(20_300_101, 160, 40, TimeDelta::hours(30)).await.unwrap();
    soak.finish().await.unwrap();
    let proof = prove(&app, start).await.unwrap();
    assert!(proof.holds(), "{proof}\n{:?}", soak.tally.read());
    let told = tampering_is_found(&app).await.unwrap();
    assert!(told.contains("was changed"), "{told}");
    assert!(soak.tally.read().len() > 8, "many kinds of things happened: {:?}", soak.tally.read());
}
