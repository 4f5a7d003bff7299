//! The files of a snapshot, as its manifest names them.

use std::io;
use std::io::Write;

use serde::{Deserialize, Serialize};

use crate::disk::file::DigestWriter;
use crate::disk::layout::OWNERS;

/// Bytes of a manifest at most: its windows, 100,000 at most, have some 400 each, and up to 1300 where many
/// values were repaired.
pub(crate) const LONGEST_MANIFEST: u64 = 128 << 20;

/// One data file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Its path below the output folder, with `/`.
    pub path: String,
    /// Rows in it.
    pub rows: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, 64 hex digits.
    pub sha256: String,
}

/// A file beside the manifest, such as the summary.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Its path below the output folder, with `/`.
    pub path: String,
    /// Its length in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes, 64 hex digits.
    pub sha256: String,
}

impl Document {
    /// Whether its bytes are these.
    #[must_use]
    pub fn holds(&self, bytes: &[u8]) -> bool {
        let mut hashed = DigestWriter::new(io::sink());
        hashed.write_all(bytes).is_ok() && {
            let (_, length, sha256) = hashed.finish();
            (length, sha256) == (self.bytes, self.sha256.clone())
        }
    }
}

impl DataFile {
    /// Whether it holds owners, and not clips.
    #[must_use]
    pub fn is_of_owners(&self) -> bool {
        self.path.split('/').next() == Some(OWNERS)
    }
}
