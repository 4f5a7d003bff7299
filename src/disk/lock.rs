//! One export at a time per output folder: a lock that dies with its process, and a file that tells
//! a machine which the lock does not reach.

use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::disk::error::DiskError;
use crate::disk::file::{create_dirs, remove};
use crate::disk::layout::Layout;
use crate::disk::private::{open_private, private_dir};
use crate::disk::trial::{Caveat, try_file_system};

/// The right to write into an output folder, until it is dropped.
#[derive(Debug)]
pub struct OutputLock {
    layout: Layout,
    run: Run,
    _folder: File,
}

/// The run that an output folder is taken by.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    /// Something that no other run has.
    id: String,
    host: String,
    pid: u32,
    since: String,
}

impl OutputLock {
    /// Takes the lock, and creates the output folder where it is missing.
    ///
    /// # Errors
    /// [`DiskError::AnotherExport`] while another process, or another lock of this one, holds
    /// it; an error that [cannot be written](DiskError::cannot_write) for a folder that cannot
    /// be made or written to, or that cannot take a snapshot: better now than after the crawl.
    pub(crate) fn acquire(layout: &Layout) -> Result<Self, DiskError> {
        create_dirs(layout.out())?;
        let folder = lock(layout)?;
        private_dir(&layout.work_dir())?;
        let trial = layout.trial_dir();
        remove(&trial)?;
        private_dir(&trial)?;
        let tried = try_file_system(&trial, layout);
        if let Some(caveat) = tried.inspect_err(|_| drop(remove(&trial)))? {
            tracing::warn!("{caveat}");
        }
        let run = Run::new();
        run.take_over(layout)?;
        Ok(Self {
            layout: layout.clone(),
            run,
            _folder: folder,
        })
    }

    /// Looks whether the output folder is still this run's own. On a network file system the lock
    /// of one machine does not reach another, which may have taken the folder meanwhile.
    ///
    /// # Errors
    /// [`DiskError::TakenOver`] where another run has.
    pub(crate) fn confirm(&self) -> Result<(), DiskError> {
        let by = match Run::read(&self.layout)? {
            Some(run) if run == self.run => return Ok(()),
            Some(other) => other.to_string(),
            None => format!("{} is gone", self.layout.run_file().display()),
        };
        Err(DiskError::TakenOver {
            path: self.layout.out().to_owned(),
            by,
        })
    }
}

impl Drop for OutputLock {
    fn drop(&mut self) {
        if self.confirm().is_ok() {
            // One that stays behind is taken over by the next run.
            drop(remove(&self.layout.run_file()));
        }
    }
}

impl Run {
    fn new() -> Self {
        let host = rustix::system::uname();
        Self {
            id: format!("{:016x}", rand::random::<u64>()),
            host: host.nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
            since: Timestamp::now().to_string(),
        }
    }

    /// The run that has the output folder, if any; of a file that is not whole, one without a name.
    fn read(layout: &Layout) -> Result<Option<Self>, DiskError> {
        let path = layout.run_file();
        let Some(file) = open_private(&path)? else {
            return Ok(None);
        };
        let mut text = String::new();
        let read = file.take(1 << 12).read_to_string(&mut text);
        read.map_err(DiskError::read(&path))?;
        let unknown = || Self {
            id: String::new(),
            host: "an unknown machine".to_owned(),
            pid: 0,
            since: "an unknown time".to_owned(),
        };
        Ok(Some(
            serde_json::from_str(&text).unwrap_or_else(|_| unknown()),
        ))
    }

    /// Writes the file. Of this machine no other run has the folder, since it is locked; one of
    /// another machine may have been killed, which cannot be told from here.
    fn take_over(&self, layout: &Layout) -> Result<(), DiskError> {
        let path = layout.run_file();
        if let Some(other) = Self::read(layout)?
            && other.host != self.host
        {
            tracing::warn!(
                "taking {} over from {other}, which was killed or still runs: let one machine at a \
                 time export into a folder",
                layout.out().display()
            );
        }
        remove(&path)?;
        let text = serde_json::to_vec(self).expect("it has texts and numbers only");
        let mut options = OpenOptions::new();
        let file = options.create_new(true).write(true).mode(0o600).open(&path);
        match file.and_then(|mut file| file.write_all(&text)) {
            // Another machine has taken it in this very moment.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                Err(DiskError::AnotherExport {
                    path: layout.out().to_owned(),
                })
            }
            written => written.map_err(DiskError::write(&path)),
        }
    }
}

impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            host, pid, since, ..
        } = self;
        write!(f, "process {pid} on {host}, since {since}")
    }
}

/// Locks an output folder that is there.
fn lock(layout: &Layout) -> Result<File, DiskError> {
    // The folder itself, not a file in it: `_work` stays safe to delete, and nothing is left.
    let path = layout.out();
    let folder = File::open(path).map_err(DiskError::write(path))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(DiskError::AnotherExport {
            path: path.to_owned(),
        }),
        Err(TryLockError::Error(error)) => Err(DiskError::unable("lock a folder", path)(error)),
    }
}

/// Finds out whether an export could begin to write, and leaves nothing behind: what an export does
/// is tried in the folders that are there, or in the nearest one above.
///
/// # Errors
/// As [`OutputLock::acquire`].
pub(crate) fn try_output(layout: &Layout) -> Result<Option<Caveat>, DiskError> {
    let (out, work) = (layout.out(), layout.work_dir());
    if let Some(error) = DiskError::dangling_link(out) {
        return Err(error);
    }
    let current = Path::new(".");
    let nearest = out.ancestors().find(|folder| folder.exists());
    let mut nearest = nearest.unwrap_or(current);
    let held = (nearest == out).then(|| lock(layout)).transpose()?;
    if work.symlink_metadata().is_ok() {
        private_dir(&work)?;
        nearest = &work;
    }
    let base = tempfile::Builder::new()
        .prefix(".clipcensus-")
        .tempdir_in(nearest)
        .map_err(DiskError::write(nearest))?;
    let caveat = try_file_system(base.path(), layout)?;
    drop(held);
    Ok(caveat)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::MetadataExt;

    use super::*;
    use crate::disk::layout::Table;

    #[test]
    fn a_second_export_is_refused_until_the_first_has_ended() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path().join("new/folder"), Table::Clips);
        let first = OutputLock::acquire(&layout).unwrap();
        let refused = OutputLock::acquire(&layout).unwrap_err();
        assert!(matches!(refused, DiskError::AnotherExport { .. }));
        assert!(refused.to_string().contains("new/folder"));
        drop(first);
        OutputLock::acquire(&layout).unwrap();
    }

    #[test]
    fn a_run_that_another_machine_has_taken_the_folder_from_is_told_and_leaves_its_file() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        let first = OutputLock::acquire(&layout).unwrap();
        first.confirm().unwrap();
        // The lock of this machine is in nobody's way on another one.
        let other = Run {
            host: "another-host".to_owned(),
            ..Run::new()
        };
        other.take_over(&layout).unwrap();
        let error = first.confirm().unwrap_err();
        assert!(matches!(error, DiskError::TakenOver { .. }));
        assert!(!error.cannot_write());
        assert!(error.to_string().contains("another-host"), "{error}");
        drop(first);
        assert_eq!(Run::read(&layout).unwrap(), Some(other));
        // Its process is dead, for all that is known here.
        let second = OutputLock::acquire(&layout).unwrap();
        second.confirm().unwrap();
        drop(second);
        assert_eq!(fs::read_dir(layout.work_dir()).unwrap().count(), 0);
    }

    #[test]
    fn a_run_file_that_is_gone_or_torn_is_no_longer_this_runs() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        let lock = OutputLock::acquire(&layout).unwrap();
        let text = fs::read(layout.run_file()).unwrap();
        fs::write(layout.run_file(), &text[..text.len() / 2]).unwrap();
        assert!(matches!(lock.confirm(), Err(DiskError::TakenOver { .. })));
        fs::remove_file(layout.run_file()).unwrap();
        let error = lock.confirm().unwrap_err();
        assert!(error.to_string().contains("run.json is gone"), "{error}");
        fs::write(layout.run_file(), text).unwrap();
        lock.confirm().unwrap();
    }

    #[test]
    fn a_work_folder_that_is_a_link_is_refused_before_anything_is_done_in_it() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path().join("census"), Table::Clips);
        let victim = out.path().join("victim");
        fs::create_dir_all(layout.out()).unwrap();
        fs::create_dir_all(victim.join("trial")).unwrap();
        std::os::unix::fs::symlink(&victim, layout.work_dir()).unwrap();
        for error in [
            OutputLock::acquire(&layout).map(drop).unwrap_err(),
            try_output(&layout).map(drop).unwrap_err(),
        ] {
            assert!(matches!(error, DiskError::NotOurs { .. }), "{error}");
        }
        assert_eq!(fs::read_dir(&victim).unwrap().count(), 1);
    }

    #[test]
    fn trying_the_output_finds_what_an_export_would_and_leaves_nothing() {
        let out = tempfile::tempdir().unwrap();
        let layout = |name: &str| Layout::new(out.path().join(name), Table::Clips);
        try_output(&layout("new/folder")).unwrap();
        try_output(&layout("")).unwrap();
        assert_eq!(std::fs::read_dir(out.path()).unwrap().count(), 0);
        std::fs::write(out.path().join("file"), "x").unwrap();
        for below in ["file", "file/deeper"] {
            let error = try_output(&layout(below)).unwrap_err();
            assert!(error.cannot_write(), "{error}");
        }
        let held = OutputLock::acquire(&layout("census")).unwrap();
        let refused = try_output(&layout("census")).unwrap_err();
        assert!(matches!(refused, DiskError::AnotherExport { .. }));
        drop(held);
        try_output(&layout("census")).unwrap();
        let work = layout("census").work_dir();
        assert_eq!(fs::read_dir(work).unwrap().count(), 0);
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for below in [file.clone(), file.join("deeper/still")] {
            let error = OutputLock::acquire(&Layout::new(below, Table::Clips)).unwrap_err();
            assert!(error.cannot_write());
            assert!(matches!(error, DiskError::NotAFolder { path } if path == file));
        }
    }

    #[test]
    fn what_cannot_take_a_snapshot_is_named_before_anything_is_done() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path(), Table::Clips);
        for place in [layout.table_dir(), layout.snapshots_dir()] {
            fs::write(&place, "x").unwrap();
            let error = OutputLock::acquire(&layout).unwrap_err();
            assert!(matches!(error, DiskError::NotAFolder { path } if path == place));
            fs::remove_file(place).unwrap();
        }
        let elsewhere = Path::new("/dev/shm");
        let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
        if device(elsewhere).is_none() || device(elsewhere) == device(out.path()) {
            println!("skipped: /dev/shm is no other file system here");
            return;
        }
        for place in [layout.table_dir(), layout.snapshots_dir()] {
            std::os::unix::fs::symlink(elsewhere, &place).unwrap();
            let error = OutputLock::acquire(&layout).unwrap_err();
            assert!(error.cannot_write());
            assert!(matches!(error, DiskError::OtherFileSystem { path } if path == place));
            fs::remove_file(place).unwrap();
        }
        OutputLock::acquire(&layout).unwrap();
    }
}
