//! Folders and files that only their owner may change: what stands in them is obeyed, so nobody else
//! may have put it there.

use std::fs::{DirBuilder, File, Metadata};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::{fs, io};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::disk::error::DiskError;

/// Who else may write: group and others.
const OTHERS_MAY_WRITE: u32 = 0o022;

/// Makes a folder that only its owner may enter. One that is there already must be as private as one
/// that is made now, or empty: then it is made again.
///
/// # Errors
/// [`DiskError::NotOurs`] for a link, or a folder that others own or may write to and that holds
/// something.
pub(crate) fn private_dir(path: &Path) -> Result<(), DiskError> {
    match make(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map_err(DiskError::write(path)),
    }
    let found = fs::symlink_metadata(path).map_err(DiskError::read(path))?;
    if !found.is_dir() && !found.is_symlink() {
        return Err(DiskError::NotAFolder {
            path: path.to_owned(),
        });
    }
    let Some(why) = why_not_ours(&found, path)? else {
        return Ok(());
    };
    if fs::remove_dir(path).is_ok() {
        return make(path).map_err(DiskError::write(path));
    }
    Err(DiskError::NotOurs {
        path: path.to_owned(),
        why,
    })
}

fn make(path: &Path) -> io::Result<()> {
    DirBuilder::new().mode(0o700).create(path)
}

/// What is wrong with a folder that should be ours. Some file systems give all files one owner, or
/// know no permissions: what counts is how a folder looks that is made beside it now.
fn why_not_ours(found: &Metadata, path: &Path) -> Result<Option<&'static str>, DiskError> {
    if found.is_symlink() {
        return Ok(Some("is a link"));
    }
    let is_writable = found.mode() & OTHERS_MAY_WRITE != 0;
    let is_foreign = found.uid() != rustix::process::geteuid().as_raw();
    if !is_writable && !is_foreign {
        return Ok(None);
    }
    let beside = path.parent().unwrap_or(path);
    let fresh = tempfile::Builder::new()
        .prefix(".clipcensus-")
        .tempdir_in(beside)
        .map_err(DiskError::write(beside))?;
    let fresh = fs::symlink_metadata(fresh.path()).map_err(DiskError::read(beside))?;
    Ok(difference(found, &fresh))
}

/// How a folder or file is less private than one that we have made.
fn difference(found: &Metadata, ours: &Metadata) -> Option<&'static str> {
    if found.uid() != ours.uid() {
        return Some("belongs to another user");
    }
    let others = found.mode() & OTHERS_MAY_WRITE & !ours.mode();
    (others != 0).then_some("may be changed by other users")
}

/// Opens a file of a private folder; `None` where there is none.
///
/// # Errors
/// [`DiskError::NotOurs`] for a link, or a file that others than the folder's owner have made or may
/// write to; [`DiskError::NotAFile`] for what is no file.
pub(crate) fn open_private(path: &Path) -> Result<Option<File>, DiskError> {
    let not_ours = |why| DiskError::NotOurs {
        path: path.to_owned(),
        why,
    };
    // Without waiting, since a pipe would be waited for until somebody writes to it.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = File::options();
    options.read(true).custom_flags(flags.bits().cast_signed());
    let file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) if Errno::from_io_error(&error) == Some(Errno::LOOP) => {
            return Err(not_ours("is a link"));
        }
        Err(error) => return Err(DiskError::read(path)(error)),
    };
    let found = file.metadata().map_err(DiskError::read(path))?;
    if !found.is_file() {
        return Err(DiskError::NotAFile {
            path: path.to_owned(),
        });
    }
    let folder = path.parent().unwrap_or(path);
    let folder = fs::symlink_metadata(folder).map_err(DiskError::read(folder))?;
    difference(&found, &folder).map_or(Ok(Some(file)), |why| Err(not_ours(why)))
}

/// Whether whoever owns `published` alone can have put something into `folder`.
pub(crate) fn is_closed_to_others(folder: &Path, published: &Path) -> bool {
    let [folder, published] = [folder, published].map(fs::symlink_metadata);
    folder.is_ok_and(|folder| {
        folder.is_dir()
            && folder.mode() & OTHERS_MAY_WRITE == 0
            && published.is_ok_and(|published| published.uid() == folder.uid())
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, chown, symlink};
    use std::path::PathBuf;

    use super::*;

    fn folder_with(mode: u32, file: Option<&str>) -> (tempfile::TempDir, PathBuf) {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("work");
        fs::create_dir(&path).unwrap();
        if let Some(name) = file {
            fs::write(path.join(name), "planted").unwrap();
        }
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        (out, path)
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    fn why(error: &DiskError) -> &str {
        match error {
            DiskError::NotOurs { why, .. } => why,
            other => panic!("{other}"),
        }
    }

    /// Gives a path to another user; whether this process may.
    fn given_away(path: &Path) -> bool {
        let is_given = chown(path, Some(54_321), None).is_ok();
        if !is_given {
            println!("skipped: only root can give a file to another user");
        }
        is_given
    }

    #[test]
    fn a_private_folder_is_closed_to_others_and_found_again() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("work");
        private_dir(&path).unwrap();
        assert_eq!(mode(&path), 0o700);
        fs::write(path.join("spool"), "rows").unwrap();
        private_dir(&path).unwrap();
        assert!(path.join("spool").exists());
    }

    #[test]
    fn a_folder_that_others_may_write_to_is_refused_unless_it_is_empty() {
        for open in [0o770, 0o702, 0o777] {
            let (_out, path) = folder_with(open, Some("intent.json"));
            let refused = private_dir(&path).unwrap_err();
            assert_eq!(why(&refused), "may be changed by other users");
            assert!(refused.cannot_write() && refused.to_string().contains("delete it"));
            assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
            let (_out, path) = folder_with(open, None);
            private_dir(&path).unwrap();
            assert_eq!(mode(&path), 0o700);
        }
        let (_out, path) = folder_with(0o755, Some("spool"));
        private_dir(&path).unwrap();
    }

    #[test]
    fn a_link_in_place_of_a_private_folder_is_refused_and_not_followed() {
        let (out, path) = folder_with(0o700, Some("mine"));
        let link = out.path().join("link");
        symlink(&path, &link).unwrap();
        assert_eq!(why(&private_dir(&link).unwrap_err()), "is a link");
        assert!(link.is_symlink() && path.join("mine").exists());
    }

    #[test]
    fn what_another_user_has_made_is_refused() {
        let (_out, path) = folder_with(0o700, Some("intent.json"));
        let file = path.join("intent.json");
        if !given_away(&file) {
            return;
        }
        let refused = open_private(&file).unwrap_err();
        assert_eq!(why(&refused), "belongs to another user");
        assert!(given_away(&path));
        let refused = private_dir(&path).unwrap_err();
        assert_eq!(why(&refused), "belongs to another user");
    }

    #[test]
    fn a_file_is_read_only_if_nobody_else_can_have_written_it() {
        let (_out, path) = folder_with(0o700, Some("intent.json"));
        let file = path.join("intent.json");
        assert!(open_private(&path.join("none")).unwrap().is_none());
        assert!(open_private(&file).unwrap().is_some());
        fs::set_permissions(&file, fs::Permissions::from_mode(0o664)).unwrap();
        let refused = open_private(&file).unwrap_err();
        assert_eq!(why(&refused), "may be changed by other users");
        let link = path.join("link");
        symlink("/etc/hostname", &link).unwrap();
        assert_eq!(why(&open_private(&link).unwrap_err()), "is a link");
    }

    #[test]
    fn a_folder_and_a_pipe_in_place_of_a_file_are_named_and_not_waited_for() {
        let (_out, path) = folder_with(0o700, None);
        let refused = open_private(&path).unwrap_err();
        assert!(matches!(refused, DiskError::NotAFile { .. }), "{refused}");
        let pipe = path.join("pipe");
        let kind = rustix::fs::FileType::Fifo;
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).unwrap();
        let refused = open_private(&pipe).unwrap_err();
        assert!(matches!(refused, DiskError::NotAFile { .. }), "{refused}");
    }

    #[test]
    fn readers_believe_only_a_folder_of_whoever_published() {
        let (out, path) = folder_with(0o700, None);
        assert!(is_closed_to_others(&path, out.path()));
        let link = out.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(!is_closed_to_others(&link, out.path()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o720)).unwrap();
        assert!(!is_closed_to_others(&path, out.path()));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        if given_away(&path) {
            assert!(!is_closed_to_others(&path, out.path()));
        }
    }
}
