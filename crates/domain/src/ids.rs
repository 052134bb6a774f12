//! Identifiers: one type per thing, all UUIDs (version 7, so that keys sort by
//! age). Made by `app.ids.next()`; nothing here reads a clock.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, uuid::Error> {
                text.parse().map(Self)
            }
        }

        #[cfg(feature = "sqlx")]
        crate::sql::as_uuid!($name);
    )+};
}

ids! {
    /// A person with an account (guest, host or staff).
    UserId,
    /// One login on one device; revoking it ends its tokens.
    SessionId,
    /// A bookable home.
    ListingId,
    /// A photograph of a listing.
    PhotoId,
    /// A row that takes nights of a listing.
    OccupancyId,
    /// A guest's contract for a stay.
    BookingId,
    /// Money asked of a guest for one purpose.
    PaymentId,
    /// One request to the payment provider (authorise, capture, release, refund).
    PaymentOperationId,
    /// A card that a guest keeps.
    PaymentMethodId,
    /// A guest's bank has taken money back and looks into it.
    DisputeId,
    /// What provider and ledger do not agree on.
    ReconciliationCaseId,
    /// A comparison of the provider's books with the ledger.
    ReconciliationRunId,
    /// Money on its way to a host.
    PayoutId,
    /// One balanced posting in the ledger.
    LedgerTransactionId,
    /// What a guest or host says about a stay.
    ReviewId,
    /// Somebody who helps a host with a listing, invited or active.
    CoHostId,
    /// A proposed change of a booking.
    AlterationId,
    /// A guest's wish for more back than the policy gives.
    RefundRequestId,
    /// One movement of money to a host.
    TransferId,
    /// A rule of the marketplace's fees.
    FeeRuleId,
    /// A change of a tax or fee rule.
    RuleChangeId,
    /// A receipt, invoice or credit note.
    DocumentId,
    /// What guests may take off a price.
    CouponId,
    /// Credit given to a guest.
    CreditGrantId,
    /// A recorded fact that others are told.
    EventId,
    /// A thread between a guest and a home's hosts.
    ConversationId,
    /// One entry of a conversation.
    MessageId,
    /// Something somebody is told inside the marketplace.
    NotificationId,
    /// A list of homes somebody keeps.
    WishlistId,
    /// A search somebody keeps.
    SavedSearchId,
    /// A token that programs carry on somebody's behalf.
    PersonalTokenId,
    /// Another platform's calendar that a home follows.
    CalendarFeedId,
    /// Something a member of staff did.
    AuditEntryId,
}
