//! Places from an operator's files.

use search_index::Area;

use super::{Kind, Outline, sql};
use crate::App;
use crate::error::{Error, Result};

/// A place to bring in.
#[derive(Debug, Clone, PartialEq)]
pub struct NewPlace {
    /// What its file calls it by; with the source it finds it again.
    pub external_id: String,
    /// What.
    pub kind: Kind,
    /// As it is usually called, 1–200 characters.
    pub name: String,
    /// In other languages.
    pub other_names: Vec<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
    /// Where it is.
    pub outline: Outline,
    /// Inhabitants, if known.
    pub population: i64,
}

/// What became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Imported {
    /// New or changed.
    pub written: u64,
    /// Without a name, an outline, or a country that is one.
    pub refused: u64,
}

/// Brings places in; known ones change, none doubles. Servers show them within
/// half a minute.
///
/// # Errors
/// When the database is out of reach; then nothing is written.
pub async fn import(app: &App, source: &str, places: &[NewPlace]) -> Result<Imported> {
    let mut done = Imported::default();
    let mut tx = app.begin().await?;
    for place in places {
        let named = (1..=200).contains(&place.name.trim().chars().count());
        let country = place.country.as_ref().is_none_or(|code| code.len() == 2 && code.bytes().all(|byte| byte.is_ascii_uppercase()));
        let area = place.outline.area().filter(|_| named && country && place.outline.is_sound());
        let Some(area @ Area::Box { .. }) = area else {
            done.refused += 1;
            continue;
        };
        if sql::put(&mut tx, source, place, area).await? {
            done.written += 1;
        }
    }
    tx.commit().await?;
    app.places.set_looked_at(None);
    if places.is_empty() { Err(Error::invalid("/features", "empty", "the file holds no places")) } else { Ok(done) }
}
