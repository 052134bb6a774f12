//! People from another platform: hosts without a login, until they claim their
//! account.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::ids::UserId;

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
    for person in people {
        if let Some(id) = ids.get(&person.external_id) {
            sqlx::query(
                "update users set name = coalesce($2, name), about = coalesce($3, about), updated_at = $4
                 where id = $1 and status = 'unclaimed' and (name, about) is distinct from (coalesce($2, name), coalesce($3, about))",
            )
            .bind(id)
            .bind(&person.name)
            .bind(&person.about)
            .bind(now)
            .execute(&mut **tx)
            .await?;
        } else {
            let id: UserId = app.ids.next(&app.clock);
            sqlx::query("insert into users (id, name, about, status, created_at, updated_at) values ($1, $2, $3, 'unclaimed', $4, $5)")
                .bind(id)
                .bind(person.name.as_deref().unwrap_or("Host"))
                .bind(person.about.as_deref().unwrap_or_default())
                .bind(person.since.unwrap_or(now))
                .bind(now)
                .execute(&mut **tx)
                .await?;
            sqlx::query("insert into user_sources (source, external_id, user_id) values ($1, $2, $3)")
                .bind(source)
                .bind(person.external_id)
                .bind(id)
                .execute(&mut **tx)
                .await?;
            ids.insert(person.external_id, id);
        }
    }
    Ok(ids)
}
