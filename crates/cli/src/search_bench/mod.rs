//! `roost search bench`: the index beside the best SQL we know, over a made-up
//! world of any size. Prints figures; judges nothing.

mod baseline;

use std::time::Instant;

use app::Config;
use clap::Args;
use domain::calendar::Lane;
use domain::dates::Stay;
use search_index::sample::{Figures, Kind, Sample, measure};
use search_index::{Change, Index, Occupancy, Settings};

/// What is measured.
#[derive(Args)]
pub struct BenchArguments {
    /// Homes of the made-up world.
    #[arg(long, default_value_t = 100_000)]
    listings: u64,
    /// Another world.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Questions of each kind; a tenth of them where all the world is looked at.
    #[arg(long, default_value_t = 300)]
    questions: u64,
    /// Leave out PostgreSQL, which takes longest to load.
    #[arg(long)]
    no_sql: bool,
    /// Megabytes the index may use.
    #[arg(long, default_value_t = 8192)]
    memory: usize,
}

/// Measures and prints; the exit code.
///
/// # Errors
/// When the index has too little memory or PostgreSQL does not answer.
pub async fn run(config: &Config, arguments: &BenchArguments) -> anyhow::Result<u8> {
    let today = chrono::NaiveDate::from_ymd_opt(2027, 1, 15).unwrap_or_default();
    let sample = Sample::new(arguments.seed, arguments.listings, today);
    let start = Instant::now();
    let generated = sample.rows().map(|row| row.occupancies.len()).sum::<usize>();
    let generating = start.elapsed();
    println!("{} homes with {generated} bookings and blocks, generated in {generating:.1?}", arguments.listings);
    let start = Instant::now();
    let settings = Settings { memory_limit: arguments.memory << 20, ..Settings::default() };
    let index = Index::build(settings, sample.market(), today, sample.rows())?;
    println!("index built in {:.1?} beside that", start.elapsed().saturating_sub(generating));
    let memory = index.snapshot().memory();
    let each = |bytes: usize| bytes / memory.listings.max(1);
    println!(
        "memory {} MB: {} bytes a home, of which {} for words; {} more for prices date by date",
        memory.total >> 20,
        each(memory.total - memory.dates),
        each(memory.words),
        each(memory.dates)
    );
    updates(&index, &sample)?;
    let mut baseline = if arguments.no_sql { None } else { Some(baseline::Baseline::load(config, &sample).await?) };
    println!("{:<38} {:>10} {:>10} {:>10} {:>10} {:>8} {:>8}", "", "index p50", "p99", "SQL p50", "p99", "times", "found");
    for kind in Kind::ALL {
        let questions = if kind.is_wide() { arguments.questions.div_ceil(10) } else { arguments.questions };
        let clock = Instant::now();
        let ours = measure(&index.snapshot(), &sample, (kind, questions), &|| clock.elapsed())?;
        let theirs = match &mut baseline {
            Some(baseline) => Some(baseline.measure(&sample, kind, questions.div_ceil(10)).await?),
            None => None,
        };
        print(kind, &ours, theirs.as_ref());
    }
    if let Some(baseline) = baseline {
        baseline.drop().await?;
    }
    Ok(0)
}

fn print(kind: Kind, ours: &Figures, theirs: Option<&Figures>) {
    let time = |figures: Option<&Figures>, which: fn(&Figures) -> std::time::Duration| {
        figures.map_or_else(|| "-".to_owned(), |figures| format!("{:.1?}", which(figures)))
    };
    let times = theirs.map_or_else(|| "-".to_owned(), |theirs| format!("{:.0}", theirs.p50.as_secs_f64() / ours.p50.as_secs_f64()));
    println!(
        "{:<38} {:>10} {:>10} {:>10} {:>10} {times:>8} {:>8}",
        kind.label(),
        time(Some(ours), |f| f.p50),
        time(Some(ours), |f| f.p99),
        time(theirs, |f| f.p50),
        time(theirs, |f| f.p99),
        ours.found
    );
}

/// What a booking costs the index: one by one, and a hundred in a batch.
fn updates(index: &Index, sample: &Sample) -> anyhow::Result<()> {
    for (batch, batches) in [(1_u64, 500_u64), (100, 20)] {
        let mut took = Vec::new();
        for n in 0..batches {
            let booked = |at: u64| {
                let mut row = sample.row((n * batch + at) * 7919 % sample.listings);
                let check_in = sample.today + chrono::Days::new(370 + n % 100);
                let nights = Stay { check_in, check_out: check_in + chrono::Days::new(3) };
                row.occupancies.push(Occupancy { nights, lane: Lane::Booking, expires_at: None });
                Change::Upsert(Box::new(row))
            };
            let changes: Vec<Change> = (0..batch).map(booked).collect();
            let start = Instant::now();
            index.apply(changes)?;
            took.push(start.elapsed() / u32::try_from(batch).unwrap_or(1));
        }
        let figures = Figures::of(took, 0);
        println!("a booking in a batch of {batch}: p50 {:.1?}, p99 {:.1?} each", figures.p50, figures.p99);
    }
    Ok(())
}
