//! Sorts rows by clip, in bounded memory.
//!
//! What exceeds a bound is written to a temporary file without a name, as a sorted run of its own; the
//! runs are merged when all rows are there.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{BufReader, BufWriter, Seek};

use arrow::array::{AsArray, RecordBatch, StringArray};
use arrow::compute::interleave_record_batch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use crate::clip::{Column, schema};
use crate::diff::cursor::{Cursor, Order, Row};
use crate::diff::error::DiffError;
use crate::diff::gather::Gather;

/// Bytes of rows in memory, about, before they are written to a run.
const MOST_BYTES: usize = 16 << 20;

/// Rows of a batch of a run at most: one of each run is in memory while they are merged.
const RUN_ROWS: usize = 128;

/// Batches of a snapshot that rows wait to be taken of.
const MOST_BATCHES: usize = 8;

/// Rows to be sorted.
#[derive(Debug)]
pub(super) struct Sorter {
    most_bytes: usize,
    gather: Gather,
    chunks: Vec<RecordBatch>,
    bytes: usize,
    runs: Vec<File>,
}

impl Default for Sorter {
    fn default() -> Self {
        Self::of(MOST_BYTES)
    }
}

/// Batches in the order of [`Order::Clip`].
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, DiffError>>>;

impl Sorter {
    pub(super) const fn of(most_bytes: usize) -> Self {
        Self {
            most_bytes,
            gather: Gather::of(MOST_BATCHES),
            chunks: Vec::new(),
            bytes: 0,
            runs: Vec::new(),
        }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, row: Row<'_>) -> Result<(), DiffError> {
        self.gather.push(row);
        if self.gather.is_full() {
            self.end_chunk()?;
        }
        if self.bytes >= self.most_bytes {
            self.spill()?;
        }
        Ok(())
    }

    /// All rows in order.
    pub(super) fn sorted(mut self) -> Result<Batches, DiffError> {
        self.end_chunk()?;
        let last: Batches = Box::new(sorted(std::mem::take(&mut self.chunks)));
        if self.runs.is_empty() {
            return Ok(last);
        }
        let runs = self
            .runs
            .into_iter()
            .map(|run| -> Result<Batches, DiffError> {
                let batches = StreamReader::try_new(BufReader::new(run), None)?;
                Ok(Box::new(
                    batches.map(|batch| batch.map_err(DiffError::from)),
                ))
            });
        let runs = runs.chain([Ok(last)]);
        let runs = runs
            .map(|run| Cursor::begin(run?, Order::Clip))
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Box::new(Merged::of(runs)))
    }

    fn end_chunk(&mut self) -> Result<(), DiffError> {
        let columns = self.gather.take()?;
        if !columns.is_empty() {
            let chunk = RecordBatch::try_new(schema(), columns)?;
            self.bytes += chunk.get_array_memory_size();
            self.chunks.push(chunk);
        }
        Ok(())
    }

    fn spill(&mut self) -> Result<(), DiffError> {
        self.bytes = 0;
        let file = tempfile::tempfile().map_err(DiffError::SetAside)?;
        let mut writer = StreamWriter::try_new(BufWriter::new(file), &schema())?;
        for batch in sorted(std::mem::take(&mut self.chunks)) {
            writer.write(&batch?)?;
        }
        let file = writer.into_inner()?.into_inner();
        let mut file = file.map_err(|error| DiffError::SetAside(error.into_error()))?;
        file.rewind().map_err(DiffError::SetAside)?;
        self.runs.push(file);
        Ok(())
    }
}

/// The rows of batches in order.
fn sorted(chunks: Vec<RecordBatch>) -> impl Iterator<Item = Result<RecordBatch, DiffError>> {
    let text = |chunk: &RecordBatch, column: Column| -> StringArray {
        chunk.column(column.index()).as_string::<i32>().clone()
    };
    let keys: Vec<(StringArray, StringArray)> = chunks
        .iter()
        .map(|chunk| (text(chunk, Column::AccountId), text(chunk, Column::ClipId)))
        .collect();
    let mut places: Vec<(usize, usize)> = chunks
        .iter()
        .enumerate()
        .flat_map(|(chunk, batch)| (0..batch.num_rows()).map(move |row| (chunk, row)))
        .collect();
    places.sort_by_key(|(chunk, row)| {
        let (accounts, clips) = &keys[*chunk];
        (accounts.value(*row), clips.value(*row))
    });
    let mut next = 0;
    std::iter::from_fn(move || {
        let some = places.get(next..(next + RUN_ROWS).min(places.len()))?;
        if some.is_empty() {
            return None;
        }
        next += some.len();
        let chunks: Vec<&RecordBatch> = chunks.iter().collect();
        Some(interleave_record_batch(&chunks, some).map_err(DiffError::from))
    })
}

/// Runs merged into one.
struct Merged {
    runs: Vec<Cursor<Batches>>,
    /// The next row of each run by its key, the least on top.
    next: BinaryHeap<Reverse<(String, String, usize)>>,
    gather: Gather,
}

impl Merged {
    fn of(runs: Vec<Cursor<Batches>>) -> Self {
        let mut merged = Self {
            gather: Gather::of(usize::MAX),
            next: BinaryHeap::with_capacity(runs.len()),
            runs,
        };
        for run in 0..merged.runs.len() {
            merged.queue(run);
        }
        merged
    }

    fn queue(&mut self, run: usize) {
        if let Some((account, _, clip)) = self.runs[run].key() {
            let key = (account.to_owned(), clip.to_owned(), run);
            self.next.push(Reverse(key));
        }
    }

    fn next_batch(&mut self) -> Result<Option<RecordBatch>, DiffError> {
        while !self.gather.is_full() {
            let Some(Reverse((_, _, run))) = self.next.pop() else {
                break;
            };
            self.gather.push(self.runs[run].row());
            self.runs[run].advance()?;
            self.queue(run);
        }
        let columns = self.gather.take()?;
        if columns.is_empty() {
            return Ok(None);
        }
        Ok(Some(RecordBatch::try_new(schema(), columns)?))
    }
}

impl Iterator for Merged {
    type Item = Result<RecordBatch, DiffError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.next_batch().transpose()
    }
}
