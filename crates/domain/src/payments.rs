//! Money asked of a guest: where a payment stands and what a provider's answer
//! does to it. Repeated news is a normal outcome, not an error.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::{BookingId, PaymentId, UserId};
use crate::money::Money;
use crate::words::words;

words! {
    /// Where a payment stands.
    PaymentStatus {
        /// Nothing has been tried yet.
        Pending = "pending",
        /// The guest must confirm with their bank.
        RequiresAction = "requires_action",
        /// The card is held for the amount; nothing is taken yet.
        Authorized = "authorized",
        /// The money is in.
        Succeeded = "succeeded",
        /// The last try failed; another may follow.
        Failed = "failed",
        /// The authorisation was let go.
        Released = "released",
        /// Part of the money went back.
        PartiallyRefunded = "partially_refunded",
        /// All of the money went back.
        Refunded = "refunded",
    }
}

words! {
    /// What is asked of the provider.
    OperationKind {
        /// Hold the amount on the card.
        Authorize = "authorize",
        /// Take what is held.
        Capture = "capture",
        /// Let the hold go.
        Release = "release",
        /// Give money back.
        Refund = "refund",
    }
}

words! {
    /// How far a request to the provider has come.
    OperationState {
        /// Recorded, not sent.
        Created = "created",
        /// Sent; no answer known. Only ever sent again under the same key.
        Sent = "sent",
        /// Waits for the guest's bank.
        RequiresAction = "requires_action",
        /// Done.
        Succeeded = "succeeded",
        /// Refused for good.
        Failed = "failed",
    }
}

words! {
    /// What a provider says of a charge.
    ChargeState {
        /// Waits for the guest's bank.
        RequiresAction = "requires_action",
        /// Held on the card.
        Authorized = "authorized",
        /// Taken.
        Captured = "captured",
        /// Let go.
        Released = "released",
        /// Refused.
        Failed = "failed",
    }
}

words! {
    /// What a provider says of money it sends to a host.
    TransferState {
        /// On its way.
        Pending = "pending",
        /// With the host.
        Paid = "paid",
        /// It came back.
        Failed = "failed",
    }
}

words! {
    /// Where a dispute stands.
    DisputeState {
        /// The bank has taken the money back and waits for our side.
        Open = "open",
        /// Our side has been told.
        EvidenceSent = "evidence_sent",
        /// The bank has given the money back.
        Won = "won",
        /// The bank keeps it.
        Lost = "lost",
    }
}

words! {
    /// What stands in a provider's books.
    RecordKind {
        /// Money taken from a card.
        Charge = "charge",
        /// Money given back.
        Refund = "refund",
        /// Money sent to a host.
        Transfer = "transfer",
        /// Money taken back from a host.
        Reversal = "reversal",
        /// Money a bank has taken back.
        Dispute = "dispute",
    }
}

words! {
    /// What reconciliation can find.
    CaseKind {
        /// The provider has it, we do not.
        MissingHere = "missing_here",
        /// We have it, the provider does not.
        MissingThere = "missing_there",
        /// Both have it, with different amounts.
        AmountDiffers = "amount_differs",
        /// The provider took money that no payment of ours knows of.
        OrphanCapture = "orphan_capture",
        /// The balances differ.
        BalanceDiffers = "balance_differs",
        /// A refund came back; the guest is still owed it.
        RefundFailed = "refund_failed",
        /// The answer to a request has been unknown for too long.
        Stuck = "stuck",
    }
}

words! {
    /// What a guest pays for; a booking may have several payments.
    PaymentPurpose {
        /// The stay, or the first part of it.
        Stay = "stay",
        /// A later part of it.
        Instalment = "instalment",
        /// What a change of the booking has added.
        Alteration = "alteration",
    }
}

words! {
    /// How far money has come on its way to a host.
    PayoutState {
        /// Planned; the stay has not begun.
        Scheduled = "scheduled",
        /// Earned: may be paid.
        Due = "due",
        /// Asked of the provider.
        Sent = "sent",
        /// With the host.
        Paid = "paid",
        /// Came back.
        Failed = "failed",
        /// The booking was called off before.
        Cancelled = "cancelled",
    }
}

/// A payment of a guest for a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// Which.
    pub id: PaymentId,
    /// What it is for.
    pub booking_id: BookingId,
    /// 1 for the first payment of a booking, then 2, 3, …
    pub sequence: i32,
    /// What part of the booking it pays.
    pub purpose: PaymentPurpose,
    /// Who pays.
    pub payer_id: UserId,
    /// How much.
    pub amount: Money,
    /// Where it stands.
    pub status: PaymentStatus,
    /// Minor units taken.
    pub captured: i64,
    /// Minor units given back.
    pub refunded: i64,
    /// The provider's name of the charge.
    pub provider_reference: Option<String>,
    /// Why the last try failed, e.g. `card_declined`.
    pub decline_code: Option<String>,
    /// Where the guest confirms with their bank.
    pub action_url: Option<String>,
    /// When it is to be paid; `None`: at once.
    #[serde(default)]
    pub due_at: Option<DateTime<Utc>>,
    /// Until when a held amount can be taken.
    #[serde(default)]
    pub authorization_expires_at: Option<DateTime<Utc>>,
    /// The provider's name of the card, when it can be used again.
    #[serde(default)]
    pub method: Option<String>,
}

/// Whether a piece of news changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// It did.
    Executed,
    /// It was known, or overtaken by later news.
    Already,
}

impl Payment {
    /// Takes over what the provider says of the charge. News that is older than
    /// what is known changes nothing.
    pub fn apply(&mut self, state: ChargeState) -> Applied {
        use PaymentStatus as P;
        let next = match (self.status, state) {
            (P::Pending | P::Failed, ChargeState::RequiresAction) => P::RequiresAction,
            (P::Pending | P::Failed | P::RequiresAction, ChargeState::Authorized) => P::Authorized,
            (P::Pending | P::Failed | P::RequiresAction | P::Authorized, ChargeState::Captured) => P::Succeeded,
            (P::Pending | P::RequiresAction, ChargeState::Failed) => P::Failed,
            (P::Pending | P::Failed | P::RequiresAction | P::Authorized, ChargeState::Released) => P::Released,
            _ => return Applied::Already,
        };
        self.status = next;
        if next == P::Succeeded {
            self.captured = self.amount.amount;
        }
        if next != P::RequiresAction {
            self.action_url = None;
        }
        Applied::Executed
    }

    /// Takes over that `amount` minor units went back.
    pub fn apply_refund(&mut self, amount: i64) {
        self.refunded = (self.refunded + amount).min(self.captured);
        self.status = if self.refunded == self.captured { PaymentStatus::Refunded } else { PaymentStatus::PartiallyRefunded };
    }

    /// Whether the guest may try (again) to pay.
    #[must_use]
    pub const fn can_be_tried(&self) -> bool {
        matches!(self.status, PaymentStatus::Pending | PaymentStatus::Failed | PaymentStatus::RequiresAction)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn payment() -> Payment {
        Payment {
            id: PaymentId(uuid::Uuid::nil()),
            sequence: 1,
            purpose: PaymentPurpose::Stay,
            booking_id: BookingId(uuid::Uuid::nil()),
            payer_id: UserId(uuid::Uuid::nil()),
            amount: Money::new(100, "EUR".parse().unwrap()),
            status: PaymentStatus::Pending,
            captured: 0,
            refunded: 0,
            provider_reference: None,
            decline_code: None,
            action_url: None,
            due_at: None,
            authorization_expires_at: None,
            method: None,
        }
    }

    fn fold(news: &[ChargeState]) -> PaymentStatus {
        let mut payment = payment();
        for state in news {
            payment.apply(*state);
        }
        payment.status
    }

    proptest! {
        #[test]
        fn duplicates_and_order_of_a_captured_charge_do_not_matter(
            order in Just(vec![ChargeState::RequiresAction, ChargeState::Authorized, ChargeState::Captured, ChargeState::Captured, ChargeState::Authorized]).prop_shuffle(),
        ) {
            prop_assert_eq!(fold(&order), PaymentStatus::Succeeded);
        }
    }

    #[test]
    fn a_late_failure_does_not_undo_a_capture() {
        assert_eq!(fold(&[ChargeState::Captured, ChargeState::Failed]), PaymentStatus::Succeeded);
        assert_eq!(fold(&[ChargeState::Failed, ChargeState::Authorized]), PaymentStatus::Authorized);
    }
}
