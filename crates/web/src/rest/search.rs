//! Search over REST.

use app::App;
use app::search::{self, Area, Filters, Hit, SearchQuery, Sort};
use axum::extract::{RawQuery, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use chrono::NaiveDate;
use domain::fields::FieldError;
use domain::guests::Guests;
use domain::ids::UserId;
use domain::listings::Point;
use domain::money::Currency;
use domain::rates::RateTable;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::Query;
use crate::rest::display::{self, PriceDisplay};
use crate::rest::money::MoneyView;
use crate::rest::page::page_request;

/// What to look for. Several values of a word are separated by commas.
#[derive(Debug, Default, Deserialize, IntoParams)]
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
    /// 1–100, 20 when absent.
    pub limit: Option<u16>,
    /// From an earlier page's `next_cursor`.
    pub cursor: Option<String>,
    /// ISO 4217: adds `display` with converted prices.
    pub display_currency: Option<String>,
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
        Some(Area::Circle { centre, metres: km * 1000.0 })
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

fn read(params: &SearchParams) -> Result<SearchQuery, ApiError> {
    let mut reader = Reader(Vec::new());
    let stay = match (params.check_in, params.check_out) {
        (Some(check_in), Some(check_out)) => Some(super::bookings::stay(check_in, check_out)?),
        (None, None) => None,
        _ => {
            reader.wrong("/check_out", "give both check_in and check_out");
            None
        }
    };
    if params.bbox.is_some() && params.near.is_some() {
        reader.wrong("/near", "give either bbox or near");
    }
    let some = |text: &Option<String>| text.as_ref().map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    let filters = Filters {
        area: reader.area(params),
        place: some(&params.place),
        stay,
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
    Ok(SearchQuery { filters, sort, page: page_request(params.limit, params.cursor.as_deref())? })
}

/// Where a home is, fuzzed.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitLocation {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// City.
    pub city: String,
    /// Region.
    pub region: String,
    /// ISO 3166.
    pub country: Option<String>,
}

/// The cover.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitPhoto {
    /// 640 pixels wide.
    pub url: String,
    /// A blur, base64.
    pub thumbhash: Option<String>,
}

/// Mean stars and of how many.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitRating {
    /// Of how many.
    pub count: i32,
    /// 1.00–5.00.
    pub overall: f64,
}

/// What it costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitPrice {
    /// A night from.
    pub nightly: MoneyView,
    /// The whole stay, every fee and tax included; with dates only.
    pub total: Option<MoneyView>,
    /// The same in `display_currency`; absent when it is the listing's own or no rate is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub display: Option<PriceDisplay>,
}

/// A home that was found.
#[derive(Debug, Serialize, ToSchema)]
pub struct HitView {
    /// Which.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// How much of the home.
    pub room_type: String,
    /// What kind of building.
    pub property_type: String,
    /// Where.
    pub location: HitLocation,
    /// The cover.
    pub photo: Option<HitPhoto>,
    /// Null until somebody has rated it.
    pub rating: Option<HitRating>,
    /// Paid is booked.
    pub instant_book: bool,
    /// What it costs.
    pub price: HitPrice,
}

impl HitView {
    fn new(app: &App, hit: Hit, shown_in: Option<&(RateTable, Currency)>) -> app::Result<Self> {
        let thumbhash = hit.thumbhash;
        let display = shown_in.map(|(table, currency)| PriceDisplay::new(table, *currency, hit.nightly, hit.total));
        let display = display.transpose()?.flatten();
        Ok(Self {
            id: hit.id.0,
            title: hit.title,
            room_type: hit.room_type.to_string(),
            property_type: hit.property_type.to_string(),
            location: HitLocation {
                latitude: hit.point.latitude(),
                longitude: hit.point.longitude(),
                city: hit.city,
                region: hit.region,
                country: hit.country,
            },
            photo: hit.photo.map(|name| HitPhoto { url: app.blobs.url(&name), thumbhash }),
            rating: hit.rating_overall.map(|overall| HitRating { count: hit.rating_count, overall: f64::from(overall) / 100.0 }),
            instant_book: hit.instant_book,
            price: HitPrice { nightly: hit.nightly.into(), total: hit.total.map(MoneyView::from), display },
        })
    }
}

/// A page of homes.
#[derive(Debug, Serialize, ToSchema)]
pub struct SearchView {
    /// The homes.
    pub data: Vec<HitView>,
    /// Asks for the next page.
    pub next_cursor: Option<String>,
    /// How many there are in all.
    pub total: i64,
}

/// Find homes.
///
/// With dates only such as can be booked for exactly these nights by these
/// guests, with the price of the whole stay.
#[utoipa::path(get, path = "/listings", tag = "search", params(SearchParams), responses((status = 200, body = SearchView), (status = 422, body = Problem)))]
pub async fn search_listings(State(app): State<App>, RawQuery(raw): RawQuery, Query(params): Query<SearchParams>) -> ApiResult<Response> {
    let query = read(&params)?;
    let shown_in = display::wanted(params.display_currency.as_deref())?;
    let bytes = app::cached::search(&app, raw.as_deref().unwrap_or_default(), async {
        let page = search::search(&app, &query).await?;
        let shown_in = match shown_in {
            Some(currency) => Some((app::pricing::rates::rate_table(&app).await?, currency)),
            None => None,
        };
        let data = page.hits.into_iter().map(|hit| HitView::new(&app, hit, shown_in.as_ref())).collect::<app::Result<_>>()?;
        Ok(serde_json::to_vec(&SearchView { data, next_cursor: page.next_cursor, total: page.total })?)
    })
    .await?;
    Ok(([(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))], bytes.to_vec()).into_response())
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(search_listings))
}
