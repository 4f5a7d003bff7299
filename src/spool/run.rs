//! A run: the rows of one page, one per clip, sorted, in an Arrow IPC file.

use std::cmp::Reverse;
use std::fs::File;
use std::io::{BufReader, BufWriter};
use std::path::{Path, PathBuf};

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::compute::take_record_batch;
use arrow::ipc::reader::FileReader;
use arrow::ipc::writer::FileWriter;
use serde::{Deserialize, Serialize};

use crate::clip::{Column, schema};
use crate::snapshot::SnapshotError;
use crate::snapshot::file::{Crc32, DigestWriter, create_private, digest_file};
use crate::snapshot::rowset::check_schema;
use crate::spool::key::{Hashing, Key, Keys};

/// A run as the journal knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Its file, in the folder of the spool.
    pub(crate) file: String,
    /// Its number among the runs of the spool: rows of later ones were received later.
    pub(crate) number: u64,
    /// Rows in it, at least 1.
    pub(crate) rows: u64,
    /// Length of the file.
    pub(crate) bytes: u64,
    /// CRC-32 of the file.
    pub(crate) crc32: u32,
    /// `created_at` of its first row.
    pub(crate) first_created_at: Option<i64>,
    /// `clip_id` of its first row.
    pub(crate) first_clip_id: String,
}

impl RunRecord {
    /// The key of its first row.
    pub(crate) fn first(&self) -> Key<'_> {
        (self.first_created_at, &self.first_clip_id)
    }

    /// Whether its file is as it was written.
    pub(crate) fn is_intact(&self, folder: &Path) -> bool {
        digest_file::<Crc32>(&folder.join(&self.file))
            .is_ok_and(|(bytes, crc32)| (bytes, crc32) == (self.bytes, self.crc32))
    }
}

/// The hashes of the clips of a run, one for each row.
pub(crate) type Hashes = Box<[u64]>;

/// Where a row stands in its page.
struct Row<'a> {
    key: Key<'a>,
    modified_at: Option<i64>,
    place: u32,
}

/// Sorts the rows of a page into a file. Also returns the hashes of its clips; `None` where there are
/// no rows. A file that the journal does not name counts for nothing, so that it needs no other name
/// while it is written.
pub(crate) fn write_run(
    folder: &Path,
    number: u64,
    received: &RecordBatch,
    account_id: &str,
    hashing: &Hashing,
) -> Result<Option<(RunRecord, Hashes)>, SnapshotError> {
    let (rows, hashes) = sorted(received, account_id, hashing);
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let file = format!("run-{number}.arrow");
    let path = folder.join(&file);
    check_schema(&path, received.schema_ref(), &schema())?;
    let places = UInt32Array::from_iter_values(rows.iter().map(|row| row.place));
    let output = BufWriter::with_capacity(
        1 << 16,
        DigestWriter::<_, Crc32>::new(create_private(&path)?),
    );
    let output = FileWriter::try_new(output, &schema())
        .and_then(|mut writer| {
            writer.write(&take_record_batch(received, &places)?)?;
            writer.into_inner()
        })
        .map_err(SnapshotError::arrow_write(&path))?;
    let summed = output
        .into_inner()
        .map_err(|error| SnapshotError::write(&path)(error.into_error()))?;
    let (_, bytes, crc32) = summed.finish();
    let record = RunRecord {
        file,
        number,
        rows: rows.len() as u64,
        bytes,
        crc32,
        first_created_at: first.key.0,
        first_clip_id: first.key.1.to_owned(),
    };
    Ok(Some((record, hashes)))
}

/// The rows to keep, in order, and the hashes of their clips.
fn sorted<'a>(
    received: &'a RecordBatch,
    account_id: &str,
    hashing: &Hashing,
) -> (Vec<Row<'a>>, Hashes) {
    let keys = Keys::of(received);
    let mut rows: Vec<Row<'a>> = (0_u32..)
        .zip(0..received.num_rows())
        .map(|(place, row)| Row {
            key: keys.key(row),
            modified_at: keys.modified_at(row),
            place,
        })
        .collect();
    let mut hashes: Vec<u64> = rows
        .iter()
        .map(|row| hashing.hash(account_id, row.key.1))
        .collect();
    hashes.sort_unstable();
    if hashes.windows(2).any(|pair| pair[0] == pair[1]) {
        // The form to keep comes first: the latest modified, then the last received.
        rows.sort_unstable_by_key(|row| (row.key.1, Reverse((row.modified_at, row.place))));
        rows.dedup_by_key(|row| row.key.1);
        hashes.dedup();
    }
    rows.sort_unstable_by_key(|row| row.key);
    (rows, hashes.into_boxed_slice())
}

/// Reads the batches of a run, in order.
pub(crate) struct RunReader {
    path: PathBuf,
    reader: FileReader<BufReader<File>>,
}

impl RunReader {
    /// Opens a run.
    pub(crate) fn open(path: PathBuf) -> Result<Self, SnapshotError> {
        Self::open_columns(path, None)
    }

    fn open_columns(path: PathBuf, only: Option<Vec<usize>>) -> Result<Self, SnapshotError> {
        let file = File::open(&path).map_err(SnapshotError::read(&path))?;
        let whole = only.is_none();
        let reader = FileReader::try_new(BufReader::new(file), only)
            .map_err(SnapshotError::arrow_read(&path))?;
        if whole {
            check_schema(&path, &reader.schema(), &schema())?;
        }
        Ok(Self { path, reader })
    }

    /// The next batch, never an empty one; `None` at the end.
    pub(crate) fn next_batch(&mut self) -> Result<Option<RecordBatch>, SnapshotError> {
        for batch in self.reader.by_ref() {
            let batch = batch.map_err(SnapshotError::arrow_read(&self.path))?;
            if batch.num_rows() > 0 {
                return Ok(Some(batch));
            }
        }
        Ok(None)
    }
}

/// The hashes of the clips of a run that an earlier process wrote.
pub(crate) fn read_hashes(
    path: PathBuf,
    account_id: &str,
    hashing: &Hashing,
) -> Result<Hashes, SnapshotError> {
    let mut reader = RunReader::open_columns(path, Some(vec![Column::ClipId.index()]))?;
    let mut hashes = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        let clip_ids = batch
            .column(0)
            .as_string_opt::<i32>()
            .ok_or_else(|| SnapshotError::damaged(&reader.path, "clip_id is no text"))?;
        hashes.extend(hashing.hashes(account_id, clip_ids));
    }
    Ok(hashes.into_boxed_slice())
}
