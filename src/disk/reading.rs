//! Reading what stands below an output folder, which somebody may have handed over or written to: only
//! regular files of that folder, without waiting for any of them, and no more than is expected.

use std::fs::File;
use std::io::{BufReader, ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::{fs, io};

use rustix::fs::OFlags;

use crate::disk::error::DiskError;
use crate::disk::file::DigestWriter;

/// Opens a file of an output folder for reading; `None` where there is none. Links are followed as long
/// as they stay in the folder.
///
/// # Errors
/// [`DiskError::Damaged`] for a link that leads out of the folder, and for a pipe, a device, a socket or
/// a folder; [`DiskError::Read`] for what the system does not let be read.
pub(crate) fn open_below(out: &Path, path: &Path) -> Result<Option<File>, DiskError> {
    let whole = match fs::canonicalize(path) {
        Ok(whole) => whole,
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(DiskError::read(path)(error)),
    };
    let out = fs::canonicalize(out).map_err(DiskError::read(out))?;
    if !whole.starts_with(out) {
        let why = "it is a link that leads out of the output folder";
        return Err(DiskError::damaged(path, why));
    }
    let is_file = |found: io::Result<fs::Metadata>| match found {
        Ok(found) if found.is_file() => Ok(()),
        Ok(_) => Err(DiskError::damaged(path, "it is no regular file")),
        Err(error) => Err(DiskError::read(path)(error)),
    };
    is_file(fs::metadata(&whole))?;
    // Should something else have come in its place meanwhile: without following a link, and without
    // waiting for whoever writes into a pipe.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let mut options = File::options();
    options.read(true).custom_flags(flags.bits().cast_signed());
    let file = options.open(&whole).map_err(DiskError::read(path))?;
    is_file(file.metadata())?;
    Ok(Some(file))
}

/// The same, of a file that must be there.
///
/// # Errors
/// As [`open_below`], and [`DiskError::Damaged`] where there is none.
pub(crate) fn open_present(out: &Path, path: &Path) -> Result<File, DiskError> {
    let absent = || DiskError::damaged(path, "it is missing");
    open_below(out, path)?.ok_or_else(absent)
}

/// Reads a file of an output folder that has `most` bytes at most; `None` where there is none.
///
/// # Errors
/// As [`open_below`], and [`DiskError::Damaged`] for a file that is longer.
pub(crate) fn read_below(out: &Path, path: &Path, most: u64) -> Result<Option<Vec<u8>>, DiskError> {
    let Some(file) = open_below(out, path)? else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let read = file.take(most.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(DiskError::read(path))?;
    if bytes.len() as u64 > most {
        let why = format!("it is longer than the {most} bytes that such a file has at most");
        return Err(DiskError::damaged(path, why));
    }
    Ok(Some(bytes))
}

/// The length of a file of an output folder, and its SHA-256 in hex digits; `None` where there is none.
/// Of a file that is longer than `bytes`, not all is read: the length tells already that it is another.
///
/// # Errors
/// As [`open_below`].
pub(crate) fn digest_below(
    out: &Path,
    path: &Path,
    bytes: u64,
) -> Result<Option<(u64, String)>, DiskError> {
    let Some(file) = open_below(out, path)? else {
        return Ok(None);
    };
    digest_of(&file, path, bytes).map(Some)
}

/// The same, of a file that is open, from where it is.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn digest_of(file: &File, path: &Path, bytes: u64) -> Result<(u64, String), DiskError> {
    let length = file.metadata().map_err(DiskError::read(path))?.len();
    let mut digest = DigestWriter::new(io::sink());
    let file = file.take(bytes.saturating_add(1));
    io::copy(&mut BufReader::with_capacity(128 << 10, file), &mut digest)
        .map_err(DiskError::read(path))?;
    let (_, read, sha256) = digest.finish();
    Ok((length.max(read), sha256))
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[track_caller]
    fn refused(out: &Path, path: &Path, why: &str) {
        let error = open_below(out, path).map(drop).unwrap_err();
        assert!(error.is_damaged(), "{error}");
        let told = error.to_string();
        assert!(told.contains(why), "{told}");
        assert!(told.starts_with(path.to_str().unwrap()), "{told}");
    }

    #[test]
    fn a_file_is_read_up_to_its_bound_and_what_is_not_there_is_none() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("file");
        assert!(read_below(out.path(), &path, 5).unwrap().is_none());
        assert!(
            read_below(out.path(), &path.join("below"), 5)
                .unwrap()
                .is_none()
        );
        fs::write(&path, "12345").unwrap();
        assert_eq!(read_below(out.path(), &path, 5).unwrap().unwrap(), b"12345");
        let error = read_below(out.path(), &path, 4).unwrap_err();
        assert!(error.is_damaged() && error.to_string().contains("4 bytes"));
    }

    #[test]
    fn a_link_is_followed_within_the_folder_and_not_out_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path().join("out");
        fs::create_dir(&out).unwrap();
        fs::write(folder.path().join("secret"), "mine").unwrap();
        fs::write(out.join("file"), "text").unwrap();
        symlink("file", out.join("inside")).unwrap();
        assert!(open_below(&out, &out.join("inside")).unwrap().is_some());
        symlink("../secret", out.join("outside")).unwrap();
        symlink("..", out.join("above")).unwrap();
        let why = "leads out of the output folder";
        refused(&out, &out.join("outside"), why);
        refused(&out, &out.join("above/secret"), why);
        refused(&out, &out.join("../secret"), why);
        // By whatever name the folder itself is called.
        let other = folder.path().join("other");
        symlink(&out, &other).unwrap();
        assert!(open_below(&other, &other.join("file")).unwrap().is_some());
    }

    #[test]
    fn pipes_devices_sockets_and_folders_are_refused_without_waiting_for_them() {
        let out = tempfile::tempdir().unwrap();
        let path = |name: &str| out.path().join(name);
        mknodat(CWD, path("pipe"), FileType::Fifo, Mode::RWXU, 0).unwrap();
        let _socket = UnixListener::bind(path("socket")).unwrap();
        fs::create_dir(path("folder")).unwrap();
        for name in ["pipe", "socket", "folder"] {
            refused(out.path(), &path(name), "no regular file");
        }
        let devices = Path::new("/dev");
        refused(devices, &devices.join("zero"), "no regular file");
    }

    #[test]
    fn a_hashed_file_has_the_known_hash_and_a_longer_one_is_told_by_its_length() {
        let out = tempfile::tempdir().unwrap();
        let path = out.path().join("abc");
        fs::write(&path, "abc").unwrap();
        let digest = |bytes| digest_below(out.path(), &path, bytes).unwrap().unwrap();
        let (bytes, sha256) = digest(3);
        assert_eq!(bytes, 3);
        assert_eq!(
            sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        let (bytes, other) = digest(1);
        assert_eq!(bytes, 3);
        assert_ne!(other, sha256);
    }
}
