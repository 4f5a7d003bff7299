//! Rows for tests.

use std::borrow::Cow;
use std::fmt::Debug;

use arrow::array::RecordBatch;
use arrow::compute::concat_batches;

use crate::clip::row::Clip;
use crate::clip::schema::{ClipBatchBuilder, schema};
use crate::model::Micros;

/// 2026-11-23T00:00:00Z.
pub(crate) const SNAPSHOT_AT: Micros = Micros(1_795_392_000_000_000);

/// A short form of a row: clip, `created_at`, `modified_at` (microseconds), title.
pub(crate) type Row = (String, Option<i64>, Option<i64>, String);

pub(crate) fn clip(row: &Row) -> Clip<'_> {
    Clip {
        clip_id: Cow::Borrowed(&row.0),
        created_at: row.1.map(Micros),
        modified_at: row.2.map(Micros),
        title: Some(Cow::Borrowed(&row.3)),
        ..Clip::default()
    }
}

pub(crate) fn batch(account_id: &str, rows: &[Row]) -> RecordBatch {
    let mut builder = ClipBatchBuilder::with_capacity(rows.len());
    for row in rows {
        builder.push(account_id, SNAPSHOT_AT, &clip(row));
    }
    builder.finish()
}

pub(crate) fn all<E: Debug>(batches: impl Iterator<Item = Result<RecordBatch, E>>) -> RecordBatch {
    let batches: Vec<RecordBatch> = batches.map(Result::unwrap).collect();
    concat_batches(&schema(), &batches).unwrap()
}

#[test]
fn the_test_instant_is_the_day_it_claims() {
    assert_eq!(SNAPSHOT_AT.date().to_string(), "2026-11-23");
}
