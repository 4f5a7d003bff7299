//! The pages file: what the pages held, one after another, each piece with its place and its CRC-32.
//!
//! One file serves all pages, since file systems make and delete a file far more slowly than they
//! lengthen one.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use crate::disk::DiskError;
use crate::disk::file::remove_unless_file;

/// The file name of the pages file.
pub(crate) const PAGES: &str = "pages";

/// Where a piece stands in the pages file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Extent {
    /// Bytes before it. Pieces that were received later stand later.
    pub(crate) offset: u64,
    pub(crate) bytes: u64,
    pub(crate) crc32: u32,
}

impl Extent {
    /// The offset behind it; `None` where there can be none such.
    fn end(&self) -> Option<u64> {
        self.offset.checked_add(self.bytes)
    }
}

/// A pages file. Many threads add to it and read from it at once.
#[derive(Debug)]
pub(crate) struct PagesFile {
    path: PathBuf,
    file: File,
    /// Where the next piece goes.
    end: AtomicU64,
}

impl PagesFile {
    /// Opens the pages file of a folder, for its owner alone; a new one where there is none. Pieces
    /// are added behind what it holds.
    pub(crate) fn open(folder: &Path) -> Result<Self, DiskError> {
        let path = folder.join(PAGES);
        remove_unless_file(&path)?;
        let file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(&path)
            .map_err(DiskError::write(&path))?;
        let length = file.metadata().map_err(DiskError::read(&path))?.len();
        Ok(Self {
            path,
            file,
            end: AtomicU64::new(length),
        })
    }

    /// Cuts off what stands behind all of these pieces.
    pub(crate) fn keep<'a>(
        &mut self,
        extents: impl Iterator<Item = &'a Extent>,
    ) -> Result<(), DiskError> {
        let end = extents.filter_map(Extent::end).max().unwrap_or(0);
        // Cutting nothing off is no empty word: ext4 takes a file that was cut to no length for one that is
        // replaced, and writes all of it to the disk when it is closed, though it is deleted then.
        if end < *self.end.get_mut() {
            self.file
                .set_len(end)
                .map_err(DiskError::write(&self.path))?;
        }
        self.end = AtomicU64::new(end);
        Ok(())
    }

    pub(crate) fn add(&self, piece: &[u8]) -> Result<Extent, DiskError> {
        let bytes = piece.len() as u64;
        let offset = self.end.fetch_add(bytes, Ordering::Relaxed);
        self.file
            .write_all_at(piece, offset)
            .map_err(DiskError::write(&self.path))?;
        Ok(Extent {
            offset,
            bytes,
            crc32: crc32fast::hash(piece),
        })
    }

    /// Reads a piece.
    ///
    /// # Errors
    /// [`DiskError::Damaged`] where it is not as it was written.
    pub(crate) fn read(&self, extent: &Extent) -> Result<Vec<u8>, DiskError> {
        let damaged = || DiskError::damaged(&self.path, "a page is not as it was written");
        let end = self.end.load(Ordering::Relaxed);
        // A length that no piece can have must not be asked of the allocator.
        if extent.end().is_none_or(|behind| behind > end) {
            return Err(damaged());
        }
        let mut piece = vec![0; usize::try_from(extent.bytes).map_err(|_| damaged())?];
        match self.file.read_exact_at(&mut piece, extent.offset) {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(damaged()),
            read => read.map_err(DiskError::read(&self.path))?,
        }
        if crc32fast::hash(&piece) != extent.crc32 {
            return Err(damaged());
        }
        Ok(piece)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}
