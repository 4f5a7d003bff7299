//! One export at a time per output folder: a lock that dies with its process.

use std::fs::File;
use std::fs::TryLockError;

use crate::snapshot::error::SnapshotError;
use crate::snapshot::file::create_dirs;
use crate::snapshot::layout::Layout;

/// The right to write into an output folder, until it is dropped.
#[derive(Debug)]
pub struct OutputLock {
    _folder: File,
}

impl OutputLock {
    /// Takes the lock, and creates the output folder where it is missing.
    ///
    /// # Errors
    /// [`SnapshotError::AnotherExport`] while another process, or another lock of this one, holds
    /// it; an error that [cannot be written](SnapshotError::cannot_write) for a folder that cannot
    /// be made or written to.
    pub fn acquire(layout: &Layout) -> Result<Self, SnapshotError> {
        create_dirs(&layout.work_dir())?;
        // The folder itself, not a file in it: `_work` stays safe to delete, and nothing is left.
        let path = layout.out();
        let folder = File::open(path).map_err(SnapshotError::write(path))?;
        match folder.try_lock() {
            Ok(()) => Ok(Self { _folder: folder }),
            Err(TryLockError::WouldBlock) => Err(SnapshotError::AnotherExport {
                path: path.to_owned(),
            }),
            Err(TryLockError::Error(error)) => Err(SnapshotError::write(path)(error)),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::snapshot::layout::Table;

    use super::*;

    #[test]
    fn a_second_export_is_refused_until_the_first_has_ended() {
        let out = tempfile::tempdir().unwrap();
        let layout = Layout::new(out.path().join("new/folder"), Table::Clips);
        let first = OutputLock::acquire(&layout).unwrap();
        let refused = OutputLock::acquire(&layout).unwrap_err();
        assert!(matches!(refused, SnapshotError::AnotherExport { .. }));
        assert!(refused.to_string().contains("new/folder"));
        drop(first);
        OutputLock::acquire(&layout).unwrap();
    }

    #[test]
    fn a_file_in_place_of_the_folder_is_named() {
        let out = tempfile::tempdir().unwrap();
        let file = out.path().join("file");
        std::fs::write(&file, "x").unwrap();
        for below in [file.clone(), file.join("deeper/still")] {
            let error = OutputLock::acquire(&Layout::new(below, Table::Clips)).unwrap_err();
            assert!(error.cannot_write());
            assert!(matches!(error, SnapshotError::NotAFolder { path } if path == file));
        }
    }
}
