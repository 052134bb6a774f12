//! Photographs of a listing: files first, rows after, so that no row ever names
//! a file that is not there.

use std::collections::BTreeMap;

use domain::actor::Actor;
use domain::co_hosts::Access;
use domain::ids::{ListingId, PhotoId};
use domain::listings::ListingStatus;
use serde::{Deserialize, Serialize};
use sqlx::types::Json;

use super::{co_hosts, owned_in, sql, touch_in};
use crate::error::{self, Error, Result};
use crate::pictures::{self, Prepared};
use crate::{App, accounts};

/// Most photographs of a listing.
pub const MOST: i64 = 24;

/// A photograph.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, sqlx::FromRow)]
pub struct Photo {
    /// Which.
    pub id: PhotoId,
    /// Up to 300 characters.
    pub caption: String,
    /// SHA-256 of the largest size.
    pub hash: String,
    /// Of the largest size, in pixels.
    pub width: i32,
    /// Of the largest size, in pixels.
    pub height: i32,
    /// A blur, base64.
    pub thumbhash: String,
    /// File names by width, and one under `jpeg`.
    pub sizes: Json<BTreeMap<String, String>>,
}

/// Photographs of a listing, in order.
pub(crate) async fn of(app: &App, listing: ListingId) -> Result<Vec<Photo>> {
    sql::photos(&app.db, listing).await
}

/// Adds a photograph at the end.
///
/// # Errors
/// 413, 415 or 422 for what is no picture we take, `409 too_many_photos`, 404
/// for strangers.
pub async fn add(app: &App, actor: &Actor, listing: ListingId, bytes: Vec<u8>, caption: &str) -> Result<Photo> {
    accounts::require_user(actor)?;
    error::check(|check| check.text(caption, "/caption", 0..=300))?;
    // Before the work: whose listing is it, and is there room?
    let own = super::visible(app, actor, listing).await?;
    if co_hosts::access_of(app, actor, &own).await? < Access::Full {
        return Err(Error::NotFound("listing"));
    }
    add_prepared(app, actor, listing, pictures::photo(bytes).await?, caption).await
}

/// Adds a photograph whose sizes are made already; for demo data, which show
/// one photograph in several homes.
///
/// # Errors
/// As [`add`].
pub async fn add_prepared(app: &App, actor: &Actor, listing: ListingId, picture: Prepared, caption: &str) -> Result<Photo> {
    let mut sizes = BTreeMap::new();
    for size in picture.sizes {
        sizes.insert(size.width.to_string(), size.name.clone());
        app.blobs.put(&size.name, size.bytes, "image/webp").await?;
    }
    sizes.insert("jpeg".to_owned(), picture.jpeg.name.clone());
    app.blobs.put(&picture.jpeg.name, picture.jpeg.bytes, "image/jpeg").await?;
    let pixels = |side: u32| i32::try_from(side).unwrap_or(i32::MAX);
    let photo = Photo {
        id: app.ids.next(&app.clock),
        caption: caption.to_owned(),
        hash: picture.hash,
        width: pixels(picture.width),
        height: pixels(picture.height),
        thumbhash: picture.thumbhash,
        sizes: Json(sizes),
    };
    let mut tx = app.begin().await?;
    owned_in(&mut tx, actor, listing).await?;
    if sql::photo_count(&mut tx, listing).await? >= MOST {
        return Err(Error::conflict("too_many_photos", format!("a listing has at most {MOST} photos: remove one first")));
    }
    sql::insert_photo(&mut tx, listing, &photo).await?;
    touch_in(&mut tx, listing).await?;
    tx.commit().await?;
    Ok(photo)
}

/// Puts the photographs in order; `ids` are all of them, once each.
///
/// # Errors
/// 422 when they are not, 404 for strangers.
pub async fn order(app: &App, actor: &Actor, listing: ListingId, ids: &[PhotoId]) -> Result<Vec<Photo>> {
    let mut tx = app.begin().await?;
    owned_in(&mut tx, actor, listing).await?;
    let mut known: Vec<PhotoId> = sql::photos(&app.db, listing).await?.into_iter().map(|photo| photo.id).collect();
    let mut wanted = ids.to_vec();
    known.sort_unstable();
    wanted.sort_unstable();
    if known != wanted {
        return Err(Error::invalid("/ids", "not_all_photos", format!("name each of the {} photos once", known.len())));
    }
    sql::order_photos(&mut tx, listing, ids).await?;
    touch_in(&mut tx, listing).await?;
    tx.commit().await?;
    of(app, listing).await
}

/// Says what a photograph shows.
///
/// # Errors
/// 404 for strangers and unknown photographs, 422 past 300 characters.
pub async fn set_caption(app: &App, actor: &Actor, listing: ListingId, photo: PhotoId, caption: &str) -> Result<Vec<Photo>> {
    error::check(|check| check.text(caption, "/caption", 0..=300))?;
    let mut tx = app.begin().await?;
    owned_in(&mut tx, actor, listing).await?;
    if !sql::set_caption(&mut tx, listing, photo, caption).await? {
        return Err(Error::NotFound("photo"));
    }
    touch_in(&mut tx, listing).await?;
    tx.commit().await?;
    of(app, listing).await
}

/// Removes a photograph; a published listing keeps at least one.
///
/// # Errors
/// `409 last_photo`, 404 for strangers and unknown photographs.
pub async fn remove(app: &App, actor: &Actor, listing: ListingId, photo: PhotoId) -> Result<()> {
    let mut tx = app.begin().await?;
    let own = owned_in(&mut tx, actor, listing).await?;
    if !sql::delete_photo(&mut tx, listing, photo).await? {
        return Err(Error::NotFound("photo"));
    }
    if own.status == ListingStatus::Published && sql::photo_count(&mut tx, listing).await? == 0 {
        return Err(Error::conflict("last_photo", "a published listing needs a photo: add another first, or pause it"));
    }
    touch_in(&mut tx, listing).await?;
    tx.commit().await
}
