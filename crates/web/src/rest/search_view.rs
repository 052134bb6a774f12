//! What a search answers over REST.

use app::App;
use app::search::{Cluster, Facets, Hit, Relaxed, SearchPage, Widening};
use chrono::NaiveDate;
use domain::money::Currency;
use domain::rates::RateTable;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::rest::display::PriceDisplay;
use crate::rest::money::MoneyView;
use crate::rest::search::SearchParams;

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
    /// First night of the stay that the total is for; with dates only.
    pub check_in: Option<NaiveDate>,
    /// Day of departure.
    pub check_out: Option<NaiveDate>,
    /// Metres to the point asked for; with `near` only.
    pub distance_metres: Option<i64>,
    /// With `explain=true`: where its place in the order comes from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub why: Vec<PartView>,
}

/// One part of a home's rank.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartView {
    /// What for.
    pub part: &'static str,
    /// Points.
    pub points: i64,
}

impl HitView {
    /// A home as readers see it.
    pub fn new(app: &App, hit: Hit) -> Self {
        let thumbhash = hit.thumbhash;
        Self {
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
            price: HitPrice { nightly: hit.nightly.into(), total: hit.total.map(MoneyView::from), display: None },
            check_in: hit.stay.map(|stay| stay.check_in),
            check_out: hit.stay.map(|stay| stay.check_out),
            distance_metres: hit.metres,
            why: hit.explanation.into_iter().map(|part| PartView { part: part.name, points: part.points }).collect(),
        }
    }
}

/// How many homes a further filter would leave.
#[derive(Debug, Serialize, ToSchema)]
pub struct CountView<T: ToSchema> {
    /// The filter's value.
    pub value: T,
    /// Homes.
    pub count: u64,
}

fn counts<T: ToSchema, V>(counts: Vec<(V, u64)>, value: impl Fn(V) -> T) -> Vec<CountView<T>> {
    counts.into_iter().map(|(word, count)| CountView { value: value(word), count }).collect()
}

/// Homes that cost `from <= amount < to`.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "see above")]
pub struct BinView {
    pub from: i64,
    pub to: i64,
    pub count: u64,
}

/// How many homes cost how much, in minor units.
#[derive(Debug, Serialize, ToSchema)]
pub struct PricesView {
    /// That of the search, else the one most of the homes have.
    pub currency: String,
    /// The cheapest.
    pub min: i64,
    /// The dearest.
    pub max: i64,
    /// From the cheapest to the dearest.
    pub bins: Vec<BinView>,
}

/// How many homes each further filter would leave. Room types, property types
/// and prices count as if nothing of their own kind had been chosen.
#[derive(Debug, Serialize, ToSchema)]
pub struct FacetsView {
    /// Most first.
    pub room_types: Vec<CountView<String>>,
    /// Most first.
    pub property_types: Vec<CountView<String>>,
    /// Most first.
    pub amenities: Vec<CountView<String>>,
    /// Paid is booked.
    pub instant_book: u64,
    /// Free to call off until close to arrival.
    pub free_cancellation: u64,
    /// At least so many bedrooms.
    pub bedrooms_min: Vec<CountView<i32>>,
    /// At least so many stars.
    pub rating_min: Vec<CountView<f64>>,
    /// Totals with dates, nights without.
    pub prices: Option<PricesView>,
}

impl From<Facets> for FacetsView {
    fn from(facets: Facets) -> Self {
        Self {
            room_types: counts(facets.room_types, |word| word.to_string()),
            property_types: counts(facets.property_types, |word| word.to_string()),
            amenities: counts(facets.amenities, |code| code),
            instant_book: facets.instant_book,
            free_cancellation: facets.free_cancellation,
            bedrooms_min: counts(facets.bedrooms, |least| least),
            rating_min: counts(facets.ratings, |hundredths| f64::from(hundredths) / 100.0),
            prices: facets.prices.map(|prices| PricesView {
                currency: prices.currency.to_string(),
                min: prices.least,
                max: prices.most,
                bins: prices.bins.into_iter().map(|bin| BinView { from: bin.from, to: bin.to, count: bin.count }).collect(),
            }),
        }
    }
}

/// Homes close together on the map.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClusterView {
    /// The middle of them, degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// How many.
    pub count: u64,
    /// One of them; of a single home, itself.
    pub listing_id: Uuid,
}

impl From<Cluster> for ClusterView {
    fn from(cluster: Cluster) -> Self {
        let point = cluster.point;
        Self { latitude: point.latitude(), longitude: point.longitude(), count: cluster.count, listing_id: cluster.sample.0 }
    }
}

/// A wish that stands in the way, and what there is without it.
#[derive(Debug, Serialize, ToSchema)]
pub struct WideningView {
    /// dates, price, amenities, home, conditions, words, area or any_dates.
    pub reason: &'static str,
    /// For people.
    pub message: &'static str,
    /// How many homes there are without it.
    pub total: i64,
    /// The parameters of the search that finds them.
    pub query: String,
}

impl WideningView {
    fn new(wider: Widening, params: &SearchParams) -> Self {
        let mut params = SearchParams { cursor: None, ..params.clone() };
        let message = match wider.reason {
            Relaxed::Dates => {
                params.plus_minus_days = Some(3);
                "up to three days earlier or later"
            }
            Relaxed::Price => {
                (params.price_min, params.price_max) = (None, None);
                "at any price"
            }
            Relaxed::Amenities => {
                params.amenities = None;
                "without these amenities"
            }
            Relaxed::Home => {
                (params.room_type, params.property_type) = (None, None);
                (params.bedrooms_min, params.beds_min, params.bathrooms_min) = (None, None, None);
                "any kind of home, with any number of rooms"
            }
            Relaxed::Conditions => {
                (params.instant_book, params.free_cancellation, params.rating_min) = (None, None, None);
                "on request too, under any policy, with any rating"
            }
            Relaxed::Words => {
                params.q = None;
                "without these words"
            }
            Relaxed::Area => {
                params.put_area(wider.filters.area.as_ref());
                "in a wider area"
            }
            Relaxed::AnyDates => {
                (params.check_in, params.check_out, params.plus_minus_days) = (None, None, None);
                (params.flexible, params.month) = (None, None);
                "on other dates"
            }
        };
        let query = serde_urlencoded::to_string(&params).unwrap_or_default();
        Self { reason: wider.reason.as_str(), message, total: wider.total, query }
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
    /// With `facets=true`.
    pub facets: Option<FacetsView>,
    /// With `clusters=true`; south to north, then west to east.
    pub clusters: Option<Vec<ClusterView>>,
    /// When nothing is found: what could be given up.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub widenings: Vec<WideningView>,
}

impl SearchView {
    /// A page as readers see it; `params` are those of its search.
    ///
    /// # Errors
    /// When a price in the reader's currency leaves its range.
    pub fn new(app: &App, page: SearchPage, params: &SearchParams, shown_in: Option<&(RateTable, Currency)>) -> app::Result<Self> {
        let mut data: Vec<HitView> = Vec::with_capacity(page.hits.len());
        for hit in page.hits {
            let display = shown_in.map(|(table, currency)| PriceDisplay::new(table, *currency, hit.nightly, hit.total)).transpose()?;
            let mut view = HitView::new(app, hit);
            view.price.display = display.flatten();
            data.push(view);
        }
        Ok(Self {
            data,
            next_cursor: page.next_cursor,
            total: page.total,
            facets: page.facets.map(FacetsView::from),
            clusters: params.clusters.unwrap_or(false).then(|| page.clusters.into_iter().map(ClusterView::from).collect()),
            widenings: page.widenings.into_iter().map(|wider| WideningView::new(wider, params)).collect(),
        })
    }
}
