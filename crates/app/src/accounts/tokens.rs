//! Secrets that people carry: random, shown once, stored as SHA-256.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

use crate::ids::Ids;

/// A secret and the hash under which it is stored.
pub(super) struct Token {
    pub text: String,
    pub hash: Vec<u8>,
}

/// A fresh secret of 256 bits.
pub(super) fn fresh(ids: &Ids) -> Token {
    let text = URL_SAFE_NO_PAD.encode(ids.token());
    let hash = hash(&text);
    Token { text, hash }
}

/// The stored form of a secret. Looking it up is an index search by hash, which
/// tells a guesser nothing.
pub(super) fn hash(text: &str) -> Vec<u8> {
    Sha256::digest(text.as_bytes()).to_vec()
}
