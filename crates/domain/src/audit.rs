//! What staff can do in the marketplace's name.

use crate::words::words;

words! {
    /// What a member of staff did.
    AuditAction {
        /// Shut somebody out.
        SuspendUser = "suspend_user",
        /// Let somebody in again.
        RestoreUser = "restore_user",
        /// Took a home out of search.
        PauseListing = "pause_listing",
        /// Took a home down for good.
        ArchiveListing = "archive_listing",
        /// Called a booking off in place of the policy.
        CancelBooking = "cancel_booking",
        /// Gave a guest money back.
        RefundBooking = "refund_booking",
        /// Wrote a coupon.
        CreateCoupon = "create_coupon",
        /// Ended a coupon.
        EndCoupon = "end_coupon",
        /// Gave somebody credit.
        GrantCredit = "grant_credit",
        /// Took a review out of sight.
        HideReview = "hide_review",
        /// Told a bank the marketplace's side of a dispute.
        SendEvidence = "send_evidence",
        /// Settled what provider and ledger do not agree on.
        SettleCase = "settle_case",
        /// Had a provider's event handled once more.
        ReplayWebhook = "replay_webhook",
        /// Gave a dead job another life.
        RetryJob = "retry_job",
        /// Threw a dead job away.
        DiscardJob = "discard_job",
    }
}

impl AuditAction {
    /// Of which kind its subject is.
    #[must_use]
    pub const fn subject(self) -> &'static str {
        match self {
            Self::SuspendUser | Self::RestoreUser | Self::GrantCredit => "user",
            Self::CreateCoupon | Self::EndCoupon => "coupon",
            Self::PauseListing | Self::ArchiveListing => "listing",
            Self::CancelBooking | Self::RefundBooking => "booking",
            Self::HideReview => "review",
            Self::SendEvidence => "dispute",
            Self::SettleCase => "case",
            Self::ReplayWebhook => "webhook",
            Self::RetryJob | Self::DiscardJob => "job",
        }
    }
}
