//! The columns of a batch that decide order and identity.

use std::hash::{BuildHasher, RandomState};

use arrow::array::{Array, AsArray, RecordBatch, StringArray, TimestampMicrosecondArray};
use arrow::datatypes::TimestampMicrosecondType;

use crate::clip::Column;

/// The place of a row in its account: `created_at` in microseconds (null first), then `clip_id`.
pub(crate) type Key<'a> = (Option<i64>, &'a str);

/// Reads keys off a batch of the row schema.
pub(crate) struct Keys<'a> {
    created_at: &'a TimestampMicrosecondArray,
    modified_at: &'a TimestampMicrosecondArray,
    clip_id: &'a StringArray,
}

impl<'a> Keys<'a> {
    /// The keys of a batch that has the row schema.
    pub(crate) fn of(batch: &'a RecordBatch) -> Self {
        let instant = |column: Column| {
            batch
                .column(column.index())
                .as_primitive::<TimestampMicrosecondType>()
        };
        Self {
            created_at: instant(Column::CreatedAt),
            modified_at: instant(Column::ModifiedAt),
            clip_id: batch.column(Column::ClipId.index()).as_string(),
        }
    }

    /// The place of row `row`.
    pub(crate) fn key(&self, row: usize) -> Key<'a> {
        (value(self.created_at, row), self.clip_id.value(row))
    }

    /// The clip of row `row`.
    pub(crate) fn clip_id(&self, row: usize) -> &'a str {
        self.clip_id.value(row)
    }

    /// When row `row` was modified, in microseconds.
    pub(crate) fn modified_at(&self, row: usize) -> Option<i64> {
        value(self.modified_at, row)
    }
}

fn value(column: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    column.is_valid(row).then(|| column.value(row))
}

/// Hashes of clips: equal clips have equal hashes, and a process has its own hashing, so that
/// nobody can choose ids that collide.
#[derive(Debug, Clone, Default)]
pub struct Hashing(RandomState);

impl Hashing {
    pub(crate) fn hash(&self, account_id: &str, clip_id: &str) -> u64 {
        self.0.hash_one((account_id, clip_id))
    }

    /// The hash of a record that is no clip, the so-manieth of its text on its page.
    pub(crate) fn hash_reject(&self, account_id: &str, text: &str, number: u32) -> u64 {
        self.0.hash_one((account_id, text, number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_that_is_no_clip_has_the_hash_of_no_clip_and_counts_on_its_page() {
        let hashing = Hashing::default();
        let first = hashing.hash_reject("acme", "null", 1);
        for clip_id in ["null", "1 null", "null 1", "null1"] {
            assert_ne!(first, hashing.hash("acme", clip_id));
        }
        assert_ne!(first, hashing.hash_reject("acme", "null", 2));
        assert_eq!(first, hashing.hash_reject("acme", "null", 1));
    }
}
