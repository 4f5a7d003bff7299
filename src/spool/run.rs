//! A run: the rows of one page, one per clip, sorted, as an Arrow IPC stream of one batch.

use std::cmp::Reverse;

use arrow::array::{AsArray, RecordBatch, UInt32Array};
use arrow::buffer::Buffer;
use arrow::compute::take_record_batch;
use arrow::ipc::reader::StreamDecoder;
use arrow::ipc::writer::StreamWriter;
use serde::{Deserialize, Serialize};

use crate::clip::{Column, schema};
use crate::disk::DiskError;
use crate::disk::decoding::decoded;
use crate::disk::error::check_schema;
use crate::spool::key::{Hashing, Key, Keys};
use crate::spool::pages::{Extent, PagesFile};

/// A run as the journal knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunRecord {
    /// Its place in the pages file; rows of later ones were received later.
    pub(crate) extent: Extent,
    /// Rows in it, at least 1.
    pub(crate) rows: u64,
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
}

/// The hashes of the clips of a run, one for each row.
pub(crate) type Hashes = Box<[u64]>;

/// Where a row stands in its page.
struct Row<'a> {
    key: Key<'a>,
    modified_at: Option<i64>,
    place: u32,
}

/// Adds the rows of a page, sorted, to the pages file. Also returns the hashes of its clips; `None`
/// where there are no rows.
pub(crate) fn write_run(
    pages: &PagesFile,
    received: &RecordBatch,
    account_id: &str,
    hashing: &Hashing,
) -> Result<Option<(RunRecord, Hashes)>, DiskError> {
    check_schema(pages.path(), received.schema_ref(), &schema())?;
    let (rows, hashes) = sorted(received, account_id, hashing);
    let Some(first) = rows.first() else {
        return Ok(None);
    };
    let places = UInt32Array::from_iter_values(rows.iter().map(|row| row.place));
    let stream = StreamWriter::try_new(Vec::new(), &schema())
        .and_then(|mut writer| {
            writer.write(&take_record_batch(received, &places)?)?;
            writer.into_inner()
        })
        .map_err(DiskError::arrow_write(pages.path()))?;
    let record = RunRecord {
        extent: pages.add(&stream)?,
        rows: rows.len() as u64,
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

/// The rows of a run, in order.
pub(crate) fn read_run(pages: &PagesFile, run: &RunRecord) -> Result<RecordBatch, DiskError> {
    let stream = pages.read(&run.extent)?;
    decoded(pages.path(), || decode(pages, run, stream))
}

fn decode(pages: &PagesFile, run: &RunRecord, stream: Vec<u8>) -> Result<RecordBatch, DiskError> {
    let mut stream = Buffer::from_vec(stream);
    let mut decoder = StreamDecoder::new();
    let batch = loop {
        let batch = decoder
            .decode(&mut stream)
            .map_err(DiskError::arrow_read(pages.path()))?;
        if batch.is_some() || stream.is_empty() {
            break batch;
        }
    };
    let batch = batch
        .filter(|batch| batch.num_rows() as u64 == run.rows)
        .ok_or_else(|| DiskError::damaged(pages.path(), "rows of a page are missing"))?;
    check_schema(pages.path(), batch.schema_ref(), &schema())?;
    Ok(batch)
}

/// The hashes of the clips of a run that an earlier process wrote.
pub(crate) fn read_hashes(
    pages: &PagesFile,
    run: &RunRecord,
    account_id: &str,
    hashing: &Hashing,
) -> Result<Hashes, DiskError> {
    let rows = read_run(pages, run)?;
    let clip_ids = rows.column(Column::ClipId.index()).as_string::<i32>();
    // Ids are never null.
    let clip_ids = clip_ids.iter().flatten();
    Ok(clip_ids.map(|id| hashing.hash(account_id, id)).collect())
}
