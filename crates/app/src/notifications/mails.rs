//! The words of mails. Nothing in them is secret before a booking is agreed,
//! and whatever people wrote is escaped.

use domain::bookings::Side;
use domain::money::Money;

use super::Letter;
use super::sql::{self, BookingFacts};
use crate::App;
use crate::error::Result;
use crate::events::Event;

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A mail's HTML part: the same words as the plain one.
#[must_use]
pub(crate) fn html(name: &str, words: &str, link: Option<&str>, marketplace: &str) -> String {
    let paragraphs: String = words.split("\n\n").map(|part| format!("<p>{}</p>", escape(part).replace('\n', "<br>"))).collect();
    let link = link.map(|link| format!("<p><a href=\"{0}\">{0}</a></p>", escape(link))).unwrap_or_default();
    format!(
        "<!doctype html><html lang=\"en\"><body style=\"font-family:sans-serif;line-height:1.5\"><p>Hello {},</p>{paragraphs}{link}<p>{}</p></body></html>",
        escape(name),
        escape(marketplace)
    )
}

/// Who is told what of a fact.
pub(super) async fn letters(app: &App, event: &Event) -> Result<Vec<Letter>> {
    let booking = match event {
        Event::BookingRequested { booking, .. }
        | Event::BookingConfirmed { booking, .. }
        | Event::BookingDeclined { booking, .. }
        | Event::BookingExpired { booking, .. }
        | Event::BookingCancelled { booking, .. }
        | Event::BookingCompleted { booking, .. }
        | Event::PaymentFailed { booking, .. }
        | Event::PaymentRefunded { booking, .. }
        | Event::PayoutDue { booking, .. } => *booking,
        Event::ReviewPublished { review, .. } => {
            let Some((to, author, _)) = sql::review(&app.db, *review).await? else { return Ok(Vec::new()) };
            let words = format!("{author} has reviewed your stay together. You can read it now, and answer once.");
            return Ok(vec![Letter { to, subject: "A review of you is open".into(), words, link: Some(app.config.public_url.clone()) }]);
        }
        _ => return Ok(Vec::new()),
    };
    let Some(facts) = sql::booking(&app.db, booking).await? else { return Ok(Vec::new()) };
    let link = format!("{}/api/v1/bookings/{booking}", app.config.public_url);
    Ok(about_booking(event, &facts, &link))
}

fn about_booking(event: &Event, facts: &BookingFacts, link: &str) -> Vec<Letter> {
    let terms = &facts.terms.0;
    let title = &terms.listing_title;
    let what = format!("{title}, {} ({} nights), booking {}", terms.quote.stay, terms.quote.stay.nights(), facts.code);
    let total = Money::new(terms.quote.total, facts.currency);
    let payout = Money::new(terms.quote.host_payout, facts.currency);
    let letter =
        |to, subject: &str, words: String| Letter { to, subject: format!("{subject}: {title}"), words, link: Some(link.to_owned()) };
    let (guest, host) = (facts.guest_id, facts.host_id);
    match event {
        Event::BookingRequested { .. } => {
            let said = if facts.message.is_empty() { String::new() } else { format!("\n\n{} writes: {}", facts.guest_name, facts.message) };
            vec![
                letter(
                    host,
                    "A request",
                    format!(
                        "{} asks for {what}. You would get {payout}. Please answer within 24 hours; the nights are held until then.{said}",
                        facts.guest_name
                    ),
                ),
                letter(
                    guest,
                    "Your request",
                    format!(
                        "We have asked the host for {what}. Your card is held for {total} and charged only if the host accepts within 24 hours."
                    ),
                ),
            ]
        }
        Event::BookingConfirmed { .. } => vec![
            letter(
                guest,
                "Confirmed",
                format!(
                    "Your stay is booked: {what}. You paid {total}.\n\nThe address: {}, {}. Check-in from {}, check-out until {}.",
                    facts.line1,
                    facts.city,
                    terms.check_in_from.format("%H:%M"),
                    terms.check_out_until.format("%H:%M")
                ),
            ),
            letter(host, "Booked", format!("{} has booked {what}. You get {payout}, due 24 hours after check-in.", facts.guest_name)),
        ],
        Event::BookingDeclined { .. } => {
            vec![letter(guest, "Not this time", format!("The host could not take {what}. Your card has not been charged."))]
        }
        Event::BookingExpired { .. } => {
            let mut letters =
                vec![letter(guest, "Expired", format!("{what} has expired. Your card has not been charged; the nights are free again."))];
            if facts.state == domain::bookings::BookingState::Expired && facts.cancelled_by.is_none() {
                letters.push(letter(host, "Expired", format!("The request for {what} has expired.")));
            }
            letters
        }
        Event::BookingCancelled { .. } => {
            let by = match facts.cancelled_by {
                Some(Side::Guest) => "the guest",
                Some(Side::Host) => "the host",
                _ => "the marketplace",
            };
            let words = format!("{what} was cancelled by {by}.");
            vec![letter(guest, "Cancelled", words.clone()), letter(host, "Cancelled", words)]
        }
        Event::BookingCompleted { .. } => {
            let words = format!(
                "{what} is over. How was it? Both of you can say so within 14 days; nobody reads it before both have or the time is up."
            );
            vec![letter(guest, "How was your stay?", words.clone()), letter(host, "How was your guest?", words)]
        }
        Event::PaymentFailed { .. } => vec![letter(
            guest,
            "Your card was not accepted",
            format!("Your card could not be charged for {what}. You can try another while the nights are held for you."),
        )],
        Event::PaymentRefunded { amount, .. } => {
            vec![letter(
                guest,
                "Your refund",
                format!("{} are on their way back to your card for {what}.", Money::new(*amount, facts.currency)),
            )]
        }
        Event::PayoutDue { .. } => vec![letter(host, "Your payout is due", format!("{payout} for {what} are due to you."))],
        _ => Vec::new(),
    }
}
