//! Listings over REST: a host's drafts, public detail, publishing.

use app::App;
use app::listings::{self, Amenity, Photo};
use app::pricing;
use app::reviews::Rating;
use app::search::{self, ListingDetail};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::ListingId;
use domain::listings::{Beds, HouseRules, Listing, Point};
use domain::money::Currency;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use uuid::Uuid;

use crate::auth::{LoggedIn, MaybeActor};
use crate::error::{ApiError, ApiResult, Problem};
use crate::extract::{Json, Path, Query};
use crate::rest::bookings::{Nothing, PersonView};
use crate::rest::display::{self, DisplayQuery, ListingDisplay};
use crate::rest::listing_input::{AddressView, ArrivalInput, ClockTime, ListingInput, LocationView};
use crate::rest::page::{PageView, Paging, page_request};
use crate::rest::pricing::{PricingView, RulesView};
use crate::versions::{IfMatch, etag, tagged};

/// A photograph.
#[derive(Debug, Serialize, ToSchema)]
pub struct PhotoView {
    /// Which.
    pub id: Uuid,
    /// The largest size, WebP.
    pub url: String,
    /// In pixels.
    pub width: i32,
    /// In pixels.
    pub height: i32,
    /// A blur of some 25 bytes, base64.
    pub thumbhash: String,
    /// What it shows.
    pub caption: String,
    /// Addresses by width in pixels; `jpeg` for old readers.
    pub sizes: BTreeMap<String, String>,
}

impl PhotoView {
    pub(crate) fn new(app: &App, photo: &Photo) -> Self {
        let sizes: BTreeMap<String, String> = photo.sizes.0.iter().map(|(width, name)| (width.clone(), app.blobs.url(name))).collect();
        Self {
            id: photo.id.0,
            url: sizes.get(&photo.width.to_string()).or_else(|| sizes.get("jpeg")).cloned().unwrap_or_default(),
            width: photo.width,
            height: photo.height,
            thumbhash: photo.thumbhash.clone(),
            caption: photo.caption.clone(),
            sizes,
        }
    }
}

/// Mean stars, 1.00–5.00, and of how many.
#[derive(Debug, Serialize, ToSchema)]
#[expect(missing_docs, reason = "the categories of a review")]
pub struct RatingView {
    pub count: i32,
    pub overall: Option<f64>,
    pub cleanliness: Option<f64>,
    pub accuracy: Option<f64>,
    pub check_in: Option<f64>,
    pub communication: Option<f64>,
    pub location: Option<f64>,
    pub value: Option<f64>,
}

impl RatingView {
    fn new(rating: Rating) -> Option<Self> {
        let stars = |hundredths: Option<i32>| hundredths.map(|n| f64::from(n) / 100.0);
        (rating.count > 0).then(|| Self {
            count: rating.count,
            overall: stars(rating.overall),
            cleanliness: stars(rating.cleanliness),
            accuracy: stars(rating.accuracy),
            check_in: stars(rating.check_in),
            communication: stars(rating.communication),
            location: stars(rating.location),
            value: stars(rating.value),
        })
    }
}

/// A home.
#[derive(Debug, Serialize, ToSchema)]
pub struct ListingView {
    /// Which.
    pub id: Uuid,
    /// draft, published, paused, archived.
    pub status: String,
    /// Up to 120 characters.
    pub title: String,
    /// Up to 20,000 characters.
    pub description: String,
    /// What kind of building.
    pub property_type: String,
    /// `entire_place`, `private_room`, `shared_room`.
    pub room_type: String,
    /// Guests it takes.
    pub capacity: i32,
    /// 0 is a studio.
    pub bedrooms: i32,
    /// Beds in all.
    pub beds: i32,
    /// In halves: 1.5.
    pub bathrooms: f64,
    /// Beds by kind.
    #[schema(value_type = Vec<Object>)]
    pub bed_types: Vec<Beds>,
    /// Codes; see `/amenities`.
    pub amenities: Vec<String>,
    /// What the host asks of guests.
    #[schema(value_type = Object)]
    pub house_rules: HouseRules,
    /// Registration number where the law asks for one.
    pub licence: String,
    /// ISO 4217, of all its prices.
    pub currency: String,
    /// IANA; found from the coordinates.
    pub time_zone: Option<String>,
    /// instant or request.
    pub booking_mode: String,
    /// Which preset.
    pub cancellation_policy: String,
    /// Earliest arrival, local.
    pub check_in_from: ClockTime,
    /// Latest arrival, local.
    pub check_in_until: Option<ClockTime>,
    /// Latest departure, local.
    pub check_out_until: ClockTime,
    /// host, lockbox, `smart_lock`, keypad, `building_staff`.
    pub check_in_method: String,
    /// Where.
    pub location: LocationView,
    /// Part of the city.
    pub neighbourhood: String,
    /// In order.
    pub photos: Vec<PhotoView>,
    /// Whose.
    pub host: PersonView,
    /// Null until somebody has rated it.
    pub rating: Option<RatingView>,
    /// What it costs; null while it is a draft without.
    pub pricing: Option<PricingView>,
    /// Which stays the host accepts.
    pub rules: RulesView,
    /// For its owner: how to get in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub arrival: Option<ArrivalInput>,
    /// For its owner: what publishing still needs, as pointers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub missing: Option<Vec<String>>,
    /// Since when.
    pub created_at: DateTime<Utc>,
    /// Of the last change.
    pub updated_at: DateTime<Utc>,
}

fn location(listing: &Listing, own: bool) -> LocationView {
    let point = if own { listing.point } else { listing.public_point };
    let private = |text: &String| own.then(|| text.clone());
    LocationView {
        latitude: point.map(Point::latitude),
        longitude: point.map(Point::longitude),
        address: Some(AddressView {
            line1: private(&listing.address.line1),
            line2: private(&listing.address.line2),
            city: listing.address.city.clone(),
            region: listing.address.region.clone(),
            postal_code: private(&listing.address.postal_code),
            country: listing.address.country.clone(),
        }),
    }
}

impl ListingView {
    fn new(app: &App, detail: ListingDetail) -> Self {
        let own = detail.arrival.is_some();
        let photos = i64::try_from(detail.photos.len()).unwrap_or(i64::MAX);
        let listing = detail.listing;
        let missing = listing.missing_for_publication(detail.tariff.is_some(), photos);
        Self {
            location: location(&listing, own),
            missing: own.then(|| missing.into_iter().map(|error| error.pointer).collect()),
            arrival: detail.arrival.map(ArrivalInput::from),
            photos: detail.photos.iter().map(|photo| PhotoView::new(app, photo)).collect(),
            host: detail.host.into(),
            rating: RatingView::new(detail.rating),
            pricing: detail.tariff.as_ref().map(PricingView::from),
            rules: RulesView::from(&detail.rules),
            id: listing.id.0,
            status: listing.status.to_string(),
            title: listing.title,
            description: listing.description,
            property_type: listing.property_type.to_string(),
            room_type: listing.room_type.to_string(),
            capacity: listing.capacity,
            bedrooms: listing.bedrooms,
            beds: listing.beds,
            bathrooms: f64::from(listing.bathrooms_halves) / 2.0,
            bed_types: listing.bed_types,
            amenities: listing.amenities,
            house_rules: listing.house_rules,
            licence: listing.licence,
            currency: listing.currency.to_string(),
            time_zone: listing.time_zone.map(|zone| zone.name().to_owned()),
            booking_mode: listing.booking_mode.to_string(),
            cancellation_policy: listing.cancellation_policy.to_string(),
            check_in_from: ClockTime(listing.check_in_from),
            check_in_until: listing.check_in_until.map(ClockTime),
            check_out_until: ClockTime(listing.check_out_until),
            check_in_method: listing.check_in_method.to_string(),
            neighbourhood: listing.neighbourhood,
            created_at: listing.created_at,
            updated_at: listing.updated_at,
        }
    }
}

async fn view(app: &App, actor: &Actor, id: ListingId) -> app::Result<(i32, ListingView)> {
    let detail = search::detail(app, actor, id).await?;
    Ok((detail.listing.version, ListingView::new(app, detail)))
}

async fn answer(app: &App, actor: &Actor, id: ListingId, status: StatusCode) -> ApiResult<Response> {
    let (version, view) = view(app, actor, id).await?;
    let tag = etag(version, Some("host"));
    Ok(tagged(&HeaderMap::new(), &tag, (status, Json(view))))
}

/// Write a draft of one's own home.
#[utoipa::path(post, path = "/listings", tag = "listings", security(("bearer" = [])), request_body = ListingInput,
    responses((status = 201, body = ListingView), (status = 422, body = Problem)))]
pub async fn create_listing(State(app): State<App>, user: LoggedIn, Json(body): Json<ListingInput>) -> ApiResult<Response> {
    let listing = pricing::create_listing(&app, &user.actor, body.draft(&app)?).await?;
    let mut response = answer(&app, &user.actor, listing.id, StatusCode::CREATED).await?;
    if let Ok(place) = HeaderValue::from_str(&format!("/api/v1/listings/{}", listing.id)) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    Ok(response)
}

/// A home with its prices in another currency beside them.
#[derive(Serialize)]
struct Displayed {
    #[serde(flatten)]
    view: ListingView,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<ListingDisplay>,
}

/// Not from the cache, and under a tag that changes with the rate.
async fn displayed(app: &App, actor: &Actor, id: ListingId, currency: Currency, headers: &HeaderMap) -> ApiResult<Response> {
    let detail = search::detail(app, actor, id).await?;
    let version = detail.listing.version;
    let rate = pricing::rates::rate_to(app, detail.listing.currency, currency).await?;
    let display = match (&rate, &detail.tariff) {
        (Some(rate), Some(tariff)) => Some(ListingDisplay::new(tariff, rate)?),
        _ => None,
    };
    let rate = rate.map_or_else(String::new, |rate| format!("-{}-{}", rate.rate.normalize(), rate.on));
    let view = ListingView::new(app, detail);
    let face = if view.arrival.is_some() { "host" } else { "public" };
    Ok(tagged(headers, &etag(version, Some(&format!("{face}-{currency}{rate}"))), Json(Displayed { view, display })))
}

/// A home, as the one who asks may see it.
///
/// With `display_currency` a member `display` has its prices converted.
#[utoipa::path(get, path = "/listings/{id}", tag = "listings", params(("id" = Uuid, Path), DisplayQuery),
    responses((status = 200, body = ListingView), (status = 304), (status = 404, body = Problem)))]
pub async fn get_listing(
    State(app): State<App>,
    MaybeActor(actor): MaybeActor,
    Path(id): Path<Uuid>,
    Query(query): Query<DisplayQuery>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let id = ListingId(id);
    if let Some(currency) = display::wanted(query.display_currency.as_deref())? {
        return displayed(&app, &actor, id, currency, &headers).await;
    }
    if actor != Actor::Anonymous {
        let (version, view) = view(&app, &actor, id).await?;
        // Owners and others see different faces of one version.
        let face = if view.arrival.is_some() { "host" } else { "public" };
        return Ok(tagged(&headers, &etag(version, Some(face)), Json(view)));
    }
    // Version, then the body as it goes out: a hot listing costs no SQL.
    let bytes = app::cached::listing(&app, id, async {
        let (version, view) = view(&app, &Actor::Anonymous, id).await?;
        let mut bytes = version.to_be_bytes().to_vec();
        serde_json::to_writer(&mut bytes, &view)?;
        Ok(bytes)
    })
    .await?;
    let (version, body) =
        bytes.split_first_chunk::<4>().ok_or_else(|| ApiError::App(app::Error::Internal(anyhow::anyhow!("cached listing is cut"))))?;
    let tag = etag(i32::from_be_bytes(*version), Some("public"));
    let kind = HeaderValue::from_static("application/json");
    Ok(tagged(
        &headers,
        &tag,
        ([(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, HeaderValue::from_static("public, no-cache"))], body.to_vec()),
    ))
}

/// Change a home of one's own.
#[utoipa::path(patch, path = "/listings/{id}", tag = "listings", security(("bearer" = [])), params(("id" = Uuid, Path),
        ("If-Match" = String, Header, description = "The ETag that was read.")), request_body = ListingInput,
    responses((status = 200, body = ListingView), (status = 404, body = Problem), (status = 412, body = Problem), (status = 422, body = Problem), (status = 428, body = Problem)))]
pub async fn patch_listing(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    version: IfMatch,
    Json(body): Json<ListingInput>,
) -> ApiResult<Response> {
    let version = version.required()?;
    let id = ListingId(id);
    pricing::change_listing(&app, &user.actor, id, version, body.draft(&app)?).await?;
    answer(&app, &user.actor, id, StatusCode::OK).await
}

/// Take a home down for good; its bookings stand.
#[utoipa::path(delete, path = "/listings/{id}", tag = "listings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 204), (status = 404, body = Problem), (status = 412, body = Problem)))]
pub async fn archive_listing(State(app): State<App>, user: LoggedIn, Path(id): Path<Uuid>, version: IfMatch) -> ApiResult<StatusCode> {
    listings::archive(&app, &user.actor, ListingId(id), version.optional()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Put a home into search.
///
/// What is still missing is named, all of it.
#[utoipa::path(post, path = "/listings/{id}/publish", tag = "listings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ListingView), (status = 403, body = Problem, description = "email_unverified"), (status = 404, body = Problem), (status = 422, body = Problem)))]
pub async fn publish_listing(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    _input: crate::idempotency::Idempotent<Nothing>,
) -> ApiResult<Response> {
    pricing::publish(&app, &user.actor, ListingId(id)).await?;
    answer(&app, &user.actor, ListingId(id), StatusCode::OK).await
}

/// Take a home out of search for a while.
#[utoipa::path(post, path = "/listings/{id}/unpublish", tag = "listings", security(("bearer" = [])), params(("id" = Uuid, Path)),
    responses((status = 200, body = ListingView), (status = 404, body = Problem), (status = 409, body = Problem)))]
pub async fn unpublish_listing(
    State(app): State<App>,
    user: LoggedIn,
    Path(id): Path<Uuid>,
    _input: crate::idempotency::Idempotent<Nothing>,
) -> ApiResult<Response> {
    listings::pause(&app, &user.actor, ListingId(id)).await?;
    answer(&app, &user.actor, ListingId(id), StatusCode::OK).await
}

/// A home of one's own, in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct OwnListingView {
    /// Which.
    pub id: Uuid,
    /// draft, published, paused, archived.
    pub status: String,
    /// Its title.
    pub title: String,
    /// City.
    pub city: String,
    /// Of the last change.
    pub updated_at: DateTime<Utc>,
}

impl From<Listing> for OwnListingView {
    fn from(listing: Listing) -> Self {
        Self {
            id: listing.id.0,
            status: listing.status.to_string(),
            title: listing.title,
            city: listing.address.city,
            updated_at: listing.updated_at,
        }
    }
}

/// One's own homes in any state, newest first.
#[utoipa::path(get, path = "/host/listings", tag = "listings", security(("bearer" = [])), params(Paging),
    responses((status = 200, body = PageView<OwnListingView>)))]
pub async fn own_listings(
    State(app): State<App>,
    user: LoggedIn,
    Query(paging): Query<Paging>,
) -> ApiResult<Json<PageView<OwnListingView>>> {
    let page = page_request(paging.limit, paging.cursor.as_deref())?;
    Ok(Json(listings::of_host(&app, &user.actor, page).await?.into()))
}

/// Something homes offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct AmenityView {
    /// In listings and search.
    pub code: String,
    /// For grouping.
    pub category: String,
    /// In the reader's language, else English.
    pub label: String,
}

/// What homes may offer, named in the reader's language.
#[utoipa::path(get, path = "/amenities", tag = "listings", responses((status = 200, body = Vec<AmenityView>)))]
pub async fn list_amenities(State(app): State<App>, headers: HeaderMap) -> ApiResult<Response> {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok()).unwrap_or("en").to_owned();
    let languages: Vec<&str> = wanted.split(',').filter_map(|part| part.split([';', '-']).next()).map(str::trim).collect();
    let label = |amenity: &Amenity| {
        let found = languages.iter().chain([&"en"]).find_map(|language| amenity.labels.0.get(*language));
        found.cloned().unwrap_or_else(|| amenity.code.clone())
    };
    let all = listings::amenities(&app).await?;
    let view: Vec<AmenityView> =
        all.into_iter().map(|amenity| AmenityView { label: label(&amenity), code: amenity.code, category: amenity.category }).collect();
    Ok(([(header::VARY, HeaderValue::from_static("accept-language"))], Json(view)).into_response())
}

/// The routes of this slice.
pub fn router() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(create_listing))
        .routes(routes!(get_listing, patch_listing, archive_listing))
        .routes(routes!(publish_listing))
        .routes(routes!(unpublish_listing))
        .routes(routes!(own_listings))
        .routes(routes!(list_amenities))
}
