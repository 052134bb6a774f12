//! Places by the beginning of their names.

use app::places::{self, Proposal};
use async_graphql::{Context, Description, Object, SimpleObject};

use super::error::Told;
use super::request::Asks;

/// A place.
#[derive(Description)]
pub struct Place(Proposal);

/// Where a place ends, in degrees.
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

#[Object(use_type_description)]
impl Place {
    /// For `place` in a search.
    async fn id(&self) -> &str {
        &self.0.place.id
    }
    /// country, city or neighbourhood.
    async fn kind(&self) -> &'static str {
        self.0.place.kind.as_str()
    }
    /// As it is usually called.
    async fn name(&self) -> &str {
        &self.0.place.name
    }
    /// With its country, for people.
    async fn label(&self) -> &str {
        &self.0.label
    }
    /// The name that fits what was typed, when it is not the usual one.
    async fn matched(&self) -> Option<&str> {
        self.0.matched.as_deref()
    }
    /// ISO 3166.
    async fn country(&self) -> Option<&str> {
        Some(self.0.place.country.as_str()).filter(|code| !code.is_empty())
    }
    /// Its middle, degrees north.
    async fn latitude(&self) -> f64 {
        self.0.place.centre.latitude()
    }
    /// Degrees east.
    async fn longitude(&self) -> f64 {
        self.0.place.centre.longitude()
    }
    /// Where it ends.
    async fn bbox(&self) -> PlaceBox {
        let [west, south, east, north] = self.0.place.bbox();
        PlaceBox { west, south, east, north }
    }
    /// Inhabitants, where known.
    async fn population(&self) -> Option<u32> {
        Some(self.0.place.population).filter(|people| *people > 0)
    }
}

/// Places that fit.
#[derive(SimpleObject)]
pub struct Places {
    /// Best first.
    pub data: Vec<Place>,
    /// Whom the names come from.
    pub attribution: &'static str,
}

/// Reads places.
#[derive(Default)]
pub struct PlacesQuery;

#[Object]
impl PlacesQuery {
    /// Complete the name of a place: countries, cities and imported
    /// neighbourhoods, in many languages; slips of the pen are forgiven from
    /// four letters on.
    #[graphql(complexity = "10 + 8 * child_complexity")]
    async fn places(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The beginning of a name in any language; a country may follow a comma.")] q: String,
        #[graphql(desc = "1–20.", default = 8)] first: i32,
    ) -> async_graphql::Result<Option<Places>> {
        let done = async {
            let limit = usize::try_from(first).ok().filter(|first| (1..=20).contains(first));
            let limit =
                limit.ok_or_else(|| app::Error::invalid("/first", "range", format!("first must be between 1 and 20, is {first}")))?;
            places::complete(ctx.app(), &q, limit).await
        };
        Ok(Some(Places { data: done.await.told()?.into_iter().map(Place).collect(), attribution: crate::rest::places::ATTRIBUTION }))
    }
}
