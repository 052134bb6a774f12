//! Signatures of webhooks: `t=<unix seconds>,v1=<hex HMAC-SHA256 of "t.body">`,
//! the form that payment providers have settled on.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::ConstantTimeEq;

/// How far a signature's time may be from ours, in seconds, either way.
pub const TOLERANCE: u64 = 300;

fn mac(secret: &[u8], time: i64, body: &[u8]) -> Vec<u8> {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return Vec::new() };
    mac.update(time.to_string().as_bytes());
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().to_vec()
}

/// Signs `body` at `time` (unix seconds).
#[must_use]
pub fn sign(secret: &[u8], time: i64, body: &[u8]) -> String {
    let hex: String = mac(secret, time, body).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={time},v1={hex}")
}

/// Checks a signature header against any of `secrets` (several during a
/// rotation).
///
/// # Errors
/// The sentence why it is not believed.
pub fn verify(secrets: &[Vec<u8>], header: Option<&str>, body: &[u8], now: i64) -> Result<(), String> {
    let header = header.ok_or("the signature is missing")?;
    let mut time = None;
    let mut signatures = Vec::new();
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", value)) => time = value.parse::<i64>().ok(),
            Some(("v1", value)) => signatures.push(value.to_ascii_lowercase()),
            _ => {}
        }
    }
    let time = time.ok_or("the signature has no time")?;
    let away = now.abs_diff(time);
    if away > TOLERANCE {
        return Err(format!("the signature is {away} s away from our time, at most {TOLERANCE} are believed"));
    }
    let matches = secrets.iter().any(|secret| {
        let expected: String = mac(secret, time, body).iter().map(|byte| format!("{byte:02x}")).collect();
        signatures.iter().any(|sent| bool::from(sent.as_bytes().ct_eq(expected.as_bytes())))
    });
    if matches { Ok(()) } else { Err("the signature does not fit the body".into()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_fresh_and_true_signatures_are_believed() {
        let secrets = [b"old".to_vec(), b"new".to_vec()];
        let header = sign(b"new", 1_000_000, b"body");
        assert_eq!(verify(&secrets, Some(&header), b"body", 1_000_300), Ok(()));
        for (header, body, now) in [
            (None, b"body".as_slice(), 1_000_000),
            (Some(header.as_str()), b"b0dy", 1_000_000),
            (Some(header.as_str()), b"body", 1_000_301),
            (Some(header.as_str()), b"body", 999_699),
            (Some("v1=00"), b"body", 1_000_000),
            (Some("t=-9223372036854775808,v1=00"), b"body", 1_000_000),
            (Some("t=9223372036854775807,v1=00"), b"body", -1_000_000),
            (Some("t=1000000,v0=00"), b"body", 1_000_000),
        ] {
            assert!(verify(&secrets, header, body, now).is_err(), "{header:?}");
        }
        let two = format!("{},v1=00", sign(b"old", 1_000_000, b"body"));
        assert_eq!(verify(&secrets, Some(&two), b"body", 1_000_000), Ok(()), "rotation: any of several");
        assert!(verify(&secrets, Some(&sign(b"other", 1_000_000, b"body")), b"body", 1_000_000).is_err());
    }
}
