//! The summary of a snapshot: one fold over its rows, and a renderer a file. Pure: no I/O.
//!
//! Sizes are decimal everywhere (1 GB = 1,000,000,000 bytes). Sums are of whole numbers: durations
//! are rounded to a microsecond row by row and added up as integers, so that the same rows give
//! the same JSON bytes in any order.

pub mod bytes;
pub mod html;
pub mod json;
pub mod markdown;
pub mod owners_csv;
pub mod summary;
pub mod text;
pub mod units;

mod ages;
mod cell;
mod columns;
mod exposed;
mod facts;
mod finish;
mod fold;
mod largest;
mod lists;
mod micros;
mod months;
mod people;
mod plain;
mod proof;
mod sections;
mod values;

#[cfg(test)]
mod tests;

pub use bytes::Bytes;
pub use columns::COLUMNS;
pub use columns::FoldError;
pub use facts::Facts;
pub use fold::SummaryFold;
pub use html::html;
pub use json::json;
pub use markdown::markdown;
pub use owners_csv::owners_csv;
pub use summary::Summary;
pub use text::text;
