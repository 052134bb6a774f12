//! Bringing files in: batches through the use-cases, bounded memory whatever
//! the size of the files.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Instant;

use app::App;
use app::calendar::ImportedCalendar;
use app::pricing::ImportedHome;
use app::reviews::import::ImportedReview;
use domain::calendar::DayRule;
use domain::ids::ListingId;
use domain::money::Currency;
use indicatif::{ProgressBar, ProgressStyle};

use super::rows::{Next, Rejects, Rows};
use super::{calendar, listings, neighbourhoods, reviews};

/// Under which name imported rows are known.
const SOURCE: &str = "inside_airbnb";
/// Homes a transaction.
const HOMES: usize = 500;
/// Reviews a transaction.
const REVIEWS: usize = 5_000;

/// What to read.
#[derive(Debug, Clone)]
pub struct Files {
    /// Homes and hosts.
    pub listings: PathBuf,
    /// Day by day.
    pub calendar: Option<PathBuf>,
    /// What guests said.
    pub reviews: Option<PathBuf>,
    /// Which part of the city belongs to which region: GeoJSON.
    pub neighbourhoods: Option<PathBuf>,
    /// Where rows go that cannot be used.
    pub rejects: PathBuf,
}

/// What the files do not say.
#[derive(Debug, Clone)]
pub struct Options {
    /// Of every price; the `$` in the files means nothing.
    pub currency: Currency,
    /// Of every home; found from the coordinates otherwise.
    pub time_zone: Option<chrono_tz::Tz>,
    /// Of every home; files since 2021 name none.
    pub city: Option<String>,
    /// ISO 3166; files since 2021 name none.
    pub country: Option<String>,
    /// Draws progress bars.
    pub progress: bool,
}

/// What became of one file.
#[derive(Debug, Clone)]
pub struct FileSummary {
    /// Which.
    pub path: PathBuf,
    /// Rows read.
    pub rows: u64,
    /// How long it took, in seconds.
    pub seconds: f64,
}

/// What became of an import.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// File by file.
    pub files: Vec<FileSummary>,
    /// Rows that could not be used.
    pub rejected: u64,
    /// Notices of cancellations among the reviews, left out.
    pub notices: u64,
    /// Amenities that have no word here, with how many homes name them.
    pub unknown_amenities: BTreeMap<String, u64>,
}

/// How many kinds of unknown amenities are counted.
const UNKNOWN_AMENITIES: usize = 10_000;

impl Summary {
    fn count_unknown(&mut self, words: Vec<String>) {
        for word in words {
            if let Some(count) = self.unknown_amenities.get_mut(&word) {
                *count += 1;
            } else if self.unknown_amenities.len() < UNKNOWN_AMENITIES {
                self.unknown_amenities.insert(word, 1);
            }
        }
    }
}

struct Bar(ProgressBar);

impl Bar {
    fn new(rows: &Rows, options: &Options) -> anyhow::Result<Self> {
        let bar = if options.progress { ProgressBar::new(rows.size) } else { ProgressBar::hidden() };
        bar.set_style(ProgressStyle::with_template("{msg:28} {wide_bar} {percent:>3} % {eta}")?);
        bar.set_message(rows.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default());
        Ok(Self(bar))
    }

    fn show(&self, rows: &Rows) {
        self.0.set_position(rows.read.load(Ordering::Relaxed));
    }
}

/// Brings everything in. A second time changes what has changed and doubles
/// nothing.
///
/// # Errors
/// When a file cannot be opened, has no usable columns, or the database is out
/// of reach; what has been written until then stands.
pub async fn run(app: &App, files: &Files, options: &Options) -> anyhow::Result<Summary> {
    let mut summary = Summary::default();
    let mut rejects = Rejects::new(files.rejects.clone());
    let regions = files.neighbourhoods.as_deref().map(neighbourhoods::read).transpose()?.unwrap_or_default();
    let homes = load_listings(app, (&files.listings, &regions), options, &mut rejects, &mut summary).await?;
    if let Some(path) = &files.calendar {
        load_calendar(app, path, options, (&homes, &mut rejects), &mut summary).await?;
    }
    if let Some(path) = &files.reviews {
        load_reviews(app, path, options, (&homes, &mut rejects), &mut summary).await?;
    }
    summary.rejected = rejects.finish()?;
    Ok(summary)
}

fn done(summary: &mut Summary, path: &Path, rows: u64, started: Instant) {
    summary.files.push(FileSummary { path: path.to_owned(), rows, seconds: started.elapsed().as_secs_f64() });
}

/// A home that has come in, with what its calendar's days are compared to.
#[derive(Clone, Copy)]
struct Home {
    id: ListingId,
    nightly: Option<i64>,
    min_nights: Option<i32>,
}

impl Home {
    /// The days that are not as usual, with only what is not.
    fn unusual(&self, days: Vec<DayRule>) -> Vec<DayRule> {
        let differing = |day: DayRule| DayRule {
            price: day.price.filter(|_| day.price != self.nightly),
            min_nights: day.min_nights.filter(|_| day.min_nights != self.min_nights),
            ..day
        };
        days.into_iter().map(differing).filter(|day| day.price.is_some() || day.min_nights.is_some()).collect()
    }
}

type Homes = HashMap<i64, Home>;
/// Region by neighbourhood.
type Regions = HashMap<String, String>;

async fn load_listings(
    app: &App,
    (path, regions): (&Path, &Regions),
    options: &Options,
    rejects: &mut Rejects,
    summary: &mut Summary,
) -> anyhow::Result<Homes> {
    let started = Instant::now();
    let facts = listings::survey(path)?;
    let mut rows = Rows::open(path)?;
    for column in ["id", "host_id", "latitude", "longitude", "room_type"] {
        anyhow::ensure!(rows.has(column), "{} has no column {column}: is it a listings file?", path.display());
    }
    let bar = Bar::new(&rows, options)?;
    let (mut homes, mut batch, mut count, mut seen) = (Homes::new(), Vec::new(), 0, HashSet::new());
    loop {
        let mut end = false;
        match rows.next() {
            Next::End => end = true,
            Next::Bad(line, why) => {
                count += 1;
                rejects.add(path, line, "", &why)?;
            }
            Next::Row(row) => {
                count += 1;
                match listings::read(&row, facts, options) {
                    Ok(mut record) if seen.insert(record.home.listing.external_id) => {
                        summary.count_unknown(std::mem::take(&mut record.unknown_amenities));
                        let home = &mut record.home.listing;
                        if home.region.is_none() {
                            home.region = home.neighbourhood.as_ref().and_then(|name| regions.get(name)).cloned();
                        }
                        batch.push(record);
                    }
                    Ok(record) => {
                        rejects.add(path, row.line, &record.home.listing.external_id.to_string(), "the same id stands in an earlier row")?
                    }
                    Err(why) => rejects.add(path, row.line, row.get("id").unwrap_or_default(), &why)?,
                }
            }
        }
        if batch.len() >= HOMES || end {
            homes.extend(write_homes(app, std::mem::take(&mut batch)).await?);
            bar.show(&rows);
        }
        if end {
            done(summary, path, count, started);
            return Ok(homes);
        }
    }
}

async fn write_homes(app: &App, batch: Vec<listings::Record>) -> anyhow::Result<Homes> {
    let mut tx = app.begin().await?;
    let mut people: Vec<_> = batch.iter().map(|record| record.host.clone()).collect();
    people.sort_by_key(|person| person.external_id);
    people.dedup_by_key(|person| person.external_id);
    let hosts = app::accounts::import::upsert_in(&mut tx, SOURCE, &people).await?;
    let (mut wanted, mut ratings) = (Vec::with_capacity(batch.len()), Vec::new());
    for mut record in batch {
        if let Some(host) = hosts.get(&record.host.external_id) {
            record.home.listing.host = *host;
        }
        ratings.push(record.rating);
        wanted.push(record.home);
    }
    let ids = app::pricing::import_homes_in(&mut tx, SOURCE, &wanted).await?;
    let ratings: Vec<_> = ids.iter().zip(ratings).filter_map(|(id, rating)| Some((*id, rating?))).collect();
    app::reviews::import::set_ratings_in(&mut tx, &ratings).await?;
    tx.commit().await?;
    let home = |(id, home): (ListingId, ImportedHome)| {
        (home.listing.external_id, Home { id, nightly: home.prices.nightly, min_nights: home.min_nights })
    };
    Ok(ids.into_iter().zip(wanted).map(home).collect())
}

async fn load_calendar(
    app: &App,
    path: &Path,
    options: &Options,
    (homes, rejects): (&Homes, &mut Rejects),
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut rows = Rows::open(path)?;
    anyhow::ensure!(
        rows.has("listing_id") && rows.has("available"),
        "{} has no column listing_id or available: is it a calendar file?",
        path.display()
    );
    let bar = Bar::new(&rows, options)?;
    let (mut collector, mut batch, mut count) = (calendar::Collector::default(), Vec::new(), 0);
    loop {
        let mut end = false;
        match calendar::next(&mut rows, &mut collector, options.currency) {
            calendar::Step::End => end = true,
            calendar::Step::Bad(line, id, why) => {
                count += 1;
                rejects.add(path, line, &id, &why)?;
            }
            calendar::Step::Listing(days) => {
                count += days.rows;
                match homes.get(&days.external_id) {
                    Some(home) => batch.push(ImportedCalendar {
                        listing: home.id,
                        covered: days.covered,
                        taken: days.taken,
                        days: home.unusual(days.free),
                    }),
                    None => rejects.add(path, 0, &days.external_id.to_string(), "the listing is not in the listings file")?,
                }
            }
        }
        if batch.len() >= HOMES || end {
            app::calendar::import_calendars(app, &std::mem::take(&mut batch)).await?;
            bar.show(&rows);
        }
        if end {
            done(summary, path, count, started);
            return Ok(());
        }
    }
}

async fn load_reviews(
    app: &App,
    path: &Path,
    options: &Options,
    (homes, rejects): (&Homes, &mut Rejects),
    summary: &mut Summary,
) -> anyhow::Result<()> {
    let started = Instant::now();
    let mut rows = Rows::open(path)?;
    anyhow::ensure!(rows.has("comments"), "{} has no column comments: is it a reviews file (not the summary)?", path.display());
    let bar = Bar::new(&rows, options)?;
    let (mut batch, mut count): (Vec<ImportedReview>, u64) = (Vec::new(), 0);
    loop {
        let mut end = false;
        match rows.next() {
            Next::End => end = true,
            Next::Bad(line, why) => {
                count += 1;
                rejects.add(path, line, "", &why)?;
            }
            Next::Row(row) => {
                count += 1;
                let id = row.get("id").unwrap_or_default();
                match reviews::read(&row) {
                    Ok(None) => summary.notices += 1,
                    Ok(Some((listing, review))) => match homes.get(&listing) {
                        Some(home) => batch.push(ImportedReview { listing: home.id, ..review }),
                        None => rejects.add(path, row.line, id, "the listing is not in the listings file")?,
                    },
                    Err(why) => rejects.add(path, row.line, id, &why)?,
                }
            }
        }
        if batch.len() >= REVIEWS || end {
            app::reviews::import::write(app, SOURCE, &std::mem::take(&mut batch)).await?;
            bar.show(&rows);
        }
        if end {
            done(summary, path, count, started);
            return Ok(());
        }
    }
}
