//! The snapshot: spool, sorted runs, merge, data files, manifest, publishing and reading back.
//!
//! Pages of a window go to [`Pages`]; a finished window is one or more sorted runs in the
//! [`Spool`]; [`merge()`] makes one sorted stream of them; [`Publication`] writes it beside its
//! place, and [`Staged::publish`] puts it there. All of it is synchronous.

mod behind;
mod columns;
pub mod csv;
pub mod error;
pub(crate) mod file;
pub mod instant;
mod journal;
mod key;
pub mod layout;
pub mod lock;
pub mod manifest;
pub mod merge;
pub mod pages;
pub mod parquet;
pub mod prune;
pub mod publish;
pub mod read;
mod recover;
pub mod retain;
mod rowset;
mod run;
pub mod spool;
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
pub use merge::Bound;
pub use merge::Merge;
pub use merge::merge;
pub use pages::Pages;
pub use pages::WalkCount;
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
pub use spool::SPOOL_FORMAT;
pub use spool::Spool;
pub use spool::SpoolHeader;
pub use verify::Finding;
pub use verify::REJECTS;
pub use verify::verify;
