//! The cells in which homes are gathered on a map.

use domain::ids::ListingId;
use domain::listings::Point;

use crate::answer::Cluster;
use crate::query::Area;

/// Cells at most; a finer zoom of a wide view is made coarser until they fit.
const MOST_CELLS: i64 = 4096;
const TURN: i64 = 3_600_000_000;

/// A grid over a view: its cells are a quarter of a 256-pixel tile of a web
/// map wide.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grid {
    west: i64,
    south: i64,
    /// 1e-7 degrees to a side.
    size: i64,
    pub columns: usize,
    pub rows: usize,
}

impl Grid {
    /// For an area (the whole world without) and a zoom of 0–22.
    pub fn new(area: Option<&Area>, zoom: u8) -> Self {
        let (west, south, width, height) = match area {
            None => (-TURN / 2, -TURN / 4, TURN, TURN / 2),
            Some(Area::Box { west, south, east, north }) => {
                let across = i64::from(*east) - i64::from(*west);
                let width = if across < 0 { across + TURN } else { across };
                (i64::from(*west), i64::from(*south), width, i64::from(*north) - i64::from(*south))
            }
            Some(circle @ Area::Circle { .. }) => {
                let (west, south, width, north) = circle.bounds();
                (west, south, width, north - south)
            }
        };
        let mut size = TURN >> (u32::from(zoom.min(22)) + 2);
        loop {
            // Cells lie on the globe, not in the view: panning moves none.
            let (first, low) = (west.div_euclid(size), south.div_euclid(size));
            let columns = (west + width).div_euclid(size) - first + 1;
            let rows = (south + height.max(0)).div_euclid(size) - low + 1;
            if columns * rows <= MOST_CELLS {
                let cells = |n: i64| usize::try_from(n).unwrap_or(1);
                return Self { west: first * size, south: low * size, size, columns: cells(columns), rows: cells(rows) };
            }
            size *= 2;
        }
    }

    /// The cell of a point inside the area.
    pub fn cell(&self, point: Point) -> usize {
        let mut x = i64::from(point.longitude_e7) - self.west;
        if x < 0 {
            x += TURN;
        }
        let y = i64::from(point.latitude_e7) - self.south;
        let at = |n: i64, most: usize| usize::try_from(n / self.size).unwrap_or(0).min(most - 1);
        at(y, self.rows) * self.columns + at(x, self.columns)
    }
}

impl Area {
    /// West and south edge, width, north edge, in 1e-7 degrees; a circle's box
    /// is a little wider than the circle.
    pub(crate) fn bounds(&self) -> (i64, i64, i64, i64) {
        match *self {
            Self::Box { west, south, east, north } => {
                let across = i64::from(east) - i64::from(west);
                (i64::from(west), i64::from(south), if across < 0 { across + TURN } else { across }, i64::from(north))
            }
            Self::Circle { centre, decimetres } => {
                // A degree of latitude is 111.19 km; 110 km leaves a margin, and
                // 2 m more cover the rounding of small circles.
                let reach = decimetres.max(0).saturating_add(20).min(300_000_000);
                let up = reach * 10_000_000 / 1_100_000 + 1;
                let (y, x) = (i64::from(centre.latitude_e7), i64::from(centre.longitude_e7));
                let (south, north) = (y - up, y + up);
                let highest = south.abs().max(north.abs());
                #[expect(clippy::cast_precision_loss, clippy::cast_possible_truncation, reason = "degrees in 1e-7 are exact in f64")]
                let aside = if highest >= 899_000_000 {
                    TURN / 2
                } else {
                    ((up as f64 / (highest as f64 / 1e7).to_radians().cos()) as i64 + 1).min(TURN / 2)
                };
                let west = if x - aside < -TURN / 2 { x - aside + TURN } else { x - aside };
                let width = 2 * aside;
                let west = if width == TURN { -TURN / 2 } else { west };
                (west, south.max(-900_000_000), width, north.min(900_000_000))
            }
        }
    }
}

/// What a cell has gathered; sums are from the cell's own corner.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Gathered {
    pub count: u64,
    east: i64,
    north: i64,
    sample: Option<ListingId>,
}

impl Gathered {
    /// One more home in the cell `cell` of `grid`.
    pub fn add(&mut self, grid: &Grid, point: Point, id: ListingId) {
        let mut east = i64::from(point.longitude_e7) - grid.west;
        if east < 0 {
            east += TURN;
        }
        self.count += 1;
        self.east += east;
        self.north += i64::from(point.latitude_e7) - grid.south;
        self.sample = Some(self.sample.map_or(id, |sample| sample.min(id)));
    }

    /// The middle of what was gathered.
    pub fn finish(&self, grid: &Grid) -> Option<Cluster> {
        let count = i64::try_from(self.count).ok().filter(|count| *count > 0)?;
        let mut longitude = grid.west + self.east / count;
        if longitude > TURN / 2 {
            longitude -= TURN;
        }
        let whole = |n: i64| i32::try_from(n).unwrap_or(0);
        let point = Point { latitude_e7: whole(grid.south + self.north / count), longitude_e7: whole(longitude) };
        Some(Cluster { point, count: self.count, sample: self.sample? })
    }
}

impl Grid {
    /// The cluster of these homes of one cell.
    pub fn cluster(&self, homes: impl Iterator<Item = (Point, ListingId)>) -> Option<Cluster> {
        let mut gathered = Gathered::default();
        homes.for_each(|(point, id)| gathered.add(self, point, id));
        gathered.finish(self)
    }
}
