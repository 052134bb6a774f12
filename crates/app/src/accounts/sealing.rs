//! Secrets that must be read back, encrypted at rest.

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use sha2::{Digest, Sha256};

/// Encrypts what must be read back, e.g. seeds of authenticator apps: whoever
/// gets the database alone cannot use them.
pub struct SealingKey(Option<LessSafeKey>);

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey")
    }
}

impl SealingKey {
    /// The key that a secret of the marketplace leads to.
    #[must_use]
    pub fn new(secret: &[u8]) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"roost sealing key 1");
        hash.update(secret);
        // 32 bytes are what AES-256 takes.
        Self(UnboundKey::new(&AES_256_GCM, &hash.finalize()).ok().map(LessSafeKey::new))
    }

    /// Encrypts `plain` for `owner`; `nonce` must be fresh and random.
    pub(super) fn seal(&self, owner: &[u8], nonce: [u8; NONCE_LEN], plain: &[u8]) -> Option<Vec<u8>> {
        let mut sealed = plain.to_vec();
        self.0.as_ref()?.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::from(owner), &mut sealed).ok()?;
        Some([nonce.as_slice(), &sealed].concat())
    }

    /// Decrypts what was sealed for `owner`; `None` when it was not.
    pub(super) fn open(&self, owner: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let mut body = body.to_vec();
        Some(self.0.as_ref()?.open_in_place(nonce, Aad::from(owner), &mut body).ok()?.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_key_and_the_owner_open_it() {
        let key = SealingKey::new(b"a");
        let sealed = key.seal(b"mia", [7; NONCE_LEN], b"seed").unwrap();
        assert_eq!(key.open(b"mia", &sealed).unwrap(), b"seed");
        assert_eq!(key.open(b"eve", &sealed), None);
        assert_eq!(SealingKey::new(b"b").open(b"mia", &sealed), None);
        let mut torn = sealed.clone();
        torn[15] ^= 1;
        assert_eq!(key.open(b"mia", &torn), None);
        assert_eq!(key.open(b"mia", &sealed[..5]), None);
        assert!(!sealed.windows(4).any(|window| window == b"seed"));
    }
}
