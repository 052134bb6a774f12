//! Automatic persisted documents: a client sends the SHA-256 of a document
//! alone; when we do not know it, it sends both once and we keep it, in this
//! process and in Redis where there is one.

use app::App;
use async_graphql::{Request as Document, Value};
use axum::http::StatusCode;
use sha2::{Digest, Sha256};

use super::door::Refused;

/// The hash that is to be kept once the document is found good.
struct Hash(String);

fn hash_of(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Puts the document in its place when only its hash was sent.
///
/// # Errors
/// `persisted_query_not_found` (send it once), `persisted_query_mismatch`.
pub(super) async fn resolve(app: &App, document: &mut Document) -> Result<(), Refused> {
    let Some(value) = document.extensions.remove("persistedQuery") else {
        if document.query.is_empty() {
            return Err(Refused::new(StatusCode::BAD_REQUEST, "malformed_document", "there is no document: send it as `query`"));
        }
        return Ok(());
    };
    let wrong =
        || Refused::new(StatusCode::BAD_REQUEST, "persisted_query_mismatch", "persistedQuery has version 1 and the document's sha256Hash");
    let Value::Object(named) = value else { return Err(wrong()) };
    let (Some(Value::Number(version)), Some(Value::String(hash))) = (named.get("version"), named.get("sha256Hash")) else {
        return Err(wrong());
    };
    if version.as_i64() != Some(1) || hash.len() != 64 || !hash.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(wrong());
    }
    if document.query.is_empty() {
        let text = app::cached::document(app, hash, None).await;
        document.query = text.ok_or_else(|| Refused::new(StatusCode::OK, "persisted_query_not_found", "PersistedQueryNotFound"))?;
        return Ok(());
    }
    if hash_of(&document.query) != hash.to_ascii_lowercase() {
        return Err(wrong());
    }
    document.data.insert(Hash(hash.clone()));
    Ok(())
}

/// Keeps a document whose bounds were found good, if its client asked for it.
pub(super) async fn keep(app: &App, document: &Document) {
    let asked = document.data.get(&std::any::TypeId::of::<Hash>()).and_then(|hash| hash.downcast_ref::<Hash>());
    if let Some(Hash(hash)) = asked {
        app::cached::document(app, hash, Some(&document.query)).await;
    }
}
