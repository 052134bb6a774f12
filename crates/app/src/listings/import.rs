//! Homes from another platform: found again by their number there, changed by
//! what the files say, never blanked by what they leave out.

use chrono::NaiveTime;
use chrono_tz::Tz;
use domain::cancellation::PolicyName;
use domain::ids::{ListingId, UserId};
use domain::listings::{Address, BookingMode, CheckInMethod, HouseRules, Listing, ListingStatus, Point, PropertyType, RoomType};
use domain::money::Currency;

use super::{place, sql};
use crate::error::Result;
use crate::tx::Tx;

/// A home as another platform knows it; `None` leaves what is known.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the fields of a listing")]
pub struct ImportedListing {
    /// Its number there.
    pub external_id: i64,
    pub host: UserId,
    pub title: Option<String>,
    pub description: Option<String>,
    pub property_type: PropertyType,
    pub room_type: RoomType,
    pub capacity: i32,
    pub bedrooms: Option<i32>,
    pub beds: Option<i32>,
    pub bathrooms_halves: Option<i32>,
    pub amenities: Option<Vec<String>>,
    pub point: Point,
    /// Found from the point when `None`.
    pub time_zone: Option<Tz>,
    pub city: Option<String>,
    pub region: Option<String>,
    pub postal_code: Option<String>,
    pub country: Option<String>,
    pub neighbourhood: Option<String>,
    pub currency: Currency,
    pub licence: Option<String>,
    pub booking_mode: BookingMode,
    pub cancellation_policy: PolicyName,
    /// It comes with a price, so it can be found and booked.
    pub priced: bool,
}

fn blank(id: ListingId, from: &ImportedListing, tx: &Tx) -> Listing {
    let now = tx.now();
    Listing {
        id,
        host_id: from.host,
        status: ListingStatus::Draft,
        title: "Untitled home".into(),
        description: String::new(),
        property_type: from.property_type,
        room_type: from.room_type,
        capacity: from.capacity,
        bedrooms: 0,
        beds: 0,
        bathrooms_halves: 0,
        bed_types: Vec::new(),
        amenities: Vec::new(),
        house_rules: HouseRules::default(),
        licence: String::new(),
        currency: from.currency,
        time_zone: None,
        booking_mode: from.booking_mode,
        cancellation_policy: from.cancellation_policy,
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
    }
}

fn fill<T: Clone>(field: &mut T, value: Option<&T>) {
    if let Some(value) = value {
        *field = value.clone();
    }
}

/// Writes imported homes; gives back their ids in order, and which of them have
/// changed. A new one with a price
/// is published at once; a home whose host has taken it down stays down.
pub(crate) async fn upsert_in(tx: &mut Tx, source: &str, homes: &[ImportedListing]) -> Result<(Vec<ListingId>, Vec<ListingId>)> {
    let app = tx.app();
    let now = tx.now();
    let externals: Vec<i64> = homes.iter().map(|home| home.external_id).collect();
    let known = sql::by_source_locked(tx, source, &externals).await?;
    let (mut all, mut changed, mut new_homes) = (Vec::with_capacity(homes.len()), Vec::new(), (Vec::new(), Vec::new()));
    for home in homes {
        let found = known.get(&home.external_id);
        let mut listing = found.cloned().unwrap_or_else(|| blank(app.ids.next(&app.clock), home, tx));
        take_over(&mut listing, home);
        listing.public_point = Some(app.location_key.fuzz(listing.id, home.point));
        if listing.status == ListingStatus::Draft && home.priced {
            listing.status = ListingStatus::Published;
            listing.published_at.get_or_insert(now);
        }
        if found.is_none() {
            new_homes.0.push(home.external_id);
            new_homes.1.push(listing.id);
        }
        all.push(listing.id);
        if found != Some(&listing) {
            listing.version += i32::from(found.is_some());
            listing.updated_at = now;
            changed.push(listing);
        }
    }
    sql::put_many(tx, &changed).await?;
    sql::insert_sources(tx, source, &new_homes.0, &new_homes.1).await?;
    Ok((all, changed.into_iter().map(|listing| listing.id).collect()))
}

/// What the file says becomes what is known.
fn take_over(listing: &mut Listing, from: &ImportedListing) {
    fill(&mut listing.title, from.title.as_ref());
    fill(&mut listing.description, from.description.as_ref());
    fill(&mut listing.bedrooms, from.bedrooms.as_ref());
    fill(&mut listing.beds, from.beds.as_ref());
    fill(&mut listing.bathrooms_halves, from.bathrooms_halves.as_ref());
    fill(&mut listing.amenities, from.amenities.as_ref());
    fill(&mut listing.address.city, from.city.as_ref());
    fill(&mut listing.address.region, from.region.as_ref());
    fill(&mut listing.address.postal_code, from.postal_code.as_ref());
    fill(&mut listing.neighbourhood, from.neighbourhood.as_ref());
    fill(&mut listing.licence, from.licence.as_ref());
    if from.country.is_some() {
        listing.address.country.clone_from(&from.country);
    }
    (listing.property_type, listing.room_type, listing.capacity) = (from.property_type, from.room_type, from.capacity);
    (listing.booking_mode, listing.cancellation_policy) = (from.booking_mode, from.cancellation_policy);
    listing.point = Some(from.point);
    listing.time_zone = Some(from.time_zone.unwrap_or_else(|| place::time_zone_at(from.point)));
}
