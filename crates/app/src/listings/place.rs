//! From a point on the map to a time zone and to the point the public sees.

use std::path::Path;
use std::sync::LazyLock;

use anyhow::Context;
use chrono_tz::Tz;
use domain::ids::ListingId;
use domain::listings::{Point, fuzzed_point};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use tzf_rs::EmbeddedFinder;

/// The map of time zones, some 5 MB, read at first use.
static ZONES: LazyLock<EmbeddedFinder> = LazyLock::new(EmbeddedFinder::new);

/// The time zone at a point; on the open sea the nautical one.
#[must_use]
pub fn time_zone_at(point: Point) -> Tz {
    ZONES.get_tz_name(point.longitude(), point.latitude()).parse().unwrap_or(chrono_tz::UTC)
}

/// A secret of this marketplace: without it the fuzzed point of a listing does
/// not lead back to the exact one.
#[derive(Clone)]
pub struct LocationKey(Vec<u8>);

impl LocationKey {
    /// A given secret.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        Self(secret.to_vec())
    }

    /// The secret in `folder`, made from `fresh` at the first start.
    ///
    /// # Errors
    /// When the folder cannot be read or written.
    pub fn load_or_create(folder: &Path, name: &str, fresh: [u8; 32]) -> anyhow::Result<Self> {
        use std::os::unix::fs::OpenOptionsExt;
        let file = folder.join(name);
        match std::fs::read(&file) {
            Ok(secret) if secret.len() >= 16 => return Ok(Self(secret)),
            Ok(_) => anyhow::bail!("{} is damaged: restore it from a backup", file.display()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        }
        std::fs::create_dir_all(folder)?;
        let opened = std::fs::OpenOptions::new().create_new(true).write(true).mode(0o600).open(&file);
        match opened {
            Ok(mut new) => std::io::Write::write_all(&mut new, &fresh)?,
            // Another process was quicker.
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Self::load_or_create(folder, name, fresh),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        }
        Ok(Self(fresh.to_vec()))
    }

    /// The secret's bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The point the public sees of a listing.
    #[must_use]
    pub fn fuzz(&self, listing: ListingId, exact: Point) -> Point {
        let mut noise = [0; 16];
        // HMAC takes keys of any length.
        if let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) {
            mac.update(listing.0.as_bytes());
            noise.copy_from_slice(&mac.finalize().into_bytes()[..16]);
        }
        fuzzed_point(exact, noise)
    }
}
