//! The book: accounts, and the posting of every business event. A posting that
//! does not balance cannot be made.

use std::fmt;

use serde::Serialize;

use crate::cancellation::Settlement;
use crate::ids::{BookingId, PaymentId, PaymentOperationId, UserId};
use crate::money::{Currency, Money};
use crate::pricing::{LineKind, Quote};
use crate::words::words;

words! {
    /// The two sides of an entry.
    EntrySide {
        /// Left.
        Debit = "debit",
        /// Right.
        Credit = "credit",
    }
}

words! {
    /// The business events that post.
    PostingEvent {
        /// A guest's money has come in.
        Capture = "capture",
        /// The host has earned.
        Earn = "earn",
        /// Called off before the host had earned.
        CancelBeforeEarn = "cancel_before_earn",
        /// Called off after.
        CancelAfterEarn = "cancel_after_earn",
        /// Money has gone back to a guest.
        RefundPaid = "refund_paid",
        /// Money came for a booking that was over: it goes back.
        LatePayment = "late_payment",
        /// A host pays for calling off.
        HostCancellationFee = "host_cancellation_fee",
    }
}

/// An account of the book. Its key is its name in the database.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum Account {
    /// What the payment provider holds for us (debit-normal).
    ProviderClearing,
    /// A guest's money that nobody has earned yet (credit-normal).
    GuestFunds(BookingId),
    /// Money on its way back to a guest (credit-normal).
    RefundPayable(BookingId),
    /// What a host is owed (credit-normal).
    HostPayable(UserId),
    /// What a host owes (debit-normal).
    HostReceivable(UserId),
    /// The marketplace's fees from guests (credit-normal).
    FeeGuest,
    /// The marketplace's fees from hosts (credit-normal).
    FeeHost,
    /// Taxes to pass on (credit-normal).
    TaxPayable(String),
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ProviderClearing => f.write_str("psp_clearing"),
            Self::GuestFunds(booking) => write!(f, "guest_funds:{booking}"),
            Self::RefundPayable(booking) => write!(f, "refund_payable:{booking}"),
            Self::HostPayable(host) => write!(f, "host_payable:{host}"),
            Self::HostReceivable(host) => write!(f, "host_receivable:{host}"),
            Self::FeeGuest => f.write_str("fee_guest"),
            Self::FeeHost => f.write_str("fee_host"),
            Self::TaxPayable(jurisdiction) => write!(f, "tax_payable:{jurisdiction}"),
        }
    }
}

/// One entry of a posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Entry {
    /// Where.
    pub account: Account,
    /// Which side.
    pub side: EntrySide,
    /// How much; always positive.
    pub amount: Money,
}

/// A balanced posting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Posting {
    /// Makes the event post once, ever.
    pub key: String,
    /// What happened.
    pub event: PostingEvent,
    /// Sorted by account, so that postings lock accounts in one order.
    pub entries: Vec<Entry>,
}

/// Entries that do not make a posting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// Debits and credits differ.
    #[error("the posting {key} does not balance in {currency}: {difference} minor units")]
    Unbalanced {
        /// Which.
        key: String,
        /// In which currency.
        currency: Currency,
        /// Debits minus credits.
        difference: i128,
    },
    /// A negative amount.
    #[error("the posting {0} has a negative amount")]
    Negative(String),
    /// Nothing to post.
    #[error("the posting {0} has no entries")]
    Empty(String),
}

impl Posting {
    /// A posting of `(account, side, minor units)` in one currency; legs of
    /// nothing are dropped.
    ///
    /// # Errors
    /// When it does not balance, is empty or has a negative leg.
    fn new(key: String, event: PostingEvent, currency: Currency, legs: Vec<(Account, EntrySide, i64)>) -> Result<Self, LedgerError> {
        if legs.iter().any(|(_, _, amount)| *amount < 0) {
            return Err(LedgerError::Negative(key));
        }
        let signed = |(_, side, amount): &(Account, EntrySide, i64)| {
            if *side == EntrySide::Debit { i128::from(*amount) } else { -i128::from(*amount) }
        };
        let difference: i128 = legs.iter().map(signed).sum();
        if difference != 0 {
            return Err(LedgerError::Unbalanced { key, currency, difference });
        }
        let mut entries: Vec<Entry> = legs
            .into_iter()
            .filter(|(_, _, amount)| *amount > 0)
            .map(|(account, side, amount)| Entry { account, side, amount: Money::new(amount, currency) })
            .collect();
        if entries.is_empty() {
            return Err(LedgerError::Empty(key));
        }
        entries.sort_by_key(|entry| entry.account.to_string());
        Ok(Self { key, event, entries })
    }
}

use EntrySide::{Credit, Debit};

/// A guest's money has come in.
///
/// # Errors
/// When the amount is not positive.
pub fn capture(payment: PaymentId, booking: BookingId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::ProviderClearing, Debit, amount.amount), (Account::GuestFunds(booking), Credit, amount.amount)];
    Posting::new(format!("cap:{payment}"), PostingEvent::Capture, amount.currency, legs)
}

/// Money has gone back to the guest.
///
/// # Errors
/// When the amount is not positive.
pub fn refund_paid(operation: PaymentOperationId, booking: BookingId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::RefundPayable(booking), Debit, amount.amount), (Account::ProviderClearing, Credit, amount.amount)];
    Posting::new(format!("rf:{operation}"), PostingEvent::RefundPaid, amount.currency, legs)
}

/// Money came for a booking that was over: all of it goes back.
///
/// # Errors
/// When the amount is not positive.
pub fn late_payment_returned(booking: BookingId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::GuestFunds(booking), Debit, amount.amount), (Account::RefundPayable(booking), Credit, amount.amount)];
    Posting::new(format!("late:{booking}"), PostingEvent::LatePayment, amount.currency, legs)
}

/// A host pays for calling off.
///
/// # Errors
/// When the amount is not positive.
pub fn host_cancellation_fee(booking: BookingId, host: UserId, fee: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::HostReceivable(host), Debit, fee.amount), (Account::FeeHost, Credit, fee.amount)];
    Posting::new(format!("hcf:{booking}"), PostingEvent::HostCancellationFee, fee.currency, legs)
}

/// Twenty-four hours after check-in the guest's money becomes the host's, the
/// marketplace's and the tax office's.
///
/// # Errors
/// When the quote's parts do not sum to its total.
pub fn earn(booking: BookingId, host: UserId, quote: &Quote) -> Result<Posting, LedgerError> {
    let mut legs = vec![
        (Account::GuestFunds(booking), Debit, quote.total),
        (Account::HostPayable(host), Credit, quote.host_payout),
        (Account::FeeHost, Credit, quote.host_fee),
        (Account::FeeGuest, Credit, quote.sum_of(LineKind::GuestFee)),
    ];
    legs.extend(quote.taxes().map(|(jurisdiction, line)| (Account::TaxPayable(jurisdiction.to_owned()), Credit, line.amount)));
    Posting::new(format!("earn:{booking}"), PostingEvent::Earn, quote.currency, legs)
}

/// Called off before the host had earned: the guest's money is divided.
///
/// # Errors
/// When the settlement does not sum to the quote's total.
pub fn cancel_before_earn(booking: BookingId, host: UserId, quote: &Quote, settled: &Settlement) -> Result<Posting, LedgerError> {
    let mut legs = vec![
        (Account::GuestFunds(booking), Debit, quote.total),
        (Account::RefundPayable(booking), Credit, settled.refund),
        (Account::HostPayable(host), Credit, settled.host_receives),
        (Account::FeeHost, Credit, settled.host_fee),
        (Account::FeeGuest, Credit, settled.guest_fee),
    ];
    legs.extend(settled.taxes.iter().map(|(jurisdiction, due)| (Account::TaxPayable(jurisdiction.clone()), Credit, *due)));
    Posting::new(format!("cx:{booking}"), PostingEvent::CancelBeforeEarn, quote.currency, legs)
}

/// Called off after the host had earned: each gives back the difference.
///
/// # Errors
/// When the settlement does not sum to the quote's total, or nothing goes back.
pub fn cancel_after_earn(booking: BookingId, host: UserId, quote: &Quote, settled: &Settlement) -> Result<Posting, LedgerError> {
    let mut legs = vec![
        (Account::RefundPayable(booking), Credit, settled.refund),
        (Account::HostReceivable(host), Debit, quote.host_payout - settled.host_receives),
        (Account::FeeHost, Debit, quote.host_fee - settled.host_fee),
        (Account::FeeGuest, Debit, quote.sum_of(LineKind::GuestFee) - settled.guest_fee),
    ];
    for ((jurisdiction, line), (_, due)) in quote.taxes().zip(&settled.taxes) {
        legs.push((Account::TaxPayable(jurisdiction.to_owned()), Debit, line.amount - due));
    }
    Posting::new(format!("cxe:{booking}"), PostingEvent::CancelAfterEarn, quote.currency, legs)
}
