//! Writing homes: drafts, prices, rules, photographs, publishing.

use app::listings::{self, photos};
use app::pricing;
use async_graphql::{Context, ID, InputObject, MaybeUndefined, Object, SimpleObject, Upload};
use domain::cancellation::PolicyName;
use domain::ids::{ListingId, PhotoId};
use domain::listings::{self as rules, BedKind, BookingMode, CheckInMethod, PropertyType, RoomType};

use super::accounts::bytes_of;
use super::calendar::{CalendarPayload, RangeInput, set_calendar};
use super::error::{DonePayload, answer, payloads};
use super::listings::{Listing, Photo};
use super::money::{Pricing, Rules};
use super::request::{Asks, id};
use super::scalars::{ClockTime, Word};
use crate::error::ApiError;
use crate::rest::listing_input::{AddressView, ArrivalInput, ListingInput as RestInput, LocationView};

/// So many beds of a kind.
#[derive(Debug, Clone, Copy, SimpleObject, InputObject)]
#[graphql(input_name = "BedsInput")]
pub struct Beds {
    /// Which.
    pub kind: Word<BedKind>,
    /// How many, 1–50.
    pub count: i32,
}

impl From<rules::Beds> for Beds {
    fn from(beds: rules::Beds) -> Self {
        Self { kind: Word(beds.kind), count: beds.count }
    }
}

/// What a host asks of guests.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "HouseRulesInput")]
pub struct HouseRules {
    /// Smoking indoors is fine.
    #[graphql(default)]
    pub smoking_allowed: bool,
    /// Parties are fine.
    #[graphql(default)]
    pub parties_allowed: bool,
    /// Hour (0–23, local) from which it should be quiet.
    pub quiet_from: Option<i32>,
    /// Hour (0–23, local) until which it should be quiet.
    pub quiet_until: Option<i32>,
    /// Anything else, up to 5,000 characters.
    #[graphql(default)]
    pub text: String,
}

impl From<rules::HouseRules> for HouseRules {
    fn from(rules: rules::HouseRules) -> Self {
        Self {
            smoking_allowed: rules.smoking_allowed,
            parties_allowed: rules.parties_allowed,
            quiet_from: rules.quiet_from,
            quiet_until: rules.quiet_until,
            text: rules.text,
        }
    }
}

impl From<HouseRules> for rules::HouseRules {
    fn from(rules: HouseRules) -> Self {
        Self {
            smoking_allowed: rules.smoking_allowed,
            parties_allowed: rules.parties_allowed,
            quiet_from: rules.quiet_from,
            quiet_until: rules.quiet_until,
            text: rules.text,
        }
    }
}

/// Where a home is, in words.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "AddressInput")]
pub struct Address {
    /// Street and number; for owner and booked guests only.
    pub line1: Option<String>,
    /// Floor, door; likewise.
    pub line2: Option<String>,
    /// City or village.
    #[graphql(default)]
    pub city: String,
    /// Province, state.
    #[graphql(default)]
    pub region: String,
    /// For owner and booked guests only.
    pub postal_code: Option<String>,
    /// ISO 3166-1 alpha-2.
    pub country: Option<String>,
}

impl Address {
    /// What `own` may see of it.
    pub(super) fn seen(address: &rules::Address, own: bool) -> Self {
        let private = |text: &String| own.then(|| text.clone());
        Self {
            line1: private(&address.line1),
            line2: private(&address.line2),
            city: address.city.clone(),
            region: address.region.clone(),
            postal_code: private(&address.postal_code),
            country: address.country.clone(),
        }
    }
}

/// How to get into a home.
#[derive(Debug, Clone, SimpleObject, InputObject)]
#[graphql(input_name = "ArrivalInput")]
pub struct Arrival {
    /// How to find and enter the home.
    #[graphql(default)]
    pub instructions: String,
    /// Code of the door or key safe.
    #[graphql(default)]
    pub door_code: String,
    /// Name of the Wi-Fi.
    #[graphql(default)]
    pub wifi_name: String,
    /// Its password.
    #[graphql(default)]
    pub wifi_password: String,
}

impl From<rules::Arrival> for Arrival {
    fn from(arrival: rules::Arrival) -> Self {
        Self {
            instructions: arrival.instructions,
            door_code: arrival.door_code,
            wifi_name: arrival.wifi_name,
            wifi_password: arrival.wifi_password,
        }
    }
}

/// Where a home is.
#[derive(Debug, Clone, InputObject)]
pub struct LocationInput {
    /// Degrees north; with `longitude`.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// In words.
    pub address: Option<Address>,
}

/// What to write of a home; absent leaves it as it is.
#[derive(Debug, Clone, InputObject)]
pub struct ListingInput {
    /// Up to 120 characters.
    pub title: Option<String>,
    /// Up to 20,000 characters.
    pub description: Option<String>,
    /// What kind of building.
    pub property_type: Option<Word<PropertyType>>,
    /// How much of it a guest has.
    pub room_type: Option<Word<RoomType>>,
    /// Guests it takes, 1–50.
    pub capacity: Option<i32>,
    /// 0 is a studio.
    pub bedrooms: Option<i32>,
    /// Beds in all.
    pub beds: Option<i32>,
    /// In halves: 1.5.
    pub bathrooms: Option<f64>,
    /// Beds by kind.
    pub bed_types: Option<Vec<Beds>>,
    /// Codes; see `Query.amenities`.
    pub amenities: Option<Vec<String>>,
    /// What to ask of guests.
    pub house_rules: Option<HouseRules>,
    /// Registration number where the law asks for one.
    pub licence: Option<String>,
    /// ISO 4217, of all its prices.
    pub currency: Option<String>,
    /// How a booking comes about.
    pub booking_mode: Option<Word<BookingMode>>,
    /// Which preset.
    pub cancellation_policy: Option<Word<PolicyName>>,
    /// Earliest arrival, local.
    pub check_in_from: Option<ClockTime>,
    /// Latest arrival, local; null for any time.
    pub check_in_until: MaybeUndefined<ClockTime>,
    /// Latest departure, local.
    pub check_out_until: Option<ClockTime>,
    /// How guests get in.
    pub check_in_method: Option<Word<CheckInMethod>>,
    /// Where.
    pub location: Option<LocationInput>,
    /// Part of the city.
    pub neighbourhood: Option<String>,
    /// How to get in: for booked guests only.
    pub arrival: Option<Arrival>,
    /// What it costs.
    pub pricing: Option<Pricing>,
    /// Which stays to accept.
    pub rules: Option<Rules>,
}

impl ListingInput {
    /// As the use-case takes it, read by the same reader as over REST.
    fn draft(self, app: &app::App) -> app::Result<pricing::ListingDraft> {
        fn text<T: super::scalars::Words>(word: Option<Word<T>>) -> Option<String> {
            word.map(|word| word.0.word().to_owned())
        }
        let time = |time: ClockTime| crate::rest::listing_input::ClockTime(time.0);
        let location = self.location.map(|place| LocationView {
            latitude: place.latitude,
            longitude: place.longitude,
            address: place.address.map(|address| AddressView {
                line1: address.line1,
                line2: address.line2,
                city: address.city,
                region: address.region,
                postal_code: address.postal_code,
                country: address.country,
            }),
        });
        let beds = |beds: Vec<Beds>| beds.into_iter().map(|beds| rules::Beds { kind: beds.kind.0, count: beds.count }).collect();
        let rest = RestInput {
            title: self.title,
            description: self.description,
            property_type: text(self.property_type),
            room_type: text(self.room_type),
            capacity: self.capacity,
            bedrooms: self.bedrooms,
            beds: self.beds,
            bathrooms: self.bathrooms,
            bed_types: self.bed_types.map(beds),
            amenities: self.amenities,
            house_rules: self.house_rules.map(rules::HouseRules::from),
            licence: self.licence,
            currency: self.currency,
            booking_mode: text(self.booking_mode),
            cancellation_policy: text(self.cancellation_policy),
            check_in_from: self.check_in_from.map(time),
            check_in_until: self.check_in_until.map_value(time).into(),
            check_out_until: self.check_out_until.map(time),
            check_in_method: text(self.check_in_method),
            location,
            neighbourhood: self.neighbourhood,
            arrival: self.arrival.map(|arrival| ArrivalInput {
                instructions: arrival.instructions,
                door_code: arrival.door_code,
                wifi_name: arrival.wifi_name,
                wifi_password: arrival.wifi_password,
            }),
            pricing: None,
            rules: None,
        };
        let mut draft = rest.draft(app).map_err(|error| match error {
            ApiError::App(error) => error,
            ApiError::Http { code, detail, .. } => app::Error::invalid("", code, detail),
        })?;
        draft.tariff = self.pricing.map(|pricing| pricing.tariff(app.config.default_currency));
        draft.rules = self.rules.map(Rules::read).transpose()?;
        Ok(draft)
    }
}

payloads! {
    ListingPayload {
        /// The home as it is now.
        listing: Listing
    }
    PhotoPayload {
        /// The photograph.
        photo: Photo
    }
    PhotosPayload {
        /// All photographs of the home, in order.
        photos: Vec<Photo>
    }
}

async fn shown(ctx: &Context<'_>, id: ListingId) -> app::Result<Listing> {
    listings::visible(ctx.app(), &ctx.actor(), id).await.map(Listing)
}

/// Changes homes.
#[derive(Default)]
pub struct ListingsMutation;

#[Object]
impl ListingsMutation {
    /// Write a draft of one's own home.
    async fn create_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What to write.")] input: ListingInput,
    ) -> async_graphql::Result<ListingPayload> {
        ctx.signed_in()?;
        let done = async { pricing::create_listing(ctx.app(), &ctx.actor(), input.draft(ctx.app())?).await.map(Listing) };
        answer(done.await)
    }

    /// Change a home of one's own.
    async fn update_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] id: ID,
        #[graphql(desc = "The version that was read.")] version: i32,
        #[graphql(desc = "What to write; absent leaves it as it is.")] input: ListingInput,
    ) -> async_graphql::Result<ListingPayload> {
        ctx.signed_in()?;
        let done = async {
            let id = super::request::id(&id, "listing")?;
            pricing::change_listing(ctx.app(), &ctx.actor(), id, Some(version), input.draft(ctx.app())?).await.map(Listing)
        };
        answer(done.await)
    }

    /// Take a home down for good; its bookings stand.
    async fn archive_listing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] id: ID,
        #[graphql(desc = "Only if it is still at this version.")] version: Option<i32>,
    ) -> async_graphql::Result<DonePayload> {
        let done = async { listings::archive(ctx.app(), &ctx.actor(), super::request::id(&id, "listing")?, version).await.map(|()| true) };
        answer(done.await)
    }

    /// Put a home into search. What is still missing is named, all of it.
    async fn publish_listing(&self, ctx: &Context<'_>, #[graphql(desc = "Which home.")] id: ID) -> async_graphql::Result<ListingPayload> {
        let done = async {
            let id = super::request::id(&id, "listing")?;
            pricing::publish(ctx.app(), &ctx.actor(), id).await?;
            shown(ctx, id).await
        };
        answer(done.await)
    }

    /// Take a home out of search for a while.
    async fn unpublish_listing(&self, ctx: &Context<'_>, #[graphql(desc = "Which home.")] id: ID) -> async_graphql::Result<ListingPayload> {
        let done = async {
            let id = super::request::id(&id, "listing")?;
            listings::pause(ctx.app(), &ctx.actor(), id).await?;
            shown(ctx, id).await
        };
        answer(done.await)
    }

    /// Replace what a home costs.
    async fn set_pricing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] id: ID,
        #[graphql(desc = "The listing's version that was read.")] version: i32,
        #[graphql(desc = "All of its prices.")] input: Pricing,
    ) -> async_graphql::Result<ListingPayload> {
        ctx.signed_in()?;
        let done = async {
            let id = super::request::id(&id, "listing")?;
            let tariff = input.tariff(ctx.app().config.default_currency);
            pricing::put_tariff(ctx.app(), &ctx.actor(), id, Some(version), tariff).await.map(Listing)
        };
        answer(done.await)
    }

    /// Replace which stays a host accepts.
    async fn set_rules(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] id: ID,
        #[graphql(desc = "The listing's version that was read.")] version: i32,
        #[graphql(desc = "All of its rules.")] input: Rules,
    ) -> async_graphql::Result<ListingPayload> {
        ctx.signed_in()?;
        let done = async {
            let id = super::request::id(&id, "listing")?;
            pricing::put_rules(ctx.app(), &ctx.actor(), id, Some(version), input.read()?).await.map(Listing)
        };
        answer(done.await)
    }

    /// Set ranges of one's calendar, all or none.
    #[graphql(complexity = "10 + 5 * child_complexity")]
    async fn set_calendar(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which home.")] id: ID,
        #[graphql(desc = "Only if the listing is still at this version.")] version: Option<i32>,
        #[graphql(desc = "In order; up to 200.")] ranges: Vec<RangeInput>,
    ) -> async_graphql::Result<CalendarPayload> {
        ctx.signed_in()?;
        answer(set_calendar(ctx, &id, version, ranges).await)
    }

    /// Add a photograph at the end.
    #[graphql(complexity = "20 + child_complexity")]
    async fn add_photo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which home.")] listing_id: ID,
        #[graphql(desc = "JPEG, PNG, WebP or GIF, at most 12 MB and 50 megapixels.")] file: Upload,
        #[graphql(desc = "What it shows, up to 300 characters.", default)] caption: String,
    ) -> async_graphql::Result<PhotoPayload> {
        ctx.signed_in()?;
        let done = async {
            let listing = id(&listing_id, "listing")?;
            photos::add(ctx.app(), &ctx.actor(), listing, bytes_of(ctx, file).await?, &caption).await.map(Photo)
        };
        answer(done.await)
    }

    /// Put the photographs of a home in order.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn order_photos(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which home.")] listing_id: ID,
        #[graphql(desc = "Each of them once; the first is the cover.")] ids: Vec<ID>,
    ) -> async_graphql::Result<PhotosPayload> {
        ctx.signed_in()?;
        let done = async {
            let ids: Vec<PhotoId> = ids.iter().map(|photo| id(photo, "photo")).collect::<app::Result<_>>()?;
            photos::order(ctx.app(), &ctx.actor(), id(&listing_id, "listing")?, &ids).await
        };
        answer(done.await.map(|rows| rows.into_iter().map(Photo).collect()))
    }

    /// Say what a photograph shows.
    #[graphql(complexity = "2 + 5 * child_complexity")]
    async fn caption_photo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which home.")] listing_id: ID,
        #[graphql(desc = "Which photograph.")] photo_id: ID,
        #[graphql(desc = "Up to 300 characters.")] caption: String,
    ) -> async_graphql::Result<PhotosPayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, photo) = (id(&listing_id, "listing")?, id(&photo_id, "photo")?);
            photos::set_caption(ctx.app(), &ctx.actor(), listing, photo, &caption).await
        };
        answer(done.await.map(|rows| rows.into_iter().map(Photo).collect()))
    }

    /// Remove a photograph; a published home keeps at least one.
    async fn remove_photo(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which home.")] listing_id: ID,
        #[graphql(desc = "Which photograph.")] photo_id: ID,
    ) -> async_graphql::Result<DonePayload> {
        ctx.signed_in()?;
        let done = async {
            let (listing, photo) = (id(&listing_id, "listing")?, id(&photo_id, "photo")?);
            photos::remove(ctx.app(), &ctx.actor(), listing, photo).await.map(|()| true)
        };
        answer(done.await)
    }
}
