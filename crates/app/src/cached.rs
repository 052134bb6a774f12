//! What is cached, under which names, for how long. Nothing on the booking road
//! reads from here.

use std::sync::Arc;
use std::time::Duration;

use domain::ids::ListingId;

use crate::App;
use crate::error::{Error, Result};

/// Public listing detail, by id.
const LISTING: &str = "listing";
/// What a quote needs of a listing apart from its calendar, by id.
const TARIFF: &str = "tariff";
/// Search pages, by canonical query; the whole space is dropped at any change.
const SEARCH: &str = "search";
/// GraphQL documents, by their SHA-256.
const DOCUMENT: &str = "document";

/// Public listing detail as bytes.
///
/// # Errors
/// Whatever `load` answers.
pub async fn listing(app: &App, id: ListingId, load: impl Future<Output = Result<Vec<u8>>> + Send) -> Result<Arc<[u8]>> {
    get(app, LISTING, &id.to_string(), Duration::from_secs(300), load).await
}

/// The static part of a quote as JSON.
pub(crate) async fn price_sheet(app: &App, id: ListingId, load: impl Future<Output = Result<Vec<u8>>> + Send) -> Result<Arc<[u8]>> {
    get(app, TARIFF, &id.to_string(), Duration::from_secs(300), load).await
}

/// A search page as bytes.
///
/// # Errors
/// Whatever `load` answers.
pub async fn search(app: &App, query: &str, load: impl Future<Output = Result<Vec<u8>>> + Send) -> Result<Arc<[u8]>> {
    get(app, SEARCH, query, Duration::from_secs(30), load).await
}

/// The GraphQL document whose SHA-256 is `hash`, kept for a day after it was
/// last given; `text` gives it. None when it is not known. A cache that is away
/// knows nothing: clients then send the document once more.
pub async fn document(app: &App, hash: &str, text: Option<&str>) -> Option<String> {
    let load = async { text.map(|text| text.as_bytes().to_vec()).ok_or(Error::NotFound("document")) };
    let bytes = get(app, DOCUMENT, &hash.to_ascii_lowercase(), Duration::from_secs(86_400), load).await.ok()?;
    String::from_utf8(bytes.to_vec()).ok()
}

async fn get(
    app: &App,
    space: &'static str,
    key: &str,
    life: Duration,
    load: impl Future<Output = Result<Vec<u8>>> + Send,
) -> Result<Arc<[u8]>> {
    app.cache.get_or_load(space, key, life, load).await
}

/// Forgets all that is cached of one listing.
pub(crate) async fn forget_listing(app: &App, id: ListingId) {
    let key = id.to_string();
    app.cache.invalidate(LISTING, &key).await;
    app.cache.invalidate(TARIFF, &key).await;
}

/// Forgets every search page.
pub(crate) async fn forget_searches(app: &App) {
    app.cache.bump(SEARCH).await;
}
