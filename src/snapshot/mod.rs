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
pub use layout::Layout;
pub use layout::Table;
pub use lock::OutputLock;
pub use lock::try_output;
pub use manifest::AccountFailure;
pub use manifest::DataFile;
pub use manifest::Document;
pub use manifest::Format;
pub use manifest::Manifest;
pub use manifest::Totals;
pub use manifest::Verdict;
pub use manifest::WindowOutcome;
pub use manifest::WindowRecord;
pub use prune::Held;
pub use prune::prune;
pub use publish::Publication;
pub use publish::Staged;
pub use read::Rows;
pub use read::locate;
pub use read::read_owners;
pub use read::read_rows;
pub use recover::Recovery;
pub use recover::recover;
pub use retain::Dated;
pub use retain::Keep;
pub use verify::Finding;
pub use verify::REJECTS;
pub use verify::verify;
