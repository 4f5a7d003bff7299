//! The spool: the rows of finished windows on local disk, which survive the process.

use std::collections::HashSet;
use std::fs;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::MutexGuard;
use std::sync::PoisonError;
use std::sync::atomic::AtomicU64;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

use serde::Deserialize;
use serde::Serialize;

use crate::snapshot::error::SnapshotError;
use crate::snapshot::file::copy_file;
use crate::snapshot::file::create_dirs;
use crate::snapshot::file::create_private_dir;
use crate::snapshot::file::remove;
use crate::snapshot::file::rename;
use crate::snapshot::journal;
use crate::snapshot::journal::Entry;
use crate::snapshot::journal::JOURNAL;
use crate::snapshot::key::Hashing;
use crate::snapshot::layout::Layout;
use crate::snapshot::manifest::WindowOutcome;
use crate::snapshot::manifest::WindowRecord;
use crate::snapshot::pages::Pages;
use crate::snapshot::pages::repeated;
use crate::snapshot::run::Hashes;
use crate::snapshot::run::read_hashes;

/// The format of spools that this version writes.
pub const SPOOL_FORMAT: u32 = 2;

/// What a spool is for. An interrupted run is resumed where format, tool and fingerprint agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpoolHeader {
    /// [`SPOOL_FORMAT`].
    pub format: u32,
    /// The version of the tool.
    pub tool: String,
    /// A hash of the parameters, in hex digits; names the folder.
    pub fingerprint: String,
    /// The instant the census is of, in microseconds since 1970.
    pub snapshot_at: i64,
    /// The begin of the span, in unix seconds.
    pub since: i64,
    /// The end of the span, in unix seconds.
    pub until: i64,
    /// The run that began it.
    pub run_id: String,
    /// When that run began, RFC 3339.
    pub started_at: String,
}

/// The spool of one run. Windows are finished from many threads.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    header: SpoolHeader,
    hashing: Hashing,
    refused: Option<String>,
    next: AtomicU64,
    /// Bytes of rows that windows under way keep in memory.
    in_memory: Arc<AtomicUsize>,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    journal: File,
    entries: Vec<Entry>,
    hashes: Vec<Hashes>,
}

/// How far the span of a census may have moved since it was interrupted, in seconds. One that
/// begins at an age such as `36h` moves with the clock: taken up a day later, it would leave a gap
/// before the next.
const RESUMABLE_DRIFT: i64 = 12 * 60 * 60;

impl SpoolHeader {
    /// Why a run that wants a spool with the header `wanted` cannot go on with this one.
    fn why_not_for(&self, wanted: &Self) -> Option<&'static str> {
        if self.format != wanted.format || self.tool != wanted.tool {
            Some("another version of the program wrote it")
        } else if self.fingerprint != wanted.fingerprint {
            Some("it is of other parameters")
        } else if (wanted.since - self.since).abs() > RESUMABLE_DRIFT {
            Some("the span has moved on since")
        } else if self.until > wanted.until {
            // What was created before its end was not all there when it was listed.
            Some("it ends later than this one, so the clock has been set back")
        } else {
            None
        }
    }
}

impl Spool {
    /// Opens the spool of these parameters. What an interrupted run with the same format, tool
    /// version and fingerprint has finished is kept, with that run's header, unless `fresh`;
    /// everything else in the folder is deleted. Spools of other parameters are left alone.
    ///
    /// # Errors
    /// [`SnapshotError::BadName`] for a fingerprint that is not of hex digits; errors of the disk.
    pub fn open(layout: &Layout, wanted: SpoolHeader, fresh: bool) -> Result<Self, SnapshotError> {
        let name = &wanted.fingerprint;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(SnapshotError::BadName {
                name: name.clone(),
                what: "a spool",
            });
        }
        let folder = layout.work_dir().join(name);
        if fresh {
            remove(&folder)?;
        }
        create_dirs(&layout.work_dir())?;
        create_private_dir(&folder)?;
        let found = journal::read(&folder)?;
        let refused = found.as_ref().and_then(|(header, _)| {
            let why = header.why_not_for(&wanted)?;
            Some(format!("of {}: {why}", header.started_at))
        });
        let (header, mut entries) = found
            .filter(|_| refused.is_none())
            .unwrap_or((wanted, Vec::new()));
        entries.retain(|entry| entry.is_intact(&folder));
        let hashing = Hashing::default();
        let mut hashes = Vec::new();
        for entry in &entries {
            for run in &entry.runs {
                let path = folder.join(&run.file);
                hashes.push(read_hashes(path, &entry.window.account_id, &hashing)?);
            }
        }
        let journal = journal::begin(&folder, &header, &entries)?;
        let spool = Self {
            next: AtomicU64::new(first_free(&entries)),
            in_memory: Arc::default(),
            folder,
            header,
            hashing,
            refused,
            state: Mutex::new(State {
                journal,
                entries,
                hashes,
            }),
        };
        spool.sweep()?;
        Ok(spool)
    }

    /// What it is for; of the interrupted run, where one is resumed.
    #[must_use]
    pub const fn header(&self) -> &SpoolHeader {
        &self.header
    }

    /// The interrupted run that was found here and is not gone on with, and why.
    #[must_use]
    pub fn refused(&self) -> Option<&str> {
        self.refused.as_deref()
    }

    /// The windows that are finished, in the order of account, begin and end.
    #[must_use]
    pub fn finished(&self) -> Vec<WindowRecord> {
        let mut windows: Vec<WindowRecord> = self
            .state()
            .entries
            .iter()
            .map(|entry| entry.window.clone())
            .collect();
        windows.sort_by(|a, b| (&a.account_id, a.from, a.to).cmp(&(&b.account_id, b.from, b.to)));
        windows
    }

    /// Lets windows be walked again whose record proves nothing: their rows were seen and stay, and
    /// whether all came is for the new record to say.
    pub fn supersede(&self, is_doubtful: impl Fn(&WindowRecord) -> bool) {
        for entry in &mut self.state().entries {
            if is_doubtful(&entry.window) {
                entry.window.outcome = WindowOutcome::Split;
            }
        }
    }

    /// Begins a window: `[from, to)` in unix seconds. Files are made when the first rows do not fit
    /// into memory.
    pub fn pages(&self, account_id: &str, from: i64, to: i64) -> Pages {
        let name = self.next.fetch_add(1, Ordering::Relaxed).to_string();
        let hashing = self.hashing.clone();
        Pages::new(
            &self.folder,
            name,
            hashing,
            account_id,
            (from, to),
            &self.in_memory,
        )
    }

    /// Sorts the rows of a window into runs and makes it finished. `rows` of the record is set.
    ///
    /// # Errors
    /// When the spool cannot be written; the window is not finished then.
    pub fn finish(&self, pages: Pages, mut record: WindowRecord) -> Result<(), SnapshotError> {
        let finished = pages.into_runs()?;
        let (runs, hashes): (Vec<_>, Vec<_>) = finished.runs.into_iter().unzip();
        record.rows = runs.iter().map(|run| run.rows).sum();
        let entry = Entry {
            window: record,
            runs,
            rejects: finished.rejects,
        };
        let mut state = self.state();
        journal::add(&self.folder, &mut state.journal, &entry)?;
        state.entries.push(entry);
        state.hashes.extend(hashes);
        Ok(())
    }

    /// Writes the rejects of all finished windows as JSON lines, in the order of account, begin
    /// and end of their windows. Returns their length in bytes.
    ///
    /// # Errors
    /// When the spool cannot be read or `into` cannot be written.
    pub fn write_rejects(&self, into: &mut impl Write) -> Result<u64, SnapshotError> {
        let mut bytes = 0;
        for entry in self.entries() {
            if let Some(rejects) = &entry.rejects {
                let path = self.folder.join(&rejects.file);
                copy_file(&path, into).map_err(SnapshotError::read(&path))?;
                bytes += rejects.bytes;
            }
        }
        Ok(bytes)
    }

    /// Deletes the spool: its rows are published. It goes out of sight first, so that no half of it
    /// is ever taken for an unfinished run.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn remove(self, layout: &Layout) -> Result<(), SnapshotError> {
        let done = layout.done_dir();
        remove(&done)?;
        rename(&self.folder, &done)?;
        remove(&done)
    }

    /// The finished windows with their files, in the order of account, begin and end.
    pub(crate) fn entries(&self) -> Vec<Entry> {
        let mut entries = self.state().entries.clone();
        entries.sort_by(|a, b| {
            let key = |e: &Entry| (e.window.from, e.window.to);
            (&a.window.account_id, key(a)).cmp(&(&b.window.account_id, key(b)))
        });
        entries
    }

    /// The windows finished after the first so many, in the order in which they were.
    pub(crate) fn entries_after(&self, count: usize) -> Vec<Entry> {
        self.state().entries.get(count..).unwrap_or(&[]).to_vec()
    }

    /// The windows finished after the first so many, without their files.
    #[must_use]
    pub fn finished_after(&self, count: usize) -> Vec<WindowRecord> {
        let entries = self.entries_after(count).into_iter();
        entries.map(|entry| entry.window).collect()
    }

    /// The folder of its files.
    pub(crate) const fn folder(&self) -> &PathBuf {
        &self.folder
    }

    /// Its hashing.
    pub(crate) const fn hashing(&self) -> &Hashing {
        &self.hashing
    }

    /// The hashes that more than one row has.
    pub(crate) fn repeated_hashes(&self) -> HashSet<u64> {
        let mut twice = HashSet::new();
        self.sorted_hashes(|some| twice.extend(repeated(some)));
        twice
    }

    /// The hashes of clips, each counted once: as many as there are clips, or fewer where different
    /// clips have the same.
    pub(crate) fn distinct_hashes(&self) -> u64 {
        let mut distinct = 0;
        self.sorted_hashes(|some| {
            distinct += some.chunk_by(|a, b| a == b).count() as u64;
        });
        distinct
    }

    /// Shows all hashes, sorted, in parts: one sixteenth at a time, so that sorting needs little
    /// memory.
    fn sorted_hashes(&self, mut look: impl FnMut(&[u64])) {
        let state = self.state();
        let mut some = Vec::new();
        for part in 0..16 {
            some.clear();
            for hashes in &state.hashes {
                some.extend(hashes.iter().filter(|hash| *hash >> 60 == part));
            }
            some.sort_unstable();
            look(&some);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Deletes what no finished window has.
    fn sweep(&self) -> Result<(), SnapshotError> {
        let state = self.state();
        let kept: HashSet<&str> = state.entries.iter().flat_map(Entry::files).collect();
        let listed = fs::read_dir(&self.folder).map_err(SnapshotError::read(&self.folder))?;
        for file in listed {
            let file = file.map_err(SnapshotError::read(&self.folder))?;
            let name = file.file_name();
            if !name
                .to_str()
                .is_some_and(|name| name == JOURNAL || kept.contains(name))
            {
                remove(&file.path())?;
            }
        }
        Ok(())
    }
}

/// The first number that no file of these windows has.
fn first_free(entries: &[Entry]) -> u64 {
    let number = |file: &str| file.split(['-', '.']).nth(1)?.parse::<u64>().ok();
    let used = entries.iter().flat_map(Entry::files).filter_map(number);
    used.max().map_or(0, |last| last + 1)
}

#[cfg(test)]
mod tests;
