//! A page of the list of clips: no record and no field of it is lost.

use crate::crawl::whole::check;

/// Decodes an answer and compares rows and rejects with its records.
pub fn page(input: &[u8]) -> bool {
    check(input)
}
