//! People who help a host with a listing: what each may do.

use crate::words::words;

words! {
    /// What a co-host may do.
    CoHostPermission {
        /// Everything the host does with listing and bookings; not the host's
        /// payout and tax data, nor other co-hosts with full access.
        Full = "full",
        /// See the calendar and the bookings, write with guests.
        CalendarAndMessages = "calendar_and_messages",
        /// See the calendar.
        Calendar = "calendar",
    }
}

words! {
    /// Where an invitation to co-host stands.
    CoHostState {
        /// Not answered yet.
        Invited = "invited",
        /// Accepted.
        Active = "active",
        /// The invited person said no.
        Declined = "declined",
        /// Ended by either.
        Ended = "ended",
    }
}

/// How much somebody may do with a listing; each includes the ones before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// What everybody may.
    Public,
    /// See the calendar as the host does.
    Calendar,
    /// See bookings and write with guests.
    Messages,
    /// Edit the listing, answer, call off, give back.
    Full,
    /// The host, and staff in their place.
    Host,
}

impl From<CoHostPermission> for Access {
    fn from(permission: CoHostPermission) -> Self {
        match permission {
            CoHostPermission::Full => Self::Full,
            CoHostPermission::CalendarAndMessages => Self::Messages,
            CoHostPermission::Calendar => Self::Calendar,
        }
    }
}
