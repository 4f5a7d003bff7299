//! What an export needs of a file system, tried before anything else is done: better now than after
//! the crawl.

use std::fs;
use std::fs::File;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::disk::error::DiskError;
use crate::disk::file::{is_unable_to_sync, remove};
use crate::disk::layout::Layout;

/// The name that a folder of the trial has for a moment where snapshots are put. Readers pass over
/// names that begin with a dot, and one that a killed trial left is replaced by the next.
const GUEST: &str = ".clipcensus-trial";

/// What the file system of an output folder cannot do, though an export goes on without it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Caveat(String);

impl std::fmt::Display for Caveat {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Makes, syncs, renames and deletes files and folders in `base`, an empty folder beside the places
/// of the snapshots or below them, which is gone afterwards.
///
/// # Errors
/// One that [cannot be written](DiskError::cannot_write), and names what the file system cannot do.
pub(super) fn try_file_system(base: &Path, layout: &Layout) -> Result<Option<Caveat>, DiskError> {
    refuse_ways_out(layout)?;
    if layout.latest().is_dir() {
        // To publish would find that out last.
        return Err(DiskError::NotAFile {
            path: layout.latest(),
        });
    }
    let path = base.join("file");
    let mut file = File::create_new(&path).map_err(DiskError::write(base))?;
    file.write_all(b"trial").map_err(DiskError::write(base))?;
    file.sync_all()
        .map_err(DiskError::unable("sync a file", base))?;
    let caveat = try_sync_dir(base)?;
    for place in places(base, layout) {
        try_rename(base, &place, layout)?;
    }
    drop(file);
    fs::remove_dir_all(base).map_err(DiskError::unable("delete a folder", base))?;
    Ok(caveat)
}

/// Readers follow no link out of an output folder, which may be handed over: so nothing is published by
/// way of one either.
fn refuse_ways_out(layout: &Layout) -> Result<(), DiskError> {
    layout
        .places()
        .into_iter()
        .try_for_each(|path| refuse_way_out(layout, path))
}

/// Refuses a folder that a link leads to, out of the output folder; one that is not there does not.
pub(crate) fn refuse_way_out(layout: &Layout, path: PathBuf) -> Result<(), DiskError> {
    let real = (fs::canonicalize(layout.out()), fs::canonicalize(&path));
    let (Ok(out), Ok(whole)) = real else {
        return Ok(());
    };
    if whole.starts_with(&out) {
        return Ok(());
    }
    let device = |path: &Path| fs::metadata(path).map(|found| found.dev()).ok();
    Err(if device(&whole) == device(&out) {
        DiskError::LeadsOut { path }
    } else {
        DiskError::OtherFileSystem { path }
    })
}

/// The folders that are there and that a snapshot is put into; of an output folder that is yet to be
/// made, the one that it is made in.
fn places(base: &Path, layout: &Layout) -> Vec<PathBuf> {
    let out = layout.out();
    if !out.exists() {
        return base.parent().map(Path::to_owned).into_iter().collect();
    }
    let mut places = layout.places();
    places.retain(|place| place.exists());
    places.push(out.to_owned());
    places
}

fn try_sync_dir(base: &Path) -> Result<Option<Caveat>, DiskError> {
    match File::open(base).and_then(|folder| folder.sync_all()) {
        Ok(()) => Ok(None),
        Err(error) if is_unable_to_sync(&error) => Ok(Some(Caveat(format!(
            "{}; the export goes on, but after a power failure its newest snapshot may be missing",
            DiskError::unable("sync a folder", base)(error)
        )))),
        Err(error) => Err(DiskError::write(base)(error)),
    }
}

fn try_rename(base: &Path, place: &Path, layout: &Layout) -> Result<(), DiskError> {
    let (folder, guest) = (base.join("folder"), place.join(GUEST));
    fs::create_dir(&folder).map_err(DiskError::write(base))?;
    match fs::rename(&folder, &guest) {
        Ok(()) => remove(&guest),
        Err(error) if error.kind() == std::io::ErrorKind::CrossesDevices => {
            let is_out = place == layout.out();
            let path = if is_out {
                layout.work_dir()
            } else {
                place.to_owned()
            };
            Err(DiskError::OtherFileSystem { path })
        }
        Err(error) => Err(DiskError::unable("rename a folder", place)(error)),
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;
    use crate::disk::testing::layout;

    fn base(layout: &Layout) -> PathBuf {
        let base = layout.out().join("base");
        fs::create_dir_all(&base).unwrap();
        base
    }

    #[test]
    fn a_trial_leaves_nothing_behind_and_clears_what_a_killed_one_left() {
        let out = tempfile::tempdir().unwrap();
        let layout = layout(out.path());
        fs::create_dir_all(layout.table_dir().join(GUEST)).unwrap();
        assert_eq!(try_file_system(&base(&layout), &layout).unwrap(), None);
        assert_eq!(fs::read_dir(layout.table_dir()).unwrap().count(), 0);
        assert_eq!(fs::read_dir(out.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_place_that_is_a_link_out_of_the_output_folder_is_refused_and_nothing_is_done_there() {
        let folder = tempfile::tempdir().unwrap();
        let layout = layout(&folder.path().join("out"));
        let elsewhere = folder.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        fs::create_dir_all(layout.out()).unwrap();
        for place in layout.places() {
            symlink(&elsewhere, &place).unwrap();
            let error = try_file_system(&base(&layout), &layout).unwrap_err();
            assert!(error.cannot_write(), "{error}");
            assert!(matches!(error, DiskError::LeadsOut { path } if path == place));
            fs::remove_file(&place).unwrap();
        }
        fs::create_dir(layout.out().join("inside")).unwrap();
        symlink("inside", layout.table_dir()).unwrap();
        try_file_system(&base(&layout), &layout).unwrap();
    }

    #[test]
    fn a_place_that_folders_cannot_be_renamed_into_is_named() {
        let out = tempfile::tempdir().unwrap();
        let layout = layout(out.path());
        // No system call puts a folder there: it fails for root as well.
        symlink("/proc/self", layout.table_dir()).unwrap();
        let error = try_file_system(&base(&layout), &layout).unwrap_err();
        assert!(error.cannot_write(), "{error}");
        assert!(error.to_string().contains("/clips"), "{error}");
    }

    #[test]
    fn what_a_file_system_lacks_is_told_apart_from_what_a_person_can_mend() {
        let of = |errno: rustix::io::Errno| {
            let error = DiskError::unable("rename a folder", Path::new("/"))(errno.into());
            assert!(error.cannot_write());
            error.to_string()
        };
        let lacking = of(rustix::io::Errno::NOSYS);
        assert!(lacking.contains("cannot rename a folder"), "{lacking}");
        assert!(lacking.contains("another file system"), "{lacking}");
        let full = of(rustix::io::Errno::NOSPC);
        assert!(full.contains("free space"), "{full}");
    }
}
