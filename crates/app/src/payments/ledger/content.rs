//! What a transaction says, as the text whose SHA-256 is its content hash. The
//! function `ledger_content` of the schema writes the same text, so that an
//! auditor needs nothing of ours but `psql`.

use std::io::Write;

use sha2::{Digest, Sha256};
use uuid::Uuid;

/// The transaction itself.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub id: Uuid,
    pub key: &'a str,
    pub event: &'a str,
    pub booking: Option<Uuid>,
    pub reverses: Option<Uuid>,
    pub note: &'a str,
    /// Microseconds since 1970, UTC.
    pub micros: i64,
}

/// One entry.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line<'a> {
    pub account: Uuid,
    pub side: &'a str,
    pub amount: i64,
    pub currency: &'a str,
}

fn push_id(text: &mut Vec<u8>, id: Option<Uuid>) {
    match id {
        Some(id) => {
            let mut buffer = Uuid::encode_buffer();
            text.extend_from_slice(id.hyphenated().encode_lower(&mut buffer).as_bytes());
        }
        None => text.push(b'-'),
    }
}

fn push_number(text: &mut Vec<u8>, number: i64) {
    // Writing into memory does not fail.
    let _ = write!(text, "{number}");
}

/// Begins the text of a transaction.
pub(super) fn begin(text: &mut Vec<u8>, head: &Head<'_>) {
    text.clear();
    push_id(text, Some(head.id));
    for part in [head.key, head.event] {
        text.push(b'\n');
        text.extend_from_slice(part.as_bytes());
    }
    for id in [head.booking, head.reverses] {
        text.push(b'\n');
        push_id(text, id);
    }
    text.push(b'\n');
    text.extend_from_slice(head.note.as_bytes());
    text.push(b'\n');
    push_number(text, head.micros);
}

/// Adds entry number `number` (from 1).
pub(super) fn push(text: &mut Vec<u8>, number: i16, line: &Line<'_>) {
    text.push(b'\n');
    push_number(text, i64::from(number));
    text.push(b' ');
    push_id(text, Some(line.account));
    text.push(b' ');
    text.extend_from_slice(line.side.as_bytes());
    text.push(b' ');
    push_number(text, line.amount);
    text.push(b' ');
    text.extend_from_slice(line.currency.as_bytes());
}

/// The content hash of a transaction.
pub(super) fn hash<'a>(head: &Head<'_>, lines: impl Iterator<Item = Line<'a>>) -> [u8; 32] {
    let mut text = Vec::with_capacity(512);
    begin(&mut text, head);
    for (number, line) in (1_i16..).zip(lines) {
        push(&mut text, number, &line);
    }
    hash_of(&text)
}

/// The content hash of a finished text.
pub(super) fn hash_of(text: &[u8]) -> [u8; 32] {
    Sha256::digest(text).into()
}
