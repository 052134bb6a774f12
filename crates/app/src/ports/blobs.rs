//! Where photographs are kept: a folder here, or an S3-compatible store. Names
//! are made from content, so a name never changes what it means.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context;
use object_store::aws::AmazonS3Builder;
use object_store::local::LocalFileSystem;
use object_store::path::Path as Name;
use object_store::prefix::PrefixStore;
use object_store::{Attribute, Attributes, ObjectStore, ObjectStoreExt, PutOptions, PutPayload};

use crate::error::{Error, Result};

/// A store of files by name. Cheap to clone.
#[derive(Clone)]
pub struct Blobs {
    store: Arc<dyn ObjectStore>,
    public_url: String,
    local: bool,
}

impl Blobs {
    /// `url` is `s3://bucket/prefix` (credentials and endpoint from the usual
    /// `AWS_` variables) or empty for the folder `photos` in `data_dir`.
    /// Readers fetch from `public_url`, or from `/photos/` here when empty.
    ///
    /// # Errors
    /// When the folder cannot be made or the URL cannot be read.
    pub fn new(url: &str, data_dir: &Path, public_url: &str) -> anyhow::Result<Self> {
        let public_url = public_url.trim_end_matches('/').to_owned();
        if url.is_empty() {
            let folder = data_dir.join("photos");
            std::fs::create_dir_all(&folder).with_context(|| format!("photo folder {}", folder.display()))?;
            let store = LocalFileSystem::new_with_prefix(&folder)?.with_fsync(true);
            return Ok(Self { store: Arc::new(store), public_url, local: true });
        }
        let rest = url.strip_prefix("s3://").with_context(|| format!("ROOST_BLOBS_URL={url:?} must start with s3:// or be empty"))?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let store = AmazonS3Builder::from_env().with_bucket_name(bucket).build().context("ROOST_BLOBS_URL")?;
        let store: Arc<dyn ObjectStore> = if prefix.is_empty() { Arc::new(store) } else { Arc::new(PrefixStore::new(store, prefix)) };
        Ok(Self { store, public_url, local: false })
    }

    /// Keeps a file; one of this name is the same file.
    ///
    /// # Errors
    /// When the store is out of reach or full.
    pub async fn put(&self, name: &str, bytes: Vec<u8>, content_type: &'static str) -> Result<()> {
        let mut options = PutOptions::default();
        if !self.local {
            let mut attributes = Attributes::new();
            attributes.insert(Attribute::ContentType, content_type.into());
            options.attributes = attributes;
        }
        self.store
            .put_opts(&Name::from(name), PutPayload::from(bytes), options)
            .await
            .map_err(|error| Error::Busy(format!("the photo store: {error}")))?;
        Ok(())
    }

    /// The file of this name; 404 when there is none.
    ///
    /// # Errors
    /// When there is none or the store is out of reach.
    pub async fn get(&self, name: &str) -> Result<Vec<u8>> {
        match self.store.get(&Name::from(name)).await {
            Ok(found) => Ok(found.bytes().await.map_err(|error| Error::Busy(format!("the photo store: {error}")))?.to_vec()),
            Err(object_store::Error::NotFound { .. }) => Err(Error::NotFound("photo")),
            Err(error) => Err(Error::Busy(format!("the photo store: {error}"))),
        }
    }

    /// Where readers fetch a file.
    #[must_use]
    pub fn url(&self, name: &str) -> String {
        if self.public_url.is_empty() { format!("/photos/{name}") } else { format!("{}/{name}", self.public_url) }
    }
}
