//! The marketplace's own money: credits, fees of the provider, taxes passed
//! on, currencies changed, mistakes undone.

use super::EntrySide::{self, Credit, Debit};
use super::{Account, Entry, LedgerError, Posting, PostingEvent};
use crate::ids::{BookingId, LedgerTransactionId, UserId};
use crate::money::Money;

/// A guest is given credit to spend.
///
/// # Errors
/// When the amount is not positive.
pub fn credit_issued(key: &str, guest: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::PromoExpense, Debit, amount.amount), (Account::GuestCredit(guest), Credit, amount.amount)];
    Posting::new(format!("cr:{key}"), PostingEvent::CreditIssued, amount.currency, legs)
}

/// Credit was not spent in time.
///
/// # Errors
/// When the amount is not positive.
pub fn credit_expired(key: &str, guest: UserId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::GuestCredit(guest), Debit, amount.amount), (Account::PromoExpense, Credit, amount.amount)];
    Posting::new(format!("crx:{key}"), PostingEvent::CreditExpired, amount.currency, legs)
}

/// The marketplace promises a guest money back out of its own pocket.
///
/// # Errors
/// When the amount is not positive.
pub fn goodwill_refund(key: &str, booking: BookingId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::PromoExpense, Debit, amount.amount), (Account::RefundPayable(booking), Credit, amount.amount)];
    Posting::new(format!("gw:{key}"), PostingEvent::GoodwillRefund, amount.currency, legs)
}

/// The provider has charged for its work.
///
/// # Errors
/// When the fee is not positive.
pub fn provider_fee(balance_transaction: &str, fee: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::ProviderFees, Debit, fee.amount), (Account::ProviderClearing, Credit, fee.amount)];
    Posting::new(format!("fee:{balance_transaction}"), PostingEvent::ProviderFee, fee.currency, legs)
}

/// The provider has paid out to the marketplace's bank.
///
/// # Errors
/// When the amount is not positive.
pub fn swept_to_bank(reference: &str, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::Bank, Debit, amount.amount), (Account::ProviderClearing, Credit, amount.amount)];
    Posting::new(format!("sweep:{reference}"), PostingEvent::SweptToBank, amount.currency, legs)
}

/// Taxes have been passed on to a jurisdiction.
///
/// # Errors
/// When the amount is not positive.
pub fn tax_remitted(key: &str, jurisdiction: &str, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::TaxPayable(jurisdiction.to_owned()), Debit, amount.amount), (Account::Bank, Credit, amount.amount)];
    Posting::new(format!("tax:{key}"), PostingEvent::TaxRemitted, amount.currency, legs)
}

/// What an account owes in one currency it now owes in another: each currency
/// balances alone through the changing account. Rate, source and time go into
/// the note.
///
/// # Errors
/// When an amount is not positive or the currencies are the same.
pub fn converted(key: &str, account: &Account, from: Money, to: Money, rate: &str) -> Result<Posting, LedgerError> {
    let key = format!("fx:{key}");
    if from.amount <= 0 || to.amount <= 0 || from.currency == to.currency {
        return Err(LedgerError::Empty(key));
    }
    let grows = account.kind().normal_side();
    let shrinks = opposite(grows);
    let leg = |account: &Account, side, amount| Entry { account: account.clone(), side, amount };
    let legs = vec![
        leg(account, shrinks, from),
        leg(&Account::FxClearing, grows, from),
        leg(&Account::FxClearing, shrinks, to),
        leg(account, grows, to),
    ];
    Ok(Posting::of(key, PostingEvent::Converted, legs)?.with_note(rate))
}

/// What waits to be changed has become worth `difference` more (or less, when
/// negative).
///
/// # Errors
/// When the difference is nothing.
pub fn revalued(key: &str, difference: Money) -> Result<Posting, LedgerError> {
    let (up, down) = if difference.amount >= 0 { (Debit, Credit) } else { (Credit, Debit) };
    let amount = difference.amount.saturating_abs();
    let legs = vec![(Account::FxClearing, up, amount), (Account::FxGainLoss, down, amount)];
    Posting::new(format!("fxr:{key}"), PostingEvent::Revalued, difference.currency, legs)
}

/// Undoes a posting that was wrong: its mirror. It can be undone once; who
/// ordered it and why go into the note.
///
/// # Errors
/// When the wrong posting has no entries.
pub fn correction(wrong: LedgerTransactionId, entries: &[Entry], note: &str) -> Result<Posting, LedgerError> {
    let mirrored = entries.iter().map(|entry| Entry { side: opposite(entry.side), ..entry.clone() }).collect();
    let mut posting = Posting::of(format!("fix:{wrong}"), PostingEvent::Correction, mirrored)?.with_note(note);
    posting.reverses = Some(wrong);
    Ok(posting)
}

const fn opposite(side: EntrySide) -> EntrySide {
    match side {
        Debit => Credit,
        Credit => Debit,
    }
}
