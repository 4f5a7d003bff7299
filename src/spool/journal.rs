//! The journal of a spool: a header, then one line for every chain of pages, each with its CRC-32
//! before it: a line that lost a bit may still be JSON, but of another chain.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::disk::DiskError;
use crate::disk::file::remove_unless_file;
use crate::model::ChainRecord;
use crate::spool::header::SpoolHeader;
use crate::spool::pages::Extent;
use crate::spool::run::RunRecord;

/// The file name of a journal.
pub(crate) const JOURNAL: &str = "journal";

/// A chain of pages and what they held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    /// What is known of the chain.
    pub(crate) chain: ChainRecord,
    /// Its rows, a run for each page that has some.
    pub(crate) runs: Vec<RunRecord>,
    /// Its rejects as JSON lines, a piece for each page that has some.
    pub(crate) rejects: Vec<Extent>,
}

impl Entry {
    /// Its pieces of the pages file.
    pub(crate) fn extents(&self) -> impl Iterator<Item = &Extent> {
        let runs = self.runs.iter().map(|run| &run.extent);
        runs.chain(&self.rejects)
    }
}

/// Reads a journal up to its first line that is not whole; `None` where there is no usable header.
pub(crate) fn read(folder: &Path) -> Result<Option<(SpoolHeader, Vec<Entry>)>, DiskError> {
    let path = folder.join(JOURNAL);
    remove_unless_file(&path)?;
    let text = match fs::read(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(DiskError::read(&path)(error)),
    };
    let mut lines = text.split_inclusive(|byte| *byte == b'\n');
    let Some(header) = lines.next().and_then(whole_line) else {
        return Ok(None);
    };
    Ok(Some((header, lines.map_while(whole_line).collect())))
}

fn whole_line<T: DeserializeOwned>(line: &[u8]) -> Option<T> {
    let (sum, json) = line.strip_suffix(b"\n")?.split_at_checked(SUM)?;
    if sum != sum_of(json).as_bytes() {
        return None;
    }
    serde_json::from_slice(json).ok()
}

/// Replaces the journal by one with this header and these chains, and opens it for more.
pub(crate) fn begin(
    folder: &Path,
    header: &SpoolHeader,
    entries: &[Entry],
) -> Result<File, DiskError> {
    let path = folder.join(JOURNAL);
    let mut text = line(header);
    text.extend(entries.iter().flat_map(line));
    let replace = || {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(&text)?;
        Ok(file.persist(&path)?)
    };
    replace().map_err(DiskError::write(&path))
}

/// Adds a chain: from here on it is in the spool.
pub(crate) fn add(folder: &Path, journal: &mut File, entry: &Entry) -> Result<(), DiskError> {
    journal
        .write_all(&line(entry))
        .map_err(DiskError::write(&folder.join(JOURNAL)))
}

fn line<T: Serialize>(value: &T) -> Vec<u8> {
    let json = serde_json::to_vec(value).expect("maps have text keys");
    let mut line = sum_of(&json).into_bytes();
    line.extend(json);
    line.push(b'\n');
    line
}

/// Bytes of a line before its JSON.
const SUM: usize = 9;

fn sum_of(json: &[u8]) -> String {
    format!("{:08x} ", crc32fast::hash(json))
}
