//! The book: accounts, and the posting of every business event. A posting that
//! does not balance in each currency cannot be made.

mod accounts;
mod changes;
mod disputes;
mod hosts;
mod marketplace;
mod stays;

pub use accounts::{Account, AccountKind};
pub use changes::{Back, Parts, Standing, divide, parts_of, raised, scaled};
pub use disputes::{LossBearer, dispute_lost_after_earn, dispute_lost_before_earn, dispute_opened, dispute_won};
pub use hosts::{
    co_host_share, host_cancellation_fee, offset, payout_failed, payout_paid, payout_started, security_claim, transfer_reversed,
};
pub use marketplace::{
    converted, correction, credit_expired, credit_issued, goodwill_refund, provider_fee, revalued, swept_to_bank, tax_remitted,
};
pub use stays::{
    Division, cancel_after_earn, cancel_before_earn, cancel_partly_earned, capture, contributed, earn, earn_part, late_payment_returned,
    refund_after_earn, refund_before_earn, refund_paid,
};

use crate::ids::LedgerTransactionId;
use crate::money::{Currency, Money};
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
        /// Coupon and credit pay their part of a stay.
        Contribution = "contribution",
        /// The host has earned.
        Earn = "earn",
        /// Called off before the host had earned.
        CancelBeforeEarn = "cancel_before_earn",
        /// Called off after.
        CancelAfterEarn = "cancel_after_earn",
        /// Part of a guest's money is promised back before the host has earned.
        RefundBeforeEarn = "refund_before_earn",
        /// Part of a guest's money is promised back after the host has earned.
        RefundAfterEarn = "refund_after_earn",
        /// Money has gone back to a guest.
        RefundPaid = "refund_paid",
        /// Money came for a booking that was over: it goes back.
        LatePayment = "late_payment",
        /// The marketplace gives a guest money back out of its own pocket.
        GoodwillRefund = "goodwill_refund",
        /// A host pays for calling off.
        HostCancellationFee = "host_cancellation_fee",
        /// Part of a host's earnings is a co-host's.
        CoHostShare = "co_host_share",
        /// A payout is on its way.
        PayoutStarted = "payout_started",
        /// A payout has arrived.
        PayoutPaid = "payout_paid",
        /// A payout came back.
        PayoutFailed = "payout_failed",
        /// What a host owes is taken from what a host is owed.
        Offset = "offset",
        /// Money has been taken back from a host's account.
        TransferReversed = "transfer_reversed",
        /// A bank has taken money back and looks into it.
        DisputeOpened = "dispute_opened",
        /// The bank has given it back.
        DisputeWon = "dispute_won",
        /// The bank keeps it.
        DisputeLost = "dispute_lost",
        /// A guest is given credit.
        CreditIssued = "credit_issued",
        /// Credit was not spent in time.
        CreditExpired = "credit_expired",
        /// The marketplace pays a host for damage.
        SecurityClaim = "security_claim",
        /// Taxes have been passed on.
        TaxRemitted = "tax_remitted",
        /// The provider has charged for its work.
        ProviderFee = "provider_fee",
        /// The provider has paid out to the marketplace's bank.
        SweptToBank = "swept_to_bank",
        /// Money has changed its currency.
        Converted = "converted",
        /// What waits to be changed has a new worth.
        Revalued = "revalued",
        /// Undoes a posting that was wrong.
        Correction = "correction",
    }
}

/// One entry of a posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where.
    pub account: Account,
    /// Which side.
    pub side: EntrySide,
    /// How much; always positive.
    pub amount: Money,
}

/// A balanced posting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Posting {
    /// Makes the event post once, ever.
    pub key: String,
    /// What happened.
    pub event: PostingEvent,
    /// Sorted by account, so that postings lock accounts in one order.
    pub entries: Vec<Entry>,
    /// The posting that this one undoes.
    pub reverses: Option<LedgerTransactionId>,
    /// What an auditor should know: a reason, who ordered it, a rate and its
    /// source. One line.
    pub note: String,
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

/// One side of a posting to be: account, side, minor units.
type Leg = (Account, EntrySide, i64);

impl Posting {
    /// A posting in one currency; legs of nothing are dropped, legs of one
    /// account and side are joined.
    fn new(key: String, event: PostingEvent, currency: Currency, legs: Vec<Leg>) -> Result<Self, LedgerError> {
        let legs = legs.into_iter().map(|(account, side, amount)| Entry { account, side, amount: Money::new(amount, currency) }).collect();
        Self::of(key, event, legs)
    }

    /// A posting that balances in each of its currencies.
    fn of(key: String, event: PostingEvent, legs: Vec<Entry>) -> Result<Self, LedgerError> {
        if legs.iter().any(|leg| leg.amount.amount < 0) {
            return Err(LedgerError::Negative(key));
        }
        for leg in &legs {
            let currency = leg.amount.currency;
            let signed = |leg: &Entry| {
                let amount = i128::from(leg.amount.amount);
                if leg.side == EntrySide::Debit { amount } else { -amount }
            };
            let difference: i128 = legs.iter().filter(|other| other.amount.currency == currency).map(signed).sum();
            if difference != 0 {
                return Err(LedgerError::Unbalanced { key, currency, difference });
            }
        }
        let mut entries: Vec<Entry> = Vec::with_capacity(legs.len());
        for leg in legs.into_iter().filter(|leg| leg.amount.amount > 0) {
            let same =
                |entry: &&mut Entry| entry.account == leg.account && entry.side == leg.side && entry.amount.currency == leg.amount.currency;
            match entries.iter_mut().find(same) {
                Some(entry) => entry.amount.amount += leg.amount.amount,
                None => entries.push(leg),
            }
        }
        if entries.is_empty() {
            return Err(LedgerError::Empty(key));
        }
        entries.sort_by_key(|entry| (entry.account.to_string(), entry.amount.currency.code(), entry.side));
        Ok(Self { key, event, entries, reverses: None, note: String::new() })
    }

    /// The posting with a word to auditors; line ends become spaces.
    #[must_use]
    pub fn with_note(mut self, note: &str) -> Self {
        self.note = note.split_whitespace().collect::<Vec<_>>().join(" ");
        self
    }
}
