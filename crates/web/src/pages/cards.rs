//! A home in a list.

use app::App;
use app::search::Hit;
use domain::ids::ListingId;
use domain::money::Money;

use super::Fields;

/// A picture in the sizes that are known to exist.
#[derive(Debug, Clone)]
pub struct Picture {
    /// For browsers that choose none.
    pub src: String,
    /// For those that do.
    pub srcset: String,
}

impl Picture {
    /// From the name of a file of some width, e.g. `<hash>-640.webp`; narrower
    /// ones are always there.
    #[must_use]
    pub fn of(app: &App, name: &str) -> Self {
        let src = app.blobs.url(name);
        let srcset = match name.strip_suffix("-640.webp") {
            Some(stem) => format!("{} 320w, {src} 640w", app.blobs.url(&format!("{stem}-320.webp"))),
            None => String::new(),
        };
        Self { src, srcset }
    }
}

/// A home in a list.
#[derive(Debug, Clone)]
pub struct Card {
    /// Which.
    pub id: ListingId,
    /// Its page, with the dates looked for.
    pub href: String,
    /// Its title.
    pub title: String,
    /// Machine word: the kind of room, or of building for entire places.
    pub kind: &'static str,
    /// City and country.
    pub place: String,
    /// The cover.
    pub photo: Option<Picture>,
    /// Mean stars in hundredths.
    pub rating: Option<i32>,
    /// Many have praised it.
    pub favourite: bool,
    /// Paid is booked.
    pub instant: bool,
    /// A night from.
    pub nightly: Money,
    /// The whole stay, with dates.
    pub total: Option<Money>,
    /// Nights of the stay, with dates.
    pub nights: i64,
    /// Fuzzed, in degrees.
    pub latitude: f64,
    /// Fuzzed, in degrees.
    pub longitude: f64,
}

/// What a listing's address carries on from search.
pub const CARRIED: [&str; 6] = ["check_in", "check_out", "adults", "children", "infants", "pets"];

/// The page of a home: its id, and its title for people.
#[must_use]
pub fn listing_path(id: ListingId, title: &str) -> String {
    let mut slug = String::new();
    for c in title.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            slug.push(c);
        } else if !slug.ends_with('-') && !slug.is_empty() {
            slug.push('-');
        }
        if slug.len() > 60 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    let encoded: String = form_urlencoded::byte_serialize(slug.as_bytes()).collect();
    if encoded.is_empty() { format!("/homes/{id}") } else { format!("/homes/{id}-{encoded}") }
}

impl Card {
    /// What was found, with the dates and guests it was found for.
    #[must_use]
    pub fn new(app: &App, hit: Hit, search: &Fields) -> Self {
        let carried = CARRIED.iter().fold(Fields::default(), |fields, name| match search.some(name) {
            Some(value) => fields.with(name, value),
            None => fields,
        });
        let dates = search.read::<chrono::NaiveDate>("check_in").zip(search.read::<chrono::NaiveDate>("check_out"));
        Self {
            href: format!("{}{}", listing_path(hit.id, &hit.title), carried.query()),
            id: hit.id,
            kind: if hit.room_type == domain::listings::RoomType::EntirePlace {
                hit.property_type.as_str()
            } else {
                hit.room_type.as_str()
            },
            place: hit.city,
            photo: hit.photo.map(|name| Picture::of(app, &name)),
            rating: hit.rating_overall,
            favourite: hit.rating_count >= 5 && hit.rating_overall.is_some_and(|stars| stars >= 480),
            instant: hit.instant_book,
            nightly: hit.nightly,
            total: hit.total,
            nights: dates.map_or(0, |(from, to)| (to - from).num_days()),
            latitude: hit.point.latitude(),
            longitude: hit.point.longitude(),
            title: hit.title,
        }
    }
}
