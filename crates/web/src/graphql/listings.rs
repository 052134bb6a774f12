//! Homes: as readers see them, with all that they link to.

use app::coupons::ContributionWish;
use app::listings::{self, Amenity as AmenityRow, Photo as PhotoRow};
use app::reviews::{self, Rating as RatingRow};
use app::{calendar, pricing};
use async_graphql::{Context, Description, ID, Object, SimpleObject};
use chrono::{DateTime, Utc};
use domain::cancellation::PolicyName;
use domain::ids::{BookingId, ListingId};
use domain::listings::{self as rules, BookingMode, CheckInMethod, ListingStatus, Point, PropertyType, RoomType};

use super::accounts::User;
use super::bookings::{Booking, BookingConnection};
use super::calendar::{Availability, Day, StayInput};
use super::connection::{connections, page, size};
use super::error::Told;
use super::listing_input::{Address, Arrival, Beds, HouseRules};
use super::money::{Pricing, Rules, StayOffer, guests};
use super::request::Asks;
use super::reviews::{Review, ReviewConnection, ReviewOrder};
use super::scalars::{ClockTime, Cursor, Date, Word};

/// An image file of a photograph.
#[derive(SimpleObject)]
pub struct PhotoSize {
    /// In pixels; null for the JPEG made for old readers.
    pub width: Option<i32>,
    /// Where it is.
    pub url: String,
}

/// A photograph of a home.
#[derive(Description)]
pub struct Photo(pub PhotoRow);

#[Object(use_type_description)]
impl Photo {
    /// Which.
    async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// The largest size, WebP.
    async fn url(&self, ctx: &Context<'_>) -> String {
        let sizes = &self.0.sizes.0;
        let name = sizes.get(&self.0.width.to_string()).or_else(|| sizes.get("jpeg"));
        name.map(|name| ctx.app().blobs.url(name)).unwrap_or_default()
    }
    /// Of the largest size, in pixels.
    async fn width(&self) -> i32 {
        self.0.width
    }
    /// Of the largest size, in pixels.
    async fn height(&self) -> i32 {
        self.0.height
    }
    /// A blur of some 25 bytes, base64.
    async fn thumbhash(&self) -> &str {
        &self.0.thumbhash
    }
    /// What it shows, up to 300 characters.
    async fn caption(&self) -> &str {
        &self.0.caption
    }
    /// Every file there is of it, small to large.
    async fn sizes(&self, ctx: &Context<'_>) -> Vec<PhotoSize> {
        let size = |(width, name): (&String, &String)| PhotoSize { width: width.parse().ok(), url: ctx.app().blobs.url(name) };
        let mut sizes: Vec<PhotoSize> = self.0.sizes.0.iter().map(size).collect();
        sizes.sort_by_key(|size| size.width.unwrap_or(i32::MAX));
        sizes
    }
}

/// Mean stars, 1.00–5.00, and of how many.
#[derive(Description)]
pub struct Rating(pub RatingRow);

fn stars(hundredths: Option<i32>) -> Option<f64> {
    hundredths.map(|n| f64::from(n) / 100.0)
}

#[Object(use_type_description)]
impl Rating {
    /// Of how many reviews.
    async fn count(&self) -> i32 {
        self.0.count
    }
    /// All in all.
    async fn overall(&self) -> Option<f64> {
        stars(self.0.overall)
    }
    /// Cleanliness.
    async fn cleanliness(&self) -> Option<f64> {
        stars(self.0.cleanliness)
    }
    /// Whether it is as described.
    async fn accuracy(&self) -> Option<f64> {
        stars(self.0.accuracy)
    }
    /// Arrival.
    async fn check_in(&self) -> Option<f64> {
        stars(self.0.check_in)
    }
    /// Communication with the host.
    async fn communication(&self) -> Option<f64> {
        stars(self.0.communication)
    }
    /// Where it is.
    async fn location(&self) -> Option<f64> {
        stars(self.0.location)
    }
    /// What one gets for the money.
    async fn value(&self) -> Option<f64> {
        stars(self.0.value)
    }
}

/// Something homes offer.
#[derive(Description)]
pub struct Amenity(pub AmenityRow);

#[Object(use_type_description)]
impl Amenity {
    /// In listings and search.
    async fn code(&self) -> &str {
        &self.0.code
    }
    /// For grouping.
    async fn category(&self) -> &str {
        &self.0.category
    }
    /// In the reader's language (`Accept-Language`), else English.
    async fn label(&self, ctx: &Context<'_>) -> &str {
        let languages = ctx.asker().languages.split(',').filter_map(|part| part.split([';', '-']).next()).map(str::trim);
        let labels = &self.0.labels.0;
        languages.chain(["en"]).find_map(|language| labels.get(language)).unwrap_or(&self.0.code)
    }
}

/// Where a home is: exact for its owner, fuzzed by 150–500 m for others.
#[derive(SimpleObject)]
pub struct Location {
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// In words.
    pub address: Address,
}

/// A home.
#[derive(Description)]
pub struct Listing(pub rules::Listing);

impl Listing {
    fn own(&self, ctx: &Context<'_>) -> bool {
        ctx.actor().is(self.0.host_id) || ctx.actor().is_staff()
    }
}

#[Object(use_type_description)]
impl Listing {
    /// Which.
    pub(super) async fn id(&self) -> ID {
        self.0.id.0.into()
    }
    /// Where it stands.
    async fn status(&self) -> Word<ListingStatus> {
        Word(self.0.status)
    }
    /// Up to 120 characters.
    async fn title(&self) -> &str {
        &self.0.title
    }
    /// Up to 20,000 characters.
    async fn description(&self) -> &str {
        &self.0.description
    }
    /// What kind of building.
    async fn property_type(&self) -> Word<PropertyType> {
        Word(self.0.property_type)
    }
    /// How much of it a guest has.
    async fn room_type(&self) -> Word<RoomType> {
        Word(self.0.room_type)
    }
    /// Guests it takes.
    async fn capacity(&self) -> i32 {
        self.0.capacity
    }
    /// 0 is a studio.
    async fn bedrooms(&self) -> i32 {
        self.0.bedrooms
    }
    /// Beds in all.
    async fn beds(&self) -> i32 {
        self.0.beds
    }
    /// In halves: 1.5.
    async fn bathrooms(&self) -> f64 {
        f64::from(self.0.bathrooms_halves) / 2.0
    }
    /// Beds by kind.
    async fn bed_types(&self) -> Vec<Beds> {
        self.0.bed_types.iter().copied().map(Beds::from).collect()
    }
    /// Codes; see `Query.amenities`.
    async fn amenities(&self) -> &[String] {
        &self.0.amenities
    }
    /// What the host asks of guests.
    async fn house_rules(&self) -> HouseRules {
        self.0.house_rules.clone().into()
    }
    /// Registration number where the law asks for one.
    async fn licence(&self) -> &str {
        &self.0.licence
    }
    /// ISO 4217, of all its prices.
    async fn currency(&self) -> &str {
        self.0.currency.code()
    }
    /// IANA; found from the coordinates.
    async fn time_zone(&self) -> Option<&str> {
        self.0.time_zone.map(|zone| zone.name())
    }
    /// How a booking comes about.
    async fn booking_mode(&self) -> Word<BookingMode> {
        Word(self.0.booking_mode)
    }
    /// Which preset.
    async fn cancellation_policy(&self) -> Word<PolicyName> {
        Word(self.0.cancellation_policy)
    }
    /// Earliest arrival, local.
    async fn check_in_from(&self) -> ClockTime {
        self.0.check_in_from.into()
    }
    /// Latest arrival, local; null when any time will do.
    async fn check_in_until(&self) -> Option<ClockTime> {
        self.0.check_in_until.map(ClockTime)
    }
    /// Latest departure, local.
    async fn check_out_until(&self) -> ClockTime {
        self.0.check_out_until.into()
    }
    /// How guests get in.
    async fn check_in_method(&self) -> Word<CheckInMethod> {
        Word(self.0.check_in_method)
    }
    /// Where; exact for its owner only.
    async fn location(&self, ctx: &Context<'_>) -> Location {
        let own = self.own(ctx);
        let point = if own { self.0.point } else { self.0.public_point };
        Location {
            latitude: point.map(Point::latitude),
            longitude: point.map(Point::longitude),
            address: Address::seen(&self.0.address, own),
        }
    }
    /// Part of the city.
    async fn neighbourhood(&self) -> &str {
        &self.0.neighbourhood
    }
    /// Counts changes; say it when you change the listing.
    async fn version(&self) -> i32 {
        self.0.version
    }
    /// Since when.
    async fn created_at(&self) -> DateTime<Utc> {
        self.0.created_at
    }
    /// Of the last change.
    async fn updated_at(&self) -> DateTime<Utc> {
        self.0.updated_at
    }
    /// Whose.
    async fn host(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<User>> {
        Ok(ctx.loaders().user(self.0.host_id).await?.map(User))
    }
    /// In order; the first is the cover. A home has at most 24.
    #[graphql(complexity = "1 + photos_asked(first) * child_complexity")]
    async fn photos(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "How many, 1–24; all when absent.")] first: Option<i32>,
    ) -> async_graphql::Result<Option<Vec<Photo>>> {
        let most = first.map_or(listings::photos::MOST, i64::from);
        if !(1..=listings::photos::MOST).contains(&most) {
            return Err(app::Error::invalid("/first", "range", format!("first must be between 1 and 24, is {most}"))).told();
        }
        Ok(Some(ctx.loaders().photos(self.0.id, most).await?.into_iter().map(Photo).collect()))
    }
    /// Null until somebody has rated it.
    async fn rating(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Rating>> {
        Ok(ctx.loaders().rating(self.0.id).await?.filter(|rating| rating.count > 0).map(Rating))
    }
    /// What it costs; null while it is a draft without.
    async fn pricing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Pricing>> {
        Ok(ctx.loaders().tariff(self.0.id).await?.map(Pricing::from))
    }
    /// Which stays the host accepts.
    async fn rules(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Rules>> {
        Ok(Some(ctx.loaders().rules(self.0.id).await?.into()))
    }
    /// For its owner: how to get in. Guests of a confirmed booking find it there.
    async fn arrival(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Arrival>> {
        if !self.own(ctx) {
            return Ok(None);
        }
        Ok(ctx.loaders().arrival(self.0.id).await?.map(Arrival::from))
    }
    /// For its owner: what publishing still needs, as paths of the input.
    async fn missing(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<String>>> {
        if !self.own(ctx) {
            return Ok(None);
        }
        let has_price = ctx.loaders().tariff(self.0.id).await?.is_some();
        let photos = ctx.loaders().photos(self.0.id, 1).await?.len();
        let missing = self.0.missing_for_publication(has_price, i64::try_from(photos).unwrap_or(i64::MAX));
        Ok(Some(missing.into_iter().map(|mistake| mistake.pointer).collect()))
    }
    /// What guests have said of it.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn reviews(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page of the same order.")] after: Option<Cursor>,
        #[graphql(desc = "In which order.", default)] sort: ReviewOrder,
    ) -> async_graphql::Result<Option<ReviewConnection>> {
        let wanted = page(first, after.as_ref()).told()?;
        let found = ctx.loaders().listing_reviews(self.0.id, sort.into(), wanted.after, wanted.limit).await?;
        Ok(Some(ReviewConnection::new(found, reviews::key, Review)))
    }
    /// Its bookings that one is a party of: for the host all, for a guest their own.
    #[graphql(complexity = "2 + size(first) * child_complexity")]
    async fn bookings(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "1–100, 20 when absent.")] first: Option<i32>,
        #[graphql(desc = "From an earlier page.")] after: Option<Cursor>,
    ) -> async_graphql::Result<Option<BookingConnection>> {
        ctx.signed_in()?;
        let wanted = page::<BookingId>(first, after.as_ref()).told()?;
        let found = ctx.loaders().listing_bookings(self.0.id, wanted.after, wanted.limit).await?;
        Ok(Some(BookingConnection::new(found, |booking| booking.id, Booking)))
    }
    /// Homes like this one within 25 km, best first; with a stay only such as
    /// can be booked for it.
    #[graphql(complexity = "20 + super::connection::size(Some(first)) * child_complexity")]
    async fn similar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which nights, for whom.")] stay: Option<StayInput>,
        #[graphql(desc = "1–20.", default = 6)] first: i32,
    ) -> async_graphql::Result<Option<Vec<super::search::Hit>>> {
        Ok(Some(super::search::similar(ctx, self.0.id, stay, first).await.told()?))
    }
    /// For its hosts: the calendars it follows, and the one it gives.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn calendar_feeds(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<super::calendar_feeds::CalendarFeeds>> {
        ctx.signed_in()?;
        Ok(Some(super::calendar_feeds::CalendarFeeds::of(ctx, self.0.id).await.told()?))
    }
    /// For its hosts: who helps with it.
    #[graphql(complexity = "20 + 5 * child_complexity")]
    async fn co_hosts(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<super::co_hosts::CoHost>>> {
        super::co_hosts::of_listing(ctx, self.0.id).await
    }
    /// Its calendar, day by day.
    #[graphql(complexity = "30 + 5 * child_complexity")]
    async fn calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Today at the listing when absent.")] from: Option<Date>,
        #[graphql(desc = "Exclusive; 60 days on when absent, at most 800.")] to: Option<Date>,
    ) -> async_graphql::Result<Option<Vec<Day>>> {
        let range = (from.map(|date| date.0), to.map(|date| date.0));
        let (listing, days) = calendar::days(ctx.app(), &ctx.actor(), self.0.id, range).await.told()?;
        let tariff = ctx.loaders().tariff(self.0.id).await?;
        Ok(Some(days.into_iter().map(|day| Day::new(day, tariff.as_ref(), listing.currency)).collect()))
    }
    /// Whether a stay can be booked now, and if not, why and what instead.
    #[graphql(complexity = "30 + child_complexity")]
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stay.")] stay: StayInput,
    ) -> async_graphql::Result<Option<Availability>> {
        availability(ctx, self.0.id, stay).await
    }
    /// What a stay costs now.
    #[graphql(complexity = "30 + child_complexity")]
    async fn quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which stay.")] stay: StayInput,
        #[graphql(desc = "A coupon's code; its guest must be logged in.")] coupon: Option<String>,
        #[graphql(desc = "Spend one's own credit.", default)] use_credit: bool,
    ) -> async_graphql::Result<Option<StayOffer>> {
        quote(ctx, self.0.id, stay, ContributionWish { coupon: coupon.as_deref(), use_credit }).await
    }
}

/// What `Listing.photos` costs.
fn photos_asked(first: Option<i32>) -> usize {
    first.map_or(5, |first| usize::try_from(first).unwrap_or(0).min(24))
}

/// Whether a stay can be booked now.
pub(super) async fn availability(ctx: &Context<'_>, id: ListingId, stay: StayInput) -> async_graphql::Result<Option<Availability>> {
    let nights = stay.nights().told()?;
    let found = calendar::availability(ctx.app(), &ctx.actor(), id, nights, &guests(stay.guests)).await.told()?;
    Ok(Some(Availability(found)))
}

/// What a stay costs now.
pub(super) async fn quote(
    ctx: &Context<'_>,
    id: ListingId,
    stay: StayInput,
    wish: ContributionWish<'_>,
) -> async_graphql::Result<Option<StayOffer>> {
    let nights = stay.nights().told()?;
    let offer = pricing::quote(ctx.app(), &ctx.actor(), id, nights, &guests(stay.guests)).await.told()?;
    let price = domain::money::Money::new(offer.quote.total, offer.quote.currency);
    let contribution = app::bookings::foresee_contribution(ctx.app(), &ctx.actor(), price, wish).await.told()?;
    Ok(Some(StayOffer { offer, contribution }))
}

connections! {
    ListingConnection, ListingEdge: Listing;
}

/// Reads homes.
#[derive(Default)]
pub struct ListingsQuery;

#[Object]
impl ListingsQuery {
    /// A home, as the one who asks may see it.
    async fn listing(&self, ctx: &Context<'_>, #[graphql(desc = "Which home.")] id: ID) -> async_graphql::Result<Option<Listing>> {
        find(ctx, &id).await.map(Some)
    }

    /// What homes may offer, named in the reader's language.
    #[graphql(complexity = "10 + 10 * child_complexity")]
    async fn amenities(&self, ctx: &Context<'_>) -> async_graphql::Result<Option<Vec<Amenity>>> {
        Ok(Some(listings::amenities(ctx.app()).await.told()?.into_iter().map(Amenity).collect()))
    }

    /// Whether a stay can be booked now, and if not, why and what instead.
    #[graphql(complexity = "30 + child_complexity")]
    async fn availability(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "Which stay.")] stay: StayInput,
    ) -> async_graphql::Result<Option<Availability>> {
        availability(ctx, super::request::id(&listing_id, "listing").told()?, stay).await
    }

    /// What a stay costs now, and what comes back when it is called off.
    #[graphql(complexity = "30 + child_complexity")]
    async fn quote(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] listing_id: ID,
        #[graphql(desc = "Which stay.")] stay: StayInput,
        #[graphql(desc = "A coupon's code; its guest must be logged in.")] coupon: Option<String>,
        #[graphql(desc = "Spend one's own credit.", default)] use_credit: bool,
    ) -> async_graphql::Result<Option<StayOffer>> {
        let wish = ContributionWish { coupon: coupon.as_deref(), use_credit };
        quote(ctx, super::request::id(&listing_id, "listing").told()?, stay, wish).await
    }
}

/// A listing the actor may see.
///
/// # Errors
/// 404 otherwise.
pub(super) async fn find(ctx: &Context<'_>, id: &ID) -> async_graphql::Result<Listing> {
    let wanted: ListingId = super::request::id(id, "listing").told()?;
    let found = ctx.loaders().listing(wanted).await?;
    found.map(Listing).ok_or(app::Error::NotFound("listing")).told()
}
