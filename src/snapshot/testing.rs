//! Manifests and file systems for tests.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use rustix::io::Errno;

use crate::clip::SCHEMA_VERSION;
pub(crate) use crate::clip::testing::{Row, SNAPSHOT_AT, all, batch};
pub(crate) use crate::disk::testing::layout;
use crate::disk::{Layout, OutputLock, Table};
use crate::model::Seconds;
pub(crate) use crate::model::testing::window;
use crate::model::{Verdict, WindowRecord};
use crate::snapshot::manifest::{Format, Manifest, Totals};
use crate::snapshot::moves::{Renames, System};

pub(crate) fn lock(layout: &Layout) -> OutputLock {
    OutputLock::acquire(layout).unwrap()
}

pub(crate) fn manifest() -> Manifest {
    Manifest {
        schema_version: SCHEMA_VERSION,
        tool_version: "1.2.3".to_owned(),
        run_id: "run".to_owned(),
        account_ids: vec!["acme".to_owned()],
        parameters: BTreeMap::new(),
        simulated: false,
        started_at: "2026-11-23T00:00:01Z".to_owned(),
        resumed_at: None,
        clock: None,
        finished_at: "2026-11-23T00:00:02Z".to_owned(),
        since: Seconds(0),
        snapshot_at: SNAPSHOT_AT,
        verdict: Verdict::Verified,
        table: Table::Clips,
        format: Format::Parquet,
        csv_mode: None,
        windows: vec![WindowRecord {
            expected: Some(0),
            ..window("acme", 0, SNAPSHOT_AT.seconds().0)
        }],
        totals: Totals::default(),
        shrunk: None,
        requests: BTreeMap::new(),
        client_errors: BTreeMap::new(),
        account_failures: Vec::new(),
        files: Vec::new(),
        documents: Vec::new(),
        published_before: Vec::new(),
    }
}

/// A file system that lacks something, or whose process dies.
pub(crate) struct Odd {
    /// What exchanging folders brings.
    pub(crate) exchange: Option<Errno>,
    /// Folders in their places cannot be renamed, as those of the lower layer of an overlay.
    pub(crate) has_layers: bool,
    /// A renamed folder is another one, with other inodes.
    pub(crate) copies: bool,
    /// Calls that are done before all others fail.
    pub(crate) calls: Cell<usize>,
    /// Folders with this in their path stay where they are, though no error is reported.
    pub(crate) lies_about: &'static str,
    /// Folders with this in their path cannot be moved.
    pub(crate) fails_at: &'static str,
}

impl Odd {
    /// One that has all that is needed.
    pub(crate) fn not_at_all() -> Self {
        Self {
            exchange: None,
            has_layers: false,
            copies: false,
            calls: Cell::new(usize::MAX),
            lies_about: "nothing",
            fails_at: "nothing",
        }
    }

    pub(crate) fn all() -> [Self; 5] {
        let without = |errno| Self {
            exchange: Some(errno),
            ..Self::not_at_all()
        };
        [
            without(Errno::INVAL),
            without(Errno::PERM),
            Self {
                copies: true,
                ..without(Errno::NOSYS)
            },
            Self {
                has_layers: true,
                ..without(Errno::XDEV)
            },
            Self {
                copies: true,
                ..Self::not_at_all()
            },
        ]
    }

    fn call(&self, paths: [&Path; 2]) -> io::Result<bool> {
        let left = self.calls.get().checked_sub(1).ok_or(Errno::IO)?;
        self.calls.set(left);
        let is_in = |word: &str| {
            paths
                .iter()
                .any(|path| path.to_str().unwrap().contains(word))
        };
        if is_in(self.fails_at) {
            return Err(Errno::IO.into());
        }
        Ok(!is_in(self.lies_about))
    }
}

impl Renames for Odd {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let is_done = self.call([from, to])?;
        let is_placed = !from.iter().any(|part| part == "_work");
        if self.has_layers && is_placed && from.is_dir() {
            return Err(Errno::XDEV.into());
        }
        if is_done && self.copies && from.is_dir() {
            if to.exists() {
                return Err(Errno::NOTEMPTY.into());
            }
            copy(from, to);
            return fs::remove_dir_all(from);
        }
        if is_done {
            return fs::rename(from, to);
        }
        Ok(())
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        let is_done = self.call([one, other])?;
        if let Some(errno) = self.exchange {
            return Err(errno.into());
        }
        if !one.exists() || !other.exists() {
            return Err(Errno::NOENT.into());
        }
        if is_done && self.copies {
            let third = one.with_extension("third");
            for (from, to) in [(one, &*third), (other, one), (&third, other)] {
                copy(from, to);
                fs::remove_dir_all(from)?;
            }
        } else if is_done {
            return System.exchange(one, other);
        }
        Ok(())
    }
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}
