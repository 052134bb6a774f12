//! Their words in ours.

use domain::cancellation::PolicyName;
use domain::listings::{PropertyType as P, PropertyType, RoomType};

/// How much of the home; hotel rooms are rooms of one's own.
pub(super) fn room_type(text: &str) -> RoomType {
    match text.to_lowercase().as_str() {
        text if text.starts_with("entire") => RoomType::EntirePlace,
        text if text.starts_with("shared") => RoomType::SharedRoom,
        _ => RoomType::PrivateRoom,
    }
}

const PROPERTIES: [(&str, PropertyType); 33] = [
    ("serviced", P::ServicedApartment),
    ("aparthotel", P::ServicedApartment),
    ("condo", P::Condominium),
    ("guesthouse", P::Guesthouse),
    ("guest house", P::Guesthouse),
    ("guest suite", P::Guesthouse),
    ("townhouse", P::Townhouse),
    ("tiny", P::TinyHouse),
    ("treehouse", P::Treehouse),
    ("bed and breakfast", P::BedAndBreakfast),
    ("hostel", P::Hostel),
    ("hotel", P::HotelRoom),
    ("loft", P::Loft),
    ("villa", P::Villa),
    ("cabin", P::Cabin),
    ("chalet", P::Chalet),
    ("cottage", P::Cottage),
    ("bungalow", P::Bungalow),
    ("houseboat", P::Boat),
    ("boat", P::Boat),
    ("tent", P::Tent),
    ("yurt", P::Tent),
    ("tipi", P::Tent),
    ("camper", P::Camper),
    ("rv", P::Camper),
    ("farm", P::FarmStay),
    ("dome", P::Dome),
    ("castle", P::Castle),
    ("island", P::Island),
    ("apartment", P::Apartment),
    ("rental unit", P::Apartment),
    ("home", P::House),
    ("house", P::House),
];

/// What kind of building: the first of our words that theirs contains.
pub(super) fn property_type(text: &str) -> PropertyType {
    let text = text.to_lowercase();
    PROPERTIES.iter().find(|(word, _)| text.contains(word)).map_or(P::Other, |(_, kind)| *kind)
}

/// The preset nearest to theirs.
pub(super) fn policy(text: Option<&str>) -> PolicyName {
    match text.unwrap_or_default().to_lowercase().as_str() {
        text if text.starts_with("moderate") => PolicyName::Moderate,
        text if text.contains("strict") => PolicyName::Strict,
        _ => PolicyName::Flexible,
    }
}

const AMENITIES: [(&str, &str); 66] = [
    ("wifi", "wifi"),
    ("wireless internet", "wifi"),
    ("internet", "wifi"),
    ("dishwasher", "dishwasher"),
    ("hair dryer", "hair_dryer"),
    ("washer", "washer"),
    ("dryer", "dryer"),
    ("air conditioning", "air_conditioning"),
    ("ac -", "air_conditioning"),
    ("heating", "heating"),
    ("hot water", "hot_water"),
    ("linens", "bed_linen"),
    ("hangers", "hangers"),
    ("iron", "iron"),
    ("shampoo", "shampoo"),
    ("bathtub", "bathtub"),
    ("hdtv", "tv"),
    ("tv", "tv"),
    ("workspace", "workspace"),
    ("gym", "gym"),
    ("refrigerator", "refrigerator"),
    ("fridge", "refrigerator"),
    ("microwave", "microwave"),
    ("oven", "oven"),
    ("stove", "stove"),
    ("coffee", "coffee_maker"),
    ("espresso", "coffee_maker"),
    ("breakfast", "breakfast"),
    ("self check-in", "self_check_in"),
    ("lockbox", "self_check_in"),
    ("keypad", "self_check_in"),
    ("smart lock", "self_check_in"),
    ("luggage", "luggage_dropoff"),
    ("long term", "long_stays"),
    ("pets allowed", "pets_allowed"),
    ("pets are allowed", "pets_allowed"),
    ("smoking allowed", "smoking_allowed"),
    ("crib", "crib"),
    ("pack ’n", "crib"),
    ("high chair", "high_chair"),
    ("pool table", ""),
    ("pool", "pool"),
    ("hot tub", "hot_tub"),
    ("balcony", "balcony"),
    ("patio", "balcony"),
    ("garden", "garden"),
    ("backyard", "garden"),
    ("bbq", "bbq"),
    ("barbecue", "bbq"),
    ("fireplace", "fireplace"),
    ("ev charger", "ev_charger"),
    ("paid parking", "paid_parking"),
    ("paid street parking", "paid_parking"),
    ("parking", "free_parking"),
    ("elevator", "elevator"),
    ("lift", "elevator"),
    ("private entrance", "private_entrance"),
    ("step-free", "step_free_access"),
    ("waterfront", "waterfront"),
    ("beach", "beach_access"),
    ("lake access", "lake_access"),
    ("ski-in", "ski_access"),
    ("smoke", "smoke_alarm"),
    ("carbon monoxide", "carbon_monoxide_alarm"),
    ("fire extinguisher", "fire_extinguisher"),
    ("first aid", "first_aid_kit"),
];

/// Our code of an amenity: the first whose word theirs contains.
pub(super) fn amenity(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    if text.contains("kitchen") {
        return Some("kitchen");
    }
    AMENITIES.iter().find(|(word, _)| text.contains(word)).map(|(_, code)| *code).filter(|code| !code.is_empty())
}
