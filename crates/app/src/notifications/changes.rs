//! The words of mails about changes of bookings, extra refunds and money sent to
//! hosts.

use domain::alterations::AlterationState;
use domain::alterations::refund_requests::RefundRequestState;
use domain::bookings::Side;
use domain::money::Money;
use domain::notifications::NotificationKind;

use super::Letter;
use super::sql::{self, BookingFacts};
use crate::App;
use crate::error::Result;
use crate::events::Event;

/// Who is told what of such a fact; `None` when it is none.
pub(super) async fn letters(app: &App, event: &Event) -> Result<Option<Vec<Letter>>> {
    match event {
        Event::PayoutPaid { transfer, .. } | Event::PayoutFailed { transfer, .. } => {
            let Some(facts) = sql::transfer(&app.db, *transfer).await? else { return Ok(Some(Vec::new())) };
            Ok(Some(vec![about_transfer(matches!(event, Event::PayoutPaid { .. }), &facts)]))
        }
        Event::CreditGranted { grant, .. } => Ok(Some(sql::credit(&app.db, *grant).await?.iter().map(about_credit).collect())),
        Event::AlterationProposed { alteration, booking } | Event::AlterationClosed { alteration, booking } => {
            let (Some(facts), Some(change)) = (sql::booking(&app.db, *booking).await?, sql::alteration(&app.db, *alteration).await?) else {
                return Ok(Some(Vec::new()));
            };
            let letter = About { facts: &facts, booking: *booking }.alteration(&change, matches!(event, Event::AlterationProposed { .. }));
            Ok(Some(letter.into_iter().collect()))
        }
        Event::BookingAltered { booking, .. } => {
            let Some(facts) = sql::booking(&app.db, *booking).await? else { return Ok(Some(Vec::new())) };
            Ok(Some(About { facts: &facts, booking: *booking }.altered()))
        }
        Event::RefundAsked { request, booking } | Event::RefundAnswered { request, booking, .. } => {
            let (Some(facts), Some(wish)) = (sql::booking(&app.db, *booking).await?, sql::refund_request(&app.db, *request).await?) else {
                return Ok(Some(Vec::new()));
            };
            Ok(Some(vec![About { facts: &facts, booking: *booking }.refund(&wish)]))
        }
        _ => Ok(None),
    }
}

fn about_transfer(arrived: bool, facts: &sql::TransferFacts) -> Letter {
    let amount = Money::new(facts.amount, facts.currency);
    let kept = Money::new(facts.recovered, facts.currency);
    let debt = if facts.recovered > 0 { format!(" {kept} were kept for what you owed.") } else { String::new() };
    let (subject, words) = if arrived {
        (format!("{amount} sent to you"), format!("{amount} have been sent to your account.{debt} Your statement has the details."))
    } else {
        let why = facts.failure_code.as_deref().unwrap_or("unknown").replace('_', " ");
        let words = format!(
            "{amount} could not be sent to your account ({why}). Nothing is lost: we try again, each time after a longer wait. Please look at your payout settings."
        );
        (format!("{amount} could not be sent"), words)
    };
    Letter::new(facts.host_id, NotificationKind::Payouts, &subject).saying(words).linking("/host/payouts".to_owned())
}

fn about_credit(facts: &sql::CreditFacts) -> Letter {
    let amount = Money::new(facts.amount, facts.currency);
    let until = facts.expires_at.map(|at| format!(" It can be spent until {}.", at.date_naive())).unwrap_or_default();
    let words = format!("You have been given {amount} to spend on a stay: {}.{until} Say so when you book.", facts.reason);
    Letter::new(facts.user_id, NotificationKind::Bookings, &format!("{amount} for you")).saying(words).linking("/account/credit".to_owned())
}

struct About<'a> {
    facts: &'a BookingFacts,
    booking: domain::ids::BookingId,
}

impl About<'_> {
    fn letter(&self, to_guest: bool, subject: &str, words: String) -> Letter {
        let to = if to_guest { self.facts.guest_id } else { self.facts.host_id };
        let subject = format!("{subject}: {}", self.facts.terms.0.listing_title);
        Letter::new(to, NotificationKind::Bookings, &subject).saying(words).linking(if to_guest {
            format!("/trips/{}", self.booking)
        } else {
            format!("/host/reservations/{}", self.booking)
        })
    }

    /// The other side is asked; whoever proposed hears what became of it.
    fn alteration(&self, change: &sql::AlterationFacts, asked: bool) -> Option<Letter> {
        let by_guest = change.proposed_by == Side::Guest;
        let what =
            format!("booking {}: {} – {} instead of {}", self.facts.code, change.check_in, change.check_out, self.facts.terms.0.quote.stay);
        if asked {
            let who = if by_guest { &self.facts.guest_name } else { "Your host" };
            let (before, after) =
                (Money::new(change.total_before, self.facts.currency), Money::new(change.total_after, self.facts.currency));
            let said = if change.message.is_empty() { String::new() } else { format!("\n\n{}", change.message) };
            let words = format!(
                "{who} proposes a change of {what}. The price would be {after} instead of {before}. Please answer within 24 hours.{said}"
            );
            return Some(self.letter(!by_guest, "A change is proposed", words));
        }
        let end = match change.state {
            AlterationState::Declined => "was declined",
            AlterationState::Expired => "was not answered in time",
            AlterationState::Failed => "could not be paid",
            _ => return None,
        };
        Some(self.letter(by_guest, "No change", format!("Your change of {what} {end}. The booking stands as it was.")))
    }

    fn altered(&self) -> Vec<Letter> {
        let terms = &self.facts.terms.0;
        let total = Money::new(terms.quote.total, self.facts.currency);
        let words = format!(
            "Booking {} has changed: {} ({} nights), {total} in all.",
            self.facts.code,
            terms.quote.stay,
            terms.quote.stay.nights()
        );
        vec![self.letter(true, "Changed", words.clone()), self.letter(false, "Changed", words)]
    }

    fn refund(&self, wish: &sql::RefundFacts) -> Letter {
        let amount = Money::new(wish.amount, self.facts.currency);
        let said = |text: &str| if text.is_empty() { String::new() } else { format!("\n\n{text}") };
        match wish.state {
            RefundRequestState::Granted => {
                let granted = Money::new(wish.granted.unwrap_or(wish.amount), self.facts.currency);
                self.letter(
                    true,
                    "Your refund",
                    format!("The host gives {granted} back to you for booking {}.{}", self.facts.code, said(&wish.answer)),
                )
            }
            RefundRequestState::Declined => self.letter(
                true,
                "No extra refund",
                format!("The host does not give {amount} back for booking {}.{}", self.facts.code, said(&wish.answer)),
            ),
            _ => {
                let words =
                    format!("{} asks for {amount} back for booking {}.{}", self.facts.guest_name, self.facts.code, said(&wish.reason));
                self.letter(false, "A refund is asked for", words)
            }
        }
    }
}
