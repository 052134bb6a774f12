//! CSV rows by column name, from plain or gzip files, with line numbers.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::Context;
use csv::ByteRecord;
use flate2::read::MultiGzDecoder;

/// Counts what has been read of the file as it lies on the disk.
struct Counted<R> {
    inner: R,
    read: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.read.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// A CSV file whose columns are found by name.
pub(super) struct Rows {
    reader: csv::Reader<Box<dyn Read + Send>>,
    columns: HashMap<String, usize>,
    width: usize,
    record: ByteRecord,
    pub path: PathBuf,
    /// Bytes read of the file on the disk.
    pub read: Arc<AtomicU64>,
    /// Its size on the disk.
    pub size: u64,
}

/// One row: cells by column name, as text. A column that the file does not have
/// is blank.
#[derive(Clone, Copy)]
pub(super) struct Row<'r> {
    record: &'r ByteRecord,
    columns: &'r HashMap<String, usize>,
    /// The physical line it starts on.
    pub line: u64,
}

impl<'r> Row<'r> {
    /// The cell, trimmed; blank and `N/A` are none.
    pub fn get(&self, column: &str) -> Option<&'r str> {
        let cell = self.record.get(*self.columns.get(column)?)?;
        let text = std::str::from_utf8(cell).ok()?.trim();
        (!text.is_empty() && text != "N/A").then_some(text)
    }

    /// The first of several columns that says something.
    pub fn first(&self, columns: &[&str]) -> Option<&'r str> {
        columns.iter().find_map(|column| self.get(column))
    }
}

/// What reading a row gave.
pub(super) enum Next<'r> {
    Row(Row<'r>),
    /// Line and reason.
    Bad(u64, String),
    End,
}

impl Rows {
    /// Opens a file; gzip is told by its first bytes.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let mut file = File::open(path).with_context(|| path.display().to_string())?;
        let size = file.metadata()?.len();
        let mut magic = [0; 2];
        let zipped = file.read(&mut magic)? == 2 && magic == [0x1f, 0x8b];
        file.seek(SeekFrom::Start(0))?;
        let read = Arc::new(AtomicU64::new(0));
        let counted = Counted { inner: BufReader::with_capacity(1 << 16, file), read: read.clone() };
        let input: Box<dyn Read + Send> = if zipped { Box::new(MultiGzDecoder::new(counted)) } else { Box::new(counted) };
        let mut reader = csv::ReaderBuilder::new().flexible(true).buffer_capacity(1 << 18).from_reader(input);
        let headers = reader.byte_headers().with_context(|| format!("{}: no header", path.display()))?.clone();
        let name = |cell: &[u8]| String::from_utf8_lossy(cell).trim().trim_start_matches('\u{feff}').to_lowercase();
        let columns: HashMap<String, usize> = headers.iter().enumerate().map(|(at, cell)| (name(cell), at)).collect();
        Ok(Self { reader, width: headers.len(), columns, record: ByteRecord::new(), path: path.to_owned(), read, size })
    }

    /// Whether the file has a column.
    pub fn has(&self, column: &str) -> bool {
        self.columns.contains_key(column)
    }

    /// The next row.
    pub fn next(&mut self) -> Next<'_> {
        let line = self.reader.position().line();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => Next::End,
            Ok(true) if self.record.len() != self.width => {
                Next::Bad(line, format!("{} columns instead of {}", self.record.len(), self.width))
            }
            Ok(true) if self.record.iter().any(|cell| std::str::from_utf8(cell).is_err()) => Next::Bad(line, "not UTF-8".into()),
            Ok(true) => Next::Row(Row { record: &self.record, columns: &self.columns, line }),
            Err(error) => Next::Bad(line, error.to_string()),
        }
    }
}

/// The rows that could not be used: file, line, id, reason.
pub(super) struct Rejects {
    path: PathBuf,
    writer: Option<csv::Writer<File>>,
    pub count: u64,
}

impl Rejects {
    pub const fn new(path: PathBuf) -> Self {
        Self { path, writer: None, count: 0 }
    }

    /// Writes one down; the file is made with the first.
    pub fn add(&mut self, file: &Path, line: u64, id: &str, reason: &str) -> anyhow::Result<()> {
        if self.writer.is_none() {
            let mut writer = csv::Writer::from_path(&self.path).with_context(|| self.path.display().to_string())?;
            writer.write_record(["file", "line", "id", "reason"])?;
            self.writer = Some(writer);
        }
        if let Some(writer) = &mut self.writer {
            writer.write_record([&file.display().to_string(), &line.to_string(), id, reason])?;
        }
        self.count += 1;
        Ok(())
    }

    /// Makes sure that all of it is on the disk.
    pub fn finish(self) -> anyhow::Result<u64> {
        if let Some(writer) = self.writer {
            writer.into_inner().map_err(|error| anyhow::anyhow!("{error}"))?.flush()?;
        }
        Ok(self.count)
    }
}
