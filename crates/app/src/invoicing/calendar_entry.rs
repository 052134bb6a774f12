//! A stay as an entry for the traveller's own calendar.

use domain::actor::Actor;
use domain::ids::BookingId;

use crate::App;
use crate::bookings;
use crate::calendar::ical::{Lines, stamp};
use crate::error::{Error, Result};
use crate::listings;

/// The stay as an iCalendar file: from check-in to check-out, with the address.
///
/// # Errors
/// `409 not_confirmed` before the booking is confirmed, 404 for strangers.
pub async fn calendar_entry(app: &App, actor: &Actor, id: BookingId) -> Result<String> {
    let (booking, _) = bookings::party(app, actor, id).await?;
    if !booking.state.is_agreed() {
        return Err(Error::conflict("not_confirmed", "a stay can be put into a calendar once it is confirmed"));
    }
    let address = listings::by_id(app, booking.listing_id).await?.address;
    let city = format!("{} {}", address.postal_code, address.city);
    let place: Vec<&str> = [address.line1.as_str(), address.line2.as_str(), city.trim(), address.country.as_deref().unwrap_or_default()]
        .into_iter()
        .filter(|part| !part.is_empty())
        .collect();
    let page = format!("{}/trips/{}", app.config.public_url, booking.id);
    let mut lines = Lines::begin(&app.config.name);
    lines.add("BEGIN:VEVENT");
    lines.add(&format!("UID:{}@roost", booking.id));
    lines.add(&format!("DTSTAMP:{}", stamp(booking.confirmed_at.unwrap_or(booking.created_at))));
    lines.add(&format!("DTSTART:{}", stamp(booking.check_in_at)));
    lines.add(&format!("DTEND:{}", stamp(booking.check_out_at)));
    lines.text("SUMMARY", &booking.terms.listing_title);
    lines.text("DESCRIPTION", &format!("Booking {}\n{page}", booking.code));
    lines.text("LOCATION", &place.join(", "));
    lines.add(&format!("URL:{page}"));
    lines.add("END:VEVENT");
    Ok(lines.end())
}
