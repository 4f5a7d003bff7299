//! The rows of one window while it is walked: a little in memory, the rest in a private file.

use std::collections::HashSet;
use std::fs::File;
use std::io::BufReader;
use std::io::BufWriter;
use std::io::Write;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use arrow::array::AsArray;
use arrow::array::RecordBatch;
use arrow::ipc::reader::StreamReader;
use arrow::ipc::writer::StreamWriter;

use crate::clip::Column;
use crate::clip::schema;
use crate::snapshot::error::SnapshotError;
use crate::snapshot::file::Crc32;
use crate::snapshot::file::DigestWriter;
use crate::snapshot::file::create_private;
use crate::snapshot::file::remove;
use crate::snapshot::file::rename;
use crate::snapshot::journal::RejectsRecord;
use crate::snapshot::key::Hashing;
use crate::snapshot::key::check_schema;
use crate::snapshot::run::Hashes;
use crate::snapshot::run::RunRecord;
use crate::snapshot::run::write_run;

/// Bytes of rows that one window keeps in memory before they go to its file.
const MEMORY_BYTES: usize = 512 << 10;

/// Bytes of rows that all windows together keep in memory: hundreds are walked at once.
const ALL_MEMORY_BYTES: usize = 6 << 20;

/// Rows sorted at once when a window is finished; a fuller window becomes several runs.
const RUN_ROWS: usize = 4096;

/// What the present walk has brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WalkCount {
    /// Rows received.
    pub rows: u64,
    /// Distinct clip ids among them.
    pub distinct: u64,
}

/// All rows of all walks of one window. Its files go away with it unless it is finished.
pub struct Pages {
    folder: PathBuf,
    name: String,
    account_id: String,
    from: i64,
    to: i64,
    hashing: Hashing,
    memory: Memory,
    memory_limit: usize,
    run_rows: usize,
    stream: Option<StreamWriter<BufWriter<File>>>,
    rejects: Option<BufWriter<DigestWriter<File, Crc32>>>,
    batches: usize,
    walk_begin: usize,
    walk_hashes: Vec<u64>,
}

impl Pages {
    pub(crate) fn new(
        folder: &Path,
        name: String,
        hashing: Hashing,
        account_id: &str,
        (from, to): (i64, i64),
        in_memory: &Arc<AtomicUsize>,
    ) -> Self {
        Self {
            folder: folder.to_owned(),
            name,
            account_id: account_id.to_owned(),
            from,
            to,
            hashing,
            memory: Memory::new(in_memory),
            memory_limit: MEMORY_BYTES,
            run_rows: RUN_ROWS,
            stream: None,
            rejects: None,
            batches: 0,
            walk_begin: 0,
            walk_hashes: Vec::new(),
        }
    }

    /// The account of the window.
    #[must_use]
    pub fn account_id(&self) -> &str {
        &self.account_id
    }

    /// The window in unix seconds, `[from, to)`.
    #[must_use]
    pub const fn span(&self) -> (i64, i64) {
        (self.from, self.to)
    }

    /// Counts from here on; rows of earlier walks stay.
    pub fn begin_walk(&mut self) {
        self.walk_begin = self.batches;
        self.walk_hashes.clear();
    }

    /// Adds the rows of a page, in the row schema.
    ///
    /// # Errors
    /// When the spool cannot be written, or the batch has another schema.
    pub fn append(&mut self, batch: &RecordBatch) -> Result<(), SnapshotError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let path = self.stream_path();
        check_schema(&path, batch.schema_ref(), &schema())?;
        let clip_ids = batch.column(Column::ClipId.index()).as_string::<i32>();
        self.walk_hashes
            .extend(self.hashing.hashes(&self.account_id, clip_ids));
        self.batches += 1;
        if self.stream.is_none() {
            let in_memory = self.memory.add(batch.clone());
            if self.memory.bytes <= self.memory_limit && in_memory <= ALL_MEMORY_BYTES {
                return Ok(());
            }
            let file = BufWriter::new(create_private(&path)?);
            let stream = StreamWriter::try_new(file, &schema())
                .map_err(SnapshotError::arrow_write(&path))?;
            let stream = self.stream.insert(stream);
            for batch in self.memory.take() {
                stream
                    .write(&batch)
                    .map_err(SnapshotError::arrow_write(&path))?;
            }
            return Ok(());
        }
        if let Some(stream) = &mut self.stream {
            stream
                .write(batch)
                .map_err(SnapshotError::arrow_write(&path))?;
        }
        Ok(())
    }

    /// Keeps a record that is no clip: one JSON object, on one line.
    ///
    /// # Errors
    /// When the spool cannot be written.
    pub fn reject(&mut self, line: &str) -> Result<(), SnapshotError> {
        let path = self.rejects_path();
        if self.rejects.is_none() {
            self.rejects = Some(BufWriter::new(DigestWriter::new(create_private(&path)?)));
        }
        let Some(rejects) = &mut self.rejects else {
            return Ok(());
        };
        writeln!(rejects, "{line}").map_err(SnapshotError::write(&path))
    }

    /// What has come since [`Pages::begin_walk`]; exact.
    ///
    /// # Errors
    /// When the spool cannot be written or read back.
    pub fn walk_count(&mut self) -> Result<WalkCount, SnapshotError> {
        let mut hashes = self.walk_hashes.clone();
        hashes.sort_unstable();
        let rows = hashes.len() as u64;
        let twice: HashSet<u64> = repeated(&hashes).collect();
        if twice.is_empty() {
            return Ok(WalkCount {
                rows,
                distinct: rows,
            });
        }
        // Equal hashes may still be different clips: only the ids can tell.
        let mut seen = HashSet::new();
        let mut repeats = 0;
        let (hashing, account_id) = (self.hashing.clone(), self.account_id.clone());
        let begin = self.walk_begin;
        for batch in self.received()?.skip(begin) {
            let batch = batch?;
            let clip_ids = batch.column(Column::ClipId.index()).as_string::<i32>();
            for (row, hash) in hashing.hashes(&account_id, clip_ids).enumerate() {
                if twice.contains(&hash) && !seen.insert(clip_ids.value(row).to_owned()) {
                    repeats += 1;
                }
            }
        }
        Ok(WalkCount {
            rows,
            distinct: rows - repeats,
        })
    }

    /// Makes runs of all rows.
    pub(crate) fn into_runs(mut self) -> Result<Finished, SnapshotError> {
        let rejects = self.finish_rejects()?;
        let mut runs = Vec::new();
        let mut part = 0;
        let (folder, name) = (self.folder.clone(), self.name.clone());
        let (hashing, account_id) = (self.hashing.clone(), self.account_id.clone());
        let run_rows = self.run_rows;
        let mut write = |batches: &mut Vec<RecordBatch>| {
            let file = format!("run-{name}-{part}.arrow");
            runs.extend(write_run(
                &folder,
                file,
                part,
                batches,
                &account_id,
                &hashing,
            )?);
            part += 1;
            batches.clear();
            Ok(())
        };
        let mut batches = Vec::new();
        let mut rows = 0;
        for batch in self.received()? {
            let batch = batch?;
            rows += batch.num_rows();
            batches.push(batch);
            if rows >= run_rows {
                write(&mut batches)?;
                rows = 0;
            }
        }
        write(&mut batches)?;
        Ok(Finished { runs, rejects })
    }

    /// All batches in the order received.
    fn received(
        &mut self,
    ) -> Result<Box<dyn Iterator<Item = Result<RecordBatch, SnapshotError>> + '_>, SnapshotError>
    {
        let path = self.stream_path();
        let Some(stream) = &mut self.stream else {
            return Ok(Box::new(self.memory.batches.iter().cloned().map(Ok)));
        };
        stream.flush().map_err(SnapshotError::arrow_write(&path))?;
        let file = File::open(&path).map_err(SnapshotError::read(&path))?;
        let reader = StreamReader::try_new(BufReader::new(file), None)
            .map_err(SnapshotError::arrow_read(&path))?;
        Ok(Box::new(reader.map(move |batch| {
            batch.map_err(SnapshotError::arrow_read(&path))
        })))
    }

    fn finish_rejects(&mut self) -> Result<Option<RejectsRecord>, SnapshotError> {
        let Some(rejects) = self.rejects.take() else {
            return Ok(None);
        };
        let path = self.rejects_path();
        let summed = rejects
            .into_inner()
            .map_err(|error| SnapshotError::write(&path)(error.into_error()))?;
        let (_, bytes, crc32) = summed.finish();
        let file = format!("rejects-{}.ndjson", self.name);
        rename(&path, &self.folder.join(&file))?;
        Ok(Some(RejectsRecord { file, bytes, crc32 }))
    }

    fn stream_path(&self) -> PathBuf {
        self.folder.join(format!("pages-{}.tmp", self.name))
    }

    fn rejects_path(&self) -> PathBuf {
        self.folder.join(format!("rejects-{}.tmp", self.name))
    }

    /// Goes to the file, and makes runs, at once: for tests.
    #[cfg(test)]
    pub(crate) fn with_limits(mut self, memory_bytes: usize, run_rows: usize) -> Self {
        self.memory_limit = memory_bytes;
        self.run_rows = run_rows;
        self
    }
}

/// Rows in memory, counted together with those of all other windows.
struct Memory {
    batches: Vec<RecordBatch>,
    bytes: usize,
    all: Arc<AtomicUsize>,
}

impl Memory {
    fn new(all: &Arc<AtomicUsize>) -> Self {
        Self {
            batches: Vec::new(),
            bytes: 0,
            all: Arc::clone(all),
        }
    }

    /// Keeps rows; returns the bytes that all windows keep.
    fn add(&mut self, batch: RecordBatch) -> usize {
        let bytes = batch.get_array_memory_size();
        self.bytes += bytes;
        self.batches.push(batch);
        self.all.fetch_add(bytes, Ordering::Relaxed) + bytes
    }

    /// Gives all rows away.
    fn take(&mut self) -> Vec<RecordBatch> {
        self.all.fetch_sub(self.bytes, Ordering::Relaxed);
        self.bytes = 0;
        std::mem::take(&mut self.batches)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        drop(self.take());
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        // What stays behind is deleted when the spool is opened again.
        if self.stream.take().is_some() {
            drop(remove(&self.stream_path()));
        }
        if self.rejects.take().is_some() {
            drop(remove(&self.rejects_path()));
        }
    }
}

impl std::fmt::Debug for Pages {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Pages({} [{}, {}), {} batches)",
            self.account_id, self.from, self.to, self.batches
        )
    }
}

/// The files of a finished window.
pub(crate) struct Finished {
    pub(crate) runs: Vec<(RunRecord, Hashes)>,
    pub(crate) rejects: Option<RejectsRecord>,
}

/// The values that stand more than once in a sorted slice, each at least once.
pub(crate) fn repeated(sorted: &[u64]) -> impl Iterator<Item = u64> + '_ {
    sorted
        .windows(2)
        .filter(|pair| pair[0] == pair[1])
        .map(|pair| pair[0])
}

#[cfg(test)]
mod tests;
