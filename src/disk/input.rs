//! A file for decoders that are not ours. They tell what the system refuses to read as something that the
//! file holds, and some keep only its words; so the file itself remembers it.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use ::parquet::errors::{ParquetError, Result as ParquetResult};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use crate::disk::error::DiskError;

/// An open file. Each clone reads on from where it is by itself, and all remember together what the system
/// has refused.
#[derive(Debug, Clone)]
pub(crate) struct FileInput {
    path: Arc<Path>,
    file: Arc<File>,
    /// Where [`Read`] goes on, in bytes.
    at: u64,
    refused: Arc<OnceLock<i32>>,
}

impl FileInput {
    /// A file that is read from its first byte on.
    pub(crate) fn new(file: File, path: &Path) -> Self {
        Self {
            path: Arc::from(path),
            file: Arc::new(file),
            at: 0,
            refused: Arc::default(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Its length in bytes, as it is now.
    ///
    /// # Errors
    /// When the system does not tell it.
    pub(crate) fn length(&self) -> Result<u64, DiskError> {
        let found = self.file.metadata().map_err(DiskError::read(&self.path))?;
        Ok(found.len())
    }

    /// Reads from `at` on what there is, up to the length of `bytes`; how many were read.
    ///
    /// # Errors
    /// When the system refuses it.
    pub(crate) fn read_at(&self, bytes: &mut [u8], at: u64) -> io::Result<usize> {
        let read = self.file.read_at(bytes, at);
        if let Err(error) = &read
            && error.kind() != io::ErrorKind::Interrupted
            && let Some(code) = error.raw_os_error()
        {
            self.refused.get_or_init(|| code);
        }
        read
    }

    /// What ended the decoding of this file: a refusal of the system, or else damage, of which `why` tells.
    pub(crate) fn wrong(&self, why: impl Into<Box<dyn std::error::Error>>) -> DiskError {
        match self.refused.get() {
            Some(code) => DiskError::read(&self.path)(io::Error::from_raw_os_error(*code)),
            None => DiskError::damaged(&self.path, why),
        }
    }

    /// The same file, to be read from `at` on.
    pub(crate) fn from(&self, at: u64) -> Self {
        Self { at, ..self.clone() }
    }
}

impl Read for FileInput {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let read = self.read_at(bytes, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Length for FileInput {
    fn len(&self) -> u64 {
        self.length().unwrap_or(0)
    }
}

impl ChunkReader for FileInput {
    type T = BufReader<Self>;

    fn get_read(&self, start: u64) -> ParquetResult<Self::T> {
        Ok(BufReader::new(self.from(start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> ParquetResult<Bytes> {
        let ends_early = || ParquetError::EOF("it ends too early".to_owned());
        let end = start.checked_add(length as u64);
        // No memory is taken for what cannot be there.
        end.filter(|end| *end <= self.len())
            .ok_or_else(ends_early)?;
        let mut bytes = vec![0; length];
        self.from(start).read_exact(&mut bytes)?;
        Ok(bytes.into())
    }
}

#[cfg(test)]
pub(crate) mod testing {
    use super::*;

    /// A file whose every read the system refuses, as it was opened for writing.
    pub(crate) fn refusing(path: &Path) -> FileInput {
        let file = File::options().append(true).open(path).unwrap();
        FileInput::new(file, path)
    }
}

#[cfg(test)]
mod tests {
    use super::testing::refusing;
    use super::*;

    #[test]
    fn what_one_reader_was_refused_is_why_the_file_cannot_be_decoded() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "text").unwrap();
        let input = refusing(file.path());
        assert!(input.wrong("of another form").is_damaged());
        assert!(input.get_bytes(0, 4).is_err());
        let wrong = input.wrong("of another form");
        assert!(matches!(&wrong, DiskError::Read { .. }), "{wrong}");
        assert!(wrong.to_string().contains("Bad file descriptor"), "{wrong}");
    }

    #[test]
    fn a_file_that_is_shorter_than_it_should_be_is_damaged() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "text").unwrap();
        let input = FileInput::new(File::open(file.path()).unwrap(), file.path());
        assert_eq!(input.get_bytes(1, 3).unwrap(), "ext");
        // None of these takes memory before it is known that the bytes are there.
        for (start, length) in [(1, 4), (5, 0), (u64::MAX, 1), (0, usize::MAX)] {
            assert!(input.get_bytes(start, length).is_err());
        }
        assert!(input.wrong("it ends too early").is_damaged());
    }
}
