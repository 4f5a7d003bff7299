//! Folders take places: exchanged where the file system can, one after the other where it cannot.

use std::path::Path;
use std::{fs, io};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use rustix::io::Errno;

use crate::disk::error::DiskError;
use crate::disk::file::{create_dirs, remove};
use crate::disk::layout::MANIFEST;

/// The two system calls that put a folder elsewhere. Tests have others: those of file systems that
/// lack something, or of a process that is killed.
pub(crate) trait Renames {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()>;
}

/// Those of the system.
#[derive(Debug)]
pub(crate) struct System;

impl Renames for System {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn exchange(&self, one: &Path, other: &Path) -> io::Result<()> {
        Ok(renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE)?)
    }
}

/// Puts a staged folder in its place. What was there is then where the staged one was, or, where the
/// file system cannot exchange folders, at `former`: for a moment there is nothing in the place then.
pub(crate) fn put(
    renames: &dyn Renames,
    staged: &Path,
    place: &Path,
    former: &Path,
) -> Result<(), DiskError> {
    match renames.exchange(staged, place) {
        Ok(()) => return Ok(()),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::NOENT) => {}
            Some(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::PERM | Errno::XDEV) => {
                move_dir(renames, place, former)?;
            }
            _ => return Err(DiskError::write(place)(error)),
        },
    }
    renames
        .rename(staged, place)
        .map_err(DiskError::unable("rename a folder", place))
}

/// Moves a folder; nothing there is fine. Where it cannot be renamed, as those of the lower layer of
/// an overlay, or was moved in part before, its files are moved one by one, the manifest first.
pub(crate) fn move_dir(renames: &dyn Renames, from: &Path, to: &Path) -> Result<(), DiskError> {
    match renames.rename(from, to) {
        Ok(()) => return Ok(()),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::NOENT) if is_absent(from) => return Ok(()),
            Some(Errno::XDEV | Errno::NOTEMPTY | Errno::EXIST) => {}
            _ => return Err(DiskError::unable("rename a folder", from)(error)),
        },
    }
    create_dirs(to)?;
    let mut names = Vec::new();
    for entry in fs::read_dir(from).map_err(DiskError::read(from))? {
        names.push(entry.map_err(DiskError::read(from))?.file_name());
    }
    names.sort_by_key(|name| (name != MANIFEST, name.clone()));
    for name in names {
        let from = from.join(&name);
        let moved = renames.rename(&from, &to.join(&name));
        moved.map_err(DiskError::unable("rename a file", &from))?;
    }
    fs::remove_dir(from).map_err(DiskError::write(from))
}

fn is_absent(path: &Path) -> bool {
    fs::symlink_metadata(path).is_err()
}

/// Takes a folder away that is to be deleted: at once, or, where it cannot be renamed, file by file,
/// the manifest first, so that no reader finds one whose files are gone.
pub(crate) fn take_away(renames: &dyn Renames, from: &Path, to: &Path) -> Result<(), DiskError> {
    match renames.rename(from, to) {
        Ok(()) => Ok(()),
        Err(error) => match Errno::from_io_error(&error) {
            Some(Errno::NOENT) if is_absent(from) => Ok(()),
            Some(Errno::XDEV | Errno::NOTEMPTY | Errno::EXIST) => {
                remove(&from.join(MANIFEST))?;
                remove(from)
            }
            _ => Err(DiskError::unable("rename a folder", from)(error)),
        },
    }
}
