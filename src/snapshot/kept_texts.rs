//! Texts of rows that readers keep as long as they run: ids and names, by which is counted, and owners. Whoever
//! makes a file for it can have a dictionary name a long one again and again, so that a few bytes stand for all
//! memory.

use arrow::array::{AsArray, RecordBatch};

use crate::clip::normalise::LONGEST_NAME;
use crate::snapshot::rowset::Rowset;

/// The longest of them in bytes, which none that an export takes comes near: stand-ins for secrets can make one
/// longer than it came.
const LONGEST: usize = 4 * LONGEST_NAME;

/// Bytes of the texts of owners that are kept at least, and for each byte of their files: compression makes no
/// more of real ones.
const KEPT_AT_LEAST: u64 = 64 << 20;
const KEPT_FOR_EACH: u64 = 64;

/// What is wrong with rows of which a text that is kept is longer than any that an export writes.
pub(super) fn too_long(batch: &RecordBatch, rowset: Rowset) -> Option<String> {
    rowset.held().iter().find_map(|column| {
        let longest = longest(batch, *column);
        let name = batch.schema_ref().field(*column).name();
        (longest > LONGEST).then(|| format!("it has a {name} of {longest} bytes"))
    })
}

fn longest(batch: &RecordBatch, column: usize) -> usize {
    let offsets = batch.column(column).as_string::<i32>().offsets();
    offsets.lengths().max().unwrap_or(0)
}

/// How many bytes of texts owners may have whose files have so many.
pub(super) fn most_of_owners(bytes: u64) -> u64 {
    KEPT_AT_LEAST.saturating_add(bytes.saturating_mul(KEPT_FOR_EACH))
}
