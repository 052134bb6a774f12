//! The neighbourhoods file: which part of the city belongs to which region.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use anyhow::Context;
use flate2::read::MultiGzDecoder;
use serde::Deserialize;

#[derive(Deserialize)]
struct Collection {
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
}

#[derive(Deserialize)]
struct Properties {
    neighbourhood: Option<String>,
    neighbourhood_group: Option<String>,
}

/// Region by neighbourhood, from GeoJSON, plain or gzip. Features without a
/// geometry or a group, and names that come twice, do no harm.
///
/// # Errors
/// When the file cannot be opened or is no GeoJSON.
pub(super) fn read(path: &Path) -> anyhow::Result<HashMap<String, String>> {
    let mut bytes = Vec::new();
    File::open(path).and_then(|mut file| file.read_to_end(&mut bytes)).with_context(|| path.display().to_string())?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut plain = Vec::new();
        MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut plain).with_context(|| path.display().to_string())?;
        bytes = plain;
    }
    let collection: Collection = serde_json::from_slice(&bytes).with_context(|| format!("{} is no GeoJSON", path.display()))?;
    let pair = |feature: Feature| Some((feature.properties.neighbourhood?, feature.properties.neighbourhood_group?));
    Ok(collection.features.into_iter().filter_map(pair).collect())
}
