//! The chart of accounts. One book per currency: the same account in two
//! currencies is two accounts.

use std::fmt;

use super::EntrySide;
use crate::ids::{BookingId, UserId};
use crate::words::words;

words! {
    /// The kinds of account there are; the part of a key before the colon.
    AccountKind {
        /// What the payment provider holds for us.
        ProviderClearing = "psp_clearing",
        /// Our own bank account.
        Bank = "bank",
        /// Money a bank has taken back while it looks into a complaint.
        DisputeReceivable = "dispute_receivable",
        /// What a host owes.
        HostReceivable = "host_receivable",
        /// What the provider charges for its work.
        ProviderFees = "psp_fees",
        /// What the provider charges for disputes.
        DisputeFees = "dispute_fees",
        /// What the marketplace bears of lost disputes and damage.
        ChargebackLoss = "chargeback_loss",
        /// What coupons, credits and goodwill cost the marketplace.
        PromoExpense = "promo_expense",
        /// Money on its way from one currency to another.
        FxClearing = "fx_clearing",
        /// A guest's money that nobody has earned yet.
        GuestFunds = "guest_funds",
        /// Money on its way back to a guest.
        RefundPayable = "refund_payable",
        /// What a host is owed.
        HostPayable = "host_payable",
        /// Money on its way to a host.
        PayoutInTransit = "payout_in_transit",
        /// Taxes to pass on.
        TaxPayable = "tax_payable",
        /// Credit a guest may spend.
        GuestCredit = "guest_credit",
        /// The marketplace's fees from guests.
        FeeGuest = "fee_guest",
        /// The marketplace's fees from hosts.
        FeeHost = "fee_host",
        /// What changing money has gained or lost.
        FxGainLoss = "fx_gain_loss",
    }
}

impl AccountKind {
    /// The side on which the account grows.
    #[must_use]
    pub const fn normal_side(self) -> EntrySide {
        match self {
            Self::ProviderClearing
            | Self::Bank
            | Self::DisputeReceivable
            | Self::HostReceivable
            | Self::ProviderFees
            | Self::DisputeFees
            | Self::ChargebackLoss
            | Self::PromoExpense
            | Self::FxClearing => EntrySide::Debit,
            _ => EntrySide::Credit,
        }
    }

    /// Whether the account may never stand below nothing: one cannot refund,
    /// pay out or spend what is not there.
    #[must_use]
    pub const fn has_floor(self) -> bool {
        matches!(
            self,
            Self::DisputeReceivable
                | Self::HostReceivable
                | Self::GuestFunds
                | Self::RefundPayable
                | Self::HostPayable
                | Self::PayoutInTransit
                | Self::TaxPayable
                | Self::GuestCredit
        )
    }

    /// Whether the database checks the floor with each posting. Taxes of a
    /// jurisdiction have too many entries for that: `ledger verify` checks them.
    #[must_use]
    pub const fn floor_is_enforced(self) -> bool {
        self.has_floor() && !matches!(self, Self::TaxPayable)
    }
}

/// An account of the book. Its key is its name in the database.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What the payment provider holds for us (debit-normal).
    ProviderClearing,
    /// Our own bank account (debit-normal).
    Bank,
    /// Money a bank has taken back while it looks into a complaint (debit-normal).
    DisputeReceivable(BookingId),
    /// What a host owes (debit-normal).
    HostReceivable(UserId),
    /// What the provider charges for its work (debit-normal).
    ProviderFees,
    /// What the provider charges for disputes (debit-normal).
    DisputeFees,
    /// What the marketplace bears of lost disputes and damage (debit-normal).
    ChargebackLoss,
    /// What coupons, credits and goodwill cost the marketplace (debit-normal).
    PromoExpense,
    /// Money on its way from one currency to another (debit-normal).
    FxClearing,
    /// A guest's money that nobody has earned yet (credit-normal).
    GuestFunds(BookingId),
    /// Money on its way back to a guest (credit-normal).
    RefundPayable(BookingId),
    /// What a host is owed (credit-normal).
    HostPayable(UserId),
    /// Money on its way to a host (credit-normal).
    PayoutInTransit(UserId),
    /// Taxes to pass on (credit-normal).
    TaxPayable(String),
    /// Credit a guest may spend (credit-normal).
    GuestCredit(UserId),
    /// The marketplace's fees from guests (credit-normal).
    FeeGuest,
    /// The marketplace's fees from hosts (credit-normal).
    FeeHost,
    /// What changing money has gained or lost (credit-normal).
    FxGainLoss,
}

impl Account {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> AccountKind {
        match self {
            Self::ProviderClearing => AccountKind::ProviderClearing,
            Self::Bank => AccountKind::Bank,
            Self::DisputeReceivable(_) => AccountKind::DisputeReceivable,
            Self::HostReceivable(_) => AccountKind::HostReceivable,
            Self::ProviderFees => AccountKind::ProviderFees,
            Self::DisputeFees => AccountKind::DisputeFees,
            Self::ChargebackLoss => AccountKind::ChargebackLoss,
            Self::PromoExpense => AccountKind::PromoExpense,
            Self::FxClearing => AccountKind::FxClearing,
            Self::GuestFunds(_) => AccountKind::GuestFunds,
            Self::RefundPayable(_) => AccountKind::RefundPayable,
            Self::HostPayable(_) => AccountKind::HostPayable,
            Self::PayoutInTransit(_) => AccountKind::PayoutInTransit,
            Self::TaxPayable(_) => AccountKind::TaxPayable,
            Self::GuestCredit(_) => AccountKind::GuestCredit,
            Self::FeeGuest => AccountKind::FeeGuest,
            Self::FeeHost => AccountKind::FeeHost,
            Self::FxGainLoss => AccountKind::FxGainLoss,
        }
    }

    /// The kind of the account with this key, if there is such a kind.
    #[must_use]
    pub fn kind_of(key: &str) -> Option<AccountKind> {
        key.split(':').next()?.parse().ok()
    }
}

impl fmt::Display for Account {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = self.kind();
        match self {
            Self::DisputeReceivable(booking) | Self::GuestFunds(booking) | Self::RefundPayable(booking) => write!(f, "{kind}:{booking}"),
            Self::HostReceivable(user) | Self::HostPayable(user) | Self::PayoutInTransit(user) | Self::GuestCredit(user) => {
                write!(f, "{kind}:{user}")
            }
            Self::TaxPayable(jurisdiction) => write!(f, "{kind}:{jurisdiction}"),
            _ => write!(f, "{kind}"),
        }
    }
}
