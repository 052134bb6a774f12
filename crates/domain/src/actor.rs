//! Who asks. Every use-case takes an [`Actor`]; what an actor may do is decided
//! in the feature's own function, never in a face.

use crate::ids::UserId;

/// Who a request acts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Actor {
    /// Nobody is logged in.
    Anonymous,
    /// A person with an account.
    User {
        /// Who.
        id: UserId,
        /// Granted the staff role.
        staff: bool,
        /// The e-mail address has been verified.
        verified: bool,
    },
    /// The marketplace itself: jobs, importers, operators at the command line.
    System,
}

impl Actor {
    /// The person, if it is one.
    #[must_use]
    pub const fn user_id(&self) -> Option<UserId> {
        match self {
            Self::User { id, .. } => Some(*id),
            Self::Anonymous | Self::System => None,
        }
    }

    /// Whether this is `user`.
    #[must_use]
    pub fn is(&self, user: UserId) -> bool {
        self.user_id() == Some(user)
    }

    /// Staff and the marketplace itself see everything.
    #[must_use]
    pub const fn is_staff(&self) -> bool {
        matches!(self, Self::User { staff: true, .. } | Self::System)
    }
}
