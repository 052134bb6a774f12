//! What could be given up when a search finds nothing.

use crate::answer::{Answer, Refusal, Relaxed, Widening};
use crate::query::{Area, Dates, Filters, Query};

/// Each wish of a query that could be given up, in the order of
/// [`Relaxed::ALL`], with the query that is left.
pub fn wider(query: &Query) -> impl Iterator<Item = (Relaxed, Query)> {
    Relaxed::ALL.into_iter().filter_map(|reason| {
        let filters = relaxed(&query.filters, reason)?;
        Some((reason, Query { filters, after: None, ..query.clone() }))
    })
}

/// Tries each wish in turn; those without which something is found, in the
/// order of [`Relaxed::ALL`].
pub(crate) fn widen(query: &Query, search: impl Fn(&Query) -> Result<Answer, Refusal>) -> Result<Vec<Widening>, Refusal> {
    let mut found = Vec::new();
    for (reason, wider) in wider(query) {
        let count = Query { limit: 0, facets: false, clusters: None, ..wider.clone() };
        match search(&count) {
            Ok(answer) if answer.total > 0 => found.push(Widening { reason, total: answer.total, query: wider }),
            // Three days later may lie beyond the horizon: then not.
            Ok(_) | Err(Refusal::BeyondHorizon { .. }) => {}
            Err(refusal) => return Err(refusal),
        }
    }
    Ok(found)
}

/// The filters without one wish; none when it was not wished.
fn relaxed(filters: &Filters, reason: Relaxed) -> Option<Filters> {
    let mut wider = filters.clone();
    match reason {
        Relaxed::Dates => match filters.dates? {
            Dates::Exact(stay) => wider.dates = Some(Dates::Around { stay, days: 3 }),
            _ => return None,
        },
        Relaxed::Price => (wider.price_min, wider.price_max) = (None, None),
        Relaxed::Amenities => wider.amenities.clear(),
        Relaxed::Home => {
            wider.room_types.clear();
            wider.property_types.clear();
            (wider.bedrooms_min, wider.beds_min, wider.bathrooms_halves_min) = (None, None, None);
        }
        Relaxed::Conditions => (wider.instant_book, wider.free_cancellation, wider.rating_min) = (false, false, None),
        Relaxed::Words => wider.words = None,
        Relaxed::Area => wider.area = Some(wider_area(filters.area?)),
        Relaxed::AnyDates => wider.dates = None,
    }
    (wider != *filters).then_some(wider)
}

fn wider_area(area: Area) -> Area {
    let Area::Box { south, north, .. } = area else {
        return match area {
            Area::Circle { centre, decimetres } => Area::Circle { centre, decimetres: decimetres.saturating_mul(2).max(10_000) },
            area @ Area::Box { .. } => area,
        };
    };
    const TURN: i64 = 3_600_000_000;
    let (west, _, width, _) = area.bounds();
    let latitude = |n: i64| i32::try_from(n.clamp(-900_000_000, 900_000_000)).unwrap_or(0);
    let longitude = |n: i64| i32::try_from((n + TURN / 2).rem_euclid(TURN) - TURN / 2).unwrap_or(0);
    let up = (i64::from(north) - i64::from(south)).max(10_000) / 2;
    let (south, north) = (latitude(i64::from(south) - up), latitude(i64::from(north) + up));
    let aside = width.max(10_000) / 2;
    if width + 2 * aside >= TURN {
        return Area::Box { west: -1_800_000_000, south, east: 1_800_000_000, north };
    }
    Area::Box { west: longitude(west - aside), south, east: longitude(west + width + aside), north }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_view_becomes_twice_as_wide_around_its_middle() {
        let area = Area::Box { west: 1_795_000_000, south: 0, east: -1_795_000_000, north: 10_000_000 };
        let wider = Area::Box { west: 1_790_000_000, south: -5_000_000, east: -1_790_000_000, north: 15_000_000 };
        assert_eq!(wider_area(area), wider);
        let half = Area::Box { west: -1_000_000_000, south: -800_000_000, east: 1_000_000_000, north: 800_000_000 };
        let world = Area::Box { west: -1_800_000_000, south: -900_000_000, east: 1_800_000_000, north: 900_000_000 };
        assert_eq!(wider_area(half), world);
    }

    #[test]
    fn only_what_was_wished_is_given_up() {
        let filters = Filters { price_max: Some(5), amenities: vec!["wifi".to_owned()], ..Filters::default() };
        let reasons: Vec<Relaxed> = Relaxed::ALL.into_iter().filter(|reason| relaxed(&filters, *reason).is_some()).collect();
        assert_eq!(reasons, [Relaxed::Price, Relaxed::Amenities]);
    }
}
