//! Conversations: a thread for each inquiry or booking, which guest and hosts
//! share. Called by the faces, and by the news of a booking, which leaves its
//! entry in the thread.
//!
//! Entries of a thread are numbered without gaps under the thread's row lock;
//! how far somebody has read is a number.

mod batch;
mod news;
mod read;
mod safety;
mod sql;
mod write;

pub use batch::messages_of;
pub(crate) use news::on;
pub use read::{Conversation, InboxKey, Member, Message, MessageKey, Stay, by_id, list, message, messages, unread};
pub use safety::{block, blocked, report, unblock};
pub use write::{About, Opening, mark_read, open, send};

use domain::ids::UserId;

use crate::error::Result;
use crate::tx::Tx;

/// Removes the words of somebody who leaves; that they wrote stays.
pub(crate) async fn forget_in(tx: &mut Tx, user: UserId) -> Result<()> {
    sql::forget(tx, user).await
}
