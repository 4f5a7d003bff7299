//! What changed from one snapshot to a later one, clip by clip.
//!
//! Both are read once, side by side, in the order that they are in (`walk`). A clip that stands at the
//! same place in both is compared there. Any other is set aside (`sorter`), on disk where there are
//! many, and found again by its id, since a clip whose creation date was corrected stands elsewhere.
//! So the memory that it takes hardly grows with either: by a batch for each sorted part on disk.

mod cursor;
mod differences;
mod error;
mod gather;
mod json;
mod sides;
mod sorter;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use differences::{Only, Wanted};
pub(crate) use error::DiffError;
pub(crate) use json::json_lines;
pub use sides::incomparable;
pub(crate) use sides::{Choice, Sides};
pub(crate) use walk::diff;
