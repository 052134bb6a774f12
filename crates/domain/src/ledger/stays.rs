//! A guest's money for a stay: in, earned, and back.

use super::changes::Standing;
use super::{Account, EntrySide, LedgerError, Posting, PostingEvent};
use crate::cancellation::Settlement;
use crate::coupons::Contribution;
use crate::ids::{BookingId, PaymentId, PaymentOperationId, UserId};
use crate::money::{Currency, Money, MoneyError, multiply_divide};
use crate::pricing::{LineKind, Quote};

use EntrySide::{Credit, Debit};

/// Who gets which part of a guest's money for a stay, in minor units of
/// `currency`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Division {
    /// Of every amount.
    pub currency: Currency,
    /// The host, after fees.
    pub host: i64,
    /// The marketplace, from the host.
    pub host_fee: i64,
    /// The marketplace, from the guest.
    pub guest_fee: i64,
    /// Tax offices, by jurisdiction.
    pub taxes: Vec<(String, i64)>,
}

impl Division {
    /// How the price of a stay divides.
    #[must_use]
    pub fn of_quote(quote: &Quote) -> Self {
        Self {
            currency: quote.currency,
            host: quote.host_payout,
            host_fee: quote.host_fee,
            guest_fee: quote.sum_of(LineKind::GuestFee),
            taxes: quote.taxes().map(|(jurisdiction, line)| (jurisdiction.to_owned(), line.amount)).collect(),
        }
    }

    /// What of the guest's money stays with others after a settlement.
    #[must_use]
    pub fn of_settlement(currency: Currency, settled: &Settlement) -> Self {
        Self {
            currency,
            host: settled.host_receives,
            host_fee: settled.host_fee,
            guest_fee: settled.guest_fee,
            taxes: settled.taxes.clone(),
        }
    }

    /// How what has been earned of a stay is divided; co-hosts' parts are the
    /// host's.
    #[must_use]
    pub fn of_earned(standing: &Standing) -> Self {
        let mut division = Self { currency: standing.currency, host: 0, host_fee: 0, guest_fee: 0, taxes: Vec::new() };
        for (account, amount) in &standing.earned {
            match account {
                Account::HostPayable(_) => division.host += amount,
                Account::FeeHost => division.host_fee += amount,
                Account::FeeGuest => division.guest_fee += amount,
                Account::TaxPayable(jurisdiction) => division.taxes.push((jurisdiction.clone(), *amount)),
                _ => {}
            }
        }
        division
    }

    /// All parts together.
    #[must_use]
    pub fn total(&self) -> i64 {
        self.host + self.host_fee + self.guest_fee + self.taxes.iter().map(|(_, due)| due).sum::<i64>()
    }

    /// What is in `self` and not in `other` (which has the same taxes in the
    /// same order).
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let taxes = self.taxes.iter().enumerate();
        Self {
            currency: self.currency,
            host: self.host - other.host,
            host_fee: self.host_fee - other.host_fee,
            guest_fee: self.guest_fee - other.guest_fee,
            taxes: taxes.map(|(at, (name, due))| (name.clone(), due - other.taxes.get(at).map_or(0, |(_, less)| *less))).collect(),
        }
    }

    /// The division of a part of the money, `part` of `whole` minor units, each
    /// share rounded down and the remainder given to the largest, so that the
    /// shares sum to `part` exactly when `whole` is [`Division::total`].
    ///
    /// # Errors
    /// When an amount leaves `i64`.
    pub fn share(&self, part: i64, whole: i64) -> Result<Self, MoneyError> {
        if whole == 0 {
            return Ok(Self {
                host: 0,
                host_fee: 0,
                guest_fee: 0,
                taxes: self.taxes.iter().map(|(n, _)| (n.clone(), 0)).collect(),
                ..*self
            });
        }
        let scaled = |amount: i64| multiply_divide(amount, part, whole);
        let mut shares = Self {
            currency: self.currency,
            host: 0,
            host_fee: scaled(self.host_fee)?,
            guest_fee: scaled(self.guest_fee)?,
            taxes: self.taxes.iter().map(|(name, due)| Ok((name.clone(), scaled(*due)?))).collect::<Result<_, MoneyError>>()?,
        };
        // The host's is the largest part by far: it takes the rounding.
        shares.host = part - shares.total();
        Ok(shares)
    }

    fn legs(&self, host: UserId, side: EntrySide) -> Vec<(Account, EntrySide, i64)> {
        let owed = if side == Credit { Account::HostPayable(host) } else { Account::HostReceivable(host) };
        let mut legs = vec![(owed, side, self.host), (Account::FeeHost, side, self.host_fee), (Account::FeeGuest, side, self.guest_fee)];
        legs.extend(self.taxes.iter().map(|(jurisdiction, due)| (Account::TaxPayable(jurisdiction.clone()), side, *due)));
        legs
    }

    /// The legs that take this back from those who had earned it.
    pub(super) fn taken_back(&self, host: UserId) -> Vec<(Account, EntrySide, i64)> {
        self.legs(host, Debit)
    }
}

/// A guest's money has come in.
///
/// # Errors
/// When the amount is not positive.
pub fn capture(payment: PaymentId, booking: BookingId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::ProviderClearing, Debit, amount.amount), (Account::GuestFunds(booking), Credit, amount.amount)];
    Posting::new(format!("cap:{payment}"), PostingEvent::Capture, amount.currency, legs)
}

/// The marketplace's coupon and the guest's own credit pay their part of a stay
/// that stands now.
///
/// # Errors
/// When an amount is negative or both are nothing.
pub fn contributed(booking: BookingId, guest: UserId, currency: Currency, contribution: &Contribution) -> Result<Posting, LedgerError> {
    let legs = vec![
        (Account::PromoExpense, Debit, contribution.coupon_amount()),
        (Account::GuestCredit(guest), Debit, contribution.credit),
        (Account::GuestFunds(booking), Credit, contribution.total()),
    ];
    Posting::new(format!("con:{booking}"), PostingEvent::Contribution, currency, legs)
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
pub fn late_payment_returned(payment: PaymentId, booking: BookingId, amount: Money) -> Result<Posting, LedgerError> {
    let legs = vec![(Account::GuestFunds(booking), Debit, amount.amount), (Account::RefundPayable(booking), Credit, amount.amount)];
    Posting::new(format!("late:{payment}"), PostingEvent::LatePayment, amount.currency, legs)
}

/// Twenty-four hours after check-in the guest's money becomes the host's, the
/// marketplace's and the tax office's.
///
/// # Errors
/// When the quote's parts do not sum to its total.
pub fn earn(booking: BookingId, host: UserId, quote: &Quote) -> Result<Posting, LedgerError> {
    let mut legs = Division::of_quote(quote).legs(host, Credit);
    legs.push((Account::GuestFunds(booking), Debit, quote.total));
    Posting::new(format!("earn:{booking}"), PostingEvent::Earn, quote.currency, legs)
}

/// Part of a stay is earned: month `part` (from 1) of a long one, or what an
/// alteration has added.
///
/// # Errors
/// When a part is negative or all are nothing.
pub fn earn_part(booking: BookingId, part: &str, host: UserId, division: &Division) -> Result<Posting, LedgerError> {
    let mut legs = division.legs(host, Credit);
    legs.push((Account::GuestFunds(booking), Debit, division.total()));
    Posting::new(format!("earn:{booking}:{part}"), PostingEvent::Earn, division.currency, legs)
}

/// Called off before the host had earned: the guest's money is divided.
///
/// # Errors
/// When the settlement does not sum to the quote's total.
pub fn cancel_before_earn(booking: BookingId, host: UserId, quote: &Quote, settled: &Settlement) -> Result<Posting, LedgerError> {
    let mut legs = Division::of_settlement(quote.currency, settled).legs(host, Credit);
    legs.push((Account::GuestFunds(booking), Debit, quote.total));
    legs.push((Account::RefundPayable(booking), Credit, settled.refund));
    Posting::new(format!("cx:{booking}"), PostingEvent::CancelBeforeEarn, quote.currency, legs)
}

/// Called off when part of the price had come in or been earned: what is
/// `held` is divided, and whoever had earned more than the settlement leaves
/// them gives back the difference.
///
/// # Errors
/// When the settlement is not what was held and earned.
pub fn cancel_partly_earned(
    booking: BookingId,
    host: UserId,
    held: i64,
    earned: &Division,
    settled: &Settlement,
) -> Result<Posting, LedgerError> {
    let due = Division::of_settlement(earned.currency, settled).minus(earned);
    let mut legs = vec![(Account::GuestFunds(booking), Debit, held), (Account::RefundPayable(booking), Credit, settled.refund)];
    let owed = |amount: i64| if amount >= 0 { Account::HostPayable(host) } else { Account::HostReceivable(host) };
    let mut divide = |account: Account, amount: i64| {
        legs.push((account, if amount >= 0 { Credit } else { Debit }, amount.saturating_abs()));
    };
    divide(owed(due.host), due.host);
    divide(Account::FeeHost, due.host_fee);
    divide(Account::FeeGuest, due.guest_fee);
    for (jurisdiction, amount) in due.taxes {
        divide(Account::TaxPayable(jurisdiction), amount);
    }
    Posting::new(format!("cx:{booking}"), PostingEvent::CancelBeforeEarn, earned.currency, legs)
}

/// Called off after the host had earned: each gives back the difference.
///
/// # Errors
/// When the settlement does not sum to the quote's total, or nothing goes back.
pub fn cancel_after_earn(booking: BookingId, host: UserId, quote: &Quote, settled: &Settlement) -> Result<Posting, LedgerError> {
    let back = Division::of_quote(quote).minus(&Division::of_settlement(quote.currency, settled));
    let mut legs = back.legs(host, Debit);
    legs.push((Account::RefundPayable(booking), Credit, settled.refund));
    Posting::new(format!("cxe:{booking}"), PostingEvent::CancelAfterEarn, quote.currency, legs)
}

/// Part of a guest's unearned money is promised back (a shortened stay, a
/// refund that the host grants). `key` names the promise, once ever; `promo`
/// minor units of it were the marketplace's own.
///
/// # Errors
/// When an amount is negative or the refund is nothing.
pub fn refund_before_earn(key: &str, booking: BookingId, refund: Money, promo: i64) -> Result<Posting, LedgerError> {
    let legs = vec![
        (Account::GuestFunds(booking), Debit, refund.amount + promo),
        (Account::RefundPayable(booking), Credit, refund.amount),
        (Account::PromoExpense, Credit, promo),
    ];
    Posting::new(format!("rfb:{key}"), PostingEvent::RefundBeforeEarn, refund.currency, legs)
}

/// Part of a guest's money is promised back after it was earned: each gives
/// back its part of `back`.
///
/// # Errors
/// When a part is negative or all are nothing.
pub fn refund_after_earn(key: &str, booking: BookingId, host: UserId, back: &Division) -> Result<Posting, LedgerError> {
    let mut legs = back.legs(host, Debit);
    legs.push((Account::RefundPayable(booking), Credit, back.total()));
    Posting::new(format!("rfe:{key}"), PostingEvent::RefundAfterEarn, back.currency, legs)
}
