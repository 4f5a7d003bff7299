//! What must be so of every file that is read back and of every answer, whatever it holds.
//!
//! `make fuzz` looks for an input that breaks one of these; the tests here hold them for the seeds in
//! `fuzz/seeds` and for mutations of them. None of it is in the program.
//!
//! Each target takes any bytes, panics where something is not as it must be, and says whether they
//! were understood.

#![expect(
    clippy::missing_panics_doc,
    clippy::must_use_candidate,
    reason = "a target that panics has found something, and only the tests ask whether it understood"
)]

pub(crate) mod scratch;

pub(crate) mod accounts;
pub(crate) mod answers;
pub(crate) mod csv;
pub(crate) mod intent;
pub(crate) mod latest;
pub(crate) mod manifest;
pub(crate) mod page;
pub(crate) mod parquet;
pub(crate) mod settings;
pub(crate) mod spool;

#[cfg(test)]
mod tests;
