//! Places from a GeoJSON file (RFC 7946): polygons with a name.

use std::path::Path;

use anyhow::{Context, bail, ensure};
use app::places::{Kind, NewPlace, Outline};
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
struct Collection {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    #[serde(default)]
    id: Option<Value>,
    #[serde(default)]
    properties: Option<Map<String, Value>>,
    geometry: Option<Geometry>,
}

#[derive(Deserialize)]
struct Geometry {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    coordinates: Value,
}

/// Longitude, latitude, and perhaps a height.
type Position = Vec<f64>;

/// What the file does not say.
#[derive(Debug, Clone)]
pub struct Options {
    /// What its places are.
    pub kind: Kind,
    /// The property that holds the name; `name` and usual spellings of it when
    /// left out.
    pub name: Option<String>,
    /// ISO 3166-1 alpha-2 of all of them, where no property says.
    pub country: Option<String>,
}

const NAMES: [&str; 8] = ["name", "NAME", "Name", "neighbourhood", "neighborhood", "name_en", "NAME_EN", "label"];
const COUNTRIES: [&str; 5] = ["country", "country_code", "iso_a2", "ISO_A2", "ISO3166-1-Alpha-2"];
const POPULATIONS: [&str; 4] = ["population", "pop", "POP_EST", "pop_est"];

/// Reads places; features without a name or a polygon come back nameless or
/// without an outline, for the import to refuse and count.
///
/// # Errors
/// When the file cannot be read or is no feature collection.
pub fn read(path: &Path, options: &Options) -> anyhow::Result<Vec<NewPlace>> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&text, options).with_context(|| path.display().to_string())
}

fn parse(text: &[u8], options: &Options) -> anyhow::Result<Vec<NewPlace>> {
    let collection: Collection = serde_json::from_slice(text)?;
    ensure!(collection.kind == "FeatureCollection", "this is a {}, not a FeatureCollection", collection.kind);
    if collection.features.is_empty() {
        bail!("the collection is empty");
    }
    Ok(collection.features.into_iter().map(|feature| place(feature, options)).collect())
}

fn place(feature: Feature, options: &Options) -> NewPlace {
    let properties = feature.properties.unwrap_or_default();
    let text = |keys: &[&str]| keys.iter().find_map(|key| properties.get(*key)).and_then(Value::as_str).map(|text| text.trim().to_owned());
    let name = match &options.name {
        Some(key) => text(&[key.as_str()]),
        None => text(&NAMES),
    };
    let name = name.unwrap_or_default();
    let other_names = properties.iter().filter(|(key, _)| key.to_lowercase().starts_with("name_") || key.starts_with("name:"));
    let mut other_names: Vec<String> = other_names
        .filter_map(|(_, value)| value.as_str())
        .map(str::to_owned)
        .filter(|other| !other.is_empty() && *other != name)
        .collect();
    other_names.sort();
    other_names.dedup();
    let outline = feature.geometry.map_or_else(Outline::default, outline);
    let external_id = feature.id.map_or_else(|| name.clone(), |id| id.as_str().map_or_else(|| id.to_string(), str::to_owned));
    NewPlace {
        external_id,
        kind: options.kind,
        name,
        other_names,
        country: text(&COUNTRIES).map(|code| code.to_uppercase()).filter(|code| code.len() == 2).or_else(|| options.country.clone()),
        outline,
        population: POPULATIONS.iter().find_map(|key| properties.get(*key)).and_then(Value::as_i64).unwrap_or(0).max(0),
    }
}

/// None of its polygons when it is a point or a line.
fn outline(geometry: Geometry) -> Outline {
    match geometry.kind.as_str() {
        "Polygon" => {
            serde_json::from_value(geometry.coordinates).map_or_else(|_| Outline::default(), |rings: Vec<_>| Outline(vec![polygon(&rings)]))
        }
        "MultiPolygon" => {
            let polygons: Vec<Vec<Vec<Position>>> = serde_json::from_value(geometry.coordinates).unwrap_or_default();
            Outline(polygons.iter().map(|rings| polygon(rings)).collect())
        }
        _ => Outline::default(),
    }
}

fn polygon(rings: &[Vec<Position>]) -> Vec<Vec<(i32, i32)>> {
    #[expect(clippy::cast_possible_truncation, reason = "saturates, and what is off the globe is refused")]
    let e7 = |degrees: f64| (degrees * 1e7).round() as i32;
    let vertex = |position: &Position| Some((e7(*position.first()?), e7(*position.get(1)?)));
    rings.iter().map(|ring| ring.iter().filter_map(vertex).collect()).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn polygons_with_names_are_read() {
        let text = br#"{"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"neighbourhood": "Alfama", "name_de": "Alfama-Viertel"}, "geometry": {"type": "Polygon", "coordinates": [[[-9.13, 38.71], [-9.12, 38.71], [-9.12, 38.72], [-9.13, 38.71]]]}},
            {"type": "Feature", "id": 7, "properties": {"name": "Isles", "iso_a2": "pt"}, "geometry": {"type": "MultiPolygon", "coordinates": [[[[0, 0, 5], [1, 0, 5], [1, 1, 5]]], [[[2, 2], [3, 2], [3, 3]]]]}},
            {"type": "Feature", "properties": null, "geometry": {"type": "Point", "coordinates": [1, 2]}}]}"#;
        let options = Options { kind: Kind::Neighbourhood, name: None, country: None };
        let places = parse(text, &options).unwrap();
        assert_eq!((places[0].name.as_str(), places[0].external_id.as_str()), ("Alfama", "Alfama"));
        assert_eq!(places[0].other_names, ["Alfama-Viertel"]);
        assert_eq!(places[0].outline.0[0][0][0], (-91_300_000, 387_100_000));
        assert_eq!((places[1].external_id.as_str(), places[1].country.as_deref(), places[1].outline.0.len()), ("7", Some("PT"), 2));
        assert!(places[2].name.is_empty() && !places[2].outline.is_sound());
        assert!(parse(br#"{"type": "Feature"}"#, &options).is_err());
        assert!(parse(b"{", &options).is_err());
    }
}
