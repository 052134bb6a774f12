//! The words of mails. Nothing in them is secret before a booking is agreed,
//! and whatever people wrote is escaped.

use domain::bookings::Side;
use domain::ids::{BookingId, UserId};
use domain::money::Money;
use domain::notifications::NotificationKind;

use super::Letter;
use super::changes;
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
    if let Some(letters) = changes::letters(app, event).await? {
        return Ok(letters);
    }
    let booking = match event {
        Event::BookingRequested { booking, .. }
        | Event::BookingConfirmed { booking, .. }
        | Event::BookingDeclined { booking, .. }
        | Event::BookingExpired { booking, .. }
        | Event::BookingCancelled { booking, .. }
        | Event::BookingCompleted { booking, .. }
        | Event::PaymentFailed { booking, .. }
        | Event::PaymentRefunded { booking, .. }
        | Event::InstalmentDueSoon { booking, .. }
        | Event::InstalmentUnpaid { booking, .. }
        | Event::DisputeOpened { booking, .. }
        | Event::DisputeClosed { booking, .. }
        | Event::PayoutDue { booking, .. } => *booking,
        Event::CoHostInvited { co_host, .. } => {
            let Some((to, host, title)) = sql::invitation(&app.db, *co_host).await? else { return Ok(Vec::new()) };
            let words = format!("{host} asks you to help with {title}. Log in to say yes or no; nothing happens before you do.");
            let letter = Letter::new(to, NotificationKind::Bookings, &format!("Will you help with {title}?")).saying(words);
            return Ok(vec![letter.linking("/host/invitations".to_owned())]);
        }
        Event::ReviewPublished { review, .. } => {
            let Some((to, author, _)) = sql::review(&app.db, *review).await? else { return Ok(Vec::new()) };
            let words = format!("{author} has reviewed your stay together. You can read it now, and answer once.");
            let letter = Letter::new(to, NotificationKind::Reviews, "A review of you is open").saying(words);
            return Ok(vec![letter.linking(format!("/people/{to}"))]);
        }
        _ => return Ok(Vec::new()),
    };
    let Some(facts) = sql::booking(&app.db, booking).await? else { return Ok(Vec::new()) };
    if let Event::PayoutDue { payout, .. } = event {
        let Some((to, amount)) = sql::payout(&app.db, *payout).await? else { return Ok(Vec::new()) };
        let words = format!("{} for booking {} are due to you.", Money::new(amount, facts.currency), facts.code);
        let subject = format!("Your payout is due: {}", facts.terms.0.listing_title);
        let letter = Letter::new(to, NotificationKind::Payouts, &subject).saying(words);
        return Ok(vec![letter.linking("/host/payouts".to_owned())]);
    }
    Ok(about_booking(event, &facts, booking))
}

/// What mails about a booking say of it.
struct Words<'a> {
    facts: &'a BookingFacts,
    booking: BookingId,
    /// Home, dates and code.
    what: String,
    total: Money,
    payout: Money,
}

impl Words<'_> {
    fn letter(&self, to: UserId, subject: &str, words: String) -> Letter {
        let title = &self.facts.terms.0.listing_title;
        Letter::new(to, NotificationKind::Bookings, &format!("{subject}: {title}")).saying(words)
    }

    fn guest(&self, subject: &str, words: String) -> Letter {
        self.letter(self.facts.guest_id, subject, words).linking(format!("/trips/{}", self.booking))
    }

    fn host(&self, subject: &str, words: String) -> Letter {
        self.letter(self.facts.host_id, subject, words).linking(format!("/host/reservations/{}", self.booking))
    }

    fn requested(&self) -> Vec<Letter> {
        let (what, name, message) = (&self.what, &self.facts.guest_name, &self.facts.message);
        let said = if message.is_empty() { String::new() } else { format!("\n\n{name} writes: {message}") };
        let to_host = format!(
            "{name} asks for {what}. You would get {}. Please answer within 24 hours; the nights are held until then.{said}",
            self.payout
        );
        let to_guest = format!(
            "We have asked the host for {what}. Your card is held for {} and charged only if the host accepts within 24 hours.",
            self.total
        );
        vec![self.host("A request", to_host), self.guest("Your request", to_guest)]
    }

    fn confirmed(&self) -> Vec<Letter> {
        let (what, terms) = (&self.what, &self.facts.terms.0);
        let (from, until) = (terms.check_in_from.format("%H:%M"), terms.check_out_until.format("%H:%M"));
        let place = format!("{}, {}", self.facts.line1, self.facts.city);
        let to_guest = format!(
            "Your stay is booked: {what}. You paid {}.\n\nThe address: {place}. Check-in from {from}, check-out until {until}.",
            self.total
        );
        let to_host = format!("{} has booked {what}. You get {}, due 24 hours after check-in.", self.facts.guest_name, self.payout);
        vec![self.guest("Confirmed", to_guest), self.host("Booked", to_host)]
    }

    fn cancelled(&self) -> Vec<Letter> {
        let by = match self.facts.cancelled_by {
            Some(Side::Guest) => "the guest",
            Some(Side::Host) => "the host",
            _ => "the marketplace",
        };
        let words = format!("{} was cancelled by {by}.", self.what);
        vec![self.guest("Cancelled", words.clone()), self.host("Cancelled", words)]
    }

    fn completed(&self) -> Vec<Letter> {
        let words = format!(
            "{} is over. How was it? Both of you can say so within 14 days; nobody reads it before both have or the time is up.",
            self.what
        );
        vec![self.guest("How was your stay?", words.clone()), self.host("How was your guest?", words)]
    }
}

fn about_booking(event: &Event, facts: &BookingFacts, booking: BookingId) -> Vec<Letter> {
    let terms = &facts.terms.0;
    let words = Words {
        facts,
        booking,
        what: format!("{}, {} ({} nights), booking {}", terms.listing_title, terms.quote.stay, terms.quote.stay.nights(), facts.code),
        total: Money::new(terms.quote.total, facts.currency),
        payout: Money::new(terms.quote.host_payout, facts.currency),
    };
    let what = &words.what;
    match event {
        Event::BookingRequested { .. } => words.requested(),
        Event::BookingConfirmed { .. } => words.confirmed(),
        Event::BookingDeclined { .. } => {
            vec![words.guest("Not this time", format!("The host could not take {what}. Your card has not been charged."))]
        }
        Event::BookingExpired { .. } => {
            vec![words.guest("Expired", format!("{what} has expired. Your card has not been charged; the nights are free again."))]
        }
        Event::BookingCancelled { .. } => words.cancelled(),
        Event::BookingCompleted { .. } => words.completed(),
        Event::PaymentFailed { .. } => {
            let again = format!("Your card could not be charged for {what}. You can try another while the nights are held for you.");
            vec![words.guest("Your card was not accepted", again)]
        }
        Event::PaymentRefunded { amount, .. } => {
            let back = Money::new(*amount, facts.currency);
            vec![words.guest("Your refund", format!("{back} are on their way back to your card for {what}."))]
        }
        Event::InstalmentDueSoon { .. } => {
            let soon = format!("The next part of the price of {what} will be charged to your card within three days.");
            vec![words.guest("A payment is due soon", soon)]
        }
        Event::InstalmentUnpaid { .. } => {
            let over =
                format!("A part of the price of {what} could not be charged, three times in a row. The booking has been called off.");
            vec![words.guest("A payment is missing", over)]
        }
        Event::DisputeOpened { .. } => {
            let open = format!(
                "The guest's bank has taken back what was paid for {what} and looks into it. Your payout waits until it has decided."
            );
            vec![words.host("A payment is disputed", open)]
        }
        Event::DisputeClosed { won, .. } => {
            let end = if *won { "given the money back: your payout goes on" } else { "kept the money" };
            vec![words.host("A dispute has ended", format!("The guest's bank has looked into what was paid for {what} and has {end}."))]
        }
        _ => Vec::new(),
    }
}
