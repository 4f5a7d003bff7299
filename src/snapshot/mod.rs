//! The snapshot: data files, manifest, publishing and reading back.
//!
//! [`Publication`] writes rows in snapshot order beside their place, and [`Staged::publish`] puts
//! them there. All of it is synchronous.

mod behind;
mod columns;
pub mod csv;
pub mod error;
pub(crate) mod file;
pub mod instant;
pub mod layout;
pub mod lock;
pub mod manifest;
pub mod parquet;
pub mod prune;
pub mod publish;
pub mod read;
mod recover;
pub mod retain;
pub(crate) mod rowset;
pub mod verify;

#[cfg(test)]
pub(crate) mod testing;

pub use csv::CsvMode;
pub use error::SnapshotError;
pub use layout::{Layout, Table};
pub use lock::{OutputLock, try_output};
pub use manifest::{
    AccountFailure, DataFile, Document, Format, Manifest, Totals, Verdict, WindowOutcome,
    WindowRecord,
};
pub use prune::{Held, prune};
pub use publish::{Publication, Staged};
pub use read::{Rows, locate, read_owners, read_rows};
pub use recover::{Recovery, recover};
pub use retain::{Dated, Keep};
pub use verify::{Finding, REJECTS, verify};
