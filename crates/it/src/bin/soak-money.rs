//! Random lives of bookings by the thousand, in a process that is killed again
//! and again, then the proof: `soak-money [--bookings 100000] [--homes 2000]
//! [--seed 7] [--kill-every 40]`. Prints throughput and exits with 1 unless
//! nothing is unbalanced, lost or double, the ledger verifies, provider and
//! ledger agree, and a changed byte is found.

use std::process::{Command, ExitCode};
use std::sync::Arc;
use std::time::{Duration, Instant};

use app::ports::sandbox::{Chaos, set_chaos};
use chrono::TimeDelta;
use it::TestDb;
use it::soak::{Soak, prove, tampering_is_found};
use it::world::headless;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use sqlx::PgPool;
use sqlx::postgres::PgPoolOptions;

struct Arguments {
    bookings: u64,
    homes: usize,
    seed: u64,
    kill_every: u64,
}

fn arguments() -> Result<Arguments, String> {
    let mut found = Arguments { bookings: 100_000, homes: 2_000, seed: 7, kill_every: 40 };
    let mut words = std::env::args().skip(1);
    while let Some(name) = words.next() {
        let value: u64 = words.next().and_then(|value| value.parse().ok()).ok_or(format!("{name} needs a number"))?;
        match name.as_str() {
            "--bookings" => found.bookings = value,
            "--homes" => found.homes = usize::try_from(value).map_err(|error| error.to_string())?,
            "--seed" => found.seed = value,
            "--kill-every" => found.kill_every = value,
            other => return Err(format!("{other}? --bookings, --homes, --seed, --kill-every (seconds, 0 for never)")),
        }
    }
    Ok(found)
}

fn start() -> chrono::DateTime<chrono::Utc> {
    chrono::DateTime::from_timestamp(1_893_492_000, 0).unwrap_or_default()
}

async fn placed(pool: &PgPool) -> anyhow::Result<u64> {
    let count: i64 = sqlx::query_scalar("select count(*) from bookings").fetch_one(pool).await?;
    Ok(u64::try_from(count)?)
}

/// The process that is killed: lives until enough bookings have been placed.
async fn child(url: &str) -> anyhow::Result<()> {
    let arguments = arguments().map_err(anyhow::Error::msg)?;
    let pool = PgPoolOptions::new().max_connections(12).connect(url).await?;
    let app = headless(pool.clone(), start(), app::ids::Ids::random());
    app.clock.follow(&app.db).await?;
    set_chaos(&app, Chaos { delay_seconds: 5, copies: 2, reorder: true }).await?;
    let soak = Arc::new(Soak::new(app.clone(), arguments.homes).await?);
    loop {
        let already = placed(&pool).await?;
        if already >= arguments.bookings {
            break;
        }
        // Another part of the random lives after each death.
        soak.live(arguments.seed.wrapping_add(already), 400.min(arguments.bookings - already), 200, TimeDelta::hours(12)).await?;
    }
    soak.finish().await?;
    println!("{:?}", soak.tally.read());
    Ok(())
}

async fn parent(arguments: Arguments) -> anyhow::Result<bool> {
    let db = TestDb::with_connections(12).await;
    let app = headless(db.pool().clone(), start(), app::ids::Ids::random());
    let mut random = StdRng::seed_from_u64(arguments.seed);
    let began = Instant::now();
    let mut kills = 0;
    let mut told = Instant::now();
    loop {
        let mut child = Command::new(std::env::current_exe()?).args(std::env::args().skip(1)).env("SOAK_DATABASE_URL", db.url()).spawn()?;
        let life = match arguments.kill_every {
            0 => Duration::MAX,
            seconds => Duration::from_millis(random.random_range(500 * seconds..1500 * seconds)),
        };
        let born = Instant::now();
        let ended = loop {
            if let Some(status) = child.try_wait()? {
                break Some(status);
            }
            if born.elapsed() > life && placed(db.pool()).await? < arguments.bookings {
                child.kill()?;
                child.wait()?;
                break None;
            }
            if told.elapsed() > Duration::from_secs(30) {
                told = Instant::now();
                println!("{:4.0} s: {} bookings, {kills} kills", began.elapsed().as_secs_f64(), placed(db.pool()).await?);
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        match ended {
            None => kills += 1,
            Some(status) if status.success() => break,
            Some(status) => anyhow::bail!("a life ended badly: {status}"),
        }
    }
    let seconds = began.elapsed().as_secs_f64();
    let count = placed(db.pool()).await?;
    println!("{count} bookings lived in {seconds:.0} s: {:.0} bookings/s; the process was killed {kills} times", count as f64 / seconds);
    app.clock.follow(&app.db).await?;
    let proof = prove(&app, start()).await?;
    print!("{proof}");
    println!("one byte changed: {}", tampering_is_found(&app).await?);
    Ok(proof.holds())
}

fn main() -> ExitCode {
    let arguments = match arguments() {
        Ok(arguments) => arguments,
        Err(mistake) => {
            eprintln!("{mistake}");
            return ExitCode::from(2);
        }
    };
    let Ok(runtime) = tokio::runtime::Builder::new_multi_thread().enable_all().build() else { return ExitCode::FAILURE };
    let done = match std::env::var("SOAK_DATABASE_URL") {
        Ok(url) => runtime.block_on(child(&url)).map(|()| true),
        Err(_) => runtime.block_on(parent(arguments)),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("soak-money: {error:#}");
            ExitCode::FAILURE
        }
    }
}
