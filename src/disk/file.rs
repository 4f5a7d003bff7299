//! Files and folders: durable ones, and writers that digest what passes.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::{fs, io};

use data_encoding::HEXLOWER;
use rustix::io::Errno;
use sha2::{Digest, Sha256};

use crate::disk::error::DiskError;

/// The folder that a file is in: a bare name is one of the folder that the program runs in.
pub(crate) fn folder_of(file: &Path) -> &Path {
    let folder = file.parent().filter(|folder| *folder != Path::new(""));
    folder.unwrap_or(Path::new("."))
}

/// Makes a folder and those above it, with the umask's mode.
pub(crate) fn create_dirs(path: &Path) -> Result<(), DiskError> {
    fs::create_dir_all(path).map_err(DiskError::write(path))
}

/// Writes a whole file that is not there yet and makes it durable, with the umask's mode.
pub(crate) fn write_durable(path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
    let write = || {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(DiskError::write(path))
}

/// Makes the names in a folder durable, where the file system can: some cannot sync a folder.
pub(crate) fn sync_dir(path: &Path) -> Result<(), DiskError> {
    match File::open(path).and_then(|folder| folder.sync_all()) {
        Err(error) if !is_unable_to_sync(&error) => Err(DiskError::write(path)(error)),
        _ => Ok(()),
    }
}

/// Whether a folder could not be synced because its file system never does.
pub(crate) fn is_unable_to_sync(error: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(error),
        Some(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP | Errno::BADF)
    )
}

/// Renames over whatever file is there.
pub(crate) fn rename(from: &Path, to: &Path) -> Result<(), DiskError> {
    fs::rename(from, to).map_err(DiskError::write(to))
}

/// Deletes a file or a folder with all it holds; nothing there is fine.
pub(crate) fn remove(path: &Path) -> Result<(), DiskError> {
    let removed = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(DiskError::write(path)(error)),
        _ => Ok(()),
    }
}

/// Deletes what stands in the place of a file and is none, such as a folder, a link or a pipe.
pub(crate) fn remove_unless_file(path: &Path) -> Result<(), DiskError> {
    match fs::symlink_metadata(path) {
        Ok(found) if !found.is_file() => remove(path),
        _ => Ok(()),
    }
}

/// A writer that counts the bytes that pass through it, and makes their SHA-256: it proves published
/// files in the manifest.
pub(crate) struct DigestWriter<W> {
    inner: W,
    sha256: Sha256,
    bytes: u64,
}

impl<W: Write> DigestWriter<W> {
    pub(crate) fn new(inner: W) -> Self {
        Self {
            inner,
            sha256: Sha256::new(),
            bytes: 0,
        }
    }

    /// The writer below, how many bytes have passed, and their SHA-256 in hex digits.
    pub(crate) fn finish(self) -> (W, u64, String) {
        let sha256 = HEXLOWER.encode(&self.sha256.finalize());
        (self.inner, self.bytes, sha256)
    }
}

impl<W: Write> Write for DigestWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.inner.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// The SHA-256 of bytes, in hex digits.
pub(crate) fn digest_bytes(bytes: &[u8]) -> String {
    HEXLOWER.encode(&Sha256::digest(bytes))
}

/// Bytes after which a long file is sent to the disk.
const STRETCH: usize = 16 << 20;

/// A long file that goes to the disk while it is written, and then leaves the system's cache: it
/// would push out what others need, and to sync all of it at the end would take long. On Linux;
/// elsewhere it is a file like any other.
pub(crate) struct StreamedFile {
    file: File,
    unsent: usize,
}

impl StreamedFile {
    pub(crate) fn new(file: File) -> Self {
        Self { file, unsent: 0 }
    }

    /// Puts the rest on the disk.
    pub(crate) fn sync(&self) -> io::Result<()> {
        self.file.sync_all()
    }
}

impl Write for StreamedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.unsent += written;
        if self.unsent >= STRETCH {
            self.unsent = 0;
            // Begins to write what has changed, without waiting for it, and drops what is written
            // since the last time. It is a wish: without it the file is just as good.
            #[cfg(target_os = "linux")]
            rustix::fs::fadvise(&self.file, 0, None, rustix::fs::Advice::DontNeed).ok();
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_holds_all_that_was_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("long");
        let mut file = StreamedFile::new(File::create(&path).unwrap());
        let bytes: Vec<u8> = (0..=250).cycle().take(2 * STRETCH + 1).collect();
        bytes
            .chunks(1 << 20)
            .for_each(|some| file.write_all(some).unwrap());
        file.sync().unwrap();
        assert!(fs::read(&path).unwrap() == bytes);
    }

    #[test]
    fn what_lies_in_the_place_of_a_new_file_is_not_written_to() {
        let folder = tempfile::tempdir().unwrap();
        let victim = folder.path().join("victim");
        fs::write(&victim, "mine").unwrap();
        let planted = folder.path().join("manifest.json");
        std::os::unix::fs::symlink(&victim, &planted).unwrap();
        write_durable(&planted, b"new").unwrap_err();
        assert_eq!(fs::read(&victim).unwrap(), b"mine");
    }

    #[test]
    fn a_folder_is_synced_and_only_a_lack_of_the_file_system_is_no_error() {
        let folder = tempfile::tempdir().unwrap();
        sync_dir(folder.path()).unwrap();
        assert!(sync_dir(&folder.path().join("none")).is_err());
        for errno in [Errno::INVAL, Errno::NOSYS, Errno::NOTSUP] {
            assert!(is_unable_to_sync(&errno.into()));
        }
        for errno in [Errno::IO, Errno::NOSPC, Errno::DQUOT, Errno::ROFS] {
            assert!(!is_unable_to_sync(&errno.into()));
        }
    }

    #[test]
    fn removing_what_is_not_there_is_fine() {
        let folder = tempfile::tempdir().unwrap();
        remove(&folder.path().join("nothing")).unwrap();
        fs::create_dir_all(folder.path().join("full/of")).unwrap();
        remove(&folder.path().join("full")).unwrap();
        assert!(!folder.path().join("full").exists());
    }
}
