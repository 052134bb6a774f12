//! How much two homes resemble each other: a documented sum out of 1000.

use domain::listings::{Point, PropertyType, RoomType};
use domain::money::Money;

use crate::answer::Part;
use crate::query::{Area, decimetres};

/// Only homes this near are compared.
const METRES: f64 = 25_000.0;

/// What is compared of a home, but for its amenities.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Portrait {
    pub point: Point,
    pub room_type: RoomType,
    pub property_type: PropertyType,
    pub capacity: i32,
    /// The base price of a night.
    pub nightly: Option<Money>,
}

/// Where homes like this one are looked for.
pub(crate) fn around(home: &Portrait) -> Area {
    Area::circle(home.point, METRES)
}

/// Points of each part: nearness 300, room type 200, price 200, property type,
/// capacity and amenities 100 each. `shared` of `all` amenities that either has
/// are had by both.
pub(crate) fn parts(one: &Portrait, other: &Portrait, shared: i64, all: i64) -> [Part; 6] {
    #[expect(clippy::cast_possible_truncation, reason = "25 km")]
    let reach = (METRES * 10.0) as i64;
    let near = 300 * (reach - decimetres(one.point, other.point).min(reach)) / reach;
    let price = match (one.nightly, other.nightly) {
        (Some(a), Some(b)) if a.currency == b.currency => 200 * a.amount.min(b.amount) / a.amount.max(b.amount).max(1),
        _ => 0,
    };
    let capacity = (100 - 25 * i64::from(one.capacity - other.capacity).abs()).max(0);
    [
        Part { name: "distance", points: near },
        Part { name: "room_type", points: if one.room_type == other.room_type { 200 } else { 0 } },
        Part { name: "price", points: price },
        Part { name: "property_type", points: if one.property_type == other.property_type { 100 } else { 0 } },
        Part { name: "capacity", points: capacity },
        Part { name: "amenities", points: if all == 0 { 0 } else { 100 * shared / all } },
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_resembles_itself_most() {
        let home = Portrait {
            point: Point { latitude_e7: 387_000_000, longitude_e7: -91_000_000 },
            room_type: RoomType::EntirePlace,
            property_type: PropertyType::Loft,
            capacity: 4,
            nightly: Some(Money::new(12_000, "EUR".parse().unwrap())),
        };
        let sum = |other: &Portrait, shared| parts(&home, other, shared, 10).iter().map(|part| part.points).sum::<i64>();
        assert_eq!(sum(&home, 10), 1000);
        let dearer = Portrait { nightly: Some(Money::new(24_000, "EUR".parse().unwrap())), ..home };
        assert_eq!(sum(&dearer, 10), 900);
        let far = Portrait { point: Point { latitude_e7: 397_000_000, ..home.point }, capacity: 20, ..dearer };
        assert_eq!(sum(&far, 0), 400);
        assert!(around(&home).holds(home.point) && !around(&home).holds(far.point));
    }
}
