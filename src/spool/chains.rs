//! The spool itself: chains are added from many threads, found again, and waited for.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use arrow::array::RecordBatch;

use crate::disk::DiskError;
use crate::disk::file::{create_dirs, remove, rename};
use crate::disk::layout::Layout;
use crate::disk::private::private_dir;
use crate::model::ChainRecord;
use crate::spool::header::SpoolHeader;
use crate::spool::journal;
use crate::spool::journal::{Entry, JOURNAL};
use crate::spool::key::Hashing;
use crate::spool::pages::{Extent, PAGES, PagesFile};
use crate::spool::run::{Hashes, RunRecord, read_hashes, write_run};
use crate::spool::watermark::Settled;

/// The spool of one run. Chains are added from many threads.
#[derive(Debug)]
pub struct Spool {
    folder: PathBuf,
    header: SpoolHeader,
    hashing: Hashing,
    refused: Option<String>,
    /// What an interrupted run had listed and cannot be read, in words.
    lost: Option<String>,
    pages: Arc<PagesFile>,
    state: Mutex<State>,
    /// Told of every change of what is settled.
    changed: Condvar,
}

#[derive(Debug)]
struct State {
    journal: File,
    entries: Vec<Entry>,
    /// Of each entry: of its runs, the hashes of their clips.
    hashes: Vec<Vec<Hashes>>,
    settled: Vec<Settled>,
    stage: Stage,
}

/// Whether more is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// The crawl goes on.
    Open,
    /// The crawl is over: all that comes is here.
    Complete,
    /// Nobody wants its rows any more.
    GivenUp,
}

/// What the pages of one chain held, not yet in the journal.
#[derive(Debug, Default)]
pub struct ChainPages {
    runs: Vec<(RunRecord, Hashes)>,
    rejects: Vec<Extent>,
}

impl Spool {
    /// Opens the spool of these parameters. What an interrupted run with the same format, tool
    /// version and fingerprint has finished is kept, with that run's header, if it began `within` that
    /// time before; `None` starts over. Everything else in the folder is deleted. Spools of other parameters are left alone.
    ///
    /// # Errors
    /// [`DiskError::BadName`] for a fingerprint that is not of hex digits; errors of the disk.
    pub fn open(
        layout: &Layout,
        wanted: SpoolHeader,
        within: Option<Duration>,
    ) -> Result<Self, DiskError> {
        let name = &wanted.fingerprint;
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(DiskError::BadName {
                name: name.clone(),
                what: "a spool",
            });
        }
        let folder = layout.work_dir().join(name);
        if within.is_none() {
            remove(&folder)?;
        }
        create_dirs(layout.out())?;
        private_dir(&layout.work_dir())?;
        private_dir(&folder)?;
        let (found, mut pages, mut lost) = match Left::read(&folder) {
            Ok(left) => (left.journal, left.pages, None),
            // It would not be read the next time either.
            Err(error) => {
                remove(&folder)?;
                private_dir(&folder)?;
                let lost = format!("all that it had listed: {error}");
                (None, PagesFile::open(&folder)?, Some(lost))
            }
        };
        let refused = found.as_ref().and_then(|(header, _)| {
            let why = header.why_not_for(&wanted, within.unwrap_or_default())?;
            Some(format!("of {}: {why}", header.started_at))
        });
        let (header, entries) = found
            .filter(|_| refused.is_none())
            .unwrap_or((wanted, Vec::new()));
        let hashing = Hashing::default();
        let found = entries.len();
        let (entries, hashes) = intact(entries, &pages, &hashing);
        if entries.len() < found {
            let damaged = found - entries.len();
            lost = Some(format!("{damaged} of the {found} parts that it had listed"));
        }
        pages.keep(entries.iter().flat_map(Entry::extents))?;
        let journal = journal::begin(&folder, &header, &entries)?;
        sweep(&folder)?;
        Ok(Self {
            folder,
            header,
            hashing,
            refused,
            lost,
            pages: Arc::new(pages),
            state: Mutex::new(State {
                journal,
                entries,
                hashes,
                settled: Vec::new(),
                stage: Stage::Open,
            }),
            changed: Condvar::new(),
        })
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

    /// What an interrupted run had listed and cannot be read, so that it is listed again.
    #[must_use]
    pub fn lost(&self) -> Option<&str> {
        self.lost.as_deref()
    }

    /// The chains in it, in the order in which they came.
    #[must_use]
    pub fn chains(&self) -> Vec<ChainRecord> {
        let state = self.state();
        state
            .entries
            .iter()
            .map(|entry| entry.chain.clone())
            .collect()
    }

    /// Writes the rows and the rejects of a page, which belong to a chain of an account. They are
    /// not in the spool before the chain is added.
    ///
    /// # Errors
    /// When the spool cannot be written, or the rows have another schema.
    pub fn write_page(
        &self,
        chain: &mut ChainPages,
        account_id: &str,
        rows: &RecordBatch,
        rejects: &[String],
    ) -> Result<(), DiskError> {
        let run = write_run(&self.pages, rows, account_id, &self.hashing)?;
        chain.runs.extend(run);
        if !rejects.is_empty() {
            let lines: String = rejects.iter().flat_map(|line| [line, "\n"]).collect();
            chain.rejects.push(self.pages.add(lines.as_bytes())?);
        }
        Ok(())
    }

    /// Adds a chain with its pages: from here on it is in the spool. `rows` of the record is set.
    ///
    /// # Errors
    /// When the journal cannot be written; the chain is not in the spool then.
    pub fn add(&self, pages: ChainPages, mut chain: ChainRecord) -> Result<(), DiskError> {
        let (runs, hashes): (Vec<_>, Vec<_>) = pages.runs.into_iter().unzip();
        chain.rows = runs.iter().map(|run| run.rows).sum();
        let entry = Entry {
            chain,
            runs,
            rejects: pages.rejects,
        };
        let mut state = self.state();
        journal::add(&self.folder, &mut state.journal, &entry)?;
        state.entries.push(entry);
        state.hashes.push(hashes);
        Ok(())
    }

    /// Takes note that spans need no further request.
    pub fn settle(&self, settled: impl IntoIterator<Item = Settled>) {
        self.state().settled.extend(settled);
        self.changed.notify_all();
    }

    /// Takes note that nothing more comes, or that nobody waits for it.
    pub fn close(&self, stage: Stage) {
        self.state().stage = stage;
        self.changed.notify_all();
    }

    /// Waits until more is settled than the first so many spans, or nothing more comes. Returns what
    /// is new.
    #[must_use]
    pub fn wait_after(&self, count: usize) -> (Vec<Settled>, Stage) {
        let waits = |state: &mut State| state.stage == Stage::Open && state.settled.len() <= count;
        let state = self.changed.wait_while(self.state(), waits);
        let state = state.unwrap_or_else(PoisonError::into_inner);
        let new = state.settled.get(count..).unwrap_or(&[]).to_vec();
        (new, state.stage)
    }

    /// The rejects as JSON lines, page by page, in the order of account, begin and end of what their
    /// chains asked for.
    pub fn rejects(&self) -> impl Iterator<Item = Result<Vec<u8>, DiskError>> + '_ {
        let entries = self.entries().into_iter();
        entries
            .flat_map(|entry| entry.rejects)
            .map(|rejects| self.pages.read(&rejects))
    }

    /// Deletes the spool: its rows are published. It goes out of sight first, so that no half of it
    /// is ever taken for an unfinished run.
    ///
    /// # Errors
    /// When it cannot be deleted.
    pub fn remove(self, layout: &Layout) -> Result<(), DiskError> {
        let (folder, done) = (self.folder.clone(), layout.done_dir());
        // Some file systems keep the name of a file that is open, and with it its folder.
        drop(self);
        remove(&done)?;
        rename(&folder, &done)?;
        remove(&done)
    }

    /// The chains with what they held, in the order of account, begin and end of what they asked for.
    fn entries(&self) -> Vec<Entry> {
        let mut entries = self.state().entries.clone();
        entries.sort_by(|a, b| {
            let key = |entry: &Entry| (entry.chain.asked.from, entry.chain.asked.to);
            (&a.chain.account_id, key(a)).cmp(&(&b.chain.account_id, key(b)))
        });
        entries
    }

    /// The chains added after the first so many, in the order in which they came.
    pub(crate) fn entries_after(&self, count: usize) -> Vec<Entry> {
        self.state().entries.get(count..).unwrap_or(&[]).to_vec()
    }

    /// The hashes of the clips of a chain, by its place in the order in which they came.
    pub(crate) fn hashes_of(&self, place: usize) -> Vec<u64> {
        let hashes = &self.state().hashes[place];
        hashes.iter().flatten().copied().collect()
    }

    pub(crate) const fn pages(&self) -> &Arc<PagesFile> {
        &self.pages
    }

    /// How its clips are told apart.
    #[must_use]
    pub const fn hashing(&self) -> &Hashing {
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
            for hashes in state.hashes.iter().flatten() {
                some.extend(hashes.iter().filter(|hash| *hash >> 60 == part));
            }
            some.sort_unstable();
            look(&some);
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What an earlier run has left in a folder.
struct Left {
    journal: Option<(SpoolHeader, Vec<Entry>)>,
    pages: PagesFile,
}

impl Left {
    fn read(folder: &Path) -> Result<Self, DiskError> {
        Ok(Self {
            journal: journal::read(folder)?,
            pages: PagesFile::open(folder)?,
        })
    }
}

/// The chains whose pieces can all be read as they were written, and the hashes of their clips.
fn intact(
    entries: Vec<Entry>,
    pages: &PagesFile,
    hashing: &Hashing,
) -> (Vec<Entry>, Vec<Vec<Hashes>>) {
    let read = |entry: &Entry| -> Result<Vec<Hashes>, DiskError> {
        for rejects in &entry.rejects {
            pages.read(rejects)?;
        }
        let account_id = &entry.chain.account_id;
        let hashes = |run| read_hashes(pages, run, account_id, hashing);
        entry.runs.iter().map(hashes).collect()
    };
    let whole = |entry| {
        let hashes = read(&entry).ok()?;
        Some((entry, hashes))
    };
    entries.into_iter().filter_map(whole).unzip()
}

/// Deletes what is no file of a spool.
fn sweep(folder: &Path) -> Result<(), DiskError> {
    for file in fs::read_dir(folder).map_err(DiskError::read(folder))? {
        let file = file.map_err(DiskError::read(folder))?;
        if ![JOURNAL, PAGES]
            .map(OsStr::new)
            .contains(&&*file.file_name())
        {
            remove(&file.path())?;
        }
    }
    Ok(())
}

/// The values that stand more than once in a sorted slice, each at least once.
fn repeated(sorted: &[u64]) -> impl Iterator<Item = u64> + '_ {
    let pairs = sorted.windows(2);
    pairs.filter(|pair| pair[0] == pair[1]).map(|pair| pair[0])
}

#[cfg(test)]
mod tests;
