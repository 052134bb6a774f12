//! `roost import`: homes, calendars and reviews from other platforms' files.

use std::path::PathBuf;

use anyhow::Context;
use app::App;
use clap::{Args, Subcommand};
use domain::money::Currency;
use importers::geojson;
use importers::inside_airbnb::{self, Files, Options};

/// Where from.
#[derive(Subcommand)]
pub enum ImportCommand {
    /// Inside Airbnb's files of any year, plain or gzip. A second time changes
    /// what has changed and doubles nothing.
    InsideAirbnb(InsideAirbnb),
    /// Countries or parts of cities from a GeoJSON file of named polygons: guests can search in them.
    Places(Places),
}

/// Which file, and what it does not say.
#[derive(Args)]
pub struct Places {
    /// A GeoJSON feature collection of polygons.
    file: PathBuf,
    /// neighbourhood, city or country.
    #[arg(long, default_value = "neighbourhood")]
    kind: String,
    /// The property that holds the name; `name` and usual spellings of it when left out.
    #[arg(long)]
    name: Option<String>,
    /// ISO 3166 code of all of them, where no property says.
    #[arg(long)]
    country: Option<String>,
}

async fn places(app: &App, wish: Places) -> anyhow::Result<u8> {
    let kind = match wish.kind.as_str() {
        "neighbourhood" => app::places::Kind::Neighbourhood,
        "city" => app::places::Kind::City,
        "country" => app::places::Kind::Country,
        other => anyhow::bail!("--kind {other} is none of neighbourhood, city, country"),
    };
    let options = geojson::Options { kind, name: wish.name, country: wish.country.map(|code| code.to_uppercase()) };
    let found = geojson::read(&wish.file, &options)?;
    let source = wish.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let done = app::places::import(app, &source, &found).await?;
    println!("{} places, {} new or changed, {} without a name or an outline.", found.len(), done.written, done.refused);
    if kind == app::places::Kind::Neighbourhood {
        println!("{} homes were given the neighbourhood they lie in.", app::listings::fill_neighbourhoods(app).await?);
    }
    Ok(if done.refused > 0 { 3 } else { 0 })
}

/// Which files, and what they do not say.
#[derive(Args)]
pub struct InsideAirbnb {
    /// listings.csv(.gz): homes and hosts.
    #[arg(long)]
    listings: PathBuf,
    /// calendar.csv(.gz): taken nights become blocks.
    #[arg(long)]
    calendar: Option<PathBuf>,
    /// reviews.csv(.gz), the detailed one.
    #[arg(long)]
    reviews: Option<PathBuf>,
    /// neighbourhoods.geojson(.gz): the region of each part of the city, where the listings do not say.
    #[arg(long)]
    neighbourhoods: Option<PathBuf>,
    /// Of every price, e.g. SGD; the $ in the files means nothing.
    #[arg(long)]
    currency: Currency,
    /// IANA name; found from the coordinates when left out.
    #[arg(long)]
    time_zone: Option<chrono_tz::Tz>,
    /// Of every home, where the file names none.
    #[arg(long)]
    city: Option<String>,
    /// ISO 3166 code of every home, where the file names none.
    #[arg(long)]
    country: Option<String>,
    /// Where rows go that cannot be used.
    #[arg(long, default_value = "rejected.csv")]
    rejects: PathBuf,
}

/// Brings the files in; exit code 3 when rows were rejected.
pub async fn run(app: &App, command: ImportCommand) -> anyhow::Result<u8> {
    let wish = match command {
        ImportCommand::InsideAirbnb(wish) => wish,
        ImportCommand::Places(wish) => return places(app, wish).await,
    };
    let country = wish.country.map(|code| code.to_uppercase());
    if let Some(code) = country.as_deref().filter(|code| code.len() != 2 || !code.bytes().all(|b| b.is_ascii_uppercase())) {
        anyhow::bail!("--country {code} is not an ISO 3166 code, e.g. SG");
    }
    let files = Files {
        listings: wish.listings,
        calendar: wish.calendar,
        reviews: wish.reviews,
        neighbourhoods: wish.neighbourhoods,
        rejects: wish.rejects.clone(),
    };
    let options = Options { currency: wish.currency, time_zone: wish.time_zone, city: wish.city, country, progress: true };
    let summary = inside_airbnb::run(app, &files, &options).await?;
    for file in &summary.files {
        #[expect(clippy::cast_precision_loss, reason = "a rate for people")]
        let rate = file.rows as f64 / file.seconds.max(0.001);
        println!("{}: {} rows in {:.1} s, {rate:.0} rows/s", file.path.display(), file.rows, file.seconds);
    }
    if summary.notices > 0 {
        println!("{} notices of cancelled stays among the reviews were left out.", summary.notices);
    }
    if !summary.unknown_amenities.is_empty() {
        let mut unknown: Vec<_> = summary.unknown_amenities.iter().collect();
        unknown.sort_by_key(|(word, count)| (std::cmp::Reverse(**count), word.as_str()));
        let most: Vec<String> = unknown.iter().take(8).map(|(word, count)| format!("{word} ×{count}")).collect();
        println!("{} kinds of amenities have no word here and were left out, most often: {}.", unknown.len(), most.join(", "));
    }
    if let Some(peak) = peak_memory() {
        println!("Peak memory: {peak}");
    }
    if summary.rejected > 0 {
        println!("{} rows could not be used: see {}", summary.rejected, wish.rejects.display());
        return Ok(3);
    }
    Ok(0)
}

/// Exchange rates.
#[derive(Subcommand)]
pub enum RatesCommand {
    /// Bring in a CSV file with the columns date, from, to and rate. A second
    /// time changes what has changed.
    Import {
        /// The file.
        file: PathBuf,
    },
}

/// Brings rates in; exit code 3 when rows were rejected.
pub async fn rates(app: &App, file: &std::path::Path) -> anyhow::Result<u8> {
    let opened = std::fs::File::open(file).with_context(|| format!("{}", file.display()))?;
    let found = importers::rates::read(opened).with_context(|| format!("{}", file.display()))?;
    let source = file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let changed = app::pricing::rates::import_rates(app, &domain::actor::Actor::System, &found.rates, &source).await?;
    println!("{} rates read, {changed} of them new or changed.", found.rates.len());
    for why in found.rejected.iter().take(20) {
        eprintln!("{why}");
    }
    if found.rejected.len() > 20 {
        eprintln!("… and {} more.", found.rejected.len() - 20);
    }
    Ok(if found.rejected.is_empty() { 0 } else { 3 })
}

/// The most memory this process has held, where the system tells.
fn peak_memory() -> Option<String> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    status.lines().find_map(|line| line.strip_prefix("VmHWM:")).map(|text| text.trim().to_owned())
}
