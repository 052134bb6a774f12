//! The index alone, timed: `cargo run --release -p search_index --example
//! measure -- 1000000`. `roost search bench` prints the same beside SQL.

use std::time::Instant;

use search_index::sample::{Kind, Sample, measure};
use search_index::{Index, Settings};

fn main() {
    let listings: u64 = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let only = std::env::args().nth(2);
    let sample = Sample::new(1, listings, chrono::NaiveDate::from_ymd_opt(2027, 1, 15).unwrap_or_default());
    let start = Instant::now();
    let index =
        match Index::build(Settings { memory_limit: usize::MAX, ..Settings::default() }, sample.market(), sample.today, sample.rows()) {
            Ok(index) => index,
            Err(refusal) => return println!("{refusal}"),
        };
    let snapshot = index.snapshot();
    let memory = snapshot.memory();
    println!(
        "{listings} homes, generated and built in {:.1?}; {memory:?}, {} bytes each",
        start.elapsed(),
        memory.total / memory.listings.max(1)
    );
    for kind in Kind::ALL.into_iter().filter(|kind| only.as_ref().is_none_or(|only| kind.label().contains(only.as_str()))) {
        let questions = if kind.is_wide() { 20 } else { 300 };
        match measure(&snapshot, &sample, (kind, questions), &|| start.elapsed()) {
            Ok(f) => println!("{:40} p50 {:>10.1?}  p99 {:>10.1?}  found {}", kind.label(), f.p50, f.p99, f.found),
            Err(refusal) => println!("{:40} {refusal}", kind.label()),
        }
    }
}
