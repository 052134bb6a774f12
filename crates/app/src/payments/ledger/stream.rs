//! Rows of the book as PostgreSQL's binary copy sends them: read one by one,
//! borrowed from the message they came in, so that a book of any length passes
//! through a few kilobytes.

use anyhow::{Context, bail};
use futures::StreamExt;
use futures::stream::BoxStream;
use sqlx::PgConnection;
use uuid::Uuid;

/// Between 1970 and 2000, where PostgreSQL's timestamps begin, in microseconds.
const EPOCH: i64 = 946_684_800_000_000;

/// The rows of a statement.
pub(super) struct Rows<'c> {
    messages: BoxStream<'c, sqlx::Result<bytes::Bytes>>,
    buffer: Vec<u8>,
    at: usize,
    started: bool,
}

/// One row; fields are taken from left to right.
pub(super) struct Row<'a> {
    rest: &'a [u8],
}

fn split(bytes: &[u8], at: usize) -> anyhow::Result<(&[u8], &[u8])> {
    bytes.split_at_checked(at).context("a row ends early")
}

impl<'a> Row<'a> {
    /// The next field; `None` for null.
    pub fn field(&mut self) -> anyhow::Result<Option<&'a [u8]>> {
        let (length, rest) = split(self.rest, 4)?;
        let length = i32::from_be_bytes(length.try_into()?);
        let Ok(length) = usize::try_from(length) else {
            self.rest = rest;
            return Ok(None);
        };
        let (value, rest) = split(rest, length)?;
        self.rest = rest;
        Ok(Some(value))
    }

    /// The next field, which is there.
    pub fn bytes(&mut self) -> anyhow::Result<&'a [u8]> {
        self.field()?.context("a field is null")
    }

    pub fn text(&mut self) -> anyhow::Result<&'a str> {
        Ok(std::str::from_utf8(self.bytes()?)?)
    }

    pub fn int8(&mut self) -> anyhow::Result<i64> {
        Ok(i64::from_be_bytes(self.bytes()?.try_into()?))
    }

    pub fn uuid(&mut self) -> anyhow::Result<Uuid> {
        Ok(Uuid::from_slice(self.bytes()?)?)
    }

    pub fn optional_uuid(&mut self) -> anyhow::Result<Option<Uuid>> {
        Ok(self.field()?.map(Uuid::from_slice).transpose()?)
    }

    /// A point in time, in microseconds since 1970.
    pub fn micros(&mut self) -> anyhow::Result<i64> {
        self.int8()?.checked_add(EPOCH).context("a time is out of range")
    }
}

impl<'c> Rows<'c> {
    /// Begins to read what `query` answers.
    pub async fn open(connection: &'c mut PgConnection, query: &str) -> anyhow::Result<Self> {
        let messages = connection.copy_out_raw(&format!("copy ({query}) to stdout (format binary)")).await?;
        Ok(Self { messages, buffer: Vec::new(), at: 0, started: false })
    }

    /// Makes sure that `count` bytes are there; false at the end of the stream.
    async fn fill(&mut self, count: usize) -> anyhow::Result<bool> {
        while self.buffer.len() - self.at < count {
            let Some(message) = self.messages.next().await else { return Ok(false) };
            self.buffer.drain(..self.at);
            self.at = 0;
            self.buffer.extend_from_slice(&message?);
        }
        Ok(true)
    }

    /// The next row; `None` at the end.
    pub async fn next(&mut self) -> anyhow::Result<Option<Row<'_>>> {
        if !self.started {
            if !self.fill(19).await? {
                bail!("the copy ended before its head");
            }
            // Signature (11), flags (4), length of the extension (4).
            let extension = u32::from_be_bytes(self.buffer[15..19].try_into()?) as usize;
            self.at = 19;
            if !self.fill(extension).await? {
                bail!("the copy ended in its head");
            }
            self.at += extension;
            self.started = true;
        }
        if !self.fill(2).await? {
            bail!("the copy ended without its trailer");
        }
        let count = i16::from_be_bytes(self.buffer[self.at..self.at + 2].try_into()?);
        if count < 0 {
            // To the end of the protocol too: the connection is used again.
            while self.messages.next().await.transpose()?.is_some() {}
            return Ok(None);
        }
        let mut length = 2;
        for _ in 0..count {
            if !self.fill(length + 4).await? {
                bail!("the copy ended in a row");
            }
            let from = self.at + length;
            let field = i32::from_be_bytes(self.buffer[from..from + 4].try_into()?);
            length += 4 + usize::try_from(field).unwrap_or(0);
        }
        if !self.fill(length).await? {
            bail!("the copy ended in a row");
        }
        let from = self.at + 2;
        self.at += length;
        Ok(Some(Row { rest: &self.buffer[from..self.at] }))
    }
}
