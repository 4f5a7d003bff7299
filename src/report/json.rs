//! The summary as JSON: `summary.json`.

use super::Summary;

/// The summary as indented JSON with a newline at its end. Numbers are plain and carry their unit
/// in their name; sums of bytes above 64 bits are strings of digits, see [`super::Bytes`].
///
/// # Panics
/// Never: a summary has only string keys, and writing to memory does not fail.
#[must_use]
pub fn json(summary: &Summary) -> String {
    let mut json = serde_json::to_string_pretty(summary)
        .expect("a summary has only string keys and is written to memory");
    json.push('\n');
    json
}
