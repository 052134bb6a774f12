//! Money on its way to hosts, and what hosts owe.

use super::EntrySide::{Credit, Debit};
use super::{Account, LedgerError, Posting, PostingEvent};
use crate::ids::{BookingId, PayoutId, UserId};
use crate::money::Money;

/// A host pays for calling off.
///
/// # Errors
/// When the amount is not positive.
pub fn host_cancellation_fee(booking: BookingId, host: UserId, fee: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::HostReceivable(host), Debit, fee.amount), (Account::FeeHost, Credit, fee.amount)];
    Posting::new(format!("hcf:{booking}"), PostingEvent::HostCancellationFee, fee.currency, legs)
}

/// Part of what a host is owed for a booking is a co-host's. `key` names the
/// share, e.g. `{payout}:{co_host}`.
///
/// # Errors
/// When the amount is not positive.
pub fn co_host_share(key: &str, host: UserId, co_host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::HostPayable(host), Debit, amount.amount), (Account::HostPayable(co_host), Credit, amount.amount)];
    Posting::new(format!("coh:{key}"), PostingEvent::CoHostShare, amount.currency, legs)
}

/// Try `attempt` (from 1) of a payout is on its way.
///
/// # Errors
/// When the amount is not positive.
pub fn payout_started(payout: PayoutId, attempt: i32, host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::HostPayable(host), Debit, amount.amount), (Account::PayoutInTransit(host), Credit, amount.amount)];
    Posting::new(format!("po:{payout}:{attempt}"), PostingEvent::PayoutStarted, amount.currency, legs)
}

/// It has arrived.
///
/// # Errors
/// When the amount is not positive.
pub fn payout_paid(payout: PayoutId, attempt: i32, host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::PayoutInTransit(host), Debit, amount.amount), (Account::ProviderClearing, Credit, amount.amount)];
    Posting::new(format!("po:{payout}:{attempt}:paid"), PostingEvent::PayoutPaid, amount.currency, legs)
}

/// It came back: the host is owed it again.
///
/// # Errors
/// When the amount is not positive.
pub fn payout_failed(payout: PayoutId, attempt: i32, host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::PayoutInTransit(host), Debit, amount.amount), (Account::HostPayable(host), Credit, amount.amount)];
    Posting::new(format!("po:{payout}:{attempt}:failed"), PostingEvent::PayoutFailed, amount.currency, legs)
}

/// What a host owes is taken from what a host is owed. `key` names the
/// deduction, e.g. the payout it is taken from.
///
/// # Errors
/// When the amount is not positive.
pub fn offset(key: &str, host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::HostPayable(host), Debit, amount.amount), (Account::HostReceivable(host), Credit, amount.amount)];
    Posting::new(format!("off:{key}"), PostingEvent::Offset, amount.currency, legs)
}

/// The provider has taken back from a host's account what the host owed.
///
/// # Errors
/// When the amount is not positive.
pub fn transfer_reversed(reversal: &str, host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::ProviderClearing, Debit, amount.amount), (Account::HostReceivable(host), Credit, amount.amount)];
    Posting::new(format!("trr:{reversal}"), PostingEvent::TransferReversed, amount.currency, legs)
}

/// The marketplace pays a host for damage.
///
/// # Errors
/// When the amount is not positive.
pub fn security_claim(key: &str, host: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::ChargebackLoss, Debit, amount.amount), (Account::HostPayable(host), Credit, amount.amount)];
    Posting::new(format!("claim:{key}"), PostingEvent::SecurityClaim, amount.currency, legs)
}
