//! The summary of a snapshot: one fold over its rows, and a renderer a file. Pure: no I/O.
//!
//! [`fold`] makes a [`Summary`] of rows and manifest; `page` makes sections and tables of a summary;
//! [`text()`], [`markdown()`], [`html()`], [`owners_csv()`] and [`json()`] write it down.
//!
//! Sizes are decimal everywhere (1 GB = 1,000,000,000 bytes). Sums are of whole numbers: durations
//! are rounded to a microsecond row by row and added up as integers, so that the same rows give
//! the same JSON bytes in any order.

pub mod bytes;
pub mod fold;
pub mod html;
pub mod markdown;
pub mod owners_csv;
mod page;
pub mod summary;
pub mod text;

#[cfg(test)]
mod tests;

pub use bytes::Bytes;
pub use fold::{COLUMNS, FoldError, SummaryFold};
pub use html::html;
pub use markdown::markdown;
pub use owners_csv::owners_csv;
pub use page::numbers;
pub use summary::{Summary, json};
pub use text::text;
