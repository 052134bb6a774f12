//! Search over REST.

use app::App;
use app::search::{self, Area, Dates, Filters, Month, SearchQuery, Sort};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::fields::FieldError;
use domain::guests::Guests;
use domain::ids::{ListingId, UserId};
use domain::listings::Point;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::display;
use crate::rest::page::page_request;
use crate::rest::search_view::{HitView, SearchView};

/// What to look for. Several values of a word are separated by commas.
#[derive(Debug, Clone, Default, Serialize, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SearchParams {
    /// `west,south,east,north` in degrees; west may lie east of east, across the date line.
    pub bbox: Option<String>,
    /// `latitude,longitude`; with `radius_km`.
    pub near: Option<String>,
    /// 10 when absent, at most 500.
    pub radius_km: Option<f64>,
    /// City, region or neighbourhood by name.
    pub place: Option<String>,
    /// With `check_out`: only homes that can be booked for exactly these nights.
    pub check_in: Option<NaiveDate>,
    /// Day of departure.
    pub check_out: Option<NaiveDate>,
    /// With dates: as many nights, arriving up to so many days earlier or later, at most 14.
    pub plus_minus_days: Option<u8>,
    /// Instead of dates, with `month`: `weekend` (Friday to Sunday), `week` (seven nights) or `month` (28 nights) within it.
    pub flexible: Option<String>,
    /// `2027-03`; with `flexible`.
    pub month: Option<String>,
    /// 1 when absent.
    pub adults: Option<i32>,
    /// 2–12 years.
    pub children: Option<i32>,
    /// Under 2 years.
    pub infants: Option<i32>,
    /// Animals.
    pub pets: Option<i32>,
    /// Minor units: of the whole stay with dates, of a night without.
    pub price_min: Option<i64>,
    /// Likewise.
    pub price_max: Option<i64>,
    /// Of the price bounds.
    pub currency: Option<String>,
    /// `entire_place,private_room,shared_room`.
    pub room_type: Option<String>,
    /// `apartment,house,…`.
    pub property_type: Option<String>,
    /// At least so many.
    pub bedrooms_min: Option<i32>,
    /// At least so many.
    pub beds_min: Option<i32>,
    /// At least so many, in halves.
    pub bathrooms_min: Option<f64>,
    /// `wifi,kitchen,…`: all of them.
    pub amenities: Option<String>,
    /// Paid is booked.
    pub instant_book: Option<bool>,
    /// Free to call off until close to arrival.
    pub free_cancellation: Option<bool>,
    /// Mean stars, 1–5.
    pub rating_min: Option<f64>,
    /// Of one host.
    pub host_id: Option<Uuid>,
    /// Words in title, place or description.
    pub q: Option<String>,
    /// `relevance` (default), `price_asc`, `price_desc`, `rating`, `distance`, `newest`.
    pub sort: Option<String>,
    /// Count what each further filter would leave, with a histogram of prices.
    pub facets: Option<bool>,
    /// Group all homes that fit for a map.
    pub clusters: Option<bool>,
    /// Zoom of the map, 0–22; fits the area when absent.
    pub zoom: Option<u8>,
    /// Say of each home where its place in the order comes from.
    pub explain: Option<bool>,
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
    /// ISO 4217: adds `display` with converted prices.
    pub display_currency: Option<String>,
}

impl SearchParams {
    /// Names another area.
    pub(crate) fn put_area(&mut self, area: Option<&Area>) {
        match area {
            Some(Area::Box { west, south, east, north }) => {
                let edges = [west, south, east, north].map(|edge| (f64::from(*edge) / 1e7).to_string());
                self.bbox = Some(edges.join(","));
            }
            #[expect(clippy::cast_precision_loss, reason = "a radius of some kilometres")]
            Some(Area::Circle { decimetres, .. }) => self.radius_km = Some((*decimetres as f64 / 1e4).min(500.0)),
            None => {}
        }
    }
}

struct Reader(Vec<FieldError>);

impl Reader {
    fn wrong(&mut self, pointer: &str, message: impl Into<String>) {
        self.0.push(FieldError { pointer: pointer.to_owned(), code: "format", message: message.into() });
    }

    fn degrees<const N: usize>(&mut self, text: &str, pointer: &str) -> Option<[f64; N]> {
        let numbers: Vec<f64> = text.split(',').filter_map(|part| part.trim().parse().ok()).filter(|n: &f64| n.is_finite()).collect();
        let found = <[f64; N]>::try_from(numbers).ok().filter(|_| text.split(',').count() == N);
        if found.is_none() {
            self.wrong(pointer, format!("{text:?} must be {N} numbers separated by commas"));
        }
        found
    }

    fn point(&mut self, latitude: f64, longitude: f64, pointer: &str) -> Option<Point> {
        let point = Point::from_degrees(latitude, longitude);
        if point.is_none() {
            self.wrong(pointer, "latitude is -90 to 90 and longitude -180 to 180 degrees");
        }
        point
    }

    fn area(&mut self, params: &SearchParams) -> Option<Area> {
        if let Some(text) = &params.bbox {
            let [west, south, east, north] = self.degrees(text, "/bbox")?;
            let (low, high) = (self.point(south, west, "/bbox")?, self.point(north, east, "/bbox")?);
            if south > north {
                self.wrong("/bbox", "south must not lie north of north");
            }
            return Some(Area::Box { west: low.longitude_e7, south: low.latitude_e7, east: high.longitude_e7, north: high.latitude_e7 });
        }
        let [latitude, longitude] = self.degrees(params.near.as_ref()?, "/near")?;
        let centre = self.point(latitude, longitude, "/near")?;
        let km = params.radius_km.unwrap_or(10.0);
        if !(0.01..=500.0).contains(&km) {
            self.wrong("/radius_km", format!("a radius is 0.01 to 500 km, not {km}"));
        }
        Some(Area::circle(centre, km * 1000.0))
    }

    fn words<T: std::str::FromStr<Err = String>>(&mut self, text: Option<&String>, pointer: &str) -> Vec<T> {
        let parts = text.map(|text| text.split(',').map(str::trim).filter(|part| !part.is_empty()).collect::<Vec<_>>()).unwrap_or_default();
        parts
            .into_iter()
            .filter_map(|part| part.parse().map_err(|why: String| self.wrong(pointer, format!("{part:?}: {why}"))).ok())
            .collect()
    }

    fn scaled(&mut self, number: Option<f64>, by: f64, most: f64, pointer: &str) -> Option<i32> {
        let number = number?;
        if !(0.0..=most).contains(&number) {
            self.wrong(pointer, format!("must be 0 to {most}, is {number}"));
            return None;
        }
        #[expect(clippy::cast_possible_truncation, reason = "within a few hundred by the check above")]
        Some((number * by).ceil() as i32)
    }

    fn sort(&mut self, text: Option<&str>) -> Sort {
        match text {
            None | Some("relevance") => Sort::Relevance,
            Some("price_asc") => Sort::PriceAsc,
            Some("price_desc") => Sort::PriceDesc,
            Some("rating") => Sort::Rating,
            Some("distance") => Sort::Distance,
            Some("newest") => Sort::Newest,
            Some(other) => {
                self.wrong("/sort", format!("{other:?} is none of relevance, price_asc, price_desc, rating, distance, newest"));
                Sort::Relevance
            }
        }
    }
}

impl Reader {
    fn dates(&mut self, params: &SearchParams) -> Result<Option<Dates>, ApiError> {
        let stay = match (params.check_in, params.check_out) {
            (Some(check_in), Some(check_out)) => Some(super::bookings::stay(check_in, check_out)?),
            (None, None) => None,
            _ => {
                self.wrong("/check_out", "give both check_in and check_out");
                None
            }
        };
        let Some(wish) = &params.flexible else {
            if params.month.is_some() {
                self.wrong("/flexible", "month needs flexible=weekend, week or month");
            }
            return Ok(stay.map(|stay| match params.plus_minus_days {
                Some(days @ 1..) => Dates::Around { stay, days },
                _ => Dates::Exact(stay),
            }));
        };
        if stay.is_some() || params.plus_minus_days.is_some() {
            self.wrong("/flexible", "give either dates or flexible and month");
        }
        let month = params.month.as_deref().and_then(|text| text.split_once('-'));
        let month = month.filter(|(year, month)| year.len() == 4 && month.len() == 2);
        let month = month.and_then(|(year, month)| Month::new(year.parse().ok()?, month.parse().ok()?));
        let Some(month) = month else {
            self.wrong("/month", "a month is written like 2027-03");
            return Ok(None);
        };
        match wish.as_str() {
            "weekend" => Ok(Some(Dates::Weekend(month))),
            "week" => Ok(Some(Dates::Week(month))),
            "month" => Ok(Some(Dates::FourWeeks(month))),
            other => {
                self.wrong("/flexible", format!("{other:?} is none of weekend, week, month"));
                Ok(None)
            }
        }
    }
}

/// The zoom at which an area is some 16 cells wide.
fn fitting_zoom(area: Option<&Area>) -> u8 {
    let degrees = match area {
        None => 360.0,
        Some(Area::Box { west, east, .. }) => (f64::from(*east) - f64::from(*west)).rem_euclid(3.6e9) / 1e7,
        #[expect(clippy::cast_precision_loss, reason = "a guess will do")]
        Some(Area::Circle { decimetres, .. }) => *decimetres as f64 / 555_000.0,
    };
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "0 to 22 by the clamp")]
    let zoom = (4.0 * 360.0 / degrees.max(1e-6)).log2().clamp(0.0, 22.0) as u8;
    zoom
}

/// Reads a search from its parameters.
///
/// # Errors
/// 422 with every mistake, 400 for a cursor that is not ours.
pub fn read(params: &SearchParams) -> Result<SearchQuery, ApiError> {
    let mut reader = Reader(Vec::new());
    let dates = reader.dates(params)?;
    if params.bbox.is_some() && params.near.is_some() {
        reader.wrong("/near", "give either bbox or near");
    }
    let some = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let filters = Filters {
        area: reader.area(params),
        place: some(&params.place),
        dates,
        guests: Guests {
            adults: params.adults.unwrap_or(1),
            children: params.children.unwrap_or(0),
            infants: params.infants.unwrap_or(0),
            pets: params.pets.unwrap_or(0),
        },
        price_min: params.price_min,
        price_max: params.price_max,
        currency: reader.words(params.currency.as_ref(), "/currency").pop(),
        room_types: reader.words(params.room_type.as_ref(), "/room_type"),
        property_types: reader.words(params.property_type.as_ref(), "/property_type"),
        bedrooms_min: params.bedrooms_min,
        beds_min: params.beds_min,
        bathrooms_halves_min: reader.scaled(params.bathrooms_min, 2.0, 50.0, "/bathrooms_min"),
        amenities: params
            .amenities
            .as_ref()
            .map(|text| text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
            .unwrap_or_default(),
        instant_book: params.instant_book.unwrap_or(false),
        free_cancellation: params.free_cancellation.unwrap_or(false),
        rating_min: reader.scaled(params.rating_min, 100.0, 5.0, "/rating_min"),
        host: params.host_id.map(UserId),
        words: some(&params.q),
    };
    let sort = reader.sort(params.sort.as_deref());
    if !reader.0.is_empty() {
        return Err(ApiError::App(app::Error::Invalid(reader.0)));
    }
    let zoom = params.zoom.unwrap_or_else(|| fitting_zoom(filters.area.as_ref()));
    Ok(SearchQuery {
        clusters: params.clusters.unwrap_or(false).then_some(zoom),
        facets: params.facets.unwrap_or(false),
        explain: params.explain.unwrap_or(false),
        page: page_request(params.limit, params.cursor.as_deref())?,
        filters,
        sort,
    })
}

/// Reads a query string as `GET /listings` does.
pub(crate) fn read_query(text: &str) -> Result<SearchQuery, ApiError> {
    let uri = axum::http::Uri::builder().path_and_query(format!("/?{text}")).build();
    let uri = uri.map_err(|_| ApiError::App(app::Error::invalid("/query", "format", "this is not a query string, e.g. place=Lisbon")))?;
    read(&Query::from_uri(&uri)?.0)
}

/// Find homes.
///
/// With dates only such as can be booked for these nights by these guests, with
/// the price of the whole stay. When nothing is found, `widenings` say which
/// wish stands in the way and how many homes there are without it.
#[utoipa::path(get, path = "/listings", tag = "search", params(SearchParams), responses((status = 200, body = SearchView), (status = 422, body = Problem)))]
pub async fn search_listings(State(app): State<App>, RawQuery(raw): RawQuery, Query(params): Query<SearchParams>) -> ApiResult<Response> {
    let query = read(&params)?;
    let shown_in = display::wanted(params.display_currency.as_deref())?;
    let load = async {
        let page = search::search(&app, &query).await?;
        let shown_in = match shown_in {
            Some(currency) => Some((app::pricing::rates::rate_table(&app).await?, currency)),
            None => None,
        };
        Ok(serde_json::to_vec(&SearchView::new(&app, page, &params, shown_in.as_ref())?)?)
    };
    let bytes = if search::from_memory(&app) {
        load.await?
    } else {
        app::cached::search(&app, raw.as_deref().unwrap_or_default(), load).await?.to_vec()
    };
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes).into_response())
}

/// For whom and when.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct SimilarParams {
    /// With `check_out`: only homes that can be booked for exactly these nights.
    pub check_in: Option<NaiveDate>,
    /// Day of departure.
    pub check_out: Option<NaiveDate>,
    /// 1 when absent.
    pub adults: Option<i32>,
    /// 2–12 years.
    pub children: Option<i32>,
    /// 1–20, 6 when absent.
    pub limit: Option<u16>,
}

/// Homes that resemble one another.
#[derive(Debug, Serialize, ToSchema)]
pub struct SimilarView {
    /// Best first; `why` says what they have in common, out of 1000 points.
    pub data: Vec<HitView>,
}

/// Homes like this one.
///
/// Within 25 km; with dates only such as can be booked for them.
#[utoipa::path(get, path = "/listings/{id}/similar", tag = "search", params(("id" = Uuid, Path), SimilarParams),
    responses((status = 200, body = SimilarView), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn similar_listings(
    State(app): State<App>,
    Path(id): Path<Uuid>,
    Query(params): Query<SimilarParams>,
) -> ApiResult<Json<SimilarView>> {
    let wish = SearchParams {
        check_in: params.check_in,
        check_out: params.check_out,
        adults: params.adults,
        children: params.children,
        ..SearchParams::default()
    };
    let limit = params.limit.unwrap_or(6);
    if !(1..=20).contains(&limit) {
        return Err(app::Error::invalid("/limit", "range", format!("limit must be between 1 and 20, is {limit}")).into());
    }
    let found = search::similar(&app, ListingId(id), read(&wish)?.filters, limit.into()).await?;
    Ok(Json(SimilarView { data: found.into_iter().map(|hit| HitView::new(&app, hit)).collect() }))
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_listings)).routes(routes!(similar_listings))
}
