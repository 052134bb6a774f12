//! Places by the beginning of their names.

use app::places::{self, Proposal};
use async_graphql::{Context, Object, SimpleObject};

use super::error::Told;
use super::request::Asks;

/// A rectangle on the map, in degrees.
#[derive(SimpleObject)]
pub struct PlaceBox {
    /// Left edge; may lie east of `east`, across the date line.
    pub west: f64,
    /// Lower edge.
    pub south: f64,
    /// Right edge.
    pub east: f64,
    /// Upper edge.
    pub north: f64,
}

/// A place.
#[derive(SimpleObject)]
pub struct Place {
    /// For `place` in a search.
    pub id: String,
    /// country, city or neighbourhood.
    pub kind: &'static str,
    /// As it is usually called.
    pub name: String,
    /// With its country, for people.
    pub label: String,
    /// The name that fits what was typed, when it is not the usual one.
    pub matched: Option<String>,
    /// ISO 3166.
    pub country: Option<String>,
    /// Its middle, degrees north.
    pub latitude: f64,
    /// Its middle, degrees east.
    pub longitude: f64,
    /// Where it reaches.
    pub bbox: PlaceBox,
    /// Inhabitants, where known.
    pub population: Option<u32>,
}

impl From<Proposal> for Place {
    fn from(found: Proposal) -> Self {
        let place = found.place;
        let [west, south, east, north] = place.bbox();
        Self {
            kind: place.kind.as_str(),
            label: found.label,
            matched: found.matched,
            latitude: place.centre.latitude(),
            longitude: place.centre.longitude(),
            bbox: PlaceBox { west, south, east, north },
            country: Some(place.country).filter(|code| !code.is_empty()),
            population: Some(place.population).filter(|people| *people > 0),
            id: place.id,
            name: place.name,
        }
    }
}

/// How many of a short list: 1–20.
pub(super) fn few(first: i32) -> app::Result<usize> {
    let few = usize::try_from(first).ok().filter(|few| (1..=20).contains(few));
    few.ok_or_else(|| app::Error::invalid("/first", "range", format!("first must be between 1 and 20, is {first}")))
}

/// Reads places.
#[derive(Default)]
pub struct PlacesQuery;

#[Object]
impl PlacesQuery {
    /// Complete the name of a place, best first: countries, cities and imported
    /// neighbourhoods, in many languages; slips of the pen are forgiven from four
    /// letters on. The names come from GeoNames (geonames.org), CC BY 4.0.
    #[graphql(complexity = "10 + super::connection::size(Some(first)) * child_complexity")]
    async fn places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The beginning of a name in any language; a country may follow a comma.")] q: String,
        #[graphql(desc = "1–20.", default = 8)] first: i32,
    ) -> async_graphql::Result<Option<Vec<Place>>> {
        let found = places::complete(ctx.app(), &q, few(first).told()?).await.told()?;
        Ok(Some(found.into_iter().map(Place::from).collect()))
    }
}
