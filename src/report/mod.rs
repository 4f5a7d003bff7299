//! The summary of a snapshot: one fold over its rows, and a renderer a file. Pure: no I/O.
//!
//! [`fold`] makes a [`Summary`] of rows and manifest; `page` makes sections and tables of a summary;
//! [`text()`], [`markdown()`], [`html()`], [`owners_csv()`] and [`json()`] write it down.
//! [`ExposedCsv`] writes the exposed clips down, of which a summary holds only the largest.
//!
//! Sizes are decimal everywhere (1 GB = 1,000,000,000 bytes). Sums are of whole numbers: durations
//! are rounded to a microsecond row by row and added up as integers, so that the same rows give
//! the same JSON bytes in any order.

pub(crate) mod bytes;
pub(crate) mod changes;
pub(crate) mod exposed_csv;
pub(crate) mod fold;
pub(crate) mod html;
pub(crate) mod markdown;
pub(crate) mod owners_csv;
pub(crate) mod page;
mod spreadsheet;
pub(crate) mod summary;
pub(crate) mod text;

#[cfg(test)]
mod tests;

pub(crate) use bytes::Bytes;
pub(crate) use changes::Changes;
pub(crate) use exposed_csv::{ExposedCsv, exposed_rows};
pub(crate) use fold::SummaryFold;
pub(crate) use html::html;
pub(crate) use markdown::{markdown, markdown_of};
pub(crate) use owners_csv::owners_csv;
pub(crate) use page::{changes as changes_page, numbers, section};
pub(crate) use summary::{Summary, json};
pub(crate) use text::{text, text_of};
