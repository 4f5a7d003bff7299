//! What can go wrong with files, each with its path and what to do about it.

use std::error::Error;
use std::io;
use std::path::{Path, PathBuf};

use ::parquet::errors::ParquetError;
use arrow::datatypes::Schema;
use arrow::error::ArrowError;
use rustix::io::Errno;

use crate::disk::mount::file_system_of;

/// An error of the snapshot's files.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DiskError {
    /// Another process holds the lock of the output folder.
    #[error(
        "another export is writing to {path}; wait until it has ended, or take another output folder"
    )]
    AnotherExport { path: PathBuf },
    /// A file stands where a folder is needed.
    #[error("{path} is not a folder; move it away, or take another output folder")]
    NotAFolder { path: PathBuf },
    /// A folder stands where a file is needed.
    #[error("{path} is a folder, not a file; move it away, or take another output folder")]
    NotAFile { path: PathBuf },
    /// A link in the path of a folder or file leads to nothing.
    #[error(
        "{path} is a link to {target}, which is not there; make that folder or mount it, or take \
         another output folder"
    )]
    DanglingLink { path: PathBuf, target: PathBuf },
    /// A folder below the output folder is on another file system, so that nothing can be put there
    /// whole.
    #[error(
        "{path} is on another file system than the rest of the output folder; make it a plain \
         folder, or take another output folder"
    )]
    OtherFileSystem { path: PathBuf },
    /// A folder that snapshots are put into is a link to a folder elsewhere.
    #[error(
        "{path} is a link that leads out of the output folder; make it a plain folder, or take another \
         output folder"
    )]
    LeadsOut { path: PathBuf },
    /// A folder or file that only its owner may change is a link, belongs to somebody else, or may
    /// be changed by others: what it holds cannot be trusted.
    #[error(
        "{path} {why}; delete it (what is unfinished in it is then listed again), or take another \
         output folder"
    )]
    NotOurs { path: PathBuf, why: &'static str },
    /// The file system lacks what an export needs.
    #[error(
        "the file system of {path} ({file_system}) cannot {operation}: {source}; take an output \
         folder on another file system"
    )]
    Unable {
        path: PathBuf,
        /// Its type, such as `overlay`.
        file_system: String,
        /// What it cannot do, as an infinitive.
        operation: &'static str,
        source: io::Error,
    },
    /// The system reported no error, and yet a file or folder is not as it should be.
    #[error(
        "{path} {why}, though it was reported as done; nothing is lost: run it again, or take an \
         output folder on another file system"
    )]
    NotDone { path: PathBuf, why: String },
    /// Another run, of a machine that the lock does not reach, has taken the output folder.
    #[error(
        "another run has taken {path} over ({by}); let one machine at a time export into a folder, \
         and run it again when that run has ended"
    )]
    TakenOver {
        path: PathBuf,
        /// What the other run says of itself.
        by: String,
    },
    /// A file or folder cannot be created, written, renamed or deleted.
    #[error(
        "cannot write {path}: {source}; check the permissions and the free space of the output folder"
    )]
    Write {
        /// What was being written.
        path: PathBuf,
        source: io::Error,
    },
    /// A file or folder is there but the system does not let it be read.
    #[error("cannot read {path}: {source}; check that it exists and may be read")]
    Read {
        /// What was being read.
        path: PathBuf,
        source: io::Error,
    },
    /// A file can be read but is not what was written.
    #[error("{path} is damaged: {why}; run the export again to replace it")]
    Damaged { path: PathBuf, why: String },
    /// There is no snapshot at this place.
    #[error(
        "no snapshot at {path}; name an output folder, one of its _snapshots/DATE folders, or a manifest.json"
    )]
    NoSnapshot { path: PathBuf },
    /// There are no snapshots in a folder.
    #[error(
        "{path} is no output folder, as it has no _snapshots; name the one that exports were given as --out"
    )]
    NoOutput { path: PathBuf },
    /// Something stands among the snapshots that is none.
    #[error(
        "{path} is no snapshot, whose folder is named exactly by its date, such as 2026-11-23; move \
         it elsewhere"
    )]
    NotASnapshot { path: PathBuf },
    /// A name that would lead out of its folder, or stands for something else already.
    #[error("{name:?} cannot be the name of {what}; use letters, digits, '.', '-' and '_'")]
    BadName {
        name: String,
        /// What was to be named.
        what: &'static str,
    },
}

impl DiskError {
    /// Whether the output cannot be written: permissions, space, a file in the way.
    #[must_use]
    pub const fn cannot_write(&self) -> bool {
        matches!(
            self,
            Self::NotAFolder { .. }
                | Self::NotAFile { .. }
                | Self::DanglingLink { .. }
                | Self::OtherFileSystem { .. }
                | Self::LeadsOut { .. }
                | Self::NotOurs { .. }
                | Self::Unable { .. }
                | Self::NotDone { .. }
                | Self::Write { .. }
        )
    }

    /// Whether a file that was written once is no longer what it was.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        matches!(self, Self::Damaged { .. })
    }

    /// Why a file cannot be used, for a list that names the file itself.
    pub(crate) fn without_path(self) -> String {
        match self {
            Self::Damaged { why, .. } => why,
            Self::Read { source, .. } => format!("it cannot be read: {source}"),
            error => error.to_string(),
        }
    }

    /// For `map_err` on something that writes `path`.
    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            if matches!(
                source.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::AlreadyExists
            ) && let Some(error) = Self::dangling_link(path)
            {
                return error;
            }
            if matches!(
                source.kind(),
                io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists
            ) && let Some(file) = first_file(path)
            {
                return Self::NotAFolder { path: file };
            }
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::IsADirectory => Self::NotAFile { path },
                _ => Self::Write { path, source },
            }
        }
    }

    /// A link in a path that leads to nothing, if there is one.
    #[must_use]
    pub(super) fn dangling_link(path: &Path) -> Option<Self> {
        let dangles = |part: &&Path| part.is_symlink() && !part.exists();
        let path = path.ancestors().find(dangles)?;
        Some(Self::DanglingLink {
            path: path.to_owned(),
            target: std::fs::read_link(path).unwrap_or_default(),
        })
    }

    /// For `map_err` on an operation that a file system may lack.
    pub(crate) fn unable(operation: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| match Errno::from_io_error(&source) {
            Some(
                Errno::INVAL
                | Errno::NOSYS
                | Errno::NOTSUP
                | Errno::PERM
                | Errno::XDEV
                | Errno::NOLCK
                | Errno::BADF,
            ) => Self::Unable {
                path: path.to_owned(),
                file_system: file_system_of(path).unwrap_or_else(|| "of unknown type".to_owned()),
                operation,
                source,
            },
            _ => Self::write(path)(source),
        }
    }

    /// What was to be done at `path` was not.
    pub(crate) fn not_done(path: &Path, why: impl Into<String>) -> Self {
        Self::NotDone {
            path: path.to_owned(),
            why: why.into(),
        }
    }

    /// For `map_err` on something that reads `path`.
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| {
            let path = path.to_owned();
            match source.kind() {
                io::ErrorKind::IsADirectory => Self::NotAFile { path },
                _ => Self::Read { path, source },
            }
        }
    }

    /// `path` does not hold what it should.
    pub(crate) fn damaged(path: &Path, why: impl Into<Box<dyn Error>>) -> Self {
        Self::Damaged {
            path: path.to_owned(),
            why: why.into().to_string(),
        }
    }

    /// For `map_err` on an Arrow writer of `path`.
    pub(crate) fn arrow_write(path: &Path) -> impl FnOnce(ArrowError) -> Self {
        move |error| Self::Write {
            path: path.to_owned(),
            source: io::Error::other(error),
        }
    }

    /// For `map_err` on an Arrow reader of `path`.
    pub(crate) fn arrow_read(path: &Path) -> impl FnOnce(ArrowError) -> Self {
        move |error| Self::damaged(path, error)
    }

    /// For `map_err` on a Parquet writer of `path`.
    pub(crate) fn parquet_write(path: &Path) -> impl FnOnce(ParquetError) -> Self {
        move |error| Self::Write {
            path: path.to_owned(),
            source: io::Error::other(error),
        }
    }
}

/// Whether rows read from `path` have the columns that they should.
pub(crate) fn check_schema(path: &Path, found: &Schema, wanted: &Schema) -> Result<(), DiskError> {
    if found.fields() == wanted.fields() {
        return Ok(());
    }
    let names = |schema: &Schema| {
        let names: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        names.join(", ")
    };
    let why = if names(found) == names(wanted) {
        "its columns have other types than this version writes".to_owned()
    } else {
        format!("its columns are {}", names(found))
    };
    Err(DiskError::damaged(path, why))
}

/// The first part of `path` that exists and is no folder.
fn first_file(path: &Path) -> Option<PathBuf> {
    let mut parts: Vec<&Path> = path.ancestors().collect();
    parts.reverse();
    parts
        .into_iter()
        .find(|part| part.exists() && !part.is_dir())
        .map(Path::to_owned)
}
