//! Files of text that a setting names: regular ones, read whole, up to a bound.

use std::fs::File;
use std::io::{Error, ErrorKind, Read, Result};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Reads a file of at most so many bytes. A pipe or a device is refused: it may never end, and the
/// settings file is read more than once.
pub(crate) fn read(path: &Path, most: u64) -> Result<String> {
    let file = File::options()
        .read(true)
        // Opening a pipe would wait for whoever writes into it.
        .custom_flags(OFlags::NONBLOCK.bits().cast_signed())
        .open(path)?;
    let refused = |why: String| Error::new(ErrorKind::InvalidData, why);
    if !file.metadata()?.is_file() {
        return Err(refused("it is no regular file".to_owned()));
    }
    let mut text = String::new();
    file.take(most + 1).read_to_string(&mut text)?;
    if text.len() as u64 > most {
        return Err(refused(format!("it is longer than {most} bytes")));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_bound_and_not_beyond() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5).unwrap(), "12345");
        let error = read(&path, 4).unwrap_err();
        assert_eq!(error.to_string(), "it is longer than 4 bytes");
    }

    #[test]
    fn a_link_to_a_file_is_followed_as_secrets_are_mounted_that_way() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("file"), folder.path().join("link"));
        std::fs::write(&path, "text").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read(&link, 5).unwrap(), "text");
    }

    #[test]
    fn a_pipe_a_device_and_a_folder_are_refused_without_waiting_for_them() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        mknodat(CWD, &pipe, FileType::Fifo, Mode::RWXU, 0).unwrap();
        for path in [&pipe, Path::new("/dev/zero"), folder.path()] {
            let error = read(path, 5).unwrap_err();
            assert_eq!(
                error.to_string(),
                "it is no regular file",
                "{}",
                path.display()
            );
        }
    }
}
