//! Drawn pictures: map tiles and illustrations. Pure: a seed or a place in, pixels out.
