//! Writing a listing: what may be set, and what follows from it.

use chrono::NaiveTime;
use domain::actor::Actor;
use domain::cancellation::PolicyName;
use domain::ids::{ListingId, UserId};
use domain::listings::{
    Address, Arrival, Beds, BookingMode, CheckInMethod, HouseRules, Listing, ListingStatus, Point, PropertyType, RoomType,
};
use domain::money::Currency;

use super::{check_version, owned_in, place, sql};
use crate::error::{Error, Result};
use crate::places;
use crate::tx::Tx;
use domain::fields::Check;

/// What to set of a listing; `None` leaves it as it is.
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of a listing")]
pub struct ListingChange {
    pub title: Option<String>,
    pub description: Option<String>,
    pub property_type: Option<PropertyType>,
    pub room_type: Option<RoomType>,
    pub capacity: Option<i32>,
    pub bedrooms: Option<i32>,
    pub beds: Option<i32>,
    pub bathrooms_halves: Option<i32>,
    pub bed_types: Option<Vec<Beds>>,
    pub amenities: Option<Vec<String>>,
    pub house_rules: Option<HouseRules>,
    pub licence: Option<String>,
    pub currency: Option<Currency>,
    pub booking_mode: Option<BookingMode>,
    pub cancellation_policy: Option<PolicyName>,
    pub check_in_from: Option<NaiveTime>,
    pub check_in_until: Option<Option<NaiveTime>>,
    pub check_out_until: Option<NaiveTime>,
    pub check_in_method: Option<CheckInMethod>,
    pub address: Option<Address>,
    pub neighbourhood: Option<String>,
    pub point: Option<Point>,
    pub arrival: Option<Arrival>,
}

impl ListingChange {
    fn apply(self, listing: &mut Listing) {
        fn put<T>(field: &mut T, value: Option<T>) {
            if let Some(value) = value {
                *field = value;
            }
        }
        put(&mut listing.title, self.title.map(|title| title.trim().to_owned()));
        put(&mut listing.description, self.description);
        put(&mut listing.property_type, self.property_type);
        put(&mut listing.room_type, self.room_type);
        put(&mut listing.capacity, self.capacity);
        put(&mut listing.bedrooms, self.bedrooms);
        put(&mut listing.beds, self.beds);
        put(&mut listing.bathrooms_halves, self.bathrooms_halves);
        put(&mut listing.bed_types, self.bed_types);
        put(&mut listing.amenities, self.amenities);
        put(&mut listing.house_rules, self.house_rules);
        put(&mut listing.licence, self.licence);
        put(&mut listing.currency, self.currency);
        put(&mut listing.booking_mode, self.booking_mode);
        put(&mut listing.cancellation_policy, self.cancellation_policy);
        put(&mut listing.check_in_from, self.check_in_from);
        put(&mut listing.check_in_until, self.check_in_until);
        put(&mut listing.check_out_until, self.check_out_until);
        put(&mut listing.check_in_method, self.check_in_method);
        put(&mut listing.address, self.address);
        put(&mut listing.neighbourhood, self.neighbourhood);
        if self.point.is_some() {
            listing.point = self.point;
        }
    }
}

/// A new draft.
pub(crate) async fn create_in(tx: &mut Tx, host: UserId, change: ListingChange) -> Result<Listing> {
    let app = tx.app();
    let now = tx.now();
    let arrival = change.arrival.clone();
    let mut listing = Listing {
        id: app.ids.next(&app.clock),
        host_id: host,
        status: ListingStatus::Draft,
        title: String::new(),
        description: String::new(),
        property_type: PropertyType::Apartment,
        room_type: RoomType::EntirePlace,
        capacity: 0,
        bedrooms: 0,
        beds: 0,
        bathrooms_halves: 0,
        bed_types: Vec::new(),
        amenities: Vec::new(),
        house_rules: HouseRules::default(),
        licence: String::new(),
        currency: app.config.default_currency,
        time_zone: None,
        booking_mode: BookingMode::Request,
        cancellation_policy: PolicyName::Flexible,
        check_in_from: NaiveTime::from_hms_opt(15, 0, 0).unwrap_or_default(),
        check_in_until: None,
        check_out_until: NaiveTime::from_hms_opt(11, 0, 0).unwrap_or_default(),
        check_in_method: CheckInMethod::Host,
        address: Address::default(),
        neighbourhood: String::new(),
        point: None,
        public_point: None,
        version: 1,
        created_at: now,
        updated_at: now,
        published_at: None,
    };
    change.apply(&mut listing);
    settle_in(tx, &mut listing, arrival.as_ref()).await?;
    sql::insert(tx, &listing).await?;
    if let Some(arrival) = arrival {
        sql::put_arrival(tx, listing.id, &arrival).await?;
    }
    Ok(listing)
}

/// Changes a listing of the actor's. The caller counts the change.
pub(crate) async fn change_in(tx: &mut Tx, actor: &Actor, id: ListingId, version: Option<i32>, change: ListingChange) -> Result<Listing> {
    let mut listing = owned_in(tx, actor, id).await?;
    check_version(&listing, version)?;
    let arrival = change.arrival.clone();
    let before = listing.clone();
    change.apply(&mut listing);
    if listing.currency != before.currency && sql::has_bookings(tx, id).await? {
        return Err(Error::conflict("currency_in_use", "the currency is fixed once a listing has been booked"));
    }
    settle_in(tx, &mut listing, arrival.as_ref()).await?;
    if listing.status == ListingStatus::Published {
        // What stays published must stay publishable.
        let missing = listing.missing_for_publication(true, 1);
        if !missing.is_empty() {
            return Err(Error::Invalid(missing));
        }
    }
    sql::save(tx, &listing).await?;
    if let Some(arrival) = arrival {
        sql::put_arrival(tx, id, &arrival).await?;
    }
    Ok(listing)
}

/// Checks the whole, and fills in what follows: time zone and public point.
async fn settle_in(tx: &mut Tx, listing: &mut Listing, arrival: Option<&Arrival>) -> Result<()> {
    let app = tx.app();
    listing.amenities.sort();
    listing.amenities.dedup();
    let unknown = sql::unknown_amenities(tx, &listing.amenities).await?;
    let mut check = Check::new();
    listing.check(&mut check);
    for code in unknown {
        check.that(false, "/amenities", "unknown_amenity", format!("{code:?} is not an amenity: see GET /api/v1/amenities"));
    }
    if let Some(arrival) = arrival {
        check.text(&arrival.instructions, "/arrival/instructions", 0..=5000);
        check.text(&arrival.door_code, "/arrival/door_code", 0..=100);
        check.text(&arrival.wifi_name, "/arrival/wifi_name", 0..=100);
        check.text(&arrival.wifi_password, "/arrival/wifi_password", 0..=100);
    }
    check.finish()?;
    if let Some(point) = listing.point {
        listing.time_zone = Some(place::time_zone_at(point));
        listing.public_point = Some(app.location_key.fuzz(listing.id, point));
        if listing.neighbourhood.is_empty()
            && let Some(name) = places::neighbourhood_at(&app, point).await?
        {
            listing.neighbourhood = name;
        }
    }
    Ok(())
}
