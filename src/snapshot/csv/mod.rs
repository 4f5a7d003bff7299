//! CSV: RFC 4180, UTF-8, one header row, lines ended by CR LF. For spreadsheets a byte order mark goes
//! before it.
//!
//! A null is an empty field, an empty text is `""`. That difference is the only reason why cells are
//! written and read here and not by the `csv` crate: its writer has no quote style that keeps the
//! two apart, and its reader does not tell whether a field was quoted. `verify` sums a snapshot up
//! from its rows and compares, so that the difference matters. Other CSV, such as `owners.csv`, is
//! the crate's.

pub(crate) mod formulas;
mod read;
pub(crate) mod spreadsheet;
mod write;

pub(crate) use formulas::{CsvMode, defused};
pub(crate) use read::CsvReader;
pub(crate) use write::CsvWriter;
