//! The snapshot: data files, manifest, publishing and reading back.
//!
//! [`Publication`] writes rows in snapshot order beside their place, and [`Staged::publish`] puts
//! them there. All of it is synchronous.

mod blocks;
mod columns;
mod contents;
pub(crate) mod csv;
pub(crate) mod files;
pub(crate) mod history;
pub(crate) mod intent;
mod kept_texts;
pub(crate) mod manifest;
mod moves;
mod page_headers;
pub(crate) mod parquet;
pub(crate) mod parquet_files;
pub(crate) mod parquet_reader;
mod parquet_structures;
pub(crate) mod prune;
pub(crate) mod publish;
pub(crate) mod read;
pub(crate) mod recover;
pub(crate) mod retain;
pub(crate) mod rowset;
mod thrift;

#[cfg(test)]
pub(crate) mod testing;

pub(crate) use csv::CsvMode;
pub(crate) use files::{DataFile, Document};
pub(crate) use manifest::{AccountFailure, Format, Manifest, Totals};
pub(crate) use prune::{held, prune};
pub(crate) use publish::{Publication, Staged};
pub(crate) use read::{locate, read_owners, read_rows};
pub(crate) use recover::recover;
pub(crate) use retain::RetentionPolicy;
