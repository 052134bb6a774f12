//! Leaving: taking one's data along, and having it removed.

use domain::actor::Actor;

use super::{require_user, sessions, sql};
use crate::App;
use crate::error::{Error, Result};
use crate::events::{self, Event};

/// All that is stored of the one who asks, as one JSON document.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn export(app: &App, actor: &Actor) -> Result<serde_json::Value> {
    sql::export(&app.db, require_user(actor)?).await
}

/// Erases the account of the one who asks. Bookings and ledger keep their rows
/// with a person who is nobody any more.
///
/// # Errors
/// 422 for a wrong password, `409 open_stays` while stays are not over, `409
/// open_payouts` while money is on its way.
pub async fn erase(app: &App, actor: &Actor, password: &str) -> Result<()> {
    let user = require_user(actor)?;
    sessions::confirm_password(app, user, password).await?;
    let mut tx = app.begin().await?;
    sql::user_locked(&mut tx, user).await?.ok_or(Error::Unauthenticated)?;
    let open = sql::open_stays(&mut tx, user).await?;
    if open > 0 {
        return Err(Error::conflict("open_stays", format!("{open} of your bookings are not over: cancel them or wait until they are")));
    }
    let due = sql::payouts_to_come(&mut tx, user).await?;
    if due > 0 {
        let message = format!("{due} of your payouts have not reached you: say where the money goes, and wait until it is there");
        return Err(Error::conflict("open_payouts", message));
    }
    sql::erase(&mut tx, user).await?;
    events::publish_in(&mut tx, Event::UserErased { user }).await?;
    tx.commit().await
}
