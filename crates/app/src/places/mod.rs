//! Places: what guests type where they want to go. GeoNames' cities and the
//! countries are part of the program; parts of cities come from GeoJSON that an
//! operator imports. Kept in memory, so that completing costs no round trip.

mod import;
mod outline;
mod sql;

pub use gazetteer::{Completion, Gazetteer, Kind, Place};
pub use import::{Imported, NewPlace, import};
pub use outline::Outline;

use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::ArcSwapOption;
use chrono::{DateTime, Utc};
use domain::listings::Point;
use search_index::Area;
use tokio::sync::Mutex;

use crate::App;
use crate::error::{Error, Result};

/// How old a look at the imported places may be.
const FRESH: Duration = Duration::from_secs(30);
/// A name in the gazetteer means the place on the map from so many inhabitants
/// on; below, the homes that are said to be there come first.
const WELL_KNOWN: u32 = 100_000;

/// Places in this process's memory.
#[derive(Default)]
pub struct Places {
    imported: ArcSwapOption<Imports>,
    /// The imports, and all places by name with them.
    gazetteer: ArcSwapOption<(Arc<Imports>, Gazetteer)>,
    looked_at: std::sync::Mutex<Option<Instant>>,
    loading: Mutex<()>,
}

/// What an operator has brought in.
struct Imports {
    places: Vec<Place>,
    outlines: Vec<(String, Outline)>,
    /// When the last was written, and how many there are.
    state: (Option<DateTime<Utc>>, i64),
}

impl std::fmt::Debug for Places {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Places")
    }
}

impl Places {
    fn is_fresh(&self) -> bool {
        let looked_at = self.looked_at.lock().unwrap_or_else(PoisonError::into_inner);
        looked_at.is_some_and(|at| at.elapsed() < FRESH)
    }

    fn set_looked_at(&self, at: Option<Instant>) {
        *self.looked_at.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }
}

/// The imported places, at most half a minute old.
async fn imports(app: &App) -> Result<Arc<Imports>> {
    let places = &app.places;
    if let Some(known) = places.imported.load_full().filter(|_| places.is_fresh()) {
        return Ok(known);
    }
    let state = sql::state(&app.db).await?;
    let known = match places.imported.load_full().filter(|known| known.state == state) {
        Some(known) => known,
        None => {
            let (further, outlines) = sql::all(&app.db).await?.into_iter().unzip();
            let read = Arc::new(Imports { places: further, outlines, state });
            places.imported.store(Some(read.clone()));
            read
        }
    };
    places.set_looked_at(Some(Instant::now()));
    Ok(known)
}

/// All places by name.
async fn loaded(app: &App) -> Result<Arc<(Arc<Imports>, Gazetteer)>> {
    let places = &app.places;
    let imports = imports(app).await?;
    let current = |loaded: &Arc<(Arc<Imports>, Gazetteer)>| Arc::ptr_eq(&loaded.0, &imports);
    let known = places.gazetteer.load_full();
    if let Some(known) = known.clone().filter(current) {
        return Ok(known);
    }
    // One builds; who has an older one goes on with that.
    let _loading = match (places.loading.try_lock(), known) {
        (Err(_), Some(old)) => return Ok(old),
        (Err(_), None) => places.loading.lock().await,
        (Ok(guard), _) => guard,
    };
    if let Some(known) = places.gazetteer.load_full().filter(current) {
        return Ok(known);
    }
    let further = imports.places.clone();
    let gazetteer = tokio::task::spawn_blocking(move || gazetteer::built_in(further)).await.map_err(anyhow::Error::from)?;
    let loaded = Arc::new((imports, gazetteer.map_err(anyhow::Error::from)?));
    places.gazetteer.store(Some(loaded.clone()));
    Ok(loaded)
}

/// Loads the places, so that the first guest who types need not wait.
///
/// # Errors
/// When the database is out of reach.
pub async fn warm_up(app: &App) -> Result<()> {
    loaded(app).await.map(drop)
}

/// A proposal.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// The place.
    pub place: Place,
    /// The name that fits what was typed, when it is not the usual one.
    pub matched: Option<String>,
    /// With its country, for people.
    pub label: String,
}

/// Places that fit what has been typed so far, best first.
///
/// # Errors
/// 422 for more than 100 characters.
pub async fn complete(app: &App, typed: &str, most: usize) -> Result<Vec<Proposal>> {
    crate::error::check(|check| check.text(typed, "/q", 0..=100))?;
    let loaded = loaded(app).await?;
    let found = loaded.1.complete(typed, most);
    Ok(found
        .into_iter()
        .map(|hit| Proposal { matched: hit.matched.map(str::to_owned), label: label(&loaded.1, hit.place), place: hit.place.clone() })
        .collect())
}

fn label(gazetteer: &Gazetteer, place: &Place) -> String {
    let country = gazetteer.by_id(&format!("country:{}", place.country)).filter(|country| country.id != place.id);
    country.map_or_else(|| place.name.clone(), |country| format!("{}, {}", place.name, country.name))
}

/// What `place=` asks of homes.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    /// Where, if the place is on the map.
    pub area: Option<Area>,
    /// What homes must say of their city, region, neighbourhood or country, if
    /// that decides.
    pub name: Option<String>,
}

/// What a place's id or name means for a search: a country, a well-known city or
/// an imported place is looked for on the map; any other name is what homes
/// themselves say.
///
/// # Errors
/// 422 for an id that no place has.
pub async fn meaning(app: &App, text: &str) -> Result<Meaning> {
    let loaded = loaded(app).await?;
    let by_name = || Meaning { area: None, name: Some(text.to_owned()) };
    let place = if ["country:", "geonames:", "place:"].iter().any(|prefix| text.starts_with(prefix)) {
        Some(loaded.1.by_id(text).ok_or_else(|| Error::invalid("/place", "unknown_place", format!("there is no place {text:?}")))?)
    } else {
        let known = |place: &&Place| place.kind != Kind::City || place.population >= WELL_KNOWN;
        loaded.1.named(text).filter(known)
    };
    Ok(place.map_or_else(by_name, means))
}

/// Where the gazetteer thinks a name is, however small: for names that no home
/// bears.
///
/// # Errors
/// When the database is out of reach.
pub async fn guess(app: &App, text: &str) -> Result<Option<Meaning>> {
    let loaded = loaded(app).await?;
    let place = loaded.1.named(text).or_else(|| loaded.1.complete(text, 1).first().map(|hit| hit.place));
    Ok(place.map(means))
}

fn means(place: &Place) -> Meaning {
    match place.kind {
        Kind::Country => Meaning { area: None, name: Some(place.country.clone()) },
        Kind::City => Meaning { area: Some(place.area), name: None },
        Kind::Neighbourhood => Meaning { area: Some(blurred(place.area)), name: Some(place.name.clone()) },
    }
}

/// An area in which every public point lies that belongs to an exact one in
/// `area`: 600 m wider.
fn blurred(area: Area) -> Area {
    let Area::Box { west, south, east, north } = area else { return area };
    let up = 54_000;
    let shrink = (f64::from(north.abs().max(south.abs())) / 1e7).min(89.0).to_radians().cos();
    #[expect(clippy::cast_possible_truncation, reason = "at most 60 times as much")]
    let aside = (f64::from(up) / shrink).ceil() as i32;
    let longitude = |x: i64| i32::try_from((x + 1_800_000_000).rem_euclid(3_600_000_000) - 1_800_000_000).unwrap_or(0);
    Area::Box {
        west: longitude(i64::from(west) - i64::from(aside)),
        south: (south - up).max(-900_000_000),
        east: longitude(i64::from(east) + i64::from(aside)),
        north: (north + up).min(900_000_000),
    }
}

/// The imported neighbourhood that a point lies in, the smallest if several.
pub(crate) async fn neighbourhood_at(app: &App, point: Point) -> Result<Option<String>> {
    let imports = imports(app).await?;
    let inside = imports.outlines.iter().filter(|(_, outline)| outline.holds(point));
    Ok(inside.min_by_key(|(_, outline)| outline.size()).map(|(name, _)| name.clone()))
}
