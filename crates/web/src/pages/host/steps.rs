//! The steps of writing a home, and which of them are done.

use app::search::ListingDetail;
use domain::listings::ListingStatus;

/// A step: path, title, and what a good answer is.
pub(crate) const STEPS: [(&str, &str, &str); 10] = [
    ("kind", "Kind of place", "What guests get: the whole place, a room, a bed."),
    ("place", "Place", "Guests see a point some 300 metres away until they have booked."),
    ("basics", "Basics", "How many people can sleep well? Count beds, not sofas that nobody likes."),
    ("amenities", "Amenities", "Wi-Fi and a kitchen are what most guests look for."),
    ("photos", "Photos", "Five or more, by daylight. The first is the cover."),
    ("words", "Title and description", "Say what one sees from the window, and what is special."),
    ("price", "Price", "Guests see one price with everything in it."),
    ("stays", "Stays", "How long, how early, how soon after another guest."),
    ("rules", "House rules and arrival", "Codes and Wi-Fi are shown to booked guests only."),
    ("publish", "Look it over and publish", "Everything can be changed later."),
];

/// How far a home is: the steps that are done, in order.
#[derive(Debug, Clone)]
pub(crate) struct Progress {
    done: [bool; 10],
    /// Per cent.
    pub percent: usize,
}

impl Progress {
    /// Of a home.
    pub fn of(detail: &ListingDetail) -> Self {
        let listing = &detail.listing;
        let touched = listing.version > 1 || listing.capacity > 0;
        let done = [
            touched,
            listing.point.is_some() && !listing.address.city.is_empty(),
            listing.capacity > 0,
            !listing.amenities.is_empty(),
            !detail.photos.is_empty(),
            !listing.title.is_empty() && !listing.description.is_empty(),
            detail.tariff.is_some(),
            detail.tariff.is_some(),
            detail.arrival.as_ref().is_some_and(|arrival| !arrival.instructions.is_empty()),
            listing.status == ListingStatus::Published,
        ];
        Self { percent: done.iter().filter(|done| **done).count() * 100 / done.len(), done }
    }

    /// Whether a step is done.
    pub fn has(&self, step: &str) -> bool {
        STEPS.iter().position(|(path, ..)| *path == step).is_some_and(|at| self.done[at])
    }

    /// The first step that is not done.
    pub fn next(&self) -> &'static str {
        STEPS.iter().zip(self.done).find(|(_, done)| !done).map_or("publish", |((path, ..), _)| path)
    }
}
