//! Many threads at once: what graphs of things link to. Who takes no part in a
//! thread finds it empty.

use std::collections::HashMap;

use domain::actor::Actor;
use domain::ids::ConversationId;
use domain::page::Limit;

use super::{Message, MessageKey, sql};
use crate::error::Result;
use crate::{App, accounts};

/// Of which thread, and after which place.
pub type Wanted = (ConversationId, Option<MessageKey>);

/// A page of the entries of each of the actor's threads, newest first, each
/// after its own place; one more than the page holds where there is a next.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn messages_of(app: &App, actor: &Actor, wanted: &[Wanted], limit: Limit) -> Result<HashMap<Wanted, Vec<Message>>> {
    let user = accounts::require_user(actor)?;
    let mut pages: HashMap<_, Vec<Message>> = wanted.iter().map(|key| (*key, Vec::new())).collect();
    for row in sql::batch::messages(&app.db, user, wanted, limit).await? {
        let at = usize::try_from(row.place - 1).unwrap_or(usize::MAX);
        if let Some(page) = wanted.get(at).and_then(|key| pages.get_mut(key)) {
            page.push(Message::seen(row.message, row.revealed));
        }
    }
    Ok(pages)
}
