//! One export at a time per output folder: a lock that dies with its process.

use std::fs;
use std::fs::{File, TryLockError};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::disk::error::DiskError;
use crate::disk::file::create_dirs;
use crate::disk::layout::Layout;

/// The right to write into an output folder, until it is dropped.
#[derive(Debug)]
pub(crate) struct OutputLock {
    _folder: File,
}

impl OutputLock {
    /// Takes the lock, and creates the output folder where it is missing.
    ///
    /// # Errors
    /// [`DiskError::AnotherExport`] while another process, or another lock of this one, holds
    /// it; an error that [cannot be written](DiskError::cannot_write) for a folder that cannot
    /// be made or written to, or that cannot take a snapshot: better now than after the crawl.
    pub(crate) fn acquire(layout: &Layout) -> Result<Self, DiskError> {
        create_dirs(&layout.work_dir())?;
        check_places(layout)?;
        Self::take(layout)
    }

    /// Takes the lock of a folder that is there.
    fn take(layout: &Layout) -> Result<Self, DiskError> {
        // The folder itself, not a file in it: `_work` stays safe to delete, and nothing is left.
        let path = layout.out();
        let folder = File::open(path).map_err(DiskError::write(path))?;
        match folder.try_lock() {
            Ok(()) => Ok(Self { _folder: folder }),
            Err(TryLockError::WouldBlock) => Err(DiskError::AnotherExport {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(DiskError::write(path)(error)),
        }
    }
}

/// A snapshot is renamed into these folders: they are folders, and on the file system of `out`.
fn check_places(layout: &Layout) -> Result<(), DiskError> {
    for place in layout.places() {
        check_place(&place, layout.out())?;
    }
    Ok(())
}

fn check_place(place: &Path, out: &Path) -> Result<(), DiskError> {
    let found = match fs::metadata(place) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(DiskError::read(place))?,
    };
    let path = place.to_owned();
    if !found.is_dir() {
        return Err(DiskError::NotAFolder { path });
    }
    let home = fs::metadata(out).map_err(DiskError::read(out))?;
    if found.dev() != home.dev() {
        return Err(DiskError::OtherFileSystem { path });
    }
    Ok(())
}

/// Finds out whether an export could begin to write, and leaves nothing behind: files without a name
/// are made in the folders that are there, or in the nearest one above.
///
/// # Errors
/// As [`OutputLock::acquire`].
pub(crate) fn try_output(layout: &Layout) -> Result<(), DiskError> {
    let out = layout.out();
    let current = Path::new(".");
    let nearest = out.ancestors().find(|folder| folder.exists());
    let nearest = nearest.unwrap_or(current);
    let mut inner = layout.places();
    inner.push(layout.work_dir());
    let folders = inner.iter().map(PathBuf::as_path).filter(|it| it.exists());
    for folder in folders.chain([nearest]) {
        tempfile::tempfile_in(folder).map_err(DiskError::write(folder))?;
    }
    check_places(layout)?;
    if nearest == out {
        OutputLock::take(layout)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
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
