//! Places over REST.

use app::App;
use app::places::{self, Proposal};
use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::error::{ApiResult, Problem};
use crate::extract::{Json, Query};

/// Whom the names of places come from.
pub(crate) const ATTRIBUTION: &str = "GeoNames (geonames.org), CC BY 4.0";

/// What has been typed so far.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PlacesQuery {
    /// The beginning of a name in any language; a country may follow a comma.
    pub q: String,
    /// 1–20, 8 when absent.
    pub limit: Option<u16>,
}

/// A place.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlaceView {
    /// For `place=` in a search.
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
    /// Degrees east.
    pub longitude: f64,
    /// West, south, east, north; west may lie east of east, across the date line.
    pub bbox: [f64; 4],
    /// Inhabitants, where known.
    pub population: Option<u32>,
}

impl From<Proposal> for PlaceView {
    fn from(found: Proposal) -> Self {
        let place = found.place;
        Self {
            kind: place.kind.as_str(),
            label: found.label,
            matched: found.matched,
            latitude: place.centre.latitude(),
            longitude: place.centre.longitude(),
            bbox: place.bbox(),
            country: Some(place.country).filter(|code| !code.is_empty()),
            population: Some(place.population).filter(|people| *people > 0),
            id: place.id,
            name: place.name,
        }
    }
}

/// Places that fit.
#[derive(Debug, Serialize, ToSchema)]
pub struct PlacesView {
    /// Best first.
    pub data: Vec<PlaceView>,
    /// Whom the names come from.
    pub attribution: &'static str,
}

/// Complete the name of a place.
///
/// Countries, cities and imported neighbourhoods, in many languages; slips of
/// the pen are forgiven from four letters on.
#[utoipa::path(get, path = "/places", tag = "search", params(PlacesQuery), responses((status = 200, body = PlacesView), (status = 422, body = Problem)))]
pub async fn complete_place(State(app): State<App>, Query(query): Query<PlacesQuery>) -> ApiResult<Json<PlacesView>> {
    let limit = query.limit.unwrap_or(8);
    if !(1..=20).contains(&limit) {
        return Err(app::Error::invalid("/limit", "range", format!("limit must be between 1 and 20, is {limit}")).into());
    }
    let found = places::complete(&app, &query.q, limit.into()).await?;
    Ok(Json(PlacesView { data: found.into_iter().map(PlaceView::from).collect(), attribution: ATTRIBUTION }))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(complete_place))
}
