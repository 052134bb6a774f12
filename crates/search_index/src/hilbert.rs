//! A curve through all places on which neighbours stay close together.

use domain::listings::Point;

/// Where on Hilbert's curve a point lies, at a resolution of a centimetre. Homes
/// given to [`crate::Index::build`] in this order are put away as they come.
#[must_use]
pub fn position(point: Point) -> u64 {
    let offset = |n: i32, zero: i64| u32::try_from(i64::from(n) + zero).unwrap_or(0);
    let (mut x, mut y) = (offset(point.longitude_e7, 1_800_000_000), offset(point.latitude_e7, 900_000_000));
    let mut place = 0_u64;
    for level in (0..32).rev() {
        let (right, upper) = (x >> level & 1, y >> level & 1);
        place = place << 2 | u64::from((3 * right) ^ upper);
        if upper == 0 {
            if right == 1 {
                (x, y) = (!x, !y);
            }
            (x, y) = (y, x);
        }
    }
    place
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_on_the_curve_is_near_on_the_map() {
        let mut all: Vec<(u64, i32, i32)> = (0..64)
            .flat_map(|y| (0..64).map(move |x| (y, x)))
            .map(|(y, x)| (position(Point { latitude_e7: y << 20, longitude_e7: x << 20 }), y, x))
            .collect();
        all.sort_unstable();
        all.dedup_by_key(|(place, ..)| *place);
        assert_eq!(all.len(), 64 * 64, "every point has its place");
        let far = all.windows(2).filter(|pair| pair[0].1.abs_diff(pair[1].1) + pair[0].2.abs_diff(pair[1].2) > 1).count();
        // The curve leaves this square and comes back now and then.
        assert!(far <= 64, "{far} jumps");
    }
}
