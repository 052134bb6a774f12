//! Searches that people keep, and telling them of new homes that fit.

use chrono::{DateTime, Utc};
use domain::actor::Actor;
use domain::ids::SavedSearchId;
use domain::notifications::NotificationKind;
use domain::page::{Limit, Page, PageRequest};
use domain::wishlists::{MOST_SEARCHES, SavedSearch, check_name};
use jobs::{Attempt, Job, JobError};
use serde::{Deserialize, Serialize};

use super::sql;
use crate::App;
use crate::accounts;
use crate::error::{self, Error, Result};
use crate::notifications::{self, Letter};
use crate::search::{self, Filters, SearchQuery, Sort};

/// A search to keep.
#[derive(Debug, Clone, PartialEq)]
pub struct NewSearch {
    /// 1–80 characters.
    pub name: String,
    /// The query string, as the search page has it.
    pub query: String,
    /// What it says.
    pub filters: Filters,
    /// Be told of new homes that fit.
    pub notify: bool,
}

/// The actor's searches, newest first.
///
/// # Errors
/// 401 when nobody is logged in.
pub async fn list_searches(app: &App, actor: &Actor, page: PageRequest<SavedSearchId>) -> Result<Page<SavedSearch>> {
    let rows = sql::searches(&app.db, accounts::require_user(actor)?, &page).await?;
    Ok(Page::cut(rows, page.limit, |search| search.id))
}

/// Keeps a search.
///
/// # Errors
/// 422 for a bad name, `409 too_many_searches` past 50.
pub async fn save_search(app: &App, actor: &Actor, wish: NewSearch) -> Result<SavedSearch> {
    let owner = accounts::require_user(actor)?;
    let name = wish.name.trim().to_owned();
    error::check(|check| {
        check_name(check, &name);
        check.text(&wish.query, "/query", 0..=2000);
    })?;
    let mut tx = app.begin().await?;
    if sql::search_count(&mut tx, owner).await? >= MOST_SEARCHES {
        return Err(Error::conflict("too_many_searches", format!("{MOST_SEARCHES} searches are the most: delete one first")));
    }
    let now = tx.now();
    let search = SavedSearch {
        id: app.ids.next(&app.clock),
        owner_id: owner,
        name,
        query: wish.query,
        notify: wish.notify,
        seen_until: now,
        created_at: now,
    };
    sql::insert_search(&mut tx, &search, &wish.filters).await?;
    tx.commit().await?;
    Ok(search)
}

/// Forgets a search.
///
/// # Errors
/// 404 for others'.
pub async fn delete_search(app: &App, actor: &Actor, id: SavedSearchId) -> Result<()> {
    let owner = accounts::require_user(actor)?;
    let mut tx = app.begin().await?;
    if !sql::delete_search(&mut tx, owner, id).await? {
        return Err(Error::NotFound("saved search"));
    }
    tx.commit().await
}

/// Tells people, once a day, of new homes that fit what they look for.
#[derive(Debug, Serialize, Deserialize)]
pub struct TellOfNewHomes {}

impl Job<App> for TellOfNewHomes {
    const KIND: &'static str = "tell_of_new_homes";

    async fn run(&self, app: &App, _attempt: Attempt) -> Result<(), JobError> {
        let now = app.clock.now();
        let mut after = None;
        loop {
            let searches = sql::to_notify(&app.db, after).await?;
            let Some((last, _)) = searches.last() else { return Ok(()) };
            after = Some(last.id);
            for (search, filters) in searches {
                tell(app, &search, filters, now).await?;
            }
        }
    }
}

async fn tell(app: &App, saved: &SavedSearch, filters: Filters, now: DateTime<Utc>) -> Result<()> {
    // Nights that have passed find nothing any more.
    let query =
        SearchQuery { filters, sort: Sort::Newest, page: PageRequest { after: None, limit: Limit::default() }, ..SearchQuery::default() };
    let hits = search::search(app, &query).await?.hits;
    let ids: Vec<_> = hits.iter().map(|hit| hit.id).collect();
    let new = sql::published_between(&app.db, &ids, saved.seen_until, now).await?;
    if let Some((listing, title)) = new.first() {
        let others = match new.len() {
            1 => String::new(),
            2 => " and one more".to_owned(),
            n => format!(" and {} more", n - 1),
        };
        let path = if new.len() == 1 { format!("/homes/{listing}") } else { format!("/search?{}", saved.query) };
        let letter = Letter::new(saved.owner_id, NotificationKind::SavedSearches, &format!("New homes for \"{}\"", saved.name))
            .saying(format!("{title}{others} fit what you look for."))
            .linking(path);
        notifications::deliver(app, &letter, &format!("saved_search:{}:{}", saved.id, now.timestamp())).await?;
    }
    sql::seen_until(&app.db, saved.id, now).await
}
