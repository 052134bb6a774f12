//! People from another platform: hosts without a login, until they claim their
//! account.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ids::UserId;

use super::sql;
use crate::copy::CopyRows;
use crate::error::Result;
use crate::tx::Tx;

/// A host as another platform knows them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ImportedPerson {
    /// Their number there.
    pub external_id: i64,
    /// None leaves a known name.
    pub name: Option<String>,
    /// None leaves known words.
    pub about: Option<String>,
    /// Member there since.
    pub since: Option<DateTime<Utc>>,
}

/// Writes imported people and says who is who. A second import changes, never
/// doubles; blanks leave what is known, and claimed accounts are not touched.
pub async fn upsert_in(tx: &mut Tx, source: &str, people: &[ImportedPerson]) -> Result<HashMap<i64, UserId>> {
    let app = tx.app();
    let now = tx.now();
    let externals: Vec<i64> = people.iter().map(|person| person.external_id).collect();
    let known: Vec<(i64, UserId)> =
        sqlx::query_as("select external_id, user_id from user_sources where source = $1 and external_id = any($2)")
            .bind(source)
            .bind(&externals)
            .fetch_all(&mut **tx)
            .await?;
    let mut ids: HashMap<i64, UserId> = known.into_iter().collect();
    let (mut newcomers, mut rows) = (CopyRows::default(), CopyRows::default());
    for person in people {
        let id = *ids.entry(person.external_id).or_insert_with(|| {
            let id: UserId = app.ids.next(&app.clock);
            newcomers.cell(source).cell(person.external_id).cell(id).end();
            id
        });
        let row = rows.cell(id).maybe(person.name.as_ref()).maybe(person.about.as_ref());
        row.cell(person.since.unwrap_or(now)).cell(now).end();
    }
    sql::put_imported(tx, rows, newcomers).await?;
    Ok(ids)
}
