//! The outline of a place: polygons on the map.

use domain::listings::Point;
use search_index::Area;
use serde::{Deserialize, Serialize};

/// Longitude and latitude in 1e-7 degrees.
type Vertex = (i32, i32);

/// Polygons, each a list of rings of which the first is the outer one.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Outline(pub Vec<Vec<Vec<Vertex>>>);

/// Half a turn in 1e-7 degrees.
const HALF_TURN: i64 = 1_800_000_000;

impl Outline {
    /// Whether it has an edge at all and lies on the globe.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let vertices = || self.0.iter().flatten().flatten();
        self.0.iter().any(|polygon| polygon.first().is_some_and(|ring| ring.len() >= 3))
            && vertices().all(|(x, y)| i64::from(*x).abs() <= HALF_TURN && i64::from(*y).abs() <= HALF_TURN / 2)
    }

    /// The box around it. One that would be wider than half the globe is taken to
    /// cross the date line.
    #[must_use]
    pub fn area(&self) -> Option<Area> {
        let vertices = || self.0.iter().filter_map(|polygon| polygon.first()).flatten();
        let (south, north) = (vertices().map(|v| v.1).min()?, vertices().map(|v| v.1).max()?);
        let (west, east) = (vertices().map(|v| v.0).min()?, vertices().map(|v| v.0).max()?);
        if i64::from(east) - i64::from(west) <= HALF_TURN {
            return Some(Area::Box { west, south, east, north });
        }
        let west = vertices().map(|v| v.0).filter(|x| *x >= 0).min()?;
        let east = vertices().map(|v| v.0).filter(|x| *x < 0).max()?;
        Some(Area::Box { west, south, east, north })
    }

    /// Whether a point lies inside: an edge counts on its western and southern
    /// side.
    #[must_use]
    pub fn holds(&self, point: Point) -> bool {
        let (x, y) = (i128::from(point.longitude_e7), i128::from(point.latitude_e7));
        let crossings = |ring: &Vec<Vertex>| {
            let ends = ring.iter().zip(ring.iter().cycle().skip(1));
            ends.filter(|(a, b)| {
                let ((ax, ay), (bx, by)) = ((i128::from(a.0), i128::from(a.1)), (i128::from(b.0), i128::from(b.1)));
                if (ay > y) == (by > y) {
                    return false;
                }
                // x < ax + (y - ay) / (by - ay) * (bx - ax), without dividing.
                let side = (x - ax) * (by - ay) - (y - ay) * (bx - ax);
                if by > ay { side < 0 } else { side > 0 }
            })
            .count()
        };
        self.0.iter().any(|polygon| polygon.iter().map(crossings).sum::<usize>() % 2 == 1)
    }

    /// How large its box is: the smaller, the more it says.
    #[must_use]
    pub fn size(&self) -> i64 {
        match self.area() {
            Some(Area::Box { west, south, east, north }) => {
                let width = (i64::from(east) - i64::from(west)).rem_euclid(2 * HALF_TURN);
                // In 1e-4 degrees squared.
                (width / 1000).saturating_mul((i64::from(north) - i64::from(south)) / 1000)
            }
            _ => i64::MAX,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(x: i32, y: i32) -> Point {
        Point { longitude_e7: x, latitude_e7: y }
    }

    #[test]
    fn a_point_is_inside_or_not() {
        let outer = vec![(0, 0), (100, 0), (100, 100), (0, 100), (0, 0)];
        let hole = vec![(40, 40), (60, 40), (60, 60), (40, 60)];
        let island = vec![vec![(200, 0), (220, 0), (210, 20)]];
        let outline = Outline(vec![vec![outer, hole], island]);
        for (point, inside) in [
            ((10, 10), true),
            ((50, 50), false),
            ((61, 50), true),
            ((100, 50), false),
            ((0, 50), true),
            ((210, 5), true),
            ((201, 15), false),
        ] {
            assert_eq!(outline.holds(at(point.0, point.1)), inside, "{point:?}");
        }
        assert_eq!(outline.area(), Some(Area::Box { west: 0, south: 0, east: 220, north: 100 }));
        assert!(outline.is_sound() && !Outline::default().is_sound() && !Outline(vec![vec![vec![(0, 0), (1, 1)]]]).is_sound());
    }

    #[test]
    fn a_box_may_cross_the_date_line() {
        let fiji = Outline(vec![
            vec![vec![(1_770_000_000, 0), (1_799_000_000, 0), (1_790_000_000, 10)]],
            vec![vec![(-1_799_000_000, 0), (-1_780_000_000, 5), (-1_790_000_000, 9)]],
        ]);
        assert_eq!(fiji.area(), Some(Area::Box { west: 1_770_000_000, south: 0, east: -1_780_000_000, north: 10 }));
    }
}
