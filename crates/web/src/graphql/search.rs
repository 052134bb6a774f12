//! Finding homes. What is looked for is read by the same reader as over REST.

use app::search::{self, Hit as HitRow};
use async_graphql::{Context, Description, Enum, ID, InputObject, Object, SimpleObject};
use domain::listings::{PropertyType, RoomType};

use super::calendar::StayInput;
use super::connection::{PageInfo, page, size};
use super::error::Told;
use super::listings::Listing;
use super::money::Money;
use super::request::{Asks, id};
use super::scalars::{Cursor, MinorUnits, Word, Words};
use crate::error::ApiError;
use crate::rest::search::{SearchParams, read};

/// What REST's reader refuses, for GraphQL to tell.
pub(super) fn refused(error: ApiError) -> app::Error {
    match error {
        ApiError::App(error) => error,
        ApiError::Http { code, detail, .. } => app::Error::invalid("", code, detail),
    }
}

/// A viewport, in degrees.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct BoxInput {
    /// Left edge; may lie east of `east`, across the date line.
    pub west: f64,
    /// Lower edge.
    pub south: f64,
    /// Right edge.
    pub east: f64,
    /// Upper edge.
    pub north: f64,
}

/// A circle around a point.
#[derive(Debug, Clone, Copy, InputObject)]
pub struct NearInput {
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// Kilometres, 0.01–500.
    #[graphql(default = 10.0)]
    pub radius_km: f64,
}

/// What to look for; absent does not matter.
#[derive(Debug, Clone, Default, InputObject)]
pub struct SearchInput {
    /// Within a viewport; not with `near`.
    pub bbox: Option<BoxInput>,
    /// Around a point; not with `bbox`.
    pub near: Option<NearInput>,
    /// City, region or neighbourhood by name.
    pub place: Option<String>,
    /// Only homes that can be booked for exactly these nights by these guests.
    pub stay: Option<StayInput>,
    /// Who stays, when no dates are known yet.
    pub guests: Option<super::money::Guests>,
    /// At least: of the whole stay with dates, of a night without.
    pub price_min: Option<MinorUnits>,
    /// At most, likewise.
    pub price_max: Option<MinorUnits>,
    /// Of the price bounds, ISO 4217.
    pub currency: Option<String>,
    /// Any of these.
    pub room_types: Option<Vec<Word<RoomType>>>,
    /// Any of these.
    pub property_types: Option<Vec<Word<PropertyType>>>,
    /// At least so many.
    pub bedrooms_min: Option<i32>,
    /// At least so many.
    pub beds_min: Option<i32>,
    /// At least so many, in halves.
    pub bathrooms_min: Option<f64>,
    /// All of these codes.
    pub amenities: Option<Vec<String>>,
    /// Paid is booked.
    pub instant_book: Option<bool>,
    /// Free to call off until close to arrival.
    pub free_cancellation: Option<bool>,
    /// Mean stars, 1–5.
    pub rating_min: Option<f64>,
    /// Of one host.
    pub host_id: Option<ID>,
    /// Words in title, place or description.
    pub q: Option<String>,
}

/// In which order homes are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Enum)]
pub enum SearchOrder {
    /// Best first: the static ranking, and how well the words fit.
    #[default]
    Relevance,
    /// Cheapest first: the stay's total with dates, the night without.
    PriceAsc,
    /// Dearest first.
    PriceDesc,
    /// Best rated first.
    Rating,
    /// Nearest first; needs `near`.
    Distance,
    /// Latest published first.
    Newest,
}

impl SearchOrder {
    const fn word(self) -> &'static str {
        match self {
            Self::Relevance => "relevance",
            Self::PriceAsc => "price_asc",
            Self::PriceDesc => "price_desc",
            Self::Rating => "rating",
            Self::Distance => "distance",
            Self::Newest => "newest",
        }
    }
}

fn words<T: Words>(words: Option<Vec<Word<T>>>) -> Option<String> {
    words.map(|words| words.iter().map(|word| word.0.word()).collect::<Vec<_>>().join(","))
}

impl SearchInput {
    /// As the parameters of REST.
    fn params(self, sort: SearchOrder) -> app::Result<SearchParams> {
        let guests = self.stay.and_then(|stay| stay.guests).or(self.guests);
        if self.amenities.iter().flatten().any(|code| code.contains(',')) {
            return Err(app::Error::invalid("/amenities", "format", "an amenity's code has no comma"));
        }
        Ok(SearchParams {
            bbox: self.bbox.map(|b| format!("{},{},{},{}", b.west, b.south, b.east, b.north)),
            near: self.near.map(|near| format!("{},{}", near.latitude, near.longitude)),
            radius_km: self.near.map(|near| near.radius_km),
            place: self.place,
            check_in: self.stay.map(|stay| stay.check_in.0),
            check_out: self.stay.map(|stay| stay.check_out.0),
            adults: guests.map(|guests| guests.adults),
            children: guests.map(|guests| guests.children),
            infants: guests.map(|guests| guests.infants),
            pets: guests.map(|guests| guests.pets),
            price_min: self.price_min.map(|amount| amount.0),
            price_max: self.price_max.map(|amount| amount.0),
            currency: self.currency,
            room_type: words(self.room_types),
            property_type: words(self.property_types),
            bedrooms_min: self.bedrooms_min,
            beds_min: self.beds_min,
            bathrooms_min: self.bathrooms_min,
            amenities: self.amenities.map(|codes| codes.join(",")),
            instant_book: self.instant_book,
            free_cancellation: self.free_cancellation,
            rating_min: self.rating_min,
            host_id: self.host_id.as_ref().map(|host| id(host, "user")).transpose()?,
            q: self.q,
            sort: Some(sort.word().to_owned()),
            ..SearchParams::default()
        })
    }
}

/// A home that was found, as a list or map shows it: costs no further look-up.
#[derive(Description)]
pub struct Hit(pub(super) HitRow);

/// Where a home that was found is, fuzzed by 150–500 m.
#[derive(SimpleObject)]
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

/// The cover of a home that was found.
#[derive(SimpleObject)]
pub struct HitPhoto {
    /// 640 pixels wide.
    pub url: String,
    /// A blur, base64.
    pub thumbhash: Option<String>,
}

/// Mean stars and of how many.
#[derive(SimpleObject)]
pub struct HitRating {
    /// Of how many.
    pub count: i32,
    /// 1.00–5.00.
    pub overall: f64,
}

/// One part of a home's rank.
#[derive(SimpleObject)]
pub struct RankPart {
    /// What for.
    pub part: String,
    /// Points.
    pub points: i64,
}

/// What a home that was found costs.
#[derive(SimpleObject)]
pub struct HitPrice {
    /// A night from.
    pub nightly: Money,
    /// The whole stay, every fee and tax included; with dates only.
    pub total: Option<Money>,
}

#[Object(name = "SearchHit", use_type_description)]
impl Hit {
    /// Which home.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// First night of the stay that the total is for; with dates only.
    async fn check_in(&self) -> Option<chrono::NaiveDate> {
        self.0.stay.map(|stay| stay.check_in)
    }
    /// First date after its last night; with dates only.
    async fn check_out(&self) -> Option<chrono::NaiveDate> {
        self.0.stay.map(|stay| stay.check_out)
    }
    /// Its title.
    async fn title(&self) -> &str {
        &self.0.title
    }
    /// How much of the home.
    async fn room_type(&self) -> Word<RoomType> {
        Word(self.0.room_type)
    }
    /// What kind of building.
    async fn property_type(&self) -> Word<PropertyType> {
        Word(self.0.property_type)
    }
    /// Where.
    async fn location(&self) -> HitLocation {
        HitLocation {
            latitude: self.0.point.latitude(),
            longitude: self.0.point.longitude(),
            city: self.0.city.clone(),
            region: self.0.region.clone(),
            country: self.0.country.clone(),
        }
    }
    /// The cover.
    async fn photo(&self, ctx: &Context<'_>) -> Option<HitPhoto> {
        let name = self.0.photo.as_ref()?;
        Some(HitPhoto { url: ctx.app().blobs.url(name), thumbhash: self.0.thumbhash.clone() })
    }
    /// Null until somebody has rated it.
    async fn rating(&self) -> Option<HitRating> {
        let overall = f64::from(self.0.rating_overall?) / 100.0;
        Some(HitRating { count: self.0.rating_count, overall })
    }
    /// Paid is booked.
    async fn instant_book(&self) -> bool {
        self.0.instant_book
    }
    /// How far it is from the point or home that was asked for, in metres.
    async fn distance_metres(&self) -> Option<i64> {
        self.0.metres
    }
    /// Of similar homes: what they have in common, out of 1,000 points.
    async fn why(&self) -> Vec<RankPart> {
        self.0.explanation.iter().map(|part| RankPart { part: part.name.to_owned(), points: part.points }).collect()
    }
    /// What it costs.
    async fn price(&self) -> HitPrice {
        HitPrice { nightly: self.0.nightly.into(), total: self.0.total.map(Money::from) }
    }
}

/// A home that was found and its place in the list.
#[derive(Description)]
pub struct Found {
    hit: HitRow,
    cursor: Option<Cursor>,
}

#[Object(name = "SearchEdge", use_type_description)]
impl Found {
    /// Its place; known for the last of a page only.
    async fn cursor(&self) -> Option<&Cursor> {
        self.cursor.as_ref()
    }
    /// As a list or map shows it: costs no further look-up.
    async fn hit(&self) -> Hit {
        Hit(self.hit.clone())
    }
    /// The home itself, with all that it links to.
    async fn node(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Listing>> {
        Ok(ctx.loaders().listing(self.hit.id).await?.map(Listing))
    }
}

/// A page of the homes that were found.
#[derive(SimpleObject)]
pub struct SearchConnection {
    /// The homes, in the order asked for.
    pub edges: Vec<Found>,
    /// Where the page lies.
    pub page_info: PageInfo,
    /// How many there are in all.
    pub total_count: i64,
}

/// Homes like one, for a stay.
///
/// # Errors
/// 404 for a home that is not published, 422 for impossible guests.
pub(super) async fn similar(
    ctx: &Context<'_>,
    listing: domain::ids::ListingId,
    stay: Option<StayInput>,
    first: i32,
) -> app::Result<Vec<Hit>> {
    let wish = SearchInput { stay, ..SearchInput::default() };
    let filters = read(&wish.params(SearchOrder::default())?).map_err(refused)?.filters;
    let found = search::similar(ctx.app(), listing, filters, super::places::few(first)?).await?;
    Ok(found.into_iter().map(Hit).collect())
}

/// Searches.
#[derive(Default)]
pub struct SearchQuery;

#[Object]
impl SearchQuery {
    /// Find homes. With dates only such as can be booked for exactly these
    /// nights by these guests, with the price of the whole stay.
    #[graphql(complexity = "10 + size(first) * child_complexity")]
    async fn listings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to look for.", default)] search: SearchInput,
        #[graphql(desc = "In which order.", default)] sort: SearchOrder,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page of the same search.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<SearchConnection>> {
        let done = async {
            let page = page(first, after.as_ref())?;
            let mut query = read(&search.params(sort)?).map_err(refused)?;
            query.page = page;
            search::search(ctx.app(), &query).await
        };
        let found = done.await.told()?;
        let end = found.next_cursor.map(Cursor);
        let last = found.hits.len();
        let place = |n: usize| end.clone().filter(|_| n + 1 == last);
        let edges = found.hits.into_iter().enumerate().map(|(n, hit)| Found { cursor: place(n), hit }).collect();
        Ok(Some(SearchConnection { edges, page_info: PageInfo::of(None, end.as_ref(), end.is_some()), total_count: found.total }))
    }
}
