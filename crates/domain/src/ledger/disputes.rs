//! Disputes: a guest's bank takes the money back, looks into it, and gives it
//! back or keeps it. The provider's word for a dispute makes the key.

use super::EntrySide::{Credit, Debit};
use super::{Account, Division, LedgerError, Posting, PostingEvent};
use crate::ids::{BookingId, UserId};
use crate::money::Money;
use crate::words::words;

words! {
    /// Who pays for a dispute that was lost after the host had earned.
    LossBearer {
        /// The host: the guest complained about the home.
        Host = "host",
        /// The marketplace: the card was not the guest's, say.
        Marketplace = "marketplace",
    }
}

/// A bank has taken `amount` back; the provider charges `fee` minor units.
///
/// # Errors
/// When an amount is negative or both are nothing.
pub fn dispute_opened(dispute: &str, booking: BookingId, amount: Money, fee: i64) -> Result<Posting, LedgerError> {
    let legs = vec![
        (Account::DisputeReceivable(booking), Debit, amount.amount),
        (Account::DisputeFees, Debit, fee),
        (Account::ProviderClearing, Credit, amount.amount + fee),
    ];
    Posting::new(format!("dp:{dispute}"), PostingEvent::DisputeOpened, amount.currency, legs)
}

/// The bank has given it back, and the provider `fee` minor units of its fee.
///
/// # Errors
/// When an amount is negative or both are nothing.
pub fn dispute_won(dispute: &str, booking: BookingId, amount: Money, fee: i64) -> Result<Posting, LedgerError> {
    let legs = vec![
        (Account::ProviderClearing, Debit, amount.amount + fee),
        (Account::DisputeReceivable(booking), Credit, amount.amount),
        (Account::DisputeFees, Credit, fee),
    ];
    Posting::new(format!("dp:{dispute}:won"), PostingEvent::DisputeWon, amount.currency, legs)
}

/// The bank keeps money that nobody had earned yet. What of `amount` is no
/// longer among the guest's funds (`held` minor units are) is the
/// marketplace's loss.
///
/// # Errors
/// When an amount is negative or the dispute is about nothing.
pub fn dispute_lost_before_earn(dispute: &str, booking: BookingId, amount: Money, held: i64) -> Result<Posting, LedgerError> {
    let covered = held.clamp(0, amount.amount);
    let legs = vec![
        (Account::GuestFunds(booking), Debit, covered),
        (Account::ChargebackLoss, Debit, amount.amount - covered),
        (Account::DisputeReceivable(booking), Credit, amount.amount),
    ];
    Posting::new(format!("dp:{dispute}:lost"), PostingEvent::DisputeLost, amount.currency, legs)
}

/// The bank keeps `amount` that was earned: fees and taxes of `earned` (the
/// part of the stay that was disputed) are undone; the host's part is owed by
/// the host or borne by the marketplace, which also bears what is more than was
/// earned.
///
/// # Errors
/// When an amount is negative or the dispute is about nothing.
pub fn dispute_lost_after_earn(
    dispute: &str,
    (booking, host): (BookingId, UserId),
    amount: Money,
    earned: &Division,
    bearer: LossBearer,
) -> Result<Posting, LedgerError> {
    let mut legs = earned.taken_back(host);
    if bearer == LossBearer::Marketplace {
        for leg in &mut legs {
            if leg.0 == Account::HostReceivable(host) {
                leg.0 = Account::ChargebackLoss;
            }
        }
    }
    legs.push((Account::ChargebackLoss, Debit, amount.amount - earned.total()));
    legs.push((Account::DisputeReceivable(booking), Credit, amount.amount));
    Posting::new(format!("dp:{dispute}:lost"), PostingEvent::DisputeLost, earned.currency, legs)
}
