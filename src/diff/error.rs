//! What ends a diff early.

use std::io;

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use crate::disk::DiskError;

/// Why there is no diff.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DiffError {
    #[error(transparent)]
    Snapshot(#[from] DiskError),
    /// There is nothing to compare with.
    #[error("{0}")]
    NothingToCompare(String),
    /// The two snapshots are not of one thing.
    #[error(
        "the snapshots of {from} and {to} are not of one census: {theirs} then, {ours} now; compare \
         snapshots that were exported with the same settings"
    )]
    OtherCensus {
        from: String,
        to: String,
        theirs: String,
        ours: String,
    },
    /// A side is not proven complete: what it lacks would look as if it were gone.
    #[error(
        "the snapshot of {date} is {verdict}, so that a clip it lacks may be there all the same; name \
         proven ones by --from and --to{proven}, or compare it with --allow-incomplete"
    )]
    Unproven {
        date: String,
        verdict: &'static str,
        /// The newest proven ones, in words; empty where there are fewer than two.
        proven: String,
    },
    /// Rows that were set aside cannot be written or read back.
    #[error(
        "cannot set rows aside in the folder for temporary files: {0}; set TMPDIR to one with space"
    )]
    SetAside(io::Error),
    /// Rows that cannot be put together.
    #[error("cannot compare rows: {0}")]
    Rows(#[from] ArrowError),
    /// A file is not what anybody wants on a terminal.
    #[error("Parquet cannot be shown on a terminal; write it into a file: > changes.parquet")]
    Terminal,
    /// What was found cannot be written.
    #[error("cannot write the differences: {0}")]
    Output(io::Error),
}

impl DiffError {
    /// For `map_err` on a Parquet writer, whose own error hides that of the output.
    pub(crate) fn parquet(error: ParquetError) -> Self {
        Self::Output(match error {
            ParquetError::External(inner) => match inner.downcast::<io::Error>() {
                Ok(error) => *error,
                Err(other) => io::Error::other(other),
            },
            other => io::Error::other(other),
        })
    }
}
