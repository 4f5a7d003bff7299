//! The folder for what a query puts aside. It is held by who waits for the query, so that it goes away also
//! where a signal ends one that never stops to listen.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use tempfile::TempDir;

/// A folder that is made when it is needed.
#[derive(Debug, Default)]
pub struct WorkFolder(Mutex<Option<TempDir>>);

impl WorkFolder {
    /// Where it is made: below this folder, or else below that of the system.
    pub(super) fn parent(given: Option<&Path>) -> PathBuf {
        given.map_or_else(env::temp_dir, Path::to_owned)
    }

    /// Makes it there.
    ///
    /// # Errors
    /// When it cannot be made, with the folder that it was to be in.
    pub fn make(&self, given: Option<&Path>) -> Result<PathBuf, (PathBuf, std::io::Error)> {
        let parent = Self::parent(given);
        let made = tempfile::Builder::new()
            .prefix("clipcensus-audit-")
            .permissions(fs::Permissions::from_mode(0o700))
            .tempdir_in(&parent)
            .map_err(|error| (parent, error))?;
        let path = made.path().to_owned();
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(made);
        Ok(path)
    }

    /// Deletes it with all that is in it.
    pub(super) fn remove(&self) {
        drop(self.0.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}
