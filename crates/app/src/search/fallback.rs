//! Search without an index, answer for answer the same: SQL decides whatever it
//! can say exactly, [`search_index::Reference`] the rest, home by home.

use chrono::{DateTime, Utc};
use domain::ids::ListingId;
use search_index::{Answer, Area, Dates, Hit, Query, Reference, Similar, Sort, Widening};

use super::market;
use super::sql::find as sql;
use crate::App;
use crate::error::{Error, Result};

/// Homes looked at one by one in one search at most.
const MOST_HOMES: usize = 50_000;

/// Whether SQL alone can find, count and order.
fn is_plain(query: &Query) -> bool {
    let filters = &query.filters;
    let ordered = matches!(query.sort, Sort::Relevance | Sort::Rating | Sort::Newest);
    let dated = matches!(filters.dates, None | Some(Dates::Exact(_)));
    let placed = !matches!(filters.area, Some(Area::Circle { .. })) && filters.place.is_none();
    let counted = query.facets || query.clusters.is_some();
    ordered && dated && placed && !counted && !filters.priced() && filters.words.is_none()
}

fn refused(refusal: search_index::Refusal) -> Error {
    match refusal {
        search_index::Refusal::Price(error) => error.into(),
        other => Error::Internal(other.into()),
    }
}

/// Answers a search.
///
/// # Errors
/// Busy when it would take too long.
pub(super) async fn search(app: &App, query: &Query, now: DateTime<Utc>) -> Result<Answer> {
    let market = market::load(app).await?;
    if !is_plain(query) {
        let rows = sql::candidates(&app.db, query, MOST_HOMES, now).await?;
        let query = query.clone();
        let answer = tokio::task::spawn_blocking(move || Reference::new(rows, market).search(&query, now)).await;
        return answer.map_err(anyhow::Error::from)?.map_err(refused);
    }
    let mut ids = sql::page(&app.db, query, now).await?;
    let total = sql::count(&app.db, &query.filters, now).await?;
    let more = ids.len() > query.limit;
    ids.truncate(query.limit);
    let rows = sql::by_ids(&app.db, &ids).await?;
    // The order is kept; a home that has changed since the page was read is
    // judged by what it is now.
    let page = Query { after: None, ..query.clone() };
    let answer = Reference::new(rows, market).search(&page, now).map_err(refused)?;
    Ok(Answer { more, total, ..answer })
}

/// What could be given up when nothing is found; what would take too long to
/// try is left out.
pub(super) async fn widen(app: &App, query: &Query, now: DateTime<Utc>) -> Result<Vec<Widening>> {
    let mut found = Vec::new();
    for (reason, wider) in search_index::wider(query) {
        let count = Query { limit: 0, facets: false, clusters: None, ..wider.clone() };
        match search(app, &count, now).await {
            Ok(answer) if answer.total > 0 => found.push(Widening { reason, total: answer.total, query: wider }),
            Ok(_) | Err(Error::Busy(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Certain homes as a search that asks nothing of its own of them would find
/// them.
pub(super) async fn of(app: &App, ids: &[ListingId], query: &Query, now: DateTime<Utc>) -> Result<Vec<Hit>> {
    let rows = sql::by_ids(&app.db, ids).await?;
    let query = Query { limit: ids.len(), ..query.clone() };
    Ok(Reference::new(rows, market::load(app).await?).search(&query, now).map_err(refused)?.hits)
}

/// Homes that resemble another.
///
/// # Errors
/// Busy when too many stand near it.
pub(super) async fn similar(app: &App, id: ListingId, query: &Query, now: DateTime<Utc>) -> Result<Vec<Similar>> {
    let market = market::load(app).await?;
    let own = sql::by_ids(&app.db, &[id]).await?;
    let Some(home) = own.first() else { return Ok(Vec::new()) };
    let mut near = query.clone();
    near.filters.area = Some(Area::circle(home.point, 25_000.0));
    let mut rows = sql::candidates(&app.db, &near, MOST_HOMES, now).await?;
    rows.extend(own);
    let query = query.clone();
    let found = tokio::task::spawn_blocking(move || Reference::new(rows, market).similar(id, &query, now)).await;
    found.map_err(anyhow::Error::from)?.map_err(refused)
}
